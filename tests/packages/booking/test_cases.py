"""Classes of the test framework, run by pytest."""

from concerts.models import Venue

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import (
    LiveServerTestCase,
    SimpleTestCase,
    TestCase,
    TransactionTestCase,
    override_settings,
    tag,
)


class InTransactions(TestCase):
    databases = {"default", "archive"}

    @classmethod
    def setUpTestData(cls):
        cls.venue = Venue.objects.create(name="Pigalle")
        cls.user = User.objects.create_user("guest", password="swing")

    def test_data_is_there(self):
        self.assertEqual(Venue.objects.get(), self.venue)
        self.venue.name = "changed in one test only"
        self.assertTrue(self.client.login(username="guest", password="swing"))

    def test_data_is_isolated(self):
        self.assertEqual(self.venue.name, "Pigalle")
        with self.assertNumQueries(1, using="archive"):
            Venue.objects.using("archive").count()

    def test_subtests(self):
        for name in ("a", "b"):
            with self.subTest(name=name):
                self.assertFalse(Venue.objects.filter(name=name).exists())

    async def test_async(self):
        self.assertEqual(await Venue.objects.acount(), 1)

    def test_nothing_is_left_to_migrate(self):
        call_command("makemigrations", "--check", "--dry-run", verbosity=0)


class InNone(TransactionTestCase):
    def test_no_transaction(self):
        self.assertFalse(connection.in_atomic_block)
        Venue.objects.create(name="Pigalle")


class WithoutDatabase(SimpleTestCase):
    @override_settings(LOGIN_URL="/here/")
    def test_settings(self):
        with self.settings(BOX_OFFICE="elsewhere@example.org"):
            from django.conf import settings

            self.assertEqual((settings.LOGIN_URL, settings.BOX_OFFICE[:9]), ("/here/", "elsewhere"))

    @tag("slow")
    def test_page(self):
        self.assertEqual(self.client.get("/nowhere/").status_code, 404)


class Served(LiveServerTestCase):
    def test_address(self):
        self.assertRegex(self.live_server_url, r"^http://localhost:\d+$")
