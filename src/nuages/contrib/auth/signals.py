"""Signals of logging in and out."""

from nuages.dispatch import Signal

#: Sent with ``request`` and ``user``.
user_logged_in = Signal()
#: Sent with ``credentials`` (secrets left out) and ``request``.
user_login_failed = Signal()
#: Sent with ``request`` and ``user``.
user_logged_out = Signal()
