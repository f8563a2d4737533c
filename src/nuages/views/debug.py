"""What developers see when something goes wrong. Manual: "How to manage error reporting".

With ``DEBUG`` on, an error answers with a page that shows the traceback, the source around each
frame and local variables; the same report goes by mail to the admins with ``DEBUG`` off. Secrets
are taken out by :class:`SafeExceptionReporterFilter`.
"""

from __future__ import annotations

import contextlib
import functools
import linecache
import re
import sys
import tokenize
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from nuages.conf import settings
from nuages.core.exceptions import ImproperlyConfigured
from nuages.http import HttpRequest, HttpResponse, HttpResponseNotFound
from nuages.template import Context, Engine, TemplateDoesNotExist
from nuages.template.defaultfilters import pprint
from nuages.urls import resolve
from nuages.utils import timezone
from nuages.utils.datastructures import MultiValueDict
from nuages.utils.encoding import force_str
from nuages.utils.module_loading import import_string
from nuages.utils.regex_helper import _lazy_re_compile
from nuages.utils.version import get_docs_version
from nuages.views.decorators.debug import sensitive_code

HERE = Path(__file__).parent

NO_SOURCE = "<source code not available>"
LONGEST_VALUE = 4096
LINES_AROUND = 7
#: The page's list of source lines is set in by so many characters.
MARKER_INDENT = 5


class ExceptionCycleWarning(UserWarning):
    """An exception is among its own causes."""


class CallableSettingWrapper:
    """Stands in for a setting that is callable, so that templates do not call it."""

    def __init__(self, callable_setting: Any) -> None:
        self._wrapped = callable_setting

    def __repr__(self) -> str:
        return repr(self._wrapped)


def builtin_template_path(name: str) -> Path:
    """Return the path of one of the templates beside this module."""
    return HERE / "templates" / name


@functools.cache
def _debug_engine() -> Engine:
    """Return an engine that does not depend on settings: those can be what is wrong."""
    return Engine(
        dirs=[HERE / "templates"], debug=True, libraries={"i18n": "django.templatetags.i18n"}
    )


def __getattr__(name: str) -> Any:
    if name == "DEBUG_ENGINE":
        return _debug_engine()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _template(path: Path) -> Any:
    with path.open(encoding="utf-8") as source:
        return _debug_engine().from_string(source.read())


# Responses.


def technical_500_response(
    request: Any, exc_type: Any, exc_value: Any, tb: Any, status_code: int = 500
) -> HttpResponse:
    """Return the report of an exception, as HTML or as text, as the client prefers."""
    reporter = get_exception_reporter_class(request)(request, exc_type, exc_value, tb)
    if request.get_preferred_type(["text/html", "text/plain"]) == "text/html":
        return HttpResponse(
            reporter.get_traceback_html(), status=status_code, content_type="text/html"
        )
    return HttpResponse(
        reporter.get_traceback_text(),
        status=status_code,
        content_type="text/plain; charset=utf-8",
    )


def technical_404_response(request: Any, exception: Exception) -> HttpResponse:
    """Return a page that says which URL patterns were tried, or why a view answered 404."""
    try:
        facts: Any = exception.args[0]
        path, tried = facts["path"], facts["tried"]
        resolved = False
    except (IndexError, TypeError, KeyError):
        # Not the resolver's: a view has raised it, after its pattern had matched.
        path, resolved = request.path_info[1:], True
        match = request.resolver_match
        tried = match.tried if match else None
    if not resolved and (not tried or _is_fresh_project(path, tried)):
        return default_urlconf(request)

    urlconf = getattr(request, "urlconf", settings.ROOT_URLCONF)
    context = Context(
        {
            "urlconf": urlconf.__name__ if isinstance(urlconf, types.ModuleType) else urlconf,
            "root_urlconf": settings.ROOT_URLCONF,
            "request_path": path,
            "urlpatterns": tried,
            "resolved": resolved,
            "reason": str(exception),
            "request": request,
            "settings": get_default_exception_reporter_filter().get_safe_settings(),
            "raising_view_name": get_caller(request),
        }
    )
    page = _template(builtin_template_path("technical_404.html")).render(context)
    return HttpResponseNotFound(page)


def _is_fresh_project(path: str, tried: Any) -> bool:
    """Return whether this is the first page of a project with a new project's URLconf."""
    if path or len(tried) != 1 or len(tried[0]) != 1:
        return False
    only = tried[0][0]
    return getattr(only, "app_name", "") == getattr(only, "namespace", "") == "admin"


def default_urlconf(request: Any) -> HttpResponse:
    """Return the welcome page of a new project."""
    page = _template(builtin_template_path("default_urlconf.html"))
    return HttpResponse(page.render(Context({"version": get_docs_version()})))


def get_caller(request: Any) -> str:
    """Return the dotted name of the view for a request, or an empty text."""
    try:
        return resolve(request.path)._func_path
    except Exception:
        # No view for the path; or the URLconf is what the report is about.
        return ""


# Choice of reporter and filter.


@functools.lru_cache
def get_default_exception_reporter_filter() -> SafeExceptionReporterFilter:
    """Return an instance of the filter that ``DEFAULT_EXCEPTION_REPORTER_FILTER`` names."""
    return import_string(settings.DEFAULT_EXCEPTION_REPORTER_FILTER)()


def get_exception_reporter_filter(request: Any) -> SafeExceptionReporterFilter:
    """Return the request's own filter, or the default one."""
    own = getattr(request, "exception_reporter_filter", None)
    return own or get_default_exception_reporter_filter()


def get_exception_reporter_class(request: Any) -> type[ExceptionReporter]:
    """Return the request's own reporter class, or the default one."""
    own = getattr(request, "exception_reporter_class", None)
    return own or import_string(settings.DEFAULT_EXCEPTION_REPORTER)


class SafeExceptionReporterFilter:
    """Takes secrets out of reports. Manual: "Custom error reports"."""

    cleansed_substitute = "********************"
    hidden_settings = _lazy_re_compile(
        "API|AUTH|TOKEN|KEY|SECRET|PASS|SIGNATURE|HTTP_COOKIE", flags=re.I
    )

    def cleanse_setting(self, key: Any, value: Any) -> Any:
        """Return ``value``, or the substitute if the name says that it is a secret."""
        if isinstance(key, str) and self.hidden_settings.search(key):
            return self.cleansed_substitute
        match value:
            case dict():
                return {name: self.cleanse_setting(name, item) for name, item in value.items()}
            case list():
                return [self.cleanse_setting("", item) for item in value]
            case tuple():
                return tuple(self.cleanse_setting("", item) for item in value)
        return CallableSettingWrapper(value) if callable(value) else value

    def get_safe_settings(self) -> dict[str, Any]:
        """Return all settings without secrets."""
        safe = {}
        for name in sorted(name for name in dir(settings) if name.isupper()):
            # A required setting that is missing must not keep the report from being made.
            with contextlib.suppress(ImproperlyConfigured):
                safe[name] = self.cleanse_setting(name, getattr(settings, name))
        return safe

    def get_safe_request_meta(self, request: Any) -> dict[str, Any]:
        """Return ``request.META`` without secrets."""
        if not hasattr(request, "META"):
            return {}
        return {name: self.cleanse_setting(name, value) for name, value in request.META.items()}

    def get_safe_cookies(self, request: Any) -> dict[str, Any]:
        """Return the cookies without secrets and without the session's."""
        if not hasattr(request, "COOKIES"):
            return {}
        safe = {name: self.cleanse_setting(name, value) for name, value in request.COOKIES.items()}
        if settings.SESSION_COOKIE_NAME in safe:
            safe[settings.SESSION_COOKIE_NAME] = self.cleansed_substitute
        return safe

    def is_active(self, request: Any) -> bool:
        """Return whether what the decorators name is hidden; by default, with ``DEBUG`` off."""
        return settings.DEBUG is False

    def _hidden_parameters(self, request: Any, present: Any) -> Any:
        """Return those of the names ``present`` that the request declares sensitive."""
        if not self.is_active(request):
            return ()
        declared = getattr(request, "sensitive_post_parameters", ())
        return list(present) if declared == "__ALL__" else [n for n in declared if n in present]

    def get_cleansed_multivaluedict(self, request: Any, multivaluedict: Any) -> Any:
        """Return the dictionary with sensitive parameters replaced."""
        hidden = self._hidden_parameters(request, multivaluedict)
        if not hidden:
            return multivaluedict
        safe = multivaluedict.copy()
        for name in hidden:
            safe[name] = self.cleansed_substitute
        return safe

    def get_post_parameters(self, request: Any) -> Any:
        """Return ``request.POST`` with sensitive parameters replaced."""
        return {} if request is None else self.get_cleansed_multivaluedict(request, request.POST)

    def cleanse_special_types(self, request: Any, value: Any) -> Any:
        """Return ``value`` with sensitive parameters replaced, if it is a dictionary of them."""
        try:
            # Looking at the class of a lazy object evaluates it, and that can fail.
            holds_parameters = isinstance(value, MultiValueDict)
        except Exception as error:
            return f"{error!r} while evaluating {value!r}"
        return self.get_cleansed_multivaluedict(request, value) if holds_parameters else value

    def get_traceback_frame_variables(self, request: Any, tb_frame: FrameType) -> Any:
        """Return pairs of names and values of a frame's variables, sensitive ones replaced."""
        names = self._sensitive_names(tb_frame) if self.is_active(request) else None
        if names is None:
            return [
                (name, self.cleanse_special_types(request, value))
                for name, value in tb_frame.f_locals.items()
            ]
        return [
            (
                name,
                self.cleansed_substitute
                if not names or name in names
                else self.cleanse_special_types(request, value),
            )
            for name, value in tb_frame.f_locals.items()
        ]

    @staticmethod
    def _sensitive_names(frame: FrameType | None) -> tuple[str, ...] | None:
        """Return what the nearest function with sensitive variables declares, if there is one.

        What such a function calls may have its secrets under the same names.
        """
        while frame is not None:
            declared = sensitive_code.get(frame.f_code)
            if declared is not None:
                return declared
            frame = frame.f_back
        return None


# The report.


def _shown(value: Any) -> str:
    """Return a value as text of bounded length, whatever its ``repr()`` does."""
    text = pprint(value)
    if len(text) > LONGEST_VALUE:
        return f"{text[:LONGEST_VALUE]}… <trimmed {len(text)} bytes string>"
    return text


def _shown_pairs(items: Any) -> list[tuple[Any, str]]:
    return [(name, _shown(value)) for name, value in items]


class ExceptionReporter:
    """Collects what is known about an exception, and writes it down.

    Manual: "Custom error reports", class ``ExceptionReporter``.
    """

    html_template_path = property(
        lambda self: builtin_template_path("technical_500.html"),
        doc="The template of the HTML report.",
    )
    text_template_path = property(
        lambda self: builtin_template_path("technical_500.txt"),
        doc="The template of the report as text.",
    )

    def __init__(
        self,
        request: HttpRequest | None,
        exc_type: type[BaseException] | None,
        exc_value: Any,
        tb: TracebackType | None,
        is_email: bool = False,
    ) -> None:
        self.exc_type, self.exc_value, self.tb = exc_type, exc_value, tb
        self.filter = get_exception_reporter_filter(request)
        self.request, self.is_email = request, is_email
        self.template_does_not_exist = False
        #: What was tried for a template that is not there.
        self.postmortem: Any = None
        self.template_info = getattr(exc_value, "template_debug", None)

    def get_traceback_html(self) -> str:
        """Return the report as HTML."""
        context = Context(self.get_traceback_data(), use_l10n=False)
        return _template(self.html_template_path).render(context)

    def get_traceback_text(self) -> str:
        """Return the report as plain text."""
        context = Context(self.get_traceback_data(), autoescape=False, use_l10n=False)
        return _template(self.text_template_path).render(context)

    def get_traceback_data(self) -> dict[str, Any]:
        """Return the context of the templates: a hook for subclasses."""
        if isinstance(self.exc_type, type) and issubclass(self.exc_type, TemplateDoesNotExist):
            self.template_does_not_exist = True
            self.postmortem = self.exc_value.chain or [self.exc_value]
        frames = self.get_traceback_frames()
        for frame in frames:
            if "vars" in frame:
                frame["vars"] = _shown_pairs(frame["vars"])
        data = {
            "is_email": self.is_email,
            "unicode_hint": self._unicode_hint(),
            "frames": frames,
            "request": self.request,
            "request_meta": _shown_pairs(self.filter.get_safe_request_meta(self.request).items()),
            "request_COOKIES_items": _shown_pairs(
                self.filter.get_safe_cookies(self.request).items()
            ),
            "user_str": self._user(),
            "filtered_POST_items": _shown_pairs(
                self.filter.get_post_parameters(self.request).items()
            ),
            "settings": self.filter.get_safe_settings(),
            "sys_executable": sys.executable,
            "sys_version_info": ".".join(map(str, sys.version_info[:3])),
            "sys_path": sys.path,
            "server_time": timezone.now(),
            "django_version_info": _api_version(),
            "template_info": self.template_info,
            "template_does_not_exist": self.template_does_not_exist,
            "postmortem": self.postmortem,
        }
        data["settings_items"] = _shown_pairs(data["settings"].items())
        if self.request is not None:
            data["request_GET_items"] = _shown_pairs(self.request.GET.items())
            data["request_FILES_items"] = _shown_pairs(self.request.FILES.items())
            data["request_insecure_uri"] = self._get_raw_insecure_uri()
            data["raising_view_name"] = get_caller(self.request)
        if self.exc_type:
            data["exception_type"] = self.exc_type.__name__
        if self.exc_value:
            notes = getattr(self.exc_value, "__notes__", None) or ()
            if self.template_info:
                # The page has a part of its own for that.
                notes = [note for note in notes if not note.startswith("  In template ")]
            data["exception_value"] = getattr(self.exc_value, "raw_error_message", self.exc_value)
            data["exception_notes"] = "".join(f"\n{note}" for note in notes)
        if frames:
            data["lastframe"] = frames[-1]
        return data

    def _user(self) -> str | None:
        if self.request is None:
            return None
        try:
            return str(self.request.user)
        except Exception:
            # Reading the user can need the very thing that is out of order.
            return "[unable to retrieve the current user]"

    def _unicode_hint(self) -> str:
        """Return the part of a text around what could not be encoded or decoded."""
        error = self.exc_value
        if not isinstance(error, (UnicodeEncodeError, UnicodeDecodeError)):
            return ""
        part = error.object[max(error.start - 5, 0) : error.end + 5]
        return force_str(part, "ascii", errors="replace")

    def _get_raw_insecure_uri(self) -> str:
        """Return the URL as sent; the host need not be an allowed one."""
        request: Any = self.request
        return f"{request.scheme}://{request._get_raw_host()}{request.get_full_path()}"

    # Frames.

    def _get_explicit_or_implicit_cause(self, exc_value: Any) -> Any:
        explicit = getattr(exc_value, "__cause__", None)
        if explicit or getattr(exc_value, "__suppress_context__", None):
            return explicit
        return getattr(exc_value, "__context__", None)

    def get_traceback_frames(self) -> list[dict[str, Any]]:
        """Return the frames of the exception and of those that led to it, oldest first."""
        chain: list[Any] = []
        current = self.exc_value
        while current:
            chain.append(current)
            current = self._get_explicit_or_implicit_cause(current)
            if any(current is known for known in chain):
                warnings.warn(
                    "Cycle in the exception chain detected: exception "
                    f"'{current}' encountered again.",
                    ExceptionCycleWarning,
                    stacklevel=2,
                )
                break
        frames: list[dict[str, Any]] = []
        for exception in reversed(chain):
            is_reported = exception is chain[0]
            trace = self.tb if is_reported else exception.__traceback__
            frames.extend(self.get_exception_traceback_frames(exception, trace))
        return frames

    def get_exception_traceback_frames(
        self, exc_value: Any, tb: TracebackType | None
    ) -> Iterator[dict[str, Any]]:
        """Yield a dictionary for each frame of one exception."""
        shared = {
            "exc_cause": self._get_explicit_or_implicit_cause(exc_value),
            "exc_cause_explicit": getattr(exc_value, "__cause__", True),
        }
        if tb is None:
            yield {**shared, "tb": None, "type": "user"}
        while tb is not None:
            frame = tb.tb_frame
            # Code can ask to be left out, as test tools do.
            if not frame.f_locals.get("__traceback_hide__"):
                yield {**shared, **self._frame_data(tb, frame)}
            tb = tb.tb_next

    def _frame_data(self, tb: TracebackType, frame: FrameType) -> dict[str, Any]:
        code, names = frame.f_code, frame.f_globals
        module = names.get("__name__") or ""
        index = tb.tb_lineno - 1
        first, before, line, after = self._get_lines_from_file(
            code.co_filename, index, LINES_AROUND, names.get("__loader__"), module
        )
        if first is None:
            first, before, line, after = index, [], NO_SOURCE, []
            marker = area_marker = ""
        else:
            line = line or ""
            marker, area_marker = _markers(tb, line)
        return {
            "tb": tb,
            "type": "django" if module.startswith("django.") else "user",
            "filename": code.co_filename,
            "function": code.co_name,
            "lineno": index + 1,
            "vars": self.filter.get_traceback_frame_variables(self.request, frame),
            "id": id(tb),
            "pre_context": before,
            "context_line": line,
            "source_line": line.strip(),
            "post_context": after,
            "pre_context_lineno": first + 1,
            "colno": marker,
            "tb_area_colno": area_marker,
        }

    def _get_source(self, filename: str, loader: Any, module_name: str) -> list[str] | None:
        """Return the source's lines: from the module's loader, the file, or generated code."""
        if hasattr(loader, "get_source"):
            try:
                text = loader.get_source(module_name)
            except ImportError:
                text = None
            if text is not None:
                return text.splitlines()
        try:
            with tokenize.open(filename) as source:
                return source.read().splitlines()
        except (OSError, SyntaxError, UnicodeDecodeError):
            generated = linecache.getlines(filename)
            return [line.rstrip("\n") for line in generated] or None

    def _get_lines_from_file(
        self,
        filename: str,
        lineno: int,
        context_lines: int,
        loader: Any = None,
        module_name: str | None = None,
    ) -> tuple[int | None, list[str], str | None, list[str]]:
        """Return the number of the first line, the lines before, the line, and those after.

        Numbers count from zero. Without source, the first one is ``None``.
        """
        lines = self._get_source(filename, loader, module_name or "")
        if not lines or lineno >= len(lines):
            return None, [], None, []
        first = max(0, lineno - context_lines)
        return (
            first,
            lines[first:lineno],
            lines[lineno],
            lines[lineno + 1 : lineno + 1 + context_lines],
        )


def _markers(tb: TracebackType, line: str) -> tuple[str, str]:
    """Return lines of carets below what raised: for the page, and for plain tracebacks."""
    positions = list(tb.tb_frame.f_code.co_positions())
    place = tb.tb_lasti // 2
    if place >= len(positions):
        return "", ""
    first_line, last_line, start, end = positions[place]
    if start is None or end is None or first_line != tb.tb_lineno:
        return "", ""
    # The columns count bytes.
    encoded = line.encode()
    start = len(encoded[:start].decode(errors="replace"))
    end = len(encoded[:end].decode(errors="replace")) if last_line == first_line else len(line)
    indent = len(line) - len(line.lstrip())
    carets = "^" * (end - start)
    if not carets or start < indent:
        return "", ""
    return (
        f"\n{' ' * (start + MARKER_INDENT)}{carets}",
        f"\n{' ' * (start - indent + 4)}{carets}",
    )


def _api_version() -> str:
    from nuages import get_version

    return get_version()
