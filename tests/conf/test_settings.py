"""A broken setting is named; switches are read where they are asked."""

import os
import subprocess
import sys
import textwrap

import pytest

from django.conf import LazySettings, UserSettingsHolder, global_settings, settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.deprecation import RemovedInDjango2028Warning
from nuages.conf import switches


@pytest.fixture
def load(tmp_path):
    """Return a function that loads a settings module in another process; gives its error output."""

    def run(source):
        (tmp_path / "their_settings.py").write_text(textwrap.dedent(source))
        code = "import nuages; from django.conf import settings; print(settings.SECRET_KEY)"
        paths = [str(tmp_path), *sys.path]
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "their_settings",
                "PYTHONPATH": os.pathsep.join(paths),
            },
            capture_output=True,
            text=True,
        )
        return done.stderr.strip().rpartition("\n")[2]

    return run


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("SECRET_KEY = ''", "The SECRET_KEY setting must not be empty."),
        ("INSTALLED_APPS = 'shop'", "The INSTALLED_APPS setting must be a list or a tuple."),
        ("ALLOWED_HOSTS = {'a'}", "The ALLOWED_HOSTS setting must be a list or a tuple."),
        ("TIME_ZONE = 'Europe/Nowhere'", "Europe/Nowhere"),
        ("NUAGES = {'COMPILED_TEMPLATE': True}", "COMPILED_TEMPLATE"),
        ("NUAGES = []", "The NUAGES setting must be a dictionary."),
        ("MAILERS = {}\nEMAIL_HOST = 'a'", "EMAIL_HOST"),
    ],
)
def test_a_broken_setting_is_named(load, source, message):
    assert message in load(source)


def test_a_syntax_error_is_told_with_the_module(load):
    assert "while reading the settings module 'their_settings'" in load("SECRET_KEY = (")


def test_without_settings_the_wanted_one_is_named(monkeypatch):
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    with pytest.raises(ImproperlyConfigured, match="Requested setting DEBUG, but settings are not"):
        LazySettings().DEBUG  # noqa: B018


def test_values_are_kept_until_they_change():
    own = LazySettings()
    own.configure(LANGUAGE_CODE="de")
    assert own.LANGUAGE_CODE == "de" and "LANGUAGE_CODE" in vars(own)
    own.LANGUAGE_CODE = "fr"
    assert own.LANGUAGE_CODE == "fr"
    del own.LANGUAGE_CODE
    with pytest.raises(AttributeError):
        own.LANGUAGE_CODE  # noqa: B018


def test_a_deprecated_setting_warns_where_it_is_set():
    holder = UserSettingsHolder(global_settings)
    with pytest.warns(RemovedInDjango2028Warning, match="USE_BLANK_CHOICE_DASH") as caught:
        holder.USE_BLANK_CHOICE_DASH = True
    assert caught[0].filename == __file__


def test_configuring_twice_is_refused():
    with pytest.raises(RuntimeError, match="already configured"):
        settings.configure()


def test_switches_follow_the_setting(settings_override):
    assert switches.enabled("TRAILS")
    with settings_override(NUAGES={"TRAILS": False, "TRAIL_TABLE_SIZE": 7}):
        assert not switches.enabled("TRAILS")
        assert switches.limit("TRAIL_TABLE_SIZE") == 7
    assert switches.enabled("TRAILS")
    with pytest.raises(KeyError):
        switches.enabled("NOT_A_SWITCH")
