"""What all lookups and transforms are made of; their documented home is ``nuages.db.models.lookups``.

A lookup's right-hand side passes three stages, each a small method: ``_prep_value`` (Python value to
comparable value, once, when the lookup is made), ``_db_value`` (to what the driver takes) and
``_shape_param`` (patterns, case). A literal walks through them while it is compiled; a ``Slot`` leaves a
``SlotParam`` that walks through them each time the compiled query runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from nuages.db.models.expressions import Case, Expression, Func, Value, When
from nuages.db.models.fields import BooleanField
from nuages.db.models.query_utils import RegisterLookupMixin
from nuages.db.models.sql.slots import (
    LeavesTrail,
    Slot,
    SlotParam,
    Slots,
    holds_slot,
    is_trail_safe,
)
from nuages.utils.functional import cached_property
from nuages.utils.hashable import make_hashable

Params = list[Any]


def _is_query(value: Any) -> bool:
    from nuages.db.models.sql.query import Query

    return isinstance(value, Query)


class Lookup(Expression):
    """A comparison of ``lhs`` with ``rhs``. Manual: "Lookup reference"."""

    prepare_rhs, can_use_none_as_rhs = True, False
    lookup_name: str | None = None

    def __init__(self, lhs: Any, rhs: Any) -> None:
        self.lhs, self.rhs = lhs, rhs
        if holds_slot(rhs):
            self._check_trail()
        else:
            self.rhs = self.get_prep_lookup()
        self.lhs = self.get_prep_lhs()
        transforms = []
        if hasattr(lhs, "get_bilateral_transforms"):
            transforms = lhs.get_bilateral_transforms()
        if transforms and _is_query(rhs):
            raise NotImplementedError(
                "Bilateral transformations on nested querysets are not implemented."
            )
        self.bilateral_transforms = transforms

    def _check_trail(self) -> None:
        """Raise ``LeavesTrail`` unless everything here is known to treat slots well."""
        from nuages.db.models.expressions import Col

        lhs = self.lhs
        while (
            isinstance(lhs, Transform) and is_trail_safe(lhs) and len(lhs.source_expressions) == 1
        ):
            lhs = lhs.lhs
        fields = (
            (lhs.target, lhs.output_field, self.lhs.output_field) if isinstance(lhs, Col) else ()
        )
        if not (is_trail_safe(self) and fields and all(map(is_trail_safe, fields))):
            raise LeavesTrail
        if any(hasattr(field, "get_placeholder_sql") for field in fields):
            raise LeavesTrail

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.lhs!r}, {self.rhs!r})"

    # -- stages of the right-hand side ---------------------------------------------------------

    def get_prep_lookup(self) -> Any:
        """Return the right-hand side, prepared for comparison with ``lhs``."""
        if not self.prepare_rhs or hasattr(self.rhs, "resolve_expression"):
            return self.rhs
        if hasattr(self.lhs, "output_field"):
            if self._prepares:
                return self._prep_value(self.rhs)
        elif self.rhs_is_direct_value():
            return Value(self.rhs)
        return self.rhs

    def get_prep_lhs(self) -> Any:
        """Return the left-hand side as an expression."""
        return self.lhs if hasattr(self.lhs, "resolve_expression") else Value(self.lhs)

    @property
    def _prepares(self) -> bool:
        """Whether there is something that prepares values: the field, or the lookup itself."""
        own = type(self)._prep_value is not Lookup._prep_value
        return own or hasattr(getattr(self.lhs, "output_field", None), "get_prep_value")

    def _prep_value(self, value: Any) -> Any:
        return self.lhs.output_field.get_prep_value(value)

    def _db_value(self, value: Any, connection: Any) -> Any:
        return value

    def _shape_param(self, param: Any, connection: Any) -> Any:
        return param

    def _slot_param(self, slot: Slot, connection: Any) -> SlotParam:
        """Return the parameter that ``slot`` leaves, with all stages in its adapter."""
        prepare, to_db, shape = self._prep_value, self._db_value, self._shape_param
        if not self.prepare_rhs:
            return SlotParam(slot.index, lambda value: shape(to_db(value, connection), connection))
        return SlotParam(
            slot.index, lambda value: shape(to_db(prepare(value), connection), connection)
        )

    def get_db_prep_lookup(self, value: Any, connection: Any) -> tuple[str, Sequence[Any]]:
        """Return placeholder and parameters for a plain value."""
        return "%s", (value,)

    def rhs_is_direct_value(self) -> bool:
        """Say whether the right-hand side is a value, not something that compiles to SQL."""
        return not hasattr(self.rhs, "as_sql")

    def apply_bilateral_transforms(self, value: Any) -> Any:
        """Return ``value`` with the transforms of the left-hand side applied, too."""
        for transform in self.bilateral_transforms:
            value = transform(value)
        return value

    # -- SQL -----------------------------------------------------------------------------------

    def process_lhs(self, compiler: Any, connection: Any, lhs: Any = None) -> tuple[str, Params]:
        """Return SQL and parameters of the left-hand side (or of ``lhs``)."""
        side = lhs or self.lhs
        if hasattr(side, "resolve_expression"):
            side = side.resolve_expression(compiler.query)
        sql, params = compiler.compile(side)
        if isinstance(side, Lookup):
            # The outcome of a comparison compares only in parentheses.
            sql = f"({sql})"
        return sql, list(params)

    def process_rhs(self, compiler: Any, connection: Any) -> tuple[str, Params]:
        """Return SQL and parameters of the right-hand side."""
        value = self.rhs
        if isinstance(value, Slot):
            if self.bilateral_transforms:
                raise LeavesTrail
            return "%s", [self._slot_param(value, connection)]
        if self.bilateral_transforms:
            if self.rhs_is_direct_value():
                value = Value(value, output_field=self.lhs.output_field)
            value = self.apply_bilateral_transforms(value).resolve_expression(compiler.query)
        if not hasattr(value, "as_sql"):
            sql, params = self.get_db_prep_lookup(value, connection)
            return sql, list(params)
        sql, params = compiler.compile(value)
        # Exactly one pair of parentheses: two mean something else to some databases.
        bare = not sql or sql[0] == "(" or isinstance(value, Value)
        return (sql if bare else f"({sql})"), list(params)

    def batch_process_rhs(
        self, compiler: Any, connection: Any, rhs: Iterable[Any] | None = None
    ) -> tuple[Sequence[str], Params]:
        """Return one SQL piece for each item of the right-hand side, and all parameters."""
        items = self.rhs if rhs is None else rhs
        if not self.bilateral_transforms:
            sql, params = self.get_db_prep_lookup(items, connection)
            params = list(params)
            return [sql] * len(params), params
        pieces: list[str] = []
        all_params: Params = []
        for item in items:
            value = self.apply_bilateral_transforms(Value(item, output_field=self.lhs.output_field))
            sql, params = compiler.compile(value.resolve_expression(compiler.query))
            pieces.append(sql)
            all_params.extend(params)
        return pieces, all_params

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        raise NotImplementedError

    def as_oracle(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """Wrap conditions in CASE where Oracle wants values."""
        wrapped = False
        sides = []
        for side in (self.lhs, self.rhs):
            if connection.ops.conditional_expression_supported_in_where_clause(side) and getattr(
                side, "conditional", False
            ):
                side = Case(When(side, then=True), default=False)
                wrapped = True
            sides.append(side)
        lookup = type(self)(*sides) if wrapped else self
        return lookup.as_sql(compiler, connection)

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        if not compiler.connection.features.supports_boolean_expr_in_select_clause:
            sql = f"CASE WHEN {sql} THEN 1 ELSE 0 END"
        return sql, params

    # -- traversal -----------------------------------------------------------------------------

    def get_source_expressions(self) -> list[Any]:
        if not self.rhs_is_direct_value():
            return [self.lhs, self.rhs]
        return [self.lhs, *self._expressions_in_rhs()]

    def set_source_expressions(self, exprs: Sequence[Any]) -> None:
        self.lhs, *rest = exprs
        if not self.rhs_is_direct_value():
            (self.rhs,) = rest
        elif rest:
            given = iter(rest)
            self.rhs = [
                next(given) if hasattr(item, "resolve_expression") else item for item in self.rhs
            ]

    def _expressions_in_rhs(self) -> list[Any]:
        """Return the expressions among several values."""
        if type(self.rhs) not in (list, tuple):
            return []
        return [item for item in self.rhs if hasattr(item, "resolve_expression")]

    def get_group_by_cols(self) -> list[Any]:
        columns = list(self.lhs.get_group_by_cols())
        if hasattr(self.rhs, "get_group_by_cols"):
            columns.extend(self.rhs.get_group_by_cols())
        return columns

    @cached_property
    def output_field(self) -> Any:
        """The type of a lookup as an expression: a truth value."""
        return BooleanField()

    @property
    def identity(self) -> tuple[Any, ...]:
        return type(self), self.lhs, self.rhs

    def __eq__(self, other: object) -> bool:
        return self.identity == other.identity if isinstance(other, Lookup) else NotImplemented

    def __hash__(self) -> int:
        return hash(make_hashable(self.identity))

    @cached_property
    def allowed_default(self) -> bool:
        """Both sides must be allowed."""
        return all(
            getattr(side, "allowed_default", True) if hasattr(side, "as_sql") else True
            for side in (self.lhs, self.rhs)
        )

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        context = (query, allow_joins, reuse, summarize, for_save)
        resolved = self.copy()
        resolved.is_summary = summarize
        resolved.lhs = self.lhs.resolve_expression(*context)
        rhs = self.rhs
        if hasattr(rhs, "resolve_expression"):
            resolved.rhs = rhs.resolve_expression(*context)
        elif isinstance(rhs, (list, tuple)) and any(
            hasattr(item, "resolve_expression") for item in rhs
        ):
            resolved.rhs = type(rhs)(
                [
                    i.resolve_expression(*context) if hasattr(i, "resolve_expression") else i
                    for i in rhs
                ]
            )
        return resolved


class Transform(RegisterLookupMixin, Func):
    """A function of one argument that lookups can follow. Manual: "Transform reference"."""

    arity, bilateral = 1, False

    lhs = property(lambda self: self.get_source_expressions()[0], doc="What is transformed.")

    def get_bilateral_transforms(self) -> list[type]:
        """Return the transforms, innermost first, that apply to the right-hand side as well."""
        inner = self.lhs
        below = (
            inner.get_bilateral_transforms() if hasattr(inner, "get_bilateral_transforms") else []
        )
        return [*below, type(self)] if self.bilateral else below


class BuiltinLookup(Lookup):
    """A lookup that an operator of the database expresses."""

    def process_lhs(self, compiler: Any, connection: Any, lhs: Any = None) -> tuple[str, Params]:
        sql, params = super().process_lhs(compiler, connection, lhs)
        kind = self.lhs.output_field.get_internal_type()
        return connection.ops.lookup_cast(self.lookup_name, kind) % sql, params

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        lhs, lhs_params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return f"{lhs} {self.get_rhs_op(connection, rhs)}", (*lhs_params, *rhs_params)

    def get_rhs_op(self, connection: Any, rhs: str) -> str:
        """Return operator and right-hand side."""
        return connection.operators[self.lookup_name] % rhs


def shortened(adapt: Callable[[Any], Any], field: Any) -> Callable[[Any], Any]:
    """Return an adapter that leaves out ``adapt`` for values that this would give back unchanged.

    Args:
        field: the field whose values these are; one value of a type speaks for all.
    """
    from nuages.db.models.trails import _natural_of

    natural = _natural_of(field)
    kept = frozenset(
        type(sample)
        for sample in (7, "x", 0.5)
        if type(sample) in natural and type(out := adapt(sample)) is type(sample) and out == sample
    )
    if not kept:
        return adapt

    def adapted(value: Any) -> Any:
        return value if type(value) in kept else adapt(value)

    #: The types whose values stay as they are.
    adapted.kept = kept  # type: ignore[attr-defined]
    return adapted


class FieldGetDbPrepValueMixin(Lookup):
    """For lookups whose values are what the field would save."""

    get_db_prep_lookup_value_is_iterable = False

    @property
    def _value_field(self) -> Any:
        # A relation compares by the field that it points to.
        own = self.lhs.output_field
        target = getattr(own, "target_field", None)
        return target if hasattr(target, "get_db_prep_value") else own

    def _db_value(self, value: Any, connection: Any) -> Any:
        return self._value_field.get_db_prep_value(value, connection, prepared=True)

    def _slot_param(self, slot: Slot, connection: Any) -> SlotParam:
        # The field is looked up once, not for every value.
        own = type(self)
        if (own._prep_value, own._db_value, own._shape_param) != (
            Lookup._prep_value,
            FieldGetDbPrepValueMixin._db_value,
            Lookup._shape_param,
        ) or not self.prepare_rhs:
            return super()._slot_param(slot, connection)
        prepare = self.lhs.output_field.get_prep_value
        to_db = self._value_field.get_db_prep_value
        return SlotParam(
            slot.index,
            shortened(
                lambda value: to_db(prepare(value), connection, prepared=True), self._value_field
            ),
        )

    def get_db_prep_lookup(self, value: Any, connection: Any) -> tuple[str, Sequence[Any]]:
        values = value if self.get_db_prep_lookup_value_is_iterable else [value]
        return "%s", [
            item if _has_sql(item) else self._db_value(item, connection) for item in values
        ]


def _has_sql(item: Any) -> bool:
    return hasattr(item, "as_sql") or isinstance(item, Slot)


class FieldGetDbPrepValueIterableMixin(FieldGetDbPrepValueMixin):
    """The same for lookups that take several values, some of which may be expressions."""

    get_db_prep_lookup_value_is_iterable = True

    def _check_trail(self) -> None:
        if isinstance(self.rhs, Slot):
            # A text of some letters, or what is no list at all: the plain road reads it.
            raise LeavesTrail
        super()._check_trail()

    def get_prep_lookup(self) -> Any:
        if hasattr(self.rhs, "resolve_expression"):
            return self.rhs
        prepared: list[Any] = []
        convert = self.prepare_rhs and self._prepares
        for item in self.rhs:
            as_is = hasattr(item, "resolve_expression") or isinstance(item, Slot) or not convert
            prepared.append(item if as_is else self._prep_value(item))
        return prepared

    def process_rhs(self, compiler: Any, connection: Any) -> tuple[Any, Params]:
        if self.rhs_is_direct_value() and not isinstance(self.rhs, Slot):
            return self.batch_process_rhs(compiler, connection)
        return super().process_rhs(compiler, connection)

    def resolve_expression_parameter(
        self, compiler: Any, connection: Any, sql: str, param: Any
    ) -> tuple[str, Sequence[Any]]:
        """Compile an item that is an expression; others keep the placeholder."""
        if isinstance(param, Slot):
            made = self._slot_param(param, connection)
            made.many = isinstance(param, Slots)
            return sql, [made]
        if hasattr(param, "resolve_expression"):
            param = param.resolve_expression(compiler.query)
        if hasattr(param, "as_sql"):
            sql, params = compiler.compile(param)
            return sql, params
        return sql, [param]

    def batch_process_rhs(
        self, compiler: Any, connection: Any, rhs: Iterable[Any] | None = None
    ) -> tuple[Sequence[str], Params]:
        sqls, params = super().batch_process_rhs(compiler, connection, rhs)
        resolved = [
            self.resolve_expression_parameter(compiler, connection, sql, param)
            for sql, param in zip(sqls, params)
        ]
        return [sql for sql, _ in resolved], [p for _, own in resolved for p in own]


class PostgresOperatorLookup(Lookup):
    """A lookup that is one operator on PostgreSQL."""

    postgres_operator: str | None = None

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """Return ``lhs operator rhs``."""
        lhs, lhs_params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return f"{lhs} {self.postgres_operator} {rhs}", (*lhs_params, *rhs_params)


# Migration files and pickles name the documented module.
for _class in (
    Lookup,
    Transform,
    BuiltinLookup,
    FieldGetDbPrepValueMixin,
    FieldGetDbPrepValueIterableMixin,
    PostgresOperatorLookup,
):
    _class.__module__ = "django.db.models.lookups"
del _class
