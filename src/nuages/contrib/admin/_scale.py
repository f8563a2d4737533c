"""Lists of tables with millions of rows: estimated counts, and pages that are sought by key.

A ModelAdmin with ``large_table = True`` counts by what the database knows anyhow, and finds pages
by index instead of by skipping rows: those near either end exactly, those in between by the place
that their key has between the first and the last. The links to the next and the previous page
carry the key of the row where that begins (a *cursor*), and are always exact.

Documented in ``docs/admin-lists.md``.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from functools import cached_property
from math import ceil, floor
from typing import Any, NamedTuple

from nuages.contrib.admin import _order
from nuages.contrib.admin._names import IncorrectLookupParameters
from nuages.core import signing
from nuages.core.exceptions import FieldDoesNotExist, ValidationError
from nuages.core.paginator import Paginator
from nuages.db import connections, models

AFTER_VAR = "_after"
BEFORE_VAR = "_before"

#: Tables with fewer rows are counted, and rows up to here are skipped: both take milliseconds.
NEAR = 10_000

_SALT = "django.contrib.admin.list"
_LINEAR = (int, float, Decimal, datetime.date, datetime.datetime)


class Key(NamedTuple):
    """A field that a list is sorted by."""

    field: Any
    descending: bool


def keys_of(queryset: Any) -> list[Key]:
    """Return the fields that a query is sorted by, up to the one that makes its order total.

    Returns:
        An empty list if rows cannot be sought: the order is not total, or by expressions, related
        objects, or fields that may be NULL.
    """
    opts, keys = queryset.model._meta, []
    for entry in queryset.query.order_by:
        name, descending = _order.named(entry)
        if name is None:
            return []
        try:
            field = opts.pk if name == "pk" else opts.get_field(name)
        except FieldDoesNotExist:
            return []
        if field.null or not getattr(field, "concrete", False):
            return []
        if field.is_relation and name not in (field.attname, "pk"):
            return []
        keys.append(Key(field, descending))
        if field.unique:
            return keys
    return []


def _beyond(keys: list[Key], values: list[Any], inclusive: bool, backwards: bool) -> models.Q:
    """Return the condition that a row comes after (or before) one with these values."""
    beyond = models.Q()
    for number in reversed(range(len(keys))):
        field, descending = keys[number]
        sign = "lt" if descending is not backwards else "gt"
        last = number == len(keys) - 1
        strict = models.Q(
            (f"{field.attname}__{sign}{'e' if last and inclusive else ''}", values[number])
        )
        if last:
            beyond = strict
        else:
            # The first part says less than the second, but tells the database where to begin.
            bound = models.Q((f"{field.attname}__{sign}e", values[number]))
            beyond = bound & (strict | (models.Q((field.attname, values[number])) & beyond))
    return beyond


def is_whole_table(queryset: Any) -> bool:
    """Whether a query leaves no row of its table out, and repeats none."""
    query = queryset.query
    return not (
        query.where
        or query.distinct
        or query.is_sliced
        or query.combinator
        or query.annotations
        or query.extra
        or query.group_by
    )


def estimated_rows(queryset: Any) -> int | None:
    """Return about how many rows a whole table has, by what the database knows; or ``None``."""
    connection, opts = connections[queryset.db], queryset.model._meta
    with connection.cursor() as cursor:
        match connection.vendor:
            case "postgresql":
                cursor.execute(
                    "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass",
                    [connection.ops.quote_name(opts.db_table)],
                )
            case "mysql":
                cursor.execute(
                    "SELECT table_rows FROM information_schema.tables "
                    "WHERE table_schema = DATABASE() AND table_name = %s",
                    [opts.db_table],
                )
            case "sqlite" if isinstance(opts.pk, models.IntegerField):
                # Numbers are given in order, so the last one says how many there were.
                name, table = map(connection.ops.quote_name, (opts.pk.column, opts.db_table))
                cursor.execute(
                    f"SELECT (SELECT MAX({name}) FROM {table}) - (SELECT MIN({name}) FROM {table})"
                    " + 1"
                )
            case _:
                return None
        row = cursor.fetchone()
    rows = row[0] if row else None
    return None if rows is None or rows < 0 else int(rows)


def ends_of(queryset: Any, path: str) -> tuple[Any, Any]:
    """Return the least and the greatest value of a field, each by index: ``None`` without rows.

    Databases read the whole table for an aggregate of both.
    """
    values = queryset.filter(**{f"{path}__isnull": False}).values_list(path, flat=True)
    return values.order_by(path).first(), values.order_by(f"-{path}").first()


class Seeker(Paginator):
    """A paginator that neither counts nor skips many rows.

    Attributes:
        count: how many rows there are, or about how many.
        is_estimate: whether ``count`` is not exact.
    """

    is_estimate = False

    @cached_property
    def keys(self) -> list[Key]:
        """The fields that rows can be sought by."""
        return keys_of(self.object_list)

    @cached_property
    def _whole(self) -> bool:
        return is_whole_table(self.object_list)

    @cached_property
    def count(self) -> int:
        """How many rows there are: exact for few, an estimate for tables, a bound for the rest."""
        if self._whole:
            rows = estimated_rows(self.object_list)
            if rows is not None and rows > NEAR:
                self.is_estimate = True
                return rows
            if rows is not None:
                return self.object_list.count()
        bounded = self.object_list.order_by()[: NEAR + 1].count()
        if bounded <= NEAR:
            return bounded
        self.is_estimate = True
        return NEAR

    # Windows

    def _from(self, values: Any) -> Any:
        """Return the page that begins with the row of these values."""
        rows = self.object_list.filter(_beyond(self.keys[: len(values)], values, True, False))
        return rows[: self.per_page]

    def _values_at(self, rows: Any, place: int) -> list[Any] | None:
        names = [field.attname for field, _descending in self.keys]
        found = list(rows.values_list(*names)[place : place + 1])
        return list(found[0]) if found else None

    def _window(self, number: int) -> Any:
        """Return the rows of a page, by its number."""
        start = (number - 1) * self.per_page
        if not self.is_estimate or start <= NEAR or not self.keys:
            return self.object_list[start : start + self.per_page]
        if not self._whole:
            return self.object_list[start : start + self.per_page]
        left = self.count - start
        if left <= NEAR:
            return self._last_pages(number)
        begin = self._interpolated(start / self.count)
        if begin is None:
            return self.object_list[start : start + self.per_page]
        return self._from([begin])

    def _last_pages(self, number: int) -> Any:
        """Return a page near the end, counted from there."""
        behind = self._pages_for(self.count) - number
        last = self.count % self.per_page or self.per_page
        place = last - 1 + behind * self.per_page
        values = self._values_at(self.object_list.reverse(), place)
        return self.object_list[: self.per_page] if values is None else self._from(values)

    def _interpolated(self, share: float) -> Any:
        """Return the value of the first key at a place between the first row and the last."""
        field, descending = self.keys[0]
        low, high = ends_of(self.object_list, field.attname)
        if not isinstance(low, _LINEAR) or isinstance(low, bool):
            return None
        if descending:
            share = 1 - share
        distance: Any = high - low
        moved = distance * (Decimal(share) if isinstance(distance, Decimal) else share)
        if type(low) is int:
            # Where the numbers have no gaps this is the row itself.
            moved = floor(moved) if descending else ceil(moved)
        first: Any = low
        return first + moved

    def get_elided_page_range(self, number: Any = 1, **options: Any) -> Any:
        """Yield page numbers; one that was reached by cursors may lie behind the last."""
        return super().get_elided_page_range(min(number, self.num_pages), **options)

    def _get_page(self, *args: Any, **kwargs: Any) -> Any:
        rows, number, paginator = args
        return super()._get_page(self._window(number), number, paginator)

    # Cursors

    def _read(self, cursor: str) -> list[Any]:
        try:
            texts = signing.loads(cursor, salt=_SALT)
            if len(texts) != len(self.keys):
                raise ValueError("The list is sorted in another way now.")
            return [key.field.to_python(text) for key, text in zip(self.keys, texts, strict=True)]
        except (signing.BadSignature, ValidationError, ValueError, TypeError) as error:
            raise IncorrectLookupParameters(error) from error

    def after(self, cursor: str) -> Any:
        """Return the rows that follow the one a cursor stands for.

        Raises:
            IncorrectLookupParameters: it is no cursor of this list.
        """
        beyond = _beyond(self.keys, self._read(cursor), False, False)
        return self.object_list.filter(beyond)[: self.per_page]

    def before(self, cursor: str) -> Any:
        """Return the rows that stand before the one a cursor stands for.

        Raises:
            IncorrectLookupParameters: it is no cursor of this list.
        """
        beyond = _beyond(self.keys, self._read(cursor), False, True)
        earlier = self.object_list.reverse().filter(beyond)
        values = self._values_at(earlier, self.per_page - 1)
        return self.object_list[: self.per_page] if values is None else self._from(values)

    def cursor(self, row: Any) -> str:
        """Return the text that stands for a row in addresses."""
        texts = [field.value_to_string(row) for field, _descending in self.keys]
        return signing.dumps(texts, salt=_SALT)


def existing_dates(queryset: Any, path: str, unit: str, first: Any, last: Any) -> list[Any]:
    """Return the years, months or days in which a list has objects, without reading them all.

    Args:
        queryset: the objects.
        path: of the date.
        unit: "year", "month" or "day".
        first, last: where to begin and to end.
    """
    found, start = [], _floor(first, unit)
    while start <= last:
        end = _NEXT[unit](start)
        bounds = {f"{path}__gte": start, f"{path}__lt": end}
        if queryset.order_by().filter(**bounds).exists():
            found.append(start)
        start = end
    return found


def _floor(moment: Any, unit: str) -> Any:
    parts: dict[str, Any] = {"day": {}, "month": {"day": 1}, "year": {"day": 1, "month": 1}}[unit]
    if isinstance(moment, datetime.datetime):
        return moment.replace(hour=0, minute=0, second=0, microsecond=0, **parts)
    return moment.replace(**parts)


def _next_month(start: Any) -> Any:
    if start.month == 12:
        return start.replace(year=start.year + 1, month=1)
    return start.replace(month=start.month + 1)


_NEXT: dict[str, Callable[[Any], Any]] = {
    "year": lambda start: start.replace(year=start.year + 1),
    "month": _next_month,
    "day": lambda start: start + datetime.timedelta(days=1),
}
