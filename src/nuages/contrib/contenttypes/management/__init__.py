"""Content types follow the models, after and during migrations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nuages.apps import apps as global_apps
from nuages.db import DEFAULT_DB_ALIAS, IntegrityError, router, transaction


def __getattr__(name: str) -> Any:
    # Migrations are loaded by those who migrate.
    if name == "RenameContentType":
        from nuages.contrib.contenttypes.management._renaming import RenameContentType

        return RenameContentType
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def inject_rename_contenttypes_operations(
    plan: Any = None,
    apps: Any = global_apps,
    using: str = DEFAULT_DB_ALIAS,
    **kwargs: Any,
) -> None:
    """Put the renaming of the content type after each renaming of a model in a plan."""
    try:
        content_type = apps.get_model("contenttypes", "ContentType")
    except LookupError:
        table_exists = False
    else:
        table_exists = router.allow_migrate_model(using, content_type)
    for migration, backward in plan or ():
        label = migration.app_label
        if (label, migration.name) == ("contenttypes", "0001_initial"):
            # There are no content types before it, or after it was undone.
            if backward:
                break
            table_exists = True
            continue
        if table_exists:
            migration.operations[:] = _with_renames(label, migration.operations)


def _with_renames(label: str, operations: list[Any]) -> Iterator[Any]:
    for operation, following in zip(operations, [*operations[1:], None], strict=False):
        yield operation
        from nuages.contrib.contenttypes.management._renaming import RenameContentType
        from nuages.db import migrations

        if isinstance(operation, migrations.RenameModel) and not isinstance(
            following, RenameContentType
        ):
            yield RenameContentType(label, operation.old_name_lower, operation.new_name_lower)


def get_contenttypes_and_models(
    app_config: Any, using: str, ContentType: Any
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the content types and the models of an application, each by model name.

    Both are None if the database is not for content types.
    """
    if not router.allow_migrate_model(using, ContentType):
        return None, None
    ContentType.objects.clear_cache()
    rows = ContentType.objects.using(using).filter(app_label=app_config.label)
    return (
        {ct.model: ct for ct in rows},
        {model._meta.model_name: model for model in app_config.get_models()},
    )


def create_contenttypes(
    app_config: Any,
    verbosity: int = 2,
    interactive: bool = True,
    using: str = DEFAULT_DB_ALIAS,
    apps: Any = global_apps,
    **kwargs: Any,
) -> None:
    """Create the content types that an application lacks."""
    label = app_config.label
    try:
        here = apps.get_app_config(label) if app_config.models_module else None
        content_type = apps.get_model("contenttypes", "ContentType")
    except LookupError:
        return
    if here is None:
        return
    known, models = get_contenttypes_and_models(here, using, content_type)
    names = [name for name in models or () if name not in (known or ())]
    if names:
        content_type.objects.using(using).bulk_create(
            [content_type(app_label=label, model=name) for name in names]
        )
    for name in names if verbosity >= 2 else ():
        print(f"Adding content type '{label} | {name}'")
