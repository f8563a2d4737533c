"""Text: slugs, file names, truncation, splitting, compression.

Manual: ref/utils, "django.utils.text".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import AsyncIterator, Iterable, Iterator
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Any

from nuages.core.exceptions import SuspiciousFileOperation
from nuages.utils._lazy import later
from nuages.utils.functional import SimpleLazyObject, keep_lazy_text, lazy
from nuages.utils.translation import gettext as _
from nuages.utils.translation import gettext_lazy, pgettext

if TYPE_CHECKING:
    import secrets
    from gzip import GzipFile
else:
    secrets = later("secrets")


@keep_lazy_text
def capfirst(x: Any) -> Any:
    """Return ``x`` with its first letter in upper case."""
    if not x:
        return x
    text = x if isinstance(x, str) else str(x)
    return text[0].upper() + text[1:]


@keep_lazy_text
def wrap(text: Any, width: int) -> str:
    """Break lines at spaces so that each has at most ``width`` characters, if words allow."""
    from textwrap import TextWrapper

    wrapper = TextWrapper(
        width=width,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
    )
    text = str(text)
    end = "\n" if text.endswith("\n") else ""
    # A line of nothing but spaces stays.
    return "\n".join("\n".join(wrapper.wrap(line) or [line]) for line in text.splitlines()) + end


def add_truncation_text(text: str, truncate: str | None = None) -> str:
    """Return ``text`` with the mark of truncation: ``truncate``, or an ellipsis as translated."""
    if truncate is None:
        truncate = pgettext("String to return when truncating text", "%(truncated_text)s…")
    if "%(truncated_text)s" in truncate:
        return truncate % {"truncated_text": text}
    return text if text.endswith(truncate) else f"{text}{truncate}"


def _characters(text: str) -> int:
    return sum(not unicodedata.combining(char) for char in text)


class Truncator(SimpleLazyObject):
    """Shortens a text, or HTML, to a number of characters or words."""

    # Where HTML is cut off before it is looked at, since the parser is slow.
    MAX_LENGTH_HTML = 5_000_000

    def __init__(self, text: Any) -> None:
        super().__init__(lambda: str(text))

    def chars(self, num: int | str, truncate: str | None = None, html: bool = False) -> str:
        """Return at most ``num`` characters (combining ones not counted), mark included."""
        length = int(num)
        if length <= 0:
            return ""
        text = unicodedata.normalize("NFC", str(self._wrapped_text()))
        room = max(0, length - _characters(add_truncation_text("", truncate)))
        if html:
            return self._html(text, length, None, words=False, otherwise=(room, truncate))
        # Where each character starts; one more than allowed says that the text is too long.
        starts = (at for at, char in enumerate(text) if not unicodedata.combining(char))
        known = list(islice(starts, length + 1))
        if len(known) <= length:
            return text
        return add_truncation_text(text[: known[room]], truncate)

    def words(self, num: int | str, truncate: str | None = None, html: bool = False) -> str:
        """Return at most ``num`` words, with the mark if there were more."""
        length = int(num)
        if length <= 0:
            return ""
        text = str(self._wrapped_text())
        if html:
            return self._html(text, length, truncate, words=True)
        first = text.split(maxsplit=length)
        if len(first) > length:
            return add_truncation_text(" ".join(first[:length]), truncate)
        return " ".join(text.split())

    def _wrapped_text(self) -> str:
        return str(self)

    def _html(
        self,
        text: str,
        budget: int,
        mark: str | None,
        words: bool,
        otherwise: tuple[int, str | None] | None = None,
    ) -> str:
        # Here, since most processes never parse HTML.
        from nuages.utils._truncation import TruncatingParser

        text = text[: self.MAX_LENGTH_HTML]
        parser = TruncatingParser(budget, mark, words)
        copy = parser.copy(text)
        # Where the text just fits, it must be known that nothing follows: no tags, that is.
        tight = parser.budget == 0 and text.endswith(">")
        if otherwise is not None and (parser.cut or tight):
            # The mark must have room too.
            copy = TruncatingParser(*otherwise, words).copy(text)
        return copy


@keep_lazy_text
def get_valid_filename(name: Any) -> str:
    """Return ``name`` with spaces as underscores, and only letters, digits and ``-_.``.

    Raises `SuspiciousFileOperation` if nothing usable is left.
    """
    valid = re.sub(r"(?u)[^-\w.]", "", str(name).strip().replace(" ", "_"))
    if valid in {"", ".", ".."}:
        raise SuspiciousFileOperation(f"Could not derive file name from '{name}'")
    return valid


@keep_lazy_text
def get_text_list(list_: list[Any], last_word: Any = gettext_lazy("or")) -> str:
    """Return the items as a phrase: ``a, b or c``."""
    match [str(item) for item in list_]:
        case []:
            return ""
        case [only]:
            return only
        case [*first, last]:
            # Translators: stands between the items of a list, but for the last two
            return f"{_(', ').join(first)} {last_word} {last}"
    raise AssertionError("unreachable")


@keep_lazy_text
def normalize_newlines(text: Any) -> str:
    """Return ``text`` with ``\\n`` for every kind of line end."""
    return str(text).replace("\r\n", "\n").replace("\r", "\n")


_KEYPAD = str.maketrans(
    {
        letter: digit
        for digit, letters in zip(
            "23456789", ("abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz"), strict=True
        )
        for letter in letters
    }
)


@keep_lazy_text
def phone2numeric(phone: Any) -> str:
    """Return a phone number with letters as the digits that carry them on a keypad."""
    return str(phone).lower().translate(_KEYPAD)


def _random_name(max_random_bytes: int | None) -> str:
    # A gzip header holds a file name: one of random length hides the exact size of the
    # content from someone who compares sizes (the BREACH attack).
    return "a" * secrets.randbelow(max_random_bytes) if max_random_bytes else ""


def _gzip_into(buffer: BytesIO, max_random_bytes: int | None) -> GzipFile:
    from gzip import GzipFile

    return GzipFile(_random_name(max_random_bytes), "wb", 6, buffer, 0)


def compress_string(s: bytes, *, max_random_bytes: int | None = None) -> bytes:
    """Return ``s`` compressed by gzip, with up to ``max_random_bytes`` of padding."""
    if not max_random_bytes:
        from gzip import compress

        return compress(s, compresslevel=6, mtime=0)
    buffer = BytesIO()
    with _gzip_into(buffer, max_random_bytes) as stream:
        stream.write(s)
    return buffer.getvalue()


class StreamingBuffer(BytesIO):
    """A file whose ``read()`` gives what was written since the last ``read()``."""

    def read(self, size: int | None = -1) -> bytes:
        """Return and forget all that was written."""
        written = self.getvalue()
        self.seek(0)
        self.truncate()
        return written


def _gzip_stream(max_random_bytes: int | None) -> tuple[StreamingBuffer, GzipFile]:
    buffer = StreamingBuffer()
    return buffer, _gzip_into(buffer, max_random_bytes)


def compress_sequence(
    sequence: Iterable[bytes], *, max_random_bytes: int | None = None
) -> Iterator[bytes]:
    """Yield the gzip stream of a sequence of byte strings, each flushed as it comes."""
    buffer, stream = _gzip_stream(max_random_bytes)
    with stream:
        # The header goes out at once.
        yield buffer.read()
        for chunk in sequence:
            stream.write(chunk)
            stream.flush()
            if data := buffer.read():
                yield data
    yield buffer.read()


async def acompress_sequence(
    sequence: AsyncIterator[bytes], *, max_random_bytes: int | None = None
) -> AsyncIterator[bytes]:
    """Like `compress_sequence()`, for an asynchronous iterator."""
    buffer, stream = _gzip_stream(max_random_bytes)
    with stream:
        yield buffer.read()
        async for chunk in sequence:
            stream.write(chunk)
            stream.flush()
            if data := buffer.read():
                yield data
    yield buffer.read()


# Words with at least one complete quoted string in them, else anything up to white space.
# The possessive quantifiers keep it linear.
smart_split_re = re.compile(
    r"""
    (?: [^\s'"]*+ (?: "(?:[^"\\]|\\.)*+" | '(?:[^'\\]|\\.)*+' ) )++ [^\s'"]*+
    | \S+
    """,
    re.VERBOSE,
)


def smart_split(text: Any) -> Iterator[str]:
    """Yield the words of ``text``; what stands in quotes, quotes included, stays together."""
    return (found[0] for found in smart_split_re.finditer(str(text)))


@keep_lazy_text
def unescape_string_literal(s: Any) -> str:
    """Return what a quoted literal says: ``"a \\"b\\""`` gives ``a "b"``.

    Raises ``ValueError`` unless the same quote stands at both ends.
    """
    if not s or s[0] not in "\"'" or s[-1] != s[0]:
        raise ValueError(f"Not a string literal: {s!r}")
    mark = s[0]
    return s[1:-1].replace(f"\\{mark}", mark).replace(r"\\", "\\")


@keep_lazy_text
def slugify(value: Any, allow_unicode: bool = False) -> str:
    """Return a URL slug of ``value``: lower-case letters, digits, underscores, hyphens."""
    text = str(value)
    if allow_unicode:
        text = unicodedata.normalize("NFKC", text)
    else:
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    words = re.sub(r"[^\w\s-]", "", text.lower())
    return re.sub(r"[-\s]+", "-", words).strip("-_")


_word_start = re.compile(r"(?<=[a-z])(?=[A-Z])|(?=[A-Z](?![A-Z]|\Z))")


def camel_case_to_spaces(value: str) -> str:
    """Split ``CamelCase`` into lower-case words."""
    return _word_start.sub(" ", value).strip().lower()


def _format(format_string: Any, *args: Any, **kwargs: Any) -> str:
    return format_string.format(*args, **kwargs)


format_lazy = lazy(_format, str)
