"""Dictionaries, lists and sets with a twist.

Manual: ref/request-response, "QueryDict objects", for the dictionaries of lists.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Self


class OrderedSet[T]:
    """A set that keeps the order in which items were added."""

    def __init__(self, iterable: Iterable[T] | None = None) -> None:
        self.dict: dict[T, None] = dict.fromkeys(iterable or ())

    def __len__(self) -> int:
        return len(self.dict)

    def __contains__(self, item: object) -> bool:
        return item in self.dict

    def __reversed__(self) -> Iterator[T]:
        return reversed(self.dict)

    def __iter__(self) -> Iterator[T]:
        return iter(self.dict)

    def discard(self, item: T) -> None:
        """Take ``item`` out if it is there."""
        self.dict.pop(item, None)

    def remove(self, item: T) -> None:
        """Take ``item`` out; raises ``KeyError`` if it is not there."""
        self.dict.pop(item)

    def add(self, item: T) -> None:
        """Add ``item``, at the end if it is new."""
        self.dict.setdefault(item)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.dict) if self.dict else ''})"


class MultiValueDictKeyError(KeyError):
    """The key is not in the `MultiValueDict`."""


_NOTHING: Any = ()


class MultiValueDict(dict[Any, Any]):
    """A dictionary of lists that shows the last item of each.

    ``d[key]`` is the last value, ``d.getlist(key)`` all of them; assignment replaces the list.
    """

    def __init__(self, key_to_list_mapping: Any = _NOTHING) -> None:
        if key_to_list_mapping is not _NOTHING:
            super().__init__(key_to_list_mapping)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {super().__repr__()}>"

    def __getitem__(self, key: Any) -> Any:
        try:
            values = super().__getitem__(key)
        except KeyError:
            raise MultiValueDictKeyError(key) from None
        return values[-1] if values else []

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, [value])

    def __copy__(self) -> Self:
        return type(self)([(key, values[:]) for key, values in self.lists()])

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        result = type(self)()
        memo[id(self)] = result
        for key, values in self.lists():
            dict.__setitem__(result, copy.deepcopy(key, memo), copy.deepcopy(values, memo))
        return result

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_data": dict(self.lists())}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for key, values in state.pop("_data", {}).items():
            self.setlist(key, values)
        self.__dict__.update(state)

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the last value of ``key``, or ``default`` if there is none."""
        values = dict.get(self, key)
        # A subclass may have changed what indexing gives.
        return self[key] if values else default

    def getlist(self, key: Any, default: Any = None) -> Any:
        """Return a new list of the values of ``key``, or ``default`` (an empty list)."""
        return self._getlist(key, default, force_list=True)

    def _getlist(self, key: Any, default: Any = None, force_list: bool = False) -> Any:
        try:
            values = super().__getitem__(key)
        except KeyError:
            return [] if default is None else default
        return list(values) if force_list and values is not None else values

    def setlist(self, key: Any, list_: list[Any]) -> None:
        """Make ``list_`` the values of ``key``."""
        super().__setitem__(key, list_)

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """Return the last value of ``key``, set to ``default`` first if it is missing."""
        # Looked up anew: a subclass may store another value.
        self.setlistdefault(key, [default])
        return self[key]

    def setlistdefault(self, key: Any, default_list: list[Any] | None = None) -> list[Any]:
        """Return the values of ``key``, set to ``default_list`` first if it is missing."""
        if key not in self:
            self.setlist(key, [] if default_list is None else default_list)
        return self._getlist(key)

    def appendlist(self, key: Any, value: Any) -> None:
        """Add ``value`` to the values of ``key``."""
        self.setlistdefault(key).append(value)

    def items(self) -> Iterator[tuple[Any, Any]]:  # type: ignore[override]
        """Yield (key, last value)."""
        return ((key, self[key]) for key in self)

    def lists(self) -> Iterable[tuple[Any, list[Any]]]:
        """Return (key, list of values) pairs."""
        return super().items()

    def values(self) -> Iterator[Any]:  # type: ignore[override]
        """Yield the last value of each key."""
        return (self[key] for key in self)

    def copy(self) -> Self:
        """Return a copy with lists of its own."""
        return copy.copy(self)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Add values to those that are there, from a mapping or pairs, and from keywords."""
        if len(args) > 1:
            raise TypeError(f"update expected at most 1 argument, got {len(args)}")
        for source in (*args, kwargs):
            if isinstance(source, MultiValueDict):
                for key, values in source.lists():
                    self.setlistdefault(key).extend(values)
                continue
            pairs = source.items() if isinstance(source, Mapping) else source
            for key, value in pairs:
                self.setlistdefault(key).append(value)

    def dict(self) -> dict[Any, Any]:
        """Return a plain dictionary of the last values."""
        return {key: self[key] for key in self}


class ImmutableList(tuple[Any, ...]):
    """A tuple that says, where a list would change, why it must not."""

    warning: str

    def __new__(
        cls, *args: Any, warning: str = "ImmutableList object is immutable.", **kwargs: Any
    ) -> Self:
        """Make one of the items of an iterable; ``warning`` is the message of its errors."""
        self = super().__new__(cls, *args, **kwargs)
        self.warning = warning
        return self

    def complain(self, *args: Any, **kwargs: Any) -> None:
        """Raise ``AttributeError``: nothing can be changed here."""
        raise AttributeError(self.warning)

    __delitem__ = __delslice__ = __iadd__ = __imul__ = __setitem__ = __setslice__ = complain
    append = extend = insert = pop = remove = sort = reverse = complain


class DictWrapper(dict[str, Any]):
    """A dictionary in which keys with ``prefix`` give the value passed through ``func``."""

    def __init__(self, data: Mapping[str, Any], func: Callable[[Any], Any], prefix: str) -> None:
        super().__init__(data)
        self.func = func
        self.prefix = prefix

    def __getitem__(self, key: str) -> Any:
        if not key.startswith(self.prefix):
            return super().__getitem__(key)
        return self.func(super().__getitem__(key.removeprefix(self.prefix)))


class CaseInsensitiveMapping(Mapping[str, Any]):
    """An unchangeable mapping whose keys are found in any case and shown as they were given."""

    def __init__(self, data: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        self._store = {key.lower(): (key, value) for key, value in self._unpack_items(data)}

    def __getitem__(self, key: str) -> Any:
        return self._store[key.lower()][1]

    def __len__(self) -> int:
        return len(self._store)

    def __iter__(self) -> Iterator[str]:
        return (shown for shown, _ in self._store.values())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return False
        return {key: value for key, (_, value) in self._store.items()} == {
            key.lower(): value for key, value in other.items()
        }

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(dict(self._store.values()))

    def copy(self) -> Self:
        """Return this mapping: it never changes."""
        return self

    @staticmethod
    def _unpack_items(data: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(data, Mapping):
            yield from data.items()
            return
        for number, item in enumerate(data):
            if len(item) != 2:
                raise ValueError(
                    f"dictionary update sequence element #{number} has length {len(item)}; "
                    "2 is required"
                )
            if not isinstance(item[0], str):
                raise ValueError(f"Element key {item[0]!r} invalid, only strings are allowed")
            yield item


class DeferredSubDict:
    """A view of ``parent[name]`` that is looked up anew at each access."""

    def __init__(self, deferred: Mapping[Any, Any], key: Any) -> None:
        self.deferred = deferred
        self.key = key

    def __getitem__(self, key: Any) -> Any:
        return self.deferred[self.key][key]
