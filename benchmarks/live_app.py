"""The applications that ``benchmarks.live`` serves: the same four pages in each framework.

``BENCH_FRAMEWORK`` says which: ``django`` is whatever that name imports.
"""

from __future__ import annotations

import os
import sqlite3
from typing import Any

DATABASE = os.environ["BENCH_DATABASE"]
LIST = "<ul>{% for n in numbers %}<li>{{ n }}</li>{% endfor %}</ul>"


def django_application() -> Any:
    """Four async views behind the default middleware."""
    import django
    from benchmarks.cases.http import MIDDLEWARE
    from django.conf import settings
    from django.http import HttpResponse, JsonResponse
    from django.urls import path

    settings.configure(
        SECRET_KEY="bench" * 10,
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        MIDDLEWARE=MIDDLEWARE,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
        ],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATABASE}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()
    from django.core.asgi import get_asgi_application
    from django.db import models
    from django.template import engines

    class Note(models.Model):
        text = models.CharField(max_length=100)

        class Meta:
            app_label = "bench"
            db_table = "bench_note"

    page = engines["django"].from_string(LIST)

    async def text(request: Any) -> Any:
        return HttpResponse("hello")

    async def json(request: Any) -> Any:
        return JsonResponse({"message": "hello", "numbers": [1, 2, 3]})

    async def query(request: Any) -> Any:
        return HttpResponse((await Note.objects.aget(pk=1)).text)

    async def template(request: Any) -> Any:
        return HttpResponse(page.render({"numbers": range(20)}))

    views = (text, json, query, template)
    globals()["urlpatterns"] = [path(f"{view.__name__}/", view) for view in views]
    return get_asgi_application()


def note() -> str:
    """Return what the query is for, by the driver alone."""
    connection = sqlite3.connect(DATABASE)
    try:
        return str(connection.execute("SELECT text FROM bench_note WHERE id = 1").fetchone()[0])
    finally:
        connection.close()


def starlette_application() -> Any:
    """The same pages, without any middleware."""
    import jinja2
    from starlette.applications import Starlette
    from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse
    from starlette.routing import Route

    page = jinja2.Environment(autoescape=True).from_string(LIST)

    async def text(request: Any) -> Any:
        return PlainTextResponse("hello")

    async def json(request: Any) -> Any:
        return JSONResponse({"message": "hello", "numbers": [1, 2, 3]})

    def query(request: Any) -> Any:
        return PlainTextResponse(note())

    async def template(request: Any) -> Any:
        return HTMLResponse(page.render(numbers=range(20)))

    return Starlette(
        routes=[Route(f"/{view.__name__}/", view) for view in (text, json, query, template)]
    )


def fastapi_application() -> Any:
    """The same pages, without any middleware."""
    import jinja2
    from fastapi import FastAPI
    from fastapi.responses import HTMLResponse, PlainTextResponse

    page = jinja2.Environment(autoescape=True).from_string(LIST)
    application = FastAPI()

    @application.get("/text/", response_class=PlainTextResponse)
    async def text() -> str:
        return "hello"

    @application.get("/json/")
    async def json() -> dict[str, Any]:
        return {"message": "hello", "numbers": [1, 2, 3]}

    @application.get("/query/", response_class=PlainTextResponse)
    def query() -> str:
        return note()

    @application.get("/template/", response_class=HTMLResponse)
    async def template() -> str:
        return page.render(numbers=range(20))

    return application


application = {
    "django": django_application,
    "starlette": starlette_application,
    "fastapi": fastapi_application,
}[os.environ["BENCH_FRAMEWORK"]]()
