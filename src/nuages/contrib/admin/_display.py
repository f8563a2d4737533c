"""What pages show of objects: values, and what these are called.

A name in ``list_display`` or ``readonly_fields`` stands for a field, a function, an attribute of the
admin class or of the object, or for the field at the end of a path, in that order.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from nuages.contrib.auth import get_user_model
from nuages.core.exceptions import FieldDoesNotExist, ValidationError
from nuages.core.validators import EMPTY_VALUES, URLValidator
from nuages.db import models
from nuages.db.models.constants import LOOKUP_SEP
from nuages.db.models.expressions import DatabaseDefault
from nuages.forms.utils import pretty_name
from nuages.templatetags.static import static
from nuages.utils import formats, timezone
from nuages.utils.hashable import make_hashable
from nuages.utils.html import format_html
from nuages.utils.safestring import SafeString

type Shown = Callable[[Any], Any]


class FieldIsAForeignKeyColumnName(Exception):
    """A name stands for the column of a foreign key (``author_id``), not for the field."""


# Finding


def plain_field(opts: Any, name: str) -> Any:
    """Return the field of that name that holds one value of the object.

    Args:
        opts: the model's ``_meta``.
        name: of the field.

    Raises:
        FieldDoesNotExist: there is none, or it holds many objects, or one of any model.
        FieldIsAForeignKeyColumnName: it is called so only as a column.
    """
    field = opts.get_field(name)
    if not field.is_relation:
        return field
    if field.many_to_one:
        if not field.related_model:
            raise FieldDoesNotExist
        if field.name != name == getattr(field, "attname", None):
            raise FieldIsAForeignKeyColumnName
    elif field.one_to_many:
        raise FieldDoesNotExist
    return field


def end_of_path(model: Any, name: Any) -> Any:
    """Return the field at the end of a path (``author__name``), or None."""
    from nuages.contrib.admin.utils import get_fields_from_path

    if not isinstance(name, str) or LOOKUP_SEP not in name:
        return None
    try:
        return get_fields_from_path(model, name)[-1]
    except (FieldDoesNotExist, NotRelationField):
        return None


class NotRelationField(Exception):
    """A path goes on behind a field that leads nowhere."""


def _follow(obj: Any, path: str) -> Any:
    """Return what lies at the end of a path from an object; None where it breaks off."""
    for name in path.split(LOOKUP_SEP):
        obj = getattr(obj, name)
        if obj is None:
            break
    return obj


def lookup_field(name: Any, obj: Any, model_admin: Any = None) -> tuple[Any, Any, Any]:
    """Find what a name stands for, and its value.

    Args:
        name: in ``list_display`` or ``readonly_fields``.
        obj: the object.
        model_admin: whose methods count too.

    Returns:
        The field (or None), the attribute or function (or None), and the value.

    Raises:
        AttributeError: the name stands for nothing.
    """
    try:
        field = plain_field(obj._meta, name)
    except (FieldDoesNotExist, FieldIsAForeignKeyColumnName):
        pass
    else:
        return field, None, getattr(obj, name)
    if callable(name):
        return None, name, name(obj)
    # Each model has a __str__, and each admin class one of its own.
    if name != "__str__" and hasattr(model_admin, name):
        method = getattr(model_admin, name)
        return None, method, method(obj)
    if LOOKUP_SEP in name and not hasattr(obj, name):
        return None, end_of_path(type(obj), name), _follow(obj, name)
    attribute = getattr(obj, name)
    return None, attribute, attribute() if callable(attribute) else attribute


# Naming


def _described(target: Any, name: Any) -> Any:
    """Return what an attribute, function or property is called."""
    for holder in (target, getattr(target, "fget", None)):
        if holder is not None and hasattr(holder, "short_description"):
            return holder.short_description
    if callable(target):
        title = target.__name__ if hasattr(target, "__name__") else type(target).__name__
        return "--" if title == "<lambda>" else pretty_name(title)
    return pretty_name(name)


def _target(name: Any, model: Any, model_admin: Any, form: Any) -> Any:
    """Return what a name stands for that is no field's."""
    if callable(name):
        return name
    for owner in (model_admin, model):
        if owner is not None and hasattr(owner, name):
            return getattr(owner, name)
    if form is not None and name in form.fields:
        return form.fields[name]
    found = end_of_path(model, name)
    if found is None:
        owners = [model._meta.object_name]
        if model_admin is not None:
            owners.append(type(model_admin).__name__)
        if form is not None:
            owners.append(type(form).__name__)
        raise AttributeError(f"Unable to lookup '{name}' on {' or '.join(owners)}")
    return found


def label_for_field(
    name: Any, model: Any, model_admin: Any = None, return_attr: bool = False, form: Any = None
) -> Any:
    """Return what the thing that a name stands for is called.

    Args:
        name: of a field, a path, an attribute, or a function.
        model: the model.
        model_admin: whose methods count too.
        return_attr: return also the attribute or function (None for fields), as a pair.
        form: whose fields count too.

    Raises:
        AttributeError: the name stands for nothing.
    """
    target: Any = None
    try:
        field = plain_field(model._meta, name)
    except FieldIsAForeignKeyColumnName:
        label, target = pretty_name(name), name
    except FieldDoesNotExist:
        if name == "__str__":
            label, target = str(model._meta.verbose_name), str
        else:
            target = _target(name, model, model_admin, form)
            label = _described(target, name)
    else:
        named = field if hasattr(field, "verbose_name") else field.related_model._meta
        label = named.verbose_name
    return (label, target) if return_attr else label


def help_text_for_field(name: Any, model: Any) -> Any:
    """Return the help text of the field of that name, or an empty one."""
    try:
        field = plain_field(model._meta, name)
    except (FieldDoesNotExist, FieldIsAForeignKeyColumnName):
        return ""
    return getattr(field, "help_text", "")


# Showing


def shown_name(obj: Any) -> str:
    """Return an object as text, or a dash if nobody would see that text."""
    text = str(obj)
    return text if text.strip() else "-"


_ICONS = {True: "yes", False: "no", None: "unknown"}


def boolean_icon(value: Any) -> SafeString:
    """Return the image for True, False or None."""
    address = static(f"admin/img/icon-{_ICONS[value]}.svg")
    return format_html('<img src="{}" alt="{}">', address, value)


def _moment(value: Any) -> Any:
    return formats.localize(timezone.template_localtime(value))


def _link(value: Any) -> Any:
    try:
        URLValidator()(value)
    except ValidationError:
        return str(value)
    return format_html('<a href="{}">{}</a>', value, value)


def _file(value: Any) -> Any:
    return format_html('<a href="{}">{}</a>', value.url, value)


def _decimal(field: Any) -> Shown:
    return lambda value: formats.number_format(value, field.decimal_places)


def _json(field: Any, empty: Any) -> Shown:
    def shown(value: Any) -> Any:
        try:
            return json.dumps(value, ensure_ascii=False, cls=field.encoder)
        except TypeError:
            return display_for_value(value, empty)

    return shown


def _choice(field: Any, empty: Any) -> Shown:
    labels = {make_hashable(key): label for key, label in field.flatchoices}
    return lambda value: labels.get(make_hashable(value), empty)


def _holds_password(field: Any) -> bool:
    """Whether a field is that of a user model's passwords."""
    if field.name != "password" or not hasattr(field, "model"):
        return False
    # Here, since it is a model: the admin may be imported before the apps are loaded.
    from nuages.contrib.auth.base_user import AbstractBaseUser

    return issubclass(field.model, AbstractBaseUser) or issubclass(get_user_model(), field.model)


def _shower(field: Any, empty: Any, avoid_link: bool) -> Shown:
    """Return how the values of a field that are not empty are shown."""
    if _holds_password(field):
        from nuages.contrib.auth.templatetags.auth import render_password_as_hash

        return render_password_as_hash
    match field:
        case models.DateTimeField():
            return _moment
        case models.DateField() | models.TimeField():
            return formats.localize
        case models.DecimalField():
            return _decimal(field)
        case models.IntegerField() | models.FloatField():
            return formats.number_format
        case models.FileField() if not avoid_link:
            return _file
        case models.URLField() if not avoid_link:
            return _link
        case models.JSONField():
            return _json(field, empty)
    return lambda value: display_for_value(value, empty)


def field_shower(field: Any, empty_value_display: Any, avoid_link: bool = False) -> Shown:
    """Return the function that shows values of a field: made once for a column.

    Args:
        field: of the model.
        empty_value_display: stands for empty values.
        avoid_link: whether the value will stand in a link, and can have none of its own.
    """
    if getattr(field, "flatchoices", None):
        return _choice(field, empty_value_display)
    if isinstance(field, models.BooleanField):
        return lambda value: boolean_icon(None if isinstance(value, DatabaseDefault) else value)
    shown = _shower(field, empty_value_display, avoid_link)
    nothing = field.empty_values if hasattr(field, "empty_values") else (None,)

    def show(value: Any) -> Any:
        if value in nothing or isinstance(value, DatabaseDefault):
            return empty_value_display
        return shown(value)

    return show


def display_for_field(
    value: Any, field: Any, empty_value_display: Any, avoid_link: bool = False
) -> Any:
    """Return how a field's value is shown (see :func:`field_shower`)."""
    return field_shower(field, empty_value_display, avoid_link)(value)


def display_for_value(value: Any, empty_value_display: Any, boolean: bool = False) -> Any:
    """Return how a value is shown that no field describes.

    Args:
        value: anything.
        empty_value_display: stands for empty values.
        boolean: show an icon.
    """
    unknown = isinstance(value, DatabaseDefault)
    if boolean:
        return boolean_icon(None if unknown else value)
    if unknown or value in EMPTY_VALUES:
        return empty_value_display
    match value:
        case bool():
            return str(value)
        case datetime():
            return _moment(value)
        case date() | time():
            return formats.localize(value)
        case int() | float() | Decimal():
            return formats.number_format(value)
        case list() | tuple():
            return ", ".join(str(each) for each in value)
        case SafeString():
            return value
    return str(value).strip() or empty_value_display
