"""Relations seen from the model that is pointed to: what ``remote_field`` is.

They take the place of fields in ``_meta.get_fields()`` and in lookups, without being fields.
Manual: "Field attribute reference", "Attributes for fields with relations".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nuages.core import exceptions
from nuages.db.models.fields.mixins import FieldCacheMixin
from nuages.utils.functional import cached_property, settable
from nuages.utils.hashable import make_hashable

if TYPE_CHECKING:
    from nuages.db.models.base import Model


def _of_field(name: str, description: str) -> property:
    """Return a property that gives the attribute ``name`` of the field at the other end."""
    return property(lambda self: getattr(self.field, name), doc=description)


class ForeignObjectRel(FieldCacheMixin):
    """The far end of a relation.

    Args:
        field: the field that points.
        to: the model that it points to.
        related_name: the attribute of that model's instances that leads back.
        related_query_name: the name for lookups from that model.
        limit_choices_to: which objects a form offers.
        parent_link: whether it is the link of multi-table inheritance.
        on_delete: what becomes of the pointing objects.
    """

    trail_safe = True
    auto_created = True
    concrete = False
    editable = False
    is_relation = True
    null = True
    empty_strings_allowed = False

    def __init__(
        self,
        field: Any,
        to: Any,
        related_name: str | None = None,
        related_query_name: str | None = None,
        limit_choices_to: Any = None,
        parent_link: bool = False,
        on_delete: Any = None,
    ) -> None:
        self.field, self.model = field, to
        self.related_name, self.related_query_name = related_name, related_query_name
        self.limit_choices_to = limit_choices_to or {}
        self.parent_link, self.on_delete = parent_link, on_delete
        self.symmetrical = False
        self.multiple = True

    remote_field = property(lambda self: self.field, doc="The other end: the field.")
    related_model: Any = property(lambda self: self._pointing_model(), doc="The pointing model.")
    many_to_many = _of_field("many_to_many", "Whether many point to many.")
    one_to_one = _of_field("one_to_one", "Whether one points to one.")
    # The words change sides.
    many_to_one = _of_field("one_to_many", "Whether many of these have one of those.")
    one_to_many = _of_field("many_to_one", "Whether one of these has many of those.")

    def _pointing_model(self) -> type[Model]:
        model = getattr(self.field, "model", None)
        if not model:
            raise AttributeError(
                "This property can't be accessed before self.field.contribute_to_class has been "
                "called."
            )
        return model

    @property
    def hidden(self) -> bool:
        """Whether there is no way back: a ``related_name`` that ends with ``+``."""
        return self.is_hidden()

    def is_hidden(self) -> bool:
        """Whether the relation has no name on the model that it points to."""
        return (self.related_name or "").endswith("+")

    @property
    def name(self) -> str:
        """The name that queries know the relation by."""
        return self.field.related_query_name()

    @property
    def target_field(self) -> Any:
        """The field that this end is joined by: the pointing one.

        Raises:
            FieldError: the relation is made of several columns.
        """
        targets = self.path_infos[-1].target_fields
        if len(targets) > 1:
            raise exceptions.FieldError("Can't use target_field for multicolumn relations.")
        return targets[0]

    @property
    def opts(self) -> Any:
        """The options of the model that has the field."""
        return self.related_model._meta

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes the relation equal to another."""
        return (
            self.field,
            self.model,
            self.related_name,
            self.related_query_name,
            make_hashable(self.limit_choices_to),
            self.parent_link,
            self.on_delete,
            self.symmetrical,
            self.multiple,
        )

    def __eq__(self, other: object) -> bool:
        return self.identity == other.identity if type(self) is type(other) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.identity)

    def __repr__(self) -> str:
        options = self.related_model._meta
        return f"<{type(self).__name__}: {options.app_label}.{options.model_name}>"

    def __getstate__(self) -> dict[str, Any]:
        # Found again through the field.
        found_again = ("related_model", "path_infos")
        return {key: value for key, value in vars(self).items() if key not in found_again}

    # What lookups ask of a field

    def get_lookup(self, lookup_name: str) -> Any:
        """Return the field's lookup of that name."""
        return self.field.get_lookup(lookup_name)

    def get_lookups(self) -> dict[str, Any]:
        """Return the field's lookups by name."""
        return self.field.get_lookups()

    def get_transform(self, name: str) -> Any:
        """Return the field's transform of that name."""
        return self.field.get_transform(name)

    def get_internal_type(self) -> str:
        """Return the field's type."""
        return self.field.get_internal_type()

    def get_prep_value(self, value: Any) -> Any:
        """Return a value as the field prepares it for queries."""
        return self.target_field.get_prep_value(value)

    @property
    def db_type(self) -> Any:
        """Return the type of the field's column."""
        return self.field.db_type

    def get_joining_fields(self) -> Any:
        """Return the pairs of fields that a join towards the field's model compares."""
        return self.field.get_reverse_joining_fields()

    def get_extra_restriction(self, alias: Any, related_alias: Any) -> Any:
        """Return the field's further condition of the join, seen from the other side."""
        return self.field.get_extra_restriction(related_alias, alias)

    def get_path_info(self, filtered_relation: Any = None) -> Any:
        """Return the hops from this end to the pointing model."""
        if filtered_relation:
            return self.field.get_reverse_path_info(filtered_relation)
        return self.field.reverse_path_infos

    @cached_property
    def path_infos(self) -> Any:
        """The hops from the related model to that of the field, found once."""
        return self.get_path_info()

    def get_choices(
        self,
        include_blank: bool = True,
        blank_choice: Any = None,
        limit_choices_to: Any = None,
        ordering: Any = (),
    ) -> list[tuple[Any, str]]:
        """Return the pointing objects, as choices."""
        from nuages.db.models.utils import blank_choice as default_blank_choice

        pointing = self.related_model._default_manager.complex_filter(
            limit_choices_to or self.limit_choices_to
        )
        if ordering:
            pointing = pointing.order_by(*ordering)
        choices = [(each.pk, str(each)) for each in pointing]
        if not include_blank:
            return choices
        return [*(default_blank_choice() if blank_choice is None else blank_choice), *choices]

    # Names

    def get_accessor_name(self, model: type[Model] | None = None) -> str | None:
        """Return the attribute that leads back, or ``None``: there is none."""
        pointing = model or self.related_model
        if self.symmetrical and pointing == self.model:
            return None
        if self.related_name:
            return self.related_name
        return pointing._meta.model_name + ("_set" if self.multiple else "")

    accessor_name = cached_property(get_accessor_name)

    @settable
    def cache_name(self) -> str:
        """The name under which instances keep the pointing object."""
        return self.get_accessor_name()  # type: ignore[return-value]

    field_name: str | None

    def set_field_name(self) -> None:
        """Find out which field is pointed to."""
        self.field_name = None


class ManyToOneRel(ForeignObjectRel):
    """The far end of a ``ForeignKey``: one object, many that point to it."""

    trail_safe = True

    def __init__(
        self, field: Any, to: Any, field_name: str | None, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(field, to, *args, **kwargs)
        self.field_name = field_name

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes the relation equal to another: the field it points to, too."""
        return (*super().identity, self.field_name)

    def get_related_field(self) -> Any:
        """Return the field that is pointed to.

        Raises:
            FieldDoesNotExist: it is no field with a column.
        """
        field = self.model._meta.get_field(self.field_name)
        if field.concrete:
            return field
        raise exceptions.FieldDoesNotExist(f"No related field named '{self.field_name}'")

    def set_field_name(self) -> None:
        self.field_name = self.field_name or self.model._meta.pk.name


class OneToOneRel(ManyToOneRel):
    """The far end of a ``OneToOneField``: one object, one that points to it."""

    trail_safe = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.multiple = False


class ManyToManyRel(ForeignObjectRel):
    """The far end of a ``ManyToManyField``.

    Args:
        symmetrical: whether each of the two has the other.
        through: the model of the table between.
        through_fields: its two links.
        db_constraint: whether the links are enforced by the database.
    """

    def __init__(
        self,
        field: Any,
        to: Any,
        related_name: str | None = None,
        related_query_name: str | None = None,
        limit_choices_to: Any = None,
        symmetrical: bool = True,
        through: Any = None,
        through_fields: Any = None,
        db_constraint: bool = True,
    ) -> None:
        super().__init__(field, to, related_name, related_query_name, limit_choices_to)
        if through and not db_constraint:
            raise ValueError("Can't supply a through model and db_constraint=False")
        if through_fields and not through:
            raise ValueError("Cannot specify through_fields without a through model")
        self.through, self.through_fields = through, through_fields
        self.symmetrical, self.db_constraint = symmetrical, db_constraint

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes the relation equal to another: the table between, too."""
        links = make_hashable(self.through_fields)
        return (*super().identity, self.through, links, self.db_constraint)

    def get_related_field(self) -> Any:
        """Return the field of the pointed-to model that the table between refers to."""
        targets = self.through._meta.fields
        if self.through_fields:
            link = self.through._meta.get_field(self.through_fields[0])
        else:
            relations = (each for each in targets if each.remote_field)
            link = next(each for each in relations if each.remote_field.model == self.model)
        return link.foreign_related_fields[0]
