"""Say who may show a page in a frame. Manual: "Clickjacking protection"."""

from __future__ import annotations

from typing import Any

from nuages.views.decorators._around import View, around


def _framing(view: View, value: str) -> View:
    def set_header(request: Any, response: Any) -> None:
        if response.get("X-Frame-Options") is None:
            response["X-Frame-Options"] = value

    return around(view, after=set_header)


def xframe_options_deny(view_func: View) -> View:
    """Return a view whose responses nobody may frame, unless they have the header already."""
    return _framing(view_func, "DENY")


def xframe_options_sameorigin(view_func: View) -> View:
    """Return a view whose responses its own site may frame, unless they have the header."""
    return _framing(view_func, "SAMEORIGIN")


def xframe_options_exempt(view_func: View) -> View:
    """Return a view whose responses anyone may frame."""
    return around(
        view_func, after=lambda request, response: setattr(response, "xframe_options_exempt", True)
    )
