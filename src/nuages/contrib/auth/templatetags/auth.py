"""Shows what may be shown of a stored password."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nuages.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, identify_hasher
from nuages.template import Library
from nuages.utils.html import format_html, format_html_join
from nuages.utils.translation import gettext

register = Library()


def summary(value: Any) -> Iterator[tuple[str, ...]]:
    """Yield labels, most with a text, that tell what is known of a stored password."""
    if not value or value.startswith(UNUSABLE_PASSWORD_PREFIX):
        yield (gettext("No password set."),)
        return
    try:
        shown = identify_hasher(value).safe_summary(value)
    except ValueError:
        yield (gettext("Invalid password format or unknown hashing algorithm."),)
        return
    for label, text in shown.items():
        yield gettext(label), str(text)


@register.simple_tag
def render_password_as_hash(value: Any) -> str:
    """Return that as a paragraph."""
    parts = [
        format_html(
            "<strong>{}</strong>: <bdi>{}</bdi>" if text else "<strong>{}</strong>", label, *text
        )
        for label, *text in summary(value)
    ]
    return format_html("<p>{}</p>", format_html_join(" ", "{}", ((part,) for part in parts)))
