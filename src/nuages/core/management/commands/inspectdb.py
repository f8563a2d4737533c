"""Write models for the tables of a database. Manual: ref/django-admin, "inspectdb"."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from nuages.core.management.base import BaseCommand, CommandError
from nuages.db import DEFAULT_DB_ALIAS, connections
from nuages.db.models.constants import LOOKUP_SEP

_PREAMBLE = """\
# This is an auto-generated Django model module.
# You'll have to do the following manually to clean this up:
#   * Rearrange models' order
#   * Make sure each model has one field with primary_key=True
#   * Make sure each ForeignKey and OneToOneField has `on_delete` set to the desired behavior
#   * Remove `managed = False` lines if you wish to allow Django to create, modify, and delete the table
# Feel free to rename the models, but don't rename db_table values or field names.
from {module} import models"""


@dataclass
class Table:
    """What introspection says of a table."""

    columns: list[Any]
    relations: dict[str, tuple[str, str, Any]]
    constraints: dict[str, dict[str, Any]]
    primary_key: list[str]
    #: Columns that are unique by themselves.
    unique: set[str]
    kind: str = "t"
    comment: str | None = None


@dataclass
class Line:
    """A field as it will be written."""

    name: str
    #: ``ForeignKey('Author', models.CASCADE``, say: the call up to the arguments below.
    head: str
    arguments: dict[str, Any]
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        arguments = [f"{name}={value!r}" for name, value in self.arguments.items()]
        opening = "" if self.head.endswith("(") or not arguments else ", "
        notes = f"  # {' '.join(self.notes)}" if self.notes else ""
        return f"{self.name} = {self.head}{opening}{', '.join(arguments)}){notes}"


class Command(BaseCommand):
    """Prints a module with a model per table."""

    help = (
        "Introspects the database tables in the given database and outputs a Django model module."
    )
    requires_system_checks: Any = []
    stealth_options = ("table_name_filter",)
    #: Where the written module imports ``models`` from.
    db_module = "django.db"

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("table", nargs="*", type=str, help="The tables or views to read.")
        parser.add_argument(
            "--database",
            default=DEFAULT_DB_ALIAS,
            choices=tuple(connections),
            help="The database to read; 'default' if not given.",
        )
        for what in ("partitions", "views"):
            parser.add_argument(
                f"--include-{what}",
                action="store_true",
                help=f"Write models for {what} as well.",
            )

    def handle(self, **options: Any) -> None:
        if not connections[options["database"]].features.supports_inspectdb:
            raise CommandError(
                "Database inspection isn't supported for the currently selected database backend."
            )
        for line in self.handle_inspection(options):
            self.stdout.write(line)

    def handle_inspection(self, options: dict[str, Any]) -> Iterator[str]:
        """Give the lines of the module."""
        connection = self._connection = connections[options["database"]]
        wanted: Callable[[str], bool] | None = options.get("table_name_filter")
        yield _PREAMBLE.format(module=self.db_module)
        known: list[str] = []
        with connection.cursor() as cursor:
            listed = connection.introspection.get_table_list(cursor)
            kinds = {"t", *"p" * options["include_partitions"], *"v" * options["include_views"]}
            names = options["table"] or sorted(info.name for info in listed if info.type in kinds)
            about = {info.name: info for info in listed}
            for name in names:
                if wanted is not None and callable(wanted) and not wanted(name):
                    continue
                try:
                    table = self._read(connection, cursor, name, about.get(name))
                except Exception as error:
                    yield f"# Unable to inspect table '{name}'"
                    yield f"# The error was: {error}"
                    continue
                known.append(self.normalize_table_name(name))
                yield from self._model(connection, name, table, known)

    def _read(self, connection: Any, cursor: Any, name: str, info: Any) -> Table:
        read = connection.introspection
        constraints = _unless_unsupported(read.get_constraints, cursor, name)
        primary_key = read.get_primary_key_columns(cursor, name) or []
        return Table(
            columns=read.get_table_description(cursor, name),
            relations=_unless_unsupported(read.get_relations, cursor, name),
            constraints=constraints,
            primary_key=primary_key,
            unique={
                each["columns"][0]
                for each in constraints.values()
                if each["unique"] and len(each["columns"]) == 1
            },
            kind=getattr(info, "type", "t"),
            comment=getattr(info, "comment", None),
        )

    # -- models ------------------------------------------------------------------------------

    def _model(self, connection: Any, name: str, table: Table, known: list[str]) -> Iterator[str]:
        yield ""
        yield ""
        yield f"class {self.normalize_table_name(name)}(models.Model):"
        names: dict[str, str] = {}
        lines = []
        for column in table.columns:
            line = self._field(connection, name, table, column, known, names)
            names[column.name] = line.name
            if not self._goes_without_saying(line, table):
                lines.append(str(line))
        if len(table.primary_key) > 1:
            keys = ", ".join(repr(names[column]) for column in table.primary_key)
            yield f"    pk = models.CompositePrimaryKey({keys})"
        yield from (f"    {line}" for line in lines)
        yield from self.get_meta(
            name,
            table.constraints,
            names,
            table.kind == "v",
            table.kind == "p",
            table.comment,
            table.primary_key,
        )

    def _goes_without_saying(self, line: Line, table: Table) -> bool:
        """Whether the field is the ``id`` that a model has by itself."""
        return (
            line.name == "id"
            and line.head == "models.AutoField("
            and line.arguments == {"primary_key": True}
            and table.primary_key == ["id"]
        )

    def _field(
        self,
        connection: Any,
        table_name: str,
        table: Table,
        column: Any,
        known: list[str],
        names: dict[str, str],
    ) -> Line:
        relation = table.relations.get(column.name)
        name, renaming, notes = self.normalize_col_name(
            column.name, list(names.values()), relation is not None
        )
        arguments: dict[str, Any] = dict(renaming)
        if [column.name] == table.primary_key:
            arguments["primary_key"] = True
        elif column.name in table.unique and column.name not in table.primary_key:
            arguments["unique"] = True
        if relation is not None:
            head = self._relation(table_name, column, relation, arguments, known, table, name)
        else:
            kind, extra, more = self.get_field_type(connection, table_name, column)
            arguments.update(extra)
            notes += more
            head = f"{kind}(" if "." in kind else f"models.{kind}("
            if kind in ("AutoField", "BigAutoField", "SmallAutoField"):
                # A counter that is no key is a plain number here.
                arguments.pop("unique", None)
            if name == "id" and arguments == {"primary_key": True} and "Auto" not in kind:
                notes.append("AutoField?")
        if column.null_ok and not arguments.get("primary_key"):
            arguments.update(blank=True, null=True)
        if comment := getattr(column, "comment", None):
            arguments["db_comment"] = comment
        return Line(name, head, arguments, notes)

    def _relation(
        self,
        table_name: str,
        column: Any,
        relation: tuple[str, str, Any],
        arguments: dict[str, Any],
        known: list[str],
        table: Table,
        name: str,
    ) -> str:
        """The beginning of a relation's call; what else it needs goes into ``arguments``."""
        other_column, other_table, on_delete = relation
        one_to_one = arguments.get("primary_key") or arguments.pop("unique", False)
        kind = "OneToOneField" if one_to_one else "ForeignKey"
        model = self.normalize_table_name(other_table)
        if other_table == table_name:
            target = repr("self")
        else:
            # A model that comes later has to be named by a string.
            target = model if model in known else repr(model)
        if other_column and other_column not in self._keys_of(other_table):
            arguments["to_field"] = other_column
        if arguments.get("db_column") == f"{name}_id":
            del arguments["db_column"]
        earlier = [
            each.name
            for each in table.columns[: table.columns.index(column)]
            if table.relations.get(each.name, ("", ""))[1] == other_table
        ]
        if earlier:
            # The name of the way back is taken.
            own = self.normalize_table_name(table_name).lower()
            arguments["related_name"] = f"{own}_{name}_set"
        return f"models.{kind}({target}, {_rule(on_delete)}"

    def _keys_of(self, table_name: str) -> list[str]:
        cached = self.__dict__.setdefault("_keys", {})
        if table_name not in cached:
            connection = self._connection
            with connection.cursor() as cursor:
                cached[table_name] = (
                    connection.introspection.get_primary_key_columns(cursor, table_name) or []
                )
        return cached[table_name]

    # -- names and types, for subclasses to change -------------------------------------------

    def normalize_table_name(self, table_name: str) -> str:
        """Return the name of the model for a table."""
        return re.sub(r"[^a-zA-Z0-9]", "", table_name.title())

    def normalize_col_name(
        self, col_name: str, used_column_names: list[str], is_relation: bool
    ) -> tuple[str, dict[str, str], list[str]]:
        """Return the name of the field for a column, arguments it needs, and notes about it."""
        notes = []
        name = col_name.lower()
        if name != col_name:
            notes.append("Field name made lowercase.")
        if is_relation:
            name = name.removesuffix("_id")
        name, changed = re.subn(r"\W", "_", name)
        if changed:
            notes.append("Field renamed to remove unsuitable characters.")
        if LOOKUP_SEP in name:
            name = re.sub(f"{LOOKUP_SEP}+", "_", name)
            if LOOKUP_SEP in col_name.lower():
                notes.append("Field renamed because it contained more than one '_' in a row.")
        if name.startswith("_"):
            name = f"field{name}"
            notes.append("Field renamed because it started with '_'.")
        if name.endswith("_"):
            name = f"{name}field"
            notes.append("Field renamed because it ended with '_'.")
        if keyword.iskeyword(name):
            name = f"{name}_field"
            notes.append("Field renamed because it was a Python reserved word.")
        if name[0].isdigit():
            name = f"number_{name}"
            notes.append("Field renamed because it wasn't a valid Python identifier.")
        if name in used_column_names:
            number = 0
            while f"{name}_{number}" in used_column_names:
                number += 1
            name = f"{name}_{number}"
            notes.append("Field renamed because of name conflict.")
        renamed = col_name != name and not (is_relation and col_name == f"{name}_id")
        return name, {"db_column": col_name} if renamed else {}, notes if renamed else []

    def get_field_type(
        self, connection: Any, table_name: str, row: Any
    ) -> tuple[str, dict[str, Any], list[str]]:
        """Return the class of the field for a column, its arguments, and notes about it."""
        notes: list[str] = []
        try:
            found = connection.introspection.get_field_type(row.type_code, row)
        except KeyError:
            found = "TextField"
            notes.append("This field type is a guess.")
        kind, arguments = found if isinstance(found, tuple) else (found, {})
        arguments = dict(arguments)
        if kind == "CharField" and row.display_size and (size := int(row.display_size)) > 0:
            arguments["max_length"] = size
        if kind in ("CharField", "TextField") and row.collation:
            arguments["db_collation"] = row.collation
        if kind == "DecimalField" and row.precision is not None and row.scale is not None:
            arguments.update(max_digits=row.precision, decimal_places=row.scale)
        return kind, arguments, notes

    def get_meta(
        self,
        table_name: str,
        constraints: dict[str, dict[str, Any]],
        column_to_field_name: dict[str, str],
        is_view: bool,
        is_partition: bool,
        comment: str | None,
        primary_key: list[str] | None = None,
    ) -> list[str]:
        """Return the lines of ``class Meta``."""
        together = []
        unreadable = False
        for each in constraints.values():
            if not each["unique"] or each["columns"] == primary_key:
                continue
            columns = [name for name in each["columns"] if name is not None]
            if len(columns) < len(each["columns"]):
                unreadable = True
            if len(columns) > 1:
                names = ", ".join(repr(column_to_field_name[name]) for name in columns)
                together.append(f"({names})")
        origin = {(True, False): "  # Created from a view."}
        origin[False, True] = "  # Created from a partition."
        meta = ["", "    class Meta:"]
        meta.append(f"        managed = False{origin.get((is_view, is_partition), '')}")
        meta.append(f"        db_table = {table_name!r}")
        if unreadable:
            meta.insert(1, "    # A unique constraint could not be introspected.")
        if together:
            meta.append(f"        unique_together = ({', '.join(together)},)")
        if comment:
            meta.append(f"        db_table_comment = {comment!r}")
        return meta


def _unless_unsupported(read: Callable[..., Any], *args: Any) -> Any:
    try:
        return read(*args)
    except NotImplementedError:
        return {}


def _rule(on_delete: Any) -> str:
    """How an ``on_delete`` is written."""
    from nuages.db import models

    for name in ("DB_CASCADE", "DB_SET_DEFAULT", "DB_SET_NULL"):
        if on_delete is getattr(models, name):
            return f"models.{name}"
    return "models.DO_NOTHING"
