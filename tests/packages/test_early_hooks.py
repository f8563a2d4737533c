"""Monitors hook in while settings are loaded, before any backend or model is: their hooks are called."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PROJECT = """
    import nuages
    from django.conf import settings

    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes"],
        DATABASES={{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}},
    )
    calls = []

    def watched(owner, name):
        plain = getattr(owner, name)

        def watching(*args, **kwargs):
            calls.append(name)
            return plain(*args, **kwargs)

        setattr(owner, name, watching)

    {hook}
    nuages.setup()
    from django.contrib.contenttypes.models import ContentType
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    for turn in range(3):
        calls.clear()
        {use}
    print(len(calls))
"""


@pytest.mark.parametrize(
    ("hook", "use"),
    [
        (
            "from django.db.backends.utils import CursorWrapper; watched(CursorWrapper, 'execute')",
            "list(ContentType.objects.filter(app_label='none'))",
        ),
        (
            "from django.db.backends.utils import CursorWrapper; watched(CursorWrapper, 'execute')",
            "ContentType.objects.create(app_label='some', model=str(turn))",
        ),
        (
            "from django.db.backends import utils\n"
            "class Watching(utils.CursorWrapper):\n"
            "    def execute(self, *args):\n"
            "        calls.append('execute')\n"
            "        return super().execute(*args)\n"
            "utils.CursorWrapper = Watching",
            "list(ContentType.objects.filter(app_label='none'))",
        ),
        (
            "from django.db.backends.base.base import BaseDatabaseWrapper as Wrapper;"
            " watched(Wrapper, 'cursor')",
            "ContentType.objects.filter(model='none').exists()",
        ),
        (
            "from django.db.backends.base.base import BaseDatabaseWrapper as Wrapper;"
            " watched(Wrapper, 'ensure_connection')",
            "ContentType.objects.filter(model='none').count()",
        ),
        (
            "from django.db.models.sql.compiler import SQLCompiler;"
            " watched(SQLCompiler, 'execute_sql')",
            "list(ContentType.objects.filter(app_label='none'))",
        ),
        (
            "from django.db.models.query import QuerySet; watched(QuerySet, '_insert')",
            "ContentType.objects.create(app_label='some', model=str(turn))",
        ),
    ],
)
def test_an_early_hook_is_called_once_for_each_query(hook, use):
    code = textwrap.dedent(PROJECT).format(hook=hook, use=use)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == 1


def test_the_admin_can_be_imported_before_the_apps_are_loaded():
    code = """
        import nuages
        from django.conf import settings
        settings.configure()
        from django.contrib import admin
        from django.contrib.admin import actions, filters, helpers, options, sites, utils
        from django.contrib.admin.templatetags import admin_list, admin_urls
        from django.contrib.admin.views import main
        print(options.ModelAdmin is admin.ModelAdmin)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.strip() == "True", done.stderr


def test_settings_can_import_what_packages_patch(tmp_path):
    """Projects with type hints call ``django_stubs_ext.monkeypatch()`` in their settings, which imports all this."""
    (tmp_path / "early.py").write_text("""
import nuages
from django.contrib.admin import ModelAdmin
from django.contrib.messages.views import SuccessMessageMixin
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sitemaps import Sitemap
from django.contrib.syndication.views import Feed
from django.core.paginator import Paginator
from django.db.models.query import ModelIterable, Prefetch, QuerySet, RawQuerySet
from django.forms.models import BaseModelForm, ModelChoiceField, ModelChoiceIterator
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect
from django.views.generic.edit import DeletionMixin, FormMixin

@method_decorator(csrf_protect, "dispatch")
class Page(FormMixin):
    def dispatch(self, request): ...

SECRET_KEY = "found"
""")
    done = subprocess.run(
        [sys.executable, "-c", "import nuages; from django.conf import settings; print(settings.SECRET_KEY)"],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{tmp_path}", "DJANGO_SETTINGS_MODULE": "early"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.strip() == "found", done.stderr
