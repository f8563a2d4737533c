"""The state of a QuerySet: its query, its results, and how both are copied."""

from __future__ import annotations

import copy
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Self, overload

import nuages
from nuages.db import DJANGO_VERSION_PICKLE_KEY, NotSupportedError, router
from nuages.db.engine import Call, Steps, arun, run
from nuages.db.models import sql, trails
from nuages.db.models._query.iterables import ModelIterable, ValuesIterable
from nuages.db.models._query.prefetch import prefetch_steps
from nuages.db.models._typing import Row, Rows
from nuages.db.models.fetch_modes import FETCH_ONE
from nuages.db.models.query_utils import Q, check_filter_kwargs

if TYPE_CHECKING:
    from typing import Protocol

    from nuages.db.models._typing import Refinement

    class _Decorator(Protocol):
        def __call__[**P](
            self, change: Callable[Concatenate[Any, P], None], /
        ) -> Refinement[P]: ...


#: How many objects ``repr()`` shows.
REPR_OUTPUT_SIZE = 20


def refines(
    *,
    combined: bool = True,
    instances: bool = False,
    sliced: str | None = None,
    trail: bool = False,
) -> _Decorator:
    """Make a method that changes a copy of its QuerySet, and returns that copy.

    Args:
        combined: whether it may be called after ``union()`` and the like.
        instances: whether it makes sense for instances alone, and not after ``values()``.
        sliced: what the ``TypeError`` says if it is called on a slice; ``None`` if it may be.
        trail: whether the call, if its arguments are strings, can be part of a trail.
    """

    def decorate[**P](change: Callable[Concatenate[Any, P], None]) -> Refinement[P]:
        name = change.__name__

        @wraps(change)
        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            if trail and self._path is not None:
                further = self._path.step(self, name, args, kwargs)
                if further is not None:
                    return further
            if not combined:
                self._not_support_combined_queries(name)
            if instances and self._fields is not None:
                raise TypeError(f"Cannot call {name}() after .values() or .values_list()")
            if sliced is not None and self.is_sliced:
                raise TypeError(sliced)
            refined = self._chain()
            change(refined, *args, **kwargs)
            return refined

        return method  # type: ignore[return-value]  # (a function, seen as what binding it gives)

    return decorate


class _IterableClass:
    """What makes results of rows. Whoever gives a QuerySet another one takes it off its trail."""

    def __get__(self, queryset: Any, cls: type | None = None) -> Any:
        if queryset is None:
            return ModelIterable
        return queryset.__dict__.get("_iterable_class", ModelIterable)

    def __set__(self, queryset: Any, value: Any) -> None:
        if queryset._path is not None:
            queryset._leave_trail()
        queryset.__dict__["_iterable_class"] = value


class _HintsOfResults:
    """What routers are told of prefetched results, which is put together when it is wanted."""

    def __get__(self, queryset: Any, cls: type | None = None) -> Any:
        own = {} if queryset is None else queryset.__dict__
        if own.get("_source") is None:
            raise AttributeError("_hints")
        owner, _name, base = own["_source"]
        hints = own["_hints"] = {**base._hints, "instance": owner}
        return hints


class QuerySetCore(Rows[Row]):
    """What all QuerySets have in common, whatever they are asked to do."""

    def __init__(
        self,
        model: Any = None,
        query: Any = None,
        using: str | None = None,
        hints: dict[str, Any] | None = None,
    ) -> None:
        self.model, self._db, self._hints = model, using, hints or {}
        self._query = query
        if query is None and trails.is_own(type(self)):
            self._path = trails.root(model)
        # Related objects that are at hand, by field and key.
        self._known_related_objects: dict[Any, dict[Any, Any]] = {}

    # What holds until something else is said. On a trail there is a path, and no query.
    _path: trails.Path | None = None
    _params: tuple[Any, ...] = ()
    _result_cache: list[Row] | None = None
    _iterable_class: Any = _IterableClass()
    _fields: tuple[str, ...] | None = None
    _fetch_mode: Any = FETCH_ONE
    _prefetch_related_lookups: tuple[Any, ...] = ()
    _prefetch_done = _sticky_filter = _for_write = False
    _cloning_enabled = True
    #: For results that were prefetched: the object they belong to, its attribute, and the QuerySet that was narrowed.
    _source: tuple[Any, str, Any] | None = None
    _hints: dict[str, Any] = _HintsOfResults()  # type: ignore[assignment]  # (where there are none yet)
    #: A related manager's own condition, added when the query is looked at.
    _deferred_filter: tuple[bool, tuple[Any, ...], dict[str, Any]] | None = None

    @property
    def query(self) -> Any:
        """The syntax tree of the query."""
        if self._query is None:
            self._leave_trail()
        if self._deferred_filter is not None:
            negate, args, kwargs = self._deferred_filter
            self._deferred_filter = None
            condition = Q(*args, **kwargs)
            # The condition may be about relations that the QuerySet has joined already.
            self._query.add_q(~condition if negate else condition, reuse_all=True)
        return self._query

    @query.setter
    def query(self, value: Any) -> None:
        self._query, self._path = value, None
        if value.values_select:
            self._iterable_class = ValuesIterable

    def _leave_trail(self) -> None:
        """Make the query, of which there was but a path."""
        path, self._path = self._path, None
        if self._source is not None:
            self._hints  # noqa: B018 (they come from there)
            (obj, name, base), self._source = self._source, None
            source = getattr(obj, name)._apply_rel_filters(base)
            self._query = source.query
            self._known_related_objects = source._known_related_objects
        elif path is None:
            self._query = sql.Query(self.model)
        else:
            self._query = path.replay(self._params).query
            if self._result_cache is not None:
                # It would have been compiled, and so have a table.
                self._query.get_initial_alias()

    def _along(self, path: Any, params: tuple[Any, ...]) -> Any:
        """Return a copy that is at ``path``: what ``_chain()`` is off the trail."""
        return path.queryset(self, params)

    @property
    def db(self) -> str:
        """The alias of the database that the query would use now. Manual: topics/db/multi-db."""
        if self._db:
            return self._db
        choose = router.db_for_write if self._for_write else router.db_for_read
        return choose(self.model, **self._hints)

    @property
    def ordered(self) -> bool:
        """Whether the QuerySet is ordered, by itself or by its model's default."""
        path = self._path
        if path is not None and path.ordering is self.model._meta.ordering:
            return bool(path.ordered)
        if isinstance(self, EmptyQuerySet):
            return True
        query = self.query
        if query.extra_order_by or query.order_by:
            return True
        # A GROUP BY has the model's default ordering left out.
        return bool(query.default_ordering and query.get_meta().ordering and not query.group_by)

    @property
    def totally_ordered(self) -> bool:
        """Whether the order leaves nothing to chance: it has a unique field that is never null."""
        from nuages.db.models._query.ordering import is_total

        path = self._path
        if path is None or path.ordering is not self.model._meta.ordering:
            return is_total(self)
        if path.total is None:
            path.total = is_total(path.replay(self._params))
        return path.total

    # -- copies ------------------------------------------------------------------------------

    def _clone(self) -> Self:
        """Return a QuerySet with the same query and without results; subclasses extend this."""
        path = self._path
        # The path stays: this very QuerySet may go on along it.
        query = (self.query if path is None else path.replay(self._params).query).chain()
        twin = type(self)(model=self.model, query=query, using=self._db, hints=self._hints)
        for name in _CARRIED_OVER:
            setattr(twin, name, getattr(self, name))
        return twin

    def _chain(self) -> Self:
        """Return a copy for the next method in the chain to work on."""
        if not self._cloning_enabled:
            return self
        twin = self._clone()
        if twin._sticky_filter:
            twin.query.filter_is_sticky = True
            twin._sticky_filter = False
        return twin

    def _of_owners(self, name: str) -> Callable[[Any, list[Any]], Any]:
        """Return the function from an object, and what is related to it, to the QuerySet of these results.

        The query is this one, narrowed by the manager ``name`` of the object when somebody looks at it.
        """
        new, cls = object.__new__, type(self)
        common: dict[str, Any] = {
            **self.__dict__,
            "_query": None,
            "_path": None,
            "_prefetch_done": True,
            "_source": None,
            "_result_cache": None,
        }
        # These are put together when they are wanted.
        common.pop("_hints", None)

        def with_results(owner: Any, results: list[Any]) -> Any:
            twin: Any = new(cls)
            state = twin.__dict__ = common.copy()
            state["_source"] = owner, name, self
            state["_result_cache"] = results
            return twin

        return with_results

    def _disable_cloning(self) -> Self:
        """Let methods change this very object, until ``_enable_cloning()`` is called."""
        self.query  # noqa: B018 (a trail is never changed)
        self._cloning_enabled = False
        return self

    def _enable_cloning(self) -> Self:
        """Let methods return changed copies again."""
        self._cloning_enabled = True
        return self

    @contextmanager
    def _avoid_cloning(self) -> Iterator[None]:
        """Let methods change this very object within the block."""
        self._disable_cloning()
        try:
            yield
        finally:
            self._enable_cloning()

    def _next_is_sticky(self) -> Self:
        """Let the next filter use the joins of the one before, as in one ``filter()`` call."""
        self.query  # noqa: B018 (a trail does not know of it)
        self._sticky_filter = True
        return self

    def _add_hints(self, **hints: Any) -> None:
        """Add to what routers are told."""
        self._hints.update(hints)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """A deep copy has no results, so that nothing is fetched for it."""
        self.query  # noqa: B018 (a path is not to be copied)
        twin = type(self)()
        for name, value in vars(self).items():
            vars(twin)[name] = None if name == "_result_cache" else copy.deepcopy(value, memo)
        return twin

    def __getstate__(self) -> dict[str, Any]:
        # Pickling means pickling the results.
        self._fetch_all()
        self.query  # noqa: B018 (a path is not to be pickled)
        return {**vars(self), DJANGO_VERSION_PICKLE_KEY: nuages.__version__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        version = state.get(DJANGO_VERSION_PICKLE_KEY)
        if version is None:
            warnings.warn(
                "Pickled queryset instance's Django version is not specified.",
                RuntimeWarning,
                stacklevel=2,
            )
        elif version != nuages.__version__:
            warnings.warn(
                f"Pickled queryset instance's Django version {version} does not match the current "
                f"version {nuages.__version__}.",
                RuntimeWarning,
                stacklevel=2,
            )
        vars(self).update(state)

    # -- results -----------------------------------------------------------------------------

    def _fetch_steps(self) -> Steps[None]:
        if self._result_cache is None:
            self._result_cache = yield Call(self._load)
        if self._prefetch_related_lookups and not self._prefetch_done:
            yield from prefetch_steps(self._result_cache, *self._prefetch_related_lookups)
            self._prefetch_done = True

    def _load(self) -> list[Any]:
        if self._path is not None:
            results = trails.load(self)
            if results is not None:
                return results
        return list(self._iterable_class(self))

    def _fetch_all(self) -> None:
        """Run the query and the prefetches, unless that was done."""
        if not self._prefetch_related_lookups:
            if self._result_cache is None:
                self._result_cache = self._load()
        elif self._result_cache is None or not self._prefetch_done:
            run(self._fetch_steps())

    def _prefetch_related_objects(self) -> None:
        """Prefetch for the results that are there."""
        run(prefetch_steps(self._result_cache, *self._prefetch_related_lookups))
        self._prefetch_done = True

    def _results(self) -> list[Row]:
        self._fetch_all()
        return self._result_cache  # type: ignore[return-value]  # it is filled by now

    def __len__(self) -> int:
        return len(self._results())

    def __iter__(self) -> Iterator[Row]:
        return iter(self._results())

    async def __aiter__(self) -> AsyncIterator[Row]:
        await arun(_one_step(self._fetch_all))
        for item in self._result_cache or ():
            yield item

    def __bool__(self) -> bool:
        return bool(self._results())

    def __repr__(self) -> str:
        shown: list[Any] = list(self[: REPR_OUTPUT_SIZE + 1])
        if len(shown) > REPR_OUTPUT_SIZE:
            shown[-1] = "...(remaining elements truncated)..."
        return f"<{type(self).__name__} {shown!r}>"

    @overload
    def __getitem__(self, key: int) -> Row: ...
    @overload
    def __getitem__(self, key: slice) -> Self: ...
    def __getitem__(self, key: Any) -> Any:
        """Return one object, or a QuerySet of a slice (a list, where there are results already)."""
        if isinstance(key, slice):
            low, high = key.start, key.stop
            if isinstance(low, int) and low < 0 or isinstance(high, int) and high < 0:
                raise ValueError("Negative indexing is not supported.")
        elif not isinstance(key, int):
            raise TypeError(
                f"QuerySet indices must be integers or slices, not {type(key).__name__}."
            )
        elif key < 0:
            raise ValueError("Negative indexing is not supported.")
        if self._result_cache is not None:
            return self._result_cache[key]
        if not isinstance(key, slice):
            return self._sliced(key, key + 1)._results()[0]
        part = self._sliced(low if low is None else int(low), high if high is None else int(high))
        return list(part)[:: key.step] if key.step else part

    def _sliced(self, low: int | None, high: int | None) -> Any:
        if self._path is not None:
            part = self._path.step(self, "_sliced", (low, high), {})
            if part is not None:
                return part
        part = self._chain()
        part.query.set_limits(low, high)
        return part

    # -- combining ---------------------------------------------------------------------------

    def __and__(self, other: Any) -> Self:
        self._check_operator_queryset(other, "&")
        self._merge_sanity_check(other)
        empty: Any = next((side for side in (other, self) if isinstance(side, EmptyQuerySet)), None)
        return self._combined(other, sql.AND) if empty is None else empty

    def __or__(self, other: Any) -> Self:
        return self._either(other, "|", sql.OR)

    def __xor__(self, other: Any) -> Self:
        return self._either(other, "^", sql.XOR)

    def _either(self, other: Any, sign: str, connector: str) -> Any:
        self._check_operator_queryset(other, sign)
        self._merge_sanity_check(other)
        if isinstance(self, EmptyQuerySet):
            return other
        if isinstance(other, EmptyQuerySet):
            return self
        # A slice or a DISTINCT cannot be part of the other's WHERE: it becomes a subquery.
        left, right = (
            side if side.query.can_filter() else side._as_primary_keys() for side in (self, other)
        )
        return left._combined(right, connector)

    def _combined(self, other: Any, connector: str) -> Any:
        both = self._chain()
        for field, objects in other._known_related_objects.items():
            both._known_related_objects.setdefault(field, {}).update(objects)
        both.query.combine(other.query, connector)
        return both

    def _as_primary_keys(self) -> Any:
        itself: Any = self
        return self.model._base_manager.filter(pk__in=itself.values("pk"))

    def _check_operator_queryset(self, other: Any, operator_: str) -> None:
        if self.query.combinator or other.query.combinator:
            raise TypeError(f"Cannot use {operator_} operator with combined queryset.")

    def _merge_sanity_check(self, other: Any) -> None:
        """Raise ``TypeError`` if the two give different columns."""
        if self._fields is None:
            return
        mine, theirs = self.query, other.query
        if (
            set(mine.values_select) != set(theirs.values_select)
            or set(mine.extra_select) != set(theirs.extra_select)
            or set(mine.annotation_select) != set(theirs.annotation_select)
        ):
            raise TypeError(
                f"Merging '{type(self).__name__}' classes must involve the same values in each "
                "case."
            )

    def _combinator_query(self, combinator: str, *other_qs: Any, all: bool = False) -> Any:
        # The order of the parts has no effect, except where they are sliced.
        combined = self._chain()
        query = combined.query
        query.combinator, query.combinator_all = combinator, all
        query.combined_queries = tuple(each.query for each in (self, *other_qs))
        query.clear_limits()
        query.clear_ordering(force=True, clear_default=False)
        return combined

    def _not_support_combined_queries(self, operation_name: str) -> None:
        combinator = self._path is None and self.query.combinator
        if combinator:
            raise NotSupportedError(
                f"Calling QuerySet.{operation_name}() after {combinator}() is not supported."
            )

    # -- as part of another query ------------------------------------------------------------

    def resolve_expression(self, *args: Any, **kwargs: Any) -> Any:
        """Return the query, as a subquery of another."""
        query = self.query.resolve_expression(*args, **kwargs)
        query._db = self._db
        return query

    resolve_expression.queryset_only = True  # type: ignore[attr-defined]

    def _has_filters(self) -> bool:
        """Whether any condition was given."""
        return self.query.has_filters()

    @property
    def is_sliced(self) -> bool:
        """Whether a slice was taken."""
        return self.query.is_sliced if self._path is None else self._path.sliced

    def _filter_or_exclude_inplace(
        self, negate: bool, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        check_filter_kwargs(kwargs)
        condition = Q(*args, **kwargs)
        self._query.add_q(~condition if negate else condition)


#: What a copy has in common with its original, beyond what ``__init__`` is given.
_CARRIED_OVER = (
    "_sticky_filter",
    "_for_write",
    "_prefetch_related_lookups",
    "_known_related_objects",
    "_iterable_class",
    "_fetch_mode",
    "_fields",
)


class _InstanceCheckMeta(type):
    def __instancecheck__(cls, instance: object) -> bool:
        if not isinstance(instance, QuerySetCore):
            return False
        path = instance._path
        return bool(instance.query.is_empty() if path is None else path.empty)


class EmptyQuerySet(metaclass=_InstanceCheckMeta):
    """For ``isinstance(queryset, EmptyQuerySet)``: whether it comes from ``none()``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise TypeError("EmptyQuerySet can't be instantiated")


def _one_step(function: Callable[[], Any]) -> Steps[Any]:
    return (yield Call(function))


async def awaited(queryset: Any, name: str, /, *args: Any, **kwargs: Any) -> Any:
    """Await what the blocking method ``name`` does.

    The method itself is called, so that one that a subclass has overridden is honoured.
    """
    return await arun(_one_step(lambda: getattr(queryset, name)(*args, **kwargs)))
