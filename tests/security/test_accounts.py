"""Accounts: who is logged in, what strangers learn of them, and where mail about them goes."""

import time

import pytest

from django.contrib.auth import hashers
from django.contrib.auth.forms import AuthenticationForm, PasswordResetForm
from django.contrib.auth.handlers import modwsgi
from django.contrib.auth.models import User, UserManager
from django.contrib.auth.tokens import default_token_generator
from django.contrib.auth.views import LoginView, LogoutView
from django.core import mail
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import override_settings
from django.urls import include, path
from django.views.i18n import set_language

requests = RequestFactory()
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
TEMPLATES = "django.template.backends.django.DjangoTemplates"
REMOTE = "django.contrib.auth.middleware.RemoteUserMiddleware"
ALL_USERS = "django.contrib.auth.backends.AllowAllUsersModelBackend"


@pytest.fixture
def work(monkeypatch):
    """Count how often a password is hashed."""
    done = []
    encode = hashers.MD5PasswordHasher.encode
    monkeypatch.setattr(
        hashers.MD5PasswordHasher,
        "encode",
        lambda self, *args, **options: done.append(1) or encode(self, *args, **options),
    )
    return done


def who(request):
    return HttpResponse(request.user.get_username() or "nobody")


def test_cve_2007_0405_a_user_is_that_of_one_request(ask, road, project, tables):
    project([path("", who)], MIDDLEWARE=MIDDLEWARE)
    user = User.objects.create_user("ann", password="x")
    try:
        client = Client()
        client.force_login(user)
        cookie = f"sessionid={client.cookies['sessionid'].value}"
        for sent, name in (((("Cookie", cookie),), b"ann"), ((), b"nobody")) * 3:
            assert ask("/", headers=[("Host", "testserver"), *sent]).body == name
    finally:
        client.session.flush()
        user.delete()


def test_cve_2014_0482_who_is_named_no_longer_is_logged_out(road, project, rolled_back):
    backends = ["django.contrib.auth.backends.RemoteUserBackend"]
    project([path("", who)], MIDDLEWARE=[*MIDDLEWARE, REMOTE], AUTHENTICATION_BACKENDS=backends)
    client = Client()
    for name, shown in (("ann", b"ann"), ("bob", b"bob"), (None, b"nobody"), ("ann", b"ann")):
        named = {} if name is None else {"REMOTE_USER": name}
        assert client.get("/", **named).content == shown


@pytest.mark.parametrize(
    "token", ["1" * 1_000_000, "z" * 5000 + "-" + "a" * 32, "-" * 100_000, "zzzzzzzzzzzzz-a", ""]
)
def test_cve_2010_4535_crafted_tokens_are_refused_at_once(token):
    user = User(pk=1, username="ann", password="!x")
    start = time.process_time()
    assert not default_token_generator.check_token(user, token)
    assert time.process_time() - start < 1


@pytest.mark.parametrize("backend", [None, ALL_USERS])
def test_cve_2018_6188_inactive_users_are_told_with_their_password_only(rolled_back, backend):
    User.objects.create_user("idle", password="right", is_active=False)
    changed = {} if backend is None else {"AUTHENTICATION_BACKENDS": [backend]}

    def codes(name, password):
        form = AuthenticationForm(data={"username": name, "password": password})
        return [error.code for error in form.errors.as_data()["__all__"]]

    with override_settings(**changed):
        assert codes("idle", "wrong") == codes("unknown", "wrong") == ["invalid_login"]
        assert codes("idle", "right") == (["invalid_login"] if backend is None else ["inactive"])


@pytest.fixture
def accounts(rolled_back, project):
    """A site with the pages of accounts, and one user."""
    project(
        [path("", include("django.contrib.auth.urls"))],
        TEMPLATES=[{"BACKEND": TEMPLATES, "APP_DIRS": True}],
    )
    return User.objects.create_user("mike", "mike@example.org", "x")


def reset(address):
    form = PasswordResetForm({"email": address})
    assert form.is_valid()
    form.save(domain_override="testserver")


@pytest.fixture
def outbox(monkeypatch):
    """Return the messages that would have been sent."""
    sent = []
    monkeypatch.setattr(mail.EmailMultiAlternatives, "send", lambda self: sent.append(self))
    return sent


@pytest.mark.parametrize(
    ("asked", "stored"),
    [("mıke@example.org", "mike@example.org"), ("mike@ıxample.org", "mike@ixample.org")],
)
def test_cve_2019_19844_look_alikes_get_no_mail(accounts, outbox, monkeypatch, asked, stored):
    """Some databases take them for the same, as here."""
    User.objects.update(email=stored)
    everybody = User.objects.all()
    monkeypatch.setattr(UserManager, "filter", lambda self, **conditions: everybody)
    reset(asked)
    assert outbox == []


def test_cve_2019_19844_mail_goes_to_the_address_that_is_kept(accounts, outbox):
    reset("MIKE@EXAMPLE.ORG")
    assert [message.to for message in outbox] == [["mike@example.org"]]


def test_cve_2024_45231_a_mail_that_fails_tells_nothing(accounts, monkeypatch, caplog):
    def fail(self):
        raise ConnectionRefusedError

    monkeypatch.setattr(mail.EmailMultiAlternatives, "send", fail)
    reset("mike@example.org")
    assert [record.name for record in caplog.records] == ["django.contrib.auth"]


def test_cve_2025_13473_strangers_take_as_long_under_mod_wsgi(rolled_back, work):
    User.objects.create_user("ann", password="x")
    User.objects.create_user("idle", password="x", is_active=False)
    for name, answer in (("ann", False), ("idle", None), ("unknown", None)):
        work.clear()
        assert modwsgi.check_password({}, name, "wrong") is answer
        assert len(work) == 1, name


@pytest.mark.parametrize("name", ["ann", "idle", "unknown", "unusable"])
def test_cve_2024_39329_logging_in_takes_as_long_for_everybody(rolled_back, work, name):
    User.objects.create_user("ann", password="x")
    User.objects.create_user("idle", password="x", is_active=False)
    User.objects.create_user("unusable")
    work.clear()
    assert not Client().login(username=name, password="wrong")
    assert len(work) == 1


def test_cve_2016_2513_old_hashes_take_as_long_as_new_ones(monkeypatch):
    kind = hashers.PBKDF2PasswordHasher
    monkeypatch.setattr(kind, "iterations", 3000)
    old = kind().encode("right", "salt" * 6, 1000)
    rounds, derive = [], hashers.pbkdf2
    monkeypatch.setattr(
        hashers, "pbkdf2", lambda p, s, n, **o: rounds.append(n) or derive(p, s, n, **o)
    )
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.PBKDF2PasswordHasher"]):
        assert not hashers.check_password("wrong", old)
        assert sum(rounds) == 3000
        rounds.clear()
        renewed = []
        assert hashers.check_password("right", old, setter=renewed.append)
        assert renewed == ["right"]


@pytest.mark.parametrize(
    "name", ["PBKDF2PasswordHasher", "PBKDF2SHA1PasswordHasher", "ScryptPasswordHasher"]
)
def test_cve_2013_1443_long_passwords_cost_what_short_ones_do(name, monkeypatch):
    """The length is paid once, and not in each of the rounds."""
    kind = getattr(hashers, name)
    if hasattr(kind, "iterations"):
        monkeypatch.setattr(kind, "iterations", 2000)
    with override_settings(PASSWORD_HASHERS=[f"django.contrib.auth.hashers.{name}"]):
        encoded = hashers.make_password("short")
        start = time.process_time()
        assert not hashers.check_password("x" * 5_000_000, encoded)
        assert time.process_time() - start < 2


@pytest.mark.parametrize("view", [LoginView.as_view(), LogoutView.as_view(), set_language])
def test_cve_2025_27556_long_targets_are_judged_at_once(accounts, view):
    request = requests.post("/", {"next": "/" + "¾" * 300_000, "language": "de"})
    request.user = User()
    request.session = Client().session
    start = time.process_time()
    view(request)
    assert time.process_time() - start < 1
