"""Users and groups in the admin."""

from __future__ import annotations

from typing import Any

from nuages.contrib import admin
from nuages.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm, UserChangeForm
from nuages.contrib.auth.models import Group, User
from nuages.utils.translation import gettext_lazy as _


@admin.register(Group)
class GroupAdmin(admin.ModelAdmin):
    """Groups, with their permissions."""

    search_fields = ordering = ("name",)
    filter_horizontal = ("permissions",)


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
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
