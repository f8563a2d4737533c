"""Templates from a dictionary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nuages.template.base import Origin
from nuages.template.exceptions import TemplateDoesNotExist
from nuages.template.loaders.base import Loader as BaseLoader

if TYPE_CHECKING:
    from nuages.template.engine import Engine


class Loader(BaseLoader):
    """Finds templates in a dictionary of names and texts."""

    def __init__(self, engine: Engine, templates_dict: dict[str, str]) -> None:
        super().__init__(engine)
        self.templates_dict = templates_dict

    def get_contents(self, origin: Origin) -> str:
        """Return the text under the name.

        Raises:
            TemplateDoesNotExist: there is none.
        """
        try:
            return self.templates_dict[origin.name]
        except KeyError:
            raise TemplateDoesNotExist(origin) from None

    def get_template_sources(self, template_name: Any) -> Iterator[Origin]:
        """Yield the one place: the name itself."""
        yield Origin(template_name, template_name, self)
