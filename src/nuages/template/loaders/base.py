"""What loaders share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from nuages.template.base import Origin, Template
from nuages.template.exceptions import TemplateDoesNotExist

if TYPE_CHECKING:
    from nuages.template.engine import Engine


class Loader:
    """Base of loaders: subclasses say where a template may be, and read it.

    Manual: "The Django template language: for Python programmers", section "Custom loaders".
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def get_template(self, template_name: str, skip: Any = None) -> Template:
        """Return the first template of that name whose origin is not in ``skip``.

        Raises:
            TemplateDoesNotExist: there is none; ``tried`` says where it was looked for.
        """
        passed: list[tuple[Origin, str]] = []
        for origin in self.get_template_sources(template_name):
            reason = "Skipped to avoid recursion" if origin in (skip or ()) else ""
            try:
                text = "" if reason else self.get_contents(origin)
            except TemplateDoesNotExist:
                reason = "Source does not exist"
            if not reason:
                return Template(text, origin, template_name, self.engine)
            passed.append((origin, reason))
        raise TemplateDoesNotExist(template_name, tried=passed)

    def get_template_sources(self, template_name: str) -> Iterable[Origin]:
        """Return the places where a template of that name may be."""
        raise NotImplementedError(
            "subclasses of Loader must provide a get_template_sources() method"
        )

    def get_contents(self, origin: Origin) -> str:
        """Return the text of a template.

        Raises:
            TemplateDoesNotExist: it is not there.
        """
        raise NotImplementedError("subclasses of Loader must provide a get_contents() method")

    def reset(self) -> None:
        """Forget what was kept from earlier loads."""
