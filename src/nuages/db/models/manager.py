"""Managers: how a model class gives QuerySets. Manual: topics/db/managers."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from types import FunctionType
from typing import TYPE_CHECKING, Any, Self

from nuages.db import router
from nuages.db.models import trails
from nuages.db.models._query.read import not_one
from nuages.db.models._query.write import create_object
from nuages.db.models._typing import Row
from nuages.db.models.fetch_modes import FETCH_ONE
from nuages.db.models.query import QuerySet
from nuages.utils.links import unreplaced

if TYPE_CHECKING:
    from nuages.db.models._forwarded import Forwarded

__all__ = ["BaseManager", "EmptyManager", "Manager", "ManagerDescriptor"]


class BaseManager:
    """The part of ``Manager`` without the methods of QuerySets."""

    #: Whether migrations write the manager down.
    use_in_migrations = False
    #: Whether a manager inherited from an abstract model counts as declared here.
    auto_created = False
    #: Managers are kept in the order they were made.
    creation_counter = 0

    model: Any = None
    name: str | None = None
    _db: str | None = None
    _built_with_asmanager = False
    _queryset_class: type[Any]

    # Subclasses may take arguments of their own; deconstruct() has to know them.
    _constructor_args: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        made = object.__new__(cls)
        made._constructor_args = args, kwargs
        return made

    def __init__(self) -> None:
        self._hints: dict[str, Any] = {}
        self._set_creation_counter()

    def _set_creation_counter(self) -> None:
        """Take the next number."""
        BaseManager.creation_counter += 1
        self.creation_counter = BaseManager.creation_counter

    def __str__(self) -> str:
        return f"{self.model._meta.label}.{self.name}"

    def __class_getitem__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return id(self)

    def _identity(self) -> dict[str, Any]:
        # Where a manager hangs is not part of it: migrations compare those of models with their own.
        names = ("_constructor_args", "_db", "_hints")
        return {name: vars(self).get(name) for name in names}

    # -- making managers ---------------------------------------------------------------------

    @classmethod
    def from_queryset(cls, queryset_class: type, class_name: str | None = None) -> type[Self]:
        """Return a subclass with the methods of a QuerySet class as its own."""
        return type(
            class_name or f"{cls.__name__}From{queryset_class.__name__}",
            (cls,),
            {"_queryset_class": queryset_class, **cls._get_queryset_methods(queryset_class)},
        )

    @classmethod
    def _get_queryset_methods(cls, queryset_class: type) -> dict[str, Callable[..., Any]]:
        """Return the methods to take over: public ones, unless ``queryset_only`` says otherwise."""
        return {
            name: _forward(name, method)
            for name in dir(queryset_class)
            if isinstance(method := getattr(queryset_class, name, None), FunctionType)
            and not hasattr(cls, name)
            and not getattr(method, "queryset_only", name.startswith("_"))
        }

    def contribute_to_class(self, cls: Any, name: str) -> None:
        """Become the manager ``name`` of a model class."""
        self.name = self.name or name
        self.model = cls
        setattr(cls, name, ManagerDescriptor(self))
        cls._meta.add_manager(self)

    def deconstruct(
        self,
    ) -> tuple[bool, str | None, str | None, tuple[Any, ...] | None, dict[str, Any] | None]:
        """Return how to make the manager again, for a migration.

        That is: whether by ``as_manager()``, the manager class, the QuerySet class, and arguments.
        Raises ``ValueError`` for a class that cannot be imported.
        """
        by_queryset = self._built_with_asmanager
        cls = self._queryset_class if by_queryset else type(self)
        path = f"{cls.__module__}.{cls.__name__}"
        if by_queryset:
            return True, None, path, None, None
        if getattr(import_module(cls.__module__), cls.__name__, None) is not None:
            return False, path, None, *self._constructor_args
        raise ValueError(
            f"Could not find manager {cls.__name__} in {cls.__module__}.\n"
            "Please note that you need to inherit from managers you dynamically generated "
            "with 'from_queryset()'."
        )

    def check(self, **kwargs: Any) -> list[Any]:
        """Return the messages of the system checks about the manager."""
        return []

    # -- QuerySets ---------------------------------------------------------------------------

    def all(self) -> Any:
        """Return a QuerySet of all the objects."""
        # Not a copy of get_queryset(): what it prefetched would be lost.
        return self.get_queryset()

    def get_queryset(self) -> Any:
        """Return a new QuerySet; override it to narrow what the manager gives."""
        make = self._queryset_class
        if type(make) is type and trails.is_own(make):
            path = trails.root(self.model)
            if path is not None:
                return path.start(make, self._db, self._hints)
        return make(model=self.model, using=self._db, hints=self._hints)

    # -- databases ---------------------------------------------------------------------------

    @property
    def db(self) -> str:
        """The alias of the database that is read from."""
        return self._db or router.db_for_read(self.model, **self._hints)

    def db_manager(self, using: str | None = None, hints: dict[str, Any] | None = None) -> Self:
        """Return a copy of the manager for the database with that alias."""
        twin = copy.copy(self)
        vars(twin).update(_db=using or self._db, _hints=hints or self._hints)
        return twin


#: As it was made: who replaces it, on this class or another, is asked.
_OWN_GET_QUERYSET = BaseManager.get_queryset
_creates_as_all_do = unreplaced(QuerySet, ("__init__", "create", "db"))


def _forward(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """A manager's method that calls the QuerySet's method of the same name."""

    def by_queryset(self: BaseManager, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.get_queryset(), name)(*args, **kwargs)

    def get(self: BaseManager, *args: Any, **kwargs: Any) -> Any:
        if not args and type(self).get_queryset is _OWN_GET_QUERYSET:
            results = trails.got(self, kwargs)
            if results is not None:
                if len(results) == 1:
                    return results[0]
                raise not_one(self.model, results)
        return self.get_queryset().get(*args, **kwargs)

    def narrow(self: BaseManager, *args: Any, **kwargs: Any) -> Any:
        if not args and type(self).get_queryset is _OWN_GET_QUERYSET:
            narrowed = trails.narrowed(self, name, kwargs)
            if narrowed is not None:
                return narrowed
        return getattr(self.get_queryset(), name)(*args, **kwargs)

    def create(self: BaseManager, *args: Any, **kwargs: Any) -> Any:
        if (
            args
            or type(self).get_queryset is not _OWN_GET_QUERYSET
            or "get_queryset" in self.__dict__
            or not _creates_as_all_do(self._queryset_class)
        ):
            return self.get_queryset().create(*args, **kwargs)
        using = self._db or router.db_for_write(self.model, **self._hints)
        return create_object(self.model, kwargs, using, FETCH_ONE)

    short = {
        QuerySet.get: get,
        QuerySet.filter: narrow,
        QuerySet.exclude: narrow,
        QuerySet.create: create,
    }
    forwarded: Any = wraps(method)(short.get(method, by_queryset))
    # The signature is the method's, read by people: names and defaults, without the types.
    code = getattr(method, "__wrapped__", method)
    bare = FunctionType(code.__code__, {}, name, code.__defaults__)
    bare.__kwdefaults__ = code.__kwdefaults__
    forwarded.__wrapped__ = bare
    return forwarded


if TYPE_CHECKING:

    class _WithMethods(Forwarded[Row], BaseManager): ...

else:
    _WithMethods = BaseManager.from_queryset(QuerySet)


class Manager(_WithMethods[Row]):
    """The default manager: gives all the objects of its model."""


class ManagerDescriptor:
    """The attribute of a model class that gives its manager, and of its instances that refuses."""

    def __init__(self, manager: BaseManager) -> None:
        self.manager = manager

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is not None:
            raise AttributeError(f"Manager isn't accessible via {cls.__name__} instances")
        options = cls._meta
        if options.abstract:
            raise AttributeError(f"Manager isn't available; {cls.__name__} is abstract")
        if options.swappable and options.swapped:
            raise AttributeError(
                f"Manager isn't available; '{options.label}' has been swapped for "
                f"'{options.swapped}'"
            )
        # A subclass of the model has a copy of the manager of its own.
        return options.managers_map[self.manager.name]


class EmptyManager(Manager):
    """A manager whose QuerySets are all empty."""

    def get_queryset(self) -> Any:
        return super().get_queryset().none()

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
