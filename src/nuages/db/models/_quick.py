"""Saving an instance without any steps, where nobody could tell the difference.

The plain twin is ``_saving.save_steps``. What does not change from call to call is looked at once, when the
plan for a model, a database and a set of fields is made; plans lie on the model's shelf, and go when the
class changes. Whoever listens, logs, overrides or gives something unusual gets the plain road.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from nuages.conf import switches
from nuages.db import connections, router
from nuages.db.models import trails
from nuages.db.models._compiled import shelf
from nuages.db.models._query.written import PLAIN
from nuages.db.models._writers import Writer, insert_writer, update_writer
from nuages.db.models.fields import DateField, DateTimeField, Field, TimeField
from nuages.db.models.signals import listened_to, post_save, pre_save
from nuages.db.models.sql.slots import is_trail_safe
from nuages.utils.codegen import compile_function

if TYPE_CHECKING:
    from nuages.db.models.base import Model

_SAMPLES: tuple[Any, ...] = (7, "x", 0.5, True, None)
_ABSENT = object()
_NONE = type(None)
#: Fields that fill in their value themselves, and may be asked to do so twice.
_SELF_FILLING = (DateField, DateTimeField, TimeField)


def taken_as_they_are(field: Any, connection: Any) -> frozenset[type]:
    """Return the types of which the field gives each value to this database unchanged."""
    kinds = trails._natural_of(field)
    while field.remote_field is not None:
        field = field.target_field
    if field.get_internal_type() == "BooleanField":
        kinds = frozenset({bool})
    found = set()
    for sample in _SAMPLES:
        if sample is not None and type(sample) not in kinds:
            continue
        try:
            out = field.get_db_prep_save(sample, connection)
        except Exception:
            # Then it is certainly not taken as it is.
            continue
        if type(out) is type(sample) and out == sample:
            found.add(type(sample))
    return frozenset(found)


class Columns:
    """How the values of some fields are read from instances and given to a database."""

    __slots__ = ("columns",)

    def __init__(self, fields: Sequence[Any], connection: Any) -> None:
        self.columns = [
            (
                field.attname,
                None if type(field).pre_save is Field.pre_save else field.pre_save,
                taken_as_they_are(field, connection),
                field.get_db_prep_save,
            )
            for field in fields
        ]

    @staticmethod
    def can_hold(fields: Sequence[Any]) -> bool:
        """Whether the fields are all ones whose ways are known."""
        return all(
            is_trail_safe(field)
            and not field.generated
            and not hasattr(field, "get_placeholder_sql")
            and (type(field).pre_save is Field.pre_save or type(field) in _SELF_FILLING)
            for field in fields
        )

    def reader(self, label: str) -> Callable[[Any, bool, Any], list[Any] | None]:
        """Return ``params(instance, add, connection)``: the parameters for one instance.

        It returns ``None`` if a value is out of the ordinary.
        """
        scope: dict[str, Any] = {"ABSENT": _ABSENT, "PLAIN": PLAIN}
        lines = []
        for place, (attname, fill_in, kinds, prepare) in enumerate(self.columns):
            value = f"v{place}"
            scope[f"prepare{place}"], scope[f"fill_in{place}"] = prepare, fill_in
            lines.append(f"{value} = given({attname!r}, ABSENT)")
            if fill_in is not None:
                # (What was not loaded must not be by asking a field to fill it in.)
                lines.append(f"if {value} is not ABSENT: {value} = fill_in{place}(instance, add)")
            taken = []
            for number, kind in enumerate(sorted(kinds, key=lambda kind: kind is _NONE)):
                scope[f"T{place}_{number}"] = kind
                taken.append(
                    f"{value} is None" if kind is _NONE else f"type({value}) is T{place}_{number}"
                )
            lines += [
                f"if not ({' or '.join(taken) or False}):",
                f"    if type({value}) not in PLAIN: return None",
                f"    {value} = prepare{place}({value}, connection)",
            ]
        values = ", ".join(f"v{place}" for place, _ in enumerate(self.columns))
        body = ["given = instance.__dict__.get", *lines, f"return [{values}]"]
        source = "def params(instance, add, connection):\n    " + "\n    ".join(body) + "\n"
        return compile_function(source, "params", scope, f"parameters of {label}")

    def rows(self, instances: Sequence[Any], connection: Any) -> list[Any] | None:
        """Return the parameters for new rows of instances, one after the other; or ``None``."""
        several = self.values(instances, connection)
        if several is None:
            return None
        return [value for row in zip(*several, strict=True) for value in row]

    def values(self, instances: Sequence[Any], connection: Any) -> list[list[Any]] | None:
        """Return the values for new rows, a list for each column; or ``None``."""
        several = []
        for attname, fill_in, kinds, prepare in self.columns:
            if fill_in is None:
                values = [each.__dict__.get(attname, _ABSENT) for each in instances]
            else:
                values = [fill_in(each, True) for each in instances]
            found = set(map(type, values))
            if not found <= kinds:
                if not found <= PLAIN:
                    return None
                values = [prepare(value, connection) for value in values]
            several.append(values)
        return several


class Plan:
    """A statement that writes one row, and where its parameters come from."""

    __slots__ = ("params", "sql")

    def __init__(self, writer: Writer, connection: Any, label: str) -> None:
        self.sql = connection.driver_sql(writer.sql)
        self.params = Columns(writer.fields, connection).reader(label)


def _nobody_between() -> bool:
    """Whether the methods that a plan skips are still ours."""
    return trails.compilers_are_own() and trails.writing_is_own()


def _can_be_quick(instance: Any) -> bool:
    from nuages.db.models.base import OWN_METHODS, Model

    cls: Any = type(instance)
    options = instance._meta
    return (
        switches.enabled("COMPILED_MODELS")
        and not (options.parents or options.proxy or options.auto_created)
        and not (options.order_with_respect_to or options.is_composite_pk or options.select_on_save)
        and not options.swapped
        and all(getattr(cls, name) is own for name, own in OWN_METHODS.items())
        and all(
            getattr(cls, name) is getattr(Model, name)
            for name in ("_prepare_related_fields_for_save", "_is_pk_set", "_get_pk_val")
        )
        and cls.__setattr__ is object.__setattr__
    )


def _insert_plan(cls: Any, using: str) -> Plan | None:
    options = cls._meta
    key = options.auto_field
    returning = list(options.db_returning_fields)
    fields = [field for field in options.local_concrete_fields if field is not key]
    if key is None or key is not options.pk or returning != [key] or not Columns.can_hold(fields):
        return None
    writer = insert_writer(cls, using, fields, returning)
    return None if writer is None else Plan(writer, connections[using], options.label)


def _update_plan(cls: Any, using: str, names: tuple[str, ...] | None) -> Plan | None:
    options = cls._meta
    if names is not None and not options._non_pk_concrete_field_names.issuperset(names):
        return None
    fields = [
        field
        for field in options.local_concrete_fields
        if not field.primary_key
        and (names is None or field.name in names or field.attname in names)
    ]
    if not (fields and options.pk in options.local_concrete_fields):
        return None
    if not Columns.can_hold((*fields, options.pk)) or any(
        field.generated for field in options.local_concrete_fields
    ):
        # The database may have to give something back.
        return None
    writer = update_writer(cls, using, fields)
    return None if writer is None else Plan(writer, connections[using], options.label)


def _plan(instance: Any, using: str, key: Any, make: Callable[..., Plan | None], *args: Any) -> Any:
    kept = shelf(type(instance))
    found = kept.get(key, _ABSENT)
    if found is _ABSENT:
        found = None
        if _can_be_quick(instance):
            found = make(type(instance), using, *args)
        kept[key] = found
    return found


def save(
    instance: Model, force_insert: Any, force_update: Any, using: str | None, update_fields: Any
) -> bool:
    """Save an instance if that can be done at once; return whether it was done.

    Raises:
        Model.NotUpdated: there is no row to update.
    """
    cls, state = type(instance), instance._state
    if (force_update and force_insert) or (
        (pre_save.receivers or post_save.receivers) and listened_to(pre_save, post_save, cls)
    ):
        return False
    if state.related():
        instance._prepare_related_fields_for_save(operation_name="save")
    if using is None:
        using = router.db_for_write(cls, instance=instance)
    connection = connections[using]
    if update_fields is None:
        pk = instance._meta.pk.attname
        key = instance.__dict__.get(pk, _ABSENT)
        if force_update is True:
            inserts = False
        elif force_insert is False and not state.adding and key is not None:
            # Most likely there is a row.
            inserts = False
        elif key is None and (force_insert is True or (force_insert is False and state.adding)):
            inserts = True
        else:
            return False
        if inserts:
            plan = _plan(instance, using, ("quick", using), _insert_plan)
        else:
            plan = _plan(instance, using, ("quick all", using), _update_plan, None)
    else:
        if type(update_fields) not in (list, tuple) or force_insert or force_update:
            return False
        inserts, names = False, tuple(update_fields)
        if not all(type(name) is str for name in names):
            return False
        plan = _plan(instance, using, ("quick", using, names), _update_plan, names)
    if plan is None or not _nobody_between():
        return False
    try:
        params = plan.params(instance, inserts, connection)
        if params is None:
            return False
        if inserts:
            rows = connection.fetch_compiled(plan.sql, params)
            if rows is None:
                return False
            instance.__dict__[pk] = rows[0][0]
        elif params[-1] is None or (count := connection.execute_compiled(plan.sql, params)) is None:
            return False
        elif not count:
            if update_fields is None and not force_update:
                # The plain road inserts one.
                return False
            how = "Forced update" if force_update else "Save with update_fields"
            raise instance.NotUpdated(f"{how} did not affect any rows.")
    except Exception as error:
        # As mark_for_rollback_on_error() does.
        if connection.in_atomic_block:
            connection.needs_rollback, connection.rollback_exc = True, error
        raise
    state.db = using
    state.adding = False
    return True


def insert_many(
    model: Any, objs: Sequence[Any], fields: Sequence[Any], returning: Any, using: str
) -> list[Any] | None:
    """Insert new rows by one statement; return the rows of what the database gives back.

    ``None`` means that it has to be done by the syntax tree; nothing has been done then.
    """
    connection = connections[using]
    if len(returning or ()) != 1 or returning[0] is not model._meta.auto_field:
        return None
    kept, key = shelf(model), ("many", using, *map(id, fields))
    found = kept.get(key, _ABSENT)
    if found is _ABSENT:
        found = None
        if fields and Columns.can_hold(fields) and switches.enabled("COMPILED_MODELS"):
            writer = insert_writer(model, using, fields, returning)
            if writer is not None and connection.features.can_return_rows_from_bulk_insert:
                row = f"({', '.join(['%s'] * len(fields))})"
                head, found_row, tail = writer.sql.rpartition(row)
                arrays = connection.ops.values_as_arrays(fields)
                if arrays:
                    head = connection.driver_sql(head.removesuffix("VALUES ") + arrays + tail)
                if found_row:
                    found = head, "" if arrays else row, tail, Columns(fields, connection), fields
        kept[key] = found
    if found is None or not _nobody_between():
        return None
    head, row, tail, columns, _fields = found
    if not row:
        arrays = columns.values(objs, connection)
        return None if arrays is None else connection.fetch_compiled(head, arrays)
    params = columns.rows(objs, connection)
    if params is None:
        return None
    text = connection.driver_sql(f"{head}{', '.join([row] * len(objs))}{tail}")
    return connection.fetch_compiled(text, params)
