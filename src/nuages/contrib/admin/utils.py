"""Helpers of the admin that packages use."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import and_, or_
from typing import Any

from nuages.contrib.admin._display import (
    FieldIsAForeignKeyColumnName,
    NotRelationField,
    boolean_icon,
    display_for_field,
    display_for_value,
    field_shower,
    help_text_for_field,
    label_for_field,
    lookup_field,
)
from nuages.contrib.admin._keys import key_text, key_value, quote, unquote
from nuages.contrib.admin._log import construct_change_message
from nuages.contrib.admin._nested import NestedObjects, get_deleted_objects
from nuages.core.exceptions import FieldDoesNotExist
from nuages.db import models
from nuages.db.models.constants import LOOKUP_SEP
from nuages.utils.translation import ngettext

__all__ = [
    "FieldIsAForeignKeyColumnName",
    "NestedObjects",
    "NotRelationField",
    "boolean_icon",
    "build_q_object_from_lookup_parameters",
    "construct_change_message",
    "display_for_field",
    "display_for_value",
    "field_shower",
    "flatten",
    "flatten_fieldsets",
    "get_deleted_objects",
    "get_fields_from_path",
    "get_last_value_from_parameters",
    "get_model_from_relation",
    "help_text_for_field",
    "key_text",
    "key_value",
    "label_for_field",
    "lookup_field",
    "lookup_spawns_duplicates",
    "model_format_dict",
    "model_ngettext",
    "prepare_lookup_value",
    "quote",
    "reverse_field_path",
    "unquote",
]

# Names of fields


def flatten(fields: Iterable[Any]) -> list[Any]:
    """Return names and groups of names as one list of names."""
    return [
        name
        for entry in fields
        for name in (entry if isinstance(entry, (list, tuple)) else (entry,))
    ]


def flatten_fieldsets(fieldsets: Iterable[tuple[Any, dict[str, Any]]]) -> list[Any]:
    """Return the names of all fields in fieldsets."""
    return [name for _, options in fieldsets for name in flatten(options["fields"])]


# Names of models


def model_format_dict(obj: Any) -> dict[str, Any]:
    """Return what a model, object or queryset is called, as ``verbose_name`` and its plural."""
    options = obj._meta if isinstance(obj, (models.Model, models.base.ModelBase)) else None
    if options is None:
        options = obj.model._meta if isinstance(obj, models.QuerySet) else obj
    return {name: getattr(options, name) for name in ("verbose_name", "verbose_name_plural")}


def model_ngettext(obj: Any, n: int | None = None) -> str:
    """Return what ``n`` objects of a model are called.

    Args:
        obj: a model, an object or a queryset.
        n: how many (default: as many as the queryset has).
    """
    if isinstance(obj, models.QuerySet) and n is None:
        n = obj.count()
    names = model_format_dict(obj)
    return ngettext(names["verbose_name"], names["verbose_name_plural"], n or 0)


# Values in addresses


def prepare_lookup_value(key: str, value: Any, separator: str = ",") -> Any:
    """Return a parameter of an address as the value of a lookup.

    Args:
        key: the lookup.
        value: a text, or a list of texts, each of which is prepared.
        separator: stands between the values of ``__in``.
    """
    if isinstance(value, list):
        return [prepare_lookup_value(key, each, separator) for each in value]
    if key.endswith("__in"):
        return value.split(separator)
    if key.endswith("__isnull"):
        return value.lower() not in ("", "false", "0")
    return value


def build_q_object_from_lookup_parameters(parameters: dict[str, list[Any]]) -> models.Q:
    """Return the condition that each lookup holds for one of its values."""
    conditions = (
        reduce(or_, (models.Q((lookup, value)) for value in values))
        for lookup, values in parameters.items()
    )
    return reduce(and_, conditions, models.Q())


def get_last_value_from_parameters(parameters: dict[str, Any], key: str) -> Any:
    """Return a parameter's value; of several the last."""
    value = parameters.get(key)
    return value[-1] if isinstance(value, list) else value


# Paths of relations


def lookup_spawns_duplicates(opts: Any, lookup_path: str) -> bool:
    """Whether filtering by a lookup may give objects more than once."""
    for name in lookup_path.split(LOOKUP_SEP):
        if name == "pk":
            name = opts.pk.name
        try:
            field = opts.get_field(name)
        except FieldDoesNotExist:
            # A transform or the lookup itself.
            continue
        if not hasattr(field, "path_infos"):
            continue
        steps = field.path_infos
        opts = steps[-1].to_opts
        if any(step.m2m for step in steps):
            return True
    return False


def get_model_from_relation(field: Any) -> Any:
    """Return the model that a field leads to.

    Raises:
        NotRelationField: it leads nowhere.
    """
    if not hasattr(field, "path_infos"):
        raise NotRelationField
    return field.path_infos[-1].to_opts.model


def get_fields_from_path(model: Any, path: str) -> list[Any]:
    """Return the fields that a path names, one after the other.

    Raises:
        FieldDoesNotExist, NotRelationField: there is no such path.
    """
    fields: list[Any] = []
    for name in path.split(LOOKUP_SEP):
        start = get_model_from_relation(fields[-1]) if fields else model
        fields.append(start._meta.get_field(name))
    return fields


def reverse_field_path(model: Any, path: str) -> tuple[Any, str]:
    """Return the model at the end of a path, and the path back.

    A name at the end that leads nowhere is left out.
    """
    names: list[str] = []
    for name in path.split(LOOKUP_SEP):
        field = model._meta.get_field(name)
        if not field.is_relation:
            break
        forward = not field.auto_created or field.concrete
        back = field.related_query_name() if forward else field.field.name
        model = field.remote_field.model if forward else field.related_model
        names.insert(0, back)
    return model, LOOKUP_SEP.join(names)
