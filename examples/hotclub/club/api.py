"""The programme as JSON, for calendars and other sites."""

from django.http import JsonResponse
from django.shortcuts import aget_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from .models import Concert

PAGE_SIZE = 50


def as_data(request, concert):
    """Return a concert as plain data, with absolute links."""
    return {
        "title": concert.title,
        "slug": concert.slug,
        "style": concert.get_style_display(),
        "room": concert.get_room_display(),
        "starts_at": concert.starts_at.isoformat(),
        "price": str(concert.price),
        "free_seats": concert.free,
        "artists": [
            {"name": artist.name, "instrument": artist.get_instrument_display()}
            for artist in concert.artists.all()
        ],
        "url": request.build_absolute_uri(concert.get_absolute_url()),
    }


def shown():
    return Concert.objects.with_seats().prefetch_related("artists")


@cache_control(public=True, max_age=60)
@require_safe
async def concerts(request):
    """Concerts to come, by pages: ``?page=2``."""
    page = request.GET.get("page", "1")
    if not page.isdecimal() or not 1 <= int(page) <= 10_000:
        return JsonResponse({"error": "page has to be a number from 1"}, status=400)
    start = (int(page) - 1) * PAGE_SIZE
    found = [row async for row in shown().upcoming()[start : start + PAGE_SIZE + 1]]
    return JsonResponse(
        {
            "page": int(page),
            "has_next": len(found) > PAGE_SIZE,
            "concerts": [as_data(request, row) for row in found[:PAGE_SIZE]],
        }
    )


@cache_control(public=True, max_age=60)
@require_safe
async def concert(request, slug):
    """One concert."""
    found = await aget_object_or_404(shown(), slug=slug)
    return JsonResponse(as_data(request, found))
