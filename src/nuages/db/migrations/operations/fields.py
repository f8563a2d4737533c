"""Operations on fields."""

from __future__ import annotations

from typing import Any

from nuages.db.migrations.operations.base import ALWAYS, Operation, OperationCategory
from nuages.db.migrations.utils import field_references
from nuages.db.models.fields import NOT_PROVIDED
from nuages.utils.functional import cached_property


class FieldOperation(Operation):
    """Base of operations on one field of one model."""

    def __init__(self, model_name: str, name: str, field: Any = None) -> None:
        self.model_name = model_name
        self.name = name
        self.field = field

    @cached_property
    def model_name_lower(self) -> str:
        """The model's name in lower case."""
        return self.model_name.lower()

    @cached_property
    def name_lower(self) -> str:
        """The field's name in lower case."""
        return self.name.lower()

    def is_same_model_operation(self, operation: Any) -> bool:
        """Whether another operation is about the same model."""
        return bool(self.model_name_lower == operation.model_name_lower)

    def is_same_field_operation(self, operation: Any) -> bool:
        """Whether another operation is about the same field."""
        return self.is_same_model_operation(operation) and self.name_lower == operation.name_lower

    def references_model(self, name: str, app_label: str) -> bool:
        key = name.lower()
        if key == self.model_name_lower:
            return True
        return self.field is not None and bool(
            field_references((app_label, self.model_name_lower), self.field, (app_label, key))
        )

    def references_field(self, model_name: str, name: str, app_label: str) -> bool:
        key = model_name.lower()
        if key == self.model_name_lower:
            if name == self.name:
                return True
            # A relation may be made of other fields of its model.
            if self.field is not None and name in (getattr(self.field, "from_fields", None) or ()):
                return True
        return self.field is not None and bool(
            field_references((app_label, self.model_name_lower), self.field, (app_label, key), name)
        )

    def reduce(self, operation: Operation, app_label: str) -> Any:
        return super().reduce(operation, app_label) or not operation.references_field(
            self.model_name, self.name, app_label
        )

    def _models(self, app_label: str, from_state: Any, to_state: Any) -> tuple[Any, Any]:
        return (
            from_state.apps.get_model(app_label, self.model_name),
            to_state.apps.get_model(app_label, self.model_name),
        )


class _WithDefault(FieldOperation):
    """Operations whose field may have a default for the rows that are there only."""

    def __init__(
        self, model_name: str, name: str, field: Any, preserve_default: bool = True
    ) -> None:
        self.preserve_default = preserve_default
        super().__init__(model_name, name, field)

    _arguments = {"model_name": ALWAYS, "name": ALWAYS, "field": ALWAYS, "preserve_default": True}

    def _lend_default(self, field: Any) -> None:
        if not self.preserve_default:
            field.default = self.field.default

    def _take_default_back(self, field: Any) -> None:
        if not self.preserve_default:
            field.default = NOT_PROVIDED


class AddField(_WithDefault):
    """Adds a field.

    Args:
        preserve_default: whether the default belongs to the field, or only fills the column.
    """

    category = OperationCategory.ADDITION

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.add_field(
            app_label, self.model_name_lower, self.name, self.field, self.preserve_default
        )

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        from_model, to_model = self._models(app_label, from_state, to_state)
        if self.allow_migrate_model(schema_editor.connection.alias, to_model):
            field = to_model._meta.get_field(self.name)
            self._lend_default(field)
            schema_editor.add_field(from_model, field)
            self._take_default_back(field)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        from_model, _ = self._models(app_label, from_state, to_state)
        if self.allow_migrate_model(schema_editor.connection.alias, from_model):
            schema_editor.remove_field(from_model, from_model._meta.get_field(self.name))

    def describe(self) -> str:
        return f"Add field {self.name} to {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.model_name_lower}_{self.name_lower}"

    def reduce(self, operation: Operation, app_label: str) -> Any:
        if isinstance(operation, FieldOperation) and self.is_same_field_operation(operation):
            match operation:
                case AlterField():
                    return [AddField(self.model_name, operation.name, operation.field)]
                case RemoveField():
                    return []
                case RenameField():
                    return [AddField(self.model_name, operation.new_name, self.field)]
        return super().reduce(operation, app_label)


class RemoveField(FieldOperation):
    """Removes a field."""

    category = OperationCategory.REMOVAL
    _arguments = {"model_name": ALWAYS, "name": ALWAYS}

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.remove_field(app_label, self.model_name_lower, self.name)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        from_model, _ = self._models(app_label, from_state, to_state)
        if self.allow_migrate_model(schema_editor.connection.alias, from_model):
            schema_editor.remove_field(from_model, from_model._meta.get_field(self.name))

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        from_model, to_model = self._models(app_label, from_state, to_state)
        if self.allow_migrate_model(schema_editor.connection.alias, to_model):
            schema_editor.add_field(from_model, to_model._meta.get_field(self.name))

    def describe(self) -> str:
        return f"Remove field {self.name} from {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"remove_{self.model_name_lower}_{self.name_lower}"

    def reduce(self, operation: Operation, app_label: str) -> Any:
        from nuages.db.migrations.operations.models import DeleteModel

        if isinstance(operation, DeleteModel) and operation.name_lower == self.model_name_lower:
            return [operation]
        return super().reduce(operation, app_label)


class AlterField(_WithDefault):
    """Puts another field in the place of a field.

    Args:
        preserve_default: whether the default belongs to the field, or only fills the column.
    """

    category = OperationCategory.ALTERATION

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.alter_field(
            app_label, self.model_name_lower, self.name, self.field, self.preserve_default
        )

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        from_model, to_model = self._models(app_label, from_state, to_state)
        if self.allow_migrate_model(schema_editor.connection.alias, to_model):
            before = from_model._meta.get_field(self.name)
            after = to_model._meta.get_field(self.name)
            self._lend_default(after)
            schema_editor.alter_field(from_model, before, after)
            self._take_default_back(after)

    # The way back is the same way between the same two states.
    database_backwards = database_forwards

    def describe(self) -> str:
        return f"Alter field {self.name} on {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.model_name_lower}_{self.name_lower}"

    def reduce(self, operation: Operation, app_label: str) -> Any:
        if isinstance(operation, FieldOperation) and self.is_same_field_operation(operation):
            match operation:
                case AlterField() | RemoveField():
                    return [operation]
                case RenameField() if self.field.db_column is None:
                    return [operation, AlterField(self.model_name, operation.new_name, self.field)]
        return super().reduce(operation, app_label)


class RenameField(FieldOperation):
    """Renames a field."""

    category = OperationCategory.ALTERATION
    _arguments = {"model_name": ALWAYS, "old_name": ALWAYS, "new_name": ALWAYS}

    def __init__(self, model_name: str, old_name: str, new_name: str) -> None:
        self.old_name = old_name
        self.new_name = new_name
        super().__init__(model_name, old_name)

    @cached_property
    def old_name_lower(self) -> str:
        """The old name in lower case."""
        return self.old_name.lower()

    @cached_property
    def new_name_lower(self) -> str:
        """The new name in lower case."""
        return self.new_name.lower()

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.rename_field(app_label, self.model_name_lower, self.old_name, self.new_name)

    def _rename(
        self, names: tuple[str, str], app_label: str, editor: Any, from_state: Any, to_state: Any
    ) -> None:
        from_model, to_model = self._models(app_label, from_state, to_state)
        if self.allow_migrate_model(editor.connection.alias, to_model):
            before, after = names
            editor.alter_field(
                from_model, from_model._meta.get_field(before), to_model._meta.get_field(after)
            )

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        names = (self.old_name, self.new_name)
        self._rename(names, app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        names = (self.new_name, self.old_name)
        self._rename(names, app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"Rename field {self.old_name} on {self.model_name} to {self.new_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"rename_{self.old_name_lower}_{self.model_name_lower}_{self.new_name_lower}"

    def references_field(self, model_name: str, name: str, app_label: str) -> bool:
        return self.references_model(model_name, app_label) and name.lower() in (
            self.old_name_lower,
            self.new_name_lower,
        )

    def reduce(self, operation: Operation, app_label: str) -> Any:
        if (
            isinstance(operation, RenameField)
            and self.is_same_model_operation(operation)
            and self.new_name_lower == operation.old_name_lower
        ):
            return [RenameField(self.model_name, self.old_name, operation.new_name)]
        # Both names are this operation's.
        return Operation.reduce(self, operation, app_label) or not (
            operation.references_field(self.model_name, self.new_name, app_label)
            or operation.references_field(self.model_name, self.old_name, app_label)
        )
