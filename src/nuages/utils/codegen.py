"""Generated functions: compiled from source that we build, and visible to debuggers.

The only home of ``exec`` in the house. Generated source holds names that we made and ``repr()`` of
constants; text that comes from a template, a URL pattern or a model never becomes code.
"""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Callable, Mapping
from typing import Any

_serial = itertools.count(1)


def compile_function(
    source: str, name: str, namespace: Mapping[str, Any], label: str
) -> Callable[..., Any]:
    """Return the function ``name`` that ``source`` defines.

    Args:
        source: Python source of a module that defines ``name``.
        name: the function to return.
        namespace: the globals that the source sees.
        label: what the code was generated from, shown in tracebacks as ``<nuages label N>``.
    """
    filename = f"<nuages {label} {next(_serial)}>"
    scope = dict(namespace)
    exec(compile(source, filename, "exec"), scope)
    # With no modification time, linecache keeps the entry when it checks for changed files.
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    function: Callable[..., Any] = scope[name]
    return function
