"""Two states of a project, and what the changes between them refer to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from nuages.apps import apps as project_apps
from nuages.db.migrations import operations as ops
from nuages.db.migrations._dependencies import Kind, OperationDependency, of_relation
from nuages.db.migrations.operations.fields import names_in
from nuages.db.migrations.utils import resolve_relation

type ModelKey = tuple[str, str]
type FieldKey = tuple[str, str, str]

TOGETHER = (
    ("unique_together", ops.AlterUniqueTogether),
    ("index_together", ops.AlterIndexTogether),
)


@dataclass(eq=False)
class Change:
    """One operation of an application, and what it waits for."""

    app_label: str
    operation: Any
    dependencies: list[OperationDependency] = field(default_factory=list)
    #: Whether it goes before what was found so far.
    first: bool = False


class TwoStates:
    """Two states, and what is known of their differences.

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
            if setting := swappable_setting(name):
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

    def _new_field_name(self, label: str, name: str, old_field: str) -> str:
        for (a, b, new_field), each in self.renamed_fields.items():
            if (a, b, each) == (label, name, old_field):
                return new_field
        return old_field


def _sorted_out(state: Any, is_ours: Any) -> dict[str, set[ModelKey]]:
    """Return a state's models by kind: tables, proxies, and tables that are not ours."""
    found: dict[str, set[ModelKey]] = {"model": set(), "proxy": set(), "unmanaged": set()}
    for key, model in state.models.items():
        if not model.options.get("managed", True):
            found["unmanaged"].add(key)
        elif is_ours(key[0]):
            found["proxy" if model.options.get("proxy") else "model"].add(key)
    return found


def swappable_setting(name: str) -> str | None:
    """Return the name of the setting that may name another model in this one's place."""
    return project_apps.get_swappable_settings_name(name)


def column_of(removed: Any, name: str) -> str:
    """Return the column of a field that a state knows without its name."""
    named = removed.clone()
    named.set_attributes_from_name(name)
    column: str = named.get_attname_column()[1]
    return column
