"""Finding and importing modules by name."""

from __future__ import annotations

import copy
import os
import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any


def cached_import(module_path: str, class_name: str) -> Any:
    """Return an attribute of a module, importing it only if it has not been loaded whole."""
    module = sys.modules.get(module_path)
    spec = getattr(module, "__spec__", None)
    if module is None or spec is None or getattr(spec, "_initializing", False):
        module = import_module(module_path)
    return getattr(module, class_name)


def import_string(dotted_path: str) -> Any:
    """Return what ``"package.module.Name"`` names.

    Manual: "Django Utils". Raises ``ImportError`` if there is no such module or name.
    """
    module_path, dot, class_name = dotted_path.rpartition(".")
    if not dot:
        raise ImportError(f"{dotted_path} doesn't look like a module path")
    try:
        return cached_import(module_path, class_name)
    except AttributeError as error:
        raise ImportError(
            f'Module "{module_path}" does not define a "{class_name}" attribute/class'
        ) from error


def autodiscover_modules(*args: str, register_to: Any = None) -> None:
    """Import the named submodules of every installed app that has them.

    Args:
        args: names of submodules.
        register_to: an object with a ``_registry``, put back to what it was when an import fails.
    """
    from nuages.apps import apps

    for app_config in apps.get_app_configs():
        for name in args:
            before = copy.copy(register_to._registry) if register_to else None
            try:
                import_module(f"{app_config.name}.{name}")
            except Exception:
                if register_to:
                    register_to._registry = before
                # A module that exists and cannot be imported is an error of its own.
                if module_has_submodule(app_config.module, name):
                    raise


def module_has_submodule(package: ModuleType, module_name: str) -> bool:
    """Whether ``package`` has the submodule ``module_name`` (dotted for one further down)."""
    if not hasattr(package, "__path__") or not hasattr(package, "__name__"):
        return False
    try:
        return find_spec(f"{package.__name__}.{module_name}", package.__name__) is not None
    except ModuleNotFoundError:
        # The parent of a dotted name is missing, or is not a package.
        return False


def module_dir(module: ModuleType) -> str:
    """Return the one folder that holds a module.

    Raises:
        ValueError: a namespace package spread over several folders, or one without any.
    """
    folders = list(getattr(module, "__path__", ()))
    if len(folders) == 1:
        return folders[0]
    filename = getattr(module, "__file__", None)
    if filename is None:
        raise ValueError(f"Cannot determine directory containing {module}")
    return os.path.dirname(filename)
