"""What the framework says in other languages: nothing that visitors meet is left in English."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

import nuages
from nuages import forms
from nuages.contrib.humanize.templatetags import humanize
from nuages.core import validators
from nuages.test import modify_settings
from nuages.utils import translation
from nuages.utils.translation import _directives, _pofile
from tools import messages

FILES = sorted(Path(nuages.__file__).parent.rglob("*.po"))


@pytest.fixture(autouse=True)
def installed():
    with modify_settings(INSTALLED_APPS={"append": "django.contrib.humanize"}):
        yield


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


@pytest.mark.parametrize("language", messages.COMPLETE)
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
        ("ar", 2, "يجب ألا تقل هذه القيمة عن محرفين (فيها 0)."),
        ("ar", 5, "يجب ألا تقل هذه القيمة عن 5 محارف (فيها 0)."),
        ("ar", 11, "يجب ألا تقل هذه القيمة عن 11 محرفًا (فيها 0)."),
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


@pytest.mark.parametrize(
    ("language", "ago", "text"),
    [
        ("de", {"hours": 2}, "vor 2\xa0Stunden"),
        ("fr", {"days": 3}, "il y a 3\xa0jours"),
        ("es", {"minutes": 1}, "hace un minuto"),
        ("pl", {"hours": 5}, "5\xa0godzin temu"),
        ("pl", {"hours": 3}, "3\xa0godziny temu"),
        ("pl", {"days": 21}, "3\xa0tygodnie temu"),
        ("ru", {"minutes": 21}, "21\xa0минуту назад"),
        ("ru", {"days": 2}, "2\xa0дня назад"),
        ("tr", {"seconds": 40}, "40\xa0saniye önce"),
        ("ar", {"hours": 2}, "قبل ساعتين"),
        ("ar", {"days": 4}, "قبل 4\xa0أيام"),
        ("ja", {"days": 1}, "1\xa0日前"),
        ("zh-hans", {"hours": -3}, "3\xa0小时后"),
        ("pt-br", {"days": -14}, "daqui a 2\xa0semanas"),
        ("it", {"minutes": -5}, "tra 5\xa0minuti"),
    ],
)
def test_times_from_now(language, ago, text):
    distance = timedelta(**ago)
    # What is ahead comes nearer meanwhile.
    margin = timedelta(seconds=5 if distance < timedelta() else 0)
    with translation.override(language):
        assert humanize.naturaltime(datetime.now() - distance + margin) == text


@pytest.mark.parametrize(
    ("language", "number", "text"),
    [("nl", 1, "1e"), ("it", 12, "12º"), ("pl", 3, "3."), ("id", 2, "ke-2"), ("ko", 4, "4번째")],
)
def test_ordinals(language, number, text):
    with translation.override(language):
        assert humanize.ordinal(number) == text


@pytest.mark.parametrize(
    ("language", "number", "text"),
    [
        ("de", 2_000_000, "2,0 Millionen"),
        ("es", 3 * 10**9, "3,0 mil millones"),
        ("ru", 5 * 10**6, "5,0 миллионов"),
        ("ja", 10**12, "1.0 兆"),
        ("pt-br", 10**18, "1,0 quintilhão"),
    ],
)
def test_large_numbers(language, number, text):
    with translation.override(language):
        assert humanize.intword(number) == text
