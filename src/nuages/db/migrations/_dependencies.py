"""What one operation must wait for."""

from __future__ import annotations

from enum import Enum
from typing import Any, NamedTuple

from nuages.db.migrations import operations as ops
from nuages.db.migrations.utils import resolve_relation


class Kind(Enum):
    """What the awaited operation does."""

    CREATE = 0
    REMOVE = 1
    ALTER = 2
    REMOVE_ORDER_WRT = 3
    ALTER_FOO_TOGETHER = 4
    REMOVE_INDEX_OR_CONSTRAINT = 5


class OperationDependency(NamedTuple):
    """An operation on a model, or on a field of it."""

    app_label: str
    model_name: str
    field_name: str | None
    type: Kind

    @property
    def model_name_lower(self) -> str:
        """The model's name in lower case."""
        return self.model_name.lower()

    @property
    def field_name_lower(self) -> str:
        """The field's name in lower case."""
        assert self.field_name is not None
        return self.field_name.lower()


OperationDependency.Type = Kind  # type: ignore[attr-defined]  # a field, inside the class


def is_met_by(dependency: OperationDependency, operation: Any) -> bool:
    """Whether ``operation`` is what a dependency waits for."""
    model = dependency.model_name_lower
    on_field = dependency.field_name is not None
    match dependency.type, on_field, operation:
        case Kind.CREATE, False, ops.CreateModel():
            return operation.name_lower == model
        case Kind.CREATE, True, ops.CreateModel():
            return operation.name_lower == model and any(
                name.lower() == dependency.field_name_lower for name, _ in operation.fields
            )
        case Kind.CREATE, True, ops.AddField():
            return _is_on(dependency, operation)
        case Kind.REMOVE, True, ops.RemoveField():
            return _is_on(dependency, operation)
        case Kind.REMOVE, False, ops.DeleteModel():
            return operation.name_lower == model
        case Kind.ALTER, True, ops.AlterField():
            return _is_on(dependency, operation)
        case Kind.REMOVE_ORDER_WRT, True, ops.AlterOrderWithRespectTo():
            return (
                operation.name_lower == model
                and (operation.order_with_respect_to or "").lower() != dependency.field_name_lower
            )
        case Kind.ALTER_FOO_TOGETHER, True, ops.AlterUniqueTogether() | ops.AlterIndexTogether():
            return operation.name_lower == model
        case Kind.REMOVE_INDEX_OR_CONSTRAINT, True, ops.RemoveIndex() | ops.RemoveConstraint():
            return operation.model_name_lower == model
    return False


def _is_on(dependency: OperationDependency, operation: Any) -> bool:
    return (
        operation.model_name_lower == dependency.model_name_lower
        and operation.name_lower == dependency.field_name_lower
    )


def of_relation(
    app_label: str, model_name: str, field: Any, state: Any
) -> list[OperationDependency]:
    """Return what must be there for a relation: its target, and the model between."""
    remote = field.remote_field
    setting = getattr(field, "swappable_setting", None)
    if setting is not None:
        target = ("__setting__", setting)
    else:
        model = remote.model
        target = resolve_relation(model, app_label, model_name)
        # A state may say what this relation cannot: that of a rendered model.
    wanted = [target]
    if through := getattr(remote, "through", None):
        wanted.append(resolve_relation(through, app_label, model_name))
    return [OperationDependency(app, name, None, Kind.CREATE) for app, name in wanted]
