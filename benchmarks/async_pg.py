"""Two hundred operations at once against PostgreSQL: the ORM, awaited, beside a pool used by hand.

Each counts the rows of a table and waits for a query of 20 ms, in one thread, with 20 connections. Wall time and CPU time are
printed, and their ratios. Run with ``python -m benchmarks.async_pg``; the server is ``NUAGES_TEST_POSTGRES``, a
connection string (by default ``host=127.0.0.1 user=postgres``), in which a database is made and dropped.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

SERVER = os.environ.get("NUAGES_TEST_POSTGRES", "host=127.0.0.1 user=postgres")
NAME = f"nuages_bench_{os.getpid()}"
AT_ONCE, CONNECTIONS, ROUNDS = 200, 20, 7
#: At most so many times what the pool by hand takes.
BARS = {"wall": 1.3, "cpu": 3.0}
PAUSE = "SELECT 1 AS id, pg_sleep(0.02)"


def use_nuages(server: dict[str, Any]) -> Callable[[], Awaitable[Any]]:
    """Set a project up, and return one operation."""
    import nuages
    from django.conf import settings

    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": NAME,
                "USER": server.get("user", ""),
                "HOST": server.get("host", ""),
                "PORT": server.get("port", ""),
                "PASSWORD": server.get("password", ""),
                "OPTIONS": {"pool": {"min_size": CONNECTIONS, "max_size": CONNECTIONS}},
            }
        },
    )
    nuages.setup()
    from django.contrib.contenttypes.models import ContentType
    from django.core.management import call_command

    call_command("migrate", verbosity=0)

    async def operation() -> None:
        await ContentType.objects.acount()
        assert [row.pk async for row in ContentType.objects.raw(PAUSE)] == [1]

    return operation


async def by_hand(conninfo: str) -> tuple[Callable[[], Awaitable[Any]], Any]:
    """Return one operation on a pool, and the pool."""
    from psycopg_pool import AsyncConnectionPool

    pool = AsyncConnectionPool(
        conninfo,
        min_size=CONNECTIONS,
        max_size=CONNECTIONS,
        kwargs={"autocommit": True},
        open=False,
    )
    await pool.open(wait=True)

    async def operation() -> None:
        async with pool.connection() as connection:
            cursor = await connection.execute("SELECT COUNT(*) FROM django_content_type")
            await cursor.fetchone()
        async with pool.connection() as connection:
            cursor = await connection.execute(PAUSE)
            assert [row[0] for row in await cursor.fetchall()] == [1]

    return operation, pool


async def measured(operation: Callable[[], Awaitable[Any]]) -> dict[str, float]:
    """Return the least wall and CPU time, in seconds, of all operations at once."""
    best = {"wall": float("inf"), "cpu": float("inf")}
    for _ in range(ROUNDS):
        wall, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(operation() for _ in range(AT_ONCE)))
        best["wall"] = min(best["wall"], time.perf_counter() - wall)
        best["cpu"] = min(best["cpu"], time.process_time() - cpu)
    return best


async def compared(operation: Callable[[], Awaitable[Any]], conninfo: str) -> dict[str, Any]:
    """Time both, in turn."""
    ours = await measured(operation)
    handmade, pool = await by_hand(conninfo)
    theirs = await measured(handmade)
    await pool.close()
    return {"nuages": ours, "pool by hand": theirs}


def main() -> int:
    """Print the times and ratios; return 1 if a bar is missed."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {NAME}")
        try:
            operation = use_nuages(conninfo_to_dict(SERVER))
            times = asyncio.run(compared(operation, make_conninfo(SERVER, dbname=NAME)))
        finally:
            server.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
    for name, spent in times.items():
        print(f"{name:14} wall {spent['wall']:.3f} s   CPU {spent['cpu']:.3f} s")
    status = 0
    for what, most in BARS.items():
        ratio = times["nuages"][what] / times["pool by hand"][what]
        print(f"{what:14} {ratio:.2f} times (at most {most})")
        status |= ratio > most
    return status


if __name__ == "__main__":
    sys.exit(main())
