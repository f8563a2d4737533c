"""The pages of the site. Those that only read are asynchronous."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Avg, Count, Prefetch
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import aget_object_or_404, get_object_or_404, render
from django.views.decorators.http import require_POST, require_safe
from django.views.generic import DetailView, ListView

from .forms import BookingForm, ProgrammeForm, ReviewForm
from .models import Artist, Booking, Concert, Review


async def rows(queryset):
    """Fetch a queryset without holding up other requests."""
    return [row async for row in queryset]


def cards():
    """Concerts as they are shown on cards: with free seats and artists."""
    return Concert.objects.with_seats().prefetch_related("artists")


@require_safe
async def home(request):
    coming = await rows(cards().upcoming()[:9])
    reviews = Review.objects.select_related("concert").filter(stars__gte=4)
    context = {
        "tonight": coming[0] if coming else None,
        "coming": coming[1:],
        "reviews": await rows(reviews[:3]),
        "concert_count": await Concert.objects.upcoming().acount(),
    }
    return render(request, "club/home.html", context)


class Programme(ListView):
    template_name = "club/programme.html"
    context_object_name = "concerts"
    paginate_by = 12

    def get_queryset(self):
        self.form = ProgrammeForm(self.request.GET)
        shown = cards()
        self.show_past = "past" in self.request.GET
        return self.form.narrow(shown.past() if self.show_past else shown.upcoming())

    def get_context_data(self, **kwargs):
        return super().get_context_data(form=self.form, show_past=self.show_past, **kwargs)


async def concert_context(slug):
    """Return what the page of a concert shows."""
    concert = await aget_object_or_404(cards(), slug=slug)
    reviews = concert.reviews.all()
    others = cards().upcoming().filter(style=concert.style).exclude(pk=concert.pk)
    return {
        "concert": concert,
        "artists": list(concert.artists.all()),
        "reviews": await rows(reviews[:20]),
        "figures": await reviews.afigures(),
        "others": await rows(others[:3]),
    }


@require_safe
async def concert(request, slug):
    context = await concert_context(slug)
    context |= {"booking_form": BookingForm(), "review_form": ReviewForm()}
    return render(request, "club/concert.html", context)


def book(request, slug):
    """Take a booking: valid data first, then seats, which are only sure within a transaction."""
    shown = get_object_or_404(cards(), slug=slug)
    form = BookingForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            booking = shown.book(form.save(commit=False))
        except ValidationError as problem:
            form.add_error("places", problem)
        else:
            own = request.session.get("bookings", [])
            request.session["bookings"] = [str(booking.reference), *own][:50]
            messages.success(request, "Your seats are booked. See you there!")
            return HttpResponseRedirect(booking.get_absolute_url())
    status = 422 if form.is_bound else 200
    return render(request, "club/book.html", {"concert": shown, "form": form}, status=status)


@require_POST
def review(request, slug):
    reviewed = get_object_or_404(Concert.objects.past(), slug=slug)
    form = ReviewForm(request.POST)
    if form.is_valid():
        form.instance.concert = reviewed
        form.save()
        messages.success(request, "Thank you for your review.")
        return HttpResponseRedirect(f"{reviewed.get_absolute_url()}#reviews")
    return render(request, "club/review.html", {"concert": reviewed, "form": form}, status=422)


class BookingPage(DetailView):
    queryset = Booking.objects.select_related("concert")
    template_name = "club/booking.html"
    slug_field = slug_url_kwarg = "reference"


@require_safe
def my_bookings(request):
    """The bookings that this browser has made."""
    own = request.session.get("bookings", [])
    found = Booking.objects.filter(reference__in=own).select_related("concert")
    return render(
        request, "club/my_bookings.html", {"bookings": found.order_by("concert__starts_at")}
    )


class Artists(ListView):
    template_name = "club/artists.html"
    context_object_name = "artists"

    def get_queryset(self):
        return Artist.objects.annotate(concert_count=Count("concerts")).order_by(
            "instrument", "name"
        )


class ArtistPage(DetailView):
    template_name = "club/artist.html"
    queryset = Artist.objects.prefetch_related(
        Prefetch("concerts", queryset=cards().upcoming(), to_attr="coming")
    )

    def get_context_data(self, **kwargs):
        heard = Review.objects.filter(concert__artists=self.object)
        return super().get_context_data(mean=heard.aggregate(mean=Avg("stars"))["mean"], **kwargs)


@require_safe
async def search(request):
    words = request.GET.get("q", "").strip()
    if len(words) > 80:
        raise Http404("Nobody searches for that.")
    context = {"words": words}
    if words:
        context |= {
            "concerts": await rows(cards().matching(words).upcoming()[:12]),
            "past": await rows(cards().matching(words).past()[:6]),
            "artists": await rows(Artist.objects.filter(name__icontains=words)[:12]),
        }
    return render(request, "club/search.html", context)
