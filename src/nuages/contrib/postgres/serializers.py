"""Values of PostgreSQL in migrations."""

from __future__ import annotations

from typing import Any

from nuages.db.migrations.serializer import BaseSerializer


class RangeSerializer(BaseSerializer):
    """Ranges, by the name of psycopg's own module for them."""

    def serialize(self) -> tuple[str, set[str]]:
        home = "psycopg.types.range"
        value: Any = self.value
        return f"{home}.{value!r}", {f"import {home}"}
