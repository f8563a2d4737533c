"""``CompositePrimaryKey``: a primary key of several columns."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nuages.core import checks
from nuages.db.models.fields import NOT_PROVIDED, Field, _checks
from nuages.utils.functional import cached_property

if TYPE_CHECKING:
    from nuages.db.models.base import Model


def key_is_named_pk(field: Any, **kwargs: Any) -> _checks.Messages:
    """E013."""
    if field.name != "pk":
        yield checks.Error("'CompositePrimaryKey' must be named 'pk'.", obj=field, id="fields.E013")


class CompositeAttribute:
    """The attribute ``pk`` of instances: a tuple of the values of the key's fields."""

    def __init__(self, field: CompositePrimaryKey) -> None:
        self.field = field

    @cached_property
    def attnames(self) -> list[str]:
        """The attributes that hold the parts of the key."""
        return [field.attname for field in self.field.fields]

    def __get__(self, instance: Any, cls: type | None = None) -> Any:
        if instance is None:
            return self
        return tuple([getattr(instance, name) for name in self.attnames])

    def __set__(self, instance: Any, values: Any) -> None:
        attnames = self.attnames
        if values is None:
            values = (None,) * len(attnames)
        if not isinstance(values, list | tuple):
            raise ValueError(f"{self.field.name!r} must be a list or a tuple.")
        if len(values) != len(attnames):
            raise ValueError(f"{self.field.name!r} must have {len(attnames)} elements.")
        for name, value in zip(attnames, values, strict=True):
            setattr(instance, name, value)


class CompositePrimaryKey(Field):
    """A primary key made of other fields of the model. Manual: "Composite primary keys"."""

    descriptor_class = CompositeAttribute
    _field_checks = (
        key_is_named_pk,
        *(check for check in Field._field_checks if check is not _checks.name_is_usable),
    )

    def __init__(self, *args: str, **kwargs: Any) -> None:
        names = [name for name in args if isinstance(name, str)]
        refusals = (
            (
                not args or len(names) < len(args) or len({*names}) < len(args),
                "args must be unique strings.",
            ),
            (len(args) == 1, "must include at least two fields."),
            (kwargs.get("default", NOT_PROVIDED) is not NOT_PROVIDED, "cannot have a default."),
            (
                kwargs.get("db_default", NOT_PROVIDED) is not NOT_PROVIDED,
                "cannot have a database default.",
            ),
            (kwargs.get("db_column") is not None, "cannot have a db_column."),
            (kwargs.setdefault("editable", False), "cannot be editable."),
            (not kwargs.setdefault("primary_key", True), "must be a primary key."),
            (not kwargs.setdefault("blank", True), "must be blank."),
        )
        for refused, reason in refusals:
            if refused:
                raise ValueError(f"CompositePrimaryKey {reason}")
        self.field_names = args
        # As of any primary key; said at once, so that fields of migrations and of models are equal.
        kwargs.setdefault("serialize", False)
        super().__init__(**kwargs)

    def deconstruct(self) -> tuple[Any, ...]:
        name, path, _args, kwargs = super().deconstruct()
        return name, path, self.field_names, kwargs

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields of the key, in order."""
        options = self.model._meta
        return tuple(options.get_field(name) for name in self.field_names)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of the parts."""
        return tuple(field.column or "" for field in self.fields)

    def contribute_to_class(self, cls: type[Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only=private_only)
        cls._meta.pk = self
        setattr(cls, self.attname, self.descriptor_class(self))

    def get_attname_column(self) -> tuple[str, None]:
        return self.get_attname(), None

    def __iter__(self) -> Any:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.field_names)

    def __bool__(self) -> bool:
        return True

    @cached_property
    def cached_col(self) -> Any:
        """The columns of the parts as one expression."""
        return self.get_col(self.model._meta.db_table)

    def get_col(self, alias: str, output_field: Field | None = None) -> Any:
        from nuages.db.models.expressions import ColPairs

        return ColPairs(alias, self.fields, self.fields, output_field or self)

    def get_pk_value_on_save(self, instance: Model) -> Any:
        known = ((field, field.value_from_object(instance)) for field in self.fields)
        return tuple(
            field.get_pk_value_on_save(instance) if value is None else value
            for field, value in known
        )

    def value_to_string(self, obj: Model) -> str:
        parts = [field.value_to_string(obj) for field in self.fields]
        return json.dumps(parts)

    def to_python(self, value: Any) -> Any:
        # Text is what ``value_to_string`` wrote.
        parts = json.loads(value) if isinstance(value, str) else value
        if not isinstance(parts, list | tuple):
            return parts
        return [field.to_python(part) for field, part in zip(self.fields, parts, strict=True)]

    def get_db_converters(self, connection: Any) -> list[Callable[..., Any]]:
        return []

    def db_type(self, connection: Any) -> None:
        """Return ``None``: the columns are those of the fields."""

    def validate(self, value: Any, model_instance: Any) -> None:
        """Accept: each field validates its own value."""


def unnest(fields: Any) -> list[Field]:
    """Return ``fields`` with composite keys replaced by the fields they are made of."""
    flat: list[Field] = []
    for field in fields:
        flat += field.fields if isinstance(field, CompositePrimaryKey) else [field]
    return flat


def _register_lookups() -> None:
    from nuages.db.models.fields import tuple_lookups

    for name in (
        "TupleExact",
        "TupleGreaterThan",
        "TupleGreaterThanOrEqual",
        "TupleLessThan",
        "TupleLessThanOrEqual",
        "TupleIn",
        "TupleIsNull",
    ):
        CompositePrimaryKey.register_lookup(getattr(tuple_lookups, name))


_register_lookups()
