"""HTML: escaping, building, stripping, and turning addresses into links.

Manual: ref/utils, "django.utils.html".
"""

import html
import json
import re
from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from nuages.core.exceptions import SuspiciousOperation
from nuages.utils.functional import Promise, keep_lazy, keep_lazy_text
from nuages.utils.http import RFC3986_GENDELIMS, RFC3986_SUBDELIMS
from nuages.utils.safestring import SafeString, mark_safe
from nuages.utils.text import normalize_newlines

__all__ = [
    "VOID_ELEMENTS",
    "avoid_wrapping",
    "conditional_escape",
    "escape",
    "escapejs",
    "format_html",
    "format_html_join",
    "html_safe",
    "json_script",
    "linebreaks",
    "mark_safe",
    "smart_urlquote",
    "strip_spaces_between_tags",
    "strip_tags",
    "urlize",
]

# https://html.spec.whatwg.org/#void-elements
VOID_ELEMENTS = frozenset(
    "area base br col embed hr img input link meta param source track wbr "
    # No longer in the standard, but browsers go on treating them so.
    "frame spacer".split()
)

# Bounds for strip_tags(), whose parser takes quadratic time on hostile input.
MAX_STRIP_TAGS_DEPTH = 50
_LONG_OPEN_TAG = 1_002


@keep_lazy(SafeString)
def escape(text: Any) -> SafeString:
    """Return ``text`` with ``& < > " '`` as entities, marked as safe HTML."""
    return SafeString(html.escape(str(text)))


_js_escapes = {
    code: f"\\u{code:04X}"
    for code in (*range(32), *map(ord, "\\'\"><&=-;`\u2028\u2029"), *range(0x7F, 0xA0))
}


@keep_lazy(SafeString)
def escapejs(value: Any) -> SafeString:
    """Return ``value`` escaped for the inside of a JavaScript string literal."""
    return mark_safe(str(value).translate(_js_escapes))


_json_script_escapes = {ord(char): f"\\u{ord(char):04X}" for char in "<>&"}


def json_script(
    value: Any, element_id: str | None = None, encoder: type[json.JSONEncoder] | None = None
) -> SafeString:
    """Return a ``<script>`` element that holds ``value`` as JSON and cannot be broken out of."""
    if encoder is None:
        from nuages.core.serializers.json import DjangoJSONEncoder as encoder
    data = json.dumps(value, cls=encoder).translate(_json_script_escapes)
    opening = '<script type="application/json">'
    if element_id:
        opening = format_html('<script id="{}" type="application/json">', element_id)
    return SafeString(f"{opening}{data}</script>")


def conditional_escape(text: Any) -> str:
    """Like `escape()`, but what is safe HTML already is not escaped again."""
    if text.__class__ is str:
        return SafeString(html.escape(text))
    if isinstance(text, Promise):
        text = str(text)
    if hasattr(text, "__html__"):
        return text.__html__()
    return escape(text)


def format_html(format_string: str, *args: Any, **kwargs: Any) -> SafeString:
    """Like ``format_string.format(...)``, with every argument escaped unless it is safe.

    Raises ``TypeError`` without arguments: then the string itself is the danger.
    """
    if not (args or kwargs):
        raise TypeError("args or kwargs must be provided.")
    named = {name: conditional_escape(value) for name, value in kwargs.items()}
    return SafeString(format_string.format(*map(conditional_escape, args), **named))


def format_html_join(
    sep: str, format_string: str, args_generator: Iterable[Iterable[Any] | Mapping[str, Any]]
) -> SafeString:
    """Join the `format_html()` of each item (a sequence, or a mapping of names) with ``sep``."""
    pieces = (
        format_html(format_string, **item)
        if isinstance(item, Mapping)
        else format_html(format_string, *item)
        for item in args_generator
    )
    return SafeString(conditional_escape(sep).join(pieces))


@keep_lazy_text
def linebreaks(value: Any, autoescape: bool = False) -> str:
    """Return ``value`` with paragraphs in ``<p>`` and single line breaks as ``<br>``."""
    paragraphs = re.split("\n{2,}", normalize_newlines(str(value)))
    prepare = escape if autoescape else str
    return "\n\n".join(f"<p>{prepare(text).replace('\n', '<br>')}</p>" for text in paragraphs)


class _TextOnly(HTMLParser):
    """Keeps what is not markup, entities as written."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.reset()
        self.kept: list[str] = []
        self.handle_data = self.kept.append  # type: ignore[method-assign, assignment]

    def handle_entityref(self, name: str) -> None:
        self.kept.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.kept.append(f"&#{name};")


def _strip_once(value: str) -> str:
    parser = _TextOnly()
    parser.feed(value)
    parser.close()
    return "".join(parser.kept)


@keep_lazy_text
def strip_tags(value: Any) -> str:
    """Return ``value`` without what looks like tags; the result is *not* safe HTML.

    Raises `SuspiciousOperation` for input that nests unclosed tags beyond all reason.
    """
    text = str(value)
    for run in text.split(">"):
        if len(run) < _LONG_OPEN_TAG or run.count("<") < MAX_STRIP_TAGS_DEPTH:
            continue
        tag = re.search("<[a-zA-Z]", run)
        if (
            tag
            and len(run) - tag.start() >= _LONG_OPEN_TAG
            and run.count("<", tag.start()) >= MAX_STRIP_TAGS_DEPTH
        ):
            raise SuspiciousOperation
    # Stripping can join the halves of a split tag: repeat while it makes progress.
    for _ in range(MAX_STRIP_TAGS_DEPTH):
        if "<" not in text or ">" not in text:
            return text
        stripped = _strip_once(text)
        if stripped.count("<") == text.count("<"):
            return text
        text = stripped
    if "<" in text and ">" in text:
        raise SuspiciousOperation
    return text


@keep_lazy_text
def strip_spaces_between_tags(value: Any) -> str:
    """Return ``value`` without white space between a ``>`` and the next ``<``."""
    return re.sub(r">\s+<", "><", str(value))


def smart_urlquote(url: str) -> str:
    """Percent-encode ``url`` where it is not encoded yet; the host too."""

    def requote(part: str) -> str:
        return quote(unquote(part), safe=RFC3986_SUBDELIMS + RFC3986_GENDELIMS + "~")

    try:
        scheme, host, path, query, fragment = urlsplit(url)
    except ValueError:  # An unbalanced "[" in the host.
        return requote(url)
    if query:
        pairs = parse_qsl(query, keep_blank_values=True)
        query = urlencode([(unquote(name), unquote(value)) for name, value in pairs])
    return urlunsplit((scheme, requote(host), requote(path), query, requote(fragment)))


@keep_lazy_text
def urlize(
    text: Any,
    trim_url_limit: int | None = None,
    nofollow: bool = False,
    autoescape: bool = False,
) -> str:
    """Return ``text`` with web and mail addresses as links.

    ``trim_url_limit`` shortens what is shown of a link, ``nofollow`` adds that ``rel``, and
    ``autoescape`` escapes the text around and inside links (unless it is safe already).
    """
    from nuages.utils._urlize import Urlizer

    return Urlizer()(text, trim_url_limit=trim_url_limit, nofollow=nofollow, autoescape=autoescape)


def avoid_wrapping(value: str) -> str:
    """Return ``value`` with no-break spaces in the place of spaces."""
    return value.replace(" ", "\xa0")


def html_safe[C: type](klass: C) -> C:
    """Class decorator: give ``klass`` an ``__html__`` that is its ``__str__``, marked safe.

    Raises ``ValueError`` where the class has its own ``__html__``, or no ``__str__``.
    """
    body = vars(klass)
    if "__html__" in body:
        raise ValueError(
            f"can't apply @html_safe to {klass.__name__} because it defines __html__()."
        )
    if "__str__" not in body:
        raise ValueError(
            f"can't apply @html_safe to {klass.__name__} because it doesn't define __str__()."
        )
    to_str = body["__str__"]
    marked: Any = klass
    marked.__str__ = lambda self: mark_safe(to_str(self))
    marked.__html__ = lambda self: str(self)
    return klass


def __getattr__(name: str) -> Any:
    # Links are found in few projects, so the module behind them is loaded when it is asked for.
    if name not in ("MAX_URL_LENGTH", "Urlizer", "urlizer"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from nuages.utils import _urlize

    return _urlize.Urlizer() if name == "urlizer" else getattr(_urlize, name)
