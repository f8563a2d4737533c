"""System checks of relations: generators of messages, listed by each field class.

Manual: "System check framework", section "Related fields".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from nuages.core import checks
from nuages.core.checks import CheckMessage
from nuages.db import connections, router

type Messages = Iterator[CheckMessage]


def _error(field: Any, number: str, message: str, hint: str | None = None) -> CheckMessage:
    level = checks.Warning if number[0] == "W" else checks.Error
    return level(message, hint=hint, obj=field, id=f"fields.{number}")


def _target(field: Any) -> Any:
    """Return the model that is pointed to, ``None`` if it is not loaded."""
    model = field.remote_field.model
    return None if isinstance(model, str) else model


# All relations


def related_name_is_valid(field: Any, **kwargs: Any) -> Messages:
    """E306."""
    from keyword import iskeyword

    name = field.remote_field.related_name
    if name is None:
        return
    if not name.endswith("+") and (iskeyword(name) or not name.isidentifier()):
        yield _error(
            field,
            "E306",
            f"The name '{field.remote_field.related_name}' is invalid related_name for field "
            f"{field.model._meta.object_name}.{field.name}",
            "Related name must be a valid Python identifier or end with a '+'",
        )


def query_name_is_valid(field: Any, **kwargs: Any) -> Messages:
    """E308, E309."""
    if field.remote_field.hidden:
        return
    name = field.related_query_name()
    hint = "Add or change a related_name or related_query_name argument for this field."
    if name.endswith("_"):
        message = f"Reverse query name '{name}' must not end with an underscore."
        yield _error(field, "E308", message, hint)
    if "__" in name:
        yield _error(field, "E309", f"Reverse query name '{name}' must not contain '__'.", hint)


def target_is_there(field: Any, **kwargs: Any) -> Messages:
    """E300."""
    from nuages.db.models.base import ModelBase

    target = field.remote_field.model
    known = field.opts.apps.get_models(include_auto_created=True)
    if target in known:
        return
    name = target if isinstance(target, str) else target._meta.object_name
    through = isinstance(target, ModelBase) and target._meta.swapped
    if not through and (isinstance(target, str) or not target._meta.swapped):
        yield _error(
            field,
            "E300",
            f"Field defines a relation with model '{name}', which is either not installed, or is "
            "abstract.",
        )


def target_is_not_swapped(field: Any, **kwargs: Any) -> Messages:
    """E301."""
    target = _target(field)
    if target is None or not target._meta.swapped:
        return
    if target in field.opts.apps.get_models():
        return
    yield _error(
        field,
        "E301",
        f"Field defines a relation with the model '{target._meta.label}', which has been swapped "
        "out.",
        f"Update the relation to point at 'settings.{target._meta.swappable}'.",
    )


def no_name_clashes(field: Any, **kwargs: Any) -> Messages:
    """E302-E305, E348: the way back must not be called as something else is."""
    from nuages.db.models.base import ModelBase

    target = field.remote_field.model
    if not isinstance(target, ModelBase):
        return
    there, relation = target._meta, field.remote_field
    hidden = relation.hidden
    accessor, query = relation.get_accessor_name(), field.related_query_name()
    me = f"{field.opts.label}.{field.name}"
    # Names of the target's own fields: then its relations from elsewhere.
    for other in (*there.fields, *there.many_to_many):
        them = f"{there.label}.{other.name}"
        hint = (
            f"Rename field '{them}', or add/change a related_name argument to the definition for "
            f"field '{me}'."
        )
        if not hidden and other.name == accessor:
            yield _error(
                field,
                "E302",
                f"Reverse accessor '{there.object_name}.{accessor}' for '{me}' clashes with field "
                f"name '{them}'.",
                hint,
            )
        if other.name == query:
            yield _error(
                field,
                "E303",
                f"Reverse query name for '{me}' clashes with field name '{them}'.",
                hint,
            )
    for other in there.related_objects:
        if other.field is field:
            continue
        them = f"{other.related_model._meta.label}.{other.field.name}"
        hint = f"Add or change a related_name argument to the definition for '{me}' or '{them}'."
        if not hidden and other.get_accessor_name() == accessor:
            yield _error(
                field,
                "E304",
                f"Reverse accessor '{there.object_name}.{accessor}' for '{me}' clashes with "
                f"reverse accessor for '{them}'.",
                hint,
            )
        if other.get_accessor_name() == query:
            yield _error(
                field,
                "E305",
                f"Reverse query name for '{me}' clashes with reverse query name for '{them}'.",
                hint,
            )
    if not hidden and any(manager.name == accessor for manager in there.managers):
        yield _error(
            field,
            "E348",
            f"Related name '{accessor}' for '{me}' clashes with the name of a model manager.",
            "Rename the model manager or change the related_name argument in the definition for "
            f"field '{me}'.",
        )


def on_delete_levels_agree(field: Any, databases: Iterable[str] = (), **kwargs: Any) -> Messages:
    """E323: rows that the database deletes, Python cannot see going, and the reverse."""
    from nuages.db.models.deletion import DO_NOTHING, DatabaseOnDelete

    target = _target(field)
    on_delete = getattr(field.remote_field, "on_delete", None)
    if target is None or on_delete is None or on_delete is DO_NOTHING:
        return
    database = isinstance(on_delete, DatabaseOnDelete)
    levels = ("database-level", "Python-level")
    for model in (target, *target._meta.all_parents):
        for other in model._meta.local_fields:
            theirs = getattr(other.remote_field, "on_delete", None) if other.is_relation else None
            if theirs in (None, DO_NOTHING):
                continue
            if isinstance(theirs, DatabaseOnDelete) is not database:
                mine, others = levels if database else levels[::-1]
                yield _error(
                    field,
                    "E323",
                    f"Field specifies {mine} on_delete variant, but referenced model uses "
                    f"{others} variant.",
                    "Use either database or Python on_delete variants uniformly in the "
                    "references chain.",
                )
                return


ANY_RELATION = (
    related_name_is_valid,
    query_name_is_valid,
    target_is_there,
    target_is_not_swapped,
    no_name_clashes,
)


# Relations by columns


def target_fields_exist(field: Any, **kwargs: Any) -> Messages:
    """E312."""
    from nuages.core.exceptions import FieldDoesNotExist

    target = _target(field)
    if target is None:
        return
    for name in field.to_fields:
        if not name:
            continue
        try:
            target._meta.get_field(name)
        except FieldDoesNotExist:
            yield _error(
                field,
                "E312",
                f"The to_field '{name}' doesn't exist on the related model '{target._meta.label}'.",
            )


def key_is_single(field: Any, **kwargs: Any) -> Messages:
    """E347."""
    target = _target(field)
    if target is None or not target._meta.is_composite_pk:
        return
    if any(name in (None, target._meta.pk.name) for name in field.to_fields):
        yield _composite(field, target)


def _composite(field: Any, model: Any) -> CheckMessage:
    return _error(
        field,
        "E347",
        f"Field defines a relation involving model {model._meta.object_name!r} which has a "
        "CompositePrimaryKey and such relations are not supported.",
    )


def target_is_unique(field: Any, **kwargs: Any) -> Messages:
    """E310, E311."""
    if _target(field) is None:
        return
    from nuages.core.exceptions import FieldDoesNotExist
    from nuages.db.models.fields.composite import CompositePrimaryKey

    try:
        targets = field.foreign_related_fields
    except FieldDoesNotExist:
        return
    if not targets or not field.requires_unique_target:
        return
    if any(isinstance(each, CompositePrimaryKey) for each in targets):
        return
    model = field.remote_field.model._meta
    groups = [{each.name} for each in model.local_fields if each.unique]
    groups += [set(group) for group in model.unique_together]
    groups += [set(each.fields) for each in model.total_unique_constraints]
    if model.is_composite_pk:
        groups.append({each.name for each in model.pk_fields})
    names = {each.name for each in targets}
    if any(each.unique for each in targets) or any(
        names.issuperset(subset) for subset in groups if subset
    ):
        return
    if len(targets) > 1:
        listed = ", ".join(f"'{each.name}'" for each in targets)
        yield _error(
            field,
            "E310",
            f"No subset of the fields {listed} on model '{model.object_name}' is unique.",
            "Mark a single field as unique=True or add a set of fields to a unique constraint "
            "(via unique_together or a UniqueConstraint (without condition) in the model "
            "Meta.constraints).",
        )
    else:
        yield _error(
            field,
            "E311",
            f"'{model.object_name}.{targets[0].name}' must be unique because it is referenced by "
            "a foreign key.",
            "Add unique=True to this field or add a UniqueConstraint (without condition) in the "
            "model Meta.constraints.",
        )


FOREIGN_OBJECT = (target_fields_exist, key_is_single, target_is_unique)


def on_delete_is_possible(field: Any, databases: Iterable[str] = (), **kwargs: Any) -> Messages:
    """E320-E322, E324."""
    from nuages.db.models import deletion

    on_delete = field.remote_field.on_delete
    name = getattr(on_delete, "__name__", "")
    if on_delete in (deletion.SET_NULL, deletion.DB_SET_NULL) and not field.null:
        yield _error(
            field,
            "E320",
            f"Field specifies on_delete={name}, but cannot be null.",
            "Set null=True argument on the field, or change the on_delete rule.",
        )
    elif on_delete is deletion.SET_DEFAULT and not field.has_default():
        yield _error(
            field,
            "E321",
            "Field specifies on_delete=SET_DEFAULT, but has no default value.",
            "Set a default value, or change the on_delete rule.",
        )
    elif on_delete is deletion.DB_SET_DEFAULT and not field.has_db_default():
        yield _error(
            field,
            "E322",
            "Field specifies on_delete=DB_SET_DEFAULT, but has no db_default value.",
            "Set a db_default value, or change the on_delete rule.",
        )
    if not isinstance(on_delete, deletion.DatabaseOnDelete):
        return
    for alias in databases:
        connection = connections[alias]
        excused = on_delete.feature in field.model._meta.required_db_features
        if not router.allow_migrate_model(alias, field.model) or excused:
            continue
        if not getattr(connection.features, on_delete.feature):
            yield _error(
                field,
                "E324",
                f"{connection.display_name} does not support a {name}.",
                f"Change the on_delete rule to {name.removeprefix('DB_')}.",
            )


def unique_is_one_to_one(field: Any, **kwargs: Any) -> Messages:
    """W342."""
    from nuages.db.models.fields.related import ForeignKey

    if isinstance(field, ForeignKey) and field.many_to_one and field.unique:
        yield _error(
            field,
            "W342",
            "Setting unique=True on a ForeignKey has the same effect as using a OneToOneField.",
            "ForeignKey(unique=True) is usually better served by a OneToOneField.",
        )


FOREIGN_KEY = (on_delete_is_possible, unique_is_one_to_one, on_delete_levels_agree)


# Many-to-many


def not_unique(field: Any, **kwargs: Any) -> Messages:
    """E330."""
    if field.unique:
        yield _error(field, "E330", "ManyToManyFields cannot be unique.")


def no_idle_options(field: Any, **kwargs: Any) -> Messages:
    """W340, W341, W345, W346."""
    relation = field.remote_field
    idle = (
        (field.has_null_arg, "W340", "null has no effect on ManyToManyField."),
        (field._validators, "W341", "ManyToManyField does not support validators."),
        (
            relation.symmetrical and field._related_name,
            "W345",
            "related_name has no effect on ManyToManyField with a symmetrical relationship, e.g. "
            'to "self".',
        ),
        (field.db_comment, "W346", "db_comment has no effect on ManyToManyField."),
    )
    for given, number, message in idle:
        if given:
            yield _error(field, number, message)


def ends_have_single_keys(field: Any, from_model: Any = None, **kwargs: Any) -> Messages:
    """E347, for both ends."""
    for model in (_target(field), from_model):
        if model is not None and model._meta.is_composite_pk:
            yield _composite(field, model)
            return


def through_links_are_clear(field: Any, from_model: Any = None, **kwargs: Any) -> Messages:
    """E331, E333-E336."""
    from nuages.db.models.fields.related import resolve_relation

    relation = field.remote_field
    through = relation.through
    installed = field.opts.apps.get_models(include_auto_created=True)
    name = (
        through
        if isinstance(through, str)
        else getattr(getattr(through, "_meta", None), "object_name", None)
    )
    if through not in installed:
        yield _error(
            field,
            "E331",
            f"Field specifies a many-to-many relation through model '{name}', which has not been "
            "installed.",
        )
        return
    if from_model is None:
        raise AssertionError("check() of a many-to-many field needs from_model.")
    target = resolve_relation(from_model, relation.model)
    to_name = target if isinstance(target, str) else target._meta.object_name
    from_name = from_model._meta.object_name
    me = f"{field.opts.label}.{field.name}"
    used_by = f"The model is used as an intermediate model by '{me}', but it "
    links = [
        each.remote_field.model
        for each in through._meta.fields
        if getattr(each, "remote_field", None)
    ]
    if from_model == target:
        if links.count(from_model) > 2 and not relation.through_fields:
            yield checks.Error(
                f"{used_by}has more than two foreign keys to '{from_name}', which is ambiguous. "
                "You must specify which two foreign keys Django should use via the "
                "through_fields keyword argument.",
                hint="Use through_fields to specify which two foreign keys Django should use.",
                obj=through,
                id="fields.E333",
            )
        return
    away, back = links.count(target), links.count(from_model)
    recursive = (
        "If you want to create a recursive relationship, use "
        f'ManyToManyField("self", through="{name}").'
    )
    for count, number, word, end in (
        (back, "E334", "from", from_name),
        (away, "E335", "to", to_name),
    ):
        if count > 1 and not relation.through_fields:
            yield _error(
                field,
                number,
                f"{used_by}has more than one foreign key {word} '{end}', which is ambiguous. You "
                "must specify which foreign key Django should use via the through_fields keyword "
                "argument.",
                recursive,
            )
    if not (away and back):
        yield checks.Error(
            f"{used_by}does not have a foreign key to '{from_name}' or '{to_name}'.",
            obj=through,
            id="fields.E336",
        )


def through_fields_are_links(field: Any, from_model: Any = None, **kwargs: Any) -> Messages:
    """E337-E339."""
    from nuages.core.exceptions import FieldDoesNotExist

    relation = field.remote_field
    given = relation.through_fields
    if given is None:
        return
    through = relation.through
    if isinstance(through, str):
        return
    if len(given) < 2 or not (given[0] and given[1]):
        yield _error(
            field,
            "E337",
            "Field specifies 'through_fields' but does not provide the names of the two link "
            f"fields that should be used for the relation through model '{through._meta.label}'.",
            "Make sure you specify 'through_fields' as through_fields=('field1', 'field2')",
        )
        return
    for name, model in zip(given, (from_model, relation.model), strict=False):
        end = model if isinstance(model, str) else model._meta.object_name
        possible = [
            each.name
            for each in through._meta.fields
            if getattr(each, "remote_field", None) and each.remote_field.model == model
        ]
        hint = (
            f"Did you mean one of the following foreign keys to '{end}': {', '.join(possible)}?"
            if possible
            else None
        )
        try:
            link = through._meta.get_field(name)
        except FieldDoesNotExist:
            yield _error(
                field,
                "E338",
                f"The intermediary model '{through._meta.label}' has no field '{name}'.",
                hint,
            )
            continue
        if not (
            getattr(link, "remote_field", None)
            and getattr(link.remote_field, "model", None) == model
        ):
            yield _error(
                field,
                "E339",
                f"'{through._meta.object_name}.{name}' is not a foreign key to '{end}'.",
                hint,
            )


def table_is_its_own(field: Any, **kwargs: Any) -> Messages:
    """E340, W344."""
    through = field.remote_field.through
    if isinstance(through, str) or not through._meta.managed:
        return
    from nuages.conf import settings

    table = field.m2m_db_table()
    for model in field.opts.apps.get_models(include_auto_created=True):
        options = model._meta
        taken = options.db_table == table and not options.proxy and options.managed
        if not taken or model is through:
            continue
        if options.auto_created:
            other = next(
                each
                for each in options.auto_created._meta.local_many_to_many
                if each.remote_field.through is model
            )
            label = f"{options.auto_created._meta.label}.{other.name}"
        else:
            label = options.label
        # A through model shared on purpose.
        if (
            not through._meta.auto_created
            and through._meta.concrete_model is options.concrete_model
        ):
            continue
        clash = (
            f"The field's intermediary table '{table}' clashes with the table name of '{label}'."
        )
        if settings.DATABASE_ROUTERS:
            yield _error(
                field,
                "W344",
                clash,
                "You have configured settings.DATABASE_ROUTERS. Verify that the table of "
                f"'{label}' is correctly routed to a separate database.",
            )
        else:
            yield _error(field, "E340", clash)
        return


def links_and_ends_agree(field: Any, from_model: Any = None, **kwargs: Any) -> Messages:
    """E323, for tables between that are made automatically: their links are of Python's level."""
    from nuages.db.models.deletion import DatabaseOnDelete

    through = field.remote_field.through
    target = _target(field)
    if isinstance(through, str) or target is None or not through._meta.auto_created:
        return
    for model in dict.fromkeys((from_model, target)):
        for each in model._meta.local_fields if model is not None else ():
            on_delete = getattr(each.remote_field, "on_delete", None) if each.is_relation else None
            if isinstance(on_delete, DatabaseOnDelete):
                yield checks.Error(
                    "Field specifies database-level on_delete variant, but auto-created "
                    "intermediary model uses Python-level variant.",
                    hint=(
                        "Use either one of the Python on_delete variants or create a through "
                        f"model for {field.opts.label}.{field.name}."
                    ),
                    obj=each,
                    id="fields.E323",
                )


MANY_TO_MANY = (
    not_unique,
    ends_have_single_keys,
    through_links_are_clear,
    through_fields_are_links,
    no_idle_options,
    table_is_its_own,
    links_and_ends_agree,
)
