"""Lists of values of another field. Manual: "ArrayField"."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from nuages.contrib.postgres import lookups
from nuages.contrib.postgres.fields.utils import OfBaseField
from nuages.contrib.postgres.forms import SimpleArrayField
from nuages.contrib.postgres.utils import NeedsApp, prefix_validation_error
from nuages.contrib.postgres.validators import ArrayMaxLengthValidator
from nuages.core import checks, exceptions
from nuages.db.models import Field, Func, IntegerField, Transform, Value
from nuages.db.models.fields.mixins import CheckFieldDefaultMixin
from nuages.db.models.lookups import Exact, FieldGetDbPrepValueMixin, In
from nuages.utils.translation import gettext_lazy as _

__all__ = ["ArrayField"]

_SLICE = re.compile(r"(\d+)_(\d+)")


def _is_many(value: Any) -> bool:
    return isinstance(value, list | tuple)


class ArrayField(OfBaseField, NeedsApp, CheckFieldDefaultMixin, Field):
    """A column of arrays.

    Args:
        base_field: the field of the items.
        size: how many items there are at most.
    """

    empty_strings_allowed = False
    default_error_messages = {
        "item_invalid": _("Item %(nth)s in the array did not validate:"),
        "nested_array_mismatch": _("Nested arrays must have the same length."),
    }
    _default_hint = ("list", "[]")

    def __init__(self, base_field: Field, size: int | None = None, **kwargs: Any) -> None:
        self.base_field, self.size = base_field, size
        self.db_collation = getattr(base_field, "db_collation", None)
        if size:
            limit = ArrayMaxLengthValidator(size)
            self.default_validators = [*self.default_validators, limit]
        # Only items that come out as something else need a look at.
        if hasattr(base_field, "from_db_value"):
            self.from_db_value = self._from_db_value
        super().__init__(**kwargs)

    # -- checks ------------------------------------------------------------------------------

    def check(self, **kwargs: Any) -> list[Any]:
        messages = super().check(**kwargs)
        if self.base_field.remote_field:
            return [
                *messages,
                checks.Error(
                    "Base field for array cannot be a related field.", obj=self, id="postgres.E002"
                ),
            ]
        base = self.base_field
        # A nested array reports the application once, by its outer array.
        found = (
            [each for each in base.check(**kwargs) if each.id != "postgres.E005"]
            if isinstance(base, ArrayField)
            else base.check(**kwargs)
        )
        for kind, words, number in (
            (checks.Error, "errors", "E001"),
            (checks.Warning, "warnings", "W004"),
        ):
            level = checks.ERROR if kind is checks.Error else checks.WARNING
            those = [
                each for each in found if (each.level >= checks.ERROR) == (level == checks.ERROR)
            ]
            if those:
                listed = "\n    ".join(f"{each.msg} ({each.id})" for each in those)
                messages.append(
                    kind(
                        f"Base field for array has {words}:\n    {listed}",
                        obj=self,
                        id=f"postgres.{number}",
                    )
                )
        return messages

    @property
    def description(self) -> str:
        """What non-developers read about the field."""
        return f"Array of {self.base_field.description}"

    # -- the column --------------------------------------------------------------------------

    def _brackets(self) -> str:
        return f"[{self.size or ''}]"

    def db_type(self, connection: Any) -> str:
        return f"{self.base_field.db_type(connection)}{self._brackets()}"

    def cast_db_type(self, connection: Any) -> str:
        return f"{self.base_field.cast_db_type(connection)}{self._brackets()}"

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        return {**super().db_parameters(connection), "collation": self.db_collation}

    def get_placeholder_sql(self, value: Any, compiler: Any, connection: Any) -> Any:
        """Return the placeholder: each item has its own where one is an expression."""
        expressions = _is_many(value) and any(hasattr(item, "as_sql") for item in value)
        if expressions:
            parts, params = [], []
            for item in value:
                if hasattr(item, "as_sql"):
                    sql, more = compiler.compile(item)
                elif hasattr(self.base_field, "get_placeholder_sql"):
                    sql, more = self.base_field.get_placeholder_sql(item, compiler, connection)
                else:
                    sql, more = "%s", (item,)
                parts.append(sql)
                params.extend(more)
            return f"ARRAY[{', '.join(parts)}]::{self.cast_db_type(connection)}", tuple(params)
        if hasattr(value, "as_sql"):
            return compiler.compile(value)
        return f"%s::{self.db_type(connection)}", (value,)

    # -- values ------------------------------------------------------------------------------

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if not _is_many(value):
            return value
        prep, sized = self.base_field.get_db_prep_value, self._sized(connection)
        found = []
        for item in value:
            if not hasattr(item, "as_sql"):
                item = prep(item, connection, prepared=False)
                if sized is not None and type(item) is int:
                    item = sized(item)
            found.append(item)
        return found

    def _sized(self, connection: Any) -> Any:
        """Return the driver's type for integers of the column's size.

        By itself it sends an array of the smallest type that the numbers fit in, and arrays of one type
        are not compared with those of another.
        """
        from psycopg.types import numeric

        kinds = {"smallint": numeric.Int2, "integer": numeric.Int4, "bigint": numeric.Int8}
        return kinds.get(self.base_field.db_type(connection))

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if not _is_many(value):
            return value
        prep = self.base_field.get_db_prep_save
        return [
            item if hasattr(item, "as_sql") else prep(item, connection=connection) for item in value
        ]

    def _from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if value is None:
            return None
        read = self.base_field.from_db_value
        return [read(item, expression, connection) for item in value]

    def to_python(self, value: Any) -> Any:
        # Fixtures hold JSON.
        return (
            [self.base_field.to_python(item) for item in json.loads(value)]
            if isinstance(value, str)
            else value
        )

    def value_to_string(self, obj: Any) -> str:
        items = self.value_from_object(obj)
        texts = items if items is None else list(map(self.as_text, items))
        return json.dumps(texts, ensure_ascii=False)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        # A base field that a migration is to see is one without a model.
        own = {"base_field": self.base_field.clone(), "size": self.size}
        given = {argument: value for argument, value in own.items() if value is not None}
        return name, path.replace("fields.array.", "fields."), args, kwargs | given

    # -- validation --------------------------------------------------------------------------

    def _for_each(self, value: Any, look_at: Callable[[Any], None]) -> None:
        for nth, item in enumerate(value, 1):
            try:
                look_at(item)
            except exceptions.ValidationError as error:
                raise prefix_validation_error(
                    error,
                    prefix=f"{self.error_messages['item_invalid']} ",
                    code="item_invalid",
                    params={"nth": nth},
                ) from error

    def validate(self, value: Any, model_instance: Any) -> None:
        super().validate(value, model_instance)
        self._for_each(value, lambda item: self.base_field.validate(item, model_instance))
        if isinstance(self.base_field, ArrayField) and len({len(item) for item in value}) > 1:
            raise exceptions.ValidationError(
                self.error_messages["nested_array_mismatch"], code="nested_array_mismatch"
            )

    def run_validators(self, value: Any) -> None:
        super().run_validators(value)
        self._for_each(value, self.base_field.run_validators)

    def formfield(self, **kwargs: Any) -> Any:  # type: ignore[override]
        own = {
            "form_class": SimpleArrayField,
            "base_field": self.base_field.formfield(),
            "max_length": self.size,
        }
        return super().formfield(**own | kwargs)

    # -- lookups -----------------------------------------------------------------------------

    def get_transform(self, name: str) -> Any:
        found = super().get_transform(name)
        if found or "_" in name and not _SLICE.fullmatch(name):
            return found
        if name.isdigit():
            # The database counts from one, nested arrays of text as well.
            return partial(IndexTransform, int(name) + 1, self.base_field)
        if match := _SLICE.fullmatch(name):
            first, last = map(int, match.groups())
            return partial(SliceTransform, first + 1, last)
        return found

    def slice_expression(self, expression: Any, start: int, length: int | None) -> Any:
        # ``start`` counts from one.
        return SliceTransform(start, None if length is None else start + length - 1, expression)


class ArrayRHSMixin:
    """A lookup whose right side may be a list with expressions in it, or a query."""

    def __init__(self, lhs: Any, rhs: Any) -> None:
        if _is_many(rhs):
            # A mixture of values and expressions is written out item by item.
            field = getattr(lhs.output_field, "base_field", None)
            values = [
                item if hasattr(item, "resolve_expression") else Value(_prepared(field, item))
                for item in rhs
            ]
            if any(hasattr(item, "resolve_expression") for item in rhs):
                rhs = Func(
                    *values,
                    template="ARRAY[%(expressions)s]",
                    output_field=lhs.output_field,
                )
        super().__init__(lhs, rhs)  # type: ignore[call-arg]

    def process_rhs(self, compiler: Any, connection: Any) -> Any:
        sql, params = super().process_rhs(compiler, connection)  # type: ignore[misc]
        kind = self.lhs.output_field.cast_db_type(connection)  # type: ignore[attr-defined]
        return f"{sql}::{kind}", params


def _prepared(field: Any, item: Any) -> Any:
    return item if field is None else field.get_prep_value(item)


@ArrayField.register_lookup
class ArrayContains(ArrayRHSMixin, FieldGetDbPrepValueMixin, lookups.DataContains):
    """The array has all of the items."""


@ArrayField.register_lookup
class ArrayContainedBy(ArrayRHSMixin, FieldGetDbPrepValueMixin, lookups.ContainedBy):
    """The array has no other items."""


@ArrayField.register_lookup
class ArrayExact(ArrayRHSMixin, Exact):
    """The arrays are equal."""


@ArrayField.register_lookup
class ArrayOverlap(ArrayRHSMixin, FieldGetDbPrepValueMixin, lookups.Overlap):
    """The arrays have an item in common."""

    def __init__(self, lhs: Any, rhs: Any) -> None:
        from nuages.db.models.query import QuerySet
        from nuages.db.models.sql import Query

        if isinstance(rhs, Query | QuerySet):
            # All arrays of the column as one.
            from nuages.contrib.postgres.expressions import ArraySubquery

            rhs = ArraySubquery(rhs)
        super().__init__(lhs, rhs)


@ArrayField.register_lookup
class ArrayLenTransform(Transform):
    """The number of items."""

    lookup_name = "len"
    output_field = IntegerField()

    def as_sql(self, compiler: Any, connection: Any) -> Any:  # type: ignore[override]
        sql, params = compiler.compile(self.lhs)
        # Of an empty array the database says NULL.
        return (
            f"CASE WHEN {sql} IS NULL THEN NULL ELSE coalesce(array_length({sql}, 1), 0) END",
            (*params, *params),
        )


@ArrayField.register_lookup
class ArrayInLookup(In):
    """The array is one of several."""

    def get_prep_lookup(self) -> Any:
        prepared = super().get_prep_lookup()
        if hasattr(prepared, "resolve_expression"):
            return prepared
        # They are put into a set: lists cannot be.
        return [item if hasattr(item, "resolve_expression") else _frozen(item) for item in prepared]


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if _is_many(value) else value


class IndexTransform(Transform):
    """One item, which the database counts from one."""

    def __init__(self, index: int, base_field: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.index, self.base_field = index, base_field

    def as_sql(self, compiler: Any, connection: Any) -> Any:  # type: ignore[override]
        sql, params = compiler.compile(self.lhs)
        # An index after an index goes one dimension deeper, without brackets between them.
        if not isinstance(self.lhs, IndexTransform):
            sql = f"({sql})"
        return f"{sql}[%s]", (*params, self.index)

    @property
    def output_field(self) -> Any:
        """The field of the items."""
        return self.base_field


class SliceTransform(Transform):
    """The items from one place to another, both of them included."""

    def __init__(self, start: int, end: int | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.start, self.end = start, end

    def as_sql(self, compiler: Any, connection: Any) -> Any:  # type: ignore[override]
        sql, params = compiler.compile(self.lhs)
        sql = f"({sql})"
        if self.end is None:
            return f"{sql}[%s:]", (*params, self.start)
        return f"{sql}[%s:%s]", (*params, self.start, self.end)
