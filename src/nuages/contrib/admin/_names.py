"""Names that the rooms of the admin share: in addresses, and for choices that options make."""

from __future__ import annotations

import enum

HORIZONTAL, VERTICAL = 1, 2

#: Parameters of addresses. Field names cannot begin with an underscore, so these never meet one.
IS_POPUP_VAR = "_popup"
TO_FIELD_VAR = "_to_field"
SOURCE_MODEL_VAR = "_source_model"
IS_FACETS_VAR = "_facets"


class ShowFacets(enum.Enum):
    """When list pages show how many objects each filter leaves."""

    NEVER = "NEVER"
    ALLOW = "ALLOW"
    ALWAYS = "ALWAYS"


class ActionLocation(enum.Enum):
    """On which pages an action is offered."""

    CHANGE_LIST = "CHANGE_LIST"
    CHANGE_FORM = "CHANGE_FORM"


class IncorrectLookupParameters(Exception):
    """A list page was asked to filter by nonsense."""


# Where the manual has them.
for _public in (ActionLocation, ShowFacets, IncorrectLookupParameters):
    _public.__module__ = "django.contrib.admin.options"
