"""What the error pages show, and what they keep to themselves."""

import sys

import pytest

import nuages  # noqa: F401
from django.test import RequestFactory
from django.test.utils import override_settings
from django.views.debug import ExceptionReporter
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

# Not written out, for the reports show source, too.
SECRET, HARMLESS = "".join(reversed("terces-ym")), "".join(reversed("sselmrah-si"))


def report(function, request=None):
    """Return both reports of what ``function`` raises; the traceback starts here."""
    try:
        function()
    except Exception:
        reporter = ExceptionReporter(request, *sys.exc_info())
        return reporter.get_traceback_html(), reporter.get_traceback_text()
    raise AssertionError("nothing was raised")


def test_the_chain_of_causes_is_told():
    def fail():
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise ValueError("outer & <b>") from error

    html, text = report(fail)
    assert "outer &amp; &lt;b&gt;" in html and "outer & <b>" not in html
    assert "was the direct cause of the following exception" in text
    assert text.index("inner") < text.rindex("outer")


@pytest.mark.parametrize("hidden", [(), ("password",)])
def test_sensitive_variables_of_sync_and_async_functions(hidden):
    @sensitive_variables(*hidden)
    def login(password):
        return deeper(password)

    def deeper(password):
        harmless = HARMLESS
        raise RuntimeError(len(harmless))

    @sensitive_variables(*hidden)
    async def alogin(password):
        raise RuntimeError("no")

    def awaited():
        alogin(SECRET).send(None)

    for function in (lambda: login(SECRET), awaited):
        with override_settings(DEBUG=False):
            assert SECRET not in report(function)[0]
        with override_settings(DEBUG=True):
            assert SECRET in report(function)[0]
    with override_settings(DEBUG=False):
        assert (HARMLESS in report(lambda: login(SECRET))[0]) is bool(hidden)


def test_sensitive_post_parameters():
    request = RequestFactory().post("/", {"card": SECRET, "name": "Ann"})

    @sensitive_post_parameters("card")
    def pay(request):
        raise RuntimeError("no")

    with override_settings(DEBUG=False):
        html, text = report(lambda: pay(request), request)
    assert SECRET not in html + text
    assert "Ann" in html and "Ann" in text


def test_settings_and_headers_lose_their_secrets():
    request = RequestFactory().get("/", headers={"x-api-token": SECRET})

    def fail():
        raise RuntimeError("no")

    with override_settings(EXTRA={"password": SECRET, "list": [{"KEY": SECRET, "sum": 17.25}]}):
        html, text = report(fail, request)
    assert SECRET not in html + text
    assert "17.25" in html and "17.25" in text


def test_generated_code_is_shown():
    from nuages.utils.codegen import compile_function

    made = compile_function("def made():\n    return 1 / 0\n", "made", {}, "test")
    html, text = report(made)
    assert "return 1 / 0" in html
    assert "return 1 / 0" in text


def test_values_that_cannot_be_shown():
    class Wild:
        def __repr__(self):
            raise MemoryError("too much")

    def fail():
        wild, large = Wild(), "x" * 100_000
        raise RuntimeError(type(wild), len(large))

    html, _text = report(fail)
    assert "Error in formatting: MemoryError: too much" in html
    assert "trimmed 100002 bytes string" in html
    assert len(html) < 100_000
