"""The built-in filters. Manual: "Built-in template tags and filters", "Built-in filter reference"."""

from __future__ import annotations

import random as random_module
import re
from collections.abc import Callable, Iterable, Iterator
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation, getcontext
from functools import reduce, wraps
from inspect import signature, unwrap
from operator import itemgetter
from pprint import pformat
from typing import Any
from urllib.parse import quote

from nuages.template.library import Library
from nuages.utils import formats
from nuages.utils.dateformat import format, time_format
from nuages.utils.encoding import iri_to_uri
from nuages.utils.functional import Promise
from nuages.utils.html import avoid_wrapping, conditional_escape, escape, escapejs, strip_tags
from nuages.utils.html import json_script as _json_script
from nuages.utils.html import linebreaks as _linebreaks
from nuages.utils.html import urlize as _urlize
from nuages.utils.safestring import SafeData, mark_safe
from nuages.utils.text import Truncator, normalize_newlines, wrap
from nuages.utils.text import phone2numeric as _phone2numeric
from nuages.utils.text import slugify as _slugify
from nuages.utils.timesince import timesince, timeuntil
from nuages.utils.translation import gettext, ngettext

register = Library()

#: Numbers with more digits than this are not rounded.
MAX_DIGITS = 200


def stringfilter(func: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a filter that wants text: its first argument is converted to ``str``."""

    @wraps(func)
    def filter_text(value: Any, *args: Any, **kwargs: Any) -> Any:
        # Safe text stays what it is, so that the filter can ask.
        text = value if isinstance(value, str) else str(value)
        result = func(text, *args, **kwargs)
        keeps = isinstance(text, SafeData) and getattr(original, "is_safe", False)
        return mark_safe(result) if keeps else result

    original = unwrap(func)
    filter_text._decorated_function = original  # type: ignore[attr-defined]
    return filter_text


def text_filter(name: str | None = None, **flags: bool) -> Callable[..., Any]:
    """Register a filter of text."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        return register.filter(name or function.__name__, stringfilter(function), **flags)

    return decorate


def _text(name: str, function: Callable[..., Any], text: str, **flags: bool) -> Callable[..., Any]:
    """Register a filter of text that is one expression."""

    def apply(value: str, *args: Any) -> Any:
        return function(value, *args)

    # The number of arguments is looked at when a template is parsed.
    apply.__signature__ = signature(function)  # type: ignore[attr-defined]
    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = text
    return text_filter(name, **flags)(apply)


def _whole(value: Any) -> Any:
    """Return an argument as an integer, or None if it is none."""
    try:
        return int(value)
    except ValueError:
        return None


# Text

lower = _text("lower", lambda value: value.lower(), "Convert to small letters.", is_safe=True)
upper = _text("upper", lambda value: value.upper(), "Convert to capitals.", is_safe=False)
capfirst = _text(
    "capfirst",
    lambda value: value[:1].upper() + value[1:],
    "Make the first letter a capital.",
    is_safe=True,
)
slugify = _text(
    "slugify",
    lambda value: _slugify(value),
    "Reduce to what a URL holds without encoding.",
    is_safe=True,
)
addslashes = _text(
    "addslashes",
    lambda value: re.sub(r"""([\\"'])""", r"\\\1", value),
    "Put a backslash before backslashes and quotes.",
    is_safe=True,
)
make_list = _text(
    "make_list", lambda value: [*value], "Return a list of the characters.", is_safe=False
)
wordcount = _text(
    "wordcount", lambda value: len(value.split()), "Return the number of words.", is_safe=False
)
wordwrap = _text(
    "wordwrap",
    lambda value, arg: wrap(value, int(arg)),
    "Break lines at so many characters.",
    is_safe=True,
)
ljust = _text("ljust", lambda value, arg: value.ljust(int(arg)), "Pad on the right.", is_safe=True)
rjust = _text("rjust", lambda value, arg: value.rjust(int(arg)), "Pad on the left.", is_safe=True)
center = _text(
    "center",
    # What is left over goes to the right, also where str.center() does otherwise.
    lambda value, arg: f"{value:^{max(int(arg), 0)}}" if int(arg) > 0 else value,
    "Pad on both sides.",
    is_safe=True,
)
iriencode = _text(
    "iriencode", lambda value: iri_to_uri(value), "Encode an IRI for use in a URL.", is_safe=True
)
escapejs_filter = _text(
    "escapejs", lambda value: escapejs(value), "Escape for a literal in JavaScript."
)
striptags = _text(
    "striptags", lambda value: strip_tags(value), "Take out what looks like tags.", is_safe=True
)
force_escape = _text(
    "force_escape",
    lambda value: escape(value),
    "Escape for HTML at this place in the chain, even what is safe.",
    is_safe=True,
)
phone2numeric_filter = register.filter(
    "phone2numeric", lambda value: _phone2numeric(value), is_safe=True
)


def _truncation(name: str, text: str, unit: str, html: bool, truncate: str | None = None) -> Any:
    def shorten(value: str, arg: Any) -> str:
        length = _whole(arg)
        if length is None:
            return value
        return getattr(Truncator(value), unit)(length, html=html, truncate=truncate)

    return _text(name, shorten, text, is_safe=True)


truncatechars = _truncation(
    "truncatechars", "Keep so many characters, an ellipsis included.", "chars", False
)
truncatechars_html = _truncation(
    "truncatechars_html", "Keep so many characters outside of tags.", "chars", True
)
truncatewords = _truncation("truncatewords", "Keep so many words.", "words", False, " …")
truncatewords_html = _truncation(
    "truncatewords_html", "Keep so many words outside of tags.", "words", True, " …"
)


@text_filter(is_safe=True)
def title(value: str) -> str:
    """Begin each word with a capital; not what follows an apostrophe or a digit."""
    return re.sub(r"(?<=[a-z])'[A-Z]|\d[A-Z]", lambda found: found[0].lower(), value.title())


@text_filter()
def urlencode(value: str, safe: str | None = None) -> str:
    """Encode for use in a URL, all but the characters in ``safe`` (by default the slash)."""
    return quote(value, "/" if safe is None else safe)


@text_filter(is_safe=True, needs_autoescape=True)
def urlize(value: str, autoescape: bool = True) -> str:
    """Make links of URLs and mail addresses."""
    return mark_safe(_urlize(value, autoescape=autoescape, nofollow=True))


@text_filter(is_safe=True, needs_autoescape=True)
def urlizetrunc(value: str, limit: Any, autoescape: bool = True) -> str:
    """Make links whose text is no longer than ``limit``."""
    options = {"autoescape": autoescape, "nofollow": True, "trim_url_limit": int(limit)}
    return mark_safe(_urlize(value, **options))


@text_filter()
def cut(value: str, arg: Any) -> str:
    """Take out all occurrences of ``arg``."""
    rest = value.replace(arg, "")
    # Without its ";" a character reference would swallow what follows.
    return mark_safe(rest) if arg != ";" and isinstance(value, SafeData) else rest


@text_filter(is_safe=True, needs_autoescape=True)
def linenumbers(value: str, autoescape: bool = True) -> str:
    """Number the lines."""
    lines = _shown(value, autoescape).split("\n")
    digits = len(f"{len(lines)}")
    numbered = (f"{number:0{digits}}. {line}" for number, line in enumerate(lines, 1))
    return mark_safe("\n".join(numbered))


@text_filter("linebreaks", is_safe=True, needs_autoescape=True)
def linebreaks_filter(value: str, autoescape: bool = True) -> str:
    """Make paragraphs and line breaks of newlines."""
    plain = not isinstance(value, SafeData)
    return mark_safe(_linebreaks(value, autoescape=plain and autoescape))


@text_filter(is_safe=True, needs_autoescape=True)
def linebreaksbr(value: str, autoescape: bool = True) -> str:
    """Make line breaks of newlines."""
    lines = normalize_newlines(_shown(value, autoescape)).split("\n")
    return mark_safe("<br>".join(lines))


def _shown(value: str, autoescape: bool) -> str:
    return escape(value) if autoescape and not isinstance(value, SafeData) else value


@register.filter(is_safe=True)
def json_script(value: Any, element_id: str | None = None) -> str:
    """Return a ``script`` element that holds a value as JSON."""
    return _json_script(value, element_id)


@register.filter(is_safe=True)
def stringformat(value: Any, arg: Any) -> str:
    """Format like ``%``, which ``arg`` leaves out; empty if that cannot be done."""
    subject = str(value) if isinstance(value, tuple) else value
    try:
        return f"%{arg}" % subject
    except (ValueError, TypeError):
        return ""


# Escaping

safe = _text("safe", lambda value: mark_safe(value), "Mark as not to be escaped.", is_safe=True)
escape_filter = _text(
    "escape", lambda value: conditional_escape(value), "Escape for HTML, once.", is_safe=True
)


@register.filter(is_safe=True)
def escapeseq(value: Iterable[Any]) -> list[str]:
    """Escape each item for HTML."""
    return [*map(conditional_escape, value)]


@register.filter(is_safe=True)
def safeseq(value: Iterable[Any]) -> list[str]:
    """Mark each item as not to be escaped."""
    return [*map(mark_safe, map(str, value))]


# Lists


def _lookup(item: Any, part: str) -> Any:
    """Return ``item[part]`` or ``item.part``."""
    try:
        return item[part]
    except (AttributeError, TypeError, KeyError, ValueError, IndexError):
        return getattr(item, part)


def _property_resolver(arg: Any) -> Callable[[Any], Any]:
    """Return the function that gets what a list is sorted by.

    Args:
        arg: a number, which is a key, or names with dots between.

    Raises:
        AttributeError: a name is private.
    """
    try:
        float(arg)
    except ValueError:
        parts = arg.split(".")
    else:
        return itemgetter(arg)
    if any(part[:1] == "_" for part in parts):
        raise AttributeError("Access to private attributes is not allowed in templates.")
    return lambda item: reduce(_lookup, parts, item)


def _sorted(value: Any, arg: Any, **options: bool) -> Any:
    """Return the sorted list; an empty text if it cannot be sorted."""
    try:
        return sorted(value, key=_property_resolver(arg), **options)
    except (AttributeError, TypeError, KeyError, ValueError, IndexError):
        return ""


@register.filter
def dictsort(value: Any, arg: Any) -> Any:
    """Sort by a lookup on each item; empty if that cannot be done."""
    return _sorted(value, arg)


@register.filter
def dictsortreversed(value: Any, arg: Any) -> Any:
    """Sort by a lookup on each item, backwards; empty if that cannot be done."""
    return _sorted(value, arg, reverse=True)


def _one_of(name: str, text: str, choose: Callable[[Any], Any], is_safe: bool) -> Any:
    """Register a filter that takes one item out of a list, and nothing out of an empty one."""

    def take(value: Any) -> Any:
        try:
            return choose(value)
        except IndexError:
            return ""

    take.__name__, take.__doc__ = name, text
    return register.filter(name, take, is_safe=is_safe)


first = _one_of("first", "Return the first item.", itemgetter(0), is_safe=False)
last = _one_of("last", "Return the last item.", itemgetter(-1), is_safe=True)
random = _one_of("random", "Return any item.", random_module.choice, is_safe=True)


@register.filter(is_safe=False)
def length(value: Any) -> int:
    """Return the number of items; 0 for what has none."""
    return len(value) if hasattr(type(value), "__len__") else 0


@register.filter(is_safe=True, needs_autoescape=True)
def join(value: Any, arg: Any, autoescape: bool = True) -> Any:
    """Join the items with ``arg``; what has no items stays as it is."""
    shown: Callable[[Any], str] = conditional_escape if autoescape else str
    try:
        return mark_safe(shown(arg).join(map(shown, value)))
    except TypeError:
        return value


@register.filter("slice", is_safe=True)
def slice_filter(value: Any, arg: Any) -> Any:
    """Return the items in a range written like a slice, e.g. ``":2"``."""
    try:
        return value[slice(*(int(limit) if limit else None for limit in f"{arg}".split(":")))]
    except (KeyError, TypeError, ValueError):
        return value


def _is_nested(item: Any) -> bool:
    if isinstance(item, (str, Promise)):
        return False
    try:
        iter(item)
    except TypeError:
        return False
    return True


@register.filter(is_safe=True, needs_autoescape=True)
def unordered_list(value: Any, autoescape: bool = True) -> str:
    """Return nested lists as HTML list items, without the outermost ``<ul>``."""
    shown: Callable[[Any], str] = conditional_escape if autoescape else str

    def lines(values: Iterable[Any], indent: str) -> Iterator[str]:
        rest = iter(values)
        item = next(rest, rest)
        while item is not rest:
            following = next(rest, rest)
            if following is rest or not _is_nested(following):
                yield f"{indent}<li>{shown(item)}</li>"
            else:
                # A list belongs to the item before it.
                yield f"{indent}<li>{shown(item)}\n{indent}<ul>"
                yield from lines(following, f"{indent}\t")
                yield f"{indent}</ul>\n{indent}</li>"
                following = next(rest, rest)
            item = following

    return mark_safe("\n".join(lines(value, "\t")))


# Numbers


@register.filter(is_safe=False)
def add(value: Any, arg: Any) -> Any:
    """Add numbers, or else whatever can be added."""
    for convert in (int, lambda operand: operand):
        try:
            return convert(value) + convert(arg)
        except Exception:
            # Types may raise anything when they are added; the manual promises an empty text.
            continue
    return ""


@register.filter(is_safe=False)
def get_digit(value: Any, arg: Any) -> Any:
    """Return a digit, counted from the right, from 1; what is no number passes."""
    place, number = _whole(arg), _whole(value)
    if place is None or number is None:
        return value
    if place < 1:
        return number
    digits = f"{number}"
    return _whole(digits[-place]) if place <= len(digits) else 0


@register.filter(is_safe=True)
def floatformat(text: Any, arg: Any = -1) -> Any:
    """Round to a number of places; negative: only if there are decimals at all.

    A suffix ``g`` of the argument groups digits, ``u`` turns localization off.
    """
    flags = ""
    if isinstance(arg, str):
        bare = arg.rstrip("gu")
        flags = arg[len(bare) :]
        arg = bare or -1
    number = _decimal(text)
    if number is None:
        return ""
    try:
        places = int(arg)
    except ValueError:
        return str(text)
    if not number.is_finite():
        return str(text)
    _sign, digits, exponent = number.as_tuple()
    if abs(int(exponent)) + len(digits) > MAX_DIGITS:
        # Nobody reads so many digits, and working them out takes long.
        return str(text)
    options = {"force_grouping": "g" in flags}
    if "u" in flags:
        options["use_l10n"] = False
    if places < 0 and number == number.to_integral_value():
        places = 0
    places = abs(places)
    precision = max(getcontext().prec, len(digits) + abs(int(exponent)) + places + 1)
    rounded = number.quantize(Decimal((0, (1,), -places)), ROUND_HALF_UP, Context(prec=precision))
    return mark_safe(
        formats.number_format(_without_negative_zero(f"{rounded:f}"), places, **options)
    )


def _without_negative_zero(text: str) -> str:
    return text[1:] if text[0] == "-" and not text.strip("-0.") else text


def _decimal(value: Any) -> Decimal | None:
    """Return a number; None for what is none."""
    readings: tuple[Callable[[], Decimal], ...] = (
        lambda: Decimal(repr(value) if isinstance(value, float) else str(value)),
        lambda: Decimal(str(float(value))),
    )
    for read in readings:
        try:
            return read()
        except (ValueError, TypeError, InvalidOperation):
            continue
    return None


# Dates


def _date_filter(
    name: str, text: str, by_name: Callable[..., str], by_pattern: Callable[..., str]
) -> Any:
    """Register a filter that shows a date or time by the name of a format, or by a pattern."""

    def show(value: Any, arg: str | None = None) -> str:
        if value is None or value == "":
            return ""
        for attempt in (by_name, by_pattern):
            try:
                return attempt(value, arg)
            except AttributeError:
                continue  # not that kind of object
        return ""

    show.__name__, show.__doc__ = name, text
    return register.filter(name, show, expects_localtime=True, is_safe=False)


date = _date_filter(
    "date", "Format a date, by default with ``DATE_FORMAT``.", formats.date_format, format
)
time = _date_filter(
    "time", "Format a time, by default with ``TIME_FORMAT``.", formats.time_format, time_format
)


def _span_filter(name: str, text: str, measure: Callable[..., str]) -> Any:
    """Register a filter that gives the time between two dates in words."""

    def span(value: Any, arg: Any = None) -> str:
        if not value:
            return ""
        try:
            return measure(value, *((arg,) if arg else ()))
        except (TypeError, ValueError):
            return ""

    span.__name__, span.__doc__ = f"{name}_filter", text
    return register.filter(name, span, is_safe=False)


timesince_filter = _span_filter(
    "timesince", "Return the time from a date to now, or to ``arg``.", timesince
)
timeuntil_filter = _span_filter(
    "timeuntil", "Return the time from now, or from ``arg``, to a date.", timeuntil
)


# Logic


def _choice(name: str, text: str, choose: Callable[[Any, Any], Any]) -> Any:
    """Register a filter of a value and an argument that gives a plain result."""
    choose.__name__, choose.__doc__ = name, text
    return register.filter(name, choose, is_safe=False)


default = _choice("default", "Return ``arg`` for what is false.", lambda value, arg: value or arg)
default_if_none = _choice(
    "default_if_none",
    "Return ``arg`` for None.",
    lambda value, arg: arg if value is None else value,
)
divisibleby = _choice(
    "divisibleby",
    "Whether ``arg`` divides the number.",
    lambda value, arg: not int(value) % int(arg),
)


@register.filter(is_safe=False)
def yesno(value: Any, arg: str | None = None) -> Any:
    """Return one of two or three words, for true, false and (if there are three) None."""
    # Translators: the words for true, false and unknown.
    match (gettext("yes,no,maybe") if arg is None else arg).split(","):
        case [yes, no, unknown]:
            pass
        case [yes, no, *_]:
            unknown = no
        case _:
            return value  # the argument makes no sense
    return unknown if value is None else yes if value else no


# Other

_SIZES = (
    lambda number: gettext("%s PB") % number,
    lambda number: gettext("%s TB") % number,
    lambda number: gettext("%s GB") % number,
    lambda number: gettext("%s MB") % number,
    lambda number: gettext("%s KB") % number,
)


@register.filter(is_safe=True)
def filesizeformat(bytes_: Any) -> str:
    """Return a number of bytes as people write it, e.g. ``4.1 MB``."""
    try:
        size = int(bytes_)
    except (UnicodeDecodeError, ValueError, TypeError):
        size = 0
    amount = abs(size)
    text = ngettext("%(size)d byte", "%(size)d bytes", amount) % {"size": amount}
    for power, show in zip((50, 40, 30, 20, 10), _SIZES, strict=True):
        if amount >> power:
            text = show(formats.number_format(round(amount / (1 << power), 1), 1))
            break
    return avoid_wrapping(f"-{text}" if size < 0 else text)


@register.filter(is_safe=False)
def pluralize(value: Any, arg: str = "s") -> str:
    """Return the ending for a number: of ``"ending"`` or ``"singular,plural"``."""
    match arg.split(","):
        case [plural]:
            singular = ""
        case [singular, plural]:
            pass
        case _:
            return ""
    try:
        one = float(value) == 1
    except ValueError:
        return ""  # text that is no number
    except TypeError:
        if not hasattr(type(value), "__len__"):
            return ""
        one = len(value) == 1
    return singular if one else plural


@register.filter(is_safe=True)
def pprint(value: Any) -> str:
    """Return the value as ``pprint`` shows it."""
    try:
        return pformat(value)
    except Exception as error:
        # For debugging only: it should show what is wrong, not fail.
        return f"Error in formatting: {type(error).__name__}: {error}"
