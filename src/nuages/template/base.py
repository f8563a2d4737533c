"""Templates and what they are made of. Manual: "The Django template language: for Python programmers".

A template's text becomes tokens (``_lexer``), these become nodes (``_parser``, ``_nodes``) that
hold variables and filter expressions (``_expressions``); ``compiler`` makes functions of them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nuages.template._expressions import (
    FilterExpression,
    Variable,
    VariableDoesNotExist,
    kwarg_re,
    logger,
    token_kwargs,
)
from nuages.template._lexer import (
    BLOCK_TAG_END,
    BLOCK_TAG_START,
    COMMENT_TAG_END,
    COMMENT_TAG_START,
    FILTER_ARGUMENT_SEPARATOR,
    FILTER_SEPARATOR,
    SINGLE_BRACE_END,
    SINGLE_BRACE_START,
    TRANSLATOR_COMMENT_MARK,
    VARIABLE_ATTRIBUTE_SEPARATOR,
    VARIABLE_TAG_END,
    VARIABLE_TAG_START,
    DebugLexer,
    Lexer,
    Token,
    TokenType,
    tag_re,
)
from nuages.template._nodes import (
    Node,
    NodeList,
    TextNode,
    VariableNode,
    render_value_in_context,
)
from nuages.template._parser import Parser
from nuages.template.context import BaseContext, Context
from nuages.template.exceptions import TemplateSyntaxError

if TYPE_CHECKING:
    from nuages.template.engine import Engine

#: What templates are made of is known by this module, wherever it is written.
__all__ = (
    "BaseContext",
    "BLOCK_TAG_END",
    "BLOCK_TAG_START",
    "COMMENT_TAG_END",
    "COMMENT_TAG_START",
    "Context",
    "DebugLexer",
    "FILTER_ARGUMENT_SEPARATOR",
    "FILTER_SEPARATOR",
    "FilterExpression",
    "kwarg_re",
    "Lexer",
    "logger",
    "Node",
    "NodeList",
    "Origin",
    "Parser",
    "PartialTemplate",
    "render_value_in_context",
    "SINGLE_BRACE_END",
    "SINGLE_BRACE_START",
    "tag_re",
    "Template",
    "TemplateSyntaxError",
    "TextNode",
    "Token",
    "token_kwargs",
    "TokenType",
    "TRANSLATOR_COMMENT_MARK",
    "UNKNOWN_SOURCE",
    "Variable",
    "VARIABLE_ATTRIBUTE_SEPARATOR",
    "VARIABLE_TAG_END",
    "VARIABLE_TAG_START",
    "VariableDoesNotExist",
    "VariableNode",
)

#: Name of the origin of templates made from a string.
UNKNOWN_SOURCE = "<unknown source>"

#: How many lines of source a report shows before and after the one at fault.
LINES_AROUND = 10

for _public in (Lexer, DebugLexer, Token, TokenType):
    _public.__module__ = "django.template.base"


class Origin:
    """Where a template came from.

    Args:
        name: usually the path of a file.
        template_name: what it was asked for by.
        loader: who found it.
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self, name: Any, template_name: str | bytes | None = None, loader: Any = None
    ) -> None:
        self.loader, self.name, self.template_name = loader, name, template_name

    @property
    def loader_name(self) -> str | None:
        """The dotted path of the loader's class."""
        kind = type(self.loader)
        return None if self.loader is None else f"{kind.__module__}.{kind.__qualname__}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Origin):
            return NotImplemented
        return (self.name, self.loader) == (other.name, other.loader)

    def __repr__(self) -> str:
        return f"<{type(self).__qualname__} name={self.name!r}>"

    def __str__(self) -> str:
        return f"{self.name}"


class Template:
    """A template that was parsed.

    Args:
        template_string: the text; anything that has a ``str()``.
        origin: where it came from.
        name: what it is called.
        engine: its engine; by default that of the first ``DjangoTemplates`` backend.

    Raises:
        TemplateSyntaxError: the text cannot be understood.
    """

    def __init__(
        self,
        template_string: Any,
        origin: Origin | None = None,
        name: str | None = None,
        engine: Engine | None = None,
    ) -> None:
        if engine is None:
            from nuages.template.engine import Engine

            engine = Engine.get_default()
        self.name = name
        self.origin = Origin(UNKNOWN_SOURCE) if origin is None else origin
        self.engine = engine
        self.source = str(template_string)
        self.extra_data: dict[str, Any] = {}
        self.nodelist = self.compile_nodelist()

    def __repr__(self) -> str:
        start = self.source[:20].replace("\n", "")
        return f'<{type(self).__qualname__} template_string="{start}...">'

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodelist)

    def _render(self, context: Any) -> str:
        return self.nodelist.render(context)

    def render(self, context: Context) -> str:
        """Return the text of the template with the names of ``context``."""
        with context.render_context.push_state(self):
            if context.template is not None:
                return self._render(context)
            with context.bind_template(self):
                context.template_name = self.name
                return self._render(context)

    def compile_nodelist(self) -> NodeList:
        """Parse the text and return its nodes.

        Raises:
            TemplateSyntaxError: it cannot be understood. With the engine's ``debug`` any error
                carries the source around the tag at fault as ``template_debug``.
        """
        engine = self.engine
        lexer = (DebugLexer if engine.debug else Lexer)(self.source)
        parser = Parser(
            lexer.tokenize(), engine.template_libraries, engine.template_builtins, self.origin
        )
        # Shared, so that tags can leave data with the template.
        parser.extra_data = self.extra_data
        try:
            return parser.parse()
        except Exception as error:
            token = getattr(error, "token", None)
            if engine.debug and token is not None:
                error.template_debug = self.get_exception_info(  # type: ignore[attr-defined]
                    error, token
                )
            self._name_in(error)
            raise

    def _name_in(self, error: Exception) -> None:
        """Let the message of a syntax error begin with the template's name, once."""
        if (
            isinstance(error, TemplateSyntaxError)
            and error.args
            and self.origin.name != UNKNOWN_SOURCE
            and not hasattr(error, "raw_error_message")
        ):
            error.raw_error_message = error.args[0]  # type: ignore[attr-defined]
            error.args = (f"Template: {self.origin}, {error.args[0]}", *error.args[1:])

    def get_exception_info(self, exception: Exception, token: Token) -> dict[str, Any]:
        """Return what a debug page shows of the source around ``token``.

        Returns:
            ``message``, ``name``, ``source_lines`` (pairs of a number and a text around the line
            at fault), ``line``, ``before``, ``during`` and ``after`` (that line in three parts),
            ``top`` and ``bottom`` (slice of all lines that is given), ``total``, and the offsets
            ``start`` and ``end``.
        """
        start, end = token.position or (0, 0)
        lines = _newline_lines(self.source)
        line, offset = 0, 0
        before = during = after = ""
        for number, text in enumerate(lines, 1):
            if start >= offset and end <= offset + len(text):
                line = number
                before = text[: start - offset]
                during = text[start - offset : end - offset]
                after = text[end - offset :]
            offset += len(text)
        numbered = list(enumerate(lines, 1))
        total = len(numbered)
        top, bottom = max(0, line - LINES_AROUND), min(total, line + 1 + LINES_AROUND)
        try:
            message = str(exception.args[0])
        except (IndexError, UnicodeDecodeError):
            message = "(Could not get exception message)"
        return {
            "message": message,
            "source_lines": numbered[top:bottom],
            "before": before,
            "during": during,
            "after": after,
            "top": top,
            "bottom": bottom,
            "total": total,
            "line": line,
            "name": self.origin.name,
            "start": start,
            "end": end,
        }


def _newline_lines(source: str) -> list[str]:
    """Return the lines of a source, each with its line feed, the last without."""
    *whole, last = source.split("\n")
    return [*(f"{line}\n" for line in whole), last]


class PartialTemplate:
    """A named part of a template, which renders like a template.

    Args:
        nodelist: its nodes.
        origin: the template it stands in.
        name: its name.
        source_start, source_end: its place in the source, known with ``debug`` on.

    Manual: "Built-in template tags and filters", section "partialdef".
    """

    def __init__(
        self,
        nodelist: NodeList,
        origin: Origin,
        name: str,
        source_start: int | None = None,
        source_end: int | None = None,
    ) -> None:
        self.name, self.origin, self.nodelist = name, origin, nodelist
        self._source_start, self._source_end = source_start, source_end

    def get_exception_info(self, exception: Exception, token: Token) -> dict[str, Any]:
        """Return what a debug page shows, from the template it stands in."""
        return self._whole().get_exception_info(exception, token)

    def _whole(self) -> Any:
        return self.origin.loader.get_template(self.origin.template_name)

    def find_partial_source(self, full_source: str) -> str:
        """Return the part of a template's source that this is, or an empty text."""
        start, end = self._source_start, self._source_end
        if start is None or end is None or not 0 <= start <= end <= len(full_source):
            return ""
        return full_source[start:end]

    @property
    def source(self) -> str:
        """The text of this part; empty (with a warning) unless the engine has ``debug`` on."""
        template = self._whole()
        if not template.engine.debug:
            warnings.warn(
                "PartialTemplate.source is only available when template debugging is enabled.",
                RuntimeWarning,
                stacklevel=2,
            )
        return self.find_partial_source(template.source)

    def _render(self, context: Any) -> str:
        # What is put in the place of Template._render sees parts too.
        return Template._render(self, context)  # type: ignore[arg-type]

    def render(self, context: Context) -> str:
        """Return the text of this part with the names of ``context``."""
        with context.render_context.push_state(self):
            if context.template is not None:
                return self._render(context)
            with context.bind_template(self):  # type: ignore[arg-type]
                context.template_name = self.name
                return self._render(context)
