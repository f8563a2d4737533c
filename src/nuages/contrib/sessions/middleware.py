"""Sessions for requests. Manual: "Enabling sessions"."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from nuages.conf import settings
from nuages.contrib.sessions.backends.base import UpdateError
from nuages.contrib.sessions.exceptions import SessionInterrupted
from nuages.utils.cache import patch_vary_headers
from nuages.utils.deprecation import MiddlewareMixin
from nuages.utils.http import http_date
from nuages.utils.twins import call


class SessionMiddleware(MiddlewareMixin):
    """Gives each request its ``session``, and saves what a view has changed in it."""

    inline = True

    def __init__(self, get_response: Callable[..., Any]) -> None:
        super().__init__(get_response)
        self.SessionStore = import_module(settings.SESSION_ENGINE).SessionStore

    def process_request(self, request: Any) -> None:
        """Set ``request.session``; it is loaded when something reads it."""
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        request.session = self.SessionStore(key)

    def rests(self, request: Any) -> bool:
        """Whether there is no session, or a visitor without one that nobody used."""
        session = getattr(request, "session", None)
        if session is None:
            return True
        idle = not (session.accessed or session.modified or settings.SESSION_SAVE_EVERY_REQUEST)
        return idle and settings.SESSION_COOKIE_NAME not in request.COOKIES

    def process_response(self, request: Any, response: Any) -> Any:
        """Save a changed session and send its cookie; delete the cookie of an emptied one.

        Raises:
            SessionInterrupted: the session was deleted meanwhile.
        """
        if self.rests(request) or not self._is_to_be_saved(request, response):
            return response
        session = request.session
        age = None if session.get_expire_at_browser_close() else session.get_expiry_age()
        try:
            session.save()
        except UpdateError:
            raise SessionInterrupted(_GONE) from None
        return self._with_cookie(response, session.session_key, age)

    async def aprocess_response(self, request: Any, response: Any) -> Any:
        """The async twin of ``process_response()``."""
        if self.rests(request) or not self._is_to_be_saved(request, response):
            return response
        session, age = request.session, None
        if not await call(session, "get_expire_at_browser_close").awaiting():
            age = await call(session, "get_expiry_age").awaiting()
        try:
            await call(session, "save").awaiting()
        except UpdateError:
            raise SessionInterrupted(_GONE) from None
        return self._with_cookie(response, session.session_key, age)

    @staticmethod
    def _is_to_be_saved(request: Any, response: Any) -> bool:
        """Return whether the session is to be saved, and its cookie sent; delete that of an empty one."""
        session = request.session
        # Whether it was read is looked at before it is read here.
        accessed, modified, empty = session.accessed, session.modified, session.is_empty()
        name = settings.SESSION_COOKIE_NAME
        if empty and name in request.COOKIES:
            response.delete_cookie(
                name,
                path=settings.SESSION_COOKIE_PATH,
                domain=settings.SESSION_COOKIE_DOMAIN,
                samesite=settings.SESSION_COOKIE_SAMESITE,
            )
            patch_vary_headers(response, ("Cookie",))
            return False
        wanted = (modified or settings.SESSION_SAVE_EVERY_REQUEST) and not empty
        if accessed or wanted:
            patch_vary_headers(response, ("Cookie",))
        # What a failed view has done to the session is not kept.
        return wanted and response.status_code < 500

    @staticmethod
    def _with_cookie(response: Any, key: str | None, age: int | None) -> Any:
        response.set_cookie(
            settings.SESSION_COOKIE_NAME,
            key,
            max_age=age,
            expires=None if age is None else http_date(time.time() + age),
            path=settings.SESSION_COOKIE_PATH,
            domain=settings.SESSION_COOKIE_DOMAIN,
            secure=settings.SESSION_COOKIE_SECURE or None,
            httponly=settings.SESSION_COOKIE_HTTPONLY or None,
            samesite=settings.SESSION_COOKIE_SAMESITE,
        )
        return response


_GONE = (
    "The request's session was deleted before the request completed. The user may have "
    "logged out in a concurrent request, for example."
)
