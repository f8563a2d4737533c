"""The storages of a project, by alias. Manual: ref/settings, `STORAGES`."""

from typing import Any

from nuages.conf import settings
from nuages.core.exceptions import ImproperlyConfigured
from nuages.utils.functional import cached_property
from nuages.utils.module_loading import import_string


class InvalidStorageError(ImproperlyConfigured):
    """There is no such storage, or its class cannot be imported."""


class StorageHandler:
    """Makes each storage at its first use, and keeps it."""

    def __init__(self, backends: dict[str, dict[str, Any]] | None = None) -> None:
        self._backends = backends
        self._storages: dict[str, Any] = {}

    @cached_property
    def backends(self) -> dict[str, dict[str, Any]]:
        """The definitions by alias: those given, or `STORAGES`."""
        if self._backends is None:
            self._backends = settings.STORAGES.copy()
        return self._backends

    def __getitem__(self, alias: str) -> Any:
        if alias not in self._storages:
            try:
                definition = self.backends[alias]
            except KeyError:
                raise InvalidStorageError(
                    f"Could not find config for '{alias}' in settings.STORAGES."
                ) from None
            self._storages[alias] = self.create_storage(definition)
        return self._storages[alias]

    def create_storage(self, params: dict[str, Any]) -> Any:
        """Make a storage of a definition with ``BACKEND`` and ``OPTIONS``.

        Raises `InvalidStorageError` if the class cannot be imported.
        """
        backend = params["BACKEND"]
        try:
            storage_class = import_string(backend)
        except ImportError as error:
            raise InvalidStorageError(f"Could not find backend {backend!r}: {error}") from error
        return storage_class(**params.get("OPTIONS", {}))
