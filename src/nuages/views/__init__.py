"""Views: from requests to responses. Manual: "Class-based views", "Built-in Views"."""

from typing import TYPE_CHECKING

from nuages.utils._lazy import names_from

if TYPE_CHECKING:
    from nuages.views.generic.base import View

__getattr__ = names_from(
    __name__,
    {
        "generic.base": ("View",),
    },
)

__all__ = ["View"]
