"""``import django`` is ``import nuages``: one module object under both names.

Every module of the package carries its public name, ``django.X``: that is what ``__module__``,
pickles, deconstructed paths and log records show, so whatever a project writes down can be read by
Django too. ``nuages.X`` is the other name of the same object. Which of the two is imported first
makes no difference.
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader

TYPE_CHECKING = False  # typing itself is slow to import
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType, ModuleType
    from typing import Any

HOUSE = "nuages"
PUBLIC = "django"

#: Modules that exist before the alias does, or that have nothing to do with Django's API.
OWN_MODULES = frozenset({"nuages.alias", "nuages.__main__", "nuages.cli", "nuages.shim"})


if TYPE_CHECKING:
    from importlib.abc import Loader as _Loader
else:
    _Loader = object  # the import system asks for methods, and that module is slow to import


class OtherNameLoader(_Loader):
    """Loads ``nuages.X`` by giving the module object that ``django.X`` is."""

    def __init__(self, public_name: str) -> None:
        self.public_name = public_name

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = sys.modules.get(self.public_name)
        if module is None:
            module = importlib.import_module(self.public_name)
        # The import system is about to write this spec over the module's own.
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        alias_spec = module.__spec__
        if alias_spec is not None and alias_spec.loader is self:
            module.__spec__ = alias_spec.loader_state

    def get_code(self, fullname: str) -> CodeType | None:
        return _loader_of(self.public_name).get_code(self.public_name)

    def get_source(self, fullname: str) -> str | None:
        return _loader_of(self.public_name).get_source(self.public_name)

    def is_package(self, fullname: str) -> bool:
        return _loader_of(self.public_name).is_package(self.public_name)


class HouseLoader(SourceFileLoader):
    """Loads ``django.X``; where that fails, the other name goes with it.

    While a package's own modules are imported it has its other name already, and its parent has it as an attribute:
    left there, it would be found half made the next time.
    """

    def exec_module(self, module: ModuleType) -> None:
        try:
            super().exec_module(module)
        except BaseException:
            self._forget(module)
            raise

    def _forget(self, module: ModuleType) -> None:
        other = HOUSE + self.name[len(PUBLIC) :]
        if sys.modules.get(other) is module:
            del sys.modules[other]
        parent, _, own = self.name.rpartition(".")
        holder = vars(sys.modules[parent]) if parent in sys.modules else {}
        if holder.get(own) is module:
            del holder[own]


class BothNamesFinder:
    """Finds ``django.X`` in this package's folder, and ``nuages.X`` as its other name."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == PUBLIC:
            # Only after someone has removed it from ``sys.modules``.
            return ModuleSpec(fullname, OtherNameLoader(HOUSE), is_package=True)
        if fullname.startswith("django."):
            found = PathFinder.find_spec(fullname, path, target)
            if found is not None and type(found.loader) is SourceFileLoader:
                found.loader = HouseLoader(found.loader.name, found.loader.path)
            return found
        if not fullname.startswith("nuages.") or fullname in OWN_MODULES:
            return None
        public_name = PUBLIC + fullname[len(HOUSE) :]
        if public_name not in sys.modules:
            found = PathFinder.find_spec(public_name, path, target)
            if found is None or found.loader is None:
                return None
        return ModuleSpec(fullname, OtherNameLoader(public_name))


def install() -> None:
    """Make ``django`` a name of this package in this process.

    Raises:
        ImportError: Django itself was imported before.
    """
    house = sys.modules[HOUSE]
    there = sys.modules.get(PUBLIC)
    if there is not None and there is not house:
        where = getattr(there, "__file__", None) or "an unknown place"
        raise ImportError(
            f"Nuages cannot take the name 'django': Django was imported before, from {where}. "
            "Write 'import nuages' above the first import of django (in manage.py, wsgi.py, "
            "asgi.py or conftest.py), or start the command with 'nuages run'."
        )
    if not any(isinstance(finder, BothNamesFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, BothNamesFinder())
    sys.modules[PUBLIC] = house


def _loader_of(name: str) -> Any:
    import importlib.util

    spec = importlib.util.find_spec(name)
    if spec is None or not hasattr(spec.loader, "get_code"):
        raise ImportError(f"No module named {name!r}", name=name)
    return spec.loader
