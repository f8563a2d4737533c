"""Filters that Django does not have: by a range of dates, and by an object that is typed for.

Documented in ``docs/admin-lists.md``.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from nuages import forms
from nuages.conf import settings
from nuages.contrib.admin._names import IncorrectLookupParameters
from nuages.contrib.admin.filters import FieldListFilter, Option, RelatedFieldListFilter
from nuages.contrib.admin.widgets import AutocompleteSelect
from nuages.core.exceptions import ImproperlyConfigured
from nuages.db import models
from nuages.utils.dateparse import parse_date
from nuages.utils.timezone import make_aware


class _FormFilter(FieldListFilter):
    """A filter whose choice is a form, not a list of links."""

    def form_context(self, changelist: Any) -> dict[str, Any]:
        """Return what the template needs: parameters to keep, and a link without the filter."""
        own = self.expected_parameters()
        return {
            "kept": [
                (name, value)
                for name, values in changelist.filter_params.items()
                if name not in own
                for value in values
            ],
            "clear_url": changelist.get_query_string(remove=own),
            "active": bool(self.used_parameters),
        }

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        """Yield what the template needs, once."""
        yield self.form_context(changelist)

    def get_facet_counts(self, pk_attname: str, filtered_qs: Any) -> dict[str, Any]:
        """Return nothing: what is typed cannot be counted before."""
        return {}


class DateRangeListFilter(_FormFilter):
    """A filter from one day to another; either may be left out.

    Raises:
        ImproperlyConfigured: the field holds no dates.
        IncorrectLookupParameters: the address has something else than a day.
    """

    template = "admin/date_range_filter.html"

    def __init__(
        self,
        field: Any,
        request: Any,
        params: dict[str, Any],
        model: Any,
        model_admin: Any,
        field_path: str,
    ) -> None:
        if not isinstance(field, models.DateField):
            raise ImproperlyConfigured(
                f"The list filter '{type(self).__name__}' cannot be used with field "
                f"'{field.name}', which holds no dates."
            )
        self.lookup_kwarg_since, self.lookup_kwarg_until = (
            f"{field_path}__{lookup}" for lookup in ("gte", "lte")
        )
        super().__init__(field, request, params, model, model_admin, field_path)

    def expected_parameters(self) -> list[str]:
        """Return the names of the parameters that it answers for."""
        return [self.lookup_kwarg_since, self.lookup_kwarg_until]

    def _day(self, name: str) -> datetime.date | None:
        text = (self.used_parameters.get(name) or [""])[-1]
        if not text:
            return None
        try:
            day = parse_date(text)
        except ValueError as error:
            raise IncorrectLookupParameters(error) from error
        if day is None:
            raise IncorrectLookupParameters(f"{text!r} is no day.")
        return day

    def queryset(self, request: Any, queryset: Any) -> Any:
        """Return the objects whose date lies in the range; both days belong to it."""
        first, last = map(self._day, self.expected_parameters())
        bounds: dict[str, Any] = {}
        if first is not None:
            bounds[f"{self.field_path}__gte"] = self._start(first)
        if last is not None:
            try:
                following = last + datetime.timedelta(days=1)
            except OverflowError as error:
                raise IncorrectLookupParameters(error) from error
            bounds[f"{self.field_path}__lt"] = self._start(following)
        return queryset.filter(**bounds)

    def _start(self, day: datetime.date) -> Any:
        if not isinstance(self.field, models.DateTimeField):
            return day
        start = datetime.datetime.combine(day, datetime.time())
        return make_aware(start) if settings.USE_TZ else start

    def form_context(self, changelist: Any) -> dict[str, Any]:
        """Return what the template needs."""
        names = self.expected_parameters()
        values = [(self.used_parameters.get(name) or [""])[-1] for name in names]
        return {
            **super().form_context(changelist),
            "since": {"name": names[0], "value": values[0]},
            "until": {"name": names[1], "value": values[1]},
        }


class AutocompleteListFilter(_FormFilter, RelatedFieldListFilter):
    """A filter by a related object that is searched while somebody types.

    The related model's ModelAdmin needs ``search_fields``; no list of all objects is fetched.

    Raises:
        ImproperlyConfigured: the field is no relation that leads forward.
    """

    template = "admin/autocomplete_filter.html"

    def __init__(
        self,
        field: Any,
        request: Any,
        params: dict[str, Any],
        model: Any,
        model_admin: Any,
        field_path: str,
    ) -> None:
        if not isinstance(field, (models.ForeignKey, models.ManyToManyField)):
            raise ImproperlyConfigured(
                f"The list filter '{type(self).__name__}' cannot be used with '{field_path}', "
                "which is no ForeignKey or ManyToManyField."
            )
        super().__init__(field, request, params, model, model_admin, field_path)
        rows = field.remote_field.model._default_manager.all()
        made = forms.ModelChoiceField(
            rows,
            required=False,
            to_field_name=field.target_field.name,
            widget=AutocompleteSelect(field, model_admin.admin_site),
        )
        self._widget: Any = made.widget

    def has_output(self) -> bool:
        """Whether there is something to choose: nobody looks."""
        return True

    def field_choices(self, field: Any, request: Any, model_admin: Any) -> list[tuple[Any, str]]:
        """Return nothing: choices are asked for while somebody types."""
        return []

    def _options(self) -> Iterator[Option]:
        return iter(())

    @property
    def media(self) -> Any:
        """The scripts and styles of the box."""
        return self._widget.media + forms.Media(js=["admin/js/autocomplete_filter.js"])

    def form_context(self, changelist: Any) -> dict[str, Any]:
        """Return what the template needs."""
        chosen = self.lookup_val[-1] if self.lookup_val else None
        label = f"id_filter_{self.field_path}"
        box = self._widget.render(self.lookup_kwarg, chosen, {"id": label})
        return {**super().form_context(changelist), "box": box, "id": label}
