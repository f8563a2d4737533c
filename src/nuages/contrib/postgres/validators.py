"""Validators of arrays, dictionaries and ranges. Manual: "Validators"."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from nuages.core.exceptions import ValidationError
from nuages.core.validators import (
    MaxLengthValidator,
    MaxValueValidator,
    MinLengthValidator,
    MinValueValidator,
)
from nuages.utils.deconstruct import deconstructible
from nuages.utils.translation import gettext_lazy as _
from nuages.utils.translation import ngettext_lazy


class ArrayMaxLengthValidator(MaxLengthValidator):
    """A list has at most so many items."""

    message = ngettext_lazy(
        "List contains %(show_value)d item, it should contain no more than %(limit_value)d.",
        "List contains %(show_value)d items, it should contain no more than %(limit_value)d.",
        "show_value",
    )


class ArrayMinLengthValidator(MinLengthValidator):
    """A list has at least so many items."""

    message = ngettext_lazy(
        "List contains %(show_value)d item, it should contain no fewer than %(limit_value)d.",
        "List contains %(show_value)d items, it should contain no fewer than %(limit_value)d.",
        "show_value",
    )


@deconstructible
class KeysValidator:
    """A dictionary has these keys, and if ``strict`` no others.

    Raises:
        ValidationError: keys are missing (``missing_keys``), or too many (``extra_keys``).
    """

    messages: Mapping[str, Any] = {
        "missing_keys": _("Some keys were missing: %(keys)s"),
        "extra_keys": _("Some unknown keys were provided: %(keys)s"),
    }

    def __init__(
        self, keys: Iterable[str], strict: bool = False, messages: Mapping[str, Any] | None = None
    ) -> None:
        self.keys, self.strict = set(keys), strict
        if messages is not None:
            self.messages = {**self.messages, **messages}

    def __call__(self, value: Mapping[str, Any]) -> None:
        found = set(value)
        problems = {"missing_keys": self.keys - found}
        if self.strict:
            problems["extra_keys"] = found - self.keys
        for code, keys in problems.items():
            if keys:
                shown = ", ".join(sorted(keys))
                raise ValidationError(self.messages[code], code=code, params={"keys": shown})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return (self.keys, self.strict, copy.copy(self.messages)) == (
            other.keys,
            other.strict,
            other.messages,
        )

    __hash__ = None  # type: ignore[assignment]


class RangeMaxValueValidator(MaxValueValidator):
    """A range ends nowhere above a limit."""

    message = _("Ensure that the upper bound of the range is not greater than %(limit_value)s.")

    def compare(self, a: Any, b: Any) -> bool:
        return a.upper is None or a.upper > b


class RangeMinValueValidator(MinValueValidator):
    """A range begins nowhere below a limit."""

    message = _("Ensure that the lower bound of the range is not less than %(limit_value)s.")

    def compare(self, a: Any, b: Any) -> bool:
        return a.lower is None or a.lower < b
