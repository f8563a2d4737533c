"""Options of storages that settings stand in for."""

import os
from typing import Any
from urllib.parse import urljoin

from nuages.conf import settings
from nuages.core.signals import setting_changed
from nuages.utils.encoding import filepath_to_uri
from nuages.utils.functional import cached_property

# Setting → the cached properties that depend on it.
_DEPENDENT = {
    "MEDIA_ROOT": ("base_location", "location"),
    "MEDIA_URL": ("base_url",),
    "FILE_UPLOAD_PERMISSIONS": ("file_permissions_mode",),
    "FILE_UPLOAD_DIRECTORY_PERMISSIONS": ("directory_permissions_mode",),
}


class StorageSettingsMixin:
    """Location, URL and permissions: as given, otherwise as the settings say at the time."""

    _location: Any = None
    _base_url: Any = None
    _file_permissions_mode: Any = None
    _directory_permissions_mode: Any = None

    def _follow_settings(self) -> None:
        setting_changed.connect(self._clear_cached_properties)

    def _clear_cached_properties(self, setting: str, **kwargs: Any) -> None:
        for name in _DEPENDENT.get(setting, ()):
            self.__dict__.pop(name, None)

    def _value_or_setting(self, value: Any, setting: Any) -> Any:
        return setting if value is None else value

    @cached_property
    def base_location(self) -> Any:
        """The directory as given, or `MEDIA_ROOT`."""
        return self._value_or_setting(self._location, settings.MEDIA_ROOT)

    @cached_property
    def location(self) -> str:
        """The absolute path of the directory."""
        return os.path.abspath(self.base_location)

    @cached_property
    def base_url(self) -> Any:
        """Where the files are served, with a slash at the end; or `MEDIA_URL`."""
        url = self._base_url
        if url is not None and not url.endswith("/"):
            url += "/"
        return self._value_or_setting(url, settings.MEDIA_URL)

    @cached_property
    def file_permissions_mode(self) -> int | None:
        """The permissions of new files, or `FILE_UPLOAD_PERMISSIONS`."""
        return self._value_or_setting(self._file_permissions_mode, settings.FILE_UPLOAD_PERMISSIONS)

    @cached_property
    def directory_permissions_mode(self) -> int | None:
        """The permissions of new directories, or `FILE_UPLOAD_DIRECTORY_PERMISSIONS`."""
        return self._value_or_setting(
            self._directory_permissions_mode, settings.FILE_UPLOAD_DIRECTORY_PERMISSIONS
        )

    def url(self, name: Any) -> str:
        """Return the URL of a file below `base_url`.

        Raises ``ValueError`` if there is none.
        """
        if self.base_url is None:
            raise ValueError("This file is not accessible via a URL.")
        # A leading slash would lead away from the base, two of them to another host.
        uri = filepath_to_uri(name)
        return urljoin(self.base_url, "" if uri is None else uri.lstrip("/"))
