"""Exempt views from ``CommonMiddleware``. Manual: "View decorators"."""

from nuages.views.decorators._around import View, marked


def no_append_slash(view_func: View) -> View:
    """Return a view whose URL never gets a slash appended."""
    return marked(view_func, should_append_slash=False)
