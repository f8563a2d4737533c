"""What all session stores share. Manual: "How to use sessions"."""

from __future__ import annotations

import logging
import string
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from nuages.conf import settings
from nuages.contrib.sessions.exceptions import SuspiciousSession
from nuages.core import signing
from nuages.utils import timezone
from nuages.utils.concurrency import sync_to_async
from nuages.utils.crypto import get_random_string
from nuages.utils.functional import cached_property
from nuages.utils.module_loading import import_string
from nuages.utils.twins import Calls, call, twin

VALID_KEY_CHARS = string.ascii_lowercase + string.digits

_EXPIRY = "_session_expiry"
_MISSING: Any = object()

Data = dict[str, Any]


class CreateError(Exception):
    """There is a session of that key already."""


class UpdateError(Exception):
    """There is no session of that key any more."""


def _as_time(expiry: Any) -> Any:
    # JSON has no dates, so they are kept as text.
    return datetime.fromisoformat(expiry) if isinstance(expiry, str) else expiry


class SessionBase:
    """A dictionary that belongs to a visitor. Every method that may wait has an async twin.

    A store defines ``exists()``, ``create()``, ``save()``, ``delete()``, ``load()`` and
    ``clear_expired()``.

    Args:
        session_key: as the visitor's cookie has it; ``None`` for a new session.
    """

    TEST_COOKIE_NAME = "testcookie"
    TEST_COOKIE_VALUE = "worked"

    def __init__(self, session_key: str | None = None) -> None:
        self.accessed = self.modified = False
        self._session_key = session_key

    @cached_property
    def serializer(self) -> Callable[[], Any]:
        """The class that ``SESSION_SERIALIZER`` names."""
        return import_string(settings.SESSION_SERIALIZER)

    # -- the key --------------------------------------------------------------------------------

    @property
    def session_key(self) -> str | None:
        """The key, where it can be one."""
        return self.__key

    @property
    def _session_key(self) -> str | None:
        return self.__key

    @_session_key.setter
    def _session_key(self, value: str | None) -> None:
        self.__key = value if value and self._validate_session_key(value) else None

    def _validate_session_key(self, key: str) -> bool:
        # Short keys could be guessed; no store makes any.
        return len(key) >= 8

    @twin
    def _get_new_session_key(self) -> Calls[str]:
        """Return a key that no session has."""
        while True:
            key = get_random_string(32, VALID_KEY_CHARS)
            if not (yield call(self, "exists", key)):
                return key

    @twin
    def _get_or_create_session_key(self) -> Calls[str]:
        """Return the key, which is made where there is none."""
        if self._session_key is None:
            self._session_key = yield call(self, "_get_new_session_key")
        return self._session_key

    # -- the data -------------------------------------------------------------------------------

    @property
    def key_salt(self) -> str:
        """Keeps signed data of different stores apart."""
        return f"django.contrib.sessions.{type(self).__qualname__}"

    def encode(self, session_dict: Data) -> str:
        """Return session data as signed text."""
        return signing.dumps(
            session_dict, salt=self.key_salt, serializer=self.serializer, compress=True
        )

    def decode(self, session_data: str) -> Data:
        """Return the data in signed text; none if it was tampered with."""
        try:
            data: Data = signing.loads(session_data, salt=self.key_salt, serializer=self.serializer)
        except signing.BadSignature:
            logger = logging.getLogger(f"django.security.{SuspiciousSession.__name__}")
            logger.warning("Session data corrupted")
            return {}
        except Exception:
            # What the serializer of another time wrote cannot be read: start anew.
            return {}
        return data

    def _open(self, no_load: bool = False) -> Calls[Data]:
        """Return the data, loaded if need be."""
        self.accessed = True
        if not hasattr(self, "_session_cache"):
            fresh = no_load or self.session_key is None
            self._session_cache: Data = {} if fresh else (yield call(self, "load"))
        return self._session_cache

    @twin
    def _get_session(self, no_load: bool = False) -> Calls[Data]:
        return (yield from self._open(no_load))

    @property
    def _session(self) -> Data:
        if (loaded := self.__dict__.get("_session_cache")) is not None:
            self.accessed = True
            return loaded
        return self._get_session()

    def is_empty(self) -> bool:
        """Whether there is neither a key nor, as far as it was loaded, any data."""
        return not self._session_key and not getattr(self, "_session_cache", None)

    def __bool__(self) -> bool:
        return not self.is_empty()

    # -- the dictionary -------------------------------------------------------------------------

    @twin
    def get(self, key: str, default: Any = None) -> Calls[Any]:
        """Return a value, or ``default``."""
        return (yield from self._open()).get(key, default)

    @twin
    def has_key(self, key: str) -> Calls[bool]:
        """Return whether there is a value of that name."""
        return key in (yield from self._open())

    @twin
    def keys(self) -> Calls[Any]:
        """Return the names."""
        return (yield from self._open()).keys()

    @twin
    def values(self) -> Calls[Any]:
        """Return the values."""
        return (yield from self._open()).values()

    @twin
    def items(self) -> Calls[Any]:
        """Return names and values."""
        return (yield from self._open()).items()

    @twin
    def update(self, dict_: Data) -> Calls[None]:
        """Set many values."""
        (yield from self._open()).update(dict_)
        self.modified = True

    @twin
    def setdefault(self, key: str, value: Any) -> Calls[Any]:
        """Return a value, after setting it where it is missing."""
        data = yield from self._open()
        self.modified |= key not in data
        return data.setdefault(key, value)

    @twin
    def pop(self, key: str, default: Any = _MISSING) -> Calls[Any]:
        """Remove and return a value; without a default, it must be there."""
        data = yield from self._open()
        self.modified |= key in data
        return data.pop(key) if default is _MISSING else data.pop(key, default)

    def _put(self, key: str, value: Any) -> Calls[None]:
        (yield from self._open())[key] = value
        self.modified = True

    __setitem__ = twin(_put, awaiting="aset")

    def __getitem__(self, key: str) -> Any:
        return self._session[key]

    def __delitem__(self, key: str) -> None:
        del self._session[key]
        self.modified = True

    def __contains__(self, key: object) -> bool:
        return key in self._session

    def clear(self) -> None:
        """Remove all values, without loading them."""
        self._session_cache = {}
        self.accessed = self.modified = True

    # -- the test cookie ------------------------------------------------------------------------

    @twin
    def set_test_cookie(self) -> Calls[None]:
        """Set a value, to see in the next request whether the browser keeps cookies."""
        yield from self._put(self.TEST_COOKIE_NAME, self.TEST_COOKIE_VALUE)

    @twin
    def test_cookie_worked(self) -> Calls[bool]:
        """Return whether that value came back."""
        data = yield from self._open()
        return data.get(self.TEST_COOKIE_NAME) == self.TEST_COOKIE_VALUE

    @twin
    def delete_test_cookie(self) -> Calls[None]:
        """Remove that value."""
        del (yield from self._open())[self.TEST_COOKIE_NAME]
        self.modified = True

    # -- expiry ---------------------------------------------------------------------------------

    def get_session_cookie_age(self) -> int:
        """Return how long sessions live, in seconds."""
        return settings.SESSION_COOKIE_AGE

    def _expiry(self, given: dict[str, Any]) -> Calls[tuple[datetime, Any]]:
        """Return the times that expiry is reckoned from and to; the second may be in seconds."""
        expiry = given.get("expiry", _MISSING)
        if expiry is _MISSING:
            expiry = (yield from self._open()).get(_EXPIRY)
        modification = given.get("modification")
        return modification or timezone.now(), _as_time(expiry) or self.get_session_cookie_age()

    @twin
    def get_expiry_age(self, **kwargs: Any) -> Calls[int]:
        """Return in how many seconds the session expires.

        Args:
            modification: when it was last changed; default: now.
            expiry: what ``set_expiry()`` was given; default: as stored.
        """
        start, end = yield from self._expiry(kwargs)
        if not isinstance(end, datetime):
            return end
        left = end - start
        return left.days * 86400 + left.seconds

    @twin
    def get_expiry_date(self, **kwargs: Any) -> Calls[datetime]:
        """Return when the session expires; arguments as those of ``get_expiry_age()``."""
        start, end = yield from self._expiry(kwargs)
        return end if isinstance(end, datetime) else start + timedelta(seconds=end)

    @twin
    def set_expiry(self, value: int | datetime | timedelta | None) -> Calls[None]:
        """Set when the session expires. Manual: "set_expiry()".

        Args:
            value: seconds without a change, a time, a time from now, 0 for the end of the
                browser, ``None`` for the setting's.
        """
        if value is None:
            data = yield from self._open()
            if data.pop(_EXPIRY, None) is not None:
                self.modified = True
            return
        if isinstance(value, timedelta):
            value = timezone.now() + value
        yield from self._put(_EXPIRY, value.isoformat() if isinstance(value, datetime) else value)

    @twin
    def get_expire_at_browser_close(self) -> Calls[bool]:
        """Return whether the cookie lasts only as long as the browser runs."""
        expiry = (yield from self._open()).get(_EXPIRY)
        return settings.SESSION_EXPIRE_AT_BROWSER_CLOSE if expiry is None else expiry == 0

    # -- its life -------------------------------------------------------------------------------

    @twin
    def flush(self) -> Calls[None]:
        """Remove the session with its data; go on with a new one."""
        self.clear()
        yield call(self, "delete")
        self._session_key = None

    @twin
    def cycle_key(self) -> Calls[None]:
        """Keep the data under a new key, as is done at login."""
        data = yield from self._open()
        old = self.session_key
        yield call(self, "create")
        self._session_cache = data
        if old:
            yield call(self, "delete", old)

    @classmethod
    def clear_expired(cls) -> None:
        """Remove the expired sessions of the store, where they stay until then."""
        raise _not_provided("a clear_expired")

    @classmethod
    async def aclear_expired(cls) -> None:
        """The async twin of ``clear_expired()``."""
        await sync_to_async(cls.clear_expired)()


def _not_provided(what: str) -> NotImplementedError:
    return NotImplementedError(f"subclasses of SessionBase must provide {what}() method")


def _left_to_stores(name: str, purpose: str) -> None:
    def missing(self: SessionBase, *args: Any, **kwargs: Any) -> Any:
        raise _not_provided(f"{'an' if name == 'exists' else 'a'} {name}")

    async def in_thread(self: SessionBase, *args: Any, **kwargs: Any) -> Any:
        return await sync_to_async(getattr(self, name))(*args, **kwargs)

    for function, attribute in ((missing, name), (in_thread, f"a{name}")):
        function.__name__, function.__doc__ = attribute, purpose
        function.__qualname__ = f"SessionBase.{attribute}"
        setattr(SessionBase, attribute, function)


for _name, _purpose in {
    "create": "Store a new session under a new key.",
    "delete": "Remove a session, by default this one.",
    "exists": "Return whether there is a session of that key.",
    "load": "Return the stored data.",
    "save": "Store the data; raise CreateError or UpdateError as ``must_create`` demands.",
}.items():
    _left_to_stores(_name, _purpose)

__all__ = ["VALID_KEY_CHARS", "CreateError", "SessionBase", "UpdateError"]
