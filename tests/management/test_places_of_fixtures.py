"""Where ``loaddata`` looks. Manual: "Fixtures", section "How fixtures are discovered"."""

import json
from io import StringIO

import pytest
from shop.models import Author

from django.core.management import CommandError, call_command
from django.test.utils import override_settings


@pytest.fixture
def fixture(tmp_path, tables):
    row = {"model": "shop.author", "pk": 901, "fields": {"name": "from a fixture"}}
    (tmp_path / "some.json").write_text(json.dumps([row]))
    yield tmp_path
    Author.objects.filter(pk=901).delete()


def load(**options):
    said = StringIO()
    call_command("loaddata", "some", stdout=said, **options)
    return said.getvalue()


def test_naming_an_application_leaves_out_other_applications_only(fixture, monkeypatch):
    with override_settings(FIXTURE_DIRS=[str(fixture)]):
        assert load(app_label="auth") == "Installed 1 object(s) from 1 fixture(s)\n"
    monkeypatch.chdir(fixture)
    assert load(app_label="auth") == "Installed 1 object(s) from 1 fixture(s)\n"
    monkeypatch.chdir("/")
    with pytest.raises(CommandError, match="No fixture named 'some' found."):
        load(app_label="auth")


def test_places_are_shown_without_a_slash_at_their_end(fixture, monkeypatch):
    monkeypatch.chdir(fixture)
    said = load(verbosity=3)
    assert f"Checking '{fixture}' for fixtures...\n" in said
    assert f"Installing json fixture 'some' from '{fixture}'.\n" in said
