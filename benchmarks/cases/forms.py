"""Forms: made, validated, shown; and formsets.

The practical limit does the same job by hand: f-strings, and checks written out.
"""

from __future__ import annotations

import datetime
import html
import re
from collections.abc import Callable
from typing import Any

#: How many times faster than Django each must be.
BARS = {
    "make a form of 7 fields": 5,
    "full_clean of 10 fields": 5,
    "show a form of 10 fields": 5,
    "show an invalid form of 10 fields": 5,
    "formset of 10, validated and shown": 5,
    "show a formset of 20": 5,
}

DATA = {
    "name": "Django & Stéphane",
    "email": "quintet@example.com",
    "room": "3",
    "text": "Two guitars and a violin.",
    "day": "1934-12-02",
    "seats": "5",
}
MORE = {**DATA, "phone": "555 1234", "site": "https://example.com/a/", "price": "12.50"}
WRONG = {**MORE, "email": "nobody", "seats": "99", "name": ""}
ROOMS = [(number, f"Room {number}") for number in range(10)]
TABLES = {
    "form-TOTAL_FORMS": "10",
    "form-INITIAL_FORMS": "0",
    **{f"form-{number}-{name}": text for number in range(10) for name, text in MORE.items()},
}


def cases() -> dict[str, Callable[[], Any]]:
    """Return the jobs on the engine that ``django`` is."""
    from django.conf import settings

    settings.configure(INSTALLED_APPS=[], SECRET_KEY="benchmark", USE_TZ=False)
    import django

    django.setup()
    from django import forms

    class Booking(forms.Form):
        name = forms.CharField(max_length=30, help_text="As on the ticket.")
        email = forms.EmailField()
        room = forms.ChoiceField(choices=ROOMS)
        text = forms.CharField(widget=forms.Textarea)
        member = forms.BooleanField(required=False)
        day = forms.DateField()
        seats = forms.IntegerField(min_value=1, max_value=8)

    class Table(Booking):
        phone = forms.CharField(max_length=20, required=False)
        site = forms.URLField(required=False)
        price = forms.DecimalField(max_digits=6, decimal_places=2)

    Bookings = forms.formset_factory(Booking, extra=20)
    Tables = forms.formset_factory(Table, extra=10)
    assert Table(MORE).is_valid(), Table(MORE).errors
    assert Tables(TABLES).is_valid()

    def validated_and_shown() -> str:
        tables = Tables(TABLES)
        tables.is_valid()
        return str(tables)

    functions = (
        Booking,
        lambda: Table(MORE).full_clean(),
        lambda: str(Table()),
        lambda: str(Table(WRONG)),
        validated_and_shown,
        lambda: str(Bookings()),
    )
    return dict(zip(BARS, functions, strict=True))


def limits() -> dict[str, Callable[[], Any]]:
    """Return the same jobs, done by hand."""
    address = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
    labels = ("name", "email", "room", "text", "member", "day", "seats")

    def validate() -> bool:
        name, text = DATA["name"].strip(), DATA["text"].strip()
        day = datetime.date.fromisoformat(DATA["day"])
        known = any(str(number) == DATA["room"] for number, _label in ROOMS)
        return (
            0 < len(name) <= 30
            and bool(text)
            and address.fullmatch(DATA["email"]) is not None
            and known
            and day.year > 0
            and 1 <= int(DATA["seats"]) <= 8
        )

    def show(prefix: str = "") -> str:
        options = "".join(
            f'<option value="{number}">{html.escape(label)}</option>' for number, label in ROOMS
        )
        return "".join(
            f'<div><label for="id_{prefix}{name}">{html.escape(name.capitalize())}:</label>'
            + (
                f'<select name="{prefix}{name}" id="id_{prefix}{name}">{options}</select></div>'
                if name == "room"
                else f'<input type="text" name="{prefix}{name}" id="id_{prefix}{name}"></div>'
            )
            for name in labels
        )

    functions = (
        lambda: {name: {"label": name, "attrs": {}} for name in labels},
        validate,
        show,
        lambda: "" if validate() else show(),
        lambda: "".join(show(f"form-{number}-") for number in range(10) if validate()),
        lambda: "".join(show(f"form-{number}-") for number in range(20)),
    )
    return dict(zip(BARS, functions, strict=True))
