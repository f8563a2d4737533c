"""Pages as projects have them: a list from the database, forms, sessions, uploads, a dump.

All but the dump and the session go through WSGI with the usual middleware. The practical limit does
the same job by hand, on ``sqlite3`` and f-strings.
"""

from __future__ import annotations

import asyncio
import html
import io
import json
import re
import sqlite3
import tempfile
from collections.abc import Callable
from typing import Any

from benchmarks.cases.http import MIDDLEWARE

#: How many times faster than Django each must be.
BARS = {
    "list page of 50 articles": 4,
    "form POST": 5,
    "invalid form page": 5,
    "login page with a session": 5,
    "session: loaded, changed, saved": 5,
    "dump of 1,000 objects": 4,
    "upload of 10 MB": 3,
    "upload of 10 MB, streamed": 3,
    "upload of 10 MB over ASGI": 3,
}

LIST = (
    "<html><body><h1>{{ title }}</h1>{% for article in articles %}<article>"
    "<h2><a href='{% url 'article' article.pk %}'>{{ article.title }}</a></h2>"
    "<p>{{ article.author.name }}, {{ article.published|date:'j F Y' }}</p>"
    "<p>{{ article.text|truncatewords:12 }}</p>"
    "{% if article.featured %}<em>featured</em>{% endif %}</article>{% empty %}nothing"
    "{% endfor %}</body></html>"
)
PAGE = (
    "<html><body><form method='post'>{% csrf_token %}{{ form }}<button>Send</button></form>"
    "<p>{{ request.session.visits }}</p></body></html>"
)
PAGES = {"list.html": LIST, "page.html": PAGE, "registration/login.html": PAGE}
WORDS = "Some text of a length like this, and a little more of it to be cut off. " * 2
TABLES = """
    CREATE TABLE bench_author (id integer PRIMARY KEY, name varchar(50));
    CREATE TABLE bench_article (id integer PRIMARY KEY, title varchar(100), text text,
        published datetime, featured bool, author_id bigint);
    CREATE TABLE django_session (session_key varchar(40) PRIMARY KEY, session_data text,
        expire_date datetime);
    CREATE INDEX bench_expiry ON django_session (expire_date);
"""
POSTED = b"name=Stephane&email=quintet%40example.com&room=3&text=Two+guitars&day=1934-12-02&seats=5"
MEGABYTES = 10
CUT = "------------------------cut"


def fill(connection: sqlite3.Connection, articles: int) -> None:
    """Make the tables, with authors and articles."""
    connection.executescript(TABLES)
    for number in range(5):
        connection.execute("INSERT INTO bench_author VALUES (?, ?)", (number, f"A. {number}"))
    for number in range(articles):
        row = (number, f"Title & {number}", WORDS, "2026-01-02 03:04:05", number % 2, number % 5)
        connection.execute("INSERT INTO bench_article VALUES (?, ?, ?, ?, ?, ?)", row)
    connection.commit()


def upload_body() -> bytes:
    """Return a multipart body with a field and a large file."""
    parts = [
        f'--{CUT}\r\nContent-Disposition: form-data; name="title"\r\n\r\nLarge\r\n'.encode(),
        f'--{CUT}\r\nContent-Disposition: form-data; name="file"; filename="large.bin"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n".encode(),
        bytes(range(256)) * (MEGABYTES * 4096),
        f"\r\n--{CUT}--\r\n".encode(),
    ]
    return b"".join(parts)


class Streamed:
    """A body that can only be read onwards, as from a socket."""

    def __init__(self, body: bytes) -> None:
        self._source = io.BytesIO(body)

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes."""
        return self._source.read(size)

    def readline(self, size: int = -1) -> bytes:
        """Return the next line."""
        return self._source.readline(size)


def ask_async(application: Any, path: str, body: bytes, kind: str) -> Callable[[], Any]:
    """Return a function that sends one request, by pieces of 64 KB, and takes the answer."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [
            (b"host", b"testserver"),
            (b"content-type", kind.encode()),
            (b"content-length", str(len(body)).encode()),
        ],
    }
    loop = asyncio.new_event_loop()

    def call() -> Any:
        got: list[Any] = []
        starts = iter(range(0, len(body), 2**16))

        async def receive() -> Any:
            start = next(starts, None)
            if start is None:
                return await loop.create_future()
            end = start + 2**16
            return {
                "type": "http.request",
                "body": body[start:end],
                "more_body": end < len(body),
            }

        async def send(message: Any) -> None:
            got.append(message)

        loop.run_until_complete(application(dict(scope), receive, send))
        assert got[0]["status"] == 200, got
        return got

    return call


def ask(
    application: Any,
    path: str,
    status: str,
    body: bytes = b"",
    kind: str = "",
    cookie: str = "",
    stream: Callable[[bytes], Any] = io.BytesIO,
) -> Callable[[], Any]:
    """Return a function that sends one request and takes the answer."""

    def call() -> bytes:
        environ = {
            "REQUEST_METHOD": "POST" if body else "GET",
            "PATH_INFO": path,
            "SCRIPT_NAME": "",
            "QUERY_STRING": "",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "HTTP_HOST": "testserver",
            "HTTP_ACCEPT": "*/*",
            "HTTP_COOKIE": cookie,
            "CONTENT_TYPE": kind,
            "CONTENT_LENGTH": str(len(body)) if body else "",
            "wsgi.input": stream(body),
            "wsgi.url_scheme": "http",
            "wsgi.errors": None,
        }
        got = []
        answer = application(environ, lambda code, headers, exc_info=None: got.append(code))
        content = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        assert got[0].startswith(status), (path, got, content[:500])
        return content

    return call


def cases() -> dict[str, Callable[[], Any]]:
    """Return the jobs on the engine that ``django`` is."""
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="bench" * 10,
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF="benchmark_urls",
        MIDDLEWARE=MIDDLEWARE,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
        ],
        # In memory: what a disk takes to keep a session is the same for all.
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [
                        (
                            "django.template.loaders.cached.Loader",
                            [("django.template.loaders.locmem.Loader", PAGES)],
                        )
                    ],
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ],
                },
            }
        ],
        FILE_UPLOAD_MAX_MEMORY_SIZE=2**20,
        DATA_UPLOAD_MAX_MEMORY_SIZE=2**20,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()
    import sys
    import types

    from django import forms
    from django.contrib.auth.views import LoginView
    from django.contrib.sessions.backends.db import SessionStore
    from django.core import serializers
    from django.core.asgi import get_asgi_application
    from django.core.wsgi import get_wsgi_application
    from django.db import connection, models
    from django.http import HttpResponse
    from django.shortcuts import redirect, render
    from django.urls import path
    from django.views.decorators.csrf import csrf_exempt

    class Author(models.Model):
        name = models.CharField(max_length=50)

        class Meta:
            app_label = "bench"

    class Article(models.Model):
        title = models.CharField(max_length=100)
        text = models.TextField()
        published = models.DateTimeField()
        featured = models.BooleanField()
        author = models.ForeignKey(Author, models.CASCADE)

        class Meta:
            app_label = "bench"

    class Booking(forms.Form):
        name = forms.CharField(max_length=30, help_text="As on the ticket.")
        email = forms.EmailField()
        room = forms.ChoiceField(choices=[(n, f"Room {n}") for n in range(10)])
        text = forms.CharField(widget=forms.Textarea)
        member = forms.BooleanField(required=False)
        day = forms.DateField()
        seats = forms.IntegerField(min_value=1, max_value=8)

    class Login(LoginView):
        def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            request.session["visits"] = request.session.get("visits", 0) + 1
            return super().get(request, *args, **kwargs)

    def article_list(request: Any) -> Any:
        articles = Article.objects.select_related("author").order_by("pk")[:50]
        return render(request, "list.html", {"title": "Articles", "articles": articles})

    @csrf_exempt
    def book(request: Any) -> Any:
        form = Booking(request.POST)
        if form.is_valid():
            return redirect("book")
        return render(request, "page.html", {"form": form})

    @csrf_exempt
    def upload(request: Any) -> Any:
        size = sum(map(len, request.FILES["file"].chunks()))
        assert size == MEGABYTES * 2**20 and request.POST["title"] == "Large"
        return HttpResponse(str(size))

    module = types.ModuleType("benchmark_urls")
    module.urlpatterns = [  # type: ignore[attr-defined]
        path("articles/", article_list),
        path("articles/<int:pk>/", article_list, name="article"),
        path("book/", book, name="book"),
        path("login/", Login.as_view()),
        path("upload/", upload),
    ]
    sys.modules[module.__name__] = module

    connection.ensure_connection()
    fill(connection.connection, 1000)
    stored = SessionStore()
    stored.update({"visits": 1, "cart": [1, 2, 3], "name": "Stephane"})
    stored.save()

    def session() -> None:
        store = SessionStore(stored.session_key)
        store["visits"] += 1
        store.save()

    wsgi = get_wsgi_application()
    large, multipart = upload_body(), f"multipart/form-data; boundary={CUT}"
    form_type = "application/x-www-form-urlencoded"
    functions = (
        ask(wsgi, "/articles/", "200"),
        ask(wsgi, "/book/", "302", POSTED, form_type),
        ask(wsgi, "/book/", "200", POSTED.replace(b"email=quintet%40", b"email="), form_type),
        ask(wsgi, "/login/", "200", cookie=f"sessionid={stored.session_key}"),
        session,
        lambda: serializers.serialize("json", Article.objects.all()),
        ask(wsgi, "/upload/", "200", large, multipart),
        ask(wsgi, "/upload/", "200", large, multipart, stream=Streamed),
        ask_async(get_asgi_application(), "/upload/", large, multipart),
    )
    return dict(zip(BARS, functions, strict=True))


def limits() -> dict[str, Callable[[], Any]]:
    """Return the same jobs, done by hand."""
    connection = sqlite3.connect(":memory:")
    fill(connection, 1000)
    connection.execute("INSERT INTO django_session VALUES ('key', '{\"visits\": 1}', '')")
    columns = ("title", "text", "published", "featured", "author")
    names = ("name", "email", "room", "text", "member", "day", "seats")
    query = "SELECT a.*, b.name FROM bench_article a JOIN bench_author b ON b.id = a.author_id "

    def listed() -> bytes:
        rows = connection.execute(query + "ORDER BY a.id LIMIT 50").fetchall()
        return "".join(
            f"<article><h2><a href='/articles/{row[0]}/'>{html.escape(row[1])}</a></h2>"
            f"<p>{html.escape(row[6])}, {row[3][:10]}</p><p>{' '.join(row[2].split()[:12])}</p>"
            f"{'<em>featured</em>' if row[4] else ''}</article>"
            for row in rows
        ).encode()

    def posted(body: bytes = POSTED) -> bool:
        from urllib.parse import parse_qs

        sent = parse_qs(body.decode())
        return re.fullmatch(r"[^@]+@[^@]+", sent["email"][0]) is not None and bool(sent["name"])

    def page() -> bytes:
        return "".join(
            f"<div><label for='id_{name}'>{name.capitalize()}:</label>"
            f"<input type='text' name='{name}' id='id_{name}'></div>"
            for name in names
        ).encode()

    def session() -> None:
        (text,) = connection.execute(
            "SELECT session_data FROM django_session WHERE session_key = 'key'"
        ).fetchone()
        data = json.loads(text)
        data["visits"] += 1
        connection.execute("UPDATE django_session SET session_data = ?", (json.dumps(data),))
        connection.commit()

    def login() -> bytes:
        session()
        return page()

    def dump() -> str:
        rows = connection.execute("SELECT * FROM bench_article").fetchall()
        return json.dumps(
            [
                {"model": "a", "pk": row[0], "fields": dict(zip(columns, row[1:], strict=True))}
                for row in rows
            ]
        )

    body = upload_body()

    def upload() -> int:
        source, separator = io.BytesIO(body), f"\r\n--{CUT}".encode()
        with tempfile.TemporaryFile() as target:
            while chunk := source.read(65536):
                chunk.find(separator)
                target.write(chunk)
            return target.tell()

    invalid = lambda: page() if posted() else b""  # noqa: E731
    functions = (listed, posted, invalid, login, session, dump, upload, upload, upload)
    return dict(zip(BARS, functions, strict=True))
