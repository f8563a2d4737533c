"""Options of storages that settings stand in for."""

import os
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin

from nuages.conf import settings
from nuages.core.signals import setting_changed
from nuages.utils.encoding import filepath_to_uri
from nuages.utils.functional import cached_property
from nuages.utils.safestring import SafeString

#: Names that are looked up by what they say; templates write theirs as safe text.
_TEXTS = (str, SafeString)

# Setting → the cached properties that depend on it.
_DEPENDENT = {
    "MEDIA_ROOT": ("base_location", "location"),
    "MEDIA_URL": ("base_url",),
    "FILE_UPLOAD_PERMISSIONS": ("file_permissions_mode",),
    "FILE_UPLOAD_DIRECTORY_PERMISSIONS": ("directory_permissions_mode",),
}


def _option(name: str, setting: str, doc: str) -> Any:
    """Make a property: what the storage was given, else what the setting says."""

    def read(storage: Any) -> Any:
        return storage._value_or_setting(storage._given[name], getattr(settings, setting))

    read.__doc__ = doc
    made = cached_property(read)
    made.__set_name__(StorageSettingsMixin, name)
    return made


class StorageSettingsMixin:
    """Location, URL and permissions: as given, otherwise as the settings say at the time."""

    _given: dict[str, Any]

    base_location: Any
    file_permissions_mode: int | None
    directory_permissions_mode: int | None

    def _take_options(
        self, location: Any, base_url: Any, file_mode: int | None, directory_mode: int | None
    ) -> None:
        """Keep what was given, and follow the settings for the rest."""
        self._given = {
            "base_location": location,
            # A lazy URL must not be evaluated here.
            "base_url": base_url,
            "file_permissions_mode": file_mode,
            "directory_permissions_mode": directory_mode,
        }
        setting_changed.connect(self._clear_cached_properties)

    def _clear_cached_properties(self, setting: str, **kwargs: Any) -> None:
        for name in _DEPENDENT.get(setting, ()):
            self.__dict__.pop(name, None)

    def _value_or_setting(self, value: Any, setting: Any) -> Any:
        return setting if value is None else value

    @cached_property
    def location(self) -> str:
        """The absolute path of the directory."""
        return os.path.abspath(self.base_location)

    @cached_property
    def base_url(self) -> Any:
        """Where the files are served, with a slash at the end; or `MEDIA_URL`."""
        given = self._given["base_url"]
        if given is None:
            return settings.MEDIA_URL
        return given if given.endswith("/") else f"{given}/"

    def url(self, name: Any) -> str:
        """Return the URL of a file below `base_url`.

        Raises ``ValueError`` if there is none.
        """
        if self.base_url is None:
            raise ValueError("This file is not accessible via a URL.")
        base = self.base_url
        plain = type(name) in _TEXTS and type(base) is str
        return _joined(base, name) if plain else _address(base, name)


def _address(base: Any, name: Any) -> str:
    # A leading slash would lead away from the base, two of them to another host.
    uri = filepath_to_uri(name)
    return urljoin(base, "" if uri is None else uri.lstrip("/"))


#: A page names the same few static files each time.
_joined = lru_cache(maxsize=1024)(_address)


for _name, _setting, _doc in (
    ("base_location", "MEDIA_ROOT", "The directory as given, or `MEDIA_ROOT`."),
    (
        "file_permissions_mode",
        "FILE_UPLOAD_PERMISSIONS",
        "The permissions of new files, or `FILE_UPLOAD_PERMISSIONS`.",
    ),
    (
        "directory_permissions_mode",
        "FILE_UPLOAD_DIRECTORY_PERMISSIONS",
        "The permissions of new directories, or `FILE_UPLOAD_DIRECTORY_PERMISSIONS`.",
    ),
):
    setattr(StorageSettingsMixin, _name, _option(_name, _setting, _doc))
