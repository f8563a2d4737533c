"""The steps: small objects, each one piece of I/O.

A function that talks to a database is written as a generator. It yields steps, receives their
results, and returns its own::

    def count_steps(using: str) -> Steps[int]:
        rows = yield Fetch(using, "SELECT COUNT(*) FROM book", ())
        return rows[0][0]
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from types import CoroutineType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from nuages.db.transaction import Atomic

type Steps[T] = Generator[Step, Any, T]


class Step:
    """One piece of I/O."""

    __slots__ = ()

    #: Alias of the database that the step talks to; ``None`` if it talks to none.
    using: str | None = None

    def run(self) -> Any:
        """Perform the step and return its result. In an operation of async code its waits are awaited."""
        raise TypeError(f"{type(self).__name__} does not say how to run().")


class Outcome(NamedTuple):
    """What ``Execute`` returns: the counters of the cursor after the statement."""

    rowcount: int
    lastrowid: Any


class Fetch(Step):
    """Run a query and return all its rows as a list of tuples."""

    __slots__ = ("params", "sql", "using")
    using: str

    def __init__(self, using: str, sql: str, params: Sequence[Any] = ()) -> None:
        self.using = using
        self.sql = sql
        self.params = params

    def run(self) -> list[tuple[Any, ...]]:
        return connections[self.using].fetch_rows(self.sql, self.params)


class Execute(Step):
    """Run a statement that gives no rows and return its ``Outcome``."""

    __slots__ = ("params", "sql", "using")
    using: str

    def __init__(self, using: str, sql: str, params: Sequence[Any] = ()) -> None:
        self.using = using
        self.sql = sql
        self.params = params

    def run(self) -> Outcome:
        with connections[self.using].cursor() as cursor:
            cursor.execute(self.sql, self.params)
            return Outcome(cursor.rowcount, getattr(cursor, "lastrowid", None))


class Call(Step):
    """Call a function of the user's and return its result.

    A coroutine function may be given as well: it runs on the event loop of the async code that the steps are for.
    """

    __slots__ = ("args", "function", "kwargs")

    def __init__(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs

    def run(self) -> Any:
        value = self.function(*self.args, **self.kwargs)
        return _finish(value) if isinstance(value, CoroutineType) else value


class Begin(Step):
    """Enter an ``atomic`` block: open a transaction, or a savepoint within one."""

    __slots__ = ("block", "using")

    def __init__(self, block: Atomic) -> None:
        self.block = block
        self.using = block.using

    def run(self) -> None:
        self.block.__enter__()


class End(Step):
    """Leave an ``atomic`` block: commit it, or roll it back if an exception is given."""

    __slots__ = ("block", "error", "using")

    def __init__(self, block: Atomic, error: BaseException | None = None) -> None:
        self.block = block
        self.error = error
        self.using = block.using

    def _exit_args(self) -> tuple[Any, Any, Any]:
        error = self.error
        return (None, None, None) if error is None else (type(error), error, error.__traceback__)

    def run(self) -> None:
        self.block.__exit__(*self._exit_args())


def atomic_steps[T](
    using: str | None, inner: Steps[T], *, savepoint: bool = True, durable: bool = False
) -> Steps[T]:
    """Run ``inner`` within a transaction (a savepoint, inside another one) and return its result.

    Manual: topics/db/transactions, "Controlling transactions explicitly".
    """
    from nuages.db.transaction import Atomic

    block = Atomic(using, savepoint, durable)
    yield Begin(block)
    try:
        result = yield from inner
    except GeneratorExit:
        raise
    except BaseException as error:
        yield End(block, error)
        raise
    yield End(block)
    return result


def _finish(coroutine: Any) -> Any:
    """Run a coroutine to its end from a blocking driver."""
    from nuages.utils.concurrency import async_to_sync

    async def waiting() -> Any:
        return await coroutine

    return async_to_sync(waiting)()


from nuages.db import connections  # noqa: E402  (nuages.db needs this module's names first)
