"""Delivery to files."""

import datetime
import os
from pathlib import Path
from typing import Any

from nuages.conf import settings
from nuages.core.exceptions import ImproperlyConfigured
from nuages.core.mail.backends.console import EmailBackend as ConsoleEmailBackend
from nuages.core.mail.exceptions import InvalidMailer


class EmailBackend(ConsoleEmailBackend):
    """Writes the messages of each session to a new file in the directory ``file_path``."""

    def __init__(
        self,
        fail_silently: bool = False,
        file_path: str | os.PathLike[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fail_silently, **kwargs)
        self.stream: Any = None
        self._file_name: str | None = None
        if file_path is None:
            if self.alias is not None:
                raise InvalidMailer("OPTIONS must define 'file_path'.", alias=self.alias)
            file_path = getattr(settings, "EMAIL_FILE_PATH", None)
            if not file_path:
                raise ImproperlyConfigured(
                    "The EMAIL_FILE_PATH setting must be set to use the file EmailBackend."
                )
        self.file_path = os.path.abspath(file_path)
        self._check_directory()

    def _check_directory(self) -> None:
        path = self.file_path
        try:
            os.makedirs(path, exist_ok=True)
        except FileExistsError:
            raise self._unusable(
                f"'file_path' is not a directory: {path}",
                f"Path for saving email messages exists, but is not a directory: {path}",
            ) from None
        except OSError as error:
            raise self._unusable(
                f"Could not create 'file_path': {path} ({error})",
                f"Could not create directory for saving email messages: {path} ({error})",
            ) from error
        if not os.access(path, os.W_OK):
            raise self._unusable(
                f"'file_path' is not writable: {path}", f"Could not write to directory: {path}"
            )

    def _unusable(self, problem: str, old_message: str) -> Exception:
        if self.alias is None:
            return ImproperlyConfigured(old_message)
        return InvalidMailer(problem, alias=self.alias)

    def _get_filename(self) -> str:
        """Return the file of this backend: named for when it was first needed, and its id."""
        if self._file_name is None:
            stamp = f"{datetime.datetime.now():%Y%m%d-%H%M%S}"
            self._file_name = str(Path(self.file_path) / f"{stamp}-{abs(id(self))}.log")
        return self._file_name

    def write_message(self, message: Any) -> None:
        """Write one message and the line that ends it."""
        self.stream.write(message.message().as_bytes() + b"\n" + b"-" * 79 + b"\n")

    def open(self) -> bool:
        """Open the file unless it is; return whether it was opened."""
        if self.stream is not None:
            return False
        self.stream = open(self._get_filename(), "ab")
        return True

    def close(self) -> None:
        """Close the file."""
        stream, self.stream = self.stream, None
        if stream is not None:
            stream.close()
