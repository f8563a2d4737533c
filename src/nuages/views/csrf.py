"""The page for requests that failed the CSRF check. Manual: "csrf_failure"."""

from __future__ import annotations

from typing import Any

from nuages.conf import settings
from nuages.http import HttpResponseForbidden
from nuages.utils.translation import gettext as _

CSRF_FAILURE_TEMPLATE_NAME = "403_csrf.html"

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="robots" content="noindex">
<title>403 {{ title }}</title>
<style{% csp_nonce_attr %}>
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 46rem; padding: 2rem 1rem; }
h1 small { color: #777; font-weight: normal; }
.developer { border-top: 1px solid #ccc; color: #444; margin-top: 2rem; }
</style>
</head>
<body>
<h1>{{ title }} <small>(403)</small></h1>
<p>{{ main }}</p>
{% for paragraph in hints %}<p>{{ paragraph }}</p>
{% endfor %}{% if DEBUG %}<section class="developer">
<h2>Help</h2>
{% if reason %}<p>Reason given for failure:</p>
<pre>{{ reason }}</pre>
{% endif %}<p>This page means that the form was sent from another site, or that this site does not
use the protection as it should. For forms of your own, see to it that:</p>
<ul>
<li>the browser accepts cookies;</li>
<li>the view passes a <code>request</code> to the template's <code>render</code>;</li>
<li>each form that is sent by POST to this site has a <code>{% templatetag openblock %} csrf_token
{% templatetag closeblock %}</code> inside;</li>
<li>without <code>CsrfViewMiddleware</code>, the views that use the tag and those that take the
form are decorated with <code>csrf_protect</code>;</li>
<li>the form was not opened before a login in another tab: logging in changes the token.</li>
</ul>
<p>You see this section because <code>DEBUG</code> is on. The view that
<code>CSRF_FAILURE_VIEW</code> names makes this page.</p>
</section>
{% else %}<p><small>{{ more }}</small></p>
{% endif %}</body>
</html>
"""


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
        "docs_version": "6.1",
        "more": _("More information is available with DEBUG=True."),
    }
    try:
        page = loader.get_template(template_name).render(context, request)
    except TemplateDoesNotExist:
        if template_name != CSRF_FAILURE_TEMPLATE_NAME:
            raise
        page = Engine().from_string(_PAGE).render(Context(context))
    return HttpResponseForbidden(page)
