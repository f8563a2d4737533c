"""Comparison and conversion functions. Manual: "Comparison and conversion functions"."""

from __future__ import annotations

import re
from typing import Any

from nuages.db.models.expressions import Func, Value

class Cast(Func):
    """Convert to another type. Manual: "Cast"."""

    function = "CAST"
    template = "%(function)s(%(expressions)s AS %(db_type)s)"

    def __init__(self, expression: Any, output_field: Any) -> None:
        super().__init__(expression, output_field=output_field)

    def as_sql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        extra_context["db_type"] = self.output_field.cast_db_type(connection)
        return super().as_sql(compiler, connection, **extra_context)

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """Dates and times are text there; decimals are numbers of any precision."""
        kind = self.output_field.get_internal_type()
        if kind == "DecimalField":
            # Text goes in as a number, so that what comes out compares as one.
            return self.as_sql(
                compiler,
                connection,
                template="CAST(%(expressions)s AS NUMERIC)",
                **extra_context,
            )
        column = self.output_field.db_type(connection)
        if column == "date":
            return self.as_sql(compiler, connection, template="date(%(expressions)s)", **extra_context)
        if (style := {"datetime": "%Y-%m-%d %H:%M:%f", "time": "%H:%M:%f"}.get(column)) is None:
            return self.as_sql(compiler, connection, **extra_context)
        template = "strftime(%%s, %(expressions)s)"
        sql, params = self.as_sql(compiler, connection, template=template, **extra_context)
        return sql, (style, *params)

    def as_mysql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """MySQL has no cast to FLOAT or JSON in the general form."""
        template = None
        kind = self.output_field.get_internal_type()
        if kind == "FloatField":
            # Adding zero makes a double of whatever it was.
            template = "(%(expressions)s + 0.0)"
        elif kind == "JSONField" and connection.mysql_is_mariadb:
            template = "JSON_EXTRACT(%(expressions)s, '$')"
        return self.as_sql(compiler, connection, template=template, **extra_context)

    def as_postgresql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """The ``::`` form binds tighter than anything around it."""
        return self.as_sql(
            compiler, connection, template="(%(expressions)s)::%(db_type)s", **extra_context
        )

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """JSON is parsed instead of cast."""
        if self.output_field.get_internal_type() == "JSONField":
            return self.as_sql(
                compiler, connection, template="JSON_QUERY(%(expressions)s, '$')", **extra_context
            )
        return self.as_sql(compiler, connection, **extra_context)


class _AtLeastTwo(Func):
    """A function of two or more arguments."""

    def __init__(self, *expressions: Any, **extra: Any) -> None:
        if len(expressions) < 2:
            raise ValueError(f"{type(self).__name__} must take at least two expressions")
        super().__init__(*expressions, **extra)


class Coalesce(_AtLeastTwo):
    """The first argument that is not NULL. Manual: "Coalesce"."""

    function = "COALESCE"

    @property
    def empty_result_set_value(self) -> Any:
        """Over no rows it is the first argument that is known not to be ``None``."""
        for source in self.get_source_expressions():
            value = source.empty_result_set_value
            if value is NotImplemented or value is not None:
                return value
        return None

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """Oracle does not mix VARCHAR2 and NCLOB."""
        if self.output_field.get_internal_type() != "TextField":
            return self.as_sql(compiler, connection, **extra_context)
        twin = self._mapped(lambda source: Func(source, function="TO_NCLOB"))
        return super(Coalesce, twin).as_sql(compiler, connection, **extra_context)


class Collate(Func):
    """Another collation for an expression. Manual: "Collate"."""

    function = "COLLATE"
    template = "%(expressions)s %(function)s %(collation)s"
    allowed_default = False
    #: The name goes into the SQL as it is, so it may only hold these characters.
    collation_re = re.compile(r"[\w-]+(\.[\w-]+)?")

    def __init__(self, expression: Any, collation: str) -> None:
        if not (collation and self.collation_re.fullmatch(collation)):
            raise ValueError(f"Invalid collation name: {collation!r}.")
        self.collation = collation
        super().__init__(expression)

    def as_sql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        extra_context.setdefault("collation", connection.ops.quote_name(self.collation))
        return super().as_sql(compiler, connection, **extra_context)


class Greatest(_AtLeastTwo):
    """The largest argument. Manual: "Greatest"."""

    function = "GREATEST"

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """MAX with several arguments."""
        return super().as_sqlite(compiler, connection, function="MAX", **extra_context)


class Least(_AtLeastTwo):
    """The smallest argument. Manual: "Least"."""

    function = "LEAST"

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """MIN with several arguments."""
        return super().as_sqlite(compiler, connection, function="MIN", **extra_context)


class NullIf(Func):
    """NULL if both arguments are equal, else the first. Manual: "NullIf"."""

    function = "NULLIF"
    arity = 2

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """Oracle refuses a literal NULL in front."""
        first = self.get_source_expressions()[0]
        if isinstance(first, Value) and first.value is None:
            raise ValueError("Oracle does not allow Value(None) for expression1.")
        return super().as_sql(compiler, connection, **extra_context)
