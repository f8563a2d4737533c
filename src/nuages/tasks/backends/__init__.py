"""The backends of tasks."""
