"""UUID functions. Manual: "UUID functions"."""

from __future__ import annotations

from typing import Any

from nuages.db.models.expressions import Func, Value
from nuages.db.models.fields import UUIDField
from nuages.db.utils import NotSupportedError


def _maker_on_mysql(self: Func, compiler: Any, connection: Any, **extra_context: Any) -> Any:
    name = type(self).__name__
    if not connection.mysql_is_mariadb:
        raise NotSupportedError(f"{name} is not supported on MySQL.")
    if connection.mysql_version < (11, 7):
        raise NotSupportedError(f"{name} requires MariaDB version 11.7 or later.")
    return self.as_sql(compiler, connection, function=f"UUID_V{name[-1]}", **extra_context)


class UUID4(Func):
    """A random UUID."""

    function = "UUIDV4"
    arity = 0
    output_field = UUIDField()

    as_mysql = _maker_on_mysql

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra_context: Any) -> Any:
        if not connection.features.supports_uuid4_function:
            raise NotSupportedError("UUID4 is not supported on this database backend.")
        return super().as_sql(compiler, connection, *args, **extra_context)

    def as_postgresql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """``UUIDV4`` is new in PostgreSQL 18; the older name works everywhere."""
        function = "UUIDV4" if connection.features.is_postgresql_18 else "GEN_RANDOM_UUID"
        return self.as_sql(compiler, connection, function=function, **extra_context)

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """``UUID()`` gives raw bytes; columns hold hexadecimal text."""
        if not connection.features.supports_uuid4_function:
            raise NotSupportedError("UUID4 requires Oracle version 23ai/26ai (23.9) or later.")
        return self.as_sql(compiler, connection, template="RAWTOHEX(UUID())", **extra_context)


class UUID7(Func):
    """A UUID that begins with the time, perhaps shifted by a ``timedelta``."""

    function = "UUIDV7"
    output_field = UUIDField()

    def __init__(self, shift: Any = None, **extra: Any) -> None:
        if shift is not None and not hasattr(shift, "resolve_expression"):
            shift = Value(shift)
        super().__init__(*(() if shift is None else (shift,)), **extra)

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra_context: Any) -> Any:
        features = connection.features
        if not features.supports_uuid7_function:
            raise NotSupportedError(
                "UUID7 on SQLite requires Python version 3.14 or later."
                if connection.vendor == "sqlite"
                else "UUID7 is not supported on this database backend."
            )
        if self.source_expressions and not features.supports_uuid7_function_shift:
            raise NotSupportedError(
                "The shift argument to UUID7 is not supported on this database backend."
            )
        return super().as_sql(compiler, connection, *args, **extra_context)

    def as_mysql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """MariaDB's ``UUID_V7``."""
        return _maker_on_mysql(self, compiler, connection, **extra_context)

    def as_postgresql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """New in PostgreSQL 18."""
        if not connection.features.supports_uuid7_function:
            raise NotSupportedError("UUID7 requires PostgreSQL version 18 or later.")
        return self.as_sql(compiler, connection, **extra_context)
