"""Reading the schema of a PostgreSQL database."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable
from typing import Any

from psycopg.postgres import types

from nuages.db.backends.base.introspection import BaseDatabaseIntrospection
from nuages.db.backends.base.introspection import FieldInfo as _ColumnInfo
from nuages.db.backends.base.introspection import TableInfo as _TableInfo


def _with_fields(base: Any, *names: str) -> Any:
    return namedtuple(base.__name__, base._fields + names)


FieldInfo = _with_fields(_ColumnInfo, "is_autofield", "comment")
TableInfo = _with_fields(_TableInfo, "comment")

#: The internal type per type of the server.
_FIELDS = {
    "bool": "BooleanField",
    "bpchar": "CharField",
    "bytea": "BinaryField",
    "cidr": "CharField",
    "date": "DateField",
    "float4": "FloatField",
    "float8": "FloatField",
    "inet": "GenericIPAddressField",
    "int2": "SmallIntegerField",
    "int4": "IntegerField",
    "int8": "BigIntegerField",
    "interval": "DurationField",
    "jsonb": "JSONField",
    "numeric": "DecimalField",
    "text": "TextField",
    "time": "TimeField",
    "timestamp": "DateTimeField",
    "timestamptz": "DateTimeField",
    "uuid": "UUIDField",
    "varchar": "CharField",
}
_OF_CONTRIB = "django.contrib.postgres.fields.{}"
_RANGES = {
    "daterange": "DateRangeField",
    "int4range": "IntegerRangeField",
    "int8range": "BigIntegerRangeField",
    "numrange": "DecimalRangeField",
    "tstzrange": "DateTimeRangeField",
}
_AUTOMATIC = {
    "SmallIntegerField": "SmallAutoField",
    "IntegerField": "AutoField",
    "BigIntegerField": "BigAutoField",
}

# What is meant by a table's name: the first of that name in the search path.
_THE_TABLE = "pg_catalog.to_regclass(pg_catalog.quote_ident(%s))"

_TABLES = """
SELECT relname,
       CASE WHEN relispartition THEN 'p' WHEN relkind IN ('m', 'v') THEN 'v' ELSE 't' END,
       pg_catalog.obj_description(oid, 'pg_class')
FROM pg_catalog.pg_class
WHERE relkind IN ('f', 'm', 'p', 'r', 'v')
  AND relnamespace <> 'pg_catalog'::regnamespace
  AND pg_catalog.pg_table_is_visible(oid)
"""

_COLUMNS = f"""
SELECT col.attname,
       NOT (col.attnotnull OR (kind.typtype = 'd' AND kind.typnotnull)),
       pg_catalog.pg_get_expr(def.adbin, def.adrelid),
       CASE WHEN sorted.oid <> 'pg_catalog."default"'::regcollation THEN sorted.collname END,
       col.attidentity <> '' OR pg_catalog.pg_get_expr(def.adbin, def.adrelid) LIKE 'nextval(%%',
       pg_catalog.col_description(col.attrelid, col.attnum)
FROM pg_catalog.pg_attribute AS col
JOIN pg_catalog.pg_type AS kind ON kind.oid = col.atttypid
LEFT JOIN pg_catalog.pg_attrdef AS def
    ON def.adrelid = col.attrelid AND def.adnum = col.attnum
LEFT JOIN pg_catalog.pg_collation AS sorted ON sorted.oid = col.attcollation
WHERE col.attrelid = {_THE_TABLE} AND col.attnum > 0 AND NOT col.attisdropped
"""

# Sequences that belong to columns: of identity columns ("i") and of serial ones ("a").
_SEQUENCES = f"""
SELECT counter.relname, col.attname
FROM pg_catalog.pg_depend AS owned
JOIN pg_catalog.pg_class AS counter ON counter.oid = owned.objid AND counter.relkind = 'S'
JOIN pg_catalog.pg_attribute AS col
    ON col.attrelid = owned.refobjid AND col.attnum = owned.refobjsubid
WHERE owned.refobjid = {_THE_TABLE}
  AND owned.classid = 'pg_class'::regclass AND owned.deptype IN ('a', 'i')
"""

_RELATIONS = f"""
SELECT ours.attname, theirs.attname, target.relname, link.confdeltype
FROM pg_catalog.pg_constraint AS link
JOIN pg_catalog.pg_class AS target ON target.oid = link.confrelid
JOIN pg_catalog.pg_attribute AS ours
    ON ours.attrelid = link.conrelid AND ours.attnum = link.conkey[1]
JOIN pg_catalog.pg_attribute AS theirs
    ON theirs.attrelid = link.confrelid AND theirs.attnum = link.confkey[1]
WHERE link.conrelid = {_THE_TABLE} AND link.contype = 'f'
"""

_CONSTRAINTS = f"""
SELECT own.conname, own.contype,
       ARRAY(SELECT col.attname
             FROM unnest(own.conkey) WITH ORDINALITY AS key (number, place)
             JOIN pg_catalog.pg_attribute AS col
                 ON col.attrelid = own.conrelid AND col.attnum = key.number
             ORDER BY key.place),
       (SELECT ARRAY[target.relname, col.attname]
        FROM pg_catalog.pg_class AS target
        JOIN pg_catalog.pg_attribute AS col
            ON col.attrelid = target.oid AND col.attnum = own.confkey[1]
        WHERE own.contype = 'f' AND target.oid = own.confrelid),
       held.reloptions
FROM pg_catalog.pg_constraint AS own
JOIN pg_catalog.pg_class AS held ON held.oid = own.conrelid
WHERE own.conrelid = {_THE_TABLE} AND own.contype IN ('c', 'f', 'p', 'u', 'x')
ORDER BY own.conname
"""

_INDEXES = f"""
SELECT made.relname, method.amname, entry.indisunique, entry.indisprimary, made.reloptions,
       CASE WHEN entry.indexprs IS NOT NULL THEN pg_catalog.pg_get_indexdef(entry.indexrelid) END,
       ARRAY(SELECT col.attname
             FROM unnest(entry.indkey::int2[]) WITH ORDINALITY AS key (number, place)
             LEFT JOIN pg_catalog.pg_attribute AS col
                 ON col.attrelid = entry.indrelid AND col.attnum = key.number
             ORDER BY key.place),
       ARRAY(SELECT CASE WHEN flags & 1 = 1 THEN 'DESC' ELSE 'ASC' END
             FROM unnest(entry.indoption::int2[]) WITH ORDINALITY AS own (flags, place)
             ORDER BY place),
       pg_catalog.pg_indexam_has_property(method.oid, 'can_order')
FROM pg_catalog.pg_index AS entry
JOIN pg_catalog.pg_class AS made ON made.oid = entry.indexrelid
JOIN pg_catalog.pg_am AS method ON method.oid = made.relam
WHERE entry.indrelid = {_THE_TABLE}
ORDER BY made.relname
"""


class DatabaseIntrospection(BaseDatabaseIntrospection):
    """Reads the catalogue of the server."""

    data_types_reverse = {
        **{types[name].oid: field for name, field in _FIELDS.items()},
        **{types[name].oid: _OF_CONTRIB.format(field) for name, field in _RANGES.items()},
    }
    #: What stands for USING btree, which needs not be said.
    index_default_access_method = "btree"
    ignored_tables: list[str] = []

    @property
    def on_delete_types(self) -> dict[str, Any]:
        """What ``on_delete`` is, per letter of the catalogue."""
        by_rule = super().on_delete_types
        letters = {"a": "NO ACTION", "c": "CASCADE", "d": "SET DEFAULT", "n": "SET NULL"}
        return {letter: by_rule[rule] for letter, rule in letters.items()}

    def get_field_type(self, data_type: Any, description: Any) -> Any:
        if data_type not in self.data_types_reverse:
            # A type of an extension has another number in each database.
            known = self.connection.connection.adapters.types.get(data_type)
            if known is not None and known.name == "hstore":
                return _OF_CONTRIB.format("HStoreField")
        name = super().get_field_type(data_type, description)
        if description.is_autofield or (description.default or "").startswith("nextval("):
            return _AUTOMATIC.get(name, name)
        return name

    def _rows(self, cursor: Any, query: str, *params: Any) -> list[Any]:
        cursor.execute(query, params or None)
        return cursor.fetchall()

    def get_table_list(self, cursor: Any) -> list[Any]:
        found = map(TableInfo._make, self._rows(cursor, _TABLES))
        return [table for table in found if table.name not in self.ignored_tables]

    def get_table_description(self, cursor: Any, table_name: str) -> list[Any]:
        more = {name: rest for name, *rest in self._rows(cursor, _COLUMNS, table_name)}
        cursor.execute(f"SELECT * FROM {self.connection.ops.quote_name(table_name)} LIMIT 1")
        described = []
        for column in cursor.description:
            null_ok, default, collation, automatic, comment = more[column.name]
            # A length that is not limited is none.
            size = column.internal_size if column.internal_size != -1 else None
            described.append(
                FieldInfo(
                    name=column.name,
                    type_code=column.type_code,
                    display_size=column.display_size or size,
                    internal_size=size,
                    precision=column.precision or None,
                    scale=column.scale,
                    null_ok=null_ok,
                    default=default,
                    collation=collation,
                    is_autofield=bool(automatic),
                    comment=comment,
                )
            )
        return described

    def get_sequences(
        self, cursor: Any, table_name: str, table_fields: Iterable[Any] = ()
    ) -> list[dict[str, Any]]:
        return [
            {"name": name, "table": table_name, "column": column}
            for name, column in self._rows(cursor, _SEQUENCES, table_name)
        ]

    def get_relations(self, cursor: Any, table_name: str) -> dict[str, tuple[str, str, Any]]:
        rules = self.on_delete_types
        return {
            ours: (theirs, table, rules.get(rule))
            for ours, theirs, table, rule in self._rows(cursor, _RELATIONS, table_name)
        }

    def get_constraints(self, cursor: Any, table_name: str) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for name, kind, columns, target, options in self._rows(cursor, _CONSTRAINTS, table_name):
            found[name] = {
                "columns": columns,
                "primary_key": kind == "p",
                "unique": kind in ("p", "u"),
                "foreign_key": tuple(target) if target else None,
                "check": kind == "c",
                "index": False,
                "definition": None,
                "options": options,
            }
        for name, *index in self._rows(cursor, _INDEXES, table_name):
            # What carries a constraint is shown as the constraint.
            if name not in found:
                found[name] = self._index(name, *index)
        return found

    def _index(
        self,
        name: str,
        method: str,
        unique: bool,
        primary: bool,
        options: Any,
        definition: str | None,
        columns: list[Any],
        orders: list[str],
        ordered: bool,
    ) -> dict[str, Any]:
        """An index, as ``get_constraints`` gives it; an expression in it is a column ``None``."""
        # What tells a BTreeIndex from an Index: that it has options, or was named by itself.
        usual = method == self.index_default_access_method and not (
            options or name.endswith(f"_{method}")
        )
        return {
            "columns": columns,
            "orders": orders if ordered else [],
            "primary_key": primary,
            "unique": unique,
            "foreign_key": None,
            "check": False,
            "index": True,
            "type": _index_class_suffix() if usual else method,
            "definition": definition,
            "options": options,
        }


def _index_class_suffix() -> str:
    from nuages.db.models import Index

    return Index.suffix
