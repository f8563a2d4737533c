"""The methods of a QuerySet that write: create, update, delete, one object or many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from nuages.core import exceptions
from nuages.db import IntegrityError, NotSupportedError, connections, transaction
from nuages.db.engine import Call, Steps, atomic_steps, run
from nuages.db.models import sql
from nuages.db.models._query import written
from nuages.db.models._query.core import awaited
from nuages.db.models._query.read import Reading
from nuages.db.models._quick import insert_many
from nuages.db.models._saving import put_last_steps
from nuages.db.models._typing import Row
from nuages.db.models.constants import LOOKUP_SEP, OnConflict
from nuages.db.models.expressions import Case, DatabaseDefault, F, OrderBy, Value, When
from nuages.db.models.functions import Cast
from nuages.db.models.utils import resolve_callables

_UPDATE_SLICED = "Cannot update a query once a slice has been taken."


def create_object(model: Any, values: dict[str, Any], using: str, fetch_mode: Any) -> Any:
    """Make an instance with these values, save it as a new one and return it."""
    options = model._meta
    if reverse := [name for name in options._reverse_one_to_one_field_names if name in values]:
        names = ", ".join(sorted(reverse))
        raise ValueError(f"The following fields do not exist in this model: {names}")
    obj = model(**values)
    obj._state.fetch_mode = fetch_mode
    obj.save(force_insert=True, using=using)
    obj._state.fetch_mode = fetch_mode
    return obj


class Writing(Reading[Row]):
    """Creating, changing and deleting rows. Manual: ref/models/querysets."""

    # -- one object --------------------------------------------------------------------------

    def create(self, **kwargs: Any) -> Row:
        """Create an object with these values, save it and return it."""
        self._for_write = True
        return create_object(self.model, kwargs, self.db, self._fetch_mode)

    create.alters_data = True  # type: ignore[attr-defined]

    async def acreate(self, **kwargs: Any) -> Row:
        """``create()`` for async code."""
        return await awaited(self, "create", **kwargs)

    acreate.alters_data = True  # type: ignore[attr-defined]

    def get_or_create(
        self, defaults: dict[str, Any] | None = None, **kwargs: Any
    ) -> tuple[Row, bool]:
        """Return the object that meets the conditions, or create it; and whether it was created."""
        return run(self._get_or_create_steps(defaults, kwargs))

    get_or_create.alters_data = True  # type: ignore[attr-defined]

    async def aget_or_create(
        self, defaults: dict[str, Any] | None = None, **kwargs: Any
    ) -> tuple[Row, bool]:
        """``get_or_create()`` for async code."""
        return await awaited(self, "get_or_create", defaults, **kwargs)

    aget_or_create.alters_data = True  # type: ignore[attr-defined]

    def _get_or_create_steps(
        self, defaults: dict[str, Any] | None, kwargs: dict[str, Any]
    ) -> Steps[tuple[Any, bool]]:
        # Reads come from where the writes go.
        self._for_write = True
        try:
            return (yield Call(self.get, **kwargs)), False
        except self.model.DoesNotExist:
            params = self._extract_model_params(defaults, **kwargs)
        # A race for the same row ends with one winner, and the others read what it wrote.
        try:
            params = dict(resolve_callables(params))
            created = yield from atomic_steps(self.db, _returned(Call(self.create, **params)))
        except IntegrityError as error:
            try:
                return (yield Call(self.get, **kwargs)), False
            except self.model.DoesNotExist:
                raise error from None
        return created, True

    def update_or_create(
        self,
        defaults: dict[str, Any] | None = None,
        create_defaults: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> tuple[Row, bool]:
        """Change the object that meets the conditions, or create it; and whether it was created."""
        return run(self._update_or_create_steps(defaults, create_defaults, kwargs))

    update_or_create.alters_data = True  # type: ignore[attr-defined]

    async def aupdate_or_create(
        self,
        defaults: dict[str, Any] | None = None,
        create_defaults: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> tuple[Row, bool]:
        """``update_or_create()`` for async code."""
        return await awaited(self, "update_or_create", defaults, create_defaults, **kwargs)

    aupdate_or_create.alters_data = True  # type: ignore[attr-defined]

    def _update_or_create_steps(
        self,
        defaults: dict[str, Any] | None,
        create_defaults: dict[str, Any] | None,
        kwargs: dict[str, Any],
    ) -> Steps[tuple[Any, bool]]:
        changes = defaults or {}
        self._for_write = True
        inner = self._change_or_create_steps(
            changes, changes if create_defaults is None else create_defaults, kwargs
        )
        return (yield from atomic_steps(self.db, inner))

    def _change_or_create_steps(
        self, changes: dict[str, Any], new: dict[str, Any], kwargs: dict[str, Any]
    ) -> Steps[tuple[Any, bool]]:
        locked = self.select_for_update()
        obj, created = yield Call(locked.get_or_create, new, **kwargs)
        if created:
            return obj, True
        for name, value in resolve_callables(changes):
            setattr(obj, name, value)
        yield Call(obj.save, using=self.db, **self._fields_to_save(changes))
        return obj, False

    def _fields_to_save(self, changes: dict[str, Any]) -> dict[str, Any]:
        """The ``update_fields`` that save what was changed, and what a save changes by itself."""
        options = self.model._meta
        names = set(changes)
        concrete = options._non_pk_concrete_field_names
        if not names <= concrete:
            # A property may set anything.
            return {}
        names.update(
            name
            for field in options.local_concrete_fields
            if not (field in options.pk_fields or type(field).pre_save is _plain_pre_save())
            for name in (field.name, field.attname)
        )
        return {"update_fields": names}

    def _extract_model_params(
        self, defaults: dict[str, Any] | None, **kwargs: Any
    ) -> dict[str, Any]:
        """Return the values for a new object: plain conditions, and the defaults."""
        defaults = defaults or {}
        params = {name: value for name, value in kwargs.items() if LOOKUP_SEP not in name}
        params.update(defaults)
        options = self.model._meta
        invalid = []
        for name in params:
            try:
                options.get_field(name)
            except exceptions.FieldDoesNotExist:
                if name != "pk" and not (
                    name in options._property_names and getattr(self.model, name).fset
                ):
                    invalid.append(name)
        if invalid:
            names = "', '".join(sorted(invalid))
            raise exceptions.FieldError(
                f"Invalid field name(s) for model {options.object_name}: '{names}'."
            )
        return params

    # -- many objects at once ----------------------------------------------------------------

    def bulk_create(
        self,
        objs: Iterable[Any],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Iterable[str] | None = None,
        unique_fields: Iterable[str] | None = None,
    ) -> list[Row]:
        """Insert objects in as few queries as possible, without ``save()`` or signals."""
        return run(
            self._bulk_create_steps(
                objs, batch_size, ignore_conflicts, update_conflicts, update_fields, unique_fields
            )
        )

    bulk_create.alters_data = True  # type: ignore[attr-defined]

    async def abulk_create(
        self,
        objs: Iterable[Any],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Iterable[str] | None = None,
        unique_fields: Iterable[str] | None = None,
    ) -> list[Row]:
        """``bulk_create()`` for async code."""
        return await awaited(
            self,
            "bulk_create",
            objs=objs,
            batch_size=batch_size,
            ignore_conflicts=ignore_conflicts,
            update_conflicts=update_conflicts,
            update_fields=update_fields,
            unique_fields=unique_fields,
        )

    abulk_create.alters_data = True  # type: ignore[attr-defined]

    def _bulk_create_steps(
        self,
        objs: Iterable[Any],
        batch_size: int | None,
        ignore_conflicts: bool,
        update_conflicts: bool,
        update_fields: Iterable[str] | None,
        unique_fields: Iterable[str] | None,
    ) -> Steps[list[Any]]:
        _check_batch_size(batch_size)
        options = self.model._meta
        # Rows of a child have parts in several tables, whose keys depend on one another.
        for parent in options.all_parents:
            if parent._meta.concrete_model is not options.concrete_model:
                raise ValueError("Can't bulk create a multi-table inherited model")
        given = list(objs)
        if not given:
            return given
        if unique_fields:
            unique_fields = [
                field.name
                for name in unique_fields
                for field in (options.pk_fields if name == "pk" else [options.get_field(name)])
            ]
        fields = [options.get_field(name) for name in update_fields] if update_fields else None
        unique = [options.get_field(name) for name in unique_fields] if unique_fields else None
        conflict = self._check_conflicts(ignore_conflicts, update_conflicts, fields, unique)
        self._for_write = True
        self._prepare_for_bulk_create(given)
        if options.order_with_respect_to:
            placeless = [obj for obj in given if obj._order is None]
            yield from put_last_steps(self.model, placeless, self.db)
        inserts = self._bulk_insert_steps(given, batch_size, conflict, fields, unique)
        if _has_automatic_key(self.model):
            key = options.pk.attname
            kinds = {obj.__dict__.get(key) is None for obj in given}
        else:
            kinds = {obj._is_pk_set() for obj in given}
        if len(kinds) > 1:
            yield from atomic_steps(self.db, inserts, savepoint=False)
        else:
            yield from inserts
        return given

    def _check_conflicts(
        self,
        ignore: bool,
        update: bool,
        update_fields: list[Any] | None,
        unique_fields: list[Any] | None,
    ) -> OnConflict | None:
        """Return what a conflict leads to. Raises for what makes no sense or is not supported."""
        features = connections[self.db].features
        if ignore and update:
            raise ValueError("ignore_conflicts and update_conflicts are mutually exclusive.")
        if ignore:
            if not features.supports_ignore_conflicts:
                raise NotSupportedError(
                    "This database backend does not support ignoring conflicts."
                )
            return OnConflict.IGNORE
        if not update:
            return None
        if not features.supports_update_conflicts:
            raise NotSupportedError("This database backend does not support updating conflicts.")
        if not update_fields:
            raise ValueError(
                "Fields that will be updated when a row insertion fails on "
                "conflicts must be provided."
            )
        targets = features.supports_update_conflicts_with_target
        if unique_fields and not targets:
            raise NotSupportedError(
                "This database backend does not support updating conflicts with specifying unique "
                "fields that can trigger the upsert."
            )
        if not unique_fields and targets:
            raise ValueError("Unique fields that can trigger the upsert must be provided.")
        if any(not field.concrete or field.many_to_many for field in update_fields):
            raise ValueError(
                "bulk_create() can only be used with concrete fields in update_fields."
            )
        if any(field in self.model._meta.pk_fields for field in update_fields):
            raise ValueError("bulk_create() cannot be used with primary keys in update_fields.")
        if any(not field.concrete or field.many_to_many for field in unique_fields or ()):
            raise ValueError(
                "bulk_create() can only be used with concrete fields in unique_fields."
            )
        return OnConflict.UPDATE

    def _prepare_for_bulk_create(self, objs: Iterable[Any]) -> None:
        pk = self.model._meta.pk
        if _has_automatic_key(self.model):
            # Nothing to give to those without a key: the database makes it.
            for obj in objs:
                if obj._state.related():
                    obj._prepare_related_fields_for_save(operation_name="bulk_create")
            return
        for obj in objs:
            if not obj._is_pk_set() and not isinstance(obj.pk, DatabaseDefault):
                # A default that is no function of the database gives the key now.
                obj.pk = pk.get_pk_value_on_save(obj)
            obj._prepare_related_fields_for_save(operation_name="bulk_create")

    def _bulk_insert_steps(
        self,
        objs: list[Any],
        batch_size: int | None,
        conflict: OnConflict | None,
        update_fields: list[Any] | None,
        unique_fields: list[Any] | None,
    ) -> Steps[None]:
        options = self.model._meta
        fields = [field for field in options.concrete_fields if not field.generated]
        # Objects whose key the database makes, and those that have theirs.
        groups: tuple[list[Any], list[Any]] = ([], [])
        if _has_automatic_key(self.model):
            key = options.pk.attname
            for obj in objs:
                groups[obj.__dict__.get(key) is not None].append(obj)
        else:
            for obj in objs:
                groups[obj._is_pk_set() and not isinstance(obj.pk, DatabaseDefault)].append(obj)
        returning = options.db_returning_fields
        for keyed, group in reversed(list(enumerate(groups))):
            if not group:
                continue
            given = [field for field in fields if _is_given(field, group, bool(keyed))]
            rows = yield Call(
                self._batched_insert,
                group,
                # A row of nothing but defaults has to name one of them.
                given or [field for field in options.pk_fields if field.has_db_default()],
                batch_size,
                on_conflict=conflict,
                update_fields=update_fields,
                unique_fields=unique_fields,
            )
            if not keyed and returning == [options.pk] and _has_automatic_key(self.model):
                key = options.pk.attname
                for obj, (value,) in zip(group, rows, strict=False):
                    obj.__dict__[key] = value
                rows = ()
            for obj, row in zip(group, rows, strict=False):
                for field, value in zip(returning, row, strict=True):
                    if (
                        not keyed
                        or field not in options.pk_fields
                        or hasattr(getattr(obj, field.attname), "resolve_expression")
                    ):
                        setattr(obj, field.attname, value)
            db = self.db
            for obj in group:
                state = obj._state
                state.adding, state.db = False, db

    def _batched_insert(
        self,
        objs: Sequence[Any],
        fields: Sequence[Any],
        batch_size: int | None,
        on_conflict: OnConflict | None = None,
        update_fields: Sequence[Any] | None = None,
        unique_fields: Sequence[Any] | None = None,
    ) -> list[Any]:
        """Insert objects in batches; return the rows that the database gave back."""
        connection = connections[self.db]
        most = max(connection.ops.bulk_batch_size(fields, objs), 1)
        size = min(batch_size, most) if batch_size else most
        wants_rows = connection.features.can_return_rows_from_bulk_insert and (
            on_conflict is None or on_conflict is OnConflict.UPDATE
        )
        returning = self.model._meta.db_returning_fields if wants_rows else None
        rows: list[Any] = []
        # One statement needs no transaction of its own.
        whole = (
            transaction.atomic(using=self.db, savepoint=False)
            if len(objs) > size
            else transaction.mark_for_rollback_on_error(using=self.db)
        )
        with whole:
            for start in range(0, len(objs), size):
                inserted = self._insert(
                    objs[start : start + size],
                    fields=fields,
                    using=self.db,
                    returning_fields=returning,
                    on_conflict=on_conflict,
                    update_fields=update_fields,
                    unique_fields=unique_fields,
                )
                rows.extend(inserted or ())
        return rows

    def _insert(
        self,
        objs: Sequence[Any],
        fields: Sequence[Any],
        returning_fields: Sequence[Any] | None = None,
        raw: bool = False,
        using: str | None = None,
        on_conflict: OnConflict | None = None,
        update_fields: Sequence[Any] | None = None,
        unique_fields: Sequence[Any] | None = None,
    ) -> Any:
        """Insert objects in one query; return the rows of ``returning_fields``."""
        self._for_write = True
        if on_conflict is None and len(objs) == 1:
            rows = written.insert(
                self.model, objs[0], fields, returning_fields, raw, using or self.db
            )
            if rows is not None:
                return rows
        elif on_conflict is None and not raw:
            rows = insert_many(self.model, objs, fields, returning_fields, using or self.db)
            if rows is not None:
                return rows
        query = sql.InsertQuery(
            self.model,
            on_conflict=on_conflict,
            update_fields=update_fields,
            unique_fields=unique_fields,
        )
        query.insert_values(fields, objs, raw=raw)
        return query.get_compiler(using=using or self.db).execute_sql(returning_fields)

    _insert.alters_data = True  # type: ignore[attr-defined]
    _insert.queryset_only = False  # type: ignore[attr-defined]

    def bulk_update(
        self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None
    ) -> int:
        """Save these fields of objects in as few queries as possible; return how many were."""
        return run(self._bulk_update_steps(objs, fields, batch_size))

    bulk_update.alters_data = True  # type: ignore[attr-defined]

    async def abulk_update(
        self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None
    ) -> int:
        """``bulk_update()`` for async code."""
        return await awaited(self, "bulk_update", objs=objs, fields=fields, batch_size=batch_size)

    abulk_update.alters_data = True  # type: ignore[attr-defined]

    def _bulk_update_steps(
        self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None
    ) -> Steps[int]:
        _check_batch_size(batch_size)
        names = list(fields)
        if not names:
            raise ValueError("Field names must be given to bulk_update().")
        given = tuple(objs)
        if not all(obj._is_pk_set() for obj in given):
            raise ValueError("All bulk_update() objects must have a primary key set.")
        options = self.model._meta
        targets = [options.get_field(name) for name in names]
        if any(not field.concrete or field.many_to_many for field in targets):
            raise ValueError("bulk_update() can only be used with concrete fields.")
        keys = {*options.pk_fields, *(f for p in options.all_parents for f in p._meta.pk_fields)}
        if any(field in keys or field.primary_key for field in targets):
            raise ValueError("bulk_update() cannot be used with primary key fields.")
        if not given:
            return 0
        for obj in given:
            obj._prepare_related_fields_for_save(operation_name="bulk_update", fields=targets)
        self._for_write = True
        connection = connections[self.db]
        # Each field takes a key and a value per object, and the condition a key more.
        per_object = [options.pk, *(each for field in targets for each in (options.pk, field))]
        most = connection.ops.bulk_batch_size(per_object, given)
        size = min(batch_size, most) if batch_size else most
        if len(given) <= size and connection.shows_nobody():
            # One statement is a transaction of its own.
            alone = self.using(self.db), given, targets, self.db
            if (count := (yield Call(written.update_from_values, *alone))) is not None:
                return count
        batches = [given[start : start + size] for start in range(0, len(given), size)]
        steps = self._update_batches_steps(batches, targets)
        return (yield from atomic_steps(self.db, steps, savepoint=False))

    def _update_batches_steps(self, batches: list[Any], fields: list[Any]) -> Steps[int]:
        source, rows = self.using(self.db), 0
        connection = connections[self.db]
        for batch in batches:
            count = yield Call(written.update_from_values, source, batch, fields, self.db)
            if count is None:
                cases = {
                    field.attname: self._case_per_object(batch, field, connection)
                    for field in fields
                }
                found = source.filter(pk__in=[obj.pk for obj in batch])
                count = yield Call(found.update, **cases)
            rows += count
        return rows

    def _case_per_object(self, objs: Iterable[Any], field: Any, connection: Any) -> Any:
        """The expression that is each object's own value, found by its primary key."""
        whens = []
        for obj in objs:
            value = getattr(obj, field.attname)
            if not hasattr(value, "resolve_expression"):
                value = Value(value, output_field=field)
            whens.append(When(pk=obj.pk, then=value))
        case = Case(*whens, output_field=field)
        if connection.features.requires_casted_case_in_updates:
            return Cast(case, output_field=field)
        return case

    # -- whole QuerySets ---------------------------------------------------------------------

    def update(self, **kwargs: Any) -> int:
        """Set fields of all the objects in one query; return how many rows matched."""
        count = self._update_on_trail(kwargs)
        return run(self._update_all_steps(kwargs)) if count is None else count

    update.alters_data = True  # type: ignore[attr-defined]

    async def aupdate(self, **kwargs: Any) -> int:
        """``update()`` for async code."""
        return await awaited(self, "update", **kwargs)

    aupdate.alters_data = True  # type: ignore[attr-defined]

    def _update_on_trail(self, values: dict[str, Any]) -> int | None:
        self._for_write = True
        if self._path is None or (count := written.update(self, values)) is None:
            return None
        self._result_cache = None
        return count

    def _update_all_steps(self, values: dict[str, Any]) -> Steps[int]:
        self._for_write = True
        self._require_whole("update", _UPDATE_SLICED)
        query = self.query.chain(sql.UpdateQuery)
        query.add_update_values(values)
        query.order_by = _inlined_order(query)
        # What is selected plays no part, except where the order needs it.
        query.clear_select_clause()
        query.annotations = {}
        count = yield Call(self._run_update, query)
        self._result_cache = None
        return count

    def _require_whole(self, action: str, sliced: str) -> None:
        """Raise if the QuerySet is not simply rows of a table that all can be written to."""
        self._not_support_combined_queries(action)
        query = self.query
        if query.is_sliced or query.distinct_fields:
            raise TypeError(
                sliced if query.is_sliced else f"Cannot call {action}() after .distinct(*fields)."
            )

    def _run_update(self, query: Any) -> int:
        with transaction.mark_for_rollback_on_error(using=self.db):
            return query.get_compiler(self.db).execute_sql(sql.constants.ROW_COUNT)

    def _update(self, values: Sequence[Any], returning_fields: Any = None) -> Any:
        """Update with (field, model, value) triples, for ``Model.save()``."""
        if self.is_sliced:
            raise TypeError(_UPDATE_SLICED)
        self._result_cache = None
        if self._path is not None and not returning_fields:
            count = written.update_fields(self, values)
            if count is not None:
                return count
        query = self.query.chain(sql.UpdateQuery)
        # An annotation may refer to what is being changed.
        query.annotations = {}
        query.add_update_fields(values)
        run, what = (
            ("execute_returning_sql", returning_fields)
            if returning_fields
            else ("execute_sql", sql.constants.ROW_COUNT)
        )
        return getattr(query.get_compiler(self.db), run)(what)

    _update.alters_data = True  # type: ignore[attr-defined]
    _update.queryset_only = False  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete the objects and what depends on them; return how many, in all and by model."""
        return run(self._delete_steps())

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    async def adelete(self) -> tuple[int, dict[str, int]]:
        """``delete()`` for async code."""
        return await awaited(self, "delete")

    adelete.alters_data = True  # type: ignore[attr-defined]
    adelete.queryset_only = True  # type: ignore[attr-defined]

    def _delete_steps(self) -> Steps[tuple[int, dict[str, int]]]:
        from nuages.db.models.deletion import Collector

        self._require_whole("delete", "Cannot use 'limit' or 'offset' with delete().")
        if self._fields is not None:
            raise TypeError("Cannot call delete() after .values() or .values_list()")
        doomed = self._chain()
        # The rows come from where they will be deleted.
        doomed._for_write = True
        query = doomed.query
        query.select_related = query.select_for_update = False
        query.clear_ordering(force=True)
        collector = Collector(using=doomed.db, origin=self)
        yield Call(collector.collect, doomed)
        outcome = yield Call(collector.delete)
        self._result_cache = None
        return outcome

    def _raw_delete(self, using: str | None) -> int:
        """Delete the rows of one table by one statement, without looking at what depends on them."""
        return self._raw_deletion(using).execute_sql(sql.constants.ROW_COUNT)

    def _raw_deletion(self, using: str | None) -> Any:
        query = self.query.clone()
        query.__class__ = sql.DeleteQuery
        return query.get_compiler(using)

    _raw_delete.alters_data = True  # type: ignore[attr-defined]


def _returned(step: Any) -> Steps[Any]:
    return (yield step)


def _check_batch_size(batch_size: int | None) -> None:
    if batch_size is not None and batch_size <= 0:
        raise ValueError("Batch size must be a positive integer.")


def _is_given(field: Any, objs: list[Any], keyed: bool) -> bool:
    """Whether an INSERT of these objects has a value for the field, or leaves it to the database."""
    from nuages.db.models.fields import AutoField

    if field.primary_key and not keyed:
        return not (isinstance(field, AutoField) or field.has_db_default())
    return not field.has_db_default() or any(
        not isinstance(getattr(obj, field.attname), DatabaseDefault) for obj in objs
    )


def _has_automatic_key(model: Any) -> bool:
    """Whether objects without a key get it from the database, and nobody has a say in it."""
    from nuages.db.models.base import Model
    from nuages.db.models.fields import AutoField, Field

    pk = model._meta.pk
    return (
        isinstance(pk, AutoField)
        and pk.model is model
        and not (pk.has_default() or pk.has_db_default())
        and type(pk).get_pk_value_on_save is Field.get_pk_value_on_save
        and model._is_pk_set is Model._is_pk_set
        and model._get_pk_val is Model._get_pk_val
        and model._prepare_related_fields_for_save is Model._prepare_related_fields_for_save
    )


def _plain_pre_save() -> Any:
    from nuages.db.models.fields import Field

    return Field.pre_save


def _inlined_order(query: Any) -> tuple[Any, ...]:
    """The ordering, with annotations written out: an UPDATE selects none to refer to."""
    return tuple(_inlined(query, item) for item in query.order_by)


def _inlined(query: Any, item: Any) -> Any:
    descending = False
    if isinstance(item, str) and item in query.annotations:
        alias = item
    elif isinstance(item, str) and item.startswith("-"):
        alias, descending = item.removeprefix("-"), True
    elif hasattr(item, "expression") and isinstance(item.expression, F):
        alias, descending = item.expression.name, item.descending
    else:
        return item
    annotation = query.annotations.get(alias)
    if annotation is None:
        return item
    if getattr(annotation, "contains_aggregate", False):
        raise exceptions.FieldError(f"Cannot update when ordering by an aggregate: {annotation}")
    if isinstance(annotation, OrderBy):
        # It has a direction already.
        return annotation.copy().reverse_ordering() if descending else annotation
    return annotation.desc() if descending else annotation.asc()
