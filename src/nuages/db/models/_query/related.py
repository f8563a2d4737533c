"""Instances out of rows: loaders for one model's columns, populators for ``select_related()``."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from weakref import ref

from nuages.db.models.fetch_modes import FETCH_ONE
from nuages.utils._lazy import later
from nuages.utils.deprecation import RemovedInDjango2028Warning

if TYPE_CHECKING:
    import inspect
else:
    inspect = later("inspect")


def instance_loader(
    model: Any, attnames: tuple[str, ...], using: str, fetch_mode: Any = FETCH_ONE
) -> Callable[[Any], Any]:
    """Return a function from the values of ``attnames`` to an instance of ``model``."""
    from_db = model.from_db
    if has_own_from_db(model):
        if fetch_mode is not FETCH_ONE:
            return lambda row: from_db(using, attnames, row, fetch_mode=fetch_mode)
        make = model._meta.row_loader(attnames)
        return lambda row: make(row, using)
    if "fetch_mode" in inspect.signature(from_db).parameters or any(
        each.kind is each.VAR_KEYWORD for each in inspect.signature(from_db).parameters.values()
    ):
        return lambda row: from_db(using, attnames, row, fetch_mode=fetch_mode)
    warnings.warn(
        f"{model.__qualname__}.from_db() must accept a fetch_mode keyword argument. Support for "
        "from_db() methods that do not accept it is deprecated.",
        RemovedInDjango2028Warning,
        stacklevel=2,
    )
    return lambda row: _with_mode(from_db(using, attnames, row), fetch_mode)


def has_own_from_db(model: Any) -> bool:
    """Whether a model makes its instances as all do, without a ``from_db()`` of its own."""
    from nuages.db.models import base

    return getattr(model.from_db, "__func__", None) is base.OWN_FROM_DB


def _with_mode(instance: Any, fetch_mode: Any) -> Any:
    if fetch_mode is not FETCH_ONE:
        instance._state.fetch_mode = fetch_mode
    return instance


class RelatedPopulator:
    """Makes one related instance of a row, those behind it too, and ties it to its origin.

    ``klass_info`` is the compiler's description of the related model: its columns in the row, the
    functions that tie the two instances together, and the models behind it.
    """

    def __init__(
        self, klass_info: dict[str, Any], select: Any, db: str, fetch_mode: Any = FETCH_ONE
    ) -> None:
        self.db = db
        model = self.model_cls = klass_info["model"]
        # A child that is reached from its parent shares the parent's columns, in any order.
        places = {select[place][0].target.attname: place for place in klass_info["select_fields"]}
        in_order = [field.attname for field in model._meta.concrete_fields]
        attnames = tuple(name for name in in_order if name in places)
        self.init_list = attnames
        picked = [places[name] for name in attnames]
        self._pick = _picker(picked)
        self._keys = [places[field.attname] for field in model._meta.pk_fields]
        self._load = instance_loader(model, attnames, db, fetch_mode)
        self._tie = klass_info["local_setter"]
        self._tie_back = klass_info["remote_setter"]
        self._peers: list[Any] | None = [] if fetch_mode.track_peers else None
        self._is_child = bool(klass_info.get("from_parent"))
        self._parents = tuple(model._meta.all_parents)
        self.related_populators = get_related_populators(klass_info, select, db, fetch_mode)

    def populate(self, row: Any, from_obj: Any) -> None:
        """Put the related instance of the row, or ``None``, into ``from_obj``."""
        if None in [row[place] for place in self._keys]:
            self._tie(from_obj, None)
            return
        instance = self._load(self._pick(row))
        if self._is_child and isinstance(from_obj, self._parents):
            # Two views of one object: what is fetched for one is there for the other.
            instance._state.fields_cache = from_obj._state.fields_cache
            instance._prefetched_objects_cache = _prefetched(from_obj)
        if self._peers is not None:
            self._peers.append(ref(instance))
            instance._state.peers = self._peers
        for populator in self.related_populators:
            populator.populate(row, instance)
        self._tie(from_obj, instance)
        self._tie_back(instance, from_obj)


def _prefetched(instance: Any) -> dict[str, Any]:
    return vars(instance).setdefault("_prefetched_objects_cache", {})


def _picker(places: list[int]) -> Callable[[Any], Any]:
    first, last = places[0], places[-1]
    if places == list(range(first, last + 1)):
        return itemgetter(slice(first, last + 1))
    return itemgetter(*places)


def get_related_populators(
    klass_info: dict[str, Any], select: Any, db: str, fetch_mode: Any = FETCH_ONE
) -> list[RelatedPopulator]:
    """Return a populator for each model that is selected along with ``klass_info``'s."""
    return [
        RelatedPopulator(info, select, db, fetch_mode)
        for info in klass_info.get("related_klass_infos", ())
    ]
