from django.conf import settings
from django.db import models


class Venue(models.Model):
    name = models.CharField(max_length=80, unique=True)

    def __str__(self):
        return self.name


class Concert(models.Model):
    venue = models.ForeignKey(Venue, models.CASCADE, related_name="concerts")
    title = models.CharField(max_length=80)
    seats = models.PositiveIntegerField(default=100)

    def __str__(self):
        return self.title


class Booking(models.Model):
    concert = models.ForeignKey(Concert, models.CASCADE, related_name="bookings")
    guest = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
