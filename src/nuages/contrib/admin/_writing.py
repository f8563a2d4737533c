"""How pages write what was sent to the database: hooks for a model's own ways.

Manual: "ModelAdmin methods", ``save_model()`` and the like.
"""

from __future__ import annotations

from typing import Any


class Writing:
    """The part of a model's pages that saves and deletes. Each method may be overridden."""

    def delete_model(self, request: Any, obj: Any) -> None:
        """Delete an object."""
        obj.delete()

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        """Save the object of the page.

        Args:
            request: what was sent.
            obj: the object, from :meth:`save_form`.
            form: its form, which is valid.
            change: whether the object existed before.
        """
        obj.save()

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        """Save many-to-many relations, then the formsets; the object was saved before."""
        form.save_m2m()
        save = self.save_formset
        for each in formsets:
            save(request, form, each, change=change)

    def save_formset(self, request: Any, form: Any, formset: Any, change: bool) -> None:
        """Save, and delete, what the formset of an inline holds; it is valid."""
        formset.save()

    def save_form(self, request: Any, form: Any, change: bool) -> Any:
        """Return the object that a valid form describes, not saved."""
        return form.save(commit=False)
