"""Operations of migrations. Manual: "Database migration operations"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nuages.contrib.postgres.signals import (
    get_citext_oids,
    get_hstore_oids,
    register_type_handlers,
)
from nuages.db import NotSupportedError, router
from nuages.db.migrations.operations import AddConstraint, AddIndex, RemoveIndex
from nuages.db.migrations.operations.base import Operation, OperationCategory
from nuages.db.models import CheckConstraint

__all__ = [
    "AddConstraintNotValid",
    "AddIndexConcurrently",
    "BloomExtension",
    "BtreeGinExtension",
    "BtreeGistExtension",
    "CITextExtension",
    "CreateCollation",
    "CreateExtension",
    "CryptoExtension",
    "HStoreExtension",
    "RemoveCollation",
    "RemoveIndexConcurrently",
    "TrigramExtension",
    "UnaccentExtension",
    "ValidateConstraint",
]


class CreateExtension(Operation):
    """Installs an extension; on the way back, drops it."""

    asks_for_models_alone = reversible = True
    category = OperationCategory.ADDITION

    def __init__(self, name: str, hints: dict[str, Any] | None = None) -> None:
        self.name, self.hints = name, hints or {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models know nothing of it."""

    def _concerns(self, app_label: str, connection: Any) -> bool:
        return connection.vendor == "postgresql" and router.allow_migrate(
            connection.alias, app_label, **self.hints
        )

    def _is_there(self, editor: Any) -> bool:
        with editor.connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_extension WHERE extname = %s", [self.name])
            return bool(cursor.fetchone())

    def _change(self, app_label: str, editor: Any, before: Any, after: Any, back: bool) -> None:
        if not self._concerns(app_label, editor.connection):
            return
        there, quoted = self._is_there(editor), editor.quote_name(self.name)
        if back:
            if there:
                editor.execute(f"DROP EXTENSION IF EXISTS {quoted}")
                self._look_again()
            return
        if not there:
            editor.execute(f"CREATE EXTENSION IF NOT EXISTS {quoted}")
        # Types that are new to the connection are of use in the next operations already.
        self._look_again()
        register_type_handlers(editor.connection)

    @staticmethod
    def _look_again() -> None:
        get_hstore_oids.cache_clear()
        get_citext_oids.cache_clear()

    def describe(self) -> str:
        return f"Creates extension {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"create_extension_{self.name}"


def _extension(class_name: str, extension: str) -> type[CreateExtension]:
    """Return the operation that installs one extension."""

    def __init__(self: Any, hints: dict[str, Any] | None = None) -> None:
        CreateExtension.__init__(self, extension, hints)

    body = {
        "__init__": __init__,
        "__module__": __name__,
        "__doc__": f"Installs ``{extension}``.",
    }
    return type(class_name, (CreateExtension,), body)


BloomExtension = _extension("BloomExtension", "bloom")
BtreeGinExtension = _extension("BtreeGinExtension", "btree_gin")
BtreeGistExtension = _extension("BtreeGistExtension", "btree_gist")
CITextExtension = _extension("CITextExtension", "citext")
CryptoExtension = _extension("CryptoExtension", "pgcrypto")
HStoreExtension = _extension("HStoreExtension", "hstore")
TrigramExtension = _extension("TrigramExtension", "pg_trgm")
UnaccentExtension = _extension("UnaccentExtension", "unaccent")


class _Concurrently:
    """An operation on an index that locks nobody out, and hence is in no transaction."""

    atomic: bool | None = False

    def _change(self, app_label: str, editor: Any, before: Any, after: Any, back: bool) -> None:
        if editor.connection.in_atomic_block:
            raise NotSupportedError(
                f"The {type(self).__name__} operation cannot be executed inside a transaction "
                "(set atomic = False on the migration)."
            )
        super()._change(app_label, _ConcurrentEditor(editor), before, after, back)  # type: ignore[misc]


class _ConcurrentEditor:
    """A schema editor whose indexes are made and dropped concurrently."""

    def __init__(self, editor: Any) -> None:
        self.editor = editor

    def __getattr__(self, name: str) -> Any:
        return getattr(self.editor, name)

    def add_index(self, model: Any, index: Any) -> None:
        self.editor.add_index(model, index, concurrently=True)

    def remove_index(self, model: Any, index: Any) -> None:
        self.editor.remove_index(model, index, concurrently=True)


@dataclass(eq=False, repr=False)
class AddIndexConcurrently(_Concurrently, AddIndex):
    """Adds an index without locking out writes."""

    def describe(self) -> str:
        text = super().describe()
        return f"Concurrently {text[0].lower()}{text[1:]}"


@dataclass(eq=False, repr=False)
class RemoveIndexConcurrently(_Concurrently, RemoveIndex):
    """Removes an index without locking out writes."""

    description = "Concurrently remove index {self.name} from {self.model_name}"


class CollationOperation(Operation):
    """The base of operations on collations."""

    asks_for_models_alone = True

    def __init__(
        self, name: str, locale: str, *, provider: str = "libc", deterministic: bool = True
    ) -> None:
        self.name, self.locale = name, locale
        self.provider, self.deterministic = provider, deterministic

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models know nothing of it."""

    def deconstruct(self) -> Any:
        kwargs: dict[str, Any] = {"name": self.name, "locale": self.locale}
        if self.provider and self.provider != "libc":
            kwargs["provider"] = self.provider
        if self.deterministic is False:
            kwargs["deterministic"] = False
        return type(self).__name__, [], kwargs

    def _concerns(self, app_label: str, connection: Any) -> bool:
        return connection.vendor == "postgresql" and router.allow_migrate(
            connection.alias, app_label
        )

    def create_collation(self, schema_editor: Any) -> None:
        """Make the collation."""
        quote = schema_editor.quote_name
        options = {"locale": quote(self.locale)}
        if self.provider != "libc":
            options["provider"] = quote(self.provider)
        if self.deterministic is False:
            options["deterministic"] = "false"
        written = ", ".join(f"{name}={value}" for name, value in options.items())
        schema_editor.execute(f"CREATE COLLATION {quote(self.name)} ({written})")

    def remove_collation(self, schema_editor: Any) -> None:
        """Drop the collation."""
        schema_editor.execute(f"DROP COLLATION {schema_editor.quote_name(self.name)}")

    #: Whether the way forwards creates.
    creates = True

    def _change(self, app_label: str, editor: Any, before: Any, after: Any, back: bool) -> None:
        if self._concerns(app_label, editor.connection):
            work = self.create_collation if self.creates is not back else self.remove_collation
            work(editor)


class CreateCollation(CollationOperation):
    """Creates a collation."""

    category = OperationCategory.ADDITION
    description = "Create collation {self.name}"
    fragment = "create_collation_{self.name_lower}"

    def reduce(self, operation: Operation, app_label: str) -> Any:
        if isinstance(operation, RemoveCollation) and operation.name_lower == self.name_lower:
            return []
        return super().reduce(operation, app_label)


class RemoveCollation(CollationOperation):
    """Removes a collation."""

    creates, category = False, OperationCategory.REMOVAL
    description = "Remove collation {self.name}"
    fragment = "remove_collation_{self.name_lower}"


@dataclass(eq=False, repr=False)
class AddConstraintNotValid(AddConstraint):
    """Adds a check constraint that the rows which are there need not meet.

    Raises:
        TypeError: the constraint is of another kind.
    """

    description = "Create not valid constraint {self.constraint.name} on model {self.model_name}"

    def __post_init__(self) -> None:
        if not isinstance(self.constraint, CheckConstraint):
            raise TypeError("AddConstraintNotValid.constraint must be a check constraint.")

    @property
    def migration_name_fragment(self) -> str:
        return f"{super().migration_name_fragment}_not_valid"

    def _change(self, app_label: str, editor: Any, before: Any, after: Any, back: bool) -> None:
        if back:
            super()._change(app_label, editor, before, after, back)
        elif model := self._model(app_label, editor, after):
            if statement := self.constraint.create_sql(model, editor):
                # As text, which must not be read once more for placeholders.
                editor.execute(f"{statement} NOT VALID", params=None)


class ValidateConstraint(Operation):
    """Looks whether all rows meet a check constraint that was added without a look."""

    asks_for_models_alone = True
    category = OperationCategory.ALTERATION
    description = "Validate constraint {self.name} on model {self.model_name}"
    fragment = "{self.model_name_lower}_validate_{self.name_lower}"

    def __init__(self, model_name: str, name: str) -> None:
        self.model_name, self.name = model_name, name

    def deconstruct(self) -> Any:
        return type(self).__name__, [], {"model_name": self.model_name, "name": self.name}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models know nothing of it."""

    def _change(self, app_label: str, editor: Any, before: Any, after: Any, back: bool) -> None:
        model = after.model(app_label, self.model_name)
        if back or not self.allow_migrate_model(editor.connection.alias, model):
            # What is valid stays so.
            return
        quote = editor.quote_name
        editor.execute(
            f"ALTER TABLE {quote(model._meta.db_table)} VALIDATE CONSTRAINT {quote(self.name)}"
        )
