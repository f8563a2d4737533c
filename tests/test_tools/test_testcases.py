"""``TestCase``: what happens around each test, and what is left out where nobody could tell."""

import unittest

import pytest
from shop.models import Author, Book

from django.db import connection, transaction
from django.test import Client, SimpleTestCase, TestCase

pytestmark = pytest.mark.usefixtures("tables")


def run(case):
    """Run the tests of a class; return the result, and the statements."""
    result, statements = unittest.TestResult(), []

    def note(execute, sql, *rest):
        statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    return result, statements


def checks(statements):
    return [each for each in statements if "foreign_key_check" in each]


class Reads(TestCase):
    __test__ = False  # (It is run by the tests below.)

    @classmethod
    def setUpTestData(cls):
        cls.author = Author.objects.create(name="Jane")
        cls.book = Book.objects.create(title="Emma", author=cls.author)

    def test_1(self):
        self.assertEqual(Book.objects.get(title="Emma").author, self.author)

    def test_2(self):
        self.assertEqual(Author.objects.get().name, "Jane")

    def test_3(self):
        Book.objects.create(title="Persuasion", author=self.author)
        self.assertEqual(Book.objects.count(), 2)

    def test_4(self):
        self.assertEqual(Book.objects.count(), 1)


def test_what_is_known_to_be_sound_is_not_checked_again():
    result, statements = run(Reads)
    assert result.testsRun == 4 and result.wasSuccessful(), result.errors
    # The class's data, and what the third test left.
    assert len(checks(statements)) == 2
    assert not Author.objects.exists()


def test_savepoints_of_tests_have_the_same_names():
    _, statements = run(Reads)
    made = [each for each in statements if each.startswith("SAVEPOINT")]
    assert len(made) == 4 and len(set(made)) == 1


class BadData(Reads):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        Book.objects.create(title="Nobody's", author_id=12345)

    test_3 = test_4 = None

    def test_5(self):
        # It makes good what is bad.
        Book.objects.filter(author_id=12345).delete()


def test_bad_data_of_the_class_is_reported_for_each_test_that_leaves_it():
    result, _ = run(BadData)
    assert result.testsRun == 3
    assert [case._testMethodName for case, _ in result.errors] == ["test_1", "test_2"]
    assert "invalid foreign key" in result.errors[0][1]


class BadTest(Reads):
    def test_1(self):
        Book.objects.create(title="Nobody's", author_id=12345)

    def test_2(self):
        with transaction.atomic():
            Book.objects.update(author_id=54321)

    def test_3(self):
        Author.objects.all()._raw_delete("default")


def test_what_a_test_breaks_is_reported():
    result, _ = run(BadTest)
    broken = [case._testMethodName for case, _ in result.errors]
    assert broken == ["test_1", "test_2", "test_3"] and result.testsRun == 4


class Nested(Reads):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.called = []

    def test_1(self):
        with transaction.atomic():
            transaction.on_commit(lambda: self.called.append(1))
            Author.objects.create(name="A")
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            Author.objects.create(name="B")
            1 / 0  # noqa: B018
        self.assertEqual(Author.objects.count(), 2)

    test_2 = test_3 = test_1

    def test_4(self):
        with self.captureOnCommitCallbacks() as callbacks:
            transaction.on_commit(lambda: None)
        self.assertEqual(len(callbacks), 1)
        self.assertEqual(connection.run_on_commit[:-1], [])


def test_savepoints_within_tests_are_their_own():
    result, _ = run(Nested)
    assert result.testsRun == 4 and result.wasSuccessful(), result.errors + result.failures


class Own(Client):
    made = 0

    def __init__(self, *args, **kwargs):
        type(self).made += 1
        super().__init__(*args, **kwargs)


class Clients(SimpleTestCase):
    __test__ = False  # (It is run by the tests below.)

    client_class = Own
    seen = []  # noqa: RUF012

    def test_1(self):
        self.assertIs(self.client, self.client)
        self.seen.append(self.client)

    def test_2(self):
        self.assertIsInstance(self.client, Own)
        self.seen.append(self.client)

    def test_3(self):
        self.client = None
        self.assertIsNone(self.client)


def test_each_test_has_a_client_of_its_own_if_it_asks():
    result, _ = run(Clients)
    assert result.testsRun == 3 and result.wasSuccessful(), result.errors
    assert Own.made == 2 and Clients.seen[0] is not Clients.seen[1]


class Waits(SimpleTestCase):
    __test__ = False  # (It is run by the tests below.)

    async def test_1(self):
        raise ValueError("it was awaited")


def test_coroutines_are_awaited():
    result, _ = run(Waits)
    assert "it was awaited" in result.errors[0][1]
