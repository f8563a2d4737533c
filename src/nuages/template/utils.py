"""The configured template engines. Manual: "Templates", section "Support for template engines"."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nuages.conf import settings
from nuages.core.exceptions import ImproperlyConfigured
from nuages.utils.functional import cached_property
from nuages.utils.module_loading import import_string


class InvalidTemplateEngineError(ImproperlyConfigured):
    """No engine of the asked name is configured."""


class EngineHandler:
    """The engines of ``TEMPLATES``, by alias.

    Args:
        templates: a list like the setting, which is the default.
    """

    def __init__(self, templates: list[dict[str, Any]] | None = None) -> None:
        self._templates = templates
        self._engines: dict[str, Any] = {}

    @cached_property
    def templates(self) -> dict[str, dict[str, Any]]:
        """The options of each engine, by alias.

        Raises:
            ImproperlyConfigured: two engines share an alias, or ``BACKEND`` is missing.
        """
        given = settings.TEMPLATES if self._templates is None else self._templates
        options: list[dict[str, Any]] = []
        for entry in given:
            try:
                # Without a name, an engine is called after the module of its backend.
                default_name = entry["BACKEND"].rsplit(".", 2)[-2]
            except (KeyError, IndexError, AttributeError):
                raise ImproperlyConfigured(
                    f"Invalid BACKEND for a template engine: {entry.get('BACKEND', '<not defined>')}. "
                    "Check your TEMPLATES setting."
                ) from None
            options.append(
                {"NAME": default_name, "DIRS": [], "APP_DIRS": False, "OPTIONS": {}} | entry
            )
        counts = Counter(entry["NAME"] for entry in options)
        duplicates = [name for name, count in counts.most_common() if count > 1]
        if duplicates:
            raise ImproperlyConfigured(
                "Template engine aliases aren't unique, duplicates: "
                f"{', '.join(duplicates)}. Set a unique NAME for each engine in "
                "settings.TEMPLATES."
            )
        return {entry["NAME"]: entry for entry in options}

    def __getitem__(self, alias: str) -> Any:
        engine = self._engines.get(alias)
        if engine is None:
            if alias not in self.templates:
                raise InvalidTemplateEngineError(
                    f"Could not find config for '{alias}' in settings.TEMPLATES"
                )
            # A copy, because backends take out what they have understood.
            options = self.templates[alias].copy()
            options["OPTIONS"] = options["OPTIONS"].copy()
            engine = import_string(options.pop("BACKEND"))(options)
            self._engines[alias] = engine
        return engine

    def __iter__(self) -> Iterator[str]:
        return iter(self.templates)

    def all(self) -> list[Any]:
        """Return all engines, in the order of the setting."""
        return [self[alias] for alias in self]


@functools.lru_cache
def get_app_template_dirs(dirname: str) -> tuple[Path, ...]:
    """Return the folders of that name in the installed applications."""
    from nuages.apps import apps

    folders = (Path(config.path) / dirname for config in apps.get_app_configs() if config.path)
    return tuple(folder for folder in folders if folder.is_dir())
