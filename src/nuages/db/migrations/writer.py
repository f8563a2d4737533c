"""Migration files."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from importlib import import_module
from typing import Any

from nuages.apps import apps
from nuages.db import migrations
from nuages.db.migrations.loader import MigrationLoader
from nuages.db.migrations.serializer import Serializer, serializer_factory
from nuages.utils.inspect import signature
from nuages.utils.timezone import now

_NUMBERED_MODULE = re.compile(r"import (.*\.)\d\S*")
_STEP = "    "


class OperationWriter:
    """Source of one operation.

    Args:
        indentation: how many steps the source is to be indented.
    """

    def __init__(self, operation: Any, indentation: int = 2) -> None:
        self.operation = operation
        self.indentation = indentation

    def serialize(self) -> tuple[str, set[str]]:
        """Return the source, with a comma at its end, and the imports it needs."""
        self._lines: list[str] = []
        self._imports: set[str] = set()
        self._depth = self.indentation
        operation = self.operation
        name, args, kwargs = operation.deconstruct()
        kind = type(operation)
        if getattr(migrations, name, None) is kind:
            self._add(f"migrations.{name}(")
        else:
            self._imports.add(f"import {kind.__module__}")
            self._add(f"{kind.__module__}.{name}(")
        self._depth += 1
        # Arguments are written by name, so that they can be read.
        parameters = list(signature(kind.__init__).parameters)[1:]
        given = {**dict(zip(parameters, args, strict=False)), **kwargs}
        in_order = [each for each in parameters if each in given]
        for parameter in [*in_order, *(each for each in given if each not in in_order)]:
            self._write(parameter, given[parameter])
        self._depth -= 1
        self._add("),")
        return "\n".join(self._lines), self._imports

    def _add(self, line: str) -> None:
        self._lines.append(_STEP * self._depth + line)

    def _text(self, value: Any) -> list[str]:
        text, imports = MigrationWriter.serialize(value)
        self._imports.update(imports)
        return text.split("\n")

    def _write(self, name: str, value: Any) -> None:
        expands = name in self.operation.serialization_expand_args
        if not (expands and isinstance(value, list | tuple | dict)):
            self._block(f"{name}=", value)
            return
        pairs = value.items() if isinstance(value, dict) else None
        opening, closing = {dict: ("{", "}"), tuple: ("(", ")")}.get(type(value), ("[", "]"))
        self._add(f"{name}={opening}")
        self._depth += 1
        if pairs is not None:
            for key, each in pairs:
                self._block(f"{self._text(key)[0]}: ", each)
        else:
            for each in value:
                self._block("", each)
        self._depth -= 1
        self._add(f"{closing},")

    def _block(self, prefix: str, value: Any) -> None:
        first, *more = self._text(value)
        for line in (prefix + first, *more[:-1]) if more else ():
            self._add(line)
        self._add((more[-1] if more else prefix + first) + ",")


class MigrationWriter:
    """The file of one migration.

    Args:
        include_header: whether it says when and by what it was made.
    """

    def __init__(self, migration: Any, include_header: bool = True) -> None:
        self.migration, self.include_header = migration, include_header
        #: Whether somebody must copy functions by hand; known once the text is made.
        self.needs_manual_porting = False

    def as_string(self) -> str:
        """Return the file's text."""
        migration = self.migration
        imports = {"from django.db import migrations"}
        operations = []
        for operation in migration.operations:
            text, needed = OperationWriter(operation).serialize()
            operations.append(text)
            imports.update(needed)
        dependencies = []
        for dependency in sorted(migration.dependencies):
            if dependency[0] == "__setting__":
                dependencies.append(f"migrations.swappable_dependency(settings.{dependency[1]})")
                imports.add("from django.conf import settings")
            else:
                dependencies.append(self.serialize(tuple(dependency))[0])
        body = ["class Migration(migrations.Migration):"]
        if migration.replaces:
            # On one line: what tidies up after squashing looks for it.
            body += ["", f"{_STEP}replaces = {[tuple(each) for each in migration.replaces]!r}"]
        if migration.initial:
            body += ["", f"{_STEP}initial = True"]
        if not getattr(migration, "atomic", True):
            body += ["", f"{_STEP}atomic = False"]
        if migration.run_before:
            body += ["", f"{_STEP}run_before = {[tuple(each) for each in migration.run_before]!r}"]
        body += ["", *self._listed("dependencies", dependencies)]
        body += ["", f"{_STEP}operations = [", *operations, f"{_STEP}]"]
        parts = [self._header()] if self.include_header else []
        parts += [*self._import_lines(imports), "", "", *body]
        return "\n".join(parts) + "\n"

    @staticmethod
    def _listed(name: str, items: Any) -> list[str]:
        return [f"{_STEP}{name} = [", *(f"{_STEP * 2}{item}," for item in items), f"{_STEP}]"]

    @staticmethod
    def _header() -> str:
        from nuages import get_version

        return f"# Generated by Django {get_version()} on {now():%Y-%m-%d %H:%M}\n"

    def _import_lines(self, imports: set[str]) -> list[str]:
        # A function of another migration cannot stay there.
        numbered = {line for line in imports if _NUMBERED_MODULE.fullmatch(line)}
        imports = imports - numbered
        if "from django.db import models" in imports:
            imports -= {"from django.db import models", "from django.db import migrations"}
            imports.add("from django.db import migrations, models")
        lines = sorted(imports, key=lambda line: (line.startswith("from"), line.split()[1]))
        if numbered:
            self.needs_manual_porting = True
            lines += [
                "",
                "# Functions from the following migrations need manual copying.",
                "# Move them and any dependencies into this file, then update the",
                "# RunPython operations to refer to the local versions:",
                *(f"# {line.split()[1]}" for line in sorted(numbered)),
            ]
        return lines

    @property
    def basedir(self) -> str:
        """The folder of the application's migrations; made if it is missing.

        Raises:
            ValueError: migrations are switched off, or the folder cannot be found.
        """
        label = self.migration.app_label
        package, _ = MigrationLoader.migrations_module(label)
        if package is None:
            raise ValueError(
                f"Django can't create migrations for app '{label}' because migrations have been "
                "disabled via the MIGRATION_MODULES setting."
            )
        try:
            return _folder_of(import_module(package))
        except (ImportError, ValueError):
            pass
        config = apps.get_app_config(label)
        parent, _, last = package.rpartition(".")
        if config.name == parent and os.path.isdir(config.path):
            return os.path.join(config.path, last)
        # Up to a package that is there, and down again.
        above = package.split(".")
        missing: list[str] = []
        while above:
            missing.insert(0, above.pop())
            try:
                base = _folder_of(import_module(".".join(above)))
            except (ImportError, ValueError):
                continue
            folder = os.path.join(base, *missing)
            os.makedirs(folder, exist_ok=True)
            # All of them are packages.
            for depth in range(1, len(missing) + 1):
                _touch(os.path.join(base, *missing[:depth], "__init__.py"))
            return folder
        raise ValueError(
            f"Could not locate an appropriate location to create migrations package {package}. "
            "Make sure the toplevel package exists and can be imported."
        )

    @property
    def filename(self) -> str:
        """The file's name."""
        return f"{self.migration.name}.py"

    @property
    def path(self) -> str:
        """The file's whole path."""
        return os.path.join(self.basedir, self.filename)

    @classmethod
    def serialize(cls, value: Any) -> tuple[str, Collection[str]]:
        """Return an expression for a value and the imports it needs. Raises ``ValueError``."""
        return serializer_factory(value).serialize()

    #: Register and forget a serializer for a type of values.
    register_serializer = Serializer.register
    unregister_serializer = Serializer.unregister


def _folder_of(module: Any) -> str:
    from nuages.utils.module_loading import module_dir

    return module_dir(module)


def _touch(filename: str) -> None:
    if not os.path.exists(filename):
        with open(filename, "w", encoding="utf-8"):
            pass
