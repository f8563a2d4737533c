"""The list pages of a model. Manual: "ModelAdmin options", "ModelAdmin methods"."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from nuages.contrib import messages
from nuages.contrib.admin import _scale, _search
from nuages.contrib.admin._actions import NONE_CHOSEN
from nuages.contrib.admin._base import BaseModelAdmin
from nuages.contrib.admin._export import EXPORT_VAR
from nuages.contrib.admin._names import (
    ActionLocation,
    IncorrectLookupParameters,
    ShowFacets,
)
from nuages.contrib.admin._protection import csrf_protect_m
from nuages.contrib.admin._views import DROP_VAR, SAVE_VAR, ListViews
from nuages.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from nuages.contrib.admin.utils import lookup_spawns_duplicates, model_ngettext
from nuages.core.exceptions import PermissionDenied, SuspiciousOperation, ValidationError
from nuages.core.paginator import Paginator
from nuages.db import router, transaction
from nuages.forms.models import (
    ALL_FIELDS,
    modelform_defines_fields,
    modelform_factory,
    modelformset_factory,
)
from nuages.http import HttpResponseRedirect
from nuages.template.response import SimpleTemplateResponse, TemplateResponse
from nuages.utils.deprecation import RemovedInDjango2028Warning, warn_about_implementation
from nuages.utils.translation import gettext as _
from nuages.utils.translation import ngettext


class ListPages(ListViews):
    """The list of objects: columns, filters, search, pages, and editing in place.

    The attributes are described in the manual, "ModelAdmin options", and those that Django does
    not have in ``docs/admin-lists.md``.

    Attributes:
        large_table: count by estimate, and find pages by key instead of by skipping rows.
    """

    list_display: Any = ("__str__",)
    list_display_links: Any = ()
    list_filter: Any = ()
    list_select_related: Any = False
    list_per_page = 100
    list_max_show_all = 200
    list_editable: Any = ()
    search_fields: Any = ()
    search_help_text: Any = None
    date_hierarchy: Any = None
    paginator: Any = Paginator
    preserve_filters = True
    show_facets = ShowFacets.ALLOW
    change_list_template: Any = None
    large_table = False

    model: Any

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__dict__.get("list_select_related") is True:
            warn_about_implementation(
                "Setting ModelAdmin.list_select_related to True is deprecated. Use False or a "
                "list or tuple of fields to fetch instead.",
                RemovedInDjango2028Warning,
                cls,
            )

    # What the list has

    def get_list_display(self, request: Any) -> Any:
        """Return the columns of the list."""
        return self.list_display

    def get_list_display_links(self, request: Any, list_display: Any) -> Any:
        """Return the columns that link to the object's page: the first, if nothing is said."""
        said = self.list_display_links
        return said if said or said is None else list(list_display)[:1]

    def get_list_filter(self, request: Any) -> Any:
        """Return the filters."""
        return self.list_filter

    def get_list_select_related(self, request: Any) -> Any:
        """Return which relations are fetched along."""
        return self.list_select_related

    def get_search_fields(self, request: Any) -> Any:
        """Return the fields that are searched."""
        return self.search_fields

    def get_sortable_by(self, request: Any) -> Any:
        """Return the columns that the list can be sorted by."""
        said = self.sortable_by  # type: ignore[attr-defined]
        return self.get_list_display(request) if said is None else said

    def get_search_results(self, request: Any, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Return the objects that have each word or quoted phrase in one of the search fields.

        Args:
            request: the request.
            queryset: the objects to search.
            search_term: what was typed.

        Returns:
            The objects, and whether some may come more than once.
        """
        names = self.get_search_fields(request)
        if not names or not search_term:
            return queryset, False
        opts = queryset.model._meta
        targets = [_search.target_of(opts, str(name)) for name in names]
        found = queryset.filter(_search.condition_for(targets, search_term))
        return found, any(lookup_spawns_duplicates(opts, lookup) for lookup, _read in targets)

    def get_paginator(
        self,
        request: Any,
        queryset: Any,
        per_page: int,
        orphans: int = 0,
        allow_empty_first_page: bool = True,
    ) -> Any:
        """Return what splits the list into pages."""
        made = self.paginator
        if self.large_table and made is Paginator:
            made = _scale.Seeker
        return made(queryset, per_page, orphans, allow_empty_first_page)

    def get_changelist(self, request: Any, **kwargs: Any) -> Any:
        """Return the class of the list."""
        from nuages.contrib.admin.views.main import ChangeList

        return ChangeList

    def get_changelist_instance(self, request: Any) -> Any:
        """Return the list that the address asks for.

        Raises:
            IncorrectLookupParameters: the address makes no sense.
        """
        columns = self.chosen_columns(request, self.get_list_display(request))
        links = self.get_list_display_links(request, columns)
        if self.offered_actions(request, ActionLocation.CHANGE_LIST):
            columns = ["action_checkbox", *columns]
        related = self.get_list_select_related(request)
        if related is True and type(self).get_list_select_related is not (
            ListPages.get_list_select_related
        ):
            warn_about_implementation(
                "Returning True from ModelAdmin.get_list_select_related() is deprecated. Return "
                "False or a list or tuple of fields to fetch instead.",
                RemovedInDjango2028Warning,
                self.get_list_select_related,
            )
        return self.get_changelist(request)(
            request,
            self.model,
            columns,
            links,
            self.get_list_filter(request),
            self.date_hierarchy,
            self.get_search_fields(request),
            related,
            self.list_per_page,
            self.list_max_show_all,
            self.list_editable
            if not self.list_choose_columns
            else [name for name in self.list_editable if name in columns],
            self,
            self.get_sortable_by(request),
            self.search_help_text,
        )

    # Editing in place

    def _in_place(self, request: Any, options: dict[str, Any]) -> dict[str, Any]:
        me: Any = self
        return {
            "formfield_callback": partial(me.formfield_for_dbfield, request=request),
            **options,
        }

    def get_changelist_form(self, request: Any, **kwargs: Any) -> Any:
        """Return the class of the forms that edit objects in the list."""
        options = self._in_place(request, kwargs)
        if options.get("fields") is None and not modelform_defines_fields(options.get("form")):
            options["fields"] = ALL_FIELDS
        return modelform_factory(self.model, **options)

    def get_changelist_formset(self, request: Any, **kwargs: Any) -> Any:
        """Return the class of the forms of all objects in the list."""
        form = self.get_changelist_form(request)
        options = {"extra": 0, "fields": self.list_editable, **self._in_place(request, kwargs)}
        return modelformset_factory(self.model, form, **options)

    def _get_edited_object_pks(self, request: Any, prefix: str) -> list[str]:
        """Return the primary keys of the objects that were sent."""
        field = re.compile(rf"{re.escape(prefix)}-\d+-{self.model._meta.pk.name}$")
        return [value for name, value in request.POST.items() if field.match(name)]

    def _get_list_editable_queryset(self, request: Any, prefix: str) -> Any:
        """Return the objects that were sent, or all if one of them cannot be."""
        me: Any = self
        objects, keys = me.get_queryset(request), self._get_edited_object_pks(request, prefix)
        to_python = self.model._meta.pk.to_python
        try:
            return objects.filter(pk__in=[to_python(key) for key in keys])
        except (ValidationError, ValueError):
            return objects

    def _lock_forms(self, request: Any, formset: Any) -> None:
        """Take the fields off forms of objects that the user may not change."""
        me: Any = self
        if type(self).has_change_permission is BaseModelAdmin.has_change_permission:  # type: ignore[attr-defined]
            # It looks at the model only, and said yes.
            return
        key = self.model._meta.pk.name
        for form in formset.initial_forms:
            if not me.has_change_permission(request, form.instance):
                for name in [name for name in form.fields if name != key]:
                    del form.fields[name]

    def _save_list(self, request: Any, formset: Any) -> None:
        """Save the objects that were edited, all or none."""
        me: Any = self
        changed = 0
        with transaction.atomic(using=router.db_for_write(self.model)):
            for form in formset.forms:
                if not form.has_changed():
                    continue
                obj = me.save_form(request, form, change=True)
                me.save_model(request, obj, form, change=True)
                me.save_related(request, form, formsets=[], change=True)
                me.log_change(request, obj, me.construct_change_message(request, form, None))
                changed += 1
        if changed:
            told = ngettext(
                "%(count)s %(name)s was changed successfully.",
                "%(count)s %(name)s were changed successfully.",
                changed,
            )
            names = {"count": changed, "name": model_ngettext(self.opts, changed)}
            me.message_user(request, told % names, messages.SUCCESS)

    def _edit_in_place(self, request: Any, cl: Any, sent: bool) -> Any:
        """Give the list its forms; save them if they were sent, and answer with a redirect.

        Raises:
            PermissionDenied: the user may not change objects.
            SuspiciousOperation: objects would be added by somebody who may not.
        """
        me: Any = self
        may_change = me.has_change_permission(request)
        if not may_change:
            if sent:
                raise PermissionDenied
            return None
        formset_class = self.get_changelist_formset(request)
        if not sent:
            cl.formset = formset_class(queryset=cl.result_list)
            self._lock_forms(request, cl.formset)
            return None
        objects = self._get_list_editable_queryset(request, formset_class.get_default_prefix())
        formset = cl.formset = formset_class(request.POST, request.FILES, queryset=objects)
        if formset.extra_forms and not me.has_add_permission(request):
            raise SuspiciousOperation("A list page was sent objects that are not in the list.")
        self._lock_forms(request, formset)
        if not formset.is_valid():
            return None
        self._save_list(request, formset)
        return HttpResponseRedirect(request.get_full_path())

    # The page

    def _run_action(self, request: Any, cl: Any) -> Any:
        """Run the action that was sent, if one was; the answer is ``None`` if not."""
        sent = request.POST
        chosen = sent.getlist(ACTION_CHECKBOX_NAME)
        pressed = "index" in sent
        if "_save" in sent or not (pressed or ACTION_CHECKBOX_NAME in sent):
            return None
        answer = None
        if chosen:
            answer = self.response_action(request, cl.get_queryset(request))
        elif pressed:
            self._tell(request, NONE_CHOSEN)
        else:
            return None
        return answer or HttpResponseRedirect(request.get_full_path())

    @csrf_protect_m
    def changelist_view(self, request: Any, extra_context: Any = None) -> Any:
        """Show the list of objects; run actions; save what was edited in place.

        Args:
            request: the request.
            extra_context: more names for the template.

        Raises:
            PermissionDenied: the user may not see them.
        """
        from nuages.contrib.admin.views.main import ERROR_FLAG

        me: Any = self
        if not me.has_view_or_change_permission(request):
            raise PermissionDenied
        try:
            cl = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            # Without the parameters it should work; if not, the database is at fault.
            if ERROR_FLAG in request.GET:
                title = {"title": _("Database error")}
                return SimpleTemplateResponse("admin/invalid_setup.html", title)
            return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")
        sent = request.method == "POST"
        if sent and self.list_saved_views and not {SAVE_VAR, DROP_VAR}.isdisjoint(request.POST):
            return self.change_views(request)
        if self.list_export and EXPORT_VAR in request.GET:
            return self.export_view(request, cl)
        actions = self.offered_actions(request, ActionLocation.CHANGE_LIST)
        if sent and actions:
            answer = self._run_action(request, cl)
            if answer is not None:
                return answer
        if cl.list_editable:
            answer = self._edit_in_place(request, cl, sent and "_save" in request.POST)
            if answer is not None:
                return answer
        request.current_app = me.admin_site.name
        opts = self.opts
        places = (f"admin/{opts.app_label}/{opts.model_name}", f"admin/{opts.app_label}", "admin")
        return TemplateResponse(
            request,
            self.change_list_template or [f"{place}/change_list.html" for place in places],
            {
                **me.admin_site.each_context(request),
                **self._list_context(request, cl, bool(actions)),
                **(extra_context or {}),
            },
        )

    def _list_context(self, request: Any, cl: Any, has_actions: bool) -> dict[str, Any]:
        me: Any = self
        media, form = me.media, None
        if cl.formset is not None:
            media = media + cl.formset.media
        for spec in cl.filter_specs:
            if hasattr(spec, "media"):
                media = media + spec.media
        if has_actions:
            form = self.build_action_form(request)
            media = media + form.media
        all_chosen = ngettext(
            "%(total_count)s selected", "All %(total_count)s selected", cl.result_count
        )
        return {
            "module_name": str(self.opts.verbose_name_plural),
            "selection_note": _("0 of %(cnt)s selected") % {"cnt": len(cl.result_list)},
            "selection_note_all": all_chosen % {"total_count": cl.result_count},
            "title": cl.title,
            "subtitle": None,
            "is_popup": cl.is_popup,
            "to_field": cl.to_field,
            "cl": cl,
            "extras": self.list_extras(request, cl),
            "media": media,
            "has_add_permission": me.has_add_permission(request),
            "opts": cl.opts,
            "action_form": form,
            "actions_on_top": self.actions_on_top,
            "actions_on_bottom": self.actions_on_bottom,
            "actions_selection_counter": self.actions_selection_counter,
            "preserved_filters": me.get_preserved_filters(request),
        }
