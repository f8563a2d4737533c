"""Changes that hold for a block, a test or a class of tests, and are undone after it."""

from __future__ import annotations

import sys
import time
import unittest
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, TypeVar
from unittest import mock

from nuages.apps import apps
from nuages.apps.registry import Apps
from nuages.conf import UserSettingsHolder, settings
from nuages.core.signals import setting_changed

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
        own_set_up = cls.setUp

        def setUp(case: Any) -> None:
            value = self.enable()
            case.addCleanup(self.disable)
            if self.attr_name:
                setattr(case, self.attr_name, value)
            own_set_up(case)

        cls.setUp = setUp  # type: ignore[method-assign]
        return cls

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


class override_settings(TestContextDecorator):
    """Settings that hold for a block, a function, or the tests of a class.

    Manual: "Testing tools", "Overriding settings".
    """

    enable_exception: BaseException | None = None

    def __init__(self, **kwargs: Any) -> None:
        self.options = kwargs
        super().__init__()

    def enable(self) -> None:
        # Before anything changes: an app registry that refuses leaves all as it was.
        if "INSTALLED_APPS" in self.options:
            try:
                apps.set_installed_apps(self.options["INSTALLED_APPS"])
            except Exception:
                apps.unset_installed_apps()
                raise
        holder = UserSettingsHolder(settings._wrapped)
        for name, value in self.options.items():
            setattr(holder, name, value)
        self.wrapped = settings._wrapped
        settings._wrapped = holder
        for name, value in self.options.items():
            try:
                self._announce(name, value, enter=True)
            except Exception as error:
                self.enable_exception = error
                self.disable()

    def disable(self) -> None:
        if "INSTALLED_APPS" in self.options:
            apps.unset_installed_apps()
        settings._wrapped = self.wrapped
        del self.wrapped
        answers = []
        for name in self.options:
            before = getattr(settings, name, None)
            answers += setting_changed.send_robust(
                sender=settings._wrapped.__class__, setting=name, value=before, enter=False
            )
        if self.enable_exception is not None:
            error, self.enable_exception = self.enable_exception, None
            raise error
        for _, answer in answers:
            if isinstance(answer, Exception):
                raise answer

    @staticmethod
    def _announce(name: str, value: Any, enter: bool) -> None:
        setting_changed.send(
            sender=settings._wrapped.__class__, setting=name, value=value, enter=enter
        )

    def save_options(self, test_func: Any) -> None:
        """Add these settings to those that a test class already overrides."""
        inherited = test_func._overridden_settings
        test_func._overridden_settings = (
            self.options if inherited is None else {**inherited, **self.options}
        )

    def decorate_class(self, cls: type) -> type:
        from nuages.test import SimpleTestCase

        if not issubclass(cls, SimpleTestCase):
            raise ValueError(
                "Only subclasses of Django SimpleTestCase can be decorated with override_settings"
            )
        self.save_options(cls)
        return cls


class modify_settings(override_settings):
    """Lists in settings, with items appended, prepended or removed.

    Manual: "Testing tools", ``modify_settings``. Arguments are ``NAME={"append": …, "prepend": …,
    "remove": …}``.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # A decorated class keeps pairs rather than a dictionary: order counts.
        self.operations = list(kwargs.items()) if not args else list(args[0])
        super(override_settings, self).__init__()

    def save_options(self, test_func: Any) -> None:
        inherited = test_func._modified_settings
        test_func._modified_settings = list(inherited or []) + self.operations

    def enable(self) -> None:
        self.options = {}
        for name, operations in self.operations:
            items = list(self.options.get(name, getattr(settings, name, [])))
            for action, value in operations.items():
                values = [value] if isinstance(value, str) else value
                if action == "append":
                    items += [item for item in values if item not in items]
                elif action == "prepend":
                    items = [item for item in values if item not in items] + items
                elif action == "remove":
                    items = [item for item in items if item not in values]
                else:
                    raise ValueError(f"Unsupported action: {action}")
            self.options[name] = items
        super().enable()


class override_system_checks(TestContextDecorator):
    """Replace the registered system checks, so that others do not slow down or disturb a test."""

    def __init__(
        self, new_checks: Iterable[Any], deployment_checks: Iterable[Any] | None = None
    ) -> None:
        from nuages.core.checks.registry import registry

        self.registry = registry
        self.new_checks = new_checks
        self.deployment_checks = deployment_checks
        super().__init__()

    def enable(self) -> None:
        self.before = self.registry.registered_checks, self.registry.deployment_checks
        self.registry.registered_checks = set()
        for check in self.new_checks:
            self.registry.register(check, *getattr(check, "tags", ()))
        if self.deployment_checks is not None:
            self.registry.deployment_checks = set()
            for check in self.deployment_checks:
                self.registry.register(check, *getattr(check, "tags", ()), deploy=True)

    def disable(self) -> None:
        self.registry.registered_checks, self.registry.deployment_checks = self.before


class ignore_warnings(TestContextDecorator):
    """Ignore warnings; arguments are those of ``warnings.filterwarnings``."""

    def __init__(self, **kwargs: Any) -> None:
        self.ignore_kwargs = kwargs
        by_text = "message" in kwargs or "module" in kwargs
        self.filter = warnings.filterwarnings if by_text else warnings.simplefilter
        super().__init__()

    def enable(self) -> None:
        self.catcher = warnings.catch_warnings()
        self.catcher.__enter__()
        self.filter("ignore", **self.ignore_kwargs)

    def disable(self) -> None:
        self.catcher.__exit__(*sys.exc_info())


class isolate_apps(TestContextDecorator):
    """Models defined inside register with an app registry of their own.

    Manual: "Advanced testing topics", ``isolate_apps``: arguments are the labels of apps to have in it.
    """

    def __init__(self, *installed_apps: str, **kwargs: Any) -> None:
        self.installed_apps = installed_apps
        super().__init__(**kwargs)

    def enable(self) -> Apps:
        from nuages.db.models.options import Options

        self.old_apps = Options.default_apps
        registry = Apps(self.installed_apps)
        Options.default_apps = registry
        return registry

    def disable(self) -> None:
        from nuages.db.models.options import Options

        Options.default_apps = self.old_apps


@contextmanager
def register_lookup(field: Any, *lookups: Any, lookup_name: str | None = None) -> Iterator[None]:
    """Register lookups with a field (class or instance) for a block."""
    for lookup in lookups:
        field.register_lookup(lookup, lookup_name)
    try:
        yield
    finally:
        for lookup in lookups:
            field._unregister_lookup(lookup, lookup_name)


@contextmanager
def override_script_prefix(prefix: str) -> Iterator[None]:
    """Change the URL script prefix for a block."""
    from nuages.urls import get_script_prefix, set_script_prefix

    before = get_script_prefix()
    set_script_prefix(prefix)
    try:
        yield
    finally:
        set_script_prefix(before)


@contextmanager
def extend_sys_path(*paths: str) -> Iterator[None]:
    """Add folders to the end of the module search path for a block."""
    before = sys.path[:]
    sys.path.extend(paths)
    try:
        yield
    finally:
        sys.path = before


@contextmanager
def isolate_lru_cache(lru_cache_object: Any) -> Iterator[None]:
    """Empty a cached function's cache before and after a block."""
    lru_cache_object.cache_clear()
    try:
        yield
    finally:
        lru_cache_object.cache_clear()


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
