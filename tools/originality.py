#!/usr/bin/env python
"""Measure how much of a source tree repeats Django's own implementation.

Both trees are reduced to logical lines of normalised tokens: comments,
docstrings, imports, annotations and blank lines are dropped, and spacing,
quotes and trailing commas made alike. Two kinds of repetition are then sought:

identical   6 or more consecutive logical lines that are the same;
renamed     8 or more that are the same once every identifier is replaced by a
            placeholder numbered in order of first use (keywords, builtins and
            dunder names stay), and every string by one placeholder.

Tables of constants (``NAME = "value"`` lines, long literals) are reported
apart, as are docstrings and comments that repeat one of Django's. Only the
standard library is used; Django's wheel is fetched with pip, and never run.
"""

import argparse
import ast
import builtins
import collections
import dataclasses
import functools
import io
import json
import keyword
import os
import subprocess
import sys
import tempfile
import tokenize
import zipfile
from pathlib import Path

VERSION = "6.1.3"

IDENTICAL_LINES = 6
RENAMED_LINES = 8
PROSE_WORDS = 8

# A window of lines says something only if it is varied and long enough:
# (lines that must differ, tokens in all).
IDENTICAL_FLOOR = (4, 24)
RENAMED_FLOOR = (5, 48)

# A long literal is a table by itself from this number of constants on.
TABLE_CONSTANTS = 12
# A run is a table where this share of its lines are constants.
TABLE_SHARE = 0.75

# Windows found in more places than this are too common to follow them all.
MOST_PLACES = 40

KEPT_NAMES = frozenset(keyword.kwlist) | frozenset(dir(builtins)) | {"self", "cls"}
OPENING, CLOSING = frozenset("([{"), frozenset(")]}")
LITERAL_NAMES = frozenset({"True", "False", "None", "_"})
LITERAL_SIGNS = frozenset("()[]{},:=-+")
# From Python 3.12 on, the parts of an f-string are tokens of their own.
FSTRING_QUOTES = frozenset(
    getattr(tokenize, name, None) for name in ("FSTRING_START", "FSTRING_END")
)
FSTRING_TEXT = getattr(tokenize, "FSTRING_MIDDLE", None)


class Problem(Exception):
    """Something the user must put right."""


# Reading Python.


@dataclasses.dataclass(slots=True)
class Line:
    """One logical line, normalised."""

    first: int  # Physical lines, from 1, both included.
    last: int
    text: str  # The tokens, joined by a space.
    shape: str  # The same with a placeholder for each identifier and string.
    names: tuple  # The identifiers, in order.
    tokens: int
    constants: int  # Literal values, where the line is nothing but a table.


@dataclasses.dataclass(slots=True)
class Source:
    """A file: its logical lines and its prose (docstrings and comments)."""

    name: str
    lines: list
    prose: list  # (line number, text)


@functools.cache
def same_quotes(text):
    """Return a string literal in the one style used for comparison."""
    try:
        return repr(ast.literal_eval(text))
    except (SyntaxError, ValueError):
        return text


def without_annotations(tokens):
    """Drop the annotations of a logical line given as (type, text) pairs."""
    words = [text for _, text in tokens]
    at = 1 if words[0] == "async" else 0
    if words[at] == "def":
        return _plain_signature(tokens)
    if tokens[0][0] != tokenize.NAME or words[0] in keyword.kwlist:
        return tokens
    depth = 0
    for index, word in enumerate(words):
        depth += (word in OPENING) - (word in CLOSING)
        if depth == 0 and word == "=":
            return tokens
        if depth == 0 and word == ":":
            # "target: annotation = value": without a value, nothing is left.
            rest = words[index:]
            return tokens[:index] + tokens[index + rest.index("=") :] if ("=" in rest) else []
    return tokens


def _plain_signature(tokens):
    """Drop the annotations of a ``def`` line."""
    kept = []
    depth = 0
    skipping = False  # Inside an annotation.
    in_default = False
    for kind, text in tokens:
        closing = text in CLOSING
        if closing:
            depth -= 1
        if skipping:
            ends_parameter = depth == 1 and text in (",", "=")
            ends_list = depth == 0 and (closing or text == ":")
            if ends_parameter or ends_list:
                skipping = False
        else:
            returns = depth == 0 and text == "->"
            annotates = depth == 1 and text == ":" and not in_default
            skipping = returns or annotates
        if not skipping:
            if depth == 1 and text in (",", "="):
                in_default = text == "="
            kept.append((kind, text))
        if text in OPENING:
            depth += 1
    return kept


def without_trailing_commas(tokens):
    """Drop the commas that only precede a closing bracket."""
    return [
        token
        for token, (_, following) in zip(tokens, [*tokens[1:], (0, "")], strict=True)
        if not (token[1] == "," and following in CLOSING)
    ]


def make_line(tokens, first, last):
    """Return the normalised line for (type, text) pairs, or None to skip it."""
    if tokens[0][1] in ("import", "from"):
        return None
    tokens = without_annotations(tokens)
    if not tokens:
        return None
    tokens = without_trailing_commas(tokens)
    words, shape, names = [], [], []
    constants, table = 0, True
    for kind, text in tokens:
        if kind == tokenize.NAME:
            words.append(text)
            if text in KEPT_NAMES or (text[:2] == "__" and text[-2:] == "__"):
                shape.append(text)
            else:
                shape.append("?")
                names.append(text)
            if text in LITERAL_NAMES:
                constants += 1
            elif len(words) > 1:
                # Only the target of the assignment may be a name.
                table = False
        elif kind == tokenize.STRING:
            words.append(same_quotes(text))
            shape.append("'")
            constants += 1
        elif kind == tokenize.NUMBER:
            words.append(text)
            shape.append(text)
            constants += 1
        elif kind in FSTRING_QUOTES:
            words.append("f'")
            shape.append("f'")
        elif kind == FSTRING_TEXT:
            words.append(text)
            shape.append("'")
        else:
            words.append(text)
            shape.append(text)
            if text not in LITERAL_SIGNS:
                table = False
    if not constants or "=" not in words:
        table = False
    return Line(
        first,
        last,
        " ".join(words),
        " ".join(shape),
        tuple(names),
        len(words),
        constants if table else 0,
    )


def paragraphs(text):
    """Yield the paragraphs of a text that are long enough to compare."""
    for part in text.replace("\r", "").split("\n\n"):
        words = part.split()
        if len(words) >= PROSE_WORDS:
            yield " ".join(words)


def read_source(name, text):
    """Return the Source of a file's text, or None if it is not valid Python."""
    lines, prose = [], []
    tokens = []  # Of the logical line being read: (type, text).
    first = 0
    comment, comment_at, comment_end = [], 0, 0

    def end_comment():
        for paragraph in paragraphs("\n".join(comment)):
            prose.append((comment_at, paragraph))
        comment.clear()

    skipped = (tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    try:
        for kind, word, start, end, _ in tokenize.generate_tokens(io.StringIO(text).readline):
            if kind == tokenize.COMMENT:
                if comment and start[0] != comment_end + 1:
                    end_comment()
                if not comment:
                    comment_at = start[0]
                comment.append(word.lstrip("#! "))
                comment_end = start[0]
            elif kind == tokenize.NEWLINE:
                if all(each == tokenize.STRING for each, _ in tokens):
                    for _, literal in tokens:
                        try:
                            value = str(ast.literal_eval(literal))
                        except (SyntaxError, ValueError):
                            continue
                        for paragraph in paragraphs(value):
                            prose.append((first, paragraph))
                elif line := make_line(tokens, first, end[0]):
                    lines.append(line)
                tokens = []
            elif kind not in skipped:
                if not tokens:
                    first = start[0]
                tokens.append((kind, word))
    except (tokenize.TokenError, SyntaxError, IndexError):
        return None
    end_comment()
    return Source(name, lines, prose)


def read_files(files):
    """Return the Sources of (name, bytes) pairs, and the names not readable."""
    sources, unreadable = [], []
    for name, data in files:
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
            text = data.decode(encoding)
        except (SyntaxError, UnicodeDecodeError, LookupError):
            unreadable.append(name)
            continue
        source = read_source(name, text)
        if source is None:
            unreadable.append(name)
        else:
            sources.append(source)
    return sources, unreadable


# Getting both trees.


def files_under(folder):
    """Yield the (name, bytes) of the Python files of a folder, or one file."""
    if folder.is_file():
        yield folder.as_posix(), folder.read_bytes()
        return
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).parts
        if not any(part.startswith(".") or part == "__pycache__" for part in parts):
            yield path.as_posix(), path.read_bytes()


def files_in_wheel(wheel):
    """Yield the (name, bytes) of the Python files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".py"):
                yield name, archive.read(name)


def django_files(where, cache):
    """Yield Django's files, from a folder or wheel, or else from pip."""
    if where is None:
        base = os.environ.get("XDG_CACHE_HOME") or tempfile.gettempdir()
        where = find_wheel(cache or Path(base) / "django-originality")
    if where.is_dir():
        for name, data in files_under(where):
            yield f"django/{Path(name).relative_to(where).as_posix()}", data
    else:
        yield from files_in_wheel(where)


def find_wheel(cache):
    """Return Django's wheel in the cache, downloading it the first time."""
    cache.mkdir(parents=True, exist_ok=True)
    pattern = f"[Dd]jango-{VERSION}-*.whl"
    for wheel in cache.glob(pattern):
        return wheel
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    # It is only read, so it need not support this version of Python.
    command += ["--ignore-requires-python", "--only-binary", ":all:"]
    command += ["--dest", str(cache), f"Django=={VERSION}"]
    try:
        subprocess.run(command, check=True)
        return next(cache.glob(pattern))
    except (OSError, subprocess.CalledProcessError, StopIteration):
        raise Problem(
            f"cannot download Django {VERSION}; name a folder or wheel with --django"
        ) from None


# Finding runs.


@dataclasses.dataclass(slots=True)
class Run:
    """Consecutive lines of a file that repeat lines of one of Django's."""

    source: Source
    start: int  # The index of the first logical line.
    other: Source
    other_start: int
    length: int
    renamed: bool

    @property
    def indexes(self):
        return range(self.start, self.start + self.length)

    @property
    def is_table(self):
        lines = self.source.lines[self.start : self.start + self.length]
        tables = sum(1 for line in lines if line.constants)
        return tables >= TABLE_SHARE * self.length

    def where(self):
        """Return both places, as ``path:line-range``."""
        places = []
        for source, start in (
            (self.source, self.start),
            (self.other, self.other_start),
        ):
            first = source.lines[start].first
            last = source.lines[start + self.length - 1].last
            places.append(f"{source.name}:{first}-{last}")
        return places


def tells(lines, distinct, floor):
    """Whether a window is varied and long enough to be worth matching."""
    different, tokens = floor
    return distinct >= different and sum(line.tokens for line in lines) >= tokens


def identical_windows(source):
    """Yield (index, key) for the windows that may be part of identical runs."""
    texts = [line.text for line in source.lines]
    for index in range(len(texts) - IDENTICAL_LINES + 1):
        key = tuple(texts[index : index + IDENTICAL_LINES])
        window = source.lines[index : index + IDENTICAL_LINES]
        if tells(window, len(set(key)), IDENTICAL_FLOOR):
            yield index, hash(key)


def renamed_windows(source):
    """Yield (index, key) for the windows that may be part of renamed runs."""
    for index in range(len(source.lines) - RENAMED_LINES + 1):
        window = source.lines[index : index + RENAMED_LINES]
        shapes = tuple(line.shape for line in window)
        if not tells(window, len(set(shapes)), RENAMED_FLOOR):
            continue
        numbers = {}
        order = tuple(
            numbers.setdefault(name, len(numbers)) for line in window for name in line.names
        )
        yield index, hash((shapes, order))


def find_runs(sources, others, windows_of, width, renamed):
    """Return every maximal run of the sources that repeats the others.

    A run is a chain of matching windows, each one line after the one before
    in both files.
    """
    places = collections.defaultdict(list)
    for other in others:
        for index, key in windows_of(other):
            if len(places[key]) < MOST_PLACES:
                places[key].append((other, index))
    runs = []
    for source in sources:
        open_runs, previous = {}, -1
        for index, key in windows_of(source):
            if index != previous + 1:
                open_runs = {}
            still_open = {}
            for other, other_index in places.get(key, ()):
                run = open_runs.get((other.name, other_index - 1))
                if run is None:
                    run = Run(source, index, other, other_index, width, renamed)
                    runs.append(run)
                else:
                    run.length += 1
                still_open[other.name, other_index] = run
            open_runs, previous = still_open, index
    return runs


def find_tables(sources, others):
    """Return, as runs of one line, the long literals that Django has as well."""
    known = {}
    for other in others:
        for index, line in enumerate(other.lines):
            if line.constants >= TABLE_CONSTANTS:
                known.setdefault(table_value(line), (other, index))
    return [
        Run(source, index, *known[table_value(line)], 1, False)
        for source in sources
        for index, line in enumerate(source.lines)
        if line.constants >= TABLE_CONSTANTS and table_value(line) in known
    ]


def table_value(line):
    """Return what a table holds, whatever the name it is given."""
    return line.text.partition("=")[2]


def longest_first(runs):
    """Return the runs to show: each adds a line that no longer run covers."""
    covered = collections.defaultdict(set)
    shown = []
    order = sorted(runs, key=lambda run: (-run.length, run.renamed, run.source.name))
    for run in order:
        seen = covered[run.source.name]
        if not seen.issuperset(run.indexes):
            seen.update(run.indexes)
            shown.append(run)
    return shown


# Lines changed since a revision.


def changed_lines(revision, folders):
    """Return {path: set of line numbers}; None stands for the whole file."""
    changed = {}
    paths = [str(folder) for folder in folders]
    text = git("diff", "--unified=0", "--no-color", "--relative", revision, "--", *paths)
    current = None
    for line in text.splitlines():
        if line.startswith("+++ "):
            path = line[4:].removeprefix("b/")
            current = None if path == "/dev/null" else changed.setdefault(path, set())
        elif line.startswith("@@") and current is not None:
            start, _, count = line.split("+")[1].split(" ")[0].partition(",")
            current.update(range(int(start), int(start) + int(count or 1)))
    untracked = git("ls-files", "--others", "--exclude-standard", "--", *paths)
    changed.update(dict.fromkeys(untracked.splitlines()))
    return changed


def git(*arguments):
    try:
        done = subprocess.run(["git", *arguments], check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise Problem("git is not installed") from None
    except subprocess.CalledProcessError as error:
        raise Problem(f"git {arguments[0]}: {error.stderr.strip()}") from None
    return done.stdout


def indexes_considered(source, changed):
    """Return the indexes of a file's lines that count: all, or those changed."""
    if changed is None:
        return set(range(len(source.lines)))
    path = os.path.relpath(source.name)
    if path not in changed:
        return set()
    numbers = changed[path]
    if numbers is None:
        return set(range(len(source.lines)))
    return {
        index
        for index, line in enumerate(source.lines)
        if not numbers.isdisjoint(range(line.first, line.last + 1))
    }


# Comparing and reporting.


def compare(sources, others, changed=None):
    """Compare two trees; return what is reported, ready for JSON."""
    considered = {source.name: indexes_considered(source, changed) for source in sources}
    identical = find_runs(sources, others, identical_windows, IDENTICAL_LINES, renamed=False)
    renamed = find_runs(sources, others, renamed_windows, RENAMED_LINES, renamed=True)
    tables = find_tables(sources, others)
    groups = {"identical": [], "renamed": [], "tables": tables}
    for run in (*identical, *renamed):
        kind = "renamed" if run.renamed else "identical"
        groups["tables" if run.is_table else kind].append(run)
    for kind, runs in groups.items():
        groups[kind] = [
            run for run in runs if not considered[run.source.name].isdisjoint(run.indexes)
        ]

    inside = {kind: collections.defaultdict(set) for kind in groups}
    taken = collections.defaultdict(set)
    for kind in ("identical", "renamed", "tables"):
        for run in groups[kind]:
            inside[kind][run.source.name].update(run.indexes)
        for name, indexes in inside[kind].items():
            # A line counts once, under the first kind that holds it.
            indexes &= considered[name]
            indexes -= taken[name]
            taken[name] |= indexes

    files = []
    for source in sources:
        counts = {kind: len(inside[kind][source.name]) for kind in groups}
        total = len(considered[source.name])
        if total:
            repeated = counts["identical"] + counts["renamed"]
            files.append(
                {
                    "path": source.name,
                    "lines": total,
                    **counts,
                    "percent": share(repeated, total),
                }
            )
    totals = {
        key: sum(file[key] for file in files) for key in ("lines", "identical", "renamed", "tables")
    }
    repeated = totals["identical"] + totals["renamed"]
    totals["repeated"] = repeated
    for key in ("identical", "renamed", "tables", "repeated"):
        totals[f"{key}_percent"] = share(totals[key], totals["lines"])
    totals["percent"] = totals["repeated_percent"]

    shown = longest_first(groups["identical"] + groups["renamed"])
    return {
        "version": VERSION,
        "totals": totals,
        "prose": compare_prose(sources, others, changed),
        "files": sorted(files, key=lambda file: -(file["identical"] + file["renamed"])),
        "runs": [describe(run) for run in shown],
        "tables": [describe(run) for run in longest_first(groups["tables"])],
    }


def describe(run):
    """Return a run as it is reported."""
    here, there = run.where()
    kind = "renamed" if run.renamed else "identical"
    return {"here": here, "there": there, "lines": run.length, "kind": kind}


def compare_prose(sources, others, changed):
    """Return how many docstring paragraphs and comments repeat Django's."""
    known = {text: (other.name, at) for other in others for at, text in other.prose}
    total, found = 0, []
    for source in sources:
        numbers = None
        if changed is not None:
            path = os.path.relpath(source.name)
            if path not in changed:
                continue
            numbers = changed[path]
        for at, text in source.prose:
            if numbers is not None and at not in numbers:
                continue
            total += 1
            if text in known:
                name, line = known[text]
                found.append(
                    {
                        "here": f"{source.name}:{at}",
                        "there": f"{name}:{line}",
                        "text": text,
                    }
                )
    return {
        "total": total,
        "identical": len(found),
        "percent": share(len(found), total),
        "found": found,
    }


def share(part, whole):
    return round(100 * part / whole, 2) if whole else 0.0


def print_report(result, most):
    """Print what ``compare`` returned, for people."""
    totals, prose = result["totals"], result["prose"]
    print(f"Compared with Django {result['version']}: {totals['lines']} logical lines")
    for key, text in (
        ("identical", f"in identical runs ({IDENTICAL_LINES}+ lines)"),
        ("renamed", f"more, in renamed runs ({RENAMED_LINES}+ lines)"),
        ("tables", "apart: in tables of constants"),
    ):
        print(f"{totals[key]:>8}  {totals[key + '_percent']:>6.2f}%  {text}")
    print(
        f"{prose['identical']:>8}  {prose['percent']:>6.2f}%  of {prose['total']} "
        f"docstring paragraphs and comments ({PROSE_WORDS}+ words) are identical"
    )
    worst = [file for file in result["files"] if file["identical"] + file["renamed"]]
    if worst:
        print("\nFiles with the most repeated lines:")
        for file in worst[:most]:
            repeated = file["identical"] + file["renamed"]
            print(f"{repeated:>8}  {file['percent']:>6.2f}%  of {file['lines']:>5}  {file['path']}")
    for title, runs in (
        ("Longest runs", result["runs"]),
        ("Tables of constants", result["tables"]),
    ):
        if runs:
            print(f"\n{title} ({len(runs)} in all):")
            for run in runs[:most]:
                renamed = ", renamed" if run["kind"] == "renamed" else ""
                print(f"  {run['here']}  ~ {run['there']} ({run['lines']} lines{renamed})")
    if prose["found"]:
        print("\nRepeated docstrings and comments:")
        for found in prose["found"][:most]:
            print(f"  {found['here']}  ~ {found['there']}: {found['text'][:70]}")
    print(f"\noriginality: {totals['percent']:.2f}% of the lines repeat Django")


def parse_arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add(
        "--path",
        type=Path,
        action="append",
        metavar="SRC",
        help="a folder or file to measure; may be repeated (default: src)",
    )
    add("--most", type=int, default=20, metavar="N", help="entries in each list (20)")
    add(
        "--max-percent",
        type=float,
        metavar="X",
        help="exit with status 1 if more of the lines than this repeat Django",
    )
    add(
        "--changed-since",
        metavar="REV",
        help="count only the lines changed since this git revision",
    )
    add("--json", action="store_true", help="print everything as JSON")
    add("--django", type=Path, metavar="PATH", help="a django folder or wheel to use")
    add("--cache", type=Path, metavar="DIR", help="where to keep Django's wheel")
    options = parser.parse_args(argv)
    options.path = options.path or [Path("src")]
    return options


def main(argv=None):
    options = parse_arguments(argv)
    for folder in options.path:
        if not folder.exists():
            raise Problem(f"no such folder: {folder}")
    changed = None
    if options.changed_since:
        changed = changed_lines(options.changed_since, options.path)
    own = (each for folder in options.path for each in files_under(folder))
    sources, unreadable = read_files(own)
    others, _ = read_files(django_files(options.django, options.cache))
    if not others:
        raise Problem("found none of Django's files")
    result = compare(sources, others, changed)
    result["unreadable"] = unreadable
    if options.json:
        print(json.dumps(result, indent=1))
    else:
        for name in unreadable:
            print(f"not valid Python, left out: {name}", file=sys.stderr)
        print_report(result, options.most)
    limit = options.max_percent
    return 1 if limit is not None and result["totals"]["percent"] > limit else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Problem as problem:
        sys.exit(f"originality: {problem}")
