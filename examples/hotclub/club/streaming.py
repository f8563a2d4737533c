"""The whole programme on one page, sent month by month while it is being made.

The browser shows the first month before the last one is fetched, and the server never holds more
than a month. Under ASGI the page is made by an asynchronous generator, under WSGI by a plain one.
"""

import datetime

from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from .models import Concert

MARK = "<!-- months -->"


def next_month(day):
    return (day.replace(day=1) + datetime.timedelta(days=32)).replace(day=1)


def months():
    """Yield the first days of this month and of the eleven after it."""
    day = timezone.localdate().replace(day=1)
    for _ in range(12):
        yield day
        day = next_month(day)


def concerts_of(month):
    zone = timezone.get_current_timezone()
    start, end = (
        datetime.datetime.combine(day, datetime.time.min, tzinfo=zone)
        for day in (month, next_month(month))
    )
    return Concert.objects.upcoming().with_seats().filter(starts_at__gte=start, starts_at__lt=end)


def as_html(month, concerts):
    return render_to_string("club/month.html", {"month": month, "concerts": concerts})


@require_safe
def whole_programme(request):
    head, _, tail = render_to_string("club/whole_programme.html", {}, request).partition(MARK)

    def pieces():
        yield head
        for month in months():
            if found := list(concerts_of(month)):
                yield as_html(month, found)
        yield tail

    async def pieces_as_they_come():
        yield head
        for month in months():
            if found := [row async for row in concerts_of(month)]:
                yield as_html(month, found)
        yield tail

    is_async = isinstance(request, ASGIRequest)
    return StreamingHttpResponse(pieces_as_they_come() if is_async else pieces())
