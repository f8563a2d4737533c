"""Delivery by SMTP. Manual: topics/email, "SMTP backend"."""

import email.policy
import smtplib
import ssl
import threading
from collections.abc import Iterable
from contextlib import suppress
from email.headerregistry import Address, AddressHeader
from functools import cached_property
from typing import Any

from nuages.conf import settings
from nuages.core.mail.backends.base import SilencingEmailBackend
from nuages.core.mail.exceptions import InvalidMailer
from nuages.core.mail.utils import DNS_NAME
from nuages.utils.deprecation import RemovedInDjango2028Warning, warn_about_external_use
from nuages.utils.encoding import force_str, punycode

# Option → the setting that stood for it before `MAILERS`.
_OLD_SETTINGS = {
    "host": "EMAIL_HOST",
    "port": "EMAIL_PORT",
    "username": "EMAIL_HOST_USER",
    "password": "EMAIL_HOST_PASSWORD",
    "use_tls": "EMAIL_USE_TLS",
    "use_ssl": "EMAIL_USE_SSL",
    "timeout": "EMAIL_TIMEOUT",
    "ssl_keyfile": "EMAIL_SSL_KEYFILE",
    "ssl_certfile": "EMAIL_SSL_CERTFILE",
}


class EmailBackend(SilencingEmailBackend):
    """Sends messages through a server; several at a time over one connection."""

    def __init__(
        self,
        host: str | None = None,
        port: int | None = None,
        username: str | None = None,
        password: str | None = None,
        use_tls: bool | None = None,
        fail_silently: bool = False,
        use_ssl: bool | None = None,
        timeout: float | None = None,
        ssl_keyfile: str | None = None,
        ssl_certfile: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fail_silently, **kwargs)
        options = {
            "host": host,
            "port": port,
            "username": username,
            "password": password,
            "use_tls": use_tls,
            "use_ssl": use_ssl,
            "timeout": timeout,
            "ssl_keyfile": ssl_keyfile,
            "ssl_certfile": ssl_certfile,
        }
        if self.alias is None:
            options = self._completed_by_settings(options)
        else:
            options = self._completed(options)
        for name, value in options.items():
            setattr(self, name, value)
        self.connection: Any = None
        # One that failed on the way, kept to be closed.
        self._partial_connection: Any = None
        self._lock = threading.RLock()

    def _completed(self, options: dict[str, Any]) -> dict[str, Any]:
        if not options["host"]:
            raise InvalidMailer("OPTIONS must define 'host'.", alias=self.alias or "")
        options["use_tls"], options["use_ssl"] = bool(options["use_tls"]), bool(options["use_ssl"])
        if options["use_ssl"] and options["use_tls"]:
            raise InvalidMailer(
                "The 'use_ssl' and 'use_tls' OPTIONS are incompatible. Set at most one of them "
                "to True.",
                alias=self.alias or "",
            )
        if options["port"] is None:
            options["port"] = 465 if options["use_ssl"] else 587 if options["use_tls"] else 25
        return options

    def _completed_by_settings(self, options: dict[str, Any]) -> dict[str, Any]:
        warn_about_external_use(
            "Directly creating EmailBackend instances is deprecated. Use mail.mailers instead.",
            RemovedInDjango2028Warning,
            # Constructors of subclasses are callers too, but not the ones to blame.
            skip_frames=1,
        )
        for option, setting in _OLD_SETTINGS.items():
            # An empty user name is one: it says not to log in.
            if options[option] is None:
                options[option] = getattr(settings, setting)
        if options["use_ssl"] and options["use_tls"]:
            raise ValueError(
                "EMAIL_USE_TLS/EMAIL_USE_SSL are mutually exclusive, so only set one of those "
                "settings to True."
            )
        return options

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """The class of the standard library that talks to the server."""
        return smtplib.SMTP_SSL if self.use_ssl else smtplib.SMTP  # type: ignore[attr-defined]

    @cached_property
    def ssl_context(self) -> ssl.SSLContext:
        """How the server's certificate is checked, and which one we show."""
        certificate, key = self.ssl_certfile, self.ssl_keyfile  # type: ignore[attr-defined]
        if not certificate and not key:
            return ssl.create_default_context()
        context = ssl.SSLContext(protocol=ssl.PROTOCOL_TLS_CLIENT)
        context.load_cert_chain(certificate, key)
        return context

    def open(self) -> bool | None:
        """Connect unless there is a connection; return whether it was made.

        ``None`` stands for a failure that was silenced.
        """
        if self.connection:
            return False
        if self._partial_connection:
            self._quit(self._partial_connection)
            self._partial_connection = None
        params = {
            "local_hostname": DNS_NAME.get_fqdn(),
            **({} if self.timeout is None else {"timeout": self.timeout}),  # type: ignore[attr-defined]
            **({"context": self.ssl_context} if self.use_ssl else {}),  # type: ignore[attr-defined]
        }
        try:
            made = self.connection_class(self.host, self.port, **params)  # type: ignore[attr-defined]
            self._partial_connection = made
            if not self.use_ssl and self.use_tls:  # type: ignore[attr-defined]
                made.starttls(context=self.ssl_context)
            if self.username and self.password:  # type: ignore[attr-defined]
                made.login(self.username, self.password)  # type: ignore[attr-defined]
        except OSError:
            if self.fail_silently:
                return None
            raise
        self.connection, self._partial_connection = made, None
        return True

    def _quit(self, connection: Any) -> None:
        try:
            connection.quit()
        except (ssl.SSLError, smtplib.SMTPServerDisconnected):
            # After a failure in the middle of TLS, or of the server, there is no farewell.
            connection.close()
        except smtplib.SMTPException:
            if not self.fail_silently:
                raise

    def close(self) -> None:
        """Say goodbye to the server."""
        open_ones = [c for c in (self.connection, self._partial_connection) if c is not None]
        self.connection = self._partial_connection = None
        for connection in open_ones:
            self._quit(connection)

    def send_messages(self, email_messages: Iterable[Any]) -> int:
        """Send messages over one connection; return how many were sent."""
        messages = list(email_messages)
        if not messages:
            return 0
        with self._lock:
            opened = self.open()
            if not self.connection or opened is None:
                return 0
            try:
                return sum(map(self._send, messages))
            finally:
                if opened:
                    self.close()

    def _send(self, email_message: Any) -> bool:
        if not email_message.recipients():
            return False
        sender = self.prep_address(email_message.from_email)
        recipients = [self.prep_address(address) for address in email_message.recipients()]
        data = email_message.message(policy=email.policy.SMTP).as_bytes()
        ignored = (smtplib.SMTPException,) if self.fail_silently else ()
        with suppress(*ignored):
            self.connection.sendmail(sender, recipients, data)
            return True
        return False

    def prep_address(self, address: Any, force_ascii: bool = True) -> str:
        """Return the bare address for the envelope, with an ASCII domain if ``force_ascii``.

        Raises ``ValueError`` for what is not exactly one address.
        """
        text = force_str(address)
        parsed = AddressHeader.value_parser(text)
        defects = {str(d) for d in parsed.all_defects} - _HARMLESS_DEFECTS
        mailboxes = parsed.all_mailboxes
        if defects or len(mailboxes) != 1 or "\n" in text or "\r" in text:
            reason = "; ".join(sorted(defects)) or "not a single mailbox"
            raise ValueError(f"Invalid address {text!r}: {reason}")
        local, domain = mailboxes[0].local_part, mailboxes[0].domain
        if not local or not domain:
            raise ValueError(f"Invalid address {text!r}: incomplete")
        if force_ascii:
            if not local.isascii():
                raise ValueError(
                    f"Invalid address {text!r}: local-part contains non-ASCII characters"
                )
            domain = punycode(domain) if not domain.isascii() else domain
        return Address(username=local, domain=domain).addr_spec


# What the parser of the standard library notes about addresses that RFC 6532 allows.
_HARMLESS_DEFECTS = {
    "local-part contains non-ASCII characters)",
    "non-ASCII characters in local-part.",
}
