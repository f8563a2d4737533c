"""Temporary files without a name, which are used again.

To a file whose pages the system has in memory, writing is copying; for a new one it has to find each
page first, and to let go of it when the file is deleted, which takes some five times as long. So a
file that nobody refers to any more is kept for the next upload. It gets a name when somebody asks for
one: then it is a temporary file like any other, and does not come back.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

#: How many files a process keeps, and how many bytes of each.
_MOST_KEPT = 4
_KEPT_SIZE = 2**24
#: With more pieces than this, one copy is cheaper than telling the system of each.
_MOST_PIECES = 64

#: Files that wait for their next use: the directory they are in, and the descriptor. Lists change in
#: one step of the interpreter, which takes the place of a lock.
_kept: list[tuple[str, int]] = []


class Scratch:
    """A file to be written from start to end, then read.

    Args:
        fileno: of an open file; what it holds from former times is written over.
        folder: where it lies.
    """

    def __init__(self, fileno: int, folder: str) -> None:
        self._fileno, self._folder = fileno, folder
        self._process = os.getpid()
        self._comes_back = True
        #: Bytes that were written. Nothing behind them is ever read.
        self.size = 0

    def write(self, content: Any) -> None:
        """Write ``content`` behind what is there."""
        content = memoryview(content)
        while content:
            count = os.pwrite(self._fileno, content, self.size)
            self.size += count
            content = content[count:]

    def write_all(self, pieces: Sequence[bytes]) -> None:
        """Write several pieces."""
        expected = sum(map(len, pieces))
        if len(pieces) > _MOST_PIECES:
            self.write(b"".join(pieces))
            return
        written = os.pwritev(self._fileno, pieces, self.size)
        self.size += written
        if written < expected:
            self.write(memoryview(b"".join(pieces))[written:])

    def read_into(self, buffer: Any, offset: int) -> int:
        """Fill ``buffer`` with what starts at ``offset``; return how many bytes that were."""
        return os.preadv(self._fileno, [buffer], offset)

    def move_to(self, target: Any) -> bool:
        """Take the place of ``target``, an open temporary file that has a name.

        Returns ``False`` where the system cannot do that, or another process uses the file too.
        """
        if self._process != os.getpid():
            return False
        beside = f"{target.name}_"
        os.ftruncate(self._fileno, self.size)
        try:
            os.link(f"/proc/self/fd/{self._fileno}", beside, follow_symlinks=True)
        except OSError:
            return False
        self._comes_back = False
        try:
            os.replace(beside, target.name)
        except BaseException:
            os.unlink(beside)
            raise
        os.dup2(self._fileno, target.fileno(), inheritable=False)
        return True

    # Only when nobody refers to the file: a thread may still be reading when a request is over.
    def __del__(
        self, _close: Any = os.close, _truncate: Any = os.ftruncate, _getpid: Any = os.getpid
    ) -> None:
        if not self._comes_back or self._process != _getpid():
            _close(self._fileno)
            return
        if self.size > _KEPT_SIZE:
            _truncate(self._fileno, _KEPT_SIZE)
        _kept.append((self._folder, self._fileno))
        while len(_kept) > _MOST_KEPT:
            _close(_kept.pop(0)[1])


def scratch(folder: str) -> Scratch | None:
    """Return a file to write to, which lies in ``folder``; ``None`` where there are none such."""
    if not hasattr(os, "O_TMPFILE"):
        return None
    for entry in tuple(_kept):
        if entry[0] == folder:
            try:
                _kept.remove(entry)
            except ValueError:
                continue  # Another thread was quicker.
            return Scratch(entry[1], folder)
    try:
        return Scratch(os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600), folder)
    except OSError:
        return None


def _forget() -> None:
    """Leave the files to the process that this one was forked from."""
    while _kept:
        os.close(_kept.pop()[1])


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
