"""Values that options derive from the fields of a model."""

from __future__ import annotations

from typing import ClassVar

from nuages.utils.functional import cached_property


class derived[T](cached_property[T]):
    """A value computed from the fields, and forgotten when they change.

    Those of ``reverse`` also depend on the relations of other models to this one, and are forgotten
    when any model changes.
    """

    forward: ClassVar[set[str]] = set()
    reverse: ClassVar[set[str]] = set()

    def __set_name__(self, owner: type, name: str) -> None:
        super().__set_name__(owner, name)
        self.forward.add(name)


class derived_reverse[T](derived[T]):
    """A :class:`derived` value that depends on relations from other models."""

    def __set_name__(self, owner: type, name: str) -> None:
        cached_property.__set_name__(self, owner, name)
        self.reverse.add(name)
