"""Mixins that let only some see a class-based view."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from nuages.conf import settings
from nuages.contrib.auth import REDIRECT_FIELD_NAME
from nuages.contrib.auth.decorators import page_to_return_to
from nuages.core.exceptions import ImproperlyConfigured, PermissionDenied
from nuages.shortcuts import resolve_url


class AccessMixin:
    """What happens to those who may not see a view.

    Attributes:
        login_url: the login page; by default ``LOGIN_URL``.
        permission_denied_message: for the 403 page.
        raise_exception: answer with 403 instead of the login page.
        redirect_field_name: of the parameter that says where to go on.
    """

    redirect_field_name: str | None = REDIRECT_FIELD_NAME
    raise_exception = False
    permission_denied_message: Any = ""
    login_url: Any = None
    request: Any

    def get_permission_denied_message(self) -> Any:
        """Return the message for the 403 page."""
        return self.permission_denied_message

    def get_redirect_field_name(self) -> str | None:
        """Return the name of the parameter that says where to go on."""
        return self.redirect_field_name

    def get_login_url(self) -> str:
        """Return the address of the login page.

        Raises:
            ImproperlyConfigured: there is none.
        """
        if url := self.login_url or settings.LOGIN_URL:
            return str(url)
        name = type(self).__name__
        raise ImproperlyConfigured(
            f"{name} is missing the login_url attribute. Define {name}.login_url, "
            f"settings.LOGIN_URL, or override {name}.get_login_url()."
        )

    def handle_no_permission(self) -> Any:
        """Return the redirection to the login page.

        Raises:
            PermissionDenied: the user is logged in, or ``raise_exception`` is set.
        """
        from nuages.contrib.auth.views import redirect_to_login

        if self.request.user.is_authenticated or self.raise_exception:
            raise PermissionDenied(self.get_permission_denied_message())
        login_url = resolve_url(self.get_login_url())
        page = page_to_return_to(self.request, login_url)
        return redirect_to_login(page, login_url, self.get_redirect_field_name())


class _Gate:
    """A ``dispatch()`` that asks a question before the view runs; each mixin has its own."""

    def __init__(self, question: Callable[[Any], bool]) -> None:
        self.question = question

    def __set_name__(self, owner: Any, name: str) -> None:
        question = self.question

        def dispatch(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
            """Run the view, or turn the user away."""
            if question(self):
                above: Any = super(owner, self)
                return above.dispatch(request, *args, **kwargs)
            return self.handle_no_permission()

        dispatch.__qualname__ = f"{owner.__qualname__}.dispatch"
        setattr(owner, name, dispatch)


class LoginRequiredMixin(AccessMixin):
    """Lets those see a view who are logged in."""

    dispatch = _Gate(lambda view: view.request.user.is_authenticated)


class PermissionRequiredMixin(AccessMixin):
    """Lets those see a view who have ``permission_required`` (one permission or several)."""

    permission_required: str | Iterable[str] | None = None
    dispatch = _Gate(lambda view: view.has_permission())

    def get_permission_required(self) -> Iterable[str]:
        """Return the permissions.

        Raises:
            ImproperlyConfigured: none are set.
        """
        wanted = self.permission_required
        if wanted is not None:
            return (wanted,) if isinstance(wanted, str) else wanted
        name = type(self).__name__
        raise ImproperlyConfigured(
            f"{name} is missing the permission_required attribute. Define "
            f"{name}.permission_required, or override {name}.get_permission_required()."
        )

    def has_permission(self) -> bool:
        """Whether the user has them."""
        return self.request.user.has_perms(self.get_permission_required())


class UserPassesTestMixin(AccessMixin):
    """Lets those see a view for whom ``test_func()`` holds."""

    dispatch = _Gate(lambda view: view.get_test_func()())

    def test_func(self) -> bool:
        """Return whether the user may see the view; subclasses say when."""
        raise NotImplementedError(
            f"{type(self).__name__} is missing the implementation of the test_func() method."
        )

    def get_test_func(self) -> Any:
        """Return the function that is asked."""
        return self.test_func
