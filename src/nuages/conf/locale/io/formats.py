"""Formats for io, made by tools/make_locale.py from CLDR."""

