"""Expressions of PostgreSQL. Manual: "PostgreSQL specific query expressions"."""

from __future__ import annotations

from typing import Any

from nuages.contrib.postgres.fields import ArrayField
from nuages.db.models import Subquery


class ArraySubquery(Subquery):
    """The one column of a query, as an array."""

    template = "ARRAY(%(subquery)s)"
    output_field: Any = property(
        lambda self: ArrayField(self.query.output_field), doc="An array of what the query selects."
    )
