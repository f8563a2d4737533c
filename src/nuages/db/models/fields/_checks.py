"""System checks of fields: generators of messages, listed by each field class in ``_field_checks``.

Manual: "System check framework", section "Model fields".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import Any

from nuages.core import checks
from nuages.core.checks import CheckMessage
from nuages.db import connections, router
from nuages.utils.choices import flatten_choices
from nuages.utils.functional import Promise

Messages = Iterator[CheckMessage]


def migrated_connections(field: Any, databases: Iterable[str]) -> Iterator[Any]:
    """Yield the connections among ``databases`` that hold the table of the field's model."""
    for alias in databases:
        if router.allow_migrate_model(alias, field.model):
            yield connections[alias]


def lacking(field: Any, databases: Iterable[str], feature: str) -> Iterator[Any]:
    """Yield the connections without ``feature``, unless the model says that it needs it."""
    for connection in migrated_connections(field, databases):
        excused = feature in field.model._meta.required_db_features
        if not excused and not getattr(connection.features, feature):
            yield connection


def name_is_usable(field: Any, **kwargs: Any) -> Messages:
    """E001-E003."""
    if field.name is None:
        return
    if field.name.endswith("_"):
        yield checks.Error(
            "Field names must not end with an underscore.", obj=field, id="fields.E001"
        )
    elif "__" in field.name:
        yield checks.Error('Field names must not contain "__".', obj=field, id="fields.E002")
    elif field.name == "pk":
        yield checks.Error(
            "'pk' is a reserved word that cannot be used as a field name.",
            obj=field,
            id="fields.E003",
        )


def _is_value(value: Any) -> bool:
    return isinstance(value, str | Promise) or not hasattr(value, "__iter__")


def _pair(item: Any) -> tuple[Any, Any] | None:
    if isinstance(item, str):
        return None
    try:
        first, second = item
    except (TypeError, ValueError):
        return None
    return first, second


def _is_choice(item: Any, is_value: Callable[[Any], bool]) -> bool:
    pair = _pair(item)
    return pair is not None and is_value(pair[0]) and _is_value(pair[1])


def _is_choice_or_group(item: Any, is_value: Callable[[Any], bool]) -> bool:
    pair = _pair(item)
    if pair is None:
        return False
    value, label = pair
    if is_value(value) and _is_value(label):
        return True
    # A group: its name, and choices.
    return _is_value(value) and all(_is_choice(each, is_value) for each in label)


def choices_are_pairs(field: Any, **kwargs: Any) -> Messages:
    """E004, E005, E009."""
    choices = field.choices
    if not choices:
        return
    if not hasattr(choices, "__iter__") or isinstance(choices, str | set | frozenset):
        yield checks.Error(
            "'choices' must be a mapping (e.g. a dictionary) or an ordered iterable "
            "(e.g. a list or tuple, but not a set).",
            obj=field,
            id="fields.E004",
        )
        return
    items = choices.items() if isinstance(choices, Mapping) else choices
    is_value = getattr(field, "_choices_is_value", _is_value)
    if not all(_is_choice_or_group(item, is_value) for item in items):
        yield checks.Error(
            "'choices' must be a mapping of actual values to human readable names or an "
            "iterable containing (actual value, human readable name) tuples.",
            obj=field,
            id="fields.E005",
        )
        return
    longest = max(
        (len(key) for key, _label in flatten_choices(choices) if isinstance(key, str)), default=0
    )
    if isinstance(field.max_length, int) and longest > field.max_length:
        yield checks.Error(
            "'max_length' is too small to fit the longest value in 'choices' "
            f"({longest} characters).",
            obj=field,
            id="fields.E009",
        )


def db_default_is_supported(field: Any, databases: Iterable[str] = (), **kwargs: Any) -> Messages:
    """E011, E012."""
    from nuages.db.models.expressions import Value

    default = field.db_default
    if not field.has_db_default() or isinstance(default, Value):
        return
    if not hasattr(default, "resolve_expression"):
        return
    for connection in migrated_connections(field, databases):
        features = connection.features
        excused = "supports_expression_defaults" in field.model._meta.required_db_features
        if not features.supports_expression_defaults:
            if not excused:
                yield checks.Error(
                    f"{connection.display_name} does not support default database values with "
                    "expressions (db_default).",
                    obj=field,
                    id="fields.E011",
                )
        elif not getattr(default, "allowed_default", False):
            yield checks.Error(
                f"{default} cannot be used in db_default.", obj=field, id="fields.E012"
            )


def db_index_is_boolean(field: Any, **kwargs: Any) -> Messages:
    """E006."""
    if field.db_index not in (None, True, False):
        yield checks.Error("'db_index' must be None, True or False.", obj=field, id="fields.E006")


def db_comment_is_supported(field: Any, databases: Iterable[str] = (), **kwargs: Any) -> Messages:
    """W163."""
    if not field.db_comment:
        return
    for connection in lacking(field, databases, "supports_comments"):
        yield checks.Warning(
            f"{connection.display_name} does not support comments on columns (db_comment).",
            obj=field,
            id="fields.W163",
        )


def primary_key_is_not_null(field: Any, **kwargs: Any) -> Messages:
    """E007."""
    if not (field.primary_key and field.null):
        return
    from nuages.db import connection

    if not connection.features.interprets_empty_strings_as_nulls:
        yield checks.Error(
            "Primary keys must not have null=True.",
            hint="Set null=False on the field, or remove primary_key=True argument.",
            obj=field,
            id="fields.E007",
        )


def backend_accepts_field(field: Any, databases: Iterable[str] = (), **kwargs: Any) -> Messages:
    """What the databases themselves say about the field."""
    for connection in migrated_connections(field, databases):
        yield from connection.validation.check_field(field)


def validators_are_callable(field: Any, **kwargs: Any) -> Messages:
    """E008."""
    for index, validator in enumerate(field.validators):
        if not callable(validator):
            yield checks.Error(
                "All 'validators' must be callable.",
                hint=(
                    f"validators[{index}] ({validator!r}) isn't a function or instance of a "
                    "validator class."
                ),
                obj=field,
                id="fields.E008",
            )


def field_type_is_current(field: Any, **kwargs: Any) -> Messages:
    """E9xx and W9xx: types of field that are gone, or going."""
    name = type(field).__name__
    stages = (
        (checks.Error, field.system_check_removed_details, "has been removed", "EXXX"),
        (checks.Warning, field.system_check_deprecated_details, "has been deprecated", "WXXX"),
    )
    for level, details, fate, number in stages:
        if details is not None:
            yield level(
                details.get(
                    "msg",
                    f"{name} {fate} except for support in historical migrations."
                    if level is checks.Error
                    else f"{name} {fate}.",
                ),
                hint=details.get("hint"),
                obj=field,
                id=details.get("id", f"fields.{number}"),
            )
            return


# Types of fields


def automatic_field_is_primary_key(field: Any, **kwargs: Any) -> Messages:
    """E100."""
    if not field.primary_key:
        yield checks.Error("AutoFields must set primary_key=True.", obj=field, id="fields.E100")


def max_length_is_positive(field: Any, databases: Iterable[str] = (), **kwargs: Any) -> Messages:
    """E120, E121."""
    limit = field.max_length
    if limit is None:
        from nuages.db import connection

        features = connection.features
        needed = "supports_unlimited_charfield"
        excused = needed in field.model._meta.required_db_features if _on_model(field) else False
        if not (excused or getattr(features, needed)):
            yield checks.Error(
                "CharFields must define a 'max_length' attribute.", obj=field, id="fields.E120"
            )
    elif not isinstance(limit, int) or isinstance(limit, bool) or limit <= 0:
        yield checks.Error("'max_length' must be a positive integer.", obj=field, id="fields.E121")


def _on_model(field: Any) -> bool:
    return getattr(field, "model", None) is not None


def max_length_is_not_for_numbers(field: Any, **kwargs: Any) -> Messages:
    """W122."""
    if field.max_length is not None:
        yield checks.Warning(
            f"'max_length' is ignored when used with {type(field).__name__}.",
            hint="Remove 'max_length' from field",
            obj=field,
            id="fields.W122",
        )


def decimal_has_precision(field: Any, databases: Iterable[str] = (), **kwargs: Any) -> Messages:
    """E130-E135."""
    places, digits = field.decimal_places, field.max_digits
    if places is None and digits is None:
        for _connection in lacking(field, databases, "supports_no_precision_decimalfield"):
            for name, number in (("decimal_places", 130), ("max_digits", 132)):
                yield checks.Error(
                    f"DecimalFields must define a '{name}' attribute.",
                    obj=field,
                    id=f"fields.E{number}",
                )
        return
    if places is None or digits is None:
        yield checks.Error(
            "DecimalField’s max_digits and decimal_places must both be defined or both omitted.",
            obj=field,
            id="fields.E135",
        )
        return

    def whole(value: Any, least: int) -> bool:
        try:
            return int(value) >= least
        except ValueError:
            return False

    if not (places_fit := whole(places, 0)):
        yield checks.Error(
            "'decimal_places' must be a non-negative integer.", obj=field, id="fields.E131"
        )
    if not (digits_fit := whole(digits, 1)):
        yield checks.Error("'max_digits' must be a positive integer.", obj=field, id="fields.E133")
    if places_fit and digits_fit and int(places) > int(digits):
        yield checks.Error(
            "'max_digits' must be greater or equal to 'decimal_places'.",
            obj=field,
            id="fields.E134",
        )


def path_field_allows_something(field: Any, **kwargs: Any) -> Messages:
    """E140."""
    if not (field.allow_files or field.allow_folders):
        yield checks.Error(
            "FilePathFields must have either 'allow_files' or 'allow_folders' set to True.",
            obj=field,
            id="fields.E140",
        )


def blank_address_is_null(field: Any, **kwargs: Any) -> Messages:
    """E150."""
    if field.blank and not field.null:
        yield checks.Error(
            "GenericIPAddressFields cannot have blank=True if null=False, as blank values are "
            "stored as nulls.",
            obj=field,
            id="fields.E150",
        )


def one_source_of_the_date(field: Any, **kwargs: Any) -> Messages:
    """E160, or W161."""
    if sum((bool(field.auto_now), bool(field.auto_now_add), field.has_default())) > 1:
        yield checks.Error(
            "The options auto_now, auto_now_add, and default are mutually exclusive. Only one "
            "of these options may be present.",
            obj=field,
            id="fields.E160",
        )
        return
    if field.has_default() and _is_about_now(field.default):
        yield checks.Warning(
            "Fixed default value provided.",
            hint=(
                "It seems you set a fixed date / time / datetime value as default for this "
                "field. This may not be what you want. If you want to have the current date as "
                "default, use `django.utils.timezone.now`"
            ),
            obj=field,
            id="fields.W161",
        )


def _is_about_now(value: Any) -> bool:
    # A default that is near the moment of the check was computed while the module was loaded.
    from nuages.utils import timezone

    utc = timezone.now().astimezone(UTC)
    nows = [datetime.now(), utc.replace(tzinfo=None)]
    match value:
        case datetime():
            if timezone.is_aware(value):
                return abs(value - utc) <= timedelta(seconds=10)
            moments = [value] * len(nows)
        case date():
            return any(abs(value - now.date()) <= timedelta(days=1) for now in nows)
        case time():
            if value.tzinfo is not None:
                nows = [utc.astimezone(value.tzinfo).replace(tzinfo=None)]
            moments = [datetime.combine(now.date(), value.replace(tzinfo=None)) for now in nows]
        case _:
            return False
    return any(
        abs(moment - now) <= timedelta(seconds=10)
        for moment, now in zip(moments, nows, strict=True)
    )


def binary_default_is_bytes(field: Any, **kwargs: Any) -> Messages:
    """E170."""
    if field.has_default() and isinstance(field.default, str):
        yield checks.Error(
            "BinaryField's default cannot be a string. Use bytes content instead.",
            obj=field,
            id="fields.E170",
        )


def collation_is_supported(field: Any, databases: Iterable[str] = (), **kwargs: Any) -> Messages:
    """E190."""
    if not field.db_collation:
        return
    kind = field._collated_type
    for connection in lacking(field, databases, f"supports_collation_on_{kind.lower()}"):
        yield checks.Error(
            f"{connection.display_name} does not support a database collation on {kind}s.",
            obj=field,
            id="fields.E190",
        )


def json_is_supported(field: Any, databases: Iterable[str] = (), **kwargs: Any) -> Messages:
    """E180."""
    for connection in migrated_connections(field, databases):
        needed = field.model._meta.required_db_vendor
        if needed and needed != connection.vendor:
            continue
        if not (
            "supports_json_field" in field.model._meta.required_db_features
            or connection.features.supports_json_field
        ):
            yield checks.Error(
                f"{connection.display_name} does not support JSONFields.",
                obj=field,
                id="fields.E180",
            )


def default_is_not_shared(field: Any, **kwargs: Any) -> Messages:
    """E010: a mutable default of a JSON, array or similar field."""
    if field.has_default() and field.default is not None and not callable(field.default):
        wanted, given = field._default_hint
        yield checks.Warning(
            f"{type(field).__name__} default should be a callable instead of an instance so that "
            "it's not shared between all field instances.",
            hint=f"Use a callable instead, e.g., use `{wanted}` instead of `{given}`.",
            obj=field,
            id="fields.E010",
        )


def upload_to_is_relative(field: Any, **kwargs: Any) -> Messages:
    """E202."""
    if isinstance(field.upload_to, str) and field.upload_to.startswith("/"):
        yield checks.Error(
            f"{type(field).__name__}'s 'upload_to' argument must be a relative path, not an "
            "absolute path.",
            hint="Remove the leading slash.",
            obj=field,
            id="fields.E202",
        )


def file_is_no_key(field: Any, **kwargs: Any) -> Messages:
    """E201."""
    if field._primary_key_set_explicitly:
        yield checks.Error(
            f"'primary_key' is not a valid argument for a {type(field).__name__}.",
            obj=field,
            id="fields.E201",
        )


def image_library_is_there(field: Any, **kwargs: Any) -> Messages:
    """E210."""
    try:
        from PIL import Image  # noqa: F401
    except ImportError:
        yield checks.Error(
            "Cannot use ImageField because Pillow is not installed.",
            hint=(
                "Get Pillow at https://pypi.org/project/Pillow/ or run command "
                '"python -m pip install Pillow".'
            ),
            obj=field,
            id="fields.E210",
        )


def generated_column_is_supported(
    field: Any, databases: Iterable[str] = (), **kwargs: Any
) -> Messages:
    """E220-E222."""
    needed = field.model._meta.required_db_features
    for connection in migrated_connections(field, databases):
        has = {
            kind: feature in needed or getattr(connection.features, feature)
            for kind, feature in (
                (True, "supports_stored_generated_columns"),
                (False, "supports_virtual_generated_columns"),
            )
        }
        name = connection.display_name
        if not any(has.values()):
            yield checks.Error(
                f"{name} does not support GeneratedFields.", obj=field, id="fields.E220"
            )
        if not has[bool(field.db_persist)]:
            kind, number = ("persisted", 222) if field.db_persist else ("non-persisted", 221)
            yield checks.Error(
                f"{name} does not support {kind} GeneratedFields.",
                hint=f"Set db_persist={not field.db_persist} on the field.",
                obj=field,
                id=f"fields.E{number}",
            )


def output_field_is_sound(field: Any, databases: Iterable[str] = (), **kwargs: Any) -> Messages:
    """E223, W224."""
    inner = field.output_field
    inner.model = field.model
    found = [
        message
        for message in inner.check(databases=databases)
        # The name is that of the generated field, which is checked by itself.
        if message.id not in ("fields.E001", "fields.E002", "fields.E003")
    ]
    kinds = (
        (checks.Error, "errors", "fields.E223", [m for m in found if m.is_serious()]),
        (checks.Warning, "warnings", "fields.W224", [m for m in found if not m.is_serious()]),
    )
    for level, word, number, messages in kinds:
        if messages:
            lines = "".join(f"\n    {m.msg} ({m.id})" for m in messages)
            yield level(f"GeneratedField.output_field has {word}:{lines}", obj=field, id=number)


def flatten(groups: Iterable[Iterable[CheckMessage]]) -> list[CheckMessage]:
    """Return one list of the messages of several checks."""
    return list(chain.from_iterable(groups))
