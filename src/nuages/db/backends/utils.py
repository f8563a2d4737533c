"""Cursor wrappers, and helpers for names and values that the backends share."""

from __future__ import annotations

import datetime
import decimal
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any

from nuages.db.utils import NotSupportedError
from nuages.utils._lazy import later

if TYPE_CHECKING:
    import hashlib

    from nuages.db.backends.base.base import BaseDatabaseWrapper
else:
    hashlib = later("hashlib")

logger = logging.getLogger("django.db.backends")

type Params = Sequence[Any] | dict[str, Any] | None


class CursorWrapper:
    """A cursor that goes through the connection's ``execute_wrappers``.

    Everything it does not know is the driver's cursor's; errors come out as ours.
    """

    #: Methods of the driver's cursor that may raise its errors.
    WRAP_ERROR_ATTRS = frozenset({"fetchone", "fetchmany", "fetchall", "nextset"})
    APPS_NOT_READY_WARNING_MSG = (
        "Accessing the database during app initialization is discouraged. To fix this "
        "warning, avoid executing queries in AppConfig.ready() or when your app "
        "modules are imported."
    )

    def __init__(self, cursor: Any, db: BaseDatabaseWrapper) -> None:
        self.cursor = cursor
        self.db = db

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.cursor, name)
        return self.db.wrap_database_errors(value) if name in self.WRAP_ERROR_ATTRS else value

    def __enter__(self) -> CursorWrapper:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Closing can fail where the statement did; the statement's error is the one to show.
        with suppress(self.db.Database.Error):
            self.close()

    def __iter__(self) -> Iterator[Any]:
        with self.db.wrap_database_errors:
            yield from self.cursor

    def callproc(
        self, procname: str, params: Params = None, kparams: dict[str, Any] | None = None
    ) -> Any:
        """Call a stored procedure. Raises ``NotSupportedError`` for keywords it cannot pass."""
        if kparams is not None and not self.db.features.supports_callproc_kwargs:
            raise NotSupportedError(
                "Keyword parameters for callproc are not supported on this database backend."
            )
        _warn_before_ready(self.APPS_NOT_READY_WARNING_MSG)
        self.db.validate_no_broken_transaction()
        arguments: list[Any] = [procname]
        if params is not None or kparams is not None:
            arguments.append(() if params is None else params)
        if kparams is not None:
            arguments.append(kparams)
        with self.db.wrap_database_errors:
            return self.cursor.callproc(*arguments)

    def execute(self, sql: str, params: Params = None) -> Any:
        """Run one statement."""
        return self._execute_with_wrappers(sql, params, many=False, executor=self._execute)

    def executemany(self, sql: str, param_list: Sequence[Any]) -> Any:
        """Run one statement for each of many parameter sequences."""
        return self._execute_with_wrappers(sql, param_list, many=True, executor=self._executemany)

    def _execute_with_wrappers(
        self, sql: str, params: Any, many: bool, executor: Callable[..., Any]
    ) -> Any:
        wrappers = self.db.execute_wrappers
        if wrappers:
            for wrapper in reversed(wrappers):
                executor = _bind(wrapper, executor)
        return executor(sql, params, many, {"connection": self.db, "cursor": self})

    def _execute(self, sql: str, params: Params, *ignored: Any) -> Any:
        _warn_before_ready(self.APPS_NOT_READY_WARNING_MSG)
        self.db.validate_no_broken_transaction()
        with self.db.wrap_database_errors:
            # Without parameters a driver leaves "%" alone, so the difference matters.
            if params is None:
                return self.cursor.execute(sql)
            return self.cursor.execute(sql, params)

    def _executemany(self, sql: str, param_list: Any, *ignored: Any) -> Any:
        _warn_before_ready(self.APPS_NOT_READY_WARNING_MSG)
        self.db.validate_no_broken_transaction()
        with self.db.wrap_database_errors:
            return self.cursor.executemany(sql, param_list)


class CursorDebugWrapper(CursorWrapper):
    """A cursor that also records what it runs in ``connection.queries_log``, and logs it."""

    def execute(self, sql: str, params: Params = None) -> Any:
        with debug_sql(self.db, sql, params, use_last_executed_query=True, cursor=self.cursor):
            return super().execute(sql, params)

    def executemany(self, sql: str, param_list: Sequence[Any]) -> Any:
        with debug_sql(self.db, sql, param_list, many=True):
            return super().executemany(sql, param_list)


class debug_sql:  # noqa: N801 (used like a function)
    """Measure the statement run in the block; record it and log it with its duration."""

    __slots__ = ("arguments", "cursor", "db", "many", "start", "text", "use_last")

    def __init__(
        self,
        db: BaseDatabaseWrapper,
        sql: str | None = None,
        params: Any = None,
        use_last_executed_query: bool = False,
        many: bool = False,
        cursor: Any = None,
    ) -> None:
        self.db = db
        self.text = sql
        self.arguments = params
        self.use_last = use_last_executed_query
        self.many = many
        self.cursor = cursor

    def __enter__(self) -> None:
        self.start = monotonic()

    def __exit__(self, *exc_info: Any) -> None:
        duration = monotonic() - self.start
        db, text = self.db, self.text
        if self.use_last:
            text = db.ops.last_executed_query(self.cursor, text, self.arguments)
        shown = text or ""
        if self.many:
            times = len(self.arguments) if hasattr(self.arguments, "__len__") else "?"
            shown = f"{times} times: {shown}"
        db.queries_log.append({"sql": shown, "time": f"{duration:.3f}"})
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug(
                "(%.3f) %s; args=%s; alias=%s",
                duration,
                text,
                self.arguments,
                db.alias,
                extra={
                    "duration": duration,
                    "sql": text,
                    "params": self.arguments,
                    "alias": db.alias,
                },
            )


def debug_transaction(connection: Any, sql: str) -> Any:
    """Return a block that records BEGIN, COMMIT or ROLLBACK, if queries are logged at all."""
    from contextlib import nullcontext

    return debug_sql(connection, sql) if connection.queries_logged else nullcontext()


def _bind(wrapper: Callable[..., Any], executor: Callable[..., Any]) -> Callable[..., Any]:
    return lambda sql, params, many, context: wrapper(executor, sql, params, many, context)


def _warn_before_ready(message: str) -> None:
    if not apps.ready and not apps.stored_app_configs:
        import warnings

        warnings.warn(message, category=RuntimeWarning, stacklevel=2)


# -- names ---------------------------------------------------------------------------------------


def split_identifier(identifier: str) -> tuple[str, str]:
    """Split ``namespace"."name`` into its parts; the namespace may be empty."""
    namespace, found, name = identifier.partition('"."')
    if not found:
        namespace, name = "", identifier
    return namespace.strip('"'), name.strip('"')


def truncate_name(identifier: str, length: int | None = None, hash_len: int = 4) -> str:
    """Shorten an SQL identifier to ``length``, ending it with a hash so that it stays unique.

    A namespace before it stays whole.
    """
    namespace, name = split_identifier(identifier)
    if length is None or len(name) <= length:
        return identifier
    shortened = name[: length - hash_len] + names_digest(name, length=hash_len)
    return f'{namespace}"."{shortened}' if namespace else shortened


def names_digest(*args: str, length: int) -> str:
    """Return ``length`` hexadecimal digits that stand for the names given."""
    return hashlib.md5("".join(args).encode(), usedforsecurity=False).hexdigest()[:length]


def strip_quotes(table_name: str) -> str:
    """Return a table name without the double quotes around it, if there are."""
    match table_name:
        case str() if table_name[:1] == table_name[-1:] == '"' != table_name:
            return table_name[1:-1]
    return table_name


# -- values --------------------------------------------------------------------------------------


def format_number(
    value: decimal.Decimal | None, max_digits: int | None, decimal_places: int | None
) -> str | None:
    """Return a decimal as plain digits, rounded to ``decimal_places``.

    Raises ``decimal.Rounded`` where only ``max_digits`` is given and it does not fit.
    """
    context = decimal.getcontext().copy()
    context.prec = context.prec if max_digits is None else max_digits
    if value is None:
        return None
    if decimal_places is None:
        context.traps[decimal.Rounded] = True
        return f"{context.create_decimal(value):f}"
    exponent = decimal.Decimal(1).scaleb(-decimal_places)
    return f"{value.quantize(exponent, context=context):f}"


_ZONE_AND_OFFSET = re.compile(r"(?P<zone>.+)(?P<sign>[+-])(?P<offset>\d{2}:\d{2})", re.ASCII)


def split_tzname_delta(tzname: str) -> tuple[str, str | None, str | None]:
    """Split a time zone's name from the offset that may follow it: name, sign, ``HH:MM``."""
    match = _ZONE_AND_OFFSET.fullmatch(tzname)
    if match is not None:
        hours, minutes = match["offset"].split(":")
        if int(hours) < 24 and int(minutes) < 60:
            return match["zone"], match["sign"], match["offset"]
    return tzname, None, None


def typecast_date(text: str | None) -> datetime.date | None:
    """Return the date that ``YYYY-MM-DD`` says."""
    return datetime.date(*map(int, text.split("-"))) if text else None


def typecast_time(text: str | None) -> datetime.time | None:
    """Return the time that ``HH:MM:SS[.ffffff]`` says."""
    if not text:
        return None
    hour, minute, second = text.split(":")
    second, _, fraction = second.partition(".")
    return datetime.time(int(hour), int(minute), int(second), int(f"{fraction:0<6.6}" or 0))


def typecast_timestamp(text: str | None) -> datetime.date | datetime.datetime | None:
    """Return the moment that ``YYYY-MM-DD HH:MM:SS[.ffffff]`` says; a date if there is no time.

    An offset from UTC at the end is left out of account.
    """
    if not text:
        return None
    day, separator, moment = text.partition(" ")
    if not separator:
        return typecast_date(text)
    moment = re.split(r"[+-]", moment, maxsplit=1)[0]
    on, at = typecast_date(day), typecast_time(moment)
    return None if on is None or at is None else datetime.datetime.combine(on, at)


from nuages.apps import apps  # noqa: E402  (the registry may import models, and so this module)
from nuages.db.backends.base import shortcut  # noqa: E402, F401  (it takes down what CursorWrapper is)
