"""What ``makemigrations`` asks."""

from __future__ import annotations

import contextlib
import datetime
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from nuages.apps import apps
from nuages.db.migrations.loader import MigrationLoader
from nuages.db.models.fields import NOT_PROVIDED
from nuages.utils import timezone


class MigrationQuestioner:
    """Answers all questions with what it was given, or with no.

    Args:
        defaults: answers by the name of the question.
        specified_apps: labels of applications that may get their first migration.
        dry_run: whether nothing will be written.
    """

    def __init__(
        self,
        defaults: dict[str, Any] | None = None,
        specified_apps: set[str] | None = None,
        dry_run: bool | None = None,
    ) -> None:
        self.defaults, self.dry_run = defaults or {}, dry_run
        self.specified_apps = specified_apps or set()

    def _default(self, question: str) -> bool:
        return bool(self.defaults.get(question))

    def ask_initial(self, app_label: str) -> bool:
        """Whether an application gets its first migration: if it has the package for it."""
        if app_label in self.specified_apps:
            return True
        module = None
        with contextlib.suppress(LookupError, ImportError):
            apps.get_app_config(app_label)
            name, _ = MigrationLoader.migrations_module(app_label)
            module = importlib.import_module(name) if name else None
        if module is None:
            return self._default("ask_initial")
        if filename := getattr(module, "__file__", None):
            files = set(os.listdir(os.path.dirname(filename)))
        elif len(folders := list(getattr(module, "__path__", ()))) == 1:
            files = set(os.listdir(folders[0]))
        else:
            return False
        return not any(name.endswith(".py") and name != "__init__.py" for name in files)

    def ask_not_null_addition(self, field_name: str, model_name: str) -> Any:
        """The value for rows that are there, for a new column that may not be NULL."""
        return None

    def ask_not_null_alteration(self, field_name: str, model_name: str) -> Any:
        """The value for rows with NULL, for a column that may not be NULL any more."""
        return None

    def ask_rename(
        self, model_name: str, old_name: str, new_name: str, field_instance: Any
    ) -> bool:
        """Whether a field was renamed."""
        return self._default("ask_rename")

    def ask_merge(self, app_label: str) -> bool:
        """Whether branches are to be merged."""
        return self._default("ask_merge")

    def ask_rename_model(self, old_model_state: Any, new_model_state: Any) -> bool:
        """Whether a model was renamed."""
        return self._default("ask_rename_model")

    def ask_unique_callable_default_addition(self, field_name: str, model_name: str) -> Any:
        """Called for a new unique column whose default is computed once for all rows."""
        return None

    def ask_auto_now_add_addition(self, field_name: str, model_name: str) -> Any:
        """The value for rows that are there, for a new column with the time of creation."""
        return None


class InteractiveMigrationQuestioner(MigrationQuestioner):
    """Asks on the terminal."""

    def __init__(self, *args: Any, prompt_output: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        from nuages.core.management.base import OutputWrapper

        self.prompt_output = prompt_output or OutputWrapper(sys.stdout)

    def _say(self, text: str, ending: str | None = None) -> None:
        self.prompt_output.write(text, ending=ending)

    def _cancel(self) -> NoReturn:
        self._say("\nCancelled.")
        sys.exit(1)

    def _read(self, prompt: str) -> str:
        self._say(prompt, ending="")
        try:
            return str(input()).strip()
        except KeyboardInterrupt:
            self._cancel()

    def _boolean_input(self, question: str, default: bool | None = None) -> bool:
        answer = self._read(f"{question} ")
        if not answer and default is not None:
            return default
        while answer[:1].lower() not in ("y", "n") or not answer:
            answer = self._read("Please answer yes or no: ")
        return answer[0].lower() == "y"

    def _choice_input(self, question: str, choices: Sequence[str]) -> int:
        self._say(question)
        for number, choice in enumerate(choices, 1):
            self._say(f" {number}) {choice}")
        prompt = "Select an option: "
        while True:
            answer = self._read(prompt)
            if answer.isdigit() and 0 < int(answer) <= len(choices):
                return int(answer)
            prompt = "Please select a valid option: "

    def _ask_default(self, default: str = "") -> Any:
        """Ask for a Python expression and return its value."""
        self._say("Please enter the default value as valid Python.")
        if default:
            self._say(
                f"Accept the default '{default}' by pressing 'Enter' or provide another value."
            )
        self._say(
            "The datetime and django.utils.timezone modules are available, so it is possible to "
            "provide e.g. timezone.now as a value."
        )
        self._say("Type 'exit' to exit this prompt")
        while True:
            code = self._read(f"[default: {default}] >>> " if default else ">>> ") or default
            if not code:
                self._say("Please enter some code, or 'exit' (without quotes) to exit.")
            elif code == "exit":
                sys.exit(1)
            else:
                try:
                    # The developer's own words, on the developer's own terminal.
                    return eval(code, {}, {"datetime": datetime, "timezone": timezone})
                except Exception as error:
                    self._say(f"{type(error).__name__}: {error}")

    def _default_or_quit(
        self, question: str, choices: Sequence[str], ask: Callable[[], Any]
    ) -> Any:
        """Offer to give a value now, and to quit."""
        choice = self._choice_input(question, choices)
        if choice == len(choices):
            sys.exit(3)
        return ask() if choice == 1 else NOT_PROVIDED

    def ask_not_null_addition(self, field_name: str, model_name: str) -> Any:
        if self.dry_run:
            return None
        return self._default_or_quit(
            f"It is impossible to add a non-nullable field '{field_name}' to {model_name} without "
            "specifying a default. This is because the database needs something to populate "
            "existing rows.\nPlease select a fix:",
            [
                "Provide a one-off default now (will be set on all existing rows with a null "
                "value for this column)",
                "Quit and manually define a default value in models.py.",
            ],
            self._ask_default,
        )

    def ask_not_null_alteration(self, field_name: str, model_name: str) -> Any:
        if self.dry_run:
            return None
        return self._default_or_quit(
            f"It is impossible to change a nullable field '{field_name}' on {model_name} to "
            "non-nullable without providing a default. This is because the database needs "
            "something to populate existing rows.\nPlease select a fix:",
            [
                "Provide a one-off default now (will be set on all existing rows with a null "
                "value for this column)",
                "Ignore for now. Existing rows that contain NULL values will have to be handled "
                "manually, for example with a RunPython or RunSQL operation.",
                "Quit and manually define a default value in models.py.",
            ],
            self._ask_default,
        )

    def ask_rename(
        self, model_name: str, old_name: str, new_name: str, field_instance: Any
    ) -> bool:
        return self._boolean_input(
            f"Was {model_name}.{old_name} renamed to {model_name}.{new_name} "
            f"(a {type(field_instance).__name__})? [y/N]",
            False,
        )

    def ask_rename_model(self, old_model_state: Any, new_model_state: Any) -> bool:
        label = old_model_state.app_label
        return self._boolean_input(
            f"Was the model {label}.{old_model_state.name} renamed to {new_model_state.name}? "
            "[y/N]",
            False,
        )

    def ask_merge(self, app_label: str) -> bool:
        return self._boolean_input(
            "\nMerging will only work if the operations printed above do not conflict\n"
            "with each other (working on different fields or models)\n"
            "Should these migration branches be merged? [y/N]",
            False,
        )

    def ask_auto_now_add_addition(self, field_name: str, model_name: str) -> Any:
        if self.dry_run:
            return None
        return self._default_or_quit(
            f"It is impossible to add the field '{field_name}' with 'auto_now_add=True' to "
            f"{model_name} without providing a default. This is because the database needs "
            "something to populate existing rows.",
            [
                "Provide a one-off default now which will be set on all existing rows",
                "Quit and manually define a default value in models.py.",
            ],
            lambda: self._ask_default(default="timezone.now"),
        )

    def ask_unique_callable_default_addition(self, field_name: str, model_name: str) -> Any:
        if self.dry_run:
            return None
        from nuages import get_version

        version = ".".join(get_version().split(".")[:2])
        choice = self._choice_input(
            f"Callable default on unique field {model_name}.{field_name} will not generate unique "
            "values upon migrating.\nPlease choose how to proceed:\n",
            [
                "Continue making this migration as the first step in writing a manual migration "
                "to generate unique values described here: https://docs.djangoproject.com/en/"
                f"{version}/howto/writing-migrations/#migrations-that-add-unique-fields.",
                "Quit and edit field options in models.py.",
            ],
        )
        if choice == 2:
            sys.exit(3)
        return None


class NonInteractiveMigrationQuestioner(MigrationQuestioner):
    """Asks nobody: leaves, or goes on and says so.

    Args:
        verbosity: how much to say.
        log: where to say it.
    """

    def __init__(
        self,
        *args: Any,
        verbosity: int = 1,
        log: Callable[[str], Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.log, self.verbosity = log or print, verbosity

    def log_lack_of_migration(self, field_name: str, model_name: str, reason: str) -> None:
        """Say that a field was left out, and why."""
        if self.verbosity > 0:
            self.log(f"Field '{field_name}' on model '{model_name}' not migrated: {reason}.")

    def ask_not_null_addition(self, field_name: str, model_name: str) -> Any:
        self.log_lack_of_migration(
            field_name,
            model_name,
            "it is impossible to add a non-nullable field without specifying a default",
        )
        sys.exit(3)

    def ask_not_null_alteration(self, field_name: str, model_name: str) -> Any:
        self.log(
            f"Field '{field_name}' on model '{model_name}' given a default of NOT PROVIDED and "
            "must be corrected."
        )
        return NOT_PROVIDED

    def ask_auto_now_add_addition(self, field_name: str, model_name: str) -> Any:
        self.log_lack_of_migration(
            field_name,
            model_name,
            "it is impossible to add a field with 'auto_now_add=True' without specifying a default",
        )
        sys.exit(3)
