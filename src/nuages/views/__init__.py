"""Views: from requests to responses. Manual: "Class-based views", "Built-in Views"."""

from nuages.views.generic.base import View

__all__ = ["View"]
