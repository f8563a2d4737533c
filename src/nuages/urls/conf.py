"""What URLconf files call: ``path()``, ``re_path()``, ``include()``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

from nuages.core.exceptions import ImproperlyConfigured
from nuages.urls.resolvers import (
    LocalePrefixPattern,
    RegexPattern,
    RoutePattern,
    URLPattern,
    URLResolver,
)

Included = tuple[Any, str | None, str | None]


def include(arg: Any, namespace: str | None = None) -> Included:
    """Return what makes ``path()`` take in another URLconf. Manual: "include()".

    Args:
        arg: a module or its dotted path, a list of patterns, or ``(patterns, app_name)``.
        namespace: of this instance; default: the application's name.

    Raises:
        ImproperlyConfigured: the argument has a wrong shape, or ``i18n_patterns()`` in it.
    """
    app_name: str | None = None
    urlconf = arg
    if isinstance(arg, tuple):
        if len(arg) != 2:
            if namespace and len(arg) == 3:
                raise ImproperlyConfigured(
                    "Cannot override the namespace for a dynamic module that provides a namespace."
                )
            raise ImproperlyConfigured(
                f"Passing a {len(arg)}-tuple to include() is not supported. Pass a 2-tuple "
                "containing the list of patterns and app_name, and provide the namespace argument "
                "to include() instead."
            )
        urlconf, app_name = arg
    if isinstance(urlconf, str):
        urlconf = import_module(urlconf)
    app_name = getattr(urlconf, "app_name", app_name)
    if namespace and not app_name:
        raise ImproperlyConfigured(
            "Specifying a namespace in include() without providing an app_name is not supported. "
            "Set the app_name attribute in the included module, or pass a 2-tuple containing the "
            "list of patterns and app_name instead."
        )
    patterns = getattr(urlconf, "urlpatterns", urlconf)
    if isinstance(patterns, (list, tuple)) and any(
        isinstance(getattr(entry, "pattern", None), LocalePrefixPattern) for entry in patterns
    ):
        raise ImproperlyConfigured("Using i18n_patterns in an included URLconf is not allowed.")
    return urlconf, app_name, namespace or app_name


def _entry(
    pattern_class: Callable[..., Any],
    route: Any,
    view: Any,
    kwargs: dict[str, Any] | None = None,
    name: str | None = None,
) -> URLPattern | URLResolver:
    if kwargs is not None and not isinstance(kwargs, dict):
        raise TypeError(f"kwargs argument must be a dict, but got {type(kwargs).__name__}.")
    if isinstance(view, (list, tuple)):
        urlconf, app_name, namespace = view
        pattern = pattern_class(route, is_endpoint=False)
        return URLResolver(pattern, urlconf, kwargs, app_name=app_name, namespace=namespace)
    if callable(view):
        return URLPattern(pattern_class(route, name=name, is_endpoint=True), view, kwargs, name)
    if _is_class_based(view):
        shown = type(view).__name__
        raise TypeError(f"view must be a callable, pass {shown}.as_view(), not {shown}().")
    raise TypeError("view must be a callable or a list/tuple in the case of include().")


def _is_class_based(view: Any) -> bool:
    # Nobody has an instance of View before nuages.views was imported.
    return not isinstance(view, (str, ModuleType)) and hasattr(type(view), "as_view")


path = partial(_entry, RoutePattern)
re_path = partial(_entry, RegexPattern)
