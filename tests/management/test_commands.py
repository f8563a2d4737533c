"""Commands: calls from code and from the command line, and new projects."""

import io
import os
import subprocess
import sys

import pytest

from django.core.management import BaseCommand, CommandError, call_command, get_commands


class Greet(BaseCommand):
    """A command with an argument and options."""

    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("--times", type=int, required=True)

    def handle(self, *args, **options):
        self.stdout.write(" ".join([options["name"]] * options["times"]))


def test_a_command_is_called_with_options_by_name():
    out = io.StringIO()
    call_command(Greet(), "hello", times=2, stdout=out)
    assert out.getvalue() == "hello hello\n"


@pytest.mark.parametrize(
    ("args", "options", "error", "message"),
    [
        ((), {"times": 1}, CommandError, "name"),
        (("a",), {}, CommandError, "--times"),
        (("a",), {"times": 1, "loud": True}, TypeError, "Unknown option.* loud"),
    ],
)
def test_wrong_calls_are_refused(args, options, error, message):
    with pytest.raises(error, match=message):
        call_command(Greet(), *args, **options)


def test_an_unknown_command_is_named():
    with pytest.raises(CommandError, match="Unknown command: 'migrat'"):
        call_command("migrat")
    assert get_commands()["migrate"] == "django.core"


def run(*words, cwd):
    """Run Python on a file of a project; return the finished process."""
    source = os.pathsep.join(sys.path)
    env = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env={**env, "PYTHONPATH": source},
        capture_output=True,
        text=True,
    )


def test_a_new_project_runs(tmp_path):
    made = run("-m", "nuages", "startproject", "site1", str(tmp_path), cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "manage.py").read_text().count("import nuages") == 1
    assert run("manage.py", "startapp", "things", cwd=tmp_path).returncode == 0
    for words in (["check"], ["migrate", "-v", "0"], ["makemigrations", "--check"]):
        done = run("manage.py", *words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    wrong = run("manage.py", "chek", cwd=tmp_path)
    assert wrong.returncode == 1 and "Did you mean check?" in wrong.stderr


def test_a_name_that_python_cannot_import_is_refused(tmp_path):
    made = run("-m", "nuages", "startproject", "my-site", str(tmp_path), cwd=tmp_path)
    assert made.returncode == 1 and "'my-site' is not a valid project name" in made.stderr
