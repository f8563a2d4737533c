"""System checks of models: generators of messages. Manual: "System check framework", "Models"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from nuages.core import checks
from nuages.core.checks import CheckMessage
from nuages.core.exceptions import FieldDoesNotExist
from nuages.db import connections, router
from nuages.db.models.constants import LOOKUP_SEP

type Messages = Iterator[CheckMessage]


def _error(obj: Any, number: str, message: str, hint: str | None = None) -> CheckMessage:
    level = checks.Warning if number[0] == "W" else checks.Error
    return level(message, hint=hint, obj=obj, id=f"models.{number}")


_NAME_CLASHES = ("models.E004", "models.E005", "models.E006")


def check_model(model: Any, **kwargs: Any) -> Messages:
    """Yield all messages about ``model``."""
    databases = kwargs["databases"] = kwargs.get("databases") or ()
    options = model._meta
    yield from swappable_setting(model)
    yield from proxy_has_no_fields(model)
    for manager in options.managers:
        yield from manager.check(**kwargs)
    if options.swapped:
        return
    for field in options.local_fields:
        yield from field.check(**kwargs)
    for field in options.local_many_to_many:
        yield from field.check(from_model=model, **kwargs)
    yield from no_twin_relations(model)
    yield from column_names_fit(model, databases)
    found = [
        *id_is_primary_key(model),
        *fields_do_not_clash(model),
        *name_is_no_lookup(model),
        *properties_hide_no_accessor(model),
        *one_primary_key(model),
        *composite_key_is_sound(model),
    ]
    yield from found
    # Columns that clash because fields do, are no news.
    if not any(message.id in _NAME_CLASHES for message in found):
        yield from columns_do_not_clash(model)
    yield from unique_together_is_sound(model)
    yield from each_on_databases(model, "indexes", databases)
    yield from ordering_is_sound(model)
    yield from each_on_databases(model, "constraints", databases)
    yield from table_comment_is_supported(model, databases)
    yield from one_level_of_on_delete(model)


def swappable_setting(model: Any) -> Messages:
    """E001, E002."""
    from nuages.apps import apps

    replacement = model._meta.swapped
    if not replacement:
        return
    setting = model._meta.swappable
    try:
        apps.get_model(replacement)
    except ValueError:
        yield checks.Error(
            f"'{setting}' is not of the form 'app_label.app_name'.", id="models.E001"
        )
    except LookupError:
        label, name = replacement.split(".")
        yield checks.Error(
            f"'{setting}' references '{label}.{name}', which has not been installed, or is "
            "abstract.",
            id="models.E002",
        )


def proxy_has_no_fields(model: Any) -> Messages:
    """E017."""
    options = model._meta
    if options.proxy and (options.local_fields or options.local_many_to_many):
        yield checks.Error(
            f"Proxy model '{model.__name__}' contains model fields.", id="models.E017"
        )


def no_twin_relations(model: Any) -> Messages:
    """E003."""
    seen = set()
    for field in model._meta.local_many_to_many:
        relation = field.remote_field
        through = relation.through
        if isinstance(through, str) or through is None or through._meta.auto_created:
            continue
        signature = (relation.model, model, through, tuple(relation.through_fields or ()))
        if signature in seen:
            yield _error(
                model,
                "E003",
                "The model has two identical many-to-many relations through the intermediate "
                f"model '{through._meta.label}'.",
            )
        seen.add(signature)


def id_is_primary_key(model: Any) -> Messages:
    """E004."""
    for field in model._meta.local_fields:
        own_id = field.name == "id" and not field.primary_key
        if own_id and model._meta.pk and model._meta.pk.name == "id":
            yield _error(
                model,
                "E004",
                "'id' can only be used as a field name if the field also sets 'primary_key=True'.",
            )
            return


def fields_do_not_clash(model: Any) -> Messages:
    """E005, E006."""
    options = model._meta
    inherited: dict[str, Any] = {}
    for parent in options.all_parents:
        for field in parent._meta.local_fields:
            for name in (field.name, field.attname):
                clash = inherited.get(name)
                if clash is not None and clash is not field:
                    yield _error(
                        model,
                        "E005",
                        f"The field '{clash.name}' from parent model '{clash.model._meta}' "
                        f"clashes with the field '{field.name}' from parent model "
                        f"'{field.model._meta}'.",
                    )
                    break
            else:
                inherited[field.name] = inherited[field.attname] = field
    # Fields that are reached by multi-table inheritance from several sides are one field.
    for parent in options.all_parents:
        for field in parent._meta.get_fields():
            inherited.setdefault(field.name, field)
    used = dict(inherited)
    # In a diamond a link is not even added: an inherited attribute has its name.
    links = [link for link in options.parents.values() if link and link not in options.local_fields]
    for field, culprit in [(link, model) for link in links] + [
        (field, field) for field in options.local_fields
    ]:
        clash = used.get(field.name) or used.get(getattr(field, "attname", ""))
        # Of two fields "id" of one model another check speaks.
        two_ids = clash and field.name == clash.name == "id" and clash.model is model
        if clash and not two_ids:
            yield _error(
                culprit,
                "E006",
                f"The field '{field.name}' clashes with the field '{clash.name}' from model "
                f"'{clash.model._meta}'.",
            )
        used[field.name] = used[getattr(field, "attname", field.name)] = field


def columns_do_not_clash(model: Any) -> Messages:
    """E007."""
    seen = set()
    for field in model._meta.local_fields:
        _attname, column = field.get_attname_column()
        if column and column in seen:
            yield _error(
                model,
                "E007",
                f"Field '{field.name}' has column name '{column}' that is used by another field.",
                "Specify a 'db_column' for the field.",
            )
        seen.add(column)


def name_is_no_lookup(model: Any) -> Messages:
    """E023, E024."""
    name = model.__name__
    why = "as it collides with the query lookup syntax."
    if name.startswith("_") or name.endswith("_"):
        message = f"The model name '{name}' cannot start or end with an underscore {why}"
        yield _error(model, "E023", message)
    elif LOOKUP_SEP in name:
        message = f"The model name '{name}' cannot contain double underscores {why}"
        yield _error(model, "E024", message)


def properties_hide_no_accessor(model: Any) -> Messages:
    """E025."""
    properties = model._meta._property_names
    accessors = (
        field.get_attname()
        for field in model._meta._get_fields(reverse=False)
        if field.is_relation and field.related_model is not None and hasattr(field, "get_attname")
    )
    for accessor in accessors:
        if accessor in properties:
            yield _error(
                model,
                "E025",
                f"The property '{accessor}' clashes with a related field accessor.",
            )


def one_primary_key(model: Any) -> Messages:
    """E026."""
    if sum(1 for field in model._meta.local_fields if field.primary_key) > 1:
        yield _error(
            model, "E026", "The model cannot have more than one field with 'primary_key=True'."
        )


def composite_key_is_sound(model: Any) -> Messages:
    """E042."""
    options = model._meta
    if not options.is_composite_pk or options.proxy:
        return
    seen: dict[Any, str] = {}
    for name in options.pk.field_names:
        why = _unfit_for_key(model, name, seen)
        if why:
            yield _error(
                model, "E042", f"{name!r} cannot be included in the composite primary key.", why
            )


def _unfit_for_key(model: Any, name: str, seen: dict[Any, str]) -> str | None:
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return f"{name!r} is not a valid field."
    if not getattr(field, "column", None):
        return f"{name!r} field has no column."
    if field.null:
        return f"{name!r} field may not set 'null=True'."
    if field.generated:
        return f"{name!r} field is a generated field."
    if field not in model._meta.local_fields:
        return f"{name!r} field is not a local field."
    if field in seen:
        return f"{name!r} and {seen[field]!r} are the same fields."
    seen[field] = name
    return None


def local_field_messages(model: Any, names: Iterable[str], option: str) -> Messages:
    """Yield E012, E013, E016, E048, E049: what keeps ``names`` out of ``option``."""
    from nuages.db.models.fields.composite import CompositePrimaryKey
    from nuages.db.models.fields.related import ForeignKey, ForeignObject, ManyToManyRel

    options = model._meta
    forward: dict[str, Any] = {}
    for field in options._get_fields(reverse=False):
        forward[field.name] = field
        if hasattr(field, "attname"):
            forward[field.attname] = field
    for name in names:
        field = forward.get(name)
        what = f"'{option}' refers to "
        if field is None:
            yield _error(model, "E012", f"{what}the nonexistent field '{name}'.")
        elif isinstance(field.remote_field, ManyToManyRel):
            yield _error(
                model,
                "E013",
                f"{what}a ManyToManyField '{name}', but ManyToManyFields are not permitted in "
                f"'{option}'.",
            )
        elif isinstance(field, CompositePrimaryKey):
            yield _error(
                model,
                "E048",
                f"{what}a CompositePrimaryKey '{name}', but CompositePrimaryKeys are not "
                f"permitted in '{option}'.",
            )
        elif (
            isinstance(field, ForeignObject)
            and not isinstance(field, ForeignKey)
            and len([*field.from_fields]) > 1
        ):
            yield _error(
                model,
                "E049",
                f"{what}a ForeignObject '{name}' with multiple 'from_fields', which is not "
                "supported for that option.",
            )
        elif field not in options.local_fields:
            yield _error(
                model,
                "E016",
                f"{what}field '{field.name}' which is not local to model '{options.object_name}'.",
                "This issue may be caused by multi-table inheritance.",
            )


def unique_together_is_sound(model: Any) -> Messages:
    """E010, E011, and what keeps fields out."""
    groups = model._meta.unique_together
    if not isinstance(groups, tuple | list):
        yield _error(model, "E010", "'unique_together' must be a list or tuple.")
    elif not all(isinstance(group, tuple | list) for group in groups):
        yield _error(model, "E011", "All 'unique_together' elements must be lists or tuples.")
    else:
        for group in groups:
            yield from local_field_messages(model, group, "unique_together")


def each_on_databases(model: Any, option: str, databases: Iterable[str]) -> Messages:
    """What indexes or constraints say of themselves."""
    for alias in databases:
        if router.allow_migrate_model(alias, model):
            for each in getattr(model._meta, option):
                yield from each.check(model, connections[alias])


def ordering_is_sound(model: Any) -> Messages:
    """E014, E015, E021."""
    options = model._meta
    if options._ordering_clash:
        yield _error(
            model, "E021", "'ordering' and 'order_with_respect_to' cannot be used together."
        )
        return
    if options.order_with_respect_to or not options.ordering:
        return
    if not isinstance(options.ordering, list | tuple):
        yield _error(
            model,
            "E014",
            "'ordering' must be a tuple or list (even if you want to order by only one field).",
        )
        return
    known = {"pk"}
    for field in options.fields:
        known |= {field.name, field.attname}
    known |= {relation.field.related_query_name() for relation in options.related_objects}
    for entry in options.ordering:
        # Expressions are resolved by the query; "?" is chance.
        if not isinstance(entry, str) or entry == "?":
            continue
        path = entry.removeprefix("-")
        steps = path.split(LOOKUP_SEP)
        fits = path in known if len(steps) == 1 else _path_exists(model, steps)
        if not fits:
            yield _error(
                model,
                "E015",
                f"'ordering' refers to the nonexistent field, related field, or lookup '{path}'.",
            )


def _path_exists(model: Any, steps: list[str]) -> bool:
    here, field = model, None
    for step in steps:
        try:
            field = here._meta.pk if step == "pk" else here._meta.get_field(step)
        except (FieldDoesNotExist, AttributeError):
            return field is not None and bool(field.get_transform(step) or field.get_lookup(step))
        # After a field that is no relation come transforms.
        here = field.path_infos[-1].to_opts.model if field.is_relation else None
    return True


def column_names_fit(model: Any, databases: Iterable[str]) -> Messages:
    """E018, E019: column names that a database would truncate."""
    limit, limited = None, None
    for alias in databases:
        if router.allow_migrate_model(alias, model):
            connection = connections[alias]
            length = connection.ops.max_name_length()
            short = length is not None and not connection.features.truncates_names
            if short and (limit is None or length < limit):
                limit, limited = length, alias
    if limit is None:
        return
    tail = f'Maximum length is "{limit}" for database "{limited}".'
    for field in model._meta.local_fields:
        _attname, column = field.get_attname_column()
        if field.db_column is None and column is not None and len(column) > limit:
            yield _error(
                model,
                "E018",
                f'Autogenerated column name too long for field "{column}". {tail}',
                "Set the column name manually using 'db_column'.",
            )
    for field in model._meta.local_many_to_many:
        through = field.remote_field.through
        if isinstance(through, str):
            continue
        for link in through._meta.local_fields:
            _attname, column = link.get_attname_column()
            if link.db_column is None and column is not None and len(column) > limit:
                yield _error(
                    model,
                    "E019",
                    f'Autogenerated column name too long for M2M field "{column}". {tail}',
                    "Use 'through' to create a separate model for M2M and then set column_name "
                    "using 'db_column'.",
                )


def table_comment_is_supported(model: Any, databases: Iterable[str]) -> Messages:
    """W046."""
    options = model._meta
    if not options.db_table_comment or "supports_comments" in options.required_db_features:
        return
    for alias in databases:
        connection = connections[alias]
        if router.allow_migrate_model(alias, model) and not connection.features.supports_comments:
            yield _error(
                model,
                "W046",
                f"{connection.display_name} does not support comments on tables "
                "(db_table_comment).",
            )


def one_level_of_on_delete(model: Any) -> Messages:
    """E050."""
    from nuages.db.models.deletion import DO_NOTHING, DatabaseOnDelete

    levels = Counter(
        isinstance(field.remote_field.on_delete, DatabaseOnDelete)
        for field in model._meta.fields
        if field.is_relation
        and getattr(field.remote_field, "on_delete", None) not in (None, DO_NOTHING)
    )
    if len(levels) > 1:
        yield _error(
            model,
            "E050",
            "The model cannot have related fields with both database-level and Python-level "
            "on_delete variants.",
        )
