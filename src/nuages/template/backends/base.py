"""What backends share. Manual: "Templates", section "Custom backends"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from nuages.core.exceptions import ImproperlyConfigured, SuspiciousFileOperation
from nuages.template.utils import get_app_template_dirs
from nuages.utils._os import safe_join
from nuages.utils.functional import cached_property


class BaseEngine:
    """Base of backends.

    Args:
        params: ``NAME``, ``DIRS`` and ``APP_DIRS`` of an entry in ``TEMPLATES``; subclasses take
            ``OPTIONS`` out before.

    Raises:
        ImproperlyConfigured: something else is left over.
    """

    #: Name of the folders in applications that the engine looks in.
    app_dirname: str

    def __init__(self, params: dict[str, Any]) -> None:
        rest = dict(params)
        self.name = rest.pop("NAME")
        self.dirs = list(rest.pop("DIRS"))
        self.app_dirs = rest.pop("APP_DIRS")
        if rest:
            raise ImproperlyConfigured(f"Unknown parameters: {', '.join(rest)}")

    def check(self, **kwargs: Any) -> list[Any]:
        """Return what is wrong with the configuration."""
        return []

    def from_string(self, template_code: str) -> Any:
        """Return the template with this text."""
        raise NotImplementedError("subclasses of BaseEngine should provide a from_string() method")

    def get_template(self, template_name: str) -> Any:
        """Return the template of that name.

        Raises:
            TemplateDoesNotExist: there is none.
        """
        raise NotImplementedError("subclasses of BaseEngine must provide a get_template() method")

    @cached_property
    def template_dirs(self) -> tuple[Any, ...]:
        """The folders to look in, in order."""
        return (*self.dirs, *(get_app_template_dirs(self.app_dirname) if self.app_dirs else ()))

    def iter_template_filenames(self, template_name: str) -> Iterator[str]:
        """Yield the paths at which a template of that name may be, all within the folders."""
        folders: Sequence[Any] = self.template_dirs
        for folder in folders:
            try:
                yield safe_join(folder, template_name)
            except SuspiciousFileOperation:
                continue
