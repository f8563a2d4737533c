"""Formats for udm, made by tools/make_locale.py from CLDR."""

