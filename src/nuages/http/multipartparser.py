"""``multipart/form-data`` bodies, read as a stream. Manual: "File Uploads".

A pull parser: :class:`Parser` yields the parts in turn, and each part's content is read before the
next part is looked for. What is held in memory is one chunk and the longest possible boundary,
whatever a client sends.
"""

from __future__ import annotations

import base64
import binascii
import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from nuages.conf import settings, switches
from nuages.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from nuages.core.files._received import Received, Window, received
from nuages.core.files._scratch import Scratch
from nuages.core.files.uploadedfile import scratch_file
from nuages.core.files.uploadhandler import (
    FileUploadHandler,
    MemoryFileUploadHandler,
    SkipFile,
    StopFutureHandlers,
    StopUpload,
    TemporaryFileUploadHandler,
    all_ours,
)
from nuages.http._querydict import QueryDict
from nuages.utils.datastructures import MultiValueDict
from nuages.utils.http import parse_header_parameters

RAW = "raw"
FILE = "file"
FIELD = "field"
#: The closing boundary: what came before it is complete.
END = "end"
FIELD_TYPES = frozenset((FIELD, RAW))

#: Bytes that the headers of one part may take.
MAX_TOTAL_HEADER_SIZE = 1024

#: The longest boundary that is allowed, in bytes (RFC 2046 allows 70).
_MAX_BOUNDARY = 200
_BOUNDARY_BYTES = frozenset(range(0x20, 0x7F))
_READ_SIZE = 64 * 2**10
#: How much is read at a time where only handlers of the house get the chunks: to be looked through,
#: or to be written to disk.
_SCAN_SIZE = 128 * 2**10
_WRITE_SIZE = 256 * 2**10


class MultiPartParserError(Exception):
    """The body is not valid ``multipart/form-data``; the answer is 400."""


class InputStreamExhausted(Exception):
    """There is nothing more to read."""


class ChunkIter:
    """Iterates over a file-like object by chunks of ``chunk_size`` bytes."""

    def __init__(self, flo: Any, chunk_size: int = _READ_SIZE) -> None:
        self.flo = flo
        self.chunk_size = chunk_size

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            data = self.flo.read(self.chunk_size)
        except InputStreamExhausted:
            raise StopIteration from None
        if not data:
            raise StopIteration
        return data


class LazyStream:
    """Reads an iterator of chunks as if it were a file.

    Args:
        producer: yields bytes.
        length: how many bytes to give at most; ``None`` for all.
    """

    def __init__(self, producer: Iterable[bytes], length: int | None = None) -> None:
        self._chunks = iter(producer)
        self._left = b""
        self._remaining = length
        self.position = 0

    def tell(self) -> int:
        """Return how many bytes were given."""
        return self.position

    def read(self, size: int | None = None) -> bytes:
        """Return up to ``size`` bytes, or all; empty at the end."""
        limit = self._remaining
        if size is None or size < 0:
            size = limit
        elif limit is not None:
            size = min(size, limit)
        pieces, have = [self._left], len(self._left)
        while size is None or have < size:
            piece = next(self._chunks, None)
            if piece is None:
                break
            pieces.append(piece)
            have += len(piece)
        whole = b"".join(pieces)
        if size is None:
            size = have
        given, self._left = whole[:size], whole[size:]
        return self._count(given)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """Return whatever comes next: what was left by ``read()``, or a chunk."""
        piece, self._left = self._left or next(self._chunks, b""), b""
        if self._remaining is not None:
            piece, self._left = piece[: self._remaining], piece[self._remaining :]
        if not piece:
            raise StopIteration
        return self._count(piece)

    def _count(self, given: bytes) -> bytes:
        self.position += len(given)
        if self._remaining is not None:
            self._remaining -= len(given)
        return given

    def close(self) -> None:
        """Forget the chunks that were not read."""
        self._chunks, self._left = iter(()), b""


def exhaust(stream: Any) -> None:
    """Read ``stream``, a file or an iterator of chunks, to its end."""
    for _ in ChunkIter(stream, 16 * 2**10) if hasattr(stream, "read") else stream:
        pass


class Parser:
    """Iterates over the parts of a multipart stream.

    Yields ``(kind, headers, content)`` for each part: ``FIELD``, ``FILE`` or ``RAW``; the headers by
    lower-case name, each a pair of value and parameters; a ``LazyStream``, good until the next
    part is asked for. The closing boundary is one more item, ``END``; it is missing where the body
    was cut off.

    Args:
        stream: an iterator of chunks.
        boundary: without the leading hyphens.
    """

    def __init__(self, stream: Iterable[bytes], boundary: bytes) -> None:
        self._chunks = iter(stream)
        self._separator = b"\r\n--" + boundary
        # A line end before the stream makes its first boundary look like all the others.
        self._buffer = b"\r\n"
        self._taken = 0
        #: Where in the stream the content of the current part begins.
        self.content_start = 0
        self._closed = False

    def _fill(self) -> bool:
        piece = next(self._chunks, b"")
        self._taken += len(piece)
        self._buffer += piece
        return bool(piece)

    def _until_separator(self) -> Iterator[bytes]:
        """Yield what comes before the next boundary, and step behind that.

        A body that was cut off ends there.
        """
        separator, keep = self._separator, len(self._separator) - 1
        while True:
            # Whether there is one, a search from the end tells several times sooner: that one goes
            # by the separator's length at once, as soon as a byte is none of its bytes.
            if self._buffer.rfind(separator) >= 0:
                found = self._buffer.find(separator)
                piece, self._buffer = self._buffer[:found], self._buffer[found + keep + 1 :]
                if piece:
                    yield piece
                return
            # What may be the start of a boundary waits for the bytes that tell. Mostly there is
            # none: then the chunk goes on as it came.
            waits = self._buffer.find(b"\r", max(0, len(self._buffer) - keep))
            while waits >= 0 and not separator.startswith(self._buffer[waits:]):
                waits = self._buffer.find(b"\r", waits + 1)
            if waits < 0:
                piece, self._buffer = self._buffer, b""
            else:
                piece, self._buffer = self._buffer[:waits], self._buffer[waits:]
            if piece:
                yield piece
            if not self._fill():
                piece, self._buffer = self._buffer, b""
                if piece:
                    yield piece
                return

    def _headers(self) -> bytes | None:
        """Return the header block of the part that starts here; ``None`` after the last part."""
        while len(self._buffer) < 2:
            if not self._fill():
                return None
        if self._buffer.startswith(b"--"):
            self._closed = True
            return None
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > MAX_TOTAL_HEADER_SIZE:
                break
            if not self._fill():
                return None
        if end < 0 or end > MAX_TOTAL_HEADER_SIZE:
            raise MultiPartParserError("Request max total header size exceeded.")
        block, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
        return block

    def __iter__(self) -> Iterator[tuple[str, dict[str, tuple[str, dict[str, Any]]], LazyStream]]:
        for _ in self._until_separator():
            pass  # The preamble, which RFC 2046 says to ignore.
        while (block := self._headers()) is not None:
            headers = _parse_headers(block)
            # The line end that closes the headers may open the boundary of an empty part.
            content = self._content()
            self.content_start = self._taken - len(self._buffer)
            if headers is not None:
                disposition, parameters = headers.get("content-disposition", ("", {}))
                kind = RAW
                if disposition == "form-data":
                    kind = FILE if parameters.get("filename") is not None else FIELD
                yield kind, headers, LazyStream(content)
            exhaust(content)
        if self._closed:
            yield END, {}, LazyStream(())

    def _content(self) -> Iterator[bytes]:
        separator = self._separator
        while len(self._buffer) < len(separator) and self._fill():
            pass
        if not self._buffer.startswith(separator):
            self._buffer = self._buffer[2:]
        return self._until_separator()


def _parse_headers(block: bytes) -> dict[str, tuple[str, dict[str, Any]]] | None:
    """Return a part's headers; ``None`` where one of them cannot be read."""
    headers: dict[str, tuple[str, dict[str, Any]]] = {}
    for line in block.split(b"\r\n"):
        name, colon, value = line.decode("utf-8", "replace").partition(":")
        if not colon:
            continue
        try:
            headers[name.strip().lower()] = parse_header_parameters(value.strip())
        except (LookupError, ValueError):
            return None
    return headers


class MultiPartParser:
    """Turns a ``multipart/form-data`` body into fields and files.

    Args:
        META: the request's, for its content type and length.
        input_data: the body, a file-like object.
        upload_handlers: what the files go through, in this order.
        encoding: of the fields; default ``DEFAULT_CHARSET``.

    Raises:
        MultiPartParserError: content type, boundary or length are not valid.
    """

    def __init__(
        self,
        META: Mapping[str, Any],
        input_data: Any,
        upload_handlers: Sequence[FileUploadHandler],
        encoding: str | None = None,
    ) -> None:
        content_type = META.get("CONTENT_TYPE", "")
        if not content_type.startswith("multipart/"):
            raise MultiPartParserError(f"Invalid Content-Type: {content_type}")
        if not content_type.isascii():
            raise MultiPartParserError(
                f"Invalid non-ASCII Content-Type in multipart: {content_type}"
            )
        boundary = parse_header_parameters(content_type)[1].get("boundary")
        raw = boundary.encode("ascii", "replace") if boundary else b""
        if not raw or len(raw) > _MAX_BOUNDARY or not _BOUNDARY_BYTES.issuperset(raw):
            raise MultiPartParserError(f"Invalid boundary in multipart: {boundary}")
        try:
            length = int(META.get("CONTENT_LENGTH", 0))
        except (ValueError, TypeError):
            length = 0
        if length < 0:
            raise MultiPartParserError(f"Invalid content length: {length!r}")
        self._meta = META
        self._boundary = raw
        self._input_data = input_data
        self._content_length = length
        self._encoding = encoding or settings.DEFAULT_CHARSET
        self._upload_handlers = upload_handlers
        self._in_place = False
        self._received: Received | None = None
        # Not over 2 GB, and a multiple of four so that base64 decodes chunk by chunk.
        self._chunk_size = min(
            [2**31 - 4, *(h.chunk_size for h in upload_handlers if h.chunk_size)]
        )

    def parse(self) -> tuple[QueryDict, MultiValueDict]:
        """Return the fields and the files.

        Raises:
            MultiPartParserError: the body is not valid.
            RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent: it exceeds a limit.
        """
        self._post = QueryDict(mutable=True)
        self._files: MultiValueDict = MultiValueDict()
        if self._content_length == 0:
            return QueryDict(encoding=self._encoding), MultiValueDict()
        handlers = self._upload_handlers
        for handler in handlers:
            taken_over = handler.handle_raw_input(
                self._input_data,
                self._meta,
                self._content_length,
                self._boundary,
                self._encoding,
            )
            if taken_over is not None:
                return taken_over[0], taken_over[1]
        if all_ours(handlers):
            self._take_short_cuts()
        self._post = QueryDict("", mutable=True, encoding=self._encoding)
        self._opened: list[FileUploadHandler] = []
        try:
            self._read_parts()
        except StopUpload as stop:
            self._interrupt()
            if not stop.connection_reset:
                exhaust(self._input_data)
        except BaseException:
            self._interrupt()
            raise
        else:
            if self._opened:
                # The body ended within a file.
                for handler in handlers:
                    handler.upload_interrupted()
            for handler in handlers:
                if replacement := handler.upload_complete():
                    self._files.update(replacement)
                    break
        self._post._mutable = False
        return self._post, self._files

    def _take_short_cuts(self) -> None:
        """Read in large chunks, and leave files where they lie if the body is there already.

        That is for handlers of the house, which nobody sees at work.
        """
        if switches.enabled("UPLOADS_IN_PLACE"):
            self._in_place = True
            self._received = received(self._input_data)
        if self._chunk_size == FileUploadHandler.chunk_size:
            self._chunk_size = _WRITE_SIZE if self._received is None else _SCAN_SIZE

    def _interrupt(self) -> None:
        for handler in self._upload_handlers:
            handler.upload_interrupted()
        for _, files in self._files.lists():
            for uploaded in files:
                uploaded.close()

    def _read_parts(self) -> None:
        chunks = ChunkIter(self._input_data, self._chunk_size)
        most_fields = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
        most_files = settings.DATA_UPLOAD_MAX_NUMBER_FILES
        fields = files = 0
        self._memory_left = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        self._parts = Parser(chunks, self._boundary)
        for kind, headers, stream in self._parts:
            if self._opened:
                # The next part starts: the file before it is complete.
                self._complete_file()
            if kind == END:
                continue
            parameters = headers.get("content-disposition", ("", {}))[1]
            name = parameters.get("name", "").strip()
            if kind in FIELD_TYPES:
                fields += 1
                if most_fields is not None and fields > most_fields:
                    raise TooManyFieldsSent(
                        "The number of GET/POST parameters exceeded "
                        "settings.DATA_UPLOAD_MAX_NUMBER_FIELDS."
                    )
                if name and kind == FIELD:
                    self._read_field(name, headers, stream)
            else:
                files += 1
                if most_files is not None and files > most_files:
                    raise TooManyFilesSent(
                        "The number of files exceeded settings.DATA_UPLOAD_MAX_NUMBER_FILES."
                    )
                file_name = self.sanitize_file_name(parameters["filename"])
                if name and file_name:
                    self._read_file(name, file_name, headers, stream)

    def _spend(self, amount: int) -> None:
        if self._memory_left is not None:
            self._memory_left -= amount
            if self._memory_left < 0:
                raise RequestDataTooBig(
                    "Request body exceeded settings.DATA_UPLOAD_MAX_MEMORY_SIZE."
                )

    def _read_field(self, name: str, headers: dict[str, Any], stream: LazyStream) -> None:
        self._spend(len(name) + 2)  # As long as it would be in a query string: name=value&
        pieces = []
        for piece in stream:
            self._spend(len(piece))
            pieces.append(piece)
        data = b"".join(pieces)
        if _is_base64(headers):
            try:
                data = base64.b64decode(data)
            except binascii.Error:
                pass  # Not base64 after all: the field holds what was sent.
        self._post.appendlist(name, data.decode(self._encoding, "replace"))

    def _read_file(
        self, name: str, file_name: str, headers: dict[str, Any], stream: LazyStream
    ) -> None:
        content_type, extra = headers.get("content-type", ("", {}))
        try:
            length: int | None = int(headers["content-length"][0])
        except (KeyError, ValueError):
            length = None
        handlers = self._upload_handlers
        sizes = [0] * len(handlers)
        self._opened = list(handlers)
        self._open_name, self._sizes = name, sizes
        keeper = None if _is_base64(headers) else self._keeper()
        place = None if keeper is None else self._received or scratch_file()
        if keeper is not None and place is not None:
            keeper._in_place = True
        try:
            try:
                for handler in handlers:
                    handler.new_file(
                        name,
                        file_name,
                        content_type.strip(),
                        length,
                        extra.get("charset"),
                        # As bytes: nobody knows what encoding the client means.
                        {name: value.encode() for name, value in extra.items()},
                    )
            except StopFutureHandlers:
                pass
            if keeper is not None and place is not None:
                length = self._keep(keeper, place, stream)
                sizes[:] = [length] * len(handlers)
                return
            source = _from_base64(stream) if _is_base64(headers) else stream
            for piece in _sized(source, self._chunk_size):
                for index, handler in enumerate(handlers):
                    size = len(piece)
                    passed_on = handler.receive_data_chunk(piece, sizes[index])
                    sizes[index] += size
                    if passed_on is None:
                        break
                    piece = passed_on
        except SkipFile:
            self._opened = []
            exhaust(stream)
        finally:
            if keeper is not None:
                keeper._in_place = False

    def _keep(
        self, keeper: TemporaryFileUploadHandler, place: Received | Scratch, stream: LazyStream
    ) -> int:
        """Give a file to its handler as a window; return its length."""
        if isinstance(place, Received):
            start, length = self._parts.content_start, sum(map(len, stream))
            keeper._keep(place.window(start, length))
            return length
        for piece in stream:
            place.write(piece)
        keeper._keep(Window(place, 0, place.size))
        return place.size

    def _keeper(self) -> TemporaryFileUploadHandler | None:
        """Return the handler that the next file goes to, if it need not write it."""
        if self._in_place:
            for handler in self._upload_handlers:
                if isinstance(handler, TemporaryFileUploadHandler):
                    return handler
                if isinstance(handler, MemoryFileUploadHandler) and handler.activated:
                    break
        return None

    def _complete_file(self) -> None:
        self._opened = []
        self.handle_file_complete(self._open_name, self._sizes)

    def handle_file_complete(self, old_field_name: str, counters: Sequence[int]) -> None:
        """Ask the handlers for the finished file and keep the first that one of them gives."""
        for index, handler in enumerate(self._upload_handlers):
            uploaded = handler.file_complete(counters[index])
            if uploaded:
                self._files.appendlist(old_field_name, uploaded)
                return

    def sanitize_file_name(self, file_name: str) -> str | None:
        """Return the last step of a client's path without unprintable characters.

        ``None`` where no name is left. HTML entities are undone first, as they would be later.
        """
        name = html.unescape(file_name)
        name = name.replace("\\", "/").rpartition("/")[2]
        name = "".join(character for character in name if character.isprintable()).strip()
        return None if name in ("", ".", "..") else name


def _is_base64(headers: Mapping[str, Any]) -> bool:
    encoding = headers.get("content-transfer-encoding")
    return encoding is not None and encoding[0].strip() == "base64"


def _from_base64(stream: Iterable[bytes]) -> Iterator[bytes]:
    """Decode a stream whose chunks need not hold whole groups of four characters."""
    rest = b""
    for piece in stream:
        rest += b"".join(piece.split())
        whole = len(rest) - len(rest) % 4
        if whole:
            yield _decode_group(rest[:whole])
            rest = rest[whole:]
    if rest:
        yield _decode_group(rest)


def _decode_group(data: bytes) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MultiPartParserError("Could not decode base64 data.") from error


def _sized(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Cut pieces that are longer than ``size``."""
    for piece in pieces:
        if len(piece) <= size:
            yield piece
        else:
            for start in range(0, len(piece), size):
                yield piece[start : start + size]
