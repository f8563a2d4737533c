"""At the end of a request the driver's connection to an SQLite file waits for the next one."""

import os

import pytest

from django.db.utils import ConnectionHandler


@pytest.fixture
def wrapper(tmp_path):
    handler = ConnectionHandler(
        {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "file.db"}}
    )
    connection = handler["default"]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (x int)")
    connection.close()
    yield connection
    connection.close()


def opened(wrapper):
    wrapper.ensure_connection()
    return wrapper.connection


def test_the_next_request_gets_the_same_connection(wrapper):
    first = opened(wrapper)
    with wrapper.cursor() as cursor:
        cursor.execute("INSERT INTO t VALUES (1)")
    wrapper.close_if_unusable_or_obsolete()
    assert wrapper.connection is None
    assert opened(wrapper) is first
    with wrapper.cursor() as cursor:
        assert cursor.execute("SELECT x FROM t").fetchall() == [(1,)]


def test_close_closes(wrapper):
    first = opened(wrapper)
    wrapper.close()
    assert opened(wrapper) is not first
    with pytest.raises(Exception, match="closed"):
        first.execute("SELECT 1")


@pytest.mark.parametrize("statement", ["PRAGMA cache_size = 7", "CREATE TEMP TABLE mine (x int)"])
def test_what_was_changed_is_not_handed_on(wrapper, statement):
    first = opened(wrapper)
    with wrapper.cursor() as cursor:
        cursor.execute(statement)
    wrapper.close_if_unusable_or_obsolete()
    assert opened(wrapper) is not first


def test_a_function_of_the_user_is_not_handed_on(wrapper):
    first = opened(wrapper)
    first.create_function("mine", 0, lambda: 1)
    wrapper.close_if_unusable_or_obsolete()
    assert opened(wrapper) is not first


def test_a_new_file_of_the_same_name_is_opened(wrapper, tmp_path):
    opened(wrapper)
    wrapper.close_if_unusable_or_obsolete()
    os.rename(tmp_path / "file.db", tmp_path / "old.db")
    (tmp_path / "file.db").touch()
    with wrapper.cursor() as cursor:
        assert cursor.execute("SELECT name FROM sqlite_master").fetchall() == []


def test_our_functions_come_when_they_are_needed(wrapper):
    assert opened(wrapper).has_our_functions is False
    with wrapper.cursor() as cursor:
        assert cursor.execute("SELECT REVERSE('abc')").fetchone() == ("cba",)
    assert wrapper.connection.has_our_functions is True


def test_turning_autocommit_on_ends_a_transaction_that_was_begun_by_hand(wrapper):
    first = opened(wrapper)
    first.execute("BEGIN")
    first.execute("INSERT INTO t VALUES (2)")
    wrapper.set_autocommit(True)
    assert not first.in_transaction
    first.rollback()
    assert first.execute("SELECT x FROM t").fetchall() == [(2,)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
def test_a_child_process_does_not_take_the_connections_of_its_parent(wrapper):
    first = opened(wrapper)
    wrapper.close_if_unusable_or_obsolete()
    child = os.fork()
    if child == 0:
        os._exit(1 if opened(wrapper) is first else 0)
    assert os.waitpid(child, 0)[1] == 0
    assert opened(wrapper) is first
