"""What the command palette finds, and how many objects the dashboard counts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from nuages.contrib.admin.utils import quote
from nuages.http import JsonResponse
from nuages.urls import NoReverseMatch, reverse
from nuages.utils.translation import gettext as _

#: Objects that are named per model, models that are searched for them, and entries in all.
OBJECTS_PER_MODEL, SEARCHED_MODELS, ENTRIES = 4, 20, 40
#: Tables are counted up to here.
COUNTED = 10_000

Entry = dict[str, str]


def _entry(group: Any, title: Any, url: str, hint: Any = "") -> Entry:
    return {"group": str(group), "title": str(title), "url": url, "hint": str(hint)}


class Palette:
    """What one user may jump to.

    Args:
        site: whose pages.
        request: of the user; everything is asked of the site and its models with it.
    """

    def __init__(self, site: Any, request: Any) -> None:
        self.site, self.request = site, request
        self.applications = site.get_app_list(request)

    def _models(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        for application in self.applications:
            for model in application["models"]:
                yield application, model

    def pages(self) -> Iterator[Entry]:
        """Yield lists, forms for new objects, and pages of the user's own."""
        for application, model in self._models():
            if model["admin_url"]:
                group = _("Models")
                yield _entry(group, model["name"], model["admin_url"], application["name"])
        for application, model in self._models():
            if model["add_url"]:
                name = model["model"]._meta.verbose_name
                title = _("Add %(name)s") % {"name": name}
                yield _entry(_("Actions"), title, model["add_url"], application["name"])
        for name, title in (
            ("index", _("Home")),
            ("password_change", _("Change password")),
        ):
            yield _entry(_("Actions"), title, self._url(name))

    def _url(self, name: str, *args: Any) -> str:
        return reverse(f"admin:{name}", args=args, current_app=self.site.name)

    def objects(self, term: str) -> Iterator[Entry]:
        """Yield objects that their models' search finds, as far as the user may see them."""
        searched = (
            (entry, made)
            for _application, entry in self._models()
            if entry["admin_url"]
            and (made := self.site.get_model_admin(entry["model"])).get_search_fields(self.request)
        )
        for entry, made in islice(searched, SEARCHED_MODELS):
            yield from self._objects_of(entry, made, term)

    def _objects_of(self, entry: dict[str, Any], made: Any, term: str) -> Iterator[Entry]:
        opts = entry["model"]._meta
        rows = made.get_queryset(self.request)
        rows, repeated = made.get_search_results(self.request, rows, term)
        if repeated:
            rows = rows.distinct()
        for row in rows[:OBJECTS_PER_MODEL]:
            if made.has_view_or_change_permission(self.request, row):
                try:
                    url = self._url(f"{opts.app_label}_{opts.model_name}_change", quote(row.pk))
                except NoReverseMatch:
                    return  # pages of their own, without one for an object
                yield _entry(entry["name"], row, url, opts.verbose_name)

    def found(self, term: str) -> list[Entry]:
        """Return what fits a text; without one, all pages."""
        words = term.lower().split()

        def fits(entry: Entry) -> bool:
            text = f"{entry['title']} {entry['hint']}".lower()
            return all(word in text for word in words)

        entries = [entry for entry in self.pages() if fits(entry)]
        if len(term) > 1:
            entries = entries[: ENTRIES // 2] + list(self.objects(term))
        return entries[:ENTRIES]

    def counts(self) -> dict[str, str]:
        """Return how many objects there are, by application and model.

        Models whose lists do not show full counts are left out, and no table is counted to its
        end if it is large.
        """
        numbers = {}
        for application, entry in self._models():
            made = self.site.get_model_admin(entry["model"])
            if not entry["admin_url"] or not made.show_full_result_count:
                continue
            number = made.get_queryset(self.request).order_by()[: COUNTED + 1].count()
            key = f"{application['app_label']}-{entry['object_name'].lower()}"
            numbers[key] = f"{COUNTED:,}+" if number > COUNTED else f"{number:,}"
        return numbers


def palette_view(site: Any, request: Any) -> JsonResponse:
    """Answer the palette (``?q=…``) or the dashboard (``?counts``) as JSON."""
    palette = Palette(site, request)
    if "counts" in request.GET:
        return JsonResponse({"counts": palette.counts()})
    return JsonResponse({"entries": palette.found(request.GET.get("q", "").strip())})


__all__ = ["Palette", "palette_view"]
