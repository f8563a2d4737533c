"""Choices of fields in all forms that the manual allows, brought to one.

Manual: ref/models/fields, "choices".
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from itertools import islice, zip_longest
from typing import Any

from nuages.utils.functional import Promise

__all__ = [
    "BaseChoiceIterator",
    "BlankChoiceIterator",
    "CallableChoiceIterator",
    "flatten_choices",
    "normalize_choices",
]

_MISSING = object()


class BaseChoiceIterator:
    """Choices that are computed anew at each iteration; equal to a list of the same ones."""

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError("BaseChoiceIterator subclasses must implement __iter__().")

    def __eq__(self, other: object) -> Any:
        if not isinstance(other, Iterable):
            return NotImplemented
        return all(a == b for a, b in zip_longest(self, other, fillvalue=_MISSING))

    __hash__ = None  # type: ignore[assignment]

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice) or index < 0:
            return list(self)[index]
        try:
            return next(islice(self, index, index + 1))
        except StopIteration:
            raise IndexError("index out of range") from None


class BlankChoiceIterator(BaseChoiceIterator):
    """Choices with ``blank_choice`` before them, unless one of them is blank."""

    def __init__(self, choices: Any, blank_choice: list[tuple[Any, Any]]) -> None:
        self.choices = choices
        self.blank_choice = blank_choice

    def __iter__(self) -> Iterator[Any]:
        choices = list(self.choices)
        if not any(value in ("", None) for value, _ in flatten_choices(choices)):
            yield from self.blank_choice
        yield from choices


class CallableChoiceIterator(BaseChoiceIterator):
    """The choices that a callable returns."""

    def __init__(self, choices_func: Callable[[], Any]) -> None:
        self.func = choices_func

    def __iter__(self) -> Iterator[Any]:
        yield from normalize_choices(self.func())


def flatten_choices(choices: Any) -> Generator[tuple[Any, Any]]:
    """Yield the (value, label) pairs of ``choices``, those in groups included."""
    for value, label in choices or ():
        if isinstance(label, list | tuple):
            yield from label
        else:
            yield value, label


def normalize_choices(value: Any, *, depth: int = 0) -> Any:
    """Return ``value`` as a list of (value, label) pairs, groups as (name, list of pairs).

    Takes pairs, mappings, enumerations, iterators, and callables of these (which are kept, to
    be called later). What is none of them is returned as it is, for checks to complain about.
    """
    from nuages.db.models.enums import ChoicesType

    match value:
        case BaseChoiceIterator() | Promise() | bytes() | str():
            return value
        case ChoicesType():
            return value.choices
        case Mapping():
            pairs = value.items()
        case Iterator():
            # To be read once only, even if it turns out to be no choices.
            value = pairs = list(value)  # type: ignore[assignment]
        case Iterable():
            pairs = value  # type: ignore[assignment]
        # What can be iterated over is choices, even if it can be called as well.
        case _ if callable(value):
            return value if depth else CallableChoiceIterator(value)
        case _:
            return value
    if depth > 1:
        return value
    try:
        return [(key, _group(label, depth)) for key, label in map(_pair, pairs)]
    except (TypeError, ValueError):
        return value


def _pair(item: Any) -> Any:
    # Two characters would unpack like a pair.
    if isinstance(item, str | bytes | Promise):
        raise TypeError("not a pair")
    return item


def _group(label: Any, depth: int) -> Any:
    """Return what stands beside a value: its label, or the choices of a group."""
    if depth:
        return label
    if callable(label) and not isinstance(label, Promise):
        label = label()
    return normalize_choices(label, depth=1)
