"""Changes of fields: made, renamed, altered, removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nuages.db import models
from nuages.db.migrations import operations as ops
from nuages.db.migrations._compare import deep_deconstruct
from nuages.db.migrations._dependencies import Kind, OperationDependency
from nuages.db.migrations._two_states import (
    Change,
    FieldKey,
    ModelKey,
    TwoStates,
    column_of,
)
from nuages.db.migrations.operations.fields import names_in
from nuages.db.migrations.utils import resolve_relation
from nuages.db.models.fields import NOT_PROVIDED

_TIMES = (models.DateField, models.DateTimeField, models.TimeField)


class ChangedFields(TwoStates):
    """Finds changes of the fields of models that stay."""

    def find_renamed_fields(self) -> Iterator[Change]:
        """Fields that have gone and come back under another name. Found before others look."""
        self._renames: list[tuple[FieldKey, str, Any, Any]] = []
        for label, name, new_name in sorted(self.new_fields - self.old_fields):
            old_state = self._old_state(label, name)
            added = self.new.models[label, name].get_field(new_name)
            shape = deep_deconstruct(added)
            for gone in sorted(self.old_fields - self.new_fields):
                if gone[:2] != (label, name):
                    continue
                removed = old_state.get_field(gone[2])
                old_shape = deep_deconstruct(removed)
                if removed.remote_field and removed.remote_field.model and "to" in old_shape[2]:
                    target = str(old_shape[2]["to"]).lower()
                    if target in self.renamed_targets:
                        old_shape[2]["to"] = self.renamed_targets[target]
                column = column_of(removed, gone[2])
                same = old_shape == shape or (
                    old_shape[:2] == shape[:2] and {**old_shape[2], "db_column": column} == shape[2]
                )
                if same and self.questioner.ask_rename(name, gone[2], new_name, added):
                    self._renames.append(((label, name, new_name), gone[2], removed, added))
                    self.old_fields.discard(gone)
                    self.old_fields.add((label, name, new_name))
                    self.renamed_fields[label, name, new_name] = gone[2]
                    break
        return iter(())

    def write_renamed_fields(self) -> Iterator[Change]:
        """Yield what :meth:`find_renamed_fields` has found."""
        for (label, name, new_name), old_name, removed, added in self._renames:
            if removed.db_column != added.db_column:
                # The column stays what it is: that is said before its field has another name.
                altered = added.clone()
                altered.name = old_name
                yield Change(label, ops.AlterField(name, old_name, altered))
            yield Change(label, ops.RenameField(name, old_name, new_name))

    def find_added_fields(self) -> Iterator[Change]:
        """Fields that are new."""
        for key in sorted(self.new_fields - self.old_fields):
            yield self._added(key)

    def _added(self, key: FieldKey) -> Change:
        label, name, own = key
        added = self.new.models[label, name].get_field(own)
        waits = [OperationDependency(*key, Kind.REMOVE)]
        if added.remote_field and added.remote_field.model:
            waits += self._relation(key, added)
        if added.generated:
            waits += self._fields_made_of(key, added)
        preserve_default = (
            added.null
            or added.has_default()
            or added.has_db_default()
            or added.many_to_many
            or (added.blank and added.empty_strings_allowed)
            or (isinstance(added, _TIMES) and added.auto_now)
            or isinstance(added, models.AutoField)
        )
        ask = self.questioner
        if not preserve_default:
            added = added.clone()
            if isinstance(added, _TIMES) and added.auto_now_add:
                added.default = ask.ask_auto_now_add_addition(own, name)
            else:
                added.default = ask.ask_not_null_addition(own, name)
        if added.unique and added.default is not NOT_PROVIDED and callable(added.default):
            ask.ask_unique_callable_default_addition(own, name)
        operation = ops.AddField(name, own, added, preserve_default=bool(preserve_default))
        return Change(label, operation, waits)

    def find_removed_fields(self) -> Iterator[Change]:
        """Fields that have gone."""
        for key in sorted(self.old_fields - self.new_fields):
            yield self._removed(key)

    def _removed(self, key: FieldKey) -> Change:
        label, name, own = key
        waits = [
            OperationDependency(*key, kind)
            for kind in (
                Kind.REMOVE_ORDER_WRT,
                Kind.ALTER_FOO_TOGETHER,
                Kind.REMOVE_INDEX_OR_CONSTRAINT,
            )
        ]
        # Fields that are computed from it go before it.
        old_fields = self._old_state(label, name).fields
        own_names = {own, f"{own}_id"} if old_fields[own].is_relation else {own}
        new_fields = self.new.models[label, name].fields
        for each, other in old_fields.items():
            if other.generated and own_names & names_in(other.expression):
                kind = Kind.ALTER if each in new_fields else Kind.REMOVE
                waits.append(OperationDependency(label, name, each, kind))
        return Change(label, ops.RemoveField(name, own), waits)

    def find_altered_fields(self) -> Iterator[Change]:
        """Fields that are there and are others now."""
        for key in sorted(self.old_fields & self.new_fields):
            label, name, own = key
            old_name = self.renamed_fields.get(key, own)
            before = self._old_state(label, name).get_field(old_name)
            after = self.new.models[label, name].get_field(own)
            waits: list[OperationDependency] = []
            # What the renamings explain is no change.
            if after.remote_field and after.remote_field.model:
                target = resolve_relation(after.remote_field.model, label, name)
                explained = self._explain_relation(key, before, after, target, waits)
            else:
                explained = after
            if getattr(explained.remote_field, "through", None):
                explained = self._explain_through(key, before, explained)
            if old_name != own:
                # It would not be a renamed one if it were another one.
                continue
            if deep_deconstruct(before) == deep_deconstruct(explained):
                continue
            yield from self._altered(key, before, after, waits)

    def _explain_relation(
        self,
        key: FieldKey,
        before: Any,
        after: Any,
        target: ModelKey,
        waits: list[OperationDependency],
    ) -> Any:
        """Return the new field as it would be without renamings; note those it waits for."""
        if target in self.renamed_models and before.remote_field:
            old_target = (target[0], self.renamed_models[target])
            if resolve_relation(before.remote_field.model, *key[:2]) == old_target:
                after = after.clone()
                after.remote_field.model = before.remote_field.model
        remote = after.remote_field
        own_name = getattr(remote, "field_name", None)
        if own_name:
            pointed = (*target, own_name)
            if pointed in self.renamed_fields:
                after = after.clone() if after.remote_field is remote else after
                after.remote_field.field_name = self.renamed_fields[pointed]
        for attribute, owner in (("from_fields", key[:2]), ("to_fields", target)):
            names = getattr(after, attribute, None)
            if names and any((*owner, each) in self.renamed_fields for each in names):
                after = after.clone()
                setattr(
                    after,
                    attribute,
                    tuple(self.renamed_fields.get((*owner, each), each) for each in names),
                )
        waits += self._relation(key, after)
        return after

    def _explain_through(self, key: FieldKey, before: Any, after: Any) -> Any:
        through = resolve_relation(after.remote_field.through, *key[:2])
        old_through = getattr(before.remote_field, "through", None)
        if through in self.renamed_models and old_through:
            if resolve_relation(old_through, *key[:2]) == (
                through[0],
                self.renamed_models[through],
            ):
                after = after.clone()
                after.remote_field.through = old_through
        return after

    def _target(self, key: FieldKey, relation: Any) -> ModelKey:
        """Return what a relation points to, under its new name."""
        target = resolve_relation(relation.remote_field.model, *key[:2])
        for new_key, old_name in self.renamed_models.items():
            if target == (new_key[0], old_name):
                return new_key
        return target

    def _altered(
        self, key: FieldKey, before: Any, after: Any, waits: list[OperationDependency]
    ) -> Iterator[Change]:
        label, name, own = key
        if bool(before.many_to_many) != bool(after.many_to_many) or (
            after.many_to_many and self._target(key, before) != self._target(key, after)
        ):
            # A column cannot become a table, nor a table one between other models: the one
            # goes, the other comes.
            yield self._removed(key)
            yield self._added(key)
            return
        preserve_default = True
        must_ask = (
            before.null
            and not after.null
            and not after.has_default()
            and not after.has_db_default()
            and not after.many_to_many
        )
        if must_ask:
            after = after.clone()
            default = self.questioner.ask_not_null_alteration(own, name)
            if default is not NOT_PROVIDED:
                after.default = default
                preserve_default = False
        if after.remote_field and after.remote_field.model:
            waits = self._relation(key, after)
        yield Change(
            label, ops.AlterField(name, own, after, preserve_default=preserve_default), waits
        )
