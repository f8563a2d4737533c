"""Signals of the request cycle and of the settings. Manual: "Signals"."""

from nuages.dispatch import Signal

# Sent for every request by the same few senders, whose receivers are remembered.
request_started = Signal(use_caching=True)
request_finished = Signal(use_caching=True)
got_request_exception = Signal()
setting_changed = Signal()
