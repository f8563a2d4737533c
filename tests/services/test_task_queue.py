"""Tasks in the database, and their worker, in processes of their own."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import ExitStack, contextmanager

import pytest

SETTINGS = """
SECRET_KEY = "tasks " * 10
INSTALLED_APPS = ["nuages.contrib.tasks", "work"]
DATABASES = {"default": %(database)r}
TASKS = {
    "default": {
        "BACKEND": "nuages.contrib.tasks.backends.DatabaseBackend",
        "QUEUES": [],
        "OPTIONS": {"DELIVERIES": 2},
    }
}
USE_TZ = True
"""

FUNCTIONS = """
import os, time
from pathlib import Path
from django.tasks import task

def note(word):
    with open("seen", "a") as file:
        file.write(word + "\\n")

@task
def say(word):
    note(word)
    return [word]

@task
async def soon(word):
    note(word)

@task(retries=2, backoff=0.05)
def weak():
    note("weak")
    raise ValueError("not yet")

@task(retries=5, backoff=0.05, retry_for=("builtins.OSError",))
def wrong():
    raise KeyError("never")

@task(takes_context=True)
def slow(context):
    note(f"attempt {context.attempt}")
    if not Path("go").exists():
        time.sleep(20)
    return context.attempt

@task
def deadly():
    os._exit(9)

@task
def steady():
    note("begun")
    time.sleep(0.7)
    note("ended")
"""


class Project:
    """A small project in a folder, with the commands that the tests give."""

    def __init__(self, folder, database):
        self.folder = folder
        (folder / "settings.py").write_text(SETTINGS % {"database": database})
        (folder / "work").mkdir()
        (folder / "work" / "__init__.py").write_text("")
        (folder / "work" / "tasks.py").write_text(textwrap.dedent(FUNCTIONS))
        self.run("migrate", "--verbosity", "0")

    def _start(self, *arguments, **options):
        environ = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "settings",
            "PYTHONPATH": os.pathsep.join([str(self.folder), *sys.path]),
        }
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def worker(self, *options):
        return self._start("-m", "nuages", "tasks_worker", "--interval", "0.05", *options)

    def run(self, *arguments):
        return self._finish(self._start("-m", "nuages", *arguments))

    def python(self, code):
        """Run code in the project; what it puts into ``out`` comes back."""
        lines = ["import nuages, json; nuages.setup(); from work.tasks import *; out = None"]
        lines += [textwrap.dedent(code), "print(json.dumps(out, default=str))"]
        return json.loads(self._finish(self._start("-c", "\n".join(lines))).splitlines()[-1])

    @staticmethod
    def _finish(process):
        out, err = process.communicate(timeout=30)
        assert process.returncode == 0, err
        return out

    def seen(self):
        file = self.folder / "seen"
        return file.read_text().split("\n")[:-1] if file.exists() else []

    def wait_for(self, line, seconds=15):
        end = time.monotonic() + seconds
        while line not in self.seen():
            assert time.monotonic() < end, f"{line!r} was not seen"
            time.sleep(0.02)


@pytest.fixture
def project(tmp_path):
    return Project(
        tmp_path, {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "queue.sqlite3")}
    )


NAME = f"nuages_queue_{os.getpid()}"


def _parts(variable, usual):
    text = os.environ.get(variable, usual)
    return dict(part.partition("=")[::2] for part in text.split())


@contextmanager
def _on_postgres():
    import psycopg

    parts = _parts("NUAGES_TEST_POSTGRES", "host=127.0.0.1 user=postgres")
    server = psycopg.connect(**parts, connect_timeout=5, autocommit=True)
    server.execute(f"CREATE DATABASE {NAME}")
    yield "postgresql", parts
    server.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
    server.close()


@contextmanager
def _on_mysql():
    from nuages.db.backends.mysql._driver import Database

    parts = _parts("NUAGES_TEST_MYSQL", "host=127.0.0.1 user=root")
    where = {name: int(part) if name == "port" else part for name, part in parts.items()}
    server = Database.connect(**where, connect_timeout=5)
    server.cursor().execute(f"CREATE DATABASE {NAME} CHARACTER SET utf8mb4")
    yield "mysql", parts
    server.cursor().execute(f"DROP DATABASE {NAME}")
    server.close()


@pytest.fixture(
    params=[
        pytest.param(None, id="sqlite"),
        pytest.param(_on_postgres, id="postgres", marks=pytest.mark.postgres),
        pytest.param(_on_mysql, id="mysql", marks=pytest.mark.mysql),
    ]
)
def any_project(request, tmp_path):
    """A project on each database; on a server, its workers skip the rows that others hold."""
    if request.param is None:
        yield request.getfixturevalue("project")
        return
    with ExitStack() as stack:
        try:
            backend, parts = stack.enter_context(request.param())
        except Exception as error:
            message = f"No server answers for {request.node.name}: {error!r}"
            pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
        database = {"ENGINE": f"django.db.backends.{backend}", "NAME": NAME}
        names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
        database |= {names[part]: value for part, value in parts.items() if part in names}
        yield Project(tmp_path, database)


STATE = """
from nuages.contrib.tasks.models import QueuedTask
out = {
    row.path.rpartition(".")[2]: [row.status, len(row.worker_ids), len(row.errors), row.return_value]
    for row in QueuedTask.objects.all()
}
"""


def test_order_retries_and_results(any_project):
    project = any_project
    project.python(
        """
        from datetime import timedelta
        from django.db import transaction
        say.enqueue("late")
        soon.using(priority=10).enqueue("first")
        say.using(run_after=timedelta(hours=1)).enqueue("in an hour")
        weak.enqueue()
        wrong.enqueue()
        try:
            with transaction.atomic():
                say.enqueue("rolled back")
                raise OSError
        except OSError:
            pass
        """
    )
    while "weak" not in project.seen() or project.seen().count("weak") < 3:
        project.run("tasks_worker", "--burst")
    assert project.seen()[:2] == ["first", "late"]
    assert "rolled back" not in project.seen() and "in an hour" not in project.seen()
    found = project.python(STATE)
    assert found["weak"] == ["FAILED", 3, 3, None]
    assert found["wrong"] == ["FAILED", 1, 1, None]
    assert found["soon"][0] == "SUCCESSFUL"
    waiting = project.python(
        """
        from nuages.contrib.tasks.models import QueuedTask
        rows = QueuedTask.objects.filter(status="READY")
        from django.tasks import default_task_backend as backend
        done = backend.get_result(QueuedTask.objects.get(args=["late"]).pk)
        out = [[row.args for row in rows], done.return_value, done.task.func.__name__]
        """
    )
    assert waiting == [[["in an hour"]], ["late"], "say"]
    assert "Deleted 4 tasks" in project.run("tasks_prune", "--days", "0")


def test_a_killed_worker_loses_nothing(any_project):
    project = any_project
    project.python("slow.enqueue()")
    first = project.worker("--lease", "0.6")
    project.wait_for("attempt 1")
    first.kill()
    first.communicate()
    (project.folder / "go").write_text("")
    second = project.worker("--max-tasks", "1")
    project.wait_for("attempt 2")
    project._finish(second)
    assert project.python(STATE)["slow"] == ["SUCCESSFUL", 2, 0, 2]


def test_a_task_that_kills_its_workers_is_given_up(project):
    project.python("deadly.enqueue()")
    for _ in range(2):
        fallen = project.worker("--lease", "0.3", "--max-tasks", "1")
        fallen.communicate(timeout=30)
        assert fallen.returncode == 9
        time.sleep(0.35)
    project._finish(project.worker("--max-tasks", "1"))
    assert project.python(STATE)["deadly"][0] == "FAILED"


def test_sigterm_lets_the_running_task_end(project):
    project.python("steady.enqueue(); say.enqueue('left for others')")
    worker = project.worker("--lease", "0.3")
    project.wait_for("begun")
    worker.send_signal(signal.SIGTERM)
    out = project._finish(worker)
    assert "Stopped after 1 task." in out
    assert project.seen() == ["begun", "ended"]
    assert project.python(STATE)["say"][0] == "READY"


def test_two_workers_share_the_queue(any_project):
    project = any_project
    project.python("for number in range(40): say.enqueue(str(number))")
    pair = [project.worker("--burst", "--threads", "2") for _ in range(2)]
    for worker in pair:
        project._finish(worker)
    assert sorted(project.seen(), key=int) == [str(number) for number in range(40)]


def test_bad_settings_are_named(project):
    from nuages.contrib.tasks.backends import DatabaseBackend
    from nuages.core.exceptions import ImproperlyConfigured

    with pytest.raises(ImproperlyConfigured, match=r"TASKS\['mail'\]\['OPTIONS'\]\['DELIVERIES'\]"):
        DatabaseBackend("mail", {"OPTIONS": {"DELIVERIES": 0}})
    (problem,) = DatabaseBackend("mail", {}).check()
    assert problem.id == "tasks.E001" and "nuages.contrib.tasks" in problem.hint
