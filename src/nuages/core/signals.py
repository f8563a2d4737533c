"""Signals of the request cycle and of the settings. Manual: "Signals"."""

from nuages.dispatch import Signal

request_started = Signal()
request_finished = Signal()
got_request_exception = Signal()
setting_changed = Signal()
