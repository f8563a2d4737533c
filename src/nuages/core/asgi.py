"""The ASGI application of a project. Manual: "How to deploy with ASGI"."""

import nuages
from nuages.core.handlers.asgi import ASGIHandler


def get_asgi_application() -> ASGIHandler:
    """Set the project up and return its ASGI callable."""
    nuages.setup(set_prefix=False)
    return ASGIHandler()
