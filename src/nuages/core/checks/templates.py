"""Checks that each template engine makes of its configuration."""

from __future__ import annotations

from typing import Any

from nuages.core.checks import Tags, register


@register(Tags.templates)
def check_templates(app_configs: Any, **kwargs: Any) -> list[Any]:
    """Return what the engines find."""
    from nuages.template import engines

    return [message for engine in engines.all() for message in engine.check()]
