"""What fields, indexes and validators of this package share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nuages.core import checks
from nuages.core.exceptions import ValidationError
from nuages.utils.functional import SimpleLazyObject
from nuages.utils.text import format_lazy

#: The application, as settings name it.
APP = "django.contrib.postgres"


def prefix_validation_error(
    error: ValidationError, prefix: Any, code: str, params: Mapping[str, Any]
) -> ValidationError:
    """Return an error about an item as one about the whole, its message after ``prefix``.

    Args:
        error: what is wrong with the item; one message or several.
        prefix: a format string, which is filled with ``params``.
        code: the code of the result.
        params: the prefix's own; those of ``error`` are kept beside them.
    """
    if error.error_list == [error]:
        own = dict(error.params or {})
        # Messages of translations that are lazy stay so.
        text = format_lazy(
            "{}{}",
            SimpleLazyObject(lambda: prefix % params),
            SimpleLazyObject(lambda: error.message % own if own else error.message),
        )
        return ValidationError(text, code=code, params={**own, **params})
    return ValidationError(
        [prefix_validation_error(each, prefix, code, params) for each in error.error_list]
    )


def missing_app(obj: Any, name: str) -> list[Any]:
    """Return an error if something of this package is used without the application."""
    from nuages.apps import apps

    if apps.is_installed(APP):
        return []
    return [
        checks.Error(
            f"'{APP}' must be in INSTALLED_APPS in order to use {name}.",
            obj=obj,
            id="postgres.E005",
        )
    ]


class NeedsApp:
    """A model field that works only with the application installed."""

    def check(self, **kwargs: Any) -> list[Any]:
        """Return the messages about the field."""
        return [*super().check(**kwargs), *self._check_app()]  # type: ignore[misc]

    def _check_app(self) -> list[Any]:
        return missing_app(self, type(self).__name__)


def constant(column_type: str) -> Any:
    """Return a ``db_type`` method: the type of the column is this one, whatever the connection."""
    return lambda self, connection: column_type


def removed_field(name: str, hint: str, number: int) -> dict[str, Any]:
    """Return what the system check says of a field that only old migrations may mention."""
    return {
        "msg": f"{APP}.fields.{name} is removed except for support in historical migrations.",
        "hint": hint,
        "id": f"fields.E{number}",
    }
