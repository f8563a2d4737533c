"""Making several operations one."""

from __future__ import annotations

from typing import Any


class MigrationOptimizer:
    """Shortens lists of operations without changing what they come to."""

    def optimize(self, operations: list[Any], app_label: str) -> list[Any]:
        """Return an equal list, as short as it gets.

        Raises:
            TypeError: no label was given.
        """
        if app_label is None:
            raise TypeError("app_label must be a str.")
        self._iterations = 0
        current = list(operations)
        while True:
            shorter = self.optimize_inner(current, app_label)
            self._iterations += 1
            if shorter == current:
                return shorter
            current = shorter

    def optimize_inner(self, operations: list[Any], app_label: str) -> list[Any]:
        """Return the list after the first pair of operations that come to something else."""
        for first in range(len(operations)):
            found = self._partner(operations, first, app_label)
            if found is not None:
                second, merged, at_second = found
                between = operations[first + 1 : second]
                middle = [*between, *merged] if at_second else [*merged, *between]
                return [
                    # Those before found no partner, and may find one in what is new.
                    *operations[:first],
                    *middle,
                    *operations[second + 1 :],
                ]
        return list(operations)

    @staticmethod
    def _partner(
        operations: list[Any], first: int, app_label: str
    ) -> tuple[int, list[Any], bool] | None:
        """Return what an operation can be merged with.

        Returns:
            the partner's index, what the two come to, and whether that goes to the partner's
            place (or to the operation's own).
        """
        operation = operations[first]
        can_move_right = True
        for second in range(first + 1, len(operations)):
            other = operations[second]
            merged = operation.reduce(other, app_label)
            if isinstance(merged, list):
                if can_move_right:
                    return second, merged, True
                between = operations[first + 1 : second]
                if all(each.reduce(other, app_label) is True for each in between):
                    return second, merged, False
                return None
            if not merged:
                # It cannot go past that one.
                can_move_right = False
        return None
