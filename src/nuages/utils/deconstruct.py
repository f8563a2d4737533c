"""Objects that can say how they were made, so that migrations can write them down.

Manual: topics/migrations, "Adding a ``deconstruct()`` method".
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any, overload

from nuages.utils.version import get_docs_version


@overload
def deconstructible[C: type](klass: C, /) -> C: ...
@overload
def deconstructible[C: type](*, path: str | None = None) -> Callable[[C], C]: ...
def deconstructible(klass: type | None = None, /, *, path: str | None = None) -> Any:
    """Class decorator: instances get ``deconstruct() -> (path, args, kwargs)``.

    ``path`` is the import path to write for the class itself, in place of where it is defined.
    """
    if klass is None:
        return lambda decorated: _equip(decorated, path)
    return _equip(klass, path)


def _equip(klass: type, path: str | None) -> type:
    above: Any = klass

    def remember(cls: type, *args: Any, **kwargs: Any) -> Any:
        # The arguments as they were given: __init__ may change or drop them.
        instance = super(above, cls).__new__(cls)
        instance._constructor_args = (args, kwargs)
        return instance

    def deconstruct(self: Any) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Return the import path of the class, and the arguments it was called with.

        Raises ``ValueError`` for a class that cannot be imported.
        """
        cls = type(self)
        where = path if path and cls is klass else f"{cls.__module__}.{cls.__name__}"
        module, _, name = where.rpartition(".")
        if not hasattr(import_module(module), name):
            raise ValueError(
                f"Could not find object {name} in {module}.\n"
                "Please note that you cannot serialize things like inner classes. Please move "
                "the object into the main module body to use migrations.\n"
                "For more information, see https://docs.djangoproject.com/en/"
                f"{get_docs_version()}/topics/migrations/#serializing-values"
            )
        return where, *self._constructor_args

    klass.__new__ = staticmethod(remember)  # type: ignore[method-assign,assignment]
    klass.deconstruct = deconstruct  # type: ignore[attr-defined]
    return klass
