"""The pages of the documentation. Manual: "The Django admin documentation generator"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from nuages.apps import apps
from nuages.conf import settings
from nuages.contrib import admin
from nuages.contrib.admin.views.decorators import staff_member_required
from nuages.contrib.admindocs import _models, utils
from nuages.contrib.admindocs._models import (
    MODEL_METHODS_EXCLUDE,
    get_readable_field_data_type,
    get_return_data_type,
)
from nuages.contrib.admindocs._regex import simplify_regex
from nuages.contrib.auth import get_permission_codename
from nuages.core.exceptions import ImproperlyConfigured, PermissionDenied
from nuages.http import Http404
from nuages.template.engine import Engine
from nuages.urls import get_urlconf, reverse
from nuages.utils._os import safe_join
from nuages.utils.decorators import method_decorator
from nuages.utils.translation import gettext as _
from nuages.utils.translation import gettext_lazy
from nuages.views.generic import TemplateView

__all__ = [
    "MODEL_METHODS_EXCLUDE",
    "BaseAdminDocsView",
    "get_readable_field_data_type",
    "get_return_data_type",
    "simplify_regex",
]


class BaseAdminDocsView(TemplateView):
    """Base view for admindocs views.

    Shows its template to staff, with what pages of the admin see.
    """

    title: Any = gettext_lazy("Documentation")
    request: Any

    @method_decorator(staff_member_required)
    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Show the page, or what is missing to show it."""
        if utils.docutils_is_available:
            return super().dispatch(request, *args, **kwargs)
        self.template_name = "admin_doc/missing_docutils.html"
        return self.render_to_response(admin.site.each_context(request))

    def facts(self, **address: Any) -> dict[str, Any]:
        """Return what this page's template sees besides: a hook.

        Args:
            address: the parts of the address.
        """
        return {}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the template sees."""
        context = {
            **admin.site.each_context(self.request),
            "title": self.title,
            "docs_root": reverse("django-admindocs-docroot"),
            **kwargs,
        }
        return super().get_context_data(**context | self.facts(**self.kwargs))


class BookmarkletsView(BaseAdminDocsView):
    """The bookmarklets."""

    template_name = "admin_doc/bookmarklets.html"
    title = gettext_lazy("Documentation bookmarklets")

    def facts(self, **address: Any) -> dict[str, Any]:
        """Return where the site is."""
        root = reverse("django-admindocs-docroot")
        return {"admin_url": self.request.build_absolute_uri(root)}


# Tags and filters.


def _engine() -> Engine | None:
    """Return the one engine there is; with several, nobody knows which is meant."""
    try:
        return Engine.get_default()
    except ImproperlyConfigured:
        return None


def _libraries() -> Iterator[tuple[str, Any]]:
    """Yield the libraries with the name that ``{% load %}`` knows them by; none for built-in ones."""
    engine = _engine()
    if engine is None:
        return
    for library in engine.template_builtins:
        yield "", library
    for name in sorted(engine.template_libraries):
        yield name.rpartition(".")[2], engine.template_libraries[name]


class _LibraryView(BaseAdminDocsView):
    """What all libraries have of a kind."""

    kind: str
    prefix: Any
    built_in: Any

    def facts(self, **address: Any) -> dict[str, Any]:
        """Return the tags or filters, in the order of the libraries and of their names."""
        plural = f"{self.kind}s"
        found = []
        for library, module in _libraries():
            for name, function in sorted(getattr(module, plural).items()):
                title, body, metadata = utils.parse_docstring(function.__doc__)
                thing = f"{self.prefix}{name}"
                found.append(
                    {
                        "name": name,
                        "title": utils.parse_rst(title, self.kind, thing) if title else "",
                        "body": utils.parse_rst(body, self.kind, thing) if body else "",
                        "meta": {
                            key: utils.parse_rst(value, self.kind, thing)
                            for key, value in metadata.items()
                        },
                        "library": library,
                    }
                )
        found.sort(key=lambda each: (each["library"], each["name"]))
        return {plural: found, "entries": found, "built_in": self.built_in}


class TemplateTagIndexView(_LibraryView):
    """All template tags."""

    kind, prefix = "tag", gettext_lazy("tag:")
    template_name = "admin_doc/template_tag_index.html"
    title = gettext_lazy("Template tags")
    built_in = gettext_lazy("Built-in tags")


class TemplateFilterIndexView(_LibraryView):
    """All template filters."""

    kind, prefix = "filter", gettext_lazy("filter:")
    template_name = "admin_doc/template_filter_index.html"
    title = gettext_lazy("Template filters")
    built_in = gettext_lazy("Built-in filters")


# Views.


def _walk(
    patterns: Iterable[Any], base: str = "", namespace: str = ""
) -> Iterator[tuple[Any, str, str, str]]:
    """Yield view, expression, namespace and name of each pattern, however deep it lies."""
    for pattern in patterns:
        route = base + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            inner = getattr(pattern, "namespace", None)
            names = ":".join(filter(None, (namespace, inner)))
            yield from _walk(pattern.url_patterns, route, names)
        else:
            yield pattern.callback, route, namespace, pattern.name or ""


def _known_views(urlconf: Any) -> Iterator[tuple[Any, str, str, str]]:
    module = import_module(urlconf) if isinstance(urlconf, str) else urlconf
    return _walk(getattr(module, "urlpatterns", module))


class ViewIndexView(BaseAdminDocsView):
    """All views, by address."""

    template_name = "admin_doc/view_index.html"
    title = gettext_lazy("View documentation")

    def facts(self, **address: Any) -> dict[str, Any]:
        """Return the views."""
        views = [
            {
                "full_name": utils.get_view_name(view),
                "url": simplify_regex(route),
                "url_name": ":".join(filter(None, (namespace, name))),
                "namespace": namespace,
                "name": name,
            }
            for view, route, namespace, name in _known_views(settings.ROOT_URLCONF)
        ]
        views.sort(key=lambda view: (view["namespace"], view["url"]))
        return {"views": views}


class ViewDetailView(BaseAdminDocsView):
    """A view, as its docstring describes it."""

    template_name = "admin_doc/view_detail.html"

    def facts(self, **address: Any) -> dict[str, Any]:
        """Return what is known of the view.

        Raises:
            Http404: no address leads to it.
        """
        wanted = address["view"]
        # Only what an address leads to can be asked for: nothing is imported for the question.
        for view, *_rest in _known_views(get_urlconf() or settings.ROOT_URLCONF):
            if utils.get_view_name(view) == wanted:
                break
        else:
            raise Http404
        title, body, metadata = utils.parse_docstring(view.__doc__)
        thing = _("view:") + wanted
        return {
            "title": wanted,
            "name": wanted,
            "summary": utils.parse_summary(title, "view", thing),
            "body": utils.parse_rst(body, "view", thing) if body else "",
            "meta": {key: utils.parse_rst(text, "model", thing) for key, text in metadata.items()},
        }


# Models.


def _may_see(user: Any, opts: Any) -> bool:
    return any(
        user.has_perm(f"{opts.app_label}.{get_permission_codename(action, opts)}")
        for action in ("view", "change")
    )


class ModelIndexView(BaseAdminDocsView):
    """All models that the user may see objects of."""

    template_name = "admin_doc/model_index.html"
    title = gettext_lazy("Models")

    def facts(self, **address: Any) -> dict[str, Any]:
        """Return the models."""
        user = self.request.user
        return {"models": [m._meta for m in apps.get_models() if _may_see(user, m._meta)]}


class ModelDetailView(BaseAdminDocsView):
    """A model with its fields and methods."""

    template_name = "admin_doc/model_detail.html"

    def facts(self, **address: Any) -> dict[str, Any]:
        """Return what is known of the model.

        Raises:
            Http404: there is no such model.
            PermissionDenied: the user may not see objects of it.
        """
        label, wanted = address["app_label"], address["model_name"]
        try:
            config = apps.get_app_config(label)
        except LookupError:
            raise Http404(_("App %(app_label)r not found") % {"app_label": label}) from None
        try:
            model = config.get_model(wanted)
        except LookupError:
            names = {"model_name": wanted, "app_label": label}
            raise Http404(
                _("Model %(model_name)r not found in app %(app_label)r") % names
            ) from None
        opts = model._meta
        if not _may_see(self.request.user, opts):
            raise PermissionDenied
        title, body, metadata = utils.parse_docstring(model.__doc__)
        thing = _("model:") + opts.model_name
        return {
            "title": opts.label,
            "name": opts.label,
            "summary": utils.parse_summary(title, "model", thing),
            "description": utils.parse_rst(body, "model", thing) if body else "",
            "meta": metadata,
            **_models.describe(model),
        }


# Templates.


class TemplateDetailView(BaseAdminDocsView):
    """Where a template is looked for, and what it says."""

    template_name = "admin_doc/template_detail.html"

    def facts(self, **address: Any) -> dict[str, Any]:
        """Return the places that the loaders look at.

        Raises:
            SuspiciousFileOperation: the name leads out of the folders of templates.
        """
        name, places = address["template"], []
        engine = _engine()
        loaders = [] if engine is None else engine.template_loaders
        for loader in loaders:
            for order, folder in enumerate(_folders(loader)):
                path = Path(safe_join(folder, name))
                exists = path.is_file()
                places.append(
                    {
                        "file": str(path),
                        "exists": exists,
                        "contents": path.read_text(encoding="utf-8") if exists else "",
                        "order": order,
                    }
                )
        return {"name": name, "templates": places}


def _folders(loader: Any) -> Iterator[Any]:
    for inner in getattr(loader, "loaders", ()):
        yield from _folders(inner)
    if hasattr(loader, "get_dirs"):
        yield from loader.get_dirs()
