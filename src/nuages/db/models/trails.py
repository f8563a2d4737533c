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
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from nuages.apps import apps as global_apps
from nuages.conf import switches
from nuages.core.exceptions import EmptyResultSet, FullResultSet
from nuages.db import connections
from nuages.db.models import sql
from nuages.db.models._query import iterables
from nuages.db.models._query.related import has_own_from_db
from nuages.db.models.expressions import ColPairs
from nuages.db.models.fetch_modes import FETCH_ONE
from nuages.db.models.sql.slots import LeavesTrail, Slot, SlotParam, holds_slot

__all__ = ["Path", "Plan", "bump", "clear", "root", "stats"]

#: Types whose values are parameters: nothing but the value itself depends on the value.
SLOTTABLE = frozenset(
    {
        int,
        str,
        float,
        decimal.Decimal,
        datetime.date,
        datetime.time,
        datetime.timedelta,
        uuid.UUID,
    }
)
#: The longest list that an ``__in`` condition may have on a trail: each length is a path.
LONGEST_LIST = 50

#: Types of arguments that are part of a path's key as they are.
_PLAIN_TYPES = frozenset({str, int, type(None)})
#: Attributes that a QuerySet has in its ``__dict__`` only if they are not as usual.
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
        cls = getattr(fields, name)
        if isinstance(cls, type) and issubclass(cls, fields.Field):
            cls.trail_safe = True


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
        "fields",
        "iterable_class",
        "kwargs",
        "model",
        "name",
        "ordered",
        "ordering",
        "parent",
        "plans",
        "sliced",
        "state",
        "width",
    )

    def __init__(
        self,
        model: Any,
        parent: Path | None,
        name: str,
        args: tuple[Any, ...],
        kwargs: Sequence[tuple[str, Any]],
        width: int = 0,
    ) -> None:
        self.model, self.parent, self.name = model, parent, name
        #: Arguments of the call; ``Slot`` objects count from the first value of this call.
        self.args, self.kwargs = args, kwargs
        #: Number of values of all the calls.
        self.width = width
        self.children: dict[Any, Any] = {}
        self.plans: dict[Any, Any] = {}
        self.ordering = model._meta.ordering

    def take_state(self, queryset: Any) -> None:
        """Take down what a QuerySet shows of itself besides its query."""
        self.fields, self.iterable_class = queryset._fields, queryset._iterable_class
        query = queryset.query
        self.sliced = query.is_sliced
        #: What every QuerySet on this path has in its ``__dict__``.
        self.state = {"model": self.model, "_query": None, "_path": self}
        if self.fields is not None:
            self.state["_fields"] = self.fields
        if self.iterable_class is not iterables.ModelIterable:
            self.state["_iterable_class"] = self.iterable_class
        #: Whether it has an order; ``None`` if order_by() said that there is to be none.
        self.ordered = queryset.ordered if queryset.ordered or query.default_ordering else None

    # -- from call to call -------------------------------------------------------------------

    def queryset(self, origin: Any, params: tuple[Any, ...]) -> Any:
        """Return a QuerySet on this path that is otherwise like ``origin``."""
        twin = object.__new__(type(origin))
        own = origin.__dict__
        state = twin.__dict__ = self.state.copy()
        state["_db"] = own["_db"]
        state["_hints"] = own["_hints"]
        state["_known_related_objects"] = own["_known_related_objects"]
        state["_params"] = params
        for name in _RARELY_CARRIED:
            if name in own:
                state[name] = own[name]
        return twin

    def step(self, origin: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return ``origin`` one call further; ``None`` if the call leaves the trail."""
        key: Any
        values: Sequence[Any] = ()
        if len(kwargs) == 1 and not args:
            # The common case, without a list in between.
            ((keyword, value),) = kwargs.items()
            kind = type(value)
            if kind in SLOTTABLE:
                key, values = (name, keyword, kind), (value,)
            elif value is None or kind is bool:
                key = (name, keyword, kind, value)
            elif kind in (list, tuple) and _can_be_list(keyword, value):
                key, values = (name, keyword, list, type(value[0]), len(value)), value
            else:
                return None
        elif args and not _PLAIN_TYPES.issuperset(map(type, args)):
            return None
        elif not kwargs:
            key = (name, args)
        else:
            parts: list[Any] = [name, *args]
            gathered: list[Any] = []
            for keyword, value in kwargs.items():
                kind = type(value)
                if kind in SLOTTABLE:
                    parts += (keyword, kind)
                    gathered.append(value)
                elif value is None or kind is bool:
                    parts += (keyword, kind, value)
                elif kind in (list, tuple) and _can_be_list(keyword, value):
                    parts += (keyword, list, type(value[0]), len(value))
                    gathered += value
                else:
                    return None
            key, values = tuple(parts), gathered
        child = self.children.get(key)
        if type(child) is Path:
            _counters.hits += 1
            params = origin._params
            return child.queryset(origin, (*params, *values) if values else params)
        _counters.misses += 1
        if child is None:
            # The next time will do: most shapes that are seen once are not seen again.
            self.children[key] = _SEEN
            _counters.paths += 1
            if _counters.paths > switches.limit("TRAIL_TABLE_SIZE"):
                clear()
        elif child is _SEEN:
            self.children[key] = child = self._extend(name, args, kwargs)
            if child is not _UNSAFE:
                return child.queryset(origin, (*origin._params, *values))
        return None

    def _extend(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        place = self.width
        template: list[tuple[str, Any]] = []
        types: dict[int, type] = {}
        for keyword, value in kwargs.items():
            if value is None or isinstance(value, bool):
                template.append((keyword, value))
                continue
            many = isinstance(value, list | tuple)
            slots = [Slot(place + n) for n in range(len(value) if many else 1)]
            for slot, item in zip(slots, value if many else (value,), strict=True):
                types[slot.index] = type(item)
            place += len(slots)
            template.append((keyword, slots if many else slots[0]))
        path = Path(self.model, self, name, args, template, place)
        try:
            probe = path.replay([Slot(n) for n in range(place)])
            path.take_state(probe)
            if not _all_natural(probe.query, types):
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
        kwargs = {keyword: _filled(item, values) for keyword, item in self.kwargs}
        return getattr(queryset, self.name)(*self.args, **kwargs)

    # -- running -----------------------------------------------------------------------------

    def plan(self, using: str, kind: str = "rows") -> Plan | None:
        """Return the compiled plan for a database; ``None`` if there can be none.

        ``kind`` says for what: its ``rows``, or their ``count``, or whether one ``exists``.
        """
        plan = self.plans.get((using, kind))
        if plan is None:
            try:
                plan = Plan(self, using, kind)
            except (LeavesTrail, EmptyResultSet, FullResultSet):
                plan = _UNSAFE
            self.plans[using, kind] = plan
        if plan is _UNSAFE or self.model._meta.ordering is not self.ordering:
            return None
        return plan


def _can_be_list(keyword: str, value: Any) -> bool:
    if not (keyword.endswith("__in") and 0 < len(value) <= LONGEST_LIST):
        return False
    first = type(value[0])
    # Equal values would be given once.
    return (
        first in SLOTTABLE
        and all(type(item) is first for item in value)
        and len(set(value)) == len(value)
    )


def _filled(item: Any, values: Sequence[Any]) -> Any:
    if type(item) is Slot:
        return values[item.index]
    if type(item) is list:
        return [values[slot.index] for slot in item]
    return item


def _all_natural(query: Any, types: dict[int, type]) -> bool:
    """Whether each slot stands where its field takes values of that type as they are."""
    found: set[int] = set()
    waiting = list(query.where.children)
    while waiting:
        node = waiting.pop()
        if hasattr(node, "children"):
            waiting += node.children
            continue
        if _depends_on_zone(getattr(node, "lhs", None)):
            return False
        rhs = getattr(node, "rhs", None)
        slots = rhs if isinstance(rhs, list | tuple) else [rhs]
        if not holds_slot(rhs):
            continue
        natural = NATURAL.get(_internal_type(node.lhs), ())
        for slot in slots:
            if slot.index in types and types[slot.index] not in natural:
                return False
            found.add(slot.index)
    return found >= types.keys()


def _depends_on_zone(lhs: Any) -> bool:
    """Whether the SQL of an expression names the current time zone."""
    from nuages.db.models.functions.datetime import TimezoneMixin

    while lhs is not None:
        if isinstance(lhs, TimezoneMixin):
            return True
        lhs = getattr(lhs, "lhs", None)
    return False


def _internal_type(lhs: Any) -> str:
    field = lhs.output_field
    while field.remote_field is not None:
        field = field.target_field
    return field.get_internal_type()


class Plan:
    """The SQL of a path for one database, the makers of its parameters, the maker of its rows."""

    __slots__ = (
        "build",
        "compiler",
        "convert",
        "finish",
        "makers",
        "path",
        "shape",
        "sql",
        "template",
    )

    def __init__(self, path: Path, using: str, kind: str) -> None:
        self.path = path
        probe = path.replay([Slot(n) for n in range(path.width)])
        probe._db = using
        query = _QUERIES[kind](probe.query)
        compiler = self.compiler = query.get_compiler(using)
        text, params = compiler.as_sql()
        columns = [item[0] for item in compiler.select or ()]
        if (
            query.select_for_update
            or compiler.has_extra_select
            or any(isinstance(column, ColPairs) for column in columns)
            or any(
                _depends_on_zone(part)
                for expression in (*columns, *(item[0] for item in compiler.get_order_by()))
                for part in expression.flatten()
            )
        ):
            raise LeavesTrail
        self.sql = compiler.connection.driver_sql(text)
        self.template = [None if isinstance(each, SlotParam) else each for each in params]
        #: Place of the parameter, place of the value, and the function between them.
        self.makers = [
            (place, each.index, each.adapt)
            for place, each in enumerate(params)
            if isinstance(each, SlotParam)
        ]
        self.build = self.shape = self.finish = self.convert = None
        if kind != "rows":
            return
        self.convert = row_converter(compiler)
        if probe._iterable_class is iterables.ModelIterable:
            if not has_own_from_db(path.model):
                raise LeavesTrail
            self.build = iterables.instance_builder(probe, compiler)
            self.finish = iterables._finishing(probe, compiler)
        else:
            self.shape = iterables.shape_of_rows(probe._iterable_class, probe)
            if self.shape is None:
                raise LeavesTrail

    def params(self, values: Sequence[Any]) -> list[Any]:
        """Return the driver's parameters. Raises ``LeavesTrail`` for a value they cannot hold."""
        params = self.template.copy()
        for place, index, adapt in self.makers:
            value = values[index]
            params[place] = value if adapt is None else adapt(value)
        return params


def _count_query(query: Any) -> Any:
    from nuages.db.models.aggregates import Count
    from nuages.db.models.sql import _summary

    aggregates, needs_outer = _summary.resolve_aggregates(query, {"__count": Count("*")})
    return _summary.summary_query(query, aggregates, needs_outer)


_QUERIES: dict[str, Callable[[Any], Any]] = {
    "rows": lambda query: query,
    "count": _count_query,
    "exists": lambda query: query.exists(),
}


def row_converter(compiler: Any) -> Callable[[Any], Any] | None:
    """Return a function generated for the converters of a compiler's columns; ``None`` if none."""
    from nuages.utils.codegen import compile_function

    expressions = [item[0] for item in compiler.select[: compiler.col_count]]
    converters = compiler.get_converters(expressions)
    if not converters:
        return None
    names = [f"v{n}" for n in range(len(compiler.select))]
    namespace: dict[str, Any] = {"connection": compiler.connection}
    results = list(names)
    for place, (functions, expression) in converters.items():
        namespace[f"e{place}"] = expression
        for number, function in enumerate(functions):
            namespace[f"c{place}_{number}"] = function
            results[place] = f"c{place}_{number}({results[place]}, e{place}, connection)"
    source = (
        f"def convert(row):\n    {', '.join(names)}, = row\n    return ({', '.join(results)},)\n"
    )
    return compile_function(source, "convert", namespace, "converters of a trail")


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
_skipped_of = attrgetter(*_SKIPPED)
_own: tuple[Any, ...] = ()
_compilers: tuple[Any, ...] = ()


def remember_own(queryset_class: type) -> None:
    """Take down what the methods of ``QuerySet`` are, to see later whether they still are."""
    global _own
    _own = _skipped_of(queryset_class)


def is_own(cls: type) -> bool:
    """Whether a QuerySet class leaves alone what a trail skips."""
    return _skipped_of(cls) == _own


_ITERATE = iterables.ModelIterable.__iter__


def _run(queryset: Any, kind: str) -> tuple[Plan, list[tuple[Any, ...]]] | None:
    """Return the plan and the rows it gave; ``None`` if the plain road has to be taken."""
    path = queryset._path
    if _skipped_of(type(queryset)) != _own:
        return None
    using = queryset.db
    plan = path.plans.get((using, kind))
    if type(plan) is not Plan or path.model._meta.ordering is not path.ordering:
        plan = path.plan(using, kind)
        if plan is None:
            return None
    if not _compiler_is_own():
        return None
    try:
        params = plan.params(queryset._params)
    except LeavesTrail:
        return None
    rows = connections[using].fetch_compiled(plan.sql, params)
    return None if rows is None else (plan, rows)


def scalar(queryset: Any, kind: str) -> Any:
    """Return the ``count`` of a QuerySet on a trail, or whether a row ``exists``.

    ``None`` means that it has to take the plain road.
    """
    ran = _run(queryset, kind)
    if ran is None:
        return None
    rows = ran[1]
    return bool(rows) if kind == "exists" else rows[0][0]


def load(queryset: Any) -> list[Any] | None:
    """Return the results of a QuerySet on a trail; ``None`` if it has to take the plain road."""
    if (
        queryset._iterable_class is not queryset._path.iterable_class
        or queryset._fetch_mode is not FETCH_ONE
        or iterables.ModelIterable.__iter__ is not _ITERATE
    ):
        return None
    ran = _run(queryset, "rows")
    if ran is None:
        return None
    plan, rows = ran
    if plan.convert is not None:
        rows = list(map(plan.convert, rows))
    if plan.build is None:
        return list(plan.shape(rows))
    results = list(map(plan.build, rows))
    finish = plan.finish
    if queryset._known_related_objects:
        finish = iterables._finishing(queryset, plan.compiler)
    if finish is not None:
        for instance, row in zip(results, rows, strict=True):
            finish(instance, row)
    return results


_links: tuple[Any, ...] = ()
_links_of = attrgetter("execute_sql", "results_iter", "as_sql")


def _compiler_is_own() -> bool:
    return tuple(map(_links_of, _compilers)) == _links


def remember_compiler() -> None:
    """Take down what the methods of the compilers are."""
    global _compilers, _links
    from nuages.db.models.sql import compiler

    _compilers = (compiler.SQLCompiler, compiler.SQLInsertCompiler, compiler.SQLUpdateCompiler)
    _links = tuple(map(_links_of, _compilers))
