"""What type checkers know of QuerySets and managers: whose rows they give.

At run time ``QuerySet[Book]`` is ``QuerySet``, and nothing of this exists.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nuages.db.models.utils import AltersData

if TYPE_CHECKING:
    from typing import Concatenate, Generic, Protocol, Self, overload

    from typing_extensions import TypeVar

    from nuages.db.models.fields.related import ForeignObject

    #: What iterating gives: instances, dictionaries, tuples.
    Row = TypeVar("Row", default=Any, covariant=True)

    #: The model that a relation leads to.
    Target = TypeVar("Target", default=Any)

    class Rows(AltersData, Generic[Row]):
        """Has rows of some type."""

    class Refinement[**P](Protocol):
        """A method that returns a QuerySet of the type of its own, or of a manager's QuerySets."""

        @overload
        def __get__(self, instance: None, owner: Any) -> Callable[Concatenate[Any, P], Any]: ...
        @overload
        def __get__[Q](self, instance: Q, owner: Any) -> Callable[P, Q]: ...

    class ToOne(ForeignObject, Generic[Target]):
        """A relation whose attribute is an object of the target (or ``None``, which is not known)."""

        @overload
        def __get__(self, instance: None, owner: Any) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> Target | Any: ...
        def __get__(self, instance: object | None, owner: Any) -> Any: ...

else:
    Row = Target = Any

    class Rows(AltersData):
        """What QuerySets are, whatever their rows."""

        def __class_getitem__(cls, *args, **kwargs):
            return cls
