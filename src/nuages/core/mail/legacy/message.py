"""Helpers for Python's older email classes, which other packages may import. Deprecated."""

from email import _header_value_parser as parser
from email.errors import HeaderParseError
from email.header import Header
from email.headerregistry import Address
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText as MIMEText
from email.utils import formataddr, getaddresses
from typing import Any

from nuages.conf import settings
from nuages.core.mail.deprecation import warn
from nuages.utils.encoding import force_str, punycode

BadHeaderError = ValueError

_MODERN_API = (
    " is deprecated. Python's modern email API (with email.message.EmailMessage or"
    " email.policy.default) will "
)
ADDRESS_HEADERS = frozenset(
    "from sender reply-to to cc bcc resent-from resent-sender resent-to resent-cc resent-bcc".split()
)


class SafeMIMEText(MIMEText):
    """A text part in the older API."""

    def set_payload(self, payload: Any, charset: Any = None) -> None:
        """Set the text."""
        MIMEText.set_payload(self, payload, charset=charset)


class SafeMIMEMultipart(MIMEMultipart):
    """A part with parts in the older API."""


def forbid_multi_line_headers(name: str, val: Any, encoding: Any) -> tuple[str, str]:
    """Return a header in ASCII; raises ``ValueError`` for one with line breaks. Deprecated."""
    warn(f"The internal API forbid_multi_line_headers(){_MODERN_API}reject multi-line headers.")
    value = str(val)
    if not {"\n", "\r"}.isdisjoint(value):
        raise BadHeaderError(
            f"Header values can't contain newlines (got {value!r} for header {name!r})"
        )
    charset = encoding or settings.DEFAULT_CHARSET
    if value.isascii():
        return name, Header(value).encode() if name.lower() == "subject" else value
    if name.lower() in ADDRESS_HEADERS:
        return name, ", ".join(_sanitized(address, charset) for address in getaddresses((value,)))
    return name, Header(value, charset).encode()


def sanitize_address(addr: Any, encoding: Any) -> str:
    """Return an address, or a (name, address) pair, for a header. Deprecated.

    Raises ``ValueError`` for what is no address.
    """
    warn(
        f"The internal API sanitize_address(){_MODERN_API}handle most required validation and"
        " encoding. Use Python's email.headerregistry.Address to construct formatted addresses"
        " from component parts."
    )
    return _sanitized(addr, encoding)


def _parts(addr: Any) -> tuple[str, str, str | None]:
    """Return display name, local part and domain."""
    if isinstance(addr, tuple):
        name, address = addr
        if not address:
            raise ValueError(f"Invalid address {addr!r}")
        local, at, domain = address.rpartition("@")
        return (name, local, domain) if at else (name, address, None)
    text = force_str(addr)
    try:
        mailbox, rest = parser.get_mailbox(text)
    except (HeaderParseError, ValueError, IndexError) as error:
        raise ValueError(f"Invalid address {text!r}") from error
    if rest:
        raise ValueError(f"Invalid address; only {mailbox} could be parsed from {text!r}")
    return mailbox.display_name or "", mailbox.local_part, mailbox.domain


def _sanitized(addr: Any, encoding: Any) -> str:
    texts = addr if isinstance(addr, tuple) else (force_str(addr),)
    if any("\n" in text or "\r" in text for text in texts):
        raise ValueError("Invalid address; address parts cannot contain newlines.")
    name, local, domain = _parts(addr)
    shown = Header(name, None if name.isascii() else encoding).encode()
    if not local.isascii():
        local = Header(local, encoding).encode()
    if domain is None:
        spec = local
    elif local.startswith("=?"):
        spec = f"{local}@{punycode(domain)}"
    else:
        spec = Address(username=local, domain=punycode(domain)).addr_spec
    return formataddr((shown, spec))
