"""A decorator for views that look like the admin's."""

from __future__ import annotations

from typing import Any

from nuages.contrib.auth import REDIRECT_FIELD_NAME
from nuages.contrib.auth.decorators import user_passes_test


def _is_staff(user: Any) -> bool:
    return user.is_active and user.is_staff


def staff_member_required(
    view_func: Any = None,
    redirect_field_name: str = REDIRECT_FIELD_NAME,
    login_url: str = "admin:login",
) -> Any:
    """Let staff see a view, and send others to the login page."""
    check = user_passes_test(
        _is_staff, login_url=login_url, redirect_field_name=redirect_field_name
    )
    return check if view_func is None else check(view_func)
