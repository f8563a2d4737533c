"""A server in a thread, for tests that use a browser. Manual: "Testing tools", ``LiveServerTestCase``."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from nuages.conf import settings
from nuages.core.handlers.wsgi import WSGIHandler, get_path_info
from nuages.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from nuages.db import connections
from nuages.http import Http404
from nuages.test.overrides import modify_settings
from nuages.test.testcases import TransactionTestCase
from nuages.utils.functional import classproperty
from nuages.views.static import serve


class QuietWSGIRequestHandler(WSGIRequestHandler):
    """A request handler that does not print a line for each request."""

    def log_message(self, *args: Any) -> None:
        """Print nothing."""


class _FolderResponder(WSGIHandler):
    """Answers requests below a URL with the files of a folder; other pages are the project's."""

    def __init__(self, prefix: str, folder: str) -> None:
        super().__init__()
        self.prefix, self.folder = prefix, folder

    def get_response(self, request: Any) -> Any:
        name = url2pathname(request.path.removeprefix(self.prefix)).replace("\\", "/")
        try:
            return serve(request, unquote(name.lstrip("/")), document_root=self.folder)
        except Http404:
            # The project's own page says it better.
            return super().get_response(request)


class _FolderMiddleware:
    """WSGI middleware that serves a folder at a URL; two settings say which and where."""

    url_setting: ClassVar[str]
    folder_setting: ClassVar[str]

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        url = urlsplit(getattr(settings, self.url_setting))
        answer = self.application
        # A URL with a host is served elsewhere.
        if not url.netloc and get_path_info(environ).startswith(url.path):
            answer = _FolderResponder(url.path, getattr(settings, self.folder_setting))
        return answer(environ, start_response)


class _StaticFilesHandler(_FolderMiddleware):
    """Serves ``STATIC_ROOT`` at ``STATIC_URL``."""

    url_setting, folder_setting = "STATIC_URL", "STATIC_ROOT"


class _MediaFilesHandler(_FolderMiddleware):
    """Serves ``MEDIA_ROOT`` at ``MEDIA_URL``."""

    url_setting, folder_setting = "MEDIA_URL", "MEDIA_ROOT"


class LiveServerThread(threading.Thread):
    """The thread that serves the project.

    Args:
        host: the address to listen at.
        static_handler: WSGI middleware for static files.
        connections_override: connections to use instead of the thread's own, by alias.
        port: the port; 0 takes a free one.
    """

    server_class: ClassVar[type] = ThreadedWSGIServer
    httpd: Any = None

    def __init__(
        self, host: str, static_handler: Any, connections_override: Any = None, port: int = 0
    ) -> None:
        super().__init__()
        self.host, self.port = host, port
        self.static_handler = static_handler
        self.connections_override = connections_override
        #: Set once the server answers, or cannot.
        self.is_ready = threading.Event()
        self.error: BaseException | None = None

    def run(self) -> None:
        """Serve until :meth:`terminate`."""
        for alias in self.connections_override or ():
            connections[alias] = self.connections_override[alias]
        with contextlib.closing(_AllConnections()), self._report():
            # Made first: a server that never served could not be shut down.
            application = self.static_handler(_MediaFilesHandler(WSGIHandler()))
            server = self.httpd = self._create_server(self.connections_override)
            self.port = self.port or server.server_address[1]
            server.set_app(application)
            self.is_ready.set()
            server.serve_forever()

    @contextlib.contextmanager
    def _report(self) -> Iterator[None]:
        """Keep an error for the test's thread, which raises it."""
        try:
            yield
        except Exception as error:
            self.error = error
        finally:
            self.is_ready.set()

    def _create_server(self, connections_override: Any = None) -> Any:
        options = {"allow_reuse_address": False, "connections_override": connections_override}
        return self.server_class((self.host, self.port), QuietWSGIRequestHandler, **options)

    def terminate(self) -> None:
        """Stop serving, and wait until the thread has ended."""
        if (server := self.httpd) is not None:
            server.shutdown()
            server.server_close()
        self.join()


class _AllConnections:
    """What the thread closes in the end."""

    def close(self) -> None:
        connections.close_all()


class LiveServerTestCase(TransactionTestCase):
    """Tests against a server that runs meanwhile, at ``live_server_url``."""

    server_thread_class: ClassVar[type[LiveServerThread]] = LiveServerThread
    static_handler: ClassVar[Any] = _StaticFilesHandler
    server_thread: ClassVar[LiveServerThread]
    host: ClassVar[str] = "localhost"
    port: ClassVar[int] = 0

    @classproperty
    def live_server_url(cls) -> str:
        """The address of the server."""
        return f"http://{cls.host}:{cls.server_thread.port}"

    @classproperty
    def allowed_host(cls) -> str:
        """What is added to ``ALLOWED_HOSTS`` during the tests."""
        return cls.host

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.enterClassContext(modify_settings(ALLOWED_HOSTS={"append": cls.allowed_host}))
        cls._start_server_thread()

    @classmethod
    def _start_server_thread(cls) -> None:
        """Serve until the class is done; raise what keeps the server from it."""
        shared = cls._make_connections_override()
        thread = cls.server_thread = cls._create_server_thread(shared)
        for connection in shared.values():
            connection.inc_thread_sharing()
            cls.addClassCleanup(connection.dec_thread_sharing)
        thread.daemon = True
        thread.start()
        cls.addClassCleanup(thread.terminate)
        thread.is_ready.wait()
        if thread.error is not None:
            raise thread.error

    @classmethod
    def _make_connections_override(cls) -> dict[str, Any]:
        """Return the connections that the server shares: databases in memory have just one."""
        in_memory = (
            connection
            for connection in connections.all()
            if connection.vendor == "sqlite" and connection.is_in_memory_db()
        )
        return {connection.alias: connection for connection in in_memory}

    @classmethod
    def _create_server_thread(cls, connections_override: Any) -> LiveServerThread:
        return cls.server_thread_class(cls.host, cls.static_handler, connections_override, cls.port)


# Where the manual has them.
for _public in (LiveServerTestCase, LiveServerThread):
    _public.__module__ = "django.test.testcases"
