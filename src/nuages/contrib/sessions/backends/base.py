"""What all session stores share. Manual: "How to use sessions"."""

from __future__ import annotations

import logging
import string
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any

from nuages.conf import settings
from nuages.contrib.sessions.exceptions import SuspiciousSession
from nuages.core import signing
from nuages.utils import timezone
from nuages.utils.concurrency import sync_to_async
from nuages.utils.crypto import get_random_string
from nuages.utils.functional import cached_property
from nuages.utils.module_loading import import_string
from nuages.utils.twins import Calls, call, twin, twin_name

VALID_KEY_CHARS = string.ascii_lowercase + string.digits

_EXPIRY = "_session_expiry"
_MISSING: Any = object()

Data = dict[str, Any]


class CreateError(Exception):
    """There is a session of that key already."""


class UpdateError(Exception):
    """There is no session of that key any more."""


class once_loaded:  # noqa: N801 - reads as the decorator that it is
    """Define a method that works on the data, and its async twin: that one loads them first.

    With the data at hand the method itself never waits.
    """

    def __init__(
        self, method: Callable[..., Any], awaiting: str | None = None, unless: str | None = None
    ) -> None:
        self.method, self.awaiting, self.given = method, awaiting, unless

    @classmethod
    def named(cls, awaiting: str) -> Callable[[Callable[..., Any]], once_loaded]:
        """Return the decorator that gives the twin this name."""
        return lambda method: cls(method, awaiting)

    @classmethod
    def unless(cls, given: str) -> Callable[[Callable[..., Any]], once_loaded]:
        """Return the decorator that does without the data where this argument is given."""
        return lambda method: cls(method, unless=given)

    def __set_name__(self, owner: type, name: str) -> None:
        method, given = self.method, self.given

        @wraps(method)
        async def awaiting(store: Any, *args: Any, **kwargs: Any) -> Any:
            if given not in kwargs:
                await store._aget_session()
            return method(store, *args, **kwargs)

        awaiting.__name__ = self.awaiting or twin_name(name)
        awaiting.__qualname__ = f"{owner.__qualname__}.{awaiting.__name__}"
        setattr(owner, name, method)
        setattr(owner, awaiting.__name__, awaiting)

    if TYPE_CHECKING:
        # Both names are plain functions by the time that anybody asks for them.
        def __get__(self, instance: object, owner: type | None = None) -> Callable[..., Any]: ...


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

    def _get_session(self, no_load: bool = False) -> Data:
        """Return the data, loaded if need be."""
        self.accessed = True
        if (data := self._kept(no_load)) is None:
            data = self._session_cache = self.load()  # type: ignore[attr-defined]
        return data

    async def _aget_session(self, no_load: bool = False) -> Data:
        """The async twin of ``_get_session()``."""
        self.accessed = True
        if (data := self._kept(no_load)) is None:
            data = self._session_cache = await call(self, "load").awaiting()
        return data

    def _kept(self, no_load: bool) -> Data | None:
        """Return the data that are there; none of a session without a key, or if none are wanted."""
        kept: Data | None = self.__dict__.get("_session_cache")
        if kept is None and (no_load or self.session_key is None):
            kept = self._session_cache = {}
        return kept

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

    @once_loaded
    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, or ``default``."""
        return self._session.get(key, default)

    @once_loaded
    def has_key(self, key: str) -> bool:
        """Return whether there is a value of that name."""
        return key in self._session

    @once_loaded
    def keys(self) -> Any:
        """Return the names."""
        return self._session.keys()

    @once_loaded
    def values(self) -> Any:
        """Return the values."""
        return self._session.values()

    @once_loaded
    def items(self) -> Any:
        """Return names and values."""
        return self._session.items()

    @once_loaded
    def update(self, dict_: Data) -> None:
        """Set many values."""
        self._session.update(dict_)
        self.modified = True

    @once_loaded
    def setdefault(self, key: str, value: Any) -> Any:
        """Return a value, after setting it where it is missing."""
        data = self._session
        self.modified |= key not in data
        return data.setdefault(key, value)

    @once_loaded
    def pop(self, key: str, default: Any = _MISSING) -> Any:
        """Remove and return a value; without a default, it must be there."""
        data = self._session
        self.modified |= key in data
        return data.pop(key) if default is _MISSING else data.pop(key, default)

    @once_loaded.named("aset")
    def __setitem__(self, key: str, value: Any) -> None:
        self._session[key] = value
        self.modified = True

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

    @once_loaded
    def set_test_cookie(self) -> None:
        """Set a value, to see in the next request whether the browser keeps cookies."""
        self._session[self.TEST_COOKIE_NAME] = self.TEST_COOKIE_VALUE
        self.modified = True

    @once_loaded
    def test_cookie_worked(self) -> bool:
        """Return whether that value came back."""
        return self._session.get(self.TEST_COOKIE_NAME) == self.TEST_COOKIE_VALUE

    @once_loaded
    def delete_test_cookie(self) -> None:
        """Remove that value."""
        del self._session[self.TEST_COOKIE_NAME]
        self.modified = True

    # -- expiry ---------------------------------------------------------------------------------

    def get_session_cookie_age(self) -> int:
        """Return how long sessions live, in seconds."""
        return settings.SESSION_COOKIE_AGE

    def _end(self, given: dict[str, Any]) -> datetime | int:
        """Return when a session expires, or in how many seconds."""
        expiry = given["expiry"] if "expiry" in given else self._session.get(_EXPIRY)
        # JSON has no dates, so they are kept as text.
        end: Any = datetime.fromisoformat(expiry) if isinstance(expiry, str) else expiry
        return end or self.get_session_cookie_age()

    @once_loaded.unless("expiry")
    def get_expiry_age(self, **kwargs: Any) -> int:
        """Return in how many seconds the session expires.

        Args:
            modification: when it was last changed; default: now.
            expiry: what ``set_expiry()`` was given; default: as stored.
        """
        end = self._end(kwargs)
        if not isinstance(end, datetime):
            return end
        left = end - (kwargs.get("modification") or timezone.now())
        return left.days * 86400 + left.seconds

    @once_loaded.unless("expiry")
    def get_expiry_date(self, **kwargs: Any) -> datetime:
        """Return when the session expires; arguments as those of ``get_expiry_age()``."""
        end = self._end(kwargs)
        if isinstance(end, datetime):
            return end
        return (kwargs.get("modification") or timezone.now()) + timedelta(seconds=end)

    @once_loaded
    def set_expiry(self, value: int | datetime | timedelta | None) -> None:
        """Set when the session expires. Manual: "set_expiry()".

        Args:
            value: seconds without a change, a time, a time from now, 0 for the end of the
                browser, ``None`` for the setting's.
        """
        data = self._session
        if value is None:
            if data.pop(_EXPIRY, None) is not None:
                self.modified = True
            return
        if isinstance(value, timedelta):
            value = timezone.now() + value
        self[_EXPIRY] = value.isoformat() if isinstance(value, datetime) else value

    @once_loaded
    def get_expire_at_browser_close(self) -> bool:
        """Return whether the cookie lasts only as long as the browser runs."""
        expiry = self._session.get(_EXPIRY)
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
        data = yield call(self, "_get_session")
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
