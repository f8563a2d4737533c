"""Nodes to Python source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from nuages.template._expressions import FilterExpression
from nuages.template.compiler import _runtime
from nuages.template.compiler._source import Chain, Line, Loop
from nuages.template.compiler._values import Values
from nuages.utils.safestring import SafeString

#: Deepest nesting of includes that is put in place.
MOST_INCLUDES = 12


class Compiler(Values):
    """Writes the source of one unit: what is shown, loops and branches, and templates in templates.

    Args:
        engine: finds included and extended templates.
        autoescape: whether output is escaped, where the template does not say otherwise.
        blocks_known: False if the rendering has blocks that only it knows.
    """

    # What is shown, and when

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
