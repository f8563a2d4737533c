"""Tokens to nodes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from nuages.template._expressions import FilterExpression, Variable
from nuages.template._lexer import Token, TokenType
from nuages.template._nodes import Node, NodeList, TextNode, VariableNode
from nuages.template.exceptions import TemplateSyntaxError
from nuages.utils.deprecation import RemovedInDjango2028Warning

if TYPE_CHECKING:
    from nuages.template.base import Origin
    from nuages.template.library import Library


class Parser:
    """Builds nodes from tokens; the functions behind tags get it as first argument.

    Args:
        tokens: of the whole template.
        libraries: names that ``{% load %}`` knows, with their libraries.
        builtins: libraries that are always loaded.
        origin: the template that is parsed.

    Attributes:
        tags, filters: what is loaded so far.
        extra_data: whatever tags want to leave with the template.
    """

    def __init__(
        self,
        tokens: Iterable[Token],
        libraries: dict[str, Library] | None = None,
        builtins: Iterable[Library] | None = None,
        origin: Origin | None = None,
    ) -> None:
        # The next token is the last.
        self.tokens = list(tokens)[::-1]
        self.tags: dict[str, Callable[..., Node]] = {}
        self.filters: dict[str, Callable[..., Any]] = {}
        self.command_stack: list[tuple[str, Token]] = []
        self.extra_data: dict[str, Any] = {}
        self.libraries = libraries or {}
        self.origin = origin
        for library in builtins or ():
            self.add_library(library)

    def __repr__(self) -> str:
        return f"<{type(self).__qualname__} tokens={self.tokens!r}>"

    def parse(self, parse_until: Iterable[str] | None = None) -> NodeList:
        """Return the nodes up to a tag named in ``parse_until``, which stays the next token.

        Raises:
            TemplateSyntaxError: a tag is empty, unknown, or not closed.
        """
        ends = tuple(parse_until or ())
        nodelist = NodeList()
        while self.tokens:
            token = self.next_token()
            match token.token_type:
                case TokenType.TEXT:
                    self.extend_nodelist(nodelist, TextNode(token.contents), token)
                case TokenType.VAR:
                    self._parse_variable(nodelist, token)
                case TokenType.BLOCK:
                    name = token.contents.split(None, 1)[0] if token.contents else ""
                    if name in ends:
                        self.prepend_token(token)
                        return nodelist
                    self._parse_tag(nodelist, token, name, ends)
        if ends:
            self.unclosed_block_tag(ends)
        return nodelist

    def _parse_variable(self, nodelist: NodeList, token: Token) -> None:
        if not token.contents:
            raise self.error(token, f"Empty variable tag on line {token.lineno}")
        try:
            expression = self.compile_filter(token.contents)
            if ".." in token.contents:
                self._warn_of_double_dots(expression, token)
        except TemplateSyntaxError as error:
            raise self.error(token, error)
        self.extend_nodelist(nodelist, VariableNode(expression), token)

    def _parse_tag(
        self, nodelist: NodeList, token: Token, name: str, ends: tuple[str, ...]
    ) -> None:
        if not name:
            raise self.error(token, f"Empty block tag on line {token.lineno}")
        build = self.tags.get(name)
        if build is None:
            self.invalid_block_tag(token, name, ends)
        # Remembered for the message about a tag that is never closed.
        self.command_stack.append((name, token))
        try:
            node = build(self, token)
        except Exception as error:
            raise self.error(token, error)
        self.extend_nodelist(nodelist, node, token)
        self.command_stack.pop()

    def skip_past(self, endtag: str) -> None:
        """Drop all tokens up to and with the tag whose whole text is ``endtag``."""
        while self.tokens:
            token = self.next_token()
            if token.token_type is TokenType.BLOCK and token.contents == endtag:
                return
        self.unclosed_block_tag([endtag])

    def extend_nodelist(self, nodelist: NodeList, node: Node, token: Token) -> None:
        """Add a node that was made from a token.

        Raises:
            TemplateSyntaxError: it must come first, and does not.
        """
        if node.must_be_first and nodelist.contains_nontext:
            origin: Any = self.origin
            place = repr(origin.template_name) if _named(origin) else "the template"
            raise self.error(token, f"{{% {token.contents} %}} must be the first tag in {place}.")
        if not isinstance(node, TextNode):
            nodelist.contains_nontext = True
        node.token = token
        node.origin = self.origin
        nodelist.append(node)

    def error(self, token: Token, e: Exception | str) -> Exception:
        """Return the error, with the token it is about; a text makes a ``TemplateSyntaxError``."""
        error = e if isinstance(e, Exception) else TemplateSyntaxError(e)
        if not hasattr(error, "token"):
            error.token = token  # type: ignore[attr-defined]
        return error

    def invalid_block_tag(
        self, token: Token, command: str, parse_until: Iterable[str] | None = None
    ) -> NoReturn:
        """Raise the error for a tag that is not known, or not expected here."""
        expected = [f"'{name}'" for name in parse_until or ()]
        # In English whatever the active language: the rest of the message is.
        hint = (
            ", expected " + " or ".join(filter(None, (", ".join(expected[:-1]), expected[-1])))
            if expected
            else ""
        )
        raise self.error(
            token,
            f"Invalid block tag on line {token.lineno}: '{command}'{hint}. "
            "Did you forget to register or load this tag?",
        )

    def unclosed_block_tag(self, parse_until: Iterable[str]) -> NoReturn:
        """Raise the error for a tag whose end is missing."""
        command, token = self.command_stack.pop()
        raise self.error(
            token,
            f"Unclosed tag on line {token.lineno}: '{command}'. "
            f"Looking for one of: {', '.join(parse_until)}.",
        )

    def next_token(self) -> Token:
        """Remove and return the next token."""
        return self.tokens.pop()

    def prepend_token(self, token: Token) -> None:
        """Make ``token`` the next one."""
        self.tokens.append(token)

    def delete_first_token(self) -> None:
        """Drop the next token."""
        self.tokens.pop()

    def add_library(self, lib: Library) -> None:
        """Make the tags and filters of a library known from here on."""
        self.tags |= lib.tags
        self.filters |= lib.filters

    def compile_filter(self, token: str) -> FilterExpression:
        """Return the filter expression that a text stands for."""
        return FilterExpression(token, self)

    def _warn_of_double_dots(self, expression: FilterExpression, token: Token) -> None:
        arguments = [arg for _, args in expression.filters for is_var, arg in args if is_var]
        for variable in (expression.var, *arguments):
            if isinstance(variable, Variable) and "" in (variable.lookups or ())[1:-1]:
                origin: Any = self.origin
                where: Any = origin.template_name if _named(origin) else origin
                warnings.warn(
                    "Support for double-dot lookups '..' which maps to a lookup of the empty "
                    f"string is deprecated.\n  Template: {where}\n"
                    f"  Line: {token.lineno}",
                    RemovedInDjango2028Warning,
                    stacklevel=2,
                )

    def find_filter(self, filter_name: str) -> Callable[..., Any]:
        """Return the filter of that name.

        Raises:
            TemplateSyntaxError: none such is loaded.
        """
        try:
            return self.filters[filter_name]
        except KeyError:
            raise TemplateSyntaxError(f"Invalid filter: '{filter_name}'") from None


def _named(origin: Origin | None) -> bool:
    return origin is not None and bool(origin.template_name)


Parser.__module__ = "django.template.base"
