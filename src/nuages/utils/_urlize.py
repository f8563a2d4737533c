"""Finding web and mail addresses in text, word by word, in time linear in the text."""

import html
import re
import warnings
from collections import Counter
from functools import cache, partial
from typing import Any
from urllib.parse import quote

from nuages.conf import settings
from nuages.core.validators import DomainNameValidator, EmailValidator
from nuages.utils.deprecation import RemovedInDjango2028Warning
from nuages.utils.html import escape, smart_urlquote
from nuages.utils.http import MAX_URL_LENGTH
from nuages.utils.safestring import SafeData, SafeString

_separators = re.compile(r"""([\s<>"']+)""")
_with_scheme = re.compile(r"https?://\[?\w", re.IGNORECASE)
_bare_host = re.compile(
    r"(?![^/]*[][])(?:www\.|(?!http)\w[^@]+\.(?:com|edu|gov|int|mil|net|org)(?:\Z|/.*\Z))",
    re.IGNORECASE,
)
_entity_at_end = re.compile(r"&#?\w{1,31};\Z")

_TRAILING = frozenset(".,:;!")
_CLOSERS = {")": "(", "]": "["}
_OPENERS = frozenset(_CLOSERS.values())

_MAX_LOCAL_PART = 64
_MAX_DOMAIN = 255


def trim_punctuation(word: str) -> tuple[str, str, str]:
    """Split ``word`` into leading punctuation, an address perhaps, and trailing punctuation.

    A closing bracket belongs to the address while it has its opening one there.
    """
    start, end = 0, len(word)
    brackets = Counter(char for char in word if char in "()[]")
    while start < end and word[start] in _OPENERS:
        brackets[word[start]] -= 1
        start += 1
    while start < end:
        last = word[end - 1]
        if last in _CLOSERS:
            if brackets[last] <= brackets[_CLOSERS[last]]:
                break
            brackets[last] -= 1
        elif last not in _TRAILING:
            break
        elif last == ";" and _entity_at_end.search(word, max(start, end - 34), end):
            break
        end -= 1
    return word[:start], word[start:end], word[end:]


def is_email_simple(value: str) -> bool:
    """Say whether ``value`` looks like a mail address with a dotted domain."""
    local, at, domain = value.partition("@")
    return bool(
        at
        and 0 < len(local) <= _MAX_LOCAL_PART
        and 0 < len(domain) <= _MAX_DOMAIN
        and "." in domain
        and EmailValidator.user_regex.match(local)
        and DomainNameValidator.regex.match(domain)
    )


class Urlizer:
    """Turns the addresses in a text into links. Subclasses may treat words differently."""

    def __call__(
        self,
        text: Any,
        trim_url_limit: int | None = None,
        nofollow: bool = True,
        autoescape: bool = False,
    ) -> SafeString:
        """Return ``text`` with links, as safe HTML where it was, or was escaped."""
        treat = cache(
            partial(
                self.handle_word,
                safe_input=isinstance(text, SafeData),
                trim_url_limit=trim_url_limit,
                nofollow=nofollow,
                autoescape=autoescape,
            )
        )
        return SafeString("".join(map(treat, _separators.split(str(text)))))

    def handle_word(
        self,
        word: str,
        *,
        safe_input: bool,
        trim_url_limit: int | None = None,
        nofollow: bool = False,
        autoescape: bool = False,
    ) -> str:
        """Return one word, as a link if it holds an address."""
        show = escape if autoescape and not safe_input else str
        if "." not in word and "@" not in word and ":" not in word:
            return show(word)
        lead, middle, trail = trim_punctuation(word)
        if (url := self.target(middle)) is None:
            return show(word)
        shown = middle
        if trim_url_limit is not None and len(middle) > trim_url_limit:
            shown = middle[: max(0, trim_url_limit - 1)] + "…"
        rel = ' rel="nofollow"' if nofollow and not url.startswith("mailto:") else ""
        return f'{show(lead)}<a href="{escape(url)}"{rel}>{show(shown)}</a>{show(trail)}'

    def target(self, middle: str) -> str | None:
        """Return the URL that ``middle`` stands for, if any."""
        if len(middle) <= MAX_URL_LENGTH:
            if _with_scheme.match(middle):
                return smart_urlquote(html.unescape(middle))
            if _bare_host.match(middle):
                return smart_urlquote(f"{_default_scheme()}://{html.unescape(middle)}")
        if ":" not in middle and is_email_simple(middle):
            local, domain = middle.split("@")
            return f"mailto:{quote(local, safe='')}@{quote(domain, safe='')}"
        return None


def _default_scheme() -> str:
    if settings.URLIZE_ASSUME_HTTPS:
        return "https"
    warnings.warn(
        "The default protocol will be changed from HTTP to HTTPS in Django 2028. Set the "
        "URLIZE_ASSUME_HTTPS transitional setting to True to opt into using HTTPS as the new "
        "default protocol.",
        RemovedInDjango2028Warning,
        stacklevel=2,
    )
    return "http"
