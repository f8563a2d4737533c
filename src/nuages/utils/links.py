"""Whether the methods that a fast path skips are still ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nuages.utils.codegen import compile_function

__all__ = ["all_unreplaced", "unreplaced"]


def unreplaced(
    cls: type, names: Sequence[str], made: Sequence[Any] | None = None
) -> Callable[..., bool]:
    """Return ``check()``: whether these attributes of ``cls`` are what they were made as.

    ``check(other)`` says the same of another class: whether a subclass overrides none of them. The comparisons
    are written out, as the interpreter then remembers where it found an attribute of a class: it takes a
    third of the time of comparing what ``operator.attrgetter`` gives.

    Args:
        made: what they were made as; by default what they are now.
    """
    values = made if made is not None else [getattr(cls, name) for name in names]
    scope = {"C": cls, **{f"v{place}": value for place, value in enumerate(values)}}
    comparisons = " and ".join(f"cls.{name} is v{place}" for place, name in enumerate(names))
    source = f"def check(cls=C): return {comparisons}\n"
    return compile_function(source, "check", scope, f"links of {cls.__name__}")


def all_unreplaced(*links: tuple[type, Sequence[str]]) -> Callable[[], bool]:
    """Return ``check()``: whether these attributes of these classes are what they are now."""
    scope: dict[str, Any] = {}
    comparisons = []
    for number, (cls, names) in enumerate(links):
        scope[f"C{number}"] = cls
        for name in names:
            scope[f"v{number}_{name}"] = getattr(cls, name)
            comparisons.append(f"C{number}.{name} is v{number}_{name}")
    source = f"def check(): return {' and '.join(comparisons)}\n"
    return compile_function(source, "check", scope, f"links of {len(links)} classes")
