"""Posters and stars, drawn from data: no picture has to be stored."""

import hashlib
from random import Random

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

register = template.Library()

# Paper, ink and two accents: the look of record sleeves.
PALETTES = [
    ("#f3e6c8", "#1b2a41", "#d1495b", "#e0a030"),
    ("#16324f", "#f6efe0", "#e9b44c", "#e4572e"),
    ("#e8d8c3", "#2e2532", "#3d7068", "#c8553d"),
    ("#27213c", "#f4ecd8", "#d9a566", "#5a9e9b"),
    ("#dfe5e0", "#20302f", "#b8572a", "#45748b"),
    ("#7d2e2e", "#f7ead1", "#efb85d", "#22303f"),
]


def dice(text):
    """Return random numbers that depend on a text only."""
    return Random(hashlib.sha256(text.encode()).hexdigest())


def record(roll, ink, first, second):
    x, y, size = roll.randint(90, 210), roll.randint(110, 230), roll.randint(78, 118)
    rings = format_html_join(
        "",
        '<circle cx="{}" cy="{}" r="{}" fill="none" stroke="{}" stroke-opacity=".35"/>',
        ((x, y, size - step, first) for step in range(8, size - 34, 9)),
    )
    return format_html(
        '<circle cx="{0}" cy="{1}" r="{2}" fill="{3}"/>{4}<circle cx="{0}" cy="{1}" r="30" fill="{5}"/>'
        '<circle cx="{0}" cy="{1}" r="5" fill="{3}"/>',
        x,
        y,
        size,
        ink,
        rings,
        second,
    )


def strings(roll, ink, first, second):
    slope = roll.randint(-60, 60)
    lines = format_html_join(
        "",
        '<path d="M{} -10L{} 410" stroke="{}" stroke-width="{}"/>',
        ((70 + 32 * n, 70 + 32 * n + slope, ink, round(1.2 + 0.8 * n, 1)) for n in range(6)),
    )
    return format_html(
        '<circle cx="{}" cy="{}" r="{}" fill="{}"/>{}',
        roll.randint(100, 200),
        roll.randint(130, 260),
        roll.randint(58, 84),
        second,
        lines,
    )


def keys(roll, ink, first, second):
    tilt = roll.randint(-14, 14)
    whites = format_html_join(
        "",
        '<rect x="{}" y="120" width="34" height="190" fill="{}" stroke="{}" stroke-width="3"/>',
        ((-40 + 36 * n, first if n == 5 else "#fffaf0", "#23202b") for n in range(11)),
    )
    blacks = format_html_join(
        "",
        '<rect x="{}" y="118" width="22" height="112" fill="{}"/>',
        ((-16 + 36 * n, second if n == 6 else "#23202b") for n in range(10) if n % 7 not in (2, 6)),
    )
    return format_html('<g transform="rotate({} 150 200)">{}{}</g>', tilt, whites, blacks)


def clouds(roll, ink, first, second):
    moon = (roll.randint(60, 240), roll.randint(60, 130), roll.randint(34, 52), second)
    puffs = []
    for row, fill in enumerate((first, ink, first)):
        base = 210 + 58 * row
        puffs += [
            (roll.randint(-20, 320), base + roll.randint(-12, 12), roll.randint(34, 66), fill)
            for _ in range(7)
        ]
    draw = '<circle cx="{}" cy="{}" r="{}" fill="{}"/>'
    return format_html_join("", draw, [moon, *puffs])


MOTIFS = [record, strings, keys, clouds]


@register.simple_tag
def poster(concert):
    """Draw a poster: palette, motif and all measures follow from the concert's slug."""
    roll = dice(concert.slug)
    paper, ink, first, second = roll.choice(PALETTES)
    motif = roll.choice(MOTIFS)(roll, ink, first, second)
    return format_html(
        '<svg class="poster" viewBox="0 0 300 400" preserveAspectRatio="xMidYMid slice" aria-hidden="true">'
        '<rect width="300" height="400" fill="{}"/>{}'
        '<rect x="22" y="338" width="{}" height="7" fill="{}"/><rect x="22" y="354" width="{}" height="7" fill="{}"/>'
        "</svg>",
        paper,
        motif,
        roll.randint(90, 200),
        second,
        roll.randint(50, 140),
        first,
    )


@register.simple_tag
def portrait(artist):
    """Draw a badge with an artist's initials."""
    roll = dice(artist.slug)
    paper, ink, first, second = roll.choice(PALETTES)
    initials = "".join(word[0] for word in artist.name.split()[:2])
    return format_html(
        '<svg class="portrait" viewBox="0 0 80 80" aria-hidden="true"><rect width="80" height="80" rx="40" fill="{}"/>'
        '<circle cx="{}" cy="{}" r="{}" fill="{}" opacity=".85"/>'
        '<text x="40" y="50" text-anchor="middle" font-size="30" fill="{}">{}</text></svg>',
        paper,
        roll.randint(16, 64),
        roll.randint(16, 64),
        roll.randint(14, 26),
        second,
        ink,
        initials,
    )


@register.filter
def stars(value):
    """Show a mean as stars out of five: ``4.2`` gives four full ones."""
    full = max(0, min(5, round(value or 0)))
    return mark_safe(
        f'<span class="stars" role="img" aria-label="{full} of 5 stars">{"★" * full}'
        f'<span class="dim">{"★" * (5 - full)}</span></span>'
    )
