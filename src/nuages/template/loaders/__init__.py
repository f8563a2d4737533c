"""Loaders find templates. Manual: "The Django template language", section "Loading templates"."""
