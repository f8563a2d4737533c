"""What sessions raise."""

from nuages.core.exceptions import BadRequest, SuspiciousOperation


class InvalidSessionKey(SuspiciousOperation):
    """A session key has characters that no key has."""


class SuspiciousSession(SuspiciousOperation):
    """Session data was tampered with."""


class SessionInterrupted(BadRequest):
    """The session went away while the request was answered."""
