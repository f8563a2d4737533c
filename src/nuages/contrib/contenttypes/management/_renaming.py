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
        self.app_label = app_label
        self.old_model = old_model
        self.new_model = new_model
        super().__init__(self.rename_forward, self.rename_backward)

    def _rename(self, apps: Any, schema_editor: Any, old_model: str, new_model: str) -> None:
        content_type = apps.get_model("contenttypes", "ContentType")
        using = schema_editor.connection.alias
        if not router.allow_migrate_model(using, content_type):
            return
        rows = content_type.objects.db_manager(using)
        try:
            ct = rows.get_by_natural_key(self.app_label, old_model)
        except content_type.DoesNotExist:
            return
        ct.model = new_model
        try:
            with transaction.atomic(using=using):
                ct.save(using=using, update_fields={"model"})
        except IntegrityError:
            ct.model = old_model
            warnings.warn(
                f"Could not rename content type '{self.app_label}.{old_model}' to '{new_model}' "
                "due to an existing conflicting content type. Run 'remove_stale_contenttypes' to "
                "clean up stale entries.",
                RuntimeWarning,
                stacklevel=2,
            )
        else:
            # What is remembered under the old name must not be found.
            content_type.objects.clear_cache()

    def rename_forward(self, apps: Any, schema_editor: Any) -> None:
        """Give the content type the new name."""
        self._rename(apps, schema_editor, self.old_model, self.new_model)

    def rename_backward(self, apps: Any, schema_editor: Any) -> None:
        """Give the content type the old name."""
        self._rename(apps, schema_editor, self.new_model, self.old_model)


RenameContentType.__module__ = __name__.rpartition(".")[0]
