"""Validators: callables that raise `ValidationError` for a value that will not do.

Manual: ref/validators.
"""

import ipaddress
import math
import operator
import re
from collections.abc import Callable, Collection
from decimal import Decimal
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from nuages.core.exceptions import ValidationError
from nuages.utils.deconstruct import deconstructible
from nuages.utils.http import MAX_URL_LENGTH
from nuages.utils.ipv6 import is_valid_ipv6_address
from nuages.utils.regex_helper import _lazy_re_compile
from nuages.utils.translation import gettext_lazy as _
from nuages.utils.translation import ngettext_lazy

# What counts as "nothing was entered".
EMPTY_VALUES: tuple[Any, ...] = (None, "", [], (), {})


def _set_given(validator: Any, **options: Any) -> None:
    """Set the attributes for which an argument was given; the class has the others."""
    vars(validator).update({key: value for key, value in options.items() if value is not None})


@deconstructible
class RegexValidator:
    """Accepts values in which a regular expression is found, or with ``inverse_match`` is not."""

    flags: int = 0
    inverse_match = False
    code, message = "invalid", _("Enter a valid value.")
    regex: Any = ""

    def __init__(
        self,
        regex: str | re.Pattern[str] | None = None,
        message: Any = None,
        code: str | None = None,
        inverse_match: bool | None = None,
        flags: int | None = None,
    ) -> None:
        _set_given(
            self,
            flags=flags,
            inverse_match=inverse_match,
            code=code,
            message=message,
            regex=regex,
        )
        if self.flags and not isinstance(self.regex, str):
            raise TypeError("If the flags are set, regex must be a regular expression string.")
        self.regex = _lazy_re_compile(self.regex, self.flags)

    def __call__(self, value: Any) -> None:
        """Search ``str(value)``; raise `ValidationError` unless the outcome is as it should be."""
        if bool(self.regex.search(str(value))) is bool(self.inverse_match):
            raise ValidationError(self.message, code=self.code, params={"value": value})

    def _identity(self) -> tuple[Any, ...]:
        return (
            self.regex.pattern,
            self.regex.flags,
            self.message,
            self.code,
            bool(self.inverse_match),
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RegexValidator) and self._identity() == other._identity()

    __hash__ = None  # type: ignore[assignment]


# Labels of a domain name: at most 63 characters, with letters beyond ASCII up to U+FFFF (a
# class cannot know which of those are letters), and no hyphen at either end.
_LETTERS = "a-z\u00a1-\uffff"


def _host_name(letters: str, top_level: str) -> str:
    inner = f"[{letters}0-9-]"
    edge = f"[{letters}0-9]"
    label = f"{edge}(?:{inner}{{0,61}}{edge})?"
    return rf"{label}(?:\.(?!-){inner}{{1,63}}(?<!-))*\.(?!-){top_level}(?<!-)"


_TOP_LEVEL = rf"(?:[{_LETTERS}-]{{2,63}}|xn--[a-z0-9]{{1,59}})"
_HOST_NAME = _host_name(_LETTERS, _TOP_LEVEL)


@deconstructible
class DomainNameValidator(RegexValidator):
    """Accepts domain names; with ``accept_idna`` also those beyond ASCII."""

    message = _("Enter a valid domain name.")
    regex = _lazy_re_compile(rf"{_HOST_NAME}\.?\Z", re.IGNORECASE)
    ascii_regex = _lazy_re_compile(
        rf"{_host_name('a-z', '[a-z0-9-]{2,63}')}\.?\Z", re.IGNORECASE | re.ASCII
    )
    max_length = 255

    def __init__(self, accept_idna: bool = True, **kwargs: Any) -> None:
        self.accept_idna = accept_idna
        kwargs.setdefault("regex", self.regex if accept_idna else self.ascii_regex)
        super().__init__(**kwargs)

    def __call__(self, value: Any) -> None:
        """Raise `ValidationError` unless ``value`` is a domain name."""
        acceptable = (
            isinstance(value, str)
            and len(value) <= self.max_length
            and (self.accept_idna or value.isascii())
            and self.regex.match(value)
        )
        if not acceptable:
            raise ValidationError(self.message, code=self.code, params={"value": value})


validate_domain_name = DomainNameValidator()


_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"


@deconstructible
class URLValidator(RegexValidator):
    """Accepts URLs of the schemes listed that have a host: a name, an address or localhost."""

    message = _("Enter a valid URL.")
    schemes = ["http", "https", "ftp", "ftps"]
    max_length = MAX_URL_LENGTH
    unsafe_chars = frozenset("\t\r\n")

    ipv4_re = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
    ipv6_re = r"\[[0-9a-f:.]+\]"
    host_re = rf"(?:{_HOST_NAME}\.?|localhost)"

    regex = _lazy_re_compile(
        r"[a-z0-9.+-]*://"
        r"(?:[^\s:@/]+(?::[^\s:@/]*)?@)?"
        rf"(?:{ipv4_re}|{ipv6_re}|{host_re})"
        r"(?::[0-9]{1,5})?"
        r"(?:[/?#]\S*)?"
        r"\Z",
        re.IGNORECASE,
    )

    def __init__(self, schemes: Collection[str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if schemes is not None:
            self.schemes = schemes  # type: ignore[assignment]

    def __call__(self, value: Any) -> None:
        """Raise `ValidationError` unless ``value`` is such a URL."""
        if not self._acceptable(value):
            raise ValidationError(self.message, code=self.code, params={"value": value})

    def _acceptable(self, value: Any) -> bool:
        if not isinstance(value, str) or len(value) > self.max_length:
            return False
        if not self.unsafe_chars.isdisjoint(value):
            return False
        if value.partition("://")[0].lower() not in self.schemes:
            return False
        if not self.regex.match(value):
            return False
        try:
            parts = urlsplit(value)
            host = parts.hostname
        except ValueError:  # An IPv6 address that is none.
            return False
        if bracketed := re.search(r"\[(.+)\](?::[0-9]{1,5})?\Z", parts.netloc):
            return is_valid_ipv6_address(bracketed[1])
        # RFC 1034 bounds a whole name, apart from the dot at its end.
        return host is not None and len(host.removesuffix(".")) <= 253


@deconstructible
class EmailValidator:
    """Accepts mail addresses; ``allowlist`` has domains that are good without a dot."""

    message: Any = _("Enter a valid email address.")
    code = "invalid"
    # An atom with dots, or a quoted string.
    user_regex = _lazy_re_compile(
        r"""(?:[-!\#$%&'*+/=?^_`{}|~0-9A-Z]+(?:\.[-!\#$%&'*+/=?^_`{}|~0-9A-Z]+)*"""
        r"""|"(?:[\001-\010\013\014\016-\037!\#-\[\]-\177]|\\[\001-\011\013\014\016-\177])*")\Z""",
        re.IGNORECASE,
    )
    domain_regex = _lazy_re_compile(rf"{_HOST_NAME}\Z", re.IGNORECASE)
    literal_regex = _lazy_re_compile(r"\[([A-F0-9:.]+)\]\Z", re.IGNORECASE)
    domain_allowlist = ["localhost"]
    max_length = 320

    def __init__(
        self,
        message: Any = None,
        code: str | None = None,
        allowlist: Collection[str] | None = None,
    ) -> None:
        _set_given(self, domain_allowlist=allowlist, code=code, message=message)

    def __call__(self, value: Any) -> None:
        """Raise `ValidationError` unless ``value`` is a mail address."""
        if not value or "@" not in value or len(value) > self.max_length:
            raise ValidationError(self.message, code=self.code, params={"value": value})
        user, _, domain = value.rpartition("@")
        good = self.user_regex.match(user) and (
            domain in self.domain_allowlist or self.validate_domain_part(domain)
        )
        if not good:
            raise ValidationError(self.message, code=self.code, params={"value": value})

    def validate_domain_part(self, domain_part: str) -> bool:
        """Say whether ``domain_part`` is a domain name, or an address in brackets."""
        if self.domain_regex.match(domain_part):
            return True
        literal = self.literal_regex.match(domain_part)
        return literal is not None and _passes(validate_ipv46_address, literal[1])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EmailValidator):
            return False
        return (set(self.domain_allowlist), self.message, self.code) == (
            set(other.domain_allowlist),
            other.message,
            other.code,
        )

    __hash__ = None  # type: ignore[assignment]


validate_email = EmailValidator()

integer_validator = RegexValidator(
    _lazy_re_compile(r"\A-?\d+\Z"), message=_("Enter a valid integer."), code="invalid"
)


def validate_integer(value: Any) -> None:
    """Raise `ValidationError` unless ``value`` is, or writes, an integer."""
    integer_validator(value)


slug_re = _lazy_re_compile(r"^[-a-zA-Z0-9_]+\Z")
validate_slug = RegexValidator(
    slug_re,
    # Translators: these are the 26 letters of the Latin alphabet.
    _("Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."),
    "invalid",
)

slug_unicode_re = _lazy_re_compile(r"^[-\w]+\Z")
validate_unicode_slug = RegexValidator(
    slug_unicode_re,
    _("Enter a valid “slug” consisting of Unicode letters, numbers, underscores, or hyphens."),
    "invalid",
)


def _is_ipv4(value: Any) -> bool:
    try:
        ipaddress.IPv4Address(value)
    except ValueError:
        return False
    return True


def _passes(validator: Callable[[Any], None], value: Any) -> bool:
    try:
        validator(value)
    except ValidationError:
        return False
    return True


def _not_an_address(protocol: Any, value: Any) -> ValidationError:
    return ValidationError(
        _("Enter a valid %(protocol)s address."),
        code="invalid",
        params={"protocol": protocol, "value": value},
    )


def validate_ipv4_address(value: Any) -> None:
    """Raise `ValidationError` unless ``value`` is an IPv4 address."""
    if not _is_ipv4(value):
        raise _not_an_address(_("IPv4"), value)


def validate_ipv6_address(value: Any) -> None:
    """Raise `ValidationError` unless ``value`` is an IPv6 address."""
    if not is_valid_ipv6_address(value):
        raise _not_an_address(_("IPv6"), value)


def validate_ipv46_address(value: Any) -> None:
    """Raise `ValidationError` unless ``value`` is an IPv4 or IPv6 address."""
    if not _is_ipv4(value) and not is_valid_ipv6_address(value):
        raise _not_an_address(_("IPv4 or IPv6"), value)


ip_address_validator_map: dict[str, list[Callable[[Any], None]]] = {
    "both": [validate_ipv46_address],
    "ipv4": [validate_ipv4_address],
    "ipv6": [validate_ipv6_address],
}


def ip_address_validators(protocol: str, unpack_ipv4: bool) -> list[Callable[[Any], None]]:
    """Return the validators for ``"both"``, ``"ipv4"`` or ``"ipv6"``, in any case.

    Raises ``ValueError`` for another protocol, or ``unpack_ipv4`` with only one of them.
    """
    if protocol != "both" and unpack_ipv4:
        raise ValueError("You can only use `unpack_ipv4` if `protocol` is set to 'both'")
    try:
        return ip_address_validator_map[protocol.lower()]
    except KeyError:
        raise ValueError(
            f"The protocol '{protocol}' is unknown. Supported: {list(ip_address_validator_map)}"
        ) from None


def int_list_validator(
    sep: str = ",", message: Any = None, code: str = "invalid", allow_negative: bool = False
) -> RegexValidator:
    """Return a validator for integers separated by ``sep``."""
    number = r"-?\d+" if allow_negative else r"\d+"
    pattern = _lazy_re_compile(rf"\A{number}(?:{re.escape(sep)}{number})*\Z")
    return RegexValidator(pattern, message=message, code=code)


_ONLY_DIGITS = _("Enter only digits separated by commas.")
validate_comma_separated_integer_list = int_list_validator(message=_ONLY_DIGITS)


@deconstructible
class BaseValidator:
    """Compares a value with a limit, which may be a callable that returns it.

    Subclasses define ``compare(value, limit)``, true for what is refused, and ``clean(value)``,
    which gives what is compared.
    """

    clean: Callable[[Any], Any] = staticmethod(lambda x: x)
    compare: Callable[[Any, Any], bool] = staticmethod(operator.is_not)
    code = "limit_value"
    message: Any = _("Ensure this value is %(limit_value)s (it is %(show_value)s).")

    def __init__(self, limit_value: Any, message: Any = None) -> None:
        _set_given(self, message=message or None)
        self.limit_value = limit_value

    def _limit(self) -> Any:
        return self.limit_value() if callable(self.limit_value) else self.limit_value

    def __call__(self, value: Any) -> None:
        """Raise `ValidationError` for a value that does not respect the limit."""
        cleaned, limit = self.clean(value), self._limit()
        if self.compare(cleaned, limit):
            params = {"limit_value": limit, "show_value": cleaned, "value": value}
            raise ValidationError(self.message, code=self.code, params=params)

    def __eq__(self, other: object) -> Any:
        if not isinstance(other, self.__class__):
            return NotImplemented
        return (self.limit_value, self.message, self.code) == (
            other.limit_value,
            other.message,
            other.code,
        )

    __hash__ = None  # type: ignore[assignment]


@deconstructible
class MinLengthValidator(BaseValidator):
    """Accepts values of at least the limit's length."""

    clean = staticmethod(len)
    compare = staticmethod(operator.lt)
    code = "min_length"
    message = ngettext_lazy(
        "Ensure this value has at least %(limit_value)d character (it has %(show_value)d).",
        "Ensure this value has at least %(limit_value)d characters (it has %(show_value)d).",
        "limit_value",
    )


@deconstructible
class MaxLengthValidator(BaseValidator):
    """Accepts values of at most the limit's length."""

    clean = staticmethod(len)
    compare = staticmethod(operator.gt)
    code = "max_length"
    message = ngettext_lazy(
        "Ensure this value has at most %(limit_value)d character (it has %(show_value)d).",
        "Ensure this value has at most %(limit_value)d characters (it has %(show_value)d).",
        "limit_value",
    )


@deconstructible
class MinValueValidator(BaseValidator):
    """Accepts values from the limit on."""

    compare = staticmethod(operator.lt)
    code = "min_value"
    message = _("Ensure this value is greater than or equal to %(limit_value)s.")


@deconstructible
class MaxValueValidator(BaseValidator):
    """Accepts values up to the limit."""

    compare = staticmethod(operator.gt)
    code = "max_value"
    message = _("Ensure this value is less than or equal to %(limit_value)s.")


@deconstructible
class StepValueValidator(BaseValidator):
    """Accepts whole multiples of the limit, counted from ``offset``."""

    code = "step_size"
    message = _("Ensure this value is a multiple of step size %(limit_value)s.")

    def __init__(self, limit_value: Any, message: Any = None, offset: Any = None) -> None:
        self.offset = offset
        counted = _(
            "Ensure this value is a multiple of step size %(limit_value)s, starting from "
            "%(offset)s, e.g. %(offset)s, %(valid_value1)s, %(valid_value2)s, and so on."
        )
        super().__init__(limit_value, message if offset is None else counted)

    def __call__(self, value: Any) -> None:
        """Raise `ValidationError` for a value between two steps."""
        if self.offset is None:
            super().__call__(value)
            return
        limit = self._limit()
        if self.compare(self.clean(value), limit):
            number = type(limit) if isinstance(limit, int | float | Decimal) else float
            start = number(self.offset)
            params = {
                "limit_value": limit,
                "offset": start,
                "valid_value1": start + limit,
                "valid_value2": start + 2 * limit,
            }
            raise ValidationError(self.message, code=self.code, params=params)

    def compare(self, a: Any, b: Any) -> bool:
        """Say whether ``a`` is off the steps of ``b``, as far as floats can tell."""
        start = 0 if self.offset is None else self.offset
        return not math.isclose(math.remainder(a - start, b), 0, abs_tol=1e-9)


@deconstructible
class DecimalValidator:
    """Accepts decimals of at most ``max_digits``, of them ``decimal_places`` after the point."""

    messages: dict[str, Any] = {
        "invalid": _("Enter a number."),
        "max_digits": ngettext_lazy(
            "Ensure that there are no more than %(max)s digit in total.",
            "Ensure that there are no more than %(max)s digits in total.",
            "max",
        ),
        "max_decimal_places": ngettext_lazy(
            "Ensure that there are no more than %(max)s decimal place.",
            "Ensure that there are no more than %(max)s decimal places.",
            "max",
        ),
        "max_whole_digits": ngettext_lazy(
            "Ensure that there are no more than %(max)s digit before the decimal point.",
            "Ensure that there are no more than %(max)s digits before the decimal point.",
            "max",
        ),
    }

    def __init__(self, max_digits: int | None, decimal_places: int | None) -> None:
        self.max_digits = max_digits
        self.decimal_places = decimal_places

    def __call__(self, value: Decimal) -> None:
        """Raise `ValidationError` for too many digits, and for what is not finite."""
        _, digits, exponent = value.as_tuple()
        if not isinstance(exponent, int):
            raise ValidationError(self.messages["invalid"], code="invalid", params={"value": value})
        places = max(0, -exponent)
        # "0E+3" is one digit, "5E+3" four; "7E-3" is three, all behind the point.
        written = len(digits) + exponent if exponent > 0 and value else len(digits)
        total = max(written, places)
        whole_limit = None
        if self.max_digits is not None and self.decimal_places is not None:
            whole_limit = self.max_digits - self.decimal_places
        for code, count, limit in (
            ("max_digits", total, self.max_digits),
            ("max_decimal_places", places, self.decimal_places),
            ("max_whole_digits", total - places, whole_limit),
        ):
            if limit is not None and count > limit:
                params = {"max": limit, "value": value}
                raise ValidationError(self.messages[code], code=code, params=params)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, self.__class__)
            and self.max_digits == other.max_digits
            and self.decimal_places == other.decimal_places
        )

    __hash__ = None  # type: ignore[assignment]


@deconstructible
class FileExtensionValidator:
    """Accepts files whose name ends in one of the extensions, in any case."""

    code = "invalid_extension"
    message: Any = _(
        "File extension “%(extension)s” is not allowed. Allowed extensions are: "
        "%(allowed_extensions)s."
    )

    def __init__(
        self,
        allowed_extensions: Collection[str] | None = None,
        message: Any = None,
        code: str | None = None,
    ) -> None:
        _set_given(self, code=code, message=message)
        self.allowed_extensions = allowed_extensions and [e.lower() for e in allowed_extensions]

    def __call__(self, value: Any) -> None:
        """Raise `ValidationError` for a file with another extension."""
        extension = PurePath(value.name).suffix[1:].lower()
        if self.allowed_extensions is None or extension in self.allowed_extensions:
            return
        raise ValidationError(
            self.message,
            code=self.code,
            params={
                "extension": extension,
                "allowed_extensions": ", ".join(self.allowed_extensions),
                "value": value,
            },
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, self.__class__):
            return False
        return (set(self.allowed_extensions or ()), self.message, self.code) == (
            set(other.allowed_extensions or ()),
            other.message,
            other.code,
        )

    __hash__ = None  # type: ignore[assignment]


def get_available_image_extensions() -> list[str]:
    """Return the extensions that Pillow knows; none where it is not installed."""
    try:
        from PIL import Image
    except ImportError:
        return []
    Image.init()
    return [extension.lower()[1:] for extension in Image.EXTENSION]


def validate_image_file_extension(value: Any) -> None:
    """Raise `ValidationError` for a file whose extension is not one of an image."""
    FileExtensionValidator(allowed_extensions=get_available_image_extensions())(value)


@deconstructible
class ProhibitNullCharactersValidator:
    """Refuses values with null characters in their text."""

    message: Any = _("Null characters are not allowed.")
    code = "null_characters_not_allowed"

    def __init__(self, message: Any = None, code: str | None = None) -> None:
        _set_given(self, code=code, message=message)

    def __call__(self, value: Any) -> None:
        """Raise `ValidationError` if ``str(value)`` has a null character."""
        if "\x00" in str(value):
            raise ValidationError(self.message, code=self.code, params={"value": value})

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, self.__class__)
            and self.message == other.message
            and self.code == other.code
        )

    __hash__ = None  # type: ignore[assignment]
