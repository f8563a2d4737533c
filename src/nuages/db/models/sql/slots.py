"""Places for values in a syntax tree that is compiled once and run with many values.

A trail (see "Trails" in ``docs/architecture.md``) is replayed into a ``Query`` with a ``Slot`` wherever
a value of the user's would stand. Lookups that are safe for it compile a slot to ``%s`` and leave a
``SlotParam`` among the parameters; whoever runs the compiled plan turns each into a value.

Rules of the game:

* ``None``, ``True`` and ``False`` change the SQL, so they are never slots: they are literals, part of
  the path's key. The list of an ``__in`` condition is replayed as a list of one ``Slots``.
* A lookup or transform takes part if its own class body says ``trail_safe = True`` (it is not inherited:
  a subclass may do anything to its right-hand side). The same goes for the field it looks at.
* ``adapt`` may raise ``LeavesTrail`` for a value that the compiled SQL cannot serve (an integer beyond the
  column's range, say): that one run then takes the plain road.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

__all__ = ["LeavesTrail", "Slot", "SlotParam", "Slots", "fill", "holds_slot", "is_trail_safe"]


class LeavesTrail(Exception):
    """Raised where a construct or a value cannot be compiled with slots; the plain road serves it."""


class Slot:
    """The place of the ``index``-th parameter of a trail, standing where a value would."""

    __slots__ = ("index",)

    def __init__(self, index: int) -> None:
        self.index = index

    def __repr__(self) -> str:
        return f"Slot({self.index})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Slot) and other.index == self.index

    def __hash__(self) -> int:
        return hash((Slot, self.index))


class Slots(Slot):
    """The place of a parameter that is several values, standing as the one item of a list."""

    __slots__ = ()


class SlotParam:
    """A parameter still to be made: ``adapt(values[index])`` is what the driver gets.

    If it stands for ``many``, the value is a list, of which each item is adapted and is a parameter.
    """

    __slots__ = ("adapt", "index", "many")

    def __init__(
        self, index: int, adapt: Callable[[Any], Any] | None = None, many: bool = False
    ) -> None:
        self.index = index
        self.adapt = adapt
        self.many = many

    def __repr__(self) -> str:
        return f"SlotParam({self.index})"

    def value(self, values: Sequence[Any]) -> Any:
        """Return the driver's value, given the trail's parameters."""
        value = values[self.index]
        return value if self.adapt is None else self.adapt(value)

    def then(self, wrap: Callable[[Any], Any]) -> SlotParam:
        """Return a parameter that also passes its value through ``wrap``."""
        adapt = self.adapt
        if adapt is None:
            return SlotParam(self.index, wrap, self.many)
        return SlotParam(self.index, lambda value: wrap(adapt(value)), self.many)


def is_trail_safe(thing: object) -> bool:
    """Say whether the class of ``thing`` (or ``thing``, a class) declares itself safe in its own body."""
    cls = thing if isinstance(thing, type) else type(thing)
    return cls.__dict__.get("trail_safe", False) is True


def holds_slot(value: Any) -> bool:
    """Say whether ``value`` is a slot, or a list or tuple with slots in it."""
    if isinstance(value, Slot):
        return True
    return type(value) in (list, tuple) and any(isinstance(item, Slot) for item in value)


def fill(params: Iterable[Any], values: Sequence[Any]) -> tuple[Any, ...]:
    """Return ``params`` with each ``SlotParam`` replaced by its value (the plain twin of a compiled plan)."""
    return tuple(p.value(values) if isinstance(p, SlotParam) else p for p in params)
