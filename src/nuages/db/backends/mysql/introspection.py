"""What tables, columns and constraints a MariaDB or MySQL database has."""

from __future__ import annotations

import re
from collections import defaultdict, namedtuple
from collections.abc import Iterable
from typing import Any

from nuages.db.backends.base.introspection import BaseDatabaseIntrospection
from nuages.db.backends.base.introspection import FieldInfo as BaseFieldInfo
from nuages.db.backends.base.introspection import TableInfo as BaseTableInfo
from nuages.db.backends.mysql._driver import BLOBS, FIELD_TYPE

FieldInfo: Any = namedtuple(  # type: ignore[misc]
    "FieldInfo",
    (*BaseFieldInfo._fields, "extra", "is_unsigned", "has_json_constraint", "comment", "data_type"),
)
TableInfo: Any = namedtuple("TableInfo", (*BaseTableInfo._fields, "comment"))  # type: ignore[misc]

_INTERNAL_TYPES = {
    "CharField": ("STRING", "VARCHAR", "VAR_STRING"),
    "DateField": ("DATE",),
    "DateTimeField": ("DATETIME", "TIMESTAMP"),
    "DecimalField": ("DECIMAL", "NEWDECIMAL"),
    "FloatField": ("DOUBLE", "FLOAT"),
    "IntegerField": ("INT24", "LONG", "TINY"),
    "BigIntegerField": ("LONGLONG",),
    "SmallIntegerField": ("SHORT",),
    "JSONField": ("JSON",),
    "TextField": ("BLOB", "TINY_BLOB", "MEDIUM_BLOB", "LONG_BLOB"),
    "TimeField": ("TIME",),
}
_COUNTING = {
    "IntegerField": "AutoField",
    "BigIntegerField": "BigAutoField",
    "SmallIntegerField": "SmallAutoField",
}
_WORD = re.compile(r"`([^`]+)`|\b(\w+)\b(?!\s*\()")


class DatabaseIntrospection(BaseDatabaseIntrospection):
    """Reads ``information_schema``."""

    data_types_reverse = {
        getattr(FIELD_TYPE, code): name
        for name, codes in _INTERNAL_TYPES.items()
        for code in codes
        if hasattr(FIELD_TYPE, code)
    }

    def get_field_type(self, data_type: Any, description: Any) -> Any:
        name = super().get_field_type(data_type, description)
        if "auto_increment" in description.extra and name in _COUNTING:
            return _COUNTING[name]
        if description.is_unsigned and name in _COUNTING:
            return f"Positive{name}"
        if description.data_type.upper() == "UUID":
            return "UUIDField"
        return "JSONField" if description.has_json_constraint else name

    def _rows(self, cursor: Any, sql: str, *params: Any) -> list[Any]:
        cursor.execute(sql, params)
        return list(cursor.fetchall())

    def get_table_list(self, cursor: Any) -> list[Any]:
        kinds = {"BASE TABLE": "t", "VIEW": "v", "SYSTEM VERSIONED": "t"}
        rows = self._rows(
            cursor,
            "SELECT table_name, table_type, table_comment FROM information_schema.tables "
            "WHERE table_schema = DATABASE()",
        )
        return [TableInfo._make((name, kinds.get(kind), comment)) for name, kind, comment in rows]

    def get_table_description(self, cursor: Any, table_name: str) -> list[Any]:
        json_columns = self._json_columns(cursor, table_name)
        rows = self._rows(
            cursor,
            "SELECT c.column_name, c.data_type, c.character_maximum_length, c.numeric_precision, "
            "c.numeric_scale, c.extra, c.column_default, c.column_type, c.column_comment, "
            "CASE WHEN c.collation_name = t.table_collation THEN NULL ELSE c.collation_name END "
            "FROM information_schema.columns AS c JOIN information_schema.tables AS t "
            "ON t.table_schema = c.table_schema AND t.table_name = c.table_name "
            "WHERE c.table_name = %s AND c.table_schema = DATABASE()",
            table_name,
        )
        about = {row[0]: row for row in rows}
        # What a cursor says of a column, the driver's code of its type above all.
        cursor.execute(f"SELECT * FROM {self.connection.ops.quote_name(table_name)} LIMIT 1")
        found = []
        for column in cursor.description:
            name, code, display, internal, precision, scale, null_ok = column[:7]
            _, kind, length, digits, places, extra, default, whole, comment, collation = about[name]
            found.append(
                FieldInfo._make(
                    (
                        name,
                        code,
                        _number(length) or display,
                        _number(length) or internal,
                        _number(digits) or precision,
                        _number(places) or scale,
                        null_ok,
                        None if default == "NULL" else default,
                        collation,
                        extra,
                        "unsigned" in whole,
                        name in json_columns,
                        comment,
                        kind,
                    )
                )
            )
        return found

    def _json_columns(self, cursor: Any, table_name: str) -> set[str]:
        """The columns whose check says that they hold JSON, as MariaDB's do."""
        if not self.connection.mysql_is_mariadb:
            return set()
        rows = self._rows(
            cursor,
            "SELECT constraint_name FROM information_schema.check_constraints WHERE "
            "table_name = %s AND constraint_schema = DATABASE() AND LOWER(check_clause) = "
            "CONCAT('json_valid(`', LOWER(constraint_name), '`)')",
            table_name,
        )
        return {name for (name,) in rows}

    def get_sequences(
        self, cursor: Any, table_name: str, table_fields: Iterable[Any] = ()
    ) -> list[dict[str, Any]]:
        rows = self._rows(
            cursor,
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s "
            "AND table_schema = DATABASE() AND extra LIKE %s",
            table_name,
            "%auto_increment%",
        )
        # A table has one such column at most.
        return [{"table": table_name, "column": column} for (column,) in rows]

    def get_relations(self, cursor: Any, table_name: str) -> dict[str, tuple[str, str, Any]]:
        rows = self._rows(
            cursor,
            "SELECT k.column_name, k.referenced_column_name, k.referenced_table_name, "
            "r.delete_rule FROM information_schema.key_column_usage AS k "
            "JOIN information_schema.referential_constraints AS r "
            "ON r.constraint_name = k.constraint_name AND r.constraint_schema = k.table_schema "
            "AND r.table_name = k.table_name "
            "WHERE k.table_name = %s AND k.table_schema = DATABASE() "
            "AND k.referenced_table_schema = DATABASE()",
            table_name,
        )
        rules = self.on_delete_types
        return {column: (other, table, rules.get(rule)) for column, other, table, rule in rows}

    def get_storage_engine(self, cursor: Any, table_name: str) -> str:
        """Return the engine that keeps a table; the default one if there is no such table."""
        rows = self._rows(
            cursor,
            "SELECT engine FROM information_schema.tables WHERE table_name = %s "
            "AND table_schema = DATABASE()",
            table_name,
        )
        engine: str = rows[0][0] if rows else self.connection.features._mysql_storage_engine
        return engine

    def _parse_constraint_columns(
        self, check_clause: str, columns: Iterable[str]
    ) -> dict[str, None]:
        """Return the columns that a check mentions, in their order (as a set that has one)."""
        # Not those that are named in a text.
        clause = re.sub(r"'(?:[^'\\]|\\.|'')*'", "''", check_clause)
        known = set(columns)
        words = (quoted or bare for quoted, bare in _WORD.findall(clause))
        return dict.fromkeys(word for word in words if word in known)

    def get_constraints(self, cursor: Any, table_name: str) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for name, column, table, target, kind in self._keys(cursor, table_name):
            entry = found.setdefault(name, _constraint())
            if kind == "PRIMARY KEY":
                entry["primary_key"] = entry["unique"] = True
            elif kind == "UNIQUE":
                entry["unique"] = True
            elif table:
                entry["foreign_key"] = (table, target)
            if column not in entry["columns"]:
                entry["columns"].append(column)
        columns = [
            name
            for (name,) in self._rows(
                cursor,
                "SELECT column_name FROM information_schema.columns "
                "WHERE table_schema = DATABASE() AND table_name = %s ORDER BY ordinal_position",
                table_name,
            )
        ]
        unnamed = 0
        for name, clause in self._checks(cursor, table_name):
            mentioned = list(self._parse_constraint_columns(clause, columns))
            if {name} == {*mentioned}:
                # The check of a column has the column's name.
                unnamed += 1
                name = f"__unnamed_constraint_{unnamed}__"
            found[name] = _constraint(columns=mentioned, check=True)
        self._add_indexes(cursor, table_name, found)
        return found

    def _keys(self, cursor: Any, table_name: str) -> list[Any]:
        return self._rows(
            cursor,
            "SELECT k.constraint_name, k.column_name, k.referenced_table_name, "
            "k.referenced_column_name, c.constraint_type "
            "FROM information_schema.key_column_usage AS k "
            "JOIN information_schema.table_constraints AS c "
            "ON c.constraint_name = k.constraint_name AND c.table_name = k.table_name "
            "AND c.constraint_schema = k.table_schema "
            "WHERE k.table_schema = DATABASE() AND k.table_name = %s "
            "AND (k.referenced_table_schema = DATABASE() OR k.referenced_table_schema IS NULL) "
            "ORDER BY k.constraint_name, k.ordinal_position",
            table_name,
        )

    def _checks(self, cursor: Any, table_name: str) -> list[Any]:
        if self.connection.mysql_is_mariadb:
            return self._rows(
                cursor,
                "SELECT constraint_name, check_clause FROM information_schema.check_constraints "
                "WHERE constraint_schema = DATABASE() AND table_name = %s",
                table_name,
            )
        return self._rows(
            cursor,
            "SELECT c.constraint_name, c.check_clause FROM information_schema.check_constraints "
            "AS c JOIN information_schema.table_constraints AS t "
            "ON t.constraint_name = c.constraint_name "
            "AND t.constraint_schema = c.constraint_schema WHERE t.table_schema = DATABASE() "
            "AND t.table_name = %s AND t.constraint_type = 'CHECK'",
            table_name,
        )

    def _add_indexes(self, cursor: Any, table_name: str, found: dict[str, Any]) -> None:
        # Models stand above this floor.
        from nuages.db.models import Index

        cursor.execute(f"SHOW INDEX FROM {self.connection.ops.quote_name(table_name)}")
        names = [column[0].lower() for column in cursor.description]
        indexes: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in cursor.fetchall():
            part = dict(zip(names, row, strict=True))
            indexes[part["key_name"]].append(part)
        for name, parts in indexes.items():
            parts.sort(key=lambda part: part["seq_in_index"])
            entry = found.setdefault(
                name, _constraint(columns=[p["column_name"] for p in parts if p["column_name"]])
            )
            if not parts[0]["non_unique"]:
                entry["unique"] = True
            kind = parts[0]["index_type"].lower()
            entry["index"] = True
            entry["type"] = Index.suffix if kind == "btree" else kind
            entry["orders"] = ["DESC" if part["collation"] == "D" else "ASC" for part in parts]


def _constraint(columns: list[str] | None = None, check: bool = False) -> dict[str, Any]:
    return {
        "columns": [] if columns is None else columns,
        "primary_key": False,
        "unique": False,
        "foreign_key": None,
        "check": check,
        "index": False,
    }


def _number(value: Any) -> int | None:
    return None if value is None else int(value)


__all__ = ["BLOBS", "DatabaseIntrospection", "FieldInfo", "TableInfo"]
