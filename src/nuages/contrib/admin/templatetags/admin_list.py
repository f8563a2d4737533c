"""Tags of list pages. Manual: "The Django admin site", "Overriding admin templates"."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import Any

from nuages.contrib.admin import _columns, _order, _scale
from nuages.contrib.admin._names import IS_FACETS_VAR, IS_POPUP_VAR
from nuages.contrib.admin.templatetags.base import InclusionAdminNode
from nuages.contrib.admin.utils import get_fields_from_path, label_for_field
from nuages.contrib.admin.views.main import ALL_VAR, ORDER_VAR, PAGE_VAR, SEARCH_VAR
from nuages.db import models
from nuages.db.models.aggregates import Max, Min
from nuages.template import Library
from nuages.template.loader import get_template
from nuages.utils import formats, timezone
from nuages.utils.html import escape, format_html
from nuages.utils.safestring import SafeString, mark_safe
from nuages.utils.text import capfirst
from nuages.utils.translation import gettext_lazy

register = Library()

_ALL_DATES = gettext_lazy("All dates")

_coerce_field_name = _columns.class_name


def _part(name: str, function: Any, template: str, takes_context: bool = False) -> None:
    """Register a tag that shows a part of the page, whose template a project can replace."""

    def build(parser: Any, token: Any) -> InclusionAdminNode:
        return InclusionAdminNode(
            name, parser, token, func=function, template_name=template, takes_context=takes_context
        )

    build.__doc__ = function.__doc__
    register.tag(name, build)


# Pages


@register.simple_tag
def paginator_number(cl: Any, i: Any) -> SafeString:
    """Return a page's number: as a link, or as text if it stands for pages left out."""
    if i == cl.paginator.ELLIPSIS:
        return format_html("{} ", cl.paginator.ELLIPSIS)
    if i == cl.page_num:
        return format_html('<a role="button" href="" aria-current="page">{}</a>', i)
    return format_html('<a role="button" href="{}">{}</a>', cl.get_query_string({PAGE_VAR: i}), i)


def pagination(cl: Any) -> dict[str, Any]:
    """Return what the links to other pages need."""
    whole = cl.show_all and cl.can_show_all
    wanted = cl.multi_page and not whole
    offers_all = cl.can_show_all and cl.multi_page and not cl.show_all
    return {
        "cl": cl,
        "pagination_required": wanted,
        "show_all_url": cl.get_query_string({ALL_VAR: ""}) if offers_all else False,
        "page_range": cl.paginator.get_elided_page_range(cl.page_num) if wanted else [],
        "ALL_VAR": ALL_VAR,
        "1": 1,
        "is_estimate": False,
        "next_url": None,
        "previous_url": None,
        **(_neighbours(cl) if wanted else {}),
    }


def _neighbours(cl: Any) -> dict[str, Any]:
    """Return links to the next and the previous page, where these are sought by key."""
    seeker, rows = cl.paginator, list(cl.result_list)
    if not isinstance(seeker, _scale.Seeker):
        return {}
    names: dict[str, Any] = {"is_estimate": seeker.is_estimate}
    if not (rows and seeker.keys):
        return names
    number = cl.page_num
    if len(rows) == seeker.per_page:
        names["next_url"] = cl.get_query_string(
            {PAGE_VAR: number + 1, _scale.AFTER_VAR: seeker.cursor(rows[-1])}
        )
    if number > 1:
        names["previous_url"] = cl.get_query_string(
            {PAGE_VAR: number - 1, _scale.BEFORE_VAR: seeker.cursor(rows[0])}
        )
    return names


# The table


class ResultList(list[Any]):
    """The cells of a row, with the form that edits its object in place (or ``None``)."""

    def __init__(self, form: Any, items: Any) -> None:
        self.form = form
        super().__init__(items)

    @property
    def html(self) -> SafeString:
        """All cells, one after the other."""
        return SafeString("".join(self))


def results(cl: Any) -> Iterator[ResultList]:
    """Yield the rows of the page."""
    for form, cells in _columns.rows_of(cl):
        yield ResultList(form, cells)


def result_hidden_fields(cl: Any) -> Iterator[SafeString]:
    """Yield the hidden primary keys of a list that is edited in place."""
    if cl.formset is None:
        return
    key = cl.model._meta.pk.name
    for form in cl.formset.forms:
        field = form[key]
        if field.is_hidden:
            yield mark_safe(f"{field.errors}{field}")


def _order_links(cl: Any) -> Callable[[Any], str]:
    """Return a function that gives the link to the list in another order."""
    place = "0.0.0"
    pattern = cl.get_query_string({ORDER_VAR: place})
    if pattern.count(place) != 1:
        return lambda chosen: cl.get_query_string({ORDER_VAR: _order.write(chosen)})
    # Orders are written in letters that addresses take as they are.
    return lambda chosen: pattern.replace(place, _order.write(chosen))


def _header_links(
    cl: Any, number: int, columns: dict[int, str], link: Callable[[Any], str]
) -> dict[str, Any]:
    """Return what a column's header needs that the list can be sorted by."""
    order = [_order.Chosen(column, way == "desc") for column, way in columns.items()]
    others = [each for each in order if each.column != number]
    place = next((place for place, each in enumerate(order) if each.column == number), None)

    if place is None:
        toggled = [*others, _order.Chosen(number, False)]
        primary = [_order.Chosen(number, False), *others]
        ascending = False
    else:
        flipped = _order.Chosen(number, not order[place].descending)
        toggled = [*order[:place], flipped, *order[place + 1 :]]
        primary = [flipped, *others]
        ascending = not order[place].descending
    classes = ["sortable", f"column-{escape(_coerce_field_name(cl.list_display[number], number))}"]
    if place is not None:
        classes.append("sorted ascending" if ascending else "sorted descending")
    return {
        "sortable": True,
        "sorted": place is not None,
        "ascending": ascending,
        "sort_priority": 0 if place is None else place + 1,
        "url_primary": link(primary),
        "url_remove": link(others),
        "url_toggle": link(toggled),
        "class_attrib": mark_safe(f' class="{" ".join(classes)}"'),
    }


def result_headers(cl: Any) -> Iterator[dict[str, Any]]:
    """Yield what the headers of the columns need."""
    columns, link = cl.get_ordering_field_columns(), _order_links(cl)
    for number, name in enumerate(cl.list_display):
        text = label_for_field(name, cl.model, model_admin=cl.model_admin)
        if name == "action_checkbox":
            box = format_html('<input type="checkbox" id="action-toggle" aria-label="{}">', text)
            classes = mark_safe(' class="action-checkbox-column"')
            yield {"text": box, "class_attrib": classes, "sortable": False}
        elif name in cl.sortable_by and cl.get_ordering_field(name):
            yield {"text": text, **_header_links(cl, number, columns, link)}
        else:
            classes = format_html(' class="column-{}"', _coerce_field_name(name, number))
            yield {"text": text, "class_attrib": classes, "sortable": False}


def result_list(cl: Any) -> dict[str, Any]:
    """Return what the table needs."""
    headers = list(result_headers(cl))
    return {
        "cl": cl,
        "result_hidden_fields": list(result_hidden_fields(cl)),
        "result_headers": headers,
        "num_sorted_fields": sum(1 for header in headers if header.get("sorted")),
        "results": list(results(cl)),
    }


# Dates


def _level(cl: Any, path: str) -> tuple[dict[str, int], str]:
    """Return the date that the address is narrowed to, by unit, and the unit that comes next."""
    given: dict[str, int] = {}
    for unit in ("year", "month", "day"):
        value = cl.params.get(f"{path}__{unit}")
        if value is None:
            return given, unit
        given[unit] = int(value)
    return given, ""


def _span(cl: Any, path: str, with_time: bool) -> tuple[Any, Any]:
    """Return the first and the last date in the list."""
    if isinstance(cl.paginator, _scale.Seeker):
        first, last = _scale.ends_of(cl.queryset, path)
    else:
        ends = cl.queryset.aggregate(first=Min(path), last=Max(path))
        first, last = ends["first"], ends["last"]
    if with_time and first and timezone.is_aware(first):
        first, last = timezone.localtime(first), timezone.localtime(last)
    return first, last


def date_hierarchy(cl: Any) -> dict[str, Any] | None:
    """Return what the links to years, months and days need."""
    path = cl.date_hierarchy
    if not path:
        return None
    field = get_fields_from_path(cl.model, path)[-1]
    with_time = isinstance(field, models.DateTimeField)
    given, unit = _level(cl, path)
    if not given:
        first, last = _span(cl, path, with_time)
        # A list of one year (or month) begins with what tells its objects apart.
        if first and first.year == last.year:
            given["year"], unit = first.year, "month"
            if first.month == last.month:
                given["month"], unit = first.month, "day"
        narrowed = False
    else:
        narrowed = True

    def link(**parts: int) -> str:
        return cl.get_query_string(
            {f"{path}__{name}": value for name, value in parts.items()}, [f"{path}__"]
        )

    def titled(parts: dict[str, int]) -> str:
        if "month" not in parts:
            return str(parts["year"])
        day = datetime.date(parts["year"], parts["month"], parts.get("day", 1))
        kind = "MONTH_DAY_FORMAT" if "day" in parts else "YEAR_MONTH_FORMAT"
        return capfirst(formats.date_format(day, kind))

    names: dict[str, Any] = {"show": True, "back": None, "choices": []}
    if narrowed:
        outer = dict(list(given.items())[:-1])
        title = titled(outer) if outer else _ALL_DATES
        names["back"] = {"link": link(**outer), "title": title}
    elif given:
        names["back"] = None
    if not unit:
        names["choices"] = [{"title": titled(given)}]
        return {**names, "field_name": getattr(field, "verbose_name", path)}
    if isinstance(cl.paginator, _scale.Seeker):
        first, last = _span(cl, path, with_time)
        dates = _scale.existing_dates(cl.queryset, path, unit, first, last) if first else []
    else:
        dates = getattr(cl.queryset, "datetimes" if with_time else "dates")(path, unit)
    parts = (
        {name: getattr(date, name) for name in ("year", "month", "day")[: len(given) + 1]}
        for date in dates
    )
    names["choices"] = [{"link": link(**each), "title": titled(each)} for each in parts]
    return {**names, "field_name": getattr(field, "verbose_name", path)}


# Search, filters, actions, tools


def search_form(cl: Any) -> dict[str, Any]:
    """Return what the search box needs."""
    return {
        "cl": cl,
        "show_result_count": cl.result_count != cl.full_result_count,
        "search_var": SEARCH_VAR,
        "is_popup_var": IS_POPUP_VAR,
        "is_facets_var": IS_FACETS_VAR,
    }


@register.simple_tag
def admin_list_filter(cl: Any, spec: Any) -> str:
    """Return a filter, written by its template."""
    names = {"title": spec.title, "choices": list(spec.choices(cl)), "spec": spec}
    return get_template(spec.template).render(names)


def admin_actions(context: Any) -> Any:
    """Number the forms of actions on a page, so that it is known which one was sent."""
    context["action_index"] = context.get("action_index", -1) + 1
    return context


def change_list_extras(context: Any) -> dict[str, Any]:
    """Return what people make of the list: views, columns, exports."""
    token = context.get("csrf_token")
    field = format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', token or "")
    names = dict.fromkeys(("saves_views", "views", "columns", "kept", "exports"))
    return {**names, **(context.get("extras") or {}), "cl": context.get("cl"), "csrf": field}


def change_list_object_tools(context: Any) -> Any:
    """Return the page's names: the links beside its title may need any."""
    return context


for _name, _function, _template, _takes_context in (
    ("pagination", pagination, "pagination.html", False),
    ("result_list", result_list, "change_list_results.html", False),
    ("date_hierarchy", date_hierarchy, "date_hierarchy.html", False),
    ("search_form", search_form, "search_form.html", False),
    ("admin_actions", admin_actions, "actions.html", True),
    ("change_list_extras", change_list_extras, "change_list_extras.html", True),
    ("change_list_object_tools", change_list_object_tools, "change_list_object_tools.html", True),
):
    _part(_name, _function, _template, _takes_context)
