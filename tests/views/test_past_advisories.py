"""What went wrong elsewhere before: each test is named for the advisory of Django's that it recalls."""

import time

import pytest

import nuages  # noqa: F401
from django import forms
from django.core.exceptions import SuspiciousFileOperation, ValidationError
from django.http import Http404
from django.test import RequestFactory
from django.test.utils import override_settings
from django.views.defaults import page_not_found
from django.views.i18n import set_language
from django.views.static import serve

requests = RequestFactory()


class NoURLs:
    urlpatterns = []


def test_cve_2019_3498_the_default_404_page_does_not_repeat_the_path():
    request = requests.get("/Please%20visit%20http://example.com/")
    response = page_not_found(request, Http404())
    assert b"example.com" not in response.content


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example/", "javascript:alert(1)"]
)
def test_set_language_goes_nowhere_else(target):
    with override_settings(ALLOWED_HOSTS=["testserver"], ROOT_URLCONF=NoURLs):
        response = set_language(requests.post("/", {"language": "de", "next": target}))
    assert response.url == "/"


def test_cve_2017_7234_serve_stays_in_its_folder_and_does_not_redirect(tmp_path):
    (tmp_path / "public").mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "public" / "page.txt").write_text("page")
    found = serve(requests.get("/"), "//page.txt", document_root=tmp_path / "public")
    assert b"".join(found) == b"page"
    for path in (
        "../secret.txt",
        "/../secret.txt",
        "%2e%2e/secret.txt",
        "page.txt\0",
        "x/../../secret.txt",
    ):
        with pytest.raises((Http404, SuspiciousFileOperation)):
            serve(requests.get("/"), path, document_root=tmp_path / "public")


def test_cve_2023_31047_a_second_file_cannot_slip_past_validation():
    for widget in (forms.FileInput, forms.ClearableFileInput):
        with pytest.raises(ValueError, match="doesn't support uploading multiple files"):
            widget(attrs={"multiple": True})


def test_cve_2026_25673_long_urls_are_refused_quickly():
    field = forms.URLField()
    start = time.perf_counter()
    for text in ("ﷺ" * 200_000, "https://" + "ﷺ" * 200_000, "[" * 200_000):
        with pytest.raises(ValidationError):
            field.clean(text)
    assert time.perf_counter() - start < 5


def test_cve_2024_56374_long_addresses_are_refused_quickly():
    field = forms.GenericIPAddressField()
    start = time.perf_counter()
    for text in (":" * 500_000, "0:" * 300_000, "1" * 500_000):
        with pytest.raises(ValidationError):
            field.clean(text)
    assert time.perf_counter() - start < 5


def test_names_of_files_and_errors_are_escaped():
    class Stored:
        url = "/x?a=1&b=<script>"

        def __str__(self):
            return "<script>.png"

    class Upload(forms.Form):
        picture = forms.FileField(required=False, initial=Stored())

    html = str(Upload())
    assert "<script>" not in html
    assert "&lt;script&gt;.png" in html
