"""Generic class-based views. Manual: "Built-in class-based views API"."""

from typing import TYPE_CHECKING

from nuages.utils._lazy import names_from

if TYPE_CHECKING:
    from nuages.views.generic.base import RedirectView, TemplateView, View
    from nuages.views.generic.dates import (
        ArchiveIndexView,
        DateDetailView,
        DayArchiveView,
        MonthArchiveView,
        TodayArchiveView,
        WeekArchiveView,
        YearArchiveView,
    )
    from nuages.views.generic.detail import DetailView
    from nuages.views.generic.edit import CreateView, DeleteView, FormView, UpdateView
    from nuages.views.generic.list import ListView

__getattr__ = names_from(
    __name__,
    {
        "base": ("RedirectView", "TemplateView", "View"),
        "dates": (
            "ArchiveIndexView",
            "DateDetailView",
            "DayArchiveView",
            "MonthArchiveView",
            "TodayArchiveView",
            "WeekArchiveView",
            "YearArchiveView",
        ),
        "detail": ("DetailView",),
        "edit": ("CreateView", "DeleteView", "FormView", "UpdateView"),
        "list": ("ListView",),
    },
)

__all__ = [
    "View",
    "TemplateView",
    "RedirectView",
    "ArchiveIndexView",
    "YearArchiveView",
    "MonthArchiveView",
    "WeekArchiveView",
    "DayArchiveView",
    "TodayArchiveView",
    "DateDetailView",
    "DetailView",
    "FormView",
    "CreateView",
    "UpdateView",
    "DeleteView",
    "ListView",
    "GenericViewError",
]


class GenericViewError(Exception):
    """A problem in a generic view."""
