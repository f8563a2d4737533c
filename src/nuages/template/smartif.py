"""Boolean expressions: the parser behind ``{% if %}``.

A Pratt parser over words. Manual: "Built-in template tags and filters", section "if".
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from nuages.template.exceptions import TemplateSyntaxError


@dataclass(frozen=True, slots=True)
class Operator:
    """A word that combines values.

    Attributes:
        symbol: the word.
        power: how strongly it binds.
        apply: for comparisons, the function of both values.
        prefix: whether it stands before its one operand.
    """

    symbol: str
    power: int
    apply: Callable[[Any, Any], Any] | None = None
    prefix: bool = False


OPERATORS = {
    op.symbol: op
    for op in (
        Operator("or", 6),
        Operator("and", 7),
        Operator("not", 8, prefix=True),
        Operator("in", 9, lambda item, container: item in container),
        Operator("not in", 9, lambda item, container: item not in container),
        Operator("is", 10, operator.is_),
        Operator("is not", 10, operator.is_not),
        Operator("==", 10, operator.eq),
        Operator("!=", 10, operator.ne),
        Operator(">", 10, operator.gt),
        Operator(">=", 10, operator.ge),
        Operator("<", 10, operator.lt),
        Operator("<=", 10, operator.le),
    )
}


class Literal:
    """A value in an expression."""

    id = "literal"
    first: Any = None
    second: Any = None

    def __init__(self, value: Any) -> None:
        self.value = value

    def display(self) -> Any:
        """Return what messages and ``repr()`` show."""
        return self.value

    def eval(self, context: Any) -> Any:
        """Return the value."""
        return self.value

    def __repr__(self) -> str:
        return f"({self.id} {self.value!r})"


class Operation:
    """An operator with its operands.

    Its value is never an error: what cannot be compared is simply not so.
    """

    def __init__(self, op: Operator, first: Any, second: Any = None) -> None:
        self.operator = op
        self.id = op.symbol
        self.first = first
        self.second = second

    def eval(self, context: Any) -> Any:
        """Return the value in this context."""
        try:
            match self.id:
                case "and":
                    return self.first.eval(context) and self.second.eval(context)
                case "or":
                    return self.first.eval(context) or self.second.eval(context)
                case "not":
                    return not self.first.eval(context)
            apply = self.operator.apply
            return apply is not None and apply(self.first.eval(context), self.second.eval(context))
        except Exception:
            # Manual: templates are forgiving; ``x < y`` of unlike things is false.
            return False

    def __repr__(self) -> str:
        parts = [self.id, *(repr(part) for part in (self.first, self.second) if part is not None)]
        return f"({' '.join(parts)})"


class IfParser:
    """Parses the words of a condition.

    Args:
        tokens: words that name operators, and other words or values.
    """

    error_class: type[Exception] = TemplateSyntaxError

    def __init__(self, tokens: Iterable[Any]) -> None:
        self.tokens: list[Operator | Literal] = []
        words = list(tokens)
        position = 0
        while position < len(words):
            word = words[position]
            pair = f"{word} {words[position + 1]}" if position + 1 < len(words) else ""
            if isinstance(word, str) and pair in ("is not", "not in"):
                word = pair
                position += 1
            position += 1
            known = OPERATORS.get(word) if isinstance(word, str) else None
            self.tokens.append(known or self.create_var(word))
        self.position = 0

    def create_var(self, value: Any) -> Any:
        """Return the operand for a word that names no operator."""
        return Literal(value)

    def parse(self) -> Any:
        """Return the expression: an object with ``eval(context)``.

        Raises:
            TemplateSyntaxError: a value or an operator is missing.
        """
        expression = self._expression(0)
        if self.position < len(self.tokens):
            unused = self.tokens[self.position]
            raise self.error_class(f"Unused '{self._shown(unused)}' at end of if expression.")
        return expression

    def _expression(self, power: int) -> Any:
        left = self._operand()
        while self.position < len(self.tokens):
            op = self.tokens[self.position]
            if not isinstance(op, Operator) or op.prefix or op.power <= power:
                if isinstance(op, Operator) and op.prefix:
                    raise self._misplaced(op)
                break
            self.position += 1
            left = Operation(op, left, self._expression(op.power))
        return left

    def _operand(self) -> Any:
        if self.position >= len(self.tokens):
            raise self.error_class("Unexpected end of expression in if tag.")
        token = self.tokens[self.position]
        self.position += 1
        if not isinstance(token, Operator):
            return token
        if not token.prefix:
            raise self._misplaced(token)
        return Operation(token, self._expression(token.power))

    def _misplaced(self, op: Operator) -> Exception:
        return self.error_class(
            f"Not expecting '{op.symbol}' "
            f"{'as infix operator' if op.prefix else 'in this position'} in if tag."
        )

    @staticmethod
    def _shown(token: Any) -> Any:
        return token.symbol if isinstance(token, Operator) else token.display()
