"""What several types of field share: the cache of related objects, the check of shared defaults."""

from __future__ import annotations

from typing import Any

from nuages.core.checks import CheckMessage
from nuages.db.models.fields import NOT_PROVIDED, _checks
from nuages.utils.functional import settable


class FieldCacheMixin:
    """Keeps related objects in the instance's ``_state.fields_cache``, under ``cache_name``."""

    @settable
    def cache_name(self) -> str:
        """The key that a related object is kept by."""
        raise NotImplementedError(f"{type(self).__name__} says no cache_name.")

    def set_cached_value(self, instance: Any, value: Any) -> None:
        """Keep the related object of an instance."""
        self._cache_of(instance)[self.cache_name] = value

    def get_cached_value(self, instance: Any, default: Any = NOT_PROVIDED) -> Any:
        """Return the cached object; without one ``default``, or ``KeyError``."""
        cache, name = self._cache_of(instance), self.cache_name
        return cache[name] if default is NOT_PROVIDED else cache.get(name, default)

    def delete_cached_value(self, instance: Any) -> None:
        """Forget the object; ``KeyError`` if there is none."""
        self._cache_of(instance).pop(self.cache_name)

    def is_cached(self, instance: Any) -> bool:
        """Whether the related object of an instance is kept."""
        return self.cache_name in self._cache_of(instance)

    @staticmethod
    def _cache_of(instance: Any) -> dict[str, Any]:
        return instance._state.fields_cache


class CheckFieldDefaultMixin:
    """Warns of a mutable default: every instance would share it."""

    #: A callable that would do, and a default that would not.
    _default_hint = ("<valid default>", "<invalid default>")

    def _check_default(self) -> list[CheckMessage]:
        return list(_checks.default_is_not_shared(self))

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        return [*super().check(**kwargs), *self._check_default()]  # type: ignore[misc]
