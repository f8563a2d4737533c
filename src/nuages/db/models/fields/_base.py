"""``Field``: what one attribute of a model knows about its column, its Python value and its form."""

from __future__ import annotations

import copy
import copyreg
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partialmethod, total_ordering
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, overload

from nuages.apps import apps
from nuages.conf import settings
from nuages.core import exceptions, validators
from nuages.db import connection
from nuages.db.models.fields import _checks, _clones
from nuages.db.models.query_utils import DeferredAttribute, RegisterLookupMixin
from nuages.db.utils import NotSupportedError
from nuages.utils.choices import (
    BlankChoiceIterator,
    CallableChoiceIterator,
    flatten_choices,
    normalize_choices,
)
from nuages.utils.datastructures import DictWrapper
from nuages.utils.functional import Promise, cached_property, settable
from nuages.utils.hints import unannotated
from nuages.utils.text import capfirst
from nuages.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from nuages.core.checks import CheckMessage
    from nuages.db.models.base import Model


class NOT_PROVIDED:
    """Stands for "no default": ``None`` is a default like any other."""


class Empty:
    """A bare object whose class is set afterwards (copying without ``__init__``)."""


class Keyword(NamedTuple):
    """A keyword of a field's constructor, as :meth:`Field.deconstruct` writes it down."""

    name: str
    default: Any
    attribute: str

    def to_write(self, field: Field) -> tuple[bool, Any]:
        """Return whether the value differs from the default of the field's type, and the value."""
        value = getattr(field, self.attribute)
        if self.name == "choices" and isinstance(value, CallableChoiceIterator):
            value = value.func
        usual = field._usual.get(self.name, self.default)
        # Others by identity: an equal value that is lazy or foreign stays what it is.
        by_value = type(usual) in (list, int) or type(value) is str
        return (value != usual if by_value else value is not usual), value


def keyword(name: str, default: Any = None, attribute: str | None = None) -> Keyword:
    """Describe a constructor keyword that is kept under ``attribute`` (by default its name)."""
    return Keyword(name, default, attribute or name)


def return_None() -> None:
    """The default of fields that have none, and may be null."""
    return None


def _load_field(app_label: str, model_name: str, field_name: str) -> Field:
    """Find a pickled field again."""
    return apps.get_model(app_label, model_name)._meta.get_field(field_name)


_counting = Lock()


@unannotated
@total_ordering
class Field(RegisterLookupMixin):
    """One column (or relation) of a model. Manual: "Model field reference"."""

    #: What the next field is numbered. Fields stand in the order of their numbers; one that makes another
    #: field beside itself may number both.
    creation_counter = 0
    auto_creation_counter = -1
    empty_strings_allowed = True
    empty_values = list(validators.EMPTY_VALUES)
    default_validators: list[Callable[[Any], None]] = []  # noqa: RUF012 - never changed
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid_choice": _("Value %(value)r is not a valid choice."),
        "null": _("This field cannot be null."),
        "blank": _("This field cannot be blank."),
        "unique": _("%(model_name)s with this %(field_label)s already exists."),
        # Translators: The 'lookup_type' is one of 'date', 'year' or 'month'.
        "unique_for_date": _(
            "%(field_label)s must be unique for %(date_field_label)s %(lookup_type)s."
        ),
    }
    system_check_deprecated_details: dict[str, Any] | None = None
    system_check_removed_details: dict[str, Any] | None = None

    hidden = False
    many_to_many: bool | None = None
    many_to_one: bool | None = None
    one_to_many: bool | None = None
    one_to_one: bool | None = None
    related_model: Any = None
    generated = False

    if TYPE_CHECKING:
        # On a class a field is itself, on an instance its value (see DeferredAttribute).
        @overload
        def __get__(self, instance: None, owner: Any) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> Any: ...
        def __get__(self, instance: object | None, owner: Any) -> Any: ...
        def __set__(self, instance: object, value: Any) -> None: ...

    #: What non-developers read about this type of field; ``%`` takes the field's ``__dict__``.
    description: Any = property(
        lambda self: _("Field of type: %(field_type)s") % {"field_type": type(self).__name__}
    )
    descriptor_class: Any = DeferredAttribute

    #: The name under which database backends know the type; ``None``: that of the class.
    _internal_type: ClassVar[str | None] = None
    #: The form field that edits the type, by its name in ``django.forms``.
    _form_field: ClassVar[str] = "CharField"
    #: Keywords whose default is another one than that of fields in general.
    _usual: ClassVar[dict[str, Any]] = {}
    #: The keywords that :meth:`deconstruct` compares with their defaults.
    _keywords: ClassVar[tuple[Keyword, ...]] = (
        keyword("verbose_name", None, "_verbose_name"),
        keyword("primary_key", False),
        keyword("max_length"),
        keyword("unique", False, "_unique"),
        keyword("blank", False),
        keyword("null", False),
        keyword("db_index", False),
        keyword("default", NOT_PROVIDED),
        keyword("db_default", NOT_PROVIDED),
        keyword("editable", True),
        keyword("serialize", True),
        keyword("unique_for_date"),
        keyword("unique_for_month"),
        keyword("unique_for_year"),
        keyword("choices"),
        keyword("help_text", ""),
        keyword("db_column"),
        keyword("db_comment"),
        keyword("db_tablespace", None, "_db_tablespace"),
        keyword("auto_created", False),
        keyword("validators", [], "_validators"),
        keyword("error_messages", None, "_error_messages"),
    )
    #: Keywords whose value does not change the column in the database.
    non_db_attrs = (
        "blank",
        "choices",
        "db_column",
        "editable",
        "error_messages",
        "help_text",
        "limit_choices_to",
        "on_delete",
        "related_name",
        "related_query_name",
        "validators",
        "verbose_name",
    )
    #: The generators of check messages that apply to the class, in order.
    _field_checks: ClassVar[tuple[Callable[..., Iterator[CheckMessage]], ...]] = (
        _checks.name_is_usable,
        _checks.choices_are_pairs,
        _checks.db_default_is_supported,
        _checks.db_index_is_boolean,
        _checks.db_comment_is_supported,
        _checks.primary_key_is_not_null,
        _checks.backend_accepts_field,
        _checks.validators_are_callable,
        _checks.field_type_is_current,
    )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = vars(cls)
        if "get_placeholder" in own and "get_placeholder_sql" not in own:
            _adopt_old_placeholder(cls)

    def __init__(
        self,
        verbose_name: Any = None,
        name: str | None = None,
        primary_key: bool = False,
        max_length: int | None = None,
        unique: bool = False,
        blank: bool = False,
        null: bool = False,
        db_index: bool = False,
        rel: Any = None,
        default: Any = NOT_PROVIDED,
        editable: bool = True,
        serialize: bool = True,
        unique_for_date: str | None = None,
        unique_for_month: str | None = None,
        unique_for_year: str | None = None,
        choices: Any = None,
        help_text: Any = "",
        db_column: str | None = None,
        db_tablespace: str | None = None,
        auto_created: bool = False,
        validators: Iterable[Callable[[Any], None]] = (),
        error_messages: dict[str, Any] | None = None,
        db_comment: str | None = None,
        db_default: Any = NOT_PROVIDED,
    ) -> None:
        #: ``None`` until the field is put on a model.
        self.name: Any = name
        self.verbose_name = self._verbose_name = verbose_name
        self.primary_key, self._unique, self.db_index = primary_key, unique, db_index
        self.max_length, self.blank, self.null = max_length, blank, null
        self.remote_field, self.is_relation = rel, rel is not None
        self.default, self.db_default = default, db_default
        self.editable, self.serialize, self.auto_created = editable, serialize, auto_created
        days, months, years = unique_for_date, unique_for_month, unique_for_year
        self.unique_for_date, self.unique_for_month, self.unique_for_year = days, months, years
        self.choices, self.help_text = choices, help_text
        self.db_column, self.db_comment, self._db_tablespace = db_column, db_comment, db_tablespace
        # Fields that come with the house (an automatic key, a parent link) stand before those
        # that a class declares.
        self._take_number(auto_created)
        self._validators, self._error_messages = [*validators], error_messages

    def _take_number(self, auto_created: bool) -> None:
        with _counting:
            if auto_created:
                self.creation_counter = Field.auto_creation_counter
                Field.auto_creation_counter -= 1
            else:
                self.creation_counter = Field.creation_counter
                Field.creation_counter += 1

    # What it is called, and how it compares

    def __str__(self) -> str:
        """``app_label.Model.field``, once the field is on a model."""
        model = getattr(self, "model", None)
        return f"{model._meta.label}.{self.name}" if model is not None else super().__str__()

    def __repr__(self) -> str:
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        name = getattr(self, "name", None)
        return f"<{path}: {name}>" if name is not None else f"<{path}>"

    def _place(self) -> tuple[int, tuple[str, str] | None]:
        # Copies of an abstract model's field share the counter: the models tell them apart.
        model = getattr(self, "model", None)
        return self.creation_counter, (
            (model._meta.app_label, model._meta.model_name) if model is not None else None
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Field):
            return NotImplemented
        return self.creation_counter == other.creation_counter and getattr(
            self, "model", None
        ) is getattr(other, "model", None)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Field):
            return NotImplemented
        mine, theirs = self._place(), other._place()
        if mine[0] != theirs[0]:
            return mine[0] < theirs[0]
        # The field of the abstract model comes first.
        if mine[1] is None or theirs[1] is None:
            return mine[1] is None and theirs[1] is not None
        return mine[1] < theirs[1]

    def __hash__(self) -> int:
        return hash(self.creation_counter)

    # Copies and pickles

    def __deepcopy__(self, memo: dict[int, Any]) -> Field:
        twin = copy.copy(self)
        if self.remote_field:
            twin.remote_field = copy.copy(self.remote_field)
            if getattr(twin.remote_field, "field", None) is self:
                twin.remote_field.field = twin
        memo[id(self)] = twin
        return twin

    def __copy__(self) -> Field:
        twin: Any = Empty()
        twin.__class__ = type(self)
        twin.__dict__ = self.__dict__.copy()
        return twin

    def __reduce__(self) -> tuple[Any, ...]:
        model = getattr(self, "model", None)
        if model is not None:
            options = model._meta
            return _load_field, (options.app_label, options.object_name, self.name)
        state = self.__dict__.copy()
        # A cached closure; it comes back at the first use.
        state.pop("_get_default", None)
        return copyreg.__newobj__, (type(self),), state  # type: ignore[attr-defined]

    def clone(self) -> Field:
        """Return a field made anew from what :meth:`deconstruct` says, without a model."""
        if (twin := _clones.clone(self)) is not None:
            return twin
        _name, _path, args, kwargs = self.deconstruct()
        made = type(self)(*args, **kwargs)
        _clones.learn(made)
        return made

    def deconstruct(self) -> tuple[str | None, str, list[Any], dict[str, Any]]:
        """Return name, import path, positional and keyword arguments that make the field anew.

        Manual: "Writing custom model fields", section "Field deconstruction".
        """
        kwargs = {}
        for each, usual in _keywords_of(type(self)):
            # Most are what they usually are: one look is enough.
            if getattr(self, each.attribute) is not usual:
                differs, value = each.to_write(self)
                if differs:
                    kwargs[each.name] = value
        return self.name, _public_path(type(self)), [], kwargs

    # Where it stands

    def set_attributes_from_name(self, name: str) -> None:
        """Derive attribute, column and verbose name from the name in the class body."""
        called = self.name = self.name or name
        if called and self.verbose_name is None:
            self.verbose_name = called.replace("_", " ")
        self.attname, self.column = self.get_attname_column()
        self.concrete = self.column is not None

    def get_attname(self) -> str:
        """Return the attribute of instances that holds the value."""
        return self.name

    def get_attname_column(self) -> tuple[str, str | None]:
        """Return the attribute and the column (``None``: the field has no column)."""
        attname = self.get_attname()
        return attname, self.db_column or attname

    def contribute_to_class(self, cls: type[Model], name: str, private_only: bool = False) -> None:
        """Put the field on the model ``cls`` under ``name``.

        Args:
            private_only: keep it out of the model's columns (a virtual field).
        """
        self.model = cls
        self.set_attributes_from_name(name)
        cls._meta.add_field(self, private=private_only)
        if self.concrete and self.column:
            setattr(cls, self.attname, self.descriptor_class(self))
        if self.choices is not None:
            method = f"get_{self.name}_display"
            # A method of the same name in the class body stays.
            if method not in cls.__dict__:
                setattr(cls, method, partialmethod(cls._get_FIELD_display, field=self))

    @settable
    def unique(self) -> bool:
        """Whether no value occurs twice. (Copies of fields in tables of history are told otherwise.)"""
        return self.primary_key or self._unique

    db_tablespace = property(
        lambda self: self._db_tablespace or settings.DEFAULT_INDEX_TABLESPACE,
        doc="Where the index of the column is.",
    )
    db_returning: Any = property(
        lambda self: self.has_db_default(),
        doc="Whether the database says the value after an ``INSERT``.",
    )

    @property
    def unique_for_lookups(self) -> dict[str, str]:
        """The ``unique_for_*`` options in use: part of the date -> date field."""
        parts = {part: getattr(self, f"unique_for_{part}") for part in ("date", "year", "month")}
        return {part: field for part, field in parts.items() if field}

    # Choices

    def _set_choices(self, value: Any) -> None:
        self._choices = normalize_choices(value)

    choices = property(lambda self: self._choices, _set_choices, doc="Value and label of each.")

    @property
    def flatchoices(self) -> list[tuple[Any, Any]]:
        """The choices without their groups."""
        choices = self.choices
        return [] if choices is None else list(flatten_choices(choices))

    def get_choices(
        self,
        include_blank: bool = True,
        blank_choice: Any = None,
        limit_choices_to: Any = None,
        ordering: Sequence[str] = (),
    ) -> Any:
        """Return the choices for a form: those of the field, or the objects it may point to."""
        from nuages.db.models.utils import blank_choice as default_blank_choice

        blank = default_blank_choice() if blank_choice is None else blank_choice
        if self.choices is not None:
            return BlankChoiceIterator(self.choices, blank) if include_blank else self.choices
        relation = self.remote_field
        limit = limit_choices_to or self.get_limit_choices_to()  # type: ignore[attr-defined]
        if hasattr(relation, "get_related_field"):
            value_of = relation.get_related_field().attname
        else:
            value_of = "pk"
        objects = relation.model._default_manager.complex_filter(limit)
        if ordering:
            objects = objects.order_by(*ordering)
        found = [(getattr(each, value_of), str(each)) for each in objects]
        return list(blank) + found if include_blank else found

    # Values: from outside, valid, to the database

    def to_python(self, value: Any) -> Any:
        """Return ``value`` as the field's Python type.

        Raises:
            ValidationError: it cannot be converted.
        """
        return value

    @cached_property
    def error_messages(self) -> dict[str, Any]:
        """The messages of errors by code; those of a subclass replace those of its bases."""
        messages: dict[str, Any] = {}
        for cls in reversed(type(self).__mro__):
            messages |= vars(cls).get("default_error_messages", {})
        return messages | (self._error_messages or {})

    @cached_property
    def validators(self) -> list[Callable[[Any], None]]:
        """The validators of the class and those of this field."""
        return [*self.default_validators, *self._validators]

    def _refuse(self, code: str, value: Any) -> exceptions.ValidationError:
        """Return (not raise) the ``ValidationError`` named ``code`` about ``value``."""
        return exceptions.ValidationError(
            self.error_messages[code], code=code, params={"value": value}
        )

    def run_validators(self, value: Any) -> None:
        """Run all validators, and raise all their errors in one ``ValidationError``."""
        if value in self.empty_values:
            return
        found: list[Any] = []
        for validator in self.validators:
            try:
                validator(value)
            except exceptions.ValidationError as error:
                own_message = self.error_messages.get(getattr(error, "code", ""))
                if own_message is not None:
                    error.message = own_message
                found += error.error_list
        if found:
            raise exceptions.ValidationError(found)

    def validate(self, value: Any, model_instance: Any) -> None:
        """Raise ``ValidationError`` if ``value`` is no choice, or empty where it must not be."""
        if not self.editable:
            return
        empty = value in self.empty_values
        if self.choices is not None and not empty:
            if not any(value == key for key, _label in self.flatchoices):
                raise self._refuse("invalid_choice", value)
            return
        if value is None and not self.null:
            raise self._refuse("null", value)
        if empty and not self.blank:
            raise self._refuse("blank", value)

    def clean(self, value: Any, model_instance: Any) -> Any:
        """Convert and validate; return the converted value or raise ``ValidationError``."""
        value = self.to_python(value)
        self.validate(value, model_instance)
        self.run_validators(value)
        return value

    def get_default(self) -> Any:
        """Return the value of the field on an instance that was given none."""
        return self._get_default()

    def has_default(self) -> bool:
        """Whether a default was given, ``None`` or another."""
        return self.default is not NOT_PROVIDED

    def has_db_default(self) -> bool:
        """Whether the database has a default."""
        return self.db_default is not NOT_PROVIDED

    @cached_property
    def _get_default(self) -> Callable[[], Any]:
        default = self.default
        if default is not NOT_PROVIDED:
            return default if callable(default) else lambda: default
        if self.has_db_default():
            from nuages.db.models.expressions import DatabaseDefault

            return lambda: DatabaseDefault(self._db_default_expression, output_field=self)
        null_stands_for_empty = self.null and (
            not self.empty_strings_allowed
            or not connection.features.interprets_empty_strings_as_nulls
        )
        if not self.empty_strings_allowed or null_stands_for_empty:
            return return_None
        return str

    @cached_property
    def _db_default_expression(self) -> Any:
        default = self.db_default
        if hasattr(default, "resolve_expression"):
            return default
        from nuages.db.models.expressions import Value

        return Value(default, self)

    def get_pk_value_on_save(self, instance: Model) -> Any:
        """Return the default with which a missing primary key is filled before saving."""
        return self.get_default() if self.has_default() or self.has_db_default() else None

    def pre_save(self, model_instance: Model, add: bool) -> Any:
        """Return the value to be saved, of an instance about to be inserted or updated."""
        return getattr(model_instance, self.attname)

    def get_prep_value(self, value: Any) -> Any:
        """Return ``value`` as a parameter of a query, whatever the database."""
        return value._evaluate() if isinstance(value, Promise) else value  # type: ignore[attr-defined]

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Return ``value`` as the database of ``connection`` takes it."""
        return value if prepared else self.get_prep_value(value)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """Like :meth:`get_db_prep_value`, for a value that is written. Expressions pass."""
        if hasattr(value, "as_sql"):
            return value
        return self.get_db_prep_value(value, connection=connection, prepared=False)

    def value_from_object(self, obj: Model) -> Any:
        """Return the value of this field on ``obj``."""
        return getattr(obj, self.attname)

    def value_to_string(self, obj: Model) -> str:
        """Return the value of this field on ``obj`` as a serializer writes it."""
        return str(self.value_from_object(obj))

    def get_filter_kwargs_for_object(self, obj: Model) -> dict[str, Any]:
        """Return the lookups for objects with the same value as ``obj``."""
        return {self.name: getattr(obj, self.attname)}

    def save_form_data(self, instance: Model, data: Any) -> None:
        """Put what a form says on ``instance``."""
        setattr(instance, self.name, data)

    # Columns

    def get_internal_type(self) -> str:
        """Return the name under which the database backends know this type."""
        return self._internal_type or type(self).__name__

    def db_type_parameters(self, connection: Any) -> Any:
        """Return the mapping that fills a backend's column type."""
        return DictWrapper(self.__dict__, connection.ops.quote_name, "qn_")

    def _column_phrase(self, phrases: Any, connection: Any) -> str | None:
        phrase = phrases.get(self.get_internal_type())
        if phrase is None:
            return None
        parameters = self.db_type_parameters(connection)
        return phrase(parameters) if callable(phrase) else phrase % parameters

    def db_type(self, connection: Any) -> str | None:
        """Return the type of the column, or ``None``: no column."""
        return self._column_phrase(connection.data_types, connection)

    def rel_db_type(self, connection: Any) -> str | None:
        """Return the type of a column that points to this one."""
        return self.db_type(connection)

    def cast_db_type(self, connection: Any) -> str | None:
        """Return the type for ``CAST(… AS …)``."""
        phrase = connection.ops.cast_data_types.get(self.get_internal_type())
        if phrase:
            return phrase % self.db_type_parameters(connection)
        return self.db_type(connection)

    def db_check(self, connection: Any) -> str | None:
        """Return the condition of the column's CHECK constraint, or ``None``."""
        return self._column_phrase(connection.data_type_check_constraints, connection)

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        """Return ``{"type": …, "check": …}`` of the column."""
        return {"type": self.db_type(connection), "check": self.db_check(connection)}

    def db_type_suffix(self, connection: Any) -> str | None:
        """Return what the backend writes after the type, or ``None``."""
        return connection.data_types_suffix.get(self.get_internal_type())

    # Expressions

    def get_col(self, alias: str, output_field: Field | None = None) -> Any:
        """Return the column expression of this field in the table ``alias``."""
        plain = output_field is None or output_field is self
        if plain and alias == self.model._meta.db_table:
            return self.cached_col
        from nuages.db.models.expressions import Col

        return Col(alias, self, self if plain else output_field)

    @cached_property
    def cached_col(self) -> Any:
        """The column of the model's own table, as an expression."""
        from nuages.db.models.expressions import Col

        return Col(self.model._meta.db_table, self)

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        """Return how the column is selected; a field may wrap it."""
        return sql, params

    def get_db_converters(self, connection: Any) -> list[Callable[..., Any]]:
        """Return the functions from a value of the database to the Python value."""
        convert = getattr(self, "from_db_value", None)
        return [] if convert is None else [convert]

    def slice_expression(self, expression: Any, start: int, length: int | None) -> Any:
        """Return a slice of ``expression``; only text can be sliced."""
        raise NotSupportedError("This field does not support slicing.")

    # Forms

    def formfield(
        self, form_class: Any = None, choices_form_class: Any = None, **kwargs: Any
    ) -> Any:
        """Return the form field that edits this field. ``kwargs`` override what it is given.

        Manual: "Writing custom model fields", section "Specifying the form field".
        """
        from nuages import forms

        given = dict(
            required=not self.blank, label=capfirst(self.verbose_name), help_text=self.help_text
        )
        if self.has_default():
            dynamic = callable(self.default)
            given |= (
                {"initial": self.default, "show_hidden_initial": True}
                if dynamic
                else {"initial": self.get_default()}
            )
        wanted = self._form_options() | kwargs
        if self.choices is None:
            return (form_class or getattr(forms, self._form_field))(**(given | wanted))
        blank = self.blank or not ("initial" in wanted or self.has_default())
        given |= {"choices": self.get_choices(include_blank=blank), "coerce": self.to_python}
        given |= {"empty_value": None} if self.null else {}
        given |= {name: wanted[name] for name in _CHOICE_KEYWORDS.intersection(wanted)}
        return (choices_form_class or forms.TypedChoiceField)(**given)

    def _form_options(self) -> dict[str, Any]:
        """Return what the form field of this type is told besides."""
        return {}

    # Checks

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """Return the messages of the system checks about this field."""
        kwargs["databases"] = kwargs.get("databases") or ()
        return _checks.flatten(check(self, **kwargs) for check in self._field_checks)


#: Keywords of a plain form field that a field for choices takes too.
_CHOICE_KEYWORDS = frozenset(
    "choices coerce disabled empty_value error_messages help_text initial label required "
    "show_hidden_initial widget".split()
)


class UsualKeywords:
    """Gives the constructor the defaults that are usual for the type."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **(self._usual | kwargs))  # type: ignore[attr-defined]


def _keywords_of(cls: type[Field]) -> list[tuple[Keyword, Any]]:
    """Return the keywords that a class and those above it declare, with what they usually are."""
    found: list[tuple[Keyword, Any]] | None = cls.__dict__.get("_kept_keywords")
    if found is None:
        found = [
            (each, cls._usual.get(each.name, each.default))
            for base in cls.__mro__
            for each in vars(base).get("_keywords", ())
        ]
        cls._kept_keywords = found  # type: ignore[attr-defined]
    return found


def _public_path(cls: type[Field]) -> str:
    module, name = cls.__module__, cls.__qualname__
    if module.startswith("django.db.models.fields"):
        models = sys.modules["django.db.models"]
        if getattr(models, name, None) is cls or module != "django.db.models.fields":
            return f"django.db.models.{name}"
    return f"{module}.{name}"


def _adopt_old_placeholder(cls: type[Field]) -> None:
    # The documented name gives SQL and parameters since 6.1; the old one gave SQL alone.
    from nuages.utils.deprecation import RemovedInDjango2028Warning

    path = f"{cls.__module__}.{cls.__qualname__}"
    warnings.warn(
        "Field.get_placeholder is deprecated in favor of get_placeholder_sql. Define "
        f"{path}.get_placeholder_sql to return both SQL and parameters instead.",
        category=RemovedInDjango2028Warning,
        stacklevel=3,
    )

    def get_placeholder_sql(
        self: Any, value: Any, compiler: Any, connection: Any
    ) -> tuple[str, Sequence[Any]]:
        sql = self.get_placeholder(value, compiler, connection)
        if hasattr(value, "as_sql"):
            inner, params = compiler.compile(value)
            return (sql % inner if "%s" in sql and inner != "%s" else sql), tuple(params)
        return sql, (value,)

    cls.get_placeholder_sql = get_placeholder_sql  # type: ignore[attr-defined]
