"""Runs on either engine: makes things that travel, or says which of those made elsewhere it accepts.

exchange.py make FOLDER > made.json
exchange.py take FOLDER < made.json > accepted.json
"""

import json
import sys
from pathlib import Path

folder = Path(sys.argv[2])

from django.conf import settings  # noqa: E402

HASHERS = {
    "pbkdf2_sha256": "PBKDF2PasswordHasher",
    "pbkdf2_sha1": "PBKDF2SHA1PasswordHasher",
    "scrypt": "ScryptPasswordHasher",
    "md5": "MD5PasswordHasher",
    "argon2": "Argon2PasswordHasher",
    "bcrypt_sha256": "BCryptSHA256PasswordHasher",
    "bcrypt": "BCryptPasswordHasher",
}
STORES = ("db", "file", "cache", "cached_db", "signed_cookies")
settings.configure(
    SECRET_KEY="of both engines, and long enough for all of it",
    ALLOWED_HOSTS=["testserver"],
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
    ],
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "shared.sqlite3")}
    },
    CACHES={
        "default": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": str(folder / "cache"),
        },
        "rows": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "cached_rows",
        },
    },
    SESSION_FILE_PATH=str(folder),
    PASSWORD_HASHERS=[f"django.contrib.auth.hashers.{name}" for name in HASHERS.values()],
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)

import django  # noqa: E402

django.setup()

import importlib  # noqa: E402

from django.contrib import auth  # noqa: E402
from django.contrib.auth.hashers import (  # noqa: E402
    check_password,
    identify_hasher,
    is_password_usable,
    make_password,
)
from django.contrib.auth.models import User  # noqa: E402
from django.contrib.auth.tokens import default_token_generator  # noqa: E402
from django.contrib.messages import constants  # noqa: E402
from django.contrib.messages.storage.cookie import CookieStorage  # noqa: E402
from django.core import signing  # noqa: E402
from django.core.cache import cache, caches  # noqa: E402
from django.core.cache.utils import make_template_fragment_key  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.middleware.csrf import CsrfViewMiddleware, get_token  # noqa: E402
from django.test import RequestFactory  # noqa: E402
from django.utils.safestring import mark_safe  # noqa: E402
from django.views.decorators.cache import cache_page  # noqa: E402

DATA = {"user": 5, "cart": [1, "zwei", None], "ü": {"a": 1.5}, "long": "x" * 500}
requests = RequestFactory()


def store_class(name):
    return importlib.import_module(f"django.contrib.sessions.backends.{name}").SessionStore


def usable(algorithm):
    try:
        make_password("x", hasher=algorithm)
    except ValueError:
        return False
    return True


@cache_page(600, key_prefix="interchange")
def page(request):
    if sys.argv[1] == "take":
        raise LookupError("not from the cache")
    response = HttpResponse("gespeichert: ü", content_type="text/plain; charset=utf-8")
    response.headers["X-Made"] = "elsewhere"
    return response


def page_request():
    return requests.get("/interchange/?a=1", headers={"accept": "text/plain"})


def make():
    made = {"sessions": {}, "hashes": {}}
    for name in STORES:
        store = store_class(name)()
        store.update(DATA)
        store.save()
        made["sessions"][name] = store.session_key
    response = HttpResponse()
    response.set_signed_cookie("name", "value: ü", salt="s")
    made["cookie"] = response.cookies["name"].value
    request = requests.get("/")
    made["csrf"] = [get_token(request), request.META["CSRF_COOKIE"]]
    made["signed"] = {
        "plain": signing.Signer(salt="a").sign("value"),
        "timed": signing.TimestampSigner(salt="a").sign("value"),
        "object": signing.dumps(DATA, salt="a"),
        "packed": signing.dumps(DATA, salt="a", compress=True),
        "sha1": signing.Signer(salt="a", algorithm="sha1").sign("value"),
    }
    made["hashes"] = {
        name: make_password("geheim ü", hasher=name) for name in HASHERS if usable(name)
    }
    user = User.objects.get_or_create(username="ann", defaults={"password": "!x"})[0]
    request = requests.get("/")
    request.session = store_class("db")()
    auth.login(request, user, "django.contrib.auth.backends.ModelBackend")
    request.session.save()
    made["login"] = request.session.session_key
    # A login ends the links that were sent before.
    made["token"] = default_token_generator.make_token(user)
    messages, response = CookieStorage(requests.get("/")), HttpResponse()
    messages.add(constants.INFO, "Saved: ü <b>", extra_tags="a")
    messages.add(constants.ERROR, mark_safe("<i>no</i>"))
    messages.update(response)
    made["messages"] = response.cookies["messages"].value
    made["signed"]["old"] = signing.Signer(key="the old key", salt="a").sign("value")
    made["hashes"]["none"] = make_password(None)
    caches["rows"].set("object", DATA, 600)
    cache.set(make_template_fragment_key("part", ["ü", 5]), "<p>", 600)
    page(page_request())
    cache.set("object", DATA, 600)
    cache.set("number", 5, 600)
    return made


def take(made):
    accepted = {}
    for name, key in made["sessions"].items():
        store = store_class(name)(key)
        accepted[f"session in {name}"] = {key: store.get(key) for key in DATA} == DATA
    request = requests.get("/")
    request.COOKIES["name"] = made["cookie"]
    accepted["signed cookie"] = request.get_signed_cookie("name", salt="s") == "value: ü"
    token, secret = made["csrf"]
    for how in ("field", "header"):
        sent = {"csrfmiddlewaretoken": token} if how == "field" else {}
        headers = {} if how == "field" else {"x-csrftoken": token}
        request = requests.post("/", sent, headers=headers)
        request.COOKIES["csrftoken"] = secret
        request._dont_enforce_csrf_checks = False
        middleware = CsrfViewMiddleware(lambda request: None)
        middleware.process_request(request)
        accepted[f"CSRF {how}"] = middleware.process_view(request, print, (), {}) is None
    signed = made["signed"]
    accepted["signed value"] = signing.Signer(salt="a").unsign(signed["plain"]) == "value"
    accepted["with SHA-1"] = (
        signing.Signer(salt="a", algorithm="sha1").unsign(signed["sha1"]) == "value"
    )
    timed = signing.TimestampSigner(salt="a").unsign(signed["timed"], max_age=600)
    accepted["signed with time"] = timed == "value"
    accepted["signed object"] = signing.loads(signed["object"], salt="a") == DATA
    accepted["packed object"] = signing.loads(signed["packed"], salt="a") == DATA
    turned = signing.Signer(key="the new key", fallback_keys=["the old key"], salt="a")
    accepted["signed with the key before"] = turned.unsign(signed["old"]) == "value"
    unusable = made["hashes"].pop("none")
    accepted["no password"] = not is_password_usable(unusable)
    accepted["nothing matches it"] = not check_password("", unusable)
    for name, encoded in made["hashes"].items():
        if usable(name):
            # Nothing would be hashed anew at the next login.
            accepted[f"hash {name} stays"] = not identify_hasher(encoded).must_update(encoded)
            accepted[f"hash {name}"] = check_password("geheim ü", encoded)
            accepted[f"hash {name} of another"] = not check_password("anders", encoded)
    user = User.objects.get(username="ann")
    accepted["password reset"] = default_token_generator.check_token(user, made["token"])
    request = requests.get("/")
    request.session = store_class("db")(made["login"])
    accepted["logged in"] = auth.get_user(request) == user
    user.set_password("another")
    user.save()
    accepted["until the password changes"] = not auth.get_user(request).is_authenticated
    request.COOKIES["messages"] = made["messages"]
    accepted["messages"] = [
        (message.level, message.message, message.extra_tags, hasattr(message.message, "__html__"))
        for message in CookieStorage(request)
    ] == [
        (constants.INFO, "Saved: ü <b>", "a", False),
        (constants.ERROR, "<i>no</i>", "", True),
    ]
    accepted["cached row"] = caches["rows"].get("object") == DATA
    accepted["cached fragment"] = cache.get(make_template_fragment_key("part", ["ü", 5])) == "<p>"
    try:
        response = page(page_request())
        accepted["cached page"] = (
            response.content.decode() == "gespeichert: ü" and response["X-Made"] == "elsewhere"
            and response.status_code == 200 and response.charset == "utf-8"
        )  # fmt: skip
    except LookupError:
        accepted["cached page"] = False
    accepted["cached object"] = cache.get("object") == DATA and cache.get("number") == 5
    return accepted


if sys.argv[1] == "tables":
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
else:
    json.dump(make() if sys.argv[1] == "make" else take(json.load(sys.stdin)), sys.stdout)
