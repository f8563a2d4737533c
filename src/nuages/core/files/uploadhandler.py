"""Upload handlers: where the files of a request go. Manual: "Uploaded Files and Upload Handlers"."""

from __future__ import annotations

import os
from collections.abc import Mapping
from io import SEEK_END, BytesIO
from typing import TYPE_CHECKING, Any

from nuages.conf import settings
from nuages.utils.module_loading import import_string

if TYPE_CHECKING:
    from nuages.core.files.uploadedfile import UploadedFile
    from nuages.http import HttpRequest

__all__ = [
    "FileUploadHandler",
    "MemoryFileUploadHandler",
    "SkipFile",
    "StopFutureHandlers",
    "StopUpload",
    "TemporaryFileUploadHandler",
    "UploadFileException",
    "load_handler",
]


class UploadFileException(Exception):
    """What a handler raises to change how the upload goes on."""


class StopUpload(UploadFileException):
    """End the upload. Files that came before are dropped too.

    Args:
        connection_reset: whether the rest of the body stays unread, so that the browser sees a
            broken connection.
    """

    def __init__(self, connection_reset: bool = False) -> None:
        self.connection_reset = connection_reset

    def __str__(self) -> str:
        end = "the connection is reset" if self.connection_reset else "the rest is read, unused"
        return f"StopUpload: {end}"


class SkipFile(UploadFileException):
    """Leave this file out and go on with the next."""


class StopFutureHandlers(UploadFileException):
    """Do not tell the handlers that follow about this file."""


class FileUploadHandler:
    """The base of all upload handlers. Manual: "Writing custom upload handlers"."""

    chunk_size = 64 * 2**10

    def __init__(self, request: HttpRequest | None = None) -> None:
        self.file_name: str | None = None
        self.content_type: str | None = None
        self.content_length: int | None = None
        self.charset: str | None = None
        self.content_type_extra: dict[str, Any] | None = None
        self.request = request

    def handle_raw_input(
        self,
        input_data: Any,
        META: Mapping[str, Any],
        content_length: int,
        boundary: bytes,
        encoding: str | None = None,
    ) -> tuple[Any, Any] | None:
        """Return ``(POST, FILES)`` to replace the parsing of the body, or ``None``."""

    def new_file(
        self,
        field_name: str,
        file_name: str,
        content_type: str,
        content_length: int | None,
        charset: str | None = None,
        content_type_extra: dict[str, Any] | None = None,
    ) -> None:
        """Learn that a file begins; may raise ``StopFutureHandlers``."""
        self.field_name = field_name
        self.file_name = file_name
        self.content_type = content_type
        self.content_length = content_length
        self.charset = charset
        self.content_type_extra = content_type_extra

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Take a chunk that starts at byte ``start``; return what the next handler shall get."""
        raise NotImplementedError(
            "subclasses of FileUploadHandler must provide a receive_data_chunk() method"
        )

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """Return the finished file, or ``None`` to leave that to another handler."""
        raise NotImplementedError(
            "subclasses of FileUploadHandler must provide a file_complete() method"
        )

    def upload_complete(self) -> Any:
        """Learn that all files are there."""

    def upload_interrupted(self) -> None:
        """Learn that no more will come, though the upload is not complete."""


class TemporaryFileUploadHandler(FileUploadHandler):
    """Writes uploads to temporary files."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Open the temporary file."""
        from nuages.core.files.uploadedfile import TemporaryUploadedFile

        super().new_file(*args, **kwargs)
        self.file = TemporaryUploadedFile(
            self.file_name, self.content_type, 0, self.charset, self.content_type_extra
        )

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write the chunk."""
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """Return the file, rewound."""
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self) -> None:
        """Delete the temporary file."""
        if hasattr(self, "file"):
            path = self.file.temporary_file_path()
            try:
                self.file.close()
                os.remove(path)
            except FileNotFoundError:
                pass


class MemoryFileUploadHandler(FileUploadHandler):
    """Keeps uploads in memory, as long as the whole body is small enough."""

    activated = False

    def handle_raw_input(
        self,
        input_data: Any,
        META: Mapping[str, Any],
        content_length: int,
        boundary: bytes,
        encoding: str | None = None,
    ) -> None:
        """Decide, by the body's length, whether to take part.

        What a client declares is believed only where the server enforces it; of a body that was
        received whole, the true length counts.
        """
        stream = getattr(input_data, "_stream", input_data)
        length = content_length
        if hasattr(stream, "seek") and hasattr(stream, "tell"):
            position = stream.tell()
            stream.seek(0, SEEK_END)
            length = stream.tell() - position
            stream.seek(position)
        self.activated = length <= settings.FILE_UPLOAD_MAX_MEMORY_SIZE

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Take the file, and keep it from the handlers that follow."""
        super().new_file(*args, **kwargs)
        if self.activated:
            self.file = BytesIO()
            raise StopFutureHandlers

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Keep the chunk, or pass it on where the body was too long."""
        if not self.activated:
            return raw_data
        self.file.write(raw_data)
        return None

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """Return the file, if this handler took it."""
        if not self.activated:
            return None
        from nuages.core.files.uploadedfile import InMemoryUploadedFile

        self.file.seek(0)
        return InMemoryUploadedFile(
            file=self.file,
            field_name=self.field_name,
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )


def load_handler(path: str, *args: Any, **kwargs: Any) -> FileUploadHandler:
    """Return an instance of the handler class at the dotted ``path``."""
    return import_string(path)(*args, **kwargs)
