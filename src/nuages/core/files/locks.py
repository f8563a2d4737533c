"""Locks on open files, shared or exclusive, where the system has them.

``lock(file, locks.LOCK_EX)`` and ``unlock(file)`` say whether they succeeded.
"""

from typing import Any

__all__ = ("LOCK_EX", "LOCK_NB", "LOCK_SH", "lock", "unlock")


def _fd(f: Any) -> int:
    return f.fileno() if hasattr(f, "fileno") else f


try:
    import fcntl
except ImportError:
    # This system has no such locks: nothing can be locked, and nothing is.
    LOCK_EX = LOCK_SH = LOCK_NB = 0
    lock: Any = lambda f, flags: False
    unlock: Any = lambda f: True

else:
    LOCK_SH = fcntl.LOCK_SH
    LOCK_NB = fcntl.LOCK_NB
    LOCK_EX = fcntl.LOCK_EX

    def lock(f: Any, flags: int) -> bool:
        """Lock a file (object or descriptor); ``False`` if another lock is in the way."""
        try:
            fcntl.flock(_fd(f), flags)
        except BlockingIOError:
            return False
        return True

    def unlock(f: Any) -> bool:
        """Give up the lock on a file."""
        fcntl.flock(_fd(f), fcntl.LOCK_UN)
        return True
