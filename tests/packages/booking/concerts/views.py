from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.mail import send_mail
from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from .models import Booking, Concert


def programme(request):
    concerts = Concert.objects.select_related("venue").order_by("title")
    return render(request, "concerts/programme.html", {"concerts": concerts})


async def programme_later(request):
    titles = [concert.title async for concert in Concert.objects.order_by("title")]
    return JsonResponse({"titles": titles})


@login_required
@require_POST
def book(request, pk):
    concert = get_object_or_404(Concert, pk=pk)
    if concert.seats == 0:
        return HttpResponse("Sold out", status=409)
    concert.seats -= 1
    concert.save(update_fields=["seats"])
    Booking.objects.create(concert=concert, guest=request.user)

    def confirm():
        to = [request.user.email]
        send_mail(f"Your seat: {concert}", "See you there.", settings.BOX_OFFICE, to)

    transaction.on_commit(confirm)
    return redirect("programme")
