"""Decorators that let only some see a view. Manual: "Using the Django authentication system"."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, overload
from urllib.parse import urlsplit

from nuages.conf import settings
from nuages.contrib.auth import REDIRECT_FIELD_NAME
from nuages.core.exceptions import PermissionDenied
from nuages.shortcuts import resolve_url
from nuages.utils.concurrency import async_to_sync, iscoroutinefunction, sync_to_async
from nuages.utils.decorators import called_alike


def page_to_return_to(request: Any, login_url: str) -> str:
    """Return the address of a request, without host where the login page is on the same one."""
    address = request.build_absolute_uri()
    target, here = urlsplit(login_url), urlsplit(address)
    same_scheme = target.scheme in ("", here.scheme)
    same_host = target.netloc in ("", here.netloc)
    return request.get_full_path() if same_scheme and same_host else address


def user_passes_test(
    test_func: Callable[[Any], Any],
    login_url: str | None = None,
    redirect_field_name: str | None = REDIRECT_FIELD_NAME,
) -> Callable[[Any], Any]:
    """Let those see a view for whom ``test_func(user)`` holds; others go to the login page.

    Args:
        test_func: may be asynchronous, as may the view.
        login_url: by default ``LOGIN_URL``.
        redirect_field_name: of the parameter that says where to go on.
    """

    def to_login(request: Any) -> Any:
        from nuages.contrib.auth.views import redirect_to_login

        target = resolve_url(login_url or settings.LOGIN_URL)
        return redirect_to_login(page_to_return_to(request, target), target, redirect_field_name)

    def decorate(view: Any) -> Any:
        waits = iscoroutinefunction(test_func)
        if iscoroutinefunction(view):
            ask = test_func if waits else sync_to_async(test_func)

            @wraps(view)
            async def guarded(request: Any, *args: Any, **kwargs: Any) -> Any:
                allowed = await ask(await request.auser())
                return await view(request, *args, **kwargs) if allowed else to_login(request)

        else:
            ask = async_to_sync(test_func) if waits else test_func

            @wraps(view)
            def guarded(request: Any, *args: Any, **kwargs: Any) -> Any:
                allowed = ask(request.user)
                return view(request, *args, **kwargs) if allowed else to_login(request)

        # The middleware that demands a login goes by these.
        guarded.login_url = login_url  # type: ignore[attr-defined]
        guarded.redirect_field_name = redirect_field_name  # type: ignore[attr-defined]
        return guarded

    return decorate


@overload
def login_required[V: Callable[..., Any]](
    function: V, redirect_field_name: str | None = ..., login_url: str | None = ...
) -> V: ...
@overload
def login_required[V: Callable[..., Any]](
    function: None = None, redirect_field_name: str | None = ..., login_url: str | None = ...
) -> Callable[[V], V]: ...
def login_required(
    function: Any = None,
    redirect_field_name: str | None = REDIRECT_FIELD_NAME,
    login_url: str | None = None,
) -> Any:
    """Let those see a view who are logged in."""
    check = user_passes_test(lambda user: user.is_authenticated, login_url, redirect_field_name)
    return check(function) if function else check


def login_not_required[V: Callable[..., Any]](view_func: V) -> V:
    """Let everybody see a view, whatever the middleware demands."""
    view_func.login_required = False  # type: ignore[attr-defined]
    return view_func


# At a call there is nothing to be done.
login_not_required.for_methods = called_alike  # type: ignore[attr-defined]


def permission_required(
    perm: str | Iterable[str], login_url: str | None = None, raise_exception: bool = False
) -> Callable[[Any], Any]:
    """Let those see a view who have a permission, or several.

    Args:
        perm: one or more.
        login_url: by default ``LOGIN_URL``.
        raise_exception: answer others with 403 instead of the login page.
    """
    perms = (perm,) if isinstance(perm, str) else perm

    def decide(allowed: bool) -> bool:
        if raise_exception and not allowed:
            raise PermissionDenied
        return allowed

    async def aholds(user: Any) -> bool:
        return decide(await user.ahas_perms(perms))

    def holds(user: Any) -> bool:
        return decide(user.has_perms(perms))

    def decorate(view: Any) -> Any:
        return user_passes_test(aholds if iscoroutinefunction(view) else holds, login_url)(view)

    return decorate
