"""Templates: a large table, a page with inheritance and includes, and a page of links.

The practical limit is the same page in Jinja2. Its links are written in two ways: "page of 100 links" calls a
function that formats a constant path; "page of 100 links, routed" looks a route up by its name and converts and
quotes the argument, as Starlette's does and as Django's tag must.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

#: How many times faster than Django each must be; and no slower than Jinja2.
BARS = {
    "table of 1,000 x 10": 4,
    "page with inheritance and includes": 4,
    "page of 100 links": 4,
    "page of 100 links, routed": 4,
}

FILES = ("table.html", "page.html", "links.html", "links.html")
ROWS, COLUMNS = 1000, 10
LINKS = 100

PAGES = {
    "table.html": (
        "<table>{% for row in table %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}"
        "</tr>{% endfor %}</table>"
    ),
    "base.html": (
        "<html><head><title>{% block title %}Site{% endblock %}</title></head><body>"
        "{% include 'menu.html' %}<main>{% block content %}{% endblock %}</main>"
        "<footer>{% block footer %}{{ site.name }}{% endblock %}</footer></body></html>"
    ),
    "menu.html": (
        "<ul>{% for entry in menu %}<li{% if entry.active %} class='on'{% endif %}>"
        "<a href='{{ entry.url }}'>{{ entry.title }}</a></li>{% endfor %}</ul>"
    ),
    "page.html": (
        "{% extends 'base.html' %}{% block title %}{{ page.title }}{% endblock %}"
        "{% block content %}<h1>{{ page.title|upper }}</h1>{% for item in page.items_ %}"
        "{% include 'card.html' %}{% endfor %}{% endblock %}"
    ),
    "card.html": (
        "<article><h2>{{ item.title }}</h2><p>{{ item.text }}</p>"
        "{% if item.author %}<em>{{ item.author.name }}</em>{% else %}-{% endif %}</article>"
    ),
    "links.html": "{% for n in numbers %}<a href='{% url 'article' n %}'>{{ n }}</a>{% endfor %}",
}


class Thing:
    """An object with attributes."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


def names() -> dict[str, Any]:
    """Return what the pages show."""
    cells = [f"cell {column}" for column in range(COLUMNS)]
    menu = [Thing(url=f"/{n}/", title=f"Entry {n}", active=n == 2) for n in range(8)]
    author = Thing(name="Django & Stéphane")
    items = [
        Thing(title=f"Title {n}", text="Some text, of a length like this." * 2, author=author)
        for n in range(30)
    ]
    return {
        "table": [list(cells) for _ in range(ROWS)],
        "menu": menu,
        "site": Thing(name="Nuages"),
        "page": Thing(title="A page", items_=items),
        "numbers": list(range(LINKS)),
    }


def cases() -> dict[str, Callable[[], Any]]:
    """Return the pages in the engine that ``django`` is."""
    from django.conf import settings

    urls = ModuleType("bench_urls")
    sys.modules["bench_urls"] = urls
    settings.configure(
        ROOT_URLCONF="bench_urls",
        USE_TZ=False,
        TEMPLATES=[],
        INSTALLED_APPS=[],
        SECRET_KEY="benchmark",
    )
    import django
    from django.template import Context, Engine
    from django.urls import path

    django.setup()
    urls.urlpatterns = [  # type: ignore[attr-defined]
        path("articles/<int:number>/", lambda request, number: None, name="article")
    ]
    loader = "django.template.loaders.locmem.Loader"
    engine = Engine(
        loaders=[("django.template.loaders.cached.Loader", [(loader, PAGES)])],
    )
    shown = names()

    def page(name: str) -> Callable[[], str]:
        template = engine.get_template(name)

        def render() -> str:
            return template.render(Context(shown))

        render()
        return render

    def first(name: str) -> Callable[[], str]:
        """Return a function that reads, compiles and renders the page as if for the first time."""

        def render() -> str:
            fresh = Engine(loaders=[("django.template.loaders.cached.Loader", [(loader, PAGES)])])
            return fresh.get_template(name).render(Context(shown))

        return render

    found = dict(zip(BARS, map(page, FILES), strict=True))
    return found | {f"{name}, first": first(file) for name, file in list(zip(BARS, FILES))[:3]}


def limits() -> dict[str, Callable[[], Any]]:
    """Return the pages in Jinja2."""
    import jinja2

    pages = {
        name: text.replace("{% url 'article' n %}", "{{ url('article', n) }}")
        for name, text in PAGES.items()
    }
    shown = names()

    def fresh() -> jinja2.Environment:
        environment = jinja2.Environment(autoescape=True, loader=jinja2.DictLoader(pages))
        environment.globals["url"] = lambda name, number: f"/articles/{int(number)}/"
        return environment

    from starlette.applications import Starlette
    from starlette.routing import Route

    environment, routed = fresh(), fresh()
    router = Starlette(routes=[Route("/articles/{number:int}/", print, name="article")]).router
    routed.globals["url"] = lambda name, number: router.url_path_for(name, number=number)

    def page(name: str, environment: jinja2.Environment = environment) -> Callable[[], str]:
        template = environment.get_template(name)
        return lambda: template.render(shown)

    def first(name: str) -> Callable[[], str]:
        return lambda: fresh().get_template(name).render(shown)

    found = dict(zip(BARS, map(page, FILES), strict=True))
    found["page of 100 links, routed"] = page("links.html", routed)
    return found | {f"{name}, first": first(file) for name, file in list(zip(BARS, FILES))[:3]}
