"""Query expressions. Manual: "Query Expressions", "Conditional Expressions"."""

from nuages.db.models.expressions._arithmetic import (
    CombinedExpression,
    DurationExpression,
    SQLiteNumericMixin,
    TemporalSubtraction,
    _resolve_combined_type,
    register_combinable_fields,
)
from nuages.db.models.expressions._core import (
    BaseExpression,
    Combinable,
    Expression,
    OutputFieldIsNoneError,
)
from nuages.db.models.expressions._leaves import (
    Col,
    ColPairs,
    DatabaseDefault,
    F,
    OuterRef,
    RawSQL,
    Ref,
    ResolvedOuterRef,
    Sliced,
    Star,
    Value,
)
from nuages.db.models.expressions._subqueries import (
    Exists,
    RowRange,
    Subquery,
    ValueRange,
    Window,
    WindowFrame,
    WindowFrameExclusion,
)
from nuages.db.models.expressions._wrappers import (
    Case,
    ExpressionList,
    ExpressionWrapper,
    Func,
    NegatedExpression,
    OrderBy,
    OrderByList,
    When,
)

__all__ = [
    "BaseExpression",
    "Case",
    "Col",
    "ColPairs",
    "Combinable",
    "CombinedExpression",
    "DatabaseDefault",
    "DurationExpression",
    "Exists",
    "Expression",
    "ExpressionList",
    "ExpressionWrapper",
    "F",
    "Func",
    "NegatedExpression",
    "OrderBy",
    "OrderByList",
    "OuterRef",
    "OutputFieldIsNoneError",
    "RawSQL",
    "Ref",
    "ResolvedOuterRef",
    "RowRange",
    "SQLiteNumericMixin",
    "Sliced",
    "Star",
    "Subquery",
    "TemporalSubtraction",
    "Value",
    "ValueRange",
    "When",
    "Window",
    "WindowFrame",
    "WindowFrameExclusion",
    "_resolve_combined_type",
    "register_combinable_fields",
]

# Migration files and pickles name the documented module, not the file that a class stands in.
for _name in __all__:
    if isinstance(globals()[_name], type):
        globals()[_name].__module__ = __name__
