"""``ResolverMatch``, and the plain road from a path to it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pickle import PicklingError
from typing import TYPE_CHECKING, Any, NoReturn

from nuages.urls.exceptions import Resolver404
from nuages.utils.functional import cached_property

if TYPE_CHECKING:
    from nuages.urls.resolvers import URLPattern, URLResolver


@dataclass(eq=False, repr=False)
class ResolverMatch:
    """What a URLconf says about a path. Manual: "ResolverMatch"."""

    func: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    url_name: str | None = None
    app_names: Any = None
    namespaces: Any = None
    route: str | None = None
    tried: Any = None
    captured_kwargs: dict[str, Any] | None = None
    extra_kwargs: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        # Resolvers without a name take part in none of the two.
        self.app_names = list(filter(None, self.app_names or ()))
        self.namespaces = list(filter(None, self.namespaces or ()))

    def __getattr__(self, name: str) -> Any:
        # The compiled road does not try patterns; who wants to know walks the plain one.
        if name != "tried" or "_origin" not in vars(self):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        resolver, path = self._origin
        self.tried = plain_match(resolver, path).tried
        return self.tried

    @cached_property
    def app_name(self) -> str:
        """The application namespaces, joined."""
        return ":".join(self.app_names)

    @cached_property
    def namespace(self) -> str:
        """The instance namespaces, joined."""
        return ":".join(self.namespaces)

    @cached_property
    def _func_path(self) -> str:
        return view_path(self.func)

    @cached_property
    def view_name(self) -> str:
        """The name of the pattern, or of the view, with its namespaces."""
        return ":".join([*self.namespaces, self.url_name or self._func_path])

    def __getitem__(self, index: int) -> Any:
        return (self.func, self.args, self.kwargs)[index]

    def __iter__(self) -> Iterator[Any]:
        return iter((self.func, self.args, self.kwargs))

    def __repr__(self) -> str:
        func = self.func
        shown = repr(func) if isinstance(func, functools.partial) else self._func_path
        optional = "".join(
            f", {name}={value!r}"
            for name, value in (
                ("captured_kwargs", self.captured_kwargs),
                ("extra_kwargs", self.extra_kwargs),
            )
            if value and self.extra_kwargs
        )
        return (
            f"ResolverMatch(func={shown}, args={self.args!r}, kwargs={self.kwargs!r}, "
            f"url_name={self.url_name!r}, app_names={self.app_names!r}, "
            f"namespaces={self.namespaces!r}, route={self.route!r}{optional})"
        )

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise PicklingError(f"Cannot pickle {type(self).__qualname__}.")


# The default of the field is an attribute of the class, and would keep __getattr__ from being asked.
del ResolverMatch.tried


def view_path(view: Any) -> str:
    """Return the dotted path of a view: of the class that ``as_view()`` or an instance stands for."""
    view = getattr(view, "view_class", view)
    if isinstance(view, functools.partial):
        return view_path(view.func)
    if inspect.ismethod(view) or hasattr(view, "__qualname__"):
        return f"{view.__module__}.{view.__qualname__}"
    return f"{type(view).__module__}.{type(view).__qualname__}"


def join_route(outer: str, inner: str) -> str:
    """Return the route of a pattern inside an included one."""
    return outer + inner.removeprefix("^") if outer else inner


def enclose(
    resolver: URLResolver,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    child: URLPattern | URLResolver,
    match: ResolverMatch,
    tried: list[list[Any]] | None,
) -> ResolverMatch:
    """Return the match of ``child`` with what ``resolver`` around it captured and adds."""
    outer_route = "" if hasattr(child, "callback") else str(child.pattern)
    merged = {**kwargs, **resolver.default_kwargs, **match.kwargs}
    return ResolverMatch(
        match.func,
        # Positional arguments are those of a tree without any named ones.
        match.args if merged else args + match.args,
        merged,
        match.url_name,
        [resolver.app_name, *match.app_names],
        [resolver.namespace, *match.namespaces],
        join_route(outer_route, match.route or ""),
        tried,
        {**kwargs, **(match.captured_kwargs or {})},
        {**resolver.default_kwargs, **(match.extra_kwargs or {})},
    )


def plain_match(resolver: URLResolver, path: str) -> ResolverMatch:
    """Try the patterns one after the other, as the manual describes it.

    Raises:
        Resolver404: with what was tried.
    """
    found = resolver.pattern.match(path)
    if not found:
        raise Resolver404({"path": path})
    rest, args, kwargs = found
    tried: list[list[Any]] = []
    for child in resolver.url_patterns:
        deeper: list[list[Any]] | None
        try:
            match = child.resolve(rest)
        except Resolver404 as error:
            match, deeper = None, error.args[0].get("tried")
        else:
            deeper = match.tried if match else None
        tried += [[child, *steps] for steps in deeper] if deeper else [[child]]
        if match:
            return enclose(resolver, args, kwargs, child, match, tried)
    raise Resolver404({"tried": tried, "path": rest})


# Where the manual has them.
ResolverMatch.__module__ = "django.urls.resolvers"
