"""Decorators for admin modules. Manual: "The Django admin site"."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def _marked(function: Any, marks: dict[str, Any]) -> Any:
    """Set those attributes of a function that have a value."""
    for name, value in marks.items():
        if value is not None:
            setattr(function, name, value)
    return function


def action(
    function: Callable[..., Any] | None = None,
    *,
    permissions: Iterable[str] | None = None,
    description: Any = None,
    description_plural: Any = None,
    location: Any = None,
) -> Any:
    """Describe an action: who may do it, and what it is called."""
    marks = {
        "allowed_permissions": permissions,
        "short_description": description,
        "plural_description": description_plural,
        "action_location": location,
    }

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        return _marked(function, marks)

    return decorate if function is None else decorate(function)


def display(
    function: Callable[..., Any] | None = None,
    *,
    boolean: bool | None = None,
    ordering: Any = None,
    description: Any = None,
    empty_value: Any = None,
) -> Any:
    """Describe a column: how it is shown, sorted and called.

    Raises:
        ValueError: it should be both a boolean and have something for empty values.
    """
    if boolean is not None and empty_value is not None:
        raise ValueError(
            "The boolean and empty_value arguments to the @display decorator are mutually "
            "exclusive."
        )
    marks = {
        "boolean": boolean,
        "admin_order_field": ordering,
        "short_description": description,
        "empty_value_display": empty_value,
    }

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        return _marked(function, marks)

    return decorate if function is None else decorate(function)


def register(*models: Any, site: Any = None) -> Callable[[type], type]:
    """Register models with the class that is decorated, at a site or the default one.

    Raises:
        ValueError: there are no models, or these are no admin class or site.
    """
    from nuages.contrib.admin import sites
    from nuages.contrib.admin.options import ModelAdmin

    def decorate(admin_class: type) -> type:
        if not models:
            raise ValueError("At least one model must be passed to register.")
        target = sites.site if site is None else site
        if not isinstance(target, sites.AdminSite):
            raise ValueError("site must subclass AdminSite")
        if not issubclass(admin_class, ModelAdmin):
            raise ValueError("Wrapped class must subclass ModelAdmin.")
        target.register(models, admin_class=admin_class)
        return admin_class

    return decorate
