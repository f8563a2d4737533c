"""A list page of the admin over ten million rows of SQLite: how long its pages take, wherever they are.

``python -m benchmarks.large_table [rows]`` makes a table in a temporary file (about a minute, 700 MB), asks for pages from the first
to the last and for the next one by key, in two orders, and prints the wall time of each, the best and the worst of several.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROWS = 10_000_000
ROUNDS = 5
#: No page may take longer, in milliseconds.
BAR = 100
PER_PAGE = 100


def site_of(file: Path, rows: int) -> Callable[[str], Any]:
    """Fill a table with rows; return a function that asks for a list page, with the given query string."""
    import nuages  # noqa: F401, I001
    from benchmarks.cases.http import MIDDLEWARE
    from django.conf import settings

    urls = type("urls", (), {"urlpatterns": []})
    settings.configure(
        SECRET_KEY="bench" * 10,
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF=urls,
        MIDDLEWARE=MIDDLEWARE,
        STATIC_URL="/static/",
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)}},
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    import django

    django.setup()
    from django.contrib import admin
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connection, models
    from django.test import Client
    from django.urls import path

    class Visit(models.Model):
        name = models.CharField(max_length=20)
        at = models.DateTimeField()

        class Meta:
            # (An application that has no models of its own.)
            app_label = "messages"
            indexes = [models.Index(fields=["at", "id"], name="by_time")]

    class VisitAdmin(admin.ModelAdmin):
        list_display = ["name", "at"]
        list_per_page = PER_PAGE
        large_table = True

    site = admin.AdminSite()
    site.register(Visit, VisitAdmin)
    urls.urlpatterns.append(path("admin/", site.urls))  # type: ignore[attr-defined]
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(Visit)
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s) "
            "INSERT INTO messages_visit (id, name, at) SELECT i, 'visit ' || (i %% 1000), "
            "datetime('2020-01-01', (i * 7) || ' seconds') FROM n",
            [rows],
        )
    client = Client()
    client.force_login(User.objects.create_superuser("bench"))

    def ask(query: str) -> Any:
        response = client.get(f"/admin/messages/visit/?{query}")
        assert response.status_code == 200, response.status_code
        assert response.content.count(b'name="_selected_action"') == PER_PAGE
        return response

    return ask


def main() -> int:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as folder:
        ask = site_of(Path(folder) / "large.sqlite3", rows)
        last = rows // PER_PAGE
        worst = 0.0
        print(
            f"{rows:,} rows, {PER_PAGE} a page; wall time in ms, best and worst of {ROUNDS}",
            flush=True,
        )
        for order in ("", "o=2"):
            for number in (1, 2, 50, 101, 1000, last // 3, last // 2, last - 60, last - 1, last):
                times = []
                for _ in range(ROUNDS):
                    start = time.perf_counter()
                    ask(f"{order}&p={number}")
                    times.append((time.perf_counter() - start) * 1000)
                worst = max(worst, min(times))
                what = f"page {number:,}, by {'time' if order else 'key'}"
                print(f"{what:32}{min(times):10.1f}{max(times):10.1f}")
    print(f"the slowest page: {worst:.1f} ms; the bar is {BAR} ms")
    return worst > BAR


if __name__ == "__main__":
    sys.exit(main())
