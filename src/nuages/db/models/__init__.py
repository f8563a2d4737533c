"""Models: declare tables as classes, and ask for rows as objects. Manual: "Models and databases"."""

from typing import Any

from nuages.core.exceptions import ObjectDoesNotExist, ObjectNotUpdated
from nuages.db.models import signals
from nuages.db.models.aggregates import *
from nuages.db.models.aggregates import __all__ as _aggregates
from nuages.db.models.constraints import *
from nuages.db.models.constraints import __all__ as _constraints
from nuages.db.models.deletion import (
    CASCADE,
    DB_CASCADE,
    DB_SET_DEFAULT,
    DB_SET_NULL,
    DO_NOTHING,
    PROTECT,
    RESTRICT,
    SET,
    SET_DEFAULT,
    SET_NULL,
    DatabaseOnDelete,
    ProtectedError,
    RestrictedError,
)
from nuages.db.models.enums import *
from nuages.db.models.enums import __all__ as _enums
from nuages.db.models.expressions import (
    Case,
    Exists,
    Expression,
    ExpressionList,
    ExpressionWrapper,
    F,
    Func,
    OrderBy,
    OuterRef,
    RowRange,
    Subquery,
    Value,
    ValueRange,
    When,
    Window,
    WindowFrame,
    WindowFrameExclusion,
)
from nuages.db.models.fetch_modes import FETCH_ONE, FETCH_PEERS, FETCH_RAISE
from nuages.db.models.fields import *
from nuages.db.models.fields import __all__ as _fields
from nuages.db.models.fields.composite import CompositePrimaryKey
from nuages.db.models.fields.files import FileField, ImageField
from nuages.db.models.fields.generated import GeneratedField
from nuages.db.models.fields.json import JSONField, JSONNull
from nuages.db.models.fields.proxy import OrderWrt
from nuages.db.models.indexes import *
from nuages.db.models.indexes import __all__ as _indexes
from nuages.db.models.lookups import Lookup, Transform
from nuages.db.models.manager import Manager
from nuages.db.models.query import (
    Prefetch,
    QuerySet,
    aprefetch_related_objects,
    prefetch_related_objects,
)
from nuages.db.models.query_utils import FilteredRelation, Q

# These need the names above.
from nuages.db.models.base import DEFERRED, Model  # isort: skip
from nuages.db.models.fields.related import (  # isort: skip
    ForeignKey,
    ForeignObject,
    ForeignObjectRel,
    ManyToManyField,
    ManyToManyRel,
    ManyToOneRel,
    OneToOneField,
    OneToOneRel,
)


__all__ = [
    *(name for part in (_aggregates, _constraints, _enums, _fields, _indexes) for name in part),
    "CASCADE",
    "Case",
    "CompositePrimaryKey",
    "DB_CASCADE",
    "DB_SET_DEFAULT",
    "DB_SET_NULL",
    "DEFERRED",
    "DO_NOTHING",
    "Exists",
    "Expression",
    "ExpressionList",
    "ExpressionWrapper",
    "F",
    "FETCH_ONE",
    "FETCH_PEERS",
    "FETCH_RAISE",
    "FileField",
    "FilteredRelation",
    "ForeignKey",
    "ForeignObject",
    "ForeignObjectRel",
    "Func",
    "GeneratedField",
    "ImageField",
    "JSONField",
    "JSONNull",
    "Lookup",
    "Manager",
    "ManyToManyField",
    "ManyToManyRel",
    "ManyToOneRel",
    "Model",
    "ObjectDoesNotExist",
    "ObjectNotUpdated",
    "OneToOneField",
    "OneToOneRel",
    "OrderBy",
    "OrderWrt",
    "OuterRef",
    "PROTECT",
    "Prefetch",
    "DatabaseOnDelete",
    "ProtectedError",
    "Q",
    "QuerySet",
    "RESTRICT",
    "RestrictedError",
    "RowRange",
    "SET",
    "SET_DEFAULT",
    "SET_NULL",
    "Subquery",
    "Transform",
    "Value",
    "ValueRange",
    "When",
    "Window",
    "WindowFrame",
    "WindowFrameExclusion",
    "aprefetch_related_objects",
    "prefetch_related_objects",
]
