"""Numbers with separators of choice."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from nuages.conf import settings
from nuages.utils.safestring import SafeString

# Decimals with more digits than this, zeros included, are shown with an exponent: writing
# them out takes time and memory that a client could ask for with few characters.
_MAX_DIGITS = 200


def format(
    number: Any,
    decimal_sep: str,
    decimal_pos: int | None = None,
    grouping: int | Sequence[int] = 0,
    thousand_sep: str = "",
    force_grouping: bool = False,
    use_l10n: bool | None = None,
) -> str:
    """Return a number as text.

    ``decimal_pos`` is the number of decimals (cut or filled up; ``None`` for as many as there
    are). ``grouping`` is the size of a group of digits, or sizes from the right: 0 repeats the
    one before it, -1 ends grouping. Digits are grouped where ``USE_THOUSAND_SEPARATOR``
    says so, unless ``use_l10n`` is ``False``, or with ``force_grouping``.
    """
    if number is None or number == "":
        return SafeString(number)
    group = bool(settings.USE_THOUSAND_SEPARATOR and use_l10n is not False)
    group = (group or force_grouping) and grouping != 0
    if isinstance(number, int) and not isinstance(number, bool) and not group and not decimal_pos:
        return SafeString(number)
    if isinstance(number, float) and "e" in repr(number).lower():
        number = Decimal(repr(number))
    exponent = ""
    if isinstance(number, Decimal):
        text, exponent = _written_out(number, decimal_pos)
    else:
        text = str(number)
    sign = ""
    if text.startswith("-"):
        sign, text = "-", text[1:]
    whole, _, decimals = text.partition(".")
    if decimal_pos is not None:
        decimals = decimals[:decimal_pos].ljust(decimal_pos, "0")
    if group:
        whole = thousand_sep.join(_groups(whole, grouping))
    if decimals:
        decimals = decimal_sep + decimals
    return SafeString(f"{sign}{whole}{decimals}{exponent}")


def _written_out(number: Decimal, decimal_pos: int | None) -> tuple[str, str]:
    """Return the digits of a decimal, and the exponent if it takes one."""
    if decimal_pos is not None and abs(number) < Decimal(1).scaleb(-decimal_pos):
        return "0", ""
    _, digits, exponent = number.as_tuple()
    if isinstance(exponent, int) and abs(exponent) + len(digits) > _MAX_DIGITS:
        coefficient, _, power = f"{number:e}".partition("e")
        return coefficient, f"e{power}"
    return f"{number:f}", ""


def _groups(digits: str, grouping: int | Sequence[int]) -> list[str]:
    """Split ``digits`` from the right."""
    sizes = [grouping] if isinstance(grouping, int) else list(grouping)
    groups: list[str] = []
    size = 0
    while digits:
        size = (sizes.pop(0) if sizes else 0) or size
        if size < 0:
            size = len(digits)
        groups.append(digits[-size:])
        digits = digits[:-size]
    return groups[::-1]
