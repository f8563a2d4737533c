"""Named connections (databases, caches, stores), one of each per thread or task."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from nuages.conf import settings as project_settings
from nuages.utils.concurrency import Local
from nuages.utils.functional import cached_property


class ConnectionDoesNotExist(Exception):
    """No connection has that name."""


def _on_connection(function: Callable[..., Any]) -> Any:
    """Return a method that calls ``function`` on the connection that a proxy stands for."""

    def method(self: ConnectionProxy, *args: Any) -> Any:
        known = self.__dict__
        return function(known["_connections"][known["_alias"]], *args)

    return method


class ConnectionProxy:
    """Stands for whatever connection a handler gives under one alias at the time of use."""

    def __init__(self, connections: Any, alias: str) -> None:
        self.__dict__.update(_connections=connections, _alias=alias)

    __hash__ = None  # type: ignore[assignment]
    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...
    else:
        __getattr__ = _on_connection(getattr)
    __setattr__ = _on_connection(setattr)
    __delattr__ = _on_connection(delattr)
    __contains__ = _on_connection(operator.contains)
    __eq__ = _on_connection(operator.eq)


class BaseConnectionHandler:
    """Makes connections from a setting when they are first used, and keeps them per thread.

    Subclasses say ``settings_name`` and ``exception_class`` and implement
    :meth:`create_connection`. With ``thread_critical`` a connection stays with its thread even
    where async code hands a context on.
    """

    thread_critical = False
    exception_class: type[Exception] = ConnectionDoesNotExist
    settings_name: str | None = None

    def __init__(self, settings: Any = None) -> None:
        self._connections, self._settings = Local(self.thread_critical), settings

    def __iter__(self) -> Iterator[str]:
        yield from self.settings

    def __getitem__(self, alias: str) -> Any:
        connection = getattr(self._connections, alias, None)
        if connection is None:
            if alias not in self.settings:
                raise self.exception_class(f"The connection '{alias}' doesn't exist.")
            connection = self[alias] = self.create_connection(alias)
        return connection

    def __delitem__(self, key: str) -> None:
        delattr(self._connections, key)

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self._connections, key, value)

    def configure_settings(self, settings: Any) -> Any:
        """Return the definitions to use for those given (``None``: the project's)."""
        is_given = settings is not None or self.settings_name is None
        return settings if is_given else getattr(project_settings, self.settings_name or "")

    @cached_property
    def settings(self) -> Any:
        """The definitions by alias."""
        definitions = self._settings = self.configure_settings(self._settings)
        return definitions

    def close_all(self) -> None:
        """Close this thread's connections."""
        for connection in self.all(initialized_only=True):
            connection.close()

    def all(self, initialized_only: bool = False) -> list[Any]:
        """Return a connection for each alias; only those that exist already, if so asked."""
        if not initialized_only:
            return [self[alias] for alias in self]
        if type(self._connections) is Local:
            # Runs at the end of each request, mostly for nothing.
            here = self._connections._values()
            return [here[alias] for alias in self if alias in here] if here else []
        made = (getattr(self._connections, alias, None) for alias in self)
        return [connection for connection in made if connection is not None]

    def create_connection(self, alias: str) -> Any:
        """Return a new connection."""
        raise NotImplementedError("Subclasses must implement create_connection().")
