"""Inlines over generic relations. Manual: "Generic relations", "Generic relation in admin"."""

from __future__ import annotations

from typing import Any

from nuages.contrib.admin._inlines import InlineModelAdmin
from nuages.contrib.admin.checks import GenericInlineModelAdminChecks
from nuages.contrib.contenttypes.forms import (
    BaseGenericInlineFormSet,
    generic_inlineformset_factory,
)


class GenericInlineModelAdmin(InlineModelAdmin):
    """Objects that point to the parent by a generic foreign key.

    ``ct_field`` and ``ct_fk_field`` name the two fields behind it.
    """

    ct_field = "content_type"
    ct_fk_field = "object_id"
    formset = BaseGenericInlineFormSet
    checks_class = GenericInlineModelAdminChecks

    def _make_formset(self, options: dict[str, Any]) -> type[Any]:
        places = {"ct_field": self.ct_field, "fk_field": self.ct_fk_field}
        return generic_inlineformset_factory(self.model, **{**places, **options})


class GenericStackedInline(GenericInlineModelAdmin):
    """A generic inline whose fields stand below one another."""

    template = "admin/edit_inline/stacked.html"


class GenericTabularInline(GenericInlineModelAdmin):
    """A generic inline whose fields stand beside one another."""

    template = "admin/edit_inline/tabular.html"
