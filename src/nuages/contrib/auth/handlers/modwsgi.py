"""Functions for mod_wsgi's authentication. Manual: "Authenticating against Django's user database"."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nuages import db
from nuages.contrib import auth


@contextmanager
def _active_user(username: str) -> Iterator[Any]:
    """Give the active user of a name or None, with a connection that is closed afterwards."""
    model = auth.get_user_model()
    db.reset_queries()
    try:
        user = model._default_manager.get_by_natural_key(username)
        yield user if user.is_active else None
    except model.DoesNotExist:
        yield None
    finally:
        db.close_old_connections()


def check_password(environ: Any, username: str, password: str) -> bool | None:
    """Whether the password is that of an active user; None if there is no such user."""
    with _active_user(username) as user:
        if user is not None:
            return user.check_password(password)
        # As much work as for a known user, so that nobody learns who is known.
        auth.get_user_model()().set_password(password)
        return None


def groups_for_user(environ: Any, username: str) -> list[bytes]:
    """Return the names of an active user's groups."""
    with _active_user(username) as user:
        groups: Any = None if user is None else getattr(user, "groups", None)
        names = groups.all() if hasattr(groups, "all") else ()
        return [group.name.encode() for group in names]
