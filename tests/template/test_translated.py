"""Translated texts, and tags that tell what they read, in compiled templates."""

from __future__ import annotations

from typing import Any

import pytest

from django.template import Context, Engine
from django.template.base import NodeList
from django.utils import translation

TEMPLATES = [
    '{% translate "Yes" %}',
    '{% translate "100% <b>" %}',
    '{% translate "Yes" noop %}',
    '{% translate "Yes" context "x" %}',
    '{% translate "Yes" as yes %}{{ yes }}',
    "{% translate a %}",
    '{% for item in l %}{% translate "No" %} {{ item }}{% endfor %}',
    "{% blocktranslate %}Yes{% endblocktranslate %}",
    "{% blocktranslate %}50% {{ a }} {{ missing }}{% endblocktranslate %}",
    "{% for item in l %}{% blocktranslate %}{{ item }}!{% endblocktranslate %}{% endfor %}",
    "{% blocktranslate trimmed with x=a|upper %}\n {{ x }}\n {{ n }}\n{% endblocktranslate %}{{ x }}",
    "{% blocktranslate count c=n %}one{% plural %}{{ c }}{% endblocktranslate %}",
    "{% autoescape off %}{% blocktranslate %}{{ a }}{% endblocktranslate %}{% endautoescape %}",
    "{% for item in l %}<i {% csp_nonce_attr %}>{{ item }}{% endfor %}",
    "{% for csp_nonce in l %}<i {% csp_nonce_attr %}>{% endfor %}",
    "{% with csp_nonce=a %}{% csp_nonce_attr %}{% endwith %}",
    "{% include 'nonce' only %}{% include 'nonce' %}{% include 'nonce' with csp_nonce=n %}",
]
VALUES: dict[str, Any] = {"a": "<A & B>", "n": 3, "l": ["<1>", 2], "csp_nonce": 'n"1'}


@pytest.mark.parametrize("language", ["en", "fr", "de"])
@pytest.mark.parametrize("text", TEMPLATES)
def test_compiled_and_plain_renderings_agree(
    monkeypatch: pytest.MonkeyPatch, text: str, language: str
) -> None:
    loader = ("django.template.loaders.locmem.Loader", {"nonce": "{% csp_nonce_attr %}"})
    engine = Engine(
        libraries={"i18n": "django.templatetags.i18n"},
        loaders=[("django.template.loaders.cached.Loader", [loader])],
    )
    template = engine.from_string("{% load i18n %}" + text)
    with translation.override(language):
        compiled = [template.render(Context(VALUES)) for _ in range(5)][-1]
        monkeypatch.setattr(NodeList, "render", NodeList.render_plain)
        assert template.render(Context(VALUES)) == compiled


def test_a_translation_with_other_placeholders_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    template = Engine(libraries={"i18n": "django.templatetags.i18n"}).from_string(
        "{% load i18n %}{% blocktranslate %}Dear {{ a }}{% endblocktranslate %}"
    )
    plain = [template.render(Context(VALUES)) for _ in range(5)]
    monkeypatch.setattr(translation, "gettext", lambda message: "Cher %(b)s")
    assert template.render(Context(VALUES)) == plain[-1] == "Dear &lt;A &amp; B&gt;"
