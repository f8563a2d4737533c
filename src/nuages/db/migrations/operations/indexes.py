"""Operations on indexes and constraints."""

from __future__ import annotations

from typing import Any

from nuages.db.migrations.operations.base import ALWAYS, Operation, OperationCategory
from nuages.utils.functional import cached_property

__all__ = [
    "AddConstraint",
    "AddIndex",
    "AlterConstraint",
    "IndexOperation",
    "RemoveConstraint",
    "RemoveIndex",
    "RenameIndex",
]


class IndexOperation(Operation):
    """Base of operations on indexes and constraints of one model."""

    option_name = "indexes"
    model_name: str

    @cached_property
    def model_name_lower(self) -> str:
        """The model's name in lower case."""
        return self.model_name.lower()

    def _model_if_allowed(self, app_label: str, schema_editor: Any, state: Any) -> Any:
        """Return the model of a state, or ``None`` if it has no table in this database."""
        model = state.apps.get_model(app_label, self.model_name)
        allowed = self.allow_migrate_model(schema_editor.connection.alias, model)
        return model if allowed else None


class AddIndex(IndexOperation):
    """Adds an index.

    Raises:
        ValueError: the index has no name.
    """

    category = OperationCategory.ADDITION

    def __init__(self, model_name: str, index: Any) -> None:
        self.model_name = model_name
        if not index.name:
            raise ValueError(
                "Indexes passed to AddIndex operations require a name argument. "
                f"{index!r} doesn't have one."
            )
        self.index = index

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.add_index(app_label, self.model_name_lower, self.index)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if model := self._model_if_allowed(app_label, schema_editor, to_state):
            schema_editor.add_index(model, self.index)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if model := self._model_if_allowed(app_label, schema_editor, from_state):
            schema_editor.remove_index(model, self.index)

    def deconstruct(self) -> tuple[str, Any, dict[str, Any]]:
        return type(self).__name__, [], {"model_name": self.model_name, "index": self.index}

    def describe(self) -> str:
        if self.index.expressions:
            what = ", ".join(str(expression) for expression in self.index.expressions)
            return f"Create index {self.index.name} on {what} on model {self.model_name}"
        fields = ", ".join(self.index.fields)
        return f"Create index {self.index.name} on field(s) {fields} of model {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.model_name_lower}_{self.index.name.lower()}"

    def reduce(self, operation: Operation, app_label: str) -> Any:
        match operation:
            case RemoveIndex() if self.index.name == operation.name:
                return []
            case RenameIndex() if self.index.name == operation.old_name:
                self.index.name = operation.new_name
                return [type(self)(model_name=self.model_name, index=self.index)]
        return super().reduce(operation, app_label)


class RemoveIndex(IndexOperation):
    """Removes an index, by name."""

    category = OperationCategory.REMOVAL
    _arguments = {"model_name": ALWAYS, "name": ALWAYS}

    def __init__(self, model_name: str, name: str) -> None:
        self.model_name = model_name
        self.name = name

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.remove_index(app_label, self.model_name_lower, self.name)

    def _index(self, app_label: str, state: Any) -> Any:
        return state.models[app_label, self.model_name_lower].get_index_by_name(self.name)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if model := self._model_if_allowed(app_label, schema_editor, from_state):
            schema_editor.remove_index(model, self._index(app_label, from_state))

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if model := self._model_if_allowed(app_label, schema_editor, to_state):
            schema_editor.add_index(model, self._index(app_label, to_state))

    def describe(self) -> str:
        return f"Remove index {self.name} from {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"remove_{self.model_name_lower}_{self.name.lower()}"


class RenameIndex(IndexOperation):
    """Renames an index, or names one that ``index_together`` made.

    Raises:
        ValueError: not exactly one of ``old_name`` and ``old_fields`` was given.
    """

    category = OperationCategory.ALTERATION
    _arguments = {"model_name": ALWAYS, "new_name": ALWAYS, "old_name": None, "old_fields": None}

    def __init__(
        self, model_name: str, new_name: str, old_name: str | None = None, old_fields: Any = None
    ) -> None:
        if not old_name and not old_fields:
            raise ValueError("RenameIndex requires one of old_name and old_fields arguments to be set.")
        if old_name and old_fields:
            raise ValueError("RenameIndex.old_name and old_fields are mutually exclusive.")
        self.model_name = model_name
        self.new_name = new_name
        self.old_name = old_name
        self.old_fields = old_fields

    @cached_property
    def old_name_lower(self) -> str:
        """The old name in lower case."""
        assert self.old_name is not None
        return self.old_name.lower()

    @cached_property
    def new_name_lower(self) -> str:
        """The new name in lower case."""
        return self.new_name.lower()

    def state_forwards(self, app_label: str, state: Any) -> None:
        if not self.old_fields:
            state.rename_index(app_label, self.model_name_lower, self.old_name, self.new_name)
            return
        from nuages.db.models import Index

        state.remove_model_options(
            app_label, self.model_name_lower, "index_together", self.old_fields
        )
        index = Index(fields=self.old_fields, name=self.new_name)
        state.add_index(app_label, self.model_name_lower, index)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = self._model_if_allowed(app_label, schema_editor, to_state)
        if model is None:
            return
        if not self.old_fields:
            before = from_state.models[app_label, self.model_name_lower].get_index_by_name(
                self.old_name
            )
            # The database may be ahead of the name that is given back.
            if before.name == self.new_name:
                return
        else:
            before = self._unnamed(schema_editor, from_state.apps.get_model(app_label, self.model_name))
        after = to_state.models[app_label, self.model_name_lower].get_index_by_name(self.new_name)
        schema_editor.rename_index(model, before, after)

    def _unnamed(self, schema_editor: Any, model: Any) -> Any:
        """Return the one index over the old fields, under the name that it has."""
        from nuages.db.models import Index

        columns = [model._meta.get_field(name).column for name in self.old_fields]
        found = schema_editor._constraint_names(model, columns, index=True, unique=False)
        if len(found) != 1:
            raise ValueError(
                f"Found wrong number ({len(found)}) of indexes for "
                f"{model._meta.db_table}({', '.join(columns)})."
            )
        return Index(fields=self.old_fields, name=found[0])

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if self.old_fields:
            # It stays under its new name: the old one was made up by the database.
            return
        back = RenameIndex(self.model_name, self.old_name or "", old_name=self.new_name)
        back.allow_migrate_model = self.allow_migrate_model  # type: ignore[method-assign]
        back.database_forwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        if self.old_name:
            return f"Rename index {self.old_name} on {self.model_name} to {self.new_name}"
        return f"Rename unnamed index for {self.old_fields} on {self.model_name} to {self.new_name}"

    @property
    def migration_name_fragment(self) -> str:
        if self.old_name:
            return f"rename_{self.old_name_lower}_{self.new_name_lower}"
        names = "_".join(self.old_fields)
        return f"rename_{self.model_name_lower}_{names}_{self.new_name_lower}"

    def reduce(self, operation: Operation, app_label: str) -> Any:
        if (
            isinstance(operation, RenameIndex)
            and self.model_name_lower == operation.model_name_lower
            and operation.old_name
            and self.new_name_lower == operation.old_name_lower
        ):
            return [
                RenameIndex(
                    self.model_name,
                    new_name=operation.new_name,
                    old_name=self.old_name,
                    old_fields=self.old_fields,
                )
            ]
        return super().reduce(operation, app_label)


class AddConstraint(IndexOperation):
    """Adds a constraint."""

    category = OperationCategory.ADDITION
    option_name = "constraints"
    _arguments = {"model_name": ALWAYS, "constraint": ALWAYS}

    def __init__(self, model_name: str, constraint: Any) -> None:
        self.model_name = model_name
        self.constraint = constraint

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.add_constraint(app_label, self.model_name_lower, self.constraint)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if model := self._model_if_allowed(app_label, schema_editor, to_state):
            schema_editor.add_constraint(model, self.constraint)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if model := self._model_if_allowed(app_label, schema_editor, to_state):
            schema_editor.remove_constraint(model, self.constraint)

    def describe(self) -> str:
        return f"Create constraint {self.constraint.name} on model {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.model_name_lower}_{self.constraint.name.lower()}"

    def reduce(self, operation: Operation, app_label: str) -> Any:
        if (
            isinstance(operation, RemoveConstraint | AlterConstraint)
            and self.model_name_lower == operation.model_name_lower
            and self.constraint.name == operation.name
        ):
            if isinstance(operation, RemoveConstraint):
                return []
            return [AddConstraint(self.model_name, operation.constraint)]
        return super().reduce(operation, app_label)


class RemoveConstraint(IndexOperation):
    """Removes a constraint, by name."""

    category = OperationCategory.REMOVAL
    option_name = "constraints"
    _arguments = {"model_name": ALWAYS, "name": ALWAYS}

    def __init__(self, model_name: str, name: str) -> None:
        self.model_name = model_name
        self.name = name

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.remove_constraint(app_label, self.model_name_lower, self.name)

    def _constraint(self, app_label: str, state: Any) -> Any:
        return state.models[app_label, self.model_name_lower].get_constraint_by_name(self.name)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if model := self._model_if_allowed(app_label, schema_editor, to_state):
            schema_editor.remove_constraint(model, self._constraint(app_label, from_state))

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if model := self._model_if_allowed(app_label, schema_editor, to_state):
            schema_editor.add_constraint(model, self._constraint(app_label, to_state))

    def describe(self) -> str:
        return f"Remove constraint {self.name} from model {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"remove_{self.model_name_lower}_{self.name.lower()}"


class AlterConstraint(IndexOperation):
    """Replaces a constraint by one that the database sees no difference to."""

    category = OperationCategory.ALTERATION
    option_name = "constraints"
    _arguments = {"model_name": ALWAYS, "name": ALWAYS, "constraint": ALWAYS}

    def __init__(self, model_name: str, name: str, constraint: Any) -> None:
        self.model_name = model_name
        self.name = name
        self.constraint = constraint

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.alter_constraint(app_label, self.model_name_lower, self.name, self.constraint)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Nothing to do."""

    database_backwards = database_forwards

    def describe(self) -> str:
        return f"Alter constraint {self.name} on {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.model_name_lower}_{self.constraint.name.lower()}"

    def reduce(self, operation: Operation, app_label: str) -> Any:
        if (
            isinstance(operation, AlterConstraint | RemoveConstraint)
            and self.model_name_lower == operation.model_name_lower
            and self.name == operation.name
        ):
            return [operation]
        return super().reduce(operation, app_label)


def absorbed_by(create: Any, operation: IndexOperation) -> Any:
    """Return the CreateModel that ``create`` and a later operation come to, or ``None``."""
    option = operation.option_name
    objects = list(create.options.get(option, ()))
    match operation:
        case AddIndex():
            objects.append(operation.index)
        case AddConstraint():
            objects.append(operation.constraint)
        case RemoveIndex() | RemoveConstraint():
            objects = [each for each in objects if each.name != operation.name]
        case AlterConstraint():
            objects = [
                operation.constraint if each.name == operation.name else each for each in objects
            ]
        case RenameIndex(old_fields=None):
            renamed = []
            for index in objects:
                if index.name == operation.old_name:
                    index = index.clone()
                    index.name = operation.new_name
                renamed.append(index)
            objects = renamed
        case RenameIndex():
            from nuages.db.models import Index

            together = {tuple(names) for names in create.options.get("index_together", ())}
            together.discard(tuple(operation.old_fields))
            objects.append(Index(fields=operation.old_fields, name=operation.new_name))
            options = {**create.options, option: objects, "index_together": together}
            if not together:
                del options["index_together"]
            return create._with(options=options)
        case _:
            return None
    return create._with_option(option, objects)
