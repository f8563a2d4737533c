"""Packages whose names are imported when they are first asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any


class _Later:
    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __getattr__(self, attribute: str) -> Any:
        name = self.__name__
        # The attribute is read anew each time: tests put other functions in the place of a module's.
        return getattr(sys.modules.get(name) or import_module(name), attribute)


def later(name: str) -> Any:
    """Return what stands for a module that most processes do not need: it is imported at its use.

    To be written below ``if TYPE_CHECKING: import …``, in the ``else``.
    """
    return _Later(name)


def names_from(package: str, sources: Mapping[str, Iterable[str]]) -> Callable[[str], Any]:
    """Return a ``__getattr__`` for a package, given the names by the submodule they are in."""
    places = {name: module for module, names in sources.items() for name in names}

    def lookup(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{places[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return lookup
