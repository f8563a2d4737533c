"""One address for each page, and what every response needs. Manual: "Common" middleware."""

from __future__ import annotations

import re
import warnings
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from nuages.conf import settings
from nuages.core.exceptions import PermissionDenied
from nuages.http import HttpResponsePermanentRedirect
from nuages.urls import is_valid_path
from nuages.utils.deprecation import MiddlewareMixin, RemovedInDjango2028Warning
from nuages.utils.http import escape_leading_slashes

_WITH_BODY = frozenset(("DELETE", "PATCH", "POST", "PUT"))


class CommonMiddleware(MiddlewareMixin):
    """``DISALLOWED_USER_AGENTS``, ``PREPEND_WWW``, ``APPEND_SLASH`` and ``Content-Length``."""

    inline = True
    response_redirect_class = HttpResponsePermanentRedirect

    def process_request(self, request: Any) -> Any:
        """Refuse unwanted user agents; redirect to the host with ``www.``.

        Raises:
            PermissionDenied: the user agent is in ``DISALLOWED_USER_AGENTS``.
            DisallowedHost: the host is not allowed.
        """
        if unwanted := settings.DISALLOWED_USER_AGENTS:
            agent = request.META.get("HTTP_USER_AGENT")
            if agent is not None and any(pattern.search(agent) for pattern in unwanted):
                raise PermissionDenied("Forbidden user agent")
        # Asked for in any case, so that a wrong host is found out here.
        host = request.get_host()
        if not settings.PREPEND_WWW or not host or host.startswith("www."):
            return None
        slash = self.should_redirect_with_slash(request)
        path = self.get_full_path_with_slash(request) if slash else request.get_full_path()
        return self.response_redirect_class(f"{request.scheme}://www.{host}{path}")

    def should_redirect_with_slash(self, request: Any) -> bool:
        """Whether ``APPEND_SLASH`` is on, and the path is valid only with a slash at its end."""
        path = request.path_info
        if not settings.APPEND_SLASH or path.endswith("/"):
            return False
        urlconf = getattr(request, "urlconf", None)
        if is_valid_path(path, urlconf):
            return False
        match = is_valid_path(path + "/", urlconf)
        if isinstance(match, bool):
            return match
        return getattr(match.func, "should_append_slash", True)

    def get_full_path_with_slash(self, request: Any) -> str:
        """Return the full path with a slash at the end of its path.

        Raises:
            RuntimeError: in ``DEBUG``, as the body of the request would get lost.
        """
        # A path of two slashes would lead to another host.
        path = escape_leading_slashes(request.get_full_path(force_append_slash=True))
        if settings.DEBUG and request.method in _WITH_BODY:
            raise RuntimeError(
                f"You called this URL via {request.method}, but the URL doesn't end in a slash and "
                "you have APPEND_SLASH set. Django can't redirect to the slash URL while "
                f"maintaining {request.method} data. Change your form to point to "
                f"{request.get_host()}{path} (note the trailing slash), or set APPEND_SLASH=False "
                "in your Django settings."
            )
        return path

    def process_response(self, request: Any, response: Any) -> Any:
        """Redirect a 404 to the path with a slash; set the length of the content."""
        if response.status_code == 404 and self.should_redirect_with_slash(request):
            response = self.response_redirect_class(self.get_full_path_with_slash(request))
        store = response.headers._store
        if not response.streaming and "content-length" not in store:
            store["content-length"] = ("Content-Length", str(len(response.content)))
        return response


class BrokenLinkEmailsMiddleware(MiddlewareMixin):
    """Tells the managers of broken links that lead to this site."""

    using: str | None = None

    def process_response(self, request: Any, response: Any) -> Any:
        """Send a mail about a 404 that was linked to."""
        if response.status_code != 404 or settings.DEBUG:
            return response
        domain, path = request.get_host(), request.get_full_path()
        referer = request.META.get("HTTP_REFERER", "")
        if self.is_ignorable_request(request, path, domain, referer):
            return response
        agent = request.META.get("HTTP_USER_AGENT", "<none>")
        where = "INTERNAL " if self.is_internal_request(domain, referer) else ""
        facts = {
            "Referrer": referer,
            "Requested URL": path,
            "User agent": agent,
            "IP address": request.META.get("REMOTE_ADDR", "<none>"),
        }
        self.send_mail(
            f"Broken {where}link on {domain}",
            "".join(f"{name}: {value}\n" for name, value in facts.items()),
        )
        return response

    def send_mail(self, subject: str, message: str, *args: Any, **kwargs: Any) -> None:
        """Send the report; subclasses may send another, or set ``using`` to choose a mailer.

        Without a mailer of that name, nothing is sent: the visitor shall see the 404 in any case.
        """
        from nuages.core.mail import mail_managers
        from nuages.core.mail.exceptions import MailerDoesNotExist

        with warnings.catch_warnings():
            if not hasattr(settings, "MAILERS"):
                # The way of the old settings; whoever still has them has been warned of those.
                kwargs.setdefault("fail_silently", True)
                warnings.simplefilter("ignore", RemovedInDjango2028Warning)
            elif self.using is not None:
                kwargs.setdefault("using", self.using)
            with suppress(MailerDoesNotExist):
                mail_managers(subject, message, *args, **kwargs)

    def is_internal_request(self, domain: str, referer: str) -> bool:
        """Whether the link is on a page of this domain."""
        return bool(re.match(f"^https?://{re.escape(domain)}/", referer))

    def is_ignorable_request(self, request: Any, uri: str, domain: str, referer: str) -> bool:
        """Whether a 404 needs no report: nobody linked, a page to itself, a bot, or a setting."""
        if not referer:
            return True
        if settings.APPEND_SLASH and uri.endswith("/") and referer == uri[:-1]:
            return True
        # Search engines with a question mark in the referrer, from elsewhere.
        if "?" in referer and not self.is_internal_request(domain, referer):
            return True
        source = urlsplit(referer)
        if source.netloc in ("", domain) and source.path == uri:
            return True
        return any(pattern.search(uri) for pattern in settings.IGNORABLE_404_URLS)
