"""Helpers of migrations: references between models, and names."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

COMPILED_REGEX_TYPE = re.Pattern
RECURSIVE_RELATIONSHIP_CONSTANT = "self"

type ModelKey = tuple[str, str]  # app label and lower-case name


class RegexObject:
    """A regular expression that can be compared."""

    def __init__(self, obj: re.Pattern[Any]) -> None:
        self.pattern = obj.pattern
        self.flags = obj.flags

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RegexObject) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


def get_migration_name_timestamp() -> str:
    """Return the time as it is used in names: ``20240131_2359``."""
    return datetime.datetime.now().strftime("%Y%m%d_%H%M")


def resolve_relation(
    model: Any, app_label: str | None = None, model_name: str | None = None
) -> ModelKey:
    """Return the key of a model that is named in a relation.

    Args:
        model: a class, ``"self"``, ``"Name"`` or ``"label.Name"``.
        app_label: where the relation is, for names without a label.
        model_name: the model that the relation is in, for ``"self"``.

    Raises:
        TypeError: the name cannot be resolved without them.
    """
    if not isinstance(model, str):
        return model._meta.app_label, model._meta.model_name
    if model == RECURSIVE_RELATIONSHIP_CONSTANT:
        if app_label is None or model_name is None:
            raise TypeError(
                "app_label and model_name must be provided to resolve recursive relationships."
            )
        return app_label, model_name.lower()
    label, dot, name = model.rpartition(".")
    if dot:
        return label, name.lower()
    if app_label is None:
        raise TypeError("app_label must be provided to resolve unscoped model relationships.")
    return app_label, name.lower()


class FieldReference(NamedTuple):
    """How a relation refers to a model: by its target, through a model, or both."""

    to: Any
    through: Any


def field_references(
    model_tuple: ModelKey,
    field: Any,
    reference_model_tuple: ModelKey,
    reference_field_name: str | None = None,
    reference_field: Any = None,
) -> FieldReference | None:
    """Return how a field refers to a model, or to a field of it; ``None`` if it does not.

    Args:
        model_tuple: the model that the field is in.
        reference_model_tuple: the model that is asked for.
        reference_field_name, reference_field: the field that is asked for.
    """
    remote = field.remote_field
    if not remote:
        return None
    to = through = None
    if resolve_relation(remote.model, *model_tuple) == reference_model_tuple:
        ends = [end for pair in getattr(field, "from_fields_and_to_fields", ()) for end in pair]
        targets = list(getattr(field, "to_fields", None) or ends or ())
        is_asked_for = (
            reference_field_name is None
            # A relation without a named target points to the primary key.
            or (None in targets and (reference_field is None or reference_field.primary_key))
            or not targets
            and (reference_field is None or reference_field.primary_key)
            or reference_field_name in targets
        )
        if is_asked_for:
            to = (remote, targets)
    middle = getattr(remote, "through", None)
    if middle and resolve_relation(middle, *model_tuple) == reference_model_tuple:
        names = remote.through_fields
        if reference_field_name is None or names is None or reference_field_name in names:
            through = (remote, names)
    return FieldReference(to, through) if to or through else None


def get_references(
    state: Any, model_tuple: ModelKey, field_tuple: tuple[Any, ...] = ()
) -> Iterator[tuple[Any, str, Any, FieldReference]]:
    """Yield every field of a state that refers to a model, or to a field of it.

    Yields:
        the model state, the field's name, the field and the kind of reference.
    """
    for key, model_state in state.models.items():
        for name, field in model_state.fields.items():
            if reference := field_references(key, field, model_tuple, *field_tuple):
                yield model_state, name, field, reference


def field_is_referenced(state: Any, model_tuple: ModelKey, field_tuple: tuple[Any, ...]) -> bool:
    """Whether a field of a state refers to the given one."""
    return next(get_references(state, model_tuple, field_tuple), None) is not None
