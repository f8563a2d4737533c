"""Bad input gets a clear error that names what is at fault, loses nothing, and costs little."""

import io
import resource
import subprocess
import sys

import pytest

from django.conf import settings
from django.core.exceptions import (
    ImproperlyConfigured,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
)
from django.core.files.uploadhandler import StopUpload
from django.db import models
from django.http.multipartparser import MultiPartParserError
from django.template import Engine, TemplateSyntaxError
from django.test import RequestFactory
from django.test.utils import isolate_apps, override_settings
from django.urls import path


def peak_memory() -> int:
    """Return the most memory this process has held, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def wsgi_request(body: bytes, content_type: str, length: int | None = None, **environ):
    from django.core.handlers.wsgi import WSGIRequest

    return WSGIRequest(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(body) if length is None else length),
            "wsgi.input": io.BytesIO(body),
            "wsgi.url_scheme": "http",
            **environ,
        }
    )


def test_broken_setting_is_named(tmp_path):
    (tmp_path / "broken_settings.py").write_text("INSTALLED_APPS = 'not a list'\n")
    done = subprocess.run(
        [sys.executable, "-c", "import nuages; nuages.setup()"],
        capture_output=True, text=True, timeout=60,
        env={
            "DJANGO_SETTINGS_MODULE": "broken_settings",
            "PYTHONPATH": ":".join([*sys.path, str(tmp_path)]),
        },
    )  # fmt: skip
    assert done.returncode != 0
    assert "INSTALLED_APPS" in done.stderr.splitlines()[-1]


def test_missing_settings_module_is_named():
    code = "import nuages; from django.conf import settings; settings.DEBUG"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60,
        env={"DJANGO_SETTINGS_MODULE": "no.such.settings", "PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    assert done.returncode != 0
    assert "no" in done.stderr.splitlines()[-1]


def test_missing_setting_is_named():
    with pytest.raises(AttributeError, match="NO_SUCH_SETTING"):
        settings.NO_SUCH_SETTING  # noqa: B018


def test_unclosed_block_names_tag_and_line():
    with pytest.raises(TemplateSyntaxError) as caught:
        Engine(debug=True).from_string("one\n{% if two %}\nthree")
    assert "Unclosed tag on line 2: 'if'" in str(caught.value)
    assert caught.value.template_debug["line"] == 2


def test_url_with_a_bad_converter_names_pattern_and_converter():
    with pytest.raises(ImproperlyConfigured) as caught:
        path("articles/<integer:year>/", lambda request: None)
    assert "articles/<integer:year>/" in str(caught.value)
    assert "integer" in str(caught.value)


@isolate_apps("shop")
def test_clashing_field_names_both():
    class Author(models.Model):
        class Meta:
            app_label = "shop"

    class Book(models.Model):
        author = models.ForeignKey(Author, models.CASCADE)
        author_id = models.IntegerField()

        class Meta:
            app_label = "shop"

    (error,) = Book.check()
    assert error.id == "models.E006"
    assert "author_id" in error.msg and "author" in error.msg


def test_post_of_10_000_fields():
    body = "&".join(f"field{number}=x" for number in range(10_000)).encode()
    before = peak_memory()
    request = wsgi_request(body, "application/x-www-form-urlencoded")
    with pytest.raises(TooManyFieldsSent, match="DATA_UPLOAD_MAX_NUMBER_FIELDS"):
        request.POST  # noqa: B018
    assert peak_memory() - before < 20_000


def test_content_length_of_5_gb_is_refused_before_reading():
    class Endless(io.RawIOBase):
        taken = 0

        def read(self, size=-1):
            self.taken += size
            return b"x" * min(size, 65_536)

    source = Endless()
    request = wsgi_request(
        b"", "application/x-www-form-urlencoded", length=5 * 2**30, **{"wsgi.input": source}
    )
    before = peak_memory()
    with pytest.raises(RequestDataTooBig, match="DATA_UPLOAD_MAX_MEMORY_SIZE"):
        request.body  # noqa: B018
    assert source.taken == 0
    assert peak_memory() - before < 20_000


@pytest.mark.parametrize(
    "cookie",
    ["=", ";;;", "name", "a=b; =c; d", 'x="unclosed', "\x00=\x00", "a=" + "b" * 100_000, "é=ü"],
)
def test_malformed_cookie_loses_no_other(cookie):
    request = wsgi_request(b"", "text/plain", HTTP_COOKIE=f"{cookie}; good=kept")
    assert request.COOKIES["good"] == "kept"


@pytest.mark.parametrize("cut", [10, 60, 120, 160])
def test_multipart_cut_in_the_middle(cut):
    body = (
        b"--limit\r\n"
        b'Content-Disposition: form-data; name="text"\r\n\r\n'
        b"some text\r\n"
        b"--limit\r\n"
        b'Content-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        b"the file's content\r\n"
        b"--limit--\r\n"
    )
    request = wsgi_request(body[:cut], "multipart/form-data; boundary=limit", length=len(body))
    try:
        fields, files = request.POST, request.FILES
    except (MultiPartParserError, StopUpload, SuspiciousOperation, OSError) as error:
        assert str(error)
    else:
        # What had arrived is there; nothing is made up.
        assert set(fields) <= {"text"} and set(files) <= {"file"}
        assert "some text".startswith(fields.get("text", ""))


def test_host_that_is_not_allowed_names_the_setting():
    with override_settings(ALLOWED_HOSTS=["good.example"]):
        request = RequestFactory().get("/", headers={"host": "evil.example"})
        with pytest.raises(SuspiciousOperation, match="ALLOWED_HOSTS"):
            request.get_host()
