"""Fields of numbers and truth values, and the automatic keys."""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Self, overload

from nuages.core import validators
from nuages.db import connection
from nuages.db.models.fields import _checks
from nuages.db.models.fields._base import Field, keyword
from nuages.utils.functional import cached_property
from nuages.utils.hints import unannotated
from nuages.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from nuages.db.models.base import Model

    _Mixed = Field
else:
    #: What mixins of fields are mixed into.
    _Mixed = object


@unannotated
class BooleanField(Field):
    """True or false; with ``null=True`` also unknown."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: Any) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> bool | Any: ...
        def __get__(self, instance: object | None, owner: Any) -> Any: ...

    empty_strings_allowed = False
    default_error_messages = {
        "invalid": _("“%(value)s” value must be either True or False."),
        "invalid_nullable": _("“%(value)s” value must be either True, False, or None."),
    }
    description = _("Boolean (Either True or False)")
    #: What forms, fixtures and rows write for the two values.
    spellings: ClassVar[dict[Any, bool]] = {
        True: True,
        False: False,
        "t": True,
        "True": True,
        "1": True,
        "f": False,
        "False": False,
        "0": False,
    }

    _internal_type = "BooleanField"

    def to_python(self, value: Any) -> Any:
        if self.null and value in self.empty_values:
            return None
        try:
            return self.spellings[value]
        except (KeyError, TypeError):
            code = "invalid_nullable" if self.null else "invalid"
            raise self._refuse(code, value) from None

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return None if value is None else self.to_python(value)

    def formfield(self, **kwargs: Any) -> Any:  # type: ignore[override]
        from nuages import forms

        given: dict[str, Any] = {}
        if self.choices is not None:
            prefilled = self.has_default() or "initial" in kwargs
            given["choices"] = self.get_choices(include_blank=not prefilled)
        else:
            # An unticked box is an answer: nothing is required.
            given["required"] = False
            given["form_class"] = forms.NullBooleanField if self.null else forms.BooleanField
        return super().formfield(**(given | kwargs))


class NullBooleanField(BooleanField):
    """Kept for historical migrations alone."""

    _usual = {"null": True, "blank": True}

    system_check_removed_details = {
        "msg": ("NullBooleanField is removed except for support in historical migrations."),
        "hint": "Use BooleanField(null=True, blank=True) instead.",
        "id": "fields.E903",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | self._usual))


class _Numeric(Field):
    """A field whose values go through a Python number type."""

    empty_strings_allowed = False
    number: ClassVar[Callable[[Any], Any]]

    def to_python(self, value: Any) -> Any:
        if value is None:
            return None
        try:
            return type(self).number(value)
        except (TypeError, ValueError):
            raise self._refuse("invalid", value) from None

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        if value is None:
            return None
        try:
            return type(self).number(value)
        except (TypeError, ValueError) as error:
            raise type(error)(
                f"Field '{self.name}' expected a number but got {value!r}."
            ) from error


@unannotated
class IntegerField(_Numeric):
    """A whole number that fits the database's column."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: Any) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> int | Any: ...
        def __get__(self, instance: object | None, owner: Any) -> Any: ...

    default_error_messages = {"invalid": _("“%(value)s” value must be an integer.")}
    description: Any = _("Integer")
    number = int
    _field_checks = (*Field._field_checks, _checks.max_length_is_not_for_numbers)

    @cached_property
    def validators(self) -> list[Callable[[Any], None]]:
        """The field's validators, and the bounds of the column where none is as narrow."""
        own = super().validators
        low, high = connection.ops.integer_field_range(self.get_internal_type())

        def limits(kind: type) -> list[Any]:
            found = [each.limit_value for each in own if isinstance(each, kind)]  # type: ignore[attr-defined]
            return [value() if callable(value) else value for value in found]

        bounds: list[Callable[[Any], None]] = []
        if low is not None and not any(v >= low for v in limits(validators.MinValueValidator)):
            bounds.append(validators.MinValueValidator(low))
        if high is not None and not any(v <= high for v in limits(validators.MaxValueValidator)):
            bounds.append(validators.MaxValueValidator(high))
        return [*own, *bounds]

    _internal_type = "IntegerField"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        value = super().get_db_prep_value(value, connection, prepared)
        return connection.ops.adapt_integerfield_value(value, self.get_internal_type())

    _form_field = "IntegerField"


class BigIntegerField(IntegerField):
    """A whole number of 64 bits."""

    description = _("Big (8 byte) integer")
    MAX_BIGINT = 2**63 - 1

    _internal_type = "BigIntegerField"

    def _form_options(self) -> dict[str, Any]:
        return {"min_value": -self.MAX_BIGINT - 1, "max_value": self.MAX_BIGINT}


class SmallIntegerField(IntegerField):
    """A whole number of 16 bits."""

    description = _("Small integer")

    _internal_type = "SmallIntegerField"


@unannotated
class PositiveIntegerRelDbTypeMixin(_Mixed):
    """Keys that point to a positive number have the plain type where the database allows it."""

    integer_field_class: Any

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if getattr(cls, "integer_field_class", None) is None:
            cls.integer_field_class = next(
                (
                    base
                    for base in cls.__mro__[1:]
                    if isinstance(base, type)
                    and issubclass(base, IntegerField)
                    and not issubclass(base, PositiveIntegerRelDbTypeMixin)
                ),
                None,
            )

    def rel_db_type(self, connection: Any) -> str | None:
        if connection.features.related_fields_match_type:
            return self.db_type(connection)
        return self.integer_field_class().db_type(connection=connection)


class _Positive(PositiveIntegerRelDbTypeMixin):
    def _form_options(self) -> dict[str, Any]:
        return super()._form_options() | {"min_value": 0}


class PositiveBigIntegerField(_Positive, BigIntegerField):
    """A whole number from 0, of 63 bits."""

    description = _("Positive big integer")
    _internal_type = "PositiveBigIntegerField"


class PositiveIntegerField(_Positive, IntegerField):
    """A whole number from 0, of 31 bits."""

    description = _("Positive integer")
    _internal_type = "PositiveIntegerField"


class PositiveSmallIntegerField(_Positive, SmallIntegerField):
    """A whole number from 0, of 15 bits."""

    description = _("Positive small integer")
    _internal_type = "PositiveSmallIntegerField"


class AutoFieldMixin(_Mixed):
    """A primary key whose values the database counts up."""

    db_returning = True
    auto_checks = (_checks.automatic_field_is_primary_key,)

    _usual = {"blank": True}
    #: The field whose numbers the key has.
    counted_type: type[Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | self._usual))

    def rel_db_type(self, connection: Any) -> str | None:
        """Return the type of the whole number that the key is."""
        return self.counted_type().db_type(connection=connection)

    def check(self, **kwargs: Any) -> list[Any]:
        own = _checks.flatten(check(self, **kwargs) for check in self.auto_checks)
        return super().check(**kwargs) + own

    def deconstruct(self) -> tuple[Any, ...]:
        *place, kwargs = super().deconstruct()
        return *place, kwargs | {"primary_key": True}

    def validate(self, value: Any, model_instance: Any) -> None:
        """Accept everything: the database gives the value."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return value if prepared else self.get_prep_value(value)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if not hasattr(value, "as_sql"):
            # What is looked for may be any number; not so what is written.
            value = connection.ops.validate_autopk_value(self.get_prep_value(value))
        return super().get_db_prep_save(value, connection)

    def contribute_to_class(self, cls: type[Model], name: str, **kwargs: Any) -> None:  # type: ignore[override]
        options = cls._meta
        if options.auto_field:
            raise ValueError(
                f"Model {options.label} can't have more than one auto-generated field."
            )
        options.auto_field = self
        super().contribute_to_class(cls, name, **kwargs)

    def formfield(self, **kwargs: Any) -> None:  # type: ignore[override]
        """Return ``None``: no form edits the value."""


class AutoFieldMeta(type):
    """Lets ``isinstance(field, AutoField)`` hold for the big and small automatic keys too."""

    @property
    def _subclasses(cls) -> tuple[type, ...]:
        return BigAutoField, SmallAutoField

    def __instancecheck__(cls, instance: object) -> bool:
        return super().__instancecheck__(instance) or (
            cls is AutoField and isinstance(instance, cls._subclasses)
        )

    def __subclasscheck__(cls, subclass: type) -> bool:
        return super().__subclasscheck__(subclass) or (
            cls is AutoField and issubclass(subclass, cls._subclasses)
        )


class AutoField(AutoFieldMixin, IntegerField, metaclass=AutoFieldMeta):
    """An automatic primary key of 32 bits."""

    _internal_type, counted_type = "AutoField", IntegerField


class BigAutoField(AutoFieldMixin, BigIntegerField):
    """An automatic primary key of 64 bits."""

    _internal_type, counted_type = "BigAutoField", BigIntegerField


class SmallAutoField(AutoFieldMixin, SmallIntegerField):
    """An automatic primary key of 16 bits."""

    _internal_type, counted_type = "SmallAutoField", SmallIntegerField


class FloatField(_Numeric):
    """A binary floating point number."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: Any) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> float | Any: ...
        def __get__(self, instance: object | None, owner: Any) -> Any: ...

    default_error_messages = {"invalid": _("“%(value)s” value must be a float.")}
    description = _("Floating point number")
    number = float

    _internal_type = "FloatField"

    _form_field = "FloatField"


class DecimalField(Field):
    """A decimal number of fixed precision."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: Any) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> decimal.Decimal | Any: ...
        def __get__(self, instance: object | None, owner: Any) -> Any: ...

    empty_strings_allowed = False
    default_error_messages = {"invalid": _("“%(value)s” value must be a decimal number.")}
    description = _("Decimal number")
    _keywords = (keyword("max_digits"), keyword("decimal_places"))
    _field_checks = (*Field._field_checks, _checks.decimal_has_precision)

    def __init__(
        self,
        verbose_name: Any = None,
        name: str | None = None,
        max_digits: int | None = None,
        decimal_places: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.max_digits, self.decimal_places = max_digits, decimal_places
        super().__init__(verbose_name, name, **kwargs)

    @cached_property
    def validators(self) -> list[Callable[[Any], None]]:
        """The field's validators, with one of the number of digits."""
        precision = validators.DecimalValidator(self.max_digits, self.decimal_places)
        return [*super().validators, precision]

    @cached_property
    def context(self) -> decimal.Context:
        """The precision with which floats are rounded."""
        return decimal.Context(prec=self.max_digits)

    _internal_type = "DecimalField"

    def to_python(self, value: Any) -> Any:
        if value is None:
            return None
        try:
            if isinstance(value, float):
                if math.isnan(value):
                    raise self._refuse("invalid", value)
                rounding = self.context if self.max_digits is not None else decimal.getcontext()
                number = rounding.create_decimal_from_float(value)
            else:
                number = decimal.Decimal(value)
        except (decimal.InvalidOperation, TypeError, ValueError):
            raise self._refuse("invalid", value) from None
        if not number.is_finite():
            raise self._refuse("invalid", value)
        return number

    def get_prep_value(self, value: Any) -> Any:
        return self.to_python(super().get_prep_value(value))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if not prepared:
            value = self.get_prep_value(value)
        if hasattr(value, "as_sql"):
            return value
        return connection.ops.adapt_decimalfield_value(value, self.max_digits, self.decimal_places)

    _form_field = "DecimalField"

    def _form_options(self) -> dict[str, Any]:
        return {"max_digits": self.max_digits, "decimal_places": self.decimal_places}
