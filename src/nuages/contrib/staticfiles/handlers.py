"""Handlers that serve static files before the application is asked. For development."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from nuages.conf import settings
from nuages.contrib.staticfiles import utils
from nuages.contrib.staticfiles.views import serve
from nuages.core.handlers.asgi import ASGIHandler
from nuages.core.handlers.exception import response_for_exception
from nuages.core.handlers.wsgi import WSGIHandler, get_path_info
from nuages.http import Http404
from nuages.utils.concurrency import sync_to_async


class StaticFilesHandlerMixin:
    """What the handlers of both protocols share."""

    # Tells others that static files are taken care of.
    handles_files = True

    def __init__(self, application: Any) -> None:
        self.application = application
        self.base_url = urlsplit(self.get_base_url())
        super().__init__()

    def load_middleware(self, is_async: bool = False) -> None:
        """Do nothing: files do not go through middleware."""

    def get_base_url(self) -> str:
        """Return ``STATIC_URL``, after checking the settings."""
        utils.check_settings()
        return settings.STATIC_URL

    def _should_handle(self, path: str) -> bool:
        """Whether a path is one of static files, and those are on this host."""
        return path.startswith(self.base_url.path) and self.base_url.netloc == ""

    def get_response(self, request: Any) -> Any:
        """Return the file, or the page for missing ones."""
        try:
            response = self.serve(request)
        except Http404 as missing:
            response = response_for_exception(request, missing)
        return response

    def serve(self, request: Any) -> Any:
        """Return the file that is asked for."""
        name = self.file_path(request.path)
        return serve(request, name, insecure=True)

    def file_path(self, url: str) -> str:
        """Return the path of a file relative to ``STATIC_URL``."""
        return url2pathname(url.removeprefix(self.base_url.path))

    async def get_response_async(self, request: Any) -> Any:
        """The same, in a thread; the file is read in threads too."""
        return await sync_to_async(self.get_response, thread_sensitive=False)(request)


class StaticFilesHandler(StaticFilesHandlerMixin, WSGIHandler):
    """Serves static files, and hands everything else on to a WSGI application."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer a request."""
        mine = self._should_handle(get_path_info(environ))
        answer = super().__call__ if mine else self.application
        return answer(environ, start_response)


class ASGIStaticFilesHandler(StaticFilesHandlerMixin, ASGIHandler):
    """Serves static files, and hands everything else on to an ASGI application."""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        """Answer a request; connections that are none of HTTP are not looked at."""
        mine = scope["type"] == "http" and self._should_handle(scope["path"])
        answer = super().__call__ if mine else self.application
        return await answer(scope, receive, send)
