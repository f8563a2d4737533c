"""Caches: a value stored, read, and looked for in vain; in memory, in files, in Redis.

Redis is left out where no server listens on the usual port. The practical limit keeps pickles in a
dictionary, in files, and with the client library's own methods.
"""

from __future__ import annotations

import pickle
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

VALUE = {"title": "Nuages", "tags": ["swing", "jazz"], "length": 198}
REDIS = "redis://127.0.0.1:6379/13"
#: How many times faster than Django each must be. Files and servers cost what they cost.
BARS = {
    "locmem: get": 1.7,
    "locmem: set": 1.7,
    "locmem: missing": 3,
    "locmem: get_many of 20": 1.7,
    "file: get": 1,
    "file: set": 1,
    "Redis: get": 1.2,
    "Redis: set": 1.2,
}


def _redis_listens() -> bool:
    try:
        socket.create_connection(("127.0.0.1", 6379), 1).close()
    except OSError:
        return False
    return True


def cases() -> dict[str, Callable[[], Any]]:
    """Return the jobs on the engine that ``django`` is."""
    from django.conf import settings

    kinds = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
        "file": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": tempfile.mkdtemp(),
        },
        "redis": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS},
    }
    settings.configure(CACHES=kinds, SECRET_KEY="benchmark")
    import django

    django.setup()
    from django.core.cache import caches

    memory, files = caches["default"], caches["file"]
    twenty = {f"many{number}": VALUE for number in range(20)}
    memory.set_many({"key": VALUE, **twenty})
    files.set("key", VALUE)
    found = {
        "locmem: get": lambda: memory.get("key"),
        "locmem: set": lambda: memory.set("key", VALUE),
        "locmem: missing": lambda: memory.get("none"),
        "locmem: get_many of 20": lambda: memory.get_many(twenty),
        "file: get": lambda: files.get("key"),
        "file: set": lambda: files.set("key", VALUE),
    }
    if _redis_listens():
        remote = caches["redis"]
        remote.set("key", VALUE)
        found["Redis: get"] = lambda: remote.get("key")
        found["Redis: set"] = lambda: remote.set("key", VALUE)
    return found


def limits() -> dict[str, Callable[[], Any]]:
    """Return the same jobs, done by hand."""
    protocol = pickle.HIGHEST_PROTOCOL
    twenty = [f"many{number}" for number in range(20)]
    held = {key: (time.time() + 300, pickle.dumps(VALUE, protocol)) for key in ("key", *twenty)}
    folder = Path(tempfile.mkdtemp())

    def get(key: str) -> Any:
        entry = held.get(key)
        return None if entry is None or entry[0] < time.time() else pickle.loads(entry[1])

    def put() -> None:
        held["key"] = (time.time() + 300, pickle.dumps(VALUE, protocol))

    def put_file() -> None:
        with open(folder / "key", "wb") as file:
            file.write(pickle.dumps(VALUE, protocol))

    def get_file() -> Any:
        with open(folder / "key", "rb") as file:
            return pickle.loads(file.read())

    put_file()
    done = {
        "locmem: get": lambda: get("key"),
        "locmem: set": put,
        "locmem: missing": lambda: get("none"),
        "locmem: get_many of 20": lambda: {key: get(key) for key in twenty},
        "file: get": get_file,
        "file: set": put_file,
    }
    if _redis_listens():
        import redis

        client = redis.Redis.from_url(REDIS)
        client.set("by hand", pickle.dumps(VALUE))
        done["Redis: get"] = lambda: pickle.loads(client.get("by hand"))  # type: ignore[arg-type]
        done["Redis: set"] = lambda: client.set("by hand", pickle.dumps(VALUE), ex=300)
    return done
