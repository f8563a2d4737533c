"""Who may do what: each page and action, for each kind of user."""

from collections.abc import Callable

import pytest
from shop.models import Author, Book

from django.contrib.contenttypes.models import ContentType
from django.test import Client

LOGIN = "login"

#: Kinds of users, and the arguments of ``login()``.
USERS: dict[str, tuple[tuple[str | None, ...], dict[str, bool]]] = {
    "anonymous": ((None,), {}),
    "user": (
        ("view_book", "add_book", "change_book", "delete_book"),
        {"is_staff": False},
    ),
    "inactive": ((), {"is_superuser": True, "is_active": False}),
    "staff": ((), {}),
    "view": (("view_book",), {}),
    "add": (("add_book",), {}),
    "change": (("change_book",), {}),
    "delete": (("delete_book",), {}),
    "view+delete": (("view_book", "delete_book"), {}),
    "superuser": ((), {"is_superuser": True}),
}

#: Staff, in the order of the columns below.
STAFF = ("staff", "view", "add", "change", "delete", "view+delete", "superuser")

FORM = {"title": "Minor Swing", "price": 7, "author": "{author}"}
LIST = {
    "form-TOTAL_FORMS": 1,
    "form-INITIAL_FORMS": 1,
    "form-0-id": "{pk}",
    "form-0-price": 7,
    "_save": "1",
}
ACTION = {"action": "delete_selected", "_selected_action": "{pk}"}

#: Method, path, data: the answers to staff.
PAGES = [
    ("get", "", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "shop/", None, (404, 200, 200, 200, 200, 200, 200)),
    ("get", "jsi18n/", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "password_change/", None, (200, 200, 200, 200, 200, 200, 200)),
    ("get", "no/such/page/", None, (404, 404, 404, 404, 404, 404, 404)),
    ("get", "shop/book/", None, (403, 200, 403, 200, 403, 200, 200)),
    ("get", "shop/book/?q=nua", None, (403, 200, 403, 200, 403, 200, 200)),
    ("post", "shop/book/", LIST, (403, 403, 403, 302, 403, 403, 302)),
    ("post", "shop/book/", ACTION, (403, 200, 403, 200, 403, 200, 200)),
    ("post", "shop/book/", {**ACTION, "post": "yes"}, (403, 200, 403, 200, 403, 302, 302)),
    ("get", "shop/book/add/", None, (403, 403, 200, 403, 403, 403, 200)),
    ("post", "shop/book/add/", FORM, (403, 403, 302, 403, 403, 403, 302)),
    ("get", "shop/book/{pk}/change/", None, (403, 200, 403, 200, 403, 200, 200)),
    ("post", "shop/book/{pk}/change/", FORM, (403, 403, 403, 302, 403, 403, 302)),
    (
        "post",
        "shop/book/{pk}/change/",
        {**FORM, "_saveasnew": "1"},
        (403, 403, 302, 403, 403, 403, 302),
    ),
    ("get", "shop/book/{pk}/delete/", None, (403, 403, 403, 403, 200, 200, 200)),
    ("post", "shop/book/{pk}/delete/", {"post": "yes"}, (403, 403, 403, 403, 302, 302, 302)),
    ("get", "shop/book/{pk}/history/", None, (403, 200, 403, 200, 403, 200, 200)),
    (
        "get",
        "autocomplete/?app_label=shop&model_name=book&field_name=author&term=d",
        None,
        (403, 403, 403, 403, 403, 403, 200),
    ),
]

#: Which answers write: what is different afterwards.
CHANGES = {
    ("shop/book/", "_save"): "price",
    ("shop/book/", "post"): "gone",
    ("shop/book/add/", "title"): "more",
    ("shop/book/{pk}/change/", "_saveasnew"): "more",
    ("shop/book/{pk}/change/", "title"): "title",
    ("shop/book/{pk}/delete/", "post"): "gone",
}


def filled(data: dict[str, object] | None, book: Book) -> dict[str, object] | None:
    names = {"{pk}": book.pk, "{author}": book.author_id}
    return data and {name: names.get(str(value), value) for name, value in data.items()}


def state(book: Book) -> dict[str, object]:
    found = Book.objects.filter(pk=book.pk).first()
    return {
        "gone": found is None,
        "more": Book.objects.exclude(pk=book.pk).exists(),
        "title": getattr(found, "title", None) == "Minor Swing",
        "price": getattr(found, "price", None) == 7,
    }


def ask(client: Client, method: str, path: str, data: object, book: Book) -> object:
    address = "/admin/" + path.replace("{pk}", str(book.pk))
    return getattr(client, method)(address, filled(data, book))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", USERS)
@pytest.mark.parametrize(("method", "path", "data", "answers"), PAGES)
def test_matrix(
    login: Callable[..., Client],
    book: Book,
    kind: str,
    method: str,
    path: str,
    data: dict[str, object] | None,
    answers: tuple[int, ...],
) -> None:
    permissions, attributes = USERS[kind]
    client = login(*permissions, **attributes)
    response = ask(client, method, path, data, book)
    if kind not in STAFF:
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/admin/login/?next=")
        expected = False
    else:
        answer = answers[STAFF.index(kind)]
        assert response.status_code == answer
        expected = answer == 302
    keys = [key for (page, name), key in CHANGES.items() if page == path and name in (data or {})]
    assert state(book).get(keys[0] if keys else "gone", False) is expected


@pytest.mark.parametrize(
    ("permissions", "may_add", "may_change", "may_delete"),
    [
        ((), False, False, False),
        (("view_book",), False, False, False),
        (("add_book",), True, False, False),
        (("change_book",), False, True, False),
        (("view_book", "delete_book"), False, False, True),
    ],
)
def test_inlines_take_no_more_than_is_allowed(
    login: Callable[..., Client],
    book: Book,
    permissions: tuple[str, ...],
    may_add: bool,
    may_change: bool,
    may_delete: bool,
) -> None:
    """Who may change an author writes to the author's books only what the permissions allow."""
    other = Book.objects.create(title="Other", author=book.author)
    client = login("change_author", *permissions)
    rows = [
        {"id": book.pk, "author": book.author_id, "title": "Changed", "price": 1},
        {"id": other.pk, "author": book.author_id, "title": "Other", "price": 5, "DELETE": "on"},
        {"id": "", "author": book.author_id, "title": "Added", "price": 1},
    ]
    data = {f"books-{i}-{name}": value for i, row in enumerate(rows) for name, value in row.items()}
    data |= {"name": "Renamed", "age": 43, "books-TOTAL_FORMS": 3, "books-INITIAL_FORMS": 2}
    client.post(f"/admin/shop/author/{book.author_id}/change/", data)
    # Whether or not the page was accepted as a whole, nothing else is written.
    titles = set(Book.objects.values_list("title", flat=True))
    assert ("Added" in titles) <= may_add
    assert ("Changed" in titles) <= may_change
    assert ("Other" not in titles) <= may_delete
    if may_change:
        assert "Changed" in titles
    if may_delete:
        assert "Other" not in titles


def test_a_page_of_a_viewer_has_no_fields_to_fill_in(
    login: Callable[..., Client], book: Book
) -> None:
    content = login("view_book").get(f"/admin/shop/book/{book.pk}/change/").content.decode()
    assert "Nuages" in content
    assert 'name="title"' not in content
    assert 'name="_save"' not in content


def test_what_goes_along_needs_permission_too(login: Callable[..., Client], book: Book) -> None:
    client = login("view_author", "delete_author")
    path = f"/admin/shop/author/{book.author_id}/delete/"
    assert "book" in client.get(path).content.decode()
    assert client.post(path, {"post": "yes"}).status_code == 403
    assert Author.objects.filter(pk=book.author_id).exists()


def test_view_on_site_needs_staff(login: Callable[..., Client], book: Book) -> None:
    kind = ContentType.objects.get_for_model(Book).pk
    response = login(None).get(f"/admin/r/{kind}/{book.pk}/")
    assert response.headers["Location"].startswith("/admin/login/?next=")
