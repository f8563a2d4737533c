"""System checks of models. Manual: "System check framework", section "Models"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


def local_field_messages(model: Any, names: Iterable[str], option: str) -> Iterator[Any]:
    yield from ()


def check_model(cls: Any, **kwargs: Any) -> Iterator[Any]:
    yield from ()
