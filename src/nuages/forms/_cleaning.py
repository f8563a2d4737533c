"""Cleaning a form's fields by recipe: the fast twin of the loop in ``BaseForm._clean_fields``.

A recipe does in one function what the methods of a kind of field do together. It is found by those
very methods: a field whose class overrides one of them, or where one was replaced, has no recipe and
goes the plain way, by its bound field. A recipe accepts what is plainly good. For anything else it
asks ``field.clean()``, which says what is wrong in its own words.

Recipes do not change the field, so they work on the fields as the class declares them: a form that
is cleaned without anybody looking at ``form.fields`` never makes any of its own.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from nuages.conf import switches
from nuages.core import validators
from nuages.core.exceptions import ValidationError
from nuages.forms import fields as kinds
from nuages.forms.boundfield import BoundField
from nuages.forms.widgets import (
    CheckboxInput,
    ChoiceWidget,
    NullBooleanSelect,
    Widget,
)
from nuages.utils.formats import get_format

if TYPE_CHECKING:
    from nuages.forms.forms import BaseForm

Recipe = Callable[[Any, Any], Any]

# Validators, as far as a look says that they would have nothing against a value.


def _quietly(check: Any, value: Any) -> bool:
    try:
        check(value)
    except ValidationError:
        return False
    return True


_LOOKS: dict[type, Callable[[Any, Any], bool]] = {
    validators.ProhibitNullCharactersValidator: lambda check, value: "\x00" not in value,
    validators.MaxLengthValidator: lambda check, value: (
        check.limit_value.__class__ is int and len(value) <= check.limit_value
    ),
    validators.MinLengthValidator: lambda check, value: (
        check.limit_value.__class__ is int and len(value) >= check.limit_value
    ),
    validators.MaxValueValidator: lambda check, value: (
        check.limit_value.__class__ is int and value <= check.limit_value
    ),
    validators.MinValueValidator: lambda check, value: (
        check.limit_value.__class__ is int and value >= check.limit_value
    ),
    **dict.fromkeys(
        (
            validators.DecimalValidator,
            validators.EmailValidator,
            validators.RegexValidator,
            validators.StepValueValidator,
            validators.URLValidator,
        ),
        _quietly,
    ),
}


def _checked(field: Any, value: Any) -> Any:
    """Return ``value``, which is converted and not empty, once it passes the validators."""
    for check in field.validators:
        look = _LOOKS.get(check.__class__)
        if look is None or not look(check, value):
            # All of them in their order: more than one may have something to say.
            field.run_validators(value)
            break
    return value


# The recipes.


def _asked(field: Any, value: Any) -> Any:
    return field.clean(value)


def _text(field: Any, value: Any) -> Any:
    if value.__class__ is not str:
        return field.clean(value)
    text = value.strip() if field.strip else value
    return _checked(field, text) if text else field.clean(value)


def _url(field: Any, value: Any) -> Any:
    if value.__class__ is str and kinds._has_scheme(text := value.strip()):
        return _checked(field, text)
    return field.clean(value)


def _truth(field: Any, value: Any) -> Any:
    if value is True or (value is False and not field.required):
        return _checked(field, value) if value and field.validators else value
    return field.clean(value)


def _integer(field: Any, value: Any) -> Any:
    # Eighteen digits are read in no time, and fit any limit that is a number of the machine.
    if (
        value.__class__ is str
        and 0 < len(value) <= 18
        and value.isascii()
        and value.isdigit()
        and not field.localize
    ):
        return _checked(field, int(value))
    return field.clean(value)


_plain_decimal = re.compile(r"\d{1,18}(?:\.\d{1,18})?", re.ASCII).fullmatch


def _decimal(field: Any, value: Any) -> Any:
    if value.__class__ is str and not field.localize and _plain_decimal(value):
        return _checked(field, Decimal(value))
    return field.clean(value)


def _date(field: Any, value: Any) -> Any:
    if (
        value.__class__ is str
        and len(value) == 10
        and value[4] == value[7] == "-"
        and field.input_formats is kinds.DateField.input_formats
        and get_format("DATE_INPUT_FORMATS")[0] == "%Y-%m-%d"
    ):
        try:
            return _checked(field, datetime.date.fromisoformat(value))
        except ValueError:
            pass
    return field.clean(value)


def _choice(field: Any, value: Any) -> Any:
    choices = field._choices
    if value.__class__ is str and value and choices.__class__ is list:
        for entry in choices:
            key, content = entry
            if content.__class__ in _GROUPS:
                break
            if key == value or str(key) == value:
                return _checked(field, value)
    return field.clean(value)


_GROUPS = frozenset((list, tuple))

# The methods by which a field goes from data to a value, and what a recipe relies on besides.
_METHODS = (
    *("get_bound_field", "_clean_bound_field", "clean", "to_python", "validate"),
    "run_validators",
)
_PARTS: dict[Recipe, tuple[str, ...]] = {
    _integer: ("_number", "re_decimal"),
    _decimal: ("_number", "_is_finite"),
    _date: ("strptime", "_ready", "_read"),
    _choice: ("valid_value", "choices"),
}


def parts_of(recipe: Recipe) -> tuple[str, ...]:
    """Return the names of what a recipe stands for in a class of fields."""
    return (*_METHODS, *_PARTS.get(recipe, ()))


_BY_KIND: dict[type, Recipe] = {
    kinds.CharField: _text,
    kinds.URLField: _url,
    kinds.BooleanField: _truth,
    kinds.IntegerField: _integer,
    kinds.DecimalField: _decimal,
    kinds.DateField: _date,
    kinds.ChoiceField: _choice,
    **dict.fromkeys(
        (
            kinds.FloatField,
            kinds.TimeField,
            kinds.DateTimeField,
            kinds.DurationField,
            kinds.NullBooleanField,
            kinds.GenericIPAddressField,
            kinds.UUIDField,
            kinds.TypedChoiceField,
            kinds.MultipleChoiceField,
            kinds.TypedMultipleChoiceField,
        ),
        _asked,
    ),
}


def _fingerprints() -> Iterator[tuple[Callable[[Any], Any], Any, Recipe]]:
    for kind, recipe in _BY_KIND.items():
        look = attrgetter(*parts_of(recipe))
        yield look, look(kind), recipe


_FINGERPRINTS = tuple(_fingerprints())
# The entry that fitted a class when it was last seen. It is compared again each time.
_seen: WeakKeyDictionary[type, tuple[Callable[[Any], Any], Any, Recipe]] = WeakKeyDictionary()


def _recipe_of(kind: Any) -> Recipe | None:
    """Return the recipe for a class of fields, as it is now; ``None`` if there is none."""
    known = _seen.get(kind)
    if known is not None and known[0](kind) == known[1]:
        return known[2]
    for entry in _FINGERPRINTS:
        look, originals, recipe = entry
        try:
            fits = look(kind) == originals
        except AttributeError:
            continue
        if fits:
            _seen[kind] = entry
            return recipe
    return None


# What a widget may have of its own is not seen by these: they read what was sent, and no more.
_get = Widget.value_from_datadict
_READERS = frozenset(
    (
        CheckboxInput.value_from_datadict,
        ChoiceWidget.value_from_datadict,
        NullBooleanSelect.value_from_datadict,
    )
)
_data = BoundField.data
_FORM_PARTS = ("__getitem__", "_bound_items", "_widget_data_value", "add_prefix")
_form_parts = attrgetter(*_FORM_PARTS)


@cache
def _own_parts() -> Any:
    from nuages.forms.forms import BaseForm

    return _form_parts(BaseForm)


def _applies(form: Any) -> bool:
    """Return whether the form gets at its data as we wrote it."""
    return (
        _form_parts(type(form)) == _own_parts()
        and BoundField.data is _data
        and form.bound_field_class is None
        and switches.enabled("COMPILED_FORMS")
    )


def _plainly_read(field: Any) -> bool:
    """Return whether neither a field of a known kind nor its widget has a way of its own."""
    widget = field.widget
    reader = widget.__class__.value_from_datadict
    return not (
        field.disabled
        or field.bound_field_class is not None
        or (reader is not _get and reader not in _READERS)
        or not OWN_WAYS.isdisjoint(field.__dict__)
        or "value_from_datadict" in widget.__dict__
    )


#: What an instance of a field may have of its own that recipes would not see.
OWN_WAYS = frozenset(("clean", "to_python", "validate", "run_validators", "empty_values"))


def clean_one(form: BaseForm, name: str) -> None:
    """Clean one field of a form, with its ``clean_<name>()`` hook; an error is the form's."""
    state = form.__dict__
    field = (form.base_fields if (fields := state.get("fields")) is None else fields)[name]
    recipe = _recipe_of(field.__class__)
    try:
        if recipe is None or not _plainly_read(field):
            bound = form[name]
            form.cleaned_data[name] = bound.field._clean_bound_field(bound)
        else:
            html_name = f"{form.prefix}-{name}" if form.prefix else name
            value = field.widget.value_from_datadict(form.data, form.files, html_name)
            form.cleaned_data[name] = recipe(field, value)
        hook = getattr(form, f"clean_{name}", None)
        if hook is not None:
            value = hook()
            form.cleaned_data[name] = value
    except ValidationError as error:
        form.add_error(name, error)


def clean_by_recipe(form: BaseForm) -> bool:
    """Clean all fields of a form, with its ``clean_<name>()`` hooks.

    Returns:
        ``False``, with nothing done, where the form has to be cleaned the plain way.
    """
    if not _applies(form):
        return False
    state = form.__dict__
    fields = state.get("fields")
    # Hooks may change the fields; those that were there are cleaned.
    for name in tuple(form.base_fields if fields is None else fields):
        clean_one(form, name)
    return True
