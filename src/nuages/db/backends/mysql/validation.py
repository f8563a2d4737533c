"""System checks for MariaDB and MySQL."""

from __future__ import annotations

from typing import Any

from nuages.core import checks
from nuages.db.backends.base.validation import BaseDatabaseValidation
from nuages.utils.version import get_docs_version

_MANUAL = "https://docs.djangoproject.com/en/%s/ref/databases/#%s"
_SAFE = {"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES"}


class DatabaseValidation(BaseDatabaseValidation):
    """Warns of what the server would do without a word."""

    def check(self, **kwargs: Any) -> list[Any]:
        messages = super().check(**kwargs)
        if _SAFE.isdisjoint(self.connection.sql_mode):
            name, alias = self.connection.display_name, self.connection.alias
            messages.append(
                checks.Warning(
                    f"{name} Strict Mode is not set for database connection '{alias}'",
                    hint=f"{name}'s Strict Mode fixes many data integrity problems in {name}, such "
                    "as data truncation upon insertion, by escalating warnings into errors. It is "
                    f"strongly recommended you activate it. See: "
                    f"{_MANUAL % (get_docs_version(), 'mysql-sql-mode')}",
                    id="mysql.W002",
                )
            )
        return messages

    def check_field_type(self, field: Any, field_type: str) -> list[Any]:
        """Warn of columns that the server cannot index."""
        name = self.connection.display_name
        if field.unique and field_type.startswith("varchar") and (field.max_length or 0) > 255:
            where = _MANUAL % (get_docs_version(), "mysql-character-fields")
            return [
                checks.Warning(
                    f"{name} may not allow unique CharFields to have a max_length > 255.",
                    obj=field,
                    hint=f"See: {where}",
                    id="mysql.W003",
                )
            ]
        whole = field_type.lower() in self.connection._limited_data_types
        if field.db_index and whole:
            return [
                checks.Warning(
                    f"{name} does not support a database index on {field_type} columns.",
                    hint="An index won't be created. Silence this warning if you don't care about "
                    "it.",
                    obj=field,
                    id="fields.W162",
                )
            ]
        return []
