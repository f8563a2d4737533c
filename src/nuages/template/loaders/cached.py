"""Templates that other loaders found, kept in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from nuages.template.base import Origin, Template
from nuages.template.exceptions import TemplateDoesNotExist
from nuages.template.loaders.base import Loader as BaseLoader

if TYPE_CHECKING:
    from nuages.template.engine import Engine


class Loader(BaseLoader):
    """Asks other loaders, once per name.

    Args:
        engine: the engine.
        loaders: the other loaders, as in the ``loaders`` option.

    Attributes:
        get_template_cache: what is kept, by ``cache_key``: templates, and errors for names that
            were not found (instances with ``debug``, which tell more; otherwise the class).
        generation: grows by one with each reset.
    """

    def __init__(self, engine: Engine, loaders: Iterable[Any]) -> None:
        super().__init__(engine)
        self.get_template_cache: dict[str, Any] = {}
        self.generation = 0
        self.loaders = engine.get_template_loaders(loaders)

    def get_dirs(self) -> Iterator[Any]:
        """Yield the folders of those loaders that have some."""
        for loader in self.loaders:
            if hasattr(loader, "get_dirs"):
                yield from loader.get_dirs()

    def get_contents(self, origin: Origin) -> str:
        """Return the text of a template, from the loader that found it."""
        return origin.loader.get_contents(origin)

    def get_template_sources(self, template_name: str) -> Iterator[Origin]:
        """Yield the places that the other loaders would look in."""
        for loader in self.loaders:
            yield from loader.get_template_sources(template_name)

    def get_template(self, template_name: str, skip: Any = None) -> Template:
        """Return the template of that name, from memory if it was asked for before.

        Raises:
            TemplateDoesNotExist: no loader has it.
        """
        key = self.cache_key(template_name, skip)
        kept = self.get_template_cache.get(key)
        if kept is None:
            try:
                kept = super().get_template(template_name, skip)
            except TemplateDoesNotExist as error:
                self.get_template_cache[key] = (
                    _bare_copy(error) if self.engine.debug else TemplateDoesNotExist
                )
                raise
            self.get_template_cache[key] = kept
        elif isinstance(kept, TemplateDoesNotExist):
            raise _bare_copy(kept)
        elif kept is TemplateDoesNotExist:
            raise TemplateDoesNotExist(template_name)
        return kept

    def cache_key(self, template_name: Any, skip: Iterable[Origin] | None = None) -> str:
        """Return the key for a name, and for the origins (of that name) that are passed over."""
        name = str(template_name)
        passed = [o.name for o in skip or () if o.template_name == template_name]
        if not passed:
            return name
        return f"{name}-{hashlib.sha1('|'.join(map(str, passed)).encode()).hexdigest()}"

    def reset(self) -> None:
        """Forget all templates."""
        self.get_template_cache.clear()
        self.generation += 1


_OWN_GET = Loader.get_template


def knows_as_missing(loader: Loader, name: str) -> bool:
    """Return whether a loader found out before that there is no template of a name."""
    return (
        loader.get_template_cache.get(name) is TemplateDoesNotExist
        and Loader.get_template is _OWN_GET
    )


def _bare_copy(error: TemplateDoesNotExist) -> TemplateDoesNotExist:
    # An error that was raised holds its frames alive.
    make: Any = TemplateDoesNotExist
    bare: TemplateDoesNotExist = make(
        *error.args, tried=error.tried, backend=error.backend, chain=error.chain
    )
    return bare
