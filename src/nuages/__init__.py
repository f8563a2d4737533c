"""Nuages: Django's documented API, implemented anew.

Importing this package makes ``django`` and every ``django.X`` a second name of ``nuages`` and
``nuages.X`` in this process (see :mod:`nuages.alias`).
"""

import gc
import sys

from nuages import alias

alias.install()

VERSION = (6, 1, 3, "final", 0)  # the level of the API, as ``django.VERSION`` documents it
__version__ = "6.1.3"  # likewise: packages compare ``django.__version__``
RELEASE = "0.1.0"  # of Nuages itself


def get_version(version: tuple[int, int, int, str, int] | None = None) -> str:
    """Return a version (by default the level of the API) as text, e.g. ``"6.1.3"``."""
    from nuages.utils.version import get_version as format_version

    return format_version(VERSION if version is None else version)


def setup(set_prefix: bool = True) -> None:
    """Configure logging, set the URL script prefix and load the installed applications.

    Manual: "Applications", section "Initialization process".

    Args:
        set_prefix: whether ``FORCE_SCRIPT_NAME`` becomes this thread's URL script prefix.
    """
    # Classes and functions, which stay: looking for garbage among them takes long and finds none.
    collecting = gc.isenabled()
    gc.disable()
    try:
        _set_up(set_prefix)
    finally:
        if collecting:
            gc.enable()


def _set_up(set_prefix: bool) -> None:
    from nuages.apps import apps
    from nuages.conf import settings
    from nuages.utils.log import configure_logging

    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
    # "/" is what it is anyway, as long as nobody could have changed it.
    if set_prefix and (settings.FORCE_SCRIPT_NAME is not None or "nuages.urls.base" in sys.modules):
        from nuages.urls import set_script_prefix

        script_name = settings.FORCE_SCRIPT_NAME
        set_script_prefix("/" if script_name is None else script_name)
    apps.populate(settings.INSTALLED_APPS)
