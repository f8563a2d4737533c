"""Mail messages. Manual: topics/email, "The ``EmailMessage`` class"."""

import email.message
import email.policy
import mimetypes
from collections.abc import Iterable
from datetime import UTC, datetime
from email.headerregistry import Address, AddressHeader
from email.utils import make_msgid
from pathlib import Path
from typing import Any, NamedTuple

from nuages.conf import settings
from nuages.core.mail.deprecation import report_using_incompatibility, warn
from nuages.core.mail.utils import DNS_NAME
from nuages.utils.deprecation import RemovedInDjango2028Warning, deprecate_posargs
from nuages.utils.encoding import punycode
from nuages.utils.timezone import get_current_timezone

DEFAULT_ATTACHMENT_MIME_TYPE = "application/octet-stream"


def __getattr__(name: str) -> Any:
    # The older email classes, and what used them: imported only for those who ask.
    from nuages.core.mail import legacy

    return getattr(legacy, name)


_RECIPIENTS = ("to", "cc", "bcc", "reply_to")


class EmailAlternative(NamedTuple):
    """Another version of a message's body."""

    content: Any
    mimetype: str


class EmailAttachment(NamedTuple):
    """A file that goes with a message."""

    filename: str | None
    content: Any
    mimetype: str | None


def _settle_type(filename: Any, content: Any, mimetype: str | None) -> tuple[Any, str]:
    """Return content and MIME type of an attachment: guessed if need be, bytes of text decoded."""
    if not mimetype:
        mimetype = mimetypes.guess_type(filename or "")[0] or DEFAULT_ATTACHMENT_MIME_TYPE
    if mimetype.startswith("text/") and isinstance(content, bytes):
        try:
            return content.decode(), mimetype
        except UnicodeDecodeError:
            # No text that we know of: then it goes as it is.
            return content, DEFAULT_ATTACHMENT_MIME_TYPE
    return content, mimetype


class EmailMessage:
    """A message with a text body, recipients, headers and attachments."""

    content_subtype = "plain"
    # None: DEFAULT_CHARSET.
    encoding: Any = None
    to: list[Any]
    cc: list[Any]
    bcc: list[Any]
    reply_to: list[Any]

    @deprecate_posargs(
        RemovedInDjango2028Warning,
        ["bcc", "connection", "attachments", "headers", "cc", "reply_to"],
    )
    def __init__(
        self,
        subject: Any = "",
        body: Any = "",
        from_email: Any = None,
        to: Iterable[Any] | None = None,
        *,
        bcc: Iterable[Any] | None = None,
        connection: Any = None,
        attachments: Iterable[Any] | None = None,
        headers: dict[str, Any] | None = None,
        cc: Iterable[Any] | None = None,
        reply_to: Iterable[Any] | None = None,
    ) -> None:
        for name, addresses in zip(_RECIPIENTS, (to, cc, bcc, reply_to), strict=True):
            if isinstance(addresses, str):
                raise TypeError(f'"{name}" argument must be a list or tuple')
            setattr(self, name, list(addresses or ()))
        self.subject, self.body = subject, body or ""
        self.from_email = from_email or settings.DEFAULT_FROM_EMAIL
        self.extra_headers = headers or {}
        self.attachments: list[Any] = []
        for attachment in attachments or ():
            if isinstance(attachment, email.message.Message):
                self.attach(attachment)
            else:
                self.attach(*attachment)
        self._connection = connection
        if connection is not None:
            from nuages.core.mail.deprecation import CONNECTION_ARG_WARNING

            warn(CONNECTION_ARG_WARNING)

    @property
    def connection(self) -> Any:
        """The backend to send with. Deprecated."""
        warn("The EmailMessage.connection attribute is deprecated.")
        return self._connection

    @connection.setter
    def connection(self, value: Any) -> None:
        warn(
            "The EmailMessage.connection attribute is deprecated. Switch to "
            "EmailMessage.send(using=...) with a MAILERS alias."
        )
        self._connection = value

    # Sending.

    def recipients(self) -> list[Any]:
        """Return all addresses that the message goes to."""
        return [address for address in (*self.to, *self.cc, *self.bcc) if address]

    def send(self, fail_silently: bool = False, *, using: str | None = None) -> int:
        """Send the message with a mailer (default: ``default``); return 1, or 0 if not sent."""
        from nuages.core.mail import _choose_backend

        if hasattr(self, "get_connection"):
            raise AttributeError(
                "EmailMessage no longer supports the undocumented get_connection() method."
            )
        connection = self._connection
        if using is not None:
            report_using_incompatibility(connection, fail_silently)
        if not self.recipients():
            return 0
        backend = _choose_backend(using, connection, fail_silently, warned=connection is not None)
        return backend.send_messages([self])

    # Composing.

    def attach(
        self, filename: Any = None, content: Any = None, mimetype: str | None = None
    ) -> None:
        """Add an attachment: a name, content and MIME type, or one ``MIMEPart``.

        The type is guessed from the name unless given. Raises ``ValueError`` without content.
        """
        if isinstance(filename, email.message.Message):
            if content is not None or mimetype is not None:
                raise ValueError(
                    "content and mimetype must not be given when a MIMEPart instance is provided."
                )
            if not isinstance(filename, email.message.MIMEPart):
                warn("MIMEBase attachments are deprecated. Use an email.message.MIMEPart instead.")
            self.attachments.append(filename)
            return
        if content is None:
            raise ValueError("content must be provided.")
        self.attachments.append(
            EmailAttachment(filename, *_settle_type(filename, content, mimetype))
        )

    def attach_file(self, path: Any, mimetype: str | None = None) -> None:
        """Add a file as an attachment; its MIME type is guessed unless given."""
        file = Path(path)
        self.attach(file.name, file.read_bytes(), mimetype)

    def message(self, *, policy: Any = email.policy.default) -> email.message.EmailMessage:
        """Return the message as the standard library has it.

        Raises ``ValueError`` for headers with line breaks.
        """
        result = email.message.EmailMessage(policy=policy)
        self._add_bodies(result)
        self._add_attachments(result)
        for name, value in self._headers():
            result[name] = value
        _encode_domains(result)
        return result

    def _headers(self) -> Iterable[tuple[str, Any]]:
        """Yield the headers: those given, and for others what the attributes say."""
        given = {name.lower(): value for name, value in self.extra_headers.items()}
        if "bcc" in given:
            raise ValueError(
                'Bcc is not a valid email header. Use the "bcc" argument to specify blind carbon '
                "copy recipients."
            )
        own: dict[str, Any] = {"Subject": str(self.subject), "From": str(self.from_email)}
        for name, addresses in (("To", self.to), ("Cc", self.cc), ("Reply-To", self.reply_to)):
            own[name] = ", ".join(str(address) for address in addresses if address)
        yield from (
            (n, v) for n, v in own.items() if n.lower() not in given and (v or n in _ALWAYS)
        )
        if "date" not in given:
            zone = get_current_timezone() if settings.EMAIL_USE_LOCALTIME else UTC
            yield "Date", datetime.now(zone)
        if "message-id" not in given:
            # Its name is looked up when it is written out.
            domain: Any = DNS_NAME
            yield "Message-ID", make_msgid(domain=domain)
        for name, value in self.extra_headers.items():
            # Lazy text counts as text; a header object of the standard library stays one.
            yield (
                name,
                value if hasattr(value, "fold") or isinstance(value, datetime) else str(value),
            )

    def _charset(self) -> Any:
        return self.encoding or settings.DEFAULT_CHARSET

    def _set_text(self, part: Any, text: Any, subtype: str) -> None:
        charset = self._charset()
        if isinstance(charset, str):
            part.set_content(str(text), subtype=subtype, charset=charset)
            return
        # An email.charset.Charset also says how the body is encoded.
        encodings = {1: "quoted-printable", 2: "base64"}
        part.set_content(
            str(text),
            subtype=subtype,
            charset=charset.input_charset,
            cte=encodings.get(charset.body_encoding),
        )

    def _add_bodies(self, msg: Any) -> None:
        if self.body or not self.attachments:
            self._set_text(msg, self.body, self.content_subtype)

    def _add_attachments(self, msg: Any) -> None:
        if not self.attachments:
            return
        if hasattr(self, "mixed_subtype"):
            raise AttributeError(
                "EmailMessage no longer supports the undocumented `mixed_subtype` attribute"
            )
        msg.make_mixed()
        for attachment in self.attachments:
            if isinstance(attachment, email.message.Message):
                msg.attach(attachment)
            else:
                self._add_attachment(msg, *attachment)

    def _add_attachment(self, msg: Any, filename: Any, content: Any, mimetype: str | None) -> None:
        content, mimetype = _settle_type(filename, content, mimetype)
        maintype, _, subtype = mimetype.partition("/")
        filename = None if filename is None else str(filename)
        if maintype == "text":
            msg.add_attachment(
                str(content), subtype=subtype, filename=filename, charset=str(self._charset())
            )
        elif mimetype == "message/rfc822":
            msg.add_attachment(_as_message(content, msg.policy), filename=filename)
        else:
            data = content.encode() if isinstance(content, str) else content
            msg.add_attachment(data, maintype=maintype, subtype=subtype, filename=filename)


# Headers that are there even if they are empty.
_ALWAYS = frozenset({"Subject", "From"})


def _as_message(content: Any, policy: Any) -> Any:
    """Return what stands for a message as a message."""
    if isinstance(content, EmailMessage):
        return content.message(policy=policy)
    if isinstance(content, email.message.Message):
        return content
    data = content.encode() if isinstance(content, str) else content
    return email.message_from_bytes(data, policy=policy)


def _encode_domains(message: Any) -> None:
    """Give the addresses in headers domains in ASCII: few servers take others."""
    for name, value in list(message.items()):
        if not isinstance(value, AddressHeader) or str(value).isascii():
            continue
        encoded = [
            address
            if address.domain.isascii()
            else Address(
                address.display_name, username=address.username, domain=punycode(address.domain)
            )
            for address in value.addresses
        ]
        if encoded != list(value.addresses):
            message.replace_header(name, encoded)


class EmailMultiAlternatives(EmailMessage):
    """A message with several versions of its body, such as text and HTML."""

    @deprecate_posargs(
        RemovedInDjango2028Warning,
        ["bcc", "connection", "attachments", "headers", "alternatives", "cc", "reply_to"],
    )
    def __init__(
        self,
        subject: Any = "",
        body: Any = "",
        from_email: Any = None,
        to: Iterable[Any] | None = None,
        *,
        alternatives: Iterable[Any] | None = None,
        attachments: Iterable[Any] | None = None,
        headers: dict[str, Any] | None = None,
        connection: Any = None,
        reply_to: Iterable[Any] | None = None,
        cc: Iterable[Any] | None = None,
        bcc: Iterable[Any] | None = None,
    ) -> None:
        others = {"cc": cc, "bcc": bcc, "reply_to": reply_to, "connection": connection}
        super().__init__(
            subject, body, from_email, to, attachments=attachments, headers=headers, **others
        )
        self.alternatives = [EmailAlternative(*alternative) for alternative in alternatives or ()]

    def attach_alternative(self, content: Any, mimetype: str) -> None:
        """Add another version of the body. Raises ``ValueError`` without content or type."""
        if content is None or mimetype is None:
            raise ValueError("Both content and mimetype must be provided.")
        self.alternatives.append(EmailAlternative(content, mimetype))

    def body_contains(self, text: str) -> bool:
        """Say whether ``text`` is in the body and in each version that is text."""
        versions = (a.content for a in self.alternatives if a.mimetype.startswith("text/"))
        return all(text in version for version in (self.body, *versions))

    def _add_bodies(self, msg: Any) -> None:
        if not self.alternatives:
            super()._add_bodies(msg)
            return
        if hasattr(self, "alternative_subtype"):
            raise AttributeError(
                "EmailMultiAlternatives no longer supports the undocumented "
                "`alternative_subtype` attribute"
            )
        if self.body:
            self._set_text(msg, self.body, self.content_subtype)
        msg.make_alternative()
        for content, mimetype in self.alternatives:
            maintype, _, subtype = mimetype.partition("/")
            part = email.message.MIMEPart(policy=msg.policy)
            if maintype == "text":
                text = content.decode() if isinstance(content, bytes) else content
                self._set_text(part, text, subtype)
            elif isinstance(content, email.message.Message | EmailMessage):
                part.set_content(_as_message(content, msg.policy))
            else:
                data = content.encode() if isinstance(content, str) else content
                part.set_content(data, maintype=maintype, subtype=subtype)
            msg.attach(part)
