"""The tutorial's project over a real socket, under each server that people use."""

import http.client
import re
import shutil
import subprocess
import sys
from urllib.parse import urlencode

import pytest
from serving import ENV, ROOT, serving

PYTHON = sys.executable
SERVERS = {
    "runserver": [PYTHON, "manage.py", "runserver", "127.0.0.1:{port}", "--noreload"],
    "gunicorn": [PYTHON, "-m", "gunicorn", "mysite.wsgi", "-b", "127.0.0.1:{port}"],
    "uvicorn": [PYTHON, "-m", "uvicorn", "mysite.asgi:application", "--port", "{port}"],
    "granian": [
        PYTHON, "-m", "granian", "--interface", "asgi", "--port", "{port}", "mysite.asgi:application",
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project with a migrated database and one question."""
    folder = tmp_path_factory.mktemp("served") / "polls"
    shutil.copytree(ROOT / "examples/polls", folder, ignore=shutil.ignore_patterns("*.sqlite3"))
    question = (
        "from polls.models import Question; from django.utils import timezone;"
        "q = Question.objects.create(question_text='Which chord?', pub_date=timezone.now());"
        "q.choice_set.create(choice_text='Six nine'); q.choice_set.create(choice_text='Diminished')"
    )
    for command in (["migrate", "--verbosity", "0"], ["shell", "-c", question]):
        done = subprocess.run(
            [PYTHON, "manage.py", *command], cwd=folder, env=ENV, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    return folder


def ask(port, method, path, body=None, headers=()):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body, {"Host": f"127.0.0.1:{port}", **dict(headers)})
    response = connection.getresponse()
    content = response.read().decode()
    connection.close()
    return response, content


@pytest.mark.parametrize("name", SERVERS)
def test_every_page_of_the_tutorial(project, name):
    with serving(project, SERVERS[name]) as port:
        response, index = ask(port, "GET", "/polls/")
        assert response.status == 200 and "Which chord?" in index
        response, detail = ask(port, "GET", "/polls/1/")
        assert response.status == 200 and "Diminished" in detail
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', detail)[1]
        cookie = response.getheader("Set-Cookie").partition(";")[0]
        form = {
            "Cookie": cookie,
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": f"http://127.0.0.1:{port}",
        }
        response, _ = ask(port, "POST", "/polls/1/vote/", "choice=1", form)
        assert response.status == 403
        body = urlencode({"choice": 1, "csrfmiddlewaretoken": token})
        response, _ = ask(port, "POST", "/polls/1/vote/", body, form)
        assert response.status == 302 and response.getheader("Location") == "/polls/1/results/"
        response, results = ask(port, "GET", "/polls/1/results/")
        assert response.status == 200 and "Six nine" in results
        body = urlencode({"csrfmiddlewaretoken": token})
        response, again = ask(port, "POST", "/polls/1/vote/", body, form)
        assert response.status == 200 and "select a choice" in again
        response, _ = ask(port, "GET", "/polls/99/")
        assert response.status == 404
        if name == "runserver":
            response, style = ask(port, "GET", "/static/polls/style.css")
            assert response.status == 200 and "{" in style
