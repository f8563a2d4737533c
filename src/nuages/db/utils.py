"""Database exceptions, the handler of connections and the chain of routers.

Manual: ref/exceptions, "Database exceptions"; topics/db/multi-db.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import cached_property
from importlib import import_module
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any

from nuages.conf import settings
from nuages.core.exceptions import ImproperlyConfigured
from nuages.utils import asyncio
from nuages.utils.connection import BaseConnectionHandler, ConnectionDoesNotExist
from nuages.utils.module_loading import import_string

if TYPE_CHECKING:
    from nuages.db.backends.base.base import BaseDatabaseWrapper

__all__ = [
    "ConnectionDoesNotExist",
    "ConnectionHandler",
    "ConnectionRouter",
    "DEFAULT_DB_ALIAS",
    "DJANGO_VERSION_PICKLE_KEY",
    "DataError",
    "DatabaseError",
    "DatabaseErrorWrapper",
    "Error",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "load_backend",
]

DEFAULT_DB_ALIAS = "default"
DJANGO_VERSION_PICKLE_KEY = "_django_version"


class Error(Exception):
    """Base of all the database exceptions (PEP 249)."""


class InterfaceError(Error):
    """The database interface, rather than the database, failed."""


class DatabaseError(Error):
    """The database failed."""


class DataError(DatabaseError):
    """A value could not be processed: out of range, a division by zero …"""


class OperationalError(DatabaseError):
    """The database could not operate: it went away, ran out of memory, is locked …"""


class IntegrityError(DatabaseError):
    """A constraint of the database would have been broken."""


class InternalError(DatabaseError):
    """The database met an internal error, such as an invalid cursor."""


class ProgrammingError(DatabaseError):
    """The statement is wrong: syntax, a missing table, the number of parameters …"""


class NotSupportedError(DatabaseError):
    """The database does not support what was asked of it."""


#: From the most to the least specific, so that the first match is the right one.
_ERRORS = (
    DataError,
    OperationalError,
    IntegrityError,
    InternalError,
    ProgrammingError,
    NotSupportedError,
    DatabaseError,
    InterfaceError,
    Error,
)


class DatabaseErrorWrapper:
    """Turns the exceptions of a driver into the classes above; a context manager and decorator.

    Raises within the block what the driver raised, as its Django class, with the driver's own
    exception as ``__cause__``.
    """

    def __init__(self, wrapper: BaseDatabaseWrapper) -> None:
        self.wrapper = wrapper

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if exc_type is None:
            return
        ours = translate(self.wrapper, exc_type)
        if ours is None:
            return
        if ours is not DataError and ours is not IntegrityError:
            # These two leave the connection usable for certain; the others may not.
            self.wrapper.errors_occurred = True
        args = () if exc_value is None else exc_value.args
        raise ours(*args).with_traceback(traceback) from exc_value

    def __call__[**P, R](self, func: Callable[P, R]) -> Callable[P, R]:
        def inner(*args: P.args, **kwargs: P.kwargs) -> R:
            with self:
                return func(*args, **kwargs)

        return inner


def translate(wrapper: BaseDatabaseWrapper, exc_type: type[BaseException]) -> type[Error] | None:
    """Return our class for an exception class of the wrapper's driver, ``None`` for a foreign one."""
    driver = wrapper.Database
    for ours in _ERRORS:
        if issubclass(exc_type, getattr(driver, ours.__name__)):
            return ours
    return None


def load_backend(backend_name: str) -> ModuleType:
    """Return the ``base`` module of a database backend, given its ``ENGINE`` setting.

    Raises ``ImproperlyConfigured`` if there is no such backend, with the names of the built-in
    ones.
    """
    # The name PostgreSQL's backend had long ago still stands in many settings files.
    if backend_name == "django.db.backends.postgresql_psycopg2":
        backend_name = "django.db.backends.postgresql"
    try:
        return import_module(f"{backend_name}.base")
    except ImportError as error:
        import pkgutil

        import nuages.db.backends as package

        builtin = sorted(
            name
            for _, name, is_package in pkgutil.iter_modules(package.__path__)
            if is_package and name not in {"base", "dummy"}
        )
        if backend_name in [f"django.db.backends.{name}" for name in builtin]:
            # The backend is there; something that it needs is not.
            raise
        choices = ", ".join(repr(name) for name in builtin)
        raise ImproperlyConfigured(
            f"{backend_name!r} isn't an available database backend or couldn't be imported. "
            f"Check the above exception. To use one of the built-in backends, use "
            f"'django.db.backends.XXX', where XXX is one of:\n    {choices}"
        ) from error


_DATABASE_DEFAULTS: dict[str, Any] = {
    "ATOMIC_REQUESTS": False,
    "AUTOCOMMIT": True,
    "CONN_MAX_AGE": 0,
    "CONN_HEALTH_CHECKS": False,
    "TIME_ZONE": None,
    "NAME": "",
    "USER": "",
    "PASSWORD": "",
    "HOST": "",
    "PORT": "",
}
_TEST_DEFAULTS: dict[str, Any] = {
    "CHARSET": None,
    "COLLATION": None,
    "MIGRATE": True,
    "MIRROR": None,
    "NAME": None,
}
_NO_DATABASE = "django.db.backends.dummy"


class ConnectionHandler(BaseConnectionHandler):
    """``connections``: one connection per alias and thread, made when first asked for."""

    settings_name = "DATABASES"
    # A connection belongs to one thread; async code reaches it by hopping there.
    thread_critical = True

    def __init__(self, settings: dict[str, dict[str, Any]] | None = None) -> None:
        super().__init__(settings)
        self._connections: Any = threading.local()

    def __getitem__(self, alias: str) -> BaseDatabaseWrapper:
        try:
            return self._connections.__dict__[alias]
        except KeyError:
            return super().__getitem__(alias)

    def configure_settings(self, databases: dict[str, Any] | None) -> dict[str, dict[str, Any]]:
        """Return ``DATABASES`` with all the defaults filled in.

        Raises ``ImproperlyConfigured`` where there are databases but no ``default`` one.
        """
        databases = super().configure_settings(databases)
        if not databases:
            databases[DEFAULT_DB_ALIAS] = {"ENGINE": _NO_DATABASE}
        elif DEFAULT_DB_ALIAS not in databases:
            raise ImproperlyConfigured(f"You must define a '{DEFAULT_DB_ALIAS}' database.")
        elif not databases[DEFAULT_DB_ALIAS]:
            databases[DEFAULT_DB_ALIAS]["ENGINE"] = _NO_DATABASE
        for conf in databases.values():
            if conf.get("ENGINE") in (None, "", "django.db.backends."):
                conf["ENGINE"] = _NO_DATABASE
            for name, value in _DATABASE_DEFAULTS.items():
                conf.setdefault(name, value)
            conf.setdefault("OPTIONS", {})
            test = conf.setdefault("TEST", {})
            for name, value in _TEST_DEFAULTS.items():
                test.setdefault(name, value)
        return databases

    def of_thread(self) -> dict[str, BaseDatabaseWrapper]:
        """Return the connections of this thread by alias; the very dictionary."""
        return self._connections.__dict__

    def all(self, initialized_only: bool = False) -> list[BaseDatabaseWrapper]:
        """Return the connections of this thread; with the argument, those there are already."""
        if not initialized_only:
            return super().all()
        # Runs several times in each request.
        own = self._connections.__dict__
        return [own[alias] for alias in self.settings if alias in own] if own else []

    @property
    def databases(self) -> dict[str, dict[str, Any]]:
        """The completed ``DATABASES`` setting."""
        return self.settings

    def create_connection(self, alias: str) -> BaseDatabaseWrapper:
        """Return a new connection object for ``alias``, not connected yet.

        Within an operation of async code it is one that its task has, or gets now.
        """
        conf = self.settings[alias]
        if asyncio.may_block():
            from nuages.db.engine.leases import lease_here

            return lease_here(self, alias)
        return load_backend(conf["ENGINE"]).DatabaseWrapper(conf, alias)

    @cached_property
    def can_await(self) -> bool:
        """Whether all configured databases can be awaited; if not, steps run on one thread."""
        from nuages.conf import switches

        return switches.enabled("ASYNC_DRIVERS") and all(
            conf["ENGINE"] == _NO_DATABASE
            or load_backend(conf["ENGINE"]).DatabaseWrapper.features_class.has_async_driver
            for conf in self.settings.values()
        )


class ConnectionRouter:
    """``router``: asks each router of ``DATABASE_ROUTERS`` in turn.

    Manual: topics/db/multi-db, "Automatic database routing".
    """

    def __init__(self, routers: Iterable[Any] | None = None) -> None:
        self._routers = routers

    @cached_property
    def routers(self) -> list[Any]:
        """The router objects; those given as dotted paths are imported and instantiated."""
        given = settings.DATABASE_ROUTERS if self._routers is None else self._routers
        return [import_string(item)() if isinstance(item, str) else item for item in given]

    def _ask(self, question: str, *args: Any, **hints: Any) -> Any:
        """The first answer that is not ``None``; routers may leave any method out."""
        for router in self.routers:
            method = getattr(router, question, None)
            if method is not None:
                answer = method(*args, **hints)
                if answer is not None:
                    return answer
        return None

    def _choose(self, question: str, model: Any, hints: dict[str, Any]) -> str:
        if self.routers:
            chosen = self._ask(question, model, **hints)
            if chosen:
                return chosen
        instance = hints.get("instance")
        return (instance is not None and instance._state.db) or DEFAULT_DB_ALIAS

    def db_for_read(self, model: Any, **hints: Any) -> str:
        """Return the alias to read objects of ``model`` from."""
        if not hints and not self.routers:
            return DEFAULT_DB_ALIAS
        return self._choose("db_for_read", model, hints)

    def db_for_write(self, model: Any, **hints: Any) -> str:
        """Return the alias to write objects of ``model`` to."""
        if not hints and not self.routers:
            return DEFAULT_DB_ALIAS
        return self._choose("db_for_write", model, hints)

    def allow_relation(self, obj1: Any, obj2: Any, **hints: Any) -> bool:
        """Return whether a relation between the two objects is allowed."""
        answer = self._ask("allow_relation", obj1, obj2, **hints)
        return obj1._state.db == obj2._state.db if answer is None else answer

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Return whether migrations of ``app_label`` may run on ``db``."""
        answer = self._ask("allow_migrate", db, app_label, **hints)
        return True if answer is None else answer

    def allow_migrate_model(self, db: str, model: Any) -> bool:
        """Return whether ``model`` may have a table on ``db``."""
        opts = model._meta
        return self.allow_migrate(db, opts.app_label, model_name=opts.model_name, model=model)

    def get_migratable_models(
        self, app_config: Any, db: str, include_auto_created: bool = False
    ) -> list[Any]:
        """Return the models of an app that may have a table on ``db``."""
        models = app_config.get_models(include_auto_created=include_auto_created)
        return [model for model in models if self.allow_migrate_model(db, model)]
