"""Words that are part of the language of lookups, and how conflicts of inserts are met."""

from enum import Enum

#: What separates the steps of a lookup: ``author__name__startswith``.
LOOKUP_SEP = "__"


class OnConflict(Enum):
    """What an ``INSERT`` does with a row that is there already."""

    IGNORE = "ignore"
    UPDATE = "update"
