"""The messages of system checks. Manual: "System check framework"."""

from __future__ import annotations

from typing import Any

DEBUG, INFO, WARNING, ERROR, CRITICAL = range(10, 60, 10)


class CheckMessage:
    """What a check found.

    Args:
        level: one of the numbers above.
        msg: the message.
        hint: how to repair it.
        obj: what is at fault: a model, field, manager or any object.
        id: the message's identifier, e.g. ``"models.E001"``.

    Raises:
        TypeError: ``level`` is no number.
    """

    def __init__(
        self, level: int, msg: str, hint: str | None = None, obj: Any = None, id: str | None = None
    ) -> None:
        if not isinstance(level, int):
            raise TypeError("The first argument should be level.")
        self.level, self.msg, self.hint, self.obj, self.id = level, msg, hint, obj, id

    def _parts(self) -> tuple[Any, ...]:
        return self.level, self.msg, self.hint, self.obj, self.id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, self.__class__) and all(
            mine == theirs for mine, theirs in zip(self._parts(), other._parts(), strict=True)
        )

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        where = "?" if self.obj is None else _name_of(self.obj)
        name = f"({self.id}) " if self.id else ""
        hint = f"\n\tHINT: {self.hint}" if self.hint else ""
        return f"{where}: {name}{self.msg}{hint}"

    def __repr__(self) -> str:
        level, msg, hint, obj, id = self._parts()
        return (
            f"<{type(self).__name__}: level={level!r}, msg={msg!r}, hint={hint!r}, obj={obj!r}, "
            f"id={id!r}>"
        )

    def is_serious(self, level: int = ERROR) -> bool:
        """Whether the message is of that level or above."""
        return self.level >= level

    def is_silenced(self) -> bool:
        """Whether ``SILENCED_SYSTEM_CHECKS`` names it."""
        from nuages.conf import settings

        return self.id in settings.SILENCED_SYSTEM_CHECKS


def _name_of(obj: Any) -> str:
    from nuages.db.models.base import ModelBase

    # A model class has no useful str() of its own.
    return str(obj._meta.label if isinstance(obj, ModelBase) else obj)


class _OfLevel(CheckMessage):
    fixed_level = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(self.fixed_level, *args, **kwargs)


class Debug(_OfLevel):
    """A note for debugging."""

    fixed_level = DEBUG


class Info(_OfLevel):
    """A note."""

    fixed_level = INFO


class Warning(_OfLevel):
    """Something to look at."""

    fixed_level = WARNING


class Error(_OfLevel):
    """A fault."""

    fixed_level = ERROR


class Critical(_OfLevel):
    """A fault that prevents all work."""

    fixed_level = CRITICAL
