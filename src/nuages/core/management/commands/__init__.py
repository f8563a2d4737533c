"""The built-in management commands."""
