"""Fields of text: lines, paragraphs, addresses, paths, identifiers; and raw bytes."""

from __future__ import annotations

import uuid
from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, overload

from nuages.core import exceptions, validators
from nuages.db import connection
from nuages.db.models.fields import _checks
from nuages.db.models.fields._base import Field, UsualKeywords, keyword
from nuages.utils.ipv6 import clean_ipv6_address
from nuages.utils.translation import gettext_lazy as _


class _Text(Field):
    """What one line and many lines of text share."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: Any) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> str | Any: ...
        def __get__(self, instance: object | None, owner: Any) -> Any: ...

    _keywords = (keyword("db_collation"),)
    #: The type named by the check of ``db_collation``.
    _collated_type = "CharField"

    def __init__(self, *args: Any, db_collation: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.db_collation = db_collation

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        return super().db_parameters(connection) | {"collation": self.db_collation}

    def _as_text(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else str(value)

    def slice_expression(self, expression: Any, start: int, length: int | None) -> Any:
        from nuages.db.models.functions import Substr

        return Substr(expression, start, length)


class CharField(_Text):
    """A line of text, as long as ``max_length`` at most."""

    # Of the class itself: a field of a package that converts in its own way says
    # ``super(models.CharField, self)`` to pass by them.
    to_python = _Text._as_text

    def get_prep_value(self, value: Any) -> Any:
        return self.to_python(super().get_prep_value(value))

    _field_checks = (
        *Field._field_checks,
        _checks.collation_is_supported,
        _checks.max_length_is_positive,
    )

    def __init__(self, *args: Any, db_collation: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, db_collation=db_collation, **kwargs)
        if self.max_length is not None:
            self.validators.append(validators.MaxLengthValidator(self.max_length))

    @property
    def description(self) -> Any:
        """What the admin's documentation calls the field."""
        if self.max_length is None:
            return _("String (unlimited)")
        return _("String (up to %(max_length)s)")

    _internal_type = "CharField"

    def _form_options(self) -> dict[str, Any]:
        as_null = self.null and not connection.features.interprets_empty_strings_as_nulls
        return {"max_length": self.max_length} | ({"empty_value": None} if as_null else {})

    def cast_db_type(self, connection: Any) -> str | None:
        if self.max_length is None:
            return connection.ops.cast_char_field_without_max_length
        return super().cast_db_type(connection)


class CommaSeparatedIntegerField(CharField):
    """Kept for historical migrations alone."""

    default_validators = [validators.validate_comma_separated_integer_list]
    description = _("Comma-separated integers")
    system_check_removed_details = {
        "msg": (
            "CommaSeparatedIntegerField is removed except for support in historical migrations."
        ),
        "hint": ("Use CharField(validators=[validate_comma_separated_integer_list]) instead."),
        "id": "fields.E901",
    }


class _SizedChar(CharField):
    """A line whose ``max_length`` has a default, and is always written down."""

    default_max_length = 255

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", self.default_max_length)
        super().__init__(*args, **kwargs)


class EmailField(_SizedChar):
    """An e-mail address."""

    default_validators = [validators.validate_email]
    description = _("Email address")
    default_max_length = 254  # RFC 3696, erratum 1690

    _form_field = "EmailField"


class URLField(UsualKeywords, CharField):
    """The address of a page."""

    _usual = {"max_length": 200}

    default_validators = [validators.URLValidator()]
    description = _("URL")

    _form_field = "URLField"


class SlugField(UsualKeywords, CharField):
    """Letters, digits, hyphens and underscores, for use in addresses."""

    _usual = {"max_length": 50, "db_index": True}
    _keywords = (keyword("allow_unicode", False),)

    default_validators = [validators.validate_slug]
    description = _("Slug (up to %(max_length)s)")

    def __init__(
        self,
        *args: Any,
        allow_unicode: bool = False,
        **kwargs: Any,
    ) -> None:
        self.allow_unicode = allow_unicode
        if allow_unicode:
            self.default_validators = [validators.validate_unicode_slug]
        super().__init__(*args, **kwargs)

    _internal_type = "SlugField"

    _form_field = "SlugField"

    def _form_options(self) -> dict[str, Any]:
        return super()._form_options() | {"allow_unicode": self.allow_unicode}


class TextField(_Text):
    """Text of any length."""

    # See CharField.
    to_python = _Text._as_text

    def get_prep_value(self, value: Any) -> Any:
        return self.to_python(super().get_prep_value(value))

    description = _("Text")
    _collated_type = "TextField"
    _field_checks = (*Field._field_checks, _checks.collation_is_supported)

    _internal_type = "TextField"

    def _form_options(self) -> dict[str, Any]:
        from nuages.forms import Textarea

        widget = {} if self.choices is not None else {"widget": Textarea}
        # The length is enforced by forms alone.
        return {"max_length": self.max_length, **widget}


class FilePathField(Field):
    """The path of a file or folder below ``path``."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: Any) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> str | Any: ...
        def __get__(self, instance: object | None, owner: Any) -> Any: ...

    _usual = {"max_length": 100}

    description = _("File path")
    _keywords = (
        keyword("path", ""),
        keyword("match"),
        keyword("recursive", False),
        keyword("allow_files", True),
        keyword("allow_folders", False),
    )
    _field_checks = (*Field._field_checks, _checks.path_field_allows_something)

    def __init__(
        self,
        verbose_name: Any = None,
        name: str | None = None,
        path: str | Callable[[], str] = "",
        match: str | None = None,
        recursive: bool = False,
        allow_files: bool = True,
        allow_folders: bool = False,
        **kwargs: Any,
    ) -> None:
        self.path, self.match, self.recursive = path, match, recursive
        self.allow_files, self.allow_folders = allow_files, allow_folders
        super().__init__(verbose_name, name, **(self._usual | kwargs))

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return None if value is None else str(value)

    _internal_type = "FilePathField"

    _form_field = "FilePathField"

    def _form_options(self) -> dict[str, Any]:
        return {
            "path": self.path() if callable(self.path) else self.path,
            "match": self.match,
            "recursive": self.recursive,
            "allow_files": self.allow_files,
            "allow_folders": self.allow_folders,
        }


class IPAddressField(Field):
    """Kept for historical migrations alone."""

    empty_strings_allowed = False
    description = _("IPv4 address")
    system_check_removed_details = {
        "msg": ("IPAddressField has been removed except for support in historical migrations."),
        "hint": "Use GenericIPAddressField instead.",
        "id": "fields.E900",
    }

    _usual = {"max_length": 15}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | self._usual))

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return None if value is None else str(value)

    _internal_type = "IPAddressField"


class GenericIPAddressField(Field):
    """An address of IP version 4 or 6."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: Any) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> str | Any: ...
        def __get__(self, instance: object | None, owner: Any) -> Any: ...

    empty_strings_allowed = False
    description = _("IP address")
    default_error_messages = {"invalid": _("Enter a valid %(protocol)s address.")}
    _keywords = (keyword("protocol", "both"), keyword("unpack_ipv4", False))
    _usual = {"max_length": 39}  # eight groups of four digits
    _field_checks = (*Field._field_checks, _checks.blank_address_is_null)

    def __init__(
        self,
        verbose_name: Any = None,
        name: str | None = None,
        protocol: str = "both",
        unpack_ipv4: bool = False,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        self.protocol, self.unpack_ipv4 = protocol, unpack_ipv4
        self.default_validators = validators.ip_address_validators(protocol, unpack_ipv4)
        super().__init__(verbose_name, name, *args, **(kwargs | self._usual))

    _internal_type = "GenericIPAddressField"

    def to_python(self, value: Any) -> Any:
        if value is None:
            return None
        text = (value if isinstance(value, str) else str(value)).strip()
        if ":" not in text:
            return text
        return clean_ipv6_address(text, self.unpack_ipv4, self.error_messages["invalid"])

    def get_prep_value(self, value: Any) -> Any:
        address = super().get_prep_value(value)
        # A part of an address, in a lookup such as ``startswith``, stays as it is.
        with suppress(exceptions.ValidationError):
            if address and ":" in address:
                return clean_ipv6_address(address, self.unpack_ipv4)
        return address if address is None else str(address)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if not prepared:
            value = self.get_prep_value(value)
        return connection.ops.adapt_ipaddressfield_value(value)

    _form_field = "GenericIPAddressField"

    def _form_options(self) -> dict[str, Any]:
        return {"protocol": self.protocol}


class UUIDField(Field):
    """A universally unique identifier."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: Any) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> uuid.UUID | Any: ...
        def __get__(self, instance: object | None, owner: Any) -> Any: ...

    default_error_messages = {"invalid": _("“%(value)s” is not a valid UUID.")}
    description = _("Universally unique identifier")
    empty_strings_allowed = False

    _usual = {"max_length": 32}

    def __init__(self, verbose_name: Any = None, **kwargs: Any) -> None:
        super().__init__(verbose_name, **(kwargs | self._usual))

    _internal_type = "UUIDField"

    def to_python(self, value: Any) -> Any:
        if value is None or isinstance(value, uuid.UUID):
            return value
        try:
            return uuid.UUID(**{"int" if isinstance(value, int) else "hex": value})
        except (AttributeError, ValueError):
            raise self._refuse("invalid", value) from None

    def get_prep_value(self, value: Any) -> Any:
        return self.to_python(super().get_prep_value(value))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None:
            return None
        identifier = self.to_python(value)
        return identifier if connection.features.has_native_uuid_field else identifier.hex

    _form_field = "UUIDField"


class BinaryField(Field):
    """Raw bytes."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: Any) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> bytes | memoryview | Any: ...
        def __get__(self, instance: object | None, owner: Any) -> Any: ...

    description = _("Raw binary data")
    empty_values = [None, b""]
    default_error_messages = {"invalid": _("“%(value)s” is not a valid binary value.")}
    _field_checks = (*Field._field_checks, _checks.binary_default_is_bytes)

    _usual = {"editable": False}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **(self._usual | kwargs))
        if self.max_length is not None:
            self.validators.append(validators.MaxLengthValidator(self.max_length))

    _internal_type = "BinaryField"

    def get_placeholder_sql(
        self, value: Any, compiler: Any, connection: Any
    ) -> tuple[str, tuple[Any, ...]]:
        """Return the SQL and parameters that stand for ``value``."""
        return connection.ops.binary_placeholder_sql(value, compiler)

    def get_default(self) -> Any:
        if self.has_default() and not callable(self.default):
            return self.default
        default = super().get_default()
        return b"" if isinstance(default, str) and default == "" else default

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        value = super().get_db_prep_value(value, connection, prepared)
        return None if value is None else connection.Database.Binary(value)

    def value_to_string(self, obj: Any) -> str:
        return b64encode(self.value_from_object(obj)).decode("ascii")

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return memoryview(b64decode(value.encode("ascii"), validate=True))
        except ValueError:
            raise self._refuse("invalid", value) from None
