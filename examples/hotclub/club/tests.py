"""The site, from outside."""

import datetime
import json

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone

from .models import Artist, Booking, Concert, Review


def make_concert(title="Blue Lantern", days=3, seats=10, **more):
    starts = timezone.now() + datetime.timedelta(days=days)
    slug = more.pop("slug", title.lower().replace(" ", "-"))
    defaults = {"style": "swing", "room": "cellar", "price": "12.00", "about": "A fine evening."}
    return Concert.objects.create(
        title=title, slug=slug, starts_at=starts, seats=seats, **{**defaults, **more}
    )


class ProgrammeTests(TestCase):
    def setUp(self):
        self.next = make_concert("Blue Lantern", days=1)
        self.later = make_concert("Paper Carousel", days=9, style="waltz", room="garden")
        self.past = make_concert("Copper Window", days=-4)
        self.artist = Artist.objects.create(
            name="Odile Marsac", slug="odile-marsac", instrument="guitar", town="Arles"
        )
        self.later.artists.add(self.artist)

    def test_home_shows_the_next_concert_first(self):
        response = self.client.get(reverse("club:home"))
        self.assertEqual(response.context["tonight"], self.next)
        self.assertEqual(response.context["coming"], [self.later])
        self.assertContains(response, "Book seats")

    def test_programme_is_narrowed_by_style_room_and_words(self):
        url = reverse("club:programme")
        for query, expected in (
            ("", [self.next, self.later]),
            ("?style=waltz", [self.later]),
            ("?room=cellar", [self.next]),
            ("?q=odile", [self.later]),
            ("?q=lantern+blue", [self.next]),
            ("?style=nonsense", [self.next, self.later]),
            ("?past=1", [self.past]),
        ):
            with self.subTest(query=query):
                response = self.client.get(url + query)
                self.assertEqual(list(response.context["concerts"]), expected)

    def test_pages(self):
        for number in range(15):
            make_concert(f"Silent Viaduct {number}", days=20 + number)
        response = self.client.get(reverse("club:programme"), {"page": 2, "room": "cellar"})
        self.assertEqual(len(response.context["concerts"]), 4)
        self.assertContains(response, "?page=1&amp;room=cellar")

    def test_search_finds_artists_and_concerts(self):
        response = self.client.get(reverse("club:search"), {"q": "marsac"})
        self.assertEqual(response.context["artists"], [self.artist])
        self.assertEqual(response.context["concerts"], [self.later])
        self.assertEqual(self.client.get(reverse("club:search"), {"q": "x" * 99}).status_code, 404)

    def test_artist(self):
        response = self.client.get(self.artist.get_absolute_url())
        self.assertContains(response, "Paper Carousel")

    def test_unknown_concert(self):
        response = self.client.get("/concerts/nothing/")
        self.assertContains(response, "Nobody plays here", status_code=404)

    async def test_the_streamed_programme_is_whole(self):
        response = await self.async_client.get(reverse("club:whole-programme"))
        self.assertTrue(response.streaming)
        page = b"".join([piece async for piece in response.streaming_content]).decode()
        self.assertIn("Blue Lantern", page)
        self.assertIn("Paper Carousel", page)
        self.assertNotIn("Copper Window", page)
        self.assertTrue(page.rstrip().endswith("</html>"))

    def test_the_streamed_programme_without_async(self):
        response = self.client.get(reverse("club:whole-programme"))
        self.assertIn(b"Paper Carousel", b"".join(response.streaming_content))


class BookingTests(TestCase):
    guest = {"name": "Vera Weil", "email": "vera@example.com", "places": 2}

    def test_booking(self):
        concert = make_concert()
        url = reverse("club:book", args=[concert.slug])
        response = self.client.post(url, self.guest, follow=True)
        booking = Booking.objects.get()
        self.assertRedirects(response, booking.get_absolute_url())
        self.assertContains(response, "See you there")
        self.assertContains(response, "€24.00")
        self.assertContains(self.client.get(reverse("club:my-bookings")), concert.title)
        self.assertEqual(concert.free_seats(), 8)

    def test_no_seat_is_sold_twice(self):
        concert = make_concert(seats=3)
        concert.book(Booking(name="A", email="a@example.com", places=2))
        url = reverse("club:book", args=[concert.slug])
        response = self.client.post(url, self.guest)
        self.assertContains(response, "There is only one seat left.", status_code=422)
        self.assertEqual(Booking.objects.count(), 1)

    def test_wrong_data_come_back(self):
        url = reverse("club:book", args=[make_concert().slug])
        response = self.client.post(url, {**self.guest, "email": "nobody", "places": 9})
        self.assertEqual(response.status_code, 422)
        self.assertEqual(set(response.context["form"].errors), {"email", "places"})

    def test_the_past_cannot_be_booked(self):
        concert = make_concert(days=-1)
        with self.assertRaisesMessage(ValidationError, "This concert is over."):
            concert.book(Booking(name="A", email="a@example.com", places=1))


class ReviewTests(TestCase):
    def test_review(self):
        concert = make_concert(days=-1)
        url = reverse("club:review", args=[concert.slug])
        data = {"author": "Wim", "stars": 4, "text": "<b>Bold</b> playing."}
        response = self.client.post(url, data, follow=True)
        self.assertContains(response, "&lt;b&gt;Bold&lt;/b&gt; playing.")
        self.assertEqual(Review.objects.get().stars, 4)

    def test_programs_are_kept_out(self):
        url = reverse("club:review", args=[make_concert(days=-1).slug])
        data = {"author": "Bot", "stars": 5, "text": "Buy", "website": "http://example.com"}
        self.assertEqual(self.client.post(url, data).status_code, 422)
        self.assertFalse(Review.objects.exists())

    def test_no_review_before_the_concert(self):
        url = reverse("club:review", args=[make_concert(days=2).slug])
        self.assertEqual(
            self.client.post(url, {"author": "A", "stars": 5, "text": "?"}).status_code, 404
        )


class JsonTests(TestCase):
    async def test_concerts(self):
        from asgiref.sync import sync_to_async

        concert = await sync_to_async(make_concert)()
        response = await self.async_client.get(reverse("club:api-concerts"))
        data = json.loads(response.content)
        self.assertEqual(data["concerts"][0]["title"], concert.title)
        self.assertEqual(data["concerts"][0]["free_seats"], 10)
        self.assertIn("max-age=60", response.headers["Cache-Control"])
        single = await self.async_client.get(reverse("club:api-concert", args=[concert.slug]))
        self.assertEqual(json.loads(single.content), data["concerts"][0])

    def test_wrong_page(self):
        response = self.client.get(reverse("club:api-concerts"), {"page": "x"})
        self.assertEqual(response.status_code, 400)


class SeedTests(TestCase):
    def test_seed(self):
        call_command("seed", concerts=20, verbosity=0, stdout=open_nowhere())
        self.assertEqual(Concert.objects.count(), 20)
        self.assertTrue(Concert.objects.upcoming().exists())
        self.assertEqual(self.client.get("/").status_code, 200)


def open_nowhere():
    import io

    return io.StringIO()


class OfficeTests(TestCase):
    """The admin: its pages, its search and its actions."""

    def setUp(self):
        self.concert = make_concert("Blue Lantern", days=2)
        self.past = make_concert("Copper Window", days=-4)
        Booking.objects.create(concert=self.concert, name="Odile", email="o@example.com", places=3)
        self.client.force_login(User.objects.create_superuser("office", password="secret"))

    def test_lists(self):
        url = reverse("admin:club_concert_changelist")
        response = self.client.get(url, {"when": "coming"})
        self.assertContains(response, "Blue Lantern")
        self.assertContains(response, "of 10</span>")
        self.assertNotContains(response, "Copper Window")
        for model in ("artist", "booking", "review"):
            response = self.client.get(reverse(f"admin:club_{model}_changelist"), {"q": "o"})
            self.assertEqual(response.status_code, 200)

    def test_pages_of_a_concert(self):
        for page in ("change", "delete", "history"):
            url = reverse(f"admin:club_concert_{page}", args=[self.concert.pk])
            self.assertContains(self.client.get(url), "Blue Lantern")
        self.assertContains(self.client.get(reverse("admin:club_booking_add")), "autocomplete")

    def test_actions(self):
        url = reverse("admin:club_concert_changelist")
        chosen = {"_selected_action": [self.concert.pk], "index": 0}
        response = self.client.post(url, {"action": "export", **chosen})
        rows = response.content.decode().splitlines()
        self.assertEqual(len(rows), 2)
        self.assertTrue(rows[1].endswith(",10,3"))
        self.client.post(url, {"action": "double_price", **chosen})
        self.concert.refresh_from_db()
        self.assertEqual(self.concert.price, 24)
