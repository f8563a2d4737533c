"""Nodes to Python source."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType
from typing import Any, ClassVar

from nuages.template._expressions import FilterExpression, Variable, VariableDoesNotExist
from nuages.template.compiler import _runtime
from nuages.utils.html import conditional_escape
from nuages.utils.safestring import SafeData, SafeString, mark_safe
from nuages.utils.timezone import template_localtime

#: Larger functions than this (in lines) are not worth having.
MOST_LINES = 20_000
#: Deepest nesting of includes that is put in place.
MOST_INCLUDES = 12

_HERE = str(Path(__file__).resolve().parents[1])

#: What is known of a loop without a dictionary: source, from the index and the count.
_LOOP_VALUES = {
    "counter0": "{i}",
    "counter": "{i} + 1",
    "revcounter": "{n} - {i}",
    "revcounter0": "{n} - {i} - 1",
    "first": "{i} == 0",
    "last": "{i} == {n} - 1",
    "length": "{n}",
}

_COMPARISONS = ("in", "not in", "is", "is not", "==", "!=", ">", ">=", "<", "<=")

#: Names that generated source uses besides those it makes.
RUNTIME = {
    "MISSING": _runtime.MISSING,
    "SafeData": SafeData,
    "VariableDoesNotExist": VariableDoesNotExist,
    "absent": _runtime.absent,
    "as_text": str,
    "called": _runtime.called,
    "enter_block": _runtime.enter_block,
    "escape": conditional_escape,
    "escape_text": _runtime.escape_text,
    "find": _runtime.find,
    "install_blocks": _runtime.install_blocks,
    "invalid": _runtime.invalid,
    "leave_block": _runtime.leave_block,
    "localtime": template_localtime,
    "mark_safe": mark_safe,
    "missing_argument": _runtime.missing_argument,
    "recover": _runtime.recover,
    "call_value": _runtime.call_value,
}


class CannotCompile(Exception):
    """This had better be rendered node by node."""


@dataclass(slots=True)
class Line:
    """A line of source, and the node that it was written for."""

    indent: int
    text: str
    node: Any


@dataclass(slots=True)
class Loop:
    """A loop being written: variables that hold index and count, and the loop around it."""

    index: str
    count: str
    outer: Loop | None
    index_used: bool = False


@dataclass(slots=True)
class Chain:
    """Templates that extend one another.

    Attributes:
        stacks: per name, the blocks, the child's first.
        depth: per name, how many of them are being written.
        names: of the blocks being written, the innermost last.
    """

    stacks: dict[str, list[Any]] = field(default_factory=dict)
    depth: dict[str, int] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)


class Compiler:
    """Writes the source of one unit.

    Args:
        engine: finds included and extended templates.
        autoescape: whether output is escaped, where the template does not say otherwise.
        blocks_known: False if the rendering has blocks that only it knows.
    """

    #: What nodes read from the context itself, so that it stands for no local variable.
    _reserved: ClassVar[set[str]] = {"forloop", "block"}

    def __init__(self, engine: Any, autoescape: bool, blocks_known: bool = True) -> None:
        self.engine, self.autoescape, self.blocks_known = engine, autoescape, blocks_known
        self.lines: list[Line] = []
        self.constants: dict[str, Any] = {}
        self.sites: list[_runtime.Site] = []
        self.templates: list[Any] = []
        self.guards: dict[tuple[Any, str], Any] = {}
        self.calls_nodes = False
        self.caches_templates = engine is not None and _keeps_templates(engine)
        self._serial = 0
        self._indent = 1
        self._writer = "write"
        self._text: list[str] = []
        self._node: Any = None
        self._loops = 0
        self._closed = 0
        self._isolated = False
        # Local names, the innermost last; None ends what an isolated template sees.
        self._scopes: list[dict[str, Any] | None] = []
        self._hoisted: dict[str, str] | None = None
        self._chain: Chain | None = None
        self._open: list[Any] = []

    # Writing

    def line(self, text: str) -> Line:
        """Add a line of source."""
        self._flush()
        made = Line(self._indent, text, self._node)
        self.lines.append(made)
        if len(self.lines) > MOST_LINES:
            raise CannotCompile
        return made

    def _flush(self) -> None:
        if self._text:
            text, self._text = "".join(self._text), []
            self.line(f"{self._writer}({text!r})")

    @contextmanager
    def indented(self, head: str) -> Iterator[Line]:
        """Add a line that begins a block; what the ``with`` block adds stands inside."""
        line = self.line(head)
        self._indent += 1
        before = len(self.lines)
        yield line
        self._flush()
        if len(self.lines) == before:
            self.line("pass")
        self._indent -= 1

    def temporary(self, hint: str = "v") -> str:
        """Return a new name for a local variable."""
        self._serial += 1
        return f"{hint}{self._serial}"

    def constant(self, value: Any, hint: str = "constant") -> str:
        """Return a name under which the source sees a value."""
        for name, known in self.constants.items():
            if known is value:
                return name
        self._serial += 1
        name = f"{hint}_{self._serial}"
        self.constants[name] = value
        return name

    def text(self, text: str) -> None:
        """Put literal text out."""
        if text:
            self._text.append(str(text))

    def write(self, expression: str) -> None:
        """Put the value of an expression (a text) out."""
        self.line(f"{self._writer}({expression})")

    @contextmanager
    def captured(self) -> Iterator[str]:
        """What the ``with`` block puts out is kept; yields the name it has afterwards."""
        self._flush()
        outer, parts = self._writer, self.temporary("parts")
        result = self.temporary("text")
        self.line(f"{parts} = []")
        self._writer = f"{parts}.append"
        yield result
        self._flush()
        self._writer = outer
        self.line(f"{result} = ''.join({parts})")

    # Nodes

    def emits(self, node: Any) -> bool:
        """Whether a node can be written as source here."""
        kind = type(node)
        if "emit" not in kind.__dict__ or "render" in node.__dict__:
            return False
        return all(self._is_ours(kind, name) for name in ("render", "render_annotated")) and (
            node.inlines(self)
        )

    def _is_ours(self, owner: Any, name: str) -> bool:
        """Whether a method is what its class was made with; the unit watches that it stays so.

        Functions that stand in for others, in tests and in monitors, come from other files.
        """
        method = getattr(owner, name)
        if type(method) is not FunctionType:
            return False
        source = method.__code__.co_filename
        module = sys.modules.get(owner.__module__)
        if not source.startswith(_HERE) and source != getattr(module, "__file__", None):
            return False
        self.guards[owner, name] = method
        return True

    def can_inline(self, nodelist: Iterable[Any], loops: int = 0) -> bool:
        """Whether all nodes of a list can be written as source, within so many more loops."""
        self._loops += loops
        self._closed += 1
        try:
            return all(map(self.emits, nodelist))
        finally:
            self._closed -= 1
            self._loops -= loops

    def can_hold(self, nodelist: Iterable[Any]) -> bool:
        """Whether nodes can be written in place, with calls of those that have no source.

        In the open, where no name stands for a local variable, all of them can.
        """
        return self._in_the_open() or self.can_inline(nodelist)

    def _in_the_open(self) -> bool:
        return not (self._closed or self._scopes or self._open or self._writer != "write")

    def nodes(self, nodelist: Iterable[Any]) -> None:
        """Write nodes: their source, or a call where they have none."""
        outer = self._node
        for node in nodelist:
            self._node = node
            if self.emits(node):
                node.emit(self)
            else:
                self.calls_nodes = True
                self.write(f"{self.constant(node, 'node')}.render_annotated(context)")
            self._flush()
        self._node = outer

    # Names

    def _local(self, name: str) -> Any:
        """Return the local variable (or loop) for a name, "" for none, None for nothing at all."""
        for scope in reversed(self._scopes):
            if scope is None:
                return None
            if name in scope:
                return scope[name]
        return ""

    def may_read(self, names: Iterable[str]) -> bool:
        """Whether a function may read these names from the context, here and from now on.

        What makes local variables asks :meth:`may_set` after it has asked for what is inside.
        """
        self._reserved.update(names)
        return not self._isolated

    def may_set(self, names: Iterable[str]) -> bool:
        """Whether these names may stand for local variables."""
        return self._reserved.isdisjoint(names)

    def name(self, name: str, default: str = "MISSING") -> str:
        """Return an expression for the value of a name."""
        local = self._local(name)
        if local:
            return local
        if local is None:
            return name if name in ("True", "False", "None") else default
        if self._hoisted is None:
            found = f"find(layers, {name!r})"
        else:
            found = self._hoisted.setdefault(name, "") or self.temporary("h")
            self._hoisted[name] = found
        if default == "MISSING":
            return found
        target = self.temporary()
        self.line(f"{target} = {found}")
        return f"({default} if {target} is MISSING else {target})"

    @contextmanager
    def names(self, scope: Mapping[str, Any], isolated: bool = False) -> Iterator[None]:
        """In the ``with`` block, names stand for local variables."""
        added = [None, dict(scope)] if isolated else [dict(scope)]
        self._scopes += added
        yield
        self._flush()
        del self._scopes[-len(added) :]

    # Expressions

    def can_resolve(self, expression: Any) -> bool:
        """Whether an expression can be written as source."""
        if type(expression) is not FilterExpression:
            return False
        variables = [expression.var] if expression.is_var else []
        variables += [arg for _, args in expression.filters for is_var, arg in args if is_var]
        return all(map(self._can_look_up, variables))

    def _can_look_up(self, variable: Any) -> bool:
        if type(variable) is not Variable or (variable.translate and variable.lookups):
            return False
        match variable.lookups:
            case ("forloop", *steps) if self._loops:
                *outward, last = steps or [""]
                return (
                    last in _LOOP_VALUES
                    and set(outward) <= {"parentloop"}
                    and (len(outward) < self._loops)
                )
            case ("block", *_) if self._chain is not None and self._chain.names:
                return False
        return True

    def _loop_value(self, steps: list[str]) -> str:
        loop = self._local("forloop")
        *outward, last = steps
        for _ in outward:
            loop = loop.outer
        loop.index_used = True
        return f"({_LOOP_VALUES[last].format(i=loop.index, n=loop.count)})"

    def _path(self, variable: Variable, final: bool) -> tuple[str, bool]:
        """Write a lookup; return its value's name, and whether that may be ``MISSING``.

        Args:
            variable: what is looked up.
            final: also call what can be called; otherwise whoever uses the value does it.
        """
        lookups = variable.lookups
        if lookups is None:
            if variable.translate:
                return f"{self.constant(variable, 'variable')}.resolve(context)", False
            return self.constant(variable.literal), False
        first, *bits = lookups
        if first == "forloop" and isinstance(self._local(first), Loop):
            return self._loop_value(bits), False
        start = self.name(first)
        if not bits and not final:
            return start, True
        value = self.temporary()
        if not bits:
            self.line(f"{value} = {start}")
            with self.indented(f"if callable({value}):"):
                self.line(f"{value} = called({value}, {first!r}, context)")
            with self.indented(f"if {value} is MISSING:"):
                self.line(f"absent({first!r}, context)")
            return value, True
        path = self.constant(tuple(lookups), "path")
        if not start.isidentifier():
            kept = self.temporary()
            self.line(f"{kept} = {start}")
            start = kept
        with self.indented("try:"):
            self.line(f"{value} = {start}")
            for position, bit in enumerate(bits):
                with self.indented(f"if callable({value}):"):
                    self.line(f"{value} = call_value({value}, context)")
                kind = self.temporary("kind")
                site = _runtime.Site(bit, first if position == 0 else bit, kind)
                self.sites.append(site)
                with self.indented(f"if type({value}) is {kind}:"):
                    self.line(f"{value} = getattr({value}, {bit!r})")
                with self.indented(f"elif type({value}) is dict and {bit!r} in {value}:"):
                    self.line(f"{value} = {value}[{bit!r}]")
                with self.indented("else:"):
                    self.line(f"{value} = {self.constant(site, 'site')}({value}, context)")
            if final:
                with self.indented(f"if callable({value}):"):
                    self.line(f"{value} = call_value({value}, context)")
        with self.indented("except Exception as error:"):
            self.line(f"{value} = recover(error, {start}, {path}, context)")
        return value, True

    def resolved(self, expression: FilterExpression, ignore_failures: bool = False) -> str:
        """Write an expression; return the name of its value."""
        if not expression.is_var:
            value, may_be_missing = self.constant(expression.var), False
        else:
            value, may_be_missing = self._path(expression.var, final=True)
        if not may_be_missing and not expression.filters:
            return value
        target = self.temporary()
        self.line(f"{target} = {value}")
        if not may_be_missing:
            self._filters(expression, target)
        elif ignore_failures:
            with self.indented(f"if {target} is MISSING:"):
                self.line(f"{target} = None")
            self._filters(expression, target)
        else:
            name = self.constant(expression.var, "variable")
            missing = f"if {target} is MISSING and ({target} := invalid({name}, context)):"
            with self.indented(missing):
                pass
            if expression.filters:
                # What is shown for a missing variable is not filtered.
                with self.indented("else:"):
                    self._filters(expression, target)
        return target

    def _filters(self, expression: FilterExpression, target: str) -> None:
        for function, arguments in expression.filters:
            given = [target]
            for is_var, argument in arguments:
                given.append(self._argument(argument) if is_var else self.constant(argument))
            if getattr(function, "expects_localtime", False):
                self.line(f"{target} = localtime({target}, context.use_tz)")
            if getattr(function, "needs_autoescape", False):
                given.append(f"autoescape={self.autoescape}")
            call = f"{self.constant(function, 'filter')}({', '.join(given)})"
            if getattr(function, "is_safe", False):
                result = self.temporary()
                self.line(f"{result} = {call}")
                call = f"mark_safe({result}) if isinstance({target}, SafeData) else {result}"
            self.line(f"{target} = {call}")

    def _argument(self, variable: Variable) -> str:
        value, may_be_missing = self._path(variable, final=True)
        if may_be_missing:
            with self.indented(f"if {value} is MISSING:"):
                self.line(f"missing_argument({variable.var!r}, context)")
        return value

    def values(self, expressions: Mapping[str, FilterExpression]) -> dict[str, str]:
        """Write several expressions; return the names of their values."""
        found = {}
        for name, expression in expressions.items():
            found[name] = self.temporary()
            self.line(f"{found[name]} = {self.resolved(expression)}")
        return found

    def call(
        self,
        function: str,
        args: Iterable[FilterExpression],
        kwargs: Mapping[str, FilterExpression],
        leading: Iterable[str] = (),
    ) -> str:
        """Return a call with the values of expressions, after those that source stands for."""
        given = [*leading, *(self.resolved(arg) for arg in args)]
        named = [f"{name!r}: {self.resolved(value)}" for name, value in kwargs.items()]
        if named:
            given.append(f"**{{{', '.join(named)}}}")
        return f"{function}({', '.join(given)})"

    def can_show(self, expression: Any) -> bool:
        """Whether ``{{ expression }}`` can be written as source."""
        if self._is_super(expression):
            return self._can_inline_super()
        return self.can_resolve(expression)

    def show(self, expression: FilterExpression) -> None:
        """Put the value of an expression out."""
        if self._is_super(expression):
            self._super()
            return
        mode = "escaped" if self.autoescape else "raw"
        if not expression.is_var and not expression.filters:
            if isinstance(expression.var, SafeString):
                self.text(expression.var)
                return
        if expression.filters or not expression.is_var:
            value = self.resolved(expression)
            show = f"{self.constant(getattr(_runtime, f'display_{mode}'), 'display')}({value}, context)"
        else:
            value, _ = self._path(expression.var, final=False)
            if not value.isidentifier():
                kept = self.temporary()
                self.line(f"{kept} = {value}")
                value = kept
            name = self.constant(expression.var, "variable")
            show = (
                f"{self.constant(getattr(_runtime, f'show_{mode}'), 'show')}"
                f"({value}, {name}, context)"
            )
        plain = f"escape_text({value})" if self.autoescape else value
        self.write(f"{plain} if type({value}) is str else {show}")

    # Conditions

    def can_test(self, condition: Any) -> bool:
        """Whether a condition can be written as source."""
        from nuages.template._tags_flow import TemplateLiteral
        from nuages.template.smartif import Operation

        if condition is None:
            return True
        if type(condition) is TemplateLiteral:
            return self.can_resolve(condition.value)
        return type(condition) is Operation and all(
            self.can_test(part) for part in (condition.first, condition.second)
        )

    def test(self, condition: Any) -> str:
        """Write a condition; return the name of its value."""
        from nuages.template.smartif import Operation

        if isinstance(condition, Operation):
            return self._operation(condition)
        if not condition.value.filters:
            return self.resolved(condition.value, ignore_failures=True)
        target = self.temporary("test")
        with self.indented("try:"):
            self.line(f"{target} = {self.resolved(condition.value, ignore_failures=True)}")
        with self.indented("except VariableDoesNotExist:"):
            self.line(f"{target} = None")
        return target

    def _operand(self, condition: Any) -> str:
        from nuages.template.smartif import Operation

        if isinstance(condition, Operation):
            return self._operation(condition)
        return self.resolved(condition.value, ignore_failures=True)

    def _operation(self, condition: Any) -> str:
        target = self.temporary("test")
        symbol = condition.id
        with self.indented("try:"):
            first = self._operand(condition.first)
            if symbol == "not":
                self.line(f"{target} = not {first}")
            elif symbol in ("and", "or"):
                self.line(f"{target} = {first}")
                with self.indented(f"if {'' if symbol == 'and' else 'not '}{target}:"):
                    self.line(f"{target} = {self._operand(condition.second)}")
            elif symbol in _COMPARISONS:
                self.line(f"{target} = {first} {symbol} {self._operand(condition.second)}")
            else:
                raise CannotCompile
        with self.indented("except Exception:"):
            self.line(f"{target} = False")
        return target

    def branches(self, pairs: Iterable[tuple[Any, Any]]) -> None:
        """Write the branches of an ``if``."""
        remaining = list(pairs)
        if not remaining:
            return
        (condition, nodelist), *rest = remaining
        if condition is None:
            self.nodes(nodelist)
            return
        with self.indented(f"if {self.test(condition)}:"):
            self.nodes(nodelist)
        if rest:
            with self.indented("else:"):
                self.branches(rest)

    # Loops

    def loop(self, node: Any) -> None:
        """Write a ``for``."""
        from nuages.template._tags_flow import as_sequence, unpack

        items, count = self.temporary("items"), self.temporary("count")
        sequence = self.resolved(node.sequence, ignore_failures=True)
        self.line(f"{items} = {self.constant(as_sequence, 'as_sequence')}({sequence})")
        self.line(f"{count} = len({items})")
        if len(node.nodelist_empty):
            with self.indented(f"if {count} < 1:"):
                self.nodes(node.nodelist_empty)
        outermost = self._hoisted is None
        if outermost:
            self._hoisted = {}
        start, indent = len(self.lines), self._indent
        outer = self._local("forloop")
        loop = Loop(self.temporary("index"), count, outer if isinstance(outer, Loop) else None)
        names = {name: self.temporary("item") for name in node.loopvars}
        self._loops += 1
        several = len(node.loopvars) > 1
        item = self.temporary("item") if several else names[node.loopvars[0]]
        with self.indented("") as head, self.names({"forloop": loop, **names}):
            if several:
                parts = ", ".join(names[name] for name in node.loopvars)
                unpacking = self.constant(unpack, "unpack")
                self.line(f"{parts} = {unpacking}({item}, {len(node.loopvars)})")
            self.nodes(node.nodelist_loop)
        self._loops -= 1
        source = f"reversed({items})" if node.is_reversed else items
        if loop.index_used:
            head.text = f"for {loop.index}, {item} in enumerate({source}):"
        else:
            head.text = f"for {item} in {source}:"
        if outermost:
            # Nothing within can set a name, so each is looked up once.
            self.lines[start:start] = [
                Line(indent, f"{variable} = find(layers, {name!r})", node)
                for name, variable in (self._hoisted or {}).items()
            ]
            self._hoisted = None

    # Templates in templates

    def _load(self, name: str, find: Any, skip: Any = None) -> Any:
        """Return what ``find()`` finds, or None; a name that is missing is not remembered as such."""
        if not self.caches_templates:
            return None
        try:
            return find()
        except Exception:
            # Whatever it is, it belongs to the moment when the tag is rendered.
            for loader in self.engine.template_loaders:
                loader.get_template_cache.pop(loader.cache_key(name, skip), None)
            return None

    @contextmanager
    def _inside(self, template: Any) -> Iterator[None]:
        """For a ``with`` block, be in an included template: with blocks of its own."""
        outer, self._chain = self._chain, None
        self._open.append(template)
        if template not in self.templates:
            self.templates.append(template)
        try:
            yield
        finally:
            self._chain = outer
            self._open.pop()

    def _included(self, node: Any) -> Any:
        from nuages.template.base import Template

        name = node.template.var
        if node.template.is_var or node.template.filters or not isinstance(name, str):
            return None
        if len(self._open) >= MOST_INCLUDES:
            return None
        template = self._load(name, lambda: self.engine.get_template(name))
        if type(template) is not Template or template in self._open:
            return None
        ours = all(self._is_ours(Template, method) for method in ("render", "_render"))
        return template if ours and self._is_ours(type(template.nodelist), "render") else None

    def can_include(self, node: Any) -> bool:
        """Whether an included template can be put in place."""
        if type(node.template) is not FilterExpression:
            return False
        if not all(map(self.can_resolve, node.extra_context.values())):
            return False
        template = self._included(node)
        if template is None:
            return False
        loops, isolated = self._loops, self._isolated
        if node.isolated_context:
            self._loops, self._isolated = 0, True
        try:
            with self._inside(template):
                return self.can_inline(template.nodelist) and self.may_set(node.extra_context)
        finally:
            self._loops, self._isolated = loops, isolated

    def include(self, node: Any) -> None:
        """Write an included template."""
        template = self._included(node)
        scope = self.values(node.extra_context)
        loops, isolated = self._loops, self._isolated
        if node.isolated_context:
            self._loops, self._isolated = 0, True
        with self.names(scope, isolated=node.isolated_context), self._inside(template):
            self.nodes(template.nodelist)
        self._loops, self._isolated = loops, isolated

    def _chosen(self, node: Any) -> Any:
        """Return the block that is rendered in the place of a block."""
        if self._chain is None:
            return node
        stack = self._chain.stacks.get(node.name, ())
        depth = self._chain.depth.get(node.name, 0)
        return stack[depth] if depth < len(stack) else node

    @contextmanager
    def _in_block(self, name: str) -> Iterator[None]:
        chain = self._chain
        if chain is None:
            chain = self._chain = Chain()
        chain.names.append(name)
        chain.depth[name] = chain.depth.get(name, 0) + 1
        try:
            yield
        finally:
            chain.depth[name] -= 1
            chain.names.pop()
            if not chain.names and not chain.stacks:
                self._chain = None

    def can_inline_block(self, node: Any) -> bool:
        """Whether the block that is rendered in the place of a block can be put in place."""
        if not self.blocks_known:
            return False
        if self._in_the_open() and self._chain is not None and self._chain.stacks:
            return True
        chosen = self._chosen(node)
        with self._in_block(node.name):
            return self.can_inline(chosen.nodelist)

    def block(self, node: Any) -> None:
        """Write the block that is rendered in the place of a block."""
        self._block(node.name, self._chosen(node))

    def _block(self, name: str, chosen: Any) -> None:
        """Write a block, in a layer of its own if it has nodes that are called."""
        with self._in_block(name):
            if self.can_inline(chosen.nodelist):
                self.nodes(chosen.nodelist)
                return
            shadowed, block = self.temporary("block"), self.constant(chosen, "block")
            self.line(f"{shadowed} = enter_block(context, {name!r}, {block})")
            with self.indented("try:"):
                self.nodes(chosen.nodelist)
            with self.indented("finally:"):
                self.line(f"leave_block(context, {name!r}, {shadowed})")

    def _is_super(self, expression: Any) -> bool:
        return (
            type(expression) is FilterExpression
            and expression.is_var
            and expression.var.lookups == ("block", "super")
            and not expression.filters
            and self._chain is not None
            and bool(self._chain.names)
        )

    def _overridden(self) -> Any:
        chain = self._chain
        assert chain is not None
        name = chain.names[-1]
        stack = chain.stacks.get(name, ())
        depth = chain.depth[name]
        return stack[depth] if depth < len(stack) else None

    def _can_inline_super(self) -> bool:
        chain = self._chain
        assert chain is not None
        if not chain.stacks:
            return False  # an error, which the block itself raises
        overridden = self._overridden()
        if overridden is None:
            return True
        if self._in_the_open():
            return True
        with self._in_block(chain.names[-1]):
            return self.can_inline(overridden.nodelist)

    def _super(self) -> None:
        overridden = self._overridden()
        if overridden is not None:
            assert self._chain is not None
            self._block(self._chain.names[-1], overridden)

    def _extended(self, node: Any) -> tuple[Any, dict[str, list[Any]]] | None:
        """Return the template at the end of a chain and the blocks of all; None if not known."""
        from nuages.template.base import Template
        from nuages.template.loader_tags import BlockNode, ExtendsNode, blocks_of, first_tag

        if not self.blocks_known or self._chain is not None:
            return None
        stacks: dict[str, list[Any]] = {}
        history = [node.origin]
        while True:
            for name, block in node.blocks.items():
                if type(block) is not BlockNode:
                    return None
                stacks.setdefault(name, []).append(block)
            expression = node.parent_name
            if type(expression) is not FilterExpression or expression.is_var or expression.filters:
                return None
            name = expression.var
            found = self._load(
                name,
                lambda: self.engine.find_template(name, skip=history),  # noqa: B023
                history,
            )
            if found is None or type(found[0]) is not Template:
                return None
            template, origin = found
            self.templates.append(template)
            history.append(origin)
            if not self._is_ours(Template, "_render"):
                return None
            following = first_tag(template.nodelist)
            if not isinstance(following, ExtendsNode):
                break
            if type(following) is not ExtendsNode or not self._is_ours(ExtendsNode, "render"):
                return None
            node = following
        for name, block in blocks_of(template.nodelist).items():
            if type(block) is not BlockNode:
                return None
            stacks.setdefault(name, []).append(block)
        return template, stacks

    def can_flatten(self, node: Any) -> bool:
        """Whether a template that extends others can be written in their place."""
        found = self._extended(node)
        if found is None:
            return False
        template, stacks = found
        if not self._loops and not self._scopes and not self._open:
            return True  # nodes without source can be called
        outer, self._chain = self._chain, Chain(stacks)
        try:
            return self.can_inline(template.nodelist)
        finally:
            self._chain = outer

    def flatten(self, node: Any) -> None:
        """Write the template at the end of a chain, with the blocks of all."""
        found = self._extended(node)
        assert found is not None
        template, stacks = found
        outer, self._chain = self._chain, Chain(stacks)
        marker = self.line("pass")
        self.nodes(template.nodelist)
        self._chain = outer
        if self.calls_nodes:
            marker.text = f"install_blocks(context, {self.constant(stacks, 'blocks')})"


def _keeps_templates(engine: Any) -> bool:
    """Whether all loaders of an engine keep what they loaded."""
    from nuages.template.loaders.cached import Loader

    return all(type(loader) is Loader for loader in engine.template_loaders)
