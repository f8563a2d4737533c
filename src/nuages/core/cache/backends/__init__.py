"""The backends that come with the framework."""
