"""A content security policy of a view's own. Manual: "Content Security Policy"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nuages.views.decorators._around import View, around


def _policy_on(attribute: str, config: Mapping[str, Any]) -> Callable[[View], View]:
    if not isinstance(config, Mapping):
        raise TypeError("CSP config should be a mapping.")
    return lambda view: around(
        view, after=lambda request, response: setattr(response, attribute, config)
    )


def csp_override(config: Mapping[str, Any]) -> Callable[[View], View]:
    """Return a decorator that replaces ``SECURE_CSP``; an empty policy sends none."""
    return _policy_on("_csp_config", config)


def csp_report_only_override(config: Mapping[str, Any]) -> Callable[[View], View]:
    """Return a decorator that replaces ``SECURE_CSP_REPORT_ONLY``."""
    return _policy_on("_csp_ro_config", config)
