"""Formsets of model forms, and those inline below a parent object.

Manual: "Creating forms from models", sections "Model formsets" and "Inline formsets".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from nuages.core.exceptions import NON_FIELD_ERRORS, ImproperlyConfigured, ValidationError
from nuages.forms._model_choices import InlineForeignKeyField, ModelChoiceField
from nuages.forms.formsets import BaseFormSet, formset_factory
from nuages.forms.models import ModelForm, modelform_factory
from nuages.forms.widgets import HiddenInput
from nuages.utils.hashable import make_hashable
from nuages.utils.text import capfirst, get_text_list
from nuages.utils.translation import gettext

if TYPE_CHECKING:
    from nuages.db.models import Model


def _set_by_the_database(key: Any) -> bool:
    """Return whether nobody types in this primary key."""
    from nuages.db.models import AutoField

    if not key.editable or key.auto_created or isinstance(key, AutoField):
        return True
    relation = key.remote_field
    return bool(relation and relation.parent_link and _set_by_the_database(relation.model._meta.pk))


def _ordered_by_key_at_last(rows: Any) -> Any:
    """Return the rows in their own order, and by primary key where that leaves a choice."""
    if not (rows.ordered or rows.model._meta.ordering):
        return rows.order_by("pk")
    query = rows.query
    own = query.order_by or (query.get_meta().ordering if query.default_ordering else ())
    return rows.order_by(*own, "pk")


class BaseModelFormSet(BaseFormSet):
    """Forms for the rows of a queryset, and for new ones.

    After ``save()``, ``new_objects``, ``changed_objects`` (with the names of changed fields) and
    ``deleted_objects`` say what was done.
    """

    #: Names of fields that have the same value in all forms.
    unique_fields: Any = set()
    edit_only = False
    model: Any = None
    form: Any

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        auto_id: Any = "id_%s",
        prefix: str | None = None,
        queryset: Any = None,
        *,
        initial: Sequence[Mapping[str, Any]] | None = None,
        **kwargs: Any,
    ) -> None:
        self.queryset, self.initial_extra = queryset, initial
        super().__init__(data=data, files=files, auto_id=auto_id, prefix=prefix, **kwargs)

    # The forms.

    def initial_form_count(self) -> int:
        """Return how many forms are for rows that exist."""
        return super().initial_form_count() if self.is_bound else len(self.get_queryset())

    def get_queryset(self) -> Any:
        """Return the rows, in a definite order."""
        if not hasattr(self, "_queryset"):
            rows = (
                self.model._default_manager.get_queryset()
                if self.queryset is None
                else self.queryset
            )
            # Without a definite order, the forms of two requests could be in different ones.
            self._queryset = rows if rows.totally_ordered else _ordered_by_key_at_last(rows)
        return self._queryset

    def _existing_object(self, pk: Any) -> Any:
        if not hasattr(self, "_object_dict"):
            self._object_dict = {row.pk: row for row in self.get_queryset()}
        return self._object_dict.get(pk)

    def _get_to_python(self, field: Any) -> Callable[[Any], Any]:
        """Return the conversion of a key; relations lead to the field that they point to."""
        while field.remote_field is not None:
            field = field.remote_field.get_related_field()
        return field.to_python

    def _row_sent(self, number: int) -> Any:
        """Return the row whose key was sent in the form of that number, or ``None``."""
        key = self.model._meta.pk
        sent = self.data.get(f"{self.add_prefix(number)}-{key.name}")
        if sent is None:
            return None
        try:
            value = self._get_to_python(key)(sent)
        except (ValidationError, ValueError):
            return None  # not a key at all: the form will say so
        return self._existing_object(tuple(value) if isinstance(value, list) else value)

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        filled = self.initial_form_count()
        needs_key = i < filled
        if needs_key:
            if self.is_bound:
                row = self._row_sent(i)
            else:
                row = self.get_queryset()[i]
            if row is not None:
                kwargs["instance"] = row
        elif self.initial_extra and i - filled < len(self.initial_extra):
            kwargs["initial"] = self.initial_extra[i - filled]
        form = super()._construct_form(i, **kwargs)
        if needs_key:
            form.fields[self.model._meta.pk.name].required = True
        return form

    def add_fields(self, form: Any, index: int | None) -> None:
        """Add a hidden field for the primary key, unless the form shows it."""
        from nuages.db.models import ForeignKey

        key = self._pk_field = self.model._meta.pk
        if _set_by_the_database(key) or key.name not in form.fields:
            if form.is_bound:
                # If the form's own instance is new, its key was made up just now.
                value = None if form.instance._state.adding else form.instance.pk
            else:
                rows = self.get_queryset()
                value = rows[index].pk if index is not None and index < len(rows) else None
            target = key.remote_field.model if isinstance(key, ForeignKey) else self.model
            widget = (form._meta.widgets or {}).get(key.name, HiddenInput)
            form.fields[key.name] = ModelChoiceField(
                target._default_manager.get_queryset().using(form.instance._state.db),
                initial=value,
                required=False,
                widget=widget,
            )
        super().add_fields(form, index)

    # Saving.

    def delete_existing(self, obj: Any, commit: bool = True) -> None:
        """Delete a row."""
        if commit:
            obj.delete()

    def save_existing(self, form: Any, obj: Any, commit: bool = True) -> Any:
        """Store a changed row and return it."""
        return form.save(commit=commit)

    def save_new(self, form: Any, commit: bool = True) -> Any:
        """Store a new row and return it."""
        return form.save(commit=commit)

    def save(self, commit: bool = True) -> list[Any]:
        """Store what has changed and what is new; return those instances.

        With ``commit=False`` nothing is stored, and the set gets a ``save_m2m()`` method.
        """
        if not commit:
            self.saved_forms: list[Any] = []
            self.save_m2m = lambda: [form.save_m2m() for form in self.saved_forms]
        stored = self.save_existing_objects(commit)
        return stored if self.edit_only else stored + self.save_new_objects(commit)

    save.alters_data = True  # type: ignore[attr-defined]

    def _remember(self, form: Any, commit: bool) -> None:
        if not commit:
            self.saved_forms.append(form)

    def save_existing_objects(self, commit: bool = True) -> list[Any]:
        """Store or delete rows that exist; return the stored ones."""
        self.changed_objects: list[tuple[Any, list[str]]] = []
        self.deleted_objects: list[Any] = []
        stored: list[Any] = []
        if not self.initial_forms:
            return stored
        to_delete = self.deleted_forms
        for form in self.initial_forms:
            row = form.instance
            if row._state.adding:
                continue  # its key was wrong, or not one of the queryset's
            if form in to_delete:
                self.deleted_objects.append(row)
                self.delete_existing(row, commit=commit)
            elif form.has_changed():
                self.changed_objects.append((row, form.changed_data))
                stored.append(self.save_existing(form, row, commit=commit))
                self._remember(form, commit)
        return stored

    def save_new_objects(self, commit: bool = True) -> list[Any]:
        """Store new rows and return them."""
        self.new_objects: list[Any] = []
        for form in self.extra_forms:
            if form.has_changed() and not (self.can_delete and self._should_delete_form(form)):
                self.new_objects.append(self.save_new(form, commit=commit))
                self._remember(form, commit)
        return self.new_objects

    # Validation.

    def clean(self) -> None:
        """Check that the forms do not contradict each other."""
        self.validate_unique()

    def validate_unique(self) -> None:
        """Check uniqueness among the forms; the database knows about the rest.

        Raises:
            ValidationError: two forms have the same values.
        """
        leaving = self.deleted_forms
        staying = [form for form in self.forms if form.is_valid() and form not in leaving]
        checks: dict[Any, None] = {}
        date_checks: dict[Any, None] = {}
        for form in staying:
            found, dated = form.instance._get_unique_checks(
                exclude=form._get_validation_exclusions(), include_meta_constraints=True
            )
            checks.update(dict.fromkeys((model, tuple(names)) for model, names in found))
            date_checks.update(dict.fromkeys(dated))

        problems: list[str] = []
        for _model, names in checks:
            for form in self._repeated(staying, partial(self._unique_values, names)):
                problems.append(self.get_unique_error_message(names))
                self._refuse(form, names)
        for check in date_checks:
            _model, lookup, name, date_name = check
            values = partial(self._dated_values, lookup, name, date_name)
            for form in self._repeated(staying, values):
                problems.append(self.get_date_error_message(check))
                self._refuse(form, (name,))
        if problems:
            raise ValidationError(problems)

    @staticmethod
    def _repeated(forms: Iterable[Any], key: Callable[[Any], Any]) -> list[Any]:
        """Return the forms whose key an earlier form has; ``None`` is no key."""
        seen, repeated = set(), []
        for form in forms:
            own = key(form)
            if own is None:
                continue
            if own in seen:
                repeated.append(form)
            seen.add(own)
        return repeated

    def _unique_values(self, names: Iterable[str], form: Any) -> Any:
        """Return the values of the fields that are unique together, or ``None``."""
        values = [
            # A field that is the same in all forms stands for itself.
            name if name in self.unique_fields else form.cleaned_data[name]
            for name in names
            if name in form.cleaned_data
        ]
        row = tuple(
            value._get_pk_val() if hasattr(value, "_get_pk_val") else make_hashable(value)
            for value in values
        )
        return row if row and None not in row else None

    @staticmethod
    def _dated_values(lookup: str, name: str, date_name: str, form: Any) -> Any:
        """Return a value and the part of the date it is unique for, or ``None``."""
        cleaned = form.cleaned_data
        value, day = cleaned.get(name), cleaned.get(date_name)
        if value is None or day is None:
            return None
        if lookup == "date":
            return value, day.year, day.month, day.day
        return value, getattr(day, lookup)

    def _refuse(self, form: Any, names: Iterable[str]) -> None:
        form._errors[NON_FIELD_ERRORS] = self.error_class(
            [self.get_form_error()], renderer=self.renderer
        )
        for name in names:
            form.cleaned_data.pop(name, None)

    def get_unique_error_message(self, unique_check: Sequence[str]) -> str:
        """Return the message for repeated values."""
        if len(unique_check) == 1:
            return gettext("Please correct the duplicate data for %(field)s.") % {
                "field": unique_check[0]
            }
        return gettext("Please correct the duplicate data for %(field)s, which must be unique.") % {
            "field": get_text_list(list(unique_check), gettext("and"))
        }

    def get_date_error_message(self, date_check: Sequence[Any]) -> str:
        """Return the message for values repeated on a date."""
        _model, lookup, name, date_name = date_check
        return gettext(
            "Please correct the duplicate data for %(field_name)s which must be unique for the "
            "%(lookup)s in %(date_field)s."
        ) % {"field_name": name, "date_field": date_name, "lookup": str(lookup)}

    def get_form_error(self) -> str:
        """Return the message for each form that repeats another."""
        return gettext("Please correct the duplicate values below.")


class BaseInlineFormSet(BaseModelFormSet):
    """Forms for the rows that belong to a parent object."""

    fk: Any

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        instance: Any = None,
        save_as_new: bool = False,
        prefix: str | None = None,
        queryset: Any = None,
        **kwargs: Any,
    ) -> None:
        self.instance = self.fk.remote_field.model() if instance is None else instance
        self.save_as_new = save_as_new
        rows = self.model._default_manager if queryset is None else queryset
        if self.instance._is_pk_set():
            rows = rows.filter(**{self.fk.name: self.instance})
        else:
            rows = rows.none()
        self.unique_fields = {self.fk.name}
        super().__init__(data, files, prefix=prefix, queryset=rows, **kwargs)
        # The relation takes part in the validation, even if the form does not name it.
        names = self.form._meta.fields
        if names and self.fk.name not in names:
            self.form._meta.fields = [*names, self.fk.name]

    def initial_form_count(self) -> int:
        """Return how many forms are for rows that exist; none if all are to be copied."""
        return 0 if self.save_as_new else super().initial_form_count()

    @classmethod
    def get_default_prefix(cls) -> str:
        """Return the name of the relation, seen from the parent."""
        return cls.fk.remote_field.get_accessor_name(model=cls.model).replace("+", "")

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form = super()._construct_form(i, **kwargs)
        if self.save_as_new:
            # Forget whose row this was: the copy gets a key and a parent of its own.
            data = form.data
            locked = getattr(data, "_mutable", None) is False
            if locked:
                data._mutable = True
            for name in (self._pk_field.name, self.fk.name):
                data[form.add_prefix(name)] = None
            if locked:
                data._mutable = False
        relation = self.fk.remote_field
        value = self.instance.pk
        if relation.field_name != relation.model._meta.pk.name:
            value = getattr(self.instance, relation.field_name)
            value = getattr(value, "pk", value)
        setattr(form.instance, self.fk.attname, value)
        return form

    def save_new(self, form: Any, commit: bool = True) -> Any:
        """Store a new row of the parent."""
        # The parent may have got its key after the form was made.
        setattr(form.instance, self.fk.name, self.instance)
        return super().save_new(form, commit=commit)

    def add_fields(self, form: Any, index: int | None) -> None:
        """Add the hidden field of the relation to the parent."""
        super().add_fields(form, index)
        relation = self.fk.remote_field
        options: dict[str, Any] = {"pk_field": True}
        if self._pk_field == self.fk:
            name = self._pk_field.name
        else:
            name = self.fk.name
            shown = form.fields.get(name)
            options = {"label": shown.label if shown else capfirst(self.fk.verbose_name)}
        if relation.field_name != relation.model._meta.pk.name:
            options["to_field"] = relation.field_name
        if self.instance._state.adding:
            # A default is not the key the parent will have in the end.
            target_name = options.get("to_field") or self.instance._meta.pk.name
            target = self.instance._meta.get_field(target_name)
            # Other keys than the primary one are needed as soon as there are data.
            if target.has_default() and (target.primary_key or not form.data):
                setattr(self.instance, target.attname, None)
        form.fields[name] = InlineForeignKeyField(self.instance, **options)

    def get_unique_error_message(self, unique_check: Sequence[str]) -> str:
        """Leave the parent out: it is the same for all."""
        return super().get_unique_error_message(
            [name for name in unique_check if name != self.fk.name]
        )


def modelformset_factory(
    model: type[Model],
    form: type[Any] = ModelForm,
    formfield_callback: Any = None,
    formset: type[BaseModelFormSet] = BaseModelFormSet,
    extra: int = 1,
    can_delete: bool = False,
    can_order: bool = False,
    max_num: int | None = None,
    fields: Any = None,
    exclude: Any = None,
    widgets: Any = None,
    validate_max: bool = False,
    localized_fields: Any = None,
    labels: Any = None,
    help_texts: Any = None,
    error_messages: Any = None,
    min_num: int | None = None,
    validate_min: bool = False,
    field_classes: Any = None,
    absolute_max: int | None = None,
    can_delete_extra: bool = True,
    renderer: Any = None,
    edit_only: bool = False,
) -> type[Any]:
    """Return a formset class for the rows of ``model``.

    Raises:
        ImproperlyConfigured: neither ``fields`` nor ``exclude`` is given, here or in ``form.Meta``.
    """
    meta = getattr(form, "Meta", None)
    if getattr(meta, "fields", fields) is None and getattr(meta, "exclude", exclude) is None:
        raise ImproperlyConfigured(
            "Calling modelformset_factory without defining 'fields' or 'exclude' explicitly is "
            "prohibited."
        )
    made = formset_factory(
        modelform_factory(
            model,
            form=form,
            fields=fields,
            exclude=exclude,
            formfield_callback=formfield_callback,
            widgets=widgets,
            localized_fields=localized_fields,
            labels=labels,
            help_texts=help_texts,
            error_messages=error_messages,
            field_classes=field_classes,
        ),
        formset,
        extra=extra,
        can_order=can_order,
        can_delete=can_delete,
        max_num=max_num,
        validate_max=validate_max,
        min_num=min_num,
        validate_min=validate_min,
        absolute_max=absolute_max,
        can_delete_extra=can_delete_extra,
        renderer=renderer,
    )
    made.model, made.edit_only = model, edit_only
    return made


def _get_foreign_key(
    parent_model: type[Model],
    model: type[Model],
    fk_name: str | None = None,
    can_fail: bool = False,
) -> Any:
    """Return the relation of ``model`` to ``parent_model``, or ``None`` if ``can_fail``.

    Raises:
        ValueError: there is none, or more than one, or ``fk_name`` is not one.
    """
    from nuages.db.models import ForeignKey

    def leads_to_parent(field: Any) -> bool:
        if not isinstance(field, ForeignKey):
            return False
        target = field.remote_field.model
        if target == parent_model or target in parent_model._meta.all_parents:
            return True
        either, other = parent_model._meta, target._meta
        return (either.proxy or other.proxy) and either.concrete_model is other.concrete_model

    if fk_name:
        named = [field for field in model._meta.fields if field.name == fk_name]
        if not named:
            raise ValueError(f"'{model._meta.label}' has no field named '{fk_name}'.")
        if not leads_to_parent(named[0]):
            raise ValueError(
                f"fk_name '{fk_name}' is not a ForeignKey to '{parent_model._meta.label}'."
            )
        return named[0]
    relations = [field for field in model._meta.fields if leads_to_parent(field)]
    if len(relations) == 1:
        return relations[0]
    if relations:
        raise ValueError(
            f"'{model._meta.label}' has more than one ForeignKey to '{parent_model._meta.label}'. "
            "You must specify a 'fk_name' attribute."
        )
    if can_fail:
        return None
    raise ValueError(f"'{model._meta.label}' has no ForeignKey to '{parent_model._meta.label}'.")


def inlineformset_factory(
    parent_model: type[Model],
    model: type[Model],
    form: type[Any] = ModelForm,
    formset: type[BaseInlineFormSet] = BaseInlineFormSet,
    fk_name: str | None = None,
    fields: Any = None,
    exclude: Any = None,
    extra: int = 3,
    can_order: bool = False,
    can_delete: bool = True,
    max_num: int | None = None,
    formfield_callback: Any = None,
    widgets: Any = None,
    validate_max: bool = False,
    localized_fields: Any = None,
    labels: Any = None,
    help_texts: Any = None,
    error_messages: Any = None,
    min_num: int | None = None,
    validate_min: bool = False,
    field_classes: Any = None,
    absolute_max: int | None = None,
    can_delete_extra: bool = True,
    renderer: Any = None,
    edit_only: bool = False,
) -> type[Any]:
    """Return a formset class for the rows of ``model`` that belong to a ``parent_model``."""
    relation = _get_foreign_key(parent_model, model, fk_name=fk_name)
    made = modelformset_factory(
        model,
        form=form,
        formfield_callback=formfield_callback,
        formset=formset,
        extra=extra,
        can_delete=can_delete,
        can_order=can_order,
        max_num=1 if relation.unique else max_num,
        fields=fields,
        exclude=exclude,
        widgets=widgets,
        validate_max=validate_max,
        localized_fields=localized_fields,
        labels=labels,
        help_texts=help_texts,
        error_messages=error_messages,
        min_num=min_num,
        validate_min=validate_min,
        field_classes=field_classes,
        absolute_max=absolute_max,
        can_delete_extra=can_delete_extra,
        renderer=renderer,
        edit_only=edit_only,
    )
    made.fk = relation
    return made


# Where the manual has them.
for _public in (BaseInlineFormSet, BaseModelFormSet):
    _public.__module__ = "django.forms.models"
