"""Fill the database with a year of concerts. All names are made up."""

import datetime
from decimal import Decimal
from random import Random

from club.models import Artist, Booking, Concert, Review
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

FIRST = (
    "Adèle Bruno Celia Dario Elodie Fenna Gaspard Hanno Ilse Jonas Katell Lucio Mireille Nando "
    "Odile Paco Quirin Rosa Sandor Tamsin Ulysse Vera Wim Xenia Yann Zita"
).split()
LAST = (
    "Aubrac Bellec Corvin Dalmasso Estève Fontan Garrigue Hollier Ivars Jourdain Kervella Lantier "
    "Marsac Navel Oriol Pellerin Quintal Roumier Solana Tessier Urbain Vasseur Weil Zanetti"
).split()
TOWNS = "Arles Bruges Cahors Delft Figueres Ghent Lyon Nantes Porto Samois Siena Toulouse".split()
ABOUT = (
    "Plays {what} since a neighbour left one behind.",
    "Learned {what} by ear, on the night train to {town}.",
    "Came to {what} late, and has been catching up ever since.",
    "Writes waltzes on Sundays, and plays {what} on all other days.",
    "Once played {what} for six hours because nobody went home.",
)
OPENING = "Blue Late Slow Bright Rainy Paper Copper Velvet Silent Minor Northern Golden".split()
THING = (
    "Boulevard Lantern Caravan Balcony Harbour Carousel Postcard Window Umbrella Staircase "
    "Orchard Viaduct"
).split()
BANDS = "Duo Trio Quartet Quintet".split()
TEXTS = {
    "swing": "Four beats to the bar, and a floor that is made for them.",
    "manouche": "Two guitars keep time like one, and a third one runs away from it.",
    "ballad": "Slow songs, well told, with the lights turned down.",
    "bebop": "Fast corners, sudden stops, and a great deal of laughter on stage.",
    "waltz": "An accordion, three beats, and the windows open to the river.",
}
MORE = (
    "Doors open an hour before; the kitchen closes at the first encore.",
    "The second set is open to whoever brings an instrument.",
    "New pieces tonight, some of them finished this afternoon.",
    "Recorded live, so please clap in time.",
)
HEARD = (
    (5, "I missed the last tram for this, and would again."),
    (5, "The quiet numbers were so quiet that we heard the river."),
    (5, "Nobody looked at a telephone for two hours."),
    (4, "Lovely playing. A little loud by the door."),
    (4, "Came for the guitar, left talking about the bass."),
    (3, "Good band, long interval."),
    (5, "They played my parents' song without being asked."),
    (4, "Second set much better than the first, which was good."),
    (2, "Sat behind a pillar. The pillar swung, too."),
)


class Command(BaseCommand):
    help = "Replaces all data by sample data: 200 concerts, half a year back and half a year ahead."

    def add_arguments(self, parser):
        parser.add_argument("--concerts", type=int, default=200)
        parser.add_argument("--seed", type=int, default=1910, help="another number, other data")

    @transaction.atomic
    def handle(self, *args, concerts, seed, **options):
        self.roll = Random(seed)
        for model in (Review, Booking, Concert, Artist):
            model.objects.all().delete()
        artists = self.make_artists(40)
        made = self.make_concerts(concerts, artists)
        bookings, reviews = self.make_guests(made)
        self.stdout.write(
            self.style.SUCCESS(
                f"{len(artists)} artists, {len(made)} concerts, {bookings} bookings, {reviews} reviews"
            )
        )

    def make_artists(self, count):
        roll, names, artists = self.roll, set(), []
        while len(names) < count:
            names.add(f"{roll.choice(FIRST)} {roll.choice(LAST)}")
        for name in sorted(names):
            kind, town = roll.choice(Artist.Instrument.choices), roll.choice(TOWNS)
            about = roll.choice(ABOUT).format(what=f"the {kind[1].lower()}", town=town)
            if kind[0] == "voice":
                about = about.replace("Plays the voice", "Sings").replace("the voice", "singing")
            artists.append(
                Artist(name=name, slug=slugify(name), instrument=kind[0], town=town, about=about)
            )
        Artist.objects.bulk_create(artists)
        return list(Artist.objects.all())

    def make_concerts(self, count, artists):
        roll, seats = self.roll, {"cellar": 60, "hall": 180, "garden": 120}
        today = timezone.localtime().replace(hour=20, minute=30, second=0, microsecond=0)
        concerts, line_ups = [], []
        for number in range(count):
            band = roll.sample(artists, roll.randint(2, 5))
            style, room = roll.choice(Concert.Style.values), roll.choice(Concert.Room.values)
            title = f"{roll.choice(OPENING)} {roll.choice(THING)}"
            if roll.random() < 0.45:
                title = f"{band[0].name.split()[1]} {BANDS[len(band) - 2]}: {title}"
            day = datetime.timedelta(days=(number - count // 2) * 365 // max(count, 1))
            starts = today + day + datetime.timedelta(minutes=roll.choice((-90, -30, 0, 30)))
            concerts.append(
                Concert(
                    title=title,
                    slug=f"{slugify(title)}-{number + 1}",
                    style=style,
                    room=room,
                    starts_at=starts,
                    price=Decimal(roll.choice((9, 12, 14, 18, 22))),
                    seats=seats[room],
                    about=f"{TEXTS[style]} {roll.choice(MORE)}",
                )
            )
            line_ups.append(band)
        Concert.objects.bulk_create(concerts)
        made = list(Concert.objects.order_by("pk"))
        link = Concert.artists.through
        link.objects.bulk_create(
            link(concert_id=concert.pk, artist_id=artist.pk)
            for concert, band in zip(made, line_ups)
            for artist in band
        )
        return made

    def make_guests(self, concerts):
        roll, now, bookings, reviews = self.roll, timezone.now(), [], []
        for concert in concerts:
            left = int(concert.seats * roll.choice((0.2, 0.5, 0.7, 0.9, 1.0)))
            while left > 0:
                places = min(left, roll.choice((1, 2, 2, 2, 3, 4, 6)))
                left -= places
                name = f"{roll.choice(FIRST)} {roll.choice(LAST)}"
                email = f"{slugify(name)}@example.com"
                bookings.append(Booking(concert=concert, name=name, email=email, places=places))
            if concert.starts_at < now:
                for stars, text in roll.sample(HEARD, roll.randint(0, 4)):
                    author = f"{roll.choice(FIRST)} {roll.choice(LAST)[0]}."
                    later = concert.starts_at + datetime.timedelta(hours=roll.randint(3, 60))
                    reviews.append(
                        Review(
                            concert=concert,
                            author=author,
                            stars=stars,
                            text=text,
                            written_at=min(later, now),
                        )
                    )
        Booking.objects.bulk_create(bookings, batch_size=500)
        Review.objects.bulk_create(reviews, batch_size=500)
        return len(bookings), len(reviews)
