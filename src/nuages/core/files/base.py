"""A wrapper around files of all kinds. Manual: ref/files/file."""

import os
from collections.abc import Iterator
from io import SEEK_END, BytesIO, StringIO, UnsupportedOperation
from typing import Any, Self

from nuages.core.files.utils import FileProxyMixin
from nuages.utils.functional import cached_property


class File(FileProxyMixin):
    """A file object, its name, and ways to read it in pieces."""

    DEFAULT_CHUNK_SIZE = 64 * 2**10

    def __init__(self, file: Any, name: str | None = None) -> None:
        self.file = file
        self.name = getattr(file, "name", None) if name is None else name
        if hasattr(file, "mode"):
            self.mode = file.mode

    def __str__(self) -> str:
        return self.name or ""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {str(self) or None}>"

    def __len__(self) -> int:
        return self.size

    def __bool__(self) -> bool:
        # An empty file is a file.
        return True

    @cached_property
    def size(self) -> int:
        """The size in bytes; raises ``AttributeError`` where it cannot be found out."""
        file = self.file
        if hasattr(file, "size"):
            return file.size
        if isinstance(getattr(file, "name", None), str | bytes | os.PathLike):
            try:
                return os.path.getsize(file.name)
            except OSError:
                pass
        if hasattr(file, "tell") and hasattr(file, "seek"):
            position = file.tell()
            size = file.seek(0, SEEK_END)
            # Not every file's seek() returns where it went.
            size = file.tell() if size is None else size
            file.seek(position)
            return size
        raise AttributeError("Unable to determine the file's size.")

    def chunks(self, chunk_size: int | None = None) -> Iterator[Any]:
        """Yield the content from the start, in pieces of ``chunk_size`` (default: 64 KB)."""
        chunk_size = chunk_size or self.DEFAULT_CHUNK_SIZE
        try:
            self.seek(0)
        except (AttributeError, UnsupportedOperation):
            pass
        while data := self.read(chunk_size):
            yield data

    def multiple_chunks(self, chunk_size: int | None = None) -> bool:
        """Say whether `chunks()` gives more than one piece."""
        return self.size > (chunk_size or self.DEFAULT_CHUNK_SIZE)

    def __iter__(self) -> Iterator[Any]:
        rest = None
        for chunk in self.chunks():
            lines = (chunk if rest is None else rest + chunk).splitlines(keepends=True)
            # The last line may go on in the next chunk, and a "\r" may be half a line end.
            newline = b"\n" if isinstance(lines[-1], bytes) else "\n"
            rest = None if lines[-1].endswith(newline) else lines.pop()
            yield from lines
        if rest is not None:
            yield from rest.splitlines(keepends=True)

    def close(self) -> None:
        """Close the file inside."""
        self.file.close()

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __enter__(self) -> Self:
        return self

    def open(self, mode: str | None = None, *args: Any, **kwargs: Any) -> Self:
        """Go to the start of an open file, or open a closed one again by its name.

        ``mode`` is the former one unless given; other arguments go to the built-in ``open()``.
        Raises ``ValueError`` if there is no such file any more.
        """
        if self.closed:
            if not (self.name and os.path.exists(self.name)):
                raise ValueError("The file cannot be reopened.")
            self.file = open(self.name, mode or self.mode, *args, **kwargs)
        else:
            self.seek(0)
        return self


class ContentFile(File):
    """A file with the given text or bytes, in memory."""

    def __init__(self, content: str | bytes, name: str | None = None) -> None:
        buffer = StringIO(content) if isinstance(content, str) else BytesIO(content)
        super().__init__(buffer, name=name)
        self.size = len(content)

    def __str__(self) -> str:
        return "Raw content"

    def open(self, mode: str | None = None, *args: Any, **kwargs: Any) -> Self:
        """Go to the start."""
        self.seek(0)
        return self

    def close(self) -> None:
        """Do nothing: the content is to stay."""

    def write(self, data: str | bytes) -> int:
        """Write at the current position."""
        self.__dict__.pop("size", None)
        return self.file.write(data)
