"""Changes of indexes and constraints, and of what is unique together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nuages.db.migrations import operations as ops
from nuages.db.migrations._dependencies import OperationDependency
from nuages.db.migrations._two_states import (
    TOGETHER,
    Change,
    ModelKey,
    TwoStates,
    column_of,
)


class ChangedIndexes(TwoStates):
    """Finds changes of what concerns several columns."""

    # unique_together and index_together.

    def _together(self) -> Iterator[tuple[str, str, Any, set[Any], set[Any], list[Any]]]:
        for label, name in sorted(self.kept_models):
            for option, kind in TOGETHER[:1]:
                before = set(map(tuple, self._old_state(label, name).options.get(option) or ()))
                after = set(map(tuple, self.new.models[label, name].options.get(option) or ()))
                if before == after:
                    continue
                fields = self.new.models[label, name].fields
                waits = [
                    dependency
                    for names in after
                    for each in names
                    if (relation := fields.get(each)) is not None
                    and relation.remote_field
                    and relation.remote_field.model
                    for dependency in self._relation((label, name, each), relation)
                ]
                yield label, name, kind, before, after, waits

    def find_removed_together(self) -> Iterator[Change]:
        """What is not unique together any more; said before its fields go."""
        for label, name, kind, before, after, waits in self._together():
            left = before & after
            if left != before and (left or before):
                yield Change(label, kind(name, left), list(waits))

    def find_altered_together(self) -> Iterator[Change]:
        """What is unique together now; said when its fields are there."""
        for label, name, kind, before, after, waits in self._together():
            if before & after != after:
                yield Change(label, kind(name, after), list(waits))

    # Indexes and constraints.

    def find_altered_indexes(self) -> Iterator[Change]:
        """Note the indexes that have come, gone, or got another name."""
        self._indexes: dict[ModelKey, tuple[list[Any], list[Any], list[tuple[Any, ...]]]] = {}
        for label, name in sorted(self.kept_models):
            before = [
                self._renamed_fields_in(label, name, index)
                for index in self._old_state(label, name).options.get("indexes", ())
            ]
            after = self.new.models[label, name].options.get("indexes", [])
            added = [index for index in after if index not in before]
            removed = [index for index in before if index not in after]
            renamed: list[tuple[str | None, str, tuple[str, ...] | None]] = []
            # The same under another name.
            for new in list(added):
                for old in list(removed):
                    if _nameless(new) == _nameless(old):
                        renamed.append((old.name, new.name, None))
                        added.remove(new)
                        removed.remove(old)
                        break
            # What index_together had made, under a name of its own.
            together = {
                tuple(self._new_field_name(label, name, each) for each in names)
                for names in self._old_state(label, name).options.get("index_together") or ()
            }
            for new in list(added):
                path, args, kwargs = new.deconstruct()
                fields = tuple(kwargs.get("fields", ()))
                if not args and set(kwargs) == {"fields", "name"} and fields in together:
                    renamed.append((None, new.name, fields))
                    added.remove(new)
                    together.discard(fields)
            self._indexes[label, name] = (added, removed, renamed)
        return iter(())

    def _renamed_fields_in(self, label: str, name: str, index: Any) -> Any:
        fields = getattr(index, "fields_orders", None)
        if not fields:
            return index
        new = [(self._new_field_name(label, name, each), order) for each, order in fields]
        if new == list(fields):
            return index
        index = index.clone()
        index.fields_orders = new
        index.fields = [("-" if order == "DESC" else "") + each for each, order in new]
        return index

    def write_added_indexes(self) -> Iterator[Change]:
        """Yield indexes that are new."""
        for (label, name), (added, _, _) in self._indexes.items():
            for index in added:
                yield Change(label, ops.AddIndex(name, index), self._field_waits(label, name))

    def write_removed_indexes(self) -> Iterator[Change]:
        """Yield indexes that have gone."""
        for (label, name), (_, removed, _) in self._indexes.items():
            for index in removed:
                yield Change(label, ops.RemoveIndex(name, index.name))

    def write_renamed_indexes(self) -> Iterator[Change]:
        """Yield indexes that have another name."""
        for (label, name), (_, _, renamed) in self._indexes.items():
            for old_name, new_name, fields in renamed:
                yield Change(
                    label,
                    ops.RenameIndex(name, new_name, old_name=old_name, old_fields=fields),
                )

    def _field_waits(self, label: str, name: str) -> list[OperationDependency]:
        """Return the relations of a model, which an index may be about."""
        return [
            dependency
            for each, relation in self.new.models[label, name].fields.items()
            if relation.remote_field and relation.remote_field.model
            for dependency in self._relation((label, name, each), relation)
        ]

    def find_altered_constraints(self) -> Iterator[Change]:
        """Note the constraints that have come, gone, or changed in Python only."""
        self._constraints: dict[ModelKey, tuple[list[Any], list[Any], list[Any]]] = {}
        for label, name in sorted(self.kept_models):
            before = self._old_state(label, name).options.get("constraints", [])
            after = self.new.models[label, name].options.get("constraints", [])
            old_by_name = {constraint.name: constraint for constraint in before}
            added, altered, kept = [], [], set()
            for constraint in after:
                if constraint in before:
                    continue
                old = old_by_name.get(constraint.name)
                if old is not None:
                    old = self._on_same_columns(label, name, old)
                if old is not None and _for_database(old) == _for_database(constraint):
                    altered.append(constraint)
                    kept.add(constraint.name)
                else:
                    added.append(constraint)
            removed = [each for each in before if each not in after and each.name not in kept]
            self._constraints[label, name] = (added, removed, altered)
        return iter(())

    def _on_same_columns(self, label: str, name: str, constraint: Any) -> Any:
        """Return a constraint with new field names, where the columns are what they were."""
        names = getattr(constraint, "fields", None)
        if not names:
            return constraint
        old_fields = self._old_state(label, name).fields
        new_fields = self.new.models[label, name].fields
        renamed = []
        for each in names:
            new_name = self._new_field_name(label, name, each)
            old, new = old_fields.get(each), new_fields.get(new_name)
            if new_name != each and old is not None and new is not None:
                if column_of(old, each) != column_of(new, new_name):
                    return constraint
            renamed.append(new_name)
        if list(names) == renamed:
            return constraint
        constraint = constraint.clone()
        constraint.fields = tuple(renamed)
        return constraint

    def write_added_constraints(self) -> Iterator[Change]:
        """Yield constraints that are new."""
        for (label, name), (added, _, _) in self._constraints.items():
            for constraint in added:
                operation = ops.AddConstraint(name, constraint)
                yield Change(label, operation, self._field_waits(label, name))

    def write_removed_constraints(self) -> Iterator[Change]:
        """Yield constraints that have gone."""
        for (label, name), (_, removed, _) in self._constraints.items():
            for constraint in removed:
                yield Change(label, ops.RemoveConstraint(name, constraint.name))

    def write_altered_constraints(self) -> Iterator[Change]:
        """Yield constraints that the database sees no change of."""
        for (label, name), (_, _, altered) in self._constraints.items():
            for constraint in altered:
                operation = ops.AlterConstraint(name, constraint.name, constraint)
                yield Change(label, operation, self._field_waits(label, name))


def _nameless(index: Any) -> Any:
    path, args, kwargs = index.deconstruct()
    return path, args, {key: value for key, value in kwargs.items() if key != "name"}


def _for_database(constraint: Any) -> Any:
    path, args, kwargs = constraint.deconstruct()
    hidden = getattr(constraint, "non_db_attrs", ())
    return path, args, {key: value for key, value in kwargs.items() if key not in hidden}
