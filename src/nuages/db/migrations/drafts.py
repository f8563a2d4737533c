"""Model classes for the schema editor: the one that an operation changes, and no others.

A :class:`StateApps` has the classes of all models of a state. To write DDL, one model is enough, with
what its keys point to: a *draft* is made of a single model state, in a small registry of its own, where
the models that it points to are *stubs*, which have a table, a key and what else can be pointed to.

A draft is kept for the next operation, which most often starts where this one ended. What a draft cannot
stand for (models with parents, relations of foreign types, relations to what is not there) has none: then
all classes are made. So they are if anybody asks a draft's registry for other models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nuages.apps import AppConfig
from nuages.apps.registry import Apps, BareApps
from nuages.apps.registry import apps as global_apps
from nuages.db import models
from nuages.db.migrations.model_state import ModelState
from nuages.db.migrations.utils import ModelKey, resolve_relation

if TYPE_CHECKING:
    from nuages.db.migrations.state import ProjectState

#: The options of a model that keys to it depend on.
_OPTIONS_OF_STUBS = frozenset(
    "db_table db_tablespace managed swappable default_related_name app_label".split()
)


class CannotDraft(Exception):
    """A model needs more than a draft."""


class DraftConfig(AppConfig):
    """Stands for the application of a draft."""

    def __init__(self, label: str, apps: Apps) -> None:
        self.label = self.name = label
        self.apps = apps
        self.models = apps.all_models[label]


class DraftApps(BareApps):
    """The registry of one draft. It makes stubs for what the draft points to.

    Args:
        desk: what has the stubs.
        state: the state that the draft is of.
        key: the model that is drafted.
    """

    def __init__(self, desk: Drafts, state: ProjectState, key: ModelKey) -> None:
        super().__init__()
        self.desk, self.state, self.key = desk, state, key
        self.stubs: dict[ModelKey, Draft] = {}
        self.app_configs = {key[0]: DraftConfig(key[0], self)}

    def _run_or_wait(self, operation: Any) -> None:
        for key in operation.keys:
            if key[1] in self.all_models[key[0]]:
                continue
            if key == self.key or not self.desk.knows(self.state, key):
                # It is being made.
                self._pending_operations[key].append(operation)
                return
            stub = self.stubs[key] = self.desk.stub(self.state, key)
            self.all_models[key[0]][key[1]] = stub.model
        operation.run()

    # The other models of the state, for those who ask.

    def get_models(
        self, include_auto_created: bool = False, include_swapped: bool = False
    ) -> list[type[models.Model]]:
        others = self.state.apps.get_models(include_auto_created, include_swapped)
        own = {
            (label, name): model
            for label, known in self.all_models.items()
            for name, model in known.items()
            if (label, name) not in self.stubs
        }
        kept = [each for each in others if (each._meta.app_label, each._meta.model_name) not in own]
        return [*own.values(), *kept]

    def get_model(
        self, app_label: str, model_name: str | None = None, require_ready: bool = True
    ) -> type[models.Model]:
        label, name = app_label.split(".") if model_name is None else (app_label, model_name)
        if (label, name.lower()) == self.key:
            return self.all_models[label][name.lower()]
        return self.state.apps.get_model(label, name, require_ready)

    def get_app_configs(self) -> Any:
        return self.state.apps.get_app_configs()

    def get_app_config(self, app_label: str) -> Any:
        return self.state.apps.get_app_config(app_label)


class Draft:
    """A class with what it was made from.

    Args:
        parts: what decides whether the draft can be used again.
    """

    __slots__ = ("model", "parts", "registry")

    def __init__(self, model: Any, registry: DraftApps, parts: tuple[Any, ...]) -> None:
        self.model, self.registry, self.parts = model, registry, parts

    def fits(self, state: ProjectState, parts: tuple[Any, ...]) -> bool:
        """Whether the class is what would be made now."""
        desk = self.registry.desk
        return self.parts == parts and all(
            desk.stub(state, key) is stub for key, stub in self.registry.stubs.items()
        )


class Drafts:
    """The drafts of a chain of states, the latest one of each model."""

    def __init__(self) -> None:
        self._drafts: dict[ModelKey, Draft] = {}
        self._stubs: dict[ModelKey, Draft] = {}
        self._real: dict[ModelKey, ModelState | None] = {}
        #: Fields that are pointed to by name.
        self._named: dict[ModelKey, frozenset[str]] = {}
        self._under_way: set[ModelKey] = set()

    def clear(self) -> None:
        """Forget all: fields have changed in place."""
        self.__init__()  # type: ignore[misc]

    def model(self, state: ProjectState, key: ModelKey) -> Any:
        """Return the class of a model in a state.

        Raises:
            CannotDraft: all classes are needed.
        """
        model_state = state.models.get(key)
        if model_state is None or not _has_no_parents(model_state):
            raise CannotDraft
        fields = tuple(model_state.fields.items())
        for _, field in fields:
            self._note_target(key, field)
        parts = (
            *(model_state.name, model_state.bases, fields),
            *(dict(model_state.options), list(model_state.managers)),
        )
        draft = self._drafts.get(key)
        if draft is None or not draft.fits(state, parts):
            draft = self._drafts[key] = self._made(state, key, model_state, parts)
        # (The states that a chain has been in are gone.)
        draft.registry.state = state
        return draft.model

    def _note_target(self, key: ModelKey, field: Any) -> None:
        """Remember which fields of its target a relation names."""
        remote = field.remote_field
        if not remote:
            return
        if not type(field).__module__.startswith("django.db.models."):
            # It may look at anything.
            raise CannotDraft
        target = resolve_relation(remote.model, *key)
        names = frozenset(name for name in getattr(field, "to_fields", None) or () if name)
        known = self._named.get(target, frozenset())
        if not names <= known:
            self._named[target] = known | names

    def _made(
        self, state: ProjectState, key: ModelKey, model_state: ModelState, parts: tuple[Any, ...]
    ) -> Draft:
        registry = DraftApps(self, state, key)
        model = model_state.render(registry)
        if any(registry._pending_operations.values()):
            raise CannotDraft
        return Draft(model, registry, parts)

    # What is pointed to.

    def knows(self, state: ProjectState, key: ModelKey) -> bool:
        """Whether a state has a model that can be pointed to."""
        return key in state.models or key[0] in state.real_apps

    def stub(self, state: ProjectState, key: ModelKey) -> Draft:
        """Return what stands for a model that is pointed to.

        Raises:
            CannotDraft: all classes are needed.
        """
        model_state = state.models.get(key) or self._real_model(state, key)
        if model_state is None or key in self._under_way or not _has_no_parents(model_state):
            raise CannotDraft
        named = self._named.get(key, frozenset())
        fields = tuple(
            (name, field)
            for name, field in model_state.fields.items()
            if field.primary_key or field.unique or name in named
        )
        options = {
            name: value for name, value in model_state.options.items() if name in _OPTIONS_OF_STUBS
        }
        parts = (model_state.name, model_state.bases, fields, options)
        stub = self._stubs.get(key)
        self._under_way.add(key)
        try:
            if stub is None or not stub.fits(state, parts):
                for _, field in fields:
                    self._note_target(key, field)
                reduced = ModelState(*key, fields, options, model_state.bases)
                reduced.name = model_state.name
                stub = self._stubs[key] = self._made(state, key, reduced, parts)
        finally:
            self._under_way.discard(key)
        stub.registry.state = state
        return stub

    def _real_model(self, state: ProjectState, key: ModelKey) -> ModelState | None:
        """Return the state of a model of an application without migrations."""
        if key not in self._real:
            self._real[key] = None
            if key[0] in state.real_apps:
                known = global_apps.get_app_config(key[0]).models or {}
                if (model := known.get(key[1])) is not None:
                    self._real[key] = ModelState.from_model(model, exclude_rels=True)
        return self._real[key]


def _has_no_parents(model_state: ModelState) -> bool:
    """Whether a model has no table but its own."""
    return not model_state.options.get("proxy") and all(
        isinstance(base, type)
        and not (
            base is not models.Model and issubclass(base, models.Model) and not base._meta.abstract
        )
        for base in model_state.bases
    )
