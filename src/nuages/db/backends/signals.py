"""The signal of the database backends. Manual: ref/signals, "Database wrappers"."""

from nuages.dispatch import Signal

#: Sent with ``connection`` when a connection to a database has been made.
connection_created = Signal()
