"""``QueryDict``: form fields and query strings, with several values for one name."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable
from copy import deepcopy
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, overload
from urllib.parse import quote, quote_plus, unquote, unquote_to_bytes

from nuages.conf import settings
from nuages.core.exceptions import TooManyFieldsSent
from nuages.utils.datastructures import MultiValueDict


def _lists(query: str, encoding: str) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    for piece in query.split("&"):
        if not piece:
            continue
        name, _, value = piece.partition("=")
        if "+" in piece:
            name, value = name.replace("+", " "), value.replace("+", " ")
        if "%" in name:
            name = _unescaped(name, encoding)
        if "%" in value:
            value = _unescaped(value, encoding)
        if name in lists:
            lists[name].append(value)
        else:
            lists[name] = [value]
    return lists


def _unescaped(text: str, encoding: str) -> str:
    if text.isascii():
        return unquote_to_bytes(text).decode(encoding, "replace")
    return unquote(text, encoding, "replace")


class QueryDict(MultiValueDict):
    """A ``MultiValueDict`` of text, made from a query string; immutable unless asked otherwise.

    Manual: "QueryDict objects".

    Args:
        query_string: text, or bytes in ``encoding``.
        mutable: whether values can be changed.
        encoding: of escaped characters; default ``DEFAULT_CHARSET``.

    Raises:
        TooManyFieldsSent: more than ``DATA_UPLOAD_MAX_NUMBER_FIELDS`` fields.
    """

    _mutable = True
    _encoding: str | None = None

    if TYPE_CHECKING:

        def __getitem__(self, key: str) -> str: ...
        @overload
        def get(self, key: str, default: None = None) -> str | None: ...
        @overload
        def get[D](self, key: str, default: D) -> str | D: ...
        def get(self, key: str, default: Any = None) -> Any: ...
        def getlist(self, key: str, default: Any = None) -> list[str]: ...

    def __init__(
        self,
        query_string: str | bytes | None = None,
        mutable: bool = False,
        encoding: str | None = None,
    ) -> None:
        self._encoding = encoding
        if query_string:
            encoding = encoding or settings.DEFAULT_CHARSET
            if isinstance(query_string, bytes):
                raw = query_string
                try:
                    query_string = raw.decode(encoding)
                except UnicodeDecodeError:
                    query_string = raw.decode("iso-8859-1")
            limit = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
            if limit is not None and query_string.count("&") >= limit:
                raise TooManyFieldsSent(
                    "The number of GET/POST parameters exceeded "
                    "settings.DATA_UPLOAD_MAX_NUMBER_FIELDS."
                )
            dict.update(self, _lists(query_string, encoding))
        self._mutable = mutable

    @classmethod
    def fromkeys(
        cls, iterable: Iterable[Any], value: Any = "", mutable: bool = False, encoding: Any = None
    ) -> QueryDict:
        """Return a ``QueryDict`` where each key of ``iterable`` has ``value``."""
        made = cls(mutable=True, encoding=encoding)
        for key in iterable:
            made.appendlist(key, value)
        made._mutable = mutable
        return made

    @property
    def encoding(self) -> str:
        """The encoding of keys and values given as bytes, and of ``urlencode()``."""
        return self._encoding or settings.DEFAULT_CHARSET

    @encoding.setter
    def encoding(self, value: str | None) -> None:
        self._encoding = value

    def _text(self, value: Any) -> Any:
        return str(value, self.encoding, "replace") if isinstance(value, bytes) else value

    def _assert_mutable(self) -> None:
        if not self._mutable:
            raise AttributeError("This QueryDict instance is immutable")

    def _again(self, each: Callable[[Any], Any], twin: QueryDict | None = None) -> QueryDict:
        """Return a mutable twin whose keys and values went through ``each``."""
        twin = self._empty() if twin is None else twin
        for key, values in self.lists():
            twin.setlist(each(key), each(values))
        return twin

    def _empty(self) -> QueryDict:
        return type(self)(None, True, self.encoding)

    def __copy__(self) -> QueryDict:
        return self._again(lambda same: same)

    def __deepcopy__(self, memo: dict[int, Any]) -> QueryDict:
        twin = memo[id(self)] = self._empty()
        return self._again(partial(deepcopy, memo=memo), twin)

    def copy(self) -> QueryDict:
        """Return a mutable deep copy."""
        return deepcopy(self)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._assert_mutable()
        super().__setitem__(self._text(key), self._text(value))

    def setlist(self, key: Any, list_: Iterable[Any]) -> None:
        """Make ``list_`` the values of ``key``."""
        self._assert_mutable()
        super().setlist(self._text(key), [self._text(value) for value in list_])

    def appendlist(self, key: Any, value: Any) -> None:
        """Add ``value`` to the values of ``key``."""
        self._assert_mutable()
        super().appendlist(self._text(key), self._text(value))

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """Return the value of ``key``, after setting it to ``default`` where it is missing."""
        self._assert_mutable()
        return super().setdefault(self._text(key), self._text(default))

    def urlencode(self, safe: str | None = None) -> str:
        """Return the contents as a query string; characters in ``safe`` stay as they are."""
        encode: Callable[[bytes], str] = partial(quote, safe=safe) if safe else quote_plus
        codec = codecs.lookup(self.encoding)

        def escaped(value: Any) -> str:
            return encode(codec.encode(str(value), "strict")[0])

        return "&".join(
            f"{escaped(key)}={escaped(value)}" for key, values in self.lists() for value in values
        )


def _guarded(name: str) -> Callable[..., Any]:
    plain = getattr(MultiValueDict, name)

    @wraps(plain)
    def method(self: QueryDict, *args: Any, **kwargs: Any) -> Any:
        self._assert_mutable()
        return plain(self, *args, **kwargs)

    return method


for _name in ("__delitem__", "clear", "pop", "popitem", "setlistdefault", "update"):
    setattr(QueryDict, _name, _guarded(_name))


# Where the manual has them.
QueryDict.__module__ = "django.http.request"
