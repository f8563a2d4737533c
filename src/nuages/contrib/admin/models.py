"""What was done in the admin."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from nuages.conf import settings
from nuages.contrib.contenttypes.models import ContentType
from nuages.db import models
from nuages.urls import NoReverseMatch, reverse
from nuages.utils import timezone
from nuages.utils.text import get_text_list
from nuages.utils.translation import gettext
from nuages.utils.translation import gettext_lazy as _

ADDITION = 1
CHANGE = 2
DELETION = 3

ACTION_FLAG_CHOICES = [(ADDITION, _("Addition")), (CHANGE, _("Change")), (DELETION, _("Deletion"))]


class LogEntryManager(models.Manager):
    """Writes entries."""

    use_in_migrations = True

    def log_actions(
        self,
        user_id: Any,
        queryset: Iterable[Any],
        action_flag: int,
        change_message: Any = "",
        *,
        single_object: bool = False,
    ) -> Any:
        """Write an entry for each object.

        Args:
            user_id: who did it.
            queryset: the objects.
            action_flag: what was done.
            change_message: in more detail: a text, or a list that is kept as JSON.
            single_object: return the one entry instead of a list.
        """
        if isinstance(change_message, list):
            change_message = json.dumps(change_message)
        entries = [
            self.model(
                user_id=user_id,
                content_type_id=ContentType.objects.get_for_model(obj, for_concrete_model=False).id,
                object_id=obj.pk,
                object_repr=str(obj)[:200],
                action_flag=action_flag,
                change_message=change_message,
            )
            for obj in queryset
        ]
        if len(entries) == 1:
            # Not in bulk, so that signals are sent.
            entries[0].save()
            return entries[0] if single_object else entries
        return self.model.objects.bulk_create(entries)


class LogEntry(models.Model):
    """Somebody added, changed or deleted something."""

    action_time = models.DateTimeField(_("action time"), default=timezone.now, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("user"))
    content_type = models.ForeignKey(
        ContentType, models.SET_NULL, verbose_name=_("content type"), blank=True, null=True
    )
    object_id = models.TextField(_("object id"), blank=True, null=True)
    # Translators: how the object was shown, as text.
    object_repr = models.CharField(_("object repr"), max_length=200)
    action_flag = models.PositiveSmallIntegerField(_("action flag"), choices=ACTION_FLAG_CHOICES)
    change_message = models.TextField(_("change message"), blank=True)

    objects = LogEntryManager()

    class Meta:
        verbose_name = _("log entry")
        verbose_name_plural = _("log entries")
        db_table = "django_admin_log"
        ordering = ["-action_time"]

    def __repr__(self) -> str:
        return str(self.action_time)

    def __str__(self) -> str:
        values = {"object": self.object_repr, "changes": self.get_change_message()}
        if self.is_addition():
            return gettext("Added “%(object)s”.") % values
        if self.is_change():
            return gettext("Changed “%(object)s” — %(changes)s") % values
        if self.is_deletion():
            return gettext("Deleted “%(object)s.”") % values
        return gettext("LogEntry Object")

    def is_addition(self) -> bool:
        """Whether something was added."""
        return self.action_flag == ADDITION

    def is_change(self) -> bool:
        """Whether something was changed."""
        return self.action_flag == CHANGE

    def is_deletion(self) -> bool:
        """Whether something was deleted."""
        return self.action_flag == DELETION

    def get_change_message(self) -> str:
        """Return in words what was done, in the current language."""
        if not self.change_message.startswith("["):
            return self.change_message
        try:
            changes = json.loads(self.change_message)
        except json.JSONDecodeError:
            return self.change_message
        sentences = [_in_words(kind, detail) for each in changes for kind, detail in each.items()]
        if not changes:
            return gettext("No fields changed.")
        return " ".join(filter(None, sentences)) or gettext("No fields changed.")

    def get_edited_object(self) -> Any:
        """Return the object."""
        return self.content_type.get_object_for_this_type(pk=self.object_id)

    def get_admin_url(self) -> str | None:
        """Return the address of the object's page in the admin; None if it has none."""
        if not self.content_type or not self.object_id:
            return None
        from nuages.contrib.admin.utils import quote

        name = f"admin:{self.content_type.app_label}_{self.content_type.model}_change"
        try:
            return reverse(name, args=(quote(self.object_id),))
        except NoReverseMatch:
            return None


def _in_words(kind: str, detail: dict[str, Any]) -> str:
    """Return one change as a sentence."""
    detail = dict(detail or {})
    named = "name" in detail
    if named:
        # Stored in English, shown in the reader's language.
        detail["name"] = gettext(detail["name"])
    if "fields" in detail:
        fields = [gettext(field) for field in detail["fields"]]
        detail["fields"] = get_text_list(fields, gettext("and"))
    match kind, named:
        case "added", True:
            return gettext("Added {name} “{object}”.").format(**detail)
        case "added", False:
            return gettext("Added.")
        case "changed", True:
            return gettext("Changed {fields} for {name} “{object}”.").format(**detail)
        case "changed", False:
            return gettext("Changed {fields}.").format(**detail)
        case "deleted", _named:
            return gettext("Deleted {name} “{object}”.").format(**detail)
    return ""
