"""How session data becomes bytes. Manual: "Session serialization"."""

from nuages.core.signing import JSONSerializer

__all__ = ["JSONSerializer"]
