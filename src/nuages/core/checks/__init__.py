"""The system check framework. Manual: "System check framework".

The built-in checks are modules of this package; they are imported when they are first run or
named (``checks.model_checks``).
"""

from importlib import import_module
from types import ModuleType

from nuages.core.checks.messages import (
    CRITICAL,
    DEBUG,
    ERROR,
    INFO,
    WARNING,
    CheckMessage,
    Critical,
    Debug,
    Error,
    Info,
    Warning,
)
from nuages.core.checks.registry import BUILT_IN, Tags, register, run_checks, tag_exists

__all__ = [
    "CRITICAL",
    "DEBUG",
    "ERROR",
    "INFO",
    "WARNING",
    "CheckMessage",
    "Critical",
    "Debug",
    "Error",
    "Info",
    "Tags",
    "Warning",
    "register",
    "run_checks",
    "tag_exists",
]

_CHECK_MODULES = frozenset(name.partition(".")[0] for name in BUILT_IN)


def __getattr__(name: str) -> ModuleType:
    if name not in _CHECK_MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
