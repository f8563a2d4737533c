"""Queued tasks in the admin: to be looked at, and to be tried again."""

from __future__ import annotations

from typing import Any

from nuages.contrib import admin
from nuages.contrib.tasks.models import QueuedTask
from nuages.tasks.base import TaskResultStatus
from nuages.utils import timezone
from nuages.utils.translation import gettext_lazy as _
from nuages.utils.translation import ngettext


@admin.register(QueuedTask)
class QueuedTaskAdmin(admin.ModelAdmin):
    """Shows what waits, runs and has run. Nothing is added or changed by hand."""

    list_display = ("path", "status", "queue_name", "priority", "enqueued_at", "finished_at")
    list_filter = ("status", "queue_name", "backend")
    search_fields = ("path", "id")
    date_hierarchy = "enqueued_at"
    actions = ("try_again",)

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        # The action below changes rows; the form does not.
        return obj is None and super().has_change_permission(request, obj)

    @admin.action(description=_("Try the selected tasks again"), permissions=["change"])
    def try_again(self, request: Any, queryset: Any) -> None:
        """Put failed tasks back into the queue."""
        failed = queryset.filter(status=TaskResultStatus.FAILED)
        number = failed.update(
            status=TaskResultStatus.READY, available_at=timezone.now(), finished_at=None
        )
        message = ngettext("%d task will be tried again.", "%d tasks will be tried again.", number)
        self.message_user(request, message % number)
