"""Indexes of PostgreSQL. Manual: "PostgreSQL specific model indexes"."""

from __future__ import annotations

from typing import Any

from nuages.contrib.postgres.utils import missing_app
from nuages.db.models import Func, Index
from nuages.utils.functional import cached_property

__all__ = [
    "BTreeIndex",
    "BloomIndex",
    "BrinIndex",
    "GinIndex",
    "GistIndex",
    "HashIndex",
    "OpClass",
    "PostgresIndex",
    "SpGistIndex",
]


def _switch(value: bool) -> str:
    return "on" if value else "off"


class PostgresIndex(Index):
    """The base of indexes of other kinds than the usual one.

    Subclasses say in their class statement the ``kind``, and the storage parameters with what writes
    their value: these are keywords of the constructor.
    """

    kind = ""
    storage: dict[str, Any] = {}

    def __init_subclass__(cls, kind: str = "", **storage: Any) -> None:
        super().__init_subclass__()
        if kind:
            cls.kind = cls.suffix = kind
        if storage:
            cls.storage = storage

    def __init__(self, *expressions: Any, **options: Any) -> None:
        for name in self.storage:
            setattr(self, name, options.pop(name, None))
        super().__init__(*expressions, **options)

    @cached_property
    def max_name_length(self) -> int:
        """How long a name may be: the usual limit is for a suffix of three letters."""
        return Index.max_name_length - len(Index.suffix) + len(self.suffix)

    def check(self, model: Any, connection: Any) -> list[Any]:
        if connection.vendor != "postgresql":
            return super().check(model, connection)
        return [*super().check(model, connection), *missing_app(model, type(self).__name__)]

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        given = {name: getattr(self, name) for name in self.storage}
        return path, args, kwargs | {k: v for k, v in given.items() if v is not None}

    def create_sql(self, model: Any, schema_editor: Any, using: str = "", **kwargs: Any) -> Any:
        self.check_supported(schema_editor)
        statement = super().create_sql(
            model, schema_editor, using=f" USING {using or self.kind or self.suffix}", **kwargs
        )
        if params := self.get_with_params():
            statement.parts["extra"] = f" WITH ({', '.join(params)}){statement.parts['extra']}"
        return statement

    def check_supported(self, schema_editor: Any) -> None:
        """Raise ``NotSupportedError`` if the server cannot have such an index."""

    def get_with_params(self) -> list[str]:
        """Return the storage parameters, as SQL."""
        return [
            f"{name} = {write(value)}"
            for name, write in self.storage.items()
            if (value := getattr(self, name)) is not None
        ]


class BloomIndex(PostgresIndex, kind="bloom", length=str):
    """Filters on any of many columns, for equality.

    Args:
        length: the bits of an entry.
        columns: the bits of each column.
    """

    def __init__(
        self, *expressions: Any, length: int | None = None, columns: Any = (), **kwargs: Any
    ) -> None:
        super().__init__(*expressions, length=length, **kwargs)
        for wrong, message in (
            (len(self.fields) > 32, "Bloom indexes support a maximum of 32 fields."),
            (
                not isinstance(columns, list | tuple),
                "BloomIndex.columns must be a list or tuple.",
            ),
            (
                len(columns) > len(self.fields),
                "BloomIndex.columns cannot have more values than fields.",
            ),
            (
                not all(isinstance(bits, int) and 0 < bits <= 4095 for bits in columns),
                "BloomIndex.columns must contain integers from 1 to 4095.",
            ),
            (
                length is not None and not 0 < length <= 4096,
                "BloomIndex.length must be None or an integer from 1 to 4096.",
            ),
        ):
            if wrong:
                raise ValueError(message)
        self.columns = columns

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, kwargs | ({"columns": self.columns} if self.columns else {})

    def get_with_params(self) -> list[str]:
        bits = (f"col{number} = {value}" for number, value in enumerate(self.columns, 1))
        return [*super().get_with_params(), *bits]


class BrinIndex(PostgresIndex, kind="brin", autosummarize=_switch, pages_per_range=str):
    """What is between which values, for each range of pages: small, for ordered tables."""

    def __init__(self, *expressions: Any, **options: Any) -> None:
        pages = options.get("pages_per_range")
        if pages is not None and pages <= 0:
            raise ValueError("pages_per_range must be None or a positive integer")
        super().__init__(*expressions, **options)


class BTreeIndex(PostgresIndex, kind="btree", fillfactor=str, deduplicate_items=_switch):
    """The usual kind, with its parameters."""


class GinIndex(PostgresIndex, kind="gin", gin_pending_list_limit=str, fastupdate=_switch):
    """The values within values: arrays, documents, words."""


class GistIndex(PostgresIndex, kind="gist", buffering=_switch, fillfactor=str):
    """A tree of what contains what: ranges, shapes."""


class HashIndex(PostgresIndex, kind="hash", fillfactor=str):
    """Equality alone."""


class SpGistIndex(PostgresIndex, kind="spgist", fillfactor=str):
    """Trees whose branches differ in depth."""


class OpClass(Func):
    """An expression with an operator class. Manual: "OpClass() expressions"."""

    template, constraint_validation_compatible = "%(expressions)s %(name)s", False

    def __init__(self, expression: Any, name: str) -> None:
        super().__init__(expression, name=name)
