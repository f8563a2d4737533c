"""Content Security Policy. Manual: ref/csp; howto/csp."""

import secrets
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from nuages.utils.functional import SimpleLazyObject, empty
from nuages.utils.safestring import SafeString

# The name of the nonce in template contexts.
CONTEXT_KEY = "csp_nonce"


class CSP(StrEnum):
    """Names of headers, and keywords for policies."""

    HEADER_ENFORCE = "Content-Security-Policy"
    HEADER_REPORT_ONLY = "Content-Security-Policy-Report-Only"

    NONE = "'none'"
    SELF = "'self'"
    STRICT_DYNAMIC = "'strict-dynamic'"
    REPORT_SAMPLE = "'report-sample'"
    UNSAFE_EVAL = "'unsafe-eval'"
    UNSAFE_HASHES = "'unsafe-hashes'"
    UNSAFE_INLINE = "'unsafe-inline'"
    WASM_UNSAFE_EVAL = "'wasm-unsafe-eval'"

    # No keyword of the standard: the request's nonce stands here in the header.
    NONCE = "<CSP_NONCE_SENTINEL>"


def generate_nonce() -> str:
    """Return 16 random bytes in URL-safe base64."""
    return secrets.token_urlsafe(16)


class LazyNonce(SimpleLazyObject):
    """A nonce that comes into being when it is used; true if it was."""

    def __init__(self) -> None:
        super().__init__(generate_nonce)

    def __bool__(self) -> bool:
        return self._wrapped is not empty


def nonce_attr(nonce: Any) -> str:
    """Return ``nonce`` as an attribute for a tag, the empty string for none."""
    from nuages.utils.html import format_html

    return SafeString("") if nonce is None else format_html(' nonce="{}"', nonce)


def build_policy(config: Mapping[str, Any], nonce: Any = None) -> str:
    """Return the header for a policy: a dictionary from directives to their values.

    A value is one source or several, ``True`` for a directive without any; ``None``, ``False``
    and an empty list leave the directive out. `CSP.NONCE` becomes the nonce, or nothing.
    """

    def sources(value: Any) -> list[str]:
        listed = [value] if isinstance(value, str) else value
        # Sets have no order, and a header should not change from process to process.
        listed = sorted(listed) if isinstance(listed, set | frozenset) else listed
        return [
            f"'nonce-{nonce}'" if source == CSP.NONCE else str(source)
            for source in listed
            if source != CSP.NONCE or nonce
        ]

    policy = []
    for directive, value in config.items():
        if value is True:
            policy.append(directive)
        elif value not in (None, False) and (found := sources(value)):
            policy.append(" ".join((directive, *found)))
    return "; ".join(policy)
