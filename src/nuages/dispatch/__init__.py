"""Signals: many receivers, one sender.

Manual: "Signals".
"""

from nuages.dispatch.dispatcher import Signal, receiver

__all__ = ["Signal", "receiver"]
