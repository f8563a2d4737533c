"""Deleting objects and what points to them. Manual: "ForeignKey", section ``on_delete``.

The Python variants of ``on_delete`` are functions ``(collector, field, sub_objs, using)``, called with the
objects that point to what is deleted. The database variants (``DB_CASCADE`` …) are written into the
table, and the collector leaves them alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter
from itertools import batched, chain
from operator import attrgetter
from typing import Any

from nuages.core.exceptions import EmptyResultSet
from nuages.db import IntegrityError, connections, transaction
from nuages.db.engine import Call, Steps, atomic_steps, run
from nuages.db.models import query_utils, signals, sql, trails

__all__ = [
    "CASCADE",
    "Collector",
    "DB_CASCADE",
    "DB_SET_DEFAULT",
    "DB_SET_NULL",
    "DO_NOTHING",
    "DatabaseOnDelete",
    "PROTECT",
    "ProtectedError",
    "RESTRICT",
    "RestrictedError",
    "SET",
    "SET_DEFAULT",
    "SET_NULL",
    "get_candidate_relations_to_delete",
]


class ProtectedError(IntegrityError):
    """Objects are in the way that point by ``PROTECT``."""

    def __init__(self, msg: str, protected_objects: Any) -> None:
        super().__init__(msg, protected_objects)
        self.protected_objects = protected_objects


class RestrictedError(IntegrityError):
    """Objects are in the way that point by ``RESTRICT``."""

    def __init__(self, msg: str, restricted_objects: Any) -> None:
        super().__init__(msg, restricted_objects)
        self.restricted_objects = restricted_objects


# The options


def CASCADE(collector: Collector, field: Any, sub_objs: Any, using: str) -> None:
    """Delete the pointing objects too."""
    collector.collect(
        sub_objs,
        source=field.remote_field.model,
        source_attr=field.name,
        nullable=field.null,
        fail_on_restricted=False,
    )
    # Where constraints hold at once, rows that point in a circle must first point nowhere.
    if field.null and not connections[using].features.can_defer_constraint_checks:
        collector.add_field_update(field, None, sub_objs)


def PROTECT(collector: Collector, field: Any, sub_objs: Any, using: str) -> None:
    """Refuse, by ``ProtectedError``."""
    model, pointing = field.remote_field.model, type(sub_objs[0])
    raise ProtectedError(
        f"Cannot delete some instances of model '{model.__name__}' because they are referenced "
        f"through a protected foreign key: '{pointing.__name__}.{field.name}'",
        sub_objs,
    )


def RESTRICT(collector: Collector, field: Any, sub_objs: Any, using: str) -> None:
    """Refuse, by ``RestrictedError``, unless the pointing objects are deleted for another reason."""
    collector.add_restricted_objects(field, sub_objs)
    collector.add_dependency(field.remote_field.model, field.model)


def SET(value: Any) -> Callable[..., None]:
    """Return an option that lets the pointing objects point to ``value`` (or what it returns)."""

    def set_on_delete(collector: Collector, field: Any, sub_objs: Any, using: str) -> None:
        collector.add_field_update(field, value() if callable(value) else value, sub_objs)

    def deconstruct() -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        return "django.db.models.SET", (value,), {}

    set_on_delete.deconstruct = deconstruct  # type: ignore[attr-defined]
    # A constant needs no look at the objects.
    set_on_delete.lazy_sub_objs = not callable(value)  # type: ignore[attr-defined]
    return set_on_delete


def SET_NULL(collector: Collector, field: Any, sub_objs: Any, using: str) -> None:
    """Let the pointing objects point nowhere."""
    collector.add_field_update(field, None, sub_objs)


def SET_DEFAULT(collector: Collector, field: Any, sub_objs: Any, using: str) -> None:
    """Let the pointing objects point to the field's default."""
    collector.add_field_update(field, field.get_default(), sub_objs)


def DO_NOTHING(collector: Collector, field: Any, sub_objs: Any, using: str) -> None:
    """Leave it to the database."""


# Needs no look at the objects.
SET_NULL.lazy_sub_objs = True  # type: ignore[attr-defined]


class DatabaseOnDelete:
    """An option that the database carries out.

    Args:
        operation: the SQL after ``ON DELETE``.
        name: how the option is called.
        forced_collector: for a feature of the backend.
    """

    def __init__(self, operation: str, name: str, feature: str) -> None:
        self.operation, self.__name__, self.feature = operation, name, feature

    def __call__(self, collector: Collector, field: Any, sub_objs: Any, using: str) -> None:
        """Do nothing: the database does."""

    def on_delete_sql(self, schema_editor: Any) -> str:
        """Return the clause of the foreign key."""
        return schema_editor.connection.ops.fk_on_delete_sql(self.operation)

    def __repr__(self) -> str:
        return self.__name__

    __str__ = __repr__

    def __reduce__(self) -> str:
        return self.__name__

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Return the path for migrations, and no arguments."""
        return f"django.db.models.{self.__name__}", (), {}


DB_CASCADE = DatabaseOnDelete("CASCADE", "DB_CASCADE", "supports_on_delete_db_cascade")
DB_SET_DEFAULT = DatabaseOnDelete("SET DEFAULT", "DB_SET_DEFAULT", "supports_on_delete_db_default")
DB_SET_NULL = DatabaseOnDelete("SET NULL", "DB_SET_NULL", "supports_on_delete_db_null")


# The collector


def get_candidate_relations_to_delete(opts: Any) -> Iterator[Any]:
    """Yield the relations whose pointing objects a deletion touches."""
    for relation in opts.get_fields(include_hidden=True):
        points = relation.auto_created and not relation.concrete
        if points and (relation.one_to_one or relation.one_to_many):
            yield relation


def _left_alone(relation: Any) -> bool:
    on_delete = relation.field.remote_field.on_delete
    return on_delete is DO_NOTHING or isinstance(on_delete, DatabaseOnDelete)


def _quoted(model: Any, field: Any) -> str:
    return f"'{model.__name__}.{field.name}'"


class Collector:
    """Finds all that must go together with some objects, then deletes it.

    Args:
        using: the alias of the database.
        origin: what the deletion started from, for the signals.
        force_collection: collect objects that the database would delete as well.
    """

    def __init__(self, using: str, origin: Any = None, force_collection: bool = False) -> None:
        self.using, self.origin, self.force_collection = using, origin, force_collection
        #: Model -> the instances to delete. In the end sorted.
        self.data: dict[Any, Any] = defaultdict(set)
        #: Field and value -> the objects (instances and querysets) to be given it.
        self.field_updates: dict[tuple[Any, Any], list[Any]] = defaultdict(list)
        #: Model -> field -> the objects that restrict.
        self.restricted_objects: dict[Any, dict[Any, set[Any]]] = defaultdict(
            lambda: defaultdict(set)
        )
        #: Querysets that can be deleted by one statement, unseen.
        self.fast_deletes: list[Any] = []
        #: Concrete model -> the models whose rows must go before.
        self.dependencies: dict[Any, set[Any]] = defaultdict(set)

    # What is known

    def add(
        self,
        objs: Any,
        source: Any = None,
        nullable: bool = False,
        reverse_dependency: bool = False,
    ) -> list[Any]:
        """Take in objects of one model; return those that were not there."""
        if not objs:
            return []
        model = type(objs[0])
        known = self.data[model]
        new = [each for each in objs if each not in known]
        known.update(new)
        # Rows that can point nowhere may go in any order.
        if source is not None and not nullable:
            self.add_dependency(source, model, reverse_dependency=reverse_dependency)
        return new

    def add_dependency(self, model: Any, dependency: Any, reverse_dependency: bool = False) -> None:
        """Say that rows of ``dependency`` go before those of ``model`` (or the reverse)."""
        first, then = (model, dependency) if reverse_dependency else (dependency, model)
        self.dependencies[then._meta.concrete_model].add(first._meta.concrete_model)
        self.data.setdefault(first, set())

    def add_field_update(self, field: Any, value: Any, objs: Any) -> None:
        """Give ``field`` of these objects ``value`` before anything is deleted."""
        self.field_updates[field, value].append(objs)

    def add_restricted_objects(self, field: Any, objs: Any) -> None:
        """Remember objects that must not be left behind."""
        if objs:
            self.restricted_objects[type(objs[0])][field].update(objs)

    def clear_restricted_objects_from_set(self, model: Any, objs: Any) -> None:
        """Forget restrictions by objects that are deleted themselves."""
        for held in self.restricted_objects.get(model, {}).values():
            held -= set(objs)

    def clear_restricted_objects_from_queryset(self, model: Any, qs: Any) -> None:
        """Forget restrictions by objects that a fast delete takes."""
        held = self.restricted_objects.get(model)
        if held:
            keys = {each.pk for each in chain.from_iterable(held.values())}
            self.clear_restricted_objects_from_set(model, qs.filter(pk__in=keys))

    def _has_signal_listeners(self, model: Any) -> bool:
        return any(each.has_listeners(model) for each in (signals.pre_delete, signals.post_delete))

    def can_fast_delete(self, objs: Any, from_field: Any = None) -> bool:
        """Whether one statement does: nobody listens, and nothing else points there.

        Args:
            objs: an instance, a model or a queryset.
            from_field: the relation by which they were reached.
        """
        cascades = not from_field or from_field.remote_field.on_delete is CASCADE
        if hasattr(objs, "_meta"):
            model = objs._meta.model
        else:
            model = objs.model if hasattr(objs, "_raw_delete") else None
        if model is None or self.force_collection or not cascades:
            return False
        options = model._meta
        if self._has_signal_listeners(model):
            return False
        # The link by which the objects were reached goes with them; other parents do not.
        if any(link != from_field for link in options.concrete_model._meta.parents.values()):
            return False
        if not all(map(_left_alone, get_candidate_relations_to_delete(options))):
            return False
        return not any(hasattr(each, "bulk_related_objects") for each in options.private_fields)

    def get_del_batches(self, objs: Any, fields: Any) -> Iterator[Any]:
        """Return ``objs`` in lists that one query can name."""
        features = connections[self.using].ops
        names = [field.name for field in fields]
        size = max(features.bulk_batch_size(names, objs), 1)
        if len(objs) <= size:
            return iter([objs])
        return (list(batch) for batch in batched(objs, size))

    # Collecting

    def collect(
        self,
        objs: Any,
        source: Any = None,
        nullable: bool = False,
        collect_related: bool = True,
        source_attr: str | None = None,
        reverse_dependency: bool = False,
        keep_parents: bool = False,
        fail_on_restricted: bool = True,
    ) -> None:
        """Take in objects of one model, with their parents' rows and what points to them.

        Args:
            source: the model from which they were reached, by its ``source_attr``.
            nullable: whether that relation can be null.
            collect_related: follow what points to them.
            reverse_dependency: ``source`` goes first.
            keep_parents: leave the rows of multi-table parents.
            fail_on_restricted: raise now for what restricts (else a caller does).

        Raises:
            ProtectedError, RestrictedError: something is in the way.
        """
        if self.can_fast_delete(objs):
            self.fast_deletes.append(objs)
            return
        new = self.add(objs, source, nullable, reverse_dependency=reverse_dependency)
        if not new:
            return
        model = type(new[0])
        if not keep_parents:
            self._collect_parents(model, new)
        if collect_related:
            self._collect_pointing(model, new, keep_parents)
            for field in model._meta.private_fields:
                # Generic relations.
                if hasattr(field, "bulk_related_objects"):
                    related = field.bulk_related_objects(new, self.using)
                    self.collect(related, source=model, nullable=True, fail_on_restricted=False)
            if fail_on_restricted:
                self._raise_if_restricted(model)

    def _collect_parents(self, model: Any, new: list[Any]) -> None:
        for link in model._meta.concrete_model._meta.parents.values():
            if link:
                self.collect(
                    [getattr(each, link.name) for each in new],
                    source=model,
                    source_attr=link.remote_field.related_name,
                    collect_related=False,
                    reverse_dependency=True,
                    fail_on_restricted=False,
                )

    def _collect_pointing(self, model: Any, new: list[Any], keep_parents: bool) -> None:
        kept = set(model._meta.all_parents) if keep_parents else set()
        unseen: dict[Any, list[Any]] = defaultdict(list)
        protected: dict[str, list[Any]] = {}
        for relation in get_candidate_relations_to_delete(model._meta):
            if relation.model._meta.concrete_model in kept:
                continue
            field, pointing = relation.field, relation.related_model
            if _left_alone(relation) and not self._forced(relation):
                continue
            if self.can_fast_delete(pointing, from_field=field):
                unseen[pointing].append(field)
                continue
            on_delete = self._handler(relation)
            for batch in self.get_del_batches(new, [field]):
                found = self._least_of(pointing, self.related_objects(pointing, [field], batch))
                if not (getattr(on_delete, "lazy_sub_objs", False) or found):
                    continue
                try:
                    on_delete(self, field, found, self.using)
                except ProtectedError as error:
                    key = _quoted(field.model, field)
                    protected.setdefault(key, []).extend(error.protected_objects)
        if protected:
            raise ProtectedError(
                f"Cannot delete some instances of model {model.__name__!r} because they are "
                f"referenced through protected foreign keys: {', '.join(protected)}.",
                set(chain.from_iterable(protected.values())),
            )
        for pointing, fields in unseen.items():
            for batch in self.get_del_batches(new, fields):
                self.fast_deletes.append(self.related_objects(pointing, fields, batch))

    def _forced(self, relation: Any) -> bool:
        return self.force_collection and relation.field.remote_field.on_delete is DB_CASCADE

    def _handler(self, relation: Any) -> Callable[..., None]:
        return CASCADE if self._forced(relation) else relation.field.remote_field.on_delete

    def _least_of(self, pointing: Any, found: Any) -> Any:
        """Read only the columns that relations need, where nobody else sees the instances."""
        if found.query.select_related or self._has_signal_listeners(pointing):
            return found
        needed = {
            each.attname
            for relation in get_candidate_relations_to_delete(pointing._meta)
            for each in relation.field.foreign_related_fields
        }
        return found.only(*needed) if needed else found

    def related_objects(self, related_model: Any, related_fields: Any, objs: Any) -> Any:
        """Return the queryset of the objects that point to ``objs`` by one of the fields."""
        condition = query_utils.Q.create(
            [(f"{field.name}__in", objs) for field in related_fields],
            connector=query_utils.Q.OR,
        )
        return related_model._base_manager.using(self.using).filter(condition)

    def _raise_if_restricted(self, model: Any) -> None:
        if not self.restricted_objects:
            return
        for each, instances in self.data.items():
            self.clear_restricted_objects_from_set(each, instances)
        for queryset in self.fast_deletes:
            self.clear_restricted_objects_from_queryset(queryset.model, queryset)
        standing = {
            _quoted(restricting, field): held
            for restricting, by_field in self.restricted_objects.items()
            for field, held in by_field.items()
            if held
        }
        if standing:
            raise RestrictedError(
                f"Cannot delete some instances of model {model.__name__!r} because they are "
                f"referenced through restricted foreign keys: {', '.join(standing)}.",
                set(chain.from_iterable(standing.values())),
            )

    def collect_steps(self, objs: Any, **kwargs: Any) -> Steps[None]:
        """:meth:`collect` as steps."""
        yield Call(self.collect, objs, **kwargs)

    # Deleting

    def instances_with_model(self) -> Iterator[tuple[Any, Any]]:
        """Yield pairs of a model and an instance to delete."""
        for model, instances in self.data.items():
            for each in instances:
                yield model, each

    def sort(self) -> None:
        """Bring the models into an order in which their rows can go; circles stay as they are."""
        if len(self.data) < 2:
            return
        by_concrete: dict[Any, list[Any]] = defaultdict(list)
        for model in self.data:
            by_concrete[model._meta.concrete_model].append(model)
        graph = TopologicalSorter(
            {
                concrete: self.dependencies.get(concrete, set()) & by_concrete.keys() - {concrete}
                for concrete in by_concrete
            }
        )
        found = list(self.data)
        order: list[Any] = []
        try:
            graph.prepare()
        except CycleError:
            return
        while graph.is_active():
            # Of those that are free to go, the first found first.
            ready = sorted(graph.get_ready(), key=lambda each: found.index(by_concrete[each][0]))
            order += ready
            graph.done(*ready)
        self.data = {model: self.data[model] for each in order for model in by_concrete[each]}

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete what was collected; return the number of rows, in all and by label."""
        return run(self.delete_steps())

    def delete_steps(self) -> Steps[tuple[int, dict[str, int]]]:
        """:meth:`delete` as steps."""
        # By key, so that transactions that run at once take locks in one order.
        for model, instances in self.data.items():
            try:
                self.data[model] = sorted(instances, key=attrgetter("pk"))
            except TypeError:
                self.data[model] = list(instances)
        self.sort()
        deleted: Counter[str] = Counter()
        alone = [pair for _, pair in zip(range(2), self.instances_with_model(), strict=False)]
        nothing_else = not (self.fast_deletes or self.field_updates)
        if len(alone) == 1 and nothing_else and self.can_fast_delete(alone[0][1]):
            # One statement is a transaction of its own.
            with transaction.mark_for_rollback_on_error(self.using):
                yield from self._delete_one(*alone[0], deleted)
        else:
            yield from atomic_steps(self.using, self._delete_all(deleted), savepoint=False)
        return sum(deleted.values()), dict(deleted)

    def _delete_one(self, model: Any, instance: Any, deleted: Counter[str]) -> Steps[None]:
        deleted[model._meta.label] += yield Call(self._delete_row, model, instance.pk)
        setattr(instance, model._meta.pk.attname, None)

    def _delete_row(self, model: Any, key: Any) -> int:
        from nuages.db.models._query import written

        count = written.delete_one(model, key, self.using)
        if count is None:
            count = sql.DeleteQuery(model).delete_batch([key], self.using)
        return count

    def _delete_all(self, deleted: Counter[str]) -> Steps[None]:
        facts = {"using": self.using, "origin": self.origin}
        for model, instance in self.instances_with_model():
            if not model._meta.auto_created and signals.pre_delete.receivers:
                yield Call(signals.pre_delete.send, sender=model, instance=instance, **facts)
        counts = yield Call(self._delete_unread)
        for queryset, count in zip(self.fast_deletes, counts, strict=True):
            if count:
                deleted[queryset.model._meta.label] += count
        for (field, value), groups in self.field_updates.items():
            yield from self._update_field(field, value, groups)
        for model, instances in self.data.items():
            # The newest first: they are likely to point to the older ones.
            instances.reverse()
            keys = [each.pk for each in instances]
            query = sql.DeleteQuery(model)
            count = yield Call(query.delete_batch, keys, self.using)
            if count:
                deleted[model._meta.label] += count
            if not model._meta.auto_created and signals.post_delete.receivers:
                for each in instances:
                    yield Call(signals.post_delete.send, sender=model, instance=each, **facts)
        self._mark_instances()

    def _delete_unread(self) -> list[int]:
        """Delete what was not loaded; return the number of rows for each queryset."""
        return self._delete_at_once() or [
            queryset._raw_delete(using=self.using) for queryset in self.fast_deletes
        ]

    def _delete_at_once(self) -> list[int] | None:
        """Do so in one round trip to the server; ``None`` if that cannot be, and nothing was done."""
        from nuages.db.models.query import QuerySet

        connection, several = connections[self.using], self.fast_deletes
        if (
            len(several) < 2
            or not connection.features.has_statement_batches
            or any(type(each)._raw_delete is not QuerySet._raw_delete for each in several)
            or not trails.compilers_are_own()
        ):
            return None
        with suppress(EmptyResultSet):
            return connection.execute_batch(
                [each._raw_deletion(self.using).as_sql() for each in several]
            )
        return None

    def _update_field(self, field: Any, value: Any, groups: list[Any]) -> Steps[None]:
        unread: list[Any] = []
        read: list[Any] = []
        for group in groups:
            lazy = hasattr(group, "_raw_delete") and group._result_cache is None
            (unread if lazy else read).append(group)
        if unread:
            combined = unread[0]
            for each in unread[1:]:
                combined = combined | each
            yield Call(combined.update, **{field.name: value})
        instances = list(chain.from_iterable(read))
        if instances:
            query = sql.UpdateQuery(field.model)
            keys = list({each.pk: None for each in instances})
            yield Call(query.update_batch, keys, {field.name: value}, self.using)

    def _mark_instances(self) -> None:
        """Put on the instances what became of their rows."""
        for (field, value), groups in self.field_updates.items():
            for group in groups:
                if hasattr(group, "_raw_delete") and group._result_cache is None:
                    continue
                for instance in group:
                    setattr(instance, field.attname, value)
        for model, instances in self.data.items():
            for instance in instances:
                setattr(instance, model._meta.pk.attname, None)
