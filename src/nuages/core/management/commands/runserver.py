"""``runserver``. Manual: "runserver"."""

from __future__ import annotations

import errno
import os
import re
import socket
import sys
from datetime import datetime
from typing import Any

from nuages.conf import settings
from nuages.core.management.base import BaseCommand, CommandError
from nuages.core.servers import basehttp
from nuages.core.servers.basehttp import WSGIServer, get_internal_wsgi_application, run
from nuages.db import connections
from nuages.utils.version import get_docs_version

# An address in the forms that are told apart: of IPv4, of IPv6 in brackets, a host's name; a port.
naiveip_re = re.compile(
    r"(?:(?P<addr>(?P<ipv4>[0-9]{1,3}(?:\.[0-9]{1,3}){3})"
    r"|\[(?P<ipv6>[0-9a-fA-F:]+)\]|(?P<fqdn>[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*)):)?"
    r"(?P<port>[0-9]+)"
)

_REASONS = {
    errno.EACCES: "You don't have permission to access that port.",
    errno.EADDRINUSE: "That port is already in use.",
    errno.EADDRNOTAVAIL: "That IP address can't be assigned to.",
}


class Command(BaseCommand):
    """Serves the project for development, and starts anew when its code changes."""

    help = "Start a web server for development. It restarts when the code changes."

    stealth_options = ("shutdown_message",)
    suppressed_base_arguments = {"--verbosity", "--traceback"}

    default_addr = "127.0.0.1"
    default_addr_ipv6 = "::1"
    default_port = "8000"
    protocol = "http"
    server_cls: type[WSGIServer] = WSGIServer

    def add_arguments(self, parser: Any) -> None:
        """Add the address and the options."""
        parser.add_argument("addrport", nargs="?", help="Port, or address:port.")
        flags = (
            (("--ipv6", "-6"), "use_ipv6", True, "Take an IPv6 address."),
            (("--nothreading",), "use_threading", False, "Answer one request at a time."),
            (("--noreload",), "use_reloader", False, "Do not restart when the code changes."),
        )
        for names, dest, turns_on, text in flags:
            action = "store_true" if turns_on else "store_false"
            parser.add_argument(*names, action=action, dest=dest, help=text)

    def execute(self, *args: Any, **options: Any) -> Any:
        """Run the command; its child of the reloader too knows whether to use colours."""
        if options["no_color"]:
            os.environ["DJANGO_COLORS"] = "nocolor"
        return super().execute(*args, **options)

    def get_check_kwargs(self, options: dict[str, Any]) -> dict[str, Any]:
        """Skip the checks here: they run at each start of the server."""
        return {"tags": set()}

    def get_handler(self, *args: Any, **options: Any) -> Any:
        """Return the application to serve."""
        return get_internal_wsgi_application()

    def handle(self, *args: Any, **options: Any) -> None:
        """Find out the address, and serve."""
        if not (settings.DEBUG or settings.ALLOWED_HOSTS):
            raise CommandError("You must set settings.ALLOWED_HOSTS if DEBUG is False.")
        self.use_ipv6 = options["use_ipv6"]
        if self.use_ipv6 and not socket.has_ipv6:
            raise CommandError("Your Python does not support IPv6.")
        self._raw_ipv6 = False
        self._read_address(options["addrport"] or "")
        self.run(**options)

    def _read_address(self, given: str) -> None:
        self.addr, self.port = "", self.default_port
        if given:
            found = naiveip_re.fullmatch(given)
            if found is None:
                raise CommandError(f'"{given}" is not a valid port number or address:port pair.')
            self.port = found["port"]
            if found["ipv6"]:
                self.addr, self.use_ipv6, self._raw_ipv6 = found["ipv6"], True, True
            else:
                self.addr = found["addr"] or ""
                if self.use_ipv6 and found["ipv4"]:
                    raise CommandError(f'"{self.addr}" is not a valid IPv6 address.')
        if not self.addr:
            self._raw_ipv6 = self.use_ipv6
            self.addr = self.default_addr_ipv6 if self.use_ipv6 else self.default_addr

    def run(self, **options: Any) -> None:
        """Serve, under the reloader unless it is turned off."""
        if not options["use_reloader"]:
            return self.inner_run(None, **options)
        import nuages.template.autoreload  # noqa: F401  (it watches the templates)
        from nuages.utils import autoreload

        return autoreload.run_with_reloader(self.inner_run, **options)

    def inner_run(self, *args: Any, **options: Any) -> None:
        """Check the project, and serve it until somebody stops it."""
        from nuages.utils import autoreload

        # What failed at the last start is shown instead of serving.
        autoreload.raise_last_exception()
        if not options["skip_checks"]:
            self.stdout.write("Performing system checks...\n\n")
            self.check(**super().get_check_kwargs(options), display_num_errors=True)
        self.check_migrations()
        connections.close_all()
        try:
            self._serve(self.get_handler(*args, **options), options["use_threading"])
        except OSError as error:
            reason = _REASONS.get(error.errno or 0, error)
            self.stderr.write(f"Error: {reason}")
            # sys.exit() would only end the reloader's thread.
            os._exit(1)
        except KeyboardInterrupt:
            if farewell := options.get("shutdown_message", ""):
                self.stdout.write(farewell)
            sys.exit(0)

    def _serve(self, handler: Any, use_threading: bool) -> None:
        """Serve on granian if it is installed, else (or if so asked) on the standard library's server."""
        port = int(self.port)
        if use_threading and self.server_cls is WSGIServer and run is basehttp.run:
            from nuages.core.servers import rust

            if rust.available():
                rust.run(self.addr, port, handler, self.use_ipv6, self.on_bind)
                return
            self.stdout.write(
                "Served by Python's own server. The extra nuages[serve] brings a faster one, and"
                " quicker reloading.\n"
            )
        run(
            self.addr,
            port,
            handler,
            ipv6=self.use_ipv6,
            threading=use_threading,
            on_bind=self.on_bind,
            server_cls=self.server_cls,
        )

    def on_bind(self, server_port: Any) -> None:
        """Tell where the server is, now that its port is open."""
        host = f"[{self.addr}]" if self._raw_ipv6 else self.addr
        host = "0.0.0.0" if host == "0" else host
        stop = "CTRL-BREAK" if sys.platform == "win32" else "CONTROL-C"
        now = datetime.now().strftime("%B %d, %Y - %X")
        self.stdout.write(
            f"{now}\n"
            f"Django version {self.get_version()}, using settings {settings.SETTINGS_MODULE!r}\n"
            f"Starting WSGI development server at {self.protocol}://{host}:{server_port}/\n"
            f"Quit the server with {stop}."
        )
        if os.environ.get("DJANGO_RUNSERVER_HIDE_WARNING") != "true":
            self.stdout.write(
                self.style.WARNING(
                    "WARNING: This is a development server. Do not use it in a production setting. "
                    "Use a production WSGI or ASGI server instead.\nFor more information on "
                    "production servers see: https://docs.djangoproject.com/en/"
                    f"{get_docs_version()}/howto/deployment/"
                )
            )
