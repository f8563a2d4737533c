"""What a superuser may do, without a question for each model and action.

Each page lists all models with what the user may do to them: five questions a model, which have one
answer as long as nobody answers them in another way.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from nuages.contrib.admin._base import BaseModelAdmin
from nuages.utils.functional import SimpleLazyObject, empty

_HOOKS = ("add", "change", "delete", "view", "module")
_QUESTIONS = {
    name: getattr(BaseModelAdmin, name)
    for name in ("_may", *(f"has_{what}_permission" for what in _HOOKS))
}


@cache
def _own_answers() -> tuple[tuple[str, Any], ...]:
    # Models cannot be had before the applications are there.
    from nuages.contrib.auth.models import OWN_ANSWERS

    return tuple(OWN_ANSWERS.items())


def is_almighty(request: Any) -> bool:
    """Return whether the user has all permissions, and says so in the way that ours do."""
    user = getattr(request, "user", None)
    if type(user) is SimpleLazyObject:
        if user._wrapped is empty:
            user._setup()
        user = user._wrapped
    if not (getattr(user, "is_superuser", False) is True and getattr(user, "is_active", False)):
        return False
    kind, named = user.__class__, user.__dict__
    for name, own in _own_answers():
        if name in named or getattr(kind, name, None) is not own:
            return False
    return True


def asks_as_made(admin: Any) -> bool:
    """Return whether a ModelAdmin asks the user, and nothing else, about each permission."""
    kind = type(admin)
    for name, own in _QUESTIONS.items():
        if getattr(kind, name) is not own:
            return False
    return vars(admin).keys().isdisjoint(_QUESTIONS)
