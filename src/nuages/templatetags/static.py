"""Tags for static and media files. Manual: "Built-in template tags and filters"."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin

from nuages import template
from nuages.apps import apps
from nuages.utils.encoding import iri_to_uri
from nuages.utils.html import conditional_escape

if TYPE_CHECKING:
    from nuages.template.base import Parser, Token
    from nuages.template.compiler import Compiler

register = template.Library()


class PrefixNode(template.Node):
    """Gives a setting that holds a URL.

    Args:
        varname: the variable to set; None to put the text out.
        name: the setting.

    Raises:
        TemplateSyntaxError: there is no setting.
    """

    child_nodelists = ()

    def __init__(self, varname: str | None = None, name: str | None = None) -> None:
        if name is None:
            raise template.TemplateSyntaxError("Prefix nodes must be given a name to return.")
        self.name, self.varname = name, varname

    def __repr__(self) -> str:
        return f"<{type(self).__qualname__} for {self.name!r}>"

    @classmethod
    def handle_token(cls, parser: Parser, token: Token, name: str) -> PrefixNode:
        """Return the node for a tag about a setting."""
        match token.contents.split():
            case [_, "as", target, *_]:
                return cls(target, name)
            case [tag, _, *_]:
                raise template.TemplateSyntaxError(f"First argument in '{tag}' must be 'as'")
        return cls(None, name)

    @classmethod
    def handle_simple(cls, name: str) -> str:
        """Return the value of a setting, encoded; an empty text without settings."""
        from nuages.conf import settings

        return iri_to_uri(getattr(settings, name, "")) or ""

    def render(self, context: Any) -> str:
        """Return the URL, or set the variable."""
        url = self.handle_simple(self.name)
        if self.varname is None:
            return url
        context[self.varname] = url
        return ""


def _prefix_tag(name: str, setting: str, text: str) -> Any:
    def build(parser: Parser, token: Token) -> PrefixNode:
        return PrefixNode.handle_token(parser, token, setting)

    build.__name__ = build.__qualname__ = name
    build.__doc__ = text
    return register.tag(name, build)


get_static_prefix = _prefix_tag("get_static_prefix", "STATIC_URL", "Give ``STATIC_URL``.")
get_media_prefix = _prefix_tag("get_media_prefix", "MEDIA_URL", "Give ``MEDIA_URL``.")


@lru_cache(maxsize=1024)
def _joined(prefix: str, path: str) -> str:
    return urljoin(prefix, quote(path))


class StaticNode(template.Node):
    """Gives the URL of a static file.

    Args:
        varname: the variable to set; None to put the URL out.
        path: a filter expression for the path.
    """

    child_nodelists = ()

    def __init__(self, varname: str | None = None, path: Any = None) -> None:
        if path is None:
            raise template.TemplateSyntaxError(
                "Static template nodes must be given a path to return."
            )
        self.path, self.varname = path, varname

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}(varname={self.varname!r}, path={self.path!r})"

    def url(self, context: Any) -> str:
        """Return the URL of the path in a context."""
        return self.handle_simple(self.path.resolve(context))

    def render(self, context: Any) -> str:
        """Return the URL, or set the variable."""
        address = self.url(context)
        shown = conditional_escape(address) if context.autoescape else address
        if not self.varname:
            return shown
        context[self.varname] = shown
        return ""

    @classmethod
    def handle_simple(cls, path: str) -> str:
        """Return the URL of a path, from the storage if static files are installed."""
        if not apps.is_installed("django.contrib.staticfiles"):
            return _joined(PrefixNode.handle_simple("STATIC_URL"), path)
        from nuages.contrib.staticfiles import storage

        configured: Any = storage.staticfiles_storage
        return configured.url(path)

    @classmethod
    def handle_token(cls, parser: Parser, token: Token) -> StaticNode:
        """Return the node for a tag."""
        match token.split_contents():
            case [tag]:
                raise template.TemplateSyntaxError(
                    f"'{tag}' takes at least one argument (path to file)"
                )
            case [_, path, _, target, *_]:
                return cls(target, parser.compile_filter(path))
            case [_, path, *_]:
                return cls(None, parser.compile_filter(path))
        raise AssertionError("a tag has a name")

    def inlines(self, compiler: Compiler) -> bool:
        return self.varname is None and compiler.can_resolve(self.path)

    def emit(self, compiler: Compiler) -> None:
        url = f"{compiler.constant(self, 'static')}.handle_simple({compiler.resolved(self.path)})"
        compiler.write(f"escape({url})" if compiler.autoescape else url)


@register.tag("static")
def do_static(parser: Parser, token: Token) -> StaticNode:
    """Compile a ``static`` tag."""
    return StaticNode.handle_token(parser, token)


def static(path: str) -> str:
    """Return the URL of a static file."""
    return StaticNode.handle_simple(path)
