"""What every expression is: a node with children, and Python operators that combine nodes.

A construct names its children once (``_parts``, or ``get_source_expressions`` and
``set_source_expressions`` for those that want more). Resolution, relabelling, replacement, identity and
all questions of the kind "is there an aggregate below?" follow from that one traversal.
"""

from __future__ import annotations

import copy
import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from nuages.core.exceptions import FieldError
from nuages.db.models import fields
from nuages.utils._lazy import later
from nuages.utils.deconstruct import deconstructible
from nuages.utils.functional import cached_property
from nuages.utils.hashable import make_hashable
from nuages.utils.hints import unannotated

if TYPE_CHECKING:
    import inspect

    from nuages.db.models.expressions._arithmetic import CombinedExpression
else:
    inspect = later("inspect")

Params = tuple[Any, ...]


class OutputFieldIsNoneError(FieldError):
    """The type of an expression is asked for, and nothing says what it is."""


def as_expression(value: Any) -> Any:
    """Return ``value`` if it is an expression, else the ``F`` of a string or the ``Value`` of the rest."""
    if hasattr(value, "resolve_expression"):
        return value
    from nuages.db.models.expressions._leaves import F, Value

    return F(value) if isinstance(value, str) else Value(value)


class Combinable:
    """The operators of expressions: ``+ - * / % **``, bit operations, and logic for conditions."""

    # A percent sign is doubled, since the driver interpolates parameters once more.
    ADD, SUB, MUL, DIV, MOD, POW = "+", "-", "*", "/", "%%", "^"
    BITAND, BITOR, BITXOR = "&", "|", "#"
    BITLEFTSHIFT, BITRIGHTSHIFT = "<<", ">>"

    def _combine(self, other: Any, connector: str, reversed: bool) -> CombinedExpression:
        from nuages.db.models.expressions._arithmetic import CombinedExpression
        from nuages.db.models.expressions._leaves import Value

        if not hasattr(other, "resolve_expression"):
            other = Value(other)
        pair = (other, self) if reversed else (self, other)
        return CombinedExpression(pair[0], connector, pair[1])

    def __neg__(self) -> CombinedExpression:
        return self._combine(-1, self.MUL, False)

    def __invert__(self) -> Any:
        from nuages.db.models.expressions._wrappers import NegatedExpression

        return NegatedExpression(self)

    # The arithmetic and bit operators are set from the tables below the class.
    if TYPE_CHECKING:

        def _operator(self, other: Any) -> CombinedExpression: ...

        __add__ = __sub__ = __mul__ = __truediv__ = __mod__ = __pow__ = _operator
        __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rmod__ = __rpow__ = _operator

    def _condition(self, other: Any, operator: str) -> Any:
        if not (getattr(self, "conditional", False) and getattr(other, "conditional", False)):
            raise NotImplementedError(
                "Use .bitand(), .bitor(), and .bitxor() for bitwise logical operations."
            )
        from nuages.db.models.query_utils import Q

        return getattr(Q(self), operator)(Q(other))

    def __and__(self, other: Any) -> Any:
        return self._condition(other, "__and__")

    def __or__(self, other: Any) -> Any:
        return self._condition(other, "__or__")

    def __xor__(self, other: Any) -> Any:
        return self._condition(other, "__xor__")

    def _no_reversed_logic(self, other: Any) -> Any:
        return self._condition(None, "")

    __rand__ = __ror__ = __rxor__ = _no_reversed_logic


def _operator(sign: str, reversed: bool) -> Callable[[Any, Any], Any]:
    """Return the method that combines by a class's own connector of that name."""

    def method(self: Combinable, other: Any) -> Any:
        return self._combine(other, getattr(self, sign), reversed)

    return method


for _name, _sign in {
    "add": "ADD",
    "sub": "SUB",
    "mul": "MUL",
    "truediv": "DIV",
    "mod": "MOD",
    "pow": "POW",
}.items():
    setattr(Combinable, f"__{_name}__", _operator(_sign, reversed=False))
    setattr(Combinable, f"__r{_name}__", _operator(_sign, reversed=True))
for _name in ("BITAND", "BITOR", "BITXOR", "BITLEFTSHIFT", "BITRIGHTSHIFT"):
    setattr(Combinable, _name.lower(), _operator(_name, reversed=False))


class _AnyChild:
    """A fact that holds for an expression if it holds for a child; instances may state it themselves."""

    def __init__(self, doc: str) -> None:
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, expression: Any, owner: type | None = None) -> Any:
        if expression is None:
            return self
        return any(
            getattr(child, self.name, False)
            for child in expression.get_source_expressions()
            if child is not None
        )


#: What instances work out once; a copy may get other children, so it starts without them.
_DERIVED = frozenset({"identity", "convert_value"})


def _to_float(value: Any, expression: Any, connection: Any) -> Any:
    return None if value is None else float(value)


def _to_int(value: Any, expression: Any, connection: Any) -> Any:
    return None if value is None else int(value)


def _to_decimal(value: Any, expression: Any, connection: Any) -> Any:
    return None if value is None else Decimal(value)


@unannotated
class BaseExpression:
    """A node of a query. Manual: "Expression API"."""

    #: Attribute names of the children; ``"*name"`` is an attribute that holds a list of them.
    _parts: ClassVar[tuple[str, ...]] = ()

    empty_result_set_value: Any = NotImplemented
    is_summary = False
    filterable = True
    window_compatible = False
    allowed_default = False
    constraint_validation_compatible = True
    set_returning = False
    allows_composite_expressions = False

    contains_aggregate = _AnyChild("Whether an aggregate stands in it.")
    contains_over_clause = _AnyChild("Whether a window stands in it.")
    contains_column_references = _AnyChild("Whether it reads a column.")
    contains_subquery = _AnyChild("Whether a subquery stands in it.")

    def __init__(self, output_field: Any = None) -> None:
        if output_field is not None:
            self.output_field = output_field

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        state.pop("convert_value", None)
        return state

    # -- the traversal -------------------------------------------------------------------------

    def get_source_expressions(self) -> list[Any]:
        """Return the children in order; an optional child that is not there is ``None``."""
        found: list[Any] = []
        for part in self._parts:
            if part[0] == "*":
                found.extend(getattr(self, part[1:]))
            else:
                found.append(getattr(self, part))
        return found

    def set_source_expressions(self, exprs: list[Any]) -> None:
        """Take new children, in the order that ``get_source_expressions()`` gives them."""
        given = list(exprs)
        for position, part in enumerate(self._parts):
            if part[0] == "*":
                size = len(given) - (len(self._parts) - position - 1)
                setattr(self, part[1:], given[:size])
                del given[:size]
            else:
                setattr(self, part, given.pop(0))
        assert not given, f"{type(self).__name__} takes no more source expressions"

    def copy(self) -> Self:
        """Return a shallow copy."""
        twin = copy.copy(self)
        for name in _DERIVED.intersection(twin.__dict__):
            del twin.__dict__[name]
        return twin

    def _mapped(self, visit: Callable[[Any], Any]) -> Self:
        """Return a copy whose children went through ``visit``."""
        twin = self.copy()
        twin.set_source_expressions(
            [None if child is None else visit(child) for child in twin.get_source_expressions()]
        )
        return twin

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        """Return a copy in which all names are columns of ``query``."""

        def visit(child: Any) -> Any:
            return self._single(
                child.resolve_expression(query, allow_joins, reuse, summarize, for_save)
            )

        resolved = self._mapped(visit)
        resolved.is_summary = summarize
        return resolved

    def _single(self, resolved: Any) -> Any:
        """Return a resolved child; raise ``ValueError`` if it is several columns where one is wanted."""
        if getattr(resolved, "is_composite", False) and not self.allows_composite_expressions:
            name = type(self).__name__
            raise ValueError(f"{name} expression does not support composite primary keys.")
        return resolved

    def relabeled_clone(self, change_map: Mapping[str, str]) -> Any:
        """Return a copy with table aliases renamed."""
        return self._mapped(lambda child: child.relabeled_clone(change_map))

    def replace_expressions(self, replacements: Mapping[Any, Any]) -> Any:
        """Return a copy in which each key of ``replacements`` is its value."""
        if not replacements:
            return self
        if (instead := replacements.get(self)) is not None:
            return instead
        if not self.get_source_expressions():
            return self
        return self._mapped(
            lambda child: (
                child.replace_expressions(replacements)
                if hasattr(child, "replace_expressions")
                else child
            )
        )

    def prefix_references(self, prefix: str) -> Any:
        """Return a copy in which names are looked up from ``prefix`` on."""
        from nuages.db.models.expressions._leaves import F

        return self._mapped(
            lambda child: (
                F(f"{prefix}{child.name}")
                if isinstance(child, F)
                else child.prefix_references(prefix)
            )
        )

    def get_refs(self) -> set[str]:
        """Return the names of annotations that are referred to."""
        refs: set[str] = set()
        for child in self.get_source_expressions():
            if child is not None:
                refs |= child.get_refs()
        return refs

    def flatten(self) -> Iterator[Any]:
        """Yield this expression and all below it, depth first."""
        yield self
        for child in self.get_source_expressions():
            if child is None:
                continue
            if hasattr(child, "flatten"):
                yield from child.flatten()
            else:
                yield child

    def get_group_by_cols(self) -> list[Any]:
        """Return what stands for this expression in GROUP BY."""
        if not self.contains_aggregate:
            return [self]
        return [
            column
            for child in self.get_source_expressions()
            if child is not None
            for column in child.get_group_by_cols()
        ]

    # -- SQL -----------------------------------------------------------------------------------

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Params]:
        """Return SQL and parameters; a method ``as_<vendor>`` beside it is preferred on that vendor."""
        raise NotImplementedError("Subclasses must implement as_sql()")

    def select_format(self, compiler: Any, sql: str, params: Params) -> tuple[str, Params]:
        """Give the form that the expression takes in a SELECT list."""
        if hasattr(self.output_field, "select_format"):
            return self.output_field.select_format(compiler, sql, params)
        return sql, params

    # -- types ---------------------------------------------------------------------------------

    @property
    def conditional(self) -> bool:
        """Whether it may stand as a condition by itself."""
        return isinstance(self.output_field, fields.BooleanField)

    @cached_property
    def output_field(self) -> Any:
        """The field that says of what type the result is."""
        found = self._resolve_output_field()
        if found is None:
            raise OutputFieldIsNoneError("Cannot resolve expression type, unknown output_field")
        return found

    field = property(lambda self: self.output_field, doc="The same as ``output_field``.")

    @property
    def _output_field_or_none(self) -> Any:
        try:
            return self.output_field
        except OutputFieldIsNoneError:
            return None

    def _resolve_output_field(self) -> Any:
        """Infer the type: the one that all children have in common."""
        known = [field for field in self.get_source_fields() if field is not None]
        if not known:
            return None
        first = known[0]
        for other in known[1:]:
            if not isinstance(first, other.__class__):
                raise FieldError(
                    f"Expression contains mixed types: {first.__class__.__name__}, "
                    f"{other.__class__.__name__}. You must set output_field."
                )
        return first

    def get_source_fields(self) -> list[Any]:
        """Return the types of the children."""
        return [
            child._output_field_or_none
            for child in self.get_source_expressions()
            if child is not None
        ]

    @staticmethod
    def _convert_value_noop(value: Any, expression: Any, connection: Any) -> Any:
        return value

    @cached_property
    def convert_value(self) -> Callable[[Any, Any, Any], Any]:
        """How a value of the driver's becomes one of the expression's type."""
        kind = self.output_field.get_internal_type()
        if kind == "FloatField":
            return _to_float
        if kind.endswith("IntegerField"):
            return _to_int
        if kind == "DecimalField":
            return _to_decimal
        return self._convert_value_noop

    def get_db_converters(self, connection: Any) -> list[Callable[[Any, Any, Any], Any]]:
        """Return the converters for values that come from the database."""
        of_field = self.output_field.get_db_converters(connection)
        if self.convert_value is self._convert_value_noop:
            return list(of_field)
        return [self.convert_value, *of_field]

    def get_lookup(self, lookup: str) -> Any:
        """Return the lookup of that name for this expression's type."""
        return self.output_field.get_lookup(lookup)

    def get_transform(self, name: str) -> Any:
        """Return the transform of that name for this expression's type."""
        return self.output_field.get_transform(name)

    # -- order ---------------------------------------------------------------------------------

    def _ordered(self, **options: Any) -> Any:
        from nuages.db.models.expressions._wrappers import OrderBy

        return OrderBy(self, **options)

    def desc(self, **kwargs: Any) -> Any:
        """Return the descending order by this expression (``nulls_first``, ``nulls_last``)."""
        return self._ordered(descending=True, **kwargs)

    def asc(self, **kwargs: Any) -> Any:
        """Return the ascending order by this expression (``nulls_first``, ``nulls_last``)."""
        return self._ordered(**kwargs)

    def reverse_ordering(self) -> Any:
        """Return what orders the other way round."""
        return self

    def get_expression_for_validation(self) -> Any:
        """Return the part that a constraint is validated with."""
        if self.constraint_validation_compatible:
            return self
        children = self.get_source_expressions()
        if len(children) != 1:
            raise ValueError(
                "Expressions with constraint_validation_compatible set to False must have only one "
                "source expression."
            )
        return children[0]


if sys.version_info >= (3, 14):
    from annotationlib import Format

    def _parameters_of(init: Callable[..., Any]) -> inspect.Signature:
        return inspect.signature(init, annotation_format=Format.FORWARDREF)

else:

    def _parameters_of(init: Callable[..., Any]) -> inspect.Signature:
        return inspect.signature(init)


_signature_of = functools.lru_cache(maxsize=1024)(_parameters_of)
_VARARGS, _VARKEYWORDS = 0x04, 0x08  # as in the flags of code


@functools.lru_cache(maxsize=1024)
def _plain_parameters(init: Any) -> tuple[Any, ...] | None:
    """Return what ``_given_to()`` needs of a constructor; ``None`` if a signature has to tell."""
    if type(init) is not FunctionType or init.__dict__ or init.__code__.co_posonlyargcount:
        return None
    code = init.__code__
    count, end = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    names, by_name = code.co_varnames[1:count], code.co_varnames[count:end]
    others = iter(code.co_varnames[end:])
    several = next(others) if code.co_flags & _VARARGS else None
    rest = next(others) if code.co_flags & _VARKEYWORDS else None
    values = init.__defaults__ or ()
    defaults = dict(zip(names[len(names) - len(values) :], values, strict=True))
    return names, several, by_name, rest, {**defaults, **(init.__kwdefaults__ or {})}


def _given_to(init: Any, self: Any, args: Any, kwargs: Any) -> list[tuple[str, Any]]:
    """Return the arguments of a constructor's call, defaults as well, by parameter, but for ``self``."""
    plain = _plain_parameters(init)
    if plain is None:
        bound = _signature_of(init).bind_partial(self, *args, **kwargs)
        bound.apply_defaults()
        return list(bound.arguments.items())[1:]
    names, several, by_name, rest, defaults = plain
    values = {**defaults, **kwargs, **dict(zip(names, args))}
    found = [(name, values[name]) for name in names if name in values]
    if several is not None:
        found.append((several, tuple(args[len(names) :])))
    found += [(name, values[name]) for name in by_name if name in values]
    if rest is not None:
        known = {*names, *by_name}
        found.append((rest, {name: kwargs[name] for name in kwargs if name not in known}))
    return found


def _comparable(value: Any) -> Any:
    """Give a form of a constructor argument in which equal means interchangeable."""
    if isinstance(value, fields.Field):
        if value.name and value.model:
            return value.model._meta.label, value.name
        return type(value)
    if isinstance(value, (tuple, list)):
        return tuple(map(_comparable, value))
    if isinstance(value, dict):
        return tuple((name, _comparable(value[name])) for name in sorted(value))
    return make_hashable(value)


@deconstructible
class Expression(BaseExpression, Combinable):
    """An expression that can be combined with others and compared. Manual: "Query Expressions"."""

    @cached_property
    def identity(self) -> tuple[Any, ...]:
        """Class, constructor arguments and present children: equal for interchangeable expressions."""
        args, kwargs = vars(self)["_constructor_args"]
        given = _given_to(type(self).__init__, self, args, kwargs)
        return (
            type(self),
            *[(name, _comparable(value)) for name, value in given],
            *self._identifying_parts(),
        )

    def _identifying_parts(self) -> list[Any]:
        return self.get_source_expressions()

    def __eq__(self, other: object) -> bool:
        return other.identity == self.identity if isinstance(other, Expression) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.identity)
