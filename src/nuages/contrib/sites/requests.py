"""What stands for a site where there is no table of sites."""

from typing import Any


class RequestSite:
    """A site whose domain and name are the host of a request."""

    def __init__(self, request: Any) -> None:
        self.domain = self.name = request.get_host()

    def __str__(self) -> str:
        return self.domain

    def save(self, force_insert: bool = False, force_update: bool = False) -> None:
        """Raise ``NotImplementedError``: there is nothing to save."""
        raise NotImplementedError("RequestSite cannot be saved.")

    def delete(self) -> None:
        """Raise ``NotImplementedError``: there is nothing to delete."""
        raise NotImplementedError("RequestSite cannot be deleted.")
