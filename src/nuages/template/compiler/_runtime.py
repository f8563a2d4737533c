"""What generated template functions call."""

from __future__ import annotations

import logging
from typing import Any

from nuages.conf import settings
from nuages.template._expressions import (
    VariableDoesNotExist,
    call_value,
    failed_lookup,
    has_text_keys,
    log_failure,
    logger,
    look_up,
)
from nuages.template.context import BaseContext
from nuages.utils.functional import SimpleLazyObject, empty
from nuages.utils.safestring import SafeString


class _Missing:
    """Stands for a name that no layer of the context has."""

    def __repr__(self) -> str:
        return "<missing>"


MISSING = _Missing()


def find(layers: list[Any], name: str) -> Any:
    """Return what the uppermost layer that has a name has under it, or ``MISSING``."""
    for layer in reversed(layers):
        if name in layer:
            return layer[name]
    return MISSING


_ENTITIES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#x27;"))


def escape_text(text: str) -> str:
    """Return a plain text escaped for HTML; most texts hold nothing to escape."""
    if "&" in text or "<" in text or ">" in text or '"' in text or "'" in text:
        for character, entity in _ENTITIES:
            text = text.replace(character, entity)
    return text


class Site:
    """One ``.bit`` of one ``{{ variable }}``: looks up, and remembers by what kind of object.

    Generated code goes past the site for the remembered kind, which is one whose instances have
    attributes only: for those a lookup is ``getattr``.
    """

    __slots__ = ("bit", "first", "key", "scope")

    def __init__(self, bit: str, first: str, key: str) -> None:
        self.bit, self.first, self.key = bit, first, key
        self.scope: dict[str, Any] = {}

    def __call__(self, value: Any, context: Any) -> Any:
        if value is MISSING:
            raise failed_lookup(self.first, context)
        kind = type(value)
        if kind is SimpleLazyObject and value._wrapped is not empty:
            value = value._wrapped
        result = look_up(value, self.bit)
        if not has_text_keys(kind) and not issubclass(kind, BaseContext):
            self.scope[self.key] = kind
        return result


def recover(error: Exception, start: Any, lookups: tuple[str, ...], context: Any) -> Any:
    """Return what a lookup gives that raised: ``MISSING``, or ``string_if_invalid``.

    Raises:
        Exception: the same error, if it is not one that templates pass over.
    """
    if isinstance(error, (AttributeError, TypeError)):
        # A short cut failed; the long way knows what else to try.
        return resolve_path(start, lookups, context)
    log_failure(error, lookups[-1], context)
    if getattr(error, "silent_variable_failure", False):
        return context.template.engine.string_if_invalid
    if isinstance(error, VariableDoesNotExist):
        return MISSING
    raise error


def resolve_path(start: Any, lookups: tuple[str, ...], context: Any) -> Any:
    """Return the value of a path whose first name has the value ``start``."""
    value, bit = start, lookups[0]
    try:
        if value is MISSING:
            raise failed_lookup(bit, context)
        if callable(value):
            value = call_value(value, context)
        for bit in lookups[1:]:
            value = look_up(value, bit)
            if callable(value):
                value = call_value(value, context)
    except Exception as error:
        log_failure(error, bit, context)
        if getattr(error, "silent_variable_failure", False):
            return context.template.engine.string_if_invalid
        if isinstance(error, VariableDoesNotExist):
            return MISSING
        raise
    return value


def called(value: Any, name: str, context: Any) -> Any:
    """Return what stands for a callable that is the value of a whole variable."""
    try:
        return call_value(value, context)
    except Exception as error:
        log_failure(error, name, context)
        if getattr(error, "silent_variable_failure", False):
            return context.template.engine.string_if_invalid
        if isinstance(error, VariableDoesNotExist):
            return MISSING
        raise


def absent(name: str, context: Any) -> None:
    """Record that a name is missing, for those who debug templates."""
    if logger.isEnabledFor(logging.DEBUG):
        log_failure(failed_lookup(name, context), name, context)


def invalid(name: Any, context: Any) -> str:
    """Return what is shown in the place of a missing variable."""
    text = context.template.engine.string_if_invalid
    return text % name if "%s" in text else text


def missing_argument(name: str, context: Any) -> None:
    """Raise the error for a missing variable that is the argument of a filter."""
    raise failed_lookup(name, context)


def display_escaped(value: Any, context: Any) -> str:
    """Return a value as it appears in output that is escaped."""
    from nuages.template._nodes import render_value_in_context

    kind = type(value)
    if kind is SafeString:
        return value
    if kind is str:
        return escape_text(value)
    if kind is int and not settings.USE_THOUSAND_SEPARATOR:
        # Without separators whole numbers look the same in all languages.
        return str(value)
    return render_value_in_context(value, _As(context, True))


def display_raw(value: Any, context: Any) -> str:
    """Return a value as it appears in output that is not escaped."""
    from nuages.template._nodes import render_value_in_context

    return render_value_in_context(value, _As(context, False))


class _As:
    """The settings of a context, but for escaping: generated code knows that beforehand."""

    __slots__ = ("autoescape", "use_l10n", "use_tz")

    def __init__(self, context: Any, autoescape: bool) -> None:
        self.autoescape = autoescape
        self.use_l10n, self.use_tz = context.use_l10n, context.use_tz


def show_escaped(value: Any, name: Any, context: Any) -> str:
    """Return the value of a variable without filters as it appears in escaped output."""
    return display_escaped(_final(value, name, context), context)


def show_raw(value: Any, name: Any, context: Any) -> str:
    """Return the value of a variable without filters as it appears in output as it is."""
    return display_raw(_final(value, name, context), context)


def _final(value: Any, name: Any, context: Any) -> Any:
    if value is not MISSING and callable(value):
        value = called(value, str(name), context)
    return invalid(name, context) if value is MISSING else value


def install_blocks(context: Any, stacks: dict[str, list[Any]]) -> None:
    """Let nodes that are called find the blocks of the chain of templates."""
    from nuages.template.loader_tags import BLOCK_CONTEXT_KEY, BlockContext

    blocks = context.render_context[BLOCK_CONTEXT_KEY] = BlockContext()
    for name, stack in stacks.items():
        blocks.blocks[name] = stack[::-1]


def enter_block(context: Any, name: str, chosen: Any) -> Any:
    """Begin a block as :meth:`BlockNode.render` does; return what :func:`leave_block` puts back."""
    from nuages.template.loader_tags import BLOCK_CONTEXT_KEY, BlockNode

    shadowed = context.render_context[BLOCK_CONTEXT_KEY].pop(name)
    context.push()
    bound = context["block"] = BlockNode(chosen.name, chosen.nodelist)
    bound.context = context  # type: ignore[attr-defined]
    return shadowed


def leave_block(context: Any, name: str, shadowed: Any) -> None:
    """End a block: the nodes that follow see the context as it was before."""
    from nuages.template.loader_tags import BLOCK_CONTEXT_KEY

    context.pop()
    if shadowed is not None:
        context.render_context[BLOCK_CONTEXT_KEY].push(name, shadowed)
