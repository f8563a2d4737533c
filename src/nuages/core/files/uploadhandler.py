"""Upload handlers: where the files of a request go. Manual: "Uploaded Files and Upload Handlers"."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nuages.conf import settings
from nuages.http._streams import bytes_left
from nuages.utils.module_loading import import_string

if TYPE_CHECKING:
    from nuages.core.files._received import Window
    from nuages.core.files.uploadedfile import UploadedFile
    from nuages.http import HttpRequest


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


#: What ``new_file()`` is told, and handlers remember.
_FACTS = (
    "field_name",
    "file_name",
    "content_type",
    "content_length",
    "charset",
    "content_type_extra",
)


class FileUploadHandler:
    """The base of all upload handlers. Manual: "Writing custom upload handlers".

    A handler defines ``receive_data_chunk(raw_data, start)``, which takes a chunk that starts at
    byte ``start`` and returns what the next handler shall get, and ``file_complete(file_size)``,
    which returns the finished file, or ``None`` to leave that to another handler.
    """

    chunk_size = 2**16
    field_name: Any = None
    file_name: Any = None
    content_type: Any = None
    content_length: Any = None
    charset: Any = None
    content_type_extra: Any = None

    def __init__(self, request: HttpRequest | None = None) -> None:
        self.request = request

    def upload_complete(self) -> Any:
        """Learn that all files are there."""

    def upload_interrupted(self) -> None:
        """Learn that no more will come, though the upload is not complete."""

    def new_file(self, *facts: Any, **named: Any) -> None:
        """Learn that a file begins; may raise ``StopFutureHandlers``.

        Args:
            facts: field name, file name, content type, content length, charset, and the further
                parameters of the content type; the last two may be missing.
        """
        vars(self).update(dict.fromkeys(_FACTS), **dict(zip(_FACTS, facts, strict=False)), **named)

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> tuple[Any, Any] | None:
        """Return ``(POST, FILES)`` to replace the parsing of the body, or ``None``."""

    def __getattr__(self, name: str) -> Any:
        if name in ("receive_data_chunk", "file_complete"):
            raise NotImplementedError(
                f"subclasses of FileUploadHandler must provide a {name}() method"
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


class TemporaryFileUploadHandler(FileUploadHandler):
    """Writes uploads to temporary files."""

    # Whether the parser calls keep() for the next file, as its content lies in the body.
    _in_place = False

    def new_file(self, *facts: Any, **named: Any) -> None:
        """Open the temporary file."""
        super().new_file(*facts, **named)
        if not self._in_place:
            self._keep(None)

    def _keep(self, window: Window | None) -> None:
        from nuages.core.files.uploadedfile import TemporaryUploadedFile as Temporary

        about = self.charset, self.content_type_extra
        self.file = Temporary(self.file_name, self.content_type, 0, *about, _window=window)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write the chunk."""
        self.file.write(raw_data)

    def upload_interrupted(self) -> None:
        """Delete the temporary file."""
        file = vars(self).get("file")
        if file is not None and getattr(file.file, "in_body", False):
            file.close()
        elif file is not None:
            path = Path(file.temporary_file_path())
            with suppress(FileNotFoundError):
                file.close()
            path.unlink(missing_ok=True)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """Return the file, rewound."""
        file = self.file
        file.size = file_size
        file.seek(0)
        return file


class MemoryFileUploadHandler(FileUploadHandler):
    """Keeps uploads in memory, as long as the whole body is small enough."""

    activated = False

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        """Decide, by the body's length, whether to take part.

        What a client declares is believed only where the server enforces it; of a body that was
        received whole, the true length counts.
        """
        received = bytes_left(getattr(input_data, "_stream", input_data))
        length = content_length if received is None else received
        self.activated = length <= settings.FILE_UPLOAD_MAX_MEMORY_SIZE

    def new_file(self, *facts: Any, **named: Any) -> None:
        """Take the file, and keep it from the handlers that follow."""
        super().new_file(*facts, **named)
        if not self.activated:
            return
        self.file = BytesIO()
        raise StopFutureHandlers

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Keep the chunk, or pass it on where the body was too long."""
        return None if self.activated and self.file.write(raw_data) else raw_data

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """Return the file, if this handler took it."""
        from nuages.core.files.uploadedfile import InMemoryUploadedFile

        if not self.activated:
            return None
        self.file.seek(0)
        about = (self.field_name, self.file_name, self.content_type, file_size, self.charset)
        return InMemoryUploadedFile(self.file, *about, self.content_type_extra)


_METHODS = (
    "new_file",
    "receive_data_chunk",
    "file_complete",
    "upload_interrupted",
    "handle_raw_input",
    "chunk_size",
)
_OURS: dict[type, list[Any]] = {
    kind: [getattr(kind, name) for name in _METHODS]
    for kind in (MemoryFileUploadHandler, TemporaryFileUploadHandler)
}


def all_ours(handlers: Sequence[FileUploadHandler]) -> bool:
    """Return whether files go to handlers of the house only, none of which was changed."""
    for handler in handlers:
        ours = _OURS.get(type(handler))
        if ours is None or [getattr(type(handler), name) for name in _METHODS] != ours:
            return False
        if not vars(handler).keys().isdisjoint(_METHODS):
            return False
    return True


def load_handler(path: str, *args: Any, **kwargs: Any) -> FileUploadHandler:
    """Return an instance of the handler class at the dotted ``path``."""
    return import_string(path)(*args, **kwargs)
