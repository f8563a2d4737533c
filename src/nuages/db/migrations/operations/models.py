"""Operations on models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nuages.db import models
from nuages.db.migrations.operations.base import ALWAYS, Operation, OperationCategory
from nuages.db.migrations.operations.fields import (
    AddField,
    AlterField,
    FieldOperation,
    RemoveField,
    RenameField,
)
from nuages.db.migrations.state import ModelState
from nuages.db.migrations.utils import field_references, resolve_relation
from nuages.db.models.options import normalize_together
from nuages.utils.functional import cached_property


def _check_for_duplicates(arg_name: str, objs: Iterable[Any]) -> None:
    seen = set()
    for each in objs:
        if each in seen:
            raise ValueError(
                f"Found duplicate value {each} in CreateModel {arg_name} argument."
            )
        seen.add(each)


def _base_name(base: Any) -> Any:
    """Return a base as it is compared: names in lower case, classes of models by name."""
    if hasattr(base, "_meta"):
        return base._meta.label_lower
    return base.lower() if isinstance(base, str) else base


class ModelOperation(Operation):
    """Base of operations on one model."""

    def __init__(self, name: str) -> None:
        self.name = name

    @cached_property
    def name_lower(self) -> str:
        """The model's name in lower case."""
        return self.name.lower()

    def references_model(self, name: str, app_label: str) -> bool:
        return name.lower() == self.name_lower

    def reduce(self, operation: Operation, app_label: str) -> Any:
        return super().reduce(operation, app_label) or self.can_reduce_through(
            operation, app_label
        )

    def can_reduce_through(self, operation: Operation, app_label: str) -> bool:
        """Whether a later operation may go before this one."""
        return not operation.references_model(self.name, app_label)


class CreateModel(ModelOperation):
    """Makes a model and its table.

    Raises:
        ValueError: a field, base or manager is named twice.
    """

    category = OperationCategory.ADDITION
    serialization_expand_args = ["fields", "options", "managers"]

    def __init__(
        self,
        name: str,
        fields: list[tuple[str, Any]],
        options: dict[str, Any] | None = None,
        bases: tuple[Any, ...] | None = None,
        managers: list[tuple[str, Any]] | None = None,
    ) -> None:
        self.fields = fields
        self.options = options or {}
        self.bases = bases or (models.Model,)
        self.managers = managers or []
        super().__init__(name)
        _check_for_duplicates("fields", (field_name for field_name, _ in self.fields))
        _check_for_duplicates("bases", map(_base_name, self.bases))
        _check_for_duplicates("managers", (manager_name for manager_name, _ in self.managers))

    def deconstruct(self) -> tuple[str, Any, dict[str, Any]]:
        kwargs: dict[str, Any] = {"name": self.name, "fields": self.fields}
        if self.options:
            kwargs["options"] = self.options
        if self.bases and self.bases != (models.Model,):
            kwargs["bases"] = self.bases
        if self.managers and self.managers != [("objects", models.Manager())]:
            kwargs["managers"] = self.managers
        return type(self).__name__, [], kwargs

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.add_model(
            ModelState(
                app_label,
                self.name,
                list(self.fields),
                dict(self.options),
                tuple(self.bases),
                list(self.managers),
            )
        )

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.create_model(model)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = from_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.delete_model(model)

    def describe(self) -> str:
        kind = "proxy model" if self.options.get("proxy", False) else "model"
        return f"Create {kind} {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        return self.name_lower

    def references_model(self, name: str, app_label: str) -> bool:
        key, own = (app_label, name.lower()), (app_label, self.name_lower)
        if key == own:
            return True
        if any(
            resolve_relation(base, app_label) == key
            for base in self.bases
            if base is not models.Model and isinstance(base, models.base.ModelBase | str)
        ):
            return True
        return any(field_references(own, field, key) for _, field in self.fields)

    # What later operations come to.

    def _with(self, **changes: Any) -> list[Operation]:
        parts = {
            "name": self.name,
            "fields": self.fields,
            "options": self.options,
            "bases": self.bases,
            "managers": self.managers,
        }
        return [type(self)(**{**parts, **changes})]

    def _with_option(self, name: str, value: Any) -> list[Operation]:
        return self._with(options={**self.options, name: value})

    def reduce(self, operation: Operation, app_label: str) -> Any:
        from nuages.db.migrations.operations import indexes

        about_this = self.name_lower == getattr(
            operation, "model_name_lower", getattr(operation, "name_lower", None)
        )
        if isinstance(operation, RenameModel):
            if self.name_lower == operation.old_name_lower:
                return self._with(name=operation.new_name)
        elif about_this:
            reduced: Any = None
            if isinstance(operation, ModelOperation):
                reduced = self._absorb_model_operation(operation)
            elif isinstance(operation, FieldOperation):
                reduced = self._absorb_field_operation(operation)
            elif isinstance(operation, indexes.IndexOperation):
                reduced = indexes.absorbed_by(self, operation)
            if reduced is not None:
                return reduced
        return super().reduce(operation, app_label)

    def _absorb_model_operation(self, operation: ModelOperation) -> Any:
        match operation:
            case DeleteModel():
                # A proxy has no table to make and drop again; its state is gone either way.
                return []
            case AlterModelOptions():
                options = {**self.options, **operation.options}
                for key in operation.ALTER_OPTION_KEYS:
                    if key not in operation.options:
                        options.pop(key, None)
                return self._with(options=options)
            case AlterModelManagers():
                return self._with(managers=operation.managers)
            case AlterModelTable():
                return self._with_option("db_table", operation.table)
            case AlterModelTableComment():
                return self._with_option("db_table_comment", operation.table_comment)
            case AlterTogetherOptionOperation():
                return self._with_option(operation.option_name, operation.option_value)
            case AlterOrderWithRespectTo():
                return self._with_option("order_with_respect_to", operation.order_with_respect_to)
        return None

    def _absorb_field_operation(self, operation: FieldOperation) -> Any:
        match operation:
            case AddField():
                return self._with(fields=[*self.fields, (operation.name, operation.field)])
            case AlterField():
                return self._with(
                    fields=[
                        (name, operation.field if name == operation.name else field)
                        for name, field in self.fields
                    ]
                )
            case RemoveField():
                return self._without_field(operation)
            case RenameField():
                return self._with_renamed_field(operation)
        return None

    def _without_field(self, operation: RemoveField) -> list[Operation]:
        options = dict(self.options)
        for name in ("unique_together", "index_together"):
            if together := options.pop(name, None):
                left = {
                    each
                    for names in together
                    if (each := tuple(n for n in names if n != operation.name_lower))
                }
                if left:
                    options[name] = left
        if options.get("order_with_respect_to") == operation.name_lower:
            del options["order_with_respect_to"]
        fields = [(n, field) for n, field in self.fields if n.lower() != operation.name_lower]
        return self._with(fields=fields, options=options)

    def _with_renamed_field(self, operation: RenameField) -> list[Operation]:
        options = dict(self.options)
        for name in ("unique_together", "index_together"):
            if together := options.get(name):
                options[name] = {
                    tuple(operation.new_name if n == operation.old_name else n for n in names)
                    for names in together
                }
        if options.get("order_with_respect_to") == operation.old_name:
            options["order_with_respect_to"] = operation.new_name
        fields = [
            (operation.new_name if n == operation.old_name else n, field)
            for n, field in self.fields
        ]
        return self._with(fields=fields, options=options)


class DeleteModel(ModelOperation):
    """Drops a model and its table."""

    category = OperationCategory.REMOVAL
    _arguments = {"name": ALWAYS}

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.remove_model(app_label, self.name_lower)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = from_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.delete_model(model)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.create_model(model)

    def references_model(self, name: str, app_label: str) -> bool:
        # Anything may have pointed to the model that goes.
        return True

    def describe(self) -> str:
        return f"Delete model {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"delete_{self.name_lower}"


class RenameModel(ModelOperation):
    """Renames a model, its table, and the columns that are named for it."""

    category = OperationCategory.ALTERATION
    _arguments = {"old_name": ALWAYS, "new_name": ALWAYS}

    def __init__(self, old_name: str, new_name: str) -> None:
        self.old_name = old_name
        self.new_name = new_name
        super().__init__(old_name)

    @cached_property
    def old_name_lower(self) -> str:
        """The old name in lower case."""
        return self.old_name.lower()

    @cached_property
    def new_name_lower(self) -> str:
        """The new name in lower case."""
        return self.new_name.lower()

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.rename_model(app_label, self.old_name, self.new_name)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        new_model = to_state.apps.get_model(app_label, self.new_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, new_model):
            return
        old_model = from_state.apps.get_model(app_label, self.old_name)
        old_table, new_table = old_model._meta.db_table, new_model._meta.db_table
        # With a table that is named by hand nothing changes but the model's name.
        if old_table == new_table:
            return
        schema_editor.alter_db_table(new_model, old_table, new_table)
        for relation in old_model._meta.related_objects:
            if relation.related_model == old_model:
                model = new_model
            else:
                meta = relation.related_model._meta
                model = to_state.apps.get_model(meta.app_label, meta.model_name)
            after = model._meta.get_field(relation.field.name)
            schema_editor.alter_field(model, relation.field, after)
        fields = zip(
            old_model._meta.local_many_to_many, new_model._meta.local_many_to_many, strict=False
        )
        for old_field, new_field in fields:
            through = new_field.remote_field.through
            # A relation to itself was altered above; a table of the project's is the project's.
            if new_field.model == new_field.related_model or not through._meta.auto_created:
                continue
            old_through = old_field.remote_field.through
            schema_editor.alter_db_table(
                through, old_through._meta.db_table, through._meta.db_table
            )
            schema_editor.alter_field(
                through,
                old_through._meta.get_field(old_model._meta.model_name),
                through._meta.get_field(new_model._meta.model_name),
            )

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        back = RenameModel(self.new_name, self.old_name)
        back.allow_migrate_model = self.allow_migrate_model  # type: ignore[method-assign]
        back.database_forwards(app_label, schema_editor, from_state, to_state)

    def references_model(self, name: str, app_label: str) -> bool:
        return name.lower() in (self.old_name_lower, self.new_name_lower)

    def describe(self) -> str:
        return f"Rename model {self.old_name} to {self.new_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"rename_{self.old_name_lower}_{self.new_name_lower}"

    def reduce(self, operation: Operation, app_label: str) -> Any:
        if isinstance(operation, RenameModel) and self.new_name_lower == operation.old_name_lower:
            return [RenameModel(self.old_name, operation.new_name)]
        # The new name is this operation's too.
        return Operation.reduce(self, operation, app_label) or not operation.references_model(
            self.new_name, app_label
        )


class ModelOptionOperation(ModelOperation):
    """Base of operations on options; a later one of the same kind is enough."""

    category = OperationCategory.ALTERATION

    def reduce(self, operation: Operation, app_label: str) -> Any:
        if (
            isinstance(operation, type(self) | DeleteModel)
            and self.name_lower == operation.name_lower
        ):
            return [operation]
        return super().reduce(operation, app_label)


class AlterModelTable(ModelOptionOperation):
    """Renames a model's table; ``None`` is the usual name."""

    _arguments = {"name": ALWAYS, "table": ALWAYS}

    def __init__(self, name: str, table: str | None) -> None:
        self.table = table
        super().__init__(name)

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.alter_model_options(app_label, self.name_lower, {"db_table": self.table})

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        new_model = to_state.apps.get_model(app_label, self.name)
        if not self.allow_migrate_model(schema_editor.connection.alias, new_model):
            return
        old_model = from_state.apps.get_model(app_label, self.name)
        schema_editor.alter_db_table(new_model, old_model._meta.db_table, new_model._meta.db_table)
        for old_field, new_field in zip(
            old_model._meta.local_many_to_many, new_model._meta.local_many_to_many, strict=False
        ):
            through = new_field.remote_field.through
            if through._meta.auto_created:
                schema_editor.alter_db_table(
                    through, old_field.remote_field.through._meta.db_table, through._meta.db_table
                )

    database_backwards = database_forwards

    def describe(self) -> str:
        return f"Rename table for {self.name} to {self.table or '(default)'}"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.name_lower}_table"


class AlterModelTableComment(ModelOptionOperation):
    """Changes the comment of a model's table."""

    _arguments = {"name": ALWAYS, "table_comment": ALWAYS}

    def __init__(self, name: str, table_comment: str | None) -> None:
        self.table_comment = table_comment
        super().__init__(name)

    def state_forwards(self, app_label: str, state: Any) -> None:
        options = {"db_table_comment": self.table_comment}
        state.alter_model_options(app_label, self.name_lower, options)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        new_model = to_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.connection.alias, new_model):
            old_model = from_state.apps.get_model(app_label, self.name)
            schema_editor.alter_db_table_comment(
                new_model, old_model._meta.db_table_comment, new_model._meta.db_table_comment
            )

    database_backwards = database_forwards

    def describe(self) -> str:
        return f"Alter {self.name} table comment"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.name_lower}_table_comment"


class AlterTogetherOptionOperation(ModelOptionOperation):
    """Base of changes of ``unique_together`` and ``index_together``."""

    option_name = ""

    def __init__(self, name: str, option_value: Any) -> None:
        setattr(self, self.option_name, set(normalize_together(option_value)) if option_value else option_value)
        super().__init__(name)

    @cached_property
    def option_value(self) -> Any:
        """The new value."""
        return getattr(self, self.option_name)

    def deconstruct(self) -> tuple[str, Any, dict[str, Any]]:
        return type(self).__name__, [], {"name": self.name, self.option_name: self.option_value}

    def state_forwards(self, app_label: str, state: Any) -> None:
        options = {self.option_name: self.option_value}
        state.alter_model_options(app_label, self.name_lower, options)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        new_model = to_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.connection.alias, new_model):
            key = (app_label, self.name_lower)
            before, after = (
                state.models[key].options.get(self.option_name) or set()
                for state in (from_state, to_state)
            )
            getattr(schema_editor, f"alter_{self.option_name}")(new_model, before, after)

    database_backwards = database_forwards

    def references_field(self, model_name: str, name: str, app_label: str) -> bool:
        return self.references_model(model_name, app_label) and (
            not self.option_value or any(name in names for names in self.option_value)
        )

    def describe(self) -> str:
        count = len(self.option_value or "")
        return f"Alter {self.option_name} for {self.name} ({count} constraint(s))"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.name_lower}_{self.option_name}"

    def can_reduce_through(self, operation: Operation, app_label: str) -> bool:
        return super().can_reduce_through(operation, app_label) or (
            isinstance(operation, AlterTogetherOptionOperation)
            and type(operation) is not type(self)
        )


class AlterUniqueTogether(AlterTogetherOptionOperation):
    """Changes ``unique_together``."""

    option_name = "unique_together"

    def __init__(self, name: str, unique_together: Any) -> None:
        super().__init__(name, unique_together)


class AlterIndexTogether(AlterTogetherOptionOperation):
    """Changes ``index_together``, which only old migrations have."""

    option_name = "index_together"

    def __init__(self, name: str, index_together: Any) -> None:
        super().__init__(name, index_together)


class AlterOrderWithRespectTo(ModelOptionOperation):
    """Changes ``order_with_respect_to``, and adds or drops its column."""

    option_name = "order_with_respect_to"
    _arguments = {"name": ALWAYS, "order_with_respect_to": ALWAYS}

    def __init__(self, name: str, order_with_respect_to: str | None) -> None:
        self.order_with_respect_to = order_with_respect_to
        super().__init__(name)

    def state_forwards(self, app_label: str, state: Any) -> None:
        options = {self.option_name: self.order_with_respect_to}
        state.alter_model_options(app_label, self.name_lower, options)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        after = to_state.apps.get_model(app_label, self.name)
        if not self.allow_migrate_model(schema_editor.connection.alias, after):
            return
        before = from_state.apps.get_model(app_label, self.name)
        was, will_be = (bool(model._meta.order_with_respect_to) for model in (before, after))
        if was and not will_be:
            schema_editor.remove_field(before, before._meta.get_field("_order"))
        elif will_be and not was:
            field = after._meta.get_field("_order")
            if not field.has_default():
                field.default = 0
            schema_editor.add_field(before, field)

    database_backwards = database_forwards

    def references_field(self, model_name: str, name: str, app_label: str) -> bool:
        return self.references_model(model_name, app_label) and (
            self.order_with_respect_to is None or name == self.order_with_respect_to
        )

    def describe(self) -> str:
        return f"Set order_with_respect_to on {self.name} to {self.order_with_respect_to}"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.name_lower}_order_with_respect_to"


class _StateOnly(ModelOptionOperation):
    """Base of changes that the database knows nothing of."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Nothing to do."""

    database_backwards = database_forwards


class AlterModelOptions(_StateOnly):
    """Changes options that the database knows nothing of."""

    ALTER_OPTION_KEYS = [
        "base_manager_name",
        "default_manager_name",
        "default_related_name",
        "get_latest_by",
        "managed",
        "ordering",
        "permissions",
        "default_permissions",
        "select_on_save",
        "verbose_name",
        "verbose_name_plural",
    ]
    _arguments = {"name": ALWAYS, "options": ALWAYS}

    def __init__(self, name: str, options: dict[str, Any]) -> None:
        self.options = options
        super().__init__(name)

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.alter_model_options(
            app_label, self.name_lower, self.options, self.ALTER_OPTION_KEYS
        )

    def describe(self) -> str:
        return f"Change Meta options on {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.name_lower}_options"


class AlterModelManagers(_StateOnly):
    """Changes the managers that migrations see."""

    serialization_expand_args = ["managers"]

    def __init__(self, name: str, managers: list[tuple[str, Any]]) -> None:
        self.managers = managers
        super().__init__(name)

    def deconstruct(self) -> tuple[str, Any, dict[str, Any]]:
        return type(self).__name__, [self.name, self.managers], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.alter_model_managers(app_label, self.name_lower, self.managers)

    def describe(self) -> str:
        return f"Change managers on {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"alter_{self.name_lower}_managers"


def __getattr__(name: str) -> Any:
    # Operations on indexes are in a file of their own, and are known here too.
    from nuages.db.migrations.operations import indexes

    if name in indexes.__all__:
        return getattr(indexes, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
