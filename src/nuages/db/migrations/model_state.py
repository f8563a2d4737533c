"""One model as plain data: fields, options, bases, managers."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any, Generic

from nuages.apps.registry import Apps
from nuages.db import models
from nuages.db.migrations.exceptions import InvalidBasesError
from nuages.db.models.options import DEFAULT_NAMES as META_NAMES
from nuages.db.models.options import normalize_together
from nuages.utils.functional import cached_property
from nuages.utils.module_loading import import_string

#: The options of ``Meta`` that states know.
DEFAULT_NAMES = META_NAMES
#: Options that name relations, for copies without relations.
_RELATION_OPTIONS = ("unique_together", "index_together", "order_with_respect_to")


def _validated_fields(fields: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield field names with what is wrong with the field."""
    for name, field in fields.items():
        if hasattr(field, "model"):
            yield name, 'ModelState.fields cannot be bound to a model - "{0}" is.'
        remote = field.remote_field if field.is_relation else None
        for part, attribute in (("to", "model"), ("through", "through")):
            if remote is not None and hasattr(getattr(remote, attribute, None), "_meta"):
                yield (
                    name,
                    f'Model fields in "ModelState.fields" cannot refer to a model class - "{{1}}.'
                    f'{part}" does. Use a string reference instead.',
                )


class ModelState:
    """A model between two migrations.

    Args:
        fields: fields by name, as a dictionary or as pairs; none bound to a model, relations
            by name.
        options: the options of ``Meta``.
        bases: names of models, or classes.
        managers: names and managers.

    Raises:
        ValueError: a field is bound, or an index has no name.
    """

    def __init__(
        self,
        app_label: str,
        name: str,
        fields: Iterable[tuple[str, Any]] | dict[str, Any],
        options: dict[str, Any] | None = None,
        bases: tuple[Any, ...] | None = None,
        managers: list[tuple[str, Any]] | None = None,
    ) -> None:
        self.app_label, self.name, self.fields = app_label, name, dict(fields)
        self.options: dict[str, Any] = dict(options or {})
        self.options.setdefault("indexes", [])
        self.options.setdefault("constraints", [])
        self.bases, self.managers = bases or (models.Model,), managers or []
        for field_name, trouble in _validated_fields(self.fields):
            raise ValueError(trouble.format(field_name, f"{app_label}.{name}.{field_name}"))
        for index in self.options["indexes"]:
            if not index.name:
                raise ValueError(
                    f"Indexes passed to ModelState require a name attribute. {index!r} doesn't "
                    "have one."
                )

    @cached_property
    def name_lower(self) -> str:
        """The model's name in lower case."""
        return self.name.lower()

    def get_field(self, field_name: str) -> Any:
        """Return a field; ``"_order"`` names what ``order_with_respect_to`` says."""
        if field_name == "_order":
            field_name = self.options.get("order_with_respect_to") or field_name
        return self.fields[field_name]

    @classmethod
    def from_model(cls, model: Any, exclude_rels: bool = False) -> ModelState:
        """Return the state of a model class.

        Args:
            exclude_rels: leave relations out.

        Raises:
            TypeError: a field cannot be copied.
        """
        meta = model._meta
        fields: list[tuple[str, Any]] = []
        for field in (*meta.local_fields, *meta.local_many_to_many):
            relation = getattr(field, "remote_field", None)
            if relation and exclude_rels or isinstance(field, models.OrderWrt):
                continue
            try:
                fields.append((field.name, field.clone()))
            except TypeError as error:
                raise TypeError(
                    f"Couldn't reconstruct field {field.name} on {meta.label}: {error}"
                ) from error
        options = dict(_options_of(meta))
        if exclude_rels:
            for name in _RELATION_OPTIONS:
                options.pop(name, None)
        elif options.get("order_with_respect_to") in {field.name for field in meta.private_fields}:
            # Relations to anything are no columns.
            del options["order_with_respect_to"]
        # In the order of resolution: without the abstract ones between, another may be impossible.
        in_order = sorted(set(_without_abstract(model)), key=model.__mro__.index)
        bases = tuple(
            base._meta.label_lower if hasattr(base, "_meta") else base for base in in_order
        )
        if not any(isinstance(base, str) or issubclass(base, models.Model) for base in bases):
            bases = (models.Model,)
        return cls(meta.app_label, meta.object_name, fields, options, bases, _managers_of(model))

    def construct_managers(self) -> Iterator[tuple[str, Any]]:
        """Yield the managers by name, made anew from what they deconstruct to."""
        ordered = sorted(self.managers, key=lambda pair: pair[1].creation_counter)
        for name, manager in ordered:
            as_manager, manager_path, queryset_path, args, kwargs = manager.deconstruct()
            if as_manager:
                yield name, import_string(queryset_path).as_manager()
            else:
                yield name, import_string(manager_path)(*args, **kwargs)

    def clone(self) -> ModelState:
        """Return a copy; fields are shared, lists and dictionaries are not."""
        twin = copy.copy(self)
        twin.__dict__.pop("name_lower", None)
        twin.fields = dict(self.fields)
        twin.options = dict(self.options)
        twin.managers = list(self.managers)
        return twin

    def render(self, apps: Apps) -> Any:
        """Return a model class of this state, registered in ``apps``.

        Raises:
            InvalidBasesError: a base is not registered yet.
        """
        try:
            bases = tuple(
                apps.get_model(base) if isinstance(base, str) else base for base in self.bases
            )
        except LookupError as error:
            raise InvalidBasesError(
                f"Cannot resolve one or more bases from {self.bases!r}"
            ) from error
        # Without its parameters, Generic cannot be a base; and it brings no fields.
        bases = tuple(base for base in bases if base is not Generic)
        meta = {**self.options, "app_label": self.app_label, "apps": apps}
        # Only old migrations know it: the table has these indexes, the model does not say so.
        index_together = meta.pop("index_together", None)
        body: dict[str, Any] = {name: field.clone() for name, field in self.fields.items()}
        body["Meta"] = type("Meta", (), meta)
        # No module: such a class is nobody's to import.
        body["__module__"] = "__fake__"
        body.update(self.construct_managers())
        model = type(self.name, bases, body)
        if index_together:
            model._meta.index_together = [tuple(names) for names in index_together]  # type: ignore[attr-defined]
        return model

    def _named(self, option: str, kind: str, name: str) -> Any:
        for each in self.options[option]:
            if each.name == name:
                return each
        raise ValueError(f"No {kind} named {name} on model {self.name}")

    def get_index_by_name(self, name: str) -> Any:
        """Return an index. Raises ``ValueError`` if there is none of that name."""
        return self._named("indexes", "index", name)

    def get_constraint_by_name(self, name: str) -> Any:
        """Return a constraint. Raises ``ValueError`` if there is none of that name."""
        return self._named("constraints", "constraint", name)

    def __repr__(self) -> str:
        return f"<ModelState: '{self.app_label}.{self.name}'>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ModelState):
            return NotImplemented

        def parts(state: ModelState) -> tuple[Any, ...]:
            fields = {
                # The name of the field is the key here, not what it says of itself.
                name: field.deconstruct()[1:]
                for name, field in state.fields.items()
            }
            return state.app_label, state.name, fields, state.options, state.bases, state.managers

        return parts(self) == parts(other)

    __hash__ = None  # type: ignore[assignment]


def _options_of(meta: Any) -> Iterator[tuple[str, Any]]:
    """Yield the options that a model's ``Meta`` says."""
    for name in DEFAULT_NAMES:
        if name in ("apps", "app_label") or name not in meta.original_attrs:
            continue
        value = meta.original_attrs[name]
        match name:
            case "unique_together":
                value = set(normalize_together(value))
            case "indexes":
                value = [index.clone() for index in meta.indexes]
                for copied, original in zip(value, meta.indexes, strict=True):
                    if not copied.name:
                        copied.set_name_with_model(
                            original.model if hasattr(original, "model") else meta.model
                        )
            case "constraints":
                value = [constraint.clone() for constraint in meta.constraints]
        yield name, value


def _without_abstract(model: Any) -> Iterator[Any]:
    """Yield a class's bases, with those of abstract models in the place of these."""
    for base in model.__bases__:
        if hasattr(base, "_meta") and base._meta.abstract:
            yield from _without_abstract(base)
        else:
            yield base


def _managers_of(model: Any) -> list[tuple[str, Any]]:
    """Return the managers that migrations see, and those without which they are not found."""
    kept: dict[str, Any] = {}
    places = (model._base_manager, model._default_manager)
    for manager in model._meta.managers:
        if manager.use_in_migrations:
            kept.setdefault(manager.name, manager)
        elif any(manager is place for place in places):
            kept.setdefault(manager.name, None)
    # A plain "objects" need not be said.
    default = model._default_manager
    if list(kept.items()) == [("objects", None)] and default.name == "objects":
        return []
    return [(name, _manager_of_state(model, name, manager)) for name, manager in kept.items()]


def _manager_of_state(model: Any, name: str, manager: Any) -> Any:
    if manager is not None:
        copied = copy.copy(manager)
        copied._set_creation_counter()
        return copied
    # Only its place is kept, for queries through it.
    plain = models.Manager()
    plain.model, plain.name = model, name
    return plain


# Where the manual has them.
ModelState.__module__ = "django.db.migrations.state"
