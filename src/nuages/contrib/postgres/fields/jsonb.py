"""The JSON field of old, as migrations may still mention it."""

from __future__ import annotations

from typing import Any, ClassVar

from nuages.contrib.postgres.utils import removed_field
from nuages.db.models import JSONField as _JSONField

__all__ = ["JSONField"]


class JSONField(_JSONField):
    """A column of JSON."""

    system_check_removed_details: ClassVar[dict[str, Any]] = removed_field(  # type: ignore[misc]
        "JSONField", "Use django.db.models.JSONField instead.", 904
    )
