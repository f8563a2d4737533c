"""Tags and filters of time zones. Manual: "Time zones", "Time zone aware output in templates"."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

from nuages.template import Library, Node, TemplateSyntaxError
from nuages.utils import timezone

if TYPE_CHECKING:
    from nuages.template.base import Parser, Token

register = Library()


class datetimeobject(datetime):
    """A datetime that says it is not to be converted again."""

    convert_to_local_time = False


@register.filter("timezone")
def do_timezone(value: Any, arg: Any) -> Any:
    """Convert a datetime to a time zone or the zone of a name; empty if that cannot be done."""
    if not isinstance(value, datetime):
        return ""
    zone = arg
    try:
        if timezone.is_naive(value):
            value = timezone.make_aware(value, timezone.get_default_timezone())
        if isinstance(arg, str):
            zone = zoneinfo.ZoneInfo(arg)
        elif not isinstance(arg, tzinfo):
            return ""
    except Exception:
        # Manual: filters give an empty text for what they cannot convert.
        return ""
    local = timezone.localtime(value, zone)
    return datetimeobject.combine(local.date(), local.timetz())


def _to_zone(name: str, text: str, zone: Callable[[], tzinfo]) -> Any:
    def convert(value: Any) -> Any:
        return do_timezone(value, zone())

    convert.__name__, convert.__doc__ = name, text
    return register.filter(name, convert)


utc = _to_zone("utc", "Convert a datetime to UTC.", lambda: UTC)
localtime = _to_zone(
    "localtime",
    "Convert a datetime to the current time zone.",
    lambda: timezone.get_current_timezone(),
)


class _Overriding(Node):
    """Base of the tags that change how the inside is rendered."""

    def __init__(self, nodelist: Any, setting: Any) -> None:
        self.nodelist, self.setting = nodelist, setting


class LocalTimeNode(_Overriding):
    """Turns conversion to local time on or off for what is inside."""

    def render(self, context: Any) -> str:
        """Return the text inside."""
        outer, context.use_tz = context.use_tz, self.setting
        try:
            return self.nodelist.render(context)
        finally:
            context.use_tz = outer


class TimezoneNode(_Overriding):
    """Sets the time zone for what is inside."""

    def render(self, context: Any) -> str:
        """Return the text inside."""
        with timezone.override(self.setting.resolve(context)):
            return self.nodelist.render(context)


class GetCurrentTimezoneNode(Node):
    """Sets a variable to the name of the current time zone."""

    child_nodelists = ()

    def __init__(self, variable: str) -> None:
        self.variable = variable

    def render(self, context: Any) -> str:
        """Set the variable; there is no text."""
        context[self.variable] = timezone.get_current_timezone_name()
        return ""


def _until(parser: Parser, end: str) -> Any:
    nodelist = parser.parse((end,))
    parser.delete_first_token()
    return nodelist


@register.tag("localtime")
def localtime_tag(parser: Parser, token: Token) -> LocalTimeNode:
    """Compile a ``localtime`` tag."""
    tag, *words = token.split_contents()
    if words not in ([], ["on"], ["off"]):
        raise TemplateSyntaxError(f"{tag!r} argument should be 'on' or 'off'")
    return LocalTimeNode(_until(parser, "endlocaltime"), words != ["off"])


@register.tag("timezone")
def timezone_tag(parser: Parser, token: Token) -> TimezoneNode:
    """Compile a ``timezone`` tag."""
    tag, *words = token.split_contents()
    if len(words) != 1:
        raise TemplateSyntaxError(f"'{tag}' takes one argument (timezone)")
    zone = parser.compile_filter(words[0])
    return TimezoneNode(_until(parser, "endtimezone"), zone)


@register.tag("get_current_timezone")
def get_current_timezone_tag(parser: Parser, token: Token) -> GetCurrentTimezoneNode:
    """Compile a ``get_current_timezone`` tag."""
    words = token.contents.split()
    if len(words) != 3 or words[1] != "as":
        raise TemplateSyntaxError(f"'get_current_timezone' requires 'as variable' (got {words!r})")
    return GetCurrentTimezoneNode(words[2])
