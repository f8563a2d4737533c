"""Checks of the ``CACHES`` setting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nuages.conf import settings
from nuages.core.checks import Error, Tags, Warning, register

DEFAULT_CACHE_ALIAS = "default"
E001 = Error(
    f"You must define a '{DEFAULT_CACHE_ALIAS}' cache in your CACHES setting.", id="caches.E001"
)


def _file_caches() -> Iterator[tuple[str, Path]]:
    """Yield alias and folder of each cache in files."""
    from nuages.core.cache import caches
    from nuages.core.cache.backends.filebased import FileBasedCache

    for alias in settings.CACHES:
        cache = caches[alias]
        if isinstance(cache, FileBasedCache):
            yield alias, Path(cache._dir)


def _public_folders() -> Iterator[tuple[str, Path]]:
    """Yield the folders that are served to everyone, with their settings."""
    for name in ("MEDIA_ROOT", "STATIC_ROOT"):
        if folder := getattr(settings, name, None):
            yield name, Path(folder).resolve()
    for entry in settings.STATICFILES_DIRS:
        folder = entry[1] if isinstance(entry, list | tuple) else entry
        yield "STATICFILES_DIRS", Path(folder).resolve()


@register(Tags.caches)
def check_default_cache_is_configured(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Find the default cache missing."""
    return [] if DEFAULT_CACHE_ALIAS in settings.CACHES else [E001]


@register(Tags.caches, deploy=True)
def check_cache_location_not_exposed(app_configs: Any, **kwargs: Any) -> list[Warning]:
    """Find caches in folders that are served, or around them."""
    warnings = []
    for alias, location in _file_caches():
        location = location.resolve()
        for setting, folder in _public_folders():
            if folder == location:
                relation = "matches"
            elif folder in location.parents:
                relation = "is inside"
            elif location in folder.parents:
                relation = "contains"
            else:
                continue
            warnings.append(
                Warning(
                    f"Your '{alias}' cache configuration might expose your cache or lead to "
                    f"corruption of your data because its LOCATION {relation} {setting}.",
                    id="caches.W002",
                )
            )
    return warnings


@register(Tags.caches)
def check_file_based_cache_is_absolute(app_configs: Any, **kwargs: Any) -> list[Warning]:
    """Find caches whose folder depends on where the process was started."""
    from nuages.core.cache.backends.filebased import FileBasedCache
    from nuages.utils.module_loading import import_string

    return [
        Warning(
            f"Your '{alias}' cache LOCATION path is relative. Use an absolute path instead.",
            id="caches.W003",
        )
        for alias, config in settings.CACHES.items()
        if config.get("LOCATION")
        and issubclass(import_string(config["BACKEND"]), FileBasedCache)
        and not Path(config["LOCATION"]).is_absolute()
    ]
