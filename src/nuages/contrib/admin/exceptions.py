"""What the admin raises."""

from nuages.core.exceptions import SuspiciousOperation


class DisallowedModelAdminLookup(SuspiciousOperation):
    """A page was asked to filter by something that it does not offer."""


class DisallowedModelAdminToField(SuspiciousOperation):
    """A page was asked to refer to a field that nothing refers to."""


class AlreadyRegistered(Exception):
    """The model is registered."""


class NotRegistered(Exception):
    """The model is not registered."""
