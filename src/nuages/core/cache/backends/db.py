"""A cache in a table of a database. Manual: topics/cache, "Database caching".

Values are pickled and then base64-encoded, so that any text column will do.
"""

import base64
import pickle
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from nuages.conf import settings
from nuages.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from nuages.db import DatabaseError, connections, models, router, transaction
from nuages.utils.timezone import now

# Stands for "never": databases have no infinite time.
_FOREVER = datetime.max


class Options:
    """What the database routers ask of a model, for a table that has none."""

    app_label = "django_cache"
    model_name = "cacheentry"
    verbose_name = "cache entry"
    verbose_name_plural = "cache entries"
    object_name = "CacheEntry"
    abstract = proxy = swapped = False
    managed = True

    def __init__(self, table: str) -> None:
        self.db_table = table


class BaseDatabaseCache(BaseCache):
    """Knows the table, and the class that routers are asked about."""

    def __init__(self, table: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._table = table
        self.cache_model_class = type("CacheEntry", (), {"_meta": Options(table)})


class DatabaseCache(BaseDatabaseCache):
    """Keeps values in a table with the columns ``cache_key``, ``value`` and ``expires``."""

    pickle_protocol = pickle.HIGHEST_PROTOCOL

    def _connection(self, write: bool) -> Any:
        choose = router.db_for_write if write else router.db_for_read
        return connections[choose(self.cache_model_class)]

    def _now(self) -> datetime:
        return now().replace(microsecond=0)

    def _sql(self, connection: Any, text: str) -> str:
        """Fill the quoted names into a statement."""
        quote = connection.ops.quote_name
        return text.format(
            table=quote(self._table),
            key=quote("cache_key"),
            value=quote("value"),
            expires=quote("expires"),
        )

    def _read(self, connection: Any, expires: Any) -> datetime:
        """Return an expiry as the database gave it, as a datetime."""
        field = models.Expression(output_field=models.DateTimeField())
        converters = connection.ops.get_db_converters(field) + field.get_db_converters(connection)
        for convert in converters:
            expires = convert(expires, field, connection)
        return expires

    def get_many(self, keys: Iterable[Any], version: Any = None) -> dict[Any, Any]:
        """Return a dictionary of the keys that have values."""
        made = {self.make_and_validate_key(key, version): key for key in keys}
        if not made:
            return {}
        connection = self._connection(write=False)
        marks = ", ".join(["%s"] * len(made))
        statement = "SELECT {key}, {value}, {expires} FROM {table} WHERE {key} IN (" + marks + ")"
        with connection.cursor() as cursor:
            cursor.execute(self._sql(connection, statement), list(made))
            rows = cursor.fetchall()
        # To the moment: what was stored for less than a second is gone.
        moment = now()
        found, expired = {}, []
        for key, value, expires in rows:
            if self._read(connection, expires) < moment:
                expired.append(key)
                continue
            text = connection.ops.process_clob(value)
            found[made.get(key)] = pickle.loads(base64.b64decode(text.encode()))
        self._delete_made(expired)
        return found

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        """Return the value of ``key``, or ``default``."""
        return self.get_many([key], version).get(key, default)

    def has_key(self, key: Any, version: Any = None) -> bool:
        """Say whether ``key`` has a value."""
        made = self.make_and_validate_key(key, version)
        connection = self._connection(write=False)
        statement = "SELECT {expires} FROM {table} WHERE {key} = %s AND {expires} > %s"
        moment = connection.ops.adapt_datetimefield_value(self._now())
        with connection.cursor() as cursor:
            cursor.execute(self._sql(connection, statement), [made, moment])
            return cursor.fetchone() is not None

    def set(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> None:
        """Store ``value``; a failure of the database is as if it was never stored."""
        self._write("set", self.make_and_validate_key(key, version), value, timeout)

    def add(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> bool:
        """Store ``value`` unless there is one; return whether it was stored."""
        return self._write("add", self.make_and_validate_key(key, version), value, timeout)

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        """Give ``key`` a new timeout; return whether there was a value."""
        return self._write("touch", self.make_and_validate_key(key, version), None, timeout)

    def _expiry(self, timeout: Any) -> datetime:
        stamp = self.get_backend_timeout(timeout)
        if stamp is None:
            return _FOREVER
        moment = datetime.fromtimestamp(stamp, UTC if settings.USE_TZ else None)
        return moment.replace(microsecond=0)

    def _write(self, mode: str, key: str, value: Any, timeout: Any) -> bool:
        """Store, add or touch; return whether that changed a row."""
        expires = self._expiry(timeout)
        text = ""
        if mode != "touch":
            text = base64.b64encode(pickle.dumps(value, self.pickle_protocol)).decode("latin1")
        connection = self._connection(write=True)
        with connection.cursor() as cursor:
            cursor.execute(self._sql(connection, "SELECT COUNT(*) FROM {table}"))
            moment = self._now()
            if (entries := cursor.fetchone()[0]) > (self._max_entries or 0):
                self._make_room(connection, cursor, moment, entries)
            adapt = connection.ops.adapt_datetimefield_value
            stored = adapt(expires)
            try:
                # A savepoint: a failing statement must not spoil a transaction around it.
                with transaction.atomic(using=connection.alias):
                    cursor.execute(
                        self._sql(
                            connection, "SELECT {key}, {expires} FROM {table} WHERE {key} = %s"
                        ),
                        [key],
                    )
                    row = cursor.fetchone()
                    expired = row is not None and self._read(connection, row[1]) < moment
                    statement, params = _statement(mode, row, expired, key, text, stored)
                    if statement is None:
                        return False
                    cursor.execute(self._sql(connection, statement), params)
            except DatabaseError:
                # Another process was faster, or the table is locked.
                return False
            return True

    def delete(self, key: Any, version: Any = None) -> bool:
        """Forget ``key``; return whether there was a row."""
        return self._delete_made([self.make_and_validate_key(key, version)])

    def delete_many(self, keys: Iterable[Any], version: Any = None) -> None:
        """Forget several keys."""
        self._delete_made([self.make_and_validate_key(key, version) for key in keys])

    def _delete_made(self, keys: list[str]) -> bool:
        if not keys:
            return False
        connection = self._connection(write=True)
        marks = ", ".join(["%s"] * len(keys))
        statement = "DELETE FROM {table} WHERE {key} IN (" + marks + ")"
        with connection.cursor() as cursor:
            cursor.execute(self._sql(connection, statement), keys)
            return bool(cursor.rowcount)

    def _make_room(self, connection: Any, cursor: Any, moment: datetime, entries: int) -> None:
        if not self._cull_frequency:
            self.clear()
            return
        adapted = connection.ops.adapt_datetimefield_value(moment)
        cursor.execute(self._sql(connection, "DELETE FROM {table} WHERE {expires} < %s"), [adapted])
        remaining = entries - cursor.rowcount
        if remaining <= (self._max_entries or 0):
            return
        # In the order of the keys, which is as good as any, up to the last one to go.
        cursor.execute(
            connection.ops.cache_key_culling_sql() % connection.ops.quote_name(self._table),
            [remaining // self._cull_frequency],
        )
        last = cursor.fetchone()
        if last:
            cursor.execute(self._sql(connection, "DELETE FROM {table} WHERE {key} < %s"), [last[0]])

    def clear(self) -> None:
        """Delete all rows."""
        connection = self._connection(write=True)
        with connection.cursor() as cursor:
            cursor.execute(self._sql(connection, "DELETE FROM {table}"))


def _statement(
    mode: str, row: Any, expired: bool, key: str, text: str, stored: Any
) -> tuple[str | None, list[Any]]:
    """Return the statement that does ``mode``, given what is there; ``None`` for nothing to do."""
    alive = row is not None and not expired
    if mode == "touch":
        if not alive:
            return None, []
        return "UPDATE {table} SET {expires} = %s WHERE {key} = %s", [stored, key]
    if row is None:
        insert = "INSERT INTO {table} ({key}, {value}, {expires}) VALUES (%s, %s, %s)"
        return insert, [key, text, stored]
    if mode == "add" and alive:
        return None, []
    update = "UPDATE {table} SET {value} = %s, {expires} = %s WHERE {key} = %s"
    return update, [text, stored, key]
