"""What becomes of operations when MariaDB does not do what is asked of it."""

import threading

import pytest
from shop.models import Author

from django.db import OperationalError, connections, transaction

pytestmark = pytest.mark.mysql
DEADLOCK, LOCK_TIMEOUT, GONE = 1213, 1205, {2002, 2003, 2006, 2013, 1927}


def in_thread(function, *args):
    """Start a function in a thread that has connections of its own; return it, and its outcome."""
    outcome = []

    def work():
        try:
            outcome.append(function(*args))
        except Exception as error:
            outcome.append(error)
        finally:
            for connection in connections.all(initialized_only=True):
                if connection.vendor == "mysql":
                    connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread, outcome


def test_one_of_two_in_a_deadlock_is_told_and_writes_nothing(authors):
    keys = [authors.create(name=name).pk for name in "ab"]
    ready = threading.Barrier(2, timeout=20)

    def lock(mine, theirs):
        with transaction.atomic(using="mysql"):
            authors.filter(pk=mine).update(age=mine)
            authors.create(name=f"by {mine}")
            ready.wait()
            authors.filter(pk=theirs).update(age=mine)

    pairs = [in_thread(lock, *keys), in_thread(lock, *reversed(keys))]
    for thread, _ in pairs:
        thread.join(30)
    (victim,) = [outcome for _, (outcome,) in pairs if outcome is not None]
    assert isinstance(victim, OperationalError) and victim.args[0] == DEADLOCK
    ages = {author.age for author in authors.filter(pk__in=keys)}
    assert len(ages) == 1 and ages <= set(keys)
    assert [author.name for author in authors.exclude(pk__in=keys)] == [f"by {ages.pop()}"]


def test_waiting_for_a_lock_ends_and_the_whole_block_is_undone(authors):
    locked = authors.create(name="locked")
    with transaction.atomic(using="mysql"):
        authors.filter(pk=locked.pk).update(age=1)

        def write():
            with transaction.atomic(using="impatient"):
                Author.objects.using("impatient").create(name="in vain")
                Author.objects.using("impatient").filter(pk=locked.pk).update(age=2)

        thread, outcome = in_thread(write)
        thread.join(30)
    (problem,) = outcome
    assert isinstance(problem, OperationalError) and problem.args[0] == LOCK_TIMEOUT
    assert list(authors.values_list("name", "age")) == [("locked", 1)]


def test_a_connection_lost_in_a_transaction_leaves_no_part_of_it(authors, server):
    with pytest.raises(OperationalError) as caught:
        with transaction.atomic(using="mysql"):
            authors.create(name="lost")
            server.cursor().execute(f"KILL {connections['mysql'].connection.thread_id()}")
            authors.create(name="too")
    assert caught.value.args[0] in GONE
    # The block has put the dead connection away.
    assert authors.count() == 0
    assert authors.create(name="next").pk


async def test_asynchronous_code_is_told_as_well(authors, server):
    with pytest.raises(OperationalError) as caught:
        async with transaction.atomic(using="mysql"):
            await authors.acreate(name="lost")
            ours = Author.objects.using("mysql").raw("SELECT CONNECTION_ID() AS id")
            (number,) = [row.pk async for row in ours]
            server.cursor().execute(f"KILL {number}")
            await authors.acreate(name="too")
    assert caught.value.args[0] in GONE
    assert await authors.acount() == 0


def begin_request(alias):
    """Do what the start of a request does with a connection that is kept."""
    connections[alias].close_if_unusable_or_obsolete()


def test_a_server_that_went_and_came_back_is_not_noticed_with_health_checks(authors, door):
    kept, trusting = (Author.objects.using(alias) for alias in ("kept", "trusting"))
    assert kept.count() == trusting.count() == 0
    door.shut()
    door.open()
    begin_request("kept")
    assert kept.count() == 0
    # Without the checks one request fails; its end puts the connection away.
    begin_request("trusting")
    with pytest.raises(OperationalError) as caught:
        trusting.count()
    assert caught.value.args[0] in GONE
    begin_request("trusting")
    assert trusting.count() == 0
    connections["mysql"].close()


def test_a_server_that_is_not_there_is_an_error_and_nothing_stays_behind(authors, door):
    connections["mysql"].close()
    door.shut()
    try:
        for _ in range(2):
            with pytest.raises(OperationalError) as caught:
                with transaction.atomic(using="mysql"):
                    authors.create(name="nowhere")
            assert caught.value.args[0] in GONE
            assert not connections["mysql"].in_atomic_block
    finally:
        door.open()
    assert authors.count() == 0
