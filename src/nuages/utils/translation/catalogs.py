"""Message catalogues: what one language says, merged from many files.

Files may count plurals differently, so a catalogue keeps layers: the messages of files that
share a plural rule, newest rule first. Messages without plurals are looked up in one flat
dictionary of all layers.
"""

import gettext as gettext_module
import os
from collections.abc import Callable, Iterable, Iterator
from types import MappingProxyType
from typing import Any, cast

type Key = str | tuple[str, int]


class Layer:
    """Messages that share a plural rule."""

    __slots__ = ("messages", "plural")

    def __init__(self, messages: dict[Key, str], plural: Callable[[float], int]) -> None:
        self.messages = messages
        self.plural = plural

    def same_rule(self, plural: Callable[[float], int]) -> bool:
        """Say whether ``plural`` was compiled from the same expression."""
        mine, other = (getattr(rule, "__code__", rule) for rule in (self.plural, plural))
        return mine == other


class Messages:
    """A catalogue's messages as one mapping; the newest layer wins."""

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self.flat: dict[Key, str] = {}
        # Messages that have forms for numbers.
        self.counted: set[str] = set()

    def add(self, messages: dict[Key, str], plural: Callable[[float], int]) -> None:
        """Lay ``messages`` over those that are there."""
        if self.layers and self.layers[0].same_rule(plural):
            self.layers[0].messages.update(messages)
        else:
            self.layers.insert(0, Layer(dict(messages), plural))
        self.flat.update(messages)
        self.counted.update(key[0] for key in messages if isinstance(key, tuple))

    def plural_form(self, singular: str, number: float) -> str | None:
        """Return the form of a message for ``number``, by the rule of its own layer."""
        for layer in self.layers:
            form = layer.messages.get((singular, layer.plural(number)))
            if form is not None:
                return form
        return None

    def __getitem__(self, key: Key) -> str:
        return self.flat[key]

    def __setitem__(self, key: Key, value: str) -> None:
        self.flat[key] = value
        if isinstance(key, tuple):
            self.counted.add(key[0])
        if self.layers:
            self.layers[0].messages[key] = value

    def __contains__(self, key: object) -> bool:
        return key in self.flat

    def __iter__(self) -> Iterator[Key]:
        return iter(self.flat)

    def __len__(self) -> int:
        return len(self.flat)

    def get(self, key: Key, default: Any = None) -> Any:
        """Return the message of ``key``, or ``default``."""
        return self.flat.get(key, default)

    def items(self) -> Iterable[tuple[Key, str]]:
        """Return (key, message) pairs."""
        return MappingProxyType(self.flat).items()

    def keys(self) -> Iterable[Key]:
        """Return the keys."""
        return MappingProxyType(self.flat).keys()


def mo_files(domain: str, directory: str | os.PathLike[str], locale: str) -> list[str]:
    """Return the compiled files for ``locale`` in a directory, generic language first."""
    found = gettext_module.find(domain, os.fspath(directory), [locale], all=True)
    return list(reversed(found or []))


def read_mo(path: str) -> gettext_module.GNUTranslations:
    """Read a compiled file."""
    with open(path, "rb") as file:
        return gettext_module.GNUTranslations(file)


def _first_only(number: float) -> int:
    return int(number != 1)


class Catalog(gettext_module.NullTranslations):
    """The messages of one language, with the standard library's interface."""

    # (The standard library's own.)
    _info: dict[str, str]
    _fallback: gettext_module.NullTranslations | None

    def __init__(self) -> None:
        super().__init__()
        self._catalog = Messages()
        self.files_read = 0

    def merge(self, other: gettext_module.NullTranslations) -> None:
        """Lay the messages of ``other`` over those that are there."""
        messages = getattr(other, "_catalog", None)
        if not messages:
            return
        self._info.update(other.info())
        self._catalog.add(dict(messages.items()), getattr(other, "plural", _first_only))

    def plural(self, number: float) -> int:
        """Return the index of the plural form for ``number`` by the newest rule."""
        return self._catalog.layers[0].plural(number) if self._catalog.layers else int(number != 1)

    def gettext(self, message: str) -> str:
        """Return the translation of ``message``, or ``message``."""
        messages = self._catalog
        text = messages.flat.get(message)
        if text is None and message in messages.counted:
            text = messages.plural_form(message, 1)
        if text is None:
            return self._fallback.gettext(message) if self._fallback else message
        return text

    def ngettext(self, msgid1: str, msgid2: str, n: float) -> str:
        """Return the translated form for ``n``, or one of the arguments."""
        text = self._catalog.plural_form(msgid1, n)
        if text is not None:
            return text
        if self._fallback:
            return self._fallback.ngettext(msgid1, msgid2, cast(int, n))
        return msgid1 if n == 1 else msgid2
