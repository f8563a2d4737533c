"""The library ``humanize``."""
