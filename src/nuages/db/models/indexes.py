"""Indexes of a table. Manual: "Model index reference"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Self

from nuages.core import checks
from nuages.db.backends.utils import names_digest, split_identifier
from nuages.db.models.expressions import Col, ExpressionList, F, Func, OrderBy
from nuages.db.models.functions import Collate
from nuages.db.models.query_utils import Q
from nuages.db.models.sql import Query

if TYPE_CHECKING:
    from nuages.core.checks import CheckMessage
    from nuages.db.models.base import Model

__all__ = ["Index", "IndexExpression"]


def plain_fields(model: type[Model], names: Iterable[str]) -> list[Any]:
    """Return the fields of ``model`` with these names."""
    return [model._meta.get_field(name) for name in names]


def condition_sql(condition: Any, model: type[Model], schema_editor: Any) -> str | None:
    """Return a condition on rows of ``model`` as SQL with its values in it; ``None`` for none."""
    # An empty Q() is no condition.
    if not condition:
        return None
    query, connection = Query(model=model, alias_cols=False), schema_editor.connection
    where = query.build_where(condition)
    sql, params = where.as_sql(query.get_compiler(connection=connection), connection)
    return sql % tuple(map(schema_editor.quote_value, params))


def indexed(expressions: Iterable[Any], model: type[Model], schema_editor: Any) -> Any:
    """Return ``expressions`` of ``model`` in the form that indexes want."""
    wrapped = [IndexExpression(expression) for expression in expressions]
    for each in wrapped:
        each.set_wrapper_classes(schema_editor.connection)
    return ExpressionList(*wrapped).resolve_expression(Query(model, alias_cols=False))


class Index:
    """An index on columns or expressions."""

    suffix = "idx"
    #: Names are this long at most, so that every database takes them.
    max_name_length = 30
    #: Attributes that are written down and shown where they are set, in this order.
    parts: ClassVar[tuple[str, ...]] = ("db_tablespace", "opclasses", "condition", "include")

    def __init__(
        self,
        *expressions: Any,
        fields: Any = (),
        name: str | None = None,
        db_tablespace: str | None = None,
        opclasses: Any = (),
        condition: Q | None = None,
        include: Any = None,
    ) -> None:
        for wrong, message in (
            (opclasses and not name, "An index must be named to use opclasses."),
            (not isinstance(condition, None | Q), "Index.condition must be a Q instance."),
            (condition and not name, "An index must be named to use condition."),
            (not isinstance(fields, list | tuple), "Index.fields must be a list or tuple."),
            (not isinstance(opclasses, list | tuple), "Index.opclasses must be a list or tuple."),
            (
                not expressions and not fields,
                "At least one field or expression is required to define an index.",
            ),
            (expressions and fields, "Index.fields and expressions are mutually exclusive."),
            (expressions and not name, "An index must be named to use expressions."),
            (
                expressions and opclasses,
                "Index.opclasses cannot be used with expressions. Use "
                "django.contrib.postgres.indexes.OpClass() instead.",
            ),
            (
                opclasses and len(fields) != len(opclasses),
                "Index.fields and Index.opclasses must have the same number of elements.",
            ),
            (
                not all(isinstance(field, str) for field in fields),
                "Index.fields must contain only strings with field names.",
            ),
            (include and not name, "A covering index must be named."),
            (
                not isinstance(include, None | list | tuple),
                "Index.include must be a list or tuple.",
            ),
        ):
            if wrong:
                raise ValueError(message)
        self.fields = list(fields)
        #: Name and direction of each field.
        self.fields_orders = [
            (name[1:], "DESC") if name.startswith("-") else (name, "") for name in self.fields
        ]
        self.name = name or ""
        self.db_tablespace, self.opclasses = db_tablespace, opclasses
        self.condition = condition
        self.include = tuple(include) if include else ()
        self.expressions = tuple(F(each) if isinstance(each, str) else each for each in expressions)

    @property
    def contains_expressions(self) -> bool:
        """Whether the index is on more than plain columns."""
        return bool(self.expressions)

    def check(self, model: type[Model], connection: Any) -> list[CheckMessage]:
        """Return the messages of the system checks, for one database."""
        return list(self._messages(model, connection))

    def _messages(self, model: type[Model], connection: Any) -> Iterator[CheckMessage]:
        from nuages.db.models._model_checks import local_field_messages

        # Some databases refuse such names.
        if self.name[:1] == "_" or self.name[:1].isdigit():
            yield checks.Error(
                f"The index name '{self.name}' cannot start with an underscore or a number.",
                obj=model,
                id="models.E033",
            )
        if len(self.name) > self.max_name_length:
            yield checks.Error(
                f"The index name '{self.name}' cannot be longer than {self.max_name_length} "
                "characters.",
                obj=model,
                id="models.E034",
            )
        if self.contains_expressions:
            for expression in self.expressions:
                yield from self._expression_messages(model, expression)
        names = [name for name, _order in self.fields_orders]
        yield from local_field_messages(model, (*names, *self.include), "indexes")
        for wanted, feature, what, number, consequence in (
            (
                self.condition is not None,
                "supports_partial_indexes",
                "with conditions",
                "W037",
                "Conditions will be ignored.",
            ),
            (
                self.include,
                "supports_covering_indexes",
                "with non-key columns",
                "W040",
                "Non-key columns will be ignored.",
            ),
            (
                self.contains_expressions,
                "supports_expression_indexes",
                "on expressions",
                "W043",
                "An index won't be created.",
            ),
        ):
            excused = feature in model._meta.required_db_features
            if wanted and not excused and not getattr(connection.features, feature):
                yield checks.Warning(
                    f"{connection.display_name} does not support indexes {what}.",
                    hint=f"{consequence} Silence this warning if you don't care about it.",
                    obj=model,
                    id=f"models.{number}",
                )

    def _expression_messages(self, model: type[Model], expression: Any) -> Iterator[CheckMessage]:
        from nuages.db.models._model_checks import local_field_messages

        names = {part.name.split("__")[0] for part in expression.flatten() if isinstance(part, F)}
        if not model._meta.is_composite_pk:
            names.discard("pk")
        yield from local_field_messages(model, sorted(names), "indexes")

    # SQL

    def _get_condition_sql(self, model: type[Model], schema_editor: Any) -> str | None:
        return condition_sql(self.condition, model, schema_editor)

    def create_sql(
        self, model: type[Model], schema_editor: Any, using: str = "", **kwargs: Any
    ) -> Any:
        """Return the statement that makes the index.

        Args:
            using: the kind of index, as SQL.
        """
        columns: dict[str, Any] = {}
        if self.expressions:
            columns["expressions"] = indexed(self.expressions, model, schema_editor)
        else:
            names = [name for name, _order in self.fields_orders]
            columns["fields"] = plain_fields(model, names)
            if schema_editor.connection.features.supports_index_column_ordering:
                columns["col_suffixes"] = [order for _name, order in self.fields_orders]
            else:
                columns["col_suffixes"] = [""] * len(names)
        return schema_editor._create_index_sql(
            model,
            name=self.name,
            using=using,
            db_tablespace=self.db_tablespace,
            opclasses=self.opclasses,
            condition=self._get_condition_sql(model, schema_editor),
            include=[field.column for field in plain_fields(model, self.include)],
            **columns,
            **kwargs,
        )

    def remove_sql(self, model: type[Model], schema_editor: Any, **kwargs: Any) -> Any:
        """Return the statement that drops the index."""
        return schema_editor._delete_index_sql(model, self.name, **kwargs)

    def set_name_with_model(self, model: type[Model]) -> None:
        """Give the index a name of table, first column and a digest of them all.

        Raises:
            ValueError: ``suffix`` is too long.
        """
        _namespace, table = split_identifier(model._meta.db_table)
        columns = [model._meta.get_field(name).column for name, _order in self.fields_orders]
        directed = [
            f"-{column}" if order else column
            for column, (_name, order) in zip(columns, self.fields_orders, strict=True)
        ]
        digest = names_digest(table, *directed, self.suffix, length=6)
        name = f"{table[:11]}_{columns[0][:7]}_{digest}_{self.suffix}"
        if len(name) > self.max_name_length:
            raise ValueError(
                "Index too long for multiple database support. Is self.suffix longer than 3 "
                "characters?"
            )
        # Such names are refused by some databases.
        self.name = f"D{name[1:]}" if name[0] == "_" or name[0].isdigit() else name

    # How it is written down

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Return import path and arguments that make the index anew."""
        cls = type(self)
        path = f"{cls.__module__}.{cls.__name__}".replace(
            "django.db.models.indexes", "django.db.models"
        )
        kwargs: dict[str, Any] = {"name": self.name}
        kwargs |= {part: value for part in self.parts if (value := getattr(self, part))}
        if self.expressions:
            return path, self.expressions, kwargs
        return path, (), kwargs | {"fields": self.fields}

    def clone(self) -> Self:
        """Return an equal index."""
        _path, args, kwargs = self.deconstruct()
        return type(self)(*args, **kwargs)

    def __repr__(self) -> str:
        shown = [
            f"{part}={value if part == 'condition' else repr(value)}"
            for part in ("fields", "expressions", "name", *_SHOWN)
            if (value := getattr(self, part))
        ]
        return f"<{type(self).__qualname__}: {' '.join(shown)}>"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Index) and type(self) is type(other):
            return self.deconstruct() == other.deconstruct()
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]


_SHOWN = ("condition", "include", "opclasses", "db_tablespace")


class IndexExpression(Func):
    """An expression of an index, with its wrappers in the order that SQL wants.

    From the inside: the expression, a collation, an operator class (of PostgreSQL), the direction.
    """

    template = "%(expressions)s"
    wrapper_classes: tuple[type, ...] = (OrderBy, Collate)

    def set_wrapper_classes(self, connection: Any = None) -> None:
        """Leave out the collation where the database writes it inside the expression."""
        if connection and connection.features.collate_as_index_expression:
            self.wrapper_classes = tuple(cls for cls in self.wrapper_classes if cls is not Collate)

    @classmethod
    def register_wrappers(cls, *wrapper_classes: type) -> None:
        """Say which classes are wrappers, the outermost first."""
        cls.wrapper_classes = wrapper_classes

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: Any = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        context = (query, allow_joins, reuse, summarize, for_save)
        parts = list(self.flatten())
        wrappers = [part for part in parts if isinstance(part, self.wrapper_classes)]
        kinds = [type(wrapper) for wrapper in wrappers]
        # Each kind at most once, nothing but wrappers around wrappers.
        if len(set(kinds)) != len(kinds):
            names = ", ".join(kind.__qualname__ for kind in self.wrapper_classes)
            raise ValueError(
                f"Multiple references to {names} can't be used in an indexed expression."
            )
        if parts[1 : len(wrappers) + 1] != wrappers:
            names = ", ".join(kind.__qualname__ for kind in self.wrapper_classes)
            raise ValueError(f"{names} must be topmost expressions in an indexed expression.")
        innermost = parts[len(wrappers) + 1]
        resolved = innermost.resolve_expression(*context)
        # A bare column needs no parentheses.
        inner: Any = innermost
        if not isinstance(resolved, Col):
            inner = Func(innermost, template="(%(expressions)s)")
        by_kind: dict[type, Any] = {type(wrapper): wrapper for wrapper in wrappers}
        for kind in reversed(self.wrapper_classes):
            if kind in by_kind:
                wrapper = by_kind[kind].copy()
                wrapper.set_source_expressions([inner, *wrapper.get_source_expressions()[1:]])
                inner = wrapper
        self.set_source_expressions([inner])
        return super().resolve_expression(*context)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        # A cast of decimals has no place in an index.
        return self.as_sql(compiler, connection, **extra)
