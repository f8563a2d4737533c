"""The driver: mysqlclient, or PyMySQL where that is not installed (it needs no compiler).

Both offer the same interface under other names of modules.
"""

from __future__ import annotations

import datetime
from importlib import import_module
from typing import Any

from nuages.core.exceptions import ImproperlyConfigured

OLDEST = (2, 2, 1)


def _load() -> tuple[Any, Any, Any]:
    """Return the driver's module, and those of its converters and constants.

    Raises:
        ImproperlyConfigured: neither driver is there, or mysqlclient is too old.
    """
    try:
        module = import_module("MySQLdb")
    except ImportError as problem:
        try:
            module = import_module("pymysql")
        except ImportError:
            raise ImproperlyConfigured(
                "Error loading MySQLdb module.\nDid you install mysqlclient (or PyMySQL)?"
            ) from problem
    name = module.__name__
    if name == "MySQLdb" and module.version_info[:3] < OLDEST and not _is_other_driver(module):
        raise ImproperlyConfigured(
            "mysqlclient 2.2.1 or newer is required; you have "
            f"{getattr(module, '__version__', 'an older one')}."
        )
    return module, import_module(f"{name}.converters"), import_module(f"{name}.constants")


def _is_other_driver(module: Any) -> bool:
    """Whether the module is PyMySQL, under mysqlclient's name."""
    return hasattr(module, "install_as_MySQLdb")


Database, _converters, _constants = _load()
CLIENT: Any = import_module(f"{_constants.__name__}.CLIENT")
FIELD_TYPE: Any = import_module(f"{_constants.__name__}.FIELD_TYPE")

#: Codes of column types that hold text if they have a character set, and bytes otherwise.
BLOBS = frozenset(
    getattr(FIELD_TYPE, name) for name in ("BLOB", "TINY_BLOB", "MEDIUM_BLOB", "LONG_BLOB")
)


def _time(text: Any) -> datetime.time | None:
    """Return the time of day: the driver would give a duration."""
    if isinstance(text, bytes):
        text = text.decode("ascii")
    try:
        return datetime.time.fromisoformat(text)
    except (TypeError, ValueError):
        from nuages.db.backends.utils import typecast_time

        return typecast_time(text)


def conversions() -> dict[Any, Any]:
    """Return the driver's table of converters, with times of day."""
    return {**_converters.conversions, FIELD_TYPE.TIME: _time}
