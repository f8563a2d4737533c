"""What becomes of operations when the server does not do what is asked of it."""

import asyncio

import psycopg
import pytest
from shop.models import Author

from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    connections,
    transaction,
)

NUMBER = "SELECT %s AS id, pg_sleep(0.005)"


async def number_from_server(number):
    return [row.pk async for row in Author.objects.using("mortal").raw(NUMBER, [number])]


async def test_a_server_that_dies_under_load_and_comes_back(mortal):
    stop = asyncio.Event()
    answers, errors = [], []

    async def worker(number):
        while not stop.is_set():
            try:
                assert await number_from_server(number) == [number]
                answers.append(number)
            except (OperationalError, InterfaceError) as error:
                errors.append(error)
                await asyncio.sleep(0.05)

    workers = [asyncio.create_task(worker(number)) for number in range(20)]
    await asyncio.sleep(0.3)
    assert answers and not errors
    await asyncio.to_thread(mortal.kill)
    await asyncio.sleep(0.2)
    assert errors
    await asyncio.to_thread(mortal.start)
    healed = len(answers)
    await asyncio.sleep(1)
    stop.set()
    await asyncio.gather(*workers)
    assert set(answers[healed:]) == set(range(20))


async def test_connections_that_were_idle_when_the_server_died_are_replaced(mortal):
    await asyncio.gather(*(number_from_server(number) for number in range(5)))
    await asyncio.to_thread(mortal.kill)
    await asyncio.to_thread(mortal.start)
    # Nobody notices.
    assert await asyncio.gather(*(number_from_server(n) for n in range(5))) == [
        [n] for n in range(5)
    ]


async def test_a_connection_lost_in_a_transaction_leaves_no_part_of_it(server):
    with pytest.raises(OperationalError):
        async with transaction.atomic():
            author = await Author.objects.acreate(name="lost")
            ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'"
            server.execute(f"{ours} AND datname = current_database()")
            await author.arefresh_from_db()
    assert await Author.objects.acount() == 0


def test_blocking_code_too(server):
    with pytest.raises(OperationalError):
        with transaction.atomic():
            author = Author.objects.create(name="lost")
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE state = 'idle in transaction' AND datname = current_database()"
            )
            author.refresh_from_db()
    assert Author.objects.count() == 0


async def test_one_of_two_in_a_deadlock_is_told(server):
    first, second = [await Author.objects.acreate(name=name) for name in "ab"]
    ready = asyncio.Barrier(2)

    async def lock(mine, theirs):
        async with transaction.atomic():
            await Author.objects.select_for_update().aget(pk=mine.pk)
            await ready.wait()
            await Author.objects.select_for_update().aget(pk=theirs.pk)
            await Author.objects.filter(pk=mine.pk).aupdate(age=1)

    outcomes = await asyncio.gather(
        lock(first, second), lock(second, first), return_exceptions=True
    )
    (victim,) = [outcome for outcome in outcomes if outcome is not None]
    assert isinstance(victim, OperationalError)
    assert isinstance(victim.__cause__, psycopg.errors.DeadlockDetected)
    assert await Author.objects.filter(age=1).acount() == 1


async def test_transactions_that_cannot_be_put_in_an_order_are_told():
    authors = Author.objects.using("serializable")
    ready = asyncio.Barrier(2)

    async def count_and_add():
        async with transaction.atomic(using="serializable"):
            await authors.acount()
            await ready.wait()
            await authors.acreate(name="one more")
            await ready.wait()

    outcomes = await asyncio.gather(count_and_add(), count_and_add(), return_exceptions=True)
    (victim,) = [outcome for outcome in outcomes if outcome is not None]
    assert isinstance(victim, OperationalError)
    assert isinstance(victim.__cause__, psycopg.errors.SerializationFailure)
    assert await authors.acount() == 1


async def test_a_server_that_is_not_there_is_an_error_at_once():
    conf = {**connections.settings["mortal"], "PORT": "1"}
    connections.settings["nowhere"] = conf
    try:
        with pytest.raises(OperationalError):
            await Author.objects.using("nowhere").acount()
    finally:
        del connections.settings["nowhere"]


async def test_a_failed_statement_spoils_its_block_only():
    with pytest.raises(DatabaseError, match="current transaction is aborted"):
        async with transaction.atomic():
            with pytest.raises(DatabaseError):
                [row async for row in Author.objects.raw("SELECT 1/0 AS id")]
            await Author.objects.acount()
    assert await Author.objects.acount() == 0
