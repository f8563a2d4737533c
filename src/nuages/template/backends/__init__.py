"""Backends make template engines usable in ``TEMPLATES``."""
