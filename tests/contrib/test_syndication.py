"""Feeds: values, methods, and methods of an object."""

from __future__ import annotations

import functools
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django.contrib.syndication.views import Feed, add_domain
from django.core.exceptions import ImproperlyConfigured, ObjectDoesNotExist
from django.utils.feedgenerator import Atom1Feed
from django.utils.xmlutils import UnserializableContentError

PAGES = {"title.html": "{{ obj }} on {{ site }}"}


class News(Feed):
    title = "News"
    link = "/news/"
    description = "What is new"

    def items(self) -> list[str]:
        return ["a & b"]

    def item_link(self, item: str) -> str:
        return "/1/"


def _channel(client: Any, urls: Any, feed: Feed) -> Any:
    urls.add("feed/", feed)
    return ElementTree.fromstring(client.get("/feed/").content)[0]


def test_addresses_are_complete_and_titles_escaped_twice(client: Any, urls: Any) -> None:
    channel = _channel(client, urls, News())
    assert channel.findtext("link") == "http://here.example/news/"
    assert (
        channel.findtext("item/link") == channel.findtext("item/guid") == "http://here.example/1/"
    )
    assert channel.findtext("item/title") == "a &amp; b"
    assert channel.findtext("item/description") == "a & b"


def _loud(function: Any) -> Any:
    @functools.wraps(function)
    def call(*args: Any) -> str:
        return function(*args).upper()

    return call


class Places(News):
    """A feed about an object, in all the ways to say something."""

    title_template = "title.html"
    description = staticmethod(lambda: "no argument")

    def get_object(self, request: Any, name: str) -> str:
        if name == "nowhere":
            raise ObjectDoesNotExist
        return name

    @_loud
    def title(self, obj: str) -> str:
        return f"about {obj}"

    @_loud
    def item_description(self) -> str:
        return "of all items"


def test_methods_get_the_object_if_they_want_it(client: Any, urls: Any) -> None:
    urls.add("<name>/", Places())
    channel = ElementTree.fromstring(client.get("/prague/").content)[0]
    assert channel.findtext("title") == "ABOUT PRAGUE"
    assert channel.findtext("description") == "no argument"
    assert channel.findtext("item/title") == "a &amp; b on here.example"
    assert channel.findtext("item/description") == "OF ALL ITEMS"
    assert client.get("/nowhere/").status_code == 404


def test_decorators_must_show_what_they_hide(client: Any, urls: Any) -> None:
    class Hidden(News):
        title = lambda *args: "?"  # noqa: E731

    with pytest.raises(ImproperlyConfigured, match="functools.wraps"):
        _channel(client, urls, Hidden())


def test_control_characters_of_attributes_are_refused(client: Any, urls: Any) -> None:
    class Broken(News):
        feed_type = Atom1Feed
        item_categories = ("\x08",)

    with pytest.raises(UnserializableContentError):
        _channel(client, urls, Broken())


@given(st.from_regex(r"\A/?[a-z0-9/?=]*\Z"), st.booleans())
def test_completing_an_address_twice_changes_nothing(path: str, secure: bool) -> None:
    once = add_domain("here.example", f"/{path}", secure)
    assert once.startswith("https://" if secure else "http://")
    assert add_domain("here.example", once, secure) == once
