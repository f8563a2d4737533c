"""``Model._meta``: what a model is made of. Manual: "Model _meta API", "Model Meta options"."""

from __future__ import annotations

import bisect
import copy
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from nuages.apps import apps
from nuages.conf import settings
from nuages.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from nuages.db import connection, connections
from nuages.db.models import AutoField, Manager, OrderWrt, UniqueConstraint
from nuages.db.models._derived import derived, derived_reverse
from nuages.db.models._lineage import Lineage
from nuages.db.models.fetch_modes import FETCH_ONE
from nuages.db.models.fields import composite
from nuages.utils.datastructures import ImmutableList
from nuages.utils.functional import settable
from nuages.utils.module_loading import import_string
from nuages.utils.text import camel_case_to_spaces, format_lazy
from nuages.utils.translation import override

if TYPE_CHECKING:
    from nuages.db.models.base import Model

EMPTY_RELATION_TREE: tuple[Any, ...] = ()

IMMUTABLE_WARNING = (
    "What '%s' returns is shared by all callers and cannot be changed: make a list of it first."
)

#: The names allowed in ``class Meta``; packages extend it.
DEFAULT_NAMES: tuple[str, ...] = (
    "verbose_name",
    "verbose_name_plural",
    "db_table",
    "db_table_comment",
    "ordering",
    "unique_together",
    "permissions",
    "get_latest_by",
    "order_with_respect_to",
    "app_label",
    "db_tablespace",
    "abstract",
    "managed",
    "proxy",
    "swappable",
    "auto_created",
    "apps",
    "default_permissions",
    "select_on_save",
    "default_related_name",
    "required_db_features",
    "required_db_vendor",
    "base_manager_name",
    "default_manager_name",
    "indexes",
    "constraints",
)


def normalize_together(option_together: Any) -> Any:
    """Return ``unique_together`` as a tuple of tuples; one group may stand for itself.

    What cannot be read so is returned as it is, for the checks to complain of.
    """
    if not option_together:
        # Old migrations take it away by None.
        return ()
    if not isinstance(option_together, list | tuple):
        return option_together
    groups = tuple(option_together)
    if groups and not isinstance(groups[0], list | tuple):
        groups = (groups,)
    sound = all(isinstance(group, list | tuple) for group in groups)
    return tuple(map(tuple, groups)) if sound else option_together


def make_immutable_fields_list(name: str, data: Iterable[Any]) -> ImmutableList:
    """Return ``data`` as a list that refuses changes, saying that it came from ``name``."""
    return ImmutableList(data, warning=IMMUTABLE_WARNING % name)


#: Options that compiled queries depend on.
_PART_OF_SQL = frozenset({"db_table", "ordering", "order_with_respect_to"})


def _forget_trails() -> None:
    """Forget recorded queries: a model has changed."""
    trails = sys.modules.get("django.db.models.trails")
    if trails is not None:
        trails.bump()


class Options(Lineage):
    """The description of one model: its ``Meta`` options, its fields, managers and parents."""

    FORWARD_PROPERTIES = derived.forward
    REVERSE_PROPERTIES = derived.reverse

    default_apps = apps
    #: What an option is when ``Meta`` does not say. Lists and sets are made anew for each model.
    initial: ClassVar[dict[str, Any]] = {
        "base_manager_name": None,
        "default_manager_name": None,
        "model_name": None,
        "verbose_name": None,
        "verbose_name_plural": None,
        "db_table": "",
        "db_table_comment": "",
        "ordering": [],
        "indexes": [],
        "constraints": [],
        "unique_together": [],
        "select_on_save": False,
        "default_permissions": ("add", "change", "delete", "view"),
        "permissions": [],
        "object_name": None,
        "get_latest_by": None,
        "order_with_respect_to": None,
        "required_db_features": [],
        "required_db_vendor": None,
        "pk": None,
        "auto_field": None,
        "abstract": False,
        "managed": True,
        "proxy": False,
        #: For a proxy: the model that it stands for, itself perhaps a proxy.
        "proxy_for_model": None,
        #: The nearest model with a table: the model itself, or behind proxies. ``None``: abstract.
        "concrete_model": None,
        "swappable": None,
        "auto_created": False,
        "default_related_name": None,
        # Fields: with columns, many-to-many, and those that are neither.
        "local_fields": [],
        "local_many_to_many": [],
        "private_fields": [],
        "local_managers": [],
        #: Parent model -> the field that links to it (``None`` for the concrete parent of a proxy).
        "parents": {},
        "related_fkey_lookups": [],
        "_ordering_clash": False,
    }

    # What Meta (or the field, the declaration) says; see ``initial``.
    base_manager_name: str | None
    default_manager_name: str | None
    model_name: str
    object_name: str
    verbose_name: Any
    verbose_name_plural: Any
    db_table: str
    db_table_comment: str
    ordering: Any
    indexes: list[Any]
    constraints: list[Any]
    unique_together: Any
    select_on_save: bool
    default_permissions: Sequence[str]
    permissions: Sequence[tuple[str, str]]
    get_latest_by: Any
    order_with_respect_to: Any
    required_db_features: Sequence[str]
    required_db_vendor: str | None
    pk: Any
    auto_field: Any
    abstract: bool
    managed: bool
    proxy: bool
    proxy_for_model: Any
    swappable: str | None
    auto_created: Any
    default_related_name: str | None
    local_fields: list[Any]
    local_many_to_many: list[Any]
    private_fields: list[Any]
    local_managers: list[Any]
    related_fkey_lookups: list[Any]
    app_label: str

    def __init__(self, meta: type | None, app_label: str | None = None) -> None:
        # (No query knows of the model yet: nothing needs to be forgotten.)
        own = vars(self)
        for name, value in self.initial.items():
            own[name] = value.copy() if isinstance(value, list | dict) else value
        self.db_tablespace = settings.DEFAULT_TABLESPACE
        self.app_label = app_label  # type: ignore[assignment]  # (or Meta's)
        self.apps = self.default_apps
        self.meta = meta

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name in _PART_OF_SQL:
            _forget_trails()

    def __repr__(self) -> str:
        return f"<Options for {self.object_name}>"

    def __str__(self) -> str:
        return self.label_lower

    # Names

    @property
    def label(self) -> str:
        """``app_label.ModelName``."""
        return f"{self.app_label}.{self.object_name}"

    @property
    def label_lower(self) -> str:
        """The label in lower case, as migrations write it."""
        return f"{self.app_label}.{self.model_name}"

    @property
    def app_config(self) -> Any:
        """The application's configuration; ``None`` if it is not installed."""
        return self.apps.app_configs.get(self.app_label)

    @derived
    def installed(self) -> bool:
        """Whether the model's application is one of ``INSTALLED_APPS``."""
        return self.app_config is not None

    @property
    def verbose_name_raw(self) -> str:
        """The verbose name untranslated."""
        with override(None):
            return str(self.verbose_name)

    @settable
    def swapped(self) -> str | None:
        """The model named by the setting ``swappable`` in the place of this one, or ``None``."""
        replacement = self.swappable and getattr(settings, self.swappable, None)
        if not replacement:
            return None
        label, dot, name = replacement.partition(".")
        # What is no label is given back as it is: the checks complain of it.
        same = dot and f"{label}.{name.lower()}" == self.label_lower
        return None if same else replacement

    # How it is made

    def contribute_to_class(self, cls: type[Model], name: str) -> None:
        """Become ``cls._meta``, and read ``class Meta``.

        Raises:
            TypeError: ``Meta`` has a name that is no option.
        """
        from nuages.db.backends.utils import truncate_name

        named = cls.__name__
        self.object_name, self.model_name = named, named.lower()
        self.verbose_name = camel_case_to_spaces(named)
        #: What ``Meta`` said itself: migrations write it down.
        self.original_attrs: dict[str, Any] = {}
        self.model, cls._meta = cls, self
        if self.meta is not None:
            self._read_meta(self.meta)
            self.unique_together = normalize_together(self.unique_together)
            if not self.abstract:
                for option in ("constraints", "indexes"):
                    filled = [self._with_name_filled(each, cls) for each in getattr(self, option)]
                    setattr(self, option, filled)
            self._ordering_clash = bool(self.ordering and self.order_with_respect_to)
        if self.verbose_name_plural is None:
            self.verbose_name_plural = format_lazy("{}s", self.verbose_name)
        del self.meta
        if not self.db_table:
            name = f"{self.app_label}_{self.model_name}"
            # Short enough for any database: none needs to be asked, or loaded.
            fits = len(name.encode()) <= 30
            self.db_table = name if fits else truncate_name(name, connection.ops.max_name_length())

    def _read_meta(self, meta: type) -> None:
        own = {name for name in vars(meta) if not name.startswith("_")}
        for name in DEFAULT_NAMES:
            if hasattr(meta, name):
                value = self.original_attrs[name] = getattr(meta, name)
                setattr(self, name, value)
        if unknown := own.difference(DEFAULT_NAMES):
            raise TypeError(f"'class Meta' got invalid attribute(s): {','.join(sorted(unknown))}")

    def _with_name_filled(self, each: Any, cls: type) -> Any:
        each = each.clone()
        each.name = each.name % {
            "app_label": self.app_label.lower(),
            "class": cls.__name__.lower(),
        }
        return each

    def _get_default_pk_class(self) -> type:
        config = self.app_config
        path = getattr(config, "default_auto_field", settings.DEFAULT_AUTO_FIELD)
        if config is not None and config._is_default_auto_field_overridden:
            cls = type(config)
            source = f"{cls.__module__}.{cls.__qualname__}.default_auto_field"
        else:
            source = "DEFAULT_AUTO_FIELD"
        if not path:
            raise ImproperlyConfigured(f"{source} must not be empty.")
        try:
            field_class = import_string(path)
        except ImportError as error:
            raise ImproperlyConfigured(
                f"{source} refers to the module '{path}' that could not be imported."
            ) from error
        if not issubclass(field_class, AutoField):
            raise ValueError(f"Primary key '{path}' referred by {source} must subclass AutoField.")
        return field_class

    def _prepare(self, model: type[Model]) -> None:
        """Add what the model needs and does not declare: the order column, the primary key."""
        if self.order_with_respect_to:
            wanted = self.order_with_respect_to
            for field in self._own_fields():
                if wanted in (field.name, getattr(field, "attname", None)):
                    self.order_with_respect_to = field
                    break
            else:
                raise FieldDoesNotExist(f"{self.object_name} has no field named '{wanted}'")
            self.ordering = ("_order",)
            if not any(isinstance(field, OrderWrt) for field in self.local_fields):
                model.add_to_class("_order", OrderWrt())
        else:
            self.order_with_respect_to = None
        if self.pk is not None:
            return
        links = [link for link in self.parents.values() if link is not None]
        if links:
            # The first parent's link is the key. (A class may have declared the link itself.)
            link = next((f for f in self.local_fields if f.name == links[0].name), links[0])
            link.primary_key = True
            self.setup_pk(link)
            if not link.remote_field.parent_link:
                raise ImproperlyConfigured(f"Add parent_link=True to {link}.")
        else:
            field_class = self._get_default_pk_class()
            model.add_to_class(
                "id", field_class(verbose_name="ID", primary_key=True, auto_created=True)
            )

    def add_field(self, field: Any, private: bool = False) -> None:
        """Take in a field of the model's own, in the order of creation."""
        if private:
            self.private_fields += [field]
        else:
            many = field.is_relation and field.many_to_many
            bisect.insort(self.local_many_to_many if many else self.local_fields, field)
            if not many:
                self.setup_pk(field)
        target: Any = getattr(field.remote_field, "model", None) if field.is_relation else None
        if hasattr(target, "_meta"):
            target._meta._expire_cache(forward=False)
        self._expire_cache(reverse=field.is_relation and bool(getattr(field, "remote_field", None)))

    def add_manager(self, manager: Any) -> None:
        """Note a manager that the class body declares."""
        self.local_managers += [manager]
        self._expire_cache()

    def setup_proxy(self, target: type[Model]) -> None:
        """Stand for ``target``."""
        theirs = target._meta
        self.proxy_for_model, self.pk, self.db_table = target, theirs.pk, theirs.db_table

    def setup_pk(self, field: Any) -> None:
        """Take ``field`` for the primary key, if it says so and there is none yet."""
        if field.primary_key and not self.pk:
            self.pk, field.serialize = field, False

    def can_migrate(self, connection: Any) -> bool:
        """Whether a database (a connection or an alias) can have the model's table."""
        if not self.managed or self.proxy or self.swapped:
            return False
        there = connections[connection] if isinstance(connection, str) else connection
        wanted = self.required_db_vendor
        return (
            wanted == there.vendor
            if wanted
            else all(
                getattr(there.features, feature, False) for feature in self.required_db_features
            )
        )

    # Managers

    @derived
    def managers(self) -> ImmutableList:
        """All managers, in the order of creation; a nearer class hides one of the same name."""
        found: dict[str, tuple[int, int, Any]] = {}
        bases = (base for base in self.model.mro() if hasattr(base, "_meta"))
        for depth, base in enumerate(bases):
            for manager in base._meta.local_managers:
                if manager.name not in found:
                    manager = copy.copy(manager)
                    manager.model = self.model
                    found[manager.name] = (depth, manager.creation_counter, manager)
        in_order = sorted(found.values(), key=lambda entry: entry[:2])
        return make_immutable_fields_list("managers", (entry[2] for entry in in_order))

    @derived
    def managers_map(self) -> dict[str, Any]:
        """The managers by name."""
        return {manager.name: manager for manager in self.managers}

    def _named_manager(self, option: str) -> Any:
        """Return the manager that ``Meta`` names by ``option``, or that of the first parent."""
        name = getattr(self, option)
        if not name:
            # Only the nearest parent may say so.
            for parent in self.model.mro()[1:]:
                if hasattr(parent, "_meta"):
                    wanted = getattr(parent._meta, option.removesuffix("_name"))
                    if wanted is not None and (
                        wanted.name != "_base_manager" or option.startswith("default")
                    ):
                        name = wanted.name
                    break
        if not name:
            return None
        try:
            return self.managers_map[name]
        except KeyError:
            raise ValueError(f"{self.object_name} has no manager named {name!r}") from None

    @derived
    def base_manager(self) -> Any:
        """The manager that follows relations: all rows, unless ``base_manager_name`` says."""
        manager = self._named_manager("base_manager_name")
        if manager is None:
            manager = Manager()
            manager.name = "_base_manager"
            manager.model = self.model
            manager.auto_created = True
        return manager

    @derived
    def default_manager(self) -> Any:
        """The manager that generic code uses: ``default_manager_name``, or the first."""
        if not self.default_manager_name and not self.local_managers:
            return self._named_manager("default_manager_name") or next(iter(self.managers), None)
        if self.default_manager_name:
            return self._named_manager("default_manager_name")
        return next(iter(self.managers), None)

    # Fields

    def _lineage(self, proxies: bool) -> Iterator[Options]:
        """Yield the options of all ancestors, then these: each once.

        Args:
            proxies: only follow the parents that have the same table.
        """
        seen: set[int] = set()

        def walk(options: Options) -> Iterator[Options]:
            for parent in options.parents:
                above = parent._meta
                if not proxies or above.concrete_model is self.concrete_model:
                    yield from walk(above)
            if id(options) not in seen:
                seen.add(id(options))
                yield options

        return walk(self)

    def _own_fields(self) -> Iterator[Any]:
        yield from self.local_fields
        yield from self.local_many_to_many
        yield from self.private_fields

    def _get_fields(
        self,
        forward: bool = True,
        reverse: bool = True,
        include_parents: bool = True,
        include_hidden: bool = False,
    ) -> ImmutableList:
        """Return fields of the model and its ancestors, relations from other models first."""
        if not forward and not reverse:
            raise TypeError("Fields can be forward, reverse or both, but not neither.")
        fields: list[Any] = []
        for options in self._lineage(proxies=not include_parents):
            if reverse and not options.proxy:
                for field in options._relation_tree:
                    relation = field.remote_field
                    # The link from this model to its parent is not a relation of the model's own.
                    elsewhere = options.concrete_model is not self.concrete_model
                    inherited_link = elsewhere and getattr(relation, "parent_link", False)
                    if (include_hidden or not relation.hidden) and not inherited_link:
                        fields.append(relation)
            if forward:
                fields += options.local_fields
                fields += options.local_many_to_many
        if forward:
            fields += self.private_fields
        return make_immutable_fields_list("get_fields()", fields)

    def get_fields(
        self, include_parents: bool = True, include_hidden: bool = False
    ) -> ImmutableList:
        """Return the fields of the model, and the relations from other models to it.

        Args:
            include_parents: also those of parent models.
            include_hidden: also those with ``hidden=True``.
        """
        key = (include_parents, include_hidden)
        cache = self._get_fields_cache
        if key not in cache:
            cache[key] = self._get_fields(
                include_parents=include_parents, include_hidden=include_hidden
            )
        return cache[key]

    @derived_reverse
    def _get_fields_cache(self) -> dict[tuple[bool, bool], ImmutableList]:
        return {}

    def get_field(self, field_name: str) -> Any:
        """Return a field, or a relation from another model, by name.

        Raises:
            FieldDoesNotExist: there is none.
        """
        field = self._forward_fields_map.get(field_name)
        if field is not None:
            return field
        if not self.apps.models_ready:
            raise FieldDoesNotExist(
                f"{self.object_name} has no field named '{field_name}'. The app cache isn't "
                "ready yet, so if this is an auto-created related field, it won't be available "
                "yet."
            )
        try:
            return self.fields_map[field_name]
        except KeyError:
            raise FieldDoesNotExist(
                f"{self.object_name} has no field named '{field_name}'"
            ) from None

    @derived
    def fields(self) -> ImmutableList:
        """The fields with a value of their own, those of parents first."""
        found = (field for options in self._lineage(False) for field in options.local_fields)
        return make_immutable_fields_list("fields", found)

    @derived
    def concrete_fields(self) -> ImmutableList:
        """The fields that have a column."""
        return make_immutable_fields_list(
            "concrete_fields", (field for field in self.fields if field.concrete)
        )

    @derived
    def local_concrete_fields(self) -> ImmutableList:
        """The fields that have a column in the model's own table."""
        return make_immutable_fields_list(
            "local_concrete_fields", (field for field in self.local_fields if field.concrete)
        )

    @derived
    def many_to_many(self) -> ImmutableList:
        """The many-to-many fields."""
        # Of the same fields that ``get_field()`` knows, each once under its name.
        found = (
            field
            for name, field in self._forward_fields_map.items()
            if field.many_to_many and field.name == name
        )
        return make_immutable_fields_list("many_to_many", found)

    @derived_reverse
    def related_objects(self) -> ImmutableList:
        """The relations from other models to this one."""
        relations = self._get_fields(forward=False, include_hidden=True)
        return make_immutable_fields_list(
            "related_objects",
            (each for each in relations if not each.hidden or each.field.many_to_many),
        )

    @derived
    def _forward_fields_map(self) -> dict[str, Any]:
        return self._by_name(self._get_fields(reverse=False))

    @derived_reverse
    def fields_map(self) -> dict[str, Any]:
        """The relations from other models, by name."""
        return self._by_name(self._get_fields(forward=False, include_hidden=True))

    @staticmethod
    def _by_name(fields: Iterable[Any]) -> dict[str, Any]:
        named: dict[str, Any] = {}
        for field in fields:
            named[field.name] = field
            # A relation also answers to the name of its column's attribute.
            if attname := getattr(field, "attname", None):
                named[attname] = field
        return named

    @property
    def _relation_tree(self) -> tuple[Any, ...]:
        """The fields of other models that point to this one."""
        tree = self.__dict__.get("_relation_tree")
        if tree is None:
            self._populate_directed_relation_graph()
            tree = self.__dict__.get("_relation_tree", EMPTY_RELATION_TREE)
        return tree

    def _populate_directed_relation_graph(self) -> Any:
        """Find the relations between all models, and give each model those that point to it."""
        # By label: a state of migrations may have replaced a class that others still point to.
        pointing: dict[str, list[Any]] = defaultdict(list)
        models = self.apps.get_models(include_auto_created=True)
        for model in models:
            # The fields of an abstract model are those of its children.
            if model._meta.abstract:
                continue
            for field in model._meta._own_fields():
                target = field.is_relation and field.related_model
                if target and not isinstance(target, str):
                    # A child's copy of a generic relation leaves its reverse name to the parent's.
                    copied = getattr(field, "mti_inherited", False)
                    if copied and not field.remote_field.hidden:
                        continue
                    concrete = field.remote_field.model._meta.concrete_model
                    if concrete is not None:
                        pointing[concrete._meta.label].append(field)
        for model in models:
            concrete = model._meta.concrete_model
            model._meta.__dict__["_relation_tree"] = pointing.get(
                concrete._meta.label, EMPTY_RELATION_TREE
            )
        return self.__dict__.get("_relation_tree", EMPTY_RELATION_TREE)

    def _expire_cache(self, forward: bool = True, reverse: bool = True) -> None:
        """Forget what was derived from the fields of this model, or of those that point to it."""
        own = self.__dict__
        if forward and not own.keys().isdisjoint(derived.forward):
            for name in derived.forward.intersection(own):
                del own[name]
        if reverse and not self.abstract:
            own.pop("_relation_tree", None)
            if not own.keys().isdisjoint(derived.reverse):
                for name in derived.reverse.intersection(own):
                    del own[name]
        _forget_trails()
        if forward and (model := getattr(self, "model", None)) is not None:
            _compiled.forget(model)

    # Primary keys and constraints

    @derived
    def pk_fields(self) -> list[Any]:
        """The fields that compose the primary key."""
        return composite.unnest([self.pk])

    @property
    def is_composite_pk(self) -> bool:
        """Whether the primary key is made of several fields."""
        return isinstance(self.pk, composite.CompositePrimaryKey)

    @derived
    def total_unique_constraints(self) -> list[Any]:
        """The unique constraints on fields that hold for every row."""
        return [
            constraint
            for constraint in self.constraints
            if isinstance(constraint, UniqueConstraint)
            and not constraint.condition
            and not constraint.contains_expressions
        ]

    @derived
    def db_returning_fields(self) -> list[Any]:
        """The fields whose values an ``INSERT`` gives back."""
        return [
            field
            for options in self._lineage(proxies=True)
            for field in options.local_fields
            if getattr(field, "db_returning", False)
        ]

    @derived
    def _property_names(self) -> frozenset[str]:
        """The names of the model's properties: constructors and lookups may set them."""
        seen = {name: each for cls in self.model.__mro__[::-1] for name, each in vars(cls).items()}
        return frozenset(name for name, each in seen.items() if isinstance(each, property))

    @derived
    def _non_pk_concrete_field_names(self) -> frozenset[str]:
        """The names of the fields that an update may name."""
        models = (self, *(parent._meta for parent in self.all_parents))
        key = {id(field) for each in models for field in composite.unnest([each.pk])}
        names: set[str] = set()
        for field in self.concrete_fields:
            if id(field) not in key:
                names |= {field.name, field.attname}
        return frozenset(names)

    @derived_reverse
    def _reverse_one_to_one_field_names(self) -> frozenset[str]:
        """The names of the one-to-one relations from other models."""
        return frozenset(field.name for field in self.related_objects if field.one_to_one)

    # Generated functions

    def row_loader(
        self, attnames: tuple[str, ...], fetch_mode: Any = FETCH_ONE
    ) -> Callable[[tuple[Any, ...], str], Model]:
        """Return ``load(row, using) -> instance`` for rows of exactly these attributes."""
        return _compiled.row_loader(self.model, attnames, fetch_mode)


from nuages.db.models import _compiled  # noqa: E402  (needs Options by name)
