"""Checks of the URLconf."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator
from typing import Any

from nuages.conf import settings
from nuages.core.checks import Error, Tags, Warning, register


def _root_resolver() -> Any:
    if not getattr(settings, "ROOT_URLCONF", None):
        return None
    from nuages.urls import get_resolver

    return get_resolver()


@register(Tags.urls)
def check_url_config(app_configs: Any, **kwargs: Any) -> list[Any]:
    """Return what the patterns find wrong with themselves."""
    resolver = _root_resolver()
    return [] if resolver is None else check_resolver(resolver)


def check_resolver(resolver: Any) -> list[Any]:
    """Return the messages of a resolver's ``check()``, or why it has none."""
    check = getattr(resolver, "check", None)
    if check is not None:
        return list(check())
    if hasattr(resolver, "resolve"):
        return []
    return get_warning_for_invalid_pattern(resolver)


@register(Tags.urls)
def check_url_namespaces_unique(app_configs: Any, **kwargs: Any) -> list[Warning]:
    """Find namespaces that stand for two things."""
    resolver = _root_resolver()
    if resolver is None:
        return []
    counts = Counter(_load_all_namespaces(resolver))
    return [
        Warning(
            f"URL namespace '{namespace}' isn't unique. You may not be able to reverse all URLs "
            "in this namespace",
            id="urls.W005",
        )
        for namespace, count in counts.items()
        if count > 1
    ]


def _load_all_namespaces(resolver: Any, parents: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield every namespace below a resolver, with those around it."""
    for pattern in getattr(resolver, "url_patterns", ()):
        own = getattr(pattern, "namespace", None)
        path = parents if own is None else (*parents, own)
        if own is not None:
            yield ":".join(path)
        yield from _load_all_namespaces(pattern, path)


def get_warning_for_invalid_pattern(pattern: Any) -> list[Error]:
    """Return the error for something in ``urlpatterns`` that is no pattern."""
    hint = None
    if isinstance(pattern, str):
        hint = (
            f"Try removing the string '{pattern}'. The list of urlpatterns should not have a "
            "prefix string as the first element."
        )
    elif isinstance(pattern, tuple):
        hint = "Try using path() instead of a tuple."
    return [
        Error(
            f"Your URL pattern {pattern!r} is invalid. Ensure that urlpatterns is a list of "
            "path() and/or re_path() instances.",
            hint=hint,
            id="urls.E004",
        )
    ]


@register(Tags.urls)
def check_url_settings(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Find base URLs that do not end with a slash."""
    return [
        E006(name)
        for name in ("STATIC_URL", "MEDIA_URL")
        if (value := getattr(settings, name)) and not value.endswith("/")
    ]


def E006(name: str) -> Error:
    """Return the error for a base URL without its slash."""
    return Error(f"The {name} setting must end with a slash.", id="urls.E006")


@register(Tags.urls)
def check_custom_error_handlers(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Find error handlers that cannot be imported or called."""
    resolver = _root_resolver()
    if resolver is None:
        return []
    from nuages.core.exceptions import ViewDoesNotExist
    from nuages.utils.inspect import signature

    errors = []
    for status, arguments in ((400, 2), (403, 2), (404, 2), (500, 1)):
        try:
            handler = resolver.resolve_error_handler(status)
        except (ImportError, ViewDoesNotExist) as error:
            path = getattr(resolver.urlconf_module, f"handler{status}")
            errors.append(
                Error(
                    f"The custom handler{status} view '{path}' could not be imported.",
                    hint=str(error),
                    id="urls.E008",
                )
            )
            continue
        try:
            signature(handler).bind(*[None] * arguments)
        except TypeError:
            path = (
                f"{handler.__module__}.{handler.__qualname__}"
                if inspect.isfunction(handler)
                else str(handler)
            )
            errors.append(
                Error(
                    f"The custom handler{status} view '{path}' does not take the correct number "
                    f"of arguments (request{', exception' if arguments == 2 else ''}).",
                    id="urls.E007",
                )
            )
    return errors
