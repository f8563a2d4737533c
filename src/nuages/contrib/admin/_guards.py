"""Forms and formsets of inlines that mind permissions, and objects that must not go.

A form that somebody sends may ask for more than the page offered.
"""

from __future__ import annotations

from typing import Any, ClassVar

from nuages.contrib.admin._choices import share_choices
from nuages.core.exceptions import ValidationError
from nuages.db.models.deletion import Collector, ProtectedError, RestrictedError
from nuages.utils.text import get_text_list
from nuages.utils.translation import gettext as _
from nuages.utils.translation import gettext_lazy, ngettext


class MindsRights:
    """Part of a form: what the user may not change was not changed."""

    may_add: ClassVar[bool] = True
    may_change: ClassVar[bool] = True

    def has_changed(self) -> bool:
        """Return whether the form has changes that the user may make."""
        form: Any = self
        allowed = self.may_add if form.instance._state.adding else self.may_change
        return allowed and super().has_changed()  # type: ignore[misc]


class InlineRows:
    """Part of a formset: refuses to delete rows that protected rows refer to; shares choices."""

    most_shown: ClassVar[int | None] = None
    protected_message = gettext_lazy(
        "Deleting %(class_name)s %(instance)s would require deleting the following protected "
        "related objects: %(related_objects)s"
    )

    def add_fields(self, form: Any, index: int | None) -> None:
        """Ask once for the choices that all forms offer."""
        super().add_fields(form, index)  # type: ignore[misc]
        share_choices(form, vars(self).setdefault("_known_choices", {}))

    def clean(self) -> None:
        """Add to the usual checks whether each row that is to go can go.

        Raises:
            ValidationError: one of them cannot.
        """
        super().clean()  # type: ignore[misc]
        formset: Any = self
        rows = [form.instance for form in formset.deleted_forms]
        stuck = [(row, held) for row in rows if (held := self._held_by(row))]
        if stuck:
            raise ValidationError([self._refusal(row, held) for row, held in stuck])

    @staticmethod
    def _held_by(row: Any) -> list[Any]:
        """Return the objects that do not let a row go."""
        if row._state.adding:
            return []
        try:
            Collector(using=row._state.db).collect([row])
        except ProtectedError as error:
            found = error.protected_objects
        except RestrictedError as error:
            found = error.restricted_objects
        else:
            return []
        return sorted(found, key=lambda each: (each._meta.label_lower, str(each.pk)))

    def _refusal(self, row: Any, held: list[Any]) -> ValidationError:
        shown = held if self.most_shown is None else held[: self.most_shown]
        texts = [f"{each._meta.verbose_name} {each}" for each in shown]
        listed = get_text_list(texts, _("and"))
        if texts and (rest := len(held) - len(texts)):
            more = ngettext("…and %(count)d more object.", "…and %(count)d more objects.", rest)
            listed = " ".join([", ".join(texts), more % {"count": rest}])
        return ValidationError(
            self.protected_message,
            code="deleting_protected",
            params={
                "class_name": row._meta.verbose_name,
                "instance": row,
                "related_objects": listed,
            },
        )


def guarded(part: type[Any], base: type[Any]) -> type[Any]:
    """Return a subclass of a form or formset with one of the parts above in front.

    It is made once for each class, and lives as long as that.
    """
    if issubclass(base, part):
        return base
    made = base.__dict__.get("_guarded_twin")
    if made is None:
        kind: Any = type(base)
        made = kind(base.__name__, (part, base), {"__module__": base.__module__})
        base._guarded_twin = made
    return made
