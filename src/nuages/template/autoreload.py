"""Forget templates whose files change, while the development server runs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from nuages.dispatch import receiver
from nuages.template import engines
from nuages.utils._os import to_path
from nuages.utils.autoreload import autoreload_started, file_changed, is_django_path


def _django_engines() -> list[Any]:
    from nuages.template.backends.django import DjangoTemplates

    return [backend for backend in engines.all() if isinstance(backend, DjangoTemplates)]


def _folders() -> Iterator[Any]:
    for backend in _django_engines():
        yield from filter(None, backend.engine.dirs)
        searching = (
            loader for loader in backend.engine.template_loaders if hasattr(loader, "get_dirs")
        )
        for folder in chain.from_iterable(loader.get_dirs() for loader in searching):
            if folder and not is_django_path(folder):
                yield folder


def get_template_directories() -> set[Path]:
    """Return the folders in which the engines' loaders look, except Django's own."""
    here = Path.cwd()
    return {here / to_path(folder) for folder in _folders()}


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
    everything = "**/*"
    for folder in get_template_directories():
        sender.watch_dir(folder, everything)


@receiver(file_changed, dispatch_uid="template_loaders_file_changed")
def template_changed(sender: Any, file_path: Path, **kwargs: Any) -> bool | None:
    """Reset the loaders when a template's file changed; the server then needs no restart."""
    watched = () if file_path.suffix == ".py" else get_template_directories()
    if not set(watched) & set(file_path.parents):
        return None
    reset_loaders()
    return True
