"""What stands for a site where there is no table of sites."""

from typing import Any


def _no_row(verb: str) -> Any:
    def method(self: Any, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(f"RequestSite cannot be {verb}.")

    method.__doc__ = "Raise ``NotImplementedError``: there is no row."
    return method


class RequestSite:
    """A site whose domain and name are the host of a request."""

    def __init__(self, request: Any) -> None:
        self.domain = self.name = request.get_host()

    save, delete = map(_no_row, ("saved", "deleted"))

    def __str__(self) -> str:
        return self.domain
