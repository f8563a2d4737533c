"""``Model`` and its metaclass. Manual: "Model class reference", "Model instance reference"."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import nuages
from nuages.apps import apps
from nuages.core.exceptions import (
    MultipleObjectsReturned,
    ObjectDoesNotExist,
    ObjectNotUpdated,
)
from nuages.db import DJANGO_VERSION_PICKLE_KEY
from nuages.db.engine import arun, run
from nuages.db.models import _saving
from nuages.db.models._compiled import DEFERRED, Deferred, forget_tree, initialise, lay_out
from nuages.db.models._validation import ModelValidation
from nuages.db.models.fetch_modes import FETCH_ONE
from nuages.db.models.utils import AltersData
from nuages.utils.encoding import force_str
from nuages.utils.hashable import make_hashable
from nuages.utils.hints import unannotated

if TYPE_CHECKING:
    from nuages.core.checks import CheckMessage
    from nuages.db.models.fetch_modes import FetchMode
    from nuages.db.models.manager import Manager
    from nuages.db.models.options import Options

__all__ = ["DEFERRED", "Deferred", "Model", "ModelBase", "ModelState", "subclass_exception"]


def subclass_exception(
    name: str, bases: tuple[type, ...], module: str, attached_to: type
) -> type[Exception]:
    """Return an exception class that is an attribute of ``attached_to``, and can be pickled."""
    qualified = f"{attached_to.__qualname__}.{name}"
    return type(name, bases, {"__module__": module, "__qualname__": qualified})


class ModelStateFieldsCacheDescriptor:
    """Makes the dictionary of cached relations when it is first wanted."""

    def __get__(self, instance: Any, cls: type | None = None) -> Any:
        if instance is None:
            return self
        # (Asking for its __dict__ would have one made.)
        cache = instance.fields_cache = {}
        return cache


class ModelState:
    """The life of an instance: is it in a database, and in which. Manual: ``Model._state``."""

    #: The alias of the database that the instance came from, or was saved to.
    db: str | None = None
    #: Whether uniqueness checks treat the instance as new.
    adding: bool = True
    fields_cache: Any = ModelStateFieldsCacheDescriptor()
    fetch_mode: FetchMode = FETCH_ONE
    #: Weak references to the instances of the same result.
    peers: Sequence[Any] = ()

    def related(self) -> dict[str, Any] | None:
        """Return the cached relations; ``None`` if there never were any."""
        data = self.__dict__
        return self.fields_cache if "fields_cache" in data or "owner" in data else None

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        if "fields_cache" in state:
            state["fields_cache"] = self.fields_cache.copy()
        # Weak references are of this process.
        if "peers" in state:
            state["peers"] = ()
        return state


class _StateOfRow(ModelState):
    """The state of an instance that came from a row: what all such have in common lies on the class."""

    adding = False
    #: What a state that was made the long way would have in its ``__dict__``.
    _given: ClassVar[dict[str, Any]]

    @property  # type: ignore[misc]
    def __class__(self) -> type[ModelState]:  # type: ignore[override]
        # There is but one kind of state.
        return ModelState

    def __reduce__(self) -> tuple[Any, ...]:
        return ModelState, (), {**self._given, **self.__getstate__()}


class _CacheWithOwner:
    """Makes the dictionary of cached relations of a state that has but its ``owner`` so far."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, cls: type | None = None) -> Any:
        if instance is None:
            return self
        data = instance.__dict__
        cache = data["fields_cache"] = {self.name: data.pop("owner")} if "owner" in data else {}
        return cache


class _StateOfOwned(_StateOfRow):
    """The state of an instance that came with the object to which it belongs, its ``owner``.

    Many such are read without anybody's asking for it.
    """

    def __getstate__(self) -> dict[str, Any]:
        self.fields_cache  # noqa: B018 (the owner is one of them)
        state = super().__getstate__()
        state.pop("owner", None)
        return state


class StatesOfRows(dict[str, type[ModelState]]):
    """The class of the states of rows, by the alias of their database; each is made at first use.

    Args:
        owner: the name under which an instance keeps the object to which it belongs, if it has one: such states
            are given an ``owner``.
    """

    def __init__(self, fetch_mode: FetchMode, owner: str | None = None) -> None:
        super().__init__()
        self._given = {} if fetch_mode is FETCH_ONE else {"fetch_mode": fetch_mode}
        self._owner = owner

    def __missing__(self, using: str) -> type[ModelState]:
        given = {"adding": False, "db": using, **self._given}
        members: dict[str, Any] = {**given, "_given": given}
        base: type[ModelState] = _StateOfRow
        if self._owner is not None:
            base, members["fields_cache"] = _StateOfOwned, _CacheWithOwner(self._owner)
        made = self[using] = type("ModelState", (base,), members)
        lay_out(made, ("fields_cache",) if self._owner is None else ("fields_cache", "owner"))
        return made


#: Class attributes that generated functions depend on.
_WATCHED = frozenset(
    "__init__ __setattr__ __new__ from_db _state _prepare_related_fields_for_save _is_pk_set "
    "_get_pk_val save_base _save_parents _save_table _do_update _do_insert".split()
)


def _forget_functions(cls: ModelBase) -> None:
    """Drop what was generated for a model and those below it, in the plans of queries too."""
    from nuages.db.models import trails

    forget_tree(cast("type[Model]", cls))
    trails.bump()


class ModelBase(type):
    """The class of all models: reads the class body into ``_meta``."""

    _meta: Options

    def __new__(
        cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any], **kwargs: Any
    ) -> Any:
        if not any(isinstance(base, ModelBase) for base in bases):
            return super().__new__(cls, name, bases, attrs)
        from nuages.db.models._declare import Declaration

        declaration = Declaration(name, bases, attrs)
        made = super().__new__(cls, name, bases, declaration.plain, **kwargs)
        declaration.complete(made)
        return made

    def __setattr__(cls, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in _WATCHED:
            _forget_functions(cls)

    def __delattr__(cls, name: str) -> None:
        super().__delattr__(name)
        if name in _WATCHED:
            _forget_functions(cls)

    def add_to_class(cls, name: str, value: Any) -> None:
        """Set an attribute, letting a field, manager or the like say how."""
        from nuages.db.models._declare import contributes

        if contributes(value):
            value.contribute_to_class(cls, name)
        else:
            setattr(cls, name, value)

    def _prepare(cls) -> None:
        """Finish a concrete class, once all its fields are there."""
        from nuages.db.models._declare import finish

        finish(cls)  # type: ignore[arg-type]

    _base_manager: Any = property(lambda cls: cls._meta.base_manager)
    _default_manager: Any = property(lambda cls: cls._meta.default_manager)


@unannotated
class Model(ModelValidation, AltersData, metaclass=ModelBase):
    """A row of a table, and the table. Manual: "Models"."""

    _meta: ClassVar[Options]
    _state: ModelState
    objects: ClassVar[Manager[Self]]
    DoesNotExist: ClassVar[type[ObjectDoesNotExist]]
    MultipleObjectsReturned: ClassVar[type[MultipleObjectsReturned]]
    NotUpdated: ClassVar[type[ObjectNotUpdated]]

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """What fields and relations add: ``id``, ``author_id``, ``book_set``, ``get_kind_display``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        initialise(self, args, kwargs)

    @classmethod
    def from_db(
        cls,
        db: str,
        field_names: Collection[str],
        values: Collection[Any],
        *,
        fetch_mode: FetchMode | None = None,
    ) -> Self:
        """Return the instance of a row. Manual: "Customizing model loading".

        Args:
            db: the alias of the database.
            field_names: the attributes that were loaded.
            values: their values.
        """
        fields = cls._meta.concrete_fields
        if len(values) != len(fields):
            loaded = dict(zip(field_names, values, strict=False))
            values = [loaded.get(field.attname, DEFERRED) for field in fields]
        instance = cls(*values)
        state = instance._state
        state.adding = False
        state.db = db
        if fetch_mode is not None:
            state.fetch_mode = fetch_mode
        return instance

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def __str__(self) -> str:
        return f"{type(self).__name__} object ({self.pk})"

    def __eq__(self, other: object) -> bool:
        match other:
            case Model() if self._meta.concrete_model is not other._meta.concrete_model:
                return False
            case Model():
                # Without a key an instance is equal to itself alone.
                return self is other if (key := self.pk) is None else key == other.pk
        return NotImplemented

    def __hash__(self) -> int:
        if not self._is_pk_set():
            raise TypeError("Model instances without primary key value are unhashable")
        return hash(self.pk)

    # Pickles

    def __reduce__(self) -> tuple[Any, ...]:
        state = self.__getstate__()
        state[DJANGO_VERSION_PICKLE_KEY] = nuages.__version__
        options = self._meta
        return model_unpickle, ((options.app_label, options.object_name),), state

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: a copy, without what belongs to this process."""
        state = self.__dict__.copy()
        state["_state"] = copy.copy(state["_state"])
        views = {name: bytes(value) for name, value in state.items() if type(value) is memoryview}
        if views:
            # Views of binary data cannot be pickled.
            for name in views:
                del state[name]
            state["_memoryview_attrs"] = list(views.items())
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        version = state.get(DJANGO_VERSION_PICKLE_KEY)
        if version is None:
            self._warn_of_pickle("version is not specified.")
        elif version != nuages.__version__:
            self._warn_of_pickle(
                f"version {version} does not match the current version {nuages.__version__}."
            )
        for name, value in state.pop("_memoryview_attrs", ()):
            state[name] = memoryview(value)
        self.__dict__.update(state)

    def _warn_of_pickle(self, what: str) -> None:
        warnings.warn(f"Pickled model instance's Django {what}", RuntimeWarning, stacklevel=3)

    # The primary key

    def _get_pk_val(self, meta: Options | None = None) -> Any:
        return getattr(self, (meta or self._meta).pk.attname)

    def _set_pk_val(self, value: Any) -> None:
        # The links to parents have the same value.
        for parent_link in self._meta.parents.values():
            if parent_link and parent_link != self._meta.pk:
                setattr(self, parent_link.target_field.attname, value)
        setattr(self, self._meta.pk.attname, value)

    pk = property(_get_pk_val, _set_pk_val)

    def _is_pk_set(self, meta: Options | None = None) -> bool:
        """Whether the primary key has a value: each of its fields, if there are several."""
        key = self._get_pk_val(meta)
        if type(key) is int:
            return True
        from nuages.db.models.expressions import DatabaseDefault

        parts = key if isinstance(key, tuple) else (key,)
        return not any(
            part is None or (isinstance(part, DatabaseDefault) and self._state.adding)
            for part in parts
        )

    def get_deferred_fields(self) -> set[str]:
        """Return the attributes of the fields that are not loaded."""
        loaded = self.__dict__
        return {
            field.attname for field in self._meta.concrete_fields if field.attname not in loaded
        }

    def serializable_value(self, field_name: str) -> Any:
        """Return a field's raw value: for a relation the key, not the object."""
        from nuages.core.exceptions import FieldDoesNotExist

        try:
            attribute = self._meta.get_field(field_name).attname
        except FieldDoesNotExist:
            attribute = field_name
        return getattr(self, attribute)

    # Reading, writing, deleting

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: Any = None,
    ) -> None:
        """Read the values anew. Manual: "Refreshing objects from database".

        Args:
            using: the database; by default the one the instance came from.
            fields: read these alone.
            from_queryset: find the row in this queryset.
        """
        run(_saving.refresh_steps(self, using, fields, from_queryset))

    async def arefresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: Any = None,
    ) -> None:
        """:meth:`refresh_from_db` for async code."""
        if type(self).refresh_from_db is not Model.refresh_from_db:
            await _in_thread(
                self.refresh_from_db, using=using, fields=fields, from_queryset=from_queryset
            )
            return
        await arun(_saving.refresh_steps(self, using, fields, from_queryset))

    def save(
        self,
        *,
        force_insert: bool | tuple[type, ...] = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Insert or update the row. Manual: "Saving objects".

        Args:
            force_insert: insert, never update; a tuple of parents inserts their rows as well.
            force_update: update, never insert.
            using: the database; by default the router's choice.
            update_fields: write these fields alone.

        Raises:
            ValueError: contradicting arguments; an unsaved related object.
            Model.NotUpdated: nothing was there to update.
        """
        if not _quick.save(self, force_insert, force_update, using, update_fields):
            run(_saving.save_steps(self, force_insert, force_update, using, update_fields))

    save.alters_data = True  # type: ignore[attr-defined]

    async def asave(
        self,
        *,
        force_insert: bool | tuple[type, ...] = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """:meth:`save` for async code."""
        if type(self).save is not Model.save:
            await _in_thread(
                self.save,
                force_insert=force_insert,
                force_update=force_update,
                using=using,
                update_fields=update_fields,
            )
            return
        await arun(_saving.save_steps(self, force_insert, force_update, using, update_fields))

    asave.alters_data = True  # type: ignore[attr-defined]

    def save_base(
        self,
        raw: bool = False,
        force_insert: Any = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Write the rows and send the signals: what :meth:`save` does after its preparations.

        Args:
            raw: from a fixture: write this model's row exactly as it is, and no parent's.
        """
        run(_saving.save_base_steps(self, raw, force_insert, force_update, using, update_fields))

    save_base.alters_data = True  # type: ignore[attr-defined]

    # Packages override these; the steps of saving then call them.

    def _save_parents(
        self,
        cls: type[Model],
        using: str,
        update_fields: Any,
        force_insert: Any,
        updated_parents: dict[type, bool] | None = None,
    ) -> bool:
        return run(
            _saving.save_parents_steps(
                self, cls, using, update_fields, force_insert, updated_parents
            )
        )

    def _save_table(
        self,
        raw: bool = False,
        cls: type[Model] | None = None,
        force_insert: bool = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Any = None,
    ) -> bool:
        return run(
            _saving.save_table_steps(
                self, raw, cls, force_insert, force_update, using, update_fields
            )
        )

    def _do_update(
        self,
        base_qs: Any,
        using: str,
        pk_val: Any,
        values: Any,
        update_fields: Any,
        forced_update: Any,
        returning_fields: Any = (),
    ) -> Any:
        return run(
            _saving.update_steps(
                self, base_qs, using, pk_val, values, update_fields, forced_update, returning_fields
            )
        )

    def _do_insert(
        self, manager: Any, using: str, fields: Any, returning_fields: Any, raw: bool
    ) -> Any:
        return run(_saving.insert_steps(self, manager, using, fields, returning_fields, raw))

    def _prepare_related_fields_for_save(
        self, operation_name: str, fields: Collection[Any] | None = None
    ) -> None:
        _saving.check_related(self, operation_name, fields)

    def delete(
        self, using: str | None = None, keep_parents: bool = False
    ) -> tuple[int, dict[str, int]]:
        """Delete the row, and what depends on it. Manual: "Deleting objects".

        Returns:
            the number of rows deleted, and that number for each model's label.
        """
        return run(_saving.delete_steps(self, using, keep_parents))

    delete.alters_data = True  # type: ignore[attr-defined]

    async def adelete(
        self, using: str | None = None, keep_parents: bool = False
    ) -> tuple[int, dict[str, int]]:
        """:meth:`delete` for async code."""
        if type(self).delete is not Model.delete:
            return await _in_thread(self.delete, using=using, keep_parents=keep_parents)
        return await arun(_saving.delete_steps(self, using, keep_parents))

    adelete.alters_data = True  # type: ignore[attr-defined]

    # Extra methods, made for fields

    def _get_FIELD_display(self, field: Any) -> Any:
        labels = dict(make_hashable(field.flatchoices))
        chosen = getattr(self, field.attname)
        label = labels.get(make_hashable(chosen), chosen)
        # A lazy label is evaluated; what is no text stays.
        return force_str(label, strings_only=True)

    def _get_next_or_previous_by_FIELD(self, field: Any, is_next: bool, **kwargs: Any) -> Any:
        from nuages.db.models.query_utils import Q

        if not self._is_pk_set():
            raise ValueError("get_next/get_previous cannot be used on unsaved objects.")
        comparison, sign = ("gt", "") if is_next else ("lt", "-")
        value = getattr(self, field.attname)
        beyond = Q((f"{field.name}__{comparison}", value)) | Q(
            (field.name, value), (f"pk__{comparison}", self.pk)
        )
        candidates = (
            type(self)
            ._default_manager.using(self._state.db)
            .filter(**kwargs)
            .filter(beyond)
            .order_by(f"{sign}{field.name}", f"{sign}pk")
        )
        for found in candidates[:1]:
            return found
        raise self.DoesNotExist(f"{type(self)._meta.object_name} matching query does not exist.")

    def _get_next_or_previous_in_order(self, is_next: bool) -> Any:
        cache = f"__{'next' if is_next else 'previous'}_in_order_cache"
        if not hasattr(self, cache):
            comparison, order = ("gt", "_order") if is_next else ("lt", "-_order")
            group = self._meta.order_with_respect_to.get_filter_kwargs_for_object(self)
            own_place = (
                type(self)._default_manager.filter(**{self._meta.pk.name: self.pk}).values("_order")
            )
            found = (
                type(self)
                ._default_manager.filter(**group)
                .filter(**{f"_order__{comparison}": own_place})
                .order_by(order)[:1]
                .get()
            )
            setattr(self, cache, found)
        return getattr(self, cache)

    # Expressions and lookups

    def prepare_database_save(self, field: Any) -> Any:
        """Return what ``field``, a relation to this object, saves."""
        if not self._is_pk_set():
            raise ValueError(f"Unsaved model instance {self!r} cannot be used in an ORM query.")
        return getattr(self, field.remote_field.get_related_field().attname)

    # Checks

    @classmethod
    def check(cls, **kwargs: Any) -> list[CheckMessage]:
        """Return the messages of the system checks about the model.

        Manual: "System check framework".
        """
        from nuages.db.models import _model_checks

        return list(_model_checks.check_model(cls, **kwargs))


#: The methods that packages override, as they are declared here.
OWN_METHODS = {
    name: vars(Model)[name]
    for name in ("save_base", "_save_parents", "_save_table", "_do_update", "_do_insert")
}
OWN_INIT = Model.__init__
OWN_FROM_DB = Model.from_db.__func__  # type: ignore[attr-defined]


async def _in_thread(function: Callable[..., Any], **kwargs: Any) -> Any:
    """Call the blocking twin that a subclass overrides."""
    from nuages.db.engine.leases import perform_apart

    return await perform_apart(lambda: function(**kwargs))


def model_unpickle(model_id: Any) -> Model:
    """Return the empty instance into which a pickle is read."""
    model = apps.get_model(*model_id) if isinstance(model_id, tuple) else model_id
    return model.__new__(model)


model_unpickle.__safe_for_unpickle__ = True  # type: ignore[attr-defined]


from nuages.db.models import _quick  # noqa: E402  (it compares with what is declared above)
