"""The WSGI application of a project. Manual: "How to deploy with WSGI"."""

import nuages
from nuages.core.handlers.wsgi import WSGIHandler


def get_wsgi_application() -> WSGIHandler:
    """Set the project up and return its WSGI callable."""
    nuages.setup(set_prefix=False)
    return WSGIHandler()
