"""The node tree of a template. Manual: "How to create custom template tags and filters"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Self

from nuages.utils.formats import localize
from nuages.utils.hints import unannotated
from nuages.utils.html import conditional_escape
from nuages.utils.safestring import SafeData, SafeString
from nuages.utils.timezone import template_localtime

if TYPE_CHECKING:
    from nuages.template._expressions import FilterExpression
    from nuages.template._lexer import Token
    from nuages.template.base import Origin
    from nuages.template.compiler import Compiler, Unit


@unannotated
class Node:
    """A part of a template that renders itself.

    Subclasses define ``render(context)``. A class that has ``inlines`` and ``emit`` in its own
    body takes part in compilation (see ``nuages.template.compiler``); its subclasses do not,
    unless they define the two again.

    Attributes:
        token: what the node was made from.
        origin: the template it stands in.
        child_nodelists: names of attributes that hold node lists.
    """

    must_be_first = False
    child_nodelists: ClassVar[Iterable[str]] = ("nodelist",)
    token: Token | None = None
    origin: Origin | None = None

    def render(self, context: Any) -> str:
        """Return the text of this node."""
        return ""

    def render_annotated(self, context: Any) -> str:
        """Return the text of this node; an error on the way is told where it happened."""
        try:
            return self.render(context)
        except Exception as error:
            annotate_error(error, self, context)
            raise

    def get_nodes_by_type(self, nodetype: type[Node]) -> list[Node]:
        """Return this node and those below it that are of a type, in document order."""
        found: list[Node] = [self] if isinstance(self, nodetype) else []
        for attribute in self.child_nodelists:
            children = getattr(self, attribute, None)
            if children:
                found += children.get_nodes_by_type(nodetype)
        return found


def annotate_error(
    error: Exception, node: Node, context: Any, templates: Iterable[Any] = ()
) -> None:
    """Note on an error which node raised it, and with ``debug`` the source around.

    Args:
        error: gets ``template_debug`` (if the engine has ``debug``) and a note for tracebacks.
        node: where it was raised.
        context: of the rendering.
        templates: those, besides the one being rendered, that the node may belong to.
    """
    if not hasattr(error, "_template_node"):
        error._template_node = node  # type: ignore[attr-defined]
        if node.origin is not None and node.token is not None:
            error.add_note(f'  In template "{node.origin}", line {node.token.lineno}')
    outermost = getattr(context, "template", None)
    if outermost is None or not outermost.engine.debug or hasattr(error, "template_debug"):
        return
    culprit = error._template_node  # type: ignore[attr-defined]
    for template in (context.render_context.template, *templates):
        if template is not None and template.origin == culprit.origin and culprit.token:
            error.template_debug = template.get_exception_info(  # type: ignore[attr-defined]
                error, culprit.token
            )
            break


@unannotated
class NodeList(list[Any]):
    """The nodes of a template, or between two tags.

    After a few renderings it is compiled into one function (see ``nuages.template.compiler``).
    """

    # Whether anything but text was added; ``extends`` must come before.
    contains_nontext = False
    #: Compiled forms, and the number of renderings that preceded them.
    units: dict[Any, Unit] | None = None
    rendered = 0

    def render(self, context: Any) -> SafeString:
        """Return the text of all nodes."""
        if self.units is not None or self.rendered >= warm_up():
            return render_compiled(self, context)
        self.rendered += 1
        return self.render_plain(context)

    def render_plain(self, context: Any) -> SafeString:
        """Return the text of all nodes, node by node."""
        return SafeString("".join([node.render_annotated(context) for node in self]))

    def get_nodes_by_type(self, nodetype: type[Node]) -> list[Node]:
        """Return the nodes of a type, here and below."""
        return [match for node in self for match in node.get_nodes_by_type(nodetype)]

    def __copy__(self) -> Self:
        twin = type(self)(self)
        twin.contains_nontext = self.contains_nontext
        return twin


class TextNode(Node):
    """Literal text."""

    child_nodelists = ()

    def __init__(self, s: str) -> None:
        self.s = s

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.s[:25]!r}>"

    def render(self, context: Any) -> str:
        """Return the text."""
        return self.s

    def render_annotated(self, context: Any) -> str:
        """Return the text; there is nothing to go wrong."""
        return self.s

    def inlines(self, compiler: Compiler) -> bool:
        return True

    def emit(self, compiler: Compiler) -> None:
        compiler.text(self.s)


def render_value_in_context(value: Any, context: Any) -> str:
    """Return a value as it appears in output: localized, and escaped if the context says so."""
    value = template_localtime(value, use_tz=context.use_tz)
    value = localize(value, use_l10n=context.use_l10n)
    if not context.autoescape:
        return str(value)
    if not issubclass(type(value), str):
        value = value if isinstance(value, SafeData) or hasattr(value, "__html__") else str(value)
    return conditional_escape(value)


class VariableNode(Node):
    """``{{ … }}``."""

    child_nodelists = ()

    def __init__(self, filter_expression: FilterExpression) -> None:
        self.filter_expression = filter_expression

    def __repr__(self) -> str:
        return f"<Variable Node: {self.filter_expression}>"

    def render(self, context: Any) -> str:
        """Return the value as text."""
        try:
            value = self.filter_expression.resolve(context)
        except UnicodeDecodeError:
            # Bytes that are no text show nothing.
            return ""
        return render_value_in_context(value, context)

    def inlines(self, compiler: Compiler) -> bool:
        return compiler.can_show(self.filter_expression)

    def emit(self, compiler: Compiler) -> None:
        compiler.show(self.filter_expression)


def iter_nodes(nodelist: Iterable[Node]) -> Iterator[Node]:
    """Yield all nodes of a list and below."""
    for node in nodelist:
        yield node
        for attribute in node.child_nodelists:
            yield from iter_nodes(getattr(node, attribute, None) or ())


# The compiler builds on the nodes, so it comes after them.
from nuages.template.compiler import render_compiled, warm_up  # noqa: E402

for _public in (Node, NodeList, TextNode, VariableNode, render_value_in_context):
    _public.__module__ = "django.template.base"
