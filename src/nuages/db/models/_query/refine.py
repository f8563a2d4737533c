"""The methods of a QuerySet that return another QuerySet."""

from __future__ import annotations

import datetime
import itertools
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, Self, overload

from nuages.db.models._query.core import EmptyQuerySet as _Empty
from nuages.db.models._query.core import QuerySetCore, refines
from nuages.db.models._query.iterables import (
    FlatValuesListIterable,
    NamedValuesListIterable,
    ValuesIterable,
    ValuesListIterable,
)
from nuages.db.models._typing import Row
from nuages.db.models.constants import LOOKUP_SEP
from nuages.db.models.expressions import F
from nuages.db.models.query_utils import FilteredRelation, Q
from nuages.utils import timezone
from nuages.utils.deprecation import RemovedInDjango2028Warning

if TYPE_CHECKING:
    from nuages.db.models.query import QuerySet

_FILTER_SLICED = "Cannot filter a query once a slice has been taken."
_REORDER_SLICED = "Cannot reorder a query once a slice has been taken."
_CHANGE_SLICED = "Cannot change a query once a slice has been taken."
_DISTINCT_SLICED = "Cannot create distinct fields once a slice has been taken."


class Refinements(QuerySetCore[Row]):
    """Narrowing, ordering, annotating and choosing columns. Manual: ref/models/querysets."""

    # -- conditions --------------------------------------------------------------------------

    def exclude(self, *args: Any, **kwargs: Any) -> Self:
        """Return the objects that do not meet the conditions."""
        if self._path is not None and not args and not self._defer_next_filter:
            further = self._path.step(self, "exclude", (), kwargs)
            if further is not None:
                return further
        self._not_support_combined_queries("exclude")
        return self._filter_or_exclude(True, args, kwargs)

    def filter(self, *args: Any, **kwargs: Any) -> Self:
        """Return the objects that meet the conditions."""
        if self._path is not None and not args and not self._defer_next_filter:
            further = self._path.step(self, "filter", (), kwargs)
            if further is not None:
                return further
        self._not_support_combined_queries("filter")
        return self._filter_or_exclude(False, args, kwargs)

    def all(self) -> Self:
        """Return a copy, without results."""
        return self._twin()

    def _twin(self) -> Self:
        if self._path is None:
            return self._chain()
        return self._along(self._path, self._params)

    def _filter_or_exclude(
        self, negate: bool, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Self:
        if (args or kwargs) and self.is_sliced:
            raise TypeError(_FILTER_SLICED)
        narrowed = self._chain()
        if self._defer_next_filter:
            # A related manager's condition waits: the query may never be looked at.
            self._defer_next_filter = False
            narrowed._deferred_filter = negate, args, kwargs
        else:
            narrowed._filter_or_exclude_inplace(negate, args, kwargs)
        return narrowed

    #: Set by related managers before they call ``filter()``.
    _defer_next_filter = False

    # -- for relations -------------------------------------------------------------------------

    def _related_to(self, **conditions: Any) -> Self:
        """Return what meets a related manager's own condition; the next one may use its joins."""
        first = self._next_is_sticky()
        first._defer_next_filter = True
        return first.filter(**conditions)

    def _related_to_any(self, *columns: str, **conditions: Any) -> Self:
        """Return what meets a prefetch's condition, in which joins that are there are used again.

        Args:
            columns: names for columns of the table between, each followed by its SQL.
        """
        source = self._next_is_sticky() if columns else self
        found = source._chain()
        found.query.add_q(Q(**conditions), reuse_all=True)
        if columns:
            found = found.extra(select=dict(zip(columns[::2], columns[1::2], strict=True)))
        return found

    @refines(trail=True)
    def _at_extreme(self, latest: int, *order: Any) -> None:
        """Return the one that comes first by an order; with ``latest`` the last one."""
        query = self.query
        query.set_limits(high=1)
        query.clear_ordering(force=True)
        query.add_ordering(*order)
        if latest:
            query.standard_ordering = not query.standard_ordering

    @refines(trail=True)
    def _unordered(self) -> None:
        """Return the objects in any order, whatever was said before."""
        self.query.clear_ordering(force=True)

    def complex_filter(self, filter_obj: Any) -> Self:
        """Return what meets a ``Q`` object or a dictionary of conditions."""
        if not isinstance(filter_obj, Q):
            return self._filter_or_exclude(False, (), filter_obj)
        narrowed = self._chain()
        narrowed.query.add_q(filter_obj)
        return narrowed

    @refines(trail=True)
    def none(self) -> None:
        """Return an empty QuerySet, for which nothing is fetched."""
        self.query.set_empty()

    # -- several QuerySets -------------------------------------------------------------------

    def union(self, *other_qs: Any, all: bool = False) -> Self:
        """Return the rows of this and other QuerySets; equal ones once, unless ``all``."""
        if isinstance(self, _Empty):
            # Empty parts add nothing; the first one left gives the columns.
            parts = [each for each in other_qs if not isinstance(each, _Empty)]
            if not parts:
                return self
            first, *rest = parts
            if not rest:
                return first
            return first._combinator_query("union", *rest, all=all)
        if not other_qs:
            return self
        return self._combinator_query("union", *other_qs, all=all)

    def intersection(self, *other_qs: Any) -> Self:
        """Return the rows that are in this and all the other QuerySets."""
        empty: Any = next((each for each in (self, *other_qs) if isinstance(each, _Empty)), None)
        if empty is not None:
            return empty
        return self._combinator_query("intersection", *other_qs)

    def difference(self, *other_qs: Any) -> Self:
        """Return the rows that are in this, but in none of the other QuerySets."""
        return self if isinstance(self, _Empty) else self._combinator_query("difference", *other_qs)

    # -- order -------------------------------------------------------------------------------

    @refines(sliced=_REORDER_SLICED, trail=True)
    def order_by(self, *field_names: Any) -> None:
        """Return the objects in the order of these fields; without any, in no order."""
        self.query.clear_ordering(force=True, clear_default=False)
        self.query.add_ordering(*field_names)

    @refines(sliced="Cannot reverse a query once a slice has been taken.", trail=True)
    def reverse(self) -> None:
        """Return the objects in the opposite order."""
        self.query.standard_ordering = not self.query.standard_ordering

    @refines(combined=False, sliced=_DISTINCT_SLICED, trail=True)
    def distinct(self, *field_names: str) -> None:
        """Return each row once; with names, the first row of each combination of the fields."""
        self.query.add_distinct_fields(*field_names)

    # -- columns -----------------------------------------------------------------------------

    def _values(self, *fields: str, **expressions: Any) -> Self:
        chosen = self._chain()
        if expressions:
            chosen = chosen.annotate(**expressions)
        chosen._fields = fields
        chosen.query.set_values(fields)
        return chosen

    def values(self, *fields: Any, **expressions: Any) -> QuerySet[dict[str, Any]]:
        """Return dictionaries of these fields and expressions instead of instances."""
        if self._path is not None and not expressions:
            further = self._path.step(self, "values", fields, {})
            if further is not None:
                return further
        chosen: Any = self._values(*fields, *expressions, **expressions)
        chosen._iterable_class = ValuesIterable
        return chosen

    @overload
    def values_list(
        self, *fields: Any, flat: Literal[False] = ..., named: bool = ...
    ) -> QuerySet[tuple[Any, ...]]: ...
    @overload
    def values_list(self, *fields: Any, flat: bool, named: bool = ...) -> QuerySet[Any]: ...
    def values_list(self, *fields: Any, flat: bool = False, named: bool = False) -> QuerySet[Any]:
        """Return tuples of these fields and expressions instead of instances.

        With ``flat``, and one field, its values; with ``named``, named tuples.
        """
        if self._path is not None and (fields or not flat):
            further = self._path.step(self, "values_list", fields, {"flat": flat, "named": named})
            if further is not None:
                return further
        if flat and named:
            raise TypeError("'flat' and 'named' can't be used together.")
        if flat and len(fields) > 1:
            raise TypeError(
                "'flat' is not valid when values_list is called with more than one field."
            )
        if flat and not fields:
            warnings.warn(
                "Calling values_list() with no field name and flat=True is deprecated. Pass an "
                "explicit field name instead, like 'pk'.",
                RemovedInDjango2028Warning,
                stacklevel=2,
            )
            fields = (self.model._meta.concrete_fields[0].attname,)
        names, expressions = _named_expressions(fields)
        chosen: Any = self._values(*names, **expressions)
        if named:
            chosen._iterable_class = NamedValuesListIterable
        else:
            chosen._iterable_class = FlatValuesListIterable if flat else ValuesListIterable
        return chosen

    def dates(self, field_name: str, kind: str, order: str = "ASC") -> QuerySet[datetime.date]:
        """Return the dates of a field, cut off at a unit, each once."""
        from nuages.db.models.functions import Trunc

        _check_choice("kind", kind, ("year", "month", "week", "day"))
        _check_choice("order", order, ("ASC", "DESC"), either=True)
        cut = Trunc(field_name, kind, output_field=_model_field("DateField"))
        return self._moments(field_name, cut, order)

    def datetimes(
        self,
        field_name: str,
        kind: str,
        order: str = "ASC",
        tzinfo: datetime.tzinfo | None = None,
    ) -> QuerySet[datetime.datetime]:
        """Return the datetimes of a field, cut off at a unit, each once."""
        from nuages.conf import settings
        from nuages.db.models.functions import Trunc

        units = ("year", "month", "week", "day", "hour", "minute", "second")
        _check_choice("kind", kind, units)
        _check_choice("order", order, ("ASC", "DESC"), either=True)
        if not settings.USE_TZ:
            tzinfo = None
        elif tzinfo is None:
            tzinfo = timezone.get_current_timezone()
        cut = Trunc(field_name, kind, output_field=_model_field("DateTimeField"), tzinfo=tzinfo)
        return self._moments(field_name, cut, order)

    def _moments(self, field_name: str, cut: Any, order: str) -> QuerySet[Any]:
        name = type(cut.output_field).__name__.lower()
        dated = self.annotate(**{name: cut}, plain_field=F(field_name))
        moments = dated.values_list(name, flat=True).distinct()
        moments = moments.filter(plain_field__isnull=False)
        return moments.order_by(name if order == "ASC" else f"-{name}")

    def annotate(self, *args: Any, **kwargs: Any) -> Self:
        """Return the objects, each with these expressions as attributes."""
        return self._annotate(args, kwargs)

    def alias(self, *args: Any, **kwargs: Any) -> Self:
        """Return the objects; the expressions can be used in other methods, and are not fetched."""
        return self._annotate(args, kwargs, select=False)

    def _annotate(self, args: tuple[Any, ...], kwargs: dict[str, Any], select: bool = True) -> Self:
        asked = "annotate" if select else "alias"
        self._not_support_combined_queries(asked)
        self._validate_values_are_expressions((*args, *kwargs.values()), method_name=asked)
        annotations: dict[str, Any] = {}
        for arg in args:
            alias = _default_alias(arg, "Complex annotations require an alias")
            if alias in kwargs:
                raise ValueError(
                    f"The named annotation '{alias}' conflicts with the default name for another "
                    "annotation."
                )
            annotations[alias] = arg
        annotations.update(kwargs)

        annotated = self._chain()
        query = annotated.query
        if annotated._fields is None:
            taken = _field_names(self.model)
        else:
            taken = set(annotated._fields)
        grouping = False
        for alias, annotation in annotations.items():
            if alias in taken:
                raise ValueError(f"The annotation '{alias}' conflicts with a field on the model.")
            if isinstance(annotation, FilteredRelation):
                query.add_filtered_relation(annotation, alias)
                continue
            query.add_annotation(annotation, alias, select=select)
            grouping = grouping or (
                alias in query.annotations and query.annotations[alias].contains_aggregate
            )
        if grouping:
            # Without values() the rows are grouped by model, with it by the values.
            if annotated._fields is None:
                query.group_by = True
            else:
                query.set_group_by()
        return annotated

    @refines(combined=False, instances=True, trail=True)
    def only(self, *fields: str) -> None:
        """Return the objects with these fields alone: any other is fetched when it is read."""
        if None in fields:
            raise TypeError("Cannot pass None as an argument to only().")
        self._refuse_filtered("only()", fields)
        self.query.add_immediate_loading(fields)

    @refines(combined=False, instances=True, trail=True)
    def defer(self, *fields: str | None) -> None:
        """Return the objects without these fields: each is fetched when it is read."""
        if fields == (None,):
            self.query.clear_deferred_loading()
        else:
            self.query.add_deferred_loading(fields)

    def _refuse_filtered(self, what: str, paths: Iterable[str]) -> None:
        """Raise ``ValueError`` for a path that begins with a ``FilteredRelation``."""
        relations = self.query._filtered_relations
        if any(path.partition(LOOKUP_SEP)[0] in relations for path in paths):
            raise ValueError(f"{what} is not supported with FilteredRelation.")

    # -- related objects ---------------------------------------------------------------------

    @refines(combined=False, instances=True, trail=True)
    def select_related(self, *fields: Any) -> None:
        """Return the objects with those behind these relations, in the same query."""
        match fields:
            case ():
                warnings.warn(
                    "Calling select_related() with no arguments is deprecated. Specify the fields "
                    "to fetch instead.",
                    RemovedInDjango2028Warning,
                    stacklevel=3,
                )
                self.query.select_related = True
            case (None,):
                self.query.select_related = False
            case _:
                self.query.add_select_related(fields)

    def prefetch_related(self, *lookups: Any) -> Self:
        """Return the objects with those behind these relations, in a query per relation."""
        prefetching = Refinements.all(self)
        if lookups == (None,):
            prefetching._prefetch_related_lookups = ()
            return prefetching
        if self._path is None:
            self._not_support_combined_queries("prefetch_related")
            paths = (getattr(lookup, "prefetch_to", lookup) for lookup in lookups)
            self._refuse_filtered("prefetch_related()", paths)
        prefetching._prefetch_related_lookups += lookups
        return prefetching

    @refines()
    def fetch_mode(self, fetch_mode: Any) -> None:
        """Return the objects; ``mode`` says how fields that are missing will be fetched."""
        self._fetch_mode = fetch_mode

    @refines(combined=False, sliced=_CHANGE_SLICED)
    def extra(
        self,
        select: dict[str, Any] | None = None,
        where: Any = None,
        params: Any = None,
        tables: Any = None,
        order_by: Any = None,
        select_params: Any = None,
    ) -> None:
        """Return the objects of a query with these pieces of SQL in it."""
        self.query.add_extra(select, select_params, where, params, tables, order_by)

    # -- the rest ----------------------------------------------------------------------------

    def using(self, alias: str | None) -> Self:
        """Return the objects of the database with that alias."""
        there = Refinements.all(self)
        there._db = alias
        return there

    def select_for_update(
        self,
        nowait: bool = False,
        skip_locked: bool = False,
        of: Iterable[str] = (),
        no_key: bool = False,
    ) -> Self:
        """Return the objects, whose rows are locked until the end of the transaction."""
        if nowait and skip_locked:
            raise ValueError("The nowait option cannot be used with skip_locked.")
        return self._locking(
            select_for_update=True,
            select_for_update_nowait=nowait,
            select_for_update_skip_locked=skip_locked,
            select_for_update_of=of,
            select_for_no_key_update=no_key,
        )

    def _locking(self, **options: Any) -> Self:
        self._not_support_combined_queries("select_for_update")
        locking = self._chain()
        locking._for_write = True
        for name, value in options.items():
            setattr(locking.query, name, value)
        return locking

    @staticmethod
    def _validate_values_are_expressions(values: Iterable[Any], method_name: str) -> None:
        wrong = [str(value) for value in values if not hasattr(value, "resolve_expression")]
        if wrong:
            raise TypeError(
                f"QuerySet.{method_name}() received non-expression(s): {', '.join(wrong)}."
            )


def _default_alias(expression: Any, otherwise: str) -> str:
    """The name that an expression gives itself; ``TypeError`` if it has none."""
    try:
        return expression.default_alias
    except (AttributeError, TypeError):
        raise TypeError(otherwise) from None


def _field_names(model: Any) -> set[str]:
    """All names that mean a field of ``model``."""
    return {
        name
        for field in model._meta.get_fields()
        for name in ([field.name, field.attname] if hasattr(field, "attname") else [field.name])
    }


def _named_expressions(fields: tuple[Any, ...]) -> tuple[list[str], dict[str, Any]]:
    """The names for ``values()``, made unique by a number: of expressions, and of names given twice."""
    taken = {field for field in fields if not hasattr(field, "resolve_expression")}
    names: list[str] = []
    expressions: dict[str, Any] = {}
    number = 1
    for field in fields:
        if not hasattr(field, "resolve_expression"):
            name = field
            if field in names:
                free = (f"{field}{n}" for n in itertools.count(1))
                name = next(other for other in free if other not in taken)
                taken.add(name)
                expressions[name] = F(field)
            names.append(name)
            continue
        prefix = getattr(field, "default_alias", field.__class__.__name__.lower())
        while (name := f"{prefix}{number}") in taken:
            number += 1
        taken.add(name)
        expressions[name] = field
        names.append(name)
    return names, expressions


def _check_choice(what: str, value: str, choices: tuple[str, ...], either: bool = False) -> None:
    if value not in choices:
        *most, last = (repr(choice) for choice in choices)
        listed = f"either {most[0]} or {last}" if either else f"one of {', '.join(most)}, or {last}"
        raise ValueError(f"'{what}' must be {listed}.")


def _model_field(name: str) -> Any:
    from nuages.db.models import fields

    return getattr(fields, name)()
