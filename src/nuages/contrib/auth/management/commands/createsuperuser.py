"""``manage.py createsuperuser``."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterator
from typing import Any

from nuages.contrib.auth import get_user_model
from nuages.contrib.auth.management import get_default_username
from nuages.contrib.auth.password_validation import validate_password
from nuages.core import exceptions
from nuages.core.management.base import BaseCommand, CommandError
from nuages.db import DEFAULT_DB_ALIAS, connections
from nuages.utils.text import capfirst

PASSWORD_FIELD = "password"

#: Begins the names of environment variables that give values.
_VARIABLE = "DJANGO_SUPERUSER_"


class NotRunningInTTYException(Exception):
    """There is nobody to ask."""


class Command(BaseCommand):
    """Creates a user who may do everything."""

    help = "Used to create a superuser."
    requires_migrations_checks = True
    stealth_options = ("stdin",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.UserModel = get_user_model()
        self.username_field = self._field(self.UserModel.USERNAME_FIELD)

    def _field(self, name: str) -> Any:
        return self.UserModel._meta.get_field(name)

    def _required(self) -> Iterator[Any]:
        return map(self._field, self.UserModel.REQUIRED_FIELDS)

    def add_arguments(self, parser: Any) -> None:
        """Declare an option for the user name and one for each required field.

        Raises:
            CommandError: a field cannot be given as an option.
        """
        parser.add_argument(
            f"--{self.UserModel.USERNAME_FIELD}",
            help="Specifies the login for the superuser.",
        )
        parser.add_argument(
            "--noinput",
            "--no-input",
            action="store_false",
            dest="interactive",
            help="Tells Django to NOT prompt the user for input of any kind. You must use "
            f"--{self.UserModel.USERNAME_FIELD} with --noinput, along with an option for any other "
            "required field. Superusers created with --noinput will not be able to log in until "
            "they're given a valid password.",
        )
        parser.add_argument(
            "--database",
            default=DEFAULT_DB_ALIAS,
            choices=tuple(connections),
            help='Specifies the database to use. Default is "default".',
        )
        for field in self._required():
            remote = field.remote_field
            if not field.many_to_many:
                parser.add_argument(
                    f"--{field.name}", help=f"Specifies the {field.name} for the superuser."
                )
                continue
            if remote.through and not remote.through._meta.auto_created:
                raise CommandError(
                    f"Required field '{field.name}' specifies a many-to-many relation through "
                    "model, which is not supported."
                )
            parser.add_argument(
                f"--{field.name}",
                action="append",
                help=f"Specifies the {field.name} for the superuser. Can be used multiple times.",
            )

    def execute(self, *args: Any, **options: Any) -> Any:
        """Run the command; ``stdin`` may be given."""
        self.stdin = options.get("stdin", sys.stdin)
        return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask for what is missing, and create the user."""
        values: dict[str, Any] = {PASSWORD_FIELD: None}
        wants_password = True
        try:
            self._field(PASSWORD_FIELD)
        except exceptions.FieldDoesNotExist:
            wants_password = False
            del values[PASSWORD_FIELD]
        self.database = options["database"]
        gather = self._ask_for if options["interactive"] else self._take
        try:
            gather(values, options, wants_password)
        except KeyboardInterrupt:
            self.stderr.write("\nOperation cancelled.")
            sys.exit(1)
        except exceptions.ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        except NotRunningInTTYException:
            self.stdout.write(
                "Superuser creation skipped due to not running in a TTY. You can run "
                "`manage.py createsuperuser` in your project to create one manually."
            )
            return
        self.UserModel._default_manager.db_manager(self.database).create_superuser(**values)
        if options["verbosity"] >= 1:
            self.stdout.write("Superuser created successfully.")

    # Without questions

    def _take(self, values: dict[str, Any], options: dict[str, Any], wants_password: bool) -> None:
        """Take values from options and environment."""
        given = {
            name.removeprefix(_VARIABLE).lower(): value
            for name, value in os.environ.items()
            if name.startswith(_VARIABLE)
        }
        if wants_password:
            values[PASSWORD_FIELD] = given.pop(PASSWORD_FIELD, None)
        for field in (self.username_field, *self._required()):
            value = options[field.name]
            if value is None:
                value = given.get(field.name)
                if value is not None and field.many_to_many:
                    value = value.split(",")
            if value is None:
                raise CommandError(f"You must use --{field.name} with --noinput.")
            if field is self.username_field and (problem := self._problem_with(value)):
                raise CommandError(problem)
            values[field.name] = self._cleaned(field, value)

    @staticmethod
    def _cleaned(field: Any, value: Any) -> Any:
        """Return a value, checked; keys for a relation."""
        if field.many_to_many:
            return [field.target_field.clean(key, None) for key in value]
        return field.clean(value, None)

    # With questions

    def _ask_for(
        self, values: dict[str, Any], options: dict[str, Any], wants_password: bool
    ) -> None:
        """Ask for all that the options do not say."""
        terminal = getattr(self.stdin, "isatty", None)
        if terminal is not None and not terminal():
            raise NotRunningInTTYException
        # The user as far as it is known, to compare the password with.
        known: dict[str, Any] = {}
        for field in (self.username_field, *self._required()):
            value = options[field.name]
            if field is self.username_field:
                value = self._username(value)
            elif value is not None:
                value = self._cleaned(field, value)
            while value is None:
                value = self.get_input_data(field, self._get_input_message(field))
            values[field.name] = value
            if field.many_to_one:
                known[field.name] = field.remote_field.model(value)
            elif not field.many_to_many:
                known[field.name] = value
        if wants_password:
            values[PASSWORD_FIELD] = self._password(known)

    def _username(self, given: Any) -> Any:
        """Return a name that is not taken."""
        default = get_default_username(database=self.database)
        if given == "":
            raise CommandError(self._problem_with(given))
        name = given
        while True:
            if name is None:
                message = self._get_input_message(self.username_field, default)
                name = self.get_input_data(self.username_field, message, default)
            problem = self._problem_with(name) if name else ""
            if problem:
                self.stderr.write(problem)
                name = None
            elif name:
                return name

    def _password(self, known: dict[str, Any]) -> str:
        """Return a password that was entered twice, and follows the rules or is wanted anyway."""
        while True:
            entered, again = getpass.getpass(), getpass.getpass("Password (again): ")
            problem = ""
            if entered != again:
                problem = "Error: Your passwords didn't match."
            elif not entered.strip():
                problem = "Error: Blank passwords aren't allowed."
            else:
                try:
                    validate_password(again, self.UserModel(**known))
                except exceptions.ValidationError as error:
                    problem = "\n".join(error.messages)
            if not problem:
                return entered
            self.stderr.write(problem)
            if not problem.startswith("Error:"):
                question = "Bypass password validation and create user anyway? [y/N]: "
                if input(question).lower() == "y":
                    return entered

    def get_input_data(self, field: Any, message: str, default: Any = None) -> Any:
        """Return what was entered, checked; None (after a message) if it is not valid."""
        entered: Any = input(message) or default or ""
        if field.many_to_many:
            entered = list(filter(None, map(str.strip, entered.split(","))))
        try:
            if entered == []:
                raise exceptions.ValidationError(field.error_messages["blank"], code="blank")
            return self._cleaned(field, entered)
        except exceptions.ValidationError as error:
            self.stderr.write(f"Error: {'; '.join(error.messages)}")
            return None

    def _get_input_message(self, field: Any, default: Any = None) -> str:
        hint = f" (leave blank to use '{default}')" if default else ""
        if field.remote_field:
            target = (
                field.m2m_target_field_name()
                if field.many_to_many
                else field.remote_field.field_name
            )
            hint += f" ({field.remote_field.model._meta.object_name}.{target})"
        return f"{capfirst(field.verbose_name)}{hint}: "

    def _problem_with(self, username: Any) -> str:
        """Return what is wrong with a name; an empty text if nothing is."""
        label = self.username_field.verbose_name
        if not username:
            return f"{capfirst(label)} cannot be blank."
        if self._must_be_unique():
            known = self.UserModel._default_manager.db_manager(self.database)
            lookup = {self.username_field.name: username}
            if hasattr(known, "get_by_natural_key") and known.filter(**lookup).exists():
                return f"Error: That {label} is already taken."
        try:
            self.username_field.clean(username, None)
        except exceptions.ValidationError as error:
            return "; ".join(error.messages)
        return ""

    def _must_be_unique(self) -> bool:
        return self.username_field.unique or any(
            constraint.fields == (self.username_field.name,)
            for constraint in self.UserModel._meta.total_unique_constraints
        )
