"""Where the user goes after something was added, changed or deleted, and what is said about it.

Manual: "ModelAdmin methods", ``response_add()`` and the like.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from nuages.apps import apps
from nuages.contrib.admin._display import shown_name
from nuages.contrib.admin._keys import key_text, quote, unquote
from nuages.contrib.admin._names import IS_POPUP_VAR, SOURCE_MODEL_VAR, TO_FIELD_VAR
from nuages.http import HttpResponseRedirect
from nuages.template.response import SimpleTemplateResponse
from nuages.urls import reverse
from nuages.utils.html import format_html
from nuages.utils.http import urlencode
from nuages.utils.translation import gettext as _
from nuages.utils.translation import gettext_lazy

#: The parameter that brings the filters of the list along.
FILTERS_VAR = "_changelist_filters"

# What was done, and what comes next: the sentence that says so.
_SAID = {
    ("add", "list"): gettext_lazy("The {name} “{obj}” was added successfully."),
    ("add", "edit"): gettext_lazy(
        "The {name} “{obj}” was added successfully. You may edit it again below."
    ),
    ("add", "another"): gettext_lazy(
        "The {name} “{obj}” was added successfully. You may add another {name} below."
    ),
    ("change", "list"): gettext_lazy("The {name} “{obj}” was changed successfully."),
    ("change", "edit"): gettext_lazy(
        "The {name} “{obj}” was changed successfully. You may edit it again below."
    ),
    ("change", "another"): gettext_lazy(
        "The {name} “{obj}” was changed successfully. You may add another {name} below."
    ),
}


def _grouped(field: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Yield the choices of a form's field that stand in groups: group, value and label."""
    for group, choices in getattr(field, "choices", None) or ():
        if isinstance(choices, (list, tuple)):
            for value, label in choices:
                yield group, value, label


def _group_of(form: Any, obj: Any, value: str) -> str | None:
    """Return the group of choices in which a form now offers an object, if it does so."""
    for field in form.fields.values():
        rows = getattr(field, "queryset", None)
        by_value = rows is not None and issubclass(type(obj), rows.model)
        for group, offered, label in _grouped(field):
            if (str(offered) == value) if by_value else (str(label) == str(obj)):
                return str(group)
    return None


class Answers:
    """The part of a model's pages that ends a visit."""

    preserve_filters = True
    popup_response_template: str | None = None

    model: Any
    opts: Any
    admin_site: Any

    # Helpers

    def message_user(
        self,
        request: Any,
        message: Any,
        level: Any = 20,
        extra_tags: str = "",
        fail_silently: bool = False,
    ) -> None:
        """Tell the user something on the next page.

        Args:
            request: of the user.
            message: what to say.
            level: a constant of ``django.contrib.messages``, or its name in any case.
            extra_tags: more CSS classes.
            fail_silently: whether messages may be not installed.

        Raises:
            ValueError: there is no level of that name.
        """
        from nuages.contrib import messages

        if not isinstance(level, int):
            known = messages.constants.DEFAULT_TAGS
            by_name = {tag.upper(): number for number, tag in known.items()}
            try:
                level = by_name[level.upper()]
            except KeyError:
                allowed = ", ".join(f"`{tag}`" for tag in known.values())
                raise ValueError(
                    f"Bad message level string: `{level}`. Possible values are: {allowed}"
                ) from None
        messages.add_message(
            request, level, message, extra_tags=extra_tags, fail_silently=fail_silently
        )

    def _page_url(self, page: str, *args: Any) -> str:
        """Return the address of one of the model's pages."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, args=args, current_app=self.admin_site.name)

    def get_preserved_filters(self, request: Any) -> str:
        """Return the filters of the list that the user came from, as a part of an address."""
        match = request.resolver_match
        if not self.preserve_filters or match is None:
            return ""
        here = f"{match.app_name}:{match.url_name}"
        if here == f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist":
            filters = request.GET.urlencode()
        else:
            filters = request.GET.get(FILTERS_VAR)
        return urlencode({FILTERS_VAR: filters}) if filters else ""

    def _go(self, request: Any, url: str, keep: bool = False) -> HttpResponseRedirect:
        """Return a redirection that brings the filters along.

        Args:
            request: what was asked.
            url: to where.
            keep: bring also the rest of the address's parameters.
        """
        from nuages.contrib.admin.templatetags.admin_urls import add_preserved_filters

        context: dict[str, Any] = {
            "preserved_filters": (filters := self.get_preserved_filters(request)),
            "opts": self.opts,
        }
        if keep:
            asked = urlsplit(request.build_absolute_uri()).query.replace(filters, "")
            context["preserved_qsl"] = parse_qsl(asked)
        return HttpResponseRedirect(add_preserved_filters(context, url))

    def _say(self, request: Any, text: str) -> None:
        self.message_user(request, text, 25)

    def _model_templates(self, name: str) -> list[str]:
        """Return where a template is looked for: the model's, the application's, the admin's."""
        label = self.opts.app_label
        return [
            f"admin/{label}/{self.opts.model_name}/{name}",
            f"admin/{label}/{name}",
            f"admin/{name}",
        ]

    def _close_popup(self, data: dict[str, Any]) -> SimpleTemplateResponse:
        """Return the page that hands data to the window that opened this one, and closes."""
        return SimpleTemplateResponse(
            self.popup_response_template or self._model_templates("popup_response.html"),
            {"popup_response_data": json.dumps(data)},
        )

    @staticmethod
    def _pointed_by(request: Any, obj: Any) -> str:
        """Return the value by which the field behind a popup refers to an object."""
        name = request.POST.get(TO_FIELD_VAR)
        return key_text(obj.serializable_value(str(name)) if name else obj.pk)

    def _popup_group(self, request: Any, obj: Any, value: str) -> str | None:
        """Return the group in which the form behind a popup will list a new object."""
        label = request.POST.get(SOURCE_MODEL_VAR)
        if not label:
            return None
        try:
            source = apps.get_model(label)
        except (LookupError, ValueError):
            self.message_user(
                request, _("Source model %(model)s could not be found.") % {"model": label}, 40
            )
            return None
        if not self.admin_site.is_registered(source):
            return None
        form = self.admin_site.get_model_admin(source).get_form(request)()
        return _group_of(form, obj, value)

    # After adding and changing

    def _saved(self, request: Any, obj: Any, done: str, url: str | None) -> tuple[Any, Any]:
        """Say what was done, and return which page comes next."""
        admin: Any = self
        may_change = admin.has_change_permission(request, obj)
        asked = request.POST
        copied = "_saveasnew" in asked and admin.save_as_continue and may_change
        if "_continue" in asked or (done == "add" and copied):
            following = "edit"
        else:
            following = "another" if "_addanother" in asked else "list"
        # Where they stay, those who may not change anything read no invitation to do so.
        said = "list" if following == "edit" and done == "add" and not may_change else following
        text = shown_name(obj)
        shown = text if url is None else format_html('<a href="{}">{}</a>', url, text)
        names = {"name": self.opts.verbose_name, "obj": shown}
        return format_html(str(_SAID[done, said]), **names), following

    def response_add(self, request: Any, obj: Any, post_url_continue: str | None = None) -> Any:
        """Return the response after an object was added.

        Args:
            request: the form that was sent.
            obj: the object.
            post_url_continue: where "save and continue" leads instead of the object's page.
        """
        if IS_POPUP_VAR in request.POST:
            value = self._pointed_by(request, obj)
            data = {"value": value, "obj": str(obj)}
            group = self._popup_group(request, obj, value)
            return self._close_popup(data if group is None else {**data, "optgroup": group})
        admin: Any = self
        page = self._page_url("change", quote(obj.pk))
        linked = admin.has_change_permission(request, obj)
        text, following = self._saved(request, obj, "add", page if linked else None)
        self._say(request, text)
        if following == "edit":
            return self._go(request, post_url_continue or page, keep=True)
        if following == "another":
            return self._go(request, request.path, keep=True)
        return self.response_post_save_add(request, obj)

    def response_change(self, request: Any, obj: Any) -> Any:
        """Return the response after an object was changed."""
        if IS_POPUP_VAR in request.POST:
            return self._close_popup(
                {
                    "action": "change",
                    "value": request.resolver_match.kwargs["object_id"],
                    "obj": str(obj),
                    "new_value": self._pointed_by(request, obj),
                }
            )
        text, following = self._saved(request, obj, "change", request.path)
        self._say(request, text)
        if following == "edit":
            return self._go(request, request.path, keep=True)
        if following == "another":
            return self._go(request, self._page_url("add"), keep=True)
        return self.response_post_save_change(request, obj)

    def _back(self, request: Any, allowed: bool) -> HttpResponseRedirect:
        """Return to the list, or to the index where the list is not allowed."""
        if allowed:
            return self._go(request, self._page_url("changelist"))
        return HttpResponseRedirect(reverse("admin:index", current_app=self.admin_site.name))

    def response_post_save_add(self, request: Any, obj: Any) -> Any:
        """Return the response after "save" when an object was added."""
        admin: Any = self
        return self._back(request, admin.has_view_or_change_permission(request))

    def response_post_save_change(self, request: Any, obj: Any) -> Any:
        """Return the response after "save" when an object was changed."""
        admin: Any = self
        return self._back(request, admin.has_view_or_change_permission(request))

    def response_delete(self, request: Any, obj_display: str, obj_id: Any) -> Any:
        """Return the response after an object was deleted.

        Args:
            request: the confirmation that was sent.
            obj_display: what the object was called.
            obj_id: its key.
        """
        if IS_POPUP_VAR in request.POST:
            return self._close_popup({"action": "delete", "value": key_text(obj_id)})
        names = {"name": self.opts.verbose_name, "obj": obj_display}
        self._say(request, _("The %(name)s “%(obj)s” was deleted successfully.") % names)
        admin: Any = self
        return self._back(request, admin.has_change_permission(request, None))

    def _missing(self, request: Any, object_id: str | None) -> HttpResponseRedirect:
        """Say that there is no such object (as the address has it), and go to the index."""
        text = _("%(name)s with ID “%(key)s” doesn’t exist. Perhaps it was deleted?")
        key = None if object_id is None else unquote(object_id)
        names = {"name": self.opts.verbose_name, "key": key}
        self.message_user(request, text % names, 30)
        return HttpResponseRedirect(reverse("admin:index", current_app=self.admin_site.name))
