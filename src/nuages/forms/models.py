"""Model forms: forms made from models, and instances made from forms.

Manual: "Creating forms from models".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from nuages.core.exceptions import (
    NON_FIELD_ERRORS,
    FieldError,
    ImproperlyConfigured,
    ValidationError,
)
from nuages.forms._model_choices import (  # noqa: F401
    InlineForeignKeyField,
    ModelChoiceField,
    ModelChoiceIterator,
    ModelChoiceIteratorValue,
    ModelMultipleChoiceField,
    limit_formfield_choices,
)
from nuages.forms.fields import Field
from nuages.forms.forms import BaseForm, DeclarativeFieldsMetaclass
from nuages.forms.utils import ErrorList

if TYPE_CHECKING:
    from nuages.db.models import Model

__all__ = (
    "ModelForm",
    "BaseModelForm",
    "model_to_dict",
    "fields_for_model",
    "ModelChoiceField",
    "ModelMultipleChoiceField",
    "ALL_FIELDS",
    "BaseModelFormSet",
    "modelformset_factory",
    "BaseInlineFormSet",
    "inlineformset_factory",
    "modelform_factory",
)

ALL_FIELDS = "__all__"

Names = Iterable[str] | None

apply_limit_choices_to_to_formfield = limit_formfield_choices


def _chooser(fields: Names, exclude: Names) -> Callable[[str], bool]:
    """Return a test for names: among ``fields`` if there are any given, and not excluded."""

    def chosen(name: str) -> bool:
        return (fields is None or name in fields) and not (exclude and name in exclude)

    return chosen


# Between forms and instances.


def construct_instance(
    form: Any, instance: Any, fields: Names = None, exclude: Names = None
) -> Any:
    """Set the attributes of ``instance`` from the cleaned data of ``form``; does not save.

    Fields that the form was not sent keep the model's default.
    """
    from nuages.db.models import AutoField, FileField

    chosen = _chooser(fields, exclude)
    cleaned = form.cleaned_data
    files = []
    for field in instance._meta.fields:
        name = field.name
        if (
            not field.editable
            or isinstance(field, AutoField)
            or name not in cleaned
            or not chosen(name)
        ):
            continue
        if (
            field.has_default()
            and cleaned.get(name) in form[name].field.empty_values
            and form[name].field.widget.value_omitted_from_data(
                form.data, form.files, form.add_prefix(name)
            )
        ):
            continue
        if isinstance(field, FileField):
            files.append(field)
        else:
            field.save_form_data(instance, cleaned[name])
    # Where a file goes may depend on the other values.
    for field in files:
        field.save_form_data(instance, cleaned[field.name])
    return instance


def model_to_dict(instance: Any, fields: Names = None, exclude: Names = None) -> dict[str, Any]:
    """Return the values of an instance's editable fields, fit for a form's initial data."""
    chosen = _chooser(fields, exclude)
    options = instance._meta
    return {
        field.name: field.value_from_object(instance)
        for field in chain(options.concrete_fields, options.private_fields, options.many_to_many)
        if getattr(field, "editable", False) and chosen(field.name)
    }


def fields_for_model(
    model: type[Model],
    fields: Names = None,
    exclude: Names = None,
    widgets: Mapping[str, Any] | None = None,
    formfield_callback: Callable[..., Field | None] | None = None,
    localized_fields: Any = None,
    labels: Mapping[str, Any] | None = None,
    help_texts: Mapping[str, Any] | None = None,
    error_messages: Mapping[str, Any] | None = None,
    field_classes: Mapping[str, type[Field]] | None = None,
    *,
    apply_limit_choices_to: bool = True,
    form_declared_fields: Mapping[str, Field] | None = None,
) -> dict[str, Any]:
    """Return form fields for a model's fields, in the order of ``fields`` if that is given.

    A name in ``fields`` that the model does not have gives ``None``.

    Raises:
        FieldError: a field that is not editable was asked for.
        TypeError: ``formfield_callback`` is not callable.
    """
    from nuages.db.models import Field as ModelField

    if formfield_callback is not None and not callable(formfield_callback):
        raise TypeError("formfield_callback must be a function or callable")
    chosen = _chooser(fields, exclude)
    declared = form_declared_fields or {}
    custom = {
        "widget": widgets,
        "label": labels,
        "help_text": help_texts,
        "error_messages": error_messages,
        "form_class": field_classes,
    }
    options = model._meta
    private = [field for field in options.private_fields if isinstance(field, ModelField)]
    made: dict[str, Any] = {}
    without_formfield = set()
    for field in sorted(chain(options.concrete_fields, private, options.many_to_many)):
        name = field.name
        if not chosen(name):
            continue
        if not getattr(field, "editable", False):
            if fields is not None:
                raise FieldError(
                    f"'{name}' cannot be specified for {model.__name__} model form as it is a "
                    "non-editable field"
                )
            continue
        if name in declared:
            # Whatever we would make here, the form's own declaration takes its place.
            made[name] = declared[name]
            continue
        arguments = {key: given[name] for key, given in custom.items() if given and name in given}
        if localized_fields == ALL_FIELDS or (localized_fields and name in localized_fields):
            arguments["localize"] = True
        formfield = (
            field.formfield(**arguments)
            if formfield_callback is None
            else formfield_callback(field, **arguments)
        )
        if not formfield:
            without_formfield.add(name)
            continue
        if apply_limit_choices_to:
            limit_formfield_choices(formfield)
        made[name] = formfield
    if fields:
        return {
            name: made.get(name)
            for name in fields
            if not (exclude and name in exclude) and name not in without_formfield
        }
    return made


# Model forms.


class ModelFormOptions:
    """What the inner ``Meta`` of a model form says. Manual: "Model form ``Meta`` API"."""

    model: Any
    fields: Any
    exclude: Any
    widgets: Any
    localized_fields: Any
    labels: Any
    help_texts: Any
    error_messages: Any
    field_classes: Any
    formfield_callback: Any

    def __init__(self, options: Any = None) -> None:
        for name in ModelFormOptions.__annotations__:
            setattr(self, name, getattr(options, name, None))


class ModelFormMetaclass(DeclarativeFieldsMetaclass):
    """Makes the fields of a form class from its model, once."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> Any:
        cls = super().__new__(mcs, name, bases, attrs)
        if bases == (BaseModelForm,):
            return cls  # ModelForm itself
        options = cls._meta = ModelFormOptions(getattr(cls, "Meta", None))
        for option in ("fields", "exclude", "localized_fields"):
            value = getattr(options, option)
            if isinstance(value, str) and value != ALL_FIELDS:
                raise TypeError(
                    f"{cls.__name__}.Meta.{option} cannot be a string. Did you mean to type: "
                    f"('{value}',)?"
                )
        if options.model is None:
            cls.base_fields = cls.declared_fields
            return cls
        if options.fields is None and options.exclude is None:
            raise ImproperlyConfigured(
                "Creating a ModelForm without either the 'fields' attribute or the 'exclude' "
                f"attribute is prohibited; form {name} needs updating."
            )
        if options.fields == ALL_FIELDS:
            options.fields = None
        made = fields_for_model(
            options.model,
            options.fields,
            options.exclude,
            options.widgets,
            options.formfield_callback,
            options.localized_fields,
            options.labels,
            options.help_texts,
            options.error_messages,
            options.field_classes,
            # Limits can depend on the time: each form applies them for itself.
            apply_limit_choices_to=False,
            form_declared_fields=cls.declared_fields,
        )
        unknown = [
            key for key, field in made.items() if not field and key not in cls.declared_fields
        ]
        if unknown:
            raise FieldError(
                f"Unknown field(s) ({', '.join(unknown)}) specified for {options.model.__name__}"
            )
        cls.base_fields = {**made, **cls.declared_fields}
        return cls


class BaseModelForm(BaseForm):
    """What model forms do, apart from how their fields are made."""

    _meta: ModelFormOptions

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        auto_id: Any = "id_%s",
        prefix: str | None = None,
        initial: Mapping[str, Any] | None = None,
        error_class: type[ErrorList] = ErrorList,
        label_suffix: str | None = None,
        empty_permitted: bool = False,
        instance: Any = None,
        use_required_attribute: bool | None = None,
        renderer: Any = None,
        **kwargs: Any,
    ) -> None:
        options = self._meta
        if options.model is None:
            raise ValueError("ModelForm has no model class specified.")
        values: dict[str, Any] = {}
        if instance is None:
            self.instance = options.model()
        else:
            self.instance = instance
            values = model_to_dict(instance, options.fields, options.exclude)
        # clean() sets these; a form that overrides it without super() is not checked.
        self._validate_unique = self._validate_constraints = False
        super().__init__(
            data,
            files,
            auto_id,
            prefix,
            {**values, **(initial or {})},
            error_class,
            label_suffix,
            empty_permitted,
            use_required_attribute=use_required_attribute,
            renderer=renderer,
            **kwargs,
        )
        for field in self.fields.values():
            limit_formfield_choices(field)

    def _get_validation_exclusions(self) -> set[str]:
        """Return the names of model fields that the model is not to validate."""
        options = self._meta
        chosen = _chooser(options.fields or None, options.exclude)

        def left_out(field: Any) -> bool:
            name = field.name
            if name not in self.fields or not chosen(name) or name in (self._errors or ()):
                return True
            # The form lets it be empty although the model does not.
            formfield = self.fields[name]
            return (
                not field.blank
                and not formfield.required
                and self.cleaned_data.get(name) in formfield.empty_values
            )

        model = self.instance._meta
        excluded = {field.name for field in model.fields if left_out(field)}
        # No form has a field for a key of several parts; it is known when all of these are.
        if model.is_composite_pk and excluded.isdisjoint(part.name for part in model.pk_fields):
            excluded.discard(model.pk.name)
        return excluded

    def clean(self) -> Any:
        """Ask for the model's checks of uniqueness and constraints; return the cleaned data."""
        self._validate_unique = self._validate_constraints = True
        return self.cleaned_data

    def _update_errors(self, errors: ValidationError) -> None:
        """Add the model's errors, with the messages that form and ``Meta`` declare."""
        by_field = getattr(errors, "error_dict", None) or {NON_FIELD_ERRORS: errors}
        for name, found in by_field.items():
            declared = self._meta.error_messages or {}
            if name == NON_FIELD_ERRORS and name in declared:
                messages = declared[name]
            elif name in self.fields:
                messages = self.fields[name].error_messages
            else:
                continue
            for error in found:
                if isinstance(error, ValidationError) and error.code in messages:
                    error.message = messages[error.code]
        self.add_error(None, errors)

    def _attempt(self, step: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a step of the model's validation and keep what it complains about."""
        try:
            return step(*args, **kwargs)
        except ValidationError as errors:
            self._update_errors(errors)
        return None

    def _post_clean(self) -> None:
        """Fill the instance and let the model validate it."""
        options = self._meta
        exclude = self._get_validation_exclusions()
        # The parent may not be stored yet; the inline formset sets it.
        exclude.update(
            name for name, field in self.fields.items() if isinstance(field, InlineForeignKeyField)
        )
        self._attempt(construct_instance, self, self.instance, options.fields, options.exclude)
        self._attempt(
            self.instance.full_clean,
            exclude=exclude,
            validate_unique=False,
            validate_constraints=False,
        )
        if self._validate_unique:
            self.validate_unique()
        if self._validate_constraints:
            self.validate_constraints()

    def validate_unique(self) -> None:
        """Run the instance's ``validate_unique()``."""
        self._attempt(self.instance.validate_unique, exclude=self._get_validation_exclusions())

    def validate_constraints(self) -> None:
        """Run the instance's ``validate_constraints()``."""
        self._attempt(self.instance.validate_constraints, exclude=self._get_validation_exclusions())

    def _save_m2m(self) -> None:
        """Store what needs a stored instance: many-to-many relations and generic ones."""
        chosen = _chooser(self._meta.fields or None, self._meta.exclude)
        options = self.instance._meta
        for field in chain(options.many_to_many, options.private_fields):
            if (
                hasattr(field, "save_form_data")
                and chosen(field.name)
                and field.name in self.cleaned_data
            ):
                field.save_form_data(self.instance, self.cleaned_data[field.name])

    def save(self, commit: bool = True) -> Any:
        """Store the instance and return it.

        Args:
            commit: if false, nothing is stored, and the form gets a ``save_m2m()`` method.

        Raises:
            ValueError: the data are not valid.
        """
        instance = self.instance
        if not self.errors:
            if not commit:
                self.save_m2m = self._save_m2m
                return instance
            instance.save()
            self._save_m2m()
            return instance
        done = "created" if instance._state.adding else "changed"
        raise ValueError(
            f"The {instance._meta.object_name} could not be {done} because the data didn't validate."
        )

    save.alters_data = True  # type: ignore[attr-defined]


class ModelForm(BaseModelForm, metaclass=ModelFormMetaclass):
    """A form for the fields of a model, as its ``Meta`` says."""


def modelform_factory(
    model: type[Model],
    form: type[Any] = ModelForm,
    fields: Any = None,
    exclude: Any = None,
    formfield_callback: Callable[..., Field | None] | None = None,
    widgets: Mapping[str, Any] | None = None,
    localized_fields: Any = None,
    labels: Mapping[str, Any] | None = None,
    help_texts: Mapping[str, Any] | None = None,
    error_messages: Mapping[str, Any] | None = None,
    field_classes: Mapping[str, type[Field]] | None = None,
) -> type[Any]:
    """Return a model form class for ``model``.

    Raises:
        ImproperlyConfigured: neither ``fields`` nor ``exclude`` is given, here or in ``form.Meta``.
    """
    given = {
        "fields": fields,
        "exclude": exclude,
        "widgets": widgets,
        "localized_fields": localized_fields,
        "labels": labels,
        "help_texts": help_texts,
        "error_messages": error_messages,
        "field_classes": field_classes,
    }
    declared = {"model": model} | {key: value for key, value in given.items() if value is not None}
    if formfield_callback:
        declared["formfield_callback"] = staticmethod(formfield_callback)
    meta = type("Meta", (form.Meta,) if hasattr(form, "Meta") else (), declared)
    if getattr(meta, "fields", None) is None and getattr(meta, "exclude", None) is None:
        raise ImproperlyConfigured(
            "Calling modelform_factory without defining 'fields' or 'exclude' explicitly is "
            "prohibited."
        )
    meta_class: Any = type(form)
    return meta_class(f"{model.__name__}Form", (form,), {"Meta": meta})


def modelform_defines_fields(form_class: Any) -> bool:
    """Return whether a form class says which fields of its model it has."""
    meta = getattr(form_class, "_meta", None)
    return (
        form_class is not None
        and meta is not None
        and (meta.fields is not None or meta.exclude is not None)
    )


# The formsets are a room of their own, built upon the forms above.
from nuages.forms._model_formsets import (  # noqa: E402, F401
    BaseInlineFormSet,
    BaseModelFormSet,
    _get_foreign_key,
    inlineformset_factory,
    modelformset_factory,
)
from nuages.forms.formsets import formset_factory  # noqa: E402, F401
