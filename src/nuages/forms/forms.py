"""Forms. Manual: "The Forms API"."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from nuages.core.exceptions import NON_FIELD_ERRORS, ValidationError
from nuages.forms._clean_plans import clean_quickly
from nuages.forms.fields import Field
from nuages.forms.renderers import get_default_renderer
from nuages.forms.utils import ErrorDict, ErrorList, RenderableFormMixin
from nuages.forms.widgets import Media, MediaDefiningClass
from nuages.utils.datastructures import MultiValueDict
from nuages.utils.functional import cached_property
from nuages.utils.hints import unannotated
from nuages.utils.translation import gettext as _

if TYPE_CHECKING:
    from nuages.forms.boundfield import BoundField
    from nuages.forms.renderers import BaseRenderer
    from nuages.forms.widgets import Widget

__all__ = ("BaseForm", "Form")


class DeclarativeFieldsMetaclass(MediaDefiningClass):
    """Collects the fields that a form class and its bases declare."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> Any:
        own = {
            key: attrs.pop(key) for key, value in list(attrs.items()) if isinstance(value, Field)
        }
        cls = super().__new__(mcs, name, bases, attrs)
        cls.declared_fields = own
        collected: dict[str, Any] = {}
        for base in reversed(cls.__mro__):
            collected.update(getattr(base, "declared_fields", {}))
            # "name = None" takes an inherited field away.
            for key in [key for key, value in base.__dict__.items() if value is None]:
                collected.pop(key, None)
        cls.base_fields = cls.declared_fields = collected
        return cls


@unannotated
class BaseForm(RenderableFormMixin):
    """What forms do, apart from how their fields are declared."""

    declared_fields: ClassVar[dict[str, Field]]
    base_fields: ClassVar[dict[str, Field]]
    default_renderer: Any = None
    field_order: Iterable[str] | None = None
    prefix: str | None = None
    use_required_attribute = True
    bound_field_class: type[BoundField] | None = None
    (
        template_name_div,
        template_name_p,
        template_name_table,
        template_name_ul,
        template_name_label,
    ) = (f"django/forms/{name}.html" for name in ("div", "p", "table", "ul", "label"))

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
        field_order: Iterable[str] | None = None,
        use_required_attribute: bool | None = None,
        renderer: BaseRenderer | None = None,
        bound_field_class: type[BoundField] | None = None,
    ) -> None:
        self.data = MultiValueDict() if data is None else data
        self.files = MultiValueDict() if files is None else files
        self.is_bound = data is not None or files is not None
        self.initial, self.auto_id, self.error_class = initial or {}, auto_id, error_class
        self.prefix = self.prefix if prefix is None else prefix
        # Translators: what stands between a label and its field.
        self.label_suffix = _(":") if label_suffix is None else label_suffix
        self.empty_permitted = empty_permitted
        self._errors: ErrorDict | None = None

        self._bound_fields_cache: dict[str, BoundField] = {}
        wanted_order = self.field_order if field_order is None else field_order
        if wanted_order is not None:
            self.order_fields(wanted_order)

        if use_required_attribute is not None:
            self.use_required_attribute = use_required_attribute
        if empty_permitted and self.use_required_attribute:
            raise ValueError(
                "The empty_permitted and use_required_attribute arguments may not both be True."
            )

        chosen = renderer or self.default_renderer or get_default_renderer()
        self.renderer = chosen() if isinstance(chosen, type) else chosen
        self.bound_field_class = (
            bound_field_class
            or self.bound_field_class
            or getattr(self.renderer, "bound_field_class", None)
        )

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The form's own fields, to be changed at will; ``base_fields`` stay as declared.

        They are made when first asked for: a form that is only cleaned may do without.
        """
        memo: dict[int, Any] = {}
        return {name: field.__deepcopy__(memo) for name, field in self.base_fields.items()}

    def order_fields(self, field_order: Iterable[str] | None) -> None:
        """Put the named fields first, in that order; unknown names are ignored."""
        if field_order is not None:
            first = [name for name in field_order if name in self.fields]
            self.fields = {
                name: self.fields[name] for name in dict.fromkeys([*first, *self.fields])
            }

    def __repr__(self) -> str:
        if self._errors is None:
            valid: Any = "Unknown"
        else:
            valid = self.is_bound and not self._errors
        return (
            f"<{type(self).__name__} bound={self.is_bound}, valid={valid}, "
            f"fields=({';'.join(self.fields)})>"
        )

    # Access to the fields.

    def _bound_items(self) -> Iterator[tuple[str, BoundField]]:
        """Yield the name and the bound field of each field."""
        for name in self.fields:
            yield name, self[name]

    def __iter__(self) -> Iterator[BoundField]:
        for name in self.fields:
            yield self[name]

    def __getitem__(self, name: str) -> BoundField:
        field = self.fields.get(name)
        if field is None:
            raise KeyError(
                f"Key '{name}' not found in '{type(self).__name__}'. Choices are: "
                f"{', '.join(sorted(self.fields))}."
            )
        bound = self._bound_fields_cache.get(name)
        if bound is None:
            bound = self._bound_fields_cache[name] = field.get_bound_field(self, name)
        return bound

    def hidden_fields(self) -> list[BoundField]:
        """Return the bound fields with hidden inputs."""
        return [bound for bound in self if bound.is_hidden]

    def visible_fields(self) -> list[BoundField]:
        """Return the bound fields that can be seen."""
        return [bound for bound in self if not bound.is_hidden]

    def add_prefix(self, field_name: str) -> str:
        """Return the HTML name of a field."""
        return f"{self.prefix}-{field_name}" if self.prefix else field_name

    def add_initial_prefix(self, field_name: str) -> str:
        """Return the HTML name of the hidden input that keeps a field's initial value."""
        return f"initial-{self.add_prefix(field_name)}"

    def _widget_data_value(self, widget: Widget, html_name: str) -> Any:
        return widget.value_from_datadict(self.data, self.files, html_name)

    def get_initial_for_field(self, field: Field, field_name: str) -> Any:
        """Return the form's initial value for a field, else the field's own."""
        value = self.initial.get(field_name, field.initial)
        if callable(value):
            value = value()
        if (
            isinstance(value, (datetime.datetime, datetime.time))
            and not field.widget.supports_microseconds
        ):
            return value.replace(microsecond=0)
        return value

    @cached_property
    def _label_ends(self) -> str:
        # Translators: if a label ends in one of these, it takes no suffix.
        return _(":?.!")

    # Errors and validation.

    @property
    def errors(self) -> ErrorDict:
        """Errors by field name; the first reading runs the validation."""
        found = self._errors
        if found is None:
            self.full_clean()
            found = self._errors
        return found  # type: ignore[return-value]

    def non_field_errors(self) -> ErrorList:
        """Return the errors that belong to no field."""
        found = self.errors.get(NON_FIELD_ERRORS)
        if found is None:
            return self.error_class(error_class="nonfield", renderer=self.renderer)
        return found

    def add_error(self, field: str | None, error: Any) -> None:
        """Add an error to a field, or to the form if ``field`` is ``None``.

        Args:
            error: text, a ``ValidationError``, or what makes one; a ``ValidationError`` made of a
                dictionary names the fields itself.

        Raises:
            TypeError: ``field`` is given twice, here and by a dictionary.
            ValueError: there is no such field.
        """
        problem = error if isinstance(error, ValidationError) else ValidationError(error)
        if not hasattr(problem, "error_dict"):
            by_field = {field or NON_FIELD_ERRORS: problem.error_list}
        elif field is None:
            by_field = problem.error_dict
        else:
            raise TypeError(
                "The argument `field` must be `None` when the `error` argument is a dictionary."
            )
        for name, found in by_field.items():
            known = self.errors
            if name not in known:
                if name == NON_FIELD_ERRORS:
                    known[name] = self.error_class(error_class="nonfield", renderer=self.renderer)
                elif name in self.fields:
                    known[name] = self.error_class(
                        renderer=self.renderer, field_id=self[name].auto_id
                    )
                else:
                    raise ValueError(f"'{type(self).__name__}' has no field named '{name}'.")
            known[name].extend(found)
            self.cleaned_data.pop(name, None)

    def has_error(self, field: str, code: str | None = None) -> bool:
        """Return whether a field has errors, or one of the given code."""
        codes = (
            {error.code for error in self.errors[field].as_data()} if field in self.errors else ()
        )
        return bool(codes) if code is None else code in codes

    def is_valid(self) -> bool:
        """Return whether there are data, and no errors in them."""
        return self.is_bound and not self.errors

    def full_clean(self) -> None:
        """Validate everything; fills ``errors`` and ``cleaned_data``."""
        self._errors = ErrorDict(renderer=self.renderer)
        if self.is_bound:
            self.cleaned_data: dict[str, Any] = {}
            # An extra form of a formset may be left as it was.
            untouched = self.empty_permitted and not self.has_changed()
            for step in () if untouched else ("_clean_fields", "_clean_form", "_post_clean"):
                getattr(self, step)()

    def _clean_fields(self) -> None:
        """Clean each field, then call ``clean_<name>()`` where the form has it."""
        if clean_quickly(self):
            return
        for name, bound in self._bound_items():
            try:
                self.cleaned_data[name] = bound.field._clean_bound_field(bound)
                own_hook = getattr(self, f"clean_{name}", None)
                if own_hook is not None:
                    self.cleaned_data[name] = own_hook()
            except ValidationError as error:
                self.add_error(name, error)

    def _clean_form(self) -> None:
        """Call ``clean()``, the form's own hook."""
        try:
            replaced = self.clean()
        except ValidationError as error:
            self.add_error(None, error)
            return
        if replaced is not None:
            self.cleaned_data = replaced

    def _post_clean(self) -> None:
        """Do more after ``clean()``; model forms validate their instance here."""

    def clean(self) -> Any:
        """Validate fields that depend on each other; return ``cleaned_data`` or nothing.

        Manual: "Form and field validation".
        """
        return self.cleaned_data

    def has_changed(self) -> bool:
        """Return whether the data differ from the initial values."""
        return bool(self.changed_data)

    @cached_property
    def changed_data(self) -> list[str]:
        """Names of the fields whose data differ from their initial values."""
        return [name for name, bound in self._bound_items() if bound._has_changed()]

    # HTML.

    @property
    def template_name(self) -> str:
        """The template that shows the form; the renderer's, unless a class sets its own."""
        return self.renderer.form_template_name

    def get_context(self) -> dict[str, Any]:
        """Return form, visible fields with errors, hidden fields and errors at the top."""
        top_errors = self.non_field_errors().copy()
        visible, hidden = [], []
        for name, bound in self._bound_items():
            errors = bound.errors
            if not bound.is_hidden:
                visible.append((bound, errors))
                continue
            hidden.append(bound)
            top_errors.extend(
                _("(Hidden field %(name)s) %(error)s") % {"name": name, "error": str(error)}
                for error in errors
            )
        return {"form": self, "fields": visible, "hidden_fields": hidden, "errors": top_errors}

    @property
    def media(self) -> Media:
        """The assets of all widgets on the form."""
        total = Media()
        for field in self.fields.values():
            added = field.widget.media
            if added.__class__ is not Media or any(added._js_lists) or any(added._css_lists):
                total = total + added
        return total

    def is_multipart(self) -> bool:
        """Return whether the form has to be sent as ``multipart/form-data``."""
        return any(field.widget.needs_multipart_form for field in self.fields.values())


class Form(BaseForm, metaclass=DeclarativeFieldsMetaclass):
    """A collection of fields, declared as class attributes."""
