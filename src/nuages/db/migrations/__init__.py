"""Migrations: the database follows the models. Manual: "Migrations"."""

from nuages.db.migrations.migration import Migration as Migration
from nuages.db.migrations.migration import swappable_dependency as swappable_dependency
from nuages.db.migrations.operations import *  # noqa: F403
