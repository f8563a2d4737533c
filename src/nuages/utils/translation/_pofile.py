"""Message files (``.po``, ``.pot``, ``.mo``): reading, writing, and bringing them up to date.

The text is laid out as the GNU tools do it, so that a file that passes from one to the other
changes only where its messages do. Manual: topics/i18n/translation, "Message files".
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from pathlib import Path
from unicodedata import east_asian_width

#: The columns that a line may take.
WIDTH = 79
#: How alike two messages are whose translation may be the same.
ALIKE = 0.6

type Key = tuple[str | None, str]


class MessageFileError(ValueError):
    """A message file that cannot be read; the text names the file and the line."""


@dataclass
class Message:
    """A message with what translators made of it, and what is known of its use.

    ``texts`` holds one translation, or one for each plural form; ``previous`` the lines of an
    earlier wording, as they stand in the file.
    """

    id: str
    plural: str | None = None
    context: str | None = None
    texts: list[str] = field(default_factory=lambda: [""])
    remarks: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    previous: list[str] = field(default_factory=list)
    obsolete: bool = False
    line: int = 0

    @property
    def key(self) -> Key:
        """What tells the message from others."""
        return self.context, self.id

    @property
    def is_header(self) -> bool:
        """Whether this is the entry that describes the file."""
        return self.id == "" and self.context is None

    @property
    def is_translated(self) -> bool:
        """Whether there is a translation, in each plural form."""
        return all(self.texts)

    def also(self, other: Message) -> None:
        """Take over where else the message is used, and how."""
        for mine, theirs in (
            (self.hints, other.hints),
            (self.places, other.places),
            (self.flags, other.flags),
        ):
            mine += [each for each in theirs if each not in mine]
        if self.plural is None and other.plural is not None:
            self.plural, self.texts = other.plural, [*self.texts, ""][:2]


@dataclass(frozen=True)
class Layout:
    """How a file is written: its width (0: lines are left long), and what places look like."""

    width: int = WIDTH
    places: str = "full"


class Messages(dict[Key, Message]):
    """The messages of a file, in its order."""

    def add(self, message: Message) -> Message:
        """Add a message, or what is new about one that is there."""
        known = self.setdefault(message.key, message)
        if known is not message:
            known.also(message)
        return known

    @property
    def header(self) -> dict[str, str]:
        """The lines of the entry that describes the file, by their names."""
        entry = self.get((None, ""))
        pairs = (line.partition(":") for line in (entry.texts[0] if entry else "").split("\n"))
        return {name: value.strip() for name, colon, value in pairs if colon}

    def set_header(self, name: str, value: str) -> None:
        """Change a line of the entry that describes the file, or add it."""
        entry = self.setdefault((None, ""), Message(""))
        lines = entry.texts[0].splitlines()
        places = [n for n, line in enumerate(lines) if line.startswith(f"{name}:")]
        at = places[0] if places else len(lines)
        lines[at : at + 1] = [f"{name}: {value}"]
        entry.texts[0] = "".join(f"{line}\n" for line in lines)


# -- reading ------------------------------------------------------------------------------------

_ESCAPES = {
    "n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v",
}  # fmt: skip
_escape = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))")
_statement = re.compile(r'(?:(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d+)\])?\s*)?"(.*)"')


def _plain(found: re.Match[str]) -> str:
    octal, hexadecimal, letter = found.groups()
    if letter is not None:
        return _ESCAPES.get(letter, letter)
    return chr(int(octal, 8) if octal else int(hexadecimal, 16))


def read(path: str | Path) -> Messages:
    """Return the messages of a file in UTF-8.

    Raises:
        MessageFileError: a line is none of a message file, or the file is not in UTF-8.
    """
    try:
        return parse(Path(path).read_text("utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise MessageFileError(f"{path}: {error}") from error


def parse(text: str, origin: str = "<text>") -> Messages:
    """Return the messages of the text of a file.

    Args:
        origin: what errors call it.

    Raises:
        MessageFileError: a line cannot be understood, or a message is there twice.
    """
    found = Messages()
    for message in _Reader(text, origin).messages():
        if message.key in found:
            if found[message.key].obsolete or message.obsolete:
                continue
            raise MessageFileError(
                f"{origin}:{message.line}: duplicate message definition of {message.id!r}, which "
                f"line {found[message.key].line} has"
            )
        found[message.key] = message
    return found


class _Reader:
    """Reads lines into messages; a comment, context or msgid after a translation starts one."""

    def __init__(self, text: str, origin: str) -> None:
        self.lines, self.origin = text.split("\n"), origin
        self.fresh()

    def fresh(self) -> None:
        self.message = Message("")
        self.parts: dict[str, str] = {}
        self.current = ""

    def messages(self) -> Iterator[Message]:
        for number, line in enumerate(self.lines, 1):
            line = line.strip()
            content = line
            if line.startswith(("#~ ", "#~\t")) or line == "#~":
                content = line[2:].lstrip()
            starts = content.startswith(("#", "msgctxt")) or re.match(r'msgid\s*"', content)
            if starts and any(part.startswith("msgstr") for part in self.parts):
                yield self.finished()
            if content.startswith("#"):
                self.comment(content)
            elif content:
                self.statement(content, number)
                self.message.obsolete |= content is not line
        if self.parts:
            yield self.finished()

    def comment(self, line: str) -> None:
        message, (kind, text) = self.message, (line[1:2], line[2:].strip())
        match kind:
            case ".":
                message.hints.append(text)
            case ":":
                message.places += re.findall(r"\u2068.*?\u2069\S*|\S+", text)
            case ",":
                message.flags += [flag.strip() for flag in text.split(",") if flag.strip()]
            case "|":
                message.previous.append(text)
            case "~" if line.startswith("#~|"):
                message.previous.append(line[3:].strip())
            case _:
                message.remarks.append(line[1:].removeprefix(" "))

    def statement(self, line: str, number: int) -> None:
        found = _statement.fullmatch(line)
        if found is None or not (found[1] or self.current):
            raise MessageFileError(f"{self.origin}:{number}: syntax error in {line!r}")
        name, index, text = found.groups()
        if name:
            self.current = f"{name}[{index}]" if index else name
            if name == "msgid":
                self.message.line = number
        value = _escape.sub(_plain, text) if "\\" in text else text
        self.parts[self.current] = self.parts.get(self.current, "") + value

    def finished(self) -> Message:
        message, parts = self.message, self.parts
        texts = [text for part, text in parts.items() if part.startswith("msgstr")]
        if "msgid" not in parts or not texts:
            raise MessageFileError(
                f"{self.origin}:{message.line or len(self.lines)}: a message lacks its msgid or "
                "its msgstr"
            )
        message.id, message.texts = parts["msgid"], texts
        message.plural, message.context = parts.get("msgid_plural"), parts.get("msgctxt")
        self.fresh()
        return message


# -- writing ------------------------------------------------------------------------------------

_SPECIAL = str.maketrans(
    {
        "\\": r"\\",
        '"': r"\"",
        **{letter: rf"\{name}" for name, letter in _ESCAPES.items()},
    }
)
# Behind these a line may end: spaces, hyphens and slashes before a letter, and wide characters
# where no punctuation follows that belongs to them.
_CLOSING = "、。，．」』）】〉》！？：；ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ"
_piece = re.compile(r"(?:\\.|[^\\])[^ ]*? +|.+?[-/](?=[^\W\d])|.+", re.DOTALL)


def _columns(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(each) in "WF" else 1 for each in text)


def _breakable(text: str) -> Iterator[str]:
    for piece in _piece.findall(text):
        if piece.isascii():
            yield piece
            continue
        start = 0
        for at in range(1, len(piece)):
            before, after = piece[at - 1], piece[at]
            wide = east_asian_width(before) in "WF" and east_asian_width(after) in "WF"
            if wide and after not in _CLOSING and before not in "「『（【〈《":
                yield piece[start:at]
                start = at
        yield piece[start:]


def _quoted(keyword: str, text: str, width: int) -> Iterator[str]:
    """Give the lines of a statement."""
    parts = [part.translate(_SPECIAL) for part in re.findall(r"[^\n]*\n|[^\n]+", text)] or [""]
    fits = not width or len(keyword) + 3 + _columns(parts[0]) <= width
    if len(parts) == 1 and (fits or not parts[0]):
        yield f'{keyword} "{parts[0]}"'
        return
    yield f'{keyword} ""'
    for part in parts:
        yield from (f'"{line}"' for line in _wrapped(part, width))


def _wrapped(text: str, width: int) -> Iterator[str]:
    if not width or _columns(text) + 2 <= width:
        yield text
        return
    line, taken = "", 2
    for piece in _breakable(text):
        # Spaces may stand beyond the end, but for the one that the quote takes.
        needed = _columns(piece)
        if line and taken + needed > width:
            yield line
            line, taken = "", 2
        line, taken = line + piece, taken + needed
    if line:
        yield line


def _entry(message: Message, layout: Layout) -> Iterator[str]:
    for remark in message.remarks:
        yield f"# {remark}".rstrip()
    for hint in message.hints:
        yield f"#. {hint}".rstrip()
    yield from _places(message.places, layout)
    if message.flags:
        yield f"#, {', '.join(message.flags)}"
    mark = "#~ " if message.obsolete else ""
    for line in message.previous:
        yield f"#~| {line}" if mark else f"#| {line}"
    width = layout.width and layout.width - len(mark)
    statements = [("msgctxt", message.context), ("msgid", message.id)]
    if message.plural is None:
        statements.append(("msgstr", message.texts[0]))
    else:
        statements.append(("msgid_plural", message.plural))
        statements += [(f"msgstr[{n}]", text) for n, text in enumerate(message.texts)]
    for keyword, text in statements:
        if text is not None:
            yield from (f"{mark}{line}" for line in _quoted(keyword, text, width))


def _places(places: list[str], layout: Layout) -> Iterator[str]:
    if layout.places == "never":
        return
    if layout.places == "file":
        places = list(dict.fromkeys(re.sub(r":\d+$", "", place) for place in places))
    line = ""
    for place in places:
        if line and layout.width and len(line) + len(place) + 3 > layout.width:
            yield f"#:{line}"
            line = ""
        line += f" {place}"
    if line:
        yield f"#:{line}"


def text_of(messages: Iterable[Message], layout: Layout = Layout()) -> str:
    """Return the text of a file: what is in use first, and then what was."""
    ordered = sorted(messages, key=lambda message: message.obsolete)
    return "\n".join("".join(f"{line}\n" for line in _entry(each, layout)) for each in ordered)


def compiled(messages: Iterable[Message], *, doubtful: bool = False) -> bytes:
    """Return what ``gettext`` reads (the ``.mo`` format): the messages that are translated.

    Args:
        doubtful: whether to take translations that are marked as fuzzy, too.
    """
    pairs: dict[bytes, bytes] = {}
    for message in messages:
        unsure = "fuzzy" in message.flags and not doubtful and not message.is_header
        if message.obsolete or unsure or not message.is_translated:
            continue
        key = message.id if message.plural is None else f"{message.id}\0{message.plural}"
        if message.context is not None:
            key = f"{message.context}\4{key}"
        pairs[key.encode()] = "\0".join(message.texts).encode()
    keys = sorted(pairs)
    count = len(keys)
    # Header, a table of lengths and offsets for each column, and the texts, which end in NUL.
    tables, start = 28, 28 + 16 * count
    index, body = [], b""
    for column in (keys, [pairs[key] for key in keys]):
        for text in column:
            index += [len(text), start + len(body)]
            body += text + b"\0"
    lead = (0x950412DE, 0, count, tables, tables + 8 * count, 0, start)
    return struct.pack(f"<{7 + len(index)}I", *lead, *index) + body


# -- merging ------------------------------------------------------------------------------------


def merged(
    old: Messages, template: Messages, *, previous: bool = True, guess: bool = True
) -> Messages:
    """Return a language's messages as a template has them, with the translations there are.

    Args:
        previous: whether to keep the wording that a guessed translation was made for.
        guess: whether a new message gets the translation of one that is like it, as doubtful.
    """
    result = Messages()
    gone = {key: message for key, message in old.items() if key not in template}
    candidates = [each for each in gone.values() if each.is_translated] if guess else []
    forms = _forms(old)
    for key, message in template.items():
        if message.is_header:
            result[key] = _merged_header(old, message)
            continue
        fresh = replace(message, texts=[""] * (1 if message.plural is None else forms))
        known = old.get(key)
        if known is None and (near := _nearest(message, candidates)):
            known = near
            gone.pop(near.key, None)
            _take(fresh, near, doubtful=True, previous=previous)
        elif known is not None:
            moved = (known.plural is None) != (message.plural is None)
            _take(fresh, known, doubtful=moved and known.is_translated, previous=previous)
        result[key] = fresh
    for key, message in gone.items():
        if any(message.texts) and not message.is_header:
            result[key] = replace(message, obsolete=True, places=[], hints=[])
    return result


def _forms(messages: Messages) -> int:
    found = re.match(r"\s*nplurals\s*=\s*(\d+)", messages.header.get("Plural-Forms", ""))
    return int(found[1]) if found else 2


def _merged_header(old: Messages, template: Message) -> Message:
    known = old.get((None, ""))
    if known is None:
        return template
    result = Messages([((None, ""), replace(known, texts=list(known.texts)))])
    created = Messages([((None, ""), template)]).header.get("POT-Creation-Date")
    if created:
        result.set_header("POT-Creation-Date", created)
    return result[None, ""]


def _take(fresh: Message, known: Message, *, doubtful: bool, previous: bool) -> None:
    """Give a message the translation of one that is known."""
    count = len(fresh.texts)
    fresh.texts = (known.texts + known.texts[-1:] * count)[:count]
    fresh.remarks = known.remarks
    kept = [flag for flag in known.flags if flag == "fuzzy" or not flag.endswith("-format")]
    if doubtful and "fuzzy" not in kept:
        kept.insert(0, "fuzzy")
    fresh.flags = list(dict.fromkeys([*kept, *fresh.flags]))
    if doubtful and previous:
        statements = [("msgctxt", known.context), ("msgid", known.id)]
        if known.plural is not None:
            statements.append(("msgid_plural", known.plural))
        fresh.previous = [
            line
            for keyword, text in statements
            if text is not None
            for line in _quoted(keyword, text, WIDTH - 3)
        ]
    elif "fuzzy" in kept:
        fresh.previous = known.previous


def _nearest(message: Message, candidates: Iterable[Message]) -> Message | None:
    """Return the message that is most like another, if one is like it."""
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(message.id)
    best, found = ALIKE, None
    for each in candidates:
        if each.is_header or each.context != message.context:
            continue
        matcher.set_seq1(each.id)
        if min(matcher.real_quick_ratio(), matcher.quick_ratio()) <= best:
            continue
        if (alike := matcher.ratio()) > best:
            best, found = alike, each
    return found
