"""System checks of static files."""

from __future__ import annotations

from typing import Any

from nuages.conf import STATICFILES_STORAGE_ALIAS, settings
from nuages.core.checks import Error

E005 = Error(
    f"The STORAGES setting must define a '{STATICFILES_STORAGE_ALIAS}' storage.",
    id="staticfiles.E005",
)


def get_finders() -> Any:
    """Return the finders, imported when the check runs."""
    from nuages.contrib.staticfiles import finders

    return finders.get_finders()


def check_finders(app_configs: Any, **kwargs: Any) -> list[Any]:
    """Return what the finders that check themselves have found."""
    found: list[Any] = []
    for finder in get_finders():
        try:
            found += finder.check()
        except NotImplementedError:
            continue
    return found


def check_storages(app_configs: Any, **kwargs: Any) -> list[Any]:
    """Return an error if there is no storage for static files."""
    return [] if STATICFILES_STORAGE_ALIAS in settings.STORAGES else [E005]
