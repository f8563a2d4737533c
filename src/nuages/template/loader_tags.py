"""Tags that load other templates. Manual: "The Django template language", "Template inheritance"."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from nuages.template._expressions import Variable, token_kwargs
from nuages.template._nodes import Node, NodeList, TextNode
from nuages.template.base import Template
from nuages.template.exceptions import TemplateSyntaxError
from nuages.template.library import Library
from nuages.utils.safestring import mark_safe

if TYPE_CHECKING:
    from nuages.template._lexer import Token
    from nuages.template._parser import Parser
    from nuages.template.compiler import Compiler

register = Library()

#: Where a rendering keeps its blocks, in its render context.
BLOCK_CONTEXT_KEY = "block_context"


class BlockContext:
    """The blocks of a chain of templates: per name a stack, the child's uppermost."""

    def __init__(self) -> None:
        self.blocks: defaultdict[str, list[BlockNode]] = defaultdict(list)

    def get_block(self, name: str) -> BlockNode | None:
        """Return the uppermost block of a name; None if there is none."""
        return next(reversed(self.blocks[name]), None)

    def push(self, name: str, block: BlockNode) -> None:
        """Put a block on top of those of its name."""
        self.blocks[name] += (block,)

    def pop(self, name: str) -> BlockNode | None:
        """Take the uppermost block of a name off; None if there is none."""
        top = self.get_block(name)
        del self.blocks[name][-1:]
        return top

    def add_blocks(self, blocks: dict[str, BlockNode]) -> None:
        """Put the blocks of a parent below those that are there."""
        for name in blocks:
            self.blocks[name][:0] = (blocks[name],)

    def __repr__(self) -> str:
        return f"<{type(self).__qualname__}: blocks={self.blocks!r}>"


class BlockNode(Node):
    """``{% block name %}…{% endblock %}``."""

    def __init__(self, name: str, nodelist: NodeList, parent: Any = None) -> None:
        self.name, self.nodelist, self.parent = name, nodelist, parent

    def __repr__(self) -> str:
        return f"<Block Node: {self.name}. Contents: {self.nodelist!r}>"

    def render(self, context: Any) -> str:
        """Return the text of the block that overrides this one, or else of this."""
        blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
        with context.push():
            if blocks is None:
                context["block"] = self
                return self.nodelist.render(context)
            top = blocks.pop(self.name)
            chosen = self if top is None else top
            # A node is shared by all renderings, so the one that knows the context is new.
            bound = type(self)(chosen.name, chosen.nodelist)
            bound.context = context  # type: ignore[attr-defined]
            context["block"] = bound
            try:
                return bound.nodelist.render(context)
            finally:
                if top is not None:
                    blocks.push(self.name, top)

    def super(self) -> str:
        """Return the text of the block that this one overrides.

        Raises:
            TemplateSyntaxError: the template extends nothing.
        """
        context = self.__dict__.get("context")
        if context is None:
            raise TemplateSyntaxError(
                f"'{type(self).__name__}' object has no attribute 'context'. Did you use "
                "{{ block.super }} in a base template?"
            )
        blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
        overridden = blocks and blocks.get_block(self.name)
        try:
            return mark_safe(self.render(context)) if overridden else ""
        except Exception as error:
            # An error in a block is one, even of a kind that variables pass over.
            error.silent_variable_failure = False  # type: ignore[attr-defined]
            raise

    def inlines(self, compiler: Compiler) -> bool:
        return compiler.can_inline_block(self)

    def emit(self, compiler: Compiler) -> None:
        compiler.block(self)


class ExtendsNode(Node):
    """``{% extends %}`` with all that follows."""

    must_be_first = True
    #: Where a rendering keeps the origins that were extended so far.
    context_key = "extends_context"

    def __init__(self, nodelist: NodeList, parent_name: Any, template_dirs: Any = None) -> None:
        self.parent_name, self.template_dirs = parent_name, template_dirs
        self.nodelist, self.blocks = nodelist, blocks_of(nodelist)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: extends {getattr(self.parent_name, 'token', None)}>"

    def find_template(self, template_name: str, context: Any) -> Any:
        """Return the template of that name which is not yet part of the chain.

        So ``a.html`` may extend another ``a.html`` that a later loader has.
        """
        passed = context.render_context.setdefault(self.context_key, [self.origin])
        found = context.template.engine.find_template(template_name, skip=passed)
        passed.append(found[1])
        return found[0]

    def get_parent(self, context: Any) -> Any:
        """Return the template that is extended.

        Raises:
            TemplateSyntaxError: there is no name for it.
        """
        parent = self.parent_name.resolve(context)
        if not parent:
            hint = ""
            if self.parent_name.filters or isinstance(self.parent_name.var, Variable):
                hint = f" Got this from the '{self.parent_name.token}' variable."
            raise TemplateSyntaxError(f"Invalid template name in 'extends' tag: {parent!r}.{hint}")
        if isinstance(parent, Template):
            return parent
        if isinstance(getattr(parent, "template", None), Template):
            return parent.template  # a template of a backend
        return self.find_template(
            construct_relative_path(_name_of(self.origin), str(parent))
            if self.parent_name.is_var
            else parent,
            context,
        )

    def render(self, context: Any) -> str:
        """Return the text of the extended template with the blocks of this one."""
        parent = self.get_parent(context)
        blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
        if blocks is None:
            blocks = context.render_context[BLOCK_CONTEXT_KEY] = BlockContext()
        blocks.add_blocks(self.blocks)
        if not isinstance(first_tag(parent.nodelist), ExtendsNode):
            blocks.add_blocks(blocks_of(parent.nodelist))
        # The parent renders as part of this template: what tags keep must be shared.
        with context.render_context.push_state(parent, isolated_context=False):
            return parent._render(context)

    def inlines(self, compiler: Compiler) -> bool:
        return compiler.can_flatten(self)

    def emit(self, compiler: Compiler) -> None:
        compiler.flatten(self)


def first_tag(nodelist: NodeList) -> Node | None:
    """Return the first node of a template that is not text."""
    return next((node for node in nodelist if not isinstance(node, TextNode)), None)


def blocks_of(nodelist: NodeList) -> dict[str, BlockNode]:
    """Return the blocks of a template, by name."""
    found = nodelist.get_nodes_by_type(BlockNode)
    return {block.name: block for block in found if isinstance(block, BlockNode)}


class IncludeNode(Node):
    """``{% include %}``."""

    context_key = "__include_context"
    child_nodelists = ()

    def __init__(
        self,
        template: Any,
        *args: Any,
        extra_context: dict[str, Any] | None = None,
        isolated_context: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.template, self.isolated_context = template, isolated_context
        self.extra_context = dict(extra_context or ())

    def __repr__(self) -> str:
        return f"<{type(self).__qualname__}: template={self.template!r}>"

    def _find(self, context: Any) -> Any:
        chosen = self.template.resolve(context)
        if callable(getattr(chosen, "render", None)):
            # A backend's template renders with dictionaries; what it wraps, with contexts.
            return chosen if isinstance(chosen, Template) else getattr(chosen, "template", chosen)
        engine = context.template.engine
        # Kept with the outermost rendering, so that a loop loads each template once.
        known = context.render_context.dicts[0].setdefault(self, {})
        names: Any = (
            (chosen or ())
            if not (chosen and isinstance(chosen, str))
            else (construct_relative_path(_name_of(self.origin), chosen),)
        )
        names = tuple(names)
        if names not in known:
            known[names] = (
                engine.get_template(names[0])
                if names and isinstance(chosen, str)
                else engine.select_template(names)
            )
        return known[names]

    def render(self, context: Any) -> str:
        """Return the text of the included template."""
        template = self._find(context)
        values = {name: value.resolve(context) for name, value in self.extra_context.items()}
        if self.isolated_context:
            return template.render(context.new(values))
        with context.push(**values):
            return template.render(context)

    def inlines(self, compiler: Compiler) -> bool:
        return compiler.can_include(self)

    def emit(self, compiler: Compiler) -> None:
        compiler.include(self)


def _name_of(origin: Any) -> str | None:
    return None if origin is None else origin.template_name


@register.tag("block")
def do_block(parser: Parser, token: Token) -> Node:
    """Compile a ``block`` tag."""
    tag, *words = token.contents.split()
    if len(words) != 1:
        raise TemplateSyntaxError(f"'{tag}' tag takes only one argument")
    [name] = words
    seen: set[str] = parser.__dict__.setdefault("_block_names", set())
    if name in seen:
        raise TemplateSyntaxError(f"'block' tag with name '{name}' appears more than once")
    seen.add(name)
    inside = parser.parse(("endblock",))
    end, allowed = parser.next_token(), ("endblock", f"endblock {name}")
    if end.contents in allowed:
        return BlockNode(name, inside)
    parser.invalid_block_tag(end, "endblock", allowed)


def construct_relative_path(
    current_template_name: str | None,
    relative_name: str,
    allow_recursion: bool = False,
) -> str:
    """Return the template name that a name beginning with ``./`` or ``../`` stands for.

    Args:
        current_template_name: the template in which it is written.
        relative_name: the name, quoted or not; others are returned as they are.
        allow_recursion: whether it may stand for the same template.

    Raises:
        TemplateSyntaxError: it leads outside, or to the same template.
    """
    quote = relative_name[:1] if relative_name[:1] in ("'", '"') else ""
    bare = relative_name.strip("'\"")
    if not bare.startswith(("./", "../")):
        return relative_name
    if current_template_name is None:
        raise TemplateSyntaxError(
            f"The relative path '{bare}' cannot be evaluated due to an unknown template origin."
        )
    here = posixpath.dirname(current_template_name.lstrip("/"))
    target = posixpath.normpath(posixpath.join(here, bare))
    if target.startswith("../"):
        raise TemplateSyntaxError(
            f"The relative path '{relative_name}' points outside the file hierarchy that "
            f"template '{current_template_name}' is in."
        )
    if not allow_recursion and target == current_template_name.lstrip("/"):
        raise TemplateSyntaxError(
            f"The relative path '{relative_name}' was translated to template name '{target}', "
            "the same template in which the tag appears."
        )
    return f"{quote}{target}{quote}"


@register.tag("extends")
def do_extends(parser: Parser, token: Token) -> Node:
    """Compile an ``extends`` tag."""
    bits = token.split_contents()
    if len(bits) != 2:
        raise TemplateSyntaxError(f"'{bits[0]}' takes one argument")
    name = construct_relative_path(_name_of(parser.origin), bits[1])
    parent = parser.compile_filter(name)
    nodelist = parser.parse()
    if nodelist.get_nodes_by_type(ExtendsNode):
        raise TemplateSyntaxError(f"'{bits[0]}' cannot appear more than once in the same template")
    return ExtendsNode(nodelist, parent)


@register.tag("include")
def do_include(parser: Parser, token: Token) -> Node:
    """Compile an ``include`` tag."""
    tag, *bits = token.split_contents()
    if not bits:
        raise TemplateSyntaxError(
            f"'{tag}' tag takes at least one argument: the name of the template to be included."
        )
    name = construct_relative_path(_name_of(parser.origin), bits.pop(0), allow_recursion=True)
    options: dict[str, Any] = {}
    while bits:
        option = bits.pop(0)
        if option in options:
            raise TemplateSyntaxError(f"The {option!r} option was specified more than once.")
        if option == "with":
            options[option] = token_kwargs(bits, parser)
            if not options[option]:
                raise TemplateSyntaxError(
                    f"\"with\" in '{tag}' tag needs at least one keyword argument."
                )
        elif option == "only":
            options[option] = True
        else:
            raise TemplateSyntaxError(f"Unknown argument for '{tag}' tag: {option!r}.")
    return IncludeNode(
        parser.compile_filter(name),
        extra_context=options.get("with"),
        isolated_context=options.get("only", False),
    )
