"""New projects and applications from templates."""

from __future__ import annotations

import argparse
import os
import posixpath
import re
import shutil
import stat
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import nuages
import nuages.conf
from nuages.conf import settings
from nuages.core.management.base import BaseCommand, CommandError, CommandParser
from nuages.core.management.utils import find_formatters, handle_extensions, run_formatters
from nuages.utils.version import get_docs_version

#: Never part of a template.
_NEVER = {".git", "__pycache__"}

#: Where a process begins: there a project says that it runs on Nuages.
_ENTRY_POINTS = {"manage.py-tpl", "wsgi.py-tpl", "asgi.py-tpl"}
_IMPORTS = re.compile(r"^import ", re.MULTILINE)


class TemplateCommand(BaseCommand):
    """Base of ``startproject`` and ``startapp``: copies a folder, and fills in names.

    Files with a name or extension that is asked for are rendered as templates; names in paths
    are replaced in all.
    """

    #: Endings that keep Python from taking templates for modules, and what they become.
    rewrite_template_suffixes = ((".py-tpl", ".py"),)
    url_schemes = ["http", "https", "ftp"]
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        for argument, count, text in (
            ("name", None, "The name of the application or project."),
            ("directory", "?", "The folder to make it in."),
            ("--template", None, "A folder, an archive, or the address of one."),
        ):
            parser.add_argument(argument, help=text, nargs=count)
        parser.add_argument(
            "--extension",
            "-e",
            dest="extensions",
            action="append",
            default=["py"],
            help='The extensions of files to fill in ("py"); several with commas, or repeated.',
        )
        parser.add_argument(
            "--name",
            "-n",
            dest="files",
            action="append",
            default=[],
            help="Names of further files to fill in; several with commas, or repeated.",
        )
        parser.add_argument(
            "--exclude",
            "-x",
            action="append",
            default=argparse.SUPPRESS,
            nargs="?",
            const="",
            help="Folders to leave out, beside .git and __pycache__; several with commas, or "
            "repeated. Without this option, hidden folders are left out too.",
        )

    def handle(
        self, app_or_project: str, name: str, target: str | None = None, **options: Any
    ) -> None:
        self.app_or_project = app_or_project
        self.a_or_an = "an" if app_or_project == "app" else "a"
        self.verbosity = options["verbosity"]
        self.paths_to_remove: list[str] = []
        self.written_files: list[str] = []
        self.validate_name(name)
        top = self._target_folder(name, target)
        formatters = find_formatters()
        extra = {file for names in options["files"] for file in names.split(",")}
        rendered = (tuple(handle_extensions(options["extensions"])), extra)
        context = self._context(name, top, options)
        source = self.handle_template(options["template"], f"{app_or_project}_template")
        self._copy(Path(source), top, name, context, rendered, options)
        for path in self.paths_to_remove:
            if self.verbosity >= 2:
                self.stdout.write("Cleaning up temporary files.")
            if os.path.isfile(path):
                os.remove(path)
            else:
                shutil.rmtree(path)
        run_formatters(self.written_files, **formatters, stderr=self.stderr)

    def _target_folder(self, name: str, target: str | None) -> str:
        if target is None:
            top = os.path.join(os.getcwd(), name)
            try:
                os.makedirs(top)
            except FileExistsError:
                raise CommandError(f"'{top}' already exists") from None
            except OSError as error:
                raise CommandError(str(error)) from error
            return top
        top = os.path.abspath(os.path.expanduser(target))
        if self.app_or_project == "app":
            self.validate_name(os.path.basename(top), "directory")
        if not os.path.exists(top):
            try:
                os.makedirs(top)
            except OSError as error:
                raise CommandError(str(error)) from error
        return top

    def _context(self, name: str, top: str, options: dict[str, Any]) -> Any:
        """Return the context that files are rendered with."""
        if not settings.configured:
            settings.configure()
            nuages.setup()
        from nuages.template import Context

        kind = self.app_or_project
        values = {
            **options,
            f"{kind}_name": name,
            f"{kind}_directory": top,
            f"camel_case_{kind}_name": "".join(part.title() for part in name.split("_")),
            "docs_version": get_docs_version(),
            "django_version": nuages.get_version(),
        }
        return Context(values, autoescape=False)

    def _copy(
        self,
        source: Path,
        top: str,
        name: str,
        context: Any,
        rendered: tuple[tuple[str, ...], set[str]],
        options: dict[str, Any],
    ) -> None:
        excluded = set(_NEVER)
        leaves_hidden = "exclude" not in options
        for names in options.get("exclude") or ():
            excluded.update(each.strip() for each in (names or "").split(","))
        for folder, subfolders, files in os.walk(source):
            subfolders[:] = [
                each
                for each in subfolders
                if each not in excluded and not (leaves_hidden and each.startswith("."))
            ]
            inside = os.path.relpath(folder, source).replace(f"{self.app_or_project}_name", name)
            home = os.path.normpath(os.path.join(top, inside))
            os.makedirs(home, exist_ok=True)
            for file in sorted(files):
                if not file.endswith((".pyo", ".pyc", ".py.class")):
                    self._copy_file(Path(folder, file), home, name, context, rendered)

    def _copy_file(
        self,
        source: Path,
        home: str,
        name: str,
        context: Any,
        rendered: tuple[tuple[str, ...], set[str]],
    ) -> None:
        new_path = os.path.join(home, source.name.replace(f"{self.app_or_project}_name", name))
        for old, new in self.rewrite_template_suffixes:
            if new_path.endswith(old):
                new_path = new_path.removesuffix(old) + new
                break
        if os.path.exists(new_path):
            raise CommandError(
                f"{new_path} already exists. Overlaying {self.a_or_an} {self.app_or_project} into "
                "an existing directory won't replace conflicting files."
            )
        extensions, names = rendered
        if new_path.endswith(extensions) or source.name in names:
            from nuages.template import Engine

            text = source.read_text(encoding="utf-8")
            text = Engine().from_string(text).render(context)
            if source.name in _ENTRY_POINTS and _started_as_nuages():
                # A project that was made by Nuages runs on it.
                text = _IMPORTS.sub("import nuages\n\n\\g<0>", text, count=1)
            Path(new_path).write_text(text, encoding="utf-8")
        else:
            shutil.copyfile(source, new_path)
        if new_path.endswith(".py"):
            self.written_files.append(new_path)
        if self.verbosity >= 2:
            self.stdout.write(f"Creating {new_path}")
        try:
            self.apply_umask(str(source), new_path)
            self.make_writeable(new_path)
        except OSError:
            self.stderr.write(
                f"Notice: Couldn't set permission bits on {new_path}. You're probably using an "
                "uncommon filesystem setup. No problem.",
                self.style.NOTICE,
            )

    def handle_template(self, template: str | None, subdir: str) -> str:
        """Return the folder of a template, fetched or unpacked if need be.

        Raises:
            CommandError: there is none.
        """
        if template is None:
            return os.path.join(nuages.conf.__path__[0], subdir)
        template = template.removeprefix("file://")
        expanded = os.path.abspath(os.path.expanduser(template))
        if os.path.isdir(expanded):
            return os.path.normpath(expanded)
        if self.is_url(template):
            expanded = self.download(template)
        if os.path.exists(expanded):
            return self.extract(expanded)
        raise CommandError(f"couldn't handle {self.app_or_project} template {template}.")

    def validate_name(self, name: str, name_or_dir: str = "name") -> None:
        """Raise ``CommandError`` if a name is no identifier, or a module's."""
        if not name.isidentifier():
            raise CommandError(
                f"'{name}' is not a valid {self.app_or_project} {name_or_dir}. Please make sure "
                f"the {name_or_dir} is a valid identifier."
            )
        if find_spec(name) is not None:
            raise CommandError(
                f"'{name}' conflicts with the name of an existing Python module and cannot be "
                f"used as {self.a_or_an} {self.app_or_project} {name_or_dir}. Please try another "
                f"{name_or_dir}."
            )

    def download(self, url: str) -> str:
        """Fetch an archive into a temporary folder; return its path.

        Raises:
            CommandError: it cannot be fetched.
            SuspiciousFileOperation: its name leads out of the folder.
        """
        from nuages.utils._os import safe_join

        folder = tempfile.mkdtemp(prefix="django_template_", suffix="_download")
        self.paths_to_remove.append(folder)
        # A slash at the end is no part of the name.
        filename = url.rstrip("/").rpartition("/")[2]
        if self.verbosity >= 2:
            self.stdout.write(f"Downloading {url}")
        request = Request(url, headers={"User-Agent": f"Django/{nuages.get_version()}"})
        try:
            with urlopen(request) as answer:
                body = answer.read()
                disposition = answer.headers.get_filename()
        except OSError as error:
            raise CommandError(f"couldn't download URL {url} to {filename}: {error}") from error
        used = disposition or filename
        stem, extension = self.splitext(used)
        guessed = "" if extension else ".tgz"
        path = safe_join(folder, f"{stem}{extension}{guessed}")
        Path(path).write_bytes(body)
        return path

    def splitext(self, the_path: str) -> tuple[str, str]:
        """Split off the extension, ``.tar.gz`` and the like as one."""
        base, extension = posixpath.splitext(the_path)
        if base.lower().endswith(".tar"):
            base, extension = base[:-4], base[-4:] + extension
        return base, extension

    def extract(self, filename: str) -> str:
        """Unpack an archive into a temporary folder and return that.

        Raises:
            CommandError: it is no archive.
        """
        from nuages.utils import archive

        folder = tempfile.mkdtemp(
            prefix=f"django_{self.app_or_project}_template_", suffix="_extract"
        )
        self.paths_to_remove.append(folder)
        if self.verbosity >= 2:
            self.stdout.write(f"Extracting {filename}")
        try:
            archive.extract(filename, folder)
        except (archive.ArchiveException, OSError) as error:
            raise CommandError(f"couldn't extract file {filename} to {folder}: {error}") from error
        return folder

    def is_url(self, template: str) -> bool:
        """Whether this is the address of something."""
        return template.partition(":")[0].lower() in self.url_schemes and ":" in template

    def apply_umask(self, old_path: str, new_path: str) -> None:
        """Give a file the permissions of another one, as far as the process may give them."""
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(new_path, (stat.S_IMODE(os.stat(old_path).st_mode) | 0o666) & ~mask)

    def make_writeable(self, filename: str) -> None:
        """Let the owner write to a file."""
        mode = stat.S_IMODE(os.stat(filename).st_mode)
        if not mode & stat.S_IWUSR:
            os.chmod(filename, mode | stat.S_IWUSR)


def _started_as_nuages() -> bool:
    """Whether the command line is that of Nuages, and not ``django-admin`` or ``manage.py``."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return Path(sys.argv[0]).stem == "nuages" or (
        spec is not None and spec.name.startswith("nuages.")
    )
