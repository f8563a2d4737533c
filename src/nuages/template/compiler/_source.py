"""The pieces that generated source is put together from: lines, names, constants, nodes one after the other."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType
from typing import Any, ClassVar

from nuages.template._expressions import VariableDoesNotExist, call_value
from nuages.template.compiler import _runtime
from nuages.utils.html import conditional_escape
from nuages.utils.safestring import SafeData, mark_safe
from nuages.utils.timezone import template_localtime

#: Larger functions than this (in lines) are not worth having.
MOST_LINES = 20_000
_HERE = str(Path(__file__).resolve().parents[1])

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
    "call_value": call_value,
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


class Source:
    """The source of one unit, while it is written.

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


def _keeps_templates(engine: Any) -> bool:
    """Whether all loaders of an engine keep what they loaded."""
    from nuages.template.loaders.cached import Loader

    return all(type(loader) is Loader for loader in engine.template_loaders)
