"""When node lists are compiled, and how the result is run."""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from nuages.conf import switches
from nuages.core.signals import setting_changed
from nuages.template.compiler._compiler import Compiler
from nuages.template.compiler._source import RUNTIME, CannotCompile
from nuages.template.context import BaseContext
from nuages.utils.codegen import compile_function
from nuages.utils.safestring import SafeString

if TYPE_CHECKING:
    from nuages.template._nodes import NodeList

#: How often a node list is rendered node by node before it is compiled: compiling takes as long as
#: rendering it some ten times, and many templates are rendered once.
WARM_UP = 1


@functools.cache
def warm_up() -> float:
    """Return after how many renderings node lists are compiled; infinity if that is turned off."""
    return WARM_UP if switches.enabled("COMPILED_TEMPLATES") else float("inf")


def _forget(*, setting: str, **kwargs: Any) -> None:
    if setting == "NUAGES":
        warm_up.cache_clear()


setting_changed.connect(_forget, dispatch_uid="django.template.compiler.warm_up")


class Unit:
    """A compiled node list.

    Args:
        nodelist: the nodes.
        engine: of the rendering.
        autoescape: whether it escapes.
        blocks_known: whether it began without blocks of other templates.

    Attributes:
        function: takes a context and returns text; None if the nodes had better be walked.
        intact: tells whether all that the function stands for is still what it was.
    """

    __slots__ = ("first_lines", "function", "generation", "intact", "length", "nodes", "templates")

    def __init__(
        self, nodelist: NodeList, engine: Any, autoescape: bool, blocks_known: bool
    ) -> None:
        self.function: Callable[[Any], str] | None = None
        self.length = len(nodelist)
        self.generation = _generation(engine)
        self.templates: list[Any] = []
        compiler = Compiler(engine, autoescape, blocks_known)
        try:
            compiler.nodes(nodelist)
            self._assemble(compiler)
        except (CannotCompile, RecursionError, SyntaxError, MemoryError):
            # Too long, or nested more deeply than Python has it.
            self.function = None

    def _assemble(self, compiler: Compiler) -> None:
        head = [
            "def render(context):",
            "    layers = context.dicts",
            "    parts = []",
            "    write = parts.append",
        ]
        body = [f"{'    ' * line.indent}{line.text}" for line in compiler.lines]
        guards = {}
        checks = []
        for number, ((owner, name), method) in enumerate(compiler.guards.items()):
            guards[f"owner_{number}"], guards[f"method_{number}"] = owner, method
            checks.append(f"owner_{number}.{name} is method_{number}")
        source = "\n".join(
            [
                *head,
                *body,
                "    return ''.join(parts)",
                "",
                "def intact():",
                f"    return {' and '.join(checks) or 'True'}",
                "",
                "def both():",
                "    return render, intact",
                "",
            ]
        )
        namespace = {**RUNTIME, **compiler.constants, **guards}
        namespace |= {site.key: None for site in compiler.sites}
        label = getattr(compiler.templates[0], "name", None) if compiler.templates else None
        both = compile_function(source, "both", namespace, f"template {label or ''}".strip())
        self.function, self.intact = both()
        for site in compiler.sites:
            site.scope = both.__globals__
        # The last node that begins before a line of the source is the one it was written for.
        self.first_lines = [number for number, _ in enumerate(compiler.lines, len(head) + 1)]
        self.nodes = [line.node for line in compiler.lines]
        self.templates = compiler.templates

    def node_at(self, traceback: TracebackType | None) -> Any:
        """Return the node whose source was running when an error was raised."""
        code = self.function.__code__  # type: ignore[union-attr]
        while traceback is not None:
            if traceback.tb_frame.f_code is code:
                at = bisect_right(self.first_lines, traceback.tb_lineno) - 1
                return self.nodes[at] if at >= 0 else None
            traceback = traceback.tb_next
        return None


def _generation(engine: Any) -> int:
    """Return a number that changes when loaders forget their templates."""
    if engine is None:
        return 0
    return sum(getattr(loader, "generation", 0) for loader in engine.template_loaders)


@functools.cache
def _is_plain(kind: Any) -> bool:
    """Whether contexts of a type look names up in their layers, as generated code does."""
    return issubclass(kind, BaseContext) and kind.__getitem__ is BaseContext.__getitem__


def render_compiled(nodelist: NodeList, context: Any) -> SafeString:
    """Return the text of all nodes, by the compiled form where there is one that fits."""
    if warm_up() == float("inf") or not _is_plain(type(context)):  # type: ignore[arg-type]
        return nodelist.render_plain(context)
    template = context.template
    engine = None if template is None else template.engine
    key = (engine, context.autoescape, "block_context" not in context.render_context)
    units = nodelist.units
    if units is None:
        units = nodelist.units = {}
    unit = units.get(key)
    if unit is None:
        unit = units[key] = Unit(nodelist, *key)
    if unit.function is None:
        return nodelist.render_plain(context)
    if unit.length != len(nodelist) or unit.generation != _generation(engine):
        del units[key]
        return nodelist.render_plain(context)
    if not unit.intact():
        return nodelist.render_plain(context)
    try:
        return SafeString(unit.function(context))
    except Exception as error:
        node = unit.node_at(error.__traceback__)
        if node is not None:
            from nuages.template._nodes import annotate_error

            annotate_error(error, node, context, unit.templates)
        raise
