"""Model fields of PostgreSQL's own types. Manual: "PostgreSQL specific model fields"."""

from nuages.contrib.postgres.fields.array import ArrayField
from nuages.contrib.postgres.fields.citext import CICharField, CIEmailField, CITextField
from nuages.contrib.postgres.fields.hstore import HStoreField
from nuages.contrib.postgres.fields.jsonb import JSONField
from nuages.contrib.postgres.fields.ranges import (
    BigIntegerRangeField,
    DateRangeField,
    DateTimeRangeField,
    DecimalRangeField,
    IntegerRangeField,
    RangeBoundary,
    RangeField,
    RangeOperators,
)

__all__ = [
    "ArrayField",
    "BigIntegerRangeField",
    "CICharField",
    "CIEmailField",
    "CITextField",
    "DateRangeField",
    "DateTimeRangeField",
    "DecimalRangeField",
    "HStoreField",
    "IntegerRangeField",
    "JSONField",
    "RangeBoundary",
    "RangeField",
    "RangeOperators",
]
