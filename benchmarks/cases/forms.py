"""Forms: made, validated, shown; and a formset of twenty.

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
    "make a form of 7 fields": 3,
    "validate a form of 7 fields": 1.8,
    "show a form of 7 fields": 6,
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
ROOMS = [(number, f"Room {number}") for number in range(10)]


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

    Bookings = forms.formset_factory(Booking, extra=20)
    assert Booking(DATA).is_valid(), Booking(DATA).errors
    functions = (
        Booking,
        lambda: Booking(DATA).is_valid(),
        lambda: str(Booking()),
        lambda: str(Bookings()),
    )
    return dict(zip(BARS, functions, strict=True))


def limits() -> dict[str, Callable[[], Any]]:
    """Return the same jobs, done by hand."""
    address = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
    labels = ("name", "email", "room", "text", "member", "day", "seats")

    def validate() -> bool:
        name, text = DATA["name"].strip(), DATA["text"].strip()
        day = datetime.datetime.strptime(DATA["day"], "%Y-%m-%d").date()
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
        lambda: "".join(show(f"form-{number}-") for number in range(20)),
    )
    return dict(zip(BARS, functions, strict=True))
