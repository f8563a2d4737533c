"""Checks of the settings that protect a site."""
