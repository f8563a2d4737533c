"""Comparison and conversion functions. Manual: "Comparison and conversion functions"."""

from __future__ import annotations

import re
from typing import Any

from nuages.db.models.expressions import Func, Value

#: How SQLite writes moments and times, as text.
_SQLITE_STYLES = {"datetime": "%Y-%m-%d %H:%M:%f", "time": "%H:%M:%f"}


class Cast(Func, sql="CAST", postgresql="(%(expressions)s)::%(db_type)s"):
    """Convert to another type. Manual: "Cast"."""

    template = "%(function)s(%(expressions)s AS %(db_type)s)"

    def __init__(self, expression: Any, output_field: Any) -> None:
        super().__init__(expression, output_field=output_field)

    def as_sql(self, compiler: Any, connection: Any, *given: Any, **extra_context: Any) -> Any:
        named = extra_context | {"db_type": self.output_field.cast_db_type(connection)}
        return super().as_sql(compiler, connection, *given, **named)

    def _as(
        self, template: str | None, compiler: Any, connection: Any, context: dict[str, Any]
    ) -> Any:
        return self.as_sql(compiler, connection, template=template, **context)

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """Dates and times are text there; decimals are numbers of any precision."""
        arguments = compiler, connection, extra_context
        if self.output_field.get_internal_type() == "DecimalField":
            return self._as("CAST(%(expressions)s AS NUMERIC)", *arguments)
        column = self.output_field.db_type(connection)
        if column in _SQLITE_STYLES:
            sql, params = self._as("strftime(%%s, %(expressions)s)", *arguments)
            return sql, (_SQLITE_STYLES[column], *params)
        return self._as("date(%(expressions)s)" if column == "date" else None, *arguments)

    def as_mysql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """MySQL has no cast to FLOAT, MariaDB none to JSON."""
        templates = {"FloatField": "(%(expressions)s + 0.0)"}
        if connection.mysql_is_mariadb:
            templates["JSONField"] = "JSON_EXTRACT(%(expressions)s, '$')"
        kind = self.output_field.get_internal_type()
        return self._as(templates.get(kind), compiler, connection, extra_context)

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """JSON is parsed instead of cast."""
        parsed = self.output_field.get_internal_type() == "JSONField"
        template = "JSON_QUERY(%(expressions)s, '$')" if parsed else None
        return self._as(template, compiler, connection, extra_context)


class _AtLeastTwo(Func):
    """A function of two or more arguments."""

    def __init__(self, *expressions: Any, **extra: Any) -> None:
        if len(expressions) < 2:
            raise ValueError(f"{type(self).__name__} must take at least two expressions")
        super().__init__(*expressions, **extra)


class Coalesce(_AtLeastTwo, sql="COALESCE"):
    """The first argument that is not NULL. Manual: "Coalesce"."""

    @property
    def empty_result_set_value(self) -> Any:
        """Over no rows it is the first argument that is known not to be ``None``."""
        values = (source.empty_result_set_value for source in self.source_expressions)
        return next((value for value in values if value is not None), None)

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """Oracle does not mix VARCHAR2 and NCLOB."""
        mixed = self.output_field.get_internal_type() == "TextField"
        twin = self._mapped(lambda source: Func(source, function="TO_NCLOB")) if mixed else self
        return twin.as_sql(compiler, connection, **extra_context)


class Greatest(_AtLeastTwo, sql="GREATEST", sqlite="MAX"):
    """The largest argument. Manual: "Greatest"."""


class Least(_AtLeastTwo, sql="LEAST", sqlite="MIN"):
    """The smallest argument. Manual: "Least"."""


class Collate(Func, sql="COLLATE"):
    """Another collation for an expression. Manual: "Collate"."""

    template = "%(expressions)s %(function)s %(collation)s"
    allowed_default = False
    #: The name goes into the SQL as it is, so it may only hold these characters.
    collation_re = re.compile(r"[\w-]+(?:\.[\w-]+)?")

    def __init__(self, expression: Any, collation: str) -> None:
        if not collation or self.collation_re.fullmatch(collation) is None:
            raise ValueError(f"Invalid collation name: {collation!r}.")
        super().__init__(expression)
        self.collation = collation

    def as_sql(self, compiler: Any, connection: Any, *given: Any, **extra_context: Any) -> Any:
        named = {"collation": connection.ops.quote_name(self.collation)} | extra_context
        return super().as_sql(compiler, connection, *given, **named)


class NullIf(Func, sql="NULLIF", takes=2):
    """NULL if both arguments are equal, else the first. Manual: "NullIf"."""

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """Oracle refuses a literal NULL in front."""
        match self.source_expressions:
            case [Value(value=None), _]:
                raise ValueError("Oracle does not allow Value(None) for expression1.")
        return self.as_sql(compiler, connection, **extra_context)
