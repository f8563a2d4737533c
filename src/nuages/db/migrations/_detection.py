"""Finding the differences of two states, one kind at a time.

Each ``find_…`` method yields the changes of one kind; :data:`STEPS` is their order. What was
renamed is found first, and remembered for those that follow.
"""

from __future__ import annotations

from collections.abc import Iterator

from nuages.db.migrations._changed_fields import ChangedFields
from nuages.db.migrations._changed_indexes import ChangedIndexes
from nuages.db.migrations._changed_models import ChangedModels
from nuages.db.migrations._two_states import Change

#: The steps after renamed models. The order shows in the migrations.
STEPS = (
    "find_deleted_models",
    "find_created_models",
    "find_deleted_proxies",
    "find_created_proxies",
    "find_altered_options",
    "find_altered_managers",
    "find_renamed_fields",
    "find_altered_indexes",
    "find_altered_constraints",
    "write_removed_constraints",
    "write_removed_indexes",
    "write_renamed_fields",
    "write_renamed_indexes",
    "find_removed_together",
    "find_removed_fields",
    "find_added_fields",
    "find_altered_fields",
    "find_altered_orders",
    "find_altered_together",
    "write_added_indexes",
    "write_added_constraints",
    "write_altered_constraints",
    "find_altered_tables",
    "find_altered_comments",
)


class Detection(ChangedModels, ChangedFields, ChangedIndexes):
    """The comparison of two states."""

    def changes(self) -> Iterator[Change]:
        """Yield all changes."""
        yield from self.find_renamed_models()
        self._list_fields()
        for step in STEPS:
            yield from getattr(self, step)()
