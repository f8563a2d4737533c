"""Text without regard to case, as migrations of old may still mention it."""

from __future__ import annotations

from typing import Any, ClassVar

from nuages.contrib.postgres.utils import removed_field
from nuages.db.models import CharField, EmailField, TextField

__all__ = ["CICharField", "CIEmailField", "CITextField"]


def _removed(name: str, instead: str, number: int) -> dict[str, Any]:
    hint = (
        f'Use {instead}(db_collation="…") with a case-insensitive non-deterministic collation '
        "instead."
    )
    return removed_field(name, hint, number)


class CICharField(CharField):
    """Short text."""

    system_check_removed_details: ClassVar[dict[str, Any]] = _removed(  # type: ignore[misc]
        "CICharField", "CharField", 905
    )


class CIEmailField(EmailField):
    """An e-mail address."""

    system_check_removed_details: ClassVar[dict[str, Any]] = _removed(  # type: ignore[misc]
        "CIEmailField", "EmailField", 906
    )


class CITextField(TextField):
    """Text."""

    system_check_removed_details: ClassVar[dict[str, Any]] = _removed(  # type: ignore[misc]
        "CITextField", "TextField", 907
    )
