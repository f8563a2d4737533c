"""Users and groups in the admin. Manual: "Using the Django authentication system"."""

from __future__ import annotations

from typing import Any

from nuages.conf import settings
from nuages.contrib import admin, messages
from nuages.contrib.admin import helpers
from nuages.contrib.admin.options import IS_POPUP_VAR
from nuages.contrib.admin.utils import unquote
from nuages.contrib.auth import update_session_auth_hash
from nuages.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm, UserChangeForm
from nuages.contrib.auth.models import Group, User
from nuages.core.exceptions import PermissionDenied
from nuages.db import router, transaction
from nuages.http import Http404, HttpResponseRedirect
from nuages.template.response import TemplateResponse
from nuages.urls import path, reverse
from nuages.utils.decorators import method_decorator
from nuages.utils.html import escape
from nuages.utils.translation import gettext
from nuages.utils.translation import gettext_lazy as _
from nuages.views.decorators.csrf import csrf_protect
from nuages.views.decorators.debug import sensitive_post_parameters

_secret = method_decorator(sensitive_post_parameters())
_READING = ("GET", "HEAD", "OPTIONS", "TRACE")


class _OffersPermissions:
    """Part of pages that offer permissions: each is called by the model that it is about."""

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        """Read the content types together with the permissions."""
        if db_field.name in ("permissions", "user_permissions"):
            offered = kwargs.get("queryset", db_field.remote_field.model.objects)
            kwargs["queryset"] = offered.select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]


@admin.register(Group)
class GroupAdmin(_OffersPermissions, admin.ModelAdmin):
    """Groups, with their permissions."""

    search_fields = ordering = ("name",)
    filter_horizontal = ("permissions",)


@admin.register(User)
class UserAdmin(_OffersPermissions, admin.ModelAdmin):
    """Users, with a page for their password."""

    form, add_form = UserChangeForm, AdminUserCreationForm
    change_password_form: Any = AdminPasswordChangeForm
    add_form_template = "admin/auth/user/add_form.html"
    change_user_password_template: str | None = None

    list_display = ("username", "email", "first_name", "last_name", "is_staff")
    list_filter = ("is_staff", "is_superuser", "is_active", "groups")
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("username",)
    filter_horizontal = ("groups", "user_permissions")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Personal info"), {"fields": ("first_name", "last_name", "email")}),
        (
            _("Permissions"),
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        (_("Important dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "usable_password", "password1", "password2"),
            },
        ),
    )

    # A new user gets a name and a password first.

    def get_fieldsets(self, request: Any, obj: Any = None) -> Any:
        """Return the sections of the add page, or those of the change page."""
        return super().get_fieldsets(request, obj) if obj else self.add_fieldsets

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form of the add page, or that of the change page."""
        if obj is None:
            kwargs = {"form": self.add_form, **kwargs}
        return super().get_form(request, obj, change=change, **kwargs)

    def lookup_allowed(self, lookup: str, value: Any, request: Any) -> bool:
        """Allow nobody to guess a password's hash, letter by letter."""
        return not lookup.startswith("password") and super().lookup_allowed(lookup, value, request)

    @_secret
    @method_decorator(csrf_protect)
    def add_view(self, request: Any, form_url: str = "", extra_context: Any = None) -> Any:
        """Show the page that adds a user, or add the user.

        Raises:
            PermissionDenied: the user may not add and change users. Whoever could add but not change
                them could still add somebody mightier.
            Http404: the same, in debug mode.
        """
        if not self.has_change_permission(request):
            if settings.DEBUG and self.has_add_permission(request):
                raise Http404(
                    "To add users, a user account needs two permissions: “Add user” and “Change "
                    "user”. Yours lacks the second."
                )
            raise PermissionDenied
        named = self.model._meta.get_field(self.model.USERNAME_FIELD)
        context = {"auto_populated_fields": (), "username_help_text": named.help_text}
        context |= extra_context or {}
        if request.method in _READING:
            return super().add_view(request, form_url, context)
        with transaction.atomic(using=router.db_for_write(self.model)):
            return super().add_view(request, form_url, context)

    def response_add(self, request: Any, obj: Any, post_url_continue: Any = None) -> Any:
        """Go on to the page where the rest about a new user is filled in."""
        if "_addanother" not in request.POST and IS_POPUP_VAR not in request.POST:
            request.POST = request.POST.copy()
            request.POST["_continue"] = 1
        return super().response_add(request, obj, post_url_continue)

    # Passwords

    def get_urls(self) -> list[Any]:
        """Return the URL patterns of the pages, with that for the password."""
        page = self.admin_site.admin_view(self.user_change_password)
        return [path("<id>/password/", page, name="auth_user_password_change"), *super().get_urls()]

    def _password_user(self, request: Any, key: str) -> Any:
        user = self.get_object(request, unquote(key))
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        if user is None:
            what = {"name": self.opts.verbose_name, "key": escape(key)}
            raise Http404(
                gettext("%(name)s object with primary key %(key)r does not exist.") % what
            )
        return user

    @_secret
    def user_change_password(self, request: Any, id: str, form_url: str = "") -> Any:
        """Show the page for a user's password, or set the password or take it away.

        Args:
            request: the request.
            id: the user's key, as it stands in the address.
            form_url: where the form is sent (default: the page's own address).

        Raises:
            PermissionDenied: the user may not change that one.
            Http404: there is no such user.
        """
        user = self._password_user(request, id)
        sent = (request.POST,) if request.method == "POST" else ()
        form = self.change_password_form(user, *sent)
        if sent and form.is_valid():
            return self._set_password(request, user, form)
        return self._password_page(request, user, form, form_url)

    def _set_password(self, request: Any, user: Any, form: Any) -> HttpResponseRedirect:
        # Without scripts the page has two buttons: the one that was pressed has to mean the same
        # as what was chosen.
        if not form.cleaned_data["set_usable_password"] and "unset-password" not in request.POST:
            messages.error(request, gettext("Conflicting form data submitted. Please try again."))
            return HttpResponseRedirect(request.get_full_path())
        changed = form.save()
        self.log_change(request, changed, self.construct_change_message(request, form, None))
        done = (
            gettext("Password changed successfully.")
            if changed.has_usable_password()
            else gettext("Password-based authentication was disabled.")
        )
        messages.success(request, done)
        update_session_auth_hash(request, changed)
        page = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change"
        return HttpResponseRedirect(reverse(page, args=(user.pk,)))

    def _password_page(self, request: Any, user: Any, form: Any, form_url: str) -> TemplateResponse:
        title = _("Change password: %s") if user.has_usable_password() else _("Set password: %s")
        shown = helpers.AdminForm(form, [(None, {"fields": list(form.base_fields)})], {})
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            **dict.fromkeys(
                ("change", "save_as", "has_absolute_url", "has_delete_permission"), False
            ),
            **dict.fromkeys(("add", "show_save", "has_change_permission"), True),
            "title": title % escape(user.get_username()),
            "adminForm": shown,
            "media": self.media + shown.media,
            "form": form,
            "form_url": form_url,
            "opts": self.opts,
            "original": user,
            "is_popup": IS_POPUP_VAR in request.POST or IS_POPUP_VAR in request.GET,
            "is_popup_var": IS_POPUP_VAR,
        }
        template = self.change_user_password_template or "admin/auth/user/change_password.html"
        return TemplateResponse(request, template, context)
