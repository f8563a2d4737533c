"""The built-in filters. Manual: "Built-in template tags and filters", "Built-in filter reference"."""

from __future__ import annotations

import random as random_module
import re
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation, getcontext
from functools import wraps
from inspect import unwrap
from operator import itemgetter
from pprint import pformat
from typing import Any
from urllib.parse import quote

from nuages.template.library import Library
from nuages.utils import formats
from nuages.utils.dateformat import format, time_format
from nuages.utils.encoding import iri_to_uri
from nuages.utils.html import avoid_wrapping, conditional_escape, escape, escapejs
from nuages.utils.html import json_script as _json_script
from nuages.utils.html import linebreaks as _linebreaks
from nuages.utils.html import strip_tags
from nuages.utils.html import urlize as _urlize
from nuages.utils.safestring import SafeData, mark_safe
from nuages.utils.text import Truncator, normalize_newlines, phone2numeric as _phone2numeric
from nuages.utils.text import slugify as _slugify
from nuages.utils.text import wrap
from nuages.utils.timesince import timesince, timeuntil
from nuages.utils.translation import gettext, ngettext

register = Library()

#: More digits than this after the point are not worked out.
MAX_DIGITS = 200


def stringfilter(func: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a filter that wants text: its first argument is converted to ``str``."""

    @wraps(func)
    def filter_text(value: Any, *args: Any, **kwargs: Any) -> Any:
        text = str(value)
        if isinstance(value, SafeData) and safe_in_safe_out:
            return mark_safe(func(text, *args, **kwargs))
        return func(text, *args, **kwargs)

    safe_in_safe_out = getattr(unwrap(func), "is_safe", False)
    return filter_text


def text_filter(name: str | None = None, **flags: bool) -> Callable[..., Any]:
    """Register a filter of text."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        function.is_safe = flags.get("is_safe", False)  # type: ignore[attr-defined]
        return register.filter(name or function.__name__, stringfilter(function), **flags)

    return decorate


# Text


@text_filter(is_safe=True)
def addslashes(value: str) -> str:
    """Put a backslash before backslashes and quotes."""
    return re.sub(r"""([\\"'])""", r"\\\1", value)


@text_filter(is_safe=True)
def capfirst(value: str) -> str:
    """Make the first letter a capital."""
    return value[:1].upper() + value[1:]


@text_filter("escapejs")
def escapejs_filter(value: str) -> str:
    """Escape for a literal in JavaScript."""
    return escapejs(value)


@register.filter(is_safe=True)
def json_script(value: Any, element_id: str | None = None) -> str:
    """Return a ``script`` element that holds a value as JSON."""
    return _json_script(value, element_id)


@register.filter(is_safe=True)
def floatformat(text: Any, arg: Any = -1) -> Any:
    """Round to a number of places; negative: only if there are decimals at all.

    A suffix ``g`` of the argument groups digits, ``u`` turns localization off.
    """
    grouped = False
    use_l10n = True
    if isinstance(arg, str) and (flags := arg[-2:].lstrip("0123456789-+")):
        grouped, use_l10n = "g" in flags, "u" not in flags
        arg = arg[: len(arg) - len(flags)] or -1
    try:
        number = _decimal(text)
        places = int(arg)
    except (ValueError, InvalidOperation):
        return "" if not _is_number(text) else text
    if not number.is_finite():
        return str(text)
    _, digits, exponent = number.as_tuple()
    if max(len(digits), abs(int(exponent))) + abs(places) > 10 * MAX_DIGITS:
        # Working it out would take long; nobody reads so many digits.
        return str(text)
    rounded_whole = number == number.to_integral_value()
    if rounded_whole and places < 0:
        return mark_safe(
            formats.number_format(
                f"{int(number)}", 0, use_l10n=use_l10n, force_grouping=grouped
            )
        )
    places = abs(places)
    precision = max(getcontext().prec, len(digits) + max(int(exponent), 0) + places + 2)
    rounded = number.quantize(
        Decimal(1).scaleb(-places), ROUND_HALF_UP, Context(prec=precision)
    )
    return mark_safe(
        formats.number_format(
            f"{rounded:f}", places, use_l10n=use_l10n, force_grouping=grouped
        )
    )


def _decimal(value: Any) -> Decimal:
    text = repr(value) if isinstance(value, float) else str(value)
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(str(float(value)))


def _is_number(value: Any) -> bool:
    try:
        _decimal(value)
    except (ValueError, TypeError, InvalidOperation):
        return False
    return True


@text_filter(is_safe=True)
def iriencode(value: str) -> str | None:
    """Encode an IRI for use in a URL."""
    return iri_to_uri(value)


@text_filter(is_safe=True, needs_autoescape=True)
def linenumbers(value: str, autoescape: bool = True) -> str:
    """Number the lines."""
    lines = value.split("\n")
    width = len(str(len(lines)))
    escaped = autoescape and not isinstance(value, SafeData)
    return mark_safe(
        "\n".join(
            f"{number:0{width}}. {escape(line) if escaped else line}"
            for number, line in enumerate(lines, 1)
        )
    )


@text_filter(is_safe=True)
def lower(value: str) -> str:
    """Convert to small letters."""
    return value.lower()


@text_filter(is_safe=False)
def make_list(value: str) -> list[str]:
    """Return a list of the characters."""
    return list(value)


@text_filter(is_safe=True)
def slugify(value: str) -> str:
    """Reduce to what a URL holds without encoding."""
    return _slugify(value)


@register.filter(is_safe=True)
def stringformat(value: Any, arg: Any) -> str:
    """Format like ``%``, which ``arg`` leaves out."""
    if isinstance(value, tuple):
        value = str(value)
    try:
        return ("%" + str(arg)) % value
    except (TypeError, ValueError):
        return ""


@text_filter(is_safe=True)
def title(value: str) -> str:
    """Begin each word with a capital."""
    titled = re.sub(r"([a-z])'([A-Z])", lambda m: m[0].lower(), value.title())
    return re.sub(r"\d([A-Z])", lambda m: m[0].lower(), titled)


@text_filter(is_safe=True)
def truncatechars(value: str, arg: Any) -> str:
    """Keep so many characters, an ellipsis included."""
    return _truncated(value, arg, "chars")


@text_filter(is_safe=True)
def truncatechars_html(value: str, arg: Any) -> str:
    """Keep so many characters outside of tags."""
    return _truncated(value, arg, "chars", html=True)


@text_filter(is_safe=True)
def truncatewords(value: str, arg: Any) -> str:
    """Keep so many words."""
    return _truncated(value, arg, "words", truncate=" …")


@text_filter(is_safe=True)
def truncatewords_html(value: str, arg: Any) -> str:
    """Keep so many words outside of tags."""
    return _truncated(value, arg, "words", html=True, truncate=" …")


def _truncated(value: str, arg: Any, unit: str, **options: Any) -> str:
    try:
        length = int(arg)
    except ValueError:
        return value
    return getattr(Truncator(value), unit)(length, **options)


@text_filter(is_safe=False)
def upper(value: str) -> str:
    """Convert to capitals."""
    return value.upper()


@text_filter(is_safe=False)
def urlencode(value: str, safe: str | None = None) -> str:
    """Encode for use in a URL, all but the characters in ``safe``."""
    return quote(value, **({} if safe is None else {"safe": safe}))


@text_filter(is_safe=True, needs_autoescape=True)
def urlize(value: str, autoescape: bool = True) -> str:
    """Make links of URLs and mail addresses."""
    return mark_safe(_urlize(value, nofollow=True, autoescape=autoescape))


@text_filter(is_safe=True, needs_autoescape=True)
def urlizetrunc(value: str, limit: Any, autoescape: bool = True) -> str:
    """Make links whose text is no longer than ``limit``."""
    return mark_safe(
        _urlize(value, trim_url_limit=int(limit), nofollow=True, autoescape=autoescape)
    )


@text_filter(is_safe=False)
def wordcount(value: str) -> int:
    """Return the number of words."""
    return len(value.split())


@text_filter(is_safe=True)
def wordwrap(value: str, arg: Any) -> str:
    """Break lines at ``arg`` characters."""
    return wrap(value, int(arg))


@text_filter(is_safe=True)
def ljust(value: str, arg: Any) -> str:
    """Pad on the right."""
    return value.ljust(int(arg))


@text_filter(is_safe=True)
def rjust(value: str, arg: Any) -> str:
    """Pad on the left."""
    return value.rjust(int(arg))


@text_filter(is_safe=True)
def center(value: str, arg: Any) -> str:
    """Pad on both sides."""
    return value.center(int(arg))


@text_filter()
def cut(value: str, arg: Any) -> str:
    """Take out all occurrences of ``arg``."""
    rest = value.replace(arg, "")
    # Without its ";" a character reference would swallow what follows.
    return mark_safe(rest) if isinstance(value, SafeData) and arg != ";" else rest


# Escaping


@text_filter("escape", is_safe=True)
def escape_filter(value: str) -> str:
    """Escape for HTML, once."""
    return conditional_escape(value)


@register.filter(is_safe=True)
def escapeseq(value: Iterable[Any]) -> list[str]:
    """Escape each item for HTML."""
    return [conditional_escape(item) for item in value]


@text_filter(is_safe=True)
def force_escape(value: str) -> str:
    """Escape for HTML at this place in the chain, even what is safe."""
    return escape(value)


@text_filter("linebreaks", is_safe=True, needs_autoescape=True)
def linebreaks_filter(value: str, autoescape: bool = True) -> str:
    """Make paragraphs and line breaks of newlines."""
    return mark_safe(_linebreaks(value, autoescape and not isinstance(value, SafeData)))


@text_filter(is_safe=True, needs_autoescape=True)
def linebreaksbr(value: str, autoescape: bool = True) -> str:
    """Make line breaks of newlines."""
    text = normalize_newlines(value)
    if autoescape and not isinstance(value, SafeData):
        text = escape(text)
    return mark_safe(text.replace("\n", "<br>"))


@text_filter(is_safe=True)
def safe(value: str) -> str:
    """Mark as safe: not to be escaped."""
    return mark_safe(value)


@register.filter(is_safe=True)
def safeseq(value: Iterable[Any]) -> list[str]:
    """Mark each item as safe."""
    return [mark_safe(str(item)) for item in value]


@text_filter(is_safe=True)
def striptags(value: str) -> str:
    """Take out what looks like tags."""
    return strip_tags(value)


# Lists




def _sort_key(arg: Any) -> Callable[[Any], Any]:
    if isinstance(arg, int):
        return itemgetter(arg)
    text = str(arg)
    if text.isdigit():
        return itemgetter(int(text))
    if text.startswith("_") or "._" in text:
        raise AttributeError("Access to private attributes is not allowed in templates.")
    parts = text.split(".")

    def key(item: Any) -> Any:
        for part in parts:
            try:
                item = item[part]
            except (AttributeError, TypeError, KeyError, ValueError, IndexError):
                try:
                    item = getattr(item, part)
                except (TypeError, AttributeError):
                    item = item[int(part)]
        return item

    return key


@register.filter(is_safe=False)
def dictsort(value: Any, arg: Any) -> Any:
    """Sort by a lookup on each item; empty if that cannot be done."""
    try:
        return sorted(value, key=_sort_key(arg))
    except (AttributeError, TypeError, KeyError, ValueError, IndexError):
        return ""


@register.filter(is_safe=False)
def dictsortreversed(value: Any, arg: Any) -> Any:
    """Sort by a lookup on each item, backwards; empty if that cannot be done."""
    try:
        return sorted(value, key=_sort_key(arg), reverse=True)
    except (AttributeError, TypeError, KeyError, ValueError, IndexError):
        return ""


@register.filter(is_safe=False)
def first(value: Any) -> Any:
    """Return the first item, or an empty text."""
    try:
        return value[0]
    except IndexError:
        return ""


@register.filter(is_safe=True, needs_autoescape=True)
def join(value: Any, arg: Any, autoescape: bool = True) -> Any:
    """Join the items with ``arg``."""
    try:
        if not autoescape:
            return mark_safe(arg.join(map(str, value)))
        return mark_safe(conditional_escape(arg).join(conditional_escape(item) for item in value))
    except TypeError:  # not iterable
        return value


@register.filter(is_safe=True)
def last(value: Any) -> Any:
    """Return the last item, or an empty text."""
    try:
        return value[-1]
    except IndexError:
        return ""


@register.filter(is_safe=False)
def length(value: Any) -> int:
    """Return the number of items, or 0."""
    try:
        return len(value)
    except (ValueError, TypeError):
        return 0


@register.filter(is_safe=True)
def random(value: Any) -> Any:
    """Return any item, or an empty text."""
    try:
        return random_module.choice(value)
    except IndexError:
        return ""


@register.filter("slice", is_safe=True)
def slice_filter(value: Any, arg: Any) -> Any:
    """Return the items in a range written like a slice, e.g. ``":2"``."""
    try:
        limits = [int(part) if part else None for part in str(arg).split(":")]
        return value[slice(*limits)]
    except (ValueError, TypeError, KeyError):
        return value


@register.filter(is_safe=True, needs_autoescape=True)
def unordered_list(value: Any, autoescape: bool = True) -> str:
    """Return nested lists as HTML list items, without the outermost ``<ul>``."""
    shown = conditional_escape if autoescape else str

    def items(values: Any, depth: int) -> str:
        indent = "\t" * depth
        lines: list[str] = []
        rest = list(values)
        while rest:
            item = rest.pop(0)
            children = None
            if rest and _is_nested(rest[0]):
                children = rest.pop(0)
            inner = ""
            if children:
                inner = f"\n{indent}<ul>\n{items(children, depth + 1)}\n{indent}</ul>\n{indent}"
            lines.append(f"{indent}<li>{shown(item)}{inner}</li>")
        return "\n".join(lines)

    return mark_safe(items(value, 1))


def _is_nested(item: Any) -> bool:
    if isinstance(item, str):
        return False
    try:
        iter(item)
    except TypeError:
        return False
    return True


# Numbers


@register.filter(is_safe=False)
def add(value: Any, arg: Any) -> Any:
    """Add numbers, or else whatever can be added."""
    try:
        return int(value) + int(arg)
    except (ValueError, TypeError):
        pass
    try:
        return value + arg
    except Exception:
        # Types may raise anything when they are added; the manual promises an empty text.
        return ""


@register.filter(is_safe=False)
def get_digit(value: Any, arg: Any) -> Any:
    """Return a digit, counted from the right, from 1."""
    try:
        position, number = int(arg), int(value)
    except ValueError:
        return value  # let what is no number pass
    if position < 1:
        return number
    try:
        return int(str(number)[-position])
    except IndexError:
        return 0


# Dates


@register.filter(expects_localtime=True, is_safe=False)
def date(value: Any, arg: str | None = None) -> str:
    """Format a date, by default with ``DATE_FORMAT``."""
    return _formatted(value, arg, formats.date_format, format)


@register.filter(expects_localtime=True, is_safe=False)
def time(value: Any, arg: str | None = None) -> str:
    """Format a time, by default with ``TIME_FORMAT``."""
    return _formatted(value, arg, formats.time_format, time_format)


def _formatted(
    value: Any, arg: Any, by_name: Callable[..., str], by_pattern: Callable[..., str]
) -> str:
    if value in (None, ""):
        return ""
    for attempt in (by_name, by_pattern):
        try:
            return attempt(value, arg)
        except AttributeError:
            continue
    return ""


@register.filter("timesince", is_safe=False)
def timesince_filter(value: Any, arg: Any = None) -> str:
    """Return the time from a date to now, or to ``arg``, in words."""
    return _span(timesince, value, arg)


@register.filter("timeuntil", is_safe=False)
def timeuntil_filter(value: Any, arg: Any = None) -> str:
    """Return the time from now, or from ``arg``, to a date, in words."""
    return _span(timeuntil, value, arg)


def _span(measure: Callable[..., str], value: Any, arg: Any) -> str:
    if not value:
        return ""
    try:
        return measure(value, arg) if arg else measure(value)
    except (ValueError, TypeError):
        return ""


# Logic


@register.filter(is_safe=False)
def default(value: Any, arg: Any) -> Any:
    """Return ``arg`` for what is false."""
    return value or arg


@register.filter(is_safe=False)
def default_if_none(value: Any, arg: Any) -> Any:
    """Return ``arg`` for None."""
    return arg if value is None else value


@register.filter(is_safe=False)
def divisibleby(value: Any, arg: Any) -> bool:
    """Whether ``arg`` divides the number."""
    return int(value) % int(arg) == 0


@register.filter(is_safe=False)
def yesno(value: Any, arg: str | None = None) -> Any:
    """Return one of two or three words, for true, false and (if there are three) None."""
    # Translators: the words for true, false and unknown.
    words = (gettext("yes,no,maybe") if arg is None else arg).split(",")
    if len(words) < 2:
        return value  # the argument makes no sense
    yes, no, *rest = words
    if value is None:
        return rest[0] if len(rest) == 1 else no
    return yes if value else no


# Other


@register.filter(is_safe=True)
def filesizeformat(bytes_: Any) -> str:
    """Return a number of bytes as people write it, e.g. ``4.1 MB``."""
    try:
        size = int(bytes_)
    except (TypeError, ValueError, UnicodeDecodeError):
        return avoid_wrapping(ngettext("%(size)d byte", "%(size)d bytes", 0) % {"size": 0})
    sign = "-" if size < 0 else ""
    size = abs(size)
    if size < 1024:
        text = ngettext("%(size)d byte", "%(size)d bytes", size) % {"size": size}
    else:
        power = min((size.bit_length() - 1) // 10, 5)
        patterns = {1: "%s KB", 2: "%s MB", 3: "%s GB", 4: "%s TB", 5: "%s PB"}
        number = formats.number_format(round(size / (1 << 10 * power), 1), 1)
        text = gettext(patterns[power]) % number
    return avoid_wrapping(f"{sign}{text}")


@register.filter(is_safe=False)
def pluralize(value: Any, arg: str = "s") -> str:
    """Return the ending for a number: of ``"ending"`` or ``"singular,plural"``."""
    endings = arg.split(",") if "," in arg else ["", arg]
    if len(endings) > 2:
        return ""
    singular, plural = endings
    try:
        return singular if float(value) == 1 else plural
    except ValueError:
        return ""  # text that is no number
    except TypeError:
        pass
    try:
        return singular if len(value) == 1 else plural
    except TypeError:
        return ""


@register.filter("phone2numeric", is_safe=True)
def phone2numeric_filter(value: Any) -> str:
    """Replace the letters in a telephone number by digits."""
    return _phone2numeric(value)


@register.filter(is_safe=True)
def pprint(value: Any) -> str:
    """Return the value as ``pprint`` shows it."""
    try:
        return pformat(value)
    except Exception as error:
        # For debugging only: it should show what is wrong, not fail.
        return f"Error in formatting: {type(error).__name__}: {error}"
