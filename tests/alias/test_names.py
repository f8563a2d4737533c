"""``import django`` is ``import nuages``."""

import copyreg
import importlib
import inspect
import os
import pickle
import pkgutil
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path
from unittest import mock

import pytest

import nuages

SOURCE = Path(nuages.__file__).resolve().parent
ENV = {**os.environ, "PYTHONPATH": str(SOURCE.parent)}
SHIM_ENV = {**ENV, "PYTHONPATH": f"{SOURCE / 'shim'}{os.pathsep}{SOURCE.parent}"}


def python(code: str, env: dict[str, str] = ENV, *options: str) -> str:
    done = subprocess.run(
        [sys.executable, *options, "-c", textwrap.dedent(code)],
        env=env, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_both_names_give_the_same_objects():
    import django
    import django.utils.text as by_django
    import nuages.utils.text as by_nuages

    assert django is nuages
    assert by_django is by_nuages
    assert by_nuages.__name__ == "django.utils.text"


@pytest.mark.parametrize("order", ["nuages django", "django nuages"])
def test_either_order_of_import(order):
    first, second = order.split()
    code = f"""
        import {"nuages" if first == "django" else first}
        import {first}.utils.safestring as a, {second}.utils.safestring as b
        from {first}.utils import safestring as c
        print(a is b is c)
    """
    assert python(code) == "True"


def test_a_package_that_could_not_be_imported_is_not_there_the_next_time():
    """As ``django.contrib.postgres.fields`` without psycopg: projects ask for it, and do without."""
    code = """
        import sys
        import nuages

        sys.modules["psycopg"] = sys.modules["psycopg2"] = None
        for _ in range(2):
            try:
                from django.contrib.postgres import fields
            except ImportError:
                print("none")
    """
    assert python(code) == "none\nnone"


def test_shim_gives_nuages_under_the_name_django():
    assert python("import django; print(django.__name__, django.__version__)", SHIM_ENV) == (
        f"nuages {nuages.__version__}"
    )


def test_api_level_and_own_version():
    assert nuages.VERSION[:2] == (6, 1)
    assert nuages.get_version().startswith("6.1")
    assert nuages.__version__ == nuages.get_version()


def test_the_release_is_that_of_the_distribution():
    project = tomllib.loads((SOURCE.parents[1] / "pyproject.toml").read_text())["project"]
    assert project["version"] == nuages.RELEASE


def test_pickle_says_django():
    from nuages.utils.safestring import SafeString, mark_safe

    data = pickle.dumps(mark_safe("<b>"))
    assert b"django.utils.safestring" in data
    assert b"nuages" not in data
    assert type(pickle.loads(data)) is SafeString


def test_copyreg_reduces_by_public_name():
    from nuages.http import QueryDict

    rebuild, arguments = QueryDict("a=1").__reduce_ex__(2)[:2]
    assert QueryDict.__module__.startswith("django.http")
    assert rebuild is copyreg.__newobj__ or callable(rebuild)
    assert pickle.loads(pickle.dumps(QueryDict("a=1"))) == QueryDict("a=1")


def test_reload_keeps_identity():
    import nuages.utils.lorem_ipsum as module

    again = importlib.reload(module)
    import django.utils.lorem_ipsum

    assert again is module is django.utils.lorem_ipsum


def test_source_is_found():
    from django.utils.text import slugify

    assert "def slugify" in inspect.getsource(slugify)
    assert Path(inspect.getfile(slugify)).is_relative_to(SOURCE)


def test_walk_of_modules():
    import django

    names = {module.name for module in pkgutil.iter_modules(django.__path__, "django.")}
    assert {"django.db", "django.urls", "django.utils"} <= names
    found = importlib.util.find_spec("django.utils.html")
    assert found is not None and found.origin == str(SOURCE / "utils" / "html.py")


def test_mock_reaches_the_running_code():
    import nuages.utils.crypto

    with mock.patch("django.utils.crypto.get_random_string", return_value="fixed"):
        assert nuages.utils.crypto.get_random_string(5) == "fixed"
    with mock.patch("nuages.utils.crypto.get_random_string", return_value="other"):
        import django.utils.crypto

        assert django.utils.crypto.get_random_string(5) == "other"


def test_missing_modules_are_missing_under_both_names():
    for name in ("django.no_such_module", "nuages.no_such_module"):
        with pytest.raises(ModuleNotFoundError, match="no_such_module"):
            importlib.import_module(name)


def test_error_where_django_came_first(tmp_path):
    (tmp_path / "django").mkdir()
    (tmp_path / "django" / "__init__.py").write_text("VERSION = (1, 0)\n")
    env = {**ENV, "PYTHONPATH": f"{tmp_path}{os.pathsep}{SOURCE.parent}"}
    code = """
        import django
        try:
            import nuages
        except ImportError as error:
            print(error)
    """
    message = python(code, env)
    assert "Django was imported before" in message
    assert "import nuages" in message and "nuages run" in message


def test_other_django_on_the_path_stays_untouched(tmp_path):
    (tmp_path / "django").mkdir()
    (tmp_path / "django" / "__init__.py").write_text("name = 'the other one'\n")
    env = {**ENV, "PYTHONPATH": f"{tmp_path}{os.pathsep}{SOURCE.parent}"}
    assert python("import django; print(django.name)", env) == "the other one"
    assert python("import nuages, django; print(django is nuages)", env) == "True"


@pytest.mark.parametrize("name", ["nuages", "django"])
def test_run_as_module(name):
    done = subprocess.run(
        [sys.executable, "-m", name, "version"],
        env=SHIM_ENV, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "6.1" in done.stdout


def test_nuages_run_reaches_children():
    code = (
        "import subprocess, sys;"
        "print(subprocess.run([sys.executable, '-c', 'import django; print(django.__name__)'],"
        " capture_output=True, text=True).stdout)"
    )
    done = subprocess.run(
        [sys.executable, "-m", "nuages", "run", "python", "-c", code],
        env=ENV, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.strip() == "nuages", done.stderr


def test_nuages_run_prefers_the_commands_beside_it(tmp_path, monkeypatch):
    from nuages import cli

    for place in ("environment", "elsewhere"):
        (tmp_path / place).mkdir()
        for name in ("python", "tool", f"only-{place}"):
            (tmp_path / place / name).touch(mode=0o755)
    path = str(tmp_path / "elsewhere")
    monkeypatch.setattr(cli.sys, "executable", str(tmp_path / "environment/python"))
    monkeypatch.setattr(cli.sys, "prefix", str(tmp_path / "environment"))
    assert cli.find_program("tool", path) == str(tmp_path / "environment/tool")
    assert cli.find_program("only-elsewhere", path) == str(tmp_path / "elsewhere/only-elsewhere")
    assert cli.find_program("neither", path) is None
    # Outside of a virtual environment there may be anything beside the interpreter.
    monkeypatch.setattr(cli.sys, "prefix", cli.sys.base_prefix)
    assert cli.find_program("tool", path) == str(tmp_path / "elsewhere/tool")
    assert cli.find_program("only-environment", path).endswith("environment/only-environment")


def test_nuages_run_says_what_is_missing():
    done = subprocess.run(
        [sys.executable, "-m", "nuages", "run", "no-such-command-here"],
        env=ENV, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 127
    assert "no-such-command-here" in done.stderr


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing(method, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import nuages
            import multiprocessing
            from django.utils.safestring import mark_safe

            def work(text):
                import django
                return type(text).__module__, django is nuages

            if __name__ == "__main__":
                with multiprocessing.get_context("{method}").Pool(1) as pool:
                    print(pool.map(work, [mark_safe("x")]))
            """
        )
    )
    done = subprocess.run(
        [sys.executable, str(script)], env=ENV, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[('django.utils.safestring', True)]", done.stderr


def test_assertion_rewriting(tmp_path):
    (tmp_path / "conftest.py").write_text("import nuages\n")
    (tmp_path / "test_it.py").write_text(
        "from django.utils.text import slugify\n\n"
        "def test_it():\n    assert slugify('A B') == 'nothing of the kind'\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        env=ENV, cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "assert 'a-b' == 'nothing of the kind'" in done.stdout


def test_type_hints_of_what_a_project_derives_are_its_own():
    printed = python(
        """
        import typing
        import nuages
        from django.conf import settings
        settings.configure(INSTALLED_APPS=[])
        import django; django.setup()
        from django import forms, http
        from django.apps import AppConfig
        from django.contrib.admin import ModelAdmin
        from django.db import models

        class Book(models.Model):
            title: str = models.CharField(max_length=9)
            class Meta:
                app_label = "library"

        class Search(forms.Form):
            text: "str" = forms.CharField()

        for kind in (Book, Search):
            print(typing.get_type_hints(kind))
        for kind in (models.Func, models.IntegerField, models.DateField, forms.Select, forms.CharField,
                     http.HttpRequest, ModelAdmin, AppConfig):
            typing.get_type_hints(kind)
        """
    )
    assert printed.split("\n") == ["{'title': <class 'str'>}", "{'text': <class 'str'>}"]
