"""Expressions around expressions: functions, lists, wrappers, CASE, ordering."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from nuages.core.exceptions import EmptyResultSet, FullResultSet
from nuages.db.models import fields
from nuages.db.models.expressions._arithmetic import SQLiteNumericMixin
from nuages.db.models.expressions._core import Expression, Params, as_expression
from nuages.db.models.expressions._leaves import F, Value
from nuages.db.models.query_utils import Q, check_filter_kwargs
from nuages.utils.deconstruct import deconstructible
from nuages.utils.functional import cached_property
from nuages.utils.hints import unannotated

_VENDORS = frozenset({"sqlite", "postgresql", "mysql", "oracle"})


def _dialect(vendor: str, spelling: str | dict[str, str]) -> Any:
    """Make the ``as_<vendor>`` of a function that is spelled otherwise there."""
    if isinstance(spelling, str):
        spelling = {"template" if "%(expressions)s" in spelling else "function": spelling}

    def as_vendor(
        self: Any, compiler: Any, connection: Any, **extra_context: Any
    ) -> tuple[str, Params]:
        write = self._cast_on_sqlite if vendor == "sqlite" else self.as_sql
        return write(compiler, connection, **(spelling | extra_context))

    as_vendor.__name__ = f"as_{vendor}"
    as_vendor.__doc__ = f"Give the spelling for {vendor}."
    return as_vendor


@unannotated
@deconstructible(path="django.db.models.Func")
class Func(SQLiteNumericMixin, Expression):
    """A call of a database function. Manual: "Func() expressions"."""

    _parts: ClassVar[tuple[str, ...]] = ("*source_expressions",)

    function: str | None = None
    template = "%(function)s(%(expressions)s)"
    arg_joiner = ", "
    #: How many arguments it takes; ``None`` is any number.
    arity: int | None = None

    #: The attribute that the class keyword ``name`` sets.
    _named_as: ClassVar[str] = "lookup_name"

    def __init_subclass__(
        cls,
        *,
        sql: str | None = None,
        name: str | None = None,
        takes: int | None = None,
        gives: type | None = None,
        **dialects: Any,
    ) -> None:
        """Declare a function in its class statement.

        ``sql`` is its name in the database, ``takes`` the number of arguments, ``gives`` the class of the
        result's field. Further keywords are vendors where it is written otherwise: another name, a template
        (with ``%(expressions)s``), or both and more as a dictionary of arguments for ``as_sql()``.
        """
        settings = {"function": sql, cls._named_as: name, "arity": takes}
        for attribute, value in settings.items():
            if value is not None:
                setattr(cls, attribute, value)
        if gives is not None:
            cls.output_field = gives()
        for vendor in _VENDORS & dialects.keys():
            setattr(cls, f"as_{vendor}", _dialect(vendor, dialects.pop(vendor)))
        super().__init_subclass__(**dialects)

    def __init__(self, *expressions: Any, output_field: Any = None, **extra: Any) -> None:
        if self.arity is not None and len(expressions) != self.arity:
            noun = "argument" if self.arity == 1 else "arguments"
            raise TypeError(
                f"'{type(self).__name__}' takes exactly {self.arity} {noun} ({len(expressions)} given)"
            )
        super().__init__(output_field=output_field)
        self.source_expressions = self._parse_expressions(*expressions)
        self.extra = extra

    def _parse_expressions(self, *expressions: Any) -> list[Any]:
        """Wrap what is no expression: strings are names, the rest are values."""
        return [as_expression(item) for item in expressions]

    def __repr__(self) -> str:
        args = self.arg_joiner.join(str(item) for item in self.source_expressions)
        options = {**self.extra, **self._get_repr_options()}
        shown = [args, *(f"{name}={options[name]}" for name in sorted(options))]
        return f"{type(self).__name__}({', '.join(shown)})"

    def _get_repr_options(self) -> dict[str, Any]:
        """Return further options to show in ``repr()``."""
        return {}

    def copy(self) -> Self:
        twin = super().copy()
        twin.source_expressions = list(self.source_expressions)
        twin.extra = dict(self.extra)
        return twin

    @cached_property
    def allowed_default(self) -> bool:
        """All arguments must be allowed."""
        return all(getattr(item, "allowed_default", False) for item in self.source_expressions)

    def as_sql(
        self,
        compiler: Any,
        connection: Any,
        function: str | None = None,
        template: str | None = None,
        arg_joiner: str | None = None,
        **extra_context: Any,
    ) -> tuple[str, Params]:
        connection.ops.check_expression_support(self)
        pieces: list[str] = []
        params: list[Any] = []
        for argument in self.source_expressions:
            sql, own_params = _argument_sql(argument, compiler)
            pieces.append(sql)
            params += own_params
        # A keyword of the call wins over one of the constructor, and that over the class.
        context = {**self.extra, **extra_context}
        context["function"] = (
            function if function is not None else context.get("function", self.function)
        )
        joiner = arg_joiner or context.get("arg_joiner", self.arg_joiner)
        context["expressions"] = context["field"] = joiner.join(pieces)
        return (template or context.get("template", self.template)) % context, tuple(params)


def _argument_sql(argument: Any, compiler: Any) -> tuple[str, Params]:
    try:
        return compiler.compile(argument)
    except EmptyResultSet:
        instead = getattr(argument, "empty_result_set_value", NotImplemented)
        if instead is NotImplemented:
            raise
        return compiler.compile(Value(instead))
    except FullResultSet:
        return compiler.compile(Value(True))


@deconstructible(path="django.db.models.ExpressionList")
class ExpressionList(Func):
    """Expressions side by side, as in PARTITION BY."""

    template = "%(expressions)s"
    allows_composite_expressions = True

    def __init__(self, *expressions: Any, **extra: Any) -> None:
        if not expressions:
            raise ValueError(f"{type(self).__name__} requires at least one expression.")
        super().__init__(*expressions, **extra)

    def __str__(self) -> str:
        return self.arg_joiner.join(str(item) for item in self.source_expressions)

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> tuple[str, Params]:
        # A list has no type, so there is nothing to cast.
        return self.as_sql(compiler, connection, **extra_context)

    def get_group_by_cols(self) -> list[Any]:
        return [column for item in self.source_expressions for column in item.get_group_by_cols()]


class OrderByList(ExpressionList):
    """The ORDER BY of an aggregate or window."""

    allowed_default = False
    template = "ORDER BY %(expressions)s"

    def __init__(self, *expressions: Any, **extra: Any) -> None:
        super().__init__(*(_with_direction(item) for item in expressions), **extra)

    @classmethod
    def from_param(cls, context: str, param: Any) -> OrderByList | None:
        """Make one of what users give for ``order_by``; ``context`` names the argument in errors."""
        if param is None:
            return None
        if isinstance(param, (list, tuple)):
            return cls(*param) if param else None
        if isinstance(param, str) or hasattr(param, "resolve_expression"):
            return cls(param)
        raise ValueError(
            f"{context} must be either a string reference to a field, an expression, or a list or "
            f"tuple of them not {param!r}."
        )


def _with_direction(item: Any) -> Any:
    if isinstance(item, str) and item.startswith("-"):
        return OrderBy(F(item[1:]), descending=True)
    return item


@deconstructible(path="django.db.models.ExpressionWrapper")
class ExpressionWrapper(SQLiteNumericMixin, Expression):
    """An expression with another type. Manual: "ExpressionWrapper() expressions"."""

    _parts = ("expression",)

    def __init__(self, expression: Any, output_field: Any) -> None:
        super().__init__(output_field=output_field)
        self.expression = expression

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.expression})"

    @property
    def allowed_default(self) -> bool:  # type: ignore[override]
        """The wrapped expression decides."""
        return self.expression.allowed_default

    def get_group_by_cols(self) -> list[Any]:
        if not isinstance(self.expression, Expression):
            return super().get_group_by_cols()
        # It is the wrapped expression that SQL knows, with the type of the wrapper.
        inner = self.expression.copy()
        inner.output_field = self.output_field
        return inner.get_group_by_cols()

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Params]:
        return compiler.compile(self.expression)


@deconstructible(path="django.db.models.NegatedExpression")
class NegatedExpression(ExpressionWrapper):
    """NOT of a condition."""

    def __init__(self, expression: Any) -> None:
        super().__init__(expression, output_field=fields.BooleanField())

    def __invert__(self) -> Any:
        return self.expression.copy()

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        resolved = super().resolve_expression(query, allow_joins, reuse, summarize, for_save)
        if not getattr(resolved.expression, "conditional", False):
            raise TypeError("Cannot negate non-conditional expressions.")
        return resolved

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Params]:
        try:
            sql, params = super().as_sql(compiler, connection)
        except EmptyResultSet:
            if connection.features.supports_boolean_expr_in_select_clause:
                return compiler.compile(Value(True))
            return "1=1", ()
        if connection.ops.conditional_expression_supported_in_where_clause(self.expression):
            return f"NOT {sql}", params
        return f"CASE WHEN {sql} = 0 THEN 1 ELSE 0 END", params

    def select_format(self, compiler: Any, sql: str, params: Params) -> tuple[str, Params]:
        return boolean_in_select(self.expression, compiler.connection, sql), params


def boolean_in_select(expression: Any, connection: Any, sql: str) -> str:
    """Give a condition the form of a value where the database has no boolean values."""
    if connection.features.supports_boolean_expr_in_select_clause:
        return sql
    if not connection.ops.conditional_expression_supported_in_where_clause(expression):
        return sql
    return f"CASE WHEN {sql} THEN 1 ELSE 0 END"


@deconstructible(path="django.db.models.When")
class When(Expression):
    """One branch of a ``Case``. Manual: "When"."""

    _parts = ("condition", "result")
    template = "WHEN %(condition)s THEN %(result)s"
    #: A condition never gives the branch its type.
    conditional = False

    def __init__(self, condition: Any = None, then: Any = None, **lookups: Any) -> None:
        check_filter_kwargs(lookups)
        usable = condition is None or getattr(condition, "conditional", False)
        if lookups and usable:
            condition = Q(**lookups) if condition is None else Q(condition, **lookups)
        if condition is None or not getattr(condition, "conditional", False):
            raise TypeError(
                "When() supports a Q object, a boolean expression, or lookups as a condition."
            )
        if isinstance(condition, Q) and not condition:
            raise ValueError("An empty Q() can't be used as a When() condition.")
        super().__init__(output_field=None)
        self.condition = condition
        self.result = as_expression(then)

    def __str__(self) -> str:
        return f"WHEN {self.condition!r} THEN {self.result!r}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def get_source_fields(self) -> list[Any]:
        return [self.result._output_field_or_none]

    @cached_property
    def allowed_default(self) -> bool:
        """Condition and result must be allowed."""
        return all(
            getattr(part, "allowed_default", False) for part in (self.condition, self.result)
        )

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        resolved = self.copy()
        resolved.is_summary = summarize
        context = (query, allow_joins, reuse, summarize)
        # What is compared is not what is saved.
        resolved.condition = self.condition.resolve_expression(*context, False)
        resolved.result = self._single(self.result.resolve_expression(*context, for_save))
        return resolved

    def as_sql(
        self, compiler: Any, connection: Any, template: str | None = None, **extra_context: Any
    ) -> tuple[str, Params]:
        connection.ops.check_expression_support(self)
        condition, condition_params = compiler.compile(self.condition)
        result, result_params = compiler.compile(self.result)
        context = {**extra_context, "condition": condition, "result": result}
        return (template or self.template) % context, (*condition_params, *result_params)

    def get_group_by_cols(self) -> list[Any]:
        return [
            column for part in self.get_source_expressions() for column in part.get_group_by_cols()
        ]


@deconstructible(path="django.db.models.Case")
class Case(SQLiteNumericMixin, Expression):
    """The first branch that holds. Manual: "Case"."""

    _parts = ("*cases", "default")
    template = "CASE %(cases)s ELSE %(default)s END"
    case_joiner = " "

    def __init__(
        self, *cases: When, default: Any = None, output_field: Any = None, **extra: Any
    ) -> None:
        if any(not isinstance(case, When) for case in cases):
            raise TypeError("Positional arguments must all be When objects.")
        super().__init__(output_field)
        self.cases = list(cases)
        self.default = as_expression(default)
        self.extra = extra

    def __str__(self) -> str:
        return f"CASE {', '.join(str(case) for case in self.cases)}, ELSE {self.default!r}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def copy(self) -> Self:
        twin = super().copy()
        twin.cases = list(self.cases)
        return twin

    @cached_property
    def allowed_default(self) -> bool:
        """All branches and the default must be allowed."""
        return self.default.allowed_default and all(case.allowed_default for case in self.cases)

    def as_sql(
        self,
        compiler: Any,
        connection: Any,
        template: str | None = None,
        case_joiner: str | None = None,
        **extra_context: Any,
    ) -> tuple[str, Params]:
        connection.ops.check_expression_support(self)
        branches: list[str] = []
        params: list[Any] = []
        otherwise = self.default
        for case in self.cases:
            try:
                sql, own_params = compiler.compile(case)
            except EmptyResultSet:
                continue
            except FullResultSet:
                # It always holds, so nothing after it is reached.
                otherwise = case.result
                break
            branches.append(sql)
            params += own_params
        default, default_params = compiler.compile(otherwise)
        if not branches:
            return default, default_params
        context = {**self.extra, **extra_context}
        context["cases"] = (case_joiner or self.case_joiner).join(branches)
        context["default"] = default
        sql = (template or context.get("template", self.template)) % context
        if self._output_field_or_none is not None:
            sql = connection.ops.unification_cast_sql(self.output_field) % sql
        return sql, (*params, *default_params)

    def get_group_by_cols(self) -> list[Any]:
        return super().get_group_by_cols() if self.cases else self.default.get_group_by_cols()


@deconstructible(path="django.db.models.OrderBy")
class OrderBy(Expression):
    """An expression with a direction, and a place for NULLs."""

    _parts = ("expression",)
    allows_composite_expressions = True
    conditional = constraint_validation_compatible = False
    template = "%(expression)s %(ordering)s"

    def __init__(
        self,
        expression: Any,
        descending: bool = False,
        nulls_first: bool | None = None,
        nulls_last: bool | None = None,
    ) -> None:
        places = (nulls_first, nulls_last)
        if all(places):
            raise ValueError("nulls_first and nulls_last are mutually exclusive")
        if False in places:
            raise ValueError("nulls_first and nulls_last values must be True or None.")
        if not hasattr(expression, "resolve_expression"):
            raise ValueError("expression must be an expression type")
        super().__init__()
        self.expression = expression
        self.descending = descending
        self.nulls_first = nulls_first
        self.nulls_last = nulls_last

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.expression}, descending={self.descending})"

    def _identifying_parts(self) -> list[Any]:
        return [self.expression, self.descending, self.nulls_first, self.nulls_last]

    def _template_on(self, features: Any, template: str) -> str:
        """Add where NULLs go, with the modifier or, where there is none, with a first key."""
        if not (self.nulls_first or self.nulls_last):
            return template
        if features.supports_order_by_nulls_modifier:
            return f"{template} NULLS {'LAST' if self.nulls_last else 'FIRST'}"
        # Some databases have NULLs at that end anyway.
        first_already = features.order_by_nulls_first is not self.descending
        if bool(self.nulls_first) is first_already:
            return template
        test = "IS NULL" if self.nulls_last else "IS NOT NULL"
        return f"%(expression)s {test}, {template}"

    def as_sql(
        self, compiler: Any, connection: Any, template: str | None = None, **extra_context: Any
    ) -> tuple[str, Params]:
        from nuages.db.models.expressions._leaves import ColPairs

        if isinstance(self.expression, ColPairs):
            return self._columns_sql(compiler, connection, template, extra_context)
        whole = self._template_on(connection.features, template or self.template)
        connection.ops.check_expression_support(self)
        sql, params = compiler.compile(self.expression)
        if sql == "%s":
            # A number would be taken for the position of a column.
            from nuages.db.models.functions import Cast

            sql, params = compiler.compile(Cast(self.expression, self.expression.output_field))
        context = {
            **extra_context,
            "expression": sql,
            "ordering": "DESC" if self.descending else "ASC",
        }
        return (whole % context).rstrip(), tuple(params) * whole.count("%(expression)s")

    def _columns_sql(
        self, compiler: Any, connection: Any, template: str | None, context: dict[str, Any]
    ) -> tuple[str, Params]:
        pieces: list[str] = []
        params: list[Any] = []
        for column in self.expression.get_cols():
            single = self.copy()
            single.expression = column
            sql, own_params = single.as_sql(compiler, connection, template, **context)
            pieces.append(sql)
            params += own_params
        return ", ".join(pieces), tuple(params)

    def as_oracle(self, compiler: Any, connection: Any) -> tuple[str, Params]:
        """Oracle does not order by conditions."""
        if connection.ops.conditional_expression_supported_in_where_clause(self.expression):
            twin = self.copy()
            twin.expression = Case(When(self.expression, then=True), default=False)
            return twin.as_sql(compiler, connection)
        return self.as_sql(compiler, connection)

    def get_group_by_cols(self) -> list[Any]:
        return self.expression.get_group_by_cols()

    def reverse_ordering(self) -> OrderBy:
        self.descending = not self.descending
        if self.nulls_first or self.nulls_last:
            # ``False`` was refused by the constructor, so ``None`` is the other state.
            self.nulls_first, self.nulls_last = self.nulls_last, self.nulls_first
        return self

    def asc(self, **kwargs: Any) -> None:
        self.descending = False

    def desc(self, **kwargs: Any) -> None:
        self.descending = True
