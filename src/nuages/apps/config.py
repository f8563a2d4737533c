"""One installed application: its configuration class, and how it is found."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from nuages.core.exceptions import ImproperlyConfigured
from nuages.utils.functional import cached_property
from nuages.utils.hints import unannotated
from nuages.utils.module_loading import module_has_submodule

if TYPE_CHECKING:
    from nuages.apps.registry import Apps
    from nuages.db.models import Model

APPS_MODULE_NAME = "apps"
MODELS_MODULE_NAME = "models"


@unannotated
class AppConfig:
    """An application and what is known of it.

    Args:
        app_name: the dotted path of its package.
        app_module: the package.

    Raises:
        ImproperlyConfigured: the label is no identifier, or the application has not one folder.
    """

    name: str
    label: str
    verbose_name: Any
    path: str

    def __init__(self, app_name: str, app_module: ModuleType) -> None:
        self.module, self.name = app_module, app_name
        # What the class does not say follows from the name and the module.
        label = getattr(self, "label", app_name.rpartition(".")[2])
        if not label.isidentifier():
            raise ImproperlyConfigured(f"The app label {label!r} is not a valid Python identifier.")
        follows = {
            "label": lambda: label,
            "verbose_name": lambda: label.title(),
            "path": lambda: self._path_from_module(app_module),
        }
        for attribute, value in follows.items():
            if not hasattr(self, attribute):
                setattr(self, attribute, value())

    #: The registry that holds this application.
    apps: Apps | None = None
    models_module: ModuleType | None = None
    #: Model classes by lower-case name; ``None`` until models are imported.
    models: dict[str, type[Model]] | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.label}>"

    @cached_property
    def default_auto_field(self) -> Any:
        """The class of implicit primary keys, as a dotted path."""
        from nuages.conf import settings

        return settings.DEFAULT_AUTO_FIELD

    @property
    def _is_default_auto_field_overridden(self) -> bool:
        return type(self).default_auto_field is not AppConfig.default_auto_field

    def _path_from_module(self, module: ModuleType) -> str:
        folders = list(getattr(module, "__path__", ()))
        if len(folders) != 1:
            filename = getattr(module, "__file__", None)
            if filename is not None:
                return os.path.dirname(filename)
            # Namespace packages may list one folder several times.
            folders = list(dict.fromkeys(folders))
        if len(folders) == 1:
            return folders[0]
        trouble = (
            f"multiple filesystem locations ({folders!r});"
            if folders
            else "no filesystem location,"
        )
        raise ImproperlyConfigured(
            f"The app module {module!r} has {trouble} you must configure this app with an "
            "AppConfig subclass with a 'path' class attribute."
        )

    @classmethod
    def create(cls, entry: str) -> AppConfig:
        """Return the configuration for an entry of ``INSTALLED_APPS``.

        Args:
            entry: the dotted path of a package, or of a configuration class.

        Raises:
            ImportError, ImproperlyConfigured, RuntimeError: the entry names no application.
        """
        try:
            found = import_module(entry)
        except Exception as error:
            config_class = _class_named_by(entry, error)
        else:
            config_class = _default_class_in(found)
            if config_class is None:
                return cls(entry, found)
        if not (isinstance(config_class, type) and issubclass(config_class, AppConfig)):
            raise ImproperlyConfigured(f"'{entry}' isn't a subclass of AppConfig.")
        name = getattr(config_class, "name", None)
        if name is None:
            raise ImproperlyConfigured(f"'{entry}' must supply a name attribute.")
        try:
            package = import_module(name)
        except ImportError as error:
            raise ImproperlyConfigured(
                f"Cannot import '{name}'. Check that "
                f"'{config_class.__module__}.{config_class.__qualname__}.name' is correct."
            ) from error
        return config_class(name, package)

    def get_model(self, model_name: str, require_ready: bool = True) -> type[Model]:
        """Return a model by its name, whatever the case. Raises ``LookupError`` if there is none."""
        assert self.apps is not None
        if require_ready:
            self.apps.check_models_ready()
        else:
            self.apps.check_apps_ready()
        try:
            return (self.models or {})[model_name.lower()]
        except KeyError:
            raise LookupError(f"App '{self.label}' doesn't have a '{model_name}' model.") from None

    def get_models(
        self, include_auto_created: bool = False, include_swapped: bool = False
    ) -> Iterator[type[Model]]:
        """Yield this application's models.

        Args:
            include_auto_created: also the hidden models of many-to-many relations.
            include_swapped: also models that a setting has replaced.
        """
        assert self.apps is not None
        self.apps.check_models_ready()
        for model in (self.models or {}).values():
            options = model._meta
            if options.auto_created and not include_auto_created:
                continue
            if options.swapped and not include_swapped:
                continue
            yield model

    def import_models(self) -> None:
        """Import the ``models`` submodule, if there is one."""
        assert self.apps is not None
        self.models = self.apps.all_models[self.label]
        if module_has_submodule(self.module, MODELS_MODULE_NAME):
            self.models_module = import_module(f"{self.name}.{MODELS_MODULE_NAME}")

    def ready(self) -> None:
        """Called when all models are loaded. Override it to connect signals and the like."""


def _configs_in(module: ModuleType) -> list[tuple[str, type[AppConfig]]]:
    return [
        (name, value)
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, AppConfig) and value is not AppConfig
    ]


def _default_class_in(module: ModuleType) -> type[AppConfig] | None:
    """Return the configuration class that a package's ``apps`` submodule offers, if any."""
    if not module_has_submodule(module, APPS_MODULE_NAME):
        return None
    path = f"{module.__name__}.{APPS_MODULE_NAME}"
    offered = [
        (name, value, getattr(value, "default", None))
        for name, value in _configs_in(import_module(path))
    ]
    willing = [value for _, value, default in offered if default is not False]
    if len(willing) == 1:
        return willing[0]
    chosen = [(name, value) for name, value, default in offered if default]
    if len(chosen) > 1:
        names = ", ".join(repr(name) for name, _ in chosen)
        raise RuntimeError(f"{path!r} declares more than one default AppConfig: {names}.")
    return chosen[0][1] if chosen else None


def _class_named_by(entry: str, error: Exception) -> Any:
    """Return the class that ``entry`` names; raise ``error`` if it does not look like a class."""
    module_path, _, class_name = entry.rpartition(".")
    looks_like_class = bool(module_path) and class_name[:1].isupper()
    try:
        module = import_module(module_path) if module_path else None
    except ImportError:
        if looks_like_class:
            raise
        raise error from None
    found = getattr(module, class_name, None)
    if found is not None and isinstance(found, type):
        return found
    if not looks_like_class:
        raise error
    message = f"Module '{module_path}' does not contain a '{class_name}' class."
    if choices := sorted(name for name, _ in _configs_in(module)):  # type: ignore[arg-type]
        message += f" Choices are: {', '.join(map(repr, choices))}."
    raise ImportError(message)
