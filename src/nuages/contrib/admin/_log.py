"""The part of a model's pages that keeps the log. Manual: "LogEntry objects"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from nuages.utils.translation import override


def get_content_type_for_model(obj: Any) -> Any:
    """Return the content type of an object or model; a proxy has its own."""
    from nuages.contrib.contenttypes.models import ContentType

    return ContentType.objects.get_for_model(obj, for_concrete_model=False)


def _labels(form: Any, names: Iterable[str]) -> list[str]:
    """Return what the fields of a form are called; a name of no field stands for itself."""
    return [str((name in form.fields and form.fields[name].label) or name) for name in names]


def _formset_changes(formset: Any) -> Iterator[dict[str, Any]]:
    def detail(obj: Any, **more: Any) -> dict[str, Any]:
        return {"name": str(obj._meta.verbose_name), "object": str(obj), **more}

    for added in formset.new_objects:
        yield {"added": detail(added)}
    for changed, names in formset.changed_objects:
        # All forms of a set have the same fields.
        yield {"changed": detail(changed, fields=_labels(formset.forms[0], names))}
    for deleted in formset.deleted_objects:
        yield {"deleted": detail(deleted)}


def construct_change_message(form: Any, formsets: Any, add: bool) -> list[dict[str, Any]]:
    """Return what forms changed, as :class:`LogEntry` keeps it: in English, as JSON.

    Args:
        form: of the object, saved.
        formsets: of its inlines, saved.
        add: whether the object is new.
    """
    # Outside the translation: fields compare with what came in the user's language.
    names = form.changed_data
    with override(None):
        changes: list[dict[str, Any]] = []
        if add:
            changes.append({"added": {}})
        elif names:
            changes.append({"changed": {"fields": _labels(form, names)}})
        for formset in formsets or ():
            changes.extend(_formset_changes(formset))
    return changes


class LogBook:
    """Writes down what was done."""

    def construct_change_message(
        self, request: Any, form: Any, formsets: Any, add: bool = False
    ) -> list[dict[str, Any]]:
        """Return what is written down about a form that was saved with its formsets."""
        return construct_change_message(form, formsets, add)

    def _write(self, request: Any, objects: Any, flag: int, message: Any, **more: Any) -> Any:
        from nuages.contrib.admin.models import LogEntry

        return LogEntry.objects.log_actions(
            user_id=request.user.pk,
            queryset=objects,
            action_flag=flag,
            change_message=message,
            **more,
        )

    def log_addition(self, request: Any, obj: Any, message: Any) -> Any:
        """Write down that an object was added; return the entry."""
        from nuages.contrib.admin.models import ADDITION

        return self._write(request, [obj], ADDITION, message, single_object=True)

    def log_change(self, request: Any, obj: Any, message: Any) -> Any:
        """Write down that an object was changed; return the entry."""
        from nuages.contrib.admin.models import CHANGE

        return self._write(request, [obj], CHANGE, message, single_object=True)

    def log_deletions(self, request: Any, queryset: Any) -> Any:
        """Write down that objects are deleted, before they are; return the entries."""
        from nuages.contrib.admin.models import DELETION

        return self._write(request, queryset, DELETION, "")
