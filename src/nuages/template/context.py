"""The names that a template sees. Manual: "The Django template language: for Python programmers"."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from copy import copy
from functools import reduce
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from nuages.http import HttpRequest
    from nuages.template.base import Template

#: Names that every template knows.
BUILTINS = {"True": True, "False": False, "None": None}


class ContextPopException(Exception):
    """More layers were popped than were pushed."""


class ContextDict(dict[str, Any]):
    """One layer of a context; as a context manager it leaves the stack at the end."""

    def __init__(self, context: BaseContext, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        context.dicts.append(self)
        self.context = context

    def __exit__(self, *exc_info: object) -> None:
        self.context.pop()

    def __enter__(self) -> Self:
        return self


class BaseContext:
    """A stack of dictionaries that reads like one, the uppermost first.

    Attributes:
        dicts: the layers; the first holds True, False and None.
    """

    def __init__(self, dict_: Mapping[str, Any] | BaseContext | None = None) -> None:
        self._reset_dicts(dict_)

    def _reset_dicts(self, value: Any = None) -> None:
        self.dicts: list[Any] = [dict(BUILTINS)]
        if isinstance(value, BaseContext):
            self.dicts += value.dicts[1:]
        elif value is not None:
            self.dicts.append(value)

    def __copy__(self) -> Self:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.dicts = self.dicts[:]
        return twin

    def __repr__(self) -> str:
        return repr(self.dicts)

    def __iter__(self) -> Iterator[Any]:
        return reversed(self.dicts)

    def push(self, *args: Any, **kwargs: Any) -> ContextDict:
        """Add a layer holding what ``dict(*args, **kwargs)`` would; leave it with ``with``."""
        layers: list[Any] = []
        for arg in args:
            layers += arg.dicts[1:] if isinstance(arg, BaseContext) else [arg]
        return ContextDict(self, *layers, **kwargs)

    def pop(self) -> Any:
        """Remove and return the uppermost layer.

        Raises:
            ContextPopException: only the first is left.
        """
        if len(self.dicts) == 1:
            raise ContextPopException
        return self.dicts.pop()

    # Reading

    def _holder(self, key: object) -> Any:
        """Return the uppermost layer that has a name; None if none has."""
        return next((layer for layer in reversed(self.dicts) if key in layer), None)

    def get(self, key: str, otherwise: Any = None) -> Any:
        """Return the value of a name, or ``otherwise``."""
        for layer in reversed(self.dicts):
            if key in layer:
                return layer[key]
        return otherwise

    def __contains__(self, key: object) -> bool:
        return self._holder(key) is not None

    def __getitem__(self, key: str) -> Any:
        holder = self._holder(key)
        if holder is None:
            raise KeyError(key)
        return holder[key]

    def flatten(self) -> dict[str, Any]:
        """Return all layers as one dictionary."""
        return reduce(lambda merged, layer: {**merged, **layer}, self.dicts, {})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BaseContext):
            return NotImplemented
        return self.flatten() == other.flatten()

    # Writing

    def __setitem__(self, key: str, value: Any) -> None:
        self.dicts[-1][key] = value

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return the value of a name, which is first set to ``default`` where it is missing."""
        found = self.get(key, self)
        if found is self:
            self[key] = found = default
        return found

    def set_upward(self, key: str, value: Any) -> None:
        """Set the name where it is defined, in the highest such layer, or else in the uppermost."""
        holder = self._holder(key)
        (self.dicts[-1] if holder is None else holder)[key] = value

    def __delitem__(self, key: str) -> None:
        del self.dicts[-1][key]

    def new(self, values: Any = None) -> Self:
        """Return a context of the same kind that holds ``values`` only."""
        fresh = copy(self)
        fresh._reset_dicts(values)
        return fresh

    __hash__ = None  # type: ignore[assignment]


class RenderContext(BaseContext):
    """What template tags keep between renderings of one template.

    Only the uppermost layer is read and written. ``template`` is the one being rendered.
    """

    template: Template | None = None

    def __iter__(self) -> Iterator[Any]:
        return iter(self.dicts[-1])

    def __contains__(self, key: object) -> bool:
        return key in self.dicts[-1]

    def __getitem__(self, key: Any) -> Any:
        return self.dicts[-1][key]

    def get(self, key: Any, otherwise: Any = None) -> Any:
        """Return what the uppermost layer has under ``key``, or ``otherwise``."""
        return self.dicts[-1].get(key, otherwise)

    def push_state(
        self, template: Any, isolated_context: bool = True
    ) -> AbstractContextManager[None]:
        """For a ``with`` block, make ``template`` the one rendered, by default on a new layer."""
        return _State(self, template, isolated_context)


class _State:
    """A ``with`` block in which another template is rendered."""

    __slots__ = ("context", "isolated", "outer", "template")

    def __init__(self, context: RenderContext, template: Any, isolated: bool) -> None:
        self.context, self.template, self.isolated = context, template, isolated

    def __enter__(self) -> None:
        context = self.context
        self.outer, context.template = context.template, self.template
        if self.isolated:
            context.push()

    def __exit__(self, *error: object) -> None:
        self.context.template = self.outer
        if self.isolated:
            self.context.pop()


class Context(BaseContext):
    """The names for rendering a template, and how values are shown.

    Args:
        dict_: the names.
        autoescape: whether values are escaped for HTML.
        use_l10n: whether they are localized; None leaves it to the settings.
        use_tz: whether datetimes are converted to the current time zone; None likewise.
    """

    def __init__(
        self,
        dict_: Mapping[str, Any] | BaseContext | None = None,
        autoescape: bool = True,
        use_l10n: bool | None = None,
        use_tz: bool | None = None,
    ) -> None:
        super().__init__(dict_)
        self.autoescape, self.use_l10n, self.use_tz = autoescape, use_l10n, use_tz
        self.render_context = RenderContext()
        self.template_name: str | None = "unknown"
        # Set while a template renders with this context.
        self.template: Template | None = None

    def bind_template(self, template: Template) -> AbstractContextManager[None]:
        """For a ``with`` block, make ``template`` the outermost one rendered."""
        return _Bound(self, template)

    def __copy__(self) -> Self:
        own = copy(self.render_context)
        twin = super().__copy__()
        twin.__dict__["render_context"] = own
        return twin

    def update(self, other_dict: Any) -> ContextDict:
        """Add a layer with the names of a mapping; return it.

        Raises:
            TypeError: it is no mapping.
        """
        if not hasattr(other_dict, "__getitem__"):
            raise TypeError("other_dict must be a mapping (dictionary-like) object.")
        layers = other_dict.dicts[1:] if isinstance(other_dict, BaseContext) else [other_dict]
        for layer in layers[:-1]:
            ContextDict(self, layer)
        return ContextDict(self, *layers[-1:])


class _Bound:
    """A ``with`` block in which a context has a template.

    Raises:
        RuntimeError: it has one already.
    """

    __slots__ = ("context", "template")

    def __init__(self, context: Context, template: Template) -> None:
        self.context, self.template = context, template

    def __enter__(self) -> None:
        if self.context.template is not None:
            raise RuntimeError("Context is already bound to a template")
        self.context.template = self.template

    def __exit__(self, *error: object) -> None:
        self.context.template = None


class RequestContext(Context):
    """A context with the names that the engine's context processors give for a request.

    Args:
        request: passed to the processors.
        dict_: names that go above theirs.
        processors: more of them, run after the engine's.
        use_l10n, use_tz, autoescape: as for ``Context``.
    """

    def __init__(
        self,
        request: HttpRequest,
        dict_: Mapping[str, Any] | BaseContext | None = None,
        processors: Sequence[Callable[[Any], dict[str, Any]]] | None = None,
        use_l10n: bool | None = None,
        use_tz: bool | None = None,
        autoescape: bool = True,
    ) -> None:
        super().__init__(dict_, autoescape, use_l10n, use_tz)
        self.request, self._processors = request, (*(processors or ()),)
        self._processors_index: int | None = len(self.dicts)
        # One layer for the processors; what the template sets stays above it.
        for _layer in range(2):
            self.push()

    def bind_template(self, template: Template) -> AbstractContextManager[None]:
        """Bind ``template``, with the names of its engine's context processors filled in.

        Raises:
            TypeError: a processor does not return a dictionary.
        """
        return _Filled(self, template, super().bind_template(template))

    def _processed(self, template: Template) -> dict[str, Any]:
        names: dict[str, Any] = {}
        for processor in (*template.engine.template_context_processors, *self._processors):
            given = processor(self.request)
            try:
                names |= given
            except TypeError:
                raise TypeError(
                    f"Context processor {processor.__qualname__} didn't return a dictionary."
                ) from None
        return names

    def new(self, values: Any = None) -> Self:
        """Return a context for the same request that holds ``values`` only."""
        fresh = super().new(values)
        fresh._processors_index = None
        return fresh


class _Filled:
    """A ``with`` block in which a context has a template and the names of its processors."""

    __slots__ = ("binding", "context", "template")

    def __init__(
        self, context: RequestContext, template: Template, binding: AbstractContextManager[None]
    ) -> None:
        self.context, self.template, self.binding = context, template, binding

    def __enter__(self) -> None:
        context = self.context
        self.binding.__enter__()
        try:
            names = context._processed(self.template)
        except BaseException as error:
            self.binding.__exit__(type(error), error, error.__traceback__)
            raise
        if context._processors_index is not None:  # else made by new(): holds its values only
            context.dicts[context._processors_index] = names

    def __exit__(self, *error: Any) -> None:
        if self.context._processors_index is not None:
            self.context.dicts[self.context._processors_index] = {}
        self.binding.__exit__(*error)


def make_context(
    context: dict[str, Any] | None, request: HttpRequest | None = None, **kwargs: Any
) -> Context:
    """Return a context with the names of a dictionary, for a request if there is one.

    Raises:
        TypeError: ``context`` is no dictionary.
    """
    if context is not None and not isinstance(context, dict):
        raise TypeError(f"context must be a dict rather than {type(context).__name__}.")
    if request is None:
        return Context(context, **kwargs)
    # The processors' names must lie below those of the dictionary.
    made = RequestContext(request, **kwargs)
    if context:
        made.push(context)
    return made
