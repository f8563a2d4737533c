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


#: What a text must have, in lower case, for one of the expressions above to find anything in it.
_LEADS = dict(
    zip(
        (rule if isinstance(rule, str) else rule[0] for rule in CSS_RULES + JS_RULES),
        ("url(", "@import", "sourcemappingurl=", "sourcemappingurl="),
        strict=True,
    )
)
_LEADS |= {rule[0]: rule[0][len("(?P<matched>") :][:6] for rule in JS_MODULE_RULES}


@dataclass(frozen=True)
class Rule:
    """How one kind of reference looks, and how it is written anew."""

    glob: str
    regex: re.Pattern[str]
    template: str
    lead: str = ""

    def applies_to(self, name: str) -> bool:
        """Whether files of this name have such references."""
        return fnmatch.fnmatchcase(name, self.glob)


def compile_rules(patterns: Iterable[Any], default_template: str) -> list[Rule]:
    """Return the rules that a storage's ``patterns`` describe."""
    rules = []
    for glob, entries in patterns:
        for entry in entries:
            source, template = (entry, default_template) if isinstance(entry, str) else entry
            regex = re.compile(source, re.IGNORECASE)
            rules.append(Rule(glob, regex, template, _LEADS.get(source, "")))
    return rules


def ignored_blocks(content: str, regex: re.Pattern[str]) -> list[tuple[int, int]]:
    """Return start and end of the comments, strings and escapes in ``content``."""
    return [found.span() for found in regex.finditer(content)]


Blocks = Callable[[str, re.Pattern[str]], list[tuple[int, int]]]


def rewrite(
    name: str,
    content: str,
    rules: Iterable[Rule],
    convert: Callable[[str, int], str | None],
    blocks_of: Blocks | None = None,
) -> str:
    """Return ``content`` with other addresses.

    Args:
        convert: gets an address and its line, and returns the new one, or ``None`` to leave it.
        blocks_of: finds what holds no references, if not :func:`ignored_blocks`.
    """
    applies: dict[str, bool] = {}
    lowered = ""
    for rule in rules:
        if (fits := applies.get(rule.glob)) is None:
            fits = applies[rule.glob] = rule.applies_to(name)
        # Letters outside of ASCII may count as letters of the lead.
        if not fits or (
            content.isascii() and rule.lead not in (lowered := lowered or content.lower())
        ):
            continue
        if (first := rule.regex.search(content)) is None:
            continue
        # Comments and strings are looked for only where there is a reference to be judged.
        ignored = _IGNORED.get(rule.glob)
        blocks: Iterable[tuple[int, int]] = ()
        if ignored is not None:
            blocks = blocks_of(content, ignored) if blocks_of else _spans(content, ignored)
        content = "".join(_pieces(content, first.start(), rule, blocks, convert))
        lowered = ""
    return content


def _spans(content: str, regex: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Yield what :func:`ignored_blocks` lists, as far as somebody asks."""
    return (found.span() for found in regex.finditer(content))


def _pieces(
    content: str,
    start: int,
    rule: Rule,
    blocks: Iterable[tuple[int, int]],
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
