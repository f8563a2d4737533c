"""The registry of installed applications. Manual: "Applications"."""

from nuages.apps.config import AppConfig
from nuages.apps.registry import apps

__all__ = ["AppConfig", "apps"]
