"""Enumerations for ``choices``. Manual: "Model field reference", section "Enumeration types"."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Any

from nuages.utils.functional import Promise

__all__ = ["Choices", "IntegerChoices", "TextChoices"]


def _title(name: str) -> str:
    return name.replace("_", " ").title()


class ChoicesType(enum.EnumType):
    """The class of ``Choices``: splits ``value, label``, and gives the lists for fields."""

    def __new__(
        metacls, classname: str, bases: tuple[type, ...], classdict: Any, **kwds: Any
    ) -> ChoicesType:
        labels = []
        for name in classdict._member_names:
            match classdict[name]:
                case [*value, (str() | Promise()) as label] if value and isinstance(
                    classdict[name], list | tuple
                ):
                    # Through ``dict``: the enum's own refuses a name that is there.
                    dict.__setitem__(classdict, name, value[0] if len(value) == 1 else (*value,))
                case _:
                    label = _title(name)
            labels.append(label)
        cls: Any = super().__new__(metacls, classname, bases, classdict, **kwds)
        for member, label in zip(cls.__members__.values(), labels, strict=False):
            member._label_ = label
        return enum.unique(cls)

    @property
    def names(cls) -> list[str]:
        """The names of the members, with ``__empty__`` first if there is one."""
        empty = ["__empty__"] if hasattr(cls, "__empty__") else []
        members: Iterable[Any] = cls
        return [*empty, *(member.name for member in members)]

    @property
    def choices(cls) -> list[tuple[Any, Any]]:
        """The pairs of value and label."""
        empty = [(None, cls.__empty__)] if hasattr(cls, "__empty__") else []
        members: Iterable[Any] = cls
        return [*empty, *((member.value, member.label) for member in members)]

    @property
    def labels(cls) -> list[Any]:
        """What people read, member by member; the empty choice comes first."""
        return [label for _value, label in cls.choices]

    @property
    def values(cls) -> list[Any]:
        """The values, member by member; the empty choice comes first."""
        return [value for value, _label in cls.choices]


class Choices(enum.Enum, metaclass=ChoicesType):
    """The base of enumerations whose members have a label."""

    @enum.property
    def label(self) -> Any:
        """What people read of this member."""
        return self._label_  # type: ignore[attr-defined]

    # Templates must not call the class to get at its members.
    do_not_call_in_templates = enum.nonmember(True)

    def __str__(self) -> str:
        return str(self.value)

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}.{self._name_}"


class IntegerChoices(Choices, enum.IntEnum):
    """Choices whose values are whole numbers."""


class TextChoices(Choices, enum.StrEnum):
    """Choices whose values are text; ``auto()`` gives the name."""

    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[Any]) -> str:
        return name
