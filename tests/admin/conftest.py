"""An admin site of the shop, and clients of it."""

from collections.abc import Callable, Iterator

import pytest
from shop.models import Author, Book, Seat

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.test import Client, override_settings
from django.urls import path

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]


class Urls:
    """A URLconf of one site."""

    def __init__(self, site: admin.AdminSite) -> None:
        self.urlpatterns = [path("admin/", site.urls)]


class BookInline(admin.TabularInline):
    model = Book
    fields = ["title", "price"]
    extra = 1


class BookAdmin(admin.ModelAdmin):
    list_display = ["title", "price"]
    list_editable = ["price"]
    fields = ["title", "price", "author"]
    autocomplete_fields = ["author"]
    search_fields = ["title"]


class AuthorAdmin(admin.ModelAdmin):
    search_fields = ["name"]
    inlines = [BookInline]


class SeatAdmin(admin.ModelAdmin):
    list_display = ["row", "number", "note"]
    list_editable = ["note"]


@pytest.fixture
def site(tables: None) -> Iterator[admin.AdminSite]:
    """A site in the middle of a project, in a transaction that is taken back."""
    made = admin.AdminSite()
    made.register(Author, AuthorAdmin)
    made.register(Book, BookAdmin)
    made.register(Seat, SeatAdmin)
    made.register(User, UserAdmin)
    with (
        transaction.atomic(),
        override_settings(
            ROOT_URLCONF=Urls(made),
            MIDDLEWARE=MIDDLEWARE,
            TEMPLATES=TEMPLATES,
            STATIC_URL="/static/",
            STORAGES={
                "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
                "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
            },
        ),
    ):
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def login(site: admin.AdminSite) -> Callable[..., Client]:
    """Return a function that gives the client of a user.

    It takes the codenames of the user's permissions, and attributes of the user. Without a user
    (``None`` for the only argument), the client is anonymous.
    """

    def make(*permissions: str | None, **attributes: bool) -> Client:
        client = Client()
        if permissions == (None,):
            return client
        user = User.objects.create_user("someone", **{"is_staff": True, **attributes})
        user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
        client.force_login(user)
        return client

    return make


@pytest.fixture
def superuser(login: Callable[..., Client]) -> Client:
    """The client of a superuser."""
    return login(is_superuser=True)


@pytest.fixture
def book(site: admin.AdminSite) -> Book:
    """A book with its author."""
    return Book.objects.create(title="Nuages", author=Author.objects.create(name="Django"))
