"""Operations on indexes and constraints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from nuages.db.migrations.operations.base import Operation, OperationCategory

__all__ = [
    "AddConstraint",
    "AddIndex",
    "AlterConstraint",
    "IndexOperation",
    "RemoveConstraint",
    "RemoveIndex",
    "RenameIndex",
    "absorbed_by",
]


class IndexOperation(Operation):
    """Base of operations on indexes and constraints of one model."""

    option_name = "indexes"
    asks_for_models_alone = True
    model_name: str

    def _model(self, app_label: str, editor: Any, state: Any) -> Any:
        """Return the model of a state, or ``None`` if it has no table in this database."""
        model = state.model(app_label, self.model_name)
        return model if self.allow_migrate_model(editor.connection.alias, model) else None

    def _is_on(self, operation: Any, name: str | None) -> bool:
        """Whether a later operation is about what this one leaves under ``name``."""
        return bool(
            operation.model_name_lower == self.model_name_lower
            and name == getattr(operation, "old_name", getattr(operation, "name", None))
        )

    #: Later operations on the same object, and what they come to with this one.
    def _absorbed(self, operation: IndexOperation) -> list[Operation] | None:
        return None

    def reduce(self, operation: Operation, app_label: str) -> Any:
        if isinstance(operation, IndexOperation):
            absorbed = self._absorbed(operation)
            if absorbed is not None:
                return absorbed
        return super().reduce(operation, app_label)


class _Adds(IndexOperation):
    """Base of operations that add an object one way, and remove it the other."""

    category = OperationCategory.ADDITION
    #: The word for the object, in the names of the editor's and the state's methods.
    kind = ""

    @property
    def _object(self) -> Any:
        return getattr(self, self.kind)

    def state_forwards(self, app_label: str, state: Any) -> None:
        getattr(state, f"add_{self.kind}")(app_label, self.model_name_lower, self._object)

    def _change(self, app_label: str, editor: Any, before: Any, after: Any, back: bool) -> None:
        # An index is dropped from the model that has it; a table without a constraint may be
        # built anew, from the model that has it no more.
        state = before if back and self.kind == "index" else after
        if model := self._model(app_label, editor, state):
            getattr(editor, f"{'remove' if back else 'add'}_{self.kind}")(model, self._object)

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.model_name_lower}_{self._object.name.lower()}"


class _Removes(IndexOperation):
    """Base of operations that remove an object by name, and add it on the way back."""

    category = OperationCategory.REMOVAL
    fragment = "remove_{self.model_name_lower}_{self.name_lower}"
    kind = ""
    name: str

    def state_forwards(self, app_label: str, state: Any) -> None:
        getattr(state, f"remove_{self.kind}")(app_label, self.model_name_lower, self.name)

    def _change(self, app_label: str, editor: Any, before: Any, after: Any, back: bool) -> None:
        has_it, asked = (after, after) if back else (before, after)
        if self.kind == "index" and not back:
            asked = before
        if model := self._model(app_label, editor, asked):
            state = has_it.models[app_label, self.model_name_lower]
            found = getattr(state, f"get_{self.kind}_by_name")(self.name)
            getattr(editor, f"{'add' if back else 'remove'}_{self.kind}")(model, found)


@dataclass(eq=False, repr=False)
class AddIndex(_Adds):
    """Adds an index.

    Raises:
        ValueError: the index has no name.
    """

    model_name: str
    index: Any

    kind = "index"

    def __post_init__(self) -> None:
        if not self.index.name:
            raise ValueError(
                "Indexes passed to AddIndex operations require a name argument. "
                f"{self.index!r} doesn't have one."
            )

    def describe(self) -> str:
        index = self.index
        if index.expressions:
            what = f"{', '.join(map(str, index.expressions))} on model"
        else:
            what = f"field(s) {', '.join(index.fields)} of model"
        return f"Create index {index.name} on {what} {self.model_name}"

    def _absorbed(self, operation: IndexOperation) -> list[Operation] | None:
        if not self._is_on(operation, self.index.name):
            return None
        match operation:
            case RemoveIndex():
                return []
            case RenameIndex(new_name=name):
                return [replace(self, index=_renamed(self.index, name))]
        return None


@dataclass(eq=False, repr=False)
class RemoveIndex(_Removes):
    """Removes an index, by name."""

    model_name: str
    name: str

    kind = "index"
    description = "Remove index {self.name} from {self.model_name}"


def _renamed(index: Any, name: str) -> Any:
    index = index.clone()
    index.name = name
    return index


@dataclass(eq=False, repr=False)
class RenameIndex(IndexOperation):
    """Renames an index, or names one that ``index_together`` made.

    Raises:
        ValueError: not exactly one of ``old_name`` and ``old_fields`` was given.
    """

    model_name: str
    new_name: str
    old_name: str | None = None
    old_fields: Any = None

    category = OperationCategory.ALTERATION

    def __post_init__(self) -> None:
        match bool(self.old_name), bool(self.old_fields):
            case True, True:
                raise ValueError("RenameIndex.old_name and old_fields are mutually exclusive.")
            case False, False:
                raise ValueError(
                    "RenameIndex requires one of old_name and old_fields arguments to be set."
                )

    def describe(self) -> str:
        what = self.old_name or f"for {self.old_fields}"
        kind = "index" if self.old_name else "unnamed index"
        return f"Rename {kind} {what} on {self.model_name} to {self.new_name}"

    @property
    def migration_name_fragment(self) -> str:
        words = (
            [self.old_name_lower] if self.old_name else [self.model_name_lower, *self.old_fields]
        )
        return "_".join(("rename", *words, self.new_name_lower))

    def state_forwards(self, app_label: str, state: Any) -> None:
        where = (app_label, self.model_name_lower)
        if self.old_name:
            state.rename_index(*where, self.old_name, self.new_name)
            return
        state.remove_model_options(*where, "index_together", self.old_fields)
        state.add_index(*where, self._named(self.new_name))

    def _named(self, name: str) -> Any:
        from nuages.db.models import Index

        return Index(fields=self.old_fields, name=name)

    def _change(self, app_label: str, editor: Any, before: Any, after: Any, back: bool) -> None:
        model = self._model(app_label, editor, after)
        # An unnamed one stays under its new name: the old one was made up by the database.
        if model is None or back and not self.old_name:
            return
        key = (app_label, self.model_name_lower)
        names = [self.old_name, self.new_name]
        if back:
            names.reverse()
        if self.old_name:
            old = before.models[key].get_index_by_name(names[0])
        else:
            old = self._unnamed(editor, before.model(*key))
        if old.name != names[1]:
            editor.rename_index(model, old, after.models[key].get_index_by_name(names[1]))

    def _unnamed(self, editor: Any, model: Any) -> Any:
        """Return the one index over the old fields, under the name that it has."""
        columns = [model._meta.get_field(name).column for name in self.old_fields]
        match editor._constraint_names(model, columns, index=True, unique=False):
            case [name]:
                return self._named(name)
            case found:
                raise ValueError(
                    f"Found wrong number ({len(found)}) of indexes for "
                    f"{model._meta.db_table}({', '.join(columns)})."
                )

    def _absorbed(self, operation: IndexOperation) -> list[Operation] | None:
        if isinstance(operation, RenameIndex) and operation.old_name:
            if self._is_on(operation, self.new_name):
                return [replace(self, new_name=operation.new_name)]
        return None


@dataclass(eq=False, repr=False)
class AddConstraint(_Adds):
    """Adds a constraint."""

    model_name: str
    constraint: Any

    kind = "constraint"
    option_name = "constraints"
    description = "Create constraint {self.constraint.name} on model {self.model_name}"

    def _absorbed(self, operation: IndexOperation) -> list[Operation] | None:
        if not self._is_on(operation, self.constraint.name):
            return None
        match operation:
            case RemoveConstraint():
                return []
            case AlterConstraint(constraint=constraint):
                return [replace(self, constraint=constraint)]
        return None


@dataclass(eq=False, repr=False)
class RemoveConstraint(_Removes):
    """Removes a constraint, by name."""

    model_name: str
    name: str

    kind = "constraint"
    option_name = "constraints"
    description = "Remove constraint {self.name} from model {self.model_name}"


@dataclass(eq=False, repr=False)
class AlterConstraint(IndexOperation):
    """Replaces a constraint by one that the database sees no difference to."""

    model_name: str
    name: str
    constraint: Any

    category = OperationCategory.ALTERATION
    option_name = "constraints"
    description = "Alter constraint {self.name} on {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.model_name_lower}_{self.constraint.name.lower()}"

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.alter_constraint(app_label, self.model_name_lower, self.name, self.constraint)

    def _change(self, app_label: str, editor: Any, before: Any, after: Any, back: bool) -> None:
        """Nothing to do."""

    def _absorbed(self, operation: IndexOperation) -> list[Operation] | None:
        later = isinstance(operation, AlterConstraint | RemoveConstraint)
        return [operation] if later and self._is_on(operation, self.name) else None


def absorbed_by(create: Any, operation: IndexOperation) -> Any:
    """Return the CreateModel that ``create`` and a later operation come to, or ``None``."""
    option = operation.option_name
    objects = list(create.options.get(option, ()))

    def changed(name: str | None, change: Callable[[Any], list[Any]]) -> list[Any]:
        return [new for old in objects for new in (change(old) if old.name == name else [old])]

    match operation:
        case AddIndex(index=added) | AddConstraint(constraint=added):
            objects.append(added)
        case RemoveIndex(name=name) | RemoveConstraint(name=name):
            objects = changed(name, lambda old: [])
        case AlterConstraint(name=name, constraint=constraint):
            objects = [*changed(name, lambda old: []), constraint]
        case RenameIndex(old_fields=names) if names:
            objects.append(operation._named(operation.new_name))
            left = {tuple(each) for each in create.options.get("index_together", ())}
            left.discard(tuple(names))
            options = {**create.options, option: objects, "index_together": left}
            if not left:
                del options["index_together"]
            return create._with(options=options)
        case _:
            return None
    return create._with_options(**{option: objects})


# Where the manual has them.
for _public in (
    AddConstraint,
    AddIndex,
    AlterConstraint,
    RemoveConstraint,
    RemoveIndex,
    RenameIndex,
):
    _public.__module__ = "django.db.migrations.operations.models"
