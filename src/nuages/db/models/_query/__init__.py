"""The parts of ``django.db.models.query``."""
