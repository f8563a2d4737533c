"""Request bodies for tests: streams, and multipart messages built from plain data."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO, IOBase
from typing import Any

from nuages.conf import settings
from nuages.utils.encoding import force_bytes

BOUNDARY = "BoUnDaRyStRiNg"
MULTIPART_CONTENT = f"multipart/form-data; boundary={BOUNDARY}"


class FakePayload(IOBase):
    """A body that can be read once, like the one of a socket, and no further than its end."""

    def __init__(self, initial_bytes: bytes | str | None = None) -> None:
        self._unread = BytesIO()
        self._left = 0
        self._sealed = False
        self.write(b"" if initial_bytes is None else initial_bytes)

    def __len__(self) -> int:
        return self._left

    def _take(self, reader: Callable[[int], bytes], size: int | None) -> bytes:
        """Give what ``reader`` reads; the first reading ends the writing."""
        if not self._sealed:
            self._sealed = not self._unread.seek(0)
        if size is None or size < 0:
            size = self._left
        if size > self._left:
            raise AssertionError(
                "Cannot read more than the available bytes from the HTTP incoming data."
            )
        data = reader(size)
        self._left -= len(data)
        return data

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next ``size`` bytes, or all.

        Raises:
            AssertionError: more are asked for than there are.
        """
        return self._take(self._unread.read, size)

    def readline(self, size: int | None = -1, /) -> bytes:
        return self._take(self._unread.readline, size)

    def write(self, content: bytes | str, /) -> None:
        """Add bytes to the end, before reading has begun."""
        if self._sealed:
            raise ValueError("Unable to write a payload after it's been read")
        self._left += self._unread.write(force_bytes(content))


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
