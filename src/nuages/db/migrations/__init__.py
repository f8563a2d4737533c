"""Migrations: the database follows the models. Manual: "Migrations"."""

from nuages.db.migrations.migration import Migration, swappable_dependency
from nuages.db.migrations.operations import *  # noqa: F403
