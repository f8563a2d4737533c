"""JSON functions. Manual: "JSON Functions"."""

from __future__ import annotations

from typing import Any

from nuages.db.models.expressions import Func, Value
from nuages.db.models.fields import TextField
from nuages.db.models.fields.json import JSONField
from nuages.db.models.functions.comparison import Cast
from nuages.db.utils import NotSupportedError


class JSONArray(Func, sql="JSON_ARRAY", gives=JSONField):
    """A JSON array of its arguments. Manual: "JSONArray"."""

    def as_sql(self, compiler: Any, connection: Any, *given: Any, **extra_context: Any) -> Any:
        if not connection.features.supports_json_field:
            raise NotSupportedError("JSONFields are not supported on this database backend.")
        return super().as_sql(compiler, connection, *given, **extra_context)

    def _with_returning(
        self, compiler: Any, connection: Any, returning: str, **extra_context: Any
    ) -> Any:
        # Without ABSENT ON NULL missing values stay, as they do elsewhere.
        null = "NULL ON NULL" if self.get_source_expressions() else ""
        return self.as_sql(
            compiler,
            connection,
            template=f"%(function)s(%(expressions)s {null} RETURNING {returning})",
            **extra_context,
        )

    def as_postgresql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """The standard constructor; before PostgreSQL 16 a function that wants typed arguments."""
        twin = self._mapped(_text_parameters_cast)
        if connection.features.is_postgresql_16:
            return twin._with_returning(compiler, connection, "JSONB", **extra_context)
        return twin.as_sql(compiler, connection, function="JSONB_BUILD_ARRAY", **extra_context)

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """The standard constructor, as CLOB."""
        return self._with_returning(compiler, connection, "CLOB", **extra_context)


def _text_parameters_cast(source: Any) -> Any:
    """Give text a type: a parameter has none, and PostgreSQL would not guess."""
    return Cast(source, source.output_field) if isinstance(source, Value) else source


class JSONObject(Func, sql="JSON_OBJECT", gives=JSONField):
    """A JSON object of keyword arguments. Manual: "JSONObject"."""

    def __init__(self, **fields: Any) -> None:
        pairs: list[Any] = []
        for name, value in fields.items():
            pairs += (Value(name), value)
        super().__init__(*pairs)

    def as_sql(self, compiler: Any, connection: Any, *given: Any, **extra_context: Any) -> Any:
        if not connection.features.has_json_object_function:
            raise NotSupportedError("JSONObject() is not supported on this database backend.")
        return super().as_sql(compiler, connection, *given, **extra_context)

    def _with_values(
        self, compiler: Any, connection: Any, returning: str, **extra_context: Any
    ) -> Any:
        """Give the standard form, ``key VALUE value, …``."""

        class PairJoiner:
            def join(self, args: list[str]) -> str:
                keys, values = args[::2], args[1::2]
                # Keys are expressions, so they stand in parentheses.
                return ", ".join(f"({key}) VALUE {value}" for key, value in zip(keys, values))

        return self.as_sql(
            compiler,
            connection,
            arg_joiner=PairJoiner(),
            template=f"%(function)s(%(expressions)s RETURNING {returning})",
            **extra_context,
        )

    def as_postgresql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """The standard constructor; before PostgreSQL 16 a function that wants typed keys."""
        twin = self.copy()
        twin.set_source_expressions(
            [
                Cast(source, TextField()) if position % 2 == 0 else source
                for position, source in enumerate(self.get_source_expressions())
            ]
        )
        if connection.features.is_postgresql_16:
            return twin._with_values(compiler, connection, "JSONB", **extra_context)
        return twin.as_sql(compiler, connection, function="JSONB_BUILD_OBJECT", **extra_context)

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """The standard constructor, as CLOB."""
        return self._with_values(compiler, connection, "CLOB", **extra_context)
