"""Templates of the admin's widgets as functions: the fast twin of ``templates/admin/widgets``.

The renderer of forms calls them where it finds the admin's own files. The files stay the reference:
``tests/admin/test_written_widgets.py`` renders both and compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nuages.forms._compiled import Context, _input_tag, _part, _shown


def date(context: Context) -> str:
    """Return ``date.html``."""
    return f'<p class="date">{_input_tag(context["widget"])}</p>'


def time(context: Context) -> str:
    """Return ``time.html``."""
    return f'<p class="time">{_input_tag(context["widget"])}</p>'


def _labelled(text: Any, part: Mapping[str, Any]) -> str:
    own_id = part["attrs"].get("id")
    target = f' for="{_shown(own_id)}"' if own_id else ""
    return f"<label{target}>{_shown(text)}</label> {_part(part)}"


def date_and_time(context: Context) -> str:
    """Return ``split_datetime.html``.

    Raises:
        NeedsTemplate: a part has a template of its own.
    """
    day, moment = context["widget"]["subwidgets"]
    return (
        f'<p class="datetime">\n{_labelled(context["date_label"], day)}<br>\n'
        f"{_labelled(context['time_label'], moment)}\n</p>"
    )
