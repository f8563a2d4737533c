"""Formats for bg, made by tools/make_locale.py from CLDR."""

DATE_FORMAT = 'j E Y\xa0г.'
TIME_FORMAT = 'G:i'
DATETIME_FORMAT = 'j E Y\xa0г. G:i'
YEAR_MONTH_FORMAT = 'E Y\xa0г.'
MONTH_DAY_FORMAT = 'j E'
SHORT_DATE_FORMAT = 'd.m.Y\xa0г.'
SHORT_DATETIME_FORMAT = 'd.m.Y\xa0г. G:i'
FIRST_DAY_OF_WEEK = 1
DECIMAL_SEPARATOR = ','
THOUSAND_SEPARATOR = '\xa0'
NUMBER_GROUPING = 3
