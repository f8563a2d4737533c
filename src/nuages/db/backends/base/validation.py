"""System checks that depend on the database."""

from __future__ import annotations

from typing import Any


class BaseDatabaseValidation:
    """The checks of a backend: of its connection, and of a model's fields."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def check(self, **kwargs: Any) -> list[Any]:
        """Return the messages about the connection."""
        return []

    def check_field(self, field: Any, **kwargs: Any) -> list[Any]:
        """Return the messages about a model field on this database."""
        errors: list[Any] = []
        check_type = getattr(self, "check_field_type", None)
        if check_type is None or getattr(field, "remote_field", None) is not None:
            return errors
        missing = [
            feature
            for feature in field.model._meta.required_db_features
            if not getattr(self.connection.features, feature, False)
        ]
        if not missing:
            column_type = field.db_type(self.connection)
            if column_type is not None:
                errors.extend(check_type(field, column_type))
        return errors
