"""One test or more for each fixture and mark that pytest-django documents."""

import urllib.request

import pytest
from concerts.models import Booking, Concert, Venue
from concerts.views import programme
from pytest_django import asserts

from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.db import IntegrityError, connection, connections, transaction
from django.test import RequestFactory
from django.urls import reverse


@pytest.fixture
def venue(db):
    return Venue.objects.create(name="La Grosse Pomme")


@pytest.fixture
def concert(venue):
    return Concert.objects.create(venue=venue, title="Minor Swing", seats=2)


@pytest.fixture
def guest(db, django_user_model):
    return django_user_model.objects.create_user("guest", "guest@example.org", "swing")


# Access to databases


def test_databases_are_closed_to_tests_that_do_not_ask():
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        Venue.objects.count()


def test_databases_are_closed_to_plain_cursors_too():
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        connection.cursor()


@pytest.mark.parametrize("attempt", ["first", "second"])
def test_db_rolls_back(db, attempt):
    Venue.objects.create(name="the same name both times")
    assert Venue.objects.count() == 1
    assert connection.in_atomic_block


@pytest.mark.parametrize("attempt", ["first", "second"])
def test_transactional_db_commits_and_empties(transactional_db, attempt):
    assert not connection.in_atomic_block
    Venue.objects.create(name="the same name both times")
    with pytest.raises(IntegrityError), transaction.atomic():
        Venue.objects.create(name="the same name both times")
    assert Venue.objects.count() == 1


@pytest.mark.django_db
def test_mark_gives_access():
    assert Venue.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_mark_with_transactions():
    assert not connection.in_atomic_block
    with transaction.atomic():
        Venue.objects.select_for_update().count()
        Venue.objects.create(name="Hot Club")
    assert Venue.objects.filter(name__startswith="Hot").exists()


@pytest.mark.django_db(databases=["default", "archive"])
def test_several_databases():
    Venue.objects.using("archive").create(name="closed long ago")
    assert not Venue.objects.exists()
    assert Venue.objects.using("archive").exists()


@pytest.mark.django_db
def test_a_database_that_was_not_named():
    with pytest.raises(AssertionError, match="archive"):
        Venue.objects.using("archive").count()


@pytest.mark.parametrize("attempt", ["first", "second"])
@pytest.mark.django_db(reset_sequences=True)
def test_sequences_start_anew(attempt):
    assert Venue.objects.create(name="first of all").pk == 1


def test_reset_sequences_fixture(django_db_reset_sequences):
    assert Venue.objects.create(name="first of all").pk == 1


def test_blocker(django_db_blocker, db):
    with django_db_blocker.block():
        with pytest.raises(RuntimeError, match="Database access not allowed"):
            Venue.objects.count()
    with django_db_blocker.unblock():
        assert Venue.objects.count() == 0


def test_test_database_has_its_own_name(db):
    names = [connections[alias].settings_dict["NAME"] for alias in ("default", "archive")]
    assert all("mem" in str(name) for name in names)


# Clients and requests


def test_client(client, concert):
    response = client.get("/")
    assert response.status_code == 200
    assert "Minor Swing at La Grosse Pomme" in response.text
    assert [template.name for template in response.templates] == ["concerts/programme.html"]
    assert list(response.context["concerts"]) == [concert]
    assert response.resolver_match.view_name == "programme"


def test_admin_client(admin_client, concert):
    response = admin_client.get(reverse("admin:concerts_concert_changelist"))
    assert response.status_code == 200
    assert "Minor Swing" in response.text


def test_admin_client_writes(admin_client, venue):
    data = {"venue": venue.pk, "title": "Nuages", "seats": "50"}
    response = admin_client.post(reverse("admin:concerts_concert_add"), data)
    asserts.assertRedirects(response, reverse("admin:concerts_concert_changelist"))
    assert Concert.objects.get().title == "Nuages"


def test_admin_user(admin_user, client):
    assert (admin_user.is_staff, admin_user.is_superuser) == (True, True)
    assert client.login(username="admin", password="password")


def test_user_model(django_user_model, django_username_field, guest):
    assert django_user_model._meta.label == "auth.User"
    assert django_username_field == "username"
    assert django_user_model.objects.get() == guest


def test_login_is_required(client, concert):
    url = reverse("book", args=[concert.pk])
    asserts.assertRedirects(client.post(url), f"/admin/login/?next={url}")


def test_rf(rf, concert):
    assert isinstance(rf, RequestFactory)
    request = rf.get("/", {"page": "1"})
    request.user = AnonymousUser()
    assert b"Minor Swing" in programme(request).content


async def test_async_client(async_client, transactional_db):
    venue = await Venue.objects.acreate(name="Pigalle")
    await Concert.objects.acreate(venue=venue, title="Daphne")
    response = await async_client.get("/slow/")
    assert response.json() == {"titles": ["Daphne"]}


@pytest.mark.django_db(transaction=True)
async def test_async_code_and_a_session(async_client, django_user_model):
    guest = await django_user_model.objects.acreate_user("guest")
    await Venue.objects.acreate(name="Pigalle")
    assert await Venue.objects.acount() == 1
    await async_client.aforce_login(guest)
    assert [key async for key in Venue.objects.values_list("name", flat=True)] == ["Pigalle"]
    assert (await async_client.get("/slow/")).status_code == 200


async def test_async_rf(async_rf):
    request = async_rf.get("/slow/", headers={"Accept": "text/html"})
    assert request.headers["accept"] == "text/html"
    assert request.scope["path"] == "/slow/"


@pytest.mark.urls("other_urls")
def test_urls_mark(client):
    assert client.get("/elsewhere/").content == b"here"
    assert reverse("elsewhere") == "/elsewhere/"


# Counting queries


def test_number_of_queries(django_assert_num_queries, concert):
    with django_assert_num_queries(1) as captured:
        assert [c.venue.name for c in Concert.objects.select_related("venue")] == [
            "La Grosse Pomme"
        ]
    assert "INNER JOIN" in captured.captured_queries[0]["sql"]


def test_wrong_number_of_queries(django_assert_num_queries, concert):
    with pytest.raises(pytest.fail.Exception, match="Expected to perform 1 queries but 2 were"):
        with django_assert_num_queries(1):
            Concert.objects.get(pk=concert.pk).venue.name


def test_same_query_is_counted_each_time(django_assert_num_queries, concert):
    with django_assert_num_queries(5):
        for _ in range(5):
            Concert.objects.get(pk=concert.pk)


def test_most_queries(django_assert_max_num_queries, client, concert):
    with django_assert_max_num_queries(1):
        client.get("/")


def test_queries_elsewhere(django_assert_num_queries, transactional_db):
    with django_assert_num_queries(1, connection=connection):
        Venue.objects.exists()


# Mail, settings, callbacks


def test_booking_sends_mail(client, guest, concert, mailoutbox, django_capture_on_commit_callbacks):
    client.force_login(guest)
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        client.post(reverse("book", args=[concert.pk]))
    assert len(callbacks) == 1
    (message,) = mailoutbox
    assert message.subject == "Your seat: Minor Swing"
    assert (message.from_email, message.to) == ("tickets@example.org", ["guest@example.org"])
    concert.refresh_from_db()
    assert (concert.seats, Booking.objects.get().guest) == (1, guest)


def test_callbacks_wait_for_the_commit(client, guest, concert, mailoutbox):
    client.force_login(guest)
    client.post(reverse("book", args=[concert.pk]))
    assert mailoutbox == []


def test_outbox_is_emptied(mailoutbox):
    assert mailoutbox == []
    mail.send_mail("subject", "text", "from@example.org", ["to@example.org"])
    assert mailoutbox is mail.outbox
    assert len(mailoutbox) == 1
    assert mailoutbox[0].extra_headers == {}
    assert mailoutbox[0].message()["Message-ID"].endswith("@fake-tests.example.com>")


def test_settings_are_changed(settings, client, guest, concert, mailoutbox):
    from django.core.signals import setting_changed

    seen = []

    def receiver(setting, value, enter, **kwargs):
        seen.append((setting, value, enter))

    setting_changed.connect(receiver)
    try:
        settings.LOGIN_URL = "/elsewhere/"
        assert client.post(reverse("book", args=[concert.pk])).url.startswith("/elsewhere/?")
    finally:
        setting_changed.disconnect(receiver)
    assert seen == [("LOGIN_URL", "/elsewhere/", True)]


def test_settings_are_put_back(settings):
    assert settings.LOGIN_URL == "/admin/login/"
    del settings.LOGIN_URL
    assert not hasattr(settings, "LOGIN_URL")


def test_settings_are_there_again(settings):
    assert settings.LOGIN_URL == "/admin/login/"


# A server, assertions, test cases


def test_live_server(live_server, transactional_db):
    venue = Venue.objects.create(name="Pigalle")
    Concert.objects.create(venue=venue, title="Daphne")
    with urllib.request.urlopen(f"{live_server}/") as response:
        assert "Daphne at Pigalle" in response.read().decode()
    with urllib.request.urlopen(live_server.url + "/static/admin/css/base.css") as response:
        assert response.headers["Content-Type"] == "text/css"


def test_live_server_sees_what_is_saved_later(live_server):
    with urllib.request.urlopen(live_server + "/") as response:
        assert "Nothing yet" in response.read().decode()
    Concert.objects.create(venue=Venue.objects.create(name="Pigalle"), title="Daphne")
    with urllib.request.urlopen(live_server + "/") as response:
        assert "Nothing yet" not in response.read().decode()


def test_assertions(client, concert):
    response = client.get("/")
    asserts.assertContains(response, "Minor Swing", count=1)
    asserts.assertTemplateUsed(response, "concerts/programme.html")
    asserts.assertInHTML("<h1>Programme</h1>", response.text)
    asserts.assertQuerySetEqual(Concert.objects.all(), [concert])
    with asserts.assertNumQueries(1):
        Concert.objects.count()
    with pytest.raises(AssertionError, match="Couldn't find 'Manoir'"):
        asserts.assertContains(response, "Manoir")


@pytest.mark.ignore_template_errors
def test_mark_for_template_errors(client, db):
    assert client.get("/").status_code == 200
