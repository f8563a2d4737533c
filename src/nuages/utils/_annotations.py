"""Inspection that leaves deferred annotations alone (Python 3.14 and later)."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_lock = threading.RLock()


@contextmanager
def forward_references() -> Iterator[None]:
    """Make :mod:`inspect` give unresolved names as forward references while this is open."""
    import annotationlib

    with _lock:
        original: Any = inspect._signature_from_callable  # type: ignore[attr-defined]
        inspect._signature_from_callable = functools.partial(  # type: ignore[attr-defined]
            original, annotation_format=annotationlib.Format.FORWARDREF
        )
        try:
            yield
        finally:
            inspect._signature_from_callable = original  # type: ignore[attr-defined]
