"""The models, as an application."""
