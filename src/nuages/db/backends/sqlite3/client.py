"""The ``sqlite3`` program."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nuages.db.backends.base.client import BaseDatabaseClient


class DatabaseClient(BaseDatabaseClient):
    executable_name = "sqlite3"

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[Any], dict[str, str] | None]:
        return [cls.executable_name, settings_dict["NAME"], *parameters], None
