"""Deprecation warnings, and helpers to issue them at the right line; the middleware base class."""

from __future__ import annotations

import functools
import itertools
import os
import sys
import types
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from nuages.utils._lazy import later
from nuages.utils.concurrency import iscoroutinefunction, markcoroutinefunction, sync_to_async

if TYPE_CHECKING:
    import inspect
else:
    inspect = later("inspect")


class RemovedInNextVersionWarning(DeprecationWarning):
    """What goes away in the next version. A placeholder: name a version instead."""


class RemovedInDjango2028Warning(PendingDeprecationWarning):
    """What goes away in version 2028."""


RemovedAfterNextVersionWarning = RemovedInDjango2028Warning
#: The name that packages used before versions were called after years.
RemovedInDjango70Warning = RemovedInDjango2028Warning


@functools.cache
def django_file_prefixes() -> tuple[str, ...]:
    """Return the start of the file names of the house, for ``skip_file_prefixes``."""
    import nuages

    filename = getattr(nuages, "__file__", None)
    return () if filename is None else (os.path.dirname(filename) + os.path.sep,)


def _called_through(frame: types.FrameType) -> list[types.FrameType]:
    """Return the frames above ``frame``, without those of the import system."""
    frames = []
    above = frame.f_back
    while above is not None:
        filename = above.f_code.co_filename
        if not ("importlib" in filename and "_bootstrap" in filename):
            frames.append(above)
        above = above.f_back
    return frames


def warn_about_external_use(
    message: str,
    category: type[Warning],
    *,
    skip_name_prefixes: str | tuple[str, ...] | None = None,
    skip_frames: int = 0,
    internal_modules: tuple[str, ...] | None = None,
) -> None:
    """Warn of a deprecated function unless its caller is inside the house.

    Called by the deprecated function itself.

    Args:
        skip_name_prefixes: callers whose ``module.qualname`` starts so are looked through.
        skip_frames: how many more callers to look through after those.
        internal_modules: the packages to be silent for; the house by default.

    Raises:
        TypeError: ``internal_modules`` is no tuple.
    """
    if internal_modules is None:
        internal_modules = ("django",)
    elif not isinstance(internal_modules, tuple):
        raise TypeError("internal_modules must be a tuple of module names")
    deprecated = sys._getframe(1)
    callers = _called_through(deprecated)
    index = 0
    if skip_name_prefixes is not None:
        while index < len(callers):
            frame = callers[index]
            name = f"{frame.f_globals.get('__name__', '')}.{frame.f_code.co_qualname}"
            if not name.startswith(skip_name_prefixes):
                break
            index += 1
    index += skip_frames
    if index < len(callers):
        module = callers[index].f_globals.get("__name__", "")
        if any(module == each or module.startswith(each + ".") for each in internal_modules):
            return
    # This function is level 1, the deprecated one level 2.
    warnings.warn(message, category, stacklevel=index + 3)


def _definition_of(target: Any) -> tuple[str, int, str] | None:
    """Return the file, line and module where ``target`` is defined, if that is known."""
    match target:
        case classmethod() | staticmethod():
            target = target.__func__
        case property():
            target = target.fget
    if inspect.ismethod(target):
        target = target.__func__
    target = inspect.unwrap(target)
    module = target.__module__
    code = getattr(target, "__code__", None)
    if code is not None:
        return code.co_filename, code.co_firstlineno, module
    try:
        filename = inspect.getsourcefile(target)
        line = inspect.findsource(target)[1] + 1
    except (OSError, TypeError):
        return None
    return None if filename is None else (filename, line, module)


def _is_c_type(target: Any) -> bool:
    return inspect.isclass(target) and target.__module__ == "builtins"


def warn_about_implementation(message: str, category: type[Warning], target: Any) -> None:
    """Warn at the place where ``target`` is defined, or at the caller if that is unknown.

    Raises:
        TypeError: ``target`` is neither a function, class, method nor descriptor.
    """
    if not (
        isinstance(target, classmethod | staticmethod | property)
        or inspect.isroutine(target)
        or inspect.isclass(target)
    ):
        raise TypeError(
            "target must be a function, class, bound method, or unbound descriptor "
            "(classmethod, staticmethod, or property)."
        )
    # Of what is written in C, somebody else's file of that name may be found.
    definition = None if inspect.isbuiltin(target) or _is_c_type(target) else _definition_of(target)
    registry: dict[Any, Any] | None = None
    if definition is not None:
        module = sys.modules.get(definition[2])
        if module is not None:
            try:
                registry = vars(module).setdefault("__warningregistry__", {})
            except TypeError:
                # Something else than a module was put there.
                definition = None
    if definition is None:
        warnings.warn(message, category, stacklevel=2)
        return
    filename, line, name = definition
    warnings.warn_explicit(message, category, filename, line, module=name, registry=registry)


def warn_about_renamed_method(
    class_name: str,
    old_method_name: str,
    new_method_name: str,
    deprecation_warning: type[Warning],
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator for the old name of a method: calls warn and go on."""
    message = f"`{class_name}.{old_method_name}` is deprecated, use `{new_method_name}` instead."

    def renamed(method: Callable[..., Any]) -> Callable[..., Any]:
        def old_name(*args: Any, **kwargs: Any) -> Any:
            warnings.warn(message, deprecation_warning, stacklevel=2)
            return method(*args, **kwargs)

        return old_name

    return renamed


class RenameMethodsBase(type):
    """Metaclass that keeps renamed methods working under both names, with warnings.

    ``renamed_methods`` holds ``(old name, new name, warning class)``.
    """

    renamed_methods: Sequence[tuple[str, str, type[Warning]]] = ()

    def __init__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> None:
        super().__init__(name, bases, attrs)
        for base, (old, new, category) in itertools.product(cls.__mro__, cls.renamed_methods):
            has_old, has_new = old in vars(base), new in vars(base)
            if has_old == has_new:
                continue
            method = vars(base)[old if has_old else new]
            if has_old:
                message = f"`{base.__name__}.{old}` method should be renamed `{new}`."
                warnings.warn(message, category, stacklevel=2)
                setattr(base, new, method)
            warns = warn_about_renamed_method(base.__name__, old, new, category)
            setattr(base, old, warns(method))


def deprecate_posargs(
    deprecation_warning: type[Warning], remappable_names: Iterable[str], /
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator: arguments that became keyword-only may still be positional, with a warning.

    Args:
        deprecation_warning: the category of the warning.
        remappable_names: the parameters, in the order in which they were positional.

    Raises:
        TypeError: what is decorated cannot be treated so.
    """
    names = list(remappable_names)

    def decorator(func: Any) -> Any:
        for wrong in (classmethod, staticmethod):
            if isinstance(func, wrong):
                raise TypeError(f"Apply @{wrong.__name__} before @deprecate_posargs.")
        if isinstance(func, type):
            raise TypeError(
                "@deprecate_posargs cannot be applied to a class. (Apply it to the __init__ method.)"
            )
        from nuages.utils.inspect import signature

        kinds = {name: each.kind for name, each in signature(func).parameters.items()}
        keyword_only = {n for n, kind in kinds.items() if kind is inspect.Parameter.KEYWORD_ONLY}
        if inspect.Parameter.VAR_POSITIONAL in kinds.values():
            raise TypeError("@deprecate_posargs() cannot be used with variable positional `*args`.")
        if not keyword_only:
            raise TypeError(
                "@deprecate_posargs() requires at least one keyword-only parameter (after a "
                "`*` entry in the parameters list)."
            )
        if not keyword_only.issuperset(names):
            raise TypeError(
                "@deprecate_posargs() requires all remappable_names to be keyword-only parameters."
            )
        positional = sum(
            kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
            for kind in kinds.values()
        )
        # In a class body the first parameter is bound by the call.
        owner, dot, func_name = func.__qualname__.rpartition(".")
        in_class = bool(dot) and not owner.endswith("<locals>")
        bound = in_class and next(iter(kinds)) in ("self", "cls") and positional > 0
        shown = func.__name__
        if shown == "__init__" and in_class:
            shown = owner.rpartition(".")[2]

        def call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            extra = len(args) - positional
            if extra <= 0:
                return func(*args, **kwargs)
            if extra > len(names):
                raise TypeError(
                    f"{shown}() takes at most {positional + len(names) - bound} positional "
                    f"argument(s) (including {len(names)} deprecated) but {len(args) - bound} "
                    "were given."
                )
            moved = dict(zip(names, args[positional:], strict=False))
            if twice := [repr(name) for name in moved if name in kwargs]:
                raise TypeError(
                    f"{shown}() got both deprecated positional and keyword argument values for "
                    f"{', '.join(twice)}"
                )
            warnings.warn(
                f"Passing positional argument(s) {', '.join(map(repr, moved))} to {shown}() is "
                "deprecated. Use keyword arguments instead.",
                deprecation_warning,
                stacklevel=3,
            )
            return func(*args[:positional], **moved, **kwargs)

        def plain(*args: Any, **kwargs: Any) -> Any:
            return call(args, kwargs)

        async def awaiting(*args: Any, **kwargs: Any) -> Any:
            return await call(args, kwargs)

        return functools.update_wrapper(awaiting if iscoroutinefunction(func) else plain, func)

    return decorator


class MiddlewareMixin:
    """Base of middleware with ``process_request`` and ``process_response``, for both worlds.

    A subclass whose hooks never block says ``inline = True``: async requests then call them
    without a thread. A hook that does I/O may have an async twin, ``aprocess_request`` or
    ``aprocess_response``. Manual: "Middleware", "Upgrading pre-Django 1.10-style middleware".

    Raises:
        ValueError: ``get_response`` is ``None``.
    """

    sync_capable = True
    async_capable = True
    inline = False

    def __init__(self, get_response: Callable[..., Any]) -> None:
        if get_response is None:
            raise ValueError("get_response must be provided.")
        self.get_response = get_response
        self.async_mode = iscoroutinefunction(get_response)
        if self.async_mode:
            markcoroutinefunction(self)
        super().__init__()

    def __repr__(self) -> str:
        inner = self.get_response
        name = getattr(inner, "__qualname__", None) or type(inner).__name__
        return f"<{type(self).__qualname__} get_response={name}>"

    def __call__(self, request: Any) -> Any:
        """Answer ``request``; in an async stack, return the coroutine that does."""
        if self.async_mode:
            return self.__acall__(request)
        before = getattr(self, "process_request", None)
        response = before(request) if before is not None else None
        if not response:
            response = self.get_response(request)
        after = getattr(self, "process_response", None)
        return response if after is None else after(request, response)

    async def __acall__(self, request: Any) -> Any:
        """Answer ``request`` without blocking the event loop."""
        response = await self._hook("process_request", request)
        if not response:
            response = await self.get_response(request)
        if hasattr(self, "process_response"):
            response = await self._hook("process_response", request, response)
        return response

    async def _hook(self, name: str, *args: Any) -> Any:
        hook = getattr(self, name, None)
        if hook is None:
            return None
        twin = getattr(self, "a" + name, None)
        if twin is not None and _twin_is_current(type(self), name):
            return await twin(*args)
        if self.inline and _defined_in_house(type(self), name):
            return hook(*args)
        return await sync_to_async(hook, thread_sensitive=True)(*args)


@functools.cache
def _definer(cls: type, name: str) -> type | None:
    return next((base for base in cls.__mro__ if name in vars(base)), None)


def _twin_is_current(cls: type, name: str) -> bool:
    """Whether no subclass below the async twin's class has overridden the sync hook alone."""
    hook, twin = _definer(cls, name), _definer(cls, "a" + name)
    return hook is not None and twin is not None and issubclass(twin, hook)


def _defined_in_house(cls: type, name: str) -> bool:
    """Whether ``inline`` was said by the class that defines the hook, or below it."""
    hook, says = _definer(cls, name), _definer(cls, "inline")
    return hook is not None and says is not None and issubclass(says, hook)
