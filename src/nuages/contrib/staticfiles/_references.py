"""References from one static file to another, and how they are rewritten."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

# A backslash hides the quote behind it, so that it opens no string; strings end with their line.
_ESCAPE = r"\\."
_BLOCK_COMMENT = r"/\*[\s\S]*?\*/"
_STRINGS = r""""(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'"""

_css_ignored_re = re.compile("|".join((_ESCAPE, _BLOCK_COMMENT, _STRINGS)))
_js_ignored_re = re.compile(
    "|".join((_ESCAPE, r"//[^\n]*", _BLOCK_COMMENT, _STRINGS, r"`(?:\\.|[^`\\])*`"))
)
_IGNORED = {"*.css": _css_ignored_re, "*.js": _js_ignored_re}

CSS_RULES = (
    r"""(?P<matched>url\(\s*(?P<quote>["']?)(?P<url>.*?)(?P=quote)\s*\))""",
    (
        r"""(?P<matched>@import\s*(?P<quote>["'])\s*(?P<url>.*?)(?P=quote))""",
        '@import url("%(url)s")',
    ),
    (
        r"(?m)(?P<matched>/\*#[ \t](?-i:sourceMappingURL)=(?P<url>.*?)[ \t]*\*/)$",
        "/*# sourceMappingURL=%(url)s */",
    ),
)
JS_RULES = (
    (
        r"(?m)^(?P<matched>//# (?-i:sourceMappingURL)=(?P<url>.*?)[ \t]*$)",
        "//# sourceMappingURL=%(url)s",
    ),
)
# Only relative and absolute addresses: other names are looked up in packages by bundlers.
JS_MODULE_RULES = (
    (
        r"""(?P<matched>import(?P<names>[\s*{][^;"'`]*?)\s*from\s*(?P<quote>["'])"""
        r"""(?P<url>[./][^"'\n]*)(?P=quote))""",
        'import%(names)s from "%(url)s"',
    ),
    (
        r"""(?P<matched>import\s*(?P<quote>["'])(?P<url>[./][^"'\n]*)(?P=quote))""",
        'import"%(url)s"',
    ),
    (
        r"""(?P<matched>import\(\s*(?P<quote>["'])(?P<url>[./][^"'\n]*)(?P=quote)\s*\))""",
        'import("%(url)s")',
    ),
    (
        r"""(?P<matched>export(?P<names>[\s*{][^;"'`]*?)\s*from\s*(?P<quote>["'])"""
        r"""(?P<url>[./][^"'\n]*)(?P=quote))""",
        'export%(names)s from "%(url)s"',
    ),
)


@dataclass(frozen=True)
class Rule:
    """How one kind of reference looks, and how it is written anew."""

    glob: str
    regex: re.Pattern[str]
    template: str

    def applies_to(self, name: str) -> bool:
        """Whether files of this name have such references."""
        return fnmatch.fnmatchcase(name, self.glob)


def compile_rules(patterns: Iterable[Any], default_template: str) -> list[Rule]:
    """Return the rules that a storage's ``patterns`` describe."""
    return [
        Rule(
            glob,
            re.compile(entry if isinstance(entry, str) else entry[0], re.IGNORECASE),
            default_template if isinstance(entry, str) else entry[1],
        )
        for glob, entries in patterns
        for entry in entries
    ]


def ignored_blocks(content: str, regex: re.Pattern[str]) -> list[tuple[int, int]]:
    """Return start and end of the comments, strings and escapes in ``content``."""
    return [found.span() for found in regex.finditer(content)]


Blocks = Callable[[str, re.Pattern[str]], list[tuple[int, int]]]


def rewrite(
    name: str,
    content: str,
    rules: Iterable[Rule],
    convert: Callable[[str, int], str | None],
    blocks_of: Blocks = ignored_blocks,
) -> str:
    """Return ``content`` with other addresses.

    Args:
        convert: gets an address and its line, and returns the new one, or ``None`` to leave it.
        blocks_of: finds what holds no references.
    """
    for rule in rules:
        if not rule.applies_to(name) or (first := rule.regex.search(content)) is None:
            continue
        # Comments and strings are looked for only where there is a reference to be judged.
        ignored = _IGNORED.get(rule.glob)
        blocks = blocks_of(content, ignored) if ignored is not None else []
        content = "".join(_pieces(content, first.start(), rule, blocks, convert))
    return content


def _pieces(
    content: str,
    start: int,
    rule: Rule,
    blocks: list[tuple[int, int]],
    convert: Callable[[str, int], str | None],
) -> Iterator[str]:
    end = 0
    left = iter(blocks)
    block = next(left, None)
    line, counted = 1, 0
    for found in rule.regex.finditer(content, start):
        at = found.start("matched")
        while block is not None and block[1] <= at:
            block = next(left, None)
        # A comment that begins where the reference does is the reference.
        if block is not None and block[0] < at:
            continue
        line, counted = line + content.count("\n", counted, at), at
        address = convert(found["url"], line)
        if address is not None:
            yield content[end : found.start()]
            yield rule.template % {**found.groupdict(), "url": address}
            end = found.end()
    yield content[end:]
