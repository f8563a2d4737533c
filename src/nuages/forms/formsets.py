"""Several forms of one kind on a page. Manual: "Formsets"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nuages.core.exceptions import ValidationError
from nuages.forms.fields import BooleanField, IntegerField
from nuages.forms.forms import Form
from nuages.forms.renderers import get_default_renderer
from nuages.forms.utils import ErrorList, RenderableFormMixin
from nuages.forms.widgets import CheckboxInput, HiddenInput, Media, NumberInput, Widget
from nuages.utils.functional import cached_property
from nuages.utils.hints import unannotated
from nuages.utils.translation import gettext_lazy as _
from nuages.utils.translation import ngettext_lazy

if TYPE_CHECKING:
    from nuages.forms.forms import BaseForm
    from nuages.forms.renderers import BaseRenderer

__all__ = ("BaseFormSet", "formset_factory", "all_valid")

# Names of the fields that a formset adds.
ORDERING_FIELD_NAME, DELETION_FIELD_NAME = "ORDER", "DELETE"
TOTAL_FORM_COUNT, INITIAL_FORM_COUNT = "TOTAL_FORMS", "INITIAL_FORMS"
MIN_NUM_FORM_COUNT, MAX_NUM_FORM_COUNT = "MIN_NUM_FORMS", "MAX_NUM_FORMS"

DEFAULT_MIN_NUM, DEFAULT_MAX_NUM = 0, 1000


class ManagementForm(Form):
    """The numbers of forms on the page. Manual: "Understanding the ``ManagementForm``"."""

    template_name = "django/forms/div.html"

    TOTAL_FORMS = IntegerField(widget=HiddenInput)
    INITIAL_FORMS = IntegerField(widget=HiddenInput)
    # Only for scripts on the page; what comes back is not used.
    MIN_NUM_FORMS = IntegerField(required=False, widget=HiddenInput)
    MAX_NUM_FORMS = IntegerField(required=False, widget=HiddenInput)

    def clean(self) -> Any:
        """Take missing or wrong counts for zero, so that the formset can go on and complain."""
        for name in (TOTAL_FORM_COUNT, INITIAL_FORM_COUNT):
            self.cleaned_data.setdefault(name, 0)
        return self.cleaned_data


@unannotated
class BaseFormSet(RenderableFormMixin):
    """A collection of forms. :func:`formset_factory` makes subclasses.

    Manual: "Formsets".
    """

    form: type[BaseForm]
    extra: int
    can_order: bool
    can_delete: bool
    can_delete_extra: bool
    max_num: int
    min_num: int
    absolute_max: int
    validate_max: bool
    validate_min: bool
    renderer: Any

    ordering_widget, deletion_widget = NumberInput, CheckboxInput
    default_error_messages: Mapping[str, Any] = dict(
        too_few_forms=ngettext_lazy(
            "Please submit at least %(num)d form.", "Please submit at least %(num)d forms.", "num"
        ),
        too_many_forms=ngettext_lazy(
            "Please submit at most %(num)d form.", "Please submit at most %(num)d forms.", "num"
        ),
        missing_management_form=_(
            "ManagementForm data is missing or has been tampered with. Missing fields: "
            "%(field_names)s. You may need to file a bug report if the issue persists."
        ),
    )
    template_name_div, template_name_p, template_name_table, template_name_ul = (
        f"django/forms/formsets/{style}.html" for style in ("div", "p", "table", "ul")
    )

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        auto_id: Any = "id_%s",
        prefix: str | None = None,
        initial: Sequence[Mapping[str, Any]] | None = None,
        error_class: type[ErrorList] = ErrorList,
        form_kwargs: Mapping[str, Any] | None = None,
        error_messages: Mapping[str, Any] | None = None,
    ) -> None:
        self.is_bound = data is not None or files is not None
        self.data, self.files = data or {}, files or {}
        self.prefix, self.auto_id = prefix or self.get_default_prefix(), auto_id
        self.initial, self.form_kwargs = initial, form_kwargs or {}
        self.form_renderer, self.error_class = self.renderer, error_class
        self.renderer = self.form_renderer or get_default_renderer()
        self._errors: list[Any] | None = None
        self._non_form_errors: Any = None

        messages: dict[str, Any] = {}
        for base in reversed(type(self).__mro__):
            messages.update(getattr(base, "default_error_messages", None) or {})
        self.error_messages = {**messages, **(error_messages or {})}

    def __len__(self) -> int:
        return len(self.forms)

    def __getitem__(self, index: Any) -> Any:
        return self.forms[index]

    def __bool__(self) -> bool:
        # There is always the management form.
        return True

    def __iter__(self) -> Iterator[BaseForm]:
        return iter(self.forms)

    def __repr__(self) -> str:
        if self._errors is None:
            valid: Any = "Unknown"
        else:
            valid = (
                self.is_bound
                and not self._non_form_errors
                and not any(errors for errors in self._errors)
            )
        return (
            f"<{type(self).__qualname__}: bound={self.is_bound} valid={valid} "
            f"total_forms={self.total_form_count()}>"
        )

    # The forms.

    @cached_property
    def management_form(self) -> ManagementForm:
        """The form that keeps the counts."""
        if self.is_bound:
            form = ManagementForm(
                self.data,
                auto_id=self.auto_id,
                prefix=self.prefix,
                renderer=self.renderer,
            )
            form.full_clean()
            return form
        return ManagementForm(
            auto_id=self.auto_id,
            prefix=self.prefix,
            renderer=self.renderer,
            initial={
                TOTAL_FORM_COUNT: self.total_form_count(),
                INITIAL_FORM_COUNT: self.initial_form_count(),
                MIN_NUM_FORM_COUNT: self.min_num,
                MAX_NUM_FORM_COUNT: self.max_num,
            },
        )

    def total_form_count(self) -> int:
        """Return how many forms there are."""
        if self.is_bound:
            # Whatever the data claim, memory is bounded.
            return min(self.management_form.cleaned_data[TOTAL_FORM_COUNT], self.absolute_max)
        filled = self.initial_form_count()
        wanted = max(filled, self.min_num) + self.extra
        # Initial data are all shown, even beyond the maximum; extra forms only up to it.
        return filled if filled > self.max_num >= 0 else min(wanted, max(self.max_num, 0))

    def initial_form_count(self) -> int:
        """Return how many forms were filled from initial data."""
        if self.is_bound:
            return self.management_form.cleaned_data[INITIAL_FORM_COUNT]
        return len(self.initial) if self.initial else 0

    @cached_property
    def forms(self) -> list[Any]:
        """All forms of the set."""
        return [
            self._construct_form(number, **self.get_form_kwargs(number))
            for number in range(self.total_form_count())
        ]

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """Return arguments for the form of that number; ``None`` is the empty form."""
        return dict(self.form_kwargs)

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        """Return the form of number ``i``."""
        arguments: dict[str, Any] = {
            "auto_id": self.auto_id,
            "prefix": self.add_prefix(i),
            "error_class": self.error_class,
            # Browsers would insist on extra forms, too.
            "use_required_attribute": False,
        }
        if self.form_renderer is not None:
            arguments["renderer"] = self.form_renderer
        if self.is_bound:
            arguments |= {"data": self.data, "files": self.files}
        if self.initial and "initial" not in kwargs and i < len(self.initial):
            arguments["initial"] = self.initial[i]
        if i >= self.initial_form_count() and i >= self.min_num:
            arguments["empty_permitted"] = True
        form = self.form(**{**arguments, **kwargs})
        self.add_fields(form, i)
        return form

    @property
    def initial_forms(self) -> list[Any]:
        """The forms that were filled from initial data."""
        return self.forms[: self.initial_form_count()]

    @property
    def extra_forms(self) -> list[Any]:
        """The forms after those."""
        return self.forms[self.initial_form_count() :]

    @property
    def empty_form(self) -> Any:
        """A form with ``__prefix__`` in the place of its number, for scripts to copy."""
        arguments = {
            **self.get_form_kwargs(None),
            "auto_id": self.auto_id,
            "prefix": self.add_prefix("__prefix__"),
            "empty_permitted": True,
            "use_required_attribute": False,
            "renderer": self.form_renderer,
        }
        form = self.form(**arguments)
        self.add_fields(form, None)
        return form

    def add_fields(self, form: Any, index: int | None) -> None:
        """Add what the set needs to a form: place and removal. A hook for more fields."""
        filled = self.initial_form_count()
        is_filled = index is not None and index < filled
        if self.can_order:
            form.fields[ORDERING_FIELD_NAME] = IntegerField(
                label=_("Order"),
                initial=index + 1 if index is not None and is_filled else None,
                required=False,
                widget=self.get_ordering_widget(),
            )
        if self.can_delete and (is_filled or self.can_delete_extra):
            form.fields[DELETION_FIELD_NAME] = BooleanField(
                label=_("Delete"), required=False, widget=self.get_deletion_widget()
            )

    def add_prefix(self, index: Any) -> str:
        """Return the prefix of the form of that number."""
        return f"{self.prefix}-{index}"

    @classmethod
    def get_default_prefix(cls) -> str:
        """Return the prefix of a formset that was given none."""
        return "form"

    @classmethod
    def get_deletion_widget(cls) -> Widget | type[Widget]:
        """Return the widget of the field that asks for removal."""
        return cls.deletion_widget

    @classmethod
    def get_ordering_widget(cls) -> Widget | type[Widget]:
        """Return the widget of the field for a form's place."""
        return cls.ordering_widget

    # Validation.

    @property
    def cleaned_data(self) -> list[dict[str, Any]]:
        """The cleaned data of all forms.

        Raises:
            AttributeError: the formset is not valid.
        """
        if not self.is_valid():
            raise AttributeError(f"'{type(self).__name__}' object has no attribute 'cleaned_data'")
        return [form.cleaned_data for form in self.forms]

    @property
    def errors(self) -> list[Any]:
        """The errors of each form."""
        if self._errors is None:
            self.full_clean()
        return self._errors  # type: ignore[return-value]

    def non_form_errors(self) -> ErrorList:
        """Return the errors that belong to no form."""
        if self._non_form_errors is None:
            self.full_clean()
        return self._non_form_errors

    def total_error_count(self) -> int:
        """Return how many errors there are, of forms and of the set."""
        return len(self.non_form_errors()) + sum(len(errors) for errors in self.errors)

    def is_valid(self) -> bool:
        """Return whether all forms that are to stay are valid, and the set is."""
        if not self.is_bound:
            return False
        self.errors  # noqa: B018 - validates everything, once
        staying = [
            form for form in self.forms if not (self.can_delete and self._should_delete_form(form))
        ]
        # All of them are asked, for a subclass's is_valid() may do more than answer.
        # A list: each form is to collect its errors, also after one that is not valid.
        return all([form.is_valid() for form in staying]) and not self.non_form_errors()  # noqa: C419

    def full_clean(self) -> None:
        """Validate all forms, the counts, and what :meth:`clean` asks for."""
        self._errors = []
        self._non_form_errors = self.error_class(error_class="nonform", renderer=self.renderer)
        if not self.is_bound:
            return
        if not self.management_form.is_valid():
            missing = ", ".join(map(self.management_form.add_prefix, self.management_form.errors))
            self._non_form_errors.append(
                ValidationError(
                    self.error_messages["missing_management_form"],
                    code="missing_management_form",
                    params={"field_names": missing},
                )
            )
        untouched, filled = 0, self.initial_form_count()
        for number, form in enumerate(self.forms):
            untouched += number >= filled and not form.has_changed()
            # The errors of a form are asked for once: reading them validates it.
            found = form.errors
            if not (self.can_delete and self._should_delete_form(form)):
                self._errors.append(found)
        try:
            self._check_counts(untouched)
            self.clean()
        except ValidationError as problem:
            self._non_form_errors = self.error_class(
                problem.error_list, error_class="nonform", renderer=self.renderer
            )

    def _check_counts(self, untouched: int) -> None:
        """Raise ``ValidationError`` for too many or too few forms."""
        claimed = self.management_form.cleaned_data[TOTAL_FORM_COUNT]
        staying = self.total_form_count() - len(self.deleted_forms)
        if (self.validate_max and staying > self.max_num) or claimed > self.absolute_max:
            code, limit = "too_many_forms", self.max_num
        elif self.validate_min and staying - untouched < self.min_num:
            code, limit = "too_few_forms", self.min_num
        else:
            return
        raise ValidationError(self.error_messages[code] % {"num": limit}, code=code)

    def clean(self) -> None:
        """Validate the set as a whole: a hook for subclasses."""

    def has_changed(self) -> bool:
        """Return whether any form differs from its initial data."""
        return any(form.has_changed() for form in self)

    # Removal and order.

    def _should_delete_form(self, form: Any) -> bool:
        return form.cleaned_data.get(DELETION_FIELD_NAME, False)

    @property
    def deleted_forms(self) -> list[Any]:
        """The forms marked for removal."""
        if not self.can_delete or not self.is_valid():
            return []
        if not hasattr(self, "_deleted_form_indexes"):
            filled = self.initial_form_count()
            self._deleted_form_indexes = [
                number
                for number, form in enumerate(self.forms)
                if (number < filled or form.has_changed()) and self._should_delete_form(form)
            ]
        return [self.forms[number] for number in self._deleted_form_indexes]

    @property
    def ordered_forms(self) -> list[Any]:
        """The forms in the order asked for, those without a place last.

        Raises:
            AttributeError: the formset is not valid, or cannot be ordered.
        """
        if not self.can_order or not self.is_valid():
            raise AttributeError(f"'{type(self).__name__}' object has no attribute 'ordered_forms'")
        if not hasattr(self, "_ordering"):
            filled = self.initial_form_count()
            staying = [
                (number, form.cleaned_data[ORDERING_FIELD_NAME])
                for number, form in enumerate(self.forms)
                if (number < filled or form.has_changed())
                and not (self.can_delete and self._should_delete_form(form))
            ]
            self._ordering = sorted(staying, key=lambda pair: (pair[1] is None, pair[1] or 0))
        return [self.forms[number] for number, _place in self._ordering]

    # HTML.

    @property
    def template_name(self) -> str:
        """The template that shows the set; the renderer's, unless a class sets its own."""
        return self.renderer.formset_template_name

    def get_context(self) -> dict[str, Any]:
        """Return the context for that template."""
        return {"formset": self}

    def is_multipart(self) -> bool:
        """Return whether the forms have to be sent as ``multipart/form-data``."""
        shown = self.forms[0] if self.forms else self.empty_form
        return shown.is_multipart()

    @property
    def media(self) -> Media:
        """The assets of the forms, which are all alike."""
        shown = self.forms[0] if self.forms else self.empty_form
        return shown.media


def formset_factory(
    form: type[BaseForm],
    formset: type[BaseFormSet] = BaseFormSet,
    extra: int = 1,
    can_order: bool = False,
    can_delete: bool = False,
    max_num: int | None = None,
    validate_max: bool = False,
    min_num: int | None = None,
    validate_min: bool = False,
    absolute_max: int | None = None,
    can_delete_extra: bool = True,
    renderer: BaseRenderer | None = None,
) -> type[Any]:
    """Return a formset class for ``form``. Manual: "Formset Functions".

    Raises:
        ValueError: ``absolute_max`` is below ``max_num``.
    """
    most = DEFAULT_MAX_NUM if max_num is None else max_num
    bound = most + DEFAULT_MAX_NUM if absolute_max is None else absolute_max
    if most > bound:
        raise ValueError("'absolute_max' must be greater or equal to 'max_num'.")
    declared = {
        "form": form,
        "extra": extra,
        "can_order": can_order,
        "can_delete": can_delete,
        "can_delete_extra": can_delete_extra,
        "min_num": DEFAULT_MIN_NUM if min_num is None else min_num,
        "max_num": most,
        "absolute_max": bound,
        "validate_min": validate_min,
        "validate_max": validate_max,
        "renderer": renderer,
    }
    return type(f"{form.__name__.removesuffix('Form')}FormSet", (formset,), declared)


def all_valid(formsets: Iterable[BaseFormSet]) -> bool:
    """Return whether all formsets are valid, after validating every one of them."""
    # A list: each is to collect its errors, also after one that is not valid.
    return all([formset.is_valid() for formset in formsets])  # noqa: C419
