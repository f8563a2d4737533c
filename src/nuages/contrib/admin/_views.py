"""What people make of a list: which columns they see, and views that they come back to.

Documented in ``docs/admin-lists.md``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from nuages.contrib import messages
from nuages.contrib.admin import _columns, _export, _scale
from nuages.contrib.admin._actions import Action, ActionPages
from nuages.contrib.admin.utils import label_for_field
from nuages.core import signing
from nuages.core.exceptions import PermissionDenied
from nuages.http import Http404, HttpResponseRedirect
from nuages.utils.text import capfirst
from nuages.utils.translation import gettext

COLUMNS_VAR = "_columns"
SAVE_VAR, DROP_VAR = "_save_view", "_drop_view"

#: A cookie holds 4096 bytes; this leaves room for the signature and other names.
_MOST_BYTES = 3_000
_LONGEST_NAME = 60
_YEAR = 365 * 24 * 60 * 60

#: Parameters that a view does not remember: they belong to one visit.
_PASSING = {
    "p", "e", "_popup", "_to_field", "_source_model",
    _scale.AFTER_VAR, _scale.BEFORE_VAR, _export.EXPORT_VAR,
}  # fmt: skip


class ListViews(ActionPages):
    """The part of a list page that is the user's.

    Attributes:
        list_choose_columns: whether users choose which columns they see.
        list_display_more: columns that are seen only if somebody chooses them.
        list_export: the formats that the list can be exported in: "csv", "json".
        list_saved_views: whether users can give names to what they filtered, sorted and chose.
    """

    list_choose_columns = False
    list_display_more: Any = ()
    list_export: Any = ()
    list_saved_views = False

    # Columns

    def chosen_columns(self, request: Any, columns: Any) -> Any:
        """Return the columns that the user wants to see, in the order of the address.

        Args:
            request: the request.
            columns: those of ``get_list_display()``. Without a choice these are shown.
        """
        wanted = request.GET.getlist(COLUMNS_VAR) if self.list_choose_columns else ()
        if not wanted:
            return columns
        known = {
            _columns.class_name(name, number): name
            for number, name in enumerate([*columns, *self.list_display_more])
        }
        return [known[name] for name in dict.fromkeys(wanted) if name in known] or columns

    def column_choices(self, request: Any, shown: Iterable[Any]) -> list[dict[str, Any]]:
        """Return what the form that chooses columns needs, by column: name, label, shown."""
        me: Any = self
        shown = list(shown)
        names = [*me.get_list_display(request), *self.list_display_more]
        return [
            {
                "name": _columns.class_name(name, number),
                "label": capfirst(label_for_field(name, me.model, me)),
                "shown": name in shown,
            }
            for number, name in enumerate(names)
        ]

    # Export

    def has_export_permission(self, request: Any) -> bool:
        """Whether the user may export what the list shows: by default, who may see it."""
        me: Any = self
        return me.has_view_or_change_permission(request)

    def _get_base_actions(self) -> list[Action]:
        """Return the actions of the site and the model's own, and those that export."""
        found = super()._get_base_actions()
        if self.list_export and self.actions is not None:
            from nuages.contrib.admin import actions

            names = (f"export_selected_as_{each}" for each in self.list_export)
            found += (self._described(getattr(actions, name), name) for name in names)
        return found

    def export_view(self, request: Any, cl: Any) -> Any:
        """Return the list as a file.

        Raises:
            PermissionDenied: the user may not export it.
            Http404: the format is not offered.
        """
        wanted = request.GET[_export.EXPORT_VAR]
        if wanted not in self.list_export or wanted not in _export.FORMATS:
            raise Http404(f"This list is not offered as {wanted!r}.")
        if not self.has_export_permission(request):
            raise PermissionDenied
        return _export.export(self, cl.queryset, cl.list_display, wanted)

    # Saved views

    def _cookie(self) -> str:
        me: Any = self
        # Names of models may have letters that names of cookies may not.
        place = f"{me.admin_site.name}.{me.opts.label_lower}"
        return f"admin_views_{signing.b64_encode(place.encode()).decode()}"

    def saved_views(self, request: Any) -> dict[str, str]:
        """Return the user's views of this list: queries by name.

        They lie in a signed cookie for this page, so they cost no query, last longer than a
        session, and are read for the user alone who saved them.
        """
        if not self.list_saved_views:
            return {}
        try:
            text = request.get_signed_cookie(self._cookie(), salt=self._salt(request))
            return dict(_read(text))
        except (KeyError, ValueError, signing.BadSignature):
            return {}

    @staticmethod
    def _salt(request: Any) -> str:
        return f"admin.views.{request.user.pk}"

    def change_views(self, request: Any) -> Any:
        """Save the page's view under a name, or forget one; answer with a redirect to the page."""
        me: Any = self
        views, sent = self.saved_views(request), request.POST
        name = sent.get(SAVE_VAR, "").strip()[:_LONGEST_NAME]
        if name:
            views[name] = urlencode(
                [
                    (key, value)
                    for key, value in parse_qsl(request.META["QUERY_STRING"], True)
                    if key not in _PASSING
                ]
            )
        views.pop(sent.get(DROP_VAR, ""), None)
        answer = HttpResponseRedirect(request.get_full_path())
        text = _write(views)
        if len(text) > _MOST_BYTES:
            told = gettext("There are too many saved views. Remove one before you save another.")
            me.message_user(request, told, messages.WARNING)
            return answer
        answer.set_signed_cookie(
            self._cookie(),
            text,
            salt=self._salt(request),
            max_age=_YEAR,
            path=request.path,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure(),
        )
        return answer

    # The page

    def list_extras(self, request: Any, cl: Any) -> dict[str, Any] | None:
        """Return what the template needs for columns, views and exports; ``None``: nothing."""
        if cl.is_popup:
            return None
        names: dict[str, Any] = {}
        if self.list_choose_columns:
            names["columns"] = self.column_choices(request, cl.list_display)
            # The numbers in the order of the list are those of the columns that are shown now.
            dropped = {COLUMNS_VAR, "o"}
            names["kept"] = [
                (key, value)
                for key, values in cl.filter_params.items()
                if key not in dropped
                for value in values
            ]
        if self.list_saved_views:
            names["saves_views"] = True
            names["views"] = [
                {"name": name, "url": f"?{query}"}
                for name, query in self.saved_views(request).items()
            ]
        if self.list_export and self.has_export_permission(request):
            names["exports"] = [
                {"name": each.upper(), "url": cl.get_query_string({_export.EXPORT_VAR: each})}
                for each in self.list_export
            ]
        return names or None


def _write(views: dict[str, str]) -> str:
    return signing.b64_encode(urlencode(views).encode()).decode()


def _read(text: str) -> list[tuple[str, str]]:
    return parse_qsl(signing.b64_decode(text.encode()).decode(), True)
