"""Functions that span several rooms: from a model or a template to a response.

Manual: "Django shortcut functions".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nuages.http import (
    Http404,
    HttpResponse,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from nuages.template import loader
from nuages.urls import NoReverseMatch, reverse
from nuages.urls.base import is_name
from nuages.utils.functional import Promise
from nuages.utils.http import MAX_URL_REDIRECT_LENGTH

if TYPE_CHECKING:
    from nuages.db.models import Manager, QuerySet
    from nuages.http import HttpRequest
    from nuages.http.response import HttpResponseRedirectBase

    #: What has rows: a model, a manager, a QuerySet.
    type Rows[M] = type[M] | Manager[M] | QuerySet[M]


def render(
    request: HttpRequest,
    template_name: str | Sequence[str],
    context: Mapping[str, Any] | None = None,
    content_type: str | None = None,
    status: int | None = None,
    using: str | None = None,
) -> HttpResponse:
    """Return a response with a rendered template."""
    content = loader.render_to_string(template_name, context, request, using=using)
    return HttpResponse(content, content_type, status)


def redirect(
    to: Any,
    *args: Any,
    permanent: bool = False,
    preserve_request: bool = False,
    max_length: int | None = MAX_URL_REDIRECT_LENGTH,
    **kwargs: Any,
) -> HttpResponseRedirectBase:
    """Return a redirect to what :func:`resolve_url` makes of the arguments."""
    kind = HttpResponsePermanentRedirect if permanent else HttpResponseRedirect
    return kind(
        resolve_url(to, *args, **kwargs),
        preserve_request=preserve_request,
        max_length=max_length,
    )


def resolve_url(to: Any, *args: Any, **kwargs: Any) -> str:
    """Return a URL for a model instance, the name of a view, a view or a URL.

    Raises:
        NoReverseMatch: neither a view nor anything that looks like a URL.
    """
    if hasattr(to, "get_absolute_url"):
        return to.get_absolute_url()
    target = str(to) if isinstance(to, Promise) else to
    # Relative paths are left to the browser; most paths can be told from names before anything is raised.
    if isinstance(target, str) and (
        target.startswith(("./", "../"))
        or (target.startswith("/") and ":" not in target and not is_name(target))
    ):
        return target
    try:
        return reverse(target, args=args, kwargs=kwargs)
    except NoReverseMatch:
        looks_like_url = isinstance(target, str) and ("/" in target or "." in target)
        if callable(target) or not looks_like_url:
            raise
    return target


def _get_queryset(klass: Any) -> Any:
    """Return a queryset for a model or a manager; anything else is one, or stands in for one."""
    manager = getattr(klass, "_default_manager", None)
    return klass if manager is None else manager.all()


def _rows_of(klass: Any, function: str, method: str) -> Any:
    """Return the queryset that ``function`` is to call ``method`` on.

    Raises:
        ValueError: ``klass`` leads to nothing with such a method.
    """
    rows = _get_queryset(klass)
    if hasattr(rows, method):
        return rows
    shown = klass.__name__ if isinstance(klass, type) else klass.__class__.__name__
    raise ValueError(
        f"First argument to {function}() must be a Model, Manager, or QuerySet, not '{shown}'."
    )


def _nothing_found(rows: Any) -> Http404:
    return Http404(f"No {rows.model._meta.object_name} matches the given query.")


def get_object_or_404[M](klass: Rows[M], *args: Any, **kwargs: Any) -> M:
    """Return the only object that matches, from a model, a manager or a queryset.

    Raises:
        Http404: there is none.
        MultipleObjectsReturned: there are several.
    """
    rows = _rows_of(klass, "get_object_or_404", "get")
    try:
        return rows.get(*args, **kwargs)
    except rows.model.DoesNotExist:
        raise _nothing_found(rows) from None


async def aget_object_or_404[M](klass: Rows[M], *args: Any, **kwargs: Any) -> M:
    """Asynchronous twin of :func:`get_object_or_404`."""
    rows = _rows_of(klass, "aget_object_or_404", "aget")
    try:
        return await rows.aget(*args, **kwargs)
    except rows.model.DoesNotExist:
        raise _nothing_found(rows) from None


def get_list_or_404[M](klass: Rows[M], *args: Any, **kwargs: Any) -> list[M]:
    """Return the objects that match as a list.

    Raises:
        Http404: there are none.
    """
    rows = _rows_of(klass, "get_list_or_404", "filter")
    if found := list(rows.filter(*args, **kwargs)):
        return found
    raise _nothing_found(rows)


async def aget_list_or_404[M](klass: Rows[M], *args: Any, **kwargs: Any) -> list[M]:
    """Asynchronous twin of :func:`get_list_or_404`."""
    rows = _rows_of(klass, "aget_list_or_404", "filter")
    if found := [row async for row in rows.filter(*args, **kwargs)]:
        return found
    raise _nothing_found(rows)
