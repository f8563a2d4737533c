"""Dictionaries of text. Manual: "HStoreField"."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from nuages.contrib.postgres import forms, lookups
from nuages.contrib.postgres.fields.array import ArrayField
from nuages.contrib.postgres.utils import NeedsApp, constant
from nuages.core import exceptions
from nuages.db.models import Field, TextField, Transform
from nuages.db.models.fields.mixins import CheckFieldDefaultMixin
from nuages.utils.translation import gettext_lazy as _

__all__ = ["HStoreField"]


def _text_or_none(value: Any) -> str | None:
    return None if value is None else str(value)


class HStoreField(NeedsApp, CheckFieldDefaultMixin, Field):
    """A column that maps text to text, or to nothing."""

    empty_strings_allowed = False
    description = _("Map of strings to strings/nulls")
    default_error_messages = {"not_a_string": _("The value of “%(key)s” is not a string or null.")}
    _default_hint = ("dict", "{}")
    db_type = constant("hstore")

    def get_transform(self, name: str) -> Any:
        # Whatever is no transform is a key.
        return super().get_transform(name) or partial(KeyTransform, name)

    def validate(self, value: Any, model_instance: Any) -> None:
        super().validate(value, model_instance)
        for key, item in value.items():
            if not isinstance(item, str | None):
                raise exceptions.ValidationError(
                    self.error_messages["not_a_string"], code="not_a_string", params={"key": key}
                )

    def to_python(self, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value

    def value_to_string(self, obj: Any) -> str:
        return json.dumps(self.value_from_object(obj), ensure_ascii=False)

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        match value:
            case dict():
                return {str(key): _text_or_none(item) for key, item in value.items()}
            case list():
                return [_text_or_none(item) for item in value]
        return value

    def formfield(self, **kwargs: Any) -> Any:  # type: ignore[override]
        return super().formfield(**{"form_class": forms.HStoreField, **kwargs})


for _lookup in (
    lookups.DataContains,
    lookups.ContainedBy,
    lookups.HasKey,
    lookups.HasKeys,
    lookups.HasAnyKeys,
):
    HStoreField.register_lookup(_lookup)


class KeyTransform(Transform):
    """What is under a key."""

    output_field, arg_joiner = TextField(), " -> "

    def __init__(self, key_name: str, document: Any, **kwargs: Any) -> None:
        self.key_name = key_name
        super().__init__(document, **kwargs)

    def as_sql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:  # type: ignore[override]
        document, params = compiler.compile(self.lhs)
        return f"({document}{self.arg_joiner}%s)", [*params, self.key_name]


for _name, _function, _says in (
    ("keys", "akeys", "The keys."),
    ("values", "avals", "The values."),
):
    _parts = {
        "lookup_name": _name,
        "function": _function,
        "output_field": ArrayField(TextField()),
        "__doc__": _says,
        "__module__": __name__,
    }
    HStoreField.register_lookup(type(f"{_name.title()}Transform", (Transform,), _parts))
