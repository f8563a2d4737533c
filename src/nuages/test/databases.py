"""Which databases a test may use, and what stops it from using others."""

from __future__ import annotations

import inspect
import unittest
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from functools import wraps
from typing import Any
from unittest.util import strclass

from nuages.core.exceptions import ImproperlyConfigured
from nuages.db import DEFAULT_DB_ALIAS, connections

ALL = "__all__"

#: The methods of a connection that reach its database, and what using them is called.
GUARDED_METHODS = (
    ("connect", "connections"),
    ("temporary_connection", "connections"),
    ("cursor", "queries"),
    ("chunked_cursor", "queries"),
)


class DatabaseOperationForbidden(AssertionError):
    """A test used a database that it does not name in ``databases``."""


class DatabaseGuard:
    """Stands in for a connection's method, and refuses.

    Args:
        wrapped: the method it replaces.
        message: why; what the error says.
    """

    def __init__(self, wrapped: Any, message: str) -> None:
        self.wrapped = wrapped
        self.message = message

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise DatabaseOperationForbidden(self.message)


def validated_databases(case: type[Any]) -> frozenset[str]:
    """Return the aliases that a test class names in ``databases``.

    Raises:
        ImproperlyConfigured: one of them is not in the ``DATABASES`` setting.
    """
    if case.databases == ALL:
        return frozenset(connections)
    for alias in case.databases:
        if alias not in connections:
            hint = get_close_matches(alias, list(connections))
            raise ImproperlyConfigured(
                f"{strclass(case)}.databases refers to {alias!r} which is not defined in"
                " settings.DATABASES." + (f" Did you mean {hint[0]!r}?" if hint else "")
            )
    return frozenset(case.databases)


def guard(case: type[Any], allowed: Iterable[str]) -> None:
    """Make every connection that is not in ``allowed`` refuse to work for ``case``.

    Connections that other threads open later refuse too.
    """
    closed = [alias for alias in connections if alias not in allowed]
    for alias in closed:
        _lock(case, alias, connections[alias], None)

    def create_connection(alias: str) -> Any:
        connection = type(connections).create_connection(connections, alias)
        if alias in closed:
            _lock(case, alias, connection, "threaded connections")
        return connection

    _outer_rules.append(connections.__dict__.get("create_connection"))
    connections.create_connection = create_connection  # type: ignore[method-assign]


_outer_rules: list[Any] = []


def _lock(case: type[Any], alias: str, connection: Any, operation: str | None) -> None:
    # In another thread it is opening the connection that is refused: what comes before it may have
    # reasons of its own to refuse.
    methods = [("connect", operation)] if operation else GUARDED_METHODS
    for name, named in methods:
        message = case._disallowed_database_msg % {
            "test": strclass(case),
            "alias": alias,
            "operation": operation or named,
        }
        setattr(connection, name, DatabaseGuard(getattr(connection, name), message))


def unguard(allowed: Iterable[str]) -> None:
    """Undo :func:`guard`."""
    outer = _outer_rules.pop()
    if outer is None:
        del connections.create_connection
    else:
        connections.create_connection = outer  # type: ignore[method-assign]
    for alias in connections:
        if alias in allowed:
            continue
        connection = connections[alias]
        for name, _ in GUARDED_METHODS:
            method = connection.__dict__.get(name)
            if not isinstance(method, DatabaseGuard):
                continue
            # The plain method comes back into view where it was one.
            if getattr(method.wrapped, "__self__", None) is connection:
                delattr(connection, name)
            else:
                setattr(connection, name, method.wrapped)


# Skipping by what the database can do.


def connections_support_transactions(aliases: Iterable[str] | None = None) -> bool:
    """Whether all (or the named) databases have transactions."""
    names = connections if aliases is None else aliases
    for alias in names:
        if not connections[alias].features.supports_transactions:
            return False
    return True


def connections_support_savepoints(aliases: Iterable[str] | None = None) -> bool:
    """Whether all (or the named) databases have savepoints."""
    names = connections if aliases is None else aliases
    for alias in names:
        if not connections[alias].features.uses_savepoints:
            return False
    return True


def _features(names: Iterable[str]) -> Iterator[bool]:
    features = connections[DEFAULT_DB_ALIAS].features
    return (getattr(features, name) for name in names)


class _SkipOnClass:
    """Descriptor: a class says whether it is to be skipped when a runner asks, not before.

    The database's features are unknown while modules are imported. The first of its conditions
    that holds, those of base classes and inner decorators before others, gives the reason.
    """

    def __init__(
        self, cls: type, decorator_name: str, condition: Callable[[], bool], reason: str
    ) -> None:
        self.cls = cls
        self.decorator_name = decorator_name
        self.inner = next(
            (base.__dict__[_SKIP] for base in cls.__mro__ if _SKIP in base.__dict__), False
        )
        self.inner_reason = getattr(cls, _REASON, "")
        self.condition, self.reason = condition, reason

    def __get__(self, instance: Any, owner: Any = None) -> bool:
        owner = owner or self.cls
        inner = self.inner
        if isinstance(inner, _SkipOnClass):
            inner = inner.__get__(instance, owner)
        elif inner:
            setattr(owner, _REASON, self.inner_reason)
        if inner:
            return True
        allowed = getattr(owner, "databases", ALL)
        if allowed != ALL and DEFAULT_DB_ALIAS not in allowed:
            raise ValueError(
                f"{self.decorator_name} cannot be used on {self.cls} as it doesn't allow queries"
                f" against the {DEFAULT_DB_ALIAS!r} database."
            )
        if holds := self.condition():
            setattr(owner, _REASON, self.reason)
        return holds


_SKIP, _REASON = "__unittest_skip__", "__unittest_skip_why__"


def skip_by_feature(
    decorator_name: str, condition: Callable[[], bool], reason: str
) -> Callable[[Any], Any]:
    """Return a decorator for tests and test classes that skips where ``condition`` holds.

    Args:
        decorator_name: how the user calls it, for errors.
        condition: asked when the test is about to run.
        reason: what the skip says.
    """

    def decorate(decorated: Any) -> Any:
        if isinstance(decorated, type):
            setattr(decorated, _SKIP, _SkipOnClass(decorated, decorator_name, condition, reason))
            return decorated

        @wraps(decorated)
        def run(*args: Any, **kwargs: Any) -> Any:
            case = args[0] if args and isinstance(args[0], unittest.TestCase) else None
            allowed = getattr(case, "databases", ALL)
            if case is not None and allowed != ALL and DEFAULT_DB_ALIAS not in allowed:
                raise ValueError(
                    f"{decorator_name} cannot be used on {case} as"
                    f" {case.__class__.__qualname__} doesn't allow queries against the"
                    f" {DEFAULT_DB_ALIAS!r} database."
                )
            if condition():
                raise unittest.SkipTest(reason)
            return decorated(*args, **kwargs)

        return inspect.markcoroutinefunction(run) if inspect.iscoroutinefunction(decorated) else run

    return decorate


def skipIfDBFeature(*features: str) -> Callable[[Any], Any]:
    """Skip a test where the default database has one of the features."""
    return skip_by_feature(
        "skipIfDBFeature",
        lambda: any(_features(features)),
        f"Database has feature(s) {', '.join(features)}",
    )


def skipUnlessDBFeature(*features: str) -> Callable[[Any], Any]:
    """Skip a test unless the default database has all of the features."""
    return skip_by_feature(
        "skipUnlessDBFeature",
        lambda: not all(_features(features)),
        f"Database doesn't support feature(s): {', '.join(features)}",
    )


def skipUnlessAnyDBFeature(*features: str) -> Callable[[Any], Any]:
    """Skip a test unless the default database has one of the features."""
    return skip_by_feature(
        "skipUnlessAnyDBFeature",
        lambda: not any(_features(features)),
        f"Database doesn't support any of the feature(s): {', '.join(features)}",
    )
