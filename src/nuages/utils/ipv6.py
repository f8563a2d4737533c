"""IPv6 addresses: validation and the canonical form."""

import ipaddress
from typing import Any

from nuages.core.exceptions import ValidationError
from nuages.utils.translation import gettext_lazy as _

MAX_IPV6_ADDRESS_LENGTH = 39


def _parse(value: Any, max_length: int = MAX_IPV6_ADDRESS_LENGTH) -> ipaddress.IPv6Address:
    if isinstance(value, ipaddress.IPv6Address):
        return value
    if not isinstance(value, str):
        raise ipaddress.AddressValueError(f"{value!r} is not a string")
    if len(value) > max_length:
        raise ValueError(f"Unable to convert {value} to an IPv6 address (value too long).")
    return ipaddress.IPv6Address(value)


def clean_ipv6_address(
    ip_str: Any,
    unpack_ipv4: bool = False,
    error_message: Any = _("This is not a valid IPv6 address."),
    max_length: int = MAX_IPV6_ADDRESS_LENGTH,
) -> str:
    """Return an IPv6 address in its shortest form, lower case.

    An address that maps one of IPv4 is shown as ``::ffff:`` and that one, or with
    ``unpack_ipv4`` as that one alone. Raises `ValidationError`.
    """
    try:
        address = _parse(ip_str, max_length)
    except ValueError as error:
        raise ValidationError(
            error_message, code="invalid", params={"protocol": _("IPv6")}
        ) from error
    mapped = address.ipv4_mapped
    if mapped is None:
        return str(address)
    return str(mapped) if unpack_ipv4 else f"::ffff:{mapped}"


def is_valid_ipv6_address(ip_addr: Any) -> bool:
    """Say whether ``ip_addr``, text or an ``IPv6Address``, is an IPv6 address."""
    try:
        _parse(ip_addr)
    except ValueError:
        return False
    return True
