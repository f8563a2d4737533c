"""Trails: a query whose shape was seen before is neither parsed, resolved nor compiled again.

A QuerySet *on a trail* holds a ``Path`` and a tuple of values instead of a syntax tree. A path stands for
a sequence of method calls: ``filter(author__name=…)`` on a known path is one dictionary look-up, which
gives the next path. Its key has the names, what values mean for the SQL (``None``, ``True``, ``False``)
and the types of all others. The SQL, the makers of its parameters and the row loader hang on the path,
per database.

What is not known to be safe *leaves the trail*: the calls so far are repeated with the actual values on
a QuerySet with a ``Query``, and everything goes on from there. The same happens when somebody looks at
``queryset.query``. A path is made by repeating its calls with ``Slot`` objects in the place of values, so
both roads are the same code. A shape that is seen once only never gets a path.

``NUAGES = {"TRAILS": False}`` turns trails off; ``TRAIL_TABLE_SIZE`` bounds their number.
"""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from nuages.apps import apps as global_apps
from nuages.conf import switches
from nuages.core.exceptions import EmptyResultSet, FullResultSet
from nuages.db import connections, router
from nuages.db.models import _trail_values, sql
from nuages.db.models._plans import QUERIES, Plan, depends_on_zone, summary_query
from nuages.db.models._query import iterables
from nuages.db.models._trail_values import SLOTTABLE, fill, read, slots_for
from nuages.db.models.fetch_modes import FETCH_ONE
from nuages.db.models.signals import listened_to, post_init, pre_init
from nuages.db.models.sql.slots import LeavesTrail, Slot, holds_slot
from nuages.utils.links import all_unreplaced, unreplaced

__all__ = ["Path", "Plan", "bump", "clear", "root", "stats"]

#: Types of arguments that are part of a path's key as they are.
_PLAIN_TYPES = frozenset({str, int, type(None)})
#: So many names has a QuerySet on a trail in its ``__dict__``, if nothing about it is special.
_USUAL = 7
#: Attributes that it has there only if they are not as usual.
_RARELY_CARRIED = ("_for_write", "_fetch_mode", "_prefetch_related_lookups")

_INTEGERS = (
    "AutoField BigAutoField SmallAutoField IntegerField BigIntegerField SmallIntegerField "
    "PositiveIntegerField PositiveBigIntegerField PositiveSmallIntegerField"
).split()
_TEXTS = "CharField TextField SlugField FileField FilePathField".split()
#: The types that a field takes as they are, so that preparing such a value cannot fail.
NATURAL: dict[str, frozenset[type]] = {
    **dict.fromkeys(_INTEGERS, frozenset({int})),
    **dict.fromkeys(_TEXTS, frozenset({str})),
    "FloatField": frozenset({float, int}),
    "DecimalField": frozenset({decimal.Decimal, int}),
    "DateField": frozenset({datetime.date}),
    "TimeField": frozenset({datetime.time}),
    "DurationField": frozenset({datetime.timedelta}),
    "UUIDField": frozenset({uuid.UUID}),
}


def _declare_fields_safe() -> None:
    """Say of the fields that come with the house that they treat slots as values."""
    from nuages.db.models import fields

    for name in (name for name in fields.__all__ if name.endswith("Field")):
        cls: Any = getattr(fields, name)
        if isinstance(cls, type) and issubclass(cls, fields.Field):
            setattr(cls, "trail_safe", True)  # noqa: B010 - not every field has it


class _Counters:
    """What ``stats()`` tells."""

    __slots__ = ("evictions", "hits", "misses", "paths")

    def __init__(self) -> None:
        self.hits = self.misses = self.evictions = self.paths = 0


_counters = _Counters()
_roots: dict[Any, Path] = {}
# A key that was seen once, and one whose construct is not safe.
_SEEN: Any = object()
_UNSAFE: Any = object()


def stats() -> dict[str, int]:
    """Return the counters: ``hits``, ``misses``, ``evictions``, and ``paths`` that there are."""
    return {name: getattr(_counters, name) for name in _Counters.__slots__}


def clear() -> None:
    """Forget all paths."""
    _counters.evictions += _counters.paths
    _counters.paths = 0
    _roots.clear()


def bump() -> None:
    """Forget all paths, as something that SQL depends on has changed: models, lookups, features."""
    if _roots:
        clear()


def root(model: Any) -> Path | None:
    """Return the path of ``Model.objects.all()``; ``None`` if there are to be no trails."""
    path = _roots.get(model)
    if path is None and model is not None and switches.enabled("TRAILS"):
        if model._meta.apps is not global_apps or not global_apps.ready or model._meta.abstract:
            # Models of migrations' states and the like come and go.
            return None
        path = _roots[model] = Path(model, None, "", (), ())
        path.take_state(path.replay(()))
    return path


class Path:
    """One sequence of calls: what they were called with, and the plans compiled for it."""

    __slots__ = (
        "args",
        "children",
        "empty",
        "fields",
        "iterable_class",
        "kwargs",
        "model",
        "name",
        "ordered",
        "ordering",
        "parent",
        "pickers",
        "plans",
        "sliced",
        "slots",
        "state",
        "total",
    )

    def __init__(
        self,
        model: Any,
        parent: Path | None,
        name: str,
        args: tuple[Any, ...],
        kwargs: Sequence[tuple[str, Any]],
        slots: Sequence[Slot] = (),
    ) -> None:
        self.model, self.parent, self.name = model, parent, name
        #: Arguments of the call; ``Slot`` objects count from the first value of this call.
        self.args, self.kwargs = args, kwargs
        #: The slots of all the calls.
        self.slots = tuple(slots)
        #: Functions from objects among the call's values to their keys, by place.
        self.pickers: list[tuple[int, Callable[[Any], Any]]] = []
        self.children: dict[Any, Any] = {}
        self.plans: dict[Any, Any] = {}
        self.ordering = model._meta.ordering
        #: Whether the order leaves nothing to chance; ``None`` until somebody asks.
        self.total: bool | None = None

    def take_state(self, queryset: Any) -> None:
        """Take down what a QuerySet shows of itself besides its query."""
        self.fields, self.iterable_class = queryset._fields, queryset._iterable_class
        query = queryset.query
        self.sliced = query.is_sliced
        #: Whether it can have no results, as a slice of nothing.
        self.empty = query.is_empty()
        #: What every QuerySet on this path has in its ``__dict__``.
        self.state = {"model": self.model, "_query": None, "_path": self}
        if self.fields is not None:
            self.state["_fields"] = self.fields
        if self.iterable_class is not iterables.ModelIterable:
            self.state["_iterable_class"] = self.iterable_class
        #: Whether it has an order; ``None`` if order_by() said that there is to be none.
        self.ordered = queryset.ordered if queryset.ordered or query.default_ordering else None

    # -- from call to call -------------------------------------------------------------------

    def start(
        self,
        cls: type,
        db: str | None,
        hints: dict[str, Any] | None,
        params: tuple[Any, ...] = (),
    ) -> Any:
        """Return a new QuerySet on this path, of a class that leaves alone what a trail skips."""
        made: Any = object.__new__(cls)
        state = made.__dict__ = self.state.copy()
        state["_db"] = db
        state["_hints"] = hints or {}
        state["_known_related_objects"] = {}
        state["_params"] = params
        return made

    def queryset(self, origin: Any, params: tuple[Any, ...]) -> Any:
        """Return a QuerySet on this path that is otherwise like ``origin``."""
        twin = object.__new__(type(origin))
        own = origin.__dict__
        state = twin.__dict__ = self.state.copy()
        state["_db"] = own["_db"]
        state["_hints"] = own["_hints"]
        state["_known_related_objects"] = own["_known_related_objects"]
        state["_params"] = params
        if len(own) > _USUAL:
            for name in _RARELY_CARRIED:
                if name in own:
                    state[name] = own[name]
        return twin

    def step(self, origin: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return ``origin`` one call further; ``None`` if the call leaves the trail."""
        found = self.find(name, args, kwargs, origin._params)
        return found and found[0].queryset(origin, found[1])

    def find(
        self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], before: tuple[Any, ...]
    ) -> tuple[Path, tuple[Any, ...]] | None:
        """Return the path one call further, and the values up to there; ``None`` if that leaves the trail."""
        key: Any
        values: Any = ()
        if name == "select_related" and not args:
            # It is deprecated, which the plain road says each time.
            return None
        if len(kwargs) == 1 and not args:
            # The common case, without a list in between.
            ((keyword, value),) = kwargs.items()
            kind = type(value)
            if kind in SLOTTABLE:
                key, values = (name, keyword, kind), (value,)
            elif value is None or kind is bool:
                key = (name, keyword, kind, value)
            else:
                found = read(kwargs.items())
                if found is None:
                    return None
                key, values = (name, *found[0]), found[1]
        elif args and not _PLAIN_TYPES.issuperset(map(type, args)):
            return None
        elif not kwargs:
            key = (name, args)
        else:
            found = read(kwargs.items())
            if found is None:
                return None
            key, values = (name, *args, *found[0]), found[1]
        child = self.children.get(key)
        if type(child) is Path:
            _counters.hits += 1
        else:
            _counters.misses += 1
            if child is None:
                # The next time will do: most shapes that are seen once are not seen again.
                self.children[key] = _SEEN
                _counters.paths += 1
                if _counters.paths > switches.limit("TRAIL_TABLE_SIZE"):
                    clear()
                return None
            if child is _SEEN:
                self.children[key] = child = self._extend(name, args, kwargs, before)
            if child is _UNSAFE:
                return None
        if child.pickers and (values := child.pick(values)) is None:
            return None
        return child, (*before, *values) if values else before

    def pick(self, values: Sequence[Any]) -> list[Any] | None:
        """Return the call's values, keys in the place of objects; ``None`` if one has no such key."""
        picked = list(values)
        for place, picker in self.pickers:
            if (key := picker(picked[place])) is None:
                return None
            picked[place] = key
        return picked

    def _extend(
        self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], params: Sequence[Any]
    ) -> Any:
        template, slots, types = slots_for(kwargs, len(self.slots))
        path = Path(self.model, self, name, args, template, (*self.slots, *slots))
        objects = [place for place, kind in enumerate(types) if kind not in SLOTTABLE]
        try:
            if objects:
                # Whether they are of the right model is seen on the plain road only.
                getattr(self.replay(params), name)(*args, **kwargs).query  # noqa: B018
            probe = path.replay(path.slots)
            path.take_state(probe)
            lookups = _lookups_of(probe.query, slots)
            for place in objects:
                slot = slots[place]
                path.pickers.append(
                    (
                        place,
                        _trail_values.picker(
                            lookups[slot.index], types[place], _natural_of, type(slot) is not Slot
                        ),
                    )
                )
            for slot, kind in zip(slots, types, strict=True):
                lookup = lookups[slot.index]
                if kind in SLOTTABLE and kind not in _natural_of(lookup.lhs.output_field):
                    return _UNSAFE
        except Exception:
            # Whatever it is, the plain road will say it better, with the value in its message.
            return _UNSAFE
        return path

    def replay(self, values: Sequence[Any]) -> Any:
        """Return a QuerySet with a ``Query``, made by the same calls with these values."""
        from nuages.db.models.query import QuerySet

        if self.parent is None:
            return QuerySet(self.model, query=sql.Query(self.model))
        queryset = self.parent.replay(values)
        kwargs = {keyword: fill(item, values) for keyword, item in self.kwargs}
        return getattr(queryset, self.name)(*self.args, **kwargs)

    # -- running -----------------------------------------------------------------------------

    def plan(
        self, using: str, kind: Any = "rows", make: Callable[..., Any] | None = None
    ) -> Plan | None:
        """Return the compiled plan for a database; ``None`` if there can be none.

        ``kind`` says for what: its ``rows``, or their ``count``, or whether one ``exists``. Any other
        kind is of a query that ``make`` derives from that for the rows.
        """
        plan = self.plans.get((using, kind))
        if plan is None or (plan is not _UNSAFE and plan.made_of is not None):
            try:
                if plan is None:
                    plan = Plan(self, using, kind, make or QUERIES[kind])
                if plan.made_of is not None:
                    plan = self._settle(plan, using)
            except (LeavesTrail, EmptyResultSet, FullResultSet):
                plan = _UNSAFE
            self.plans[using, kind] = plan
        if (
            plan is _UNSAFE
            or plan.made_of is not None
            or self.model._meta.ordering is not self.ordering
        ):
            return None
        return plan

    def _settle(self, plan: Plan, using: str) -> Plan:
        """Return a plan that can be run; the same one if that has to wait."""
        connection = connections[using]
        return (connection.shows_nobody() and plan.settled()) or plan


def _lookups_of(query: Any, slots: Sequence[Slot]) -> dict[int, Any]:
    """Return the lookup that each slot is the right-hand side of.

    Raises:
        LeavesTrail: one is not found, or its column depends on the time zone.
    """
    found: dict[int, Any] = {}
    waiting = list(query.where.children)
    while waiting:
        node = waiting.pop()
        if hasattr(node, "children"):
            waiting += node.children
            continue
        if depends_on_zone(getattr(node, "lhs", None)):
            raise LeavesTrail
        rhs = getattr(node, "rhs", None)
        if rhs is None and getattr(node, "can_use_none_as_rhs", False):
            # Its use is deprecated, which the plain road says each time.
            raise LeavesTrail
        if holds_slot(rhs):
            for slot in rhs if isinstance(rhs, list | tuple) else (rhs,):
                found[slot.index] = node
    if not found.keys() >= {slot.index for slot in slots}:
        raise LeavesTrail
    return found


def _natural_of(field: Any) -> frozenset[type]:
    """Return the types that a field, or the one that a relation points to, takes as they are."""
    while field.remote_field is not None:
        field = field.target_field
    return NATURAL.get(field.get_internal_type(), frozenset())


# -- guards --------------------------------------------------------------------------------------

#: Methods of a QuerySet that a trail does not call, though the plain road would.
_SKIPPED = (
    "__init__",
    "_chain",
    "_clone",
    "_filter_or_exclude",
    "_filter_or_exclude_inplace",
    "db",
    "exclude",
    "filter",
    "order_by",
    "query",
)
#: Those that fetch: a list may be had without them.
_FETCHING = ("__iter__", "_fetch_all", "_fetch_steps", "_load", "_prefetch_related_objects")
_OF_COMPILER = ("execute_sql", "results_iter", "as_sql")

#: Whether a QuerySet class leaves alone what a trail skips.
is_own: Callable[[type], bool]
_fetches_as_all_do: Callable[[type], bool]
_writes_as_all_do: Callable[[type], bool]
_gets_as_all_do: Callable[[type], bool]
_selects_as_all_do: Callable[[], bool]
_compiles_as_all_do: Callable[[], bool]


def remember(queryset_class: type) -> None:
    """Take down what the methods of ``QuerySet`` and of the compilers were made as."""
    global is_own, _fetches_as_all_do, _gets_as_all_do, _writes_as_all_do
    global _selects_as_all_do, _compiles_as_all_do
    from nuages.db.models.sql import compiler

    is_own = unreplaced(queryset_class, _SKIPPED)
    _fetches_as_all_do = unreplaced(queryset_class, _FETCHING)
    _writes_as_all_do = unreplaced(queryset_class, ("_insert", "_update"))
    _gets_as_all_do = unreplaced(queryset_class, (*_SKIPPED, *_FETCHING, "_iterable_class", "get"))
    _selects_as_all_do = unreplaced(compiler.SQLCompiler, _OF_COMPILER)
    _compiles_as_all_do = all_unreplaced(
        (compiler.SQLCompiler, _OF_COMPILER),
        (compiler.SQLInsertCompiler, _OF_COMPILER),
        (compiler.SQLUpdateCompiler, _OF_COMPILER),
    )


def compilers_are_own() -> bool:
    """Whether all statements are compiled and run as they were made to be."""
    return _compiles_as_all_do()


def writing_is_own() -> bool:
    """Whether saving an instance would go through the methods of ``QuerySet`` as they were made."""
    from nuages.db.models.manager import Manager

    return _writes_as_all_do(Manager._queryset_class)


_ADD_Q = sql.Query.add_q


def conditions_are_own() -> bool:
    """Whether nobody watches the conditions that are added to queries."""
    return sql.Query.add_q is _ADD_Q


_ITERATE = iterables.ModelIterable.__iter__


def _run(
    queryset: Any, kind: Any, make: Callable[..., Any] | None = None
) -> tuple[Plan, list[tuple[Any, ...]], str] | None:
    """Return the plan, the rows it gave and the database; ``None`` if the plain road has to be taken."""
    if not is_own(type(queryset)):
        return None
    return _run_at(queryset._path, queryset._params, queryset.db, kind, make)


def _run_at(
    path: Path,
    values: tuple[Any, ...],
    using: str,
    kind: Any = "rows",
    make: Callable[..., Any] | None = None,
) -> tuple[Plan, list[tuple[Any, ...]], str] | None:
    plan = path.plans.get((using, kind))
    if (
        type(plan) is not Plan
        or plan.made_of is not None
        or path.model._meta.ordering is not path.ordering
    ):
        plan = path.plan(using, kind, make)
        if plan is None:
            return None
    if not _selects_as_all_do():
        return None
    try:
        text, params = plan.statement.bind(values)
    except LeavesTrail:
        return None
    connection = connections[using]
    if plan.bare is not None:
        rows = connection.fetch_bare(text, params, plan.bare)
        if rows is None and connection.shows_nobody():
            # The columns are not what they were. The next run may find out what they are.
            path.plans[using, kind] = plan.usual
    else:
        rows = connection.fetch_compiled(text, params)
    return None if rows is None else (plan, rows, using)


def results_at(origin: Any, path: Path, values: tuple[Any, ...]) -> list[Any]:
    """Return the results of the QuerySet at ``path`` that is otherwise like ``origin``.

    That QuerySet need not be made where nothing but the path and the values sets it apart.
    """
    own = origin.__dict__
    if (
        # It has what each QuerySet on a trail has, and nothing else: no prefetches, no fetch mode.
        len(own) == _USUAL and not own["_known_related_objects"] and _gets_as_all_do(type(origin))
    ):
        using = origin.db
        if (found := _instances_at(path, values, using)) is not None:
            return found
        made = path.queryset(origin, values)
        # Routers are asked once.
        made._db = using
    else:
        made = path.queryset(origin, values)
    return made._results()


def got(manager: Any, kwargs: dict[str, Any]) -> list[Any] | None:
    """Return what ``get()`` by a manager finds, without a QuerySet; ``None`` if there has to be one."""
    if not _gets_as_all_do(manager._queryset_class):
        return None
    found = _first_step(manager, "_at_most_one", kwargs)
    if found is None:
        return None
    using = manager._db or router.db_for_read(manager.model, **manager._hints)
    return _instances_at(*found, using)


def narrowed(manager: Any, name: str, kwargs: dict[str, Any]) -> Any:
    """Return what ``filter()`` or ``exclude()`` by a manager gives, without the QuerySet of all before it.

    ``None`` if there has to be one; then nothing was done.
    """
    make = manager._queryset_class
    if type(make) is not type or not is_own(make):
        return None
    found = _first_step(manager, name, kwargs)
    return found and found[0].start(make, manager._db, manager._hints, found[1])


def _first_step(
    manager: Any, name: str, kwargs: dict[str, Any]
) -> tuple[Path, tuple[Any, ...]] | None:
    """Return the path of a first call with one plain value, and that; ``None`` if it was not seen yet."""
    if len(kwargs) != 1 or "get_queryset" in manager.__dict__:
        return None
    start = root(manager.model)
    if start is None:
        return None
    ((keyword, value),) = kwargs.items()
    path = start.children.get((name, keyword, type(value)))
    if type(path) is not Path or path.pickers:
        return None
    _counters.hits += 1
    return path, (value,)


def _instances_at(path: Path, values: tuple[Any, ...], using: str) -> list[Any] | None:
    """Return the instances of a path that gives nothing but such; ``None`` if it does more."""
    plan = path.plans.get((using, "rows"))
    if (
        type(plan) is not Plan
        or plan.many is None
        or path.iterable_class is not iterables.ModelIterable
        or iterables.ModelIterable.__iter__ is not _ITERATE
        or listened_to(pre_init, post_init, path.model)
        or (ran := _run_at(path, values, using)) is None
    ):
        return None
    # (Another thread may have put another plan there meanwhile.)
    found: list[Any] | None = ran[0].many(ran[1], using, None, None)
    assert found is not None, "nobody can have begun to listen meanwhile"
    return found


def scalar(queryset: Any, kind: str) -> Any:
    """Return the ``count`` of a QuerySet on a trail, or whether a row ``exists``.

    ``None`` means that it has to take the plain road.
    """
    ran = _run(queryset, kind)
    if ran is None:
        return None
    rows = ran[1]
    return bool(rows) if kind == "exists" else rows[0][0]


def aggregate(queryset: Any, expressions: dict[str, Any]) -> dict[str, Any] | None:
    """Return aggregates of columns over a QuerySet on a trail; ``None`` for the plain road."""
    key: list[Any] = ["aggregate"]
    for alias, expression in expressions.items():
        part = _trail_values.read_aggregate(expression)
        if part is None:
            return None
        key += (alias, part)

    def make(query: Any) -> Any:
        try:
            return summary_query(query, dict(expressions))
        except Exception as error:
            raise LeavesTrail from error

    if not expressions or (ran := _run(queryset, tuple(key), make)) is None or not ran[1]:
        return None
    plan, rows, _using = ran
    row = rows[0] if plan.convert is None else plan.convert(rows[0])
    return dict(zip(plan.names, row, strict=True))


def load(queryset: Any) -> list[Any] | None:
    """Return the results of a QuerySet on a trail; ``None`` if it has to take the plain road."""
    if not _makes_results(queryset):
        return None
    if queryset._path.empty:
        return []
    ran = _run(queryset, "rows")
    return ran and results_of(queryset, *ran)


def _makes_results(queryset: Any) -> bool:
    """Whether a path's plans make what the iterable class of its QuerySet would."""
    return (
        queryset._iterable_class is queryset._path.iterable_class
        and queryset._fetch_mode is FETCH_ONE
        and iterables.ModelIterable.__iter__ is _ITERATE
    )


def streams(queryset: Any) -> bool:
    """Whether the rows of a QuerySet on a trail may be read and made to results chunk by chunk."""
    return (
        _makes_results(queryset)
        and is_own(type(queryset))
        and _selects_as_all_do()
        # Receivers are told of each object when it is wanted.
        and not listened_to(pre_init, post_init, queryset.model)
    )


def results_of(queryset: Any, plan: Plan, rows: list[Any], using: str) -> list[Any]:
    """Return the results that a plan's rows are for a QuerySet; they may take the places of the rows."""
    known = queryset._known_related_objects
    if (
        plan.many is not None
        and (
            found := _with_owners(plan, rows, using, known)
            if known
            else plan.many(rows, using, None, None)
        )
        is not None
    ):
        return found
    if plan.shape is not None:
        shaped: list[Any] = plan.shape(rows)
        return shaped
    if plan.convert is not None:
        rows = list(map(plan.convert, rows))
    results = list(map(plan.build, rows))
    finish = plan.finish
    if known:
        finish = iterables._finishing(queryset, plan.compiler)
    if finish is not None:
        for instance, row in zip(results, rows, strict=True):
            finish(instance, row)
    return results


def _with_owners(plan: Plan, rows: Any, using: str, known: dict[Any, Any]) -> list[Any] | None:
    if len(known) != 1:
        return None
    ((field, owners),) = known.items()
    tie = _tie_to(field, owners.values(), using)
    loader = tie and plan.batches and plan.batches.loader(tie)
    return loader(rows, using, owners, None) if loader else None


def _tie_to(field: Any, owners: Iterable[Any], using: str) -> tuple[str, str] | None:
    """Return the attribute that points to owners, and where they are kept; ``None`` if not plainly."""
    if tuple(field.from_fields) != ("self",) or not field.ties_plainly:
        return None
    for owner in owners:
        if owner._state.db != using:
            return None
    return field.attname, field.cache_name


def load_groups(
    queryset: Any, group: str, field: Any = None, owners: Any = None
) -> tuple[list[Any], dict[Any, list[Any]]] | None:
    """Return the results of a QuerySet on a trail, and lists of them by the values of ``group``.

    ``None`` if it has to take the plain road.

    Args:
        field: a foreign key by which the results are tied to their owners.
        owners: these, by key.
    """
    if (
        queryset._path is None
        or queryset._result_cache is not None
        or queryset._known_related_objects
        or queryset._iterable_class is not iterables.ModelIterable
        or queryset._fetch_mode is not FETCH_ONE
        or iterables.ModelIterable.__iter__ is not _ITERATE
        or not _fetches_as_all_do(type(queryset))
    ):
        return None
    using = queryset.db
    tie = None
    if field is not None and (tie := _tie_to(field, owners.values(), using)) is None:
        return None
    plan = queryset._path.plan(using)
    loader = plan and plan.batches and plan.batches.loader(tie, group)
    if not loader or (ran := _run(queryset, "rows")) is None or ran[0] is not plan:
        return None
    groups: dict[Any, list[Any]] = {}
    found = loader(ran[1], using, owners, groups)
    return None if found is None else (found, groups)
