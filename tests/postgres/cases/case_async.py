"""Async code on PostgreSQL: on its task's connection, without threads, and nothing leaks."""

import asyncio
import threading
import unittest

import pytest
from shop.models import Author, Book, Seat

from django.db import OperationalError, connections, transaction
from django.db.engine import arun
from django.db.engine.pools import _pools, pool_of
from django.db.models.deletion import Collector
from django.db.models.signals import post_save
from django.http import JsonResponse
from django.urls import path

SLEEP = "SELECT 1 AS id, pg_sleep(%s)"


async def count(request):
    """A view: an awaited number, a block, a stream."""
    async with transaction.atomic():
        await Author.objects.acreate(name="by request")
        here = await Author.objects.acount()
    names = [author.name async for author in Author.objects.aiterator(chunk_size=2)]
    return JsonResponse({"here": here, "names": len(names)})


urlpatterns = [path("count/", count)]


def pool():
    return pool_of(connections, "default")


async def sleep(seconds):
    return [row.pk async for row in Author.objects.raw(SLEEP, [seconds])]


async def test_all_runs_in_the_thread_of_the_loop():
    before = threading.active_count()
    author = await Author.objects.acreate(name="a", age=3)
    author.age = 4
    await author.asave()
    await author.arefresh_from_db()
    await Book.objects.abulk_create([Book(title="t", price=1, author=author) for _ in range(3)])
    assert await Author.objects.aget(pk=author.pk) == author
    assert [book.author.age async for book in Book.objects.select_related("author")] == [4] * 3
    assert [len(a.books.all()) async for a in Author.objects.prefetch_related("books")] == [3]
    assert (await Author.objects.aaggregate(n=_count("books")))["n"] == 3
    assert await Author.objects.filter(age=4).aupdate(age=5) == 1
    assert (await author.adelete())[0] == 4
    assert threading.active_count() == before


async def test_a_deletion_of_several_tables_is_awaited():
    author = await Author.objects.acreate(name="a")
    await Book.objects.abulk_create([Book(title="t", price=1, author=author) for _ in range(3)])
    await Seat.objects.abulk_create([Seat(row="a", number=n) for n in range(2)])
    collector = Collector(using="default")
    for queryset in (Book.objects.all(), Seat.objects.all()):
        collector.collect(queryset)
    assert await arun(collector.delete_steps()) == (5, {"shop.Book": 3, "shop.Seat": 2})


def _count(name):
    from django.db.models import Count

    return Count(name)


async def test_queries_overlap():
    loop = asyncio.get_running_loop()
    start = loop.time()
    await asyncio.gather(*(sleep(0.1) for _ in range(5)))
    assert loop.time() - start < 0.4


async def test_more_operations_than_connections_wait_their_turn():
    assert sum(await asyncio.gather(*(Author.objects.acount() for _ in range(100)))) == 0
    assert pool().size <= pool().max_size


async def test_a_pool_in_use_gives_up_in_time():
    limited = pool()
    limited.timeout, before = 0.1, limited.timeout
    try:
        sleepers = [asyncio.create_task(sleep(0.5)) for _ in range(limited.max_size)]
        await asyncio.sleep(0.1)
        with pytest.raises(OperationalError, match="No connection to the database 'default'"):
            await Author.objects.acount()
        await asyncio.gather(*sleepers)
    finally:
        limited.timeout = before


async def test_a_block_is_a_transaction_of_its_task():
    started, go_on = asyncio.Event(), asyncio.Event()

    async def writer():
        async with transaction.atomic():
            await Author.objects.acreate(name="unseen")
            started.set()
            await go_on.wait()
            assert await Author.objects.acount() == 1
            raise ZeroDivisionError

    task = asyncio.create_task(writer())
    await started.wait()
    assert await Author.objects.acount() == 0
    go_on.set()
    with pytest.raises(ZeroDivisionError):
        await task
    assert await Author.objects.acount() == 0


async def test_blocks_nest_and_commit():
    called = []
    async with transaction.atomic():
        await Author.objects.acreate(name="kept")
        with pytest.raises(ZeroDivisionError):
            async with transaction.atomic():
                await Author.objects.acreate(name="undone")
                raise ZeroDivisionError
        transaction.on_commit(lambda: called.append(threading.current_thread()))
        await Author.objects.acreate(name="kept too")
        assert called == []
    assert len(called) == 1
    assert [a.name async for a in Author.objects.order_by("pk")] == ["kept", "kept too"]


async def test_tasks_that_a_block_starts_take_part_in_it():
    async with transaction.atomic():
        await asyncio.gather(*(Author.objects.acreate(name=f"a{n}") for n in range(10)))
        assert await Author.objects.acount() == 10
        transaction_of_all = pool().stats()
        assert transaction_of_all["size"] - transaction_of_all["idle"] == 1
    assert await Author.objects.acount() == 10


async def test_a_task_that_outlives_its_block_leaves_it():
    ended = asyncio.Event()

    async def later():
        await ended.wait()
        return await Author.objects.acount()

    async with transaction.atomic():
        await Author.objects.acreate(name="a")
        task = asyncio.create_task(later())
    ended.set()
    async with transaction.atomic():
        await Author.objects.acreate(name="of another transaction")
        assert await task == 1


async def test_cancellation_rolls_back_and_returns_the_connection(server):
    async def writer():
        async with transaction.atomic():
            await Author.objects.acreate(name="lost")
            await sleep(30)

    task = asyncio.create_task(writer())
    while not server.execute(
        "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30%' AND pid <> pg_backend_pid()"
    ).fetchall():
        await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await Author.objects.acount() == 0
    active = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30%' AND state = 'active'"
    assert server.execute(f"{active} AND pid <> pg_backend_pid()").fetchone() == (0,)


async def test_who_waits_for_a_connection_can_be_cancelled():
    sleepers = [asyncio.create_task(sleep(0.3)) for _ in range(pool().max_size)]
    await asyncio.sleep(0.05)
    waiting = asyncio.create_task(Author.objects.acount())
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.gather(*sleepers)


async def test_a_stream_reads_bit_by_bit(server):
    await Author.objects.abulk_create([Author(name=f"a{n}") for n in range(50)])
    seen = []
    async for author in Author.objects.order_by("pk").aiterator(chunk_size=10):
        seen.append(author.name)
        if len(seen) == 1:
            # Its cursor is on the connection that the task has now.
            assert await Author.objects.acount() == 50
    assert seen == [f"a{n}" for n in range(50)]


async def test_a_stream_that_is_left_gives_its_connection_back():
    await Author.objects.abulk_create([Author(name=f"a{n}") for n in range(50)])
    for _ in range(10):
        stream = Author.objects.aiterator(chunk_size=10)
        async for _author in stream:
            break
        await stream.aclose()


async def test_a_block_that_is_abandoned_is_rolled_back():
    block = transaction.atomic()

    async def careless():
        await block.__aenter__()
        await Author.objects.acreate(name="lost")

    await asyncio.create_task(careless())
    import gc

    gc.collect()
    assert await Author.objects.acount() == 0


async def test_a_save_of_ones_own_runs_in_a_thread_on_the_same_connection():
    threads = []

    class Loud(Author):
        class Meta:
            proxy = True
            app_label = "shop"

        def save(self, *args, **kwargs):
            threads.append(threading.current_thread())
            super().save(*args, **kwargs)
            assert Author.objects.count() == 1

    with pytest.raises(ZeroDivisionError):
        async with transaction.atomic():
            await Loud(name="loud").asave()
            raise ZeroDivisionError
    assert threads != [threading.current_thread()]
    assert await Author.objects.acount() == 0


async def test_receivers_of_either_colour_take_part_in_the_transaction():
    seen = []

    def blocking(instance, **kwargs):
        seen.append(Author.objects.filter(pk=instance.pk).count())

    async def awaiting(instance, **kwargs):
        seen.append(await Author.objects.filter(pk=instance.pk).acount())

    post_save.connect(blocking, sender=Author)
    post_save.connect(awaiting, sender=Author)
    try:
        async with transaction.atomic():
            await Author.objects.acreate(name="a")
    finally:
        post_save.disconnect(blocking, sender=Author)
        post_save.disconnect(awaiting, sender=Author)
    assert seen == [1, 1]


async def test_errors_are_ours_and_harm_nobody():
    from django.db import IntegrityError

    author = await Author.objects.acreate(name="a")
    with pytest.raises(IntegrityError):
        await Author.objects.acreate(pk=author.pk, name="b")
    assert await Author.objects.acount() == 1


def test_blocking_code_stays_forbidden_in_a_loop():
    from django.core.exceptions import SynchronousOnlyOperation

    async def main():
        Author.objects.count()

    with pytest.raises(SynchronousOnlyOperation):
        asyncio.run(main())


def test_each_loop_finds_the_pool():
    for _ in range(3):
        assert asyncio.run(Author.objects.acount()) == 0


def test_a_test_case_shows_its_data_to_async_code():
    from asgiref.sync import async_to_sync

    from django.test import TestCase

    class Case(TestCase):
        def test(self):
            Author.objects.create(name="of the test")

            async def count():
                return await Author.objects.acount()

            assert async_to_sync(count)() == 1

    result = unittest.TestResult()
    unittest.TestSuite([Case("test")]).run(result)
    assert result.wasSuccessful(), result.failures + result.errors
    assert Author.objects.count() == 0


async def test_a_hundred_requests_leave_no_more_connections_than_the_pool_has(server):
    from django.test import AsyncClient

    client = AsyncClient()
    responses = await asyncio.gather(*(client.get("/count/") for _ in range(100)))
    assert {response.status_code for response in responses} == {200}
    assert await Author.objects.acount() == 100
    ours = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    (connected,) = server.execute(ours).fetchone()
    # Those of the pool, that of the thread that prepared the case, and the one that asks.
    assert connected <= pool().max_size + 3
    assert len(_pools) == 1


def test_async_code_that_a_blocking_transaction_waits_for_takes_part_in_it():
    from asgiref.sync import async_to_sync

    async def change(author):
        author.age = 7
        await author.asave()
        return await Author.objects.acount()

    with pytest.raises(ZeroDivisionError):
        with transaction.atomic():
            author = Author.objects.create(name="not committed")
            # On another connection this would wait for ever.
            assert async_to_sync(change)(author) == 1
            raise ZeroDivisionError
    assert async_to_sync(_count_all)() == 0


async def _count_all():
    return await Author.objects.acount()
