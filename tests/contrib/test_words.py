"""Small applications speak several languages."""

import pytest

from django.contrib.flatpages.forms import FlatpageForm
from django.contrib.flatpages.models import FlatPage
from django.contrib.redirects.models import Redirect
from django.utils.translation import override


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("redirect", "flat page")), ("de", ("Umleitung", "einfache Seite"))],
)
def test_names_of_models(language: str, words: tuple[str, str]) -> None:
    with override(language):
        assert tuple(str(model._meta.verbose_name) for model in (Redirect, FlatPage)) == words


def test_messages_of_the_form() -> None:
    with override("fr"):
        form = FlatpageForm({"url": "x", "title": "T"})
        assert form.errors["url"] == ["Il manque une barre oblique au début de l’adresse."]
