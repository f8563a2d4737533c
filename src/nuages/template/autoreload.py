"""Forget templates whose files change, while the development server runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nuages.dispatch import receiver
from nuages.template import engines
from nuages.utils._os import to_path
from nuages.utils.autoreload import autoreload_started, file_changed, is_django_path


def _django_engines() -> list[Any]:
    from nuages.template.backends.django import DjangoTemplates

    return [backend for backend in engines.all() if isinstance(backend, DjangoTemplates)]


def get_template_directories() -> set[Path]:
    """Return the folders in which the engines' loaders look, except Django's own."""
    here = Path.cwd()
    found: set[Path] = set()
    for backend in _django_engines():
        found.update(here / to_path(folder) for folder in backend.engine.dirs if folder)
        for loader in backend.engine.template_loaders:
            if hasattr(loader, "get_dirs"):
                found.update(
                    here / to_path(folder)
                    for folder in loader.get_dirs()
                    if folder and not is_django_path(folder)
                )
    from nuages.template.backends.jinja2 import is_available

    if is_available():
        from nuages.template.backends.jinja2 import Jinja2

        for backend in engines.all():
            if isinstance(backend, Jinja2):
                found.update(
                    here / to_path(folder)
                    for folder in backend.template_dirs
                    if folder and not is_django_path(folder)
                )
    return found


def reset_loaders() -> None:
    """Let all loaders forget their templates, those of the form renderer too."""
    from nuages.forms.renderers import get_default_renderer

    loaders = [
        loader for backend in _django_engines() for loader in backend.engine.template_loaders
    ]
    backend = getattr(get_default_renderer(), "engine", None)
    if backend is not None:
        loaders += backend.engine.template_loaders
    for loader in loaders:
        loader.reset()


@receiver(autoreload_started, dispatch_uid="template_loaders_watch_changes")
def watch_for_template_changes(sender: Any, **kwargs: Any) -> None:
    """Let the reloader watch the template folders."""
    for directory in get_template_directories():
        sender.watch_dir(directory, "**/*")


@receiver(file_changed, dispatch_uid="template_loaders_file_changed")
def template_changed(sender: Any, file_path: Path, **kwargs: Any) -> bool | None:
    """Reset the loaders when a template's file changed; the server then needs no restart."""
    if file_path.suffix == ".py":
        return None
    if any(directory in file_path.parents for directory in get_template_directories()):
        reset_loaders()
        return True
    return None
