"""Files that came with a request. Manual: ref/files/uploads."""

import os
from functools import partial
from io import BytesIO
from tempfile import gettempdir
from typing import Any, Self

from nuages.conf import settings
from nuages.core.files import temp as tempfile
from nuages.core.files._received import PartFile, Window
from nuages.core.files._scratch import Scratch, scratch
from nuages.core.files.base import File
from nuages.core.files.utils import validate_file_name

__all__ = (
    "InMemoryUploadedFile",
    "SimpleUploadedFile",
    "TemporaryUploadedFile",
    "UploadedFile",
)

# The longest file name that common file systems take.
_MAX_NAME_LENGTH = 255


class UploadedFile(File):
    """A file with what the client said about it; base of the classes that hold content."""

    def __init__(
        self,
        file: Any = None,
        name: str | None = None,
        content_type: str | None = None,
        size: int | None = None,
        charset: str | None = None,
        content_type_extra: dict[str, str] | None = None,
    ) -> None:
        File.__init__(self, file, name)
        self.content_type, self.content_type_extra = content_type, content_type_extra
        self.charset, self.size = charset, size  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.name} ({self.content_type})>"

    @property
    def name(self) -> str | None:
        """The name that the client gave, without directories, of a length that can be stored."""
        return self._name

    @name.setter
    def name(self, name: str | None) -> None:
        if name is not None:
            name = os.path.basename(name)
            if len(name) > _MAX_NAME_LENGTH:
                root, extension = os.path.splitext(name)
                extension = extension[:_MAX_NAME_LENGTH]
                name = root[: _MAX_NAME_LENGTH - len(extension)] + extension
            name = validate_file_name(name)
        self._name = name


def _temporary_file(name: str) -> Any:
    extension = os.path.splitext(name)[1]
    return tempfile.NamedTemporaryFile(
        suffix=f".upload{extension}", dir=settings.FILE_UPLOAD_TEMP_DIR
    )


def scratch_file() -> Scratch | None:
    """Return a file for an upload that needs no name yet; ``None`` where there are none such."""
    return scratch(settings.FILE_UPLOAD_TEMP_DIR or gettempdir())


class TemporaryUploadedFile(UploadedFile):
    """An upload kept in a temporary file, which can be moved to where it shall stay.

    As long as nobody needs that file, the content may be read from where it lies instead.
    """

    def __init__(
        self,
        name: str,
        content_type: str | None,
        size: int,
        charset: str | None,
        content_type_extra: dict[str, str] | None = None,
        *,
        _window: Window | None = None,
    ) -> None:
        file = (
            _temporary_file(name)
            if _window is None
            else PartFile(_window, partial(_temporary_file, name))
        )
        super().__init__(file, name, content_type, size, charset, content_type_extra)

    def temporary_file_path(self) -> str:
        """Return the path of the temporary file."""
        return self.file.name

    def close(self) -> None:
        """Close and delete the temporary file, unless it was moved away."""
        try:
            self.file.close()
        except FileNotFoundError:
            pass


class InMemoryUploadedFile(UploadedFile):
    """An upload kept in memory."""

    def __init__(
        self,
        file: Any,
        field_name: str | None,
        name: str,
        content_type: str | None,
        size: int,
        charset: str | None,
        content_type_extra: dict[str, str] | None = None,
    ) -> None:
        self.field_name = field_name
        super().__init__(file, name, content_type, size, charset, content_type_extra)

    def multiple_chunks(self, chunk_size: int | None = None) -> bool:
        """Return ``False``."""
        return False

    def chunks(self, chunk_size: int | None = None) -> Any:
        """Yield the content in one piece: it is in memory anyway."""
        yield self.open().read()

    def open(self, mode: str | None = None, *args: Any, **kwargs: Any) -> Self:
        """Go to the start."""
        self.file.seek(0)
        return self


class SimpleUploadedFile(InMemoryUploadedFile):
    """An upload made of a name and content, for tests."""

    def __init__(
        self, name: str, content: bytes | None, content_type: str | None = "text/plain"
    ) -> None:
        buffer = BytesIO(content or b"")
        size = len(buffer.getbuffer())
        super().__init__(buffer, None, name, content_type, size, charset=None)

    @classmethod
    def from_dict(cls, file_dict: dict[str, Any]) -> Self:
        """Make one of the keys ``filename``, ``content`` and ``content-type``."""
        known = {"content_type": file_dict["content-type"]} if "content-type" in file_dict else {}
        return cls(file_dict["filename"], file_dict["content"], **known)
