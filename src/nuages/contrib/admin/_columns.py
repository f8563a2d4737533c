"""The cells of a list page: what each column does is worked out once, then done for every row.

Manual: "ModelAdmin.list_display".
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any, NamedTuple

from nuages.contrib.admin._actions import ActionPages
from nuages.contrib.admin._cells import (
    Writer,
    attribute_text,
    escaped,
    field_writer,
    mixed_writer,
    object_writer,
    plain_writer,
    text_writer,
)
from nuages.contrib.admin._display import (
    FieldIsAForeignKeyColumnName,
    display_for_value,
    end_of_path,
    plain_field,
)
from nuages.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from nuages.contrib.admin.utils import key_text, quote
from nuages.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from nuages.db import models
from nuages.db.models.constants import LOOKUP_SEP
from nuages.urls import NoReverseMatch
from nuages.utils.html import conditional_escape, escape
from nuages.utils.safestring import SafeString, mark_safe
from nuages.utils.translation import gettext

type Cell = Callable[[Any, Any, str | None], SafeString]

_MOMENTS = (datetime.date, datetime.time)


class Source(NamedTuple):
    """What a column shows.

    Attributes:
        read: takes an object, returns its value. ObjectDoesNotExist means that there is none.
        write: takes the value, returns escaped text.
        empty: stands for what is missing.
        compact: whether the text must not be broken; ``None``: it depends on the value.
    """

    read: Callable[[Any], Any]
    write: Writer
    empty: Any
    compact: bool | None


def class_name(name: Any, number: int) -> str:
    """Return how a column is called in the class of its cells.

    Args:
        name: in ``list_display``.
        number: its place there.
    """
    if not callable(name):
        return name
    title = getattr(name, "__name__", type(name).__name__)
    return f"lambda{number}" if title == "<lambda>" else title


# What is shown


def _attribute(name: str) -> Callable[[Any], Any]:
    def read(obj: Any) -> Any:
        value = getattr(obj, name)
        return value() if callable(value) else value

    return read


def _path(names: list[str]) -> Callable[[Any], Any]:
    def read(obj: Any) -> Any:
        for name in names:
            obj = getattr(obj, name)
            if obj is None:
                return None
        return obj

    return read


def _of_field(field: Any, read: Callable[[Any], Any], empty: Any, linked: bool) -> Source:
    """Return the source for a field's values."""
    if isinstance(field, models.ForeignKey):
        return Source(read, object_writer(empty), empty, True)
    compact = isinstance(field, (models.DateField, models.TimeField))
    return Source(read, field_writer(field, empty, linked), empty, compact)


def _unwrapped(target: Any) -> Any:
    """Return what carries the marks of ``@display``: of properties, their function."""
    for holder in ("fget", "func"):
        target = getattr(target, holder, None) or target
    return target


def source_of(name: Any, model: Any, model_admin: Any, empty: Any, linked: bool = False) -> Source:
    """Return what a column shows.

    Args:
        name: in ``list_display``.
        model: the model.
        model_admin: whose methods the name may mean.
        empty: stands for empty values.
        linked: whether the text will stand in a link, and can have none of its own.
    """
    try:
        field = plain_field(model._meta, name)
    except (FieldDoesNotExist, FieldIsAForeignKeyColumnName):
        pass
    else:
        return _of_field(field, attrgetter(name), empty, linked)
    read: Callable[[Any], Any]
    if callable(name):
        target = read = name
    elif name == "__str__":
        target = read = str
    elif hasattr(model_admin, name):
        target = read = getattr(model_admin, name)
    else:
        field = None if hasattr(model, name) else end_of_path(model, name)
        if field is not None:
            return _of_field(field, _path(name.split(LOOKUP_SEP)), empty, linked)
        target, read = getattr(model, name, None), _attribute(name)
    marks = _unwrapped(target)
    own = getattr(marks, "empty_value_display", empty)
    boolean = bool(getattr(marks, "boolean", False))

    def show(value: Any) -> Any:
        return display_for_value(value, own, boolean)

    write = text_writer(show, own) if read is str and not boolean else None
    if write is None:
        write = plain_writer(show) if boolean else mixed_writer(show)
    return Source(read, write, own, None)


# Cells


def _checkbox(cl: Any) -> Cell:
    """Return the cell that ticks an object."""
    admin = cl.model_admin
    if type(admin).action_checkbox is not ActionPages.action_checkbox:
        return lambda obj, form, url: mark_safe(
            f'<td class="action-checkbox">{conditional_escape(admin.action_checkbox(obj))}</td>'
        )
    before, _sign, after = escape(
        gettext("Select this object for an action - {}").replace("{}", "\0")
    ).partition("\0")
    head = f'<td class="action-checkbox"><input type="checkbox" name="{ACTION_CHECKBOX_NAME}"'
    middle = f'" class="action-select" aria-label="{before}'
    end = f'{after}"></td>'

    attribute = cl.pk_attname

    def cell(obj: Any, form: Any, url: str | None) -> SafeString:
        # The label is text, even if the object has HTML of its own.
        key = getattr(obj, attribute)
        if type(key) is not int:
            key = attribute_text(key_text(key))
        return SafeString(f'{head} value="{key}{middle}{attribute_text(obj)}{end}')

    return cell


def _opener(cl: Any) -> Callable[[Any], str]:
    """Return what tells a window which value was chosen in its popup."""
    if not cl.is_popup:
        return lambda obj: ""
    attribute = str(cl.to_field) if cl.to_field else cl.pk_attname

    def opener(obj: Any) -> str:
        return f' data-popup-opener="{escape(key_text(obj.serializable_value(attribute)))}"'

    return opener


def _form_cell(plain: Cell, name: str, start: str, key: str) -> Cell:
    """Return a cell that shows a form's field where the form of the row has it."""

    def cell(obj: Any, form: Any, url: str | None) -> SafeString:
        if form is None or name not in form.fields:
            return plain(obj, form, url)
        bound = form[name]
        if name == key and bound.is_hidden:
            return plain(obj, form, url)
        return SafeString(f"{start}{bound.errors}{bound}</td>")

    return cell


def _text_cell(source: Source, tag: str, name: str, opener: Any) -> Cell:
    """Return a cell that shows text, in a link if ``opener`` is given and the row has a URL."""
    read, write, empty, compact = source
    missing = escaped(empty)
    loose, tight = f'<{tag} class="field-{name}">', f'<{tag} class="field-{name} nowrap">'
    end = f"</{tag}>"

    known = None if compact is None else (tight if compact else loose)

    def plain(obj: Any, form: Any, url: str | None) -> SafeString:
        try:
            value = read(obj)
        except ObjectDoesNotExist:
            text = missing
        else:
            text = write(value)
        return SafeString(f"{known}{text}{end}")

    if opener is None and known is not None:
        return plain

    def cell(obj: Any, form: Any, url: str | None) -> SafeString:
        start = known
        try:
            value = read(obj)
        except ObjectDoesNotExist:
            text, start = missing, known or loose
        else:
            if start is None:
                start = tight if isinstance(value, _MOMENTS) else loose
            text = write(value)
        if url is None or opener is None:
            return SafeString(f"{start}{text}{end}")
        return SafeString(f'{start}<a href="{url}"{opener(obj)}>{text}</a>{end}')

    return cell


def cells_of(cl: Any) -> list[Cell]:
    """Return a function for each column; it takes an object, its form, and the object's URL."""
    default = cl.model_admin.get_empty_value_display()
    key = cl.lookup_opts.pk.name
    links, opener = cl.list_display_links, _opener(cl)
    cells, headed = [], False
    for number, name in enumerate(cl.list_display):
        if name == "action_checkbox":
            cells.append(_checkbox(cl))
            continue
        linked = (links is not None and not links and not headed) or name in (links or ())
        tag = "th" if linked and not headed else "td"
        headed = headed or linked
        source = source_of(name, cl.model, cl.model_admin, default, linked)
        label = escape(class_name(name, number))
        cell = _text_cell(source, tag, label, opener if linked else None)
        if not linked and cl.formset is not None:
            nowrap = " nowrap" if source.compact else ""
            cell = _form_cell(cell, name, f'<td class="field-{label}{nowrap}">', key)
        cells.append(cell)
    return cells


# Addresses


#: Stands for the primary key while an address is built: a number, which any converter takes.
_PLACE = "7093814265"


def url_writer(cl: Any) -> Callable[[Any], str | None]:
    """Return a function that gives the (escaped) address of an object's page, if it has one."""
    from nuages.contrib.admin.templatetags.admin_urls import add_preserved_filters
    from nuages.contrib.admin.views.main import ChangeList

    names = {"preserved_filters": cl.preserved_filters, "opts": cl.opts}

    def address(obj: Any) -> str | None:
        try:
            url = cl.url_for_result(obj)
        except NoReverseMatch:
            return None
        return escape(add_preserved_filters(names, url, cl.is_popup, cl.to_field))

    usual = type(cl).url_for_result is ChangeList.url_for_result
    if not usual or cl.model._meta.is_composite_pk:
        return address
    stand_in = cl.model()
    setattr(stand_in, cl.pk_attname, _PLACE)
    pattern = address(stand_in)
    if pattern is None:
        return address
    before, found, after = pattern.partition(_PLACE)
    if not found or _PLACE in after:
        return address
    attribute = cl.pk_attname

    def written(obj: Any) -> str | None:
        key = quote(getattr(obj, attribute))
        if type(key) is int:
            return f"{before}{key}{after}" if key >= 0 else address(obj)
        plain = type(key) is str and key.isalnum() and key.isascii()
        return f"{before}{key}{after}" if plain else address(obj)

    return written


def rows_of(cl: Any) -> Iterator[tuple[Any, list[SafeString]]]:
    """Yield the form (or ``None``) and the cells of each object on a page."""
    cells, address = cells_of(cl), url_writer(cl)
    if cl.list_display_links is None:
        address = lambda obj: None  # noqa: E731
    if cl.formset is None:
        for obj in cl.result_list:
            url = address(obj)
            yield None, [cell(obj, None, url) for cell in cells]
        return
    # Forms that came back with errors may be fewer than the rows, and in another order.
    forms = {form.instance.pk: form for form in cl.formset.initial_forms}
    for obj in cl.result_list:
        url, form = address(obj), forms.get(obj.pk)
        yield form, [cell(obj, form, url) for cell in cells]
