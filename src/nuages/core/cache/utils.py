"""Keys for fragments of templates. Manual: topics/cache, "Template fragment caching"."""

import hashlib
from collections.abc import Iterable
from typing import Any

from nuages.utils.encoding import netstring

TEMPLATE_FRAGMENT_KEY_TEMPLATE = "template.cache.%s.%s"


def make_template_fragment_key(fragment_name: str, vary_on: Iterable[Any] | None = None) -> str:
    """Return the key under which a fragment is cached, for these values that it varies on."""
    values = b"".join(map(netstring, vary_on or ()))
    digest = hashlib.md5(values, usedforsecurity=False).hexdigest()
    return TEMPLATE_FRAGMENT_KEY_TEMPLATE % (fragment_name, digest)
