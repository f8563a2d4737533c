"""Formats for ne, made by tools/make_locale.py from CLDR."""

DATE_FORMAT = 'Y E j'
TIME_FORMAT = 'H:i'
DATETIME_FORMAT = 'Y E j H:i'
YEAR_MONTH_FORMAT = 'Y E'
MONTH_DAY_FORMAT = 'E j'
SHORT_DATE_FORMAT = 'Y/m/d'
SHORT_DATETIME_FORMAT = 'Y/m/d H:i'
FIRST_DAY_OF_WEEK = 0
DECIMAL_SEPARATOR = '.'
THOUSAND_SEPARATOR = ','
NUMBER_GROUPING = 3
DATE_INPUT_FORMATS = ['%Y/%m/%d', '%Y.%m.%d', '%Y-%m-%d', '%y/%m/%d', '%y.%m.%d', '%y-%m-%d']
DATETIME_INPUT_FORMATS = ['%Y/%m/%d %H:%M:%S', '%Y/%m/%d %H:%M:%S.%f', '%Y/%m/%d %H:%M', '%Y.%m.%d %H:%M:%S', '%Y.%m.%d %H:%M:%S.%f', '%Y.%m.%d %H:%M', '%Y-%m-%d %H:%M:%S', '%Y-%m-%d %H:%M:%S.%f', '%Y-%m-%d %H:%M', '%y/%m/%d %H:%M:%S', '%y/%m/%d %H:%M:%S.%f', '%y/%m/%d %H:%M', '%y.%m.%d %H:%M:%S', '%y.%m.%d %H:%M:%S.%f', '%y.%m.%d %H:%M', '%y-%m-%d %H:%M:%S', '%y-%m-%d %H:%M:%S.%f', '%y-%m-%d %H:%M']
