"""The compiled road from a path to a match: one trie per URLconf tree.

Routes are cut into segments at their slashes and put into a trie: literal segments in
dictionaries, segments with converters behind one expression per kind. Included routes that end
with a slash are part of the same trie. What does not fit (regular expressions, lazy routes, the
language prefix, converters that may match a slash, patterns of other people) is an *island*: an
entry that is asked itself, hung as deep into the trie as its literal beginning allows.

Entries are numbered in the order of the URLconf. Walking the trie gives all entries that can match;
the one with the lowest number that does is the answer: the first-match order of the manual.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from nuages.urls._matching import ResolverMatch, enclose, join_route
from nuages.urls._patterns import RegexPattern, RoutePattern
from nuages.urls._routes import Parameter, Token
from nuages.urls.converters import PathConverter, StringConverter
from nuages.urls.exceptions import Resolver404

if TYPE_CHECKING:
    from nuages.urls.resolvers import URLPattern, URLResolver

# Expressions made of letters, digits, simple classes and quantifiers cannot match a slash...
_HARMLESS = re.compile(r"(?:\\[dw]|\(\?:|[A-Za-z0-9_{},+*?\[\])|-])+")
# ...except by a range that begins before it.
_RANGE_OVER_SLASH = re.compile(r"[,+*)\-]-")
# How a regular expression begins, as long as that is literal text.
_LITERAL_START = re.compile(r"\^([\w/ -]*)(?P<next>.?)")


class Node:
    """A place in the trie: what can follow the segments up to here."""

    __slots__ = ("ends", "islands", "kinds", "literals", "tails")

    def __init__(self) -> None:
        self.literals: dict[str, Node] = {}
        #: Source of the expression → its ``fullmatch``, and where it leads.
        self.kinds: dict[str, tuple[Callable[[str], re.Match[str] | None], Node]] = {}
        self.ends: list[Leaf] = []
        self.tails: list[Leaf] = []
        self.islands: list[Island] = []


class Leaf:
    """A route to a view, inside the trie as a whole."""

    __slots__ = ("conversions", "index", "levels", "names", "pattern", "route", "simple")

    def __init__(
        self, index: int, pattern: URLPattern, levels: tuple[URLResolver, ...], route: str
    ) -> None:
        self.index = index
        self.pattern = pattern
        self.levels = levels
        self.route = route
        steps: tuple[Any, ...] = (*levels[1:], pattern)
        parameters = [
            token for step in steps for token in step.pattern.tokens if isinstance(token, Parameter)
        ]
        self.names = tuple(parameter.name for parameter in parameters)
        self.conversions = tuple(
            (number, parameter.converter)
            for number, parameter in enumerate(parameters)
            if type(parameter.converter).to_python is not StringConverter.to_python
        )
        self.simple = not pattern.default_args and not any(r.default_kwargs for r in levels)

    def match(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], values: tuple[str, ...]
    ) -> ResolverMatch | None:
        """Return the match for the captured texts; ``None`` where a converter refuses one."""
        if values:
            converted: list[Any] = list(values)
            try:
                for number, converter in self.conversions:
                    converted[number] = converter.to_python(values[number])
            except ValueError:
                return None
            captured = {**kwargs, **dict(zip(self.names, converted, strict=True))}
        else:
            converted = []
            captured = dict(kwargs)
        if self.simple:
            merged = captured.copy()
            extra: dict[str, Any] = {}
        else:
            merged, extra = self._with_defaults(kwargs, converted)
        pattern, levels = self.pattern, self.levels
        made = ResolverMatch.__new__(ResolverMatch)
        made.func = pattern.callback
        made.args = () if merged else args
        made.kwargs = merged
        made.url_name = pattern.pattern.name
        made.route = self.route
        made.captured_kwargs = captured
        made.extra_kwargs = extra
        made.app_names = [level.app_name for level in levels if level.app_name]
        made.namespaces = [level.namespace for level in levels if level.namespace]
        return made

    def _with_defaults(
        self, kwargs: dict[str, Any], values: list[Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return all keyword arguments, inner ones over outer ones, and those not captured."""
        merged, extra = dict(kwargs), {}
        steps = [(level.pattern, level.default_kwargs) for level in self.levels]
        steps.append((self.pattern.pattern, self.pattern.default_args or {}))
        given = iter(values)
        for number, (pattern, defaults) in enumerate(steps):
            if number:
                for name in pattern.converters:
                    merged[name] = next(given)
            merged.update(defaults)
            extra.update(defaults)
        return merged, extra


class Island:
    """An entry that is asked itself, with the rest of the path after ``depth`` segments."""

    __slots__ = ("child", "depth", "index", "levels")

    def __init__(
        self,
        index: int,
        child: URLPattern | URLResolver,
        levels: tuple[URLResolver, ...],
        depth: int,
    ) -> None:
        self.index = index
        self.child = child
        self.levels = levels
        self.depth = depth

    def match(
        self,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        values: tuple[str, ...],
        segments: list[str],
    ) -> ResolverMatch | None:
        """Return the match of the entry within the routes around it, or ``None``."""
        texts = iter(values)
        captured: list[dict[str, Any]] = [kwargs]
        try:
            for level in self.levels[1:]:
                pairs = level.pattern.converters.items()
                captured.append({name: kind.to_python(next(texts)) for name, kind in pairs})
        except ValueError:
            return None
        child: URLPattern | URLResolver = self.child
        try:
            match = child.resolve("/".join(segments[self.depth :]))
        except Resolver404:
            return None
        if not match:
            return None
        for number in range(len(self.levels) - 1, -1, -1):
            level = self.levels[number]
            positional = args if number == 0 else ()
            match = enclose(level, positional, captured[number], child, match, None)
            child = level
        # What was tried is found out when somebody asks.
        del match.__dict__["tried"]
        return match


Candidate = tuple[Any, tuple[str, ...]]


class Matcher:
    """Finds the entry of a resolver's tree that matches a path.

    Args:
        resolver: whose ``url_patterns`` are compiled.
    """

    def __init__(self, resolver: URLResolver) -> None:
        self.root = Node()
        self._count = 0
        pattern = resolver.pattern
        self.from_root = (
            type(pattern) is RegexPattern
            and pattern._regex == "^/"
            and type(pattern).match is _REGEX_MATCH
            and "match" not in vars(pattern)
        )
        #: Paths that are known to belong to one leaf, whatever else there is.
        self.exact: dict[str, Leaf] = {}
        static: list[tuple[str, Leaf]] = []
        self._add(resolver, self.root, 0, (resolver,), "", static)
        for path, leaf in static:
            candidates = self._candidates(path.split("/"))
            if min(entry.index for entry, _ in candidates) == leaf.index:
                self.exact.setdefault(path, leaf)

    def _add(
        self,
        resolver: URLResolver,
        node: Node,
        depth: int,
        levels: tuple[URLResolver, ...],
        route: str,
        static: list[tuple[str, Leaf]],
    ) -> None:
        from nuages.urls.resolvers import is_plain_pattern, is_plain_resolver

        for child in resolver.url_patterns:
            pattern: Any = getattr(child, "pattern", None)
            segments = _segments(pattern)
            endpoint = hasattr(child, "callback")
            if segments is not None and endpoint and is_plain_pattern(child):
                tail = segments[-1] is _TAIL
                target = self._descend(node, segments[:-1] if tail else segments)
                leaf = Leaf(self._count, child, levels, join_route(route, str(pattern)))
                (target.tails if tail else target.ends).append(leaf)
                if not leaf.names:
                    static.append((_static_path(levels, pattern), leaf))
            elif (
                segments is not None
                and segments[-1] == ""
                and not endpoint
                and is_plain_resolver(child)
                # A URLconf may include itself; that is followed when a path does.
                and all(child.url_patterns is not level.url_patterns for level in levels)
            ):
                inner = self._descend(node, segments[:-1])
                self._add(
                    child,
                    inner,
                    depth + len(segments) - 1,
                    (*levels, child),
                    join_route(route, str(pattern)),
                    static,
                )
                continue
            else:
                place = self._descend(node, _literal_start(child, pattern, segments))
                place.islands.append(Island(self._count, child, levels, depth))
            self._count += 1

    @staticmethod
    def _descend(node: Node, segments: list[Any]) -> Node:
        for segment in segments:
            if isinstance(segment, str):
                node = node.literals.setdefault(segment, Node())
            else:
                source = segment.source
                if source not in node.kinds:
                    node.kinds[source] = (re.compile(source).fullmatch, Node())
                node = node.kinds[source][1]
        return node

    def _candidates(self, segments: list[str]) -> list[Candidate]:
        """Return all entries that may match, with what their segments capture."""
        found: list[Candidate] = []
        last = len(segments)
        # A list of places still to look at keeps deep routes off Python's call stack.
        open_places: list[tuple[Node, int, tuple[str, ...]]] = [(self.root, 0, ())]
        while open_places:
            node, position, values = open_places.pop()
            if node.islands:
                # An island captures by itself all that lies deeper than where it begins.
                # The path must go on where it begins: behind "a/" there is nothing of "/a".
                found += [(each, values) for each in node.islands if each.depth < last]
            if position == last:
                if node.ends:
                    found += [(leaf, values) for leaf in node.ends]
                continue
            if node.tails:
                rest = "/".join(segments[position:])
                if rest and "\n" not in rest:
                    found += [(leaf, (*values, rest)) for leaf in node.tails]
            segment = segments[position]
            literal = node.literals.get(segment)
            if literal is not None:
                open_places.append((literal, position + 1, values))
            if node.kinds:
                for fullmatch, deeper in node.kinds.values():
                    if (hit := fullmatch(segment)) is not None:
                        open_places.append((deeper, position + 1, values + hit.groups()))
        return found

    def find(
        self, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> ResolverMatch | None:
        """Return the first match in the order of the URLconf, or ``None``."""
        leaf = self.exact.get(path)
        if leaf is not None:
            return leaf.match(args, kwargs, ())
        segments = path.split("/")
        candidates = self._candidates(segments)
        if len(candidates) > 1:
            candidates.sort(key=_order)
        for entry, values in candidates:
            if type(entry) is Leaf:
                match = entry.match(args, kwargs, values)
            else:
                match = entry.match(args, kwargs, values, segments)
            if match is not None:
                return match
        return None


def _order(candidate: Candidate) -> int:
    index: int = candidate[0].index
    return index


class _Kind:
    """A segment with converters, as an expression with one group for each."""

    __slots__ = ("source",)

    def __init__(self, source: str) -> None:
        self.source = source


_TAIL = object()


def _segments(pattern: Any) -> list[Any] | None:
    """Cut a route at its slashes; ``None`` where it cannot be part of the trie."""
    if type(pattern) is not RoutePattern or type(pattern).match is not _ROUTE_MATCH:
        return None
    if not isinstance(pattern._route, str) or "match" in vars(pattern):
        return None
    tokens = pattern.tokens
    tail = False
    if tokens and _is_tail(tokens[-1]) and pattern._is_endpoint:
        before = tokens[-2] if len(tokens) > 1 else "/"
        if not isinstance(before, str) or not before.endswith("/"):
            return None
        tokens, tail = tokens[:-1], True
    if not all(map(_stays_in_segment, tokens)):
        return None
    segments = [_segment(pieces) for pieces in _cut(tokens)]
    if tail:
        segments[-1] = _TAIL  # type: ignore[call-overload]
    return segments


def _is_tail(token: Token) -> bool:
    return isinstance(token, Parameter) and type(token.converter) is PathConverter


def _stays_in_segment(token: Token) -> bool:
    """Whether a token is text, or a parameter that never matches a slash."""
    if isinstance(token, str):
        return True
    kind = type(token.converter)
    if kind is PathConverter:
        return False
    source = token.converter.regex
    if kind is StringConverter:
        return source == "[^/]+"
    return bool(_HARMLESS.fullmatch(source)) and not _RANGE_OVER_SLASH.search(source)


def _cut(tokens: tuple[Token, ...]) -> Iterator[list[Token]]:
    pieces: list[Token] = []
    for token in tokens:
        if isinstance(token, str):
            first, *others = token.split("/")
            if first:
                pieces.append(first)
            for text in others:
                yield pieces
                pieces = [text] if text else []
        else:
            pieces.append(token)
    yield pieces


def _segment(pieces: list[Token]) -> str | _Kind:
    if not pieces:
        return ""
    if len(pieces) == 1 and isinstance(pieces[0], str):
        return pieces[0]
    return _Kind(
        "".join(
            re.escape(piece) if isinstance(piece, str) else f"({piece.converter.regex})"
            for piece in pieces
        )
    )


def _static_path(levels: tuple[URLResolver, ...], pattern: RoutePattern) -> str:
    return "".join(str(level.pattern) for level in levels[1:]) + str(pattern)


def _literal_start(child: Any, pattern: Any, segments: list[Any] | None) -> list[str]:
    """Return the literal segments with which every path of an island begins, as far as is known."""
    from nuages.urls.resolvers import is_plain_pattern, is_plain_resolver

    if not (is_plain_pattern(child) or is_plain_resolver(child)):
        return []
    if segments is not None:
        return list(takewhile(lambda segment: isinstance(segment, str), segments[:-1]))
    if type(pattern) is not RegexPattern or type(pattern).match is not _REGEX_MATCH:
        return []
    text = pattern._regex
    start = _LITERAL_START.match(text) if isinstance(text, str) and "|" not in text else None
    if start is None:
        return []
    literal = start[1]
    if start["next"] in ("?", "*", "+", "{"):
        literal = literal[:-1]  # The last character is optional, or repeated.
    return literal.split("/")[:-1]  # The last piece may go on.


_ROUTE_MATCH = RoutePattern.match
_REGEX_MATCH = RegexPattern.match
