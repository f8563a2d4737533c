"""A chart of the times, as a plain SVG that follows the reader's light or dark theme."""

from __future__ import annotations

from html import escape

from benchmarks.orm.data import JOBS

COLOURS = {
    "Nuages": "#1f7a5a",
    "raw, objects": "#b9b9b9",
    "SQLAlchemy Core": "#c98a2b",
    "SQLAlchemy ORM": "#a65d1f",
    "Tortoise": "#7a6bb0",
    "Piccolo": "#4f8fb8",
    "Django": "#5b6770",
}
BAR, GAP, LEFT, WIDTH = 9, 14, 210, 900
STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#333}.job{font-weight:600;text-anchor:end}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}}"
)


def draw(times: dict[str, dict[str, float]]) -> str:
    """Return the SVG: for each job a bar per contender, as a share of Django's time.

    What takes longer than Django ends at the right edge, and says how many times as long.
    """
    names = [name for name in COLOURS if name in times]
    base = times.get("Django") or times["Nuages"]
    jobs = [job for job in JOBS if job in base and job in times["Nuages"]]
    top = 46
    parts = [
        f'<text x="{LEFT + n * 100}" y="16"><tspan fill="{COLOURS[name]}">■</tspan> {escape(name)}</text>'
        for n, name in enumerate(names)
    ]
    parts.append(
        f'<text x="{LEFT}" y="34">CPU time as a share of Django’s; shorter is better. (SQLAlchemy Core gives rows, not objects.)</text>'
    )
    room = WIDTH - LEFT - 60
    for job in jobs:
        height = len(names) * BAR
        parts.append(
            f'<text class="job" x="{LEFT - 8}" y="{top + height / 2 + 4}">{escape(job)}</text>'
        )
        for place, name in enumerate(names):
            value = times[name].get(job)
            if value is None:
                continue
            share = value / base[job]
            y = top + place * BAR
            length = max(1.0, min(share, 1.0) * room)
            parts.append(
                f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 1}" fill="{COLOURS[name]}"/>'
            )
            note = f"{value:,.0f} µs" if share <= 1 else f"{value:,.0f} µs, {share:.1f}×"
            parts.append(
                f'<text x="{LEFT + length + 4:.1f}" y="{y + BAR - 1.5}" font-size="8">{note}</text>'
            )
        top += height + GAP
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" role="img">\n'
        f"<title>Time of database operations, by library</title>\n<style>{STYLE}</style>\n{body}\n</svg>\n"
    )
