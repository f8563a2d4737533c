"""Finding the differences of two states, one kind at a time.

Each ``find_…`` method yields the changes of one kind; :data:`STEPS` is their order. What was
renamed is found first, and remembered for those that follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from nuages.apps import apps as project_apps
from nuages.db import models
from nuages.db.migrations import operations as ops
from nuages.db.migrations._compare import deep_deconstruct, relation_agnostic
from nuages.db.migrations._dependencies import Kind, OperationDependency, of_relation
from nuages.db.migrations.operations.fields import names_in
from nuages.db.migrations.utils import resolve_relation
from nuages.db.models.fields import NOT_PROVIDED

type ModelKey = tuple[str, str]
type FieldKey = tuple[str, str, str]


@dataclass(eq=False)
class Change:
    """One operation of an application, and what it waits for."""

    app_label: str
    operation: Any
    dependencies: list[OperationDependency] = field(default_factory=list)
    #: Whether it goes before what was found so far.
    first: bool = False


class Detection:
    """The comparison of two states.

    Args:
        old, new: the states.
        questioner: is asked what cannot be known.
        convert_apps: labels of applications that get their first migrations.
    """

    def __init__(self, old: Any, new: Any, questioner: Any, convert_apps: Any = None) -> None:
        self.old = old
        self.new = new
        self.questioner = questioner
        converted = set(convert_apps or ())
        self.old_keys = _sorted_out(old, lambda label: label not in old.real_apps)
        self.new_keys = _sorted_out(
            new, lambda label: label not in old.real_apps or label in converted
        )
        #: New key → old name.
        self.renamed_models: dict[ModelKey, str] = {}
        #: "label.old" → "label.new", as relations name them.
        self.renamed_targets: dict[str, str] = {}
        #: New field → old name.
        self.renamed_fields: dict[FieldKey, str] = {}

    def changes(self) -> Iterator[Change]:
        """Yield all changes."""
        yield from self.find_renamed_models()
        self._list_fields()
        for step in STEPS:
            yield from getattr(self, step)()

    # What is where.

    def _old_name(self, label: str, name: str) -> str:
        return self.renamed_models.get((label, name), name)

    def _old_state(self, label: str, name: str) -> Any:
        return self.old.models[label, self._old_name(label, name)]

    def _list_fields(self) -> None:
        """Note the fields of models that were there and are there."""
        kept = self.old_keys["model"] & self.new_keys["model"]
        self.kept_models = kept
        self.kept_proxies = self.old_keys["proxy"] & self.new_keys["proxy"]
        self.kept_unmanaged = self.old_keys["unmanaged"] & self.new_keys["unmanaged"]
        self.old_fields: set[FieldKey] = {
            (label, name, each)
            for label, name in kept
            for each in self._old_state(label, name).fields
        }
        self.new_fields: set[FieldKey] = {
            (label, name, each)
            for label, name in kept
            for each in self.new.models[label, name].fields
        }
        #: Old models between → the relations through them.
        self.through_users: dict[ModelKey, FieldKey] = {}
        for label, name in self.old_keys["model"]:
            for each, relation in self._old_state(label, name).fields.items():
                through = getattr(relation.remote_field, "through", None)
                if through:
                    self.through_users[resolve_relation(through, label, name)] = (label, name, each)

    def _relation(
        self, key: FieldKey, relation: Any, state: Any = None
    ) -> list[OperationDependency]:
        state = state or self.new
        dependencies = of_relation(key[0], key[1], relation, state)
        swapped = dependencies[0]
        if swapped.app_label != "__setting__":
            name = f"{swapped.app_label}.{swapped.model_name}"
            if setting := _swappable_setting(name):
                dependencies[0] = OperationDependency("__setting__", setting, None, Kind.CREATE)
        return dependencies

    def _fields_made_of(self, key: FieldKey, generated: Any) -> list[OperationDependency]:
        """Return the fields that a generated field is computed from."""
        label, name, own = key
        state = self.new.models[label, name]
        attnames = {f"{each}_id": each for each, f in state.fields.items() if f.is_relation}
        names = {attnames.get(each, each) for each in names_in(generated.expression)}
        return [
            OperationDependency(label, name, each, Kind.CREATE)
            for each in sorted(names & state.fields.keys())
            if each != own
        ]

    def _incoming(self, state: Any, key: ModelKey) -> Iterator[tuple[ModelKey, str, Any]]:
        for source, fields in state.relations.get(key, {}).items():
            for name, relation in fields.items():
                yield source, name, relation

    # Models.

    def find_renamed_models(self) -> Iterator[Change]:
        """Models that have gone and come back under another name."""
        added = self.new_keys["model"] - self.old_keys["model"]
        for label, name in sorted(added):
            state = self.new.models[label, name]
            shape = relation_agnostic(state.fields)
            for old_label, old_name in sorted(self.old_keys["model"] - self.new_keys["model"]):
                if old_label != label:
                    continue
                old_state = self.old.models[label, old_name]
                if relation_agnostic(old_state.fields) != shape:
                    continue
                if not self.questioner.ask_rename_model(old_state, state):
                    continue
                dependencies = [
                    each
                    for field_name, relation in state.fields.items()
                    if relation.is_relation
                    for each in self._relation((label, name, field_name), relation)
                ]
                dependencies += [
                    OperationDependency(*source, None, Kind.CREATE)
                    for source, _, _ in self._incoming(self.new, (label, name))
                    if source[0] != label
                ]
                yield Change(label, ops.RenameModel(old_state.name, state.name), dependencies)
                self.renamed_models[label, name] = old_name
                self.renamed_targets[f"{label}.{old_name}"] = f"{label}.{name}"
                self.old_keys["model"].discard((label, old_name))
                self.old_keys["model"].add((label, name))
                break

    def find_deleted_models(self) -> Iterator[Change]:
        """Models that have gone; what points to them goes first."""
        gone = self.old_keys["model"] - self.new_keys["model"] - self.new_keys["unmanaged"] | (
            self.old_keys["unmanaged"] - self.new_keys["unmanaged"] - self.new_keys["model"]
        )
        for label, name in sorted(gone):
            state = self.old.models[label, name]
            managed = (label, name) not in self.old_keys["unmanaged"]
            related = {
                each: relation
                for each, relation in sorted(state.fields.items())
                if relation.is_relation and relation.remote_field.model
            }
            if managed:
                for option, kind in _TOGETHER:
                    if state.options.get(option):
                        yield Change(label, kind(name, None))
                if related:
                    # Those on a column go before the column does.
                    for index in state.options["indexes"]:
                        yield Change(label, ops.RemoveIndex(name, index.name))
                    for constraint in state.options["constraints"]:
                        yield Change(label, ops.RemoveConstraint(name, constraint.name))
                for each in related:
                    yield Change(label, ops.RemoveField(name, each))
            dependencies = []
            for source, each, relation in self._incoming(self.old, (label, name)):
                dependencies.append(OperationDependency(*source, each, Kind.REMOVE))
                if not relation.many_to_many:
                    dependencies.append(OperationDependency(*source, each, Kind.ALTER))
            for each in related:
                dependencies.append(OperationDependency(label, name, each, Kind.REMOVE))
            # Models that inherit from it go before it, or lose it as a base.
            for key, other in self.old.models.items():
                bases = [base for base in other.bases if isinstance(base, str)]
                if any(resolve_relation(base, key[0]) == (label, name) for base in bases):
                    dependencies.append(OperationDependency(key[0], key[1], None, Kind.REMOVE))
            if user := self.through_users.get((label, state.name_lower)):
                dependencies.append(OperationDependency(*user, Kind.REMOVE))
            yield Change(label, ops.DeleteModel(state.name), list(dict.fromkeys(dependencies)))

    def find_created_models(self) -> Iterator[Change]:
        """Models that are new; relations are added when their targets are there."""
        known = self.old_keys["model"] | self.old_keys["unmanaged"]
        added = (self.new_keys["model"] - known) | (self.new_keys["unmanaged"] - known)
        keys = sorted(added, key=self._swappable_first)
        making: list[Change] = []
        completing: list[Change] = []
        for key in keys:
            first, *rest = self._created(*key)
            making.append(first)
            completing += rest
        place = {key: index for index, key in enumerate(keys)}

        def last_needed(change: Change) -> int:
            """Return the place of the last model that a relation waits for."""
            if not isinstance(change.operation, ops.AddField):
                return len(place)
            needed = [
                place.get((each.app_label, each.model_name_lower), 0)
                for each in change.dependencies[:-1]
                if each.app_label == change.app_label
            ]
            return max(needed, default=0)

        # Relations to models that are made early come first: most find a place in the creation
        # of their own model, which keeps its place among the others.
        yield from making
        yield from sorted(completing, key=last_needed)

    def _swappable_first(self, key: ModelKey) -> ModelKey:
        """Return a key to sort models by: those that a setting (may) name come first."""
        bases = {getattr(base, "__name__", base) for base in self.new.models[key].bases}
        if _swappable_setting(".".join(key)) or bases & {"AbstractUser", "AbstractBaseUser"}:
            return f"___{key[0]}", f"___{key[1]}"
        return key

    def _created(self, label: str, name: str) -> Iterator[Change]:
        state = self.new.models[label, name]
        key_relation, later = None, {}
        for each, relation in state.fields.items():
            if not (relation.is_relation and relation.remote_field.model):
                continue
            if relation.primary_key:
                key_relation = (each, relation)
            elif not relation.remote_field.parent_link:
                later[each] = relation
        options = dict(state.options)
        indexes = options.pop("indexes")
        constraints = options.pop("constraints")
        together = [(option, kind, options.pop(option, None)) for option, kind in _TOGETHER]
        order_wrt = options.pop("order_with_respect_to", None)
        dependencies = [OperationDependency(label, name, None, Kind.REMOVE)]
        dependencies += self._base_dependencies(label, state)
        if key_relation:
            dependencies += self._relation((label, name, key_relation[0]), key_relation[1])
        yield Change(
            label,
            ops.CreateModel(
                name=state.name,
                fields=[(each, f) for each, f in state.fields.items() if each not in later],
                options=options,
                bases=state.bases,
                managers=state.managers,
            ),
            dependencies,
            first=True,
        )
        if not options.get("managed", True):
            return
        made = OperationDependency(label, name, None, Kind.CREATE)
        for each, relation in sorted(later.items()):
            yield Change(
                label,
                ops.AddField(name, each, relation),
                [*self._relation((label, name, each), relation), made],
            )
        if order_wrt:
            yield Change(
                label,
                ops.AlterOrderWithRespectTo(name, order_wrt),
                [OperationDependency(label, name, order_wrt, Kind.CREATE), made],
            )
        complete = [OperationDependency(label, name, each, Kind.CREATE) for each in sorted(later)]
        complete.append(made)
        for index in indexes:
            yield Change(label, ops.AddIndex(name, index), list(complete))
        for constraint in constraints:
            yield Change(label, ops.AddConstraint(name, constraint), list(complete))
        for _, kind, value in together:
            if value:
                yield Change(label, kind(name, value), list(complete))
        if (label, name) in self.old_keys["proxy"]:
            # Relations to the proxy were to another table.
            for source, each, relation in self._incoming(self.new, (label, name)):
                yield Change(source[0], ops.AlterField(source[1], each, relation), [made])

    def _base_dependencies(self, label: str, state: Any) -> Iterator[OperationDependency]:
        """Yield the bases, and the fields of bases that a field takes the name of."""
        for base in state.bases:
            if not (isinstance(base, str) and "." in base):
                continue
            base_key = resolve_relation(base, label)
            yield OperationDependency(*base_key, None, Kind.CREATE)
            old_base, new_base = self.old.models.get(base_key), self.new.models.get(base_key)
            if old_base and new_base:
                for each in sorted(old_base.fields.keys() - new_base.fields.keys()):
                    if each in state.fields:
                        yield OperationDependency(*base_key, each, Kind.REMOVE)

    def find_created_proxies(self) -> Iterator[Change]:
        """Proxies that are new."""
        for label, name in sorted(self.new_keys["proxy"] - self.old_keys["proxy"]):
            state = self.new.models[label, name]
            assert state.options.get("proxy")
            yield Change(
                label,
                ops.CreateModel(
                    name=state.name,
                    fields=[],
                    options=state.options,
                    bases=state.bases,
                    managers=state.managers,
                ),
                [
                    OperationDependency(label, name, None, Kind.REMOVE),
                    *self._base_dependencies(label, state),
                ],
            )

    def find_deleted_proxies(self) -> Iterator[Change]:
        """Proxies that have gone."""
        for label, name in sorted(self.old_keys["proxy"] - self.new_keys["proxy"]):
            state = self.old.models[label, name]
            assert state.options.get("proxy")
            yield Change(label, ops.DeleteModel(state.name))

    # Options.

    def find_altered_options(self) -> Iterator[Change]:
        """Options that the database knows nothing of."""
        kept = (
            self.kept_models
            | self.kept_proxies
            | self.kept_unmanaged
            # Managed ones that are not any more, and the other way round.
            | (self.old_keys["unmanaged"] & self.new_keys["model"])
            | (self.old_keys["model"] & self.new_keys["unmanaged"])
        )
        watched = set(ops.AlterModelOptions.ALTER_OPTION_KEYS)
        for label, name in sorted(kept):
            before, after = (
                {key: value for key, value in state.options.items() if key in watched}
                for state in (self._old_state(label, name), self.new.models[label, name])
            )
            if before != after:
                yield Change(label, ops.AlterModelOptions(name, after))

    def find_altered_managers(self) -> Iterator[Change]:
        """Managers that migrations see."""
        for label, name in sorted(self.kept_models | self.kept_proxies | self.kept_unmanaged):
            after = self.new.models[label, name].managers
            if self._old_state(label, name).managers != after:
                yield Change(label, ops.AlterModelManagers(name, after))

    def _changed_option(self, option: str, keys: Any) -> Iterator[tuple[str, str, Any, Any]]:
        for label, name in sorted(keys):
            before = self._old_state(label, name).options.get(option)
            after = self.new.models[label, name].options.get(option)
            if before != after:
                yield label, name, before, after

    def find_altered_tables(self) -> Iterator[Change]:
        """Names of tables."""
        keys = self.kept_models | self.kept_proxies | self.kept_unmanaged
        for label, name, _, after in self._changed_option("db_table", keys):
            yield Change(label, ops.AlterModelTable(name, after))

    def find_altered_comments(self) -> Iterator[Change]:
        """Comments of tables."""
        keys = self.kept_models | self.kept_proxies | self.kept_unmanaged
        for label, name, _, after in self._changed_option("db_table_comment", keys):
            yield Change(label, ops.AlterModelTableComment(name, after))

    def find_altered_orders(self) -> Iterator[Change]:
        """Orders with respect to a relation."""
        for label, name, _, after in self._changed_option(
            "order_with_respect_to", self.kept_models
        ):
            waits = [OperationDependency(label, name, after, Kind.CREATE)] if after else []
            yield Change(label, ops.AlterOrderWithRespectTo(name, after), waits)

    # Fields.

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
                column = _column_of(removed, gone[2])
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

    # unique_together and index_together.

    def _together(self) -> Iterator[tuple[str, str, Any, set[Any], set[Any], list[Any]]]:
        for label, name in sorted(self.kept_models):
            for option, kind in _TOGETHER[:1]:
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

    def _new_field_name(self, label: str, name: str, old_field: str) -> str:
        for (a, b, new_field), each in self.renamed_fields.items():
            if (a, b, each) == (label, name, old_field):
                return new_field
        return old_field

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
                if _column_of(old, each) != _column_of(new, new_name):
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


#: The steps after renamed models. The order shows in the migrations.
STEPS = (
    "find_deleted_models",
    "find_created_models",
    "find_deleted_proxies",
    "find_created_proxies",
    "find_altered_options",
    "find_altered_managers",
    "find_renamed_fields",
    "find_altered_indexes",
    "find_altered_constraints",
    "write_removed_constraints",
    "write_removed_indexes",
    "write_renamed_fields",
    "write_renamed_indexes",
    "find_removed_together",
    "find_removed_fields",
    "find_added_fields",
    "find_altered_fields",
    "find_altered_orders",
    "find_altered_together",
    "write_added_indexes",
    "write_added_constraints",
    "write_altered_constraints",
    "find_altered_tables",
    "find_altered_comments",
)
_TOGETHER = (
    ("unique_together", ops.AlterUniqueTogether),
    ("index_together", ops.AlterIndexTogether),
)
_TIMES = (models.DateField, models.DateTimeField, models.TimeField)


def _sorted_out(state: Any, is_ours: Any) -> dict[str, set[ModelKey]]:
    """Return a state's models by kind: tables, proxies, and tables that are not ours."""
    found: dict[str, set[ModelKey]] = {"model": set(), "proxy": set(), "unmanaged": set()}
    for key, model in state.models.items():
        if not model.options.get("managed", True):
            found["unmanaged"].add(key)
        elif is_ours(key[0]):
            found["proxy" if model.options.get("proxy") else "model"].add(key)
    return found


def _swappable_setting(name: str) -> str | None:
    return project_apps.get_swappable_settings_name(name)


def _column_of(removed: Any, name: str) -> str:
    named = removed.clone()
    named.set_attributes_from_name(name)
    column: str = named.get_attname_column()[1]
    return column


def _nameless(index: Any) -> Any:
    path, args, kwargs = index.deconstruct()
    return path, args, {key: value for key, value in kwargs.items() if key != "name"}


def _for_database(constraint: Any) -> Any:
    path, args, kwargs = constraint.deconstruct()
    hidden = getattr(constraint, "non_db_attrs", ())
    return path, args, {key: value for key, value in kwargs.items() if key not in hidden}
