"""The user and the user's permissions, for templates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class PermLookupDict:
    """``perms.app``: answers for each codename whether the user has the permission."""

    def __init__(self, user: Any, app_label: str) -> None:
        self.user, self.app_label = user, app_label

    def __getitem__(self, perm_name: str) -> bool:
        return self.user.has_perm(f"{self.app_label}.{perm_name}")

    def __bool__(self) -> bool:
        return self.user.has_module_perms(self.app_label)

    def __iter__(self) -> Iterator[Any]:
        # Without it, "in" would ask for 0, 1, 2 …
        raise TypeError("PermLookupDict is not iterable.")

    def __repr__(self) -> str:
        return repr(self.user.get_all_permissions())


class PermWrapper:
    """``perms``: gives a ``PermLookupDict`` for each application."""

    def __init__(self, user: Any) -> None:
        self.user = user

    def __getitem__(self, app_label: str) -> PermLookupDict:
        return PermLookupDict(self.user, app_label)

    def __contains__(self, perm_name: str) -> bool:
        app_label, dot, codename = perm_name.partition(".")
        return bool(self[app_label][codename] if dot else self[app_label])

    def __iter__(self) -> Iterator[Any]:
        raise TypeError("PermWrapper is not iterable.")

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}({self.user!r})"


def auth(request: Any) -> dict[str, Any]:
    """Give ``user`` and ``perms``; the user is anonymous where the middleware is missing."""
    user = getattr(request, "user", None)
    if user is None:
        from nuages.contrib.auth.models import AnonymousUser

        user = AnonymousUser()
    return {"user": user, "perms": PermWrapper(user)}
