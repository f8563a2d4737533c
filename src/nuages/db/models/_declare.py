"""From a class body to a model: what ``ModelBase`` does when a model class is made.

Manual: "Models", sections "Meta options", "Model inheritance".
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import partialmethod
from typing import TYPE_CHECKING, Any

from nuages.apps import apps
from nuages.conf import settings
from nuages.core.exceptions import (
    FieldError,
    MultipleObjectsReturned,
    ObjectDoesNotExist,
    ObjectNotUpdated,
)
from nuages.db import DatabaseError
from nuages.db.models import base as _base
from nuages.db.models.deletion import CASCADE
from nuages.db.models.fields.related import (
    OneToOneField,
    lazy_related_operation,
    resolve_relation,
)
from nuages.db.models.manager import Manager
from nuages.db.models.options import Options
from nuages.db.models.signals import class_prepared
from nuages.db.models.utils import make_model_tuple

if TYPE_CHECKING:
    from nuages.db.models.base import Model


def contributes(value: Any) -> bool:
    """Whether a class attribute says itself how it becomes part of the model."""
    return not isinstance(value, type) and hasattr(value, "contribute_to_class")


#: Exceptions that each model has of its own, and what they are.
EXCEPTIONS: dict[str, tuple[type, ...]] = {
    "DoesNotExist": (ObjectDoesNotExist,),
    "MultipleObjectsReturned": (MultipleObjectsReturned,),
    "NotUpdated": (ObjectNotUpdated, DatabaseError),
}


class Declaration:
    """A class body on its way to a model.

    Args:
        attrs: the body. What contributes to the class is kept for :meth:`complete`; the rest is
            :attr:`plain`, with which the class itself is made.
    """

    def __init__(self, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> None:
        self.name = name
        self.bases = bases
        self.meta = attrs.pop("Meta", None)
        self.abstract = getattr(self.meta, "abstract", False)
        self.plain = {key: value for key, value in attrs.items() if not contributes(value)}
        self.active = {key: value for key, value in attrs.items() if contributes(value)}
        self.parents: list[Any] = [
            base for base in bases if isinstance(base, _base.ModelBase) and hasattr(base, "_meta")
        ]

    def complete(self, model: Any) -> None:
        """Give the class all that makes it a model, and register it."""
        self.model = model
        meta = self.meta or getattr(model, "Meta", None)
        inherited = getattr(model, "_meta", None)
        model.add_to_class("_meta", Options(meta, self._app_label(meta)))
        options = self.options = model._meta
        if not self.abstract:
            if options.apps.models_have_rows:
                self._add_exceptions()
            if inherited is not None and not inherited.abstract:
                # Of a concrete parent's Meta, these two are inherited.
                for option in ("ordering", "get_latest_by"):
                    if not hasattr(meta, option):
                        setattr(options, option, getattr(inherited, option))
        if options.proxy and inherited is not None and inherited.swapped:
            raise TypeError(f"{self.name} cannot proxy the swapped model '{inherited.swapped}'.")
        for key, value in self.active.items():
            model.add_to_class(key, value)
        self.own = {field.name for field in options._own_fields()}
        if options.proxy:
            self._stand_for_parent()
        else:
            options.concrete_model = model
        self._inherit()
        if self.abstract:
            # (Those of other models are copies already.)
            options.indexes = [copy.deepcopy(index) for index in options.indexes]
            # Children of an abstract model are not abstract themselves.
            self.meta.abstract = False
            model.Meta = self.meta
            return
        model._prepare()
        options.apps.register_model(options.app_label, model)

    def _app_label(self, meta: Any) -> str | None:
        label = getattr(meta, "app_label", None)
        if label is not None:
            return label
        config = apps.get_containing_app_config(self.model.__module__)
        if config is not None:
            return config.label
        if not self.abstract:
            raise RuntimeError(
                f"Model class {self.model.__module__}.{self.name} doesn't declare an explicit "
                "app_label and isn't in an application in INSTALLED_APPS."
            )
        return None

    def _add_exceptions(self) -> None:
        model = self.model
        for name, roots in EXCEPTIONS.items():
            above = tuple(
                getattr(parent, name)
                for parent in self.parents
                if hasattr(parent, name) and not parent._meta.abstract
            )
            setattr(
                model,
                name,
                _base.subclass_exception(name, above or roots, model.__module__, model),
            )

    def _stand_for_parent(self) -> None:
        target = None
        for parent in self.parents:
            if parent._meta.abstract:
                if parent._meta.fields:
                    raise TypeError(
                        "Abstract base class containing model fields not permitted for proxy "
                        f"model '{self.name}'."
                    )
            elif target is None:
                target = parent
            elif parent._meta.concrete_model is not target._meta.concrete_model:
                raise TypeError(
                    f"Proxy model '{self.name}' has more than one non-abstract model base class."
                )
        if target is None:
            raise TypeError(f"Proxy model '{self.name}' has no non-abstract model base class.")
        self.options.setup_proxy(target)
        self.options.concrete_model = target._meta.concrete_model

    # Inheritance

    def _declared_links(self) -> dict[tuple[str, str], Any]:
        """Return the links to parents that the class or its abstract parents declare."""
        links = {}
        for base in reversed([self.model, *self.parents]):
            if base is not self.model and not base._meta.abstract:
                continue
            for field in base._meta.local_fields:
                if isinstance(field, OneToOneField) and field.remote_field.parent_link:
                    target = resolve_relation(self.model, field.remote_field.model)
                    links[make_model_tuple(target)] = field
        return links

    def _inherit(self) -> None:
        """Take over the fields of the parents: copies of abstract ones, links to concrete ones."""
        #: Names that something nearer in the order of bases has taken.
        self.taken: set[str] = set()
        if not self.parents:
            return
        self.links = self._declared_links()
        for base in self.model.mro():
            if base not in self.parents:
                # Also for the class itself: what its body says wins.
                self.taken |= vars(base).keys()
                continue
            if base._meta.abstract:
                self._inherit_abstract(base)
            else:
                self._inherit_concrete(base)
            self._inherit_private(base)

    def _free(self, name: str) -> bool:
        return not (name in self.own or name in vars(self.model) or name in self.taken)

    def _refuse_clash(self, field: Any, base: Any) -> None:
        if field.name in self.own:
            raise FieldError(
                f"Local field {field.name!r} in class {self.name!r} clashes with field of the "
                f"same name from base class {base.__name__!r}."
            )

    def _inherit_concrete(self, base: Any) -> None:
        for field in _columns_and_relations(base):
            self._refuse_clash(field, base)
            self.taken.add(field.name)
        parent = base._meta.concrete_model
        link = self.links.get(make_model_tuple(parent))
        if link is None and not self.options.proxy:
            link = self._make_link(parent)
        self.options.parents[parent] = link

    def _make_link(self, parent: Any) -> Any:
        name = f"{parent._meta.model_name}_ptr"
        if name in self.own:
            raise FieldError(
                f"Auto-generated field '{name}' in class {self.name!r} for parent_link to base "
                f"class {parent.__name__!r} clashes with declared field of the same name."
            )
        link = OneToOneField(
            parent, on_delete=CASCADE, name=name, auto_created=True, parent_link=True
        )
        # An abstract parent may have the link already.
        if not hasattr(self.model, name):
            self.model.add_to_class(name, link)
        return link

    def _inherit_abstract(self, base: Any) -> None:
        above = base._meta.parents.copy()
        for field in _columns_and_relations(base):
            if not self._free(field.name):
                continue
            copied = copy.deepcopy(field)
            self.model.add_to_class(field.name, copied)
            # A link that the abstract model has to a concrete parent is ours now.
            for parent, link in above.items():
                if field.one_to_one and field == link:
                    above[parent] = copied
        self.options.parents.update(above)

    def _inherit_private(self, base: Any) -> None:
        for field in base._meta.private_fields:
            if field.name in self.own:
                if not base._meta.abstract:
                    self._refuse_clash(field, base)
            elif field.name not in vars(self.model) and field.name not in self.taken:
                copied = copy.deepcopy(field)
                if not base._meta.abstract:
                    copied.mti_inherited = True
                self.model.add_to_class(field.name, copied)


def _columns_and_relations(base: Any) -> Iterator[Any]:
    yield from base._meta.local_fields
    yield from base._meta.local_many_to_many


def finish(model: type[Model]) -> None:
    """Add primary key, order, managers and names to a concrete class, and say that it is ready."""
    options = model._meta
    options._prepare(model)
    if options.order_with_respect_to:
        model.get_next_in_order = partialmethod(model._get_next_or_previous_in_order, is_next=True)
        model.get_previous_in_order = partialmethod(
            model._get_next_or_previous_in_order, is_next=False
        )
        relation = options.order_with_respect_to.remote_field
        if relation:
            lazy_related_operation(_add_order_accessors, model, relation.model)
    has_rows = options.apps.models_have_rows
    if model.__doc__ is None and has_rows:
        names = ", ".join(field.name for field in options.fields)
        model.__doc__ = f"{model.__name__}({names})"
    if override := settings.ABSOLUTE_URL_OVERRIDES.get(options.label_lower):
        model.get_absolute_url = override
    if has_rows and not options.managers:
        if any(field.name == "objects" for field in options.fields):
            raise ValueError(
                f"Model {model.__name__} must specify a custom Manager, because it has a field "
                "named 'objects'."
            )
        manager = Manager()
        manager.auto_created = True
        model.add_to_class("objects", manager)
    for index in options.indexes:
        if not index.name:
            index.set_name_with_model(model)
    class_prepared.send(sender=model)


def _add_order_accessors(model: type[Model], related: type[Model]) -> None:
    from nuages.db.models._saving import method_get_order, method_set_order

    name = model.__name__.lower()
    for verb, function in (("get", method_get_order), ("set", method_set_order)):
        setattr(related, f"{verb}_{name}_order", partialmethod(function, model))
