"""The operation by which content types follow renamed models."""

from __future__ import annotations

import warnings
from typing import Any

from nuages.db import IntegrityError, migrations, router, transaction


class RenameContentType(migrations.RunPython):
    """Lets a content type follow a renamed model.

    Args:
        app_label: of the model.
        old_model, new_model: its names, in small letters.
    """

    def __init__(self, app_label: str, old_model: str, new_model: str) -> None:
        self.old_model, self.new_model = old_model, new_model
        self.app_label = app_label
        super().__init__(code=self.rename_forward, reverse_code=self.rename_backward)

    def rename_forward(self, apps: Any, schema_editor: Any) -> None:
        """Give the content type the new name."""
        self._rename(apps, schema_editor.connection.alias, self.old_model, self.new_model)

    def rename_backward(self, apps: Any, schema_editor: Any) -> None:
        """Give the content type the old name."""
        self._rename(apps, schema_editor.connection.alias, self.new_model, self.old_model)

    def _rename(self, apps: Any, using: str, before: str, after: str) -> None:
        content_type = apps.get_model("contenttypes", "ContentType")
        types = content_type.objects.db_manager(using)
        if not router.allow_migrate_model(using, content_type):
            return
        found = types.filter(app_label=self.app_label, model=before).first()
        if found is None:
            return
        found.model = after
        try:
            with transaction.atomic(using=using):
                found.save(update_fields={"model"}, using=using)
        except IntegrityError:
            found.model = before
            message = (
                f"Could not rename content type '{self.app_label}.{before}' to '{after}' due to "
                "an existing conflicting content type. Run 'remove_stale_contenttypes' to clean "
                "up stale entries."
            )
            warnings.warn(message, RuntimeWarning, stacklevel=2)
            return
        # What is remembered under the old name must not be found.
        content_type.objects.clear_cache()


RenameContentType.__module__ = __name__.rpartition(".")[0]
