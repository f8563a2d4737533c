"""Flat pages in the admin."""

from nuages.contrib import admin
from nuages.utils.translation import gettext_lazy as _

from .forms import FlatpageForm
from .models import FlatPage

_SELDOM = {"fields": ("registration_required", "template_name"), "classes": ("collapse",)}


@admin.register(FlatPage)
class FlatPageAdmin(admin.ModelAdmin):
    """Lists URLs and titles; what one seldom changes is folded away."""

    form = FlatpageForm
    search_fields = list_display = ("url", "title")
    list_filter = ("sites", "registration_required")
    fieldsets = (
        (None, {"fields": ("url", "title", "content", "sites")}),
        (_("Advanced options"), _SELDOM),
    )
