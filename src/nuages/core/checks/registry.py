"""The registry of system checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from itertools import chain
from typing import Any

from nuages.utils.inspect import func_accepts_kwargs

type Check = Callable[..., Any]


class Tags:
    """The tags of the built-in checks."""

    admin = "admin"
    async_support = "async_support"
    caches = "caches"
    commands = "commands"
    compatibility = "compatibility"
    database = "database"
    files = "files"
    gis = "gis"
    mail = "mail"
    models = "models"
    security = "security"
    signals = "signals"
    sites = "sites"
    staticfiles = "staticfiles"
    templates = "templates"
    translation = "translation"
    urls = "urls"


class CheckRegistry:
    """Checks, and those that only run for a deployment.

    Args:
        load: registers further checks; called before the checks are first looked at.
    """

    def __init__(self, load: Callable[[], None] | None = None) -> None:
        self._checks: set[Check] = set()
        self._deployment_checks: set[Check] = set()
        self._load = load

    def _loaded(self) -> None:
        if (load := self._load) is not None:
            self._load = None
            load()

    @property
    def registered_checks(self) -> set[Check]:
        """The checks that always run."""
        self._loaded()
        return self._checks

    @registered_checks.setter
    def registered_checks(self, checks: Iterable[Check]) -> None:
        self._loaded()
        self._checks = set(checks)

    @property
    def deployment_checks(self) -> set[Check]:
        """The checks of ``check --deploy``."""
        self._loaded()
        return self._deployment_checks

    @deployment_checks.setter
    def deployment_checks(self, checks: Iterable[Check]) -> None:
        self._loaded()
        self._deployment_checks = set(checks)

    def register(self, check: Any = None, *tags: str, **kwargs: Any) -> Any:
        """Register a check, or return a decorator that does.

        Called as ``register(check, *tags)``, ``@register`` or ``@register(*tags)``.

        Args:
            kwargs: ``deploy=True`` for a check of ``check --deploy`` only.

        Raises:
            TypeError: the check does not take ``**kwargs``.
        """
        if check is not None and not callable(check):
            check, tags = None, (check, *tags)
        home = self._deployment_checks if kwargs.get("deploy") else self._checks

        def add(function: Any) -> Any:
            if not func_accepts_kwargs(function):
                raise TypeError("Check functions must accept keyword arguments (**kwargs).")
            function.tags = tags
            home.add(function)
            return function

        return add if check is None else add(check)

    def run_checks(
        self,
        app_configs: Iterable[Any] | None = None,
        tags: Iterable[str] | None = None,
        include_deployment_checks: bool = False,
        databases: Iterable[str] | None = None,
    ) -> list[Any]:
        """Run the checks and return their messages.

        Args:
            app_configs: the applications to check; all if ``None``.
            tags: run only checks with one of these.
            databases: the aliases that may be queried. Without any, all may be, but checks that
                are about the database itself only run if ``tags`` asks for them.

        Raises:
            TypeError: a check returned no list.
        """
        wanted = None if tags is None else set(tags)
        unwanted = {Tags.database} if wanted is None and not databases else set()
        if databases is None:
            from nuages.db import connections

            databases = list(connections)
        messages: list[Any] = []
        for check in self.get_checks(include_deployment_checks):
            own: tuple[str, ...] = check.tags  # type: ignore[attr-defined]
            if not unwanted.isdisjoint(own) or (wanted is not None and wanted.isdisjoint(own)):
                continue
            found = check(app_configs=app_configs, databases=databases)
            try:
                messages.extend(found)
            except TypeError:
                raise TypeError(
                    f"The function {check!r} did not return a list. All functions registered "
                    "with the checks registry must return a list."
                ) from None
        return messages

    def tag_exists(self, tag: str, include_deployment_checks: bool = False) -> bool:
        """Whether some check has ``tag``."""
        return tag in self.tags_available(include_deployment_checks)

    def tags_available(self, deployment_checks: bool = False) -> set[str]:
        """Return all tags."""
        return set(
            chain.from_iterable(check.tags for check in self.get_checks(deployment_checks))  # type: ignore[attr-defined]
        )

    def get_checks(self, include_deployment_checks: bool = False) -> list[Check]:
        """Return the checks."""
        checks = list(self.registered_checks)
        if include_deployment_checks:
            checks.extend(self.deployment_checks)
        return checks


#: The modules of the built-in checks. They are imported when checks are first run.
BUILT_IN = (
    "async_checks",
    "caches",
    "commands",
    "compatibility.django_4_0",
    "database",
    "files",
    "mail",
    "model_checks",
    "security.base",
    "security.csrf",
    "security.sessions",
    "templates",
    "translation",
    "urls",
)


def _load_built_in() -> None:
    for name in BUILT_IN:
        import_module(f"django.core.checks.{name}")


registry = CheckRegistry(_load_built_in)
register = registry.register
run_checks = registry.run_checks
tag_exists = registry.tag_exists
