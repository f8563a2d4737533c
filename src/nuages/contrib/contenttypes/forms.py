"""Formsets over generic relations."""

from __future__ import annotations

from typing import Any

from nuages.contrib.contenttypes.models import ContentType
from nuages.db import models
from nuages.forms import ModelForm, modelformset_factory
from nuages.forms.models import BaseModelFormSet


class BaseGenericInlineFormSet(BaseModelFormSet):
    """Forms for the objects that point to one instance.

    Args:
        data, files, prefix: as for other formsets.
        instance: what they point to.
        save_as_new: create them anew for another instance.
        queryset: limits which are shown.
    """

    model: Any
    ct_field: Any
    ct_fk_field: Any
    for_concrete_model: bool

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
        self.instance = instance
        self.rel_name = self.get_default_prefix()
        self.save_as_new = save_as_new
        manager = self.model._default_manager
        if instance is None or not instance._is_pk_set():
            rows = manager.none()
        else:
            rows = (manager if queryset is None else queryset).filter(
                **{
                    self.ct_field.name: self._content_type(),
                    self.ct_fk_field.name: instance.pk,
                }
            )
        super().__init__(queryset=rows, data=data, files=files, prefix=prefix, **kwargs)

    def _content_type(self) -> ContentType:
        return ContentType.objects.get_for_model(
            self.instance, for_concrete_model=self.for_concrete_model
        )

    def initial_form_count(self) -> int:
        """Return how many forms are of existing objects."""
        return 0 if self.save_as_new else super().initial_form_count()

    @classmethod
    def get_default_prefix(cls) -> str:
        """Return the prefix of field names in this formset."""
        opts = cls.model._meta
        return "-".join((opts.app_label, opts.model_name, cls.ct_field.name, cls.ct_fk_field.name))

    def save_new(self, form: Any, commit: bool = True) -> Any:
        """Return the new object of a form, pointed to the instance."""
        setattr(form.instance, self.ct_field.attname, self._content_type().pk)
        setattr(form.instance, self.ct_fk_field.attname, self.instance.pk)
        return form.save(commit=commit)


def generic_inlineformset_factory(
    model: Any,
    form: Any = ModelForm,
    formset: Any = BaseGenericInlineFormSet,
    ct_field: str = "content_type",
    fk_field: str = "object_id",
    fields: Any = None,
    exclude: Any = None,
    extra: int = 3,
    can_order: bool = False,
    can_delete: bool = True,
    max_num: int | None = None,
    formfield_callback: Any = None,
    validate_max: bool = False,
    for_concrete_model: bool = True,
    min_num: int | None = None,
    validate_min: bool = False,
    absolute_max: int | None = None,
    can_delete_extra: bool = True,
) -> type[BaseGenericInlineFormSet]:
    """Return a formset class for the objects of ``model`` that point to an instance.

    Args:
        ct_field, fk_field: names of the two fields behind the generic foreign key; the others
            are those of ``modelformset_factory``.

    Raises:
        ValueError: ``ct_field`` is no foreign key to ``ContentType``.
    """
    opts = model._meta
    type_field = opts.get_field(ct_field)
    if (
        not isinstance(type_field, models.ForeignKey)
        or type_field.remote_field.model != ContentType
    ):
        raise ValueError(f"fk_name '{type_field}' is not a ForeignKey to ContentType")
    id_field = opts.get_field(fk_field)
    made = modelformset_factory(
        model,
        form=form,
        formfield_callback=formfield_callback,
        formset=formset,
        extra=extra,
        can_delete=can_delete,
        can_order=can_order,
        fields=fields,
        exclude=[*(exclude or ()), type_field.name, id_field.name],
        max_num=max_num,
        validate_max=validate_max,
        min_num=min_num,
        validate_min=validate_min,
        absolute_max=absolute_max,
        can_delete_extra=can_delete_extra,
    )
    made.ct_field = type_field
    made.ct_fk_field = id_field
    made.for_concrete_model = for_concrete_model
    return made
