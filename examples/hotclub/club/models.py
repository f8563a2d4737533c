"""Concerts, the artists who play them, and the guests who come."""

import uuid

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Avg, Count, F, Q, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone


class Artist(models.Model):
    class Instrument(models.TextChoices):
        GUITAR = "guitar", "Guitar"
        VIOLIN = "violin", "Violin"
        CLARINET = "clarinet", "Clarinet"
        BASS = "bass", "Double bass"
        PIANO = "piano", "Piano"
        DRUMS = "drums", "Drums"
        TRUMPET = "trumpet", "Trumpet"
        VOICE = "voice", "Voice"

    name = models.CharField(max_length=80)
    slug = models.SlugField(unique=True)
    instrument = models.CharField(max_length=20, choices=Instrument)
    town = models.CharField(max_length=60)
    about = models.TextField(blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("club:artist", args=[self.slug])


class ConcertQuerySet(models.QuerySet):
    def upcoming(self):
        """Concerts to come, the next one first."""
        return self.filter(starts_at__gte=timezone.now()).order_by("starts_at")

    def past(self):
        """Concerts that were, the last one first."""
        return self.filter(starts_at__lt=timezone.now()).order_by("-starts_at")

    def with_seats(self):
        """Add ``taken`` and ``free``, the numbers of seats."""
        taken = Coalesce(Sum("bookings__places"), 0)
        return self.annotate(taken=taken, free=F("seats") - taken)

    def matching(self, words):
        """Concerts that have each of the words in their title, text or artists' names."""
        rows = self
        for word in words.split()[:8]:
            rows = rows.filter(
                Q(title__icontains=word)
                | Q(about__icontains=word)
                | Q(
                    pk__in=Concert.artists.through.objects.filter(
                        artist__name__icontains=word
                    ).values("concert")
                )
            )
        return rows


class Concert(models.Model):
    class Room(models.TextChoices):
        CELLAR = "cellar", "The Cellar"
        HALL = "hall", "Long Hall"
        GARDEN = "garden", "Walled Garden"

    class Style(models.TextChoices):
        SWING = "swing", "Swing"
        MANOUCHE = "manouche", "Manouche"
        BALLAD = "ballad", "Ballads"
        BEBOP = "bebop", "Bebop"
        WALTZ = "waltz", "Musette"

    title = models.CharField(max_length=120)
    slug = models.SlugField(unique=True)
    style = models.CharField(max_length=20, choices=Style)
    room = models.CharField(max_length=20, choices=Room)
    starts_at = models.DateTimeField(db_index=True)
    price = models.DecimalField(max_digits=6, decimal_places=2)
    seats = models.PositiveSmallIntegerField()
    about = models.TextField(blank=True)
    artists = models.ManyToManyField(Artist, related_name="concerts")

    objects = ConcertQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at"]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("club:concert", args=[self.slug])

    @property
    def is_past(self):
        return self.starts_at < timezone.now()

    def free_seats(self):
        """Ask the database how many seats are free now."""
        taken = self.bookings.aggregate(taken=Coalesce(Sum("places"), 0))["taken"]
        return self.seats - taken

    def book(self, booking):
        """Store a booking for this concert, if there are seats for it.

        Raises:
            ValidationError: the concert is over, or too few seats are free.
        """
        with transaction.atomic():
            # Whoever else is booking waits here, so the count below stays true.
            Concert.objects.select_for_update().get(pk=self.pk)
            free = self.free_seats()
            if self.is_past:
                raise ValidationError("This concert is over.")
            if booking.places > free:
                left = (
                    "There is only one seat left."
                    if free == 1
                    else f"There are only {free} seats left."
                )
                raise ValidationError("Sold out." if free <= 0 else left)
            booking.concert = self
            booking.save()
        return booking


class Booking(models.Model):
    concert = models.ForeignKey(Concert, on_delete=models.CASCADE, related_name="bookings")
    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField("your name", max_length=80)
    email = models.EmailField("your email")
    places = models.PositiveSmallIntegerField(
        "seats", default=2, validators=[MinValueValidator(1), MaxValueValidator(8)]
    )
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(places__gte=1, places__lte=8), name="booking_has_one_to_eight_places"
            ),
        ]

    def __str__(self):
        return f"{self.name}, {self.places}"

    def get_absolute_url(self):
        return reverse("club:booking", args=[self.reference])

    @property
    def total(self):
        return self.places * self.concert.price


class ReviewQuerySet(models.QuerySet):
    def figures(self):
        """Return the number of reviews and their mean, in a dictionary."""
        return self.aggregate(count=Count("pk"), mean=Avg("stars"))

    async def afigures(self):
        return await self.aaggregate(count=Count("pk"), mean=Avg("stars"))


class Review(models.Model):
    concert = models.ForeignKey(Concert, on_delete=models.CASCADE, related_name="reviews")
    author = models.CharField("your name", max_length=60)
    stars = models.PositiveSmallIntegerField(
        choices={5: "★★★★★", 4: "★★★★", 3: "★★★", 2: "★★", 1: "★"}, default=5
    )
    text = models.TextField("what you heard", max_length=1200)
    written_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["-written_at", "-pk"]

    def __str__(self):
        return f"{self.author} on {self.concert}"
