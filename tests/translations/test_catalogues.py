"""What the framework says in other languages: nothing that visitors meet is left in English."""

from pathlib import Path

import pytest

import nuages
from nuages import forms
from nuages.core import validators
from nuages.utils import translation
from nuages.utils.translation import _directives, _pofile

LANGUAGES = "de es fr id it ja ko nl pl pt-br ru tr zh-hans".split()
FILES = sorted(Path(nuages.__file__).parent.rglob("*.po"))


def messages_of_forms():
    fields = [kind for kind in vars(forms).values() if isinstance(kind, type)]
    for kind in fields:
        for message in getattr(kind, "default_error_messages", {}).values():
            yield message
    for kind in vars(validators).values():
        message = getattr(kind, "message", None)
        if isinstance(kind, type) and message is not None:
            yield message


def shown(message, language):
    with translation.override(language):
        if type(message).__name__ == "LazyPlural":  # It wants its number first.
            return str(
                message % {"limit_value": 3, "show_value": 1, "max": 3, "length": 4, "num": 3}
            )
        return str(message)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_forms_say_is_translated(language):
    kept = {
        shown(message, "en")
        for message in messages_of_forms()
        if shown(message, "en") == shown(message, language)
        # Tampering is not what visitors meet.
        and "ManagementForm" not in shown(message, "en")
    }
    assert kept == set()


@pytest.mark.parametrize(
    ("language", "number", "text"),
    [
        ("pl", 1, "Wymagany jest co najmniej 1 znak (teraz: 0)."),
        ("pl", 3, "Wymagane są co najmniej 3 znaki (teraz: 0)."),
        ("pl", 5, "Wymagane jest co najmniej 5 znaków (teraz: 0)."),
        ("ru", 21, "Нужно не менее 21 символа (сейчас 0)."),
        ("ru", 12, "Нужно не менее 12 символов (сейчас 0)."),
        ("ja", 2, "2 文字以上にしてください (現在は 0 文字です)。"),
    ],
)
def test_plurals(language, number, text):
    message = validators.MinLengthValidator(number).message
    with translation.override(language):
        assert message % {"limit_value": number, "show_value": 0} == text


@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(path.parts[-5:]))
def test_placeholders_agree(path):
    wrong = []
    for message in _pofile.read(path).values():
        message.flags += list(_directives.flags(message.id, "Python"))
        wrong += [f"{message.id}: {each}" for each in _directives.disagreements(message)]
    assert wrong == []
