"""Filters of list pages. Manual: "ModelAdmin List Filters".

A filter of a field is a sequence of *options*: what is shown, which parameters it stands for, and
the condition under which an object belongs to it. Links and counts both follow from the options.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, NamedTuple

from nuages.contrib.admin._names import IncorrectLookupParameters
from nuages.contrib.admin.utils import (
    build_q_object_from_lookup_parameters,
    get_last_value_from_parameters,
    get_model_from_relation,
    lookup_spawns_duplicates,
    prepare_lookup_value,
    reverse_field_path,
)
from nuages.core.exceptions import ImproperlyConfigured, ValidationError
from nuages.db import models
from nuages.db.models.aggregates import Count
from nuages.utils import timezone
from nuages.utils.translation import gettext_lazy as _

_ALL = _("All")


class Option(NamedTuple):
    """One choice of a filter.

    Attributes:
        label: what people read.
        selected: whether the page shows it.
        adds: parameters of its link.
        drops: parameters (or their beginnings) that its link leaves out.
        condition: which objects belong to it; ``None`` if these are not counted.
    """

    label: Any
    selected: bool
    adds: dict[str, Any] | None = None
    drops: Iterable[str] | None = None
    condition: models.Q | None = None


class FacetsMixin:
    """Counts how many objects each choice of a filter leaves."""

    request: Any
    expected_parameters: Callable[[], list[str]]

    def get_facet_counts(self, pk_attname: str, filtered_qs: Any) -> dict[str, Any]:
        """Return aggregates by name.

        Args:
            pk_attname: the primary key's attribute.
            filtered_qs: the objects that all other filters leave.

        Raises:
            NotImplementedError: the class does not say how its choices are counted.
        """
        raise NotImplementedError(
            "subclasses of FacetsMixin must provide a get_facet_counts() method."
        )

    def get_facet_queryset(self, changelist: Any) -> dict[str, int]:
        """Return the counts by the names of the aggregates, in one query."""
        others = changelist.get_queryset(
            self.request, exclude_parameters=self.expected_parameters()
        )
        counts = self.get_facet_counts(changelist.pk_attname, others)
        return others.order_by().aggregate(**counts) if counts else {}


class ListFilter:
    """A filter of a list page.

    Args:
        request: the request.
        params: parameters of the address that nobody took yet: lists of values by name. A filter
            removes those that it answers for.
        model: the model of the list.
        model_admin: its ModelAdmin.

    Attributes:
        title: stands above the choices.
        template: writes them.

    Raises:
        ImproperlyConfigured: it has no title.
    """

    title: Any = None
    template = "admin/filter.html"

    def __init__(self, request: Any, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        self.request = request
        self.used_parameters: dict[str, Any] = {}
        if self.title is None:
            raise ImproperlyConfigured(
                f"The list filter '{type(self).__name__}' does not specify a 'title'."
            )

    def _take(self, params: dict[str, Any], prepare: Callable[[str, Any], Any]) -> None:
        """Move the parameters that this filter expects to those that it uses."""
        for name in self.expected_parameters():
            if name in params:
                self.used_parameters[name] = prepare(name, params.pop(name))

    def _missing(self, method: str) -> NotImplementedError:
        return NotImplementedError(f"subclasses of ListFilter must provide a {method}() method")

    def has_output(self) -> bool:
        """Whether there is something to choose."""
        raise self._missing("has_output")

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        """Yield choices: ``selected``, ``query_string`` and ``display``."""
        raise self._missing("choices")

    def queryset(self, request: Any, queryset: Any) -> Any:
        """Return the objects that are left, or ``None`` for all."""
        raise self._missing("queryset")

    def expected_parameters(self) -> list[str]:
        """Return the names of the parameters that it answers for."""
        raise self._missing("expected_parameters")


def _links(filter_: Any, changelist: Any, options: Iterable[Option]) -> Iterator[dict[str, Any]]:
    """Yield options as templates want them, with counts where the page shows these."""
    counts = filter_.get_facet_queryset(changelist) if changelist.add_facets else None
    for number, option in enumerate(options):
        label = option.label
        if counts is not None and option.condition is not None:
            label = f"{label} ({counts.get(f'{number}__c', '-')})"
        yield {
            "selected": option.selected,
            "query_string": changelist.get_query_string(option.adds, option.drops),
            "display": label,
        }


class SimpleListFilter(FacetsMixin, ListFilter):
    """A filter whose choices and conditions a project writes.

    Attributes:
        parameter_name: its parameter in addresses.

    Raises:
        ImproperlyConfigured: it has no title or no parameter's name.
    """

    parameter_name: Any = None

    def __init__(self, request: Any, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        if self.parameter_name is None:
            raise ImproperlyConfigured(
                f"The list filter '{type(self).__name__}' does not specify a 'parameter_name'."
            )
        self._take(params, lambda name, values: values[-1])
        self.lookup_choices = list(self.lookups(request, model_admin) or ())

    def has_output(self) -> bool:
        """Whether there is something to choose."""
        return bool(self.lookup_choices)

    def value(self) -> Any:
        """Return what was chosen, or ``None``."""
        return self.used_parameters.get(self.parameter_name)

    def lookups(self, request: Any, model_admin: Any) -> Any:
        """Return pairs of a value and what people read; none to leave the filter out."""
        raise NotImplementedError(
            "The SimpleListFilter.lookups() method must be overridden to return a list of tuples "
            "(value, verbose value)."
        )

    def expected_parameters(self) -> list[str]:
        """Return the names of the parameters that it answers for."""
        return [self.parameter_name]

    def get_facet_counts(self, pk_attname: str, filtered_qs: Any) -> dict[str, Any]:
        """Return counts of the choices: ``queryset()`` is asked as if each were chosen."""
        chosen = self.used_parameters
        counts = {}
        try:
            for number, (value, _label) in enumerate(self.lookup_choices, 1):
                self.used_parameters = {**chosen, self.parameter_name: value}
                left = self.queryset(self.request, filtered_qs)
                if left is not None:
                    inside = models.Q(pk__in=left.order_by().values("pk"))
                    counts[f"{number}__c"] = Count(pk_attname, filter=inside)
        finally:
            self.used_parameters = chosen
        return counts

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        """Yield choices: ``selected``, ``query_string`` and ``display``."""
        name, chosen = self.parameter_name, self.value()
        counted = models.Q()
        options = [Option(_ALL, chosen is None, drops=[name])]
        options += (
            Option(label, chosen == str(value), {name: value}, condition=counted)
            for value, label in self.lookup_choices
        )
        return _links(self, changelist, options)


class FieldListFilter(FacetsMixin, ListFilter):
    """A filter by the values of a field.

    Args:
        field: the field.
        request: the request.
        params: parameters of the address that nobody took yet.
        model: the model of the list.
        model_admin: its ModelAdmin.
        field_path: how the field is reached from the model.
    """

    _field_list_filters: ClassVar[list[tuple[Callable[[Any], bool], type[FieldListFilter]]]] = []
    _take_priority_index = 0
    list_separator = ","

    def __init__(
        self,
        field: Any,
        request: Any,
        params: dict[str, Any],
        model: Any,
        model_admin: Any,
        field_path: str,
    ) -> None:
        self.field, self.field_path = field, field_path
        self.title = getattr(field, "verbose_name", field_path)
        super().__init__(request, params, model, model_admin)
        self._multiplies = lookup_spawns_duplicates(model._meta, field_path)
        self._take(
            params, lambda name, values: prepare_lookup_value(name, values, self.list_separator)
        )

    def has_output(self) -> bool:
        """Whether there is something to choose."""
        return True

    def queryset(self, request: Any, queryset: Any) -> Any:
        """Return the objects that have one of the chosen values.

        Raises:
            IncorrectLookupParameters: the field cannot have such a value.
        """
        try:
            return queryset.filter(build_q_object_from_lookup_parameters(self.used_parameters))
        except (ValueError, ValidationError) as error:
            raise IncorrectLookupParameters(error) from error

    def _options(self) -> Iterable[Option]:
        """Return what can be chosen."""
        return ()

    def get_facet_counts(self, pk_attname: str, filtered_qs: Any) -> dict[str, Any]:
        """Return a count for each option that has a condition."""
        return {
            f"{number}__c": Count(pk_attname, filter=option.condition, distinct=self._multiplies)
            for number, option in enumerate(self._options())
            if option.condition is not None
        }

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        """Yield choices: ``selected``, ``query_string`` and ``display``."""
        return _links(self, changelist, self._options())

    @classmethod
    def register(
        cls, test: Callable[[Any], bool], list_filter_class: type, take_priority: bool = False
    ) -> None:
        """Use a class for the fields that pass a test.

        Args:
            test: takes a field.
            list_filter_class: the class.
            take_priority: ask this test before those of the admin.
        """
        place = len(cls._field_list_filters)
        if take_priority:
            place = cls._take_priority_index
            cls._take_priority_index += 1
        cls._field_list_filters.insert(place, (test, list_filter_class))

    @classmethod
    def create(
        cls,
        field: Any,
        request: Any,
        params: dict[str, Any],
        model: Any,
        model_admin: Any,
        field_path: str,
    ) -> Any:
        """Return a filter of the first class whose test the field passes; ``None`` if none fits."""
        fitting = (made for test, made in cls._field_list_filters if test(field))
        found = next(fitting, None)
        return found and found(field, request, params, model, model_admin, field_path=field_path)


class _ValuesFilter(FieldListFilter):
    """What filters share that offer single values, and "none" where there can be none.

    A class names its two parameters in ``_suffix`` and gives values in ``_values()``.
    """

    _suffix = ""

    def __init__(
        self,
        field: Any,
        request: Any,
        params: dict[str, Any],
        model: Any,
        model_admin: Any,
        field_path: str,
    ) -> None:
        self.lookup_kwarg = f"{field_path}{self._suffix}"
        self.lookup_kwarg_isnull = f"{field_path}__isnull"
        self.lookup_val = params.get(self.lookup_kwarg)
        self.lookup_val_isnull = get_last_value_from_parameters(params, self.lookup_kwarg_isnull)
        self.empty_value_display = model_admin.get_empty_value_display()
        super().__init__(field, request, params, model, model_admin, field_path)

    def expected_parameters(self) -> list[str]:
        """Return the names of the parameters that it answers for."""
        return [self.lookup_kwarg, self.lookup_kwarg_isnull]

    def _values(self) -> Iterable[tuple[Any, Any]]:
        """Return pairs of a value and a label; ``None`` as value is "there is none"."""
        return ()

    def _is_chosen(self, value: Any) -> bool:
        return self.lookup_val is not None and str(value) in self.lookup_val

    def _options(self) -> Iterator[Option]:
        """Yield "All", each value, and "none" last."""
        value_name, null_name = self.lookup_kwarg, self.lookup_kwarg_isnull
        wants_null = bool(self.lookup_val_isnull)
        nothing = self.lookup_val is None and not wants_null
        yield Option(_ALL, nothing, drops=[value_name, null_name])
        null_label = None
        for value, label in self._values():
            if value is None:
                null_label = label
                continue
            condition = models.Q((value_name, value))
            yield Option(label, self._is_chosen(value), {value_name: value}, [null_name], condition)
        if null_label is not None:
            condition = models.Q((null_name, True))
            yield Option(null_label, wants_null, {null_name: "True"}, [value_name], condition)


class RelatedFieldListFilter(_ValuesFilter):
    """A filter by related objects."""

    def __init__(
        self,
        field: Any,
        request: Any,
        params: dict[str, Any],
        model: Any,
        model_admin: Any,
        field_path: str,
    ) -> None:
        other_model = get_model_from_relation(field)
        self._suffix = f"__{field.target_field.name}__exact"
        super().__init__(field, request, params, model, model_admin, field_path)
        self.lookup_choices = self.field_choices(field, request, model_admin)
        self.lookup_title = getattr(field, "verbose_name", other_model._meta.verbose_name)
        self.title = self.lookup_title

    @property
    def include_empty_choice(self) -> bool:
        """Whether there can be no related object."""
        return self.field.null or (self.field.is_relation and self.field.many_to_many)

    def has_output(self) -> bool:
        """Whether there is more than one choice."""
        return len(self.lookup_choices) + bool(self.include_empty_choice) > 1

    def field_admin_ordering(self, field: Any, request: Any, model_admin: Any) -> Any:
        """Return how the admin of the related model sorts its list, if there is one."""
        site, related = model_admin.admin_site, field.remote_field.model
        return (
            site.get_model_admin(related).get_ordering(request)
            if (site.is_registered(related))
            else ()
        )

    def field_choices(self, field: Any, request: Any, model_admin: Any) -> list[tuple[Any, str]]:
        """Return pairs of a key and what people read."""
        order = self.field_admin_ordering(field, request, model_admin)
        return field.get_choices(include_blank=False, ordering=order)

    def _values(self) -> Iterable[tuple[Any, Any]]:
        rest = [(None, self.empty_value_display)] if self.include_empty_choice else []
        return [*self.lookup_choices, *rest]


class RelatedOnlyFieldListFilter(RelatedFieldListFilter):
    """A filter by those related objects that are referred to."""

    def field_choices(self, field: Any, request: Any, model_admin: Any) -> list[tuple[Any, str]]:
        """Return pairs of a key and what people read."""
        used = model_admin.get_queryset(request).distinct()
        return field.get_choices(
            include_blank=False,
            limit_choices_to={"pk__in": used.values_list(f"{self.field_path}__pk", flat=True)},
            ordering=self.field_admin_ordering(field, request, model_admin),
        )


class BooleanFieldListFilter(_ValuesFilter):
    """A filter by yes, no, and unknown."""

    _suffix = "__exact"
    _WORDS = ((True, _("Yes")), (False, _("No")), (None, _("Unknown")))

    def _is_chosen(self, value: Any) -> bool:
        last = self.lookup_val[-1] if self.lookup_val else None
        return str(last) == value and not self.lookup_val_isnull

    def _values(self) -> Iterable[tuple[Any, Any]]:
        own = dict(self.field.flatchoices)
        return [
            (None if state is None else str(int(state)), own.get(state, word))
            for state, word in self._WORDS
            if state is not None or self.field.null
        ]


class ChoicesFieldListFilter(_ValuesFilter):
    """A filter by a field's choices."""

    _suffix = "__exact"

    def _values(self) -> Iterable[tuple[Any, Any]]:
        return self.field.flatchoices


class AllValuesFieldListFilter(_ValuesFilter):
    """A filter by the values that there are."""

    def __init__(
        self,
        field: Any,
        request: Any,
        params: dict[str, Any],
        model: Any,
        model_admin: Any,
        field_path: str,
    ) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        owner, _path = reverse_field_path(model, field_path)
        if owner is model:
            rows = model_admin.get_queryset(request)
        else:
            rows = owner._default_manager.all()
        values = rows.distinct().order_by(field.name).values_list(field.name, flat=True)
        self.lookup_choices = values

    def _values(self) -> Iterable[tuple[Any, Any]]:
        return [
            (None, self.empty_value_display) if value is None else (str(value), value)
            for value in self.lookup_choices
        ]


class DateFieldListFilter(FieldListFilter):
    """A filter by a few periods.

    Attributes:
        links: pairs of what people read and the parameters of the period.
    """

    def __init__(
        self,
        field: Any,
        request: Any,
        params: dict[str, Any],
        model: Any,
        model_admin: Any,
        field_path: str,
    ) -> None:
        self.field_generic = f"{field_path}__"
        self.date_params = {
            name: values[-1]
            for name, values in params.items()
            if name.startswith(self.field_generic)
        }
        self.lookup_kwarg_since, self.lookup_kwarg_until, self.lookup_kwarg_isnull = (
            f"{field_path}__{lookup}" for lookup in ("gte", "lt", "isnull")
        )
        periods: list[tuple[Any, dict[str, str]]] = [(_("Any date"), {})]
        periods += [
            (label, {self.lookup_kwarg_since: str(since), self.lookup_kwarg_until: str(until)})
            for label, since, until in _periods(isinstance(field, models.DateTimeField))
        ]
        if field.null:
            periods += [
                (_("No date"), {self.lookup_kwarg_isnull: "True"}),
                (_("Has date"), {self.lookup_kwarg_isnull: "False"}),
            ]
        self.links = tuple(periods)
        super().__init__(field, request, params, model, model_admin, field_path)

    def expected_parameters(self) -> list[str]:
        """Return the names of the parameters that it answers for."""
        names = [self.lookup_kwarg_since, self.lookup_kwarg_until]
        return [*names, self.lookup_kwarg_isnull] if self.field.null else names

    def _options(self) -> Iterator[Option]:
        isnull = self.lookup_kwarg_isnull
        for label, wanted in self.links:
            condition = models.Q(
                *(
                    (name, value == "True" if name == isnull else value)
                    for name, value in wanted.items()
                )
            )
            selected = self.date_params == wanted
            yield Option(label, selected, wanted, [self.field_generic], condition)


def _periods(with_time: bool) -> Iterator[tuple[Any, Any, Any]]:
    """Yield label, first and following day (or moment) of each period that date filters offer."""
    now = timezone.now()
    if timezone.is_aware(now):
        now = timezone.localtime(now)
    day: Any = now.replace(hour=0, minute=0, second=0, microsecond=0) if with_time else now.date()
    next_day = day + datetime.timedelta(days=1)
    month, year = day.replace(day=1), day.replace(month=1, day=1)
    next_year = year.replace(year=year.year + 1)
    next_month = next_year if day.month == 12 else month.replace(month=day.month + 1)
    yield _("Today"), day, next_day
    yield _("Past 7 days"), day - datetime.timedelta(days=7), next_day
    yield _("This month"), month, next_month
    yield _("This year"), year, next_year


class EmptyFieldListFilter(FieldListFilter):
    """A filter by whether there is a value.

    Raises:
        ImproperlyConfigured: the field always has one.
    """

    def __init__(
        self,
        field: Any,
        request: Any,
        params: dict[str, Any],
        model: Any,
        model_admin: Any,
        field_path: str,
    ) -> None:
        if not (field.empty_strings_allowed or field.null):
            raise ImproperlyConfigured(
                f"The list filter '{type(self).__name__}' cannot be used with field "
                f"'{field.name}' which doesn't allow empty strings and nulls."
            )
        self.lookup_kwarg = f"{field_path}__isempty"
        self.lookup_val = get_last_value_from_parameters(params, self.lookup_kwarg)
        super().__init__(field, request, params, model, model_admin, field_path)

    def get_lookup_condition(self) -> models.Q:
        """Return the condition under which there is no value."""
        ways = []
        if self.field.empty_strings_allowed:
            ways.append(models.Q((self.field_path, "")))
        if self.field.null:
            ways.append(models.Q((f"{self.field_path}__isnull", True)))
        return models.Q(*ways, _connector=models.Q.OR)

    def queryset(self, request: Any, queryset: Any) -> Any:
        """Return the objects with, or without a value.

        Raises:
            IncorrectLookupParameters: neither was asked for.
        """
        if self.lookup_kwarg not in self.used_parameters:
            return queryset
        condition = self.get_lookup_condition()
        wanted = {"1": condition, "0": ~condition}.get(self.lookup_val)
        if wanted is None:
            raise IncorrectLookupParameters
        return queryset.filter(wanted)

    def expected_parameters(self) -> list[str]:
        """Return the names of the parameters that it answers for."""
        return [self.lookup_kwarg]

    def _options(self) -> Iterator[Option]:
        name, chosen, condition = self.lookup_kwarg, self.lookup_val, self.get_lookup_condition()
        yield Option(_ALL, chosen is None, drops=[name])
        for value, label, wanted in (
            ("1", _("Empty"), condition),
            ("0", _("Not empty"), ~condition),
        ):
            yield Option(label, chosen == value, {name: value}, condition=wanted)


_FITS: tuple[tuple[Callable[[Any], Any], type[FieldListFilter]], ...] = (
    (lambda field: field.remote_field, RelatedFieldListFilter),
    (lambda field: isinstance(field, models.BooleanField), BooleanFieldListFilter),
    (lambda field: field.choices, ChoicesFieldListFilter),
    (lambda field: isinstance(field, models.DateField), DateFieldListFilter),
    (lambda field: True, AllValuesFieldListFilter),
)
for _test, _class in _FITS:
    FieldListFilter.register(_test, _class)
