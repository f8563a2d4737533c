"""Constraints of PostgreSQL. Manual: "PostgreSQL specific database constraints"."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from nuages.contrib.postgres.utils import missing_app
from nuages.core.exceptions import FieldError
from nuages.db import DEFAULT_DB_ALIAS
from nuages.db.backends.ddl_references import Expressions, Statement, Table
from nuages.db.models import BaseConstraint, Deferrable, Exists, F, Q
from nuages.db.models.constraints import _references, field_expressions
from nuages.db.models.indexes import IndexExpression, condition_sql
from nuages.db.models.lookups import PostgresOperatorLookup
from nuages.db.models.sql import Query

__all__ = ["ExclusionConstraint"]

_INDEX_TYPES = ("gist", "hash", "spgist")


class ExclusionConstraintExpression(IndexExpression):
    """An expression of the constraint, with the operator after it."""

    template = "%(expressions)s WITH %(operator)s"


class ExclusionConstraint(BaseConstraint):
    """No two rows for which all operators hold. Manual: "ExclusionConstraint"."""

    parts = ("condition", "deferrable", "include")
    template = (
        "CONSTRAINT %(name)s EXCLUDE USING %(index_type)s "
        "(%(expressions)s)%(include)s%(where)s%(deferrable)s"
    )

    def __init__(
        self,
        *,
        name: str,
        expressions: Any,
        index_type: str | None = None,
        condition: Any = None,
        deferrable: Any = None,
        include: Any = None,
        violation_error_code: str | None = None,
        violation_error_message: Any = None,
    ) -> None:
        pairs = expressions or ()
        hashed = (index_type or "").lower() == "hash"
        for wrong, message in (
            (
                index_type and index_type.lower() not in _INDEX_TYPES,
                "Exclusion constraints only support GiST, Hash, or SP-GiST indexes.",
            ),
            (
                not expressions,
                "At least one expression is required to define an exclusion constraint.",
            ),
            (
                not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs),
                "The expressions must be a list of 2-tuples.",
            ),
            (
                hashed and len(pairs) > 1,
                "Composite exclusion constraints using Hash indexes are not supported.",
            ),
            (
                hashed and any(pair[1:] != ("=",) and pair[1:] != ["="] for pair in pairs),
                "Exclusion constraints using Hash indexes only support the EQUAL operator.",
            ),
            (
                hashed and include,
                "Covering exclusion constraints using Hash indexes are not supported.",
            ),
            (
                not isinstance(condition, None | Q),
                "ExclusionConstraint.condition must be a Q instance.",
            ),
            (
                not isinstance(deferrable, None | Deferrable),
                "ExclusionConstraint.deferrable must be a Deferrable instance.",
            ),
            (
                not isinstance(include, None | list | tuple),
                "ExclusionConstraint.include must be a list or tuple.",
            ),
        ):
            if wrong:
                raise ValueError(message)
        self.expressions, self.index_type = expressions, index_type or "GIST"
        self.condition, self.deferrable = condition, deferrable
        self.include = tuple(include) if include else ()
        super().__init__(
            name=name,
            violation_error_code=violation_error_code,
            violation_error_message=violation_error_message,
        )

    def _pairs(self) -> Iterator[tuple[Any, str]]:
        """Yield the expressions with their operators."""
        for expression, operator in self.expressions:
            yield (F(expression) if isinstance(expression, str) else expression), operator

    def check(self, model: Any, connection: Any) -> list[Any]:
        references: set[tuple[str, ...]] = set()
        for expression, _operator in self._pairs():
            references.update(_references(model, expression))
        if self.condition is not None:
            references.update(_references(model, self.condition))
        return [
            *super().check(model, connection),
            *missing_app(model, type(self).__name__),
            *self._check_references(model, references),
        ]

    # SQL

    def _get_expressions(self, schema_editor: Any, query: Query) -> Expressions:
        written = []
        for expression, operator in self._pairs():
            part = ExclusionConstraintExpression(expression, operator=operator)
            part.set_wrapper_classes(schema_editor.connection)
            written.append(part)
        resolved = [part.resolve_expression(query) for part in written]
        from nuages.db.models.expressions import ExpressionList

        return Expressions(
            query.model._meta.db_table,
            ExpressionList(*resolved),
            query.get_compiler(connection=schema_editor.connection),
            schema_editor.quote_value,
        )

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        query = Query(model, alias_cols=False)
        condition = condition_sql(self.condition, model, schema_editor)
        columns = [model._meta.get_field(name).column for name in self.include]
        return Statement(
            self.template,
            table=Table(model._meta.db_table, schema_editor.quote_name),
            name=schema_editor.quote_name(self.name),
            index_type=self.index_type,
            expressions=self._get_expressions(schema_editor, query),
            where=f" WHERE ({condition})" if condition else "",
            include=schema_editor._index_include_sql(model, columns),
            deferrable=schema_editor._deferrable_constraint_sql(self.deferrable),
        )

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        return Statement(
            "ALTER TABLE %(table)s ADD %(constraint)s",
            table=Table(model._meta.db_table, schema_editor.quote_name),
            constraint=self.constraint_sql(model, schema_editor),
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        return schema_editor._delete_constraint_sql(
            schema_editor.sql_delete_check, model, self.name
        )

    # Validation

    def validate(
        self,
        model: Any,
        instance: Any,
        exclude: Collection[str] | None = None,
        using: str = DEFAULT_DB_ALIAS,
    ) -> None:
        excluded = set(exclude or ())
        values = instance._get_field_expression_map(meta=model._meta, exclude=excluded)
        available = {each.name for each in values}
        clashes = Q()
        for expression, operator in self._pairs():
            plain = expression
            if hasattr(plain, "get_expression_for_validation"):
                plain = plain.get_expression_for_validation()
            needed = {path[0] for path in _references(model, plain)}
            if not model._meta.is_composite_pk and "pk" in needed:
                needed = {*(needed - {"pk"}), model._meta.pk.name}
            if needed - available:
                return
            here = plain.replace_expressions(values)
            if isinstance(plain, F) and here is plain:
                here = values[next(each for each in values if each.name in needed)]
            if getattr(here, "value", ...) is None:
                # A null is in conflict with nothing.
                return
            same = PostgresOperatorLookup(lhs=plain, rhs=here)
            same.postgres_operator = operator
            clashes &= Q(same)
        rows = model._default_manager.using(using).filter(clashes)
        if not instance._state.adding and instance._is_pk_set(model._meta):
            rows = rows.exclude(pk=instance._get_pk_val(model._meta))
        if self.condition is None:
            if rows.exists():
                raise self.violation()
            return
        harmless = ~Q(self.condition) | ~Q(Exists(rows.filter(self.condition)))
        try:
            passes = harmless.check(field_expressions(instance, model, excluded), using=using)
        except FieldError:
            # A field that the condition needs is excluded.
            return
        if not passes:
            raise self.violation()

    # How it is written down

    @property
    def contains_expressions(self) -> bool:
        """Whether it is on more than plain columns."""
        return True

    def _described(self) -> Iterator[str]:
        yield f"index_type={self.index_type!r}"
        yield f"expressions={self.expressions!r}"
        yield f"name={self.name!r}"
        yield from self._shown(*self.parts)

    @property
    def identity(self) -> tuple[Any, ...]:
        return (*super().identity, self.index_type.lower(), self.expressions)

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        kwargs["expressions"] = self.expressions
        if self.index_type.lower() != "gist":
            kwargs["index_type"] = self.index_type
        return path, args, kwargs
