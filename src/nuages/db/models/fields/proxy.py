"""Fields that stand for something a model has without declaring it."""

from __future__ import annotations

from typing import Any

from nuages.db.models import fields


class OrderWrt(fields.IntegerField):
    """The column ``_order`` of a model with ``order_with_respect_to``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= {"name": "_order", "editable": False}
        super().__init__(*args, **kwargs)
