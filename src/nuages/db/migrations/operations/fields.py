"""Operations on fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nuages.db.migrations.operations.base import Operation, OperationCategory
from nuages.db.migrations.utils import field_is_referenced, field_references
from nuages.db.models.fields import NOT_PROVIDED


class FieldOperation(Operation):
    """Base of operations on one field of one model."""

    asks_for_models_alone = True
    model_name: str
    name: str
    field: Any = None

    def __init__(self, model_name: str, name: str, field: Any = None) -> None:
        self.model_name, self.name, self.field = model_name, name, field

    def _is_on(self, operation: Any, *names: str) -> bool:
        return all(
            getattr(operation, f"{each}_lower", None) == getattr(self, f"{each}_lower")
            for each in names
        )

    def is_same_field_operation(self, operation: Any) -> bool:
        """Whether another operation is about the same field."""
        return self._is_on(operation, "model_name", "name")

    def is_same_model_operation(self, operation: Any) -> bool:
        """Whether another operation is about the same model."""
        return self._is_on(operation, "model_name")

    def _relates_to(self, app_label: str, model: str, *field_name: str) -> bool:
        if self.field is None:
            return False
        own = (app_label, self.model_name_lower)
        return bool(field_references(own, self.field, (app_label, model), *field_name))

    def references_model(self, name: str, app_label: str) -> bool:
        wanted = name.lower()
        return wanted == self.model_name_lower or self._relates_to(app_label, wanted)

    def references_field(self, model_name: str, name: str, app_label: str) -> bool:
        wanted = model_name.lower()
        if wanted == self.model_name_lower and name in self._own_names():
            return True
        return self._relates_to(app_label, wanted, name)

    def _own_names(self) -> set[str]:
        """Return the names of this field, and of those of its model that it is made of."""
        made_of = {self.name, *(getattr(self.field, "from_fields", None) or ())}
        if getattr(self.field, "generated", False):
            made_of.update(names_in(self.field.expression))
        return made_of

    def reduce(self, operation: Operation, app_label: str) -> Any:
        if reduced := super().reduce(operation, app_label):
            return reduced
        return not operation.references_field(self.model_name, self.name, app_label)

    def _change(self, app_label: str, editor: Any, before: Any, after: Any, back: bool) -> None:
        states = (before, after)
        if any(self._alters_key(app_label, state) for state in states):
            # What points to it may change with it.
            old, new = (state.apps.get_model(app_label, self.model_name) for state in states)
        else:
            old, new = (state.model(app_label, self.model_name) for state in states)
        # Of a field that goes, the model that has it is asked; of others, the new one.
        asked = old if self._goes(back) else new
        if self.allow_migrate_model(editor.connection.alias, asked):
            self._change_column(editor, old, new, back)

    def is_local(self, app_label: str, state: Any) -> bool:
        return super().is_local(app_label, state) and not self._alters_key(app_label, state)

    def _altered(self) -> tuple[str, ...]:
        """Return the names that the column has before and after."""
        return ()

    def _alters_key(self, app_label: str, state: Any) -> bool:
        """Whether the operation alters a column that is a key, or that keys of other models point to."""
        key = (app_label, self.model_name_lower)
        if (model := state.models.get(key)) is None:
            return False
        names = self._altered()
        fields = [(name, model.fields.get(name)) for name in names]
        # A field that is to come may be a key, too.
        fields += [(name, self.field) for name in names]
        return any(
            field is not None
            and (
                field.primary_key
                or (field.unique and field_is_referenced(state, key, (name, field)))
            )
            for name, field in fields
        )

    def _goes(self, back: bool) -> bool:
        return False

    def _change_column(self, editor: Any, old_model: Any, new_model: Any, back: bool) -> None:
        raise NotImplementedError("subclasses of FieldOperation must provide _change_column()")


def names_in(expression: Any) -> set[str]:
    """Return the names of fields in an expression, without what follows two underscores."""
    from nuages.db.models import F, Q

    found, waiting = set(), [expression]
    while waiting:
        match waiting.pop():
            case F(name=name):
                found.add(name.partition("__")[0])
            case Q(children=children):
                waiting += children
            case (str(name), value):
                found.add(name.partition("__")[0])
                waiting.append(value)
            case other if hasattr(other, "get_source_expressions"):
                waiting += other.get_source_expressions()
    return found


class _LendsDefault(FieldOperation):
    """Operations whose field may have a default for the rows that are there only."""

    preserve_default: bool

    def _state_arguments(self) -> tuple[Any, ...]:
        return self.model_name_lower, self.name, self.field, self.preserve_default

    def _with_default(self, field: Any, change: Any) -> None:
        """Call ``change(field)`` while the field has the default."""
        if self.preserve_default:
            change(field)
            return
        field.default = self.field.default
        change(field)
        field.default = NOT_PROVIDED


def _add(editor: Any, model: Any, field: Any) -> None:
    editor.add_field(model, field)


def _remove(editor: Any, model: Any, name: str) -> None:
    editor.remove_field(model, model._meta.get_field(name))


@dataclass(eq=False, repr=False)
class AddField(_LendsDefault):
    """Adds a field.

    Args:
        preserve_default: whether the default belongs to the field, or only fills the column.
    """

    model_name: str
    name: str
    field: Any
    preserve_default: bool = True

    category = OperationCategory.ADDITION
    description = "Add field {self.name} to {self.model_name}"
    fragment = "{self.model_name_lower}_{self.name_lower}"

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.add_field(app_label, *self._state_arguments())

    def _goes(self, back: bool) -> bool:
        return back

    def _change_column(self, editor: Any, old_model: Any, new_model: Any, back: bool) -> None:
        if back:
            _remove(editor, old_model, self.name)
        else:
            field = new_model._meta.get_field(self.name)
            self._with_default(field, lambda field: _add(editor, old_model, field))

    def reduce(self, operation: Operation, app_label: str) -> Any:
        if isinstance(operation, FieldOperation) and self.is_same_field_operation(operation):
            match operation:
                case RemoveField():
                    return []
                case AlterField(name=name, field=field):
                    return [AddField(self.model_name, name, field)]
                case RenameField(new_name=name):
                    return [AddField(self.model_name, name, self.field)]
        return super().reduce(operation, app_label)


@dataclass(eq=False, repr=False)
class RemoveField(FieldOperation):
    """Removes a field."""

    model_name: str
    name: str

    category = OperationCategory.REMOVAL
    description = "Remove field {self.name} from {self.model_name}"
    fragment = "remove_{self.model_name_lower}_{self.name_lower}"

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.remove_field(app_label, self.model_name_lower, self.name)

    def _goes(self, back: bool) -> bool:
        return not back

    def _change_column(self, editor: Any, old_model: Any, new_model: Any, back: bool) -> None:
        if back:
            _add(editor, old_model, new_model._meta.get_field(self.name))
        else:
            _remove(editor, old_model, self.name)

    def reduce(self, operation: Operation, app_label: str) -> Any:
        from nuages.db.migrations.operations.models import DeleteModel

        match operation:
            case DeleteModel() if operation.name_lower == self.model_name_lower:
                return [operation]
        return super().reduce(operation, app_label)


@dataclass(eq=False, repr=False)
class AlterField(_LendsDefault):
    """Puts another field in the place of a field.

    Args:
        preserve_default: whether the default belongs to the field, or only fills the column.
    """

    model_name: str
    name: str
    field: Any
    preserve_default: bool = True

    category = OperationCategory.ALTERATION
    description = "Alter field {self.name} on {self.model_name}"
    fragment = "alter_{self.model_name_lower}_{self.name_lower}"

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.alter_field(app_label, *self._state_arguments())

    def _altered(self) -> tuple[str, ...]:
        return (self.name,)

    def _change_column(self, editor: Any, old_model: Any, new_model: Any, back: bool) -> None:
        old = old_model._meta.get_field(self.name)
        new = new_model._meta.get_field(self.name)
        self._with_default(new, lambda new: editor.alter_field(old_model, old, new))

    def reduce(self, operation: Operation, app_label: str) -> Any:
        if isinstance(operation, FieldOperation) and self.is_same_field_operation(operation):
            match operation:
                case RemoveField() | AlterField():
                    return [operation]
                case RenameField(new_name=name) if self.field.db_column is None:
                    return [operation, AlterField(self.model_name, name, self.field)]
        return super().reduce(operation, app_label)


@dataclass(eq=False, repr=False)
class RenameField(FieldOperation):
    """Renames a field."""

    model_name: str
    old_name: str
    new_name: str

    category = OperationCategory.ALTERATION
    description = "Rename field {self.old_name} on {self.model_name} to {self.new_name}"
    fragment = "rename_{self.old_name_lower}_{self.model_name_lower}_{self.new_name_lower}"

    @property
    def name(self) -> str:  # type: ignore[override]
        """The name of the field that is there."""
        return self.old_name

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.rename_field(app_label, self.model_name_lower, self.old_name, self.new_name)

    def _altered(self) -> tuple[str, ...]:
        return self.old_name, self.new_name

    def _change_column(self, editor: Any, old_model: Any, new_model: Any, back: bool) -> None:
        names = [self.old_name, self.new_name]
        if back:
            names.reverse()
        fields = [
            model._meta.get_field(name)
            for model, name in zip((old_model, new_model), names, strict=True)
        ]
        editor.alter_field(old_model, *fields)

    def references_field(self, model_name: str, name: str, app_label: str) -> bool:
        own = {self.old_name_lower, self.new_name_lower}
        return name.lower() in own and self.references_model(model_name, app_label)

    def reduce(self, operation: Operation, app_label: str) -> Any:
        if isinstance(operation, RenameField) and self.is_same_model_operation(operation):
            if operation.old_name_lower == self.new_name_lower:
                return [RenameField(self.model_name, self.old_name, operation.new_name)]
        # Both names are this operation's.
        return Operation.reduce(self, operation, app_label) or not any(
            operation.references_field(self.model_name, name, app_label)
            for name in (self.new_name, self.old_name)
        )
