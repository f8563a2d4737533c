"""Conditions (``Q``), filtered relations and the small parts that fields, queries and models share.

Manual: "Complex lookups with Q objects", "FilteredRelation() objects", "Lookup registration API".
"""

from __future__ import annotations

import functools
import logging
import sys
from collections import namedtuple
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self, cast

from nuages.core.exceptions import FieldError
from nuages.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from nuages.utils import tree
from nuages.utils.functional import cached_property
from nuages.utils.hashable import make_hashable

logger = logging.getLogger("django.db.models")

#: One hop of a relation path: from which model to which, by which field, and whether it fans out.
PathInfo = namedtuple(
    "PathInfo",
    "from_opts to_opts target_fields join_field m2m direct filtered_relation",
)


def subclasses(cls: type) -> Iterator[type]:
    """Yield ``cls`` and all classes below it, depth first."""
    yield cls
    below: type
    for below in cls.__subclasses__():
        yield from subclasses(below)


def _walk_conditions(nodes: Iterable[Any]) -> Iterator[Any]:
    """Yield the leaves of nested ``Q`` objects: pairs and expressions."""
    for node in nodes:
        if isinstance(node, Q):
            yield from _walk_conditions(node.children)
        else:
            yield node


class Q(tree.Node):
    """A condition: keyword lookups and expressions joined by AND, OR or XOR, perhaps negated.

    Manual: "Complex lookups with Q objects".
    """

    AND = "AND"
    OR = "OR"
    XOR = "XOR"
    default = AND
    connectors: ClassVar[tuple[str | None, ...]] = (None, AND, OR, XOR)
    conditional = True

    def __init__(
        self, *args: Any, _connector: str | None = None, _negated: bool = False, **kwargs: Any
    ) -> None:
        if _connector not in self.connectors:
            known = ", ".join(repr(name) for name in self.connectors if name is not None)
            raise ValueError(f"connector must be one of {known}, or None.")
        pairs = [(name, kwargs[name]) for name in sorted(kwargs)] if kwargs else []
        super().__init__(children=[*args, *pairs], connector=_connector, negated=_negated)

    def _joined(self, other: Any, connector: str) -> Any:
        if not getattr(other, "conditional", False):
            raise TypeError(other)
        # An empty side leaves the other as it is.
        if not self or (isinstance(other, Q) and not other):
            return (self or other).copy()
        both = self.create(connector=connector)
        for side in (self, other):
            both.add(side, connector)
        return both

    def __and__(self, other: Any) -> Any:
        return self._joined(other, self.AND)

    def __or__(self, other: Any) -> Any:
        return self._joined(other, self.OR)

    def __xor__(self, other: Any) -> Any:
        return self._joined(other, self.XOR)

    def __invert__(self) -> Self:
        flipped = self.copy()
        flipped.negate()
        return flipped

    def copy(self) -> Self:
        """Return a shallow copy that shares nothing mutable with this condition."""
        return self.create(list(self.children), self.connector, self.negated)

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: Any = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        """Return the ``WHERE`` node that this condition is in ``query``."""
        return query.resolve_condition(self, reuse, allow_joins=allow_joins, summarize=summarize)

    def replace_expressions(self, replacements: Mapping[Any, Any]) -> Any:
        """Return this condition with expressions (and the field names that stand for them) replaced."""
        if not replacements:
            return self
        replaced = self.create(connector=self.connector, negated=self.negated)
        for child in self.children:
            replaced.children.append(_replace_in_child(child, replacements))
        return replaced

    def flatten(self) -> Iterator[Any]:
        """Yield this condition, then all expressions and values in it, depth first."""
        yield self
        for child in self.children:
            part = child[1] if isinstance(child, tuple) else child
            if hasattr(part, "flatten"):
                yield from part.flatten()
            else:
                yield part

    def check(self, against: Mapping[str, Any], using: str = DEFAULT_DB_ALIAS) -> bool:
        """Ask the database whether the condition holds for the given field values.

        ``against`` maps field names to values or expressions. A failing query counts as "holds", with a
        warning in the log, since the constraint itself is the last word.
        """
        from nuages.db.models.expressions import Value
        from nuages.db.models.fields import BooleanField
        from nuages.db.models.functions import Coalesce
        from nuages.db.models.sql import Query
        from nuages.db.models.sql.constants import SINGLE
        from nuages.db.transaction import atomic

        query = Query(None)
        for name, value in against.items():
            query.add_annotation(
                value if hasattr(value, "resolve_expression") else Value(value), name, select=False
            )
        query.add_annotation(Value(1), "_check")
        connection = connections[using]
        # A NULL outcome passes a CHECK constraint.
        tested: Any = self
        if connection.features.supports_comparing_boolean_expr:
            tested = Q(Coalesce(self, True, output_field=BooleanField()))
        query.add_q(tested)
        compiler = query.get_compiler(using=using)
        # Where an error would spoil a transaction, the query gets a savepoint.
        context = atomic(using) if connection.in_atomic_block else connection.wrap_database_errors
        try:
            with context:
                return compiler.execute_sql(SINGLE) is not None
        except DatabaseError as error:
            logger.warning("Got a database error calling check() on %r: %s", self, error)
            return True

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Return path, arguments and keywords that make an equal condition."""
        cls = type(self)
        path = f"{cls.__module__}.{cls.__name__}"
        if path.startswith("django.db.models.query_utils"):
            path = path.replace("django.db.models.query_utils", "django.db.models")
        extras: dict[str, Any] = {}
        if self.connector != self.default:
            extras["_connector"] = self.connector
        if self.negated:
            extras["_negated"] = True
        return path, tuple(self.children), extras

    @cached_property
    def identity(self) -> tuple[Any, ...]:
        """What two equal conditions have in common: class, connector, negation and hashable children."""
        path, args, kwargs = self.deconstruct()
        parts: list[Any] = [path, *kwargs.items()]
        for child in args:
            if isinstance(child, tuple):
                name, value = child
                parts.append((name, make_hashable(value)))
            else:
                parts.append(child)
        return tuple(parts)

    def __eq__(self, other: object) -> bool:
        return other.identity == self.identity if isinstance(other, Q) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.identity)

    @cached_property
    def referenced_base_fields(self) -> set[str]:
        """The first segments of all field names used, in lookups and in ``F`` objects."""
        from nuages.db.models.expressions import F

        names: set[str] = set()
        pending = list(self.children)
        while pending:
            item = pending.pop()
            match item:
                case Q():
                    pending.extend(item.children)
                case (str() as name, value):
                    names.add(name.split("__", 1)[0])
                    pending.append(value)
                case F():
                    names.add(item.name.split("__", 1)[0])
                case _ if hasattr(item, "get_source_expressions"):
                    pending.extend(item.get_source_expressions())
        return names


def _replace_in_child(child: Any, replacements: Mapping[Any, Any]) -> Any:
    from nuages.db.models.constants import LOOKUP_SEP
    from nuages.db.models.expressions import F

    if not isinstance(child, tuple):
        if hasattr(child, "replace_expressions"):
            return child.replace_expressions(replacements)
        return child
    path, value = child
    if hasattr(value, "replace_expressions"):
        value = value.replace_expressions(replacements)
    name, *lookups = path.split(LOOKUP_SEP)
    subject = F(name).replace_expressions(replacements)
    if isinstance(subject, F) or getattr(subject, "_output_field_or_none", None) is None:
        return path, value
    # The name stands for an expression now, so the lookup is made at once.
    from nuages.db.models.sql.query import Query

    try:
        return Query(None).build_lookup(lookups or ["exact"], subject, value)
    except FieldError:
        # It will be complained about where the condition is used.
        return path, value


#: Arguments of ``Q`` that are no conditions: users' keywords must not reach them.
PROHIBITED_FILTER_KWARGS = frozenset({"_connector", "_negated"})


def check_filter_kwargs(kwargs: Mapping[str, Any]) -> None:
    """Raise ``TypeError`` if a keyword of a condition is one that steers ``Q`` itself."""
    if invalid := PROHIBITED_FILTER_KWARGS.intersection(kwargs):
        names = ", ".join(f"'{name}'" for name in sorted(invalid))
        raise TypeError(f"The following kwargs are invalid: {names}")


class DeferredAttribute:
    """The class attribute of a concrete field: loads the value when the instance lacks it."""

    def __init__(self, field: Any) -> None:
        self.field = field

    def __get__(self, instance: Any, cls: type | None = None) -> Any:
        if instance is None:
            return self
        name, data = self.field.attname, instance.__dict__
        if name not in data:
            known = self._value_of_parent_link(instance)
            if known is not None:
                data[name] = known[0]
            elif not instance._is_pk_set():
                raise AttributeError(
                    f"Cannot retrieve deferred field {name!r} from an unsaved model."
                )
            else:
                instance._state.fetch_mode.fetch(self, instance)
                if name not in data:
                    raise instance.DoesNotExist(
                        f"{instance._meta.object_name} matching query does not exist."
                    )
        return data[name]

    def fetch_one(self, instance: Any) -> None:
        """Load the value for ``instance`` alone."""
        instance.refresh_from_db(fields=[self.field.attname])

    def fetch_many(self, instances: Collection[Any]) -> None:
        """Load the value for all of ``instances`` (of one model and database) with one query."""
        missing = [
            one for one in instances if self.field.attname not in one.__dict__ and one._is_pk_set()
        ]
        if not missing:
            return
        attname = self.field.attname
        first = missing[0]
        by_pk = (
            type(first)
            ._base_manager.using(first._state.db)
            .values_list(attname)
            .in_bulk({one.pk for one in missing})
        )
        for one in missing:
            if (row := by_pk.get(one.pk)) is not None:
                setattr(one, attname, row[0])

    def _value_of_parent_link(self, instance: Any) -> tuple[Any] | None:
        """Give a value that the instance has under its parent link's name already, if it does."""
        link = instance._meta.get_ancestor_link(self.field.model)
        if self.field.primary_key and link is not None and link is not self.field:
            return (getattr(instance, link.attname),)
        return None

    # The name that packages which subclass the attribute call.
    def _check_parent_chain(self, instance: Any) -> Any:
        known = self._value_of_parent_link(instance)
        return None if known is None else known[0]


class class_or_instance_method:
    """One name, two functions: the first for calls on the class, the second for calls on instances."""

    def __init__(
        self, class_method: Callable[..., Any], instance_method: Callable[..., Any]
    ) -> None:
        self.class_method = class_method
        self.instance_method = instance_method

    def __get__(self, instance: Any, owner: type) -> Callable[..., Any]:
        on_class = instance is None
        function, subject = (
            (self.class_method, owner) if on_class else (self.instance_method, instance)
        )
        return functools.partial(function, subject)


@functools.cache
def _class_lookups(cls: type) -> dict[str, type]:
    """Return name → lookup class, nearer classes winning over farther ones."""
    # Parts of dates register themselves.
    import nuages.db.models.functions.datetime  # noqa: F401

    merged: dict[str, type] = {}
    for ancestor in reversed(cls.__mro__):
        merged.update(ancestor.__dict__.get("class_lookups", ()))
    return merged


class RegisterLookupMixin:
    """The lookup registry of a field or transform class, and of single field instances.

    Manual: "Registration API" in "Lookup API reference".
    """

    def _get_lookup(self, lookup_name: str) -> type | None:
        return self.get_lookups().get(lookup_name, None)

    class_lookups: dict[str, type]
    instance_lookups: dict[str, type]

    #: Kept for each class; ``get_class_lookups.cache_clear()`` forgets them all.
    get_class_lookups: Any = classmethod(cast(Any, _class_lookups))

    def get_instance_lookups(self) -> dict[str, type]:
        """Return name → lookup class, those registered on this very instance included."""
        of_class = self.get_class_lookups()
        own = getattr(self, "instance_lookups", None)
        return {**of_class, **own} if own else of_class

    get_lookups = class_or_instance_method(
        lambda cls: cls.get_class_lookups(), get_instance_lookups
    )

    def get_lookup(self, lookup_name: str) -> type | None:
        """Return the ``Lookup`` of that name, or ``None``."""
        from nuages.db.models.lookups import Lookup

        return self._found(lookup_name, Lookup, "get_lookup")

    def get_transform(self, lookup_name: str) -> type | None:
        """Return the ``Transform`` of that name, or ``None``."""
        from nuages.db.models.lookups import Transform

        return self._found(lookup_name, Transform, "get_transform")

    def _found(self, name: str, kind: type, asker: str) -> Any:
        found = self._get_lookup(name)
        if found is None and hasattr(self, "output_field"):
            return getattr(self.output_field, asker)(name)
        if found is not None and not issubclass(found, kind):
            return None
        return found

    @staticmethod
    def merge_dicts(dicts: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return one dictionary in which earlier dictionaries win."""
        return {name: value for one in reversed(dicts) for name, value in one.items()}

    @classmethod
    def _clear_cached_class_lookups(cls) -> None:
        # A cache serves all the classes below the one that defines the function, so each class that
        # inherits from this one has to be asked; paths that were recorded may mean other lookups now.
        waiting = [cls]
        while waiting:
            each = waiting.pop()
            each.get_class_lookups.cache_clear()
            waiting += each.__subclasses__()
        trails = sys.modules.get("django.db.models.trails")
        if trails is not None:
            trails.bump()

    @classmethod
    def register_class_lookup(cls, lookup: Any, lookup_name: str | None = None) -> type:
        """Register ``lookup`` on the class, under its own name or the given one."""
        name = lookup.lookup_name if lookup_name is None else lookup_name
        if "class_lookups" not in cls.__dict__:
            cls.class_lookups = {}
        cls.class_lookups[name] = lookup
        cls._clear_cached_class_lookups()
        return lookup

    def register_instance_lookup(self, lookup: Any, lookup_name: str | None = None) -> type:
        """Register ``lookup`` on this instance only."""
        name = lookup.lookup_name if lookup_name is None else lookup_name
        self.__dict__.setdefault("instance_lookups", {})[name] = lookup
        return lookup

    register_lookup = class_or_instance_method(
        lambda cls, *args, **kwargs: cls.register_class_lookup(*args, **kwargs),
        register_instance_lookup,
    )

    @classmethod
    def _unregister_class_lookup(cls, lookup: Any, lookup_name: str | None = None) -> None:
        """Take a lookup from the class again (for tests; not thread-safe)."""
        del cls.class_lookups[lookup.lookup_name if lookup_name is None else lookup_name]
        cls._clear_cached_class_lookups()

    def _unregister_instance_lookup(self, lookup: Any, lookup_name: str | None = None) -> None:
        """Take a lookup from this instance again (for tests; not thread-safe)."""
        del self.instance_lookups[lookup.lookup_name if lookup_name is None else lookup_name]

    _unregister_lookup = class_or_instance_method(
        lambda cls, *args, **kwargs: cls._unregister_class_lookup(*args, **kwargs),
        _unregister_instance_lookup,
    )


def select_related_descend(
    field: Any, restricted: bool, requested: Mapping[str, Any], select_mask: Any
) -> bool:
    """Say whether ``select_related()`` follows ``field``.

    ``requested`` holds the names asked for when ``restricted``; a field that is both deferred and
    followed is an error.
    """
    relation = field.remote_field
    asked = field.name in requested if restricted else not field.null
    if not (asked and relation) or getattr(relation, "parent_link", False):
        return False
    if restricted and select_mask and field not in select_mask:
        raise FieldError(
            f"Field {field.model._meta.object_name}.{field.name} cannot be both deferred and "
            "traversed using select_related at the same time."
        )
    return True


def refs_expression(
    lookup_parts: Sequence[str], annotations: Mapping[str, Any]
) -> tuple[Any, Sequence[str]]:
    """Find the longest prefix of ``lookup_parts`` that names an annotation.

    Returns ``(name, remaining parts)``, or ``(None, ())``.
    """
    for size in range(len(lookup_parts), 0, -1):
        name = "__".join(lookup_parts[:size])
        if name in annotations:
            return name, lookup_parts[size:]
    return None, ()


def check_rel_lookup_compatibility(model: Any, target_opts: Any, field: Any) -> bool:
    """Say whether objects of ``model`` may stand on the right of a lookup on the relation ``field``."""

    def related(opts: Any) -> bool:
        own = model._meta.concrete_model
        return (
            own == opts.concrete_model
            or opts.concrete_model in model._meta.all_parents
            or (model in opts.all_parents)
        )

    # A primary key that is a relation itself also takes objects of the model it points to.
    if related(target_opts):
        return True
    return bool(getattr(field, "primary_key", False)) and related(field.model._meta)


class FilteredRelation:
    """A relation whose join carries a condition in its ON clause.

    Manual: "FilteredRelation() objects".
    """

    def __init__(self, relation_name: str, *, condition: Q = Q()) -> None:  # noqa: B008
        if not relation_name:
            raise ValueError("relation_name cannot be empty.")
        if not isinstance(condition, Q):
            raise ValueError("condition argument must be a Q() instance.")
        self.relation_name = relation_name
        self.alias: str | None = None
        self.condition = condition
        #: The condition as a WHERE node, once the join's alias is known.
        self.resolved_condition: Any = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FilteredRelation):
            return NotImplemented
        return (self.relation_name, self.alias, self.condition) == (
            other.relation_name,
            other.alias,
            other.condition,
        )

    __hash__ = None  # type: ignore[assignment]

    def _with(self, resolved_condition: Any) -> FilteredRelation:
        twin = FilteredRelation(self.relation_name, condition=self.condition)
        twin.alias = self.alias
        twin.resolved_condition = resolved_condition
        return twin

    def clone(self) -> FilteredRelation:
        """Return a copy."""
        return self._with(self.resolved_condition)

    def relabeled_clone(self, change_map: Mapping[str, str]) -> FilteredRelation:
        """Return a copy with table aliases renamed in its resolved condition."""
        resolved = self.resolved_condition
        return self._with(resolved.relabeled_clone(change_map) if resolved is not None else None)

    def resolve_expression(
        self, query: Any, reuse: Any, *args: Any, **kwargs: Any
    ) -> FilteredRelation:
        """Return a copy whose condition is resolved in ``query``, which has the join already."""
        return self._with(
            query.build_filter(
                self.condition,
                can_reuse=reuse,
                allow_joins=True,
                split_subq=False,
                update_join_types=False,
            )[0]
        )

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Give the condition for the join's ON clause."""
        return compiler.compile(self.resolved_condition)
