"""System checks of relations. Manual: "System check framework", section "Related fields"."""

from __future__ import annotations

ANY_RELATION: tuple = ()
FOREIGN_OBJECT: tuple = ()
FOREIGN_KEY: tuple = ()
MANY_TO_MANY: tuple = ()
