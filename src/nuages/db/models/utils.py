"""Small parts that models, fields and queries share."""

from __future__ import annotations

import functools
from collections import namedtuple
from collections.abc import Iterator
from typing import Any


def get_blank_choice_label() -> Any:
    """Return the label of the empty choice.

    It is ``django.db.models.fields.BLANK_CHOICE_LABEL``, or dashes where the transitional setting
    ``USE_BLANK_CHOICE_DASH`` is on.
    """
    from nuages.conf import settings
    from nuages.db.models import fields

    return (
        fields.BLANK_CHOICE_DASH[0][1]
        if settings.USE_BLANK_CHOICE_DASH
        else fields.BLANK_CHOICE_LABEL
    )


def blank_choice() -> list[tuple[str, Any]]:
    """Return the empty choice, as a list to put before others."""
    return [("", get_blank_choice_label())]


def make_model_tuple(model: Any) -> tuple[str, str]:
    """Return ``(app label, lower-case name)`` of a model, ``"app.Model"`` or such a pair.

    Raises:
        ValueError: it is none of these.
    """
    try:
        match model:
            case (label, name):
                pass
            case str():
                label, name = model.split(".")
            case _:
                return model._meta.app_label, model._meta.model_name
        return label, name.lower()
    except (AttributeError, ValueError):
        raise ValueError(
            f"Invalid model reference '{model}'. String model references must be of the form "
            "'app_label.ModelName'."
        ) from None


def resolve_callables(mapping: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the pairs of ``mapping``, calling the values that can be called."""
    for name, value in mapping.items():
        yield name, value() if callable(value) else value


def unpickle_named_row(names: tuple[str, ...], values: Any) -> Any:
    """Make a row of ``values_list(named=True)`` anew."""
    return create_namedtuple_class(*names)(*values)


@functools.lru_cache
def create_namedtuple_class(*names: str) -> type:
    """Return the (picklable) class of rows with these columns."""

    def __reduce__(self: Any) -> tuple[Any, ...]:
        return unpickle_named_row, (names, tuple(self))

    return type("Row", (namedtuple("Row", names),), {"__reduce__": __reduce__, "__slots__": ()})


class AltersData:
    """A method that overrides one with ``alters_data = True`` has that mark too.

    Manual: "The Django template language: for Python programmers", "Variables and lookups".
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        for name, member in vars(cls).items():
            if not callable(member) or hasattr(member, "alters_data"):
                continue
            for base in cls.__mro__[1:]:
                if (inherited := vars(base).get(name)) is not None:
                    if hasattr(inherited, "alters_data"):
                        member.alters_data = inherited.alters_data
                        break
        super().__init_subclass__(**kwargs)
