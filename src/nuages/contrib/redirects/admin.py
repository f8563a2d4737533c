"""Redirects in the admin."""

from nuages.contrib import admin

from .models import Redirect


@admin.register(Redirect)
class RedirectAdmin(admin.ModelAdmin):
    """Lists both paths, by site."""

    search_fields = list_display = ("old_path", "new_path")
    list_filter = ("site",)
