"""``JSONField``, and lookups into what it holds. Manual: "JSONField", "Querying JSONField".

Three ways to look into a document: PostgreSQL has operators, the others have functions that take a path.
Where a path is needed, the database's ``ops.compile_json_path(keys)`` writes it.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from nuages.db import NotSupportedError
from nuages.db.models import lookups
from nuages.db.models.constants import LOOKUP_SEP
from nuages.db.models.expressions import Value
from nuages.db.models.fields import Field, TextField, _checks
from nuages.db.models.fields._base import keyword
from nuages.db.models.fields.mixins import CheckFieldDefaultMixin
from nuages.db.models.lookups import (
    BuiltinLookup,
    FieldGetDbPrepValueMixin,
    PostgresOperatorLookup,
    Transform,
)
from nuages.utils.deconstruct import deconstructible
from nuages.utils.deprecation import RemovedInDjango2028Warning
from nuages.utils.translation import gettext_lazy as _

__all__ = ["JSONField", "JSONNull"]

if TYPE_CHECKING:
    _Mixed = BuiltinLookup
else:
    #: What mixins of lookups are mixed into.
    _Mixed = object


class JSONField(CheckFieldDefaultMixin, Field):
    """A column of JSON.

    Args:
        encoder: a subclass of ``json.JSONEncoder``.
        decoder: a subclass of ``json.JSONDecoder``.
    """

    empty_strings_allowed = False
    description = _("A JSON object")
    default_error_messages = {"invalid": _("Value must be valid JSON.")}
    _keywords = (keyword("encoder"), keyword("decoder"))
    _field_checks = (*Field._field_checks, _checks.json_is_supported)
    _default_hint = ("dict", "{}")

    def __init__(
        self,
        verbose_name: Any = None,
        name: str | None = None,
        encoder: Callable[..., Any] | None = None,
        decoder: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        for role, helper in (("encoder", encoder), ("decoder", decoder)):
            if helper and not callable(helper):
                raise ValueError(f"The {role} parameter must be a callable object.")
        self.encoder, self.decoder = encoder, decoder
        super().__init__(verbose_name, name, **kwargs)

    _internal_type = "JSONField"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Read JSON. What is no JSON (a part that the database has taken out) stays as it is."""
        inside = isinstance(expression, KeyTransform)
        if value is None or (inside and not isinstance(value, str)):
            return value
        try:
            return json.loads(value, cls=cast(Any, self.decoder))
        except json.JSONDecodeError:
            return value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if not prepared:
            value = self.get_prep_value(value)
        if hasattr(value, "as_sql"):
            return value
        return connection.ops.adapt_json_value(value, self.encoder)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        # ``None`` is SQL's NULL; JSON's null is ``JSONNull()``, or a value of this type.
        if type(value) is Value and isinstance(value._output_field_or_none, JSONField):
            return connection.ops.adapt_json_value(value.value, self.encoder)
        return value if value is None else super().get_db_prep_save(value, connection)

    def get_transform(self, name: str) -> Any:
        # Whatever is no transform is a key.
        return super().get_transform(name) or KeyTransformFactory(name)

    def validate(self, value: Any, model_instance: Any) -> None:
        super().validate(value, model_instance)
        if isinstance(value, JSONNull):
            return
        try:
            json.dumps(value, cls=cast(Any, self.encoder))
        except TypeError:
            raise self._refuse("invalid", value) from None

    def value_to_string(self, obj: Any) -> Any:
        return self.value_from_object(obj)

    _form_field = "JSONField"

    def _form_options(self) -> dict[str, Any]:
        return {"encoder": self.encoder, "decoder": self.decoder}


@deconstructible(path="django.db.models.JSONNull")
class JSONNull(Value):
    """JSON's ``null``, where ``None`` would be SQL's NULL. Manual: "Storing and querying for None"."""

    def __init__(self) -> None:
        super().__init__(None, output_field=JSONField())

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        value = self.output_field.get_db_prep_value(self.value, connection)
        return "%s", (value if value is not None else "null",)

    def as_mysql(self, compiler: Any, connection: Any) -> Any:
        sql, params = self.as_sql(compiler, connection)
        return "JSON_EXTRACT(%s, '$')" % sql, params


# Keys


class KeyTransform(Transform):
    """What a document has under a key, or at an index."""

    postgres_operator = "->"
    postgres_nested_operator = "#>"

    def __init__(self, key_name: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key_name = str(key_name)

    def preprocess_lhs(self, compiler: Any, connection: Any) -> tuple[str, Any, list[str]]:
        """Return SQL and parameters of the document, and the keys that lead to here."""
        keys, inner = [self.key_name], self.lhs
        while isinstance(inner, KeyTransform):
            keys.append(inner.key_name)
            inner = inner.lhs
        sql, params = compiler.compile(inner)
        if connection.vendor == "oracle":
            # Its driver reads the SQL once more.
            keys = [key.replace("%", "%%") for key in keys]
        return sql, params, keys[::-1]

    def _by_path(self, compiler: Any, connection: Any) -> tuple[str, Any, str]:
        sql, params, keys = self.preprocess_lhs(compiler, connection)
        return sql, tuple(params), connection.ops.compile_json_path(keys)

    def as_mysql(self, compiler: Any, connection: Any) -> Any:
        sql, params, path = self._by_path(compiler, connection)
        return f"JSON_EXTRACT({sql}, %s)", (*params, path)

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        sql, params, keys = self.preprocess_lhs(compiler, connection)
        if len(keys) > 1:
            return f"({sql} {self.postgres_nested_operator} %s)", (*params, keys)
        try:
            step: Any = int(self.key_name)
        except ValueError:
            step = self.key_name
        return f"({sql} {self.postgres_operator} %s)", (*params, step)

    def as_sqlite(self, compiler: Any, connection: Any) -> Any:  # type: ignore[override]
        sql, params, path = self._by_path(compiler, connection)
        words = ",".join(f"'{word}'" for word in sorted(connection.ops.jsonfield_datatype_values))
        kind = f"JSON_TYPE({sql}, %s)"
        # Extracted, these would be numbers and NULL.
        return (
            f"(CASE WHEN {kind} IN ({words}) THEN {kind} ELSE JSON_EXTRACT({sql}, %s) END)",
            (*params, path) * 3,
        )

    def as_oracle(self, compiler: Any, connection: Any) -> Any:
        sql, params, path = self._by_path(compiler, connection)
        return (
            f"COALESCE(JSON_QUERY({sql}, q'\uffff{path}\uffff'), "
            f"JSON_VALUE({sql}, q'\uffff{path}\uffff'))",
            (*params, *params),
        )


class KeyTextTransform(KeyTransform):
    """What a document has under a key, as text."""

    postgres_operator = "->>"
    postgres_nested_operator = "#>>"
    output_field = TextField()

    def as_mysql(self, compiler: Any, connection: Any) -> Any:
        if connection.mysql_is_mariadb:
            # Extracting gives quotes there.
            sql, params = super().as_mysql(compiler, connection)
            return f"JSON_UNQUOTE({sql})", params
        sql, params, path = self._by_path(compiler, connection)
        return f"({sql} ->> %s)", (*params, path)

    @classmethod
    def from_lookup(cls, lookup: str) -> Any:
        """Return the transform of ``"field__key__key"``."""
        inner, *keys = lookup.split(LOOKUP_SEP)
        if not keys:
            raise ValueError("Lookup must contain key or index transforms.")
        found: Any = inner
        for key in keys:
            found = cls(key, found)
        return found


KT = KeyTextTransform.from_lookup


class KeyTransformFactory:
    """Makes the transform of one key."""

    def __init__(self, key_name: Any) -> None:
        self.key_name = key_name

    def __call__(self, *args: Any, **kwargs: Any) -> KeyTransform:
        return KeyTransform(self.key_name, *args, **kwargs)


# Lookups on documents


class DataContains(FieldGetDbPrepValueMixin, PostgresOperatorLookup):
    """The document has at least what the value has."""

    lookup_name = "contains"
    postgres_operator = "@>"
    _order = slice(None)

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        if not connection.features.supports_json_field_contains:
            raise NotSupportedError(
                f"{self.lookup_name} lookup is not supported on this database backend."
            )
        sides: Any = (
            self.process_lhs(compiler, connection),
            self.process_rhs(compiler, connection),
        )
        (outer, first), (inner, second) = sides[self._order]
        return f"JSON_CONTAINS({outer}, {inner})", (*first, *second)


class ContainedBy(DataContains):
    """The value has at least what the document has."""

    lookup_name = "contained_by"
    postgres_operator = "<@"
    _order = slice(None, None, -1)


class HasKeyLookup(PostgresOperatorLookup):
    """The document has keys."""

    logical_operator: str | None = None

    def compile_json_path_final_key(self, connection: Any, key_transform: Any) -> str:
        """Return the path of the key itself, below the keys that lead to it."""
        return connection.ops.compile_json_path([key_transform], include_root=False)

    def _keys(self) -> list[Any]:
        return list(self.rhs) if isinstance(self.rhs, list | tuple) else [self.rhs]

    def _document(self, compiler: Any, connection: Any) -> tuple[str, Any, list[Any]]:
        if isinstance(self.lhs, KeyTransform):
            sql, params, keys = self.lhs.preprocess_lhs(compiler, connection)
            return sql, tuple(params), keys
        sql, params = self.process_lhs(compiler, connection)
        return sql, tuple(params), []

    def _paths(self, compiler: Any, connection: Any, root: list[Any]) -> list[str]:
        paths = []
        for key in self._keys():
            if isinstance(key, KeyTransform):
                *lead, last = key.preprocess_lhs(compiler, connection)[2]
            else:
                lead, last = [], key
            start = connection.ops.compile_json_path([*root, *lead])
            paths.append(start + self.compile_json_path_final_key(connection, last))
        return paths

    def _test(self, phrase: str, compiler: Any, connection: Any) -> Any:
        sql, params, root = self._document(compiler, connection)
        paths = self._paths(compiler, connection, root)
        test = phrase % sql
        joined = (self.logical_operator or "").join([test] * len(paths))
        if len(paths) > 1:
            joined = f"({joined})"
        return joined, tuple(each for path in paths for each in (*params, path))

    def as_sqlite(self, compiler: Any, connection: Any) -> Any:
        return self._test("JSON_TYPE(%s, %%s) IS NOT NULL", compiler, connection)

    def as_mysql(self, compiler: Any, connection: Any) -> Any:
        return self._test("JSON_CONTAINS_PATH(%s, 'one', %%s)", compiler, connection)

    def as_oracle(self, compiler: Any, connection: Any) -> Any:
        sql, params, root = self._document(compiler, connection)
        tests = [
            f"JSON_EXISTS({sql}, q'\uffff{path}\uffff')"
            for path in self._paths(compiler, connection, root)
        ]
        joined = (self.logical_operator or "").join(tests)
        return (f"({joined})" if len(tests) > 1 else joined), params * len(tests)

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        if isinstance(self.rhs, KeyTransform):
            # The keys that lead to the last one belong to the document.
            *lead, last = self.rhs.preprocess_lhs(compiler, connection)[2]
            document = self.lhs
            for key in lead:
                document = KeyTransform(key, document)
            return type(self)(document, last).as_postgresql(compiler, connection)
        return super().as_postgresql(compiler, connection)


class _LiteralKeys(HasKeyLookup):
    """In these lookups a number is a key like any other."""

    def compile_json_path_final_key(self, connection: Any, key_transform: Any) -> str:
        return f".{json.dumps(str(key_transform))}"


class HasKey(_LiteralKeys):
    """The document has this key."""

    lookup_name = "has_key"
    postgres_operator = "?"
    prepare_rhs = False


class HasKeyOrArrayIndex(HasKey):
    """The document has this key, or, where that is a number, this index."""

    compile_json_path_final_key = HasKeyLookup.compile_json_path_final_key


class HasKeys(_LiteralKeys):
    """The document has all of these keys."""

    lookup_name = "has_keys"
    postgres_operator = "?&"
    logical_operator = " AND "

    def get_prep_lookup(self) -> list[str]:
        return [str(key) for key in self.rhs]


class HasAnyKeys(HasKeys):
    """The document has one of these keys."""

    lookup_name = "has_any_keys"
    postgres_operator = "?|"
    logical_operator = " OR "


_DEPRECATED_NONE = (
    "Using None as the right-hand side of an exact lookup on JSONField to mean JSON scalar "
    "'null' is deprecated. Use JSONNull() instead (or use the __isnull lookup if you meant SQL "
    "NULL)."
)


class JSONExact(lookups.Exact):
    """The document is equal to the value; ``None`` (deprecated) to JSON's null."""

    can_use_none_as_rhs = True

    def process_rhs(self, compiler: Any, connection: Any) -> Any:
        sql, params = super().process_rhs(compiler, connection)
        if sql == "%s" and [*params] == [None]:
            warnings.warn(_DEPRECATED_NONE, RemovedInDjango2028Warning, stacklevel=2)
            params = ["null"]
        elif self.rhs is None and sql == "%s":
            warnings.warn(_DEPRECATED_NONE, RemovedInDjango2028Warning, stacklevel=2)
        return _as_json(connection, sql, params)


def _as_json(connection: Any, sql: str, params: Any) -> tuple[str, Any]:
    """Let MySQL compare documents, not text."""
    if connection.vendor == "mysql":
        sql = sql % tuple(["JSON_EXTRACT(%s, '$')"] * len(params))
    return sql, params


def _mysql_document(connection: Any, sql: str) -> str:
    """Return the SQL of a document that is compared with ``IN``."""
    return _mysql_unquoted(connection, f"JSON_EXTRACT({sql}, '$')")


def _mysql_unquoted(connection: Any, sql: str) -> str:
    # To MariaDB's IN a text and a document with this text are two things.
    return f"JSON_UNQUOTE({sql})" if connection.mysql_is_mariadb else sql


class JSONIn(lookups.In):
    """The document is equal to one of these values, however either is spaced."""

    def process_lhs(self, compiler: Any, connection: Any, lhs: Any = None) -> Any:
        if connection.vendor == "mysql" and connection.mysql_is_mariadb:
            # Its documents are texts, kept as they came: they have to be read before quotes can go.
            sql, params = super(BuiltinLookup, self).process_lhs(compiler, connection, lhs)
            return _mysql_document(connection, sql), params
        sql, params = super().process_lhs(compiler, connection, lhs)
        return (f"JSON({sql})" if connection.vendor == "sqlite" else sql), params

    def resolve_expression_parameter(
        self, compiler: Any, connection: Any, sql: str, param: Any
    ) -> Any:
        if isinstance(param, Value) and not isinstance(param, JSONNull):
            param = self._document(param, connection)
        sql, params = super().resolve_expression_parameter(compiler, connection, sql, param)
        if connection.vendor == "sqlite":
            sql = f"JSON({sql})"
        elif connection.vendor == "mysql":
            sql = _mysql_document(connection, sql)
        return sql, params

    def _document(self, value: Value, connection: Any) -> Any:
        """Return a value of any type as the JSON that it is."""
        own, field = value._output_field_or_none, self.lhs.output_field
        if own is not None and not isinstance(own, JSONField):
            raw = own.get_db_prep_value(value.value, connection)
            if raw is None:
                return None
        else:
            raw = value.value
        return connection.ops.adapt_json_value(raw, getattr(field, "encoder", None))


class CaseInsensitiveMixin(_Mixed):
    """Compares without regard to case where the database's operators do regard it."""

    def process_lhs(self, compiler: Any, connection: Any, lhs: Any = None) -> Any:
        return self._lowered(connection, super().process_lhs(compiler, connection, lhs))

    def process_rhs(self, compiler: Any, connection: Any) -> Any:
        return self._lowered(connection, super().process_rhs(compiler, connection))

    @staticmethod
    def _lowered(connection: Any, side: Any) -> Any:
        sql, params = side
        return (f"LOWER({sql})", params) if connection.vendor == "mysql" else (sql, params)


class JSONIContains(CaseInsensitiveMixin, lookups.IContains):
    """The document, as text, contains the value."""


_lookup: Any
for _lookup in (
    DataContains,
    ContainedBy,
    HasKey,
    HasKeys,
    HasAnyKeys,
    JSONExact,
    JSONIn,
    JSONIContains,
):
    JSONField.register_lookup(_lookup)


# Lookups on what is under a key


class KeyTransformTextLookupMixin(_Mixed):
    """A lookup that compares what is under a key as text."""

    def __init__(self, key_transform: Any, *args: Any, **kwargs: Any) -> None:
        if not isinstance(key_transform, KeyTransform):
            raise TypeError(
                "Transform should be an instance of KeyTransform in order to use this lookup."
            )
        as_text = KeyTextTransform(
            key_transform.key_name,
            *key_transform.source_expressions,
            **getattr(key_transform, "extra", {}),
        )
        super().__init__(as_text, *args, **kwargs)


class KeyTransformIsNull(lookups.IsNull):
    """The key is missing (which JSON's null under it is not)."""

    def as_sqlite(self, compiler: Any, connection: Any) -> Any:
        phrase = f"JSON_TYPE(%s, %%s) IS {'' if self.rhs else 'NOT '}NULL"
        has = HasKeyOrArrayIndex(self.lhs.lhs, self.lhs.key_name)
        return has._test(phrase, compiler, connection)

    def as_oracle(self, compiler: Any, connection: Any) -> Any:
        sql, params = HasKeyOrArrayIndex(self.lhs.lhs, self.lhs.key_name).as_oracle(
            compiler, connection
        )
        if not self.rhs:
            return sql, params
        document, document_params, _keys = self.lhs.preprocess_lhs(compiler, connection)
        return f"(NOT {sql} OR {document} IS NULL)", (*params, *document_params)


def _json_param(connection: Any, sql: str, param: Any) -> str:
    """Return the SQL of a JSON value that is compared with an extracted one."""
    if connection.vendor == "mysql":
        return _mysql_document(connection, sql)
    if connection.vendor == "sqlite" and param not in connection.ops.jsonfield_datatype_values:
        return f"JSON_EXTRACT({sql}, '$')"
    return sql


class KeyTransformIn(lookups.In):
    """What is under the key is one of these values."""

    def resolve_expression_parameter(
        self, compiler: Any, connection: Any, sql: str, param: Any
    ) -> Any:
        sql, params = super().resolve_expression_parameter(compiler, connection, sql, param)
        if hasattr(param, "as_sql") and not isinstance(param, Value):
            return (
                _mysql_unquoted(connection, sql) if connection.vendor == "mysql" else sql
            ), params
        if connection.features.has_native_json_field:
            return sql, params
        return _json_param(connection, sql, params[0]), params


class KeyTransformExact(JSONExact):
    """What is under the key is equal to the value; ``None`` is JSON's null."""

    def process_rhs(self, compiler: Any, connection: Any) -> Any:
        if isinstance(self.rhs, KeyTransform):
            return super(lookups.Exact, self).process_rhs(compiler, connection)
        sql, params = super(JSONExact, self).process_rhs(compiler, connection)
        params = ["null" if param is None else param for param in params]
        if connection.vendor == "mysql" and sql == "%s":
            return _as_json(connection, sql, params)
        if connection.vendor == "sqlite" and sql.count("%s") == len(params):
            if not hasattr(self.rhs, "as_sql") or isinstance(self.rhs, Value):
                sql %= tuple(_json_param(connection, "%s", param) for param in params)
        return sql, params


class KeyTransformNumericLookupMixin:
    """Compares numbers: the JSON of the value is read again."""

    def process_rhs(self, compiler: Any, connection: Any) -> Any:
        sql, params = super().process_rhs(compiler, connection)  # type: ignore[misc]
        if self.rhs_is_direct_value() and not connection.features.has_native_json_field:  # type: ignore[attr-defined]
            params = [json.loads(param) for param in params]
        return sql, params


def _on_key(base: type, *mixins: type) -> type:
    """Return ``base`` as a lookup on what is under a key."""
    return type(
        f"KeyTransform{base.__name__}",
        (*mixins, base),
        {"__module__": __name__, "__doc__": base.__doc__},
    )


_TEXT, _CASELESS = KeyTransformTextLookupMixin, CaseInsensitiveMixin


class KeyTransformIExact(_CASELESS, _TEXT, lookups.IExact):  # type: ignore[misc, valid-type]
    """What is under the key is equal but for case; ``None`` is JSON's null."""

    can_use_none_as_rhs = True

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        if self.rhs is not None:
            return super().as_sql(compiler, connection)
        document = KeyTransform(self.lhs.key_name, self.lhs.lhs)
        return compiler.compile(KeyTransformExact(document, None))


KeyTransformIContains = _on_key(lookups.IContains, _CASELESS, _TEXT)
KeyTransformStartsWith = _on_key(lookups.StartsWith, _TEXT)
KeyTransformIStartsWith = _on_key(lookups.IStartsWith, _CASELESS, _TEXT)
KeyTransformEndsWith = _on_key(lookups.EndsWith, _TEXT)
KeyTransformIEndsWith = _on_key(lookups.IEndsWith, _CASELESS, _TEXT)
KeyTransformRegex = _on_key(lookups.Regex, _TEXT)
KeyTransformIRegex = _on_key(lookups.IRegex, _CASELESS, _TEXT)
_NUMERIC = {
    base.__name__: _on_key(base, KeyTransformNumericLookupMixin)
    for base in (
        lookups.LessThan,
        lookups.LessThanOrEqual,
        lookups.GreaterThan,
        lookups.GreaterThanOrEqual,
    )
}
KeyTransformLt, KeyTransformLte, KeyTransformGt, KeyTransformGte = _NUMERIC.values()

for _lookup in (
    KeyTransformIn,
    KeyTransformExact,
    KeyTransformIExact,
    KeyTransformIsNull,
    KeyTransformIContains,
    KeyTransformStartsWith,
    KeyTransformIStartsWith,
    KeyTransformEndsWith,
    KeyTransformIEndsWith,
    KeyTransformRegex,
    KeyTransformIRegex,
    *_NUMERIC.values(),
):
    KeyTransform.register_lookup(_lookup)
