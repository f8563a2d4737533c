"""Steps run alike under both drivers; transactions are steps too."""

import asyncio

import pytest

from django.db import connection, transaction
from django.db.engine import Call, Execute, Fetch, Step, arun, atomic_steps, run


class Answer(Step):
    """A step without a database: gives its value, or raises it."""

    def __init__(self, value):
        self.value = value

    def run(self):
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


def both(make):
    """What the generators of ``make()`` return under each of the drivers."""
    return run(make()), asyncio.run(arun(make()))


def test_a_generator_gets_what_its_steps_give():
    def steps():
        first = yield Answer(2)
        second = yield Answer(3)
        return first * second

    assert both(steps) == (6, 6)


def test_an_exception_arrives_at_the_yield():
    def steps():
        try:
            yield Answer(KeyError("gone"))
        except KeyError as error:
            caught = error.args
        return caught, (yield Answer("then on"))

    assert both(steps) == ((("gone",), "then on"),) * 2


def test_what_a_generator_raises_leaves_the_driver():
    def steps():
        yield Answer(1)
        raise LookupError("its own")

    for drive in (run, lambda generator: asyncio.run(arun(generator))):
        with pytest.raises(LookupError, match="its own"):
            drive(steps())


def test_generators_compose():
    def inner(value):
        return (yield Answer(value)) + 1

    def outer():
        one = yield from inner(1)
        return one, (yield from inner(one))

    assert both(outer) == ((2, 3), (2, 3))


def test_calls_take_functions_of_either_colour():
    async def slowly(value):
        await asyncio.sleep(0)
        return value * 2

    def steps():
        return (yield Call(slowly, 4)), (yield Call(max, 3, 7))

    assert both(steps) == ((8, 7), (8, 7))


def test_a_query_awaited_is_the_query_blocking():
    def steps():
        rows = yield Fetch("default", "SELECT name FROM shop_author WHERE age > %s", (3,))
        return rows

    assert run(steps()) == [("c",)]
    assert asyncio.run(arun(steps())) == [("c",)]


def test_atomic_steps_undo_what_failed():
    insert = "INSERT INTO shop_author (name, age) VALUES (%s, %s)"

    def failing():
        outcome = yield Execute("default", insert, ("lost", 1))
        assert outcome.rowcount == 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(atomic_steps("default", failing()))
    assert run(iter_rows("SELECT 1 FROM shop_author WHERE name = 'lost'")) == []
    assert not connection.in_atomic_block


def iter_rows(sql):
    return (yield Fetch("default", sql, ()))


def test_an_awaited_block_is_a_transaction():
    from asgiref.sync import sync_to_async
    from shop.models import Author

    async def main():
        with pytest.raises(ZeroDivisionError):
            async with transaction.atomic():
                await Author.objects.acreate(name="async")
                assert await Author.objects.filter(name="async").aexists()
                raise ZeroDivisionError
        return await sync_to_async(Author.objects.filter(name="async").exists)()

    assert asyncio.run(main()) is False


def test_callbacks_of_an_undone_savepoint_are_not_called():
    called = []
    with transaction.atomic():
        transaction.on_commit(lambda: called.append("outer"))
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            transaction.on_commit(lambda: called.append("inner"))
            raise ZeroDivisionError
        assert called == []
    assert called == ["outer"]
