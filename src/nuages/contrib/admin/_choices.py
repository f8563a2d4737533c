"""Choices that the forms of an inline have in common.

Each form has fields of its own, and each of them would ask the database for the rows to choose from.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nuages.contrib.admin.widgets import AutocompleteMixin, RelatedFieldWidgetWrapper
from nuages.forms._model_choices import ModelChoiceIterator
from nuages.forms.models import ModelChoiceField

#: What is known of the choices, by query and by how they are written.
Known = dict[Any, list[tuple[Any, Any]]]


class SharedChoices(ModelChoiceIterator):
    """The choices of a field: those that an equal field has found already.

    Args:
        field: the field.
        known: what the fields share.
    """

    def __init__(self, field: ModelChoiceField, known: Known) -> None:
        super().__init__(field)
        self.known = known

    def _key(self) -> Any:
        """Return what makes two fields equal; ``None`` if that cannot be said."""
        field, rows = self.field, self.queryset
        # The path of a query says what is asked, the parameters for which values.
        path = getattr(rows, "_path", None)
        if path is None or rows._prefetch_related_lookups or "label_from_instance" in vars(field):
            return None
        return (type(field), field.empty_label, field.to_field_name, rows._db, path, rows._params)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        key = self._key()
        if key is None:
            return super().__iter__()
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = list(super().__iter__())
        return iter(found)


def share_choices(form: Any, known: Known) -> None:
    """Let the fields of a form share their choices with those of other forms."""
    for field in form.fields.values():
        if not isinstance(field, ModelChoiceField):
            continue
        widget: Any = field.widget
        inner = widget.widget if isinstance(widget, RelatedFieldWidgetWrapper) else widget
        if isinstance(inner, AutocompleteMixin):
            continue
        # A form that has put other choices there keeps them.
        if type(getattr(inner, "choices", None)) is ModelChoiceIterator:
            inner.choices = SharedChoices(field, known)
