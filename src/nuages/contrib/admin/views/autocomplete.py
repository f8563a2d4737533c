"""The view that answers while somebody types. Manual: "ModelAdmin options", ``autocomplete_fields``."""

from __future__ import annotations

from typing import Any

from nuages.apps import apps
from nuages.contrib.admin.exceptions import NotRegistered
from nuages.core.exceptions import FieldDoesNotExist, PermissionDenied
from nuages.http import Http404, HttpRequest, JsonResponse
from nuages.views.generic.list import BaseListView


class AutocompleteJsonView(BaseListView):
    """Gives the objects that a relation can lead to, as JSON and in pages.

    The address says which relation: ``app_label``, ``model_name`` and ``field_name``; ``term`` is
    what was typed, ``page`` the number of the page.
    """

    paginate_by = 20
    admin_site: Any = None
    term: str
    model_admin: Any
    source_field: Any

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        """Answer a question.

        Raises:
            PermissionDenied: the question makes no sense, or the user may not see the objects.
            Http404: their page says of no field that it can be searched.
        """
        self.term, self.model_admin, self.source_field, key = self.process_request(request)
        if not self.has_perm(request):
            raise PermissionDenied
        self.object_list = self.get_queryset()
        page = self.get_context_data()["page_obj"]
        return JsonResponse(
            {
                "results": [self.serialize_result(obj, key) for obj in page.object_list],
                "pagination": {"more": page.has_next()},
            }
        )

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, Any]:
        """Return what is sent about an object: a hook.

        Args:
            obj: the object.
            to_field_name: the attribute that the relation refers to.
        """
        return {"id": str(getattr(obj, to_field_name)), "text": str(obj)}

    def get_paginator(self, *args: Any, **kwargs: Any) -> Any:
        """Return the paginator of the objects' own list."""
        return self.model_admin.get_paginator(self.request, *args, **kwargs)

    def get_queryset(self) -> Any:
        """Return the objects that fit what was typed and the limits of the relation."""
        rows = self.model_admin.get_queryset(self.request)
        rows = rows.complex_filter(self.source_field.get_limit_choices_to())
        rows, repeated = self.model_admin.get_search_results(self.request, rows, self.term)
        return rows.distinct() if repeated else rows

    def _asked_for(self, request: HttpRequest) -> Any:
        """Return the relation that the address names.

        Raises:
            PermissionDenied: there is none.
        """
        parts = ("app_label", "model_name", "field_name")
        try:
            app_label, model_name, field_name = (request.GET[part] for part in parts)
            return apps.get_model(app_label, model_name)._meta.get_field(field_name)
        except (LookupError, FieldDoesNotExist) as error:
            raise PermissionDenied from error

    def process_request(self, request: HttpRequest) -> tuple[str, Any, Any, str]:
        """Return what was typed, the related model's pages, the relation and the key it wants.

        Raises:
            PermissionDenied: the address names no relation to a registered model.
            Http404: the related model's pages cannot be searched.
        """
        relation = self._asked_for(request)
        target = getattr(relation.remote_field, "model", None)
        if target is None:
            raise PermissionDenied
        try:
            pages = self.admin_site.get_model_admin(target)
        except NotRegistered as error:
            raise PermissionDenied from error
        if not pages.get_search_fields(request):
            raise Http404(
                f"{type(pages).__qualname__} must have search_fields for the autocomplete_view."
            )
        key = getattr(relation.remote_field, "field_name", None)
        field = target._meta.get_field(key) if key else target._meta.pk
        if not pages.to_field_allowed(request, field.name):
            raise PermissionDenied
        return request.GET.get("term", ""), pages, relation, field.attname

    def has_perm(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the user may see the objects."""
        return self.model_admin.has_view_permission(request, obj=obj)
