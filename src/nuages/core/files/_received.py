"""Uploaded files that are read from where they lie.

Many servers hand over a body that is already in memory or in a temporary file: ASGI always, and WSGI
servers that buffer. A large file in such a body need not be written a second time. One that comes from
a stream is written to a file without a name. Either is a :class:`Window`, and becomes a temporary
file like others when something asks for one.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from io import SEEK_CUR, SEEK_END, SEEK_SET, BufferedRandom, BufferedReader, BytesIO, RawIOBase
from tempfile import SpooledTemporaryFile
from typing import Any, Self

from nuages.core.files._scratch import Scratch

_COPY_SIZE = 2**20


class InMemory:
    """A body that lies in memory."""

    def __init__(self, content: bytes) -> None:
        self._view = memoryview(content)

    def read_into(self, buffer: Any, offset: int) -> int:
        """Fill ``buffer`` with what starts at ``offset``; return how many bytes that were."""
        piece = self._view[offset : offset + len(buffer)]
        buffer[: len(piece)] = piece
        return len(piece)


class OnDisk:
    """A body that lies in a file; open as long as something refers to this.

    Args:
        fileno: of the file. It is duplicated, for the server closes its own.
    """

    def __init__(self, fileno: int) -> None:
        self._fileno = os.dup(fileno)

    def read_into(self, buffer: Any, offset: int) -> int:
        """Fill ``buffer`` with what starts at ``offset``; return how many bytes that were."""
        # Without a position, which windows of one body would share.
        return os.preadv(self._fileno, [buffer], offset)

    def __del__(self) -> None:
        os.close(self._fileno)


Body = InMemory | OnDisk | Scratch


class Received:
    """A body that was received whole, and where in it reading begins."""

    def __init__(self, body: Body, start: int) -> None:
        self.body = body
        self.start = start

    def window(self, offset: int, length: int) -> Window:
        """Return a file of the ``length`` bytes that begin ``offset`` bytes after the start."""
        return Window(self.body, self.start + offset, length)


def received(stream: Any) -> Received | None:
    """Return the body that ``stream`` reads from, if all of it is there; else ``None``.

    Only streams whose content nobody changes any more are taken: buffers and temporary files of
    the standard library.
    """
    if (inner := getattr(stream, "received_in", None)) is not None:
        stream = inner()
    if type(stream) is SpooledTemporaryFile:
        stream = stream._file
    if type(stream) is BytesIO:
        # No copy: the buffer and the bytes are one.
        return Received(InMemory(stream.getvalue()), stream.tell())
    if type(stream) is BufferedReader and type(stream.raw) is Window:
        return stream.raw.received(stream.tell())
    if type(stream) in (BufferedRandom, BufferedReader) and hasattr(os, "preadv"):
        fileno = stream.fileno()
        if stat.S_ISREG(os.fstat(fileno).st_mode):
            if stream.writable():
                stream.flush()
            return Received(OnDisk(fileno), stream.tell())
    return None


class Window(RawIOBase):
    """A part of a body, as a file to read from."""

    def __init__(self, body: Body, start: int, length: int) -> None:
        self._body: Body | None = body
        self._start = start
        self._length = length
        self._position = 0

    def readable(self) -> bool:
        """Return ``True``, like :meth:`seekable`."""
        return True

    seekable = readable

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer``, or what is left of the part."""
        left = self._length - self._position
        if left <= 0 or self._body is None:
            return 0
        if len(buffer) > left:
            buffer = memoryview(buffer)[:left]
        count = self._body.read_into(buffer, self._start + self._position)
        self._position += count
        return count

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Go to ``offset``; return the new position."""
        origin = {SEEK_SET: 0, SEEK_CUR: self._position, SEEK_END: self._length}[whence]
        if origin + offset < 0:
            raise ValueError(f"negative seek position {origin + offset}")
        self._position = origin + offset
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def received(self, position: int) -> Received | None:
        """Return the body, and where in it ``position`` is; ``None`` after closing."""
        return None if self._body is None else Received(self._body, self._start + position)

    def move_to(self, target: Any) -> bool:
        """Make what this shows the content of an open temporary file, without copying it.

        Returns ``False`` where that cannot be: the window shows a part of a file only.
        """
        body = self._body
        whole = type(body) is Scratch and (self._start, self._length) == (0, body.size)
        return whole and body.move_to(target)  # type: ignore[union-attr]

    def close(self) -> None:
        """Let go of the body."""
        self._body = None
        super().close()


def opened(file: Scratch) -> BufferedReader:
    """Return all of ``file``, to be read."""
    return BufferedReader(Window(file, 0, file.size))


def _of_file(name: str) -> Any:
    def method(self: PartFile, *args: Any) -> Any:
        return getattr(self._file, name)(*args)

    method.__name__, method.__doc__ = name, f"``{name}()``, of what holds the content now."
    return method


class PartFile:
    """A window that behaves as a temporary file, and becomes one when it must.

    Reading goes to the window. Whatever else is asked for, such as a name or to write, makes the
    temporary file first.

    Args:
        window: the content.
        make: opens the temporary file.
    """

    mode = "rb+"

    def __init__(self, window: Window, make: Callable[[], Any]) -> None:
        self._file: Any = BufferedReader(window)
        self._make: Callable[[], Any] | None = make

    read, read1, readinto = _of_file("read"), _of_file("read1"), _of_file("readinto")
    readline, readlines = _of_file("readline"), _of_file("readlines")
    seek, tell, close = _of_file("seek"), _of_file("tell"), _of_file("close")
    readable, seekable = _of_file("readable"), _of_file("seekable")

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return bool(self._file.closed)

    def writable(self) -> bool:
        """Return ``True``: the temporary file is."""
        return True

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "_make" not in vars(self):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        self._become_file()
        return getattr(self._file, name)

    @property
    def in_body(self) -> bool:
        """Whether the content is still read from where it lay first, and there is no named file."""
        return self._make is not None

    def _become_file(self) -> None:
        """Write the temporary file, if there is none yet."""
        make, window = self._make, self._file
        if make is None:
            return
        if window.closed:
            # As a temporary file that was closed: deleted, with a name.
            self._file, self._make = make(), None
            self._file.close()
            return
        position = window.tell()
        target = make()
        try:
            if not window.raw.move_to(target):
                window.seek(0)
                while piece := window.read(_COPY_SIZE):
                    target.write(piece)
                target.flush()
            target.seek(position)
        except BaseException:
            target.close()
            window.seek(position)
            raise
        self._file, self._make = target, None
        window.close()
