"""When the ``admin`` modules of applications are imported: as soon as a site is asked for models.

Until then neither they nor the forms and views behind them cost anything.
"""

from __future__ import annotations

from threading import RLock
from typing import Any

from nuages.utils.module_loading import autodiscover_modules

_lock = RLock()
_state = {"waiting": False, "running": False}


def later() -> None:
    """Import the modules when they are needed."""
    _state["waiting"] = True


def settle() -> None:
    """Import the modules now, if that is still to be done."""
    if not _state["waiting"]:
        return
    # Other threads wait for all of it. The modules themselves register what they have.
    with _lock:
        if _state["waiting"] and not _state["running"]:
            _state["running"] = True
            try:
                now()
                _state["waiting"] = False
            finally:
                _state["running"] = False


def now(site: Any = None) -> None:
    """Import the modules."""
    from nuages.contrib.admin import sites

    autodiscover_modules("admin", register_to=sites.site if site is None else site)
