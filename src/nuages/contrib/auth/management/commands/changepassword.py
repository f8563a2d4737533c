"""``manage.py changepassword``."""

from __future__ import annotations

import getpass
from typing import Any

from nuages.contrib.auth import get_user_model
from nuages.contrib.auth.password_validation import validate_password
from nuages.core.exceptions import ValidationError
from nuages.core.management.base import BaseCommand, CommandError
from nuages.db import DEFAULT_DB_ALIAS, connections

UserModel = get_user_model()

#: How often a password may be entered wrongly.
MAX_TRIES = 3


class Command(BaseCommand):
    """Sets the password of a user."""

    help = "Change a user's password for django.contrib.auth."
    requires_migrations_checks = True
    requires_system_checks: Any = []

    def _get_pass(self, prompt: str = "Password: ") -> str:
        entered = getpass.getpass(prompt=prompt)
        if entered:
            return entered
        raise CommandError("aborted")

    def add_arguments(self, parser: Any) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "username",
            nargs="?",
            help="Username to change password for; by default, it's the current username.",
        )
        parser.add_argument(
            "--database",
            default=DEFAULT_DB_ALIAS,
            choices=tuple(connections),
            help='Specifies the database to use. Default is "default".',
        )

    def handle(self, *args: Any, **options: Any) -> str:
        """Ask for the password, and set it."""
        name = options["username"] or getpass.getuser()
        try:
            user = UserModel._default_manager.using(options["database"]).get(
                **{UserModel.USERNAME_FIELD: name}
            )
        except UserModel.DoesNotExist:
            raise CommandError(f"user '{name}' does not exist") from None
        self.stdout.write(f"Changing password for user '{user}'")
        for _ in range(MAX_TRIES):
            password = self._entered_twice(user)
            if password is not None:
                user.set_password(password)
                user.save()
                return f"Password changed successfully for user '{user}'"
        raise CommandError(f"Aborting password change for user '{user}' after {MAX_TRIES} attempts")

    def _entered_twice(self, user: Any) -> str | None:
        """Return a password that was entered twice and follows the rules; None otherwise."""
        first, second = self._get_pass(), self._get_pass("Password (again): ")
        if first != second:
            self.stdout.write("Passwords do not match. Please try again.")
            return None
        try:
            validate_password(second, user)
        except ValidationError as error:
            self.stderr.write("\n".join(error.messages))
            return None
        return first
