"""From a name and arguments to a path: formats that are built once per URLconf and language."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from nuages.urls._matching import view_path
from nuages.urls._patterns import RegexPattern, RoutePattern
from nuages.urls._routes import route_form
from nuages.urls.converters import Converter
from nuages.utils.datastructures import MultiValueDict
from nuages.utils.http import RFC3986_SUBDELIMS, escape_leading_slashes
from nuages.utils.regex_helper import normalize

if TYPE_CHECKING:
    from nuages.urls.resolvers import URLPattern, URLResolver

#: A ``%`` format of the path and the names of its parameters.
Form = tuple[str, list[str]]
#: What ``reverse_dict`` holds: forms, expression, default arguments, converters.
Entry = tuple[list[Form], str, dict[str, Any], dict[str, Converter]]

#: Characters that need no escape in a path: RFC 3986's sub-delimiters, and ``/~:@``.
SAFE = RFC3986_SUBDELIMS + "/~:@"
_needs_no_escape = re.compile(r"[\w.\-!$&'()*+,;=/~:@]*", re.ASCII).fullmatch


@dataclass(slots=True)
class Index:
    """All that can be reversed below one resolver, in one language."""

    entries: MultiValueDict = field(default_factory=MultiValueDict)
    #: Namespace → expression of the prefix, resolver, converters of the prefix.
    namespaces: dict[str, tuple[str, URLResolver, dict[str, Converter]]] = field(
        default_factory=dict
    )
    apps: dict[str, list[str]] = field(default_factory=dict)
    callbacks: set[str] = field(default_factory=set)


def expression(pattern: Any) -> str:
    """Return the source of a pattern's expression without the mark of its start."""
    source: str = pattern.regex.pattern
    return source.removeprefix("^")


def forms(pattern: Any) -> list[Form]:
    """Return the formats of the paths that ``pattern`` matches."""
    if isinstance(pattern, RoutePattern):
        return [route_form(pattern.tokens)]
    return normalize(expression(pattern))


def build_index(resolver: URLResolver) -> Index:
    """Collect what can be reversed below ``resolver``, later patterns before earlier ones."""
    index = Index()
    for child in reversed(resolver.url_patterns):
        if hasattr(child, "callback"):
            _add_pattern(index, child)
        else:
            _add_resolver(index, child)
    return index


def _add_pattern(index: Index, child: URLPattern) -> None:
    pattern = child.pattern
    index.callbacks.add(child.lookup_str)
    entry: Entry = (
        forms(pattern),
        expression(pattern),
        child.default_args or {},
        pattern.converters,
    )
    index.entries.appendlist(child.callback, entry)
    if child.name is not None:
        index.entries.appendlist(child.name, entry)


def _add_resolver(index: Index, child: URLResolver) -> None:
    pattern = child.pattern
    lead = expression(pattern)
    child._populate()
    index.callbacks.update(child._callback_strs)
    if child.namespace:
        # Who includes with a namespace names the application too.
        index.apps.setdefault(child.app_name or child.namespace, []).append(child.namespace)
        index.namespaces[child.namespace] = (lead, child, pattern.converters)
        return
    inner = child._index
    prefixes = forms(pattern)
    for lookup in inner.entries:
        for inner_forms, inner_expression, defaults, converters in inner.entries.getlist(lookup):
            index.entries.appendlist(
                lookup,
                (
                    _combine(prefixes, inner_forms),
                    lead + inner_expression.removeprefix("^"),
                    {**defaults, **child.default_kwargs},
                    {**child.pattern.converters, **converters},
                ),
            )
    for namespace, (prefix, resolver, converters) in inner.namespaces.items():
        index.namespaces[namespace] = (
            lead + prefix,
            resolver,
            {**pattern.converters, **converters},
        )
    for app_name, namespaces in inner.apps.items():
        index.apps.setdefault(app_name, []).extend(namespaces)


def _combine(outer: list[Form], inner: list[Form]) -> list[Form]:
    return [
        (a + b, names + more)
        for a, names in outer
        for b, more in (_renumbered(form, names) for form in inner)
    ]


def _renumbered(form: Form, taken: list[str]) -> Form:
    """Give positional parameters, ``_0`` and so on, the numbers that follow the outer ones."""
    text, names = form
    count = sum(name.startswith("_") and name[1:].isdecimal() for name in taken)
    if not count:
        return form
    renamed = [
        f"_{int(name[1:]) + count}" if name.startswith("_") and name[1:].isdecimal() else name
        for name in names
    ]
    marks = dict(zip(names, renamed, strict=True))
    return re.sub(r"%\((_\d+)\)s", lambda found: f"%({marks[found[1]]})s", text), renamed


@dataclass(slots=True)
class Road:
    """One way to write the path of a view."""

    form: str
    names: list[str]
    expression: str
    defaults: dict[str, Any]
    converters: dict[str, Converter]
    #: Whether every parameter is one of a route, so that its own expression is proof enough.
    _checks: dict[str, Any] | None = None
    _form_is_safe: bool = False
    #: The path below "/", of a form without parameters that needs no second look.
    _only: str | None = None

    def __post_init__(self) -> None:
        self._form_is_safe = bool(_needs_no_escape(self.form % dict.fromkeys(self.names, "")))
        if all(name in self.converters for name in self.names) and "?" not in re.sub(
            r"\(\?P<\w+>", "", self.expression
        ):
            self._checks = {
                name: re.compile(self.converters[name].regex).fullmatch for name in self.names
            }
        if not (self.names or self.defaults):
            self._only = self.write("/", (), {})

    def write(self, prefix: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        """Return the path for these arguments; ``None`` where they do not fit."""
        names = self.names
        if self._only is not None and not args and not kwargs and prefix == "/":
            return self._only
        if args:
            if len(args) != len(names):
                return None
            if prefix == "/" and self._checks is not None and self._form_is_safe:
                url = self._written_straight(args)
                if url is not None:
                    return url
            given: dict[str, Any] = dict(zip(names, args, strict=True))
        else:
            defaults = self.defaults
            if defaults:
                if set(kwargs).symmetric_difference(names).difference(defaults):
                    return None
                # Where the path captures it, the default is not what the view gets.
                fixed = defaults.keys() - set(names)
                if any(kwargs.get(name, defaults[name]) != defaults[name] for name in fixed):
                    return None
            elif len(kwargs) != len(names) or kwargs.keys() != set(names):
                return None
            given = kwargs
        texts: dict[str, str] = {}
        try:
            for name, value in given.items():
                converter = self.converters.get(name)
                texts[name] = str(value if converter is None else converter.to_url(value))
        except ValueError:
            return None
        if any(name not in texts for name in names):
            return None
        path = self.form % texts
        if not self._fits(path, texts):
            return None
        if self._form_is_safe and all(map(_needs_no_escape, texts.values())):
            url = _quoted_prefix(prefix) + path
        else:
            url = quote(prefix + path, safe=SAFE)
        # A path of two slashes would name another host.
        return escape_leading_slashes(url) if url.startswith("//") else url

    def _written_straight(self, args: tuple[Any, ...]) -> str | None:
        """Return the path for arguments that need neither quoting nor a second look."""
        checks, texts = self._checks, {}
        for name, value in zip(self.names, args, strict=True):
            kind = type(value)
            if kind is not int and kind is not str:
                return None
            try:
                text = str(self.converters[name].to_url(value))
            except ValueError:
                return None
            if not checks[name](text) or not _needs_no_escape(text):  # type: ignore[index]
                return None
            texts[name] = text
        path = self.form % texts
        return None if path[:1] == "/" else f"/{path}"

    def _fits(self, path: str, texts: dict[str, str]) -> bool:
        checks = self._checks
        if checks is not None and all(checks[name](texts[name]) for name in self.names):
            return True
        # Texts that do not fit one by one may do together: the expression has the last word.
        return re.match(self.expression, path) is not None


def _quoted_prefix(prefix: str) -> str:
    return prefix if prefix == "/" else quote(prefix, safe=SAFE)


def roads(entries: list[Entry]) -> list[Road]:
    """Return all ways to write the paths of ``entries``, in the order they are tried."""
    return [
        Road(form, names, source, defaults, converters)
        for possible, source, defaults, converters in entries
        for form, names in possible
    ]


def speaks_languages(resolver: URLResolver) -> bool:
    """Whether the patterns below ``resolver`` may differ from language to language."""
    seen: set[int] = set()
    waiting: list[Any] = [resolver]
    while waiting:
        entry = waiting.pop()
        pattern = getattr(entry, "pattern", None)
        source: Any = None
        if type(pattern) is RoutePattern:
            source = pattern._route
        elif type(pattern) is RegexPattern:
            source = pattern._regex
        if not isinstance(source, str):
            return True
        if hasattr(entry, "url_patterns") and id(entry) not in seen:
            seen.add(id(entry))
            waiting.extend(entry.url_patterns)
    return False


def no_match_message(
    view: Any, entries: list[Entry], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> str:
    """Return what ``NoReverseMatch`` says."""
    shown = view_path(view) if callable(view) else view
    if not entries:
        return (
            f"Reverse for '{shown}' not found. '{shown}' is not a valid view function or pattern "
            "name."
        )
    if args:
        how = f"arguments '{args}'"
    elif kwargs:
        how = f"keyword arguments '{kwargs}'"
    else:
        how = "no arguments"
    tried = [source for _, source, _, _ in entries]
    return f"Reverse for '{shown}' with {how} not found. {len(tried)} pattern(s) tried: {tried}"
