"""Names of days and months, as lazy translations. Monday is day 0, January month 1."""

from typing import Any

from nuages.utils.translation import gettext_lazy, gettext_noop, pgettext_lazy

_ = gettext_noop  # Marks the words for extraction.

_DAYS = (
    _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"),
    _("Friday"), _("Saturday"), _("Sunday"),
)  # fmt: skip
_SHORT_DAYS = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
_MONTHS = (
    _("January"), _("February"), _("March"), _("April"), _("May"), _("June"),
    _("July"), _("August"), _("September"), _("October"), _("November"), _("December"),
)  # fmt: skip
_SHORT_MONTHS = (
    _("jan"), _("feb"), _("mar"), _("apr"), _("may"), _("jun"),
    _("jul"), _("aug"), _("sep"), _("oct"), _("nov"), _("dec"),
)  # fmt: skip
_AP_MONTHS = "Jan. Feb. March April May June July Aug. Sept. Oct. Nov. Dec.".split()


def _table(words: Any, first: int, context: str | None = None) -> dict[int, Any]:
    translated = (
        gettext_lazy(word) if context is None else pgettext_lazy(context, word) for word in words
    )
    return dict(enumerate(translated, start=first))


WEEKDAYS, WEEKDAYS_ABBR = _table(_DAYS, 0), _table(_SHORT_DAYS, 0)
MONTHS, MONTHS_3 = _table(_MONTHS, 1), _table(_SHORT_MONTHS, 1)
# Abbreviated as the Associated Press does.
MONTHS_AP = _table(_AP_MONTHS, 1, "abbrev. month")
# As they stand in a date ("14 décembre"), where a language inflects them.
MONTHS_ALT = _table(_MONTHS, 1, "alt. month")
