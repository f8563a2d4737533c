"""Models whose primary key has several parts."""

import pytest
from shop.models import Seat

from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import key_text, key_value, quote, unquote
from django.test import Client
from django.urls import reverse

ROWS = ["A", "a,b", "_2C", "x/y z", "ü?#"]


@pytest.mark.parametrize("row", ROWS)
def test_keys_survive_as_text(row: str) -> None:
    key = (row, 7)
    assert key_value(Seat, key_text(key)) == key
    assert key_value(Seat, unquote(quote(key))) == key


@pytest.mark.parametrize("text", ["", "A", "A,x", "A,1,2"])
def test_no_key(text: str) -> None:
    with pytest.raises(Exception, match=r"."):
        key_value(Seat, text)


@pytest.mark.parametrize("row", ROWS)
def test_pages(superuser: Client, row: str) -> None:
    seat = Seat.objects.create(row=row, number=3)
    Seat.objects.create(row=row, number=4)

    def page(name: str) -> str:
        return reverse(f"admin:shop_seat_{name}", args=(quote(seat.pk),))

    listed = superuser.get(reverse("admin:shop_seat_changelist")).content.decode()
    assert f'href="{page("change")}"' in listed.replace("&amp;", "&")
    for name in ("change", "history", "delete"):
        assert superuser.get(page(name)).status_code == 200, name
    # The key itself stays.
    response = superuser.post(page("change"), {"row": row, "number": 4, "note": "window"})
    assert response.status_code == 302
    assert set(Seat.objects.values_list("number", "note")) == {(3, "window"), (4, "")}
    assert superuser.post(page("delete"), {"post": "yes"}).status_code == 302
    assert [other.number for other in Seat.objects.all()] == [4]


def test_adding_writes_the_log(superuser: Client) -> None:
    response = superuser.post(
        reverse("admin:shop_seat_add"), {"row": "a,b", "number": 3, "_continue": "1"}
    )
    seat = Seat.objects.get()
    assert response.headers["Location"] == reverse("admin:shop_seat_change", args=(quote(seat.pk),))
    entry = LogEntry.objects.get()
    assert entry.get_admin_url() == response.headers["Location"]
    assert entry.get_edited_object() == seat
    history = superuser.get(reverse("admin:shop_seat_history", args=(quote(seat.pk),)))
    assert "Added." in history.content.decode()


def test_a_key_that_is_taken(superuser: Client) -> None:
    Seat.objects.create(row="A", number=3, note="first")
    response = superuser.post(reverse("admin:shop_seat_add"), {"row": "A", "number": 3})
    assert "Seat with this Row and Number already exists." in response.content.decode()
    assert Seat.objects.get().note == "first"


def test_editing_in_the_list(superuser: Client) -> None:
    seats = [Seat.objects.create(row="a,b", number=number) for number in (1, 2)]
    path = reverse("admin:shop_seat_changelist")
    data: dict[str, object] = {
        "form-TOTAL_FORMS": 2,
        "form-INITIAL_FORMS": 2,
        "_save": "1",
    }
    page = superuser.get(path)
    for i, form in enumerate(page.context_data["cl"].formset.forms):
        key = form["pk"]
        data[key.html_name] = key.value()
        data[f"form-{i}-note"] = f"note {form.instance.number}"
    assert superuser.post(path, data).status_code == 302
    for seat in seats:
        seat.refresh_from_db()
        assert seat.note == f"note {seat.number}"


def test_actions(superuser: Client) -> None:
    seats = [Seat.objects.create(row="a,b", number=number) for number in (1, 2, 3)]
    path = reverse("admin:shop_seat_changelist")
    data = {
        "action": "delete_selected",
        "_selected_action": [key_text(seat.pk) for seat in seats[:2]],
        "post": "yes",
    }
    assert superuser.post(path, data).status_code == 302
    assert [seat.number for seat in Seat.objects.all()] == [3]


@pytest.mark.parametrize("key", ["A", "A,x", "A,1,2", "A_2C9"])
def test_no_such_object(superuser: Client, key: str) -> None:
    response = superuser.get(f"/admin/shop/seat/{key}/change/")
    assert response.headers["Location"] == reverse("admin:index")
