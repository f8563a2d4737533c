"""A tree of connected conditions, the base of ``Q`` and of the WHERE clause."""

import copy
from typing import Any, Self

from nuages.utils.hashable import make_hashable


class Node:
    """Children (leaves of any kind, or nodes) joined by one connector, perhaps negated."""

    default = "DEFAULT"

    def __init__(
        self,
        children: list[Any] | None = None,
        connector: str | None = None,
        negated: bool = False,
    ) -> None:
        self.children: list[Any] = list(children) if children else []
        self.connector = connector or self.default
        self.negated = negated

    @classmethod
    def create(
        cls,
        children: list[Any] | None = None,
        connector: str | None = None,
        negated: bool = False,
    ) -> Self:
        """Make a node of this class without calling a subclass's ``__init__``."""
        node = cls.__new__(cls)
        Node.__init__(node, children, connector, negated)
        return node

    def __str__(self) -> str:
        inside = f"{self.connector}: {', '.join(map(str, self.children))}"
        return f"(NOT ({inside}))" if self.negated else f"({inside})"

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def __copy__(self) -> Self:
        twin = type(self).create(None, self.connector, self.negated)
        twin.children = self.children
        return twin

    copy = __copy__

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return type(self).create(copy.deepcopy(self.children, memo), self.connector, self.negated)

    def __len__(self) -> int:
        return len(self.children)

    def __bool__(self) -> bool:
        return len(self.children) > 0

    def __contains__(self, item: Any) -> bool:
        return item in self.children

    def __eq__(self, other: object) -> bool:
        if self.__class__ is not other.__class__:
            return False
        return (self.connector, self.negated, self.children) == (
            other.connector,
            other.negated,
            other.children,
        )

    def __hash__(self) -> int:
        return hash((self.__class__, self.connector, self.negated, *make_hashable(self.children)))

    def add(self, data: Any, conn_type: str) -> Any:
        """Join ``data`` to this tree by ``conn_type``, and return what now holds it.

        A plain leaf, or a node that this tree can absorb, becomes part of the children.
        """
        same = self.connector == conn_type
        match data:
            case Node(negated=False, children=found, connector=joined) if same and (
                joined == conn_type or len(found) == 1
            ):
                self.children += found
                return self
        # Another connector: what was here becomes one child of a new tree.
        kept = self.children if same else [self.copy()]
        self.children, self.connector = [*kept, data], conn_type
        return data

    def negate(self) -> None:
        """Turn the sense of the whole node around."""
        self.negated = not self.negated
