"""INSERT and UPDATE statements that were compiled before.

They hang on the paths of ``django.db.models.trails``. Each function returns ``None`` where the statement has
to be compiled as usual; nothing has been done then.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any, NamedTuple

from nuages.core.exceptions import EmptyResultSet, FieldError
from nuages.db import connections
from nuages.db.models import sql, trails
from nuages.db.models._trail_values import SLOTTABLE, read_expression, with_slots
from nuages.db.models.expressions import Expression
from nuages.db.models.sql.slots import LeavesTrail, Slot, SlotParam, is_trail_safe
from nuages.db.models.sql.statements import Statement
from nuages.db.transaction import mark_for_rollback_on_error

_NONE_TYPE = type(None)
#: Types whose values a field can prepare for the database without a look at the query.
PLAIN = SLOTTABLE | {bool, bytes, datetime.datetime, _NONE_TYPE}
_NOTHING: Any = object()


class _Given(Expression):
    """The place of a value in a statement; the field prepares what will stand there."""

    def __init__(self, slot: Slot, field: Any) -> None:
        super().__init__(output_field=field)
        self.slot = slot

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (SlotParam(self.slot.index, _saver(self.output_field, connection)),)


class _Writing(NamedTuple):
    """A compiled statement, and its fields: keys have nothing but their identities."""

    statement: Statement
    fields: Sequence[Any]


def _can_write(fields: Sequence[Any], model: Any) -> bool:
    return all(
        is_trail_safe(field)
        and field.concrete
        and not field.generated
        and not hasattr(field, "get_placeholder_sql")
        and field.model._meta.concrete_model is model._meta.concrete_model
        for field in fields
    )


def _compiled(
    plans: dict[Any, Any], key: Any, compile_it: Callable[..., _Writing], *args: Any
) -> Any:
    """Return the statement with that key, compiled if need be; ``None`` if there can be none."""
    statement = plans.get(key)
    if statement is None:
        try:
            statement = compile_it(*args)
        except (LeavesTrail, EmptyResultSet):
            statement = _NOTHING
        plans[key] = statement
    return None if statement is _NOTHING else statement


def update(queryset: Any, named: dict[str, Any]) -> int | None:
    """Run ``queryset.update(**named)``; return the number of rows."""
    path = queryset._path
    if path.sliced or not trails.is_own(type(queryset)):
        return None
    kinds: list[Any] = []
    values: list[Any] = []
    for value in named.values():
        if type(value) in PLAIN:
            kinds.append(_NOTHING)
            values.append(value)
        elif (kind := read_expression(value, values)) is None:
            return None
        else:
            kinds.append(kind)
    using = queryset.db
    key = ("update", using, *named, *kinds)
    return _run_update(queryset, using, key, named, values, named.values())


def update_fields(queryset: Any, triples: Sequence[tuple[Any, Any, Any]]) -> int | None:
    """Run ``queryset._update(triples)``, as ``Model.save()`` does; return the number of rows."""
    path = queryset._path
    values = [value for _, _, value in triples]
    if not triples or path.sliced or not trails.is_own(type(queryset)):
        return None
    if not PLAIN.issuperset(map(type, values)):
        return None
    using = queryset.db
    key = ("update", using, *(id(field) for field, _, _ in triples))
    fields = [field for field, _, _ in triples]
    return _run_update(queryset, using, key, fields, values, values)


def _run_update(
    queryset: Any,
    using: str,
    key: Any,
    fields: Iterable[Any],
    values: list[Any],
    changes: Iterable[Any],
) -> int | None:
    """Set fields, given themselves or by name, to ``changes``, the constants of which are ``values``."""
    path = queryset._path
    writing = _compiled(path.plans, key, _compile_update, path, using, fields, changes)
    if writing is None or not trails.compilers_are_own():
        return None
    try:
        text, params = writing.statement.bind((*queryset._params, *values))
    except LeavesTrail:
        return None
    with mark_for_rollback_on_error(using=using):
        return connections[using].execute_compiled(text, params)


def _compile_update(
    path: trails.Path, using: str, fields: Iterable[Any], changes: Iterable[Any]
) -> _Writing:
    known = path.model._meta._forward_fields_map
    targets = [known.get(each) if isinstance(each, str) else each for each in fields]
    if None in targets or not _can_write(targets, path.model):
        raise LeavesTrail
    probe = path.replay(path.slots)
    if probe.query.distinct_fields or probe.query.annotations:
        raise LeavesTrail
    query = probe.query.chain(sql.UpdateQuery)
    places = count(len(path.slots))
    news = [
        _Given(Slot(next(places)), field) if type(change) in PLAIN else with_slots(change, places)
        for field, change in zip(targets, changes, strict=True)
    ]
    try:
        query.add_update_fields(zip(targets, [None] * len(targets), news, strict=True))
    except FieldError:
        # The plain road will say it with the value.
        raise LeavesTrail from None
    query.clear_select_clause()
    query.get_initial_alias()
    if query.count_active_tables() != 1:
        raise LeavesTrail
    compiler = query.get_compiler(using)
    text, params = compiler.as_sql()
    return _Writing(Statement(text, params, compiler.connection.driver_sql), targets)


def insert(
    model: Any, obj: Any, fields: Sequence[Any], returning: Any, raw: bool, using: str
) -> list[Any] | None:
    """Insert one object; return the row of what the database gives back, in a list."""
    root = trails.root(model)
    if root is None or not fields or not trails.compilers_are_own():
        return None
    given = obj.__dict__
    for field in fields:
        if type(given.get(field.attname)) not in PLAIN:
            return None
    returned = tuple(returning) if returning else ()
    key = ("insert", using, *map(id, fields), "returning", *map(id, returned))
    connection = connections[using]

    def compile_it() -> _Writing:
        if not _can_write((*fields, *returned), model):
            raise LeavesTrail
        columns = [field.get_col(model._meta.db_table) for field in returned]
        query = sql.InsertQuery(model)
        query.insert_values(fields, [obj], raw=True)
        compiler = query.get_compiler(using)
        compiler.returning_fields = returned
        if columns and (
            compiler.get_converters(columns)
            or not connection.features.can_return_rows_from_bulk_insert
        ):
            raise LeavesTrail
        ((text, params),) = compiler.as_sql()
        if len(params) != len(fields):
            raise LeavesTrail
        slots = [SlotParam(n, _saver(field, connection)) for n, field in enumerate(fields)]
        return _Writing(Statement(text, slots, connection.driver_sql), (*fields, *returned))

    writing = _compiled(root.plans, key, compile_it)
    if writing is None or not connection.shows_nobody():
        return None
    values = []
    for field in fields:
        value = given.get(field.attname) if raw else field.pre_save(obj, add=True)
        if type(value) not in PLAIN:
            return None
        values.append(value)
    text, params = writing.statement.bind(values)
    if returned:
        return connection.fetch_compiled(text, params)
    return None if connection.execute_compiled(text, params) is None else []


def _saver(field: Any, connection: Any) -> Callable[[Any], Any]:
    # (It needs this module.)
    from nuages.db.models._quick import taken_as_they_are

    save, kinds = field.get_db_prep_save, taken_as_they_are(field, connection)
    return lambda value: value if type(value) in kinds else save(value, connection)


def delete_one(model: Any, key: Any, using: str) -> int | None:
    """Delete the row with a primary key from a model's own table; return the number of rows."""
    root = trails.root(model)
    if root is None or type(key) not in PLAIN or not trails.compilers_are_own():
        return None
    connection = connections[using]

    def compile_it() -> _Writing:
        pk = model._meta.pk
        if model._meta.is_composite_pk or not _can_write((pk,), model):
            raise LeavesTrail
        query = sql.DeleteQuery(model)
        query.add_filter(f"{pk.attname}__in", [key])
        text, params = query.get_compiler(using).as_sql()
        if len(params) != 1:
            raise LeavesTrail
        slot = SlotParam(0, _saver(pk, connection))
        return _Writing(Statement(text, [slot], connection.driver_sql), (pk,))

    writing = _compiled(root.plans, ("delete", using), compile_it)
    if writing is None or not connection.shows_nobody():
        return None
    text, params = writing.statement.bind([key])
    return connection.execute_compiled(text, params)


def update_from_values(
    queryset: Any, objs: Sequence[Any], fields: Sequence[Any], using: str
) -> int | None:
    """Save fields of objects by one UPDATE that joins the table with their values.

    Takes time in proportion to the objects, where a CASE per field takes it to their square.
    """
    model, connection = queryset.model, connections[using]
    options = model._meta
    if (
        len(options.pk_fields) > 1
        or not _can_write((options.pk, *fields), model)
        or queryset.query.where
        or queryset.query.is_sliced
    ):
        return None
    columns = (options.pk, *fields)
    # Where a column of values is one array, the statement is the same for any number of objects.
    arrays = connection.ops.values_as_arrays(columns)
    if not (arrays or connection.features.supports_update_from_values):
        return None
    # Of several objects with the same key, the first one counts.
    firsts = {obj.pk: obj for obj in reversed(objs)}
    rows = [[getattr(obj, field.attname) for field in columns] for obj in firsts.values()]
    if not all(type(value) in PLAIN for row in rows for value in row):
        return None
    quote = connection.ops.quote_name
    table = quote(options.db_table)
    changes = ", ".join(
        f"{quote(field.column)} = given.column{place}" for place, field in enumerate(fields, 2)
    )
    if arrays:
        names = ", ".join(f"column{place}" for place, _ in enumerate(columns, 1))
        given = f"({arrays}) AS given ({names})"
    else:
        row = f"({', '.join(['%s'] * len(columns))})"
        given = f"(VALUES {', '.join([row] * len(rows))}) AS given"
    statement = (
        f"UPDATE {table} SET {changes} FROM {given} "
        f"WHERE {table}.{quote(options.pk.column)} = given.column1"
    )
    # (It needs this module.)
    from nuages.db.models._quick import taken_as_they_are

    # What a column takes as it is need not be prepared.
    by_column = []
    for field, values in zip(columns, zip(*rows, strict=True), strict=True):
        prepare = field.get_db_prep_save
        plainly = set(map(type, values)) <= taken_as_they_are(field, connection)
        by_column.append(
            list(values) if plainly else [prepare(each, connection) for each in values]
        )
    params: list[Any] = by_column
    if not arrays:
        params = [value for values in zip(*by_column, strict=True) for value in values]
    with mark_for_rollback_on_error(using=using):
        changed = connection.execute_compiled(connection.driver_sql(statement), params)
        if changed is None:
            with connection.cursor() as cursor:
                cursor.execute(statement, params)
                changed = cursor.rowcount
        return changed
