"""Middleware that knows users, and that demands a login. Manual: "Middleware"."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from nuages.conf import settings
from nuages.contrib import auth
from nuages.contrib.auth.backends import RemoteUserBackend
from nuages.core.exceptions import ImproperlyConfigured
from nuages.shortcuts import resolve_url
from nuages.utils.deprecation import MiddlewareMixin
from nuages.utils.functional import SimpleLazyObject
from nuages.utils.twins import Calls, call, either, twin


def get_user(request: Any) -> Any:
    """Return the user of a request, found once."""
    known = request.__dict__
    if "_cached_user" not in known:
        known["_cached_user"] = auth.get_user(request)
    return known["_cached_user"]


async def auser(request: Any) -> Any:
    """Asynchronous twin of ``get_user``, with a memory of its own."""
    known = request.__dict__
    if "_acached_user" not in known:
        known["_acached_user"] = await auth.aget_user(request)
    return known["_acached_user"]


class AuthenticationMiddleware(MiddlewareMixin):
    """Gives each request ``user`` and ``auser()``, which are found when something asks."""

    inline = True

    def process_request(self, request: Any) -> None:
        """Set both.

        Raises:
            ImproperlyConfigured: there is no session.
        """
        if not hasattr(request, "session"):
            raise ImproperlyConfigured(
                "The Django authentication middleware requires session middleware to be installed. "
                "Edit your MIDDLEWARE setting to insert "
                "'django.contrib.sessions.middleware.SessionMiddleware' before "
                "'django.contrib.auth.middleware.AuthenticationMiddleware'."
            )
        request.auser = partial(auser, request)
        request.user = SimpleLazyObject(partial(get_user, request))


class LoginRequiredMiddleware(MiddlewareMixin):
    """Sends those who are not logged in to the login page, unless a view says otherwise."""

    redirect_field_name = auth.REDIRECT_FIELD_NAME

    def process_view(self, request: Any, view_func: Any, view_args: Any, view_kwargs: Any) -> Any:
        """Return the redirection, or None."""
        public = not getattr(view_func, "login_required", True)
        if public or request.user.is_authenticated:
            return None
        return self.handle_no_permission(request, view_func)

    def get_login_url(self, view_func: Any) -> str:
        """Return the address of the login page for a view.

        Raises:
            ImproperlyConfigured: neither the view nor the settings know one.
        """
        url = getattr(view_func, "login_url", None) or settings.LOGIN_URL
        if url:
            return str(url)
        raise ImproperlyConfigured(
            "No login URL to redirect to. Define settings.LOGIN_URL or provide a login_url via the "
            "'django.contrib.auth.decorators.login_required' decorator."
        )

    def get_redirect_field_name(self, view_func: Any) -> str:
        """Return the name of the parameter that tells the login page where to go on."""
        return getattr(view_func, "redirect_field_name", self.redirect_field_name)

    def handle_no_permission(self, request: Any, view_func: Any) -> Any:
        """Return the redirection to the login page."""
        from nuages.contrib.auth.decorators import page_to_return_to

        login_url = resolve_url(self.get_login_url(view_func))
        from nuages.contrib.auth.views import redirect_to_login

        return redirect_to_login(
            page_to_return_to(request, login_url),
            login_url,
            self.get_redirect_field_name(view_func),
        )


class RemoteUserMiddleware(MiddlewareMixin):
    """Logs in whom the web server names.

    Attributes:
        header: where in ``request.META`` the name is.
        force_logout_if_no_header: log out those whom the web server names no longer.
    """

    header = "REMOTE_USER"
    force_logout_if_no_header = True

    @twin
    def process_request(self, request: Any) -> Calls[None]:
        """Log in, or out.

        Raises:
            ImproperlyConfigured: the middleware that knows users has not run.
        """
        if not hasattr(request, "user"):
            raise ImproperlyConfigured(
                "The Django remote user auth middleware requires the authentication middleware to "
                "be installed. Edit your MIDDLEWARE setting to insert "
                "'django.contrib.auth.middleware.AuthenticationMiddleware' before the "
                f"{type(self).__name__} class."
            )
        current = yield either(lambda: request.user, request.auser)
        username = request.META.get(self._key_in(request))
        if username is None:
            if self.force_logout_if_no_header and current.is_authenticated:
                yield call(self, "_remove_invalid_user", request)
            return
        if current.is_authenticated:
            if current.get_username() == self.clean_username(username, request):
                return
            # Somebody else sits there now.
            yield call(self, "_remove_invalid_user", request)
        user = yield either(auth.authenticate, auth.aauthenticate, request, remote_user=username)
        if user:
            request.user = user
            yield either(auth.login, auth.alogin, request, user)

    def _key_in(self, request: Any) -> str:
        """Return where a request has the name: in ASGI all that a server adds are headers."""
        from_asgi = hasattr(request, "scope") and not self.header.startswith("HTTP_")
        return f"HTTP_{self.header}" if from_asgi else self.header

    def clean_username(self, username: str, request: Any) -> str:
        """Return the name as the backend of the session spells it."""
        path = request.session[auth.BACKEND_SESSION_KEY]
        backend = auth.load_backend(path)
        clean: Callable[[str], str] | None = getattr(backend, "clean_username", None)
        return username if clean is None else clean(username)

    @twin
    def _remove_invalid_user(self, request: Any) -> Calls[None]:
        """Log out a user whom this middleware has logged in."""
        path = yield call(request.session, "get", auth.BACKEND_SESSION_KEY, "")
        try:
            ours = isinstance(auth.load_backend(path), RemoteUserBackend)
        except ImportError:
            ours = True  # nobody knows any more who that was
        if ours:
            yield either(auth.logout, auth.alogout, request)


class PersistentRemoteUserMiddleware(RemoteUserMiddleware):
    """The same for servers that name the user on the login page only."""

    force_logout_if_no_header = False
