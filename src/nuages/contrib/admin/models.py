"""What was done in the admin."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from typing import Any

from nuages.conf import settings
from nuages.contrib.admin._keys import key_text, key_value, quote
from nuages.contrib.contenttypes.models import ContentType
from nuages.db import models
from nuages.utils import timezone
from nuages.utils.text import get_text_list
from nuages.utils.translation import gettext
from nuages.utils.translation import gettext_lazy as _

ADDITION, CHANGE, DELETION = 1, 2, 3

ACTION_FLAG_CHOICES = [
    *zip((ADDITION, CHANGE, DELETION), (_("Addition"), _("Change"), _("Deletion")), strict=True)
]


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
        detail = json.dumps(change_message) if isinstance(change_message, list) else change_message
        shared = {"user_id": user_id, "action_flag": action_flag, "change_message": detail}
        type_of = partial(ContentType.objects.get_for_model, for_concrete_model=False)
        entries = [
            self.model(
                **shared,
                object_id=key_text(one.pk) if isinstance(one.pk, tuple) else one.pk,
                object_repr=str(one)[:200],
                content_type_id=type_of(one).pk,
            )
            for one in queryset
        ]
        if len(entries) != 1:
            return self.model.objects.bulk_create(entries)
        # A single one not in bulk, so that signals are sent.
        [only] = entries
        only.save()
        return only if single_object else entries


def _is(flag: int, text: str) -> Any:
    """Return a method that tells whether an entry is of a kind."""

    def method(self: Any) -> bool:
        return self.action_flag == flag

    method.__doc__ = text
    return method


class LogEntry(models.Model):
    """Somebody added, changed or deleted something."""

    class Meta:
        db_table = "django_admin_log"
        ordering = ["-action_time"]
        verbose_name, verbose_name_plural = _("log entry"), _("log entries")

    action_time = models.DateTimeField(
        verbose_name=_("action time"), editable=False, default=timezone.now
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, verbose_name=_("user")
    )
    content_type = models.ForeignKey(
        ContentType,
        on_delete=models.SET_NULL,
        verbose_name=_("content type"),
        null=True,
        blank=True,
    )
    object_id = models.TextField(verbose_name=_("object id"), null=True, blank=True)
    # Translators: how the object was shown, as text.
    object_repr = models.CharField(verbose_name=_("object repr"), max_length=200)
    action_flag = models.PositiveSmallIntegerField(
        verbose_name=_("action flag"), choices=ACTION_FLAG_CHOICES
    )
    change_message = models.TextField(verbose_name=_("change message"), blank=True)

    objects = LogEntryManager()

    is_addition = _is(ADDITION, "Whether something was added.")
    is_change = _is(CHANGE, "Whether something was changed.")
    is_deletion = _is(DELETION, "Whether something was deleted.")

    def __str__(self) -> str:
        sentence = {
            ADDITION: gettext("Added “%(object)s”."),
            CHANGE: gettext("Changed “%(object)s” — %(changes)s"),
            DELETION: gettext("Deleted “%(object)s.”"),
        }.get(self.action_flag)
        if sentence is None:
            return gettext("LogEntry Object")
        return sentence % {"object": self.object_repr, "changes": self.get_change_message()}

    def __repr__(self) -> str:
        return f"{self.action_time}"

    def get_edited_object(self) -> Any:
        """Return the object."""
        of_type = self.content_type
        key = key_value(of_type.model_class(), self.object_id)
        return of_type.get_object_for_this_type(pk=key)

    def get_admin_url(self) -> str | None:
        """Return the address of the object's page in the admin; None if it has none."""
        from nuages.urls import NoReverseMatch, reverse

        of_type, key = self.content_type, self.object_id
        if of_type and key:
            name = "_".join((of_type.app_label, of_type.model, "change"))
            try:
                return reverse(f"admin:{name}", args=(quote(key),))
            except NoReverseMatch:
                pass
        return None

    def get_change_message(self) -> str:
        """Return in words what was done, in the current language."""
        text = self.change_message
        try:
            changes = json.loads(text) if text[:1] == "[" else None
        except json.JSONDecodeError:
            changes = None
        if changes is None:
            return text
        sentences = (_in_words(kind, detail) for each in changes for kind, detail in each.items())
        return " ".join(filter(None, sentences)) or gettext("No fields changed.")


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
