"""The admin's pages are in the visitor's language: no message of ours is left in English."""

import re
from html import unescape

import pytest

from django.contrib.auth.models import User
from django.utils import translation
from tools import messages

PAGES = [
    "",
    "auth/",
    "auth/user/",
    "auth/user/?is_staff__exact=1&q=x",
    "auth/user/add/",
    "auth/user/{}/change/",
    "auth/user/{}/history/",
    "auth/user/{}/delete/",
    "auth/user/{}/password/",
    "shop/book/",
    "shop/author/add/",
    "password_change/",
]
RAW = re.compile(r"<(script|style|code|pre)\b.*?</\1>|</?strong>", re.DOTALL)
TEXT = re.compile(r">([^<>]+)<")
ATTRIBUTE = re.compile(r'(?:title|aria-label|placeholder|alt|value)="([^"]+)"')


def said(page):
    text = RAW.sub("", page)
    found = TEXT.findall(text) + ATTRIBUTE.findall(text)
    return {" ".join(unescape(each).split()) for each in found} - {""}


@pytest.fixture(scope="module")
def english():
    """Return the messages that are said as they are, without placeholders."""
    keys = [
        key
        for room, entries in messages.collected().items()
        if room.domain == "django"
        for key in entries
    ]
    return {text for context, text in keys if context is None and not re.search("[%{]", text)}


@pytest.fixture
def pages(superuser):
    user = User.objects.get(username="someone")
    return [f"/admin/{page.format(user.pk)}" for page in PAGES]


@pytest.mark.parametrize("language", messages.COMPLETE)
def test_no_message_is_left_in_english(language, superuser, book, pages, english):
    with translation.override(language):
        said_here = {translation.gettext(text) for text in english}
        wanted = english - said_here
        assert len(wanted) > 300
        for page in pages:
            response = superuser.get(page)
            assert response.status_code == 200, page
            left = said(response.content.decode()) & wanted
            assert left == set(), page
