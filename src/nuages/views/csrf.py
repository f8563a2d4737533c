"""The page for requests that failed the CSRF check. Manual: "csrf_failure"."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nuages.conf import settings
from nuages.http import HttpResponseForbidden
from nuages.utils.translation import gettext as _
from nuages.utils.version import get_docs_version

CSRF_FAILURE_TEMPLATE_NAME = "403_csrf.html"

TEMPLATES = Path(__file__).parent / "templates"


def builtin_template_path(name: str) -> Path:
    """Return the path of one of the templates beside this module."""
    return TEMPLATES / name


def _hints(reason: str) -> list[str]:
    """Return what a visitor can do about it."""
    from nuages.middleware.csrf import REASON_NO_CSRF_COOKIE, REASON_NO_REFERER

    if reason == REASON_NO_REFERER:
        return [
            _(
                "You are seeing this message because this HTTPS site requires a “Referer header” "
                "to be sent by your web browser, but none was sent. This header is required for "
                "security reasons, to ensure that your browser is not being hijacked by third "
                "parties."
            ),
            _(
                "If you have configured your browser to disable “Referer” headers, please "
                "re-enable them, at least for this site, or for HTTPS connections, or for "
                "“same-origin” requests."
            ),
            _(
                'If you are using the <meta name="referrer" content="no-referrer"> tag or '
                "including the “Referrer-Policy: no-referrer” header, please remove them. The CSRF "
                "protection requires the “Referer” header to do strict referer checking. If you’re "
                'concerned about privacy, use alternatives like <a rel="noreferrer" …> for links '
                "to third-party sites."
            ),
        ]
    if reason == REASON_NO_CSRF_COOKIE:
        return [
            _(
                "You are seeing this message because this site requires a CSRF cookie when "
                "submitting forms. This cookie is required for security reasons, to ensure that "
                "your browser is not being hijacked by third parties."
            ),
            _(
                "If you have configured your browser to disable cookies, please re-enable them, at "
                "least for this site, or for “same-origin” requests."
            ),
        ]
    return []


def csrf_failure(
    request: Any, reason: str = "", template_name: str = CSRF_FAILURE_TEMPLATE_NAME
) -> HttpResponseForbidden:
    """Return the page: the project's ``403_csrf.html``, or the one here.

    Args:
        reason: why the request was refused.
        template_name: of a template that must exist, unless it is the default one.
    """
    from nuages.middleware.csrf import REASON_NO_CSRF_COOKIE, REASON_NO_REFERER
    from nuages.template import Context, Engine, TemplateDoesNotExist, loader

    context = {
        "title": _("Forbidden"),
        "main": _("CSRF verification failed. Request aborted."),
        "reason": reason,
        "no_referer": reason == REASON_NO_REFERER,
        "no_cookie": reason == REASON_NO_CSRF_COOKIE,
        "hints": _hints(reason),
        "DEBUG": settings.DEBUG,
        "docs_version": get_docs_version(),
        "more": _("More information is available with DEBUG=True."),
    }
    try:
        page = loader.get_template(template_name).render(context, request)
    except TemplateDoesNotExist:
        if template_name != CSRF_FAILURE_TEMPLATE_NAME:
            raise
        with builtin_template_path("csrf_403.html").open(encoding="utf-8") as source:
            template = Engine().from_string(source.read())
        page = template.render(Context(context))
    return HttpResponseForbidden(page)
