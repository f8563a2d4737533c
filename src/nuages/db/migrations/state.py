"""What the models look like between migrations.

A project state holds plain data. Model classes are made of it only where they are asked for, and
then only those are made anew that a change touches.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from nuages.apps import AppConfig
from nuages.apps.registry import Apps
from nuages.apps.registry import apps as global_apps
from nuages.conf import settings, switches
from nuages.core.exceptions import FieldDoesNotExist
from nuages.db import models
from nuages.db.migrations.drafts import CannotDraft, Drafts
from nuages.db.migrations.exceptions import InvalidBasesError
from nuages.db.migrations.model_state import DEFAULT_NAMES, ModelState
from nuages.db.migrations.utils import (
    RECURSIVE_RELATIONSHIP_CONSTANT,
    ModelKey,
    field_is_referenced,
    get_references,
    resolve_relation,
)
from nuages.db.models.fields import NOT_PROVIDED
from nuages.db.models.utils import make_model_tuple
from nuages.utils.functional import cached_property
from nuages.utils.version import get_docs_version

__all__ = ["DEFAULT_NAMES", "AppConfigStub", "ModelState", "ProjectState", "StateApps"]


def _key_of(model: Any) -> ModelKey:
    return model._meta.app_label, model._meta.model_name


def _related_classes(model: Any) -> Iterator[Any]:
    """Yield the model classes next to one: children, and both ends of relations."""
    for cls in model.__subclasses__():
        if issubclass(cls, models.Model) and hasattr(cls, "_meta"):
            yield cls
    has_relations = False
    for field in model._meta.get_fields(include_parents=True, include_hidden=True):
        related = field.related_model if field.is_relation else None
        if related is not None and not isinstance(related, str):
            has_relations = has_relations or field.model is model
            yield related
    if has_relations and model._meta.proxy:
        # Relations to a proxy are found at the model that it stands for.
        yield model._meta.concrete_model


def get_related_models_tuples(model: Any) -> set[ModelKey]:
    """Return the keys of the models next to ``model``."""
    return {_key_of(each) for each in _related_classes(model)}


def get_related_models_recursive(model: Any) -> set[ModelKey]:
    """Return the keys of all models that ``model`` is connected with, without its own."""
    seen: dict[ModelKey, None] = {_key_of(model): None}
    waiting = [model]
    while waiting:
        for each in _related_classes(waiting.pop()):
            if _key_of(each) not in seen:
                seen[_key_of(each)] = None
                waiting.append(each)
    return seen.keys() - {_key_of(model)}


class _Relations(dict[ModelKey, dict[ModelKey, dict[str, Any]]]):
    """Relations by target; there are none to what is not named."""

    def __missing__(self, key: ModelKey) -> dict[ModelKey, dict[str, Any]]:
        return {}


class AppConfigStub(AppConfig):
    """Stands for an application in a state: a label and models."""

    def __init__(self, label: str) -> None:
        self.apps = None
        self.models = {}
        self.label = self.name = label

    def import_models(self) -> None:
        assert self.apps is not None
        self.models = self.apps.all_models[self.label]


class StateApps(Apps):
    """A registry of the model classes of a state.

    Args:
        real_apps: labels of applications without migrations, whose models are taken as they are.
        models: the model states by key.
        ignore_swappable: whether relations to the user model may be unresolved.

    Raises:
        ValueError: a relation points to a model that is not there.
    """

    def __init__(
        self,
        real_apps: Iterable[str],
        models: dict[ModelKey, ModelState],
        ignore_swappable: bool = False,
    ) -> None:
        self.real_models = [
            ModelState.from_model(model, exclude_rels=True)
            for label in real_apps
            for model in global_apps.get_app_config(label).get_models()
        ]
        labels = {*real_apps, *(state.app_label for state in models.values())}
        super().__init__([AppConfigStub(label) for label in sorted(labels)])
        # States are copied and pickled; these cannot be, and nobody waits for them.
        self._lock = self.ready_event = None  # type: ignore[assignment]
        self.render_multiple([*models.values(), *self.real_models])
        from nuages.core.checks.model_checks import _check_lazy_references

        ignored = {make_model_tuple(settings.AUTH_USER_MODEL)} if ignore_swappable else set()
        if errors := _check_lazy_references(self, ignore=ignored):
            raise ValueError("\n".join(error.msg for error in errors))

    @contextmanager
    def bulk_update(self) -> Iterator[None]:
        """Change several models; caches are cleared once, at the end."""
        ready, self.ready = self.ready, False
        try:
            yield
        finally:
            self.ready = ready
            self.clear_cache()

    def render_multiple(self, model_states: Iterable[ModelState]) -> None:
        """Make the classes of some states, bases first.

        Raises:
            InvalidBasesError: the bases of some cannot be found.
        """
        waiting = list(model_states)
        if not waiting:
            return
        with self.bulk_update():
            while waiting:
                left = []
                for state in waiting:
                    try:
                        state.render(self)
                    except InvalidBasesError:
                        left.append(state)
                if len(left) == len(waiting):
                    raise InvalidBasesError(
                        f"Cannot resolve bases for {left!r}\nThis can happen if you are "
                        "inheriting models from an app with migrations (e.g. contrib.auth)\n in "
                        "an app with no migrations; see https://docs.djangoproject.com/en/"
                        f"{get_docs_version()}/topics/migrations/#dependencies for more"
                    )
                waiting = left

    def clone(self) -> StateApps:
        """Return a registry of the same classes; they belong to the new one from now on."""
        twin = StateApps([], {})
        twin.all_models = defaultdict(
            dict, {label: dict(known) for label, known in self.all_models.items()}
        )
        twin.real_models = self.real_models
        for label in self.app_configs:
            twin.app_configs[label] = stub = AppConfigStub(label)
            stub.apps = twin
            stub.import_models()
        for known in twin.all_models.values():
            for model in known.values():
                model._meta.apps = twin
        return twin

    def register_model(self, app_label: str, model: Any) -> None:
        known = self.all_models[app_label]
        if app_label not in self.app_configs:
            self.app_configs[app_label] = stub = AppConfigStub(app_label)
            stub.apps = self
            stub.import_models()
        known[model._meta.model_name] = model
        self.do_pending_operations(model)
        self.clear_cache()

    def unregister_model(self, app_label: str, model_name: str) -> None:
        """Forget a model, if it is known."""
        self.all_models.get(app_label, {}).pop(model_name, None)


class ProjectState:
    """The states of a project's models.

    Args:
        models: model states by key.
        real_apps: a set of labels of applications without migrations.
    """

    def __init__(
        self,
        models: dict[ModelKey, ModelState] | None = None,
        real_apps: set[str] | None = None,
    ) -> None:
        self.models: dict[ModelKey, ModelState] = models or {}
        assert real_apps is None or isinstance(real_apps, set)
        self.real_apps = real_apps or set()
        #: Whether classes that are only indirectly touched by a change were left as they are.
        self.is_delayed = False
        self._relations: dict[ModelKey, dict[ModelKey, dict[str, Any]]] | None = None
        # The order in which the sources of relations were first seen.
        self._sources: dict[ModelKey, list[ModelKey]] = {}
        # The model states that no other state has; None: all of them.
        self._own: set[ModelKey] | None = None
        self._drafts: Drafts | None = None

    # Classes, made on demand.

    @cached_property
    def apps(self) -> StateApps:
        """The model classes of this state."""
        return StateApps(self.real_apps, self.models)

    def model(self, app_label: str, model_name: str) -> Any:
        """Return the class of one model, for the schema editor.

        It knows what its own relations point to, and need not know what points to it (see
        :mod:`nuages.db.migrations.drafts`). The switch ``DRAFT_MODELS`` has all classes made.

        Raises:
            LookupError: there is no such model.
        """
        if "apps" not in self.__dict__ and switches.enabled("DRAFT_MODELS"):
            if self._drafts is None:
                self._drafts = Drafts()
            try:
                return self._drafts.model(self, (app_label, model_name.lower()))
            except CannotDraft:
                pass
        return self.apps.get_model(app_label, model_name)

    def clear_delayed_apps_cache(self) -> None:
        """Let all classes be made anew if some were left as they are."""
        if self.is_delayed:
            self.__dict__.pop("apps", None)
            self.is_delayed = False

    def reload_model(self, app_label: str, model_name: str, delay: bool = False) -> None:
        """Make the classes that a change of one model touches anew."""
        self.reload_models([(app_label, model_name.lower())], delay=delay)

    def reload_models(self, models: Iterable[ModelKey], delay: bool = True) -> None:
        """Make the classes that changes of models touch anew.

        Args:
            delay: only those of the models themselves; the others wait for
                :meth:`clear_delayed_apps_cache`.
        """
        self._relations = None
        if "apps" not in self.__dict__:
            return
        touched: set[ModelKey] = set()
        for key in models:
            touched |= self._touched_by(key, delay)
        self._render_anew(touched)

    def _touched_by(self, key: ModelKey, delay: bool) -> set[ModelKey]:
        if delay:
            self.is_delayed = True
        near = {key}
        if delay:
            # What points to a class holds it, and subclasses copy its attributes: they cannot wait.
            # All others find it by its label.
            near |= {source for source, state in self.models.items() if key in self._targets(state)}
            model = self.apps.all_models.get(key[0], {}).get(key[1])
            return near if model is None else near | self._descendants(model)
        old_class = self.apps.all_models.get(key[0], {}).get(key[1])
        if old_class is not None:
            near |= get_related_models_tuples(old_class)
        if (state := self.models.get(key)) is not None:
            near |= set(self._targets(state))
        reached = set(near)
        for each in near:
            model = self.apps.all_models.get(each[0], {}).get(each[1])
            if model is None:
                continue
            reached |= get_related_models_recursive(model)
        return reached

    @staticmethod
    def _descendants(model: Any) -> set[ModelKey]:
        found, waiting = set(), list(model.__subclasses__())
        while waiting:
            cls = waiting.pop()
            if hasattr(cls, "_meta"):
                found.add(_key_of(cls))
            waiting.extend(cls.__subclasses__())
        return found

    @staticmethod
    def _targets(state: ModelState) -> Iterator[ModelKey]:
        """Yield the models that a state's fields name."""
        own = (state.app_label, state.name_lower)
        for field in state.fields.values():
            remote = field.remote_field
            if remote:
                yield resolve_relation(remote.model, *own)
                if through := getattr(remote, "through", None):
                    yield resolve_relation(through, *own)

    def _render_anew(self, keys: set[ModelKey]) -> None:
        apps = self.apps
        with apps.bulk_update():
            for key in keys:
                apps.unregister_model(*key)
        real = {(each.app_label, each.name_lower): each for each in apps.real_models}
        # In the order of the states, so that the outcome does not depend on a set's order.
        apps.render_multiple(state for key, state in {**real, **self.models}.items() if key in keys)

    # Changes, as operations make them.

    def _changing(self, key: ModelKey) -> ModelState:
        """Return a model state that may be changed: one that another state has, too, is copied."""
        if self._own is not None and key not in self._own:
            self.models[key] = self.models[key].clone()
            self._own.add(key)
        return self.models[key]

    def add_model(self, model_state: ModelState) -> None:
        """Add a model."""
        key = (model_state.app_label, model_state.name_lower)
        self.models[key] = model_state
        if self._own is not None:
            self._own.add(key)
        # Classes that belong to an earlier state know nothing of this model: if it points to others,
        # all that is connected must belong to this one.
        connected = any(isinstance(base, str) for base in model_state.bases)
        connected = connected or any(True for _ in self._targets(model_state))
        self.reload_models([key], delay=not connected)

    def remove_model(self, app_label: str, model_name: str) -> None:
        """Remove a model."""
        del self.models[app_label, model_name.lower()]
        self._relations = None
        if "apps" in self.__dict__:
            self.apps.unregister_model(app_label, model_name.lower())
            # The set of models is part of what is remembered.
            self.apps.clear_cache()

    def rename_model(self, app_label: str, old_name: str, new_name: str) -> None:
        """Rename a model, and let all relations follow."""
        old_key, new_key = (app_label, old_name.lower()), (app_label, new_name.lower())
        renamed = self.models[old_key].clone()
        renamed.name = new_name
        self.models[new_key] = renamed
        if self._own is not None:
            self._own.add(new_key)
        if self._drafts is not None:
            self._drafts.clear()
        pointing = list(get_references(self, old_key))
        changed = {new_key}
        for state, name, field, reference in pointing:
            repointed = field.clone()
            label = f"{app_label}.{new_name}"
            if reference.to and field.remote_field.model != RECURSIVE_RELATIONSHIP_CONSTANT:
                repointed.remote_field.model = label
            if reference.through:
                repointed.remote_field.through = label
            key = (state.app_label, state.name_lower)
            self._changing(key).fields[name] = repointed
            changed.add(new_key if key == old_key else key)
            if key == old_key:
                renamed.fields[name] = repointed
        before = {old_key} if "apps" in self.__dict__ else set()
        touched = self._touched_by(old_key, delay=False) if before else set()
        del self.models[old_key]
        self._relations = None
        if before:
            for key in changed:
                touched |= self._touched_by(key, delay=False)
            self._render_anew(touched | changed | before)

    def alter_model_options(
        self,
        app_label: str,
        model_name: str,
        options: dict[str, Any],
        option_keys: Iterable[str] | None = None,
    ) -> None:
        """Set options.

        Args:
            option_keys: options that go back to their defaults where ``options`` lacks them.
        """
        state = self._changing((app_label, model_name.lower()))
        kept = {
            name: value
            for name, value in state.options.items()
            if name not in set(option_keys or ()) - options.keys()
        }
        state.options = {**kept, **options}
        self.reload_model(app_label, model_name, delay=True)

    def remove_model_options(
        self, app_label: str, model_name: str, option_name: str, value_to_remove: Any
    ) -> None:
        """Take one value out of an option that is a list."""
        options = self._changing((app_label, model_name.lower())).options
        if objects := options.get(option_name):
            options[option_name] = {
                tuple(each) for each in objects if tuple(each) != tuple(value_to_remove)
            }
        self.reload_model(app_label, model_name, delay=True)

    def alter_model_managers(self, app_label: str, model_name: str, managers: Any) -> None:
        """Set the managers."""
        self._changing((app_label, model_name.lower())).managers = list(managers)
        self.reload_model(app_label, model_name, delay=True)

    def _change_option(
        self, app_label: str, model_name: str, option: str, change: Callable[[list[Any]], list[Any]]
    ) -> None:
        """Replace the list of indexes or constraints of a model."""
        state = self._changing((app_label, model_name.lower()))
        state.options = {**state.options, option: change(list(state.options.get(option, ())))}
        self.reload_model(app_label, model_name, delay=True)

    def add_index(self, app_label: str, model_name: str, index: Any) -> None:
        """Add an index."""
        self._change_option(app_label, model_name, "indexes", lambda old: [*old, index])

    def remove_index(self, app_label: str, model_name: str, index_name: str) -> None:
        """Remove an index."""
        self._change_option(
            app_label,
            model_name,
            "indexes",
            lambda old: [each for each in old if each.name != index_name],
        )

    def rename_index(
        self, app_label: str, model_name: str, old_index_name: str, new_index_name: str
    ) -> None:
        """Rename an index."""

        def change(old: list[Any]) -> list[Any]:
            new = []
            for index in old:
                if index.name == old_index_name:
                    index = index.clone()
                    index.name = new_index_name
                new.append(index)
            return new

        self._change_option(app_label, model_name, "indexes", change)

    def add_constraint(self, app_label: str, model_name: str, constraint: Any) -> None:
        """Add a constraint."""
        self._change_option(app_label, model_name, "constraints", lambda old: [*old, constraint])

    def remove_constraint(self, app_label: str, model_name: str, constraint_name: str) -> None:
        """Remove a constraint."""
        self._change_option(
            app_label,
            model_name,
            "constraints",
            lambda old: [each for each in old if each.name != constraint_name],
        )

    def alter_constraint(
        self, app_label: str, model_name: str, constraint_name: str, constraint: Any
    ) -> None:
        """Replace a constraint."""
        self._change_option(
            app_label,
            model_name,
            "constraints",
            lambda old: [constraint if each.name == constraint_name else each for each in old],
        )

    def add_field(
        self, app_label: str, model_name: str, name: str, field: Any, preserve_default: bool
    ) -> None:
        """Add a field.

        Args:
            preserve_default: whether the default was for more than the rows that were there.
        """
        state = self._changing((app_label, model_name.lower()))
        state.fields[name] = _with_default(field, preserve_default)
        self.reload_model(app_label, model_name, delay=not field.is_relation)

    def remove_field(self, app_label: str, model_name: str, name: str) -> None:
        """Remove a field."""
        key = (app_label, model_name.lower())
        field = self._changing(key).fields.pop(name)
        relations = self._relations
        self.reload_model(*key, delay=not field.is_relation)
        self._relations = _renamed_in(relations, key, name, None)

    def alter_field(
        self, app_label: str, model_name: str, name: str, field: Any, preserve_default: bool
    ) -> None:
        """Replace a field."""
        key = (app_label, model_name.lower())
        field = _with_default(field, preserve_default)
        self._changing(key).fields[name] = field
        # Nobody needs to know unless there are classes.
        referenced = "apps" in self.__dict__ and field_is_referenced(self, key, (name, field))
        self.reload_model(*key, delay=not field.is_relation and not referenced)

    def rename_field(self, app_label: str, model_name: str, old_name: str, new_name: str) -> None:
        """Rename a field, in relations and options too.

        Raises:
            FieldDoesNotExist: the model has no such field.
        """
        key = (app_label, model_name.lower())
        if old_name not in self.models[key].fields:
            raise FieldDoesNotExist(f"{app_label}.{key[1]} has no field named '{old_name}'")
        state = self._changing(key)
        # It comes last from now on: columns of tables that are built anew follow the state.
        renamed = state.fields.pop(old_name)
        state.fields[new_name] = renamed

        def follow(names: Iterable[Any]) -> tuple[Any, ...]:
            return tuple(new_name if name == old_name else name for name in names)

        for option in ("index_together", "unique_together"):
            if option in state.options:
                state.options[option] = {follow(names) for names in state.options[option]}
        for field in state.fields.values():
            own_ends = getattr(field, "from_fields", None)
            if own_ends:
                field.from_fields = follow(own_ends)
            if parts := getattr(field, "field_names", None):
                # The parts of a composite key.
                field.field_names = follow(parts)
        is_referenced = False
        for _, _, field, reference in get_references(self, key, (old_name, renamed)):
            is_referenced = True
            if reference.to:
                remote = reference.to[0]
                if getattr(remote, "field_name", None) == old_name:
                    remote.field_name = new_name
                if getattr(field, "to_fields", None):
                    field.to_fields = follow(field.to_fields)
        if is_referenced and self._drafts is not None:
            # Fields of other models have changed in place.
            self._drafts.clear()
        relations = self._relations
        self.reload_model(*key, delay=not renamed.is_relation and not is_referenced)
        self._relations = _renamed_in(relations, key, old_name, new_name)

    # Relations.

    @property
    def relations(self) -> dict[ModelKey, dict[ModelKey, dict[str, Any]]]:
        """Target model → model with relations to it → those fields by name.

        Relations to a proxy are also relations to the models that it stands for.
        """
        if self._relations is None:
            self._relations = self._collect_relations()
        return self._relations

    def _collect_relations(self) -> dict[ModelKey, dict[ModelKey, dict[str, Any]]]:
        found = _Relations()
        concrete = {key: self._concrete_key(key) for key in self.models}
        proxies: dict[ModelKey, list[ModelKey]] = defaultdict(list)
        for key, target in concrete.items():
            if key != target:
                proxies[target].append(key)
        for key, state in self.models.items():
            for name, field in state.fields.items():
                remote = field.remote_field
                if not remote:
                    continue
                targets = [resolve_relation(remote.model, *key)]
                if through := getattr(remote, "through", None):
                    targets.append(resolve_relation(through, *key))
                for target in targets:
                    real = concrete.get(target, target)
                    for each in dict.fromkeys((real, *proxies[real])):
                        found.setdefault(each, {}).setdefault(key, {})[name] = field
        # Known ones stay where they are; new ones follow.
        for target, sources in found.items():
            known = [key for key in self._sources.get(target, ()) if key in sources]
            order = [*known, *(key for key in sources if key not in known)]
            found[target] = {key: sources[key] for key in order}
            self._sources[target] = order
        return found

    def _concrete_key(self, key: ModelKey) -> ModelKey:
        """Return the model that has the table of a (proxy) model."""
        seen = set()
        while (state := self.models.get(key)) and state.options.get("proxy") and key not in seen:
            seen.add(key)
            parents = [
                resolve_relation(base, state.app_label)
                for base in state.bases
                if isinstance(base, str) or getattr(base, "_meta", None) and not base._meta.abstract
            ]
            if not parents:
                break
            key = parents[0]
        return key

    def get_concrete_model_key(self, model: Any) -> ModelKey:
        """Return the key of the model that has ``model``'s table."""
        return self._concrete_key(resolve_relation(model))

    def resolve_fields_and_relations(self) -> None:
        """Collect the relations now; they are collected on demand otherwise."""
        self._relations = self._collect_relations()

    # Copies.

    def clone(self) -> ProjectState:
        """Return an independent copy; classes that were made are shared."""
        twin = ProjectState(
            models={key: state.clone() for key, state in self.models.items()},
            real_apps=set(self.real_apps),
        )
        if "apps" in self.__dict__:
            twin.__dict__["apps"] = self.apps.clone()
        twin.is_delayed = self.is_delayed
        return twin

    def snapshot(self) -> ProjectState:
        """Return a copy that shares the model states until one of both changes them.

        For operations that change states by the methods above alone, and need no more than drafts
        of classes: classes that were made for all models are let go.
        """
        self.__dict__.pop("apps", None)
        self.is_delayed = False
        self._own = set()
        if self._drafts is None:
            self._drafts = Drafts()
        twin = ProjectState(dict(self.models), self.real_apps)
        twin._own, twin._drafts = set(), self._drafts
        return twin

    def take_over(self, before: ProjectState) -> None:
        """Take the classes of the state before an operation that left the state as it was.

        They are not made again for the next operation then, and drafts are not used.
        """
        unchanged = self.models.keys() == before.models.keys() and all(
            state.fields == (earlier := before.models[key]).fields
            and (state.options, state.bases) == (earlier.options, earlier.bases)
            for key, state in self.models.items()
        )
        if unchanged and "apps" in before.__dict__ and "apps" not in self.__dict__:
            self.__dict__["apps"] = before.apps.clone()
        self._drafts = None

    @classmethod
    def from_apps(cls, apps: Apps) -> ProjectState:
        """Return the state of all models of a registry."""
        states = [ModelState.from_model(model) for model in apps.get_models(include_swapped=True)]
        return cls({(state.app_label, state.name_lower): state for state in states})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ProjectState):
            return NotImplemented
        return self.models == other.models and self.real_apps == other.real_apps

    __hash__ = None  # type: ignore[assignment]


def _renamed_in(relations: Any, key: ModelKey, name: str, new_name: str | None) -> Any:
    """Rename a field of the model ``key`` in collected relations, or remove it; return these.

    This is done in place: who holds a part of them sees it change.
    """
    for target, sources in list((relations or {}).items()):
        fields = sources.get(key, {})
        if name not in fields:
            continue
        field = fields.pop(name)
        if new_name is not None:
            fields[new_name] = field
        elif not fields:
            del sources[key]
            if not sources:
                del relations[target]
    return relations


def _with_default(field: Any, preserve_default: bool) -> Any:
    if preserve_default:
        return field
    field = field.clone()
    field.default = NOT_PROVIDED
    return field
