"""The name of this host, as message ids and SMTP greetings have it."""

import socket

from nuages.utils.encoding import punycode

__all__ = ["DNS_NAME", "CachedDnsName"]


class CachedDnsName:
    """Looks the name up when it is first needed, which may take seconds, and keeps it."""

    def get_fqdn(self) -> str:
        """Return the full name of this host, in ASCII."""
        name = getattr(self, "_fqdn", None)
        if name is None:
            name = self._fqdn = punycode(socket.getfqdn())
        return name

    __str__ = get_fqdn


DNS_NAME = CachedDnsName()
