"""What resolving and reversing raise."""

from nuages.http import Http404


class Resolver404(Http404):
    """No URL pattern matches the path."""


class NoReverseMatch(Exception):
    """No URL pattern has that name and takes those arguments."""

    silent_variable_failure = True
