"""Pages of the admin, as a superuser gets them: rendered and sent through the whole stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.cases.http import MIDDLEWARE
from benchmarks.cases.web import ask

BARS = {
    "index": 4,
    "list of 100 rows": 5,
    "list with filters and search": 4,
    "add form": 4,
    "change form": 4,
    "change form with inlines": 4,
    "delete confirmation": 4,
    "history": 4,
}

MODELS = 20


def cases() -> dict[str, Callable[[], Any]]:
    """Return the pages on the engine that ``django`` is."""
    import django
    from django.conf import settings

    processors = ("template.context_processors.request", "contrib.auth.context_processors.auth")
    settings.configure(
        SECRET_KEY="bench" * 10,
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF=type("urls", (), {"urlpatterns": []}),
        MIDDLEWARE=MIDDLEWARE,
        STATIC_URL="/static/",
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "django.contrib.staticfiles",
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        *(f"django.{name}" for name in processors),
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()
    site, first = project()
    from django.core.wsgi import get_wsgi_application
    from django.urls import path

    settings.ROOT_URLCONF.urlpatterns.append(path("admin/", site.urls))
    application, cookie = get_wsgi_application(), session()
    pages = {
        "index": "",
        "list of 100 rows": "bench/plain/",
        "list with filters and search": "bench/book/?q=title&in_print__exact=1",
        "add form": "bench/book/add/",
        "change form": f"bench/book/{first}/change/",
        "change form with inlines": f"bench/author/{first}/change/",
        "delete confirmation": f"bench/author/{first}/delete/",
        "history": f"bench/author/{first}/history/",
    }
    return {
        name: ask_with_query(application, f"/admin/{path}", cookie) for name, path in pages.items()
    }


def ask_with_query(application: Any, address: str, cookie: str) -> Callable[[], Any]:
    """Return a function that sends one request for an address with parameters."""
    path, _, query = address.partition("?")

    def with_query(environ: dict[str, Any], start: Any) -> Any:
        environ["QUERY_STRING"] = query
        return application(environ, start)

    return ask(with_query, path, "200", cookie=cookie)


def session() -> str:
    """Return the cookie of a superuser who is logged in."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore

    user = User.objects.create(username="bench", is_staff=True, is_superuser=True)
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    return f"sessionid={store.session_key}"


def project() -> tuple[Any, int]:
    """Make models with rows; return an admin site of them, and the key of the first rows."""
    import datetime

    from django.contrib import admin
    from django.core.management import call_command
    from django.db import connection, models

    class Author(models.Model):
        name = models.CharField(max_length=50)
        born = models.DateField(null=True)

        class Meta:
            app_label = "bench"

        def __str__(self) -> str:
            return self.name

    class Book(models.Model):
        title = models.CharField(max_length=50)
        price = models.DecimalField(max_digits=6, decimal_places=2)
        pages = models.IntegerField()
        in_print = models.BooleanField(default=True)
        published = models.DateTimeField()
        kind = models.CharField(max_length=1, choices=[("n", "Novel"), ("p", "Poem")])
        author = models.ForeignKey(Author, models.CASCADE)

        class Meta:
            app_label = "bench"

        def __str__(self) -> str:
            return self.title

    class Plain(Book):
        class Meta:
            app_label = "bench"
            proxy = True

    class Letter(models.Model):
        text = models.TextField()
        sent = models.DateField()
        author = models.ForeignKey(Author, models.CASCADE)

        class Meta:
            app_label = "bench"

    others = [
        type(
            f"Other{number}",
            (models.Model,),
            {"__module__": __name__, "Meta": type("Meta", (), {"app_label": f"b{number % 4}"})},
        )
        for number in range(MODELS)
    ]

    class BookInline(admin.TabularInline):
        model = Book
        extra = 1

    class LetterInline(admin.StackedInline):
        model = Letter
        extra = 1

    class AuthorAdmin(admin.ModelAdmin):
        inlines = [BookInline, LetterInline]

    class PlainAdmin(admin.ModelAdmin):
        list_display = ["title", "price", "pages", "in_print", "published", "kind", "author"]

    class BookAdmin(PlainAdmin):
        list_filter = ["in_print", "kind", "published", "author"]
        search_fields = ["title"]
        date_hierarchy = "published"

    site = admin.AdminSite()
    site.register(Author, AuthorAdmin)
    site.register(Book, BookAdmin)
    site.register(Plain, PlainAdmin)
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        for model in (Author, Book, Letter):
            editor.create_model(model)
    from django.apps import apps

    # Applications of the index page that exist in name only.
    config = apps.get_app_config("auth")
    labels = {"bench", *(model._meta.app_label for model in others)}
    for label in labels:
        apps.app_configs[label] = type(config).__new__(type(config))
        apps.app_configs[label].__dict__.update(config.__dict__, label=label, verbose_name=label)
    for model in others:
        site.register(model)
    authors = [Author(pk=number, name=f"A. & {number}") for number in range(1, 11)]
    Author.objects.bulk_create(authors)
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    Book.objects.bulk_create(
        Book(
            pk=number,
            title=f"Title {number}",
            price="12.50",
            pages=number * 3,
            published=moment + datetime.timedelta(days=number),
            kind="np"[number % 2],
            author=authors[number % 10],
        )
        for number in range(1, 101)
    )
    Letter.objects.bulk_create(
        Letter(text="Dear …", sent=moment.date(), author=authors[0]) for _ in range(10)
    )
    return site, 1


def limits() -> dict[str, Callable[[], Any]]:
    """Return nothing: nobody writes such pages by hand."""
    return {}
