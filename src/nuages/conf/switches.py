"""Which fast paths are on, and how large their tables may grow: the ``NUAGES`` setting.

``NUAGES = {"COMPILED_TEMPLATES": False}`` turns one fast path off; its plain twin runs instead.
"""

from __future__ import annotations

from typing import Any

from nuages.conf import settings

#: The fast paths, all on unless the project says otherwise.
DEFAULTS: dict[str, bool] = {
    "COMPILED_TEMPLATES": True,
    "COMPILED_URLS": True,
    "COMPILED_MIDDLEWARE": True,
    "COMPILED_MODELS": True,
    "COMPILED_FORMS": True,
    "DRAFT_MODELS": True,
    "COMPILED_SERIALIZERS": True,
    "ASYNC_DRIVERS": True,
    "TRAILS": True,
    "UPLOADS_IN_PLACE": True,
}
#: The bounds: entries of a table.
LIMITS: dict[str, int] = {"TRAIL_TABLE_SIZE": 10_000}


def _choices() -> dict[str, Any]:
    if not settings.configured:
        return {}
    chosen: dict[str, Any] = settings.NUAGES
    return chosen


def enabled(name: str) -> bool:
    """Whether the fast path ``name`` is on. Raises ``KeyError`` for an unknown name."""
    default = DEFAULTS[name]
    # Settings that were read once lie in the dictionary of the object.
    chosen = vars(settings).get("NUAGES")
    return bool((_choices() if chosen is None else chosen).get(name, default))


def limit(name: str) -> int:
    """Return the bound ``name``. Raises ``KeyError`` for an unknown name."""
    default = LIMITS[name]
    return int(_choices().get(name, default))


def validate(value: Any) -> None:
    """Check the ``NUAGES`` setting.

    Raises:
        ImproperlyConfigured: it is no dictionary, or has an unknown key or a wrong value.
    """
    from nuages.core.exceptions import ImproperlyConfigured

    if not isinstance(value, dict):
        raise ImproperlyConfigured("The NUAGES setting must be a dictionary.")
    for name, choice in value.items():
        if name in DEFAULTS:
            good = isinstance(choice, bool)
        elif name in LIMITS:
            good = isinstance(choice, int) and not isinstance(choice, bool) and choice > 0
        else:
            known = ", ".join(sorted([*DEFAULTS, *LIMITS]))
            raise ImproperlyConfigured(
                f"The NUAGES setting has the unknown key {name!r}. The known keys are: {known}."
            )
        if not good:
            wanted = "True or False" if name in DEFAULTS else "a positive number"
            raise ImproperlyConfigured(f"NUAGES[{name!r}] must be {wanted}, not {choice!r}.")
