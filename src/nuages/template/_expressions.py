"""Variables and filter expressions: what stands between ``{{`` and ``}}``, and in tags."""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nuages.template.context import BaseContext
from nuages.template.exceptions import TemplateSyntaxError
from nuages.utils.safestring import SafeData, mark_safe
from nuages.utils.text import unescape_string_literal
from nuages.utils.timezone import template_localtime
from nuages.utils.translation import gettext_lazy, pgettext_lazy

if TYPE_CHECKING:
    from nuages.template._parser import Parser

logger = logging.getLogger("django.template")

#: A number or a path of names; signs within those are refused by ``Variable``, with a better message.
_NAME = r"[\w.+-]+"
_QUOTED = r""""[^"\\]*(?:\\.[^"\\]*)*"|'[^'\\]*(?:\\.[^'\\]*)*'"""
_CONSTANT = rf"_\((?:{_QUOTED})\)|{_QUOTED}"

_integer = re.compile(r"[-+]?\d+\Z")
_float = re.compile(r"[-+]?(?:\d+\.\d+|\.\d+|\d+(?=[eE]))(?:[eE][-+]?\d+)?\Z")
_operand = re.compile(rf"(?P<constant>{_CONSTANT})|(?P<name>{_NAME})", re.S)
_filter = re.compile(
    rf"\s*\|\s*(?P<filter>\w+)"
    rf"(?::(?:(?P<constant>{_CONSTANT})|(?P<name>{_NAME})))?",
    re.S,
)

#: One ``name=value`` word of a tag: group 1 the name (or nothing), group 2 the value.
kwarg_re = re.compile(r"(?:(\w+)=)?(.+)")


class VariableDoesNotExist(Exception):
    """A variable could not be resolved; ``msg % params`` says at which step."""

    def __init__(self, msg: str, params: tuple[Any, ...] = ()) -> None:
        self.msg = msg
        self.params = params

    def __str__(self) -> str:
        return self.msg % self.params


def failed_lookup(bit: str, current: Any) -> VariableDoesNotExist:
    """Return the error for a lookup of ``bit`` that ``current`` does not answer."""
    return VariableDoesNotExist("Failed lookup for key [%s] in %r", (bit, current))


def has_text_keys(kind: type) -> bool:
    """Return whether ``[text]`` may give something for instances of a class.

    A ``__getitem__`` that takes numbers only says so by an attribute, ``never_text``.
    """
    getter = getattr(kind, "__getitem__", None)
    return getter is not None and not getattr(getter, "never_text", False)


def look_up(current: Any, bit: str) -> Any:
    """Return ``current[bit]``, ``current.bit`` or ``current[int(bit)]``, whichever is there first.

    Manual: "The Django template language", section "Variables".
    """
    # Subscripting a class that is merely generic would give a type, not a member.
    if has_text_keys(type(current)):
        try:
            return current[bit]
        except (TypeError, AttributeError, KeyError, ValueError, IndexError):
            pass
    try:
        if isinstance(current, BaseContext):
            raise AttributeError  # only what its layers hold is there for templates
        return getattr(current, bit)
    except (TypeError, AttributeError):
        # An error inside a property that exists is the property's own.
        if not isinstance(current, BaseContext) and bit in dir(current):
            raise
    try:
        return current[int(bit)]
    except (IndexError, ValueError, KeyError, TypeError):
        raise failed_lookup(bit, current) from None


def call_value(value: Callable[..., Any], context: Any) -> Any:
    """Return what stands for a callable met on the way: usually the result of calling it."""
    if getattr(value, "do_not_call_in_templates", False):
        return value
    if getattr(value, "alters_data", False):
        return context.template.engine.string_if_invalid
    try:
        return value()
    except TypeError:
        if _callable_without_arguments(value):
            raise  # the error comes from within
        return context.template.engine.string_if_invalid


def _callable_without_arguments(value: Callable[..., Any]) -> bool:
    from nuages.utils.inspect import signature

    try:
        described = signature(value)
    except ValueError:
        return False  # a built-in that does not say; assume that it wanted some
    try:
        described.bind()
    except TypeError:
        return False
    return True


def log_failure(error: Exception, name: str, where: Any) -> None:
    """Record an error met while a variable was resolved, for those who debug templates."""
    logger.debug(
        "Exception while resolving variable '%s' in template '%s'.",
        name,
        getattr(where, "template_name", None) or "unknown",
        exc_info=error,
    )


class Variable:
    """A literal, or a dotted path that is looked up in a context.

    Args:
        var: e.g. ``"article.section"``, ``"5"``, ``"'text'"`` or ``"_('text')"``.

    Raises:
        TemplateSyntaxError: a part begins with an underscore, or holds ``+`` or ``-``.
        TypeError: ``var`` is no text.
    """

    __slots__ = ("__dict__", "literal", "lookups", "message_context", "translate", "var")

    def __init__(self, var: str) -> None:
        if not isinstance(var, str):
            raise TypeError(f"Variable must be a string or number, got {type(var)}")
        self.var = var
        self.literal: Any = None
        self.lookups: tuple[str, ...] | None = None
        self.translate = False
        self.message_context: str | None = None
        if _integer.match(var):
            self.literal = int(var)
        elif _float.match(var):
            self.literal = float(var)
        else:
            self._read_text(var)

    def _read_text(self, var: str) -> None:
        if var[:2] == "_(" and var[-1:] == ")":
            self.translate = True
            var = var[2:-1]
        try:
            self.literal = mark_safe(unescape_string_literal(var))
            return
        except ValueError:
            pass
        if var[:1] == "_" or "._" in var:
            raise TemplateSyntaxError(
                f"Variables and attributes may not begin with underscores: '{var}'"
            )
        for sign in "+-":
            if sign in var:
                raise TemplateSyntaxError(f"Invalid character ('{sign}') in variable name: '{var}'")
        self.lookups = tuple(var.split("."))

    def resolve(self, context: Any) -> Any:
        """Return the value in this context.

        Raises:
            VariableDoesNotExist: some part of the path is not there.
        """
        value = self.literal if self.lookups is None else self._resolve_lookup(context)
        if not self.translate:
            return value
        # Percent signs are doubled, as in catalogues that hold formats.
        message: Any = value.replace("%", "%%")
        if isinstance(value, SafeData):
            message = mark_safe(message)
        if self.message_context:
            return pgettext_lazy(self.message_context, message)
        return gettext_lazy(message)

    def _resolve_lookup(self, context: Any) -> Any:
        current = context
        try:
            for bit in self.lookups or ():
                current = look_up(current, bit)
                if callable(current):
                    current = call_value(current, context)
        except Exception as error:
            log_failure(error, bit, context)
            if getattr(error, "silent_variable_failure", False):
                return context.template.engine.string_if_invalid
            raise
        return current

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.var!r}>"

    def __str__(self) -> str:
        return self.var


class FilterExpression:
    """A variable or constant with the filters behind it, e.g. ``variable|default:"x"|upper``.

    Args:
        token: the text.
        parser: the parser that knows the loaded filters.

    Attributes:
        var: a ``Variable``, or the value of a constant.
        filters: pairs of a function and its arguments, each a pair
            (whether it is a variable, the ``Variable`` or the value).
        is_var: whether ``var`` is looked up.
    """

    __slots__ = ("__dict__", "filters", "is_var", "token", "var")

    def __init__(self, token: str, parser: Parser) -> None:
        self.token = token
        start = _operand.match(token)
        if start is None:
            raise self._unreadable(0)
        self.var: Any
        if start["constant"]:
            self.var = _constant(start["constant"])
            self.is_var = False
        else:
            self.var = Variable(start["name"])
            self.is_var = True
        self.filters: list[tuple[Callable[..., Any], list[tuple[bool, Any]]]] = []
        position = start.end()
        while position < len(token):
            link = _filter.match(token, position)
            if link is None:
                raise self._unreadable(position)
            function = parser.find_filter(link["filter"])
            arguments: list[tuple[bool, Any]] = []
            if link["constant"]:
                arguments.append((False, _constant(link["constant"])))
            elif link["name"]:
                arguments.append((True, Variable(link["name"])))
            self.args_check(link["filter"], function, arguments)
            self.filters.append((function, arguments))
            position = link.end()

    def _unreadable(self, position: int) -> TemplateSyntaxError:
        token = self.token
        later = _filter.search(token, position)
        if later is None:
            return TemplateSyntaxError(
                f"Could not parse the remainder: '{token[position:]}' from '{token}'"
            )
        if later.start() == position:
            return TemplateSyntaxError(f"Could not find variable at start of {token}.")
        before, gap, after = (
            token[:position],
            token[position : later.start()],
            token[later.start() :],
        )
        return TemplateSyntaxError(f"Could not parse some characters: {before}|{gap}|{after}")

    def resolve(self, context: Any, ignore_failures: bool = False) -> Any:
        """Return the value after all filters.

        Args:
            context: where variables are looked up.
            ignore_failures: give None for a missing variable instead of ``string_if_invalid``.
        """
        value = self.var
        if self.is_var:
            try:
                value = value.resolve(context)
            except VariableDoesNotExist:
                if ignore_failures:
                    value = None
                elif invalid := context.template.engine.string_if_invalid:
                    return invalid % self.var if "%s" in invalid else invalid
                else:
                    value = ""
        for function, arguments in self.filters:
            given = [arg.resolve(context) if is_var else arg for is_var, arg in arguments]
            if getattr(function, "expects_localtime", False):
                value = template_localtime(value, context.use_tz)
            if getattr(function, "needs_autoescape", False):
                result = function(value, *given, autoescape=context.autoescape)
            else:
                result = function(value, *given)
            if getattr(function, "is_safe", False) and isinstance(value, SafeData):
                result = mark_safe(result)
            value = result
        return value

    @staticmethod
    def args_check(name: str, func: Callable[..., Any], provided: list[Any]) -> bool:
        """Check that a filter takes as many arguments as it is given.

        Raises:
            TemplateSyntaxError: it takes more, or fewer.
        """
        from nuages.utils.inspect import signature

        takes, needs = 0, 0
        for parameter in signature(inspect.unwrap(func)).parameters.values():
            if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
                takes += 1
                needs += parameter.default is parameter.empty
            elif parameter.kind is parameter.VAR_POSITIONAL:
                takes = 1000
        given = len(provided) + 1
        # The other required arguments are the filter's own matter when it has optional ones too.
        if given > takes or given < needs:
            raise TemplateSyntaxError(f"{name} requires {needs} arguments, {given} provided")
        return True

    def __str__(self) -> str:
        return self.token

    def __repr__(self) -> str:
        return f"<{type(self).__qualname__} {self.token!r}>"


def _constant(text: str) -> Any:
    return Variable(text).resolve(None)


def token_kwargs(bits: list[str], parser: Parser, support_legacy: bool = False) -> dict[str, Any]:
    """Take ``name=value`` words from the front of ``bits``; return names with filter expressions.

    Args:
        bits: the words, from which those understood are removed.
        parser: compiles the values.
        support_legacy: also understand ``value as name and value as name``.
    """
    found: dict[str, Any] = {}
    if not bits:
        return found
    first = kwarg_re.match(bits[0])
    if first is not None and first[1]:
        while bits and (word := kwarg_re.match(bits[0])) and word[1]:
            found[word[1]] = parser.compile_filter(word[2])
            del bits[0]
    elif support_legacy:
        while len(bits) >= 3 and bits[1] == "as":
            found[bits[2]] = parser.compile_filter(bits[0])
            del bits[:3]
            if not bits or bits[0] != "and":
                break
            del bits[0]
    return found


for _public in (VariableDoesNotExist, Variable, FilterExpression):
    _public.__module__ = "django.template.base"
