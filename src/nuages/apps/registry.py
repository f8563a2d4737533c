"""The registry of applications and models."""

from __future__ import annotations

import functools
import sys
import threading
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from nuages.apps.config import AppConfig
from nuages.core.exceptions import AppRegistryNotReady, ImproperlyConfigured

if TYPE_CHECKING:
    from nuages.db.models import Model

type ModelKey = tuple[str, str]  # app label and lower-case model name


class _remembered:
    """A method whose results are kept by each registry for itself, until ``clear_cache()``."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.name = function.__name__
        functools.update_wrapper(self, function)  # type: ignore[arg-type]

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self.function
        cached = functools.lru_cache(maxsize=None)(functools.partial(self.function, instance))
        instance.__dict__[self.name] = cached
        return cached


class PendingOperation:
    """A function that waits for models to be registered."""

    __slots__ = ("apps", "function", "keys")

    def __init__(
        self, function: Callable[..., Any], keys: tuple[ModelKey, ...], apps: Apps
    ) -> None:
        self.function, self.keys, self.apps = function, keys, apps

    def first_missing(self) -> ModelKey | None:
        """Return the first model that is not there yet."""
        models = self.apps.all_models
        return next((key for key in self.keys if key[1] not in models[key[0]]), None)

    def run(self) -> None:
        """Call the function with the models."""
        self.function(*(self.apps.get_registered_model(*key) for key in self.keys))


_NOT_LOADED = dict.fromkeys(("apps_ready", "models_ready", "ready"), False)


class Apps:
    """Applications by label, and their models.

    Args:
        installed_apps: entries of ``INSTALLED_APPS`` or configurations; ``None`` only for the
            process's main registry, which :meth:`populate` fills later.

    Raises:
        RuntimeError: a second registry without applications was asked for.
    """

    def __init__(self, installed_apps: Iterable[str | AppConfig] | None = ()) -> None:
        is_main = installed_apps is None
        if is_main and "apps" in vars(sys.modules[__name__]):
            raise RuntimeError("You must supply an installed_apps argument.")
        #: What set_available_apps() and set_installed_apps() replaced.
        self.stored_app_configs: list[dict[str, AppConfig]] = []
        self.app_configs: dict[str, AppConfig] = {}
        self._set_state(loading=False, **_NOT_LOADED)
        self._lock = threading.RLock()
        #: For those who wait for the applications, such as the autoreloader.
        self.ready_event = threading.Event()
        #: Label to lower-case model name to model. Filled as model classes are made.
        self.all_models: dict[str, dict[str, type[Model]]] = defaultdict(dict)
        self._pending_operations: dict[ModelKey, list[PendingOperation]] = defaultdict(list)
        if not is_main:
            self.populate(installed_apps)

    #: Whether its models have what rows are worked with: managers, exceptions, documentation.
    models_have_rows = True

    loading: bool
    apps_ready: bool
    models_ready: bool
    ready: bool

    def _set_state(self, **flags: bool) -> None:
        self.__dict__.update(flags)

    def populate(self, installed_apps: Iterable[str | AppConfig] | None = None) -> None:
        """Load the applications, then their models, then call each ``ready()``. Does it once.

        Raises:
            RuntimeError: called by code that is being loaded.
            ImproperlyConfigured: two applications have one name or one label.
        """
        if not self.ready:
            with self._lock:
                # Another thread may have done it while this one waited.
                if not self.ready:
                    self._load(installed_apps or ())

    def _load(self, entries: Iterable[str | AppConfig]) -> None:
        """Do the work of :meth:`populate`."""
        if self.loading:
            raise RuntimeError("populate() isn't reentrant")
        self.loading = True
        for entry in entries:
            config = AppConfig.create(entry) if isinstance(entry, str) else entry
            self._add_config(config)
        known = Counter(config.name for config in self.app_configs.values())
        if twice := ", ".join(sorted(name for name, count in known.items() if count > 1)):
            raise ImproperlyConfigured(f"Application names aren't unique, duplicates: {twice}")
        self.apps_ready = True
        # Each phase for all applications before the next one.
        for config in [*self.app_configs.values()]:
            config.import_models()
        self.clear_cache()
        self.models_ready = True
        for config in [*self.app_configs.values()]:
            config.ready()
        self.ready = True
        self.ready_event.set()

    def _add_config(self, config: AppConfig) -> None:
        if self.app_configs.setdefault(config.label, config) is not config:
            raise ImproperlyConfigured(
                f"Application labels aren't unique, duplicates: {config.label}"
            )
        config.apps = self

    def check_apps_ready(self) -> None:
        """Raise ``AppRegistryNotReady`` while applications are being imported."""
        if self.apps_ready:
            return
        from nuages.conf import settings

        # If the cause is that there are no settings, this says so.
        getattr(settings, "INSTALLED_APPS")  # noqa: B009
        raise AppRegistryNotReady("Apps aren't loaded yet.")

    def check_models_ready(self) -> None:
        """Raise ``AppRegistryNotReady`` while models are being imported."""
        if self.models_ready:
            return
        raise AppRegistryNotReady("Models aren't loaded yet.")

    def get_app_configs(self) -> Iterable[AppConfig]:
        """Return the applications, in the order of ``INSTALLED_APPS``."""
        self.check_apps_ready()
        return self.app_configs.values()

    def get_app_config(self, app_label: str) -> AppConfig:
        """Return the application labelled so. Raises ``LookupError`` if there is none."""
        self.check_apps_ready()
        if (found := self.app_configs.get(app_label)) is not None:
            return found
        meant = [each.label for each in self.app_configs.values() if each.name == app_label]
        hint = f" Did you mean '{meant[0]}'?" if meant else ""
        raise LookupError(f"No installed app with label '{app_label}'.{hint}")

    @_remembered
    def get_models(
        self, include_auto_created: bool = False, include_swapped: bool = False
    ) -> list[type[Model]]:
        """Return all models; see :meth:`AppConfig.get_models` for the arguments."""
        self.check_models_ready()
        return [
            model
            for config in self.app_configs.values()
            for model in config.get_models(include_auto_created, include_swapped)
        ]

    def get_model(
        self, app_label: str, model_name: str | None = None, require_ready: bool = True
    ) -> type[Model]:
        """Return a model, by label and name or by ``"label.Name"``.

        Raises:
            LookupError: there is no such application or model.
            ValueError: a single argument that is not two names.
        """
        (self.check_models_ready if require_ready else self.check_apps_ready)()
        label, name = app_label.split(".") if model_name is None else (app_label, model_name)
        config = self.get_app_config(label)
        if config.models is None and not require_ready:
            config.import_models()
        return config.get_model(name, require_ready)

    def register_model(self, app_label: str, model: type[Model]) -> None:
        """Add a model class; called when the class is made.

        Raises:
            RuntimeError: another model has that name. (For the same class defined again, as on
                a reload, this only warns.)
        """
        name = model._meta.model_name
        models = self.all_models[app_label]
        known = models.get(name)
        if known is not None:
            if (model.__name__, model.__module__) != (known.__name__, known.__module__):
                raise RuntimeError(
                    f"Conflicting '{name}' models in application '{app_label}': {known} and "
                    f"{model}."
                )
            warnings.warn(
                f"Model '{app_label}.{name}' was already registered. Reloading models is not "
                "advised as it can lead to inconsistencies, most notably with related models.",
                RuntimeWarning,
                stacklevel=2,
            )
        models[name] = model
        self.do_pending_operations(model)
        self.clear_cache()

    def is_installed(self, app_name: str) -> bool:
        """Whether an application of that dotted path is installed."""
        self.check_apps_ready()
        return any(config.name == app_name for config in self.app_configs.values())

    def get_containing_app_config(self, object_name: str) -> AppConfig | None:
        """Return the innermost application that contains a dotted path."""
        self.check_apps_ready()
        best = None
        for config in self.app_configs.values():
            inside = object_name == config.name or object_name.startswith(config.name + ".")
            if inside and (best is None or len(config.name) > len(best.name)):
                best = config
        return best

    def get_registered_model(self, app_label: str, model_name: str) -> type[Model]:
        """Return a model that may still be waiting for others.

        Raises:
            LookupError: it is not registered.
        """
        model = self.all_models[app_label].get(model_name.lower())
        if model is None:
            raise LookupError(f"Model '{app_label}.{model_name}' not registered.")
        return model

    @_remembered
    def get_swappable_settings_name(self, to_string: str) -> str | None:
        """Return the setting that decides what ``"label.model"`` stands for, or ``None``."""
        wanted = to_string.lower()
        for model in self.get_models(include_swapped=True):
            options = model._meta
            swapped = options.swapped
            if swapped and swapped.lower() == wanted:
                return options.swappable
            if options.swappable and options.label_lower == wanted:
                return options.swappable
        return None

    def set_available_apps(self, available: Iterable[str]) -> None:
        """Hide all applications but these, until :meth:`unset_available_apps`.

        Raises:
            ValueError: one of them is not installed.
        """
        wanted = set(available)
        installed = {config.name for config in self.get_app_configs()}
        if extra := wanted - installed:
            raise ValueError(
                "Available apps isn't a subset of installed apps, extra apps: "
                f"{', '.join(sorted(extra))}"
            )
        kept = [item for item in self.app_configs.items() if item[1].name in wanted]
        self._replace_configs(dict(kept))

    def _replace_configs(self, configs: dict[str, AppConfig] | None, **flags: bool) -> None:
        """Put other applications in the place of these, or (``None``) those from before."""
        before = self.stored_app_configs
        if configs is None:
            self.app_configs = before.pop()
        else:
            before.append(self.app_configs)
            self.app_configs = configs
        self._set_state(**flags)
        self.clear_cache()

    def unset_available_apps(self) -> None:
        """Undo one :meth:`set_available_apps`."""
        self._replace_configs(None)

    def set_installed_apps(self, installed: Iterable[str]) -> None:
        """Load other applications, until :meth:`unset_installed_apps`."""
        if self.ready:
            self._replace_configs({}, loading=False, **_NOT_LOADED)
            self.populate(installed)
        else:
            raise AppRegistryNotReady("App registry isn't ready yet.")

    def unset_installed_apps(self) -> None:
        """Undo one :meth:`set_installed_apps`."""
        self._replace_configs(None, **dict.fromkeys(_NOT_LOADED, True))

    def clear_cache(self) -> None:
        """Forget what was derived from the set of models, here and in each model's options."""
        for name in ("get_models", "get_swappable_settings_name"):
            # Emptied in place: callers may hold the cached method.
            if (cached := self.__dict__.get(name)) is not None and hasattr(cached, "cache_clear"):
                cached.cache_clear()
        if self.ready:
            for config in self.app_configs.values():
                for model in config.get_models(include_auto_created=True):
                    model._meta._expire_cache()

    def lazy_model_operation(self, function: Callable[..., Any], *model_keys: ModelKey) -> None:
        """Call ``function(*models)`` as soon as all named models are registered.

        Args:
            model_keys: label and lower-case name of each.
        """
        self._run_or_wait(PendingOperation(function, model_keys, self))

    def do_pending_operations(self, model: type[Model]) -> None:
        """Go on with what waited for ``model``."""
        key = (model._meta.app_label, model._meta.model_name)
        for operation in self._pending_operations.pop(key, ()):
            self._run_or_wait(operation)

    def _run_or_wait(self, operation: PendingOperation) -> None:
        missing = operation.first_missing()
        if missing is None:
            operation.run()
        else:
            self._pending_operations[missing].append(operation)


class BareApps(Apps):
    """A registry of a few models that statements about tables are written from."""

    models_have_rows = False

    def __init__(self) -> None:
        # There is nothing to load, and no thread waits.
        self.stored_app_configs, self.app_configs = [], {}
        self._set_state(loading=False, **dict.fromkeys(_NOT_LOADED, True))
        self.all_models, self._pending_operations = defaultdict(dict), defaultdict(list)

    def register_model(self, app_label: str, model: type[Model]) -> None:
        self.all_models[app_label][model._meta.model_name] = model
        self.do_pending_operations(model)

    def clear_cache(self) -> None:
        """Nothing is remembered here."""


apps = Apps(installed_apps=None)
