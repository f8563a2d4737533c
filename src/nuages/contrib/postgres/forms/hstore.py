"""Dictionaries of text, written as JSON."""

from __future__ import annotations

import json
from typing import Any

from nuages import forms
from nuages.core.exceptions import ValidationError
from nuages.utils.translation import gettext_lazy as _

__all__ = ["HStoreField"]


class HStoreField(forms.CharField):
    """Reads a JSON object whose values become text."""

    widget = forms.Textarea
    default_error_messages = {
        "invalid_json": _("Could not load JSON data."),
        "invalid_format": _("Input must be a JSON dictionary."),
    }

    def prepare_value(self, value: Any) -> Any:
        return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value

    def _refuse(self, code: str) -> ValidationError:
        return ValidationError(self.error_messages[code], code=code)

    def to_python(self, value: Any) -> Any:
        found = value or {}
        try:
            found = found if isinstance(found, dict) else json.loads(found)
        except json.JSONDecodeError:
            raise self._refuse("invalid_json") from None
        if isinstance(found, dict):
            return {key: item if item is None else str(item) for key, item in found.items()}
        raise self._refuse("invalid_format")

    def has_changed(self, initial: Any, data: Any) -> bool:
        # In the form of the one that is kept.
        return super().has_changed(self.to_python(initial), self.to_python(data))
