"""Named connections (databases, caches, stores), one of each per thread or task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from asgiref.local import Local

from nuages.conf import settings as project_settings
from nuages.utils.functional import cached_property


class ConnectionDoesNotExist(Exception):
    """No connection has that name."""


class ConnectionProxy:
    """Stands for whatever connection a handler gives under one alias at the time of use."""

    def __init__(self, connections: Any, alias: str) -> None:
        self.__dict__["_connections"] = connections
        self.__dict__["_alias"] = alias

    def __getattr__(self, item: str) -> Any:
        return getattr(self._connections[self._alias], item)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._connections[self._alias], name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._connections[self._alias], name)

    def __contains__(self, key: Any) -> bool:
        return key in self._connections[self._alias]

    def __eq__(self, other: object) -> bool:
        return bool(self._connections[self._alias] == other)

    __hash__ = None  # type: ignore[assignment]


class BaseConnectionHandler:
    """Makes connections from a setting when they are first used, and keeps them per thread.

    Subclasses say ``settings_name`` and ``exception_class`` and implement
    :meth:`create_connection`. With ``thread_critical`` a connection stays with its thread even
    where async code hands a context on.
    """

    settings_name: str | None = None
    exception_class: type[Exception] = ConnectionDoesNotExist
    thread_critical = False

    def __init__(self, settings: Any = None) -> None:
        self._settings = settings
        self._connections = Local(self.thread_critical)

    @cached_property
    def settings(self) -> Any:
        """The definitions by alias."""
        self._settings = self.configure_settings(self._settings)
        return self._settings

    def configure_settings(self, settings: Any) -> Any:
        """Return the definitions to use for those given (``None``: the project's)."""
        if settings is None and self.settings_name is not None:
            return getattr(project_settings, self.settings_name)
        return settings

    def create_connection(self, alias: str) -> Any:
        """Return a new connection."""
        raise NotImplementedError("Subclasses must implement create_connection().")

    def __getitem__(self, alias: str) -> Any:
        try:
            return getattr(self._connections, alias)
        except AttributeError:
            pass
        if alias not in self.settings:
            raise self.exception_class(f"The connection '{alias}' doesn't exist.")
        connection = self.create_connection(alias)
        setattr(self._connections, alias, connection)
        return connection

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self._connections, key, value)

    def __delitem__(self, key: str) -> None:
        delattr(self._connections, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self.settings)

    def all(self, initialized_only: bool = False) -> list[Any]:
        """Return a connection for each alias; only those that exist already, if so asked."""
        return [
            self[alias]
            for alias in self
            if not initialized_only or hasattr(self._connections, alias)
        ]

    def close_all(self) -> None:
        """Close this thread's connections."""
        for connection in self.all(initialized_only=True):
            connection.close()
