"""What happens when a field that was not loaded is read. Manual: "Fetch modes"."""

from __future__ import annotations

from typing import Any

from nuages.core.exceptions import FieldFetchBlocked

__all__ = ["FETCH_ONE", "FETCH_PEERS", "FETCH_RAISE", "FetchMode"]


class FetchMode:
    """How missing fields are fetched; there is one object of each mode."""

    __slots__ = ()
    #: Instances of one result know each other.
    track_peers = False
    name = ""

    def fetch(self, fetcher: Any, instance: Any) -> None:
        """Fetch for ``instance`` what the descriptor ``fetcher`` lacks."""
        raise NotImplementedError(f"{type(self).__name__} has no fetch().")

    def __reduce__(self) -> str | tuple[Any, ...]:
        return self.name or super().__reduce__()

    def __repr__(self) -> str:
        return self.name or super().__repr__()


class FetchOne(FetchMode):
    """Fetches for the instance alone."""

    __slots__ = ()
    name = "FETCH_ONE"

    def fetch(self, fetcher: Any, instance: Any) -> None:
        fetcher.fetch_one(instance)


class FetchPeers(FetchMode):
    """Fetches for all that came from the same query."""

    __slots__ = ()
    track_peers = True
    name = "FETCH_PEERS"

    def fetch(self, fetcher: Any, instance: Any) -> None:
        peers = [peer for ref in instance._state.peers if (peer := ref()) is not None]
        if len(peers) > 1:
            fetcher.fetch_many(peers)
        else:
            fetcher.fetch_one(instance)


class FetchRaise(FetchMode):
    """Refuses to fetch."""

    __slots__ = ()
    name = "FETCH_RAISE"

    def fetch(self, fetcher: Any, instance: Any) -> None:
        label = f"{type(instance).__name__}.{fetcher.field.name}"
        raise FieldFetchBlocked(f"Fetching of {label} blocked.") from None


FETCH_ONE = FetchOne()
FETCH_PEERS = FetchPeers()
FETCH_RAISE = FetchRaise()
