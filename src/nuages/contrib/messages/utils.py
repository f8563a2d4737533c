"""The tags that the levels have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nuages.conf import settings
from nuages.contrib.messages import constants


def get_level_tags() -> dict[int, str]:
    """Return level → tag: the defaults, and what ``MESSAGE_TAGS`` says instead."""
    return {**constants.DEFAULT_TAGS, **getattr(settings, "MESSAGE_TAGS", {})}


class LevelTags(Mapping[int, str]):
    """The tags as the settings are at the moment."""

    def __getitem__(self, level: int) -> str:
        return get_level_tags()[level]

    def __iter__(self) -> Iterator[int]:
        return iter(get_level_tags())

    def __len__(self) -> int:
        return len(get_level_tags())
