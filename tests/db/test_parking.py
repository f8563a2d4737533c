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


SETTINGS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"


def with_command(tmp_path, command):
    conf = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": tmp_path / "file.db",
        "OPTIONS": {"init_command": command, "transaction_mode": "IMMEDIATE", "timeout": 20},
    }
    return ConnectionHandler({"default": conf})["default"]


def pragma(connection, name):
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def test_settings_of_the_init_command_stay_with_a_parked_connection(tmp_path):
    wrapper = with_command(tmp_path, SETTINGS)
    first = opened(wrapper)
    assert (pragma(first, "journal_mode"), pragma(first, "synchronous")) == ("wal", 1)
    ran = []
    first.set_trace_callback(ran.append)
    first.pristine = True
    wrapper.close_if_unusable_or_obsolete()
    assert opened(wrapper) is first
    assert ran == []
    assert (pragma(first, "journal_mode"), pragma(first, "synchronous")) == ("wal", 1)
    wrapper.close()


def test_other_settings_are_another_place(tmp_path):
    wrapper = with_command(tmp_path, SETTINGS)
    first = opened(wrapper)
    wrapper.close_if_unusable_or_obsolete()
    other = with_command(tmp_path, "PRAGMA synchronous = OFF")
    assert opened(other) is not first
    assert pragma(other.connection, "synchronous") == 0
    # One of the same settings gets it, though it is another wrapper.
    third = with_command(tmp_path, SETTINGS)
    assert opened(third) is first
    third.close()
    other.close()


@pytest.mark.parametrize(
    "command",
    [
        "CREATE TEMP TABLE mine (x int)",
        "PRAGMA synchronous=NORMAL; CREATE TEMP TABLE mine (x int)",
        "ATTACH ':memory:' AS side",
        "PRAGMA synchronous=NORMAL -- ; and more",
        "SELECT 1; PRAGMA synchronous=NORMAL",
    ],
)
def test_a_command_that_does_more_runs_each_time(tmp_path, command):
    wrapper = with_command(tmp_path, command)
    first = opened(wrapper)
    wrapper.close_if_unusable_or_obsolete()
    assert wrapper.connection is None
    assert opened(wrapper) is not first
    wrapper.close()


def test_what_a_request_set_itself_is_not_handed_on_either(tmp_path):
    wrapper = with_command(tmp_path, SETTINGS)
    first = opened(wrapper)
    with wrapper.cursor() as cursor:
        cursor.execute("PRAGMA synchronous = OFF")
    wrapper.close_if_unusable_or_obsolete()
    assert opened(wrapper) is not first
    assert pragma(wrapper.connection, "synchronous") == 1
    wrapper.close()


def test_a_wrong_init_command_says_so(tmp_path):
    from django.db import OperationalError

    wrapper = with_command(tmp_path, "PRAGMA synchronous=NORMAL; NONSENSE")
    with pytest.raises(OperationalError, match="NONSENSE"):
        wrapper.ensure_connection()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
def test_a_child_process_does_not_take_the_connections_of_its_parent(wrapper):
    first = opened(wrapper)
    wrapper.close_if_unusable_or_obsolete()
    child = os.fork()
    if child == 0:
        os._exit(1 if opened(wrapper) is first else 0)
    assert os.waitpid(child, 0)[1] == 0
    assert opened(wrapper) is first
