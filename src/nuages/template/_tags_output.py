"""Built-in tags that produce text, change text, or load libraries.

Manual: "Built-in template tags and filters".
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from nuages.conf import settings
from nuages.template._expressions import (
    FilterExpression,
    VariableDoesNotExist,
    kwarg_re,
)
from nuages.template._nodes import Node, NodeList
from nuages.template.base import PartialTemplate
from nuages.template.defaultfilters import date
from nuages.template.exceptions import TemplateSyntaxError
from nuages.template.library import Library
from nuages.utils import timezone
from nuages.utils.functional import SimpleLazyObject
from nuages.utils.html import conditional_escape, escape, format_html, strip_spaces_between_tags
from nuages.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from nuages.template._lexer import Token
    from nuages.template._parser import Parser
    from nuages.template.compiler import Compiler

register = Library()


class AutoEscapeControlNode(Node):
    """``{% autoescape on %}…{% endautoescape %}``."""

    def __init__(self, setting: bool, nodelist: NodeList) -> None:
        self.setting, self.nodelist = setting, nodelist

    def render(self, context: Any) -> str:
        """Return the text inside, rendered with the setting."""
        outer, context.autoescape = context.autoescape, self.setting
        try:
            output = self.nodelist.render(context)
        finally:
            context.autoescape = outer
        return mark_safe(output) if self.setting else output

    def inlines(self, compiler: Compiler) -> bool:
        return compiler.can_inline(self.nodelist)

    def emit(self, compiler: Compiler) -> None:
        outer, compiler.autoescape = compiler.autoescape, self.setting
        compiler.nodes(self.nodelist)
        compiler.autoescape = outer


@register.tag
def autoescape(parser: Parser, token: Token) -> Node:
    """Compile an ``autoescape`` tag."""
    match token.contents.split():
        case [_, "on" | "off" as word]:
            pass
        case [_, _]:
            raise TemplateSyntaxError("'autoescape' argument should be 'on' or 'off'")
        case _:
            raise TemplateSyntaxError("'autoescape' tag requires exactly one argument.")
    nodelist = parser.parse(("endautoescape",))
    parser.delete_first_token()
    return AutoEscapeControlNode(word == "on", nodelist)


class CommentNode(Node):
    """``{% comment %}…{% endcomment %}``."""

    child_nodelists = ()

    def inlines(self, compiler: Compiler) -> bool:
        return True

    def emit(self, compiler: Compiler) -> None:
        pass


@register.tag
def comment(parser: Parser, token: Token) -> Node:
    """Compile a ``comment`` tag."""
    parser.skip_past("endcomment")
    return CommentNode()


class CsrfTokenNode(Node):
    """``{% csrf_token %}``."""

    child_nodelists = ()

    def render(self, context: Any) -> str:
        """Return the hidden field."""
        return csrf_field(context.get("csrf_token"))

    def inlines(self, compiler: Compiler) -> bool:
        return True

    def emit(self, compiler: Compiler) -> None:
        field = compiler.constant(csrf_field, "csrf_field")
        compiler.write(f"{field}({compiler.name('csrf_token', 'None')})")


def csrf_field(token: Any) -> str:
    """Return the hidden field for a token of the context."""
    if type(token) is SimpleLazyObject:
        token = str(token)  # made once, and looked at as it is
    if token:
        if token == "NOTPROVIDED":
            return ""
        shown = conditional_escape(token)
        return SafeString(f'<input type="hidden" name="csrfmiddlewaretoken" value="{shown}">')
    if settings.DEBUG:
        import warnings

        warnings.warn(
            "A {% csrf_token %} was used in a template, but the context did not provide the "
            "value. This is usually caused by not using RequestContext.",
            stacklevel=2,
        )
    return ""


@register.tag
def csrf_token(parser: Parser, token: Token) -> Node:
    """Compile a ``csrf_token`` tag."""
    return CsrfTokenNode()


@register.simple_tag(takes_context=True)
def csp_nonce_attr(context: Any, media: Any = None) -> str:
    """Return the nonce as an attribute, or the assets of a form with the nonce on each."""
    nonce = context.get("csp_nonce")
    if media is not None:
        return media.render() if nonce is None else media.render(attrs={"nonce": nonce})
    # A nonce counts as false until it is used, as here.
    return "" if nonce is None else format_html('nonce="{}"', nonce)


csp_nonce_attr.reads = ("csp_nonce",)


class DebugNode(Node):
    """``{% debug %}``."""

    child_nodelists = ()

    def render(self, context: Any) -> str:
        """Return the context and the loaded modules; nothing unless ``DEBUG``."""
        if not settings.DEBUG:
            return ""
        from pprint import pformat

        parts = [escape(pformat(layer)) for layer in context]
        return "".join([*parts, "\n\n", escape(pformat(sys.modules))])


@register.tag
def debug(parser: Parser, token: Token) -> Node:
    """Compile a ``debug`` tag."""
    return DebugNode()


class FilterNode(Node):
    """``{% filter %}…{% endfilter %}``."""

    def __init__(self, filter_expr: FilterExpression, nodelist: NodeList) -> None:
        self.filter_expr, self.nodelist = filter_expr, nodelist

    def render(self, context: Any) -> str:
        """Return the text inside, filtered."""
        layer = {"var": self.nodelist.render(context)}
        with context.push(layer):
            return self.filter_expr.resolve(context)


@register.tag("filter")
def do_filter(parser: Parser, token: Token) -> Node:
    """Compile a ``filter`` tag."""
    # Filters with arguments may hold spaces, so the rest is taken whole.
    filters = token.contents.partition(" ")[2].strip()
    expression = parser.compile_filter(f"var|{filters}")
    used = {getattr(function, "_filter_name", None) for function, _ in expression.filters}
    for name in used & {"escape", "safe"}:
        raise TemplateSyntaxError(
            f'"filter {name}" is not permitted. Use the "autoescape" tag instead.'
        )
    inside = parser.parse(("endfilter",))
    parser.delete_first_token()
    return FilterNode(expression, inside)


class LoadNode(Node):
    """``{% load %}``."""

    child_nodelists = ()

    def inlines(self, compiler: Compiler) -> bool:
        return True

    def emit(self, compiler: Compiler) -> None:
        pass


def find_library(parser: Parser, name: str) -> Library:
    """Return the library of a label.

    Raises:
        TemplateSyntaxError: there is none.
    """
    try:
        return parser.libraries[name]
    except KeyError:
        known = "\n".join(sorted(parser.libraries))
        raise TemplateSyntaxError(
            f"'{name}' is not a registered tag library. Must be one of:\n{known}"
        ) from None


def load_from_library(library: Library, label: str, names: list[str]) -> Library:
    """Return a library with the named tags and filters of another.

    Raises:
        TemplateSyntaxError: a name is neither.
    """
    wanted = set(names)
    subset = Library()
    subset.tags = {name: tag for name, tag in library.tags.items() if name in wanted}
    subset.filters = {name: one for name, one in library.filters.items() if name in wanted}
    for name in names:
        if name not in subset.tags and name not in subset.filters:
            raise TemplateSyntaxError(
                f"'{name}' is not a valid tag or filter in tag library '{label}'"
            )
    return subset


@register.tag
def load(parser: Parser, token: Token) -> Node:
    """Compile a ``load`` tag."""
    # Not split_contents(): labels hold no quotes, and there may be newlines between them.
    match token.contents.split():
        case [_, _, *_, "from", label]:
            names = token.contents.split()[1:-2]
            library = find_library(parser, label)
            parser.add_library(load_from_library(library, label, names))
        case [_, *labels]:
            for label in labels:
                parser.add_library(find_library(parser, label))
    return LoadNode()


class LoremNode(Node):
    """``{% lorem %}``."""

    child_nodelists = ()

    def __init__(self, count: FilterExpression, method: str, common: bool) -> None:
        self.count, self.method, self.common = count, method, common

    def render(self, context: Any) -> str:
        """Return filler text."""
        from nuages.utils import lorem_ipsum

        try:
            many = int(self.count.resolve(context))
        except (TypeError, ValueError):
            many = 1
        if self.method == "w":
            return lorem_ipsum.words(many, common=self.common)
        frame = "<p>{}</p>" if self.method == "p" else "{}"
        return "\n\n".join(map(frame.format, lorem_ipsum.paragraphs(many, common=self.common)))


@register.tag
def lorem(parser: Parser, token: Token) -> Node:
    """Compile a ``lorem`` tag."""
    tag, *words = token.split_contents()
    common = words[-1:] != ["random"]
    if not common:
        words.pop()
    method = words.pop() if words and words[-1] in ("w", "p", "b") else "b"
    count = words.pop() if words else "1"
    if words:
        raise TemplateSyntaxError(f"Incorrect format for {tag!r} tag")
    return LoremNode(parser.compile_filter(count), method, common)


class NowNode(Node):
    """``{% now "format" %}``."""

    child_nodelists = ()

    def __init__(self, format_string: str, asvar: str | None = None) -> None:
        self.format_string, self.asvar = format_string, asvar

    def render(self, context: Any) -> str:
        """Return the current time."""
        zone = timezone.get_current_timezone() if settings.USE_TZ else None
        text = date(datetime.now(tz=zone), self.format_string)
        if self.asvar:
            context[self.asvar] = text
            return ""
        return text


@register.tag
def now(parser: Parser, token: Token) -> Node:
    """Compile a ``now`` tag."""
    match token.split_contents():
        case [_, text, "as", name]:
            return NowNode(text[1:-1], name)
        case [_, text]:
            return NowNode(text[1:-1])
    raise TemplateSyntaxError("'now' statement takes one argument")


class PartialDefNode(Node):
    """``{% partialdef name %}…{% endpartialdef %}``."""

    def __init__(self, partial_name: str, inline: bool, nodelist: NodeList) -> None:
        self.partial_name, self.inline, self.nodelist = partial_name, inline, nodelist

    def render(self, context: Any) -> str:
        """Return the text inside if the part is shown in place."""
        return self.nodelist.render(context) if self.inline else ""

    def inlines(self, compiler: Compiler) -> bool:
        return not self.inline or compiler.can_inline(self.nodelist)

    def emit(self, compiler: Compiler) -> None:
        if self.inline:
            compiler.nodes(self.nodelist)


class PartialNode(Node):
    """``{% partial name %}``."""

    child_nodelists = ()

    def __init__(self, partial_name: str, partial_mapping: dict[str, PartialTemplate]) -> None:
        # The part may be defined further below, so it is looked up when rendered.
        self.partial_name, self.partial_mapping = partial_name, partial_mapping

    def render(self, context: Any) -> str:
        """Return the text of the part."""
        part = self.partial_mapping.get(self.partial_name)
        if part is not None:
            return part.nodelist.render(context)
        raise TemplateSyntaxError(
            f"Partial '{self.partial_name}' is not defined in the current template."
        )

    def inlines(self, compiler: Compiler) -> bool:
        part = self.partial_mapping.get(self.partial_name)
        return part is not None and compiler.can_inline(part.nodelist)

    def emit(self, compiler: Compiler) -> None:
        compiler.nodes(self.partial_mapping[self.partial_name].nodelist)


@register.tag("partialdef")
def partialdef_func(parser: Parser, token: Token) -> Node:
    """Compile a ``partialdef`` tag."""
    match token.split_contents():
        case [_]:
            raise TemplateSyntaxError("'partialdef' tag requires a name")
        case [_, name]:
            inline = False
        case [_, name, "inline"]:
            inline = True
        case [_, _, _]:
            raise TemplateSyntaxError(
                "The 'inline' argument does not have any parameters; either use 'inline' or "
                "remove it completely."
            )
        case _:
            raise TemplateSyntaxError("'partialdef' tag takes at most 2 arguments")
    nodelist = parser.parse(("endpartialdef", f"endpartialdef {name}"))
    end = parser.next_token()
    if end.contents not in ("endpartialdef", f"endpartialdef {name}"):
        parser.invalid_block_tag(end, "endpartialdef", ("endpartialdef", f"endpartialdef {name}"))
    partials = parser.extra_data.setdefault("partials", {})
    if name in partials:
        raise TemplateSyntaxError(
            f"Partial '{name}' is already defined in the "
            f"'{parser.origin.name if parser.origin else ''}' template."
        )
    partials[name] = PartialTemplate(
        nodelist,
        parser.origin,  # type: ignore[arg-type]
        name,
        source_start=token.position[0] if token.position else None,
        source_end=end.position[1] if end.position else None,
    )
    return PartialDefNode(name, inline, nodelist)


@register.tag("partial")
def partial_func(parser: Parser, token: Token) -> Node:
    """Compile a ``partial`` tag."""
    match token.split_contents():
        case [_, name]:
            return PartialNode(name, parser.extra_data.setdefault("partials", {}))
    raise TemplateSyntaxError("'partial' tag requires a single argument")


@register.simple_tag(name="querystring", takes_context=True)
def querystring(context: Any, *args: Any, **kwargs: Any) -> str:
    """Return a query string from mappings (``request.GET`` by default) and single values."""
    from nuages.http import QueryDict

    result = QueryDict(mutable=True)
    for source in chain(args or (context.request.GET,), (kwargs,)):
        if not isinstance(source, Mapping):
            raise TemplateSyntaxError(
                f"querystring requires mappings for positional arguments (got {source!r} instead)."
            )
        lists = source.lists() if isinstance(source, QueryDict) else source.items()
        for key, value in lists:
            if not isinstance(key, str):
                raise TemplateSyntaxError(
                    f"querystring requires strings for mapping keys (got {key!r} instead)."
                )
            values = value if not isinstance(value, str) and hasattr(value, "__iter__") else [value]
            values = [each for each in values if each is not None]
            if values:
                result.setlist(key, values)
            else:
                result.pop(key, None)
    return f"?{result.urlencode()}" if result else "?"


class SpacelessNode(Node):
    """``{% spaceless %}…{% endspaceless %}``."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: Any) -> str:
        """Return the text inside without the space between its HTML tags."""
        return strip_spaces_between_tags(self.nodelist.render(context).strip())

    def inlines(self, compiler: Compiler) -> bool:
        return compiler.can_inline(self.nodelist)

    def emit(self, compiler: Compiler) -> None:
        strip = compiler.constant(strip_spaces_between_tags, "strip_spaces")
        with compiler.captured() as text:
            compiler.nodes(self.nodelist)
        compiler.write(f"{strip}({text}.strip())")


@register.tag
def spaceless(parser: Parser, token: Token) -> Node:
    """Compile a ``spaceless`` tag."""
    nodelist = parser.parse(("endspaceless",))
    parser.delete_first_token()
    return SpacelessNode(nodelist)


class TemplateTagNode(Node):
    """``{% templatetag %}``."""

    child_nodelists = ()
    mapping = {
        "openblock": "{%",
        "closeblock": "%}",
        "openvariable": "{{",
        "closevariable": "}}",
        "openbrace": "{",
        "closebrace": "}",
        "opencomment": "{#",
        "closecomment": "#}",
    }

    def __init__(self, tagtype: str) -> None:
        self.tagtype = tagtype

    def render(self, context: Any) -> str:
        """Return the delimiter."""
        return self.mapping.get(self.tagtype, "")

    def inlines(self, compiler: Compiler) -> bool:
        return True

    def emit(self, compiler: Compiler) -> None:
        compiler.text(self.mapping.get(self.tagtype, ""))


@register.tag
def templatetag(parser: Parser, token: Token) -> Node:
    """Compile a ``templatetag`` tag."""
    match token.contents.split():
        case [_, kind] if kind in TemplateTagNode.mapping:
            return TemplateTagNode(kind)
        case [_, kind]:
            raise TemplateSyntaxError(
                f"Invalid templatetag argument: '{kind}'. Must be one of: "
                f"{list(TemplateTagNode.mapping)}"
            )
    raise TemplateSyntaxError("'templatetag' statement takes one argument")


class URLNode(Node):
    """``{% url %}``."""

    child_nodelists = ()

    def __init__(
        self,
        view_name: FilterExpression,
        args: list[FilterExpression],
        kwargs: dict[str, FilterExpression],
        asvar: str | None,
    ) -> None:
        self.view_name, self.args = view_name, args
        self.kwargs, self.asvar = kwargs, asvar

    def __repr__(self) -> str:
        return (
            f"<{type(self).__qualname__} view_name='{self.view_name}' args={self.args!r} "
            f"kwargs={self.kwargs!r} as={self.asvar!r}>"
        )

    def render(self, context: Any) -> str:
        """Return the URL, or keep it in a variable (which is empty where there is none)."""
        from nuages.urls import NoReverseMatch, reverse

        wanted = {
            "viewname": self.view_name.resolve(context),
            "args": [arg.resolve(context) for arg in self.args],
            "kwargs": {name: value.resolve(context) for name, value in self.kwargs.items()},
            "current_app": current_app(context),
        }
        if self.asvar is None:
            address = reverse(**wanted)
            return conditional_escape(address) if context.autoescape else address
        try:
            context[self.asvar] = reverse(**wanted)
        except NoReverseMatch:
            context[self.asvar] = ""
        return ""

    def inlines(self, compiler: Compiler) -> bool:
        return self.asvar is None and all(
            map(compiler.can_resolve, (self.view_name, *self.args, *self.kwargs.values()))
        )

    def emit(self, compiler: Compiler) -> None:
        args = [compiler.resolved(arg) for arg in self.args]
        values = [compiler.resolved(value) for value in self.kwargs.values()]
        name = self.view_name
        if name.is_var or name.filters or (args and values):
            self._emit_call(compiler, args, values)
            return
        from nuages.urls._links import Link

        link = Link(str(name.var), tuple(self.kwargs), compiler.autoescape, current_app)
        compiler.write(
            f"{compiler.constant(link, 'link')}({', '.join(['context', *args, *values])})"
        )

    def _emit_call(self, compiler: Compiler, args: list[str], values: list[str]) -> None:
        from nuages import urls

        app = compiler.constant(current_app, "current_app")
        kwargs = [f"{name!r}: {value}" for name, value in zip(self.kwargs, values, strict=True)]
        view_name = compiler.resolved(self.view_name)
        url = (
            f"{compiler.constant(urls, 'urls')}.reverse({view_name}, args=[{', '.join(args)}], "
            f"kwargs={{{', '.join(kwargs)}}}, current_app={app}(context))"
        )
        if not compiler.autoescape:
            compiler.write(f"as_text({url})")
            return
        address = compiler.temporary("url")
        compiler.line(f"{address} = {url}")
        compiler.write(f"escape_text({address}) if type({address}) is str else escape({address})")


def current_app(context: Any) -> str | None:
    """Return the application namespace that URLs are reversed in."""
    try:
        request = context.request
    except AttributeError:
        return None
    try:
        return request.current_app
    except AttributeError:
        pass
    try:
        return request.resolver_match.namespace
    except AttributeError:
        return None


@register.tag
def url(parser: Parser, token: Token) -> Node:
    """Compile a ``url`` tag."""
    asvar: str | None = None
    tag, *words = token.split_contents()
    if not words:
        raise TemplateSyntaxError(f"'{tag}' takes at least one argument, a URL pattern name.")
    view, *words = words
    if words[-2:-1] == ["as"]:
        *words, _, asvar = words
    found = [kwarg_re.fullmatch(word) for word in words]
    if None in found:
        raise TemplateSyntaxError("Malformed arguments to url tag")
    pairs = [(word[1], parser.compile_filter(word[2])) for word in found if word]
    return URLNode(
        parser.compile_filter(view),
        [value for name, value in pairs if not name],
        {name: value for name, value in pairs if name},
        asvar,
    )


class VerbatimNode(Node):
    """``{% verbatim %}…{% endverbatim %}``."""

    child_nodelists = ()

    def __init__(self, content: str) -> None:
        self.content = content

    def render(self, context: Any) -> str:
        """Return the text as it was written."""
        return self.content

    def inlines(self, compiler: Compiler) -> bool:
        return True

    def emit(self, compiler: Compiler) -> None:
        compiler.text(self.content)


@register.tag
def verbatim(parser: Parser, token: Token) -> Node:
    """Compile a ``verbatim`` tag."""
    nodelist = parser.parse(("endverbatim",))
    parser.delete_first_token()
    return VerbatimNode("".join(node.s for node in nodelist))


class WidthRatioNode(Node):
    """``{% widthratio %}``."""

    child_nodelists = ()

    def __init__(
        self,
        val_expr: FilterExpression,
        max_expr: FilterExpression,
        max_width: FilterExpression,
        asvar: str | None = None,
    ) -> None:
        self.val_expr, self.max_expr = val_expr, max_expr
        self.max_width, self.asvar = max_width, asvar

    def _width(self, context: Any) -> str:
        expressions = (self.val_expr, self.max_expr, self.max_width)
        try:
            value, whole, width = (each.resolve(context) for each in expressions)
        except VariableDoesNotExist:
            return ""
        try:
            width = int(width)
        except (TypeError, ValueError):
            raise TemplateSyntaxError("widthratio final argument must be a number") from None
        try:
            return f"{round(float(value) / float(whole) * width)}"
        except ZeroDivisionError:
            return "0"
        except (OverflowError, TypeError, ValueError):
            return ""

    def render(self, context: Any) -> str:
        """Return the width."""
        width = self._width(context)
        if not self.asvar:
            return width
        context[self.asvar] = width
        return ""


@register.tag
def widthratio(parser: Parser, token: Token) -> Node:
    """Compile a ``widthratio`` tag."""
    match token.split_contents():
        case [_, value, maximum, width]:
            name = None
        case [_, value, maximum, width, word, name]:
            if word != "as":
                raise TemplateSyntaxError(
                    "Invalid syntax in widthratio tag. Expecting 'as' keyword"
                )
        case _:
            raise TemplateSyntaxError("widthratio takes at least three arguments")
    return WidthRatioNode(
        parser.compile_filter(value),
        parser.compile_filter(maximum),
        parser.compile_filter(width),
        name,
    )
