"""The assertions of SimpleTestCase and TransactionTestCase. Manual: "Testing tools", "Assertions"."""

from __future__ import annotations

import difflib
import json
import unittest
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urljoin, urlparse, urlsplit, urlunparse

from nuages.conf import settings
from nuages.core.exceptions import ValidationError
from nuages.http import QueryDict
from nuages.http.request import split_domain_port, validate_host
from nuages.template.base import PartialTemplate
from nuages.test.capture import CaptureQueriesContext
from nuages.test.html import Element, HTMLParseError, parse_html
from nuages.test.signals import template_rendered
from nuages.test.xml import compare_xml

# Frames of this module are left out of a failing test's traceback.
__unittest = True

__all__ = ["ResponseAssertions", "QueryAssertions", "assert_and_parse_html", "to_list"]


def to_list(value: Any) -> list[Any]:
    """Return ``value`` as a list, where a single string counts as one item."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def assert_and_parse_html(
    case: unittest.TestCase, markup: str, user_msg: str | None, msg: str
) -> Element:
    """Return the tree of ``markup``, or fail ``case`` with ``msg``."""
    try:
        return parse_html(markup)
    except HTMLParseError as error:
        case.fail(case._formatMessage(user_msg, f"{msg}\n{error}"))


def _differing_lines(one: str, other: str) -> str:
    return "\n" + "\n".join(difflib.ndiff(one.splitlines(), other.splitlines()))


def listing_assertions[C: type](case: C) -> C:
    """Give a class of tests the assertions of its first base as its own (a class decorator).

    Whatever offers them outside of test cases finds their names with ``vars(SimpleTestCase)``.
    """
    for name, method in vars(case.__bases__[0]).items():
        if name.startswith("assert"):
            setattr(case, name, method)
    return case


class _TemplateWatch:
    """Context manager: keeps the names of the templates that are rendered inside it."""

    def __init__(self, case: ResponseAssertions, name: str | None, msg_prefix: str, count: Any):
        self.case, self.name, self.msg_prefix, self.count = case, name, msg_prefix, count
        self.names: list[Any] = []

    def on_rendered(self, sender: Any, signal: Any, template: Any, context: Any, **kw: Any) -> None:
        self.names.append(_name_of(template))

    def verify(self) -> None:
        self.case._check_template_used(self.name, self.names, self.msg_prefix, self.count)

    def __enter__(self) -> _TemplateWatch:
        template_rendered.connect(self.on_rendered)
        return self

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        template_rendered.disconnect(self.on_rendered)
        if exc_type is None:
            self.names = [name for name in self.names if name is not None]
            self.verify()


class _NoTemplateWatch(_TemplateWatch):
    def verify(self) -> None:
        self.case.assertFalse(
            self.name in self.names,
            f"{self.msg_prefix}Template {self.name!r} was used unexpectedly in rendering the"
            " response",
        )


def _prefix(msg_prefix: str) -> str:
    return f"{msg_prefix}: " if msg_prefix else ""


class ResponseAssertions(unittest.TestCase):
    """Assertions about responses, templates, forms, markup, warnings and messages."""

    client: Any
    # (unittest's own.)
    _truncateMessage: Any  # noqa: N815

    # Responses

    def assertRedirects(
        self,
        response: Any,
        expected_url: str,
        status_code: int = 302,
        target_status_code: int = 200,
        msg_prefix: str = "",
        fetch_redirect_response: bool = True,
    ) -> None:
        """Assert that ``response`` redirects (or, when followed, redirected) to ``expected_url``."""
        prefix = _prefix(msg_prefix)
        if hasattr(response, "redirect_chain"):
            self.assertTrue(
                response.redirect_chain,
                f"{prefix}Response didn't redirect as expected: Response code was"
                f" {response.status_code} (expected {status_code})",
            )
            self.assertEqual(
                response.redirect_chain[0][1],
                status_code,
                f"{prefix}Initial response didn't redirect as expected: Response code was"
                f" {response.redirect_chain[0][1]} (expected {status_code})",
            )
            url = response.redirect_chain[-1][0]
            self.assertEqual(
                response.status_code,
                target_status_code,
                f"{prefix}Response didn't redirect as expected: Final Response code was"
                f" {response.status_code} (expected {target_status_code})",
            )
        else:
            self.assertEqual(
                response.status_code,
                status_code,
                f"{prefix}Response didn't redirect as expected: Response code was"
                f" {response.status_code} (expected {status_code})",
            )
            url = response.url
            if fetch_redirect_response:
                self._follow_for_assertion(response, url, target_status_code, prefix)
        if not urlsplit(url).path.startswith("/"):
            url = urljoin(response.request["PATH_INFO"], url)
        if not urlsplit(expected_url).path.startswith("/"):
            expected_url = urljoin(response.request["PATH_INFO"], expected_url)
        self.assertURLEqual(
            url,
            expected_url,
            msg_prefix=f"{prefix}Response redirected to '{url}', expected '{expected_url}'",
        )

    def _follow_for_assertion(
        self, response: Any, url: str, target_status_code: int, prefix: str
    ) -> None:
        parts = urlsplit(url)
        path = parts.path
        if not path.startswith("/"):
            path = urljoin(response.request["PATH_INFO"], path)
        domain, _port = split_domain_port(parts.netloc)
        if domain and not validate_host(domain, settings.ALLOWED_HOSTS):
            raise ValueError(
                "The test client is unable to fetch remote URLs (got %s). If the host is served by"
                " Django, add '%s' to ALLOWED_HOSTS. Otherwise, use"
                " assertRedirects(..., fetch_redirect_response=False)." % (url, domain)
            )
        # The environment of the request that was redirected stays in force (cookies aside).
        extra = response.client.extra or {}
        headers = response.client.headers or {}
        landed = response.client.get(
            path,
            QueryDict(parts.query),
            secure=parts.scheme == "https",
            headers=headers,
            **extra,
        )
        self.assertEqual(
            landed.status_code,
            target_status_code,
            f"{prefix}Couldn't retrieve redirection page '{path}': response code was"
            f" {landed.status_code} (expected {target_status_code})",
        )

    def assertURLEqual(self, url1: Any, url2: Any, msg_prefix: str = "") -> None:
        """Assert that two URLs are the same, the order of their query's names aside."""

        def canonical(url: Any) -> str:
            parts = list(urlparse(str(url)))
            parts[4] = urlencode(sorted(parse_qsl(parts[4]), key=lambda pair: pair[0]))
            return urlunparse(parts)

        self.assertEqual(
            canonical(url1),
            canonical(url2),
            f"{_prefix(msg_prefix)}Expected '{url1}' to equal '{url2}'",
        )

    def _text_of(
        self, response: Any, text: Any, status_code: int, msg_prefix: str, html: bool
    ) -> tuple[str, Any, str, Any]:
        """Return how to show ``text``, what to look for, the prefix, and where to look."""
        if hasattr(response, "render") and callable(response.render) and not response.is_rendered:
            # A TemplateResponse straight from a view.
            response.render()
        prefix = _prefix(msg_prefix)
        self.assertEqual(
            response.status_code,
            status_code,
            f"{prefix}Couldn't retrieve content: Response code was {response.status_code}"
            f" (expected {status_code})",
        )
        content: Any = _content_of(response)
        shown = repr(text)
        if isinstance(text, bytes) and not html:
            return shown, text, prefix, content
        text = str(text) if not isinstance(text, bytes) else text.decode()
        content = content.decode(response.charset)
        if html:
            content = assert_and_parse_html(
                self, content, None, "Response's content is not valid HTML:"
            )
            text = assert_and_parse_html(self, text, None, "Second argument is not valid HTML:")
        return shown, text, prefix, content

    def assertContains(
        self,
        response: Any,
        text: Any,
        count: int | None = None,
        status_code: int = 200,
        msg_prefix: str = "",
        html: bool = False,
    ) -> None:
        """Assert that ``response`` has ``status_code`` and ``text`` in its content."""
        shown, wanted, prefix, content = self._text_of(
            response, text, status_code, msg_prefix, html
        )
        found = content.count(wanted)
        if found if count is None else found == count:
            # (To show a page takes longer than to look for a text in it.)
            return
        body = self._shown_content(response)
        if count is None:
            self.assertTrue(
                found != 0, f"{prefix}Couldn't find {shown} in the following response\n{body}"
            )
        else:
            self.assertEqual(
                found,
                count,
                f"{prefix}Found {found} instances of {shown} (expected {count}) in the following"
                f" response\n{body}",
            )

    def assertNotContains(
        self,
        response: Any,
        text: Any,
        status_code: int = 200,
        msg_prefix: str = "",
        html: bool = False,
    ) -> None:
        """Assert that ``response`` has ``status_code`` and not ``text`` in its content."""
        shown, wanted, prefix, content = self._text_of(
            response, text, status_code, msg_prefix, html
        )
        found = content.count(wanted)
        if found:
            self.assertEqual(
                found,
                0,
                f"{prefix}{shown} unexpectedly found in the following response\n"
                f"{self._shown_content(response)}",
            )

    @staticmethod
    def _shown_content(response: Any) -> str:
        return repr(_content_of(response))

    # Forms

    def assertFormError(
        self, form: Any, field: str | None, errors: Any, msg_prefix: str = ""
    ) -> None:
        """Assert that ``field`` of a bound form (``None``: the form) has exactly ``errors``."""
        self._check_form(form, field, errors, _prefix(msg_prefix), f"form {form!r}")

    def assertFormSetError(
        self, formset: Any, form_index: int | None, field: str | None, errors: Any,
        msg_prefix: str = "",
    ) -> None:  # fmt: skip
        """Assert the errors of one form of a formset, or of the formset (``form_index=None``)."""
        if form_index is None and field is not None:
            raise ValueError("You must use field=None with form_index=None.")
        prefix = _prefix(msg_prefix)
        if not formset.is_bound:
            self.fail(
                f"{prefix}The formset {formset!r} is not bound, it will never have any errors."
            )
        count = formset.total_form_count()
        if form_index is not None and form_index >= count:
            forms = "form" if count == 1 else "forms"
            self.fail(f"{prefix}The formset {formset!r} only has {count} {forms}.")
        if form_index is None:
            self._same_errors(
                formset.non_form_errors(),
                errors,
                prefix,
                f"The non-form errors of formset {formset!r}",
            )
        else:
            self._check_form(
                formset.forms[form_index],
                field,
                errors,
                prefix,
                f"form {form_index} of formset {formset!r}",
            )

    def _check_form(
        self, form: Any, field: str | None, errors: Any, prefix: str, described: str
    ) -> None:
        if not form.is_bound:
            self.fail(f"{prefix}The {described} is not bound, it will never have any errors.")
        if field is not None and field not in form.fields:
            self.fail(f"{prefix}The {described} does not contain the field {field!r}.")
        if field is None:
            found = form.non_field_errors()
            subject = f"The non-field errors of {described}"
        else:
            found = form.errors.get(field, [])
            subject = f"The errors of field {field!r} on {described}"
        self._same_errors(found, errors, prefix, subject)

    def _same_errors(self, found: Any, errors: Any, prefix: str, subject: str) -> None:
        # What ``errors`` says, in the form that a form keeps its errors.
        expected = to_list(errors)
        if isinstance(errors, ValidationError):
            expected = errors.messages
        self.assertEqual(
            list(found), [str(item) for item in expected], f"{prefix}{subject} don't match."
        )

    def assertFieldOutput(
        self,
        fieldclass: Callable[..., Any],
        valid: Mapping[Any, Any],
        invalid: Mapping[Any, Any],
        field_args: Iterable[Any] | None = None,
        field_kwargs: Mapping[str, Any] | None = None,
        empty_value: Any = "",
    ) -> None:
        """Assert what a form field makes of valid and invalid inputs."""
        arguments, options = list(field_args or ()), dict(field_kwargs or {})
        required = fieldclass(*arguments, **options)
        optional = fieldclass(*arguments, **{**options, "required": False})
        for raw, clean in valid.items():
            self.assertEqual(required.clean(raw), clean)
            self.assertEqual(optional.clean(raw), clean)
        for raw, messages in invalid.items():
            for field in (required, optional):
                with self.assertRaises(ValidationError) as caught:
                    field.clean(raw)
                self.assertEqual(caught.exception.messages, messages)
        for nothing in required.empty_values:
            with self.assertRaises(ValidationError) as caught:
                required.clean(nothing)
            self.assertEqual(caught.exception.messages, [required.error_messages["required"]])
            self.assertEqual(optional.clean(nothing), empty_value)

    # Templates

    def _templates_of(self, response: Any, method: str) -> list[str]:
        if getattr(response, "templates", None) is None:
            raise ValueError(
                f"{method}() is only usable on responses fetched using the Django test Client."
            )
        return [name for name in map(_name_of, response.templates) if name is not None]

    def _check_template_used(
        self, name: str | None, used: list[Any], msg_prefix: str, count: int | None
    ) -> None:
        if not used or not name:
            self.fail(f"{msg_prefix}No templates used to render the response")
        self.assertTrue(
            name in used,
            f"{msg_prefix}Template '{name}' was not a template used to render the response."
            f" Actual template(s) used: {', '.join(used)}",
        )
        if count is not None:
            rendered = used.count(name)
            self.assertEqual(
                rendered,
                count,
                f"{msg_prefix}Template '{name}' was expected to be rendered {count} time(s) but was"
                f" actually rendered {rendered} time(s).",
            )

    def _template_subject(self, response: Any, template_name: str | None) -> tuple[Any, str | None]:
        """Sort out ``(response, name)``, ``(name)`` and ``template_name=name``."""
        if response is None and template_name is None:
            raise TypeError("response and/or template_name argument must be provided")
        if template_name is not None and response is not None and not isinstance(response, str):
            return response, template_name
        return None, response if isinstance(response, str) else template_name

    def assertTemplateUsed(
        self,
        response: Any = None,
        template_name: str | None = None,
        msg_prefix: str = "",
        count: int | None = None,
    ) -> AbstractContextManager[Any] | None:
        """Assert that a template was rendered for ``response``, or inside a ``with`` block."""
        response, name = self._template_subject(response, template_name)
        prefix = _prefix(msg_prefix)
        if response is None:
            return _TemplateWatch(self, name, prefix, count)
        used = self._templates_of(response, "assertTemplateUsed")
        self._check_template_used(name, used, prefix, count)
        return None

    def assertTemplateNotUsed(
        self, response: Any = None, template_name: str | None = None, msg_prefix: str = ""
    ) -> AbstractContextManager[Any] | None:
        """Assert that a template was not rendered for ``response``, or inside a ``with`` block."""
        response, name = self._template_subject(response, template_name)
        prefix = _prefix(msg_prefix)
        if response is None:
            return _NoTemplateWatch(self, name, prefix, None)
        self.assertFalse(
            name in self._templates_of(response, "assertTemplateNotUsed"),
            f"{prefix}Template '{name}' was used unexpectedly in rendering the response",
        )
        return None

    # Errors and warnings

    @contextmanager
    def _message_of(
        self, expected: str, manager: AbstractContextManager[Any], attribute: str
    ) -> Iterator[Any]:
        with manager as caught:
            yield caught
        self.assertIn(expected, str(getattr(caught, attribute)))

    def assertRaisesMessage(
        self, expected_exception: Any, expected_message: str, *args: Any, **kwargs: Any
    ) -> Any:
        """Assert that an exception is raised whose text contains ``expected_message``."""
        manager = self._message_of(
            expected_message, self.assertRaises(expected_exception), "exception"
        )
        return self._call_or_manage(manager, args, kwargs)

    def assertWarnsMessage(
        self, expected_warning: Any, expected_message: str, *args: Any, **kwargs: Any
    ) -> Any:
        """Assert that a warning is given whose text contains ``expected_message``."""
        manager = self._message_of(expected_message, self.assertWarns(expected_warning), "warning")
        return self._call_or_manage(manager, args, kwargs)

    @staticmethod
    def _call_or_manage(
        manager: AbstractContextManager[Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if not args:
            return manager
        with manager:
            args[0](*args[1:], **kwargs)
        return None

    # Markup and data

    def assertHTMLEqual(self, html1: str, html2: str, msg: str | None = None) -> None:
        """Assert that two pieces of HTML mean the same."""
        dom1 = assert_and_parse_html(self, html1, msg, "First argument is not valid HTML:")
        dom2 = assert_and_parse_html(self, html2, msg, "Second argument is not valid HTML:")
        if dom1 != dom2:
            standard = f"{_safe(dom1)} != {_safe(dom2)}"
            self.fail(
                self._formatMessage(
                    msg, self._truncateMessage(standard, _differing_lines(str(dom1), str(dom2)))
                )
            )

    def assertHTMLNotEqual(self, html1: str, html2: str, msg: str | None = None) -> None:
        """Assert that two pieces of HTML do not mean the same."""
        dom1 = assert_and_parse_html(self, html1, msg, "First argument is not valid HTML:")
        dom2 = assert_and_parse_html(self, html2, msg, "Second argument is not valid HTML:")
        if dom1 == dom2:
            self.fail(self._formatMessage(msg, f"{_safe(dom1)} == {_safe(dom2)}"))

    def assertInHTML(
        self, needle: str, haystack: str, count: int | None = None, msg_prefix: str = ""
    ) -> None:
        """Assert that ``haystack`` contains the HTML ``needle``, ``count`` times if given."""
        prefix = _prefix(msg_prefix)
        found = self._count_html(needle, haystack)
        if count is None:
            self.assertTrue(
                found != 0,
                f"{prefix}Couldn't find '{needle}' in the following response\n{haystack!r}",
            )
        else:
            self.assertEqual(
                found,
                count,
                f"{prefix}Found {found} instances of '{needle}' (expected {count}) in the following"
                f" response\n{haystack!r}",
            )

    def assertNotInHTML(self, needle: str, haystack: str, msg_prefix: str = "") -> None:
        """Assert that ``haystack`` does not contain the HTML ``needle``."""
        self.assertEqual(
            self._count_html(needle, haystack),
            0,
            f"{_prefix(msg_prefix)}'{needle}' unexpectedly found in the following response\n"
            f"{haystack!r}",
        )

    def _count_html(self, needle: str, haystack: str) -> int:
        inner = assert_and_parse_html(self, needle, None, "First argument is not valid HTML:")
        outer = assert_and_parse_html(self, haystack, None, "Second argument is not valid HTML:")
        return outer.count(inner)

    def _json(self, text: Any, which: str) -> Any:
        try:
            return json.loads(text)
        except ValueError:
            self.fail(f"{which} argument is not valid JSON: {text!r}")

    def assertJSONEqual(self, raw: str, expected_data: Any, msg: str | None = None) -> None:
        """Assert that a JSON text says ``expected_data`` (data, or a JSON text)."""
        data = self._json(raw, "First")
        if isinstance(expected_data, str):
            expected_data = self._json(expected_data, "Second")
        self.assertEqual(data, expected_data, msg=msg)

    def assertJSONNotEqual(self, raw: str, expected_data: Any, msg: str | None = None) -> None:
        """Assert that a JSON text does not say ``expected_data``."""
        data = self._json(raw, "First")
        if isinstance(expected_data, str):
            expected_data = self._json(expected_data, "Second")
        self.assertNotEqual(data, expected_data, msg=msg)

    def _same_xml(self, xml1: str, xml2: str, msg: str | None) -> bool:
        try:
            return compare_xml(xml1, xml2)
        except Exception as error:
            self.fail(
                self._formatMessage(msg, f"First or second argument is not valid XML\n{error}")
            )

    def assertXMLEqual(self, xml1: str, xml2: str, msg: str | None = None) -> None:
        """Assert that two XML documents say the same."""
        if not self._same_xml(xml1, xml2, msg):
            standard = f"{_safe(xml1)} != {_safe(xml2)}"
            self.fail(
                self._formatMessage(
                    msg, self._truncateMessage(standard, _differing_lines(xml1, xml2))
                )
            )

    def assertXMLNotEqual(self, xml1: str, xml2: str, msg: str | None = None) -> None:
        """Assert that two XML documents do not say the same."""
        if self._same_xml(xml1, xml2, msg):
            self.fail(self._formatMessage(msg, f"{_safe(xml1)} == {_safe(xml2)}"))


class QueryAssertions(unittest.TestCase):
    """Assertions about query sets and the number of queries."""

    def assertQuerySetEqual(
        self,
        qs: Any,
        values: Any,
        transform: Callable[[Any], Any] | None = None,
        ordered: bool = True,
        msg: str | None = None,
    ) -> None:
        """Assert that ``qs`` gives ``values``, in their order unless ``ordered`` is false."""
        expected = list(values)
        items = list(qs)
        if transform is not None:
            items = [transform(item) for item in items]
        if not ordered:
            self.assertDictEqual(Counter(items), Counter(expected), msg=msg)
            return
        if len(expected) > 1 and hasattr(qs, "ordered") and not qs.ordered:
            raise ValueError(
                "Trying to compare non-ordered queryset against more than one ordered value."
            )
        self.assertEqual(items, expected, msg=msg)

    def assertNumQueries(
        self, num: int, func: Callable[..., Any] | None = None, *args: Any,
        using: str = "default", **kwargs: Any,
    ) -> Any:  # fmt: skip
        """Assert that ``func`` (or a ``with`` block) makes exactly ``num`` queries."""
        from nuages.db import connections

        manager = _NumberOfQueries(self, num, connections[using])
        if func is None:
            return manager
        with manager:
            func(*args, **kwargs)
        return None


class _NumberOfQueries(CaptureQueriesContext):
    """Counts the queries of a ``with`` block, and lists them if they are not as many."""

    def __init__(self, case: unittest.TestCase, expected: int, connection: Any) -> None:
        super().__init__(connection)
        self.case, self.expected = case, expected

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        super().__exit__(exc_type, exc_value, traceback)
        if exc_type is None:
            queries = "\n".join(
                f"{number}. {query['sql']}"
                for number, query in enumerate(self.captured_queries, start=1)
            )
            self.case.assertEqual(
                len(self),
                self.expected,
                f"{len(self)} queries executed, {self.expected} expected\n"
                f"Captured queries were:\n{queries}",
            )


def _name_of(template: Any) -> str | None:
    """Return how ``get_template()`` is asked for a template, or a part of one."""
    if isinstance(template, PartialTemplate):
        return f"{cast(str, template.origin.template_name)}#{template.name}"
    return template.name


def _content_of(response: Any) -> bytes:
    """Return a response's content; a stream can still be read after it."""
    if not response.streaming:
        return response.content
    content = response.getvalue()
    response.streaming_content = [content]
    return content


def _safe(value: Any) -> str:
    """Return the text that a message shows for a value: HTML as markup, other values by repr."""
    return str(value) if isinstance(value, Element) else repr(value)
