"""The types of fields that have a column of their own.

Manual: "Model field reference". Relations, files, JSON, generated and composite fields are in the
modules beside this one.
"""

from nuages.db import connection, connections, router
from nuages.db.models.fields._base import (
    NOT_PROVIDED,
    Empty,
    Field,
    _load_field,
    return_None,
)
from nuages.db.models.fields._dates import (
    DateField,
    DateTimeCheckMixin,
    DateTimeField,
    DurationField,
    TimeField,
)
from nuages.db.models.fields._numbers import (
    AutoField,
    AutoFieldMeta,
    AutoFieldMixin,
    BigAutoField,
    BigIntegerField,
    BooleanField,
    DecimalField,
    FloatField,
    IntegerField,
    NullBooleanField,
    PositiveBigIntegerField,
    PositiveIntegerField,
    PositiveIntegerRelDbTypeMixin,
    PositiveSmallIntegerField,
    SmallAutoField,
    SmallIntegerField,
)
from nuages.db.models.fields._text import (
    BinaryField,
    CharField,
    CommaSeparatedIntegerField,
    EmailField,
    FilePathField,
    GenericIPAddressField,
    IPAddressField,
    SlugField,
    TextField,
    URLField,
    UUIDField,
)
from nuages.utils.translation import gettext_lazy as _

__all__ = [
    "AutoField",
    "BLANK_CHOICE_DASH",
    "BLANK_CHOICE_LABEL",
    "BigAutoField",
    "BigIntegerField",
    "BinaryField",
    "BooleanField",
    "CharField",
    "CommaSeparatedIntegerField",
    "DateField",
    "DateTimeField",
    "DecimalField",
    "DurationField",
    "EmailField",
    "Empty",
    "Field",
    "FilePathField",
    "FloatField",
    "GenericIPAddressField",
    "IPAddressField",
    "IntegerField",
    "NOT_PROVIDED",
    "NullBooleanField",
    "PositiveBigIntegerField",
    "PositiveIntegerField",
    "PositiveSmallIntegerField",
    "SlugField",
    "SmallAutoField",
    "SmallIntegerField",
    "TextField",
    "TimeField",
    "URLField",
    "UUIDField",
]

#: The label of the empty choice of a form field with choices. Projects may set another.
BLANK_CHOICE_LABEL = _("- Select an option -")

#: The whole choice as it was until 6.0. Kept for what was written then.
BLANK_CHOICE_DASH: list[tuple[str, str]] = [("", "---------")]

# The parts are private: what is written down names this module. And these types do nothing to values
# that a trail would not know of (a subclass may, so each says it for itself).
for _part in list(globals().values()):
    if getattr(_part, "__module__", "").startswith(f"{__name__}._"):
        _part.__module__ = __name__
        if isinstance(_part, type) and issubclass(_part, Field):
            _part.trail_safe = True  # type: ignore[attr-defined]
del _part
