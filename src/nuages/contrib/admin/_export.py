"""Exports of lists: the rows that filters and search leave, as CSV or JSON, row by row.

Documented in ``docs/admin-lists.md``.
"""

from __future__ import annotations

import csv
import datetime
import json
from collections.abc import Callable, Iterator
from typing import Any

from nuages.contrib.admin._columns import class_name, source_of
from nuages.contrib.admin.utils import label_for_field
from nuages.core.exceptions import ObjectDoesNotExist
from nuages.core.serializers.json import DjangoJSONEncoder
from nuages.db.models import Model
from nuages.http import StreamingHttpResponse
from nuages.utils.html import strip_tags
from nuages.utils.safestring import SafeString
from nuages.utils.text import capfirst

EXPORT_VAR = "_export"

#: How many rows are fetched at a time.
_CHUNK = 2_000

#: Spreadsheets take text that begins so for a formula, also in full width.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001


def _harmless(text: str) -> str:
    """Return text so that no spreadsheet runs it."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _plain(value: Any) -> Any:
    """Return a value without HTML, and objects as text."""
    if isinstance(value, SafeString):
        return strip_tags(value)
    return str(value) if isinstance(value, Model) else value


def _as_text(value: Any) -> Any:
    """Return a value for a cell of CSV."""
    value = _plain(value)
    match value:
        case None:
            return ""
        case bool() | int() | float():
            return value
        case datetime.datetime() | datetime.date() | datetime.time():
            return value.isoformat()
        case list() | tuple() | dict():
            value = json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
    text = str(value)
    # A negative decimal is a number, however it is written.
    return text if not isinstance(value, str) else _harmless(text)


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _readers(names: list[Any], model_admin: Any) -> list[Callable[[Any], Any]]:
    def reader(name: Any) -> Callable[[Any], Any]:
        read = source_of(name, model_admin.model, model_admin, "").read

        def safe(obj: Any) -> Any:
            try:
                return read(obj)
            except ObjectDoesNotExist:
                return None

        return safe

    return [reader(name) for name in names]


def _csv(names: list[Any], rows: Iterator[list[Any]], model_admin: Any) -> Iterator[str]:
    write = csv.writer(_Echo()).writerow
    labels = [label_for_field(name, model_admin.model, model_admin) for name in names]
    yield write([_harmless(str(capfirst(label))) for label in labels])
    for row in rows:
        yield write([_as_text(value) for value in row])


def _json(names: list[Any], rows: Iterator[list[Any]], model_admin: Any) -> Iterator[str]:
    keys = [class_name(name, number) for number, name in enumerate(names)]
    encode = DjangoJSONEncoder(ensure_ascii=False, default=str).encode
    start = "["
    for row in rows:
        values = (_plain(value) for value in row)
        yield f"{start}\n{encode(dict(zip(keys, values, strict=True)))}"
        start = ","
    yield "\n]\n" if start == "," else "[]\n"


FORMATS: dict[str, tuple[str, Callable[..., Iterator[str]]]] = {
    "csv": ("text/csv; charset=utf-8", _csv),
    "json": ("application/json", _json),
}


def export(
    model_admin: Any, queryset: Any, names: list[Any], format_name: str
) -> StreamingHttpResponse:
    """Return objects as a file that is written while it is sent.

    Args:
        model_admin: describes the columns.
        queryset: the objects.
        names: the columns, as in ``list_display``.
        format_name: "csv" or "json".

    Raises:
        KeyError: there is no such format.
    """
    content_type, write = FORMATS[format_name]
    names = [name for name in names if name != "action_checkbox"]
    readers = _readers(names, model_admin)
    objects = queryset.iterator(chunk_size=_CHUNK)
    rows = ([read(obj) for read in readers] for obj in objects)
    filename = f"{model_admin.opts.model_name}-{datetime.date.today():%Y-%m-%d}.{format_name}"
    return StreamingHttpResponse(
        write(names, rows, model_admin),
        content_type=content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{filename}"',
            "Cache-Control": "private, no-store",
        },
    )
