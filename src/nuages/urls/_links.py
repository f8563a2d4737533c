"""Links that are written over and over from one place, as ``{% url %}`` in a template does.

The plain twin is ``reverse()``: it is asked first, and for whatever a :class:`Link` is not sure of.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from nuages import urls
from nuages.urls._reversing import Road, _quoted_prefix
from nuages.urls.base import _prefix, _resolver_of, _urlconf, reverse
from nuages.urls.converters import IntConverter, SlugConverter, StringConverter, UUIDConverter
from nuages.urls.resolvers import URLResolver, get_resolver
from nuages.utils.html import conditional_escape
from nuages.utils.safestring import SafeString
from nuages.utils.translation import get_language

#: Returns a link, or ``None`` where ``reverse()`` is to be asked.
Writer = Callable[..., str | None]

# What is the same in a path, in a URL and in HTML.
_is_plain = re.compile(r"[\w.\-!$()*+,;=/~:@]*", re.ASCII).fullmatch
_parameter = re.compile(r"%\((\w+)\)s")
_TEXTS = frozenset((int, str, SafeString))
#: Converters whose own text needs no look where the value is of this type.
_NATURAL: dict[Any, type] = {
    IntConverter: int,
    UUIDConverter: uuid.UUID,
    SlugConverter: str,
    StringConverter: str,
}
_TO_URL = {kind: kind.to_url for kind in _NATURAL}


class Link:
    """The links that one place in a template writes.

    Remembers how it was done last, for as long as URLconf, script prefix and, where the patterns
    or names depend on them, language and application are the same.

    Args:
        name: the name of the view.
        names: of the keyword arguments; none where arguments are positional.
        autoescape: whether the text is to be escaped for HTML.
        current_app: returns the current application of a context.
    """

    __slots__ = ("_autoescape", "_current_app", "_known", "_name", "_names", "_namespaced")

    def __init__(
        self,
        name: str,
        names: tuple[str, ...],
        autoescape: bool,
        current_app: Callable[[Any], str | None],
    ) -> None:
        self._name, self._names = name, names
        self._autoescape, self._current_app = autoescape, current_app
        self._namespaced = ":" in name
        #: URLconf, prefix, what else is to be the same, and the writer for these.
        self._known: tuple[Any, str, Any, Writer] = (None, "", None, _unsure)

    def __call__(self, context: Any, *values: Any) -> str:
        """Return the link for these arguments, of which there are always as many.

        Raises:
            NoReverseMatch: no pattern fits.
        """
        resolver, prefix, surroundings, write = self._known
        if (
            get_resolver(_urlconf.get()) is resolver
            and _prefix.get() == prefix
            and (surroundings is None or surroundings == self._surroundings(resolver, context))
            and urls.reverse is reverse
        ):
            text = write(*values)
            if text is not None:
                return text
            return self._plainly(context, values)
        text = self._plainly(context, values)
        if urls.reverse is reverse:
            self._learn(context, len(values))
        return text

    def _plainly(self, context: Any, values: tuple[Any, ...]) -> str:
        url = urls.reverse(
            self._name,
            args=[] if self._names else list(values),
            kwargs=dict(zip(self._names, values, strict=True)) if self._names else {},
            current_app=self._current_app(context),
        )
        return conditional_escape(url) if self._autoescape else url

    def _surroundings(self, resolver: URLResolver, context: Any) -> Any:
        """Return what else the link depends on; ``None`` if nothing."""
        if not (self._namespaced or resolver._speaks_languages):
            return None
        app = self._current_app(context) if self._namespaced else None
        return app, get_language() if resolver._speaks_languages else None

    def _learn(self, context: Any, count: int) -> None:
        resolver, prefix = get_resolver(_urlconf.get()), _prefix.get()
        *namespaces, name = self._name.split(":")
        inner = resolver
        if namespaces:
            inner = _resolver_of(resolver, namespaces, self._current_app(context))
        wanted: Sequence[str] | int = self._names or count
        # The first that takes such arguments is the first that reverse() would try to write.
        road = next((each for each in inner._roads_to(name) if takes(each, wanted)), None)
        write = _unsure if road is None else writer(road, self._names or tuple(road.names), prefix)
        self._known = (resolver, prefix, self._surroundings(resolver, context), write)


def _unsure(*values: Any) -> None:
    return None


def takes(road: Road, wanted: Sequence[str] | int) -> bool:
    """Whether a road takes keyword arguments of these names, or so many positional ones."""
    if isinstance(wanted, int) and wanted:
        return len(road.names) == wanted
    # With defaults it depends on the values: better too often than too seldom.
    return bool(road.defaults) or set(wanted or ()) == set(road.names)


def writer(road: Road, order: tuple[str, ...], prefix: str) -> Writer:
    """Return a function that takes the values of ``order`` and writes the path behind ``prefix``.

    It returns ``None`` for values that need more than putting them in their places.
    """
    checks = road._checks
    pieces = _parameter.split(road.form)
    texts = [piece.replace("%%", "%") for piece in pieces[::2]]
    start = _quoted_prefix(prefix) + texts[0]
    if (
        checks is None
        or road.defaults
        or not all(map(_is_plain, (start, *texts)))
        # The start of a path decides whether it names another host.
        or texts[0].startswith("/")
        or start.startswith("//")
        or not (texts[0] or len(texts) == 1)
        or sorted(order) != sorted(pieces[1::2])
    ):
        return _unsure
    if len(texts) == 1:
        return lambda: start
    makers = {name: _text_maker(road.converters[name], checks[name]) for name in order}
    if len(order) == 1:
        return _with_one(start, texts[1], road.converters[order[0]], makers[order[0]])
    places = [
        (makers[name], order.index(name), text) for name, text in zip(pieces[1::2], texts[1:])
    ]

    def write(*values: Any) -> str | None:
        path = start
        for make, place, text in places:
            value = make(values[place])
            if value is None:
                return None
            path += value + text
        return path

    return write


def _with_one(start: str, end: str, converter: Any, make: Callable[[Any], str | None]) -> Writer:
    numbers = _natural(converter) is int

    def write(value: Any) -> str | None:
        if numbers and type(value) is int and value >= 0:
            return f"{start}{value}{end}"
        text = make(value)
        return None if text is None else f"{start}{text}{end}"

    return write


def _natural(converter: Any) -> type | None:
    kind = type(converter)
    ours = "to_url" not in getattr(converter, "__dict__", ())
    return _NATURAL.get(kind) if ours and kind.to_url is _TO_URL.get(kind) else None


def _text_maker(converter: Any, check: Callable[[str], Any]) -> Callable[[Any], str | None]:
    """Return a function that gives the text of a value, or ``None`` where it needs a closer look."""
    natural = _natural(converter)

    def make(value: Any) -> str | None:
        kind = type(value)
        if kind is natural:
            if kind is str:
                if value.isalnum() and value.isascii():
                    return value
            elif kind is not int or value >= 0:
                return str(value)
        if kind not in _TEXTS:
            return None
        try:
            text = str(converter.to_url(value))
        except ValueError:
            return None
        return text if check(text) and _is_plain(text) else None

    return make
