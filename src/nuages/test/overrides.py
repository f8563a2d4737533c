"""Changes that hold for a block, a test or a class of tests, and are undone after it."""

from __future__ import annotations

import sys
import time
import unittest
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, TypeVar

from nuages.apps import apps
from nuages.apps.registry import Apps
from nuages.conf import UserSettingsHolder, settings
from nuages.core.signals import setting_changed
from nuages.utils._lazy import later

if TYPE_CHECKING:
    from unittest import mock
else:
    mock = later("unittest.mock")

Decorated = TypeVar("Decorated")


class TestContextDecorator:
    """A change that serves as context manager, decorator of functions, and of test classes.

    Subclasses write :meth:`enable` and :meth:`disable`.

    Args:
        attr_name: a decorated class gets what ``enable`` returns as this attribute.
        kwarg_name: a decorated function gets it as this keyword argument.
    """

    __test__ = False

    def __init__(self, attr_name: str | None = None, kwarg_name: str | None = None) -> None:
        self.attr_name = attr_name
        self.kwarg_name = kwarg_name

    def enable(self) -> Any:
        """Make the change."""
        raise NotImplementedError("A subclass says what enable() does.")

    def disable(self) -> None:
        """Undo the change."""
        raise NotImplementedError("A subclass says what disable() does.")

    def __enter__(self) -> Any:
        return self.enable()

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        self.disable()

    def decorate_class(self, cls: type) -> type:
        """Make the change hold during each test of a ``TestCase`` class."""
        if not issubclass(cls, unittest.TestCase):
            raise TypeError("Can only decorate subclasses of unittest.TestCase")
        changed: Any = cls
        changed.setUp = self._changing(changed.setUp)
        return cls

    def _changing(self, set_up: Callable[[Any], None]) -> Callable[[Any], None]:
        """Return a test's ``setUp`` that makes the change first; the clean-ups undo it."""

        @wraps(set_up)
        def changed_set_up(case: unittest.TestCase) -> None:
            outcome = self.enable()
            case.addCleanup(self.disable)
            if (name := self.attr_name) is not None:
                case.__dict__[name] = outcome
            set_up(case)

        return changed_set_up

    def decorate_callable(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Make the change hold during each call of a function or coroutine function."""

        def given(value: Any) -> dict[str, Any]:
            return {self.kwarg_name: value} if self.kwarg_name else {}

        if iscoroutinefunction(func):

            @wraps(func)
            async def changed(*args: Any, **kwargs: Any) -> Any:
                with self as value:
                    return await func(*args, **kwargs, **given(value))

        else:

            @wraps(func)
            def changed(*args: Any, **kwargs: Any) -> Any:
                with self as value:
                    return func(*args, **kwargs, **given(value))

        return changed

    def __call__(self, decorated: Any) -> Any:
        if isinstance(decorated, type):
            return self.decorate_class(decorated)
        if callable(decorated):
            return self.decorate_callable(decorated)
        raise TypeError(f"Cannot decorate object of type {type(decorated)}")


class _Change(TestContextDecorator):
    """A change written as one generator: what to do, ``yield``, what to undo."""

    _undo: ExitStack

    def change(self) -> Iterator[Any]:
        """Make the change, yield its outcome, undo it."""
        raise NotImplementedError("A subclass says what changes.")

    def enable(self) -> Any:
        self._undo = ExitStack()
        return self._undo.enter_context(contextmanager(self.change)())

    def disable(self) -> None:
        self._undo.close()


class override_settings(_Change):
    """Settings that hold for a block, a function, or the tests of a class.

    Manual: "Testing tools", "Overriding settings".
    """

    #: The attribute where a decorated test class keeps them until its tests run.
    kept_as = "_overridden_settings"

    def __init__(self, **kwargs: Any) -> None:
        self.options = kwargs
        super().__init__()

    def change(self) -> Iterator[None]:
        with ExitStack() as undo:
            if (installed := self.options.get("INSTALLED_APPS")) is not None:
                # First of all: an app registry that refuses leaves everything as it was.
                undo.callback(apps.unset_installed_apps)
                apps.set_installed_apps(installed)
            outer = settings._wrapped
            holder = UserSettingsHolder(outer)
            for item in self.options.items():
                setattr(holder, *item)
            settings._wrapped = holder
            try:
                self._tell(setting_changed.send, enter=True)
                yield
            finally:
                undo.close()
                settings._wrapped = outer
                answers = self._tell(setting_changed.send_robust, enter=False)
        if errors := [answer for _, answer in answers if isinstance(answer, Exception)]:
            raise errors[0]

    def _tell(self, send: Callable[..., Any], enter: bool) -> list[Any]:
        """Tell the receivers of ``setting_changed`` what each setting is now."""
        return [
            answer
            for name, value in self.options.items()
            for answer in send(
                sender=type(settings._wrapped),
                setting=name,
                value=value if enter else getattr(settings, name, None),
                enter=enter,
            )
        ]

    def save_options(self, test_func: Any) -> None:
        """Add these settings to those that a test class already overrides."""
        setattr(test_func, self.kept_as, (getattr(test_func, self.kept_as) or {}) | self.options)

    def decorate_class(self, cls: type) -> type:
        from nuages.test import SimpleTestCase

        if issubclass(cls, SimpleTestCase):
            self.save_options(cls)
            return cls
        raise ValueError(
            f"Only subclasses of Django SimpleTestCase can be decorated with {type(self).__name__}"
        )


#: What ``modify_settings`` can do to a list: (present items, given items) -> items.
_LIST_ACTIONS: dict[str, Callable[[list[Any], list[Any]], list[Any]]] = {
    "append": lambda items, given: items + [item for item in given if item not in items],
    "prepend": lambda items, given: [item for item in given if item not in items] + items,
    "remove": lambda items, given: [item for item in items if item not in given],
}


class modify_settings(override_settings):
    """Lists in settings, with items appended, prepended or removed.

    Manual: "Testing tools", ``modify_settings``. Arguments are ``NAME={"append": …, "prepend": …,
    "remove": …}``, or pairs of the same where the order counts.
    """

    kept_as = "_modified_settings"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.operations = [*(args[0] if args else ()), *kwargs.items()]
        super().__init__()

    def save_options(self, test_func: Any) -> None:
        """Add these changes to those that a test class already makes."""
        inherited = getattr(test_func, self.kept_as) or ()
        setattr(test_func, self.kept_as, [*inherited, *self.operations])

    def change(self) -> Iterator[None]:
        lists: dict[str, list[Any]] = {}
        for name, wanted in self.operations:
            for action, given in wanted.items():
                if action not in _LIST_ACTIONS:
                    raise ValueError(f"Unsupported action: {action}")
                items = lists.get(name, getattr(settings, name, []))
                values = [given] if isinstance(given, str) else list(given)
                lists[name] = _LIST_ACTIONS[action](list(items), values)
        self.options = lists
        yield from super().change()


class override_system_checks(_Change):
    """Replace the registered system checks, so that others do not slow down or disturb a test."""

    def __init__(
        self, new_checks: Iterable[Any], deployment_checks: Iterable[Any] | None = None
    ) -> None:
        super().__init__()
        self.replacements: dict[str, tuple[Any, dict[str, bool]]] = {
            "registered_checks": (new_checks, {})
        }
        if deployment_checks is not None:
            self.replacements["deployment_checks"] = (deployment_checks, {"deploy": True})

    def change(self) -> Iterator[None]:
        from nuages.core.checks.registry import registry

        names = ("registered_checks", "deployment_checks")
        with ExitStack() as undo:
            for name in names:
                undo.callback(setattr, registry, name, getattr(registry, name))
            for name, (checks, options) in self.replacements.items():
                setattr(registry, name, set())
                for check in checks:
                    registry.register(check, *getattr(check, "tags", ()), **options)
            yield


class ignore_warnings(_Change):
    """Ignore warnings; arguments are those of ``warnings.filterwarnings``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__()
        self.which = kwargs

    def change(self) -> Iterator[None]:
        # simplefilter() knows neither texts nor modules, but is the quicker test.
        selective = not {"message", "module"}.isdisjoint(self.which)
        with warnings.catch_warnings():
            (warnings.filterwarnings if selective else warnings.simplefilter)(
                "ignore", **self.which
            )
            yield


class isolate_apps(_Change):
    """Models defined inside register with an app registry of their own.

    Manual: "Advanced testing topics", ``isolate_apps``: arguments are the labels of the apps in it.
    """

    def __init__(self, *installed_apps: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.labels = installed_apps

    def change(self) -> Iterator[Apps]:
        from nuages.db.models.options import Options

        with mock.patch.object(Options, "default_apps", Apps(self.labels)) as registry:
            yield registry


@contextmanager
def register_lookup(field: Any, *lookups: Any, lookup_name: str | None = None) -> Iterator[None]:
    """Register lookups with a field (class or instance) for a block."""
    with ExitStack() as undo:
        for lookup in lookups:
            field.register_lookup(lookup, lookup_name)
            undo.callback(field._unregister_lookup, lookup, lookup_name)
        yield


@contextmanager
def override_script_prefix(prefix: str) -> Iterator[None]:
    """Change the URL script prefix for a block."""
    from nuages.urls import get_script_prefix, set_script_prefix

    with ExitStack() as undo:
        undo.callback(set_script_prefix, get_script_prefix())
        set_script_prefix(prefix)
        yield


def extend_sys_path(*paths: str) -> Any:
    """Add folders to the end of the module search path for a block."""
    return mock.patch.object(sys, "path", [*sys.path, *paths])


@contextmanager
def isolate_lru_cache(lru_cache_object: Any) -> Iterator[None]:
    """Empty a cached function's cache before and after a block."""
    forget = lru_cache_object.cache_clear
    with ExitStack() as undo:
        undo.callback(forget)
        yield forget()


@contextmanager
def freeze_time(t: float) -> Iterator[None]:
    """Make ``time.time()`` return ``t``, in seconds since the epoch, for a block."""
    with mock.patch.object(time, "time", lambda: t):
        yield


def tag(*tags: str) -> Callable[[Decorated], Decorated]:
    """Mark a test or a class of tests, for ``--tag`` and ``--exclude-tag``."""

    def mark(decorated: Decorated) -> Decorated:
        decorated.tags = getattr(decorated, "tags", set()) | set(tags)  # type: ignore[attr-defined]
        return decorated

    return mark


# Where the manual has them.
for _public in (TestContextDecorator, modify_settings, override_settings, override_system_checks):
    _public.__module__ = "django.test.utils"
