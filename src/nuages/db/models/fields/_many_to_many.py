"""``ManyToManyField``, and the model of the table between. Manual: "ManyToManyField"."""

from __future__ import annotations

from functools import partial
from types import MethodType
from typing import TYPE_CHECKING, Any

from nuages.db.models import _relation_checks as checks
from nuages.db.models.deletion import CASCADE
from nuages.db.models.fields.related import (
    RECURSIVE_RELATIONSHIP_CONSTANT,
    RelatedField,
    lazy_related_operation,
    resolve_relation,
)
from nuages.db.models.fields.related_descriptors import ManyToManyDescriptor
from nuages.db.models.fields.reverse_related import ManyToManyRel
from nuages.db.models.query_utils import PathInfo
from nuages.db.models.utils import make_model_tuple
from nuages.utils.functional import cached_property, lazy
from nuages.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from nuages.db.models.base import Model


# A text with the names of two models, translated when it is shown.
_between = lazy(lambda text, source, to: text % {"from": source, "to": to}, str)


def create_many_to_many_intermediary_model(field: Any, klass: type[Model]) -> type[Model]:
    """Return the model of the table between two models, made for ``field`` of ``klass``."""
    from nuages.db import models

    target = resolve_relation(klass, field.remote_field.model)
    name = f"{klass._meta.object_name}_{field.name}"
    lazy_related_operation(_manage_with_both, klass, target, name)
    to = make_model_tuple(target)[1]
    source = klass._meta.model_name
    if target == RECURSIVE_RELATIONSHIP_CONSTANT or to == source:
        source, to = f"from_{to}", f"to_{to}"
    link = partial(
        models.ForeignKey,
        related_name=f"{name}+",
        db_tablespace=field.db_tablespace,
        db_constraint=field.remote_field.db_constraint,
        on_delete=CASCADE,
    )
    options = {
        "db_table": field._get_m2m_db_table(klass._meta),
        "auto_created": klass,
        "app_label": klass._meta.app_label,
        "db_tablespace": klass._meta.db_tablespace,
        "unique_together": (source, to),
        "verbose_name": _between(_("%(from)s-%(to)s relationship"), source, to),
        "verbose_name_plural": _between(_("%(from)s-%(to)s relationships"), source, to),
        "apps": field.model._meta.apps,
    }
    body = {
        "Meta": type("Meta", (), options),
        "__module__": klass.__module__,
        source: link(klass),
        to: link(target),
    }
    meta: Any = type(models.Model)
    return meta(name, (models.Model,), body)


def _manage_with_both(model: Any, related: Any, through: Any) -> None:
    through._meta.managed = model._meta.managed or related._meta.managed


#: What a relation through a table says of that table's columns.
_NAMES_BETWEEN = (
    "m2m_field_name",
    "m2m_reverse_field_name",
    "m2m_column_name",
    "m2m_reverse_name",
    "m2m_target_field_name",
    "m2m_reverse_target_field_name",
)


def _links_of(field: Any) -> tuple[Any, Any]:
    """Return the two foreign keys of the table between: to the field's model, and to the other."""
    relation = field.remote_field
    through = relation.through._meta
    if relation.through_fields:
        near, far = relation.through_fields
        return through.get_field(near), through.get_field(far)
    keys = [each for each in through.fields if each.is_relation and each.remote_field]
    near = next(each for each in keys if each.remote_field.model == field.model)
    targets = [each for each in keys if each.remote_field.model == relation.model]
    # A relation of a model to itself has two that look alike: the second one leads away.
    far = next((each for each in targets if each is not near), near)
    return near, far


class ManyToManyField(RelatedField):
    """A relation from many objects to many. Manual: "ManyToManyField"."""

    many_to_many = True
    rel_class = ManyToManyRel
    description = _("Many-to-many relationship")
    _field_checks = (
        *(each for each in RelatedField._field_checks),
        *checks.MANY_TO_MANY,
    )

    def __init__(
        self,
        to: Any,
        related_name: str | None = None,
        related_query_name: str | None = None,
        limit_choices_to: Any = None,
        symmetrical: bool | None = None,
        through: Any = None,
        through_fields: Any = None,
        db_constraint: bool = True,
        db_table: str | None = None,
        swappable: bool = True,
        **kwargs: Any,
    ) -> None:
        if not isinstance(to, str) and not hasattr(to, "_meta"):
            raise TypeError(
                f"{type(self).__name__}({to!r}) is invalid. First parameter to ManyToManyField "
                f"must be either a model, a model name, or the string "
                f"{RECURSIVE_RELATIONSHIP_CONSTANT!r}"
            )
        if through is not None and db_table is not None:
            raise ValueError("Cannot specify a db_table if an intermediary model is used.")
        names = {
            "related_name": related_name,
            "related_query_name": related_query_name,
            "limit_choices_to": limit_choices_to,
        }
        kwargs["rel"] = self.rel_class(
            self,
            to,
            symmetrical=to == RECURSIVE_RELATIONSHIP_CONSTANT
            if symmetrical is None
            else symmetrical,
            through=through,
            through_fields=through_fields,
            db_constraint=db_constraint,
            **names,
        )
        self.has_null_arg = "null" in kwargs
        super().__init__(**names, **kwargs)
        self.db_table, self.swappable = db_table, swappable

    def deconstruct(self) -> tuple[Any, ...]:
        name, path, args, kwargs = super().deconstruct()
        relation = self.remote_field
        if self.db_table is not None:
            kwargs["db_table"] = self.db_table
        if relation.db_constraint is not True:
            kwargs["db_constraint"] = relation.db_constraint
        self._write_target(kwargs)
        through = getattr(relation, "through", None)
        if isinstance(through, str):
            kwargs["through"] = through
        elif through is not None and not through._meta.auto_created:
            kwargs["through"] = through._meta.label
        if through_fields := getattr(relation, "through_fields", None):
            kwargs["through_fields"] = through_fields
        return name, path, args, kwargs

    # The table between

    def _get_m2m_db_table(self, opts: Any) -> str:
        """Return the name of the table between."""
        from nuages.db import connection
        from nuages.db.backends.utils import strip_quotes, truncate_name

        if self.remote_field.through is not None:
            return self.remote_field.through._meta.db_table
        if self.db_table:
            return self.db_table
        own = f"{strip_quotes(opts.db_table)}_{self.name}"
        # Short enough for any database: none needs to be asked, or loaded.
        if len(own.encode()) <= 30:
            return own
        return truncate_name(own, connection.ops.max_name_length())

    @cached_property
    def _near_link(self) -> Any:
        return _links_of(self)[0]

    @cached_property
    def _far_link(self) -> Any:
        return _links_of(self)[1]

    def _get_m2m_attr(self, related: Any, attr: str) -> Any:
        """Return an attribute of the foreign key that leads from the table between to this model."""
        return getattr(_links_of(self)[0], attr)

    def _get_m2m_reverse_attr(self, related: Any, attr: str) -> Any:
        """Return an attribute of the foreign key that leads from the table between to the other."""
        return getattr(_links_of(self)[1], attr)

    def m2m_field_name(self) -> str:
        return self._get_m2m_attr(None, "name")

    def m2m_reverse_field_name(self) -> str:
        return self._get_m2m_reverse_attr(None, "name")

    def m2m_column_name(self) -> str:
        return self._get_m2m_attr(None, "column")

    def m2m_reverse_name(self) -> str:
        return self._get_m2m_reverse_attr(None, "column")

    def m2m_target_field_name(self) -> str:
        return self._get_m2m_attr(None, "remote_field").field_name

    def m2m_reverse_target_field_name(self) -> str:
        return self._get_m2m_reverse_attr(None, "remote_field").field_name

    def m2m_db_table(self) -> str:
        return self._get_m2m_db_table(self.opts)

    # How it is joined: to the table between, and beyond

    def _path(self, direct: bool, filtered_relation: Any) -> list[PathInfo]:
        near, far = self._near_link, self._far_link
        if not direct:
            near, far = far, near
        to_table = near.reverse_path_infos
        beyond = far.get_path_info(filtered_relation) if filtered_relation else far.path_infos
        arrived, leaving = to_table[-1].to_opts, beyond[0].from_opts
        between: list[PathInfo] = []
        if arrived is not leaving:
            # The two links are of different models of one family.
            below = issubclass(arrived.model, leaving.model)
            climb = arrived.get_path_to_parent if below else leaving.get_path_from_parent
            between = climb((leaving if below else arrived).model)
        return [*to_table, *between, *beyond]

    def get_path_info(self, filtered_relation: Any = None) -> list[PathInfo]:
        """Return the hops to the related model: to the table between, and on."""
        return self._path(True, filtered_relation)

    def get_reverse_path_info(self, filtered_relation: Any = None) -> list[PathInfo]:
        """Return the hops from the related model to this one."""
        return self._path(False, filtered_relation)

    @cached_property
    def path_infos(self) -> list[PathInfo]:
        """The hops of :meth:`get_path_info`, found once."""
        return self.get_path_info()

    @cached_property
    def reverse_path_infos(self) -> list[PathInfo]:
        """The hops of :meth:`get_reverse_path_info`, found once."""
        return self.get_reverse_path_info()

    # Where it stands

    def contribute_to_class(self, cls: type[Model], name: str, **kwargs: Any) -> None:  # type: ignore[override]
        relation = self.remote_field
        if relation.symmetrical and relation.model in (
            RECURSIVE_RELATIONSHIP_CONSTANT,
            cls._meta.object_name,
        ):
            # The way back is the way there.
            relation.related_name = f"{name}_rel_+"
        elif relation.hidden:
            # Several hidden relations to one model must differ.
            relation.related_name = f"_{cls._meta.app_label}_{cls.__name__.lower()}_{name}_+"
        super().contribute_to_class(cls, name, **kwargs)
        if not cls._meta.abstract:
            if relation.through:

                def resolve(_model: Any, through: Any, field: Any) -> None:
                    field.remote_field.through = through

                lazy_related_operation(resolve, cls, relation.through, field=self)
            elif not cls._meta.swapped:
                relation.through = create_many_to_many_intermediary_model(self, cls)
        setattr(cls, self.name, ManyToManyDescriptor(relation, reverse=False))

    def contribute_to_related_class(self, cls: type[Model], related: Any) -> None:
        if not related.hidden and not related.related_model._meta.swapped:
            setattr(cls, related.get_accessor_name(), ManyToManyDescriptor(related, reverse=True))
        if isinstance(self, ManyToManyField):
            return
        for name in _NAMES_BETWEEN:
            # A field of a project's own that borrows this method is told its names too.
            setattr(self, name, MethodType(getattr(ManyToManyField, name), self))

    def set_attributes_from_rel(self) -> None:
        """Do nothing: the field has its names."""

    def value_from_object(self, obj: Model) -> list[Any]:
        return list(getattr(obj, self.attname).all()) if obj._is_pk_set() else []

    def save_form_data(self, instance: Model, data: Any) -> None:
        getattr(instance, self.attname).set(data)

    def formfield(self, *, using: str | None = None, **kwargs: Any) -> Any:  # type: ignore[override]
        from nuages import forms

        given = {
            "form_class": forms.ModelMultipleChoiceField,
            "queryset": self.remote_field.model._default_manager.using(using),
        }
        given |= kwargs
        initial = given.get("initial")
        if initial is not None:
            # A form compares keys.
            objects = initial() if callable(initial) else initial
            given["initial"] = [each.pk for each in objects]
        return super().formfield(**given)

    def db_check(self, connection: Any) -> None:
        """Return ``None``: no column."""

    def db_type(self, connection: Any) -> None:
        """Return ``None``: no column."""

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        return {"type": None, "check": None}


# What is written down names the documented module.
for _part in (ManyToManyField, create_many_to_many_intermediary_model):
    _part.__module__ = RelatedField.__module__
