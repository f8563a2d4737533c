"""Views named by dotted paths."""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from nuages.core.exceptions import ViewDoesNotExist


@functools.cache
def get_callable(lookup_view: Any) -> Callable[..., Any]:
    """Return the view that a dotted path names; a callable is returned as it is.

    Raises:
        ImportError: the module cannot be imported, or the name has no dot.
        ViewDoesNotExist: the module has no such view.
    """
    if callable(lookup_view):
        return lookup_view
    if not isinstance(lookup_view, str):
        raise ViewDoesNotExist(f"'{lookup_view}' is not a callable or a dot-notation path")
    problem = f"Could not import '{lookup_view}'."
    module_name, view_name = get_mod_func(lookup_view)
    if not view_name:
        raise ImportError(f"{problem} The path must be fully qualified.")
    try:
        module = import_module(module_name)
    except ImportError:
        # The module before the last dot may be missing, or fail to import something itself.
        parent = get_mod_func(module_name)[0]
        if get_mod_func(module_name)[1] and find_spec(parent) and not _exists(module_name):
            raise ViewDoesNotExist(
                f"{problem} Parent module {module_name} does not exist."
            ) from None
        raise
    try:
        view = getattr(module, view_name)
    except AttributeError:
        raise ViewDoesNotExist(f"{problem} View does not exist in module {module_name}.") from None
    if not callable(view):
        raise ViewDoesNotExist(f"{problem} View is not callable.")
    return view


def _exists(module_name: str) -> bool:
    try:
        return find_spec(module_name) is not None
    except ModuleNotFoundError:
        return False


def get_mod_func(callback: str) -> tuple[str, str]:
    """Split ``"a.b.view"`` into ``("a.b", "view")``; without a dot the second part is empty."""
    module_name, dot, name = callback.rpartition(".")
    return (module_name, name) if dot else (callback, "")
