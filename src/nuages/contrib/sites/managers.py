"""A manager for the objects of the current site."""

from __future__ import annotations

from typing import Any

from nuages.conf import settings
from nuages.core import checks
from nuages.core.exceptions import FieldDoesNotExist
from nuages.db import models


class CurrentSiteManager(models.Manager):
    """Sees only the objects of the site of ``SITE_ID``.

    Args:
        field_name: the relation to ``Site``; by default ``site`` or ``sites``.
    """

    use_in_migrations = True

    def __init__(self, field_name: str | None = None) -> None:
        super().__init__()
        self.__field_name = field_name

    def check(self, **kwargs: Any) -> list[Any]:
        """Return what is wrong with the manager."""
        return [*super().check(**kwargs), *self._check_field_name()]

    def _check_field_name(self) -> list[Any]:
        name = self._get_field_name()
        try:
            field = self.model._meta.get_field(name)
        except FieldDoesNotExist:
            return [
                checks.Error(
                    f"CurrentSiteManager could not find a field named '{name}'.",
                    obj=self,
                    id="sites.E001",
                )
            ]
        if not field.many_to_many and not isinstance(field, models.ForeignKey):
            label = f"{self.model._meta.object_name}.{name}"
            return [
                checks.Error(
                    f"CurrentSiteManager cannot use '{label}' as it is not a foreign key or a "
                    "many-to-many field.",
                    obj=self,
                    id="sites.E002",
                )
            ]
        return []

    def _get_field_name(self) -> str:
        known = self.__field_name
        if not known:
            names = {field.name for field in self.model._meta.get_fields()}
            known = self.__field_name = "site" if "site" in names else "sites"
        return known

    def get_queryset(self) -> Any:
        """Return the objects of the current site."""
        return super().get_queryset().filter(**{f"{self._get_field_name()}__id": settings.SITE_ID})
