"""Operations on models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

from nuages.db import models
from nuages.db.migrations.operations.base import Operation, OperationCategory
from nuages.db.migrations.operations.fields import (
    AddField,
    AlterField,
    FieldOperation,
    RemoveField,
    RenameField,
)
from nuages.db.migrations.operations.indexes import (
    AddConstraint,
    AddIndex,
    AlterConstraint,
    IndexOperation,
    RemoveConstraint,
    RemoveIndex,
    RenameIndex,
    absorbed_by,
)
from nuages.db.migrations.state import ModelState
from nuages.db.migrations.utils import field_references, resolve_relation
from nuages.db.models.options import normalize_together

__all__ = [
    "AddConstraint",
    "AddIndex",
    "AlterConstraint",
    "AlterIndexTogether",
    "AlterModelManagers",
    "AlterModelOptions",
    "AlterModelTable",
    "AlterModelTableComment",
    "AlterOrderWithRespectTo",
    "AlterUniqueTogether",
    "CreateModel",
    "DeleteModel",
    "ModelOperation",
    "RemoveConstraint",
    "RemoveIndex",
    "RenameIndex",
    "RenameModel",
]

_TOGETHER = ("unique_together", "index_together")


def _base_name(base: Any) -> Any:
    """Return a base as it is compared: names in lower case, classes of models by name."""
    if hasattr(base, "_meta"):
        return base._meta.label_lower
    return base.lower() if isinstance(base, str) else base


class ModelOperation(Operation):
    """Base of operations on one model."""

    name: str

    def references_model(self, name: str, app_label: str) -> bool:
        return self.name_lower == name.lower()

    def can_reduce_through(self, operation: Operation, app_label: str) -> bool:
        """Whether a later operation may go before this one."""
        return not operation.references_model(self.name, app_label)

    def reduce(self, operation: Operation, app_label: str) -> Any:
        if reduced := super().reduce(operation, app_label):
            return reduced
        return self.can_reduce_through(operation, app_label)

    def _model(self, app_label: str, editor: Any, state: Any, name: str | None = None) -> Any:
        """Return the model of a state, or ``None`` if it has no table in this database."""
        model = state.model(app_label, name or self.name)
        return model if self.allow_migrate_model(editor.connection.alias, model) else None


class _MakesOrDrops(ModelOperation):
    """Base of operations that make a table one way, and drop it the other."""

    makes: bool
    asks_for_models_alone = True

    def _change(self, app_label: str, editor: Any, before: Any, after: Any, back: bool) -> None:
        # A table is made from the state that it will be in, and dropped from that it is in.
        makes = self.makes is not back
        if model := self._model(app_label, editor, after if makes else before):
            (editor.create_model if makes else editor.delete_model)(model)


@dataclass(eq=False, repr=False)
class CreateModel(_MakesOrDrops):
    """Makes a model and its table.

    Raises:
        ValueError: a field, base or manager is named twice.
    """

    name: str
    fields: Any
    options: dict[str, Any] = field(default_factory=dict)
    bases: Any = (models.Model,)
    managers: Any = field(default_factory=list)

    makes = True
    category = OperationCategory.ADDITION
    fragment = "{self.name_lower}"
    serialization_expand_args = ["fields", "options", "managers"]

    def __post_init__(self) -> None:
        for argument in fields(self)[2:]:
            # None, and whatever else is empty, is what is usual.
            if not getattr(self, argument.name):
                usual = argument.default_factory
                setattr(self, argument.name, usual() if callable(usual) else argument.default)
        named = {
            "fields": [each for each, _ in self.fields],
            "bases": list(map(_base_name, self.bases)),
            "managers": [each for each, _ in self.managers],
        }
        for argument_name, names in named.items():
            for index, each in enumerate(names):
                if each in names[:index]:
                    raise ValueError(
                        f"Found duplicate value {each} in CreateModel {argument_name} argument."
                    )

    def deconstruct(self) -> tuple[str, Any, dict[str, Any]]:
        name, args, kwargs = super().deconstruct()
        if self.managers == [("objects", models.Manager())]:
            del kwargs["managers"]
        return name, args, kwargs

    def state_forwards(self, app_label: str, state: Any) -> None:
        copies = (list(self.fields), {**self.options}, tuple(self.bases), list(self.managers))
        state.add_model(ModelState(app_label, self.name, *copies))

    def describe(self) -> str:
        return f"Create {'proxy ' if self.options.get('proxy') else ''}model {self.name}"

    def references_model(self, name: str, app_label: str) -> bool:
        own, wanted = ((app_label, each.lower()) for each in (self.name, name))
        return own == wanted or wanted in self._referenced(app_label, own, wanted)

    def _referenced(self, app_label: str, own: Any, wanted: Any) -> Iterator[Any]:
        """Yield the bases, and ``wanted`` if a field refers to it."""
        for base in self.bases:
            if isinstance(base, str) or hasattr(base, "_meta"):
                yield resolve_relation(base, app_label)
        for _, each in self.fields:
            if field_references(own, each, wanted):
                yield wanted

    # What later operations come to.

    def _with(self, **changes: Any) -> list[Operation]:
        return [replace(self, **changes)]

    def _with_options(self, **options: Any) -> list[Operation]:
        return self._with(options={**self.options, **options})

    def reduce(self, operation: Operation, app_label: str) -> Any:
        reduced: Any = None
        match operation:
            case RenameModel() if operation.old_name_lower == self.name_lower:
                return self._with(name=operation.new_name)
            case ModelOperation() if operation.name_lower == self.name_lower:
                reduced = self._after_model_operation(operation)
            case FieldOperation() if operation.model_name_lower == self.name_lower:
                reduced = self._after_field_operation(operation)
            case IndexOperation() if operation.model_name_lower == self.name_lower:
                reduced = absorbed_by(self, operation)
        return super().reduce(operation, app_label) if reduced is None else reduced

    def _after_model_operation(self, operation: Any) -> Any:
        match operation:
            case DeleteModel():
                return []
            case AlterModelOptions(options=options):
                reset = set(operation.ALTER_OPTION_KEYS) - options.keys()
                kept = {key: value for key, value in self.options.items() if key not in reset}
                return self._with(options={**kept, **options})
            case AlterModelManagers(managers=managers):
                return self._with(managers=managers)
            case _SetsOption():
                return self._with_options(**operation.new_options())
        return None

    def _after_field_operation(self, operation: Any) -> Any:
        name = operation.name
        match operation:
            case AddField(field=added):
                return self._with(fields=[*self.fields, (name, added)])
            case AlterField(field=altered):
                return self._with(
                    fields=[(each, altered if each == name else old) for each, old in self.fields]
                )
            case RemoveField():
                return self._with_names(lambda each: None if each.lower() == name.lower() else each)
            case RenameField(new_name=new_name):
                return self._with_names(lambda each: new_name if each == name else each)
        return None

    def _with_names(self, new_name: Any) -> list[Operation]:
        """Return the operation with fields renamed, or removed where ``new_name`` gives none."""
        options = dict(self.options)
        for option in _TOGETHER:
            if option in options:
                together = {
                    tuple(filter(None, map(new_name, names))) for names in options.pop(option)
                }
                if left := together - {()}:
                    options[option] = left
        if order := options.pop("order_with_respect_to", None):
            if new_name(order):
                options["order_with_respect_to"] = new_name(order)
        return self._with(
            fields=[(new_name(each), old) for each, old in self.fields if new_name(each)],
            options=options,
        )


@dataclass(eq=False, repr=False)
class DeleteModel(_MakesOrDrops):
    """Drops a model and its table."""

    name: str

    makes = False
    category = OperationCategory.REMOVAL
    description = "Delete model {self.name}"
    fragment = "delete_{self.name_lower}"

    def references_model(self, name: str, app_label: str) -> bool:
        # Anything may have pointed to the model that goes.
        return True

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.remove_model(app_label, self.name_lower)


@dataclass(eq=False, repr=False)
class RenameModel(ModelOperation):
    """Renames a model, its table, and the columns that are named for it."""

    old_name: str
    new_name: str

    category = OperationCategory.ALTERATION
    description = "Rename model {self.old_name} to {self.new_name}"
    fragment = "rename_{self.old_name_lower}_{self.new_name_lower}"

    @property
    def name(self) -> str:  # type: ignore[override]
        """The name of the model that is there."""
        return self.old_name

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.rename_model(app_label, self.old_name, self.new_name)

    def _change(self, app_label: str, editor: Any, before: Any, after: Any, back: bool) -> None:
        old_name, new_name = self.old_name, self.new_name
        if back:
            old_name, new_name = new_name, old_name
        # What points to the model is of interest here.
        old_model = before.apps.get_model(app_label, old_name)
        new_model = after.apps.get_model(app_label, new_name)
        if not self.allow_migrate_model(editor.connection.alias, new_model):
            return
        tables = [model._meta.db_table for model in (old_model, new_model)]
        if len(set(tables)) > 1:
            editor.alter_db_table(new_model, *tables)
        # A table that is named by hand stays, and so do keys to it.
        relations = old_model._meta.related_objects if len(set(tables)) > 1 else ()
        for relation in relations:
            meta = relation.related_model._meta
            name = new_name if relation.related_model == old_model else meta.model_name
            model = after.apps.get_model(meta.app_label, name)
            editor.alter_field(model, relation.field, model._meta.get_field(relation.field.name))
        for old_field, new_field in _many_to_many(old_model, new_model):
            # A relation to itself was altered above.
            if new_field.model != new_field.related_model:
                # The table between is named for the model, and so is its column.
                editor._alter_many_to_many(new_model, old_field, new_field, strict=False)

    def references_model(self, name: str, app_label: str) -> bool:
        return name.lower() in {self.old_name_lower, self.new_name_lower}

    def reduce(self, operation: Operation, app_label: str) -> Any:
        match operation:
            case RenameModel(new_name=last) if operation.old_name_lower == self.new_name_lower:
                return [RenameModel(self.old_name, last)]
        # The new name is this operation's too.
        reduced = Operation.reduce(self, operation, app_label)
        return reduced or not operation.references_model(self.new_name, app_label)


def _many_to_many(old_model: Any, new_model: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the fields of both models whose tables between are not the project's own."""
    old, new = (model._meta.local_many_to_many for model in (old_model, new_model))
    for pair in zip(old, new, strict=False):
        if pair[1].remote_field.through._meta.auto_created:
            yield pair


class ModelOptionOperation(ModelOperation):
    """Base of operations on options; a later one of the same kind is enough."""

    asks_for_models_alone = True
    category = OperationCategory.ALTERATION

    def reduce(self, operation: Operation, app_label: str) -> Any:
        supersedes = isinstance(operation, type(self) | DeleteModel)
        if supersedes and operation.references_model(self.name, app_label):
            if operation.name_lower == self.name_lower:
                return [operation]
        return super().reduce(operation, app_label)

    def _change(self, app_label: str, editor: Any, before: Any, after: Any, back: bool) -> None:
        old_model = before.model(app_label, self.name)
        if new_model := self._model(app_label, editor, after):
            self._change_table(editor, old_model, new_model)

    def _change_table(self, editor: Any, old_model: Any, new_model: Any) -> None:
        """Most options are nothing that the database knows of."""


class _SetsOption(ModelOptionOperation):
    """Base of operations that set one option of ``Meta``."""

    #: The option, and the argument that holds its value.
    option_name = argument = ""

    @property
    def option_value(self) -> Any:
        """The new value."""
        return getattr(self, self.argument or self.option_name)

    def new_options(self) -> dict[str, Any]:
        """Return the option with its new value."""
        return {self.option_name: self.option_value}

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.alter_model_options(app_label, self.name_lower, self.new_options())


@dataclass(eq=False, repr=False)
class AlterModelTable(_SetsOption):
    """Renames a model's table; ``None`` is the usual name."""

    name: str
    table: str | None

    option_name, argument = "db_table", "table"
    fragment = "alter_{self.name_lower}_table"

    def describe(self) -> str:
        return f"Rename table for {self.name} to {self.table or '(default)'}"

    def _change_table(self, editor: Any, old_model: Any, new_model: Any) -> None:
        pairs = [(old_model, new_model)]
        for old, new in _many_to_many(old_model, new_model):
            pairs.append((old.remote_field.through, new.remote_field.through))
        for old, new in pairs:
            editor.alter_db_table(new, old._meta.db_table, new._meta.db_table)


@dataclass(eq=False, repr=False)
class AlterModelTableComment(_SetsOption):
    """Changes the comment of a model's table."""

    name: str
    table_comment: str | None

    option_name, argument = "db_table_comment", "table_comment"
    description = "Alter {self.name} table comment"
    fragment = "alter_{self.name_lower}_table_comment"

    def _change_table(self, editor: Any, old_model: Any, new_model: Any) -> None:
        comments = [model._meta.db_table_comment for model in (old_model, new_model)]
        editor.alter_db_table_comment(new_model, *comments)


class AlterTogetherOptionOperation(_SetsOption):
    """Base of changes of ``unique_together`` and ``index_together``."""

    def __post_init__(self) -> None:
        if self.option_value:
            setattr(self, self.option_name, set(normalize_together(self.option_value)))

    fragment = "alter_{self.name_lower}_{self.option_name}"

    def describe(self) -> str:
        number = len(self.option_value or "")
        return f"Alter {self.option_name} for {self.name} ({number} constraint(s))"

    def _change(self, app_label: str, editor: Any, before: Any, after: Any, back: bool) -> None:
        if model := self._model(app_label, editor, after):
            values = [
                state.models[app_label, self.name_lower].options.get(self.option_name) or ()
                for state in (before, after)
            ]
            getattr(editor, f"alter_{self.option_name}")(model, *values)

    def references_field(self, model_name: str, name: str, app_label: str) -> bool:
        if not self.references_model(model_name, app_label):
            return False
        return not self.option_value or any(name in names for names in self.option_value)

    def can_reduce_through(self, operation: Operation, app_label: str) -> bool:
        other_kind = isinstance(operation, AlterTogetherOptionOperation) and not isinstance(
            operation, type(self)
        )
        return other_kind or super().can_reduce_through(operation, app_label)


@dataclass(eq=False, repr=False)
class AlterUniqueTogether(AlterTogetherOptionOperation):
    """Changes ``unique_together``."""

    name: str
    unique_together: Any

    option_name = "unique_together"


@dataclass(eq=False, repr=False)
class AlterIndexTogether(AlterTogetherOptionOperation):
    """Changes ``index_together``, which only old migrations have."""

    name: str
    index_together: Any

    option_name = "index_together"


@dataclass(eq=False, repr=False)
class AlterOrderWithRespectTo(_SetsOption):
    """Changes ``order_with_respect_to``, and adds or drops its column."""

    name: str
    order_with_respect_to: str | None

    option_name = "order_with_respect_to"
    description = "Set order_with_respect_to on {self.name} to {self.order_with_respect_to}"
    fragment = "alter_{self.name_lower}_order_with_respect_to"

    def _change_table(self, editor: Any, old_model: Any, new_model: Any) -> None:
        match [bool(model._meta.order_with_respect_to) for model in (old_model, new_model)]:
            case [True, False]:
                editor.remove_field(old_model, old_model._meta.get_field("_order"))
            case [False, True]:
                order = new_model._meta.get_field("_order")
                if not order.has_default():
                    order.default = 0
                editor.add_field(old_model, order)

    def references_field(self, model_name: str, name: str, app_label: str) -> bool:
        about = (None, name)
        return self.order_with_respect_to in about and self.references_model(model_name, app_label)


@dataclass(eq=False, repr=False)
class AlterModelOptions(ModelOptionOperation):
    """Changes options that the database knows nothing of."""

    name: str
    options: dict[str, Any]

    description = "Change Meta options on {self.name}"
    fragment = "alter_{self.name_lower}_options"
    ALTER_OPTION_KEYS = (
        "base_manager_name default_manager_name default_related_name get_latest_by managed "
        "ordering permissions default_permissions select_on_save verbose_name verbose_name_plural"
    ).split()

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.alter_model_options(app_label, self.name_lower, self.options, self.ALTER_OPTION_KEYS)

    def _change(self, app_label: str, editor: Any, before: Any, after: Any, back: bool) -> None:
        """Nothing to do."""


@dataclass(eq=False, repr=False)
class AlterModelManagers(ModelOptionOperation):
    """Changes the managers that migrations see."""

    name: str
    managers: Any

    description = "Change managers on {self.name}"
    fragment = "alter_{self.name_lower}_managers"
    serialization_expand_args = ["managers"]

    def deconstruct(self) -> tuple[str, Any, dict[str, Any]]:
        return type(self).__name__, [self.name, self.managers], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.alter_model_managers(app_label, self.name_lower, self.managers)

    def _change(self, app_label: str, editor: Any, before: Any, after: Any, back: bool) -> None:
        """Nothing to do."""
