"""Values computed late or once: cached properties, lazy calls and lazy objects."""

from __future__ import annotations

import copy
import functools
import operator
from collections.abc import Callable, Iterable
from functools import wraps
from types import MethodType
from typing import Any, overload

#: Stands for "not evaluated yet" in :class:`LazyObject`; ``None`` is a value like any other.
empty = object()


class cached_property[T]:
    """A property whose value is kept in the instance after the first access.

    ``cached_property(function)`` may also be assigned to another name. Manual: "Django Utils".

    Raises:
        TypeError: one instance was bound to two names, or to none.
    """

    name: str | None = None

    def __init__(self, func: Callable[[Any], T]) -> None:
        self.func = func
        self.__doc__ = func.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        if self.name not in (None, name):
            raise TypeError(
                "Cannot assign the same cached_property to two different names "
                f"({self.name!r} and {name!r})."
            )
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> cached_property[T]: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> T: ...
    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        if self.name is None:
            raise TypeError(
                "Cannot use cached_property instance without calling __set_name__() on it."
            )
        value = instance.__dict__[self.name] = self.func(instance)
        return value


class settable[T]:
    """A property that is computed at each look, unless an instance was given another value."""

    def __init__(self, method: Callable[[Any], T]) -> None:
        self.method = method
        self.__doc__ = method.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> settable[T]: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> T: ...
    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else self.method(instance)


class classproperty:
    """A read-only property of the class, seen from its instances too."""

    def __init__(self, method: Callable[[Any], Any] | None = None) -> None:
        self.fget = method

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        assert self.fget is not None
        return self.fget(owner)

    def getter(self, method: Callable[[Any], Any]) -> classproperty:
        """Set the function that computes the value; return this property."""
        self.fget = method
        return self


class Promise:
    """Base of all results of :func:`lazy`, for ``isinstance`` checks."""

    __slots__ = ()


# What a lazy proxy always can do, whatever its result classes are: each entry is computed from
# the evaluated operands.
_ALWAYS: dict[str, Callable[..., Any]] = {
    "__str__": str,
    "__repr__": repr,
    "__hash__": hash,
    "__format__": format,
    "__eq__": operator.eq,
    "__ne__": operator.ne,
    "__lt__": operator.lt,
    "__le__": operator.le,
    "__gt__": operator.gt,
    "__ge__": operator.ge,
    "__add__": operator.add,
    "__radd__": lambda value, other: other + value,
    "__mod__": operator.mod,
    "__mul__": operator.mul,
}
_NEVER = frozenset(
    "__class__ __new__ __init__ __init_subclass__ __subclasshook__ __getattribute__ __getattr__ "
    "__setattr__ __delattr__ __dict__ __weakref__ __slots__ __doc__ __module__ __reduce__ "
    "__reduce_ex__ __getstate__ __setstate__ __getnewargs__ __getnewargs_ex__ __copy__ "
    "__deepcopy__ __sizeof__ __dir__ __class_getitem__ __del__".split()
)


def _value_of(operand: Any) -> Any:
    return operand._evaluate() if isinstance(operand, _LazyCall) else operand


class _LazyCall(Promise):
    """One call that is made each time its value is needed."""

    __slots__ = ("_func", "_args", "_kwargs", "__weakref__")
    _result_classes: tuple[type, ...] = ()

    def __init__(
        self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self._func = func
        self._args = args
        self._kwargs = kwargs

    def _evaluate(self) -> Any:
        return self._func(*self._args, **self._kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return _lazy_proxy_unpickle, (
            self._func,
            self._args,
            self._kwargs,
            *self._result_classes,
        )

    def __copy__(self) -> _LazyCall:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> _LazyCall:
        memo[id(self)] = self
        return self


def _operation(function: Callable[..., Any]) -> Callable[..., Any]:
    def operation(self: _LazyCall, *operands: Any) -> Any:
        return function(self._evaluate(), *map(_value_of, operands))

    return operation


def _delegate(name: str) -> Callable[..., Any]:
    def method(self: _LazyCall, *args: Any, **kwargs: Any) -> Any:
        return getattr(self._evaluate(), name)(*args, **kwargs)

    method.__name__ = name
    return method


@functools.cache
def _proxy_class(result_classes: tuple[type, ...]) -> type[_LazyCall]:
    """Return the one proxy class for these result classes."""
    body: dict[str, Any] = {"__slots__": (), "_result_classes": result_classes}
    for name in {n for cls in result_classes for base in cls.__mro__ for n in vars(base)}:
        if name not in _NEVER:
            body[name] = _delegate(name)
    for name, function in _ALWAYS.items():
        body[name] = _operation(function)
    return type("__proxy__", (_LazyCall,), body)


def _lazy_proxy_unpickle(
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], *resultclasses: type
) -> Any:
    return lazy(func, *resultclasses)(*args, **kwargs)


def lazy(func: Callable[..., Any], *resultclasses: type) -> Callable[..., Any]:
    """Return a function whose results call ``func`` only when they are used, each time anew.

    Args:
        func: the function to call late.
        resultclasses: the types it may return; their methods are offered by the result.
    """
    proxy = _proxy_class(resultclasses)

    @wraps(func)
    def promise(*args: Any, **kwargs: Any) -> Any:
        return proxy(func, args, kwargs)

    return promise


def lazystr(text: Any) -> Any:
    """Return a lazy ``str(text)``."""
    return lazy(str, str)(text)


def keep_lazy(*resultclasses: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator: calls with a lazy argument are lazy, all others are made at once.

    Raises:
        TypeError: no result class was given.
    """
    if not resultclasses:
        raise TypeError("You must pass at least one argument to keep_lazy().")

    def decorator(func: Callable[..., Any]) -> Callable[..., Any]:
        proxy = _proxy_class(resultclasses)

        @wraps(func)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            for value in args:
                if isinstance(value, Promise):
                    return proxy(func, args, kwargs)
            for value in kwargs.values():
                if isinstance(value, Promise):
                    return proxy(func, args, kwargs)
            return func(*args, **kwargs)

        return wrapper

    return decorator


def keep_lazy_text(func: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a function that returns text: lazy arguments make a lazy result."""
    return keep_lazy(str)(func)


def new_method_proxy(func: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that evaluates its :class:`LazyObject` and calls ``func(wrapped, …)``."""

    def method(self: LazyObject, *args: Any) -> Any:
        wrapped = self._wrapped
        if wrapped is empty:
            self._setup()
            wrapped = self._wrapped
        return func(wrapped, *args)

    return method


class _Missing(AttributeError, TypeError):
    """``hasattr()`` looks for the first; ``list()``, which asks for a length, for the second."""


class _IfWrappedHas:
    """A special method that exists only if the wrapped object has it."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        try:
            return getattr(_evaluated(instance), self.name)
        except AttributeError as error:
            raise _Missing(*error.args) from None


def _evaluated(lazy_object: LazyObject) -> Any:
    """Return what a lazy object stands for."""
    if lazy_object._wrapped is empty:
        lazy_object._setup()
    return lazy_object._wrapped


class LazyObject:
    """Stands for another object, which ``_setup()`` of a subclass makes at first use."""

    _wrapped: Any = None

    def __init__(self) -> None:
        self._wrapped = empty

    def _setup(self) -> None:
        """Set ``self._wrapped`` to the real object."""
        raise NotImplementedError("subclasses of LazyObject must provide a _setup() method")

    __getattr__ = new_method_proxy(getattr)

    def __delattr__(self, name: str) -> None:
        if name == "_wrapped":
            raise TypeError("can't delete _wrapped.")
        delattr(_evaluated(self), name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "_wrapped":
            setattr(_evaluated(self), name, value)
        else:
            self.__dict__[name] = value

    def __reduce__(self) -> tuple[Any, ...]:
        return unpickle_lazyobject, (_evaluated(self),)

    def _unevaluated(self) -> LazyObject:
        # The type, not __class__: that is the wrapped object's.
        return type(self)()

    def __copy__(self) -> Any:
        wrapped = self._wrapped
        return self._unevaluated() if wrapped is empty else copy.copy(wrapped)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if self._wrapped is not empty:
            return copy.deepcopy(self._wrapped, memo)
        memo[id(self)] = self._unevaluated()
        return memo[id(self)]

    def __repr__(self) -> str:
        shown = repr(self._wrapped) if self._wrapped is not empty else "not evaluated"
        return f"<{type(self).__name__}: {shown}>"

    __class__ = property(new_method_proxy(operator.attrgetter("__class__")))
    __str__ = new_method_proxy(str)
    __bytes__ = new_method_proxy(bytes)
    __bool__ = new_method_proxy(bool)
    __hash__ = new_method_proxy(hash)
    __dir__ = new_method_proxy(dir)
    __eq__ = new_method_proxy(operator.eq)
    __ne__ = new_method_proxy(operator.ne)
    __lt__ = new_method_proxy(operator.lt)
    __gt__ = new_method_proxy(operator.gt)
    __getitem__ = _IfWrappedHas()
    __setitem__ = _IfWrappedHas()
    __delitem__ = _IfWrappedHas()
    __iter__ = _IfWrappedHas()
    __len__ = _IfWrappedHas()
    __contains__ = _IfWrappedHas()


def unpickle_lazyobject(wrapped: Any) -> Any:
    """Return what a pickled :class:`LazyObject` stood for."""
    return wrapped


_set = object.__setattr__


class SimpleLazyObject(LazyObject):
    """A :class:`LazyObject` made by a function given at construction."""

    _setupfunc: Callable[[], Any]

    def __init__(self, func: Callable[[], Any]) -> None:
        _set(self, "_setupfunc", func)
        _set(self, "_wrapped", empty)

    def _setup(self) -> None:
        self._wrapped = self._setupfunc()

    def __repr__(self) -> str:
        shown: Any = self._setupfunc if self._wrapped is empty else self._wrapped
        if isinstance(shown, MethodType):
            # Perhaps one of this very object, whose representation is being made.
            shown = f"<bound method {shown.__name__}>"
        return f"<{type(self).__name__}: {shown!r}>"

    def _unevaluated(self) -> SimpleLazyObject:
        return SimpleLazyObject(self._setupfunc)

    __add__ = new_method_proxy(operator.add)
    __radd__ = new_method_proxy(lambda wrapped, other: other + wrapped)


def partition[T](predicate: Callable[[T], Any], values: Iterable[T]) -> tuple[list[T], list[T]]:
    """Split ``values`` in two lists: those for which ``predicate`` is false, and the others."""
    halves: tuple[list[T], list[T]] = ([], [])
    for value in values:
        halves[bool(predicate(value))].append(value)
    return halves
