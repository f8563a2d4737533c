"""Files and streams: how much is left in them."""

from __future__ import annotations

from io import SEEK_CUR, SEEK_END
from typing import Any


def bytes_left(stream: Any) -> int | None:
    """Return how many bytes can still be read; ``None`` where only reading would tell."""
    if not hasattr(stream, "seek") and not hasattr(stream, "getbuffer"):
        return None
    position = getattr(stream, "tell", None)
    seekable = getattr(stream, "seekable", None)
    if hasattr(stream, "seek") and (seekable is None or seekable()):
        # seek() tells the position too, for files that have no tell().
        start = position() if position else stream.seek(0, SEEK_CUR)
        end = stream.seek(0, SEEK_END)
        if position:
            end = position()
        stream.seek(start)
        return end - start
    if position is not None and hasattr(stream, "getbuffer"):
        return stream.getbuffer().nbytes - position()
    return None
