"""Small helpers of the static files app."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterable, Iterator
from typing import Any

from nuages.conf import settings
from nuages.core.exceptions import ImproperlyConfigured


def matches_patterns(path: str, patterns: Iterable[str]) -> bool:
    """Return whether a path fits one of the shell patterns, in the case it is written in."""
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def get_files(
    storage: Any, ignore_patterns: Iterable[str] | None = None, location: str = ""
) -> Iterator[str]:
    """Yield the paths of all files of a storage below ``location``.

    Args:
        ignore_patterns: of file names, directory names or whole paths to leave out.
    """
    ignored = list(ignore_patterns or ())
    directories, names = storage.listdir(location)
    for name in names:
        path = os.path.join(location, name) if location else name
        if not any(matches_patterns(each, ignored) for each in (name, path)):
            yield path
    for name in directories:
        if not matches_patterns(name, ignored):
            below = os.path.join(location, name) if location else name
            yield from get_files(storage, ignored, below)


def check_settings(base_url: str | None = None) -> None:
    """Raise ``ImproperlyConfigured`` where media and static files would get mixed up.

    Args:
        base_url: of static files; default: ``STATIC_URL``.
    """
    url = settings.STATIC_URL if base_url is None else base_url
    media_url, media_root = settings.MEDIA_URL, settings.MEDIA_ROOT
    problems = (
        (
            not url,
            "You're using the staticfiles app without having set the required STATIC_URL setting.",
        ),
        (media_url == url, "The MEDIA_URL and STATIC_URL settings must have different values"),
        (
            bool(settings.DEBUG and media_url and url and media_url.startswith(url)),
            "runserver can't serve media if MEDIA_URL is within STATIC_URL.",
        ),
        (
            bool(media_root and settings.STATIC_ROOT) and media_root == settings.STATIC_ROOT,
            "The MEDIA_ROOT and STATIC_ROOT settings must have different values",
        ),
    )
    for wrong, message in problems:
        if wrong:
            raise ImproperlyConfigured(message)
