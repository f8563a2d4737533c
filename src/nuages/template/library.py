"""Libraries of tags and filters. Manual: "How to create custom template tags and filters"."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any

from nuages.template.base import Node, Template, token_kwargs
from nuages.template.exceptions import TemplateSyntaxError
from nuages.utils.html import conditional_escape
from nuages.utils.inspect import signature, unwrap

if TYPE_CHECKING:
    from nuages.template._expressions import FilterExpression
    from nuages.template._nodes import NodeList
    from nuages.template._parser import Parser
    from nuages.template.compiler import Compiler

_FILTER_FLAGS = ("expects_localtime", "is_safe", "needs_autoescape")


class InvalidTemplateLibrary(Exception):
    """A module that should hold tags and filters cannot be used."""


def import_library(name: str) -> Library:
    """Return the ``register`` of the module at a dotted path.

    Raises:
        InvalidTemplateLibrary: it cannot be imported, or has none.
    """
    try:
        module = import_module(name)
    except ImportError as error:
        raise InvalidTemplateLibrary(
            f"Invalid template library specified. ImportError raised when trying to load "
            f"'{name}': {error}"
        ) from error
    try:
        return module.register
    except AttributeError:
        raise InvalidTemplateLibrary(
            f"Module  {name} does not have a variable named 'register'"
        ) from None


class Library:
    """A collection of tags and filters, by name.

    Attributes:
        tags: functions of a parser and a token that return a node.
        filters: functions of a value and perhaps an argument.
    """

    def __init__(self) -> None:
        self.filters: dict[str, Callable[..., Any]] = {}
        self.tags: dict[str, Callable[..., Any]] = {}

    def tag(self, name: Any = None, compile_function: Any = None) -> Any:
        """Register a tag: ``@tag``, ``@tag()``, ``@tag("name")`` or ``tag("name", function)``."""
        return _register("tag", self.tags.__setitem__, name, compile_function)

    def tag_function(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Register a tag under its function's name."""
        self.tags[func.__name__] = func
        return func

    def filter(self, name: Any = None, filter_func: Any = None, **flags: bool) -> Any:
        """Register a filter, in the same ways as a tag.

        Args:
            name: of the filter, or the function.
            filter_func: the function.
            flags: ``is_safe``, ``needs_autoescape``, ``expects_localtime``.
        """

        def add(label: str, function: Callable[..., Any]) -> None:
            self.filters[label] = function
            for flag in _FILTER_FLAGS:
                if flag in flags:
                    setattr(function, flag, flags[flag])
                    # The function that decorators hide is used directly in Python code.
                    inner = getattr(function, "_decorated_function", None)
                    if inner is not None:
                        setattr(inner, flag, flags[flag])
            function._filter_name = label  # type: ignore[attr-defined]

        return _register("filter", add, name, filter_func)

    def filter_function(self, func: Callable[..., Any], **flags: bool) -> Any:
        """Register a filter under its function's name."""
        return self.filter(_name_of(func), func, **flags)

    def simple_tag(
        self, func: Any = None, takes_context: bool | None = None, name: str | None = None
    ) -> Any:
        """Register a function whose result a tag shows, or keeps with ``as name``."""

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            arguments = TagArguments(function, name or _name_of(function), bool(takes_context))

            @wraps(function)
            def build(parser: Parser, token: Any) -> Node:
                bits, target_var = _target(token.split_contents()[1:])
                return SimpleNode(
                    function, takes_context, *arguments.parse(parser, bits), target_var
                )

            self.tag(arguments.tag_name, build)
            return function

        return _maybe_called("simple_tag", decorate, func)

    def simple_block_tag(
        self,
        func: Any = None,
        takes_context: bool | None = None,
        name: str | None = None,
        end_name: str | None = None,
    ) -> Any:
        """Register a function of the content between a tag and its end (``end…`` by default)."""

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            tag_name = name or _name_of(function)
            end = end_name or f"end{tag_name}"
            arguments = TagArguments(function, tag_name, bool(takes_context), takes_content=True)

            @wraps(function)
            def build(parser: Parser, token: Any) -> Node:
                bits, target_var = _target(token.split_contents()[1:])
                nodelist = parser.parse((end,))
                parser.delete_first_token()
                return SimpleBlockNode(
                    nodelist, function, takes_context, *arguments.parse(parser, bits), target_var
                )

            self.tag(tag_name, build)
            return function

        return _maybe_called("simple_block_tag", decorate, func)

    def inclusion_tag(
        self,
        filename: Any,
        func: Any = None,
        takes_context: bool | None = None,
        name: str | None = None,
    ) -> Any:
        """Register a function that returns the names for a template, which the tag renders."""

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            arguments = TagArguments(function, name or _name_of(function), bool(takes_context))

            @wraps(function)
            def build(parser: Parser, token: Any) -> Node:
                bits = token.split_contents()[1:]
                args, kwargs = arguments.parse(parser, bits)
                return InclusionNode(function, takes_context, args, kwargs, filename)

            self.tag(arguments.tag_name, build)
            return function

        return decorate if func is None else decorate(func)


def _name_of(function: Callable[..., Any]) -> str:
    return getattr(getattr(function, "_decorated_function", function), "__name__", "")


def _register(
    kind: str, add: Callable[[str, Callable[..., Any]], None], name: Any, function: Any
) -> Any:
    """Carry out ``library.tag(…)`` or ``library.filter(…)`` in each form the manual allows."""
    match name, function:
        case None, None:
            return lambda decorated: _register(kind, add, _name_of(decorated), decorated)
        case _, None if callable(name):
            return _register(kind, add, _name_of(name), name)
        case _, None:
            return lambda decorated: _register(kind, add, name, decorated)
        case label, _ if label is not None and function is not None and callable(function):
            add(label, function)
            return function
    raise ValueError(f"Unsupported arguments to Library.{kind}: ({name!r}, {function!r})")


def _maybe_called(kind: str, decorate: Callable[..., Any], func: Any) -> Any:
    if func is None:
        return decorate
    if callable(func):
        return decorate(func)
    raise ValueError(f"Invalid arguments provided to {kind}")


def _target(bits: list[str]) -> tuple[list[str], str | None]:
    """Split ``… as name`` off the words of a tag."""
    if len(bits) >= 2 and bits[-2] == "as":
        return bits[:-2], bits[-1]
    return bits, None


class TagArguments:
    """What a tag's function takes, to check the words of each use against.

    Args:
        function: the function.
        tag_name: for messages.
        takes_context: whether its first argument is ``context``.
        takes_content: whether the next is ``content``.

    Raises:
        TemplateSyntaxError: it lacks one of these.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        tag_name: str,
        takes_context: bool = False,
        takes_content: bool = False,
    ) -> None:
        self.tag_name = tag_name
        self.positional: list[str] = []
        self.keyword_only: list[str] = []
        self.optional: set[str] = set()
        self.varargs = self.varkw = False
        innermost: Callable[..., Any] = unwrap(function)  # type: ignore[misc]
        for parameter in signature(innermost).parameters.values():
            match parameter.kind:
                case parameter.VAR_POSITIONAL:
                    self.varargs = True
                case parameter.VAR_KEYWORD:
                    self.varkw = True
                case parameter.KEYWORD_ONLY:
                    self.keyword_only.append(parameter.name)
                case _:
                    self.positional.append(parameter.name)
            if parameter.default is not parameter.empty:
                self.optional.add(parameter.name)
        given = ["context"] * takes_context + ["content"] * takes_content
        if self.positional[: len(given)] != given:
            name = getattr(function, "__name__", tag_name)
            if given == ["context"]:
                need = "is decorated with takes_context=True so it must have a first argument of 'context'"
            elif given == ["content"]:
                need = "must have a first argument of 'content'"
            else:
                need = (
                    "is decorated with takes_context=True so it must have a first argument of "
                    "'context' and a second argument of 'content'"
                )
            raise TemplateSyntaxError(f"'{name}' {need}")
        del self.positional[: len(given)]

    def parse(
        self, parser: Parser, bits: Iterable[str]
    ) -> tuple[list[FilterExpression], dict[str, FilterExpression]]:
        """Return the arguments that the words of a tag give, as filter expressions.

        Raises:
            TemplateSyntaxError: the function would not accept them.
        """
        args: list[FilterExpression] = []
        kwargs: dict[str, FilterExpression] = {}
        waiting = [name for name in self.positional if name not in self.optional]
        free = list(self.positional)
        needed = [name for name in self.keyword_only if name not in self.optional]
        known = {*self.positional, *self.keyword_only}
        for bit in bits:
            named = token_kwargs([bit], parser)
            for name, value in named.items():
                if name not in known and not self.varkw:
                    raise self._error(f"received unexpected keyword argument '{name}'")
                if name in kwargs:
                    raise self._error(f"received multiple values for keyword argument '{name}'")
                kwargs[name] = value
                for names in (waiting, needed):
                    if name in names:
                        names.remove(name)
            if named:
                continue
            if kwargs:
                raise self._error(
                    "received some positional argument(s) after some keyword argument(s)"
                )
            args.append(parser.compile_filter(bit))
            if free:
                name = free.pop(0)
                if name in waiting:
                    waiting.remove(name)
            elif not self.varargs:
                raise self._error("received too many positional arguments")
        missing = waiting + needed
        if missing:
            listed = ", ".join(f"'{name}'" for name in missing)
            raise self._error(f"did not receive value(s) for the argument(s): {listed}")
        return args, kwargs

    def _error(self, what: str) -> TemplateSyntaxError:
        return TemplateSyntaxError(f"'{self.tag_name}' {what}")


def parse_bits(
    parser: Parser,
    bits: Iterable[str],
    params: list[str],
    varargs: str | None,
    varkw: str | None,
    defaults: tuple[Any, ...] | None,
    kwonly: list[str],
    kwonly_defaults: dict[str, Any] | None,
    takes_context: bool | None,
    name: str,
) -> tuple[list[FilterExpression], dict[str, FilterExpression]]:
    """Return the arguments that the words of a tag give, for a function described in parts.

    The parts are those of ``inspect.getfullargspec``.

    Raises:
        TemplateSyntaxError: the function would not accept them.
    """
    described = TagArguments(lambda: None, name)
    described.positional = list(params)
    described.keyword_only = list(kwonly)
    described.varargs, described.varkw = varargs is not None, varkw is not None
    described.optional = {*params[len(params) - len(defaults or ()) :], *(kwonly_defaults or {})}
    if takes_context:
        if described.positional[:1] != ["context"]:
            raise TemplateSyntaxError(
                f"'{name}' is decorated with takes_context=True so it must have a first "
                "argument of 'context'"
            )
        del described.positional[0]
    return described.parse(parser, bits)


class TagHelperNode(Node):
    """Base of the nodes behind tags that are made from a function.

    Args:
        func: the function.
        takes_context: whether it gets the context first.
        args, kwargs: filter expressions for its arguments.
    """

    def __init__(
        self,
        func: Callable[..., Any],
        takes_context: bool | None,
        args: list[FilterExpression],
        kwargs: dict[str, FilterExpression],
    ) -> None:
        self.func, self.takes_context = func, takes_context
        self.args, self.kwargs = args, kwargs

    def get_resolved_arguments(self, context: Any) -> tuple[list[Any], dict[str, Any]]:
        """Return the values for the function's arguments."""
        leading = [context] if self.takes_context else []
        named = {name: value.resolve(context) for name, value in self.kwargs.items()}
        return [*leading, *(arg.resolve(context) for arg in self.args)], named


class SimpleNode(TagHelperNode):
    """A use of a ``simple_tag``."""

    child_nodelists = ()

    def __init__(self, *args: Any) -> None:
        *described, self.target_var = args
        super().__init__(*described)

    def render(self, context: Any) -> str:
        """Return what the function gives, or nothing when it is kept in a variable."""
        positional, named = self.get_resolved_arguments(context)
        output = self.func(*positional, **named)
        if self.target_var is None:
            return conditional_escape(output) if context.autoescape else str(output)
        context[self.target_var] = output
        return ""

    def inlines(self, compiler: Compiler) -> bool:
        # With the context, only a function that tells which names it reads.
        reads = getattr(self.func, "reads", None) if self.takes_context else ()
        return (
            reads is not None
            and (not reads or compiler.may_read(reads))
            and self.target_var is None
            and all(map(compiler.can_resolve, (*self.args, *self.kwargs.values())))
        )

    def emit(self, compiler: Compiler) -> None:
        leading = ("context",) if self.takes_context else ()
        tag = compiler.constant(self.func, "tag")
        call = compiler.call(tag, self.args, self.kwargs, leading)
        if compiler.autoescape:
            call = f"{compiler.constant(conditional_escape, 'escape')}({call})"
        compiler.write(f"as_text({call})")


class SimpleBlockNode(SimpleNode):
    """A use of a ``simple_block_tag``."""

    child_nodelists: Any = ("nodelist",)  # type: ignore[misc]

    def __init__(self, nodelist: NodeList, *args: Any) -> None:
        super().__init__(*args)
        self.nodelist = nodelist

    def get_resolved_arguments(self, context: Any) -> tuple[list[Any], dict[str, Any]]:
        """Return the values for the function's arguments, the content among them."""
        args, kwargs = super().get_resolved_arguments(context)
        args.insert(bool(self.takes_context), self.nodelist.render(context))
        return args, kwargs


class InclusionNode(TagHelperNode):
    """A use of an ``inclusion_tag``."""

    child_nodelists = ()

    def __init__(
        self,
        func: Callable[..., Any],
        takes_context: bool | None,
        args: list[FilterExpression],
        kwargs: dict[str, FilterExpression],
        filename: Any,
    ) -> None:
        super().__init__(func, takes_context, args, kwargs)
        self.filename = filename

    def _template(self, context: Any) -> Any:
        known = context.render_context.get(self)
        if known is None:
            if isinstance(self.filename, Template):
                known = self.filename
            elif isinstance(getattr(self.filename, "template", None), Template):
                known = self.filename.template
            elif isinstance(self.filename, (list, tuple)):
                known = context.template.engine.select_template(self.filename)
            else:
                known = context.template.engine.get_template(self.filename)
            context.render_context[self] = known
        return known

    def render(self, context: Any) -> str:
        """Return the template's text with the names that the function gives."""
        positional, named = self.get_resolved_arguments(context)
        inner = context.new(self.func(*positional, **named))
        # Forms in the included template need the page's token, whatever names it gets.
        if (token := context.get("csrf_token")) is not None:
            inner["csrf_token"] = token
        return self._template(context).render(inner)


__all__ = ["InvalidTemplateLibrary", "Library", "import_library"]
