"""``GeneratedField``: a column that the database computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from nuages.db.models.fields import NOT_PROVIDED, Field, _checks
from nuages.utils.functional import cached_property

if TYPE_CHECKING:
    from nuages.db.models.base import Model


class GeneratedField(Field):
    """A column computed from others of the row. Manual: "GeneratedField".

    Args:
        expression: what is computed, of fields of the same model.
        output_field: the field that says the column's type.
        db_persist: store the value; otherwise it is computed at each read.
    """

    generated = True
    db_returning = True
    _query: Any = None
    _field_checks = (
        *Field._field_checks,
        _checks.generated_column_is_supported,
        _checks.output_field_is_sound,
    )

    def __init__(
        self,
        *,
        expression: Any,
        output_field: Field,
        db_persist: bool,
        **kwargs: Any,
    ) -> None:
        refusals = (
            (kwargs.setdefault("editable", False), "GeneratedField cannot be editable."),
            (not kwargs.setdefault("blank", True), "GeneratedField must be blank."),
            (
                kwargs.get("default", NOT_PROVIDED) is not NOT_PROVIDED,
                "GeneratedField cannot have a default.",
            ),
            (
                kwargs.get("db_default", NOT_PROVIDED) is not NOT_PROVIDED,
                "GeneratedField cannot have a database default.",
            ),
            (db_persist not in (True, False), "GeneratedField.db_persist must be True or False."),
        )
        for refused, message in refusals:
            if refused:
                raise ValueError(message)
        self.expression = expression
        self.output_field = output_field
        self.db_persist = db_persist
        super().__init__(**kwargs)

    def deconstruct(self) -> tuple[Any, ...]:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["blank"], kwargs["editable"]
        kwargs["db_persist"] = self.db_persist
        kwargs["expression"] = self.expression
        kwargs["output_field"] = self.output_field
        return name, path, args, kwargs

    @cached_property
    def cached_col(self) -> Any:
        """The column, of the type that is computed."""
        from nuages.db.models.expressions import Col

        return Col(self.model._meta.db_table, self, self.output_field)

    def get_col(self, alias: str, output_field: Field | None = None) -> Any:
        # Read as the type that it has, not as "generated".
        plain = output_field is None or output_field in (self, self.output_field)
        if plain and alias == self.model._meta.db_table:
            return self.cached_col
        return super().get_col(alias, self.output_field if plain else output_field)

    def contribute_to_class(self, cls: type[Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only=private_only)
        self.output_field = self.output_field.clone()
        self.output_field.model = cls
        self.output_field.set_attributes_from_name(name)
        self.output_field.attname, self.output_field.column = self.get_attname_column()
        for lookup_name, lookup in self.output_field.get_lookups().items():
            self.register_lookup(lookup, lookup_name=lookup_name)
        self.set_attributes_from_name(name)

    def generated_sql(self, connection: Any) -> tuple[str, Any]:
        """Return the SQL of the expression, and its parameters."""
        from nuages.db.models.sql import Query

        # Where a schema editor adds the field, it is of no model yet.
        query = Query(model=getattr(self, "model", None), alias_cols=False)
        compiler = connection.ops.compiler("SQLCompiler")(query, connection=connection, using=None)
        resolved = self._resolved_expression
        sql, params = compiler.compile(resolved)
        # The type is asked for only where it matters: an expression of mixed types has none.
        if (
            not connection.features.supports_boolean_expr_in_select_clause
            and getattr(self.output_field, "db_check", None)
            and resolved.conditional
        ):
            sql = f"CASE WHEN {sql} THEN 1 ELSE 0 END"
        return sql, params

    @property
    def _resolved_expression(self) -> Any:
        from nuages.db.models.sql import Query

        return self.expression.resolve_expression(
            Query(model=getattr(self, "model", None), alias_cols=False), allow_joins=False
        )

    @cached_property
    def referenced_fields(self) -> frozenset[Field]:
        """The fields of the model on which the value depends."""
        return frozenset(self._columns_of(self._resolved_expression))

    def _columns_of(self, expression: Any) -> Iterator[Field]:
        target = getattr(expression, "target", None)
        if isinstance(target, Field):
            yield target
        for source in expression.get_source_expressions():
            if source is not None:
                yield from self._columns_of(source)

    # All else is the output field's.

    def get_internal_type(self) -> str:
        return self.output_field.get_internal_type()

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        return self.output_field.db_parameters(connection)

    def db_type_parameters(self, connection: Any) -> Any:
        return self.output_field.db_type_parameters(connection)

    def get_db_converters(self, connection: Any) -> list[Callable[..., Any]]:
        return self.output_field.get_db_converters(connection)

    def get_prep_value(self, value: Any) -> Any:
        return self.output_field.get_prep_value(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return self.output_field.get_db_prep_value(value, connection, prepared)

    def to_python(self, value: Any) -> Any:
        return self.output_field.to_python(value)
