"""Ask an example project for pages, and print the answers as JSON.

Run by the tests in a process of its own, once per engine: ``python pages.py PROJECT FOLDER DATABASE``.
Uses documented API only, so that it runs on both.
"""

import importlib
import json
import os
import sys

PAGES = {
    "mysite": ["/polls/", "/polls/1/", "/polls/1/results/", "/polls/2/", "/polls/99/"],
    "hotclub": [
        "/",
        "/concerts/",
        "/concerts/?page=3",
        "/concerts/?style=waltz&room=hall",
        "/concerts/?q=lantern",
        "/concerts/?past=1",
        "/concerts/?page=nonsense",
        "/artists/",
        "/search/?q=paper",
        "/search/?q=%3Cscript%3E",
        "/bookings/",
        "/concerts/whole-programme/",
        "/api/concerts/",
        "/api/concerts/?page=2",
        "/api/concerts/?page=0",
        "/nothing-here/",
    ],
}


def fill_polls():
    import datetime

    from polls.models import Question

    from django.utils import timezone

    now = timezone.now()
    tea = Question.objects.create(question_text="Tea & <milk>?", pub_date=now)
    tea.choice_set.create(choice_text="Yes", votes=1)
    tea.choice_set.create(choice_text="No", votes=3)
    later = now + datetime.timedelta(days=3)
    Question.objects.create(question_text="Later?", pub_date=later)


def more_pages(client):
    """Yield requests that depend on the data."""
    from club.models import Artist, Concert

    for concert in Concert.objects.order_by("pk")[::40]:
        yield client.get(concert.get_absolute_url())
        yield client.get(f"{concert.get_absolute_url()}book/")
        yield client.post(f"{concert.get_absolute_url()}book/", {"name": "", "places": "99"})
    for artist in Artist.objects.order_by("pk")[::10]:
        yield client.get(artist.get_absolute_url())


def as_data(response):
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return [
        response.request["REQUEST_METHOD"] + " " + response.request["PATH_INFO"],
        response.status_code,
        {name: response.headers.get(name) for name in ("Content-Type", "Cache-Control", "Vary")},
        body.decode(),
    ]


def main(project, folder, database):
    sys.path.insert(0, folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = f"{project}.settings"
    settings = importlib.import_module(f"{project}.settings")
    settings.DATABASES["default"]["NAME"] = database
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.DEBUG = False

    import django

    django.setup()
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", verbosity=0)
    fill_polls() if project == "mysite" else call_command("seed", stdout=sys.stderr)
    client = Client()
    answers = [as_data(client.get(page)) for page in PAGES[project]]
    if project == "hotclub":
        answers += map(as_data, more_pages(client))
    json.dump({"engine": django.__name__, "answers": answers}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
