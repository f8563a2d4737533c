"""Compress responses. Manual: "View decorators"."""

from nuages.middleware.gzip import GZipMiddleware
from nuages.utils.decorators import decorator_from_middleware

gzip_page = decorator_from_middleware(GZipMiddleware)
gzip_page.__doc__ = "Compress a view's responses, where the browser allows it."
