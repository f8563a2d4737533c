"""Addresses of the admin's pages, for templates."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from nuages import template
from nuages.contrib.admin._keys import key_text, quote
from nuages.contrib.admin._names import IS_POPUP_VAR, TO_FIELD_VAR
from nuages.contrib.admin._responses import FILTERS_VAR
from nuages.urls import Resolver404, get_script_prefix, resolve
from nuages.utils.http import urlencode

register = template.Library()


@register.filter
def admin_urlname(value: Any, arg: Any) -> str:
    """Return the name of one of a model's pages: ``{{ opts|admin_urlname:"add" }}``."""
    return f"admin:{value.app_label}_{value.model_name}_{arg}"


@register.filter
def admin_keytext(value: Any) -> str:
    """Return a primary key as it stands in the boxes and fields of forms."""
    return key_text(value)


@register.filter
def admin_urlquote(value: Any) -> Any:
    """Return a primary key as it may stand in a path."""
    return quote(value)


def _is_list(opts: Any, path: str) -> bool:
    """Whether a path leads to the list of a model."""
    prefix = get_script_prefix()
    path = unquote(path)
    # Routes know nothing of the prefix.
    below = f"/{path.removeprefix(prefix)}" if path.startswith(prefix) else path
    try:
        match = resolve(below)
    except Resolver404:
        return False
    return f"{match.app_name}:{match.url_name}" == admin_urlname(opts, "changelist")


def _parameters(query: Any) -> dict[str, Any]:
    return dict(parse_qs(query or "", keep_blank_values=False))


@register.simple_tag(takes_context=True)
def add_preserved_filters(context: Any, url: str, popup: Any = False, to_field: Any = None) -> str:
    """Return an address that brings the filters of the list along.

    Args:
        context: with ``opts``, ``preserved_filters`` and ``preserved_qsl`` (other parameters, as pairs).
        url: the address. Its own parameters come before all others.
        popup: whether the page is a popup.
        to_field: the field by which the page behind it refers to objects.
    """
    opts, kept = context.get("opts"), context.get("preserved_filters")
    if not (kept or popup or to_field or context.get("preserved_qsl")):
        return url
    parts = urlsplit(url)
    merged: dict[str, Any] = {}
    for name, value in context.get("preserved_qsl") or ():
        merged.setdefault(name, []).append(value)
    if opts and kept:
        filters = _parameters(kept)
        # The list takes them as they are, other pages in one parameter.
        if FILTERS_VAR in filters and _is_list(opts, parts.path):
            filters = _parameters(filters[FILTERS_VAR][0])
        merged |= filters
    if popup:
        merged[IS_POPUP_VAR] = 1
    if to_field:
        merged[TO_FIELD_VAR] = to_field
    merged |= _parameters(parts.query)
    return parts._replace(query=urlencode(merged, doseq=True)).geturl()


add_preserved_filters.reads = ("opts", "preserved_filters", "preserved_qsl")
