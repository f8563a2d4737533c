"""Built-in tags that decide what is rendered, how often, and with which names.

Manual: "Built-in template tags and filters".
"""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Iterator
from itertools import chain, groupby
from itertools import cycle as endless
from typing import TYPE_CHECKING, Any, ClassVar

from nuages.template._expressions import FilterExpression, VariableDoesNotExist, token_kwargs
from nuages.template._nodes import Node, NodeList, render_value_in_context
from nuages.template.exceptions import TemplateSyntaxError
from nuages.template.library import Library
from nuages.template.smartif import IfParser, Literal
from nuages.utils.safestring import SafeString

if TYPE_CHECKING:
    from nuages.template._lexer import Token
    from nuages.template._parser import Parser
    from nuages.template.compiler import Compiler

register = Library()


def unpack(item: Any, wanted: int) -> tuple[Any, ...]:
    """Return the values of an item for the several variables of a loop.

    Raises:
        ValueError: there are more or fewer.
    """
    try:
        count = len(item)
    except TypeError:  # one value, not a sequence of them
        count = 1
    if count != wanted:
        raise ValueError(f"Need {wanted} values to unpack in for loop; got {count}. ")
    return tuple(item)


def as_sequence(values: Any) -> Any:
    """Return what a loop runs over: something of known length."""
    if values is None:
        return ()
    return values if hasattr(values, "__len__") else list(values)


class ForNode(Node):
    """``{% for x in y %}…{% empty %}…{% endfor %}``."""

    child_nodelists = ("nodelist_loop", "nodelist_empty")

    def __init__(
        self,
        loopvars: list[str],
        sequence: FilterExpression,
        is_reversed: bool,
        nodelist_loop: NodeList,
        nodelist_empty: NodeList | None = None,
    ) -> None:
        self.loopvars, self.sequence, self.is_reversed = loopvars, sequence, is_reversed
        self.nodelist_loop = nodelist_loop
        self.nodelist_empty = nodelist_empty if nodelist_empty is not None else NodeList()

    def __repr__(self) -> str:
        tail = " reversed" if self.is_reversed else ""
        return (
            f"<{type(self).__name__}: for {', '.join(self.loopvars)} in {self.sequence}, "
            f"tail_len: {len(self.nodelist_loop)}{tail}>"
        )

    def render(self, context: Any) -> str:
        """Return the text of all rounds."""
        outer = context.get("forloop", {})
        with context.push():
            values = as_sequence(self.sequence.resolve(context, ignore_failures=True))
            count = len(values)
            if count < 1:
                return self.nodelist_empty.render(context)
            # One dictionary for all rounds: nodes use it to know that a loop is still the same.
            forloop = context["forloop"] = {"parentloop": outer, "length": count}
            names = self.loopvars
            texts = []
            for index, item in enumerate(reversed(values) if self.is_reversed else values):
                left = count - index
                forloop["counter0"] = index
                forloop["counter"] = index + 1
                forloop["revcounter"] = left
                forloop["revcounter0"] = left - 1
                forloop["first"] = index == 0
                forloop["last"] = left == 1
                if len(names) == 1:
                    context[names[0]] = item
                    texts.append(self.nodelist_loop.render(context))
                else:
                    parts = unpack(item, len(names))
                    with context.update(dict(zip(names, parts, strict=True))):
                        texts.append(self.nodelist_loop.render(context))
        return SafeString("".join(texts))

    def inlines(self, compiler: Compiler) -> bool:
        return (
            compiler.can_resolve(self.sequence)
            and compiler.can_inline(self.nodelist_empty)
            and compiler.can_inline(self.nodelist_loop, loops=1)
            and compiler.may_set(self.loopvars)
        )

    def emit(self, compiler: Compiler) -> None:
        compiler.loop(self)


@register.tag("for")
def do_for(parser: Parser, token: Token) -> Node:
    """Compile a ``for`` tag."""
    bits = token.split_contents()
    if len(bits) < 4:
        raise TemplateSyntaxError(
            f"'for' statements should have at least four words: {token.contents}"
        )
    is_reversed = bits[-1] == "reversed"
    if is_reversed:
        bits.pop()
    *names, keyword, sequence = bits[1:]
    if keyword != "in":
        raise TemplateSyntaxError(
            f"'for' statements should use the format 'for x in y': {token.contents}"
        )
    loopvars = [name.strip() for name in " ".join(names).split(",")]
    for name in loopvars:
        if not name or re.search(r"""[ "'|]""", name):
            raise TemplateSyntaxError(f"'for' tag received an invalid argument: {token.contents}")
    values = parser.compile_filter(sequence)
    body = parser.parse(("empty", "endfor"))
    otherwise = None
    if parser.next_token().contents == "empty":
        otherwise = parser.parse(("endfor",))
        parser.delete_first_token()
    return ForNode(loopvars, values, is_reversed, body, otherwise)


class TemplateLiteral(Literal):
    """A variable or constant in a condition."""

    def eval(self, context: Any) -> Any:
        """Return the value; None if it is missing."""
        return self.value.resolve(context, ignore_failures=True)

    def display(self) -> str:
        """Return the text that it was made from."""
        return self.text

    def __init__(self, value: FilterExpression, text: str) -> None:
        self.value, self.text = value, text


class TemplateIfParser(IfParser):
    """Parses conditions over the names of a template."""

    def create_var(self, value: str) -> TemplateLiteral:
        """Return the operand for a word."""
        expression = self.template_parser.compile_filter(value)
        return TemplateLiteral(expression, value)

    def __init__(self, parser: Parser, tokens: list[str]) -> None:
        self.template_parser = parser
        super().__init__(tokens)


class IfNode(Node):
    """``{% if %}…{% elif %}…{% else %}…{% endif %}``.

    Args:
        conditions_nodelists: pairs of a condition (None for ``else``) and nodes.
    """

    def __init__(self, conditions_nodelists: list[tuple[Any, NodeList]]) -> None:
        self.conditions_nodelists = conditions_nodelists

    @property
    def nodelist(self) -> NodeList:
        """The nodes of all branches."""
        return NodeList(self)

    def __iter__(self) -> Iterator[Node]:
        return chain.from_iterable(nodelist for _, nodelist in self.conditions_nodelists)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    @staticmethod
    def _holds(condition: Any, context: Any) -> Any:
        try:
            return condition is None or condition.eval(context)
        except VariableDoesNotExist:
            return False

    def render(self, context: Any) -> str:
        """Return the text of the first branch that holds."""
        branches = self.conditions_nodelists
        chosen = (nodes for condition, nodes in branches if self._holds(condition, context))
        nodelist = next(chosen, None)
        return "" if nodelist is None else nodelist.render(context)

    def inlines(self, compiler: Compiler) -> bool:
        return all(
            compiler.can_test(condition) and compiler.can_hold(nodelist)
            for condition, nodelist in self.conditions_nodelists
        )

    def emit(self, compiler: Compiler) -> None:
        compiler.branches(self.conditions_nodelists)


@register.tag("if")
def do_if(parser: Parser, token: Token) -> Node:
    """Compile an ``if`` tag."""
    ends = ("elif", "else", "endif")
    branches: list[tuple[Any, NodeList]] = []
    while True:
        words = token.split_contents()
        condition = None
        if words[0] != "else":
            condition = TemplateIfParser(parser, words[1:]).parse()
        branches.append((condition, parser.parse(ends if condition is not None else ("endif",))))
        token = parser.next_token()
        if token.contents == "endif":
            return IfNode(branches)
        if token.contents != "else" and not token.contents.startswith("elif"):
            raise TemplateSyntaxError(
                f'Malformed template tag at line {token.lineno}: "{token.contents}"'
            )


class IfChangedNode(Node):
    """``{% ifchanged %}…{% else %}…{% endifchanged %}``."""

    child_nodelists = ("nodelist_true", "nodelist_false")

    def __init__(
        self, nodelist_true: NodeList, nodelist_false: NodeList, *varlist: FilterExpression
    ) -> None:
        self.nodelist_true, self.nodelist_false = nodelist_true, nodelist_false
        self._varlist = varlist

    def render(self, context: Any) -> str:
        """Return the first text if the values (or the text itself) are not those of last time."""
        # Within a loop, the comparison begins anew with each run of the loop.
        memory = context["forloop"] if "forloop" in context else context.render_context
        seen: Any = [each.resolve(context, ignore_failures=True) for each in self._varlist]
        text = None
        if not seen:
            seen = text = self.nodelist_true.render(context)
        before = memory.get(self, memory)
        if before is not memory and before == seen:
            return self.nodelist_false.render(context)
        memory[self] = seen
        return text if text is not None else self.nodelist_true.render(context)


@register.tag
def ifchanged(parser: Parser, token: Token) -> Node:
    """Compile an ``ifchanged`` tag."""
    watched = [*map(parser.compile_filter, token.split_contents()[1:])]
    lists = [parser.parse(("else", "endifchanged"))]
    if parser.next_token().contents == "else":
        lists.append(parser.parse(("endifchanged",)))
        parser.delete_first_token()
    changed, same = (*lists, NodeList())[:2]
    return IfChangedNode(changed, same, *watched)


class WithNode(Node):
    """``{% with name=value %}…{% endwith %}``."""

    def __init__(
        self,
        var: Any,
        name: str | None,
        nodelist: NodeList,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        # Formerly there was one variable only.
        named = {name: var} if name else {}
        self.extra_context, self.nodelist = {**(extra_context or {}), **named}, nodelist

    def render(self, context: Any) -> str:
        """Return the text inside, which sees the names."""
        layer = {name: value.resolve(context) for name, value in self.extra_context.items()}
        with context.push(layer):
            return self.nodelist.render(context)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def inlines(self, compiler: Compiler) -> bool:
        return (
            all(map(compiler.can_resolve, self.extra_context.values()))
            and compiler.can_inline(self.nodelist)
            and compiler.may_set(self.extra_context)
        )

    def emit(self, compiler: Compiler) -> None:
        with compiler.names(compiler.values(self.extra_context)):
            compiler.nodes(self.nodelist)


@register.tag("with")
def do_with(parser: Parser, token: Token) -> Node:
    """Compile a ``with`` tag."""
    tag, *rest = token.split_contents()
    names = token_kwargs(rest, parser, support_legacy=True)
    if not names:
        raise TemplateSyntaxError(f"'{tag}' expected at least one variable assignment")
    if rest:
        raise TemplateSyntaxError(f"'{tag}' received an invalid token: {rest[0]!r}")
    nodelist = parser.parse(("endwith",))
    parser.delete_first_token()
    return WithNode(None, None, nodelist, extra_context=names)


class CycleNode(Node):
    """``{% cycle %}``."""

    child_nodelists = ()

    def __init__(
        self,
        cyclevars: list[FilterExpression],
        variable_name: str | None = None,
        silent: bool = False,
    ) -> None:
        self.cyclevars, self.variable_name, self.silent = cyclevars, variable_name, silent

    def reset(self, context: Any) -> Iterator[FilterExpression]:
        """Begin with the first value again; return the values to come."""
        values = context.render_context[self] = endless(self.cyclevars)
        return values

    def render(self, context: Any) -> str:
        """Return the next value."""
        values = context.render_context.get(self) or self.reset(context)
        value = next(values).resolve(context)
        if self.variable_name:
            context.set_upward(self.variable_name, value)
        return render_value_in_context(value, context) if not self.silent else ""


@register.tag
def cycle(parser: Parser, token: Token) -> Node:
    """Compile a ``cycle`` tag."""
    words = token.split_contents()
    if len(words) < 2:
        raise TemplateSyntaxError("'cycle' tag requires at least two arguments")
    named: dict[str, CycleNode] | None = getattr(parser, "_named_cycle_nodes", None)
    if len(words) == 2:
        name = words[1]
        if not named:
            raise TemplateSyntaxError(f"No named cycles in template. '{name}' is not defined")
        if name not in named:
            raise TemplateSyntaxError(f"Named cycle '{name}' does not exist")
        return named[name]
    label: str | None = None
    silent = False
    values = words[1:]
    if len(values) > 1 and values[-2] == "as" and len(values) > 2:
        *values, _, label = values
    elif len(values) > 2 and values[-3] == "as":
        *values, _, label, flag = values
        if flag != "silent":
            raise TemplateSyntaxError(
                f"Only 'silent' flag is allowed after cycle's name, not '{flag}'."
            )
        silent = True
    node = CycleNode([parser.compile_filter(value) for value in values], label, silent)
    if label:
        if named is None:
            named = parser._named_cycle_nodes = {}  # type: ignore[attr-defined]
        named[label] = node
    parser._last_cycle_node = node  # type: ignore[attr-defined]
    return node


class ResetCycleNode(Node):
    """``{% resetcycle %}``."""

    child_nodelists = ()

    def __init__(self, node: CycleNode) -> None:
        self.node = node

    def render(self, context: Any) -> str:
        """Reset the cycle; there is no text."""
        self.node.reset(context)
        return ""


@register.tag
def resetcycle(parser: Parser, token: Token) -> Node:
    """Compile a ``resetcycle`` tag."""
    match token.split_contents():
        case [_]:
            node = getattr(parser, "_last_cycle_node", None)
            if node is None:
                raise TemplateSyntaxError("No cycles in template.")
        case [_, name]:
            node = getattr(parser, "_named_cycle_nodes", {}).get(name)
            if node is None:
                raise TemplateSyntaxError(f"Named cycle '{name}' does not exist.")
        case [tag, *_]:
            raise TemplateSyntaxError(f"{tag!r} tag accepts at most one argument.")
    last: Any = node
    return ResetCycleNode(last)


class FirstOfNode(Node):
    """``{% firstof %}``."""

    child_nodelists = ()

    def __init__(self, variables: list[FilterExpression], asvar: str | None = None) -> None:
        self.vars, self.asvar = variables, asvar

    def render(self, context: Any) -> str:
        """Return the first value that is true."""
        values = (variable.resolve(context, ignore_failures=True) for variable in self.vars)
        found = next(filter(None, values), None)
        text = "" if found is None else render_value_in_context(found, context)
        if not self.asvar:
            return text
        context[self.asvar] = text
        return ""


@register.tag
def firstof(parser: Parser, token: Token) -> Node:
    """Compile a ``firstof`` tag."""
    target: str | None = None
    words = token.split_contents()[1:]
    if not words:
        raise TemplateSyntaxError("'firstof' statement requires at least one argument")
    if words[-2:-1] == ["as"]:
        *words, _, target = words
    return FirstOfNode([*map(parser.compile_filter, words)], target)


GroupedResult = namedtuple("GroupedResult", ["grouper", "list"])


class RegroupNode(Node):
    """``{% regroup values by attribute as name %}``."""

    child_nodelists: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, target: FilterExpression, expression: FilterExpression, var_name: str
    ) -> None:
        self.target, self.expression, self.var_name = target, expression, var_name

    def render(self, context: Any) -> str:
        """Set the name to the groups; there is no text."""
        values = self.target.resolve(context, ignore_failures=True)
        groups = groupby(
            () if values is None else values, lambda item: self.resolve_expression(item, context)
        )
        context[self.var_name] = [GroupedResult(key, [*members]) for key, members in groups]
        return ""

    def resolve_expression(self, obj: Any, context: Any) -> Any:
        """Return what an item is grouped by."""
        # The expression is written as a lookup on the name of the result.
        context[self.var_name] = obj
        return self.expression.resolve(context, ignore_failures=True)


@register.tag
def regroup(parser: Parser, token: Token) -> Node:
    """Compile a ``regroup`` tag."""
    match token.split_contents():
        case [_, target, "by", attribute, "as", name]:
            values, key = map(parser.compile_filter, (target, f"{name}.{attribute}"))
            return RegroupNode(values, key, name)
        case [_, _, "by", _, _, _]:
            problem = "next-to-last argument to 'regroup' tag must be 'as'"
        case [_, _, _, _, _, _]:
            problem = "second argument to 'regroup' tag must be 'by'"
        case _:
            problem = "'regroup' tag takes five arguments"
    raise TemplateSyntaxError(problem)
