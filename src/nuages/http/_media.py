"""Media types and what an ``Accept`` header says about them."""

from __future__ import annotations

from collections.abc import Iterable

from nuages.utils.functional import cached_property
from nuages.utils.http import parse_header_parameters


class MediaType:
    """One media type or media range, such as ``text/*; q=0.8``."""

    def __init__(self, media_type_raw_line: str | MediaType) -> None:
        line = str(media_type_raw_line) if media_type_raw_line else ""
        full_type, self.params = parse_header_parameters(line)
        self.main_type, _, self.sub_type = full_type.partition("/")

    def __str__(self) -> str:
        essence = f"{self.main_type}/{self.sub_type}" if self.sub_type else self.main_type
        return "; ".join([essence, *(f"{name}={value}" for name, value in self.params.items())])

    def __repr__(self) -> str:
        return f"<{type(self).__qualname__}: {self}>"

    @cached_property
    def range_params(self) -> dict[str, str]:
        """The parameters that belong to the type itself: all but the weight ``q``."""
        return {name: value for name, value in self.params.items() if name != "q"}

    def match(self, other: str | MediaType | None) -> bool:
        """Return whether this type and ``other`` can mean the same content.

        ``*`` on either side fits anything; parameters that ``other`` has must be this type's too.
        """
        if not other:
            return False
        if not isinstance(other, MediaType):
            other = MediaType(other)
        for mine, theirs in (
            (self.main_type, other.main_type),
            (self.sub_type, other.sub_type),
        ):
            if not mine or not theirs or (mine != theirs and "*" not in (mine, theirs)):
                return False
        return not other.range_params or other.range_params == self.range_params

    @cached_property
    def quality(self) -> float:
        """The weight ``q``, from 0 to 1 with three decimals; 1 where it is missing or nonsense."""
        try:
            weight = float(self.params.get("q", 1))
        except ValueError:
            return 1
        return round(weight, 3) if 0 <= weight <= 1 else 1

    @property
    def specificity(self) -> int:
        """How narrow the range is, from 0 (``*/*``) to 3 (a type with parameters)."""
        if self.main_type == "*":
            return 0
        if self.sub_type == "*":
            return 1
        return 3 if self.range_params else 2


def parse_accept(header: str) -> list[MediaType]:
    """Return the media types in an ``Accept`` header, in its order, without those refused (q=0)."""
    types = (MediaType(token) for token in header.split(",") if token.strip())
    return [media_type for media_type in types if media_type.quality]


def by_quality(types: Iterable[MediaType]) -> list[MediaType]:
    """Sort the best-liked first; of equals, the most specific."""
    return sorted(types, key=lambda item: (-item.quality, -item.specificity))


def by_precedence(types: Iterable[MediaType]) -> list[MediaType]:
    """Sort the most specific first; of equals, the best-liked."""
    return sorted(types, key=lambda item: (-item.specificity, -item.quality))


# Where the manual has them.
MediaType.__module__ = "django.http.request"
