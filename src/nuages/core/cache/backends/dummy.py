"""A cache that keeps nothing, for development. Manual: topics/cache, "Dummy caching"."""

from typing import Any

from nuages.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache


class DummyCache(BaseCache):
    """Checks keys, and forgets."""

    blocking = False

    def __init__(self, host: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        """Return ``default``."""
        self.make_and_validate_key(key, version)
        return default

    def has_key(self, key: Any, version: Any = None) -> bool:
        """Return ``False``."""
        return bool(self.get(key, False, version))

    def delete(self, key: Any, version: Any = None) -> bool:
        """Return ``False``: there was nothing to delete."""
        return self.has_key(key, version)

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        """Return ``False``: there was nothing to touch."""
        return self.has_key(key, version)

    def set(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> None:
        """Do nothing."""
        self.make_and_validate_key(key, version)

    def add(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> bool:
        """Return ``True``: there was no such key."""
        return not self.has_key(key, version)

    def clear(self) -> None:
        """Do nothing."""
