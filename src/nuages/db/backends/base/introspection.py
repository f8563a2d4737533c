"""What tables, columns and constraints a database has."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Iterator
from typing import Any

#: A table or view; ``type`` is ``"t"``, ``"v"``, or ``"p"`` for a partition.
TableInfo = namedtuple("TableInfo", "name type")
#: A column: what a cursor's description says, and more.
FieldInfo = namedtuple(
    "FieldInfo",
    "name type_code display_size internal_size precision scale null_ok default collation",
)


def _maybe_required(name: str) -> NotImplementedError:
    return NotImplementedError(
        f"subclasses of BaseDatabaseIntrospection may require a {name}() method"
    )


class BaseDatabaseIntrospection:
    """Reads a database's schema; a backend says how."""

    #: Internal type of a field per type code of the driver.
    data_types_reverse: Any = {}

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    @property
    def on_delete_types(self) -> dict[str, Any]:
        """What ``on_delete`` is, per rule of the database."""
        from nuages.db.models import DB_CASCADE, DB_SET_DEFAULT, DB_SET_NULL, DO_NOTHING

        return {
            "CASCADE": DB_CASCADE,
            "NO ACTION": DO_NOTHING,
            "SET DEFAULT": DB_SET_DEFAULT,
            "SET NULL": DB_SET_NULL,
        }

    def get_field_type(self, data_type: Any, description: Any) -> Any:
        """Return the internal type of the field that a column is best read by."""
        return self.data_types_reverse[data_type]

    def identifier_converter(self, name: str) -> str:
        """Return the name as the database stores it, for comparing."""
        return name

    # -- tables ------------------------------------------------------------------------------

    def get_table_list(self, cursor: Any) -> list[Any]:
        """Return a ``TableInfo`` per table and view, in no particular order."""
        raise _maybe_required("get_table_list")

    def table_names(self, cursor: Any = None, include_views: bool = False) -> list[str]:
        """Return the names of all tables, sorted."""
        if cursor is None:
            with self.connection.cursor() as own:
                return self.table_names(own, include_views)
        kinds = ("t", "v") if include_views else ("t",)
        return sorted(
            info.name
            for info in self.get_table_list(cursor)
            if info.type in kinds or (info.type == "p")
        )

    def get_table_description(self, cursor: Any, table_name: str) -> list[Any]:
        """Return a ``FieldInfo`` per column of a table."""
        raise _maybe_required("get_table_description")

    # -- models ------------------------------------------------------------------------------

    def get_migratable_models(self) -> Iterator[Any]:
        """Return the models that may have a table on this database."""
        from nuages.apps import apps
        from nuages.db import router

        alias = self.connection.alias
        for config in apps.get_app_configs():
            for model in router.get_migratable_models(config, alias):
                if model._meta.can_migrate(self.connection):
                    yield model

    def django_table_names(
        self, only_existing: bool = False, include_views: bool = True
    ) -> list[str]:
        """Return the tables of all managed models, those between them too."""
        names: set[str] = set()
        for model in self.get_migratable_models():
            opts = model._meta
            if not opts.managed:
                continue
            names.add(opts.db_table)
            names.update(
                field.m2m_db_table()
                for field in opts.local_many_to_many
                if field.remote_field.through._meta.managed
            )
        if not only_existing:
            return list(names)
        convert = self.identifier_converter
        existing = set(self.table_names(include_views=include_views))
        return [name for name in names if convert(name) in existing]

    def installed_models(self, tables: Iterable[str]) -> set[Any]:
        """Return the models whose table is among ``tables``."""
        convert = self.identifier_converter
        wanted = set(map(convert, tables))
        return {
            model
            for model in self.get_migratable_models()
            if convert(model._meta.db_table) in wanted
        }

    # -- keys, sequences and constraints -----------------------------------------------------

    def sequence_list(self) -> list[dict[str, Any]]:
        """Return the sequences of the managed models."""
        found: list[dict[str, Any]] = []
        with self.connection.cursor() as cursor:
            for model in self.get_migratable_models():
                opts = model._meta
                if not opts.managed or opts.swapped:
                    continue
                found += self.get_sequences(cursor, opts.db_table, opts.local_fields)
                for field in opts.local_many_to_many:
                    # A table that the user made has a model of its own.
                    if field.remote_field.through._meta.auto_created:
                        found += self.get_sequences(cursor, field.m2m_db_table())
        return found

    def get_sequences(
        self, cursor: Any, table_name: str, table_fields: Iterable[Any] = ()
    ) -> list[dict[str, Any]]:
        """Return a dictionary with ``table`` and ``column`` per sequence of a table."""
        raise _maybe_required("get_sequences")

    def get_relations(self, cursor: Any, table_name: str) -> dict[str, tuple[str, str, Any]]:
        """Return per foreign key column the other column, the other table and ``on_delete``."""
        raise _maybe_required("get_relations")

    def get_primary_key_column(self, cursor: Any, table_name: str) -> str | None:
        """Return the first column of a table's primary key, ``None`` if it has none."""
        columns = self.get_primary_key_columns(cursor, table_name)
        return columns[0] if columns else None

    def get_primary_key_columns(self, cursor: Any, table_name: str) -> list[str] | None:
        """Return the columns of a table's primary key, ``None`` if it has none."""
        for constraint in self.get_constraints(cursor, table_name).values():
            if constraint["primary_key"]:
                return constraint["columns"]
        return None

    def get_constraints(self, cursor: Any, table_name: str) -> dict[str, dict[str, Any]]:
        """Return the constraints and indexes of a table by name.

        Each is a dictionary with ``columns``, ``primary_key``, ``unique``, ``foreign_key`` (table
        and column, or ``None``), ``check``, ``index``, and where known ``orders`` and ``type``.
        """
        raise _maybe_required("get_constraints")
