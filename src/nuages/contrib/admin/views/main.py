"""The list of objects that a page shows. Manual: "ModelAdmin.get_changelist()"."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from typing import Any

from nuages import forms
from nuages.contrib import messages
from nuages.contrib.admin import _order, _scale
from nuages.contrib.admin._export import EXPORT_VAR
from nuages.contrib.admin._names import (
    IS_FACETS_VAR,
    IS_POPUP_VAR,
    SOURCE_MODEL_VAR,
    TO_FIELD_VAR,
    IncorrectLookupParameters,
    ShowFacets,
)
from nuages.contrib.admin._views import COLUMNS_VAR
from nuages.contrib.admin.exceptions import (
    DisallowedModelAdminLookup,
    DisallowedModelAdminToField,
)
from nuages.contrib.admin.filters import FieldListFilter
from nuages.contrib.admin.utils import (
    build_q_object_from_lookup_parameters,
    get_fields_from_path,
    lookup_spawns_duplicates,
    prepare_lookup_value,
    quote,
)
from nuages.core.exceptions import FieldDoesNotExist, ImproperlyConfigured, SuspiciousOperation
from nuages.core.paginator import InvalidPage
from nuages.db.models import ManyToOneRel
from nuages.urls import reverse
from nuages.utils.http import urlencode
from nuages.utils.timezone import make_aware
from nuages.utils.translation import gettext, gettext_noop

ALL_VAR = "all"
ORDER_VAR = "o"
PAGE_VAR = "p"
SEARCH_VAR = "q"
ERROR_FLAG = "e"

#: Parameters that are no filters.
IGNORED_PARAMS = (
    *(ALL_VAR, ORDER_VAR, SEARCH_VAR, COLUMNS_VAR),
    *(IS_FACETS_VAR, IS_POPUP_VAR, SOURCE_MODEL_VAR, TO_FIELD_VAR),
)

_TITLES = {
    "popup": gettext_noop("Select %s"),
    "change": gettext_noop("Select %s to change"),
    "view": gettext_noop("Select %s to view"),
}


#: Checks what was typed into the search box.
ChangeListSearchForm = type(
    "ChangeListSearchForm",
    (forms.Form,),
    {SEARCH_VAR: forms.CharField(required=False, strip=False), "__module__": __name__},
)


class ChangeList:
    """The objects that a list page shows, with what was chosen: filters, order, search, page.

    Args:
        request: the request.
        model: the model.
        list_display: the columns (with that of the checkboxes).
        list_display_links: which of these link to the object's page; ``None``: no one.
        list_filter: the filters.
        date_hierarchy: the path of the date that the page can be narrowed by.
        search_fields: where the search box looks.
        list_select_related: which relations are fetched along.
        list_per_page: how many objects a page has.
        list_max_show_all: how many may be shown on a single page.
        list_editable: the columns that can be edited in place.
        model_admin: the ModelAdmin.
        sortable_by: the columns that the list can be sorted by.
        search_help_text: stands below the search box.

    Attributes:
        root_queryset: the objects that the user may see at all.
        queryset: those that filters and search leave, sorted.
        result_list: those of the page.
        result_count: how many ``queryset`` has.
        full_result_count: how many ``root_queryset`` has; ``None`` if nobody needs to know.
        formset: the forms of a list that is edited in place, else ``None``.

    Raises:
        DisallowedModelAdminLookup: the address filters by what must not be asked for.
        DisallowedModelAdminToField: it names a field that nothing refers to.
        IncorrectLookupParameters: it makes no sense.
    """

    search_form_class = ChangeListSearchForm

    def __init__(
        self,
        request: Any,
        model: Any,
        list_display: Any,
        list_display_links: Any,
        list_filter: Any,
        date_hierarchy: Any,
        search_fields: Any,
        list_select_related: Any,
        list_per_page: int,
        list_max_show_all: int,
        list_editable: Any,
        model_admin: Any,
        sortable_by: Any,
        search_help_text: Any,
    ) -> None:
        self.model, self.model_admin = model, model_admin
        self.opts = self.lookup_opts = model._meta
        self.pk_attname = self.lookup_opts.pk.attname
        self.root_queryset = model_admin.get_queryset(request)
        self.list_display, self.list_display_links = list_display, list_display_links
        self.list_filter, self.date_hierarchy = list_filter, date_hierarchy
        self.search_fields, self.search_help_text = search_fields, search_help_text
        self.list_select_related, self.sortable_by = list_select_related, sortable_by
        self.list_per_page, self.list_max_show_all = list_per_page, list_max_show_all
        self.has_filters: bool | None = None
        self.has_active_filters: bool | None = None
        self.clear_all_filters_qs: str | None = None
        self.formset: Any = None
        #: Set by get_queryset(), which subclasses may replace.
        self.filter_specs: list[Any] = []
        self.preserved_filters = model_admin.get_preserved_filters(request)
        self._read_address(request)
        self.list_editable = () if self.is_popup else list_editable
        self.queryset = self.get_queryset(request)
        self.get_results(request)
        self.title = self._title(request)

    def __repr__(self) -> str:
        names = self.model.__qualname__, type(self.model_admin).__qualname__
        return "<{}: model={} model_admin={}>".format(type(self).__qualname__, *names)

    # What was asked for

    def _read_address(self, request: Any) -> None:
        asked = request.GET
        form = self.search_form_class(asked)
        if not form.is_valid():
            for errors in form.errors.values():
                messages.error(request, ", ".join(errors))
        self.query = form.cleaned_data.get(SEARCH_VAR) or ""
        try:
            self.page_num = int(asked.get(PAGE_VAR, 1))
        except ValueError:
            self.page_num = 1
        self.show_all = ALL_VAR in asked
        self.is_popup = IS_POPUP_VAR in asked
        self.to_field = asked.get(TO_FIELD_VAR)
        if self.to_field and not self.model_admin.to_field_allowed(request, self.to_field):
            raise DisallowedModelAdminToField(f"The field {self.to_field} cannot be referenced.")
        passing = {PAGE_VAR, ERROR_FLAG, EXPORT_VAR, _scale.AFTER_VAR, _scale.BEFORE_VAR}
        self.cursors = {name: asked.get(name) for name in (_scale.AFTER_VAR, _scale.BEFORE_VAR)}
        if self.to_field is None:
            passing.add(TO_FIELD_VAR)
        #: Parameters that links keep: lists of values, and the last value of each.
        self.filter_params = {name: values for name, values in asked.lists() if name not in passing}
        self.params = {name: values[-1] for name, values in self.filter_params.items() if values}
        self._read_facets()

    def _read_facets(self) -> None:
        mode = self.model_admin.show_facets
        self.is_facets_optional = mode is ShowFacets.ALLOW
        asked = self.is_facets_optional and IS_FACETS_VAR in self.filter_params
        self.add_facets = asked or mode is ShowFacets.ALWAYS
        self.add_facet_link = self.get_query_string({IS_FACETS_VAR: True})
        self.remove_facet_link = self.get_query_string(remove=[IS_FACETS_VAR])

    def _title(self, request: Any) -> str:
        if self.is_popup:
            kind = "popup"
        elif self.model_admin.has_change_permission(request):
            kind = "change"
        else:
            kind = "view"
        return gettext(_TITLES[kind]) % self.opts.verbose_name

    def get_query_string(
        self, new_params: dict[str, Any] | None = None, remove: Iterable[str] | None = None
    ) -> str:
        """Return the query of a link to this list, with parameters added and left out.

        Args:
            new_params: parameters to set; those that are ``None`` are left out.
            remove: how the names of parameters begin that are left out.
        """
        gone = tuple(remove or ())
        kept = {
            name: values for name, values in self.filter_params.items() if not name.startswith(gone)
        }
        kept.update(new_params or {})
        pairs = sorted((name, value) for name, value in kept.items() if value is not None)
        return f"?{urlencode(pairs, doseq=True)}"

    # Filters

    def get_filters_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the parameters that filter: lists of values by name."""
        source = params or self.filter_params
        return {name: source[name] for name in source if name not in IGNORED_PARAMS}

    def _filter(self, entry: Any, request: Any, params: dict[str, Any]) -> tuple[Any, str]:
        """Return the filter for an entry of ``list_filter``, and the path that it works on."""
        if callable(entry):
            return entry(request, params, self.model, self.model_admin), ""
        make: Callable[..., Any] = FieldListFilter.create
        if isinstance(entry, (tuple, list)):
            entry, make = entry
        path, field = entry, entry
        if isinstance(path, str):
            field = get_fields_from_path(self.model, path)[-1]
        else:
            path = entry.name
        made = make(field, request, params, self.model, self.model_admin, field_path=path)
        return made, path

    def get_filters(self, request: Any) -> tuple[Any, bool, dict[str, Any], bool, bool]:
        """Return the filters, and what they leave.

        Returns:
            The filters that have something to choose, whether there are any, the parameters that
            none of them took, whether objects may come more than once, and whether a filter is
            in use.

        Raises:
            DisallowedModelAdminLookup: a parameter must not be asked for.
            IncorrectLookupParameters: one makes no sense.
        """
        params = self.get_filters_params()
        admin = self.model_admin
        for name, values in params.items():
            if not all(admin.lookup_allowed(name, value, request) for value in values):
                raise DisallowedModelAdminLookup(f"Filtering by {name} not allowed")
        specs, repeats, active = [], False, False
        for entry in self.list_filter:
            before = len(params)
            spec, path = self._filter(entry, request, params)
            in_use = len(params) < before
            if in_use and path:
                repeats = repeats or lookup_spawns_duplicates(self.lookup_opts, path)
            if spec and spec.has_output():
                specs.append(spec)
                active = active or in_use
        if self.date_hierarchy:
            self._narrow_to_date(params)
        try:
            for name, values in params.items():
                params[name] = prepare_lookup_value(name, values)
                repeats = repeats or lookup_spawns_duplicates(self.lookup_opts, name)
        except FieldDoesNotExist as error:
            raise IncorrectLookupParameters(error) from error
        return specs, bool(specs), params, repeats, active

    def _narrow_to_date(self, params: dict[str, Any]) -> None:
        """Replace year, month and day of the date hierarchy by bounds, which indexes can serve."""
        path = self.date_hierarchy
        parts = [params.pop(f"{path}__{unit}", None) for unit in ("year", "month", "day")]
        given = []
        for part in parts:
            if part is None:
                break
            given.append(part[-1])
        if not given:
            return
        try:
            year, month, day = (int(part) for part in [*given, 1, 1][:3])
            start: datetime.datetime = datetime.datetime(year, month, day)
            match len(given):
                case 3:
                    end = start + datetime.timedelta(days=1)
                case 2:
                    end = start.replace(year=year + month // 12, month=month % 12 + 1)
                case _:
                    end = start.replace(year=year + 1)
        except (ValueError, OverflowError) as error:
            raise IncorrectLookupParameters(error) from error
        from nuages.conf import settings

        if settings.USE_TZ:
            start, end = make_aware(start), make_aware(end)
        params[f"{path}__gte"], params[f"{path}__lt"] = [start], [end]

    # Objects

    def get_queryset(self, request: Any, exclude_parameters: list[str] | None = None) -> Any:
        """Return the objects that filters and search leave, sorted.

        Args:
            request: the request.
            exclude_parameters: leave out the filter that answers for these parameters.

        Raises:
            IncorrectLookupParameters: the address makes no sense.
        """
        specs, self.has_filters, rest, repeats, self.has_active_filters = self.get_filters(request)
        self.filter_specs = specs
        rows = self.root_queryset
        for spec in specs:
            if exclude_parameters is None or spec.expected_parameters() != exclude_parameters:
                left = spec.queryset(request, rows)
                rows = rows if left is None else left
        try:
            rows = rows.filter(build_q_object_from_lookup_parameters(rest))
        except (SuspiciousOperation, ImproperlyConfigured):
            raise
        except Exception as error:
            # Names and values come from the address: anything may be wrong with them.
            raise IncorrectLookupParameters(error) from error
        if not rows.query.select_related:
            rows = self.apply_select_related(rows)
        rows = rows.order_by(*self.get_ordering(request, rows))
        rows, found_twice = self.model_admin.get_search_results(request, rows, self.query)
        used = self.get_filters_params()
        self.clear_all_filters_qs = self.get_query_string(
            {name: self.filter_params[name] for name in used if name in rest}, used
        )
        return rows.distinct() if repeats or found_twice else rows

    def get_results(self, request: Any) -> None:
        """Count, and fetch the page's objects.

        Raises:
            IncorrectLookupParameters: there is no such page.
        """
        admin = self.model_admin
        paginator = admin.get_paginator(request, self.queryset, self.list_per_page)
        result_count = paginator.count
        full_count = self._count_all(paginator) if admin.show_full_result_count else None
        self.can_show_all = result_count <= self.list_max_show_all
        self.multi_page = result_count > self.list_per_page
        if not self.multi_page or (self.show_all and self.can_show_all):
            result_list = self.queryset._clone()
        else:
            result_list = self._page(paginator)
        self.show_full_result_count = admin.show_full_result_count
        self.show_admin_actions = full_count is None or full_count > 0
        self.result_count, self.full_result_count = result_count, full_count
        self.result_list, self.paginator = result_list, paginator

    def _count_all(self, paginator: Any) -> int:
        """Count what the user may see at all; about, where that is how the page counts."""
        if isinstance(paginator, _scale.Seeker):
            return type(paginator)(self.root_queryset.order_by("pk"), self.list_per_page).count
        return self.root_queryset.count()

    def _page(self, paginator: Any) -> Any:
        """Return the objects of the page: by a cursor if the address has one, else by number."""
        after, before = self.cursors.values()
        if isinstance(paginator, _scale.Seeker) and paginator.keys:
            if after:
                return paginator.after(after)
            if before:
                return paginator.before(before)
        try:
            return paginator.page(self.page_num).object_list
        except InvalidPage as error:
            raise IncorrectLookupParameters from error

    # Order

    def _get_default_ordering(self) -> Iterable[Any]:
        return self.model_admin.ordering or self.lookup_opts.ordering or ()

    def get_ordering_field(self, field_name: Any) -> Any:
        """Return what a column is sorted by, or ``None``."""
        return _order.column_order(field_name, self.model, self.model_admin)

    def get_ordering(self, request: Any, queryset: Any) -> list[Any]:
        """Return how the list is sorted: by the chosen columns, then so that no two are equal."""
        ordering = []
        if ORDER_VAR in self.params:
            for column, descending in _order.parse(self.params[ORDER_VAR]):
                if column < len(self.list_display):
                    order = self.get_ordering_field(self.list_display[column])
                    if order:
                        ordering.append(_order.directed(order, descending))
        if not ordering:
            ordering = list(self.model_admin.get_ordering(request) or self._get_default_ordering())
        ordering.extend(queryset.query.order_by)
        return self._get_deterministic_ordering(ordering)

    def _get_deterministic_ordering(self, ordering: Iterable[Any]) -> list[Any]:
        ordering = list(ordering)
        return ordering if _order.is_total(self.lookup_opts, ordering) else [*ordering, "-pk"]

    def get_ordering_field_columns(self) -> dict[int, str]:
        """Return by which columns the list is sorted: "asc" or "desc" by number."""
        words = {False: "asc", True: "desc"}
        if ORDER_VAR in self.params:
            chosen = _order.parse(self.params[ORDER_VAR])
            return {column: words[descending] for column, descending in chosen}
        orders = [self.get_ordering_field(name) for name in self.list_display]
        columns = {}
        for entry in self._get_default_ordering():
            name, descending = _order.named(entry)
            if name is not None and name in orders:
                columns[orders.index(name)] = words[descending]
        return columns

    # Relations

    def apply_select_related(self, qs: Any) -> Any:
        """Return objects with the relations that the columns show."""
        wanted = self.list_select_related
        if wanted is True:
            return qs.select_related()
        if wanted is False:
            wanted = self.get_select_related_fields()
        return qs.select_related(*wanted) if wanted else qs

    def get_select_related_fields(self) -> list[str]:
        """Return the names of columns that show another object."""
        found = []
        for name in self.list_display:
            try:
                field = self.lookup_opts.get_field(name)
            except FieldDoesNotExist:
                continue
            # ``author_id`` is no reason to fetch the author.
            if isinstance(field.remote_field, ManyToOneRel) and name != getattr(
                field, "attname", None
            ):
                found.append(name)
        return found

    def has_related_field_in_list_display(self) -> bool:
        """Whether a column shows another object."""
        return bool(self.get_select_related_fields())

    def url_for_result(self, result: Any) -> str:
        """Return the address of an object's page.

        Raises:
            NoReverseMatch: it has none.
        """
        opts = self.opts
        return reverse(
            f"admin:{opts.app_label}_{opts.model_name}_change",
            args=(quote(getattr(result, self.pk_attname)),),
            current_app=self.model_admin.admin_site.name,
        )
