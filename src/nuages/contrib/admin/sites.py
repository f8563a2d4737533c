"""Sites hold the models that are registered, and serve the pages that are not about one model.

Manual: "The Django admin site", "AdminSite objects".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import update_wrapper
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from nuages.apps import apps
from nuages.conf import settings
from nuages.contrib.admin import _discovery
from nuages.contrib.admin._powers import asks_as_made, is_almighty
from nuages.contrib.admin.actions import delete_selected
from nuages.contrib.admin.exceptions import AlreadyRegistered, NotRegistered
from nuages.contrib.admin.options import _ACTIONS, ModelAdmin
from nuages.contrib.auth import REDIRECT_FIELD_NAME
from nuages.contrib.auth.decorators import login_not_required
from nuages.core.exceptions import ImproperlyConfigured
from nuages.http import Http404, HttpResponsePermanentRedirect, HttpResponseRedirect
from nuages.template.response import TemplateResponse
from nuages.urls import (
    NoReverseMatch,
    get_resolver,
    get_script_prefix,
    get_urlconf,
    reverse,
)
from nuages.utils.decorators import method_decorator
from nuages.utils.functional import LazyObject
from nuages.utils.module_loading import import_string
from nuages.utils.text import capfirst
from nuages.utils.translation import get_language, gettext_lazy
from nuages.utils.translation import gettext as _
from nuages.views.decorators.common import no_append_slash

#: All sites there are.
all_sites: WeakSet[AdminSite] = WeakSet()


#: What says which of the actions a user may do; a superuser may do all, if nobody else answers.
_OWN_PERMS = ModelAdmin.get_model_perms


def _listed(models: Any) -> Iterable[Any]:
    from nuages.db.models.base import ModelBase

    return [models] if isinstance(models, ModelBase) else models


class AdminSite:
    """An admin.

    Args:
        name: the namespace of its URLs.
    """

    site_header: Any
    site_title: Any
    index_title: Any
    site_header, site_title, index_title = map(
        gettext_lazy, ("Django administration", "Django site admin", "Site administration")
    )
    site_url: str | None = "/"
    empty_value_display = "-"
    enable_nav_sidebar = final_catch_all_view = True

    #: Forms and templates in the place of the usual ones.
    login_form: Any = None
    login_template: str | None = None
    password_change_form: Any = None
    password_change_template: str | None = None
    password_change_done_template: str | None = None
    logout_template: str | None = None
    index_template: str | None = None
    app_index_template: str | None = None

    def __init__(self, name: str = "admin") -> None:
        self.name = name
        self._registry: dict[Any, ModelAdmin] = {}
        # All that were ever added, and those that pages offer.
        self._known_actions: dict[str, Any] = {"delete_selected": delete_selected}
        self._known_addresses: WeakKeyDictionary[Any, dict[Any, Any]] = WeakKeyDictionary()
        self._widget_shells: WeakKeyDictionary[Any, dict[Any, str]] = WeakKeyDictionary()
        self._actions = dict(self._known_actions)
        all_sites.add(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r})"

    @property
    def _registry(self) -> dict[Any, ModelAdmin]:
        """What is registered, once all applications had the chance."""
        _discovery.settle()
        return self._models

    @_registry.setter
    def _registry(self, models: dict[Any, ModelAdmin]) -> None:
        self._models = models

    def check(self, app_configs: Any) -> list[Any]:
        """Return what is wrong with the registered classes."""
        configs = apps.get_app_configs() if app_configs is None else app_configs
        wanted = set(configs)
        return [
            problem
            for model, made in self._registry.items()
            if model._meta.app_config in wanted
            for problem in made.check()
        ]

    # Registration

    def register(
        self, model_or_iterable: Any, admin_class: type[ModelAdmin] | None = None, **options: Any
    ) -> None:
        """Register models.

        Args:
            model_or_iterable: a model or several.
            admin_class: describes their pages.
            options: attributes that are put into a subclass of it.

        Raises:
            AlreadyRegistered: a model is registered.
            ImproperlyConfigured: a model is abstract.
        """
        base = admin_class or ModelAdmin
        for model in _listed(model_or_iterable):
            self._refuse_unfit(model)
            if model._meta.swapped:
                continue
            chosen = base
            if options:
                body = {**options, "__module__": __name__}
                chosen = type(f"{model.__name__}Admin", (base,), body)
            self._registry[model] = chosen(model, self)

    def _refuse_unfit(self, model: Any) -> None:
        label = f"The model {model.__name__}"
        if model._meta.abstract:
            raise ImproperlyConfigured(
                f"{label} is abstract, so it cannot be registered with admin."
            )
        known = self._registry.get(model)
        if known is not None:
            shown = str(known)
            plain = shown.endswith(".ModelAdmin")
            where = f"in app {shown.removesuffix('.ModelAdmin')!r}" if plain else f"with {shown!r}"
            raise AlreadyRegistered(f"{label} is already registered {where}.")

    def unregister(self, model_or_iterable: Any) -> None:
        """Take models off the site.

        Raises:
            NotRegistered: one was not on it.
        """
        for model in _listed(model_or_iterable):
            if self._registry.pop(model, None) is None:
                raise NotRegistered(f"The model {model.__name__} is not registered")

    def is_registered(self, model: Any) -> bool:
        """Whether a model is registered."""
        return model in self._registry

    def get_model_admin(self, model: Any) -> ModelAdmin:
        """Return what describes a model's pages.

        Raises:
            NotRegistered: the model is not registered.
        """
        if (found := self._registry.get(model)) is None:
            raise NotRegistered(f"The model {model.__name__} is not registered.")
        return found

    # Actions

    def add_action(self, action: Any, name: str | None = None) -> None:
        """Offer an action on the lists of all models.

        Args:
            action: the function.
            name: its name (default: the function's).
        """
        name = name or action.__name__
        self._known_actions[name] = self._actions[name] = action

    def disable_action(self, name: str) -> None:
        """Offer an action no more, except where an admin class names it.

        Raises:
            KeyError: it is not offered.
        """
        del self._actions[name]

    def get_action(self, name: str) -> Any:
        """Return an action, offered or not.

        Raises:
            KeyError: there is none of that name.
        """
        return self._known_actions[name]

    @property
    def actions(self) -> Iterable[tuple[str, Any]]:
        """The names and functions of the actions that all models offer."""
        return self._actions.items()

    # Access

    def has_permission(self, request: Any) -> bool:
        """Whether the user may see any page."""
        user = request.user
        return user.is_active and user.is_staff

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        """Return a view that shows the login page to those who may not see it."""
        from nuages.views.decorators.cache import never_cache
        from nuages.views.decorators.csrf import csrf_protect

        def guarded(request: Any, *args: Any, **kwargs: Any) -> Any:
            if self.has_permission(request):
                return view(request, *args, **kwargs)
            if request.path == reverse("admin:logout", current_app=self.name):
                return HttpResponseRedirect(reverse("admin:index", current_app=self.name))
            from nuages.contrib.auth.views import redirect_to_login

            return redirect_to_login(
                request.get_full_path(), reverse("admin:login", current_app=self.name)
            )

        protected: Any = guarded if cacheable else never_cache(guarded)
        if not getattr(view, "csrf_exempt", False):
            protected = csrf_protect(protected)
        protected = update_wrapper(protected, view)
        # This site looks after itself, whatever the middleware demands.
        protected.login_required = False
        protected.admin_site = self
        return protected

    # Addresses

    def get_urls(self) -> list[Any]:
        """Return the URL patterns of all pages."""
        from nuages.contrib.contenttypes.views import shortcut
        from nuages.urls import include, path, re_path

        def page(route: str, view: Any, name: str, cacheable: bool = False) -> Any:
            return path(route, self.admin_view(view, cacheable), name=name)

        patterns = [
            page("", self.index, "index"),
            path("login/", self.login, name="login"),
            page("logout/", self.logout, "logout"),
            page("password_change/", self.password_change, "password_change", cacheable=True),
            page(
                "password_change/done/",
                self.password_change_done,
                "password_change_done",
                cacheable=True,
            ),
            page("autocomplete/", self.autocomplete_view, "autocomplete"),
            page("palette/", self.palette_view, "palette"),
            page("jsi18n/", self.i18n_javascript, "jsi18n", cacheable=True),
            page("r/<path:content_type_id>/<path:object_id>/", shortcut, "view_on_site"),
        ]
        for model, made in self._registry.items():
            opts = model._meta
            patterns.append(path(f"{opts.app_label}/{opts.model_name}/", include(made.urls)))
        labels = dict.fromkeys(model._meta.app_label for model in self._registry)
        if labels:
            regex = rf"^(?P<app_label>{'|'.join(labels)})/$"
            patterns.append(re_path(regex, self.admin_view(self.app_index), name="app_list"))
        if self.final_catch_all_view:
            patterns.append(re_path(r"(?P<url>.*)$", self.admin_view(self.catch_all_view)))
        return patterns

    @property
    def urls(self) -> tuple[list[Any], str, str]:
        """What ``path()`` takes to put the site somewhere."""
        return self.get_urls(), "admin", self.name

    # Pages

    def each_context(self, request: Any) -> dict[str, Any]:
        """Return the names that the template of each page sees."""
        root = request.META["SCRIPT_NAME"]
        return {
            "site_title": self.site_title,
            "site_header": self.site_header,
            "site_url": root if self.site_url == "/" and root else self.site_url,
            "has_permission": self.has_permission(request),
            "available_apps": self.get_app_list(request),
            "is_popup": False,
            "is_nav_sidebar_enabled": self.enable_nav_sidebar,
            "log_entries": self.get_log_entries(request),
        }

    def get_log_entries(self, request: Any) -> Any:
        """Return the log, for the index page."""
        from nuages.contrib.admin.models import LogEntry

        return LogEntry.objects.select_related("content_type", "user")

    def _addresses(self) -> Callable[..., str | None]:
        """Return the function that gives addresses of pages by name; None where there is no page.

        Each page lists all models, so addresses are kept, by all that they depend on.
        """
        resolver = get_resolver(get_urlconf())
        known = self._known_addresses.setdefault(resolver, {}).setdefault(
            (self.name, get_script_prefix(), get_language()), {}
        )

        def address(name: str, label: str | None = None) -> str | None:
            key = name, label
            if key not in known:
                kwargs = {} if label is None else {"app_label": label}
                try:
                    known[key] = reverse(f"admin:{name}", kwargs=kwargs, current_app=self.name)
                except NoReverseMatch:
                    known[key] = None
            return known[key]

        return address

    def _model_entry(
        self, perms: dict[str, bool], model: Any, address: Callable[..., str | None]
    ) -> dict[str, Any]:
        opts = model._meta
        name = f"{opts.app_label}_{opts.model_name}"
        listed = perms.get("change") or perms.get("view")
        return {
            "model": model,
            "name": capfirst(str(opts.verbose_name_plural)),
            "object_name": opts.object_name,
            "perms": perms,
            "admin_url": address(f"{name}_changelist") if listed else None,
            "add_url": address(f"{name}_add") if perms.get("add") else None,
            "view_only": not perms.get("change"),
        }

    def get_app_list(self, request: Any, app_label: str | None = None) -> list[dict[str, Any]]:
        """Return applications (or one) and their models, as far as the user may see them."""
        address = self._addresses()
        grouped: dict[str, list[dict[str, Any]]] = {}
        almighty = is_almighty(request)
        for model, made in self._registry.items():
            label = model._meta.app_label
            if app_label not in (None, label):
                continue
            asked = getattr(made.get_model_perms, "__func__", None)
            if almighty and asked is _OWN_PERMS and asks_as_made(made):
                perms = dict.fromkeys(_ACTIONS, True)
            elif made.has_module_permission(request):
                perms = made.get_model_perms(request)
            else:
                continue
            if any(perms.values()):
                entry = self._model_entry(perms, model, address)
                grouped.setdefault(label, []).append(entry)
        applications = [
            {
                "name": apps.get_app_config(label).verbose_name,
                "app_label": label,
                "app_url": address("app_list", label),
                "has_module_perms": True,
                "models": sorted(entries, key=lambda entry: entry["name"]),
            }
            for label, entries in grouped.items()
        ]
        return sorted(applications, key=lambda application: application["name"].lower())

    def _page(
        self, request: Any, template: str, names: dict[str, Any], extra: dict[str, Any] | None
    ) -> TemplateResponse:
        request.current_app = self.name
        return TemplateResponse(request, template, names | (extra or {}))

    def index(self, request: Any, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show all applications."""
        names = self.each_context(request)
        # The usual context has that list already.
        usual = type(self).each_context is AdminSite.each_context
        listed = names["available_apps"] if usual else self.get_app_list(request)
        names |= {"title": self.index_title, "subtitle": None, "app_list": listed}
        return self._page(request, self.index_template or "admin/index.html", names, extra_context)

    def app_index(
        self, request: Any, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show one application.

        Raises:
            Http404: the user may see nothing of it.
        """
        applications = self.get_app_list(request, app_label)
        if not applications:
            raise Http404("The requested admin page does not exist.")
        names = {
            **self.each_context(request),
            "title": _("%(app)s administration") % {"app": applications[0]["name"]},
            "subtitle": None,
            "app_list": applications,
            "app_label": app_label,
        }
        template = self.app_index_template or [
            f"admin/{app_label}/app_index.html",
            "admin/app_index.html",
        ]
        return self._page(request, template, names, extra_context)  # type: ignore[arg-type]

    @method_decorator(no_append_slash)
    def catch_all_view(self, request: Any, url: str) -> HttpResponsePermanentRedirect:
        """Add a missing slash, or say that there is no such page.

        Raises:
            Http404: there is none.
        """
        from nuages.urls import Resolver404, resolve

        if settings.APPEND_SLASH and not url.endswith("/"):
            urlconf = getattr(request, "urlconf", None)
            try:
                match = resolve(f"{request.path_info}/", urlconf)
            except Resolver404:
                raise Http404 from None
            if getattr(match.func, "should_append_slash", True):
                address = request.get_full_path(force_append_slash=True)
                return HttpResponsePermanentRedirect(address)
        raise Http404

    @method_decorator(login_not_required)
    def login(self, request: Any, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the login page, or log in."""
        from nuages.contrib.admin.forms import AdminAuthenticationForm
        from nuages.contrib.auth.views import LoginView

        index = reverse("admin:index", current_app=self.name)
        if request.method == "GET" and self.has_permission(request):
            page = LoginView()
            page.setup(request)
            return HttpResponseRedirect(page.get_redirect_url() or index)
        names = {
            **self.each_context(request),
            "title": _("Log in"),
            "subtitle": None,
            "app_path": request.get_full_path(),
            "username": request.user.get_username(),
        }
        if not {REDIRECT_FIELD_NAME}.intersection({*request.GET, *request.POST}):
            names[REDIRECT_FIELD_NAME] = index
        request.current_app = self.name
        return LoginView.as_view(
            extra_context=names | (extra_context or {}),
            authentication_form=self.login_form or AdminAuthenticationForm,
            template_name=self.login_template or "admin/login.html",
        )(request)

    def logout(self, request: Any, extra_context: dict[str, Any] | None = None) -> Any:
        """Log out."""
        from nuages.contrib.auth.views import LogoutView

        names = {**self.each_context(request), "has_permission": False, **(extra_context or {})}
        request.current_app = self.name
        options = {"template_name": self.logout_template} if self.logout_template else {}
        return LogoutView.as_view(extra_context=names, **options)(request)

    def password_change(self, request: Any, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the page for a new password, or set it."""
        from nuages.contrib.admin.forms import AdminPasswordChangeForm
        from nuages.contrib.auth.views import PasswordChangeView

        request.current_app = self.name
        options = (
            {"template_name": self.password_change_template}
            if self.password_change_template
            else {}
        )
        return PasswordChangeView.as_view(
            success_url=reverse("admin:password_change_done", current_app=self.name),
            form_class=self.password_change_form or AdminPasswordChangeForm,
            extra_context=self.each_context(request) | (extra_context or {}),
            **options,
        )(request)

    def password_change_done(
        self, request: Any, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Say that the password was set."""
        from nuages.contrib.auth.views import PasswordChangeDoneView

        request.current_app = self.name
        options = (
            {"template_name": self.password_change_done_template}
            if self.password_change_done_template
            else {}
        )
        return PasswordChangeDoneView.as_view(
            extra_context=self.each_context(request) | (extra_context or {}), **options
        )(request)

    def autocomplete_view(self, request: Any) -> Any:
        """Give the choices of a field that completes what is typed."""
        from nuages.contrib.admin.views.autocomplete import AutocompleteJsonView

        return AutocompleteJsonView.as_view(admin_site=self)(request)

    def palette_view(self, request: Any) -> Any:
        """Answer the command palette: what the user may jump to."""
        from nuages.contrib.admin.views.palette import palette_view

        return palette_view(self, request)

    def i18n_javascript(self, request: Any, extra_context: Any = None) -> Any:
        """Give the translations that scripts use."""
        from nuages.views.i18n import JavaScriptCatalog

        return JavaScriptCatalog.as_view(packages=["django.contrib.admin"])(request)


class DefaultAdminSite(LazyObject):
    """The site that the application's configuration names, made when it is needed."""

    def _setup(self) -> None:
        config: Any = apps.get_app_config("admin")
        self._wrapped = import_string(config.default_site)()

    def __repr__(self) -> str:
        return repr(self._wrapped)


site: Any = DefaultAdminSite()
