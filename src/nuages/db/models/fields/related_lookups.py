"""Lookups that compare a relation with objects, or with their keys."""

from __future__ import annotations

from typing import Any

from nuages.db.models._lookup_base import shortened
from nuages.db.models.expressions import ColPairs
from nuages.db.models.fields.composite import unnest
from nuages.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    IsNull,
    LessThan,
    LessThanOrEqual,
)


def _key_paths(sources: Any, model: type) -> Any:
    """Follow each source to the field of ``model`` that holds its value.

    A foreign key that is a primary key points on to another model's key, and so on.
    """
    for source in sources:
        while not isinstance(source, type) and not _is_of(model, source) and source.remote_field:
            source = source.remote_field.model._meta.get_field(source.remote_field.field_name)
        yield source


def _is_of(model: Any, source: Any) -> bool:
    return issubclass(model, source.model) or issubclass(
        model._meta.concrete_model, source.model._meta.concrete_model
    )


def get_normalized_value(value: Any, lhs: Any) -> tuple[Any, ...]:
    """Return the values of the fields that ``lhs`` points to, for an object or a key.

    Raises:
        ValueError: the object is not saved.
    """
    from nuages.db.models.base import Model

    if isinstance(value, Model):
        if not value._is_pk_set():
            raise ValueError("Model instances passed to related filters must be saved.")
        sources = lhs.output_field.path_infos[-1].target_fields
        found: list[Any] = []
        for source in _key_paths(unnest(sources), value.__class__):
            # An object of another model than the relation's stands for its key.
            if _is_of(value.__class__, source):
                found.append(getattr(value, source.attname))
            else:
                key = value.pk
                return key if isinstance(key, tuple) else (key,)
        return tuple(found)
    return value if isinstance(value, tuple) else (value,)


def _targets(lhs: Any) -> Any:
    return lhs.output_field.path_infos[-1].target_fields


class RelatedLookupMixin:
    """A comparison of a relation with objects or keys: of one column, or of several."""

    #: The lookup of several columns that means the same.
    tuple_lookup: str

    @property
    def _composite(self: Any) -> bool:
        return isinstance(self.lhs, ColPairs)

    def _prep_value(self: Any, value: Any) -> Any:
        """Return the key of an object, or a key as the field that is pointed to prepares it."""
        keys = get_normalized_value(value, self.lhs)
        if self._composite:
            return keys
        field = self.lhs.output_field
        target = _targets(self.lhs)[-1] if hasattr(field, "path_infos") else field
        key = keys[0] if len(keys) == 1 else keys
        return key if hasattr(key, "resolve_expression") else target.get_prep_value(key)

    def _slot_param(self: Any, slot: Any, connection: Any) -> Any:
        made = super()._slot_param(slot, connection)  # type: ignore[misc]
        made.adapt = shortened(made.adapt, self._value_field)
        return made

    def as_sql(self: Any, compiler: Any, connection: Any) -> tuple[str, Any]:
        if not self._composite:
            return super().as_sql(compiler, connection)  # type: ignore[misc]
        from nuages.db.models.fields import tuple_lookups

        return compiler.compile(getattr(tuple_lookups, self.tuple_lookup)(self.lhs, self.rhs))


class RelatedIn(RelatedLookupMixin, In):
    """The relation points to one of these objects."""

    tuple_lookup = "TupleIn"
    trail_safe = True

    def get_prep_lookup(self) -> Any:
        if not self.rhs_is_direct_value() and not getattr(self.rhs, "has_select_fields", True):
            self._select_keys(self.rhs)
        return super().get_prep_lookup()

    def _select_keys(self, query: Any) -> None:
        """Let a subquery that selects nothing in particular select what is pointed to."""
        if self._composite:
            names = [target.name for target in _targets_of_pairs(self.lhs)]
        else:
            field = self.lhs.field
            target = field.target_field
            if getattr(target, "primary_key", False):
                return
            # A subquery on the pointing model itself: its own column.
            on_itself = query.model == field.model and field.is_relation
            names = [field.name if on_itself and field.many_to_one else target.name]
        query.clear_select_clause()
        query.add_fields(names, True)


def _targets_of_pairs(lhs: Any) -> Any:
    return _targets(lhs) if hasattr(lhs.output_field, "path_infos") else lhs.targets


def _related(base: type, tuple_lookup: str, doc: str) -> type:
    return type(
        f"Related{base.__name__}",
        (RelatedLookupMixin, base),
        {
            "tuple_lookup": tuple_lookup,
            "trail_safe": True,
            "__doc__": doc,
            "__module__": __name__,
        },
    )


RelatedExact = _related(Exact, "TupleExact", "The relation points to this object.")
RelatedLessThan = _related(LessThan, "TupleLessThan", "The key is less than this.")
RelatedGreaterThan = _related(GreaterThan, "TupleGreaterThan", "The key is greater than this.")
RelatedGreaterThanOrEqual = _related(
    GreaterThanOrEqual, "TupleGreaterThanOrEqual", "The key is not less than this."
)
RelatedLessThanOrEqual = _related(
    LessThanOrEqual, "TupleLessThanOrEqual", "The key is not greater than this."
)
# Truth values are not keys.
RelatedIsNull = type(
    "RelatedIsNull",
    (RelatedLookupMixin, IsNull),
    {
        "tuple_lookup": "TupleIsNull",
        "trail_safe": True,
        "__doc__": "The relation points nowhere (or somewhere).",
        "__module__": __name__,
        "_prep_value": IsNull._prep_value,
    },
)
