"""What all email backends have in common. Manual: howto/custom-email-backend."""

from collections.abc import Iterable
from typing import Any, Self

from nuages.core.mail.deprecation import warn
from nuages.core.mail.exceptions import InvalidMailer

_NOT_PROVIDED: Any = object()


class _Forsaken:
    """``fail_silently`` of backends that do not know it: reading it warns. What they set is theirs."""

    def __get__(self, backend: Any, owner: type | None = None) -> Any:
        if backend is None:
            return self
        warn(f"{type(backend).__name__}.fail_silently is deprecated.")
        return getattr(backend, "_fail_silently", False)


class BaseEmailBackend:
    """Base of email backends, which define ``send_messages()``.

    ``alias`` is the name in `MAILERS`, ``None`` for one that was made in another way.
    """

    def __init__(
        self,
        fail_silently: Any = _NOT_PROVIDED,
        *,
        alias: str | None = None,
        _ignore_unknown_kwargs: bool | None = None,
        **kwargs: Any,
    ) -> None:
        self.alias = alias
        unknown = dict(kwargs)
        if fail_silently is not _NOT_PROVIDED:
            unknown["fail_silently"] = fail_silently
            self._fail_silently = bool(fail_silently)
        if not unknown or _ignore_unknown_kwargs:
            return
        names = ", ".join(f"'{name}'" for name in unknown)
        if alias is not None:
            raise InvalidMailer(f"Unknown options {names}.", alias=alias)
        cls = type(self)
        warn(
            f"{cls.__module__}.{cls.__qualname__}.__init__() does not support {names}. In Django "
            "2028, BaseEmailBackend will raise a TypeError for unknown keyword arguments."
        )

    #: Whether errors were to be ignored. Deprecated here; some backends have their own.
    fail_silently: Any = _Forsaken()

    def open(self) -> bool | None:
        """Open a connection, if the backend has such; return whether it did."""
        return None

    def close(self) -> None:
        """Close the connection, if there is one."""

    def __enter__(self) -> Self:
        try:
            self.open()
        except Exception:
            self.close()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def send_messages(self, email_messages: Iterable[Any]) -> int | None:
        """Send messages; return how many were."""
        raise NotImplementedError(
            "subclasses of BaseEmailBackend must override send_messages() method"
        )


class SilencingEmailBackend(BaseEmailBackend):
    """Base of backends with the option ``fail_silently``."""

    fail_silently = False

    def __init__(self, fail_silently: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fail_silently = bool(fail_silently)
