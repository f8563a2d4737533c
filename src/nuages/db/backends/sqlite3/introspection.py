"""Reading the schema of an SQLite database."""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Iterable, Iterator
from typing import Any

from nuages.db.backends.base.introspection import BaseDatabaseIntrospection, TableInfo
from nuages.db.backends.base.introspection import FieldInfo as BaseFieldInfo
from nuages.db.utils import DatabaseError

_namedtuple: Any = namedtuple
FieldInfo = _namedtuple("FieldInfo", (*BaseFieldInfo._fields, "pk", "has_json_constraint"))

_SIZE = re.compile(r"\s*(?:var)?char\s*\(\s*(\d+)\s*\)\s*", re.ASCII | re.IGNORECASE)


def get_field_size(name: str) -> int | None:
    """Return the length that a type like ``varchar(30)`` gives."""
    match = _SIZE.fullmatch(name)
    return int(match[1]) if match else None


class FlexibleFieldLookupDict:
    """Internal types by SQL type: case does not matter, and neither does a length."""

    base_data_types_reverse = {
        "bool": "BooleanField",
        "boolean": "BooleanField",
        "smallint": "SmallIntegerField",
        "smallint unsigned": "PositiveSmallIntegerField",
        "smallinteger": "SmallIntegerField",
        "int": "IntegerField",
        "integer": "IntegerField",
        "bigint": "BigIntegerField",
        "integer unsigned": "PositiveIntegerField",
        "bigint unsigned": "PositiveBigIntegerField",
        "decimal": "DecimalField",
        "real": "FloatField",
        "text": "TextField",
        "char": "CharField",
        "varchar": "CharField",
        "blob": "BinaryField",
        "date": "DateField",
        "datetime": "DateTimeField",
        "time": "TimeField",
    }

    def __getitem__(self, key: str) -> str:
        return self.base_data_types_reverse[key.lower().split("(", 1)[0].strip()]


class DatabaseIntrospection(BaseDatabaseIntrospection):
    data_types_reverse = FlexibleFieldLookupDict()

    def get_field_type(self, data_type: Any, description: Any) -> Any:
        name = super().get_field_type(data_type, description)
        if description.pk and name in ("IntegerField", "BigIntegerField", "SmallIntegerField"):
            # A primary key that is an integer is one that counts.
            return "AutoField"
        return "JSONField" if description.has_json_constraint else name

    def get_table_list(self, cursor: Any) -> list[Any]:
        cursor.execute(
            "SELECT name, type FROM sqlite_master "
            "WHERE type IN ('table', 'view') AND NOT name = 'sqlite_sequence' ORDER BY name"
        )
        return [TableInfo(name, kind[0]) for name, kind in cursor.fetchall()]

    def get_table_description(self, cursor: Any, table_name: str) -> list[Any]:
        cursor.execute(f"PRAGMA table_xinfo({self.connection.ops.quote_name(table_name)})")
        columns = cursor.fetchall()
        if not columns:
            raise DatabaseError(f"Table {table_name} does not exist (empty pragma).")
        collations = self._get_column_collations(cursor, table_name)
        json_columns = self._json_columns(cursor, table_name)
        composite = sum(bool(row[5]) for row in columns) > 1
        return [
            FieldInfo(
                name=name,
                type_code=data_type,
                display_size=get_field_size(data_type),
                internal_size=None,
                precision=None,
                scale=None,
                null_ok=not not_null,
                default=default,
                collation=collations.get(name),
                pk=bool(key_position) and not composite,
                has_json_constraint=name in json_columns,
            )
            for _, name, data_type, not_null, default, key_position, hidden in columns
            # 0: a plain column; 2 and 3: generated ones; 1: hidden by a virtual table.
            if hidden in (0, 2, 3)
        ]

    def _table_sql(self, cursor: Any, table_name: str) -> str | None:
        row = cursor.execute(
            "SELECT sql FROM sqlite_master WHERE type IN ('table', 'view') AND name = %s",
            [table_name],
        ).fetchone()
        return row and row[0]

    def _json_columns(self, cursor: Any, table_name: str) -> set[str]:
        """The columns whose check says that they hold JSON."""
        sql = self._table_sql(cursor, table_name) or ""
        return set(re.findall(r'JSON_VALID\("([^"]+)"\)', sql, re.IGNORECASE))

    def get_sequences(
        self, cursor: Any, table_name: str, table_fields: Iterable[Any] = ()
    ) -> list[dict[str, Any]]:
        return [{"table": table_name, "column": self.get_primary_key_column(cursor, table_name)}]

    def get_relations(self, cursor: Any, table_name: str) -> dict[str, tuple[str, str, Any]]:
        cursor.execute(f"PRAGMA foreign_key_list({self.connection.ops.quote_name(table_name)})")
        return {
            column: (other_column, other_table, self.on_delete_types.get(on_delete))
            for _, _, other_table, column, other_column, _, on_delete, _ in cursor.fetchall()
        }

    def get_primary_key_columns(self, cursor: Any, table_name: str) -> list[str] | None:
        cursor.execute(f"PRAGMA table_info({self.connection.ops.quote_name(table_name)})")
        keyed = sorted((row[5], row[1]) for row in cursor.fetchall() if row[5])
        return [name for _, name in keyed] or None

    # -- constraints -------------------------------------------------------------------------

    def get_constraints(self, cursor: Any, table_name: str) -> dict[str, dict[str, Any]]:
        quote = self.connection.ops.quote_name
        constraints: dict[str, dict[str, Any]] = {}
        sql = self._table_sql(cursor, table_name)
        if sql is not None:
            cursor.execute(f"PRAGMA table_xinfo({quote(table_name)})")
            columns = {row[1] for row in cursor.fetchall()}
            # Checks, and the names of unique constraints, stand nowhere but in the statement.
            constraints.update(self._parse_table_constraints(sql, columns))
        cursor.execute(f"PRAGMA index_list({quote(table_name)})")
        for _, name, unique, origin, *_ in cursor.fetchall():
            if origin != "c":
                # Made by a constraint, which the statement names.
                continue
            index_sql = cursor.execute(
                "SELECT sql FROM sqlite_master WHERE type = 'index' AND name = %s", [name]
            ).fetchone()
            cursor.execute(f"PRAGMA index_xinfo({quote(name)})")
            keys = [row for row in cursor.fetchall() if row[5]]
            names = [row[2] for row in keys]
            constraints[name] = _constraint(columns=names, unique=bool(unique), index=True)
            constraints[name]["type"] = "idx"
            if index_sql:
                orders = ["DESC" if row[3] else "ASC" for row in keys]
                constraints[name]["orders"] = orders
        primary_key = self.get_primary_key_columns(cursor, table_name)
        if primary_key:
            constraints["__primary__"] = _constraint(columns=primary_key, primary_key=True)
        relations = self.get_relations(cursor, table_name).items()
        for number, (column, (other_column, other_table, _)) in enumerate(relations):
            constraints[f"fk_{number}"] = _constraint(
                columns=[column], foreign_key=(other_table, other_column)
            )
        return constraints

    def _tokens(self, sql: str) -> Iterator[Any]:
        import sqlparse

        statement = sqlparse.parse(sql)[0]
        return (token for token in statement.flatten() if not token.is_whitespace)

    def _parse_table_constraints(self, sql: str, columns: set[str]) -> dict[str, dict[str, Any]]:
        """The unique and check constraints of a CREATE TABLE statement."""
        import sqlparse

        found: dict[str, dict[str, Any]] = {}
        tokens = self._tokens(sql)
        for token in tokens:
            if token.match(sqlparse.tokens.Punctuation, "("):
                break
        unnamed = 0
        while True:
            name, unique, check, end = self._parse_column_or_constraint_definition(tokens, columns)
            for details in (unique, check):
                if not details:
                    continue
                if name:
                    found[name] = details
                else:
                    unnamed += 1
                    found[f"__unnamed_constraint_{unnamed}__"] = details
            if end is None or end.match(sqlparse.tokens.Punctuation, ")"):
                return found

    def _parse_column_or_constraint_definition(
        self, tokens: Iterator[Any], columns: set[str]
    ) -> tuple[str | None, dict[str, Any] | None, dict[str, Any] | None, Any]:
        """One definition: a constraint's name, what is unique, what is checked, the last token."""
        reader = _Definition(columns)
        end = reader.read(tokens)
        unique = _constraint(columns=reader.unique, unique=True) if reader.unique else None
        check = _constraint(columns=reader.check, check=True) if reader.check else None
        return reader.name, unique, check, end

    def _get_column_collations(self, cursor: Any, table_name: str) -> dict[str, str]:
        """The COLLATE of each column that has one."""
        import sqlparse

        sql = self._table_sql(cursor, table_name)
        if not sql:
            return {}
        collations: dict[str, str] = {}
        depth, column, previous = 0, None, ""
        for token in self._tokens(sql):
            if token.match(sqlparse.tokens.Punctuation, "("):
                depth += 1
                column = None if depth == 1 else column
            elif token.match(sqlparse.tokens.Punctuation, ")"):
                depth -= 1
            elif depth == 1 and token.match(sqlparse.tokens.Punctuation, ","):
                column = None
            elif depth == 1:
                if column is None:
                    column = _unquoted(token.value)
                elif previous == "COLLATE":
                    collations[column] = _unquoted(token.value)
            previous = token.value.upper()
        return collations


def _constraint(
    columns: list[str],
    primary_key: bool = False,
    unique: bool = False,
    foreign_key: tuple[str, str] | None = None,
    check: bool = False,
    index: bool = False,
) -> dict[str, Any]:
    return {
        "columns": columns,
        "primary_key": primary_key,
        "unique": unique,
        "foreign_key": foreign_key,
        "check": check,
        "index": index,
    }


def _unquoted(name: str) -> str:
    return name[1:-1] if name[:1] in ('"', "[", "`", "'") else name


class _Definition:
    """Reads the tokens of one column or constraint, up to the comma or bracket that ends it."""

    def __init__(self, columns: set[str]) -> None:
        self.columns = columns
        self.name: str | None = None
        self.unique: list[str] = []
        self.check: list[str] = []

    def read(self, tokens: Iterator[Any]) -> Any:
        """Read the definition and return the token after it, ``None`` at the end."""
        from sqlparse.tokens import Punctuation

        column: str | None = None
        target: list[str] | None = None
        depth = 0
        first = True
        for token in tokens:
            word = token.value.upper()
            if token.ttype is Punctuation and word == "(":
                depth += 1
            elif token.ttype is Punctuation and word == ")":
                if depth == 0:
                    return token
                depth -= 1
                if depth == 0:
                    target = None
            elif depth == 0 and token.ttype is Punctuation and word == ",":
                return token
            elif depth:
                self._note(token, target)
            elif word == "CONSTRAINT":
                self.name = _unquoted(next(tokens).value)
            elif word == "UNIQUE":
                target = self.unique
                if column is not None:
                    self.unique.append(column)
                    target = None
            elif word == "CHECK":
                target = self.check
            elif first and _unquoted(token.value) in self.columns:
                column = _unquoted(token.value)
            first = False
        return None

    def _note(self, token: Any, target: list[str] | None) -> None:
        """Take down a column that the brackets of UNIQUE or CHECK mention."""
        from sqlparse.tokens import Keyword, Literal, Name

        if target is None:
            return
        if token.ttype in Name or token.ttype in Keyword or token.ttype is Literal.String.Symbol:
            name = _unquoted(token.value)
            if name in self.columns and name not in target:
                target.append(name)
