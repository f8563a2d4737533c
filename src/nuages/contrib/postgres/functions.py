"""Functions of PostgreSQL. Manual: "PostgreSQL specific database functions"."""

from __future__ import annotations

from nuages.db.models import DateTimeField, Func, UUIDField


class RandomUUID(Func, sql="GEN_RANDOM_UUID", gives=UUIDField, takes=0):
    """A random UUID (version 4)."""


class TransactionNow(Func, gives=DateTimeField, takes=0):
    """When the transaction began."""

    template = "CURRENT_TIMESTAMP"
