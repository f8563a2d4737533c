"""A first site, after migrations."""

from __future__ import annotations

from typing import Any

from nuages.apps import apps as global_apps
from nuages.conf import settings
from nuages.core.management.color import no_style
from nuages.db import DEFAULT_DB_ALIAS, connections, router


def create_default_site(
    app_config: Any,
    verbosity: int = 2,
    interactive: bool = True,
    using: str = DEFAULT_DB_ALIAS,
    apps: Any = global_apps,
    **kwargs: Any,
) -> None:
    """Create the site ``example.com`` if there is none."""
    try:
        site = apps.get_model("sites", "Site")
    except LookupError:
        return
    if not router.allow_migrate_model(using, site) or site.objects.using(using).exists():
        return
    if verbosity >= 2:
        print("Creating example.com Site object")
    # With the key that the settings want, so that the project works at once.
    site(pk=getattr(settings, "SITE_ID", 1), domain="example.com", name="example.com").save(
        using=using
    )
    # The key was given, so the sequence that makes keys does not know of it.
    connection = connections[using]
    statements = connection.ops.sequence_reset_sql(no_style(), [site])
    if statements:
        if verbosity >= 2:
            print("Resetting sequence")
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
