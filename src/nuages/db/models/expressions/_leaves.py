"""The leaves of an expression: names, columns, values, raw SQL."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Self

from nuages.db.models import fields
from nuages.db.models.constants import LOOKUP_SEP
from nuages.db.models.expressions._arithmetic import SQLiteNumericMixin
from nuages.db.models.expressions._core import (
    BaseExpression,
    Combinable,
    Expression,
    OutputFieldIsNoneError,
    Params,
)
from nuages.db.utils import NotSupportedError
from nuages.utils.deconstruct import deconstructible


@deconstructible(path="django.db.models.F")
class F(Combinable):
    """The value of a field or annotation, by name. Manual: "F() expressions"."""

    allowed_default = False

    def __init__(self, name: Any) -> None:
        self.name = name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"

    def __getitem__(self, subscript: int | slice) -> Sliced:
        return Sliced(self, subscript)

    # ``__getitem__`` alone would make a loop over it endless.
    __iter__ = None

    def __contains__(self, other: object) -> bool:
        raise TypeError(f"argument of type '{type(self).__name__}' is not iterable")

    def __eq__(self, other: object) -> bool:
        return self.__class__ == other.__class__ and self.name == other.name

    def copy(self) -> Self:
        """Return a copy."""
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        """Return the column (or the reference to an annotation) that the name means in ``query``."""
        return query.resolve_ref(self.name, allow_joins, reuse, summarize)

    def replace_expressions(self, replacements: Mapping[Any, Any]) -> Any:
        """Return the replacement for this name; transforms after a replaced name stay applied."""
        if (instead := replacements.get(self)) is not None:
            return instead
        base, *transforms = self.name.split(LOOKUP_SEP)
        if not transforms or (instead := replacements.get(F(base))) is None:
            return self
        for name in transforms:
            try:
                transform = instead.get_transform(name)
            except OutputFieldIsNoneError:
                # A value without a type has no transforms.
                return self
            if transform is None:
                return self
            instead = transform(instead)
        return instead

    def prefix_references(self, prefix: str) -> F:
        """Return the name as seen from the start of ``prefix``."""
        return F(f"{prefix}{self.name}")

    _ordered, asc, desc = BaseExpression._ordered, BaseExpression.asc, BaseExpression.desc


class ResolvedOuterRef(F):
    """A name that the query around the present one will resolve."""

    contains_aggregate = False
    contains_over_clause = False

    def as_sql(self, *args: Any, **kwargs: Any) -> tuple[str, Params]:
        """Refuse: there is no outer query here."""
        raise ValueError(
            "This queryset contains a reference to an outer query and may only be used in a subquery."
        )

    def resolve_expression(self, *args: Any, **kwargs: Any) -> Any:
        """Return the outer query's column."""
        column = super().resolve_expression(*args, **kwargs)
        if column.contains_over_clause:
            raise NotSupportedError(
                f"Referencing outer query window expression is not supported: {self.name}."
            )
        # A path may cross relations with many rows, which the inner query's GROUP BY has to know.
        column.possibly_multivalued = LOOKUP_SEP in self.name
        return column

    def relabeled_clone(self, relabels: Mapping[str, str]) -> Self:
        """Return itself: inner aliases do not concern it."""
        return self

    def get_group_by_cols(self) -> list[Any]:
        """Return nothing: it is constant for the inner query."""
        return []


class OuterRef(F):
    """A field of the query around a subquery. Manual: "Referencing columns from the outer queryset"."""

    contains_aggregate = False
    contains_over_clause = False

    def resolve_expression(self, *args: Any, **kwargs: Any) -> Any:
        """Peel off one level: what is left is resolved by the next query outwards."""
        return self.name if isinstance(self.name, type(self)) else ResolvedOuterRef(self.name)

    def relabeled_clone(self, relabels: Mapping[str, str]) -> Self:
        """Return itself."""
        return self


class Sliced(F):
    """A piece of a field's value: ``F("name")[1:5]``. Manual: "Slicing F() expressions"."""

    def __init__(self, obj: F, subscript: int | slice) -> None:
        #: SQL counts from one; ``None`` is "to the end".
        self.start, self.length = _bounds(subscript)
        self.obj, self.subscript = obj, subscript
        super().__init__(obj.name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.obj!r}, {self.subscript!r})"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Sliced)
            and super().__eq__(other)
            and (self.obj, self.start, self.length) == (other.obj, other.start, other.length)
        )

    def __hash__(self) -> int:
        return hash((self.name, self.start, self.length))

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        """Return what the field makes of a slice of itself."""
        context = (query, allow_joins, reuse, summarize)
        resolved = query.resolve_ref(self.name, *context[1:])
        subject = resolved
        if isinstance(self.obj, (OuterRef, Sliced)):
            subject = self.obj.resolve_expression(*context, for_save)
        return resolved.output_field.slice_expression(subject, self.start, self.length)


def _bounds(subscript: int | slice) -> tuple[int, int | None]:
    """Turn Python's subscript into a one-based start and a length."""
    match subscript:
        case slice(start=start, stop=stop, step=step):
            if step is not None:
                raise ValueError("Step argument is not supported.")
            if (start or 0) < 0 or (stop or 0) < 0:
                raise ValueError("Negative indexing is not supported.")
            if start and stop is not None and stop < start:
                raise ValueError("Slice stop must be greater than slice start.")
            first = (start or 0) + 1
            return first, None if stop is None else stop - first + 1
        case int():
            if subscript < 0:
                raise ValueError("Negative indexing is not supported.")
            return subscript + 1, 1
    raise TypeError("Argument to slice must be either int or slice instance.")


#: Python type → the field of a bare value of it. ``bool`` is an ``int`` and ``datetime`` a ``date``,
#: so the exact type decides first.
_FIELD_OF_TYPE = {
    str: fields.CharField,
    bool: fields.BooleanField,
    int: fields.IntegerField,
    float: fields.FloatField,
    datetime.datetime: fields.DateTimeField,
    datetime.date: fields.DateField,
    datetime.time: fields.TimeField,
    datetime.timedelta: fields.DurationField,
    Decimal: fields.DecimalField,
    bytes: fields.BinaryField,
    uuid.UUID: fields.UUIDField,
}


@deconstructible(path="django.db.models.Value")
class Value(SQLiteNumericMixin, Expression):
    """A constant. Manual: "Value() expressions"."""

    # Default values are wanted by migrations and constraints.
    allowed_default = True
    for_save = False

    def __init__(self, value: Any, output_field: Any = None) -> None:
        super().__init__(output_field=output_field)
        self.value = value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r})"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Params]:
        connection.ops.check_expression_support(self)
        value, field = self.value, self._output_field_or_none
        if field is not None:
            prepare = field.get_db_prep_save if self.for_save else field.get_db_prep_value
            value = prepare(value, connection=connection)
            if (placeholder := field_placeholder(field, value, compiler, connection)) is not None:
                return placeholder
        if value is None:
            # A parameter would have no type, which some databases refuse.
            return "NULL", ()
        return "%s", (value,)

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        resolved = super().resolve_expression(query, allow_joins, reuse, summarize, for_save)
        resolved.for_save = for_save
        return resolved

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> tuple[str, Params]:
        """Give decimals a type that divides like one: a whole number would count as an integer."""
        sql, params = self.as_sql(compiler, connection, **extra_context)
        field = self._output_field_or_none
        if field is not None and field.get_internal_type() == "DecimalField":
            sql = f"(CAST({sql} AS REAL))"
        return sql, params

    def get_group_by_cols(self) -> list[Any]:
        return []

    def _resolve_output_field(self) -> Any:
        value = self.value
        if (found := _FIELD_OF_TYPE.get(type(value))) is None:
            for kind, field in _FIELD_OF_TYPE.items():
                if isinstance(value, kind):
                    found = field
                    break
        return None if found is None else found()

    @property
    def empty_result_set_value(self) -> Any:
        """A constant is the same over no rows."""
        return self.value


def field_placeholder(
    field: Any, value: Any, compiler: Any, connection: Any
) -> tuple[str, Params] | None:
    """Give the SQL and parameters that ``field`` wants for a value, or ``None`` for a plain ``%s``.

    Fields say so with ``get_placeholder_sql(value, compiler, connection)``; the older
    ``get_placeholder()`` gives the SQL alone.
    """
    if hasattr(field, "get_placeholder_sql"):
        sql, params = field.get_placeholder_sql(value, compiler, connection)
        return sql, tuple(params)
    if hasattr(field, "get_placeholder"):
        import warnings

        from nuages.utils.deprecation import RemovedInDjango2028Warning

        warnings.warn(
            f"{type(field).__module__}.{type(field).__qualname__}.get_placeholder is deprecated in "
            "favor of get_placeholder_sql.",
            RemovedInDjango2028Warning,
            skip_file_prefixes=(),
        )
        sql = field.get_placeholder(value, compiler, connection)
        if hasattr(value, "as_sql"):
            inner, params = compiler.compile(value)
            return sql % inner, tuple(params)
        return sql, (value,)
    return None


class RawSQL(Expression):
    """SQL written by hand. Manual: "Raw SQL expressions"."""

    allowed_default = True

    def __init__(self, sql: str, params: Sequence[Any], output_field: Any = None) -> None:
        super().__init__(output_field=fields.Field() if output_field is None else output_field)
        self.sql = sql
        self.params = params

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.sql}, {self.params})"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Params]:
        return f"({self.sql})", tuple(self.params)

    def get_group_by_cols(self) -> list[Any]:
        return [self]

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        # Columns of parent models that the text seems to name need their table joined.
        if query.model is not None:
            text = self.sql.lower()
            inherited = (
                f for parent in query.model._meta.all_parents for f in parent._meta.local_fields
            )
            named = next((f for f in inherited if f.column and f.column.lower() in text), None)
            if named is not None:
                query.resolve_ref(named.name, allow_joins, reuse, summarize)
        return super().resolve_expression(query, allow_joins, reuse, summarize, for_save)


class Star(Expression):
    """The ``*`` of ``COUNT(*)``."""

    def __repr__(self) -> str:
        return "'*'"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Params]:
        return "*", ()


class DatabaseDefault(Expression):
    """In an INSERT the word DEFAULT, elsewhere the expression behind ``db_default``."""

    _parts = ("expression",)

    def __init__(self, expression: Any, output_field: Any = None) -> None:
        super().__init__(output_field)
        self.expression = expression

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        inner = self.expression.resolve_expression(query, allow_joins, reuse, summarize, for_save)
        # Only a column that is being saved has a default.
        return type(self)(inner, output_field=self._output_field_or_none) if for_save else inner

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Params]:
        if connection.features.supports_default_keyword_in_insert:
            return "DEFAULT", ()
        return compiler.compile(self.expression)


class Col(Expression):
    """A column of a table in the query."""

    contains_column_references = True
    possibly_multivalued = False

    def __init__(self, alias: str | None, target: Any, output_field: Any = None) -> None:
        super().__init__(output_field=target if output_field is None else output_field)
        self.alias = alias
        self.target = target

    def __repr__(self) -> str:
        shown = (self.target,) if self.alias is None else (self.alias, self.target)
        return f"{type(self).__name__}({', '.join(map(str, shown))})"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Params]:
        column = connection.ops.quote_name(self.target.column)
        return (column if self.alias is None else f"{compiler.quote_name(self.alias)}.{column}"), ()

    def relabeled_clone(self, relabels: Mapping[str, str]) -> Col:
        if self.alias is None or self.alias not in relabels:
            return self
        twin = self.copy()
        twin.alias = relabels[self.alias]
        return twin

    def _identifying_parts(self) -> list[Any]:
        return [self.alias]

    def get_group_by_cols(self) -> list[Any]:
        return [self]

    def get_db_converters(self, connection: Any) -> list[Any]:
        own = self.output_field.get_db_converters(connection)
        if self.target == self.output_field:
            return own
        return [*own, *self.target.get_db_converters(connection)]


class Ref(Expression):
    """An annotation of the same query, by its alias in the SELECT list."""

    _parts = ("source",)

    def __init__(self, refs: str | None, source: Any) -> None:
        super().__init__()
        self.refs = refs
        self.source = source

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.refs}, {self.source})"

    def set_source_expressions(self, exprs: list[Any]) -> None:
        (self.source,) = exprs

    def resolve_expression(self, *args: Any, **kwargs: Any) -> Any:
        # The source was resolved when the annotation was made.
        return self

    def get_refs(self) -> set[str]:
        return {self.refs} if self.refs else set()

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Params]:
        return connection.ops.quote_name(self.refs), ()

    def get_group_by_cols(self) -> list[Any]:
        return [self]


class ColPairs(Expression):
    """Several columns of one table that are one value together: a composite key."""

    is_composite = True
    allows_composite_expressions = True

    def __init__(
        self, alias: str | None, targets: Sequence[Any], sources: Sequence[Any], output_field: Any
    ) -> None:
        super().__init__(output_field=output_field)
        self.alias, self.targets, self.sources = alias, targets, sources

    def __len__(self) -> int:
        return len(self.targets)

    def __iter__(self) -> Iterator[Col]:
        return iter(self.get_cols())

    def __repr__(self) -> str:
        shown = (self.alias, self.targets, self.sources, self.output_field)
        return f"{type(self).__name__}({', '.join(map(repr, shown))})"

    def get_cols(self) -> list[Col]:
        """Return the single columns."""
        return [
            Col(self.alias, target, source) for target, source in zip(self.targets, self.sources)
        ]

    def get_source_expressions(self) -> list[Any]:
        return self.get_cols()

    def set_source_expressions(self, exprs: list[Any]) -> None:
        if not all(isinstance(column, Col) and column.alias == self.alias for column in exprs):
            raise AssertionError("The columns of a composite value must belong to one table.")
        self.targets = [column.target for column in exprs]
        self.sources = [column.output_field for column in exprs]

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Params]:
        compiled = [compiler.compile(column) for column in self.get_cols()]
        return ", ".join(sql for sql, _ in compiled), tuple(
            p for _, params in compiled for p in params
        )

    def relabeled_clone(self, relabels: Mapping[str, str]) -> ColPairs:
        return type(self)(
            relabels.get(self.alias or "", self.alias),
            self.targets,
            self.sources,
            self.output_field,
        )

    def resolve_expression(self, *args: Any, **kwargs: Any) -> ColPairs:
        return self

    def get_group_by_cols(self) -> list[Any]:
        return list(self.get_cols())

    def select_format(self, compiler: Any, sql: str, params: Params) -> tuple[str, Params]:
        return sql, params
