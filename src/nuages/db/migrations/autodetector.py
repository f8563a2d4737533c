"""Finding the operations that lead from one state to another."""

from __future__ import annotations


class MigrationAutodetector:
    """Compares two project states."""
