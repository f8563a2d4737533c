"""Each catalogue has the names of its own language."""

import pytest

from nuages.utils import translation
from nuages.utils.dates import MONTHS, WEEKDAYS, WEEKDAYS_ABBR

# The stand-alone names of these come from aliases in CLDR's data.
NAMES = {
    "de": ("Januar", "Mai", "Montag", "Mo"),
    "en": ("January", "May", "Monday", "Mon"),
    "es": ("enero", "mayo", "lunes", "lun"),
    "fr": ("janvier", "mai", "lundi", "lun."),
    "it": ("gennaio", "maggio", "lunedì", "lun"),
    "nl": ("januari", "mei", "maandag", "ma"),
    "pt": ("janeiro", "maio", "segunda-feira", "seg."),
    "sv": ("januari", "maj", "måndag", "mån"),
    "az": ("yanvar", "may", "bazar ertəsi", "B.E."),
}


@pytest.mark.parametrize("language", NAMES)
def test_months_and_days_are_of_the_language(language):
    with translation.override(language):
        seen = (str(MONTHS[1]), str(MONTHS[5]), str(WEEKDAYS[0]), str(WEEKDAYS_ABBR[0]))
    assert tuple(map(str.lower, seen)) == tuple(map(str.lower, NAMES[language]))
