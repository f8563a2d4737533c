"""A server in a thread, for tests that use a browser. Manual: "Testing tools", ``LiveServerTestCase``."""

from __future__ import annotations

import threading
from typing import Any, ClassVar
from urllib.parse import unquote, urlparse
from urllib.request import url2pathname

from nuages.conf import settings
from nuages.core.handlers.wsgi import WSGIHandler, get_path_info
from nuages.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from nuages.db import connections
from nuages.test.overrides import modify_settings
from nuages.test.testcases import TransactionTestCase
from nuages.utils.functional import classproperty
from nuages.views.static import serve


class QuietWSGIRequestHandler(WSGIRequestHandler):
    """A request handler that does not print a line for each request."""

    def log_message(self, *args: Any) -> None:
        """Print nothing."""


class FSFilesHandler(WSGIHandler):
    """WSGI middleware that answers requests below a URL with the files of a folder.

    Subclasses say which URL and which folder.
    """

    def __init__(self, application: Any) -> None:
        self.application = application
        self.base_url = urlparse(self.get_base_url())
        super().__init__()

    def get_base_url(self) -> str:
        """Return the URL below which files are served."""
        raise NotImplementedError("A subclass names the URL.")

    def get_base_dir(self) -> str:
        """Return the folder whose files are served."""
        raise NotImplementedError("A subclass names the folder.")

    def _should_handle(self, path: str) -> bool:
        # A URL with a host is served elsewhere.
        return path.startswith(self.base_url[2]) and not self.base_url[1]

    def file_path(self, url: str) -> str:
        """Return the path, relative to the folder, of the file at ``url``."""
        return url2pathname(url.removeprefix(self.base_url[2]))

    def get_response(self, request: Any) -> Any:
        """Return the file that ``request`` asks for, or a page that says there is none."""
        from nuages.http import Http404

        if self._should_handle(request.path):
            try:
                return self.serve(request)
            except Http404:
                # The application's own page says it better.
                pass
        return super().get_response(request)

    def serve(self, request: Any) -> Any:
        """Return the response with the file."""
        path = self.file_path(request.path).replace("\\", "/").lstrip("/")
        return serve(request, unquote(path), document_root=self.get_base_dir())

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if not self._should_handle(get_path_info(environ)):
            return self.application(environ, start_response)
        return super().__call__(environ, start_response)


class _StaticFilesHandler(FSFilesHandler):
    """Serves ``STATIC_ROOT`` at ``STATIC_URL``."""

    def get_base_dir(self) -> str:
        return settings.STATIC_ROOT

    def get_base_url(self) -> str:
        return settings.STATIC_URL


class _MediaFilesHandler(FSFilesHandler):
    """Serves ``MEDIA_ROOT`` at ``MEDIA_URL``."""

    def get_base_dir(self) -> str:
        return settings.MEDIA_ROOT

    def get_base_url(self) -> str:
        return settings.MEDIA_URL


class LiveServerThread(threading.Thread):
    """The thread that serves the project.

    Args:
        host: the address to listen at.
        static_handler: WSGI middleware for static files.
        connections_override: connections to use instead of the thread's own, by alias.
        port: the port; 0 takes a free one.
    """

    server_class: ClassVar[type] = ThreadedWSGIServer

    def __init__(
        self, host: str, static_handler: Any, connections_override: Any = None, port: int = 0
    ) -> None:
        self.host = host
        self.port = port
        self.is_ready = threading.Event()
        self.error: BaseException | None = None
        self.static_handler = static_handler
        self.connections_override = connections_override
        super().__init__()

    def run(self) -> None:
        """Serve until :meth:`terminate`."""
        for alias, connection in (self.connections_override or {}).items():
            connections[alias] = connection
        try:
            self.httpd = self._create_server(connections_override=self.connections_override)
            if self.port == 0:
                self.port = self.httpd.server_address[1]
            self.httpd.set_app(self.static_handler(_MediaFilesHandler(WSGIHandler())))
            self.is_ready.set()
            self.httpd.serve_forever()
        except Exception as error:
            # The test's thread raises it.
            self.error = error
            self.is_ready.set()
        finally:
            connections.close_all()

    def _create_server(self, connections_override: Any = None) -> Any:
        return self.server_class(
            (self.host, self.port),
            QuietWSGIRequestHandler,
            allow_reuse_address=False,
            connections_override=connections_override,
        )

    def terminate(self) -> None:
        """Stop serving, and wait until the thread has ended."""
        if hasattr(self, "httpd"):
            self.httpd.shutdown()
            self.httpd.server_close()
        self.join()


class LiveServerTestCase(TransactionTestCase):
    """Tests against a server that runs meanwhile, at ``live_server_url``."""

    host: ClassVar[str] = "localhost"
    port: ClassVar[int] = 0
    server_thread_class: ClassVar[type[LiveServerThread]] = LiveServerThread
    static_handler: ClassVar[Any] = _StaticFilesHandler

    @classproperty
    def live_server_url(cls) -> str:
        """The address of the server."""
        return f"http://{cls.host}:{cls.server_thread.port}"

    @classproperty
    def allowed_host(cls) -> str:
        """What is added to ``ALLOWED_HOSTS`` during the tests."""
        return cls.host

    @classmethod
    def _make_connections_override(cls) -> dict[str, Any]:
        """Return the connections that the server shares: databases in memory have just one."""
        return {
            connection.alias: connection
            for connection in connections.all()
            if connection.vendor == "sqlite" and connection.is_in_memory_db()
        }

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.enterClassContext(modify_settings(ALLOWED_HOSTS={"append": cls.allowed_host}))
        cls._start_server_thread()

    @classmethod
    def _start_server_thread(cls) -> None:
        shared = cls._make_connections_override()
        for connection in shared.values():
            connection.inc_thread_sharing()
        cls.server_thread = cls._create_server_thread(shared)
        cls.server_thread.daemon = True
        cls.server_thread.start()
        cls.addClassCleanup(cls._terminate_thread)
        cls.server_thread.is_ready.wait()
        if cls.server_thread.error:
            raise cls.server_thread.error

    @classmethod
    def _create_server_thread(cls, connections_override: Any) -> LiveServerThread:
        return cls.server_thread_class(
            cls.host,
            cls.static_handler,
            connections_override=connections_override,
            port=cls.port,
        )

    @classmethod
    def _terminate_thread(cls) -> None:
        cls.server_thread.terminate()
        for connection in (cls.server_thread.connections_override or {}).values():
            connection.dec_thread_sharing()
