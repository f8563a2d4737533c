"""Starting the development server again when its code changes.

A parent process starts a child; the child runs the server in a thread, watches files, and leaves
with status 3 when one has changed, which tells the parent to start it again.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn
from zipimport import zipimporter

import nuages
from nuages.apps import apps
from nuages.core.signals import request_finished
from nuages.dispatch import Signal
from nuages.utils.functional import cached_property

try:
    import pywatchman
except ImportError:
    pywatchman = None
try:
    import termios
except ImportError:
    termios = None  # type: ignore[assignment]

#: The status with which the child asks to be started again.
RESTART = 3
DJANGO_AUTORELOAD_ENV = "RUN_MAIN"

_url_module_exception: BaseException | None = None
_exception: Any = None
#: Files in which an error was found; they may never have become modules.
_error_files: list[str] = []

logger = logging.getLogger("django.utils.autoreload")
file_changed, autoreload_started = Signal(), Signal()


# The house's own files.


def is_django_path(path: str | Path) -> bool:
    """Whether a file is part of the house."""
    assert nuages.__file__ is not None
    return Path(nuages.__file__).parent in Path(path).parents


def is_django_module(module: ModuleType) -> bool:
    """Whether a module is part of the house."""
    return module.__name__ == "nuages" or module.__name__.startswith(("nuages.", "django."))


# Errors of the code that is watched.


def check_errors(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a function: an error is kept, and the file it is in is watched."""

    @functools.wraps(fn)
    def checked(*args: Any, **kwargs: Any) -> None:
        global _exception
        try:
            fn(*args, **kwargs)
        except Exception as error:
            _exception = sys.exc_info()
            filename = getattr(error, "filename", None)
            if filename is None:
                filename = traceback.extract_tb(error.__traceback__)[-1].filename
            if filename not in _error_files:
                _error_files.append(filename)
            if _url_module_exception is not None:
                raise error from _url_module_exception
            raise

    return checked


def raise_last_exception() -> None:
    """Raise the error that was kept, if there is one."""
    if _exception is not None:
        raise _exception[1]


def ensure_echo_on() -> None:
    """Let the terminal show what is typed; a debugger that was killed may have stopped that."""
    if termios is None or not sys.stdin.isatty():
        return
    attributes = termios.tcgetattr(sys.stdin)
    if attributes[3] & termios.ECHO:
        return
    attributes[3] |= termios.ECHO
    # A background process may not, and shall not be stopped for it.
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN) if hasattr(signal, "SIGTTOU") else None
    termios.tcsetattr(sys.stdin, termios.TCSANOW, attributes)
    if before is not None:
        signal.signal(signal.SIGTTOU, before)


# Files to watch.


def iter_all_python_module_files() -> frozenset[Path]:
    """Return the files of all modules."""
    # Sorted, so that the same modules are found in the cache.
    modules = tuple(
        module
        for _, module in sorted(sys.modules.items(), key=lambda item: item[0])
        if not isinstance(module, weakref.ProxyTypes)
    )
    return iter_modules_and_files(modules, frozenset(_error_files))


def _file_of(module: Any) -> str | None:
    if not isinstance(module, ModuleType):
        return None
    if module.__name__ == "__main__":
        # It has a spec only where it was started with -m.
        return getattr(module, "__file__", None)
    spec = getattr(module, "__spec__", None)
    if spec is None:
        return None
    if isinstance(spec.loader, zipimporter):
        return str(spec.loader.archive)
    return spec.origin if spec.has_location else None


@functools.lru_cache(maxsize=1)
def iter_modules_and_files(
    modules: Iterable[ModuleType], extra_files: frozenset[str]
) -> frozenset[Path]:
    """Return the files of modules, and further files, that exist."""
    found = set()
    for name in itertools.chain(map(_file_of, modules), extra_files):
        if not name:
            continue
        try:
            found.add(Path(name).resolve(strict=True))
        except (FileNotFoundError, ValueError):
            # Gone since, or no path at all.
            continue
    return frozenset(found)


def common_roots(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return those of some folders that are not inside of another one."""
    roots: list[Path] = []
    for path in sorted(paths, key=lambda each: len(each.parts)):
        if not any(root == path or root in path.parents for root in roots):
            roots.append(path)
    return tuple(roots)


def sys_path_directories() -> Iterator[Path]:
    """Yield the folders of ``sys.path``; for archives, the folders they are in."""
    for entry in map(Path, sys.path):
        if entry.exists():
            resolved = entry.resolve(strict=True).absolute()
            yield resolved.parent if resolved.is_file() else resolved


# The child process.


def get_child_arguments() -> list[Any]:
    """Return the command that starts this process again.

    Raises:
        RuntimeError: the script is not to be found.
    """
    script = Path(sys.argv[0])
    program = [sys.executable] + [f"-W{option}" for option in sys.warnoptions]
    program += [
        f"-X{name}" if value is True else f"-X{name}={value}"
        for name, value in sys._xoptions.items()
    ]
    rest = sys.argv[1:]
    exe = script.with_suffix(".exe")
    if exe.exists() and not script.exists():
        return [exe, *rest]
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    if spec is not None:
        is_package = spec.name == "__main__" or spec.name.endswith(".__main__")
        name = spec.parent if is_package and spec.parent else spec.name
        return [*program, "-m", name, *rest]
    if script.exists():
        return [*program, sys.argv[0], *rest]
    entry_point = script.with_name(f"{script.name}-script.py")
    if not entry_point.exists():
        raise RuntimeError(f"Script {script} does not exist.")
    return [*program, entry_point, *rest]


def trigger_reload(filename: Any) -> NoReturn:
    """Leave, and be started again."""
    logger.info("%s changed, reloading.", filename)
    sys.exit(RESTART)


def _is_unbuffered() -> bool:
    """Whether this interpreter was started with ``-u``."""
    for argument in sys.orig_argv[1:]:
        if not argument.startswith("-") or argument.startswith("--"):
            return False
        letters = argument[1:]
        # Letters after these are the value of the option.
        for letter in letters:
            if letter == "u":
                return True
            if letter in "XWcm":
                break
    return False


def restart_with_reloader() -> int:
    """Start the child process until it leaves for another reason than a change."""
    environ = {**os.environ, DJANGO_AUTORELOAD_ENV: "true"}
    if _is_unbuffered():
        environ["PYTHONUNBUFFERED"] = "1"
    command = get_child_arguments()
    while (done := subprocess.run(command, env=environ, close_fds=False)).returncode == RESTART:
        pass
    return done.returncode


class BaseReloader:
    """Base of what watches files. Subclasses implement :meth:`tick`."""

    def __init__(self) -> None:
        self._stop_condition = threading.Event()
        self.directory_globs: dict[Path, set[str]] = defaultdict(set)
        self.extra_files: set[Path] = set()

    @property
    def should_stop(self) -> bool:
        """Whether to stop."""
        return self._stop_condition.is_set()

    def stop(self) -> None:
        """Stop watching."""
        self._stop_condition.set()

    def watch_dir(self, path: str | Path, glob: str) -> None:
        """Also watch the files of a folder that match a pattern."""
        try:
            folder = Path(path).absolute()
        except FileNotFoundError:
            logger.debug("Unable to watch directory %s as it cannot be resolved.", path)
            return
        logger.debug("Watching dir %s with glob %s.", folder, glob)
        self.directory_globs[folder].add(glob)

    def watched_files(self, include_globs: bool = True) -> Iterator[Path]:
        """Yield the files to watch."""
        globbed = self.directory_globs.items() if include_globs else ()
        yield from itertools.chain(
            iter_all_python_module_files(),
            self.extra_files,
            *(folder.glob(each) for folder, patterns in globbed for each in patterns),
        )

    def wait_for_apps_ready(self, app_reg: Any, django_main_thread: threading.Thread) -> bool:
        """Wait until the applications are loaded; return whether they were."""
        while django_main_thread.is_alive():
            if app_reg.ready_event.wait(timeout=0.1):
                return True
        logger.debug("Main Django thread has terminated before apps are ready.")
        return False

    def run(self, django_main_thread: threading.Thread) -> None:
        """Watch, once the applications are loaded."""
        logger.debug("Waiting for apps ready_event.")
        self.wait_for_apps_ready(apps, django_main_thread)
        # An error in the URLconf is shown by the server; its module is watched all the same.
        from nuages.urls import get_resolver

        global _url_module_exception
        try:
            get_resolver().urlconf_module  # noqa: B018
        except Exception as error:
            _url_module_exception = error
        autoreload_started.send(sender=self)
        self.run_loop()

    def run_loop(self) -> None:
        """Look again and again, until told to stop."""
        for _ in self.tick():
            if self.should_stop:
                break
        self.stop()

    def tick(self) -> Iterator[None]:
        """Yield after each look at the files."""
        raise NotImplementedError("subclasses must implement tick().")

    @classmethod
    def check_availability(cls) -> None:
        """Raise an error if this kind of watching is not possible here."""
        raise NotImplementedError("subclasses must implement check_availability().")

    def notify_file_changed(self, path: Path) -> None:
        """Tell the receivers of ``file_changed``; restart unless one of them has seen to it."""
        answers = file_changed.send(sender=self, file_path=path)
        logger.debug("%s notified as changed. Signal results: %s.", path, answers)
        if not any(answer for _, answer in answers):
            trigger_reload(path)


class StatReloader(BaseReloader):
    """Looks at the times of all files every second."""

    SLEEP_TIME = 1  # seconds

    def tick(self) -> Iterator[None]:
        known: dict[Path, float] = {}
        while True:
            for path, changed in self.snapshot_files():
                before = known.get(path)
                known[path] = changed
                if before is None:
                    logger.debug("File %s first seen with mtime %s", path, changed)
                elif changed > before:
                    logger.debug("File %s previous mtime: %s, current: %s", path, before, changed)
                    self.notify_file_changed(path)
            self._wait()
            yield

    def _wait(self) -> None:
        time.sleep(self.SLEEP_TIME)

    def snapshot_files(self) -> Iterator[tuple[Path, float]]:
        """Yield each file and the time of its last change."""
        for path in dict.fromkeys(self.watched_files()):
            try:
                yield path, path.stat().st_mtime
            except OSError:
                # Gone between listing and looking.
                continue

    @classmethod
    def check_availability(cls) -> None:
        """Always possible."""


class WatchfilesReloader(StatReloader):
    """Sleeps until the system says that a file has changed (with the ``serve`` extra)."""

    @classmethod
    def check_availability(cls) -> None:
        import watchfiles  # noqa: F401

    def _wait(self) -> None:
        import watchfiles

        folders = {path.parent for path in self.watched_files()}
        roots = common_roots(folders | {path for path in self.directory_globs if path.is_dir()})
        watcher = watchfiles.watch(
            *roots, stop_event=self._stop_condition, yield_on_timeout=True, rust_timeout=5000
        )
        next(iter(watcher), None)


class WatchmanUnavailable(RuntimeError):
    """The Watchman service cannot be used."""


class WatchmanReloader(StatReloader):
    """Sleeps until the Watchman service says that a file has changed."""

    def __init__(self) -> None:
        self.client_timeout = int(os.environ.get("DJANGO_WATCHMAN_TIMEOUT", 5))
        self._roots: tuple[Path, ...] = ()
        self.processed_request = threading.Event()
        super().__init__()

    @cached_property
    def client(self) -> Any:
        """The connection to the service."""
        return pywatchman.client(timeout=self.client_timeout)

    def run_loop(self) -> None:
        # A request may have imported more modules.
        request_finished.connect(self.request_processed)
        super().run_loop()

    def request_processed(self, **kwargs: Any) -> None:
        """Note that a request was answered."""
        self.processed_request.set()

    def watched_roots(self, watched_files: Iterable[Path]) -> frozenset[Path]:
        """Return the folders to watch."""
        return frozenset(
            (
                *(path.parent for path in watched_files),
                *self.directory_globs,
                *sys_path_directories(),
            )
        )

    def _wait(self) -> None:
        roots = common_roots(
            root
            for root in self.watched_roots(self.watched_files(include_globs=False))
            if root.is_dir()
        )
        try:
            for root in set(roots) - set(self._roots):
                self.client.query("watch", str(root))
                self.client.query("subscribe", str(root), "reload", {"fields": ["name"]})
            self._roots = roots
            self.client.receive()
        except Exception as error:
            if "timed out" not in str(error):
                self.check_server_status(error)
        self.processed_request.clear()

    def check_server_status(self, inner_ex: BaseException | None = None) -> bool:
        """Return true if the service answers. Raises ``WatchmanUnavailable``."""
        answers = True
        try:
            self.client.query("version")
        except Exception:
            answers = False
        if not answers:
            raise WatchmanUnavailable(str(inner_ex)) from inner_ex
        return answers

    @classmethod
    def check_availability(cls) -> None:
        if pywatchman is None:
            raise WatchmanUnavailable("pywatchman not installed.")
        answer = None
        with contextlib.suppress(Exception):
            answer = pywatchman.client(timeout=0.1).capabilityCheck()
        if answer is None:
            raise WatchmanUnavailable("Cannot connect to the watchman service.")
        from nuages.utils.version import get_version_tuple

        if get_version_tuple(answer["version"]) < (4, 9):
            raise WatchmanUnavailable("Watchman 4.9 or later is required.")


def get_reloader() -> BaseReloader:
    """Return the best kind of watching that is possible here."""
    try:
        WatchmanReloader.check_availability()
        return WatchmanReloader()
    except WatchmanUnavailable:
        return StatReloader()


def start_django(
    reloader: BaseReloader, main_func: Callable[..., Any], *args: Any, **kwargs: Any
) -> None:
    """Run the server in a thread, and watch in this one."""
    ensure_echo_on()
    server = threading.Thread(
        target=check_errors(main_func), args=args, kwargs=kwargs, name="django-main-thread"
    )
    server.daemon = True
    server.start()
    while not reloader.should_stop:
        reloader.run(server)


def run_with_reloader(main_func: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Run a function, again whenever code has changed."""
    signal.signal(signal.SIGTERM, lambda *unused: sys.exit(0))
    try:
        if os.environ.get(DJANGO_AUTORELOAD_ENV) != "true":
            sys.exit(restart_with_reloader())
        reloader = get_reloader()
        logger.info("Watching for file changes with %s", type(reloader).__name__)
        start_django(reloader, main_func, *args, **kwargs)
    except KeyboardInterrupt:
        pass
