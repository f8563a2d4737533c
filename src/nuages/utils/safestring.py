"""Strings that need no further escaping in HTML.

Manual: ref/utils, "django.utils.safestring".
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, overload

from nuages.utils.functional import keep_lazy


class SafeData:
    """Base of the types that are safe to output as HTML."""

    def __html__(self) -> Any:
        """Return the HTML of this value: itself."""
        return self

    __slots__ = ()


class SafeString(str, SafeData):
    """A ``str`` that is safe to output as HTML."""

    __slots__ = ()

    def __str__(self) -> "SafeString":
        return self

    def __add__(self, rhs: Any) -> Any:
        # NotImplemented for anything but text gives the other side's __radd__ its turn.
        if not isinstance(rhs, str):
            return NotImplemented
        joined = str.__add__(self, rhs)
        return SafeString(joined) if isinstance(rhs, SafeData) else joined


SafeText = SafeString


@overload
def mark_safe(s: str) -> SafeString: ...
@overload
def mark_safe[F: Callable[..., Any]](s: F) -> F: ...
@overload
def mark_safe(s: Any) -> Any: ...
def mark_safe(s: Any) -> Any:
    """Return ``s`` marked as safe HTML; a callable is wrapped so that its results are.

    Lazy strings stay lazy, and objects with ``__html__`` are returned as they are.
    """
    if type(s) is str:
        return SafeString(s)
    if hasattr(s, "__html__"):
        return s
    if callable(s):
        return _safe_results(s)
    return _lazy_safe(s)


@keep_lazy(SafeString)
def _lazy_safe(s: Any) -> SafeString:
    return SafeString(s)


def _safe_results(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def marked(*args: Any, **kwargs: Any) -> Any:
        return mark_safe(function(*args, **kwargs))

    return marked
