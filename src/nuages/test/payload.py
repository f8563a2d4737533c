"""Request bodies for tests: streams, and multipart messages built from plain data."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Mapping
from io import BytesIO, IOBase
from typing import Any

from nuages.conf import settings
from nuages.utils.encoding import force_bytes

BOUNDARY = "BoUnDaRyStRiNg"
MULTIPART_CONTENT = f"multipart/form-data; boundary={BOUNDARY}"


class FakePayload(IOBase):
    """A body that can be read once, like the one of a socket, and no further than its end."""

    def __init__(self, initial_bytes: bytes | str | None = None) -> None:
        self._buffer = BytesIO()
        self._length = 0
        self.read_started = False
        if initial_bytes is not None:
            self.write(initial_bytes)

    def __len__(self) -> int:
        return self._length

    def _start(self, size: int | None) -> int:
        """Begin reading if that is still to do; return how much may be read."""
        if not self.read_started:
            self._buffer.seek(0)
            self.read_started = True
        wanted = self._length if size is None or size < 0 else size
        if wanted > self._length and size is not None and size >= 0:
            raise AssertionError(
                "Cannot read more than the available bytes from the HTTP incoming data."
            )
        return wanted

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = self._start(size)
        self._length -= wanted
        return self._buffer.read(wanted)

    def readline(self, size: int | None = -1, /) -> bytes:  # type: ignore[override]
        line = self._buffer.readline(self._start(size))
        self._length -= len(line)
        return line

    def write(self, content: bytes | str, /) -> None:
        if self.read_started:
            raise ValueError("Unable to write a payload after it's been read")
        data = force_bytes(content)
        self._buffer.write(data)
        self._length += len(data)


def _is_file(value: Any) -> bool:
    return hasattr(value, "read") and callable(value.read)


def encode_multipart(boundary: str, data: Mapping[str, Any]) -> bytes:
    """Return ``data`` as a multipart body; lists and tuples give a part for each item.

    Raises:
        TypeError: a value is ``None``, which a form cannot say.
    """
    lines: list[bytes] = []
    for key, value in data.items():
        if value is None:
            raise TypeError(
                f"Cannot encode None for key '{key}' as POST data. Did you mean to pass an empty"
                " string or omit the value?"
            )
        several = not isinstance(value, (str, bytes)) and not _is_file(value)
        for item in value if several and isinstance(value, Iterable) else [value]:
            lines += _part(boundary, key, item)
    lines += [b"--%s--" % force_bytes(boundary), b""]
    return b"\r\n".join(lines)


def _part(boundary: str, key: str, value: Any) -> Iterable[bytes]:
    if _is_file(value):
        return encode_file(boundary, key, value)
    charset = settings.DEFAULT_CHARSET
    disposition = f'Content-Disposition: form-data; name="{key}"'
    return [
        b"--" + boundary.encode(),
        disposition.encode(charset),
        b"",
        force_bytes(value, charset),
    ]


def encode_file(boundary: str, key: str, file: Any) -> list[bytes]:
    """Return the lines of the part that uploads ``file`` under the name ``key``."""
    name = getattr(file, "name", None)
    filename = name.replace("\\", "/").rpartition("/")[2] if isinstance(name, str) else ""
    content_type = getattr(file, "content_type", None)
    if content_type is None and filename:
        content_type = mimetypes.guess_type(filename)[0]
    charset = settings.DEFAULT_CHARSET
    disposition = f'Content-Disposition: form-data; name="{key}"; filename="{filename or key}"'
    return [
        b"--" + boundary.encode(),
        disposition.encode(charset),
        f"Content-Type: {content_type or 'application/octet-stream'}".encode(charset),
        b"",
        force_bytes(file.read(), charset),
    ]
