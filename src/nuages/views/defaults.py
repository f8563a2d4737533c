"""The views that answer errors. Manual: "Built-in Views", section "Error views"."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from nuages.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseForbidden,
    HttpResponseNotFound,
    HttpResponseServerError,
)
from nuages.template import Context, Engine, TemplateDoesNotExist, loader
from nuages.views.decorators.csrf import requires_csrf_token

ERROR_404_TEMPLATE_NAME = "404.html"
ERROR_403_TEMPLATE_NAME = "403.html"
ERROR_400_TEMPLATE_NAME = "400.html"
ERROR_500_TEMPLATE_NAME = "500.html"
ERROR_PAGE_TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<title>%(title)s</title>
</head>
<body>
<h1>%(title)s</h1><p>%(details)s</p>
</body>
</html>
"""


def _own_template(name: str, standard_name: str) -> Any:
    """Return the project's template, or ``None`` if it has no such standard template."""
    try:
        return loader.get_template(name)
    except TemplateDoesNotExist:
        if name != standard_name:
            raise  # this one was asked for by name
        return None


def _plain_page(kind: type[HttpResponse], title: str, details: str = "") -> HttpResponse:
    return kind(ERROR_PAGE_TEMPLATE % {"title": title, "details": details})


# The error may come from before the CSRF middleware, and the template may have a form.


@requires_csrf_token
def page_not_found(
    request: HttpRequest, exception: Exception, template_name: str = ERROR_404_TEMPLATE_NAME
) -> HttpResponse:
    """Answer 404. The template gets ``request_path`` (quoted) and ``exception``."""
    message = type(exception).__name__
    # The resolver's exceptions hold its findings, others may hold a message.
    match getattr(exception, "args", ()):
        case (str(text), *_):
            message = text
    context = {"request_path": quote(request.path), "exception": message}
    template = _own_template(template_name, ERROR_404_TEMPLATE_NAME)
    if template is None:
        # A template, too: whoever listens to rendering learns why the page was not found.
        details = "The requested resource was not found on this server."
        page = ERROR_PAGE_TEMPLATE % {"title": "Not Found", "details": details}
        return HttpResponseNotFound(Engine().from_string(page).render(Context(context)))
    return HttpResponseNotFound(template.render(context, request))


@requires_csrf_token
def server_error(
    request: HttpRequest, template_name: str = ERROR_500_TEMPLATE_NAME
) -> HttpResponse:
    """Answer 500. The template gets no context, for whatever makes it may be broken."""
    template = _own_template(template_name, ERROR_500_TEMPLATE_NAME)
    if template is None:
        return _plain_page(HttpResponseServerError, "Server Error (500)")
    return HttpResponseServerError(template.render())


@requires_csrf_token
def bad_request(
    request: HttpRequest, exception: Exception, template_name: str = ERROR_400_TEMPLATE_NAME
) -> HttpResponse:
    """Answer 400. What was wrong is not told."""
    template = _own_template(template_name, ERROR_400_TEMPLATE_NAME)
    if template is None:
        return _plain_page(HttpResponseBadRequest, "Bad Request (400)")
    return HttpResponseBadRequest(template.render(request=request))


@requires_csrf_token
def permission_denied(
    request: HttpRequest, exception: Exception, template_name: str = ERROR_403_TEMPLATE_NAME
) -> HttpResponse:
    """Answer 403. The template gets the exception's message."""
    template = _own_template(template_name, ERROR_403_TEMPLATE_NAME)
    if template is None:
        return _plain_page(HttpResponseForbidden, "403 Forbidden")
    return HttpResponseForbidden(template.render({"exception": str(exception)}, request))
