"""Changes of models: made, renamed, removed; their options, managers and tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nuages.db.migrations import operations as ops
from nuages.db.migrations._compare import relation_agnostic
from nuages.db.migrations._dependencies import Kind, OperationDependency
from nuages.db.migrations._two_states import (
    TOGETHER,
    Change,
    ModelKey,
    TwoStates,
    swappable_setting,
)
from nuages.db.migrations.utils import resolve_relation


class ChangedModels(TwoStates):
    """Finds changes of whole models."""

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
                for option, kind in TOGETHER:
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
        if swappable_setting(".".join(key)) or bases & {"AbstractUser", "AbstractBaseUser"}:
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
        together = [(option, kind, options.pop(option, None)) for option, kind in TOGETHER]
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
