"""Permissions of proxy models belong to the proxy's own content type."""

import sys
from typing import Any

from nuages.core.management.color import color_style
from nuages.db import IntegrityError, migrations, transaction
from nuages.db.models import Q

_ADVICE = """
    A problem arose migrating proxy model permissions for {old} to {new}.

      Permission(s) for {new} already existed.
      Codenames Q: {query}

    Audit the permissions of both: users and groups may hold them for {old} still.
"""


def _move_permissions(apps: Any, schema_editor: Any, to_concrete: bool) -> None:
    content_type = apps.get_model("contenttypes", "ContentType")
    permission = apps.get_model("auth", "Permission")
    using = schema_editor.connection.alias
    types = content_type.objects.db_manager(using)
    for model in apps.get_models():
        opts = model._meta
        if not opts.proxy:
            continue
        codenames = [f"{action}_{opts.model_name}" for action in opts.default_permissions]
        wanted = Q(codename__in=codenames)
        for codename, name in opts.permissions:
            wanted |= Q(codename=codename, name=name)
        of_concrete = types.get_for_model(model, for_concrete_model=True)
        of_proxy = types.get_for_model(model, for_concrete_model=False)
        old, new = (of_proxy, of_concrete) if to_concrete else (of_concrete, of_proxy)
        try:
            with transaction.atomic(using=using):
                permission.objects.using(using).filter(wanted, content_type=old).update(
                    content_type=new
                )
        except IntegrityError:
            message = _ADVICE.format(
                old=f"{old.app_label}_{old.model}", new=f"{new.app_label}_{new.model}", query=wanted
            )
            sys.stdout.write(color_style().WARNING(message))


def update_proxy_model_permissions(apps: Any, schema_editor: Any, reverse: bool = False) -> None:
    """Move the permissions of proxies to their content types (or back)."""
    _move_permissions(apps, schema_editor, to_concrete=reverse)


def revert_proxy_model_permissions(apps: Any, schema_editor: Any) -> None:
    """Move the permissions of proxies back."""
    _move_permissions(apps, schema_editor, to_concrete=True)


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0010_alter_group_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        migrations.RunPython(update_proxy_model_permissions, revert_proxy_model_permissions)
    ]
