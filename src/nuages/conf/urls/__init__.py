"""What URLconf files may import: ``include()`` and the default error views."""

from nuages.urls import include

__all__ = ["handler400", "handler403", "handler404", "handler500", "include"]

handler400, handler403, handler404, handler500 = (
    f"django.views.defaults.{name}"
    for name in ("bad_request", "permission_denied", "page_not_found", "server_error")
)
