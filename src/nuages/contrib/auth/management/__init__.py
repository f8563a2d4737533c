"""Permissions follow the models, after migrations; names for new users."""

from __future__ import annotations

import sys
import unicodedata
from typing import Any

from nuages.apps import apps as global_apps
from nuages.contrib.auth import get_permission_codename
from nuages.contrib.contenttypes.management import create_contenttypes
from nuages.core import exceptions
from nuages.db import DEFAULT_DB_ALIAS, IntegrityError, router, transaction


def _get_all_permissions(opts: Any) -> list[tuple[str, str]]:
    """Return codename and name of each permission of a model."""
    return [*_get_builtin_permissions(opts), *opts.permissions]


def _get_builtin_permissions(opts: Any) -> list[tuple[str, str]]:
    """Return codename and name of each permission that a model has by itself."""
    return [
        (get_permission_codename(action, opts), f"Can {action} {opts.verbose_name_raw}")
        for action in opts.default_permissions
    ]


def _model(apps: Any, label: str) -> Any:
    try:
        return apps.get_model(label)
    except LookupError:
        return None


def create_permissions(
    app_config: Any,
    verbosity: int = 2,
    interactive: bool = True,
    using: str = DEFAULT_DB_ALIAS,
    apps: Any = global_apps,
    **kwargs: Any,
) -> None:
    """Create the permissions that the models of an application lack."""
    permission = _model(apps, "auth.Permission") if app_config.models_module else None
    if permission is None or not router.allow_migrate_model(using, permission):
        return
    # Receivers run in no certain order, and permissions hang on content types.
    options = {"verbosity": verbosity, "interactive": interactive, "using": using, "apps": apps}
    create_contenttypes(app_config, **options, **kwargs)
    content_type = _model(apps, "contenttypes.ContentType")
    try:
        models = list(apps.get_app_config(app_config.label).get_models())
    except LookupError:
        return
    if content_type is None:
        return
    types = content_type.objects.db_manager(using).get_for_models(
        *models, for_concrete_models=False
    )
    rows = permission.objects.using(using)
    known = {
        *rows.filter(content_type__in=set(types.values())).values_list("content_type", "codename")
    }
    missing = []
    for model, of_model in types.items():
        for codename, name in _get_all_permissions(model._meta):
            if (of_model.pk, codename) in known:
                continue
            made = permission(codename=codename, name=name)
            # Routers look at the databases of both when one is assigned to the other.
            made._state.db = using
            made.content_type = of_model
            missing.append(made)
    rows.bulk_create(missing)
    for made in missing if verbosity >= 2 else ():
        print(f"Adding permission '{made}'")


def rename_permissions_after_model_rename(
    app_config: Any,
    verbosity: int = 2,
    plan: Any = None,
    using: str = DEFAULT_DB_ALIAS,
    apps: Any = global_apps,
    stdout: Any = None,
    **kwargs: Any,
) -> None:
    """Let the permissions of renamed models follow, for the migrations of a plan.

    Raises:
        RuntimeError: the new permission exists already.
    """
    renamed = _renamed_models(app_config.label, plan or ())
    if not renamed:
        return
    try:
        permission = apps.get_model("auth", "Permission")
    except LookupError:
        return
    if not router.allow_migrate_model(using, permission):
        return
    out = sys.stdout if stdout is None else stdout
    for old, new in renamed.items():
        rows = permission.objects.using(using).filter(
            content_type__app_label=app_config.label,
            # The content type has followed already, where there is one.
            content_type__model__in=(old.lower(), new.lower()),
        )
        for action in permission._meta.default_permissions:
            before, after = f"{action}_{old.lower()}", f"{action}_{new.lower()}"
            for row in rows.filter(codename=before):
                _rename(row, after, f"Can {action} {new}", using, out)
                if verbosity >= 2:
                    out.write(f"Renamed permission(s): {app_config.label}.{before} → {after}\n")


def _renamed_models(label: str, plan: Any) -> dict[str, str]:
    """Return the names that models had before a plan, with those that they have after it."""
    from nuages.db import migrations

    renamed: dict[str, str] = {}
    for migration, backward in plan:
        if migration.app_label != label:
            continue
        steps = [
            (op.old_name, op.new_name)
            for op in migration.operations
            if isinstance(op, migrations.RenameModel)
        ]
        for old, new in ((new, old) for old, new in reversed(steps)) if backward else steps:
            first = next((before for before, after in renamed.items() if after == old), old)
            renamed[first] = new
    return {old: new for old, new in renamed.items() if old != new}


def _rename(row: Any, codename: str, name: str, using: str, out: Any) -> None:
    before = row.codename
    row.codename, row.name = codename, name
    try:
        with transaction.atomic(using=using):
            row.save(using=using, update_fields=["codename", "name"])
    except IntegrityError as error:
        message = (
            f"Failed to rename permission {row.pk} from '{before}' to '{codename}'. Please "
            "resolve the conflict manually."
        )
        out.write(f"{message}\n")
        raise RuntimeError(message) from error


def get_system_username() -> str:
    """Return who the operating system says we are; an empty text if it does not."""
    try:
        from getpass import getuser

        return getuser()
    except (ImportError, KeyError, OSError):
        # Without environment variables it depends on the platform which of them it is.
        return ""


def get_default_username(check_db: bool = True, database: str = DEFAULT_DB_ALIAS) -> str:
    """Return a name to propose for a new user; an empty text if there is none.

    Args:
        check_db: propose no name that is taken.
        database: where.
    """
    # Another application may stand in for users.
    from nuages.contrib.auth.models import User

    if User._meta.swapped:
        return ""
    letters = unicodedata.normalize("NFKD", get_system_username())
    name = letters.encode("ascii", "ignore").decode("ascii").replace(" ", "").lower()
    try:
        User._meta.get_field("username").run_validators(name)
    except exceptions.ValidationError:
        name = ""
    known = User._default_manager.db_manager(database)
    taken = bool(check_db and name) and known.filter(username=name).exists()
    return "" if taken else name
