"""Fields whose choices are rows: ``ModelChoiceField`` and its kin.

Manual: "Form fields", section "Fields which handle relationships".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from nuages.core.exceptions import ObjectDoesNotExist, ValidationError
from nuages.core.validators import ProhibitNullCharactersValidator
from nuages.forms.fields import ChoiceField, Field
from nuages.forms.utils import blank_label
from nuages.forms.widgets import HiddenInput, MultipleHiddenInput, RadioSelect, SelectMultiple
from nuages.utils.choices import BaseChoiceIterator
from nuages.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from nuages.db.models import Model


def limit_formfield_choices(formfield: Field) -> None:
    """Apply ``limit_choices_to`` to a field's queryset."""
    get_limit = getattr(formfield, "get_limit_choices_to", None)
    if get_limit is None or not hasattr(formfield, "queryset"):
        return
    limit = get_limit()
    if not limit:
        return
    from nuages.db.models import Exists, OuterRef, Q

    wanted = limit if isinstance(limit, Q) else Q(**limit)
    rows = formfield.queryset
    # A subquery, because a join over a relation could give a row more than once.
    allowed = rows.model._base_manager.filter(wanted & Q(pk=OuterRef("pk")))
    formfield.queryset = rows.filter(Exists(allowed))


class InlineForeignKeyField(Field):
    """The hidden relation of an inline form to its parent: shown, checked, never changed."""

    widget = HiddenInput
    default_error_messages = {
        "invalid_choice": _("The inline value did not match the parent instance."),
    }

    def __init__(
        self,
        parent_instance: Model,
        *args: Any,
        pk_field: bool = False,
        to_field: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.parent_instance, self.pk_field, self.to_field = parent_instance, pk_field, to_field
        if parent_instance is not None:
            kwargs["initial"] = self._expected()
        super().__init__(*args, **{**kwargs, "required": False})

    def _expected(self) -> Any:
        return getattr(self.parent_instance, self.to_field or "pk")

    def clean(self, value: Any) -> Any:
        """Return the parent, or ``None`` for the empty primary key."""
        if value in self.empty_values:
            return None if self.pk_field else self.parent_instance
        if str(value) != str(self._expected()):
            raise self._error("invalid_choice")
        return self.parent_instance

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return ``False``."""
        return False


class ModelChoiceIteratorValue:
    """The value of a choice, with the row it stands for."""

    def __init__(self, value: Any, instance: Model) -> None:
        self.value, self.instance = value, instance

    def __str__(self) -> str:
        return str(self.value)

    def __hash__(self) -> int:
        return hash(self.value)

    def __eq__(self, other: object) -> bool:
        return self.value == (other.value if isinstance(other, ModelChoiceIteratorValue) else other)


class ModelChoiceIterator(BaseChoiceIterator):
    """Yields a choice for each row of a field's queryset; queries when iterated."""

    def __init__(self, field: ModelChoiceField) -> None:
        self.field, self.queryset = field, field.queryset

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        if self.field.empty_label is not None:
            yield "", self.field.empty_label
        for row in self._rows():
            yield self.choice(row)

    def _rows(self) -> Iterable[Any]:
        rows = self.queryset
        if rows._prefetch_related_lookups:
            return rows  # they have to be fetched all at once
        from nuages.db.models import QuerySet, trails

        if getattr(rows, "_path", None) is not None and type(rows).iterator is QuerySet.iterator:
            # All of them become choices, so nothing is lost if they are fetched in one go.
            found = trails.load(rows)
            if found is not None:
                return found
        return rows.iterator()

    def __len__(self) -> int:
        # count() is cheaper than fetching rows, and this is asked before they are needed.
        return self.queryset.count() + (self.field.empty_label is not None)

    def __bool__(self) -> bool:
        return self.field.empty_label is not None or self.queryset.exists()

    def choice(self, obj: Model) -> tuple[ModelChoiceIteratorValue, str]:
        """Return value and label for a row."""
        field = self.field
        return ModelChoiceIteratorValue(field.prepare_value(obj), obj), field.label_from_instance(
            obj
        )


class ModelChoiceField(ChoiceField):
    """A row of a queryset. Manual: "Form fields", class ``ModelChoiceField``."""

    default_error_messages = {
        "invalid_choice": _(
            "Select a valid choice. That choice is not one of the available choices."
        ),
    }
    iterator: type[ModelChoiceIterator] = ModelChoiceIterator
    clone_parts = {"_choices": lambda value, memo: value}

    def __init__(
        self,
        queryset: Any,
        *,
        empty_label: Any = blank_label,
        required: bool = True,
        widget: Any = None,
        label: Any = None,
        initial: Any = None,
        help_text: Any = "",
        to_field_name: str | None = None,
        limit_choices_to: Any = None,
        blank: bool = False,
        **kwargs: Any,
    ) -> None:
        # The choices come with the queryset, so the base of choice fields has nothing to do.
        Field.__init__(
            self,
            required=required,
            widget=widget,
            label=label,
            initial=initial,
            help_text=help_text,
            **kwargs,
        )
        always_chosen = required and initial is not None
        unchosen_radio = isinstance(self.widget, RadioSelect) and not blank
        self.empty_label = None if always_chosen or unchosen_radio else empty_label
        self.limit_choices_to, self.to_field_name = limit_choices_to, to_field_name
        self.queryset = queryset

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        twin = super().__deepcopy__(memo)
        if self.queryset is not None:
            # The copy asks the database again.
            twin.queryset = self.queryset.all()
        return twin

    def get_limit_choices_to(self) -> Any:
        """Return the limit, calling it if it is a callable."""
        limit = self.limit_choices_to
        return limit() if callable(limit) else limit

    # Named, since subclasses make properties of them.
    def _get_queryset(self) -> Any:
        return self._queryset

    def _set_queryset(self, queryset: Any) -> None:
        self._queryset = None if queryset is None else queryset.all()
        self.widget.choices = self.choices  # type: ignore[method-assign]

    queryset = property(_get_queryset, _set_queryset, doc="The rows to choose from.")

    def label_from_instance(self, obj: Any) -> str:
        """Return the label of a row: a hook."""
        return str(obj)

    @property
    def choices(self) -> Any:
        """An iterator over the rows, unless choices were set."""
        given = self.__dict__.get("_choices")
        return self.iterator(self) if given is None else given

    @choices.setter
    def choices(self, value: Any) -> None:
        ChoiceField.choices.fset(self, value)  # type: ignore[attr-defined]

    def prepare_value(self, value: Any) -> Any:
        """Return the key of a row; other values as they are."""
        if hasattr(value, "_meta"):
            name = self.to_field_name
            value = value.serializable_value(name) if name else value.pk
        else:
            value = super().prepare_value(value)
        # A key of several parts is sent as JSON, as its field's ``to_python()`` reads it.
        return json.dumps(value, default=str) if isinstance(value, tuple) else value

    @property
    def _key(self) -> str:
        return self.to_field_name or "pk"

    def validate_no_null_characters(self, value: Any) -> None:
        """Raise ``ValidationError`` for null characters, which databases refuse."""
        ProhibitNullCharactersValidator()(value)

    def to_python(self, value: Any) -> Any:
        """Return the row, or ``None`` for an empty value."""
        if value in self.empty_values:
            return None
        self.validate_no_null_characters(value)
        key = self._key
        try:
            if isinstance(value, self.queryset.model):
                value = getattr(value, key)
            elif key == "pk" and self.queryset.model._meta.is_composite_pk:
                value = self.queryset.model._meta.pk.to_python(value)
            return self.queryset.get(**{key: value})
        except (ValueError, TypeError, ValidationError, ObjectDoesNotExist):
            raise self._error("invalid_choice", value=value) from None

    def validate(self, value: Any) -> None:
        """Only emptiness can be wrong once there is a row."""
        Field.validate(self, value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare keys as texts."""
        if self.disabled:
            return False
        before = "" if initial is None else initial
        after = "" if data is None else data
        return str(self.prepare_value(before)) != str(after)


class ModelMultipleChoiceField(ModelChoiceField):
    """Rows of a queryset. Manual: "Form fields", class ``ModelMultipleChoiceField``."""

    widget = SelectMultiple
    hidden_widget = MultipleHiddenInput
    default_error_messages = {
        "invalid_list": _("Enter a list of values."),
        "invalid_choice": _(
            "Select a valid choice. %(value)s is not one of the available choices."
        ),
        "invalid_pk_value": _("“%(pk)s” is not a valid value."),
    }

    def __init__(self, queryset: Any, **kwargs: Any) -> None:
        super().__init__(queryset, **{**kwargs, "empty_label": None})

    def to_python(self, value: Any) -> Any:
        """Return the rows as a list."""
        return list(self._check_values(value)) if value else []

    def clean(self, value: Any) -> Any:
        """Return the rows as a queryset."""
        keys = self.prepare_value(value)
        if not keys:
            if self.required:
                raise self._error("required")
            return self.queryset.none()
        if not isinstance(keys, (list, tuple)):
            raise self._error("invalid_list")
        rows = self._check_values(keys)
        # The validators get the keys, as they always have.
        self.run_validators(keys)
        return rows

    def _check_values(self, value: Iterable[Any]) -> Any:
        """Return the queryset of the rows with these keys, each of which has to exist."""
        try:
            keys = frozenset(value)
        except TypeError:  # a list within the list
            raise self._error("invalid_list") from None
        name = self._key
        for key in keys:
            self.validate_no_null_characters(key)
            try:
                self.queryset.filter(**{name: key})
            except (ValueError, TypeError, ValidationError):
                raise self._error("invalid_pk_value", pk=key) from None
        rows = self.queryset.filter(**{f"{name}__in": keys})
        present = {str(getattr(row, name)) for row in rows}
        for key in keys:
            if str(key) not in present:
                raise self._error("invalid_choice", value=key)
        return rows

    def prepare_value(self, value: Any) -> Any:
        """Return the keys of rows."""
        is_many = (
            hasattr(value, "__iter__")
            and not isinstance(value, str)
            and not hasattr(value, "_meta")
        )
        prepare: Callable[[Any], Any] = super().prepare_value
        return [prepare(item) for item in value] if is_many else prepare(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare as sets of keys."""
        if self.disabled:
            return False
        before, after = initial or [], data or []
        if len(before) != len(after):
            return True
        return {str(key) for key in self.prepare_value(before)} != set(map(str, after))


# Where the manual has them.
for _public in (
    ModelChoiceField,
    ModelMultipleChoiceField,
    ModelChoiceIterator,
    ModelChoiceIteratorValue,
    InlineForeignKeyField,
):
    _public.__module__ = "django.forms.models"
