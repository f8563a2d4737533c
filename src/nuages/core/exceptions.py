"""Exceptions that several rooms raise or catch.

Manual: "Django Exceptions".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NON_FIELD_ERRORS = "__all__"


class FieldDoesNotExist(Exception):
    """A model has no field of that name."""


class AppRegistryNotReady(Exception):
    """The applications or their models are not loaded yet."""


class ObjectDoesNotExist(Exception):
    """Base of each model's ``DoesNotExist``."""

    silent_variable_failure = True


class ObjectNotUpdated(Exception):
    """Base of each model's ``NotUpdated``: a forced update found no row."""


class MultipleObjectsReturned(Exception):
    """Base of each model's ``MultipleObjectsReturned``."""


class SuspiciousOperation(Exception):
    """Input that no honest client sends."""


class SuspiciousMultipartForm(SuspiciousOperation):
    """A malformed multipart body."""


class SuspiciousFileOperation(SuspiciousOperation):
    """A path that leaves its folder."""


class DisallowedHost(SuspiciousOperation):
    """A ``Host`` header that ``ALLOWED_HOSTS`` does not name."""


class DisallowedRedirect(SuspiciousOperation):
    """A redirect to a scheme that is not allowed, or that is too long."""


class TooManyFieldsSent(SuspiciousOperation):
    """More fields than ``DATA_UPLOAD_MAX_NUMBER_FIELDS``."""


class TooManyFilesSent(SuspiciousOperation):
    """More files than ``DATA_UPLOAD_MAX_NUMBER_FILES``."""


class RequestDataTooBig(SuspiciousOperation):
    """A body larger than ``DATA_UPLOAD_MAX_MEMORY_SIZE``."""


class RequestAborted(Exception):
    """The client went away while its request was read or answered."""


class BadRequest(Exception):
    """The request cannot be processed: status 400."""


class PermissionDenied(Exception):
    """The user may not do this: status 403."""


class ViewDoesNotExist(Exception):
    """A URLconf names a view that is not there."""


class MiddlewareNotUsed(Exception):
    """Raised by a middleware's constructor to be left out."""


class ImproperlyConfigured(Exception):
    """The project's settings or declarations are wrong."""


class FieldError(Exception):
    """A wrong use of a model's fields."""


class FieldFetchBlocked(FieldError):
    """A deferred field was read under the fetch mode that forbids it."""


class EmptyResultSet(Exception):
    """A condition that no row can meet."""


class FullResultSet(Exception):
    """A condition that every row meets."""


class SynchronousOnlyOperation(Exception):
    """Blocking code was called from an event loop."""


class ValidationError(Exception):
    """Invalid data: one message, a list of errors, or a dictionary of lists by field.

    Args:
        message: text, a ``ValidationError``, a list of either, or a dictionary of field names
            to either.
        code: a name for the kind of error.
        params: values for the placeholders of the message.

    Manual: "Form and field validation".
    """

    message: Any
    code: str | None
    params: dict[str, Any] | None
    error_dict: dict[str, list[ValidationError]]
    error_list: list[ValidationError]

    def __init__(
        self, message: Any, code: str | None = None, params: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message, code, params)
        if isinstance(inner := message, ValidationError):
            # Look through an error that only wraps another one.
            by_field = hasattr(inner, "error_dict")
            message = inner.error_dict if by_field else inner.error_list
            if hasattr(inner, "message"):
                message, code, params = inner.message, inner.code, inner.params
        match message:
            case dict():
                self.error_dict = {
                    field: _as_error(errors).error_list for field, errors in message.items()
                }
            case list():
                self.error_list = []
                for each in map(_as_error, message):
                    if hasattr(each, "error_dict"):
                        for errors in each.error_dict.values():
                            self.error_list.extend(errors)
                    else:
                        self.error_list.extend(each.error_list)
            case _:
                self.message = message
                self.code = code
                self.params = params
                self.error_list = [self]

    @property
    def message_dict(self) -> dict[str, list[str]]:
        """The messages by field. Raises ``AttributeError`` for an error without fields."""
        self.error_dict  # noqa: B018  (the AttributeError is the contract)
        return dict(self)

    @property
    def messages(self) -> list[str]:
        """All messages, whatever the field."""
        if not hasattr(self, "error_dict"):
            return list(self)
        return [message for messages in dict(self).values() for message in messages]

    def update_error_dict(self, error_dict: dict[str, Any]) -> dict[str, Any]:
        """Add this error's parts to ``error_dict`` and return it."""
        parts = getattr(self, "error_dict", None) or {NON_FIELD_ERRORS: self.error_list}
        for field, errors in parts.items():
            error_dict.setdefault(field, []).extend(errors)
        return error_dict

    def __iter__(self) -> Iterator[Any]:
        if hasattr(self, "error_dict"):
            for field, errors in self.error_dict.items():
                yield field, list(ValidationError(errors))
        else:
            for error in self.error_list:
                text = error.message
                yield str(text % error.params if error.params else text)

    def __str__(self) -> str:
        return repr(dict(self) if hasattr(self, "error_dict") else list(self))

    def __repr__(self) -> str:
        return f"ValidationError({self})"

    def __eq__(self, other: object) -> bool:
        return hash(self) == hash(other) if isinstance(other, ValidationError) else NotImplemented

    def __hash__(self) -> int:
        from nuages.utils.hashable import make_hashable

        if hasattr(self, "message"):
            return hash((self.message, self.code, make_hashable(self.params)))
        if hasattr(self, "error_dict"):
            return hash(make_hashable(self.error_dict))
        return hash(tuple(sorted(self.error_list, key=lambda error: str(error.message))))


def _as_error(value: Any) -> ValidationError:
    return value if isinstance(value, ValidationError) else ValidationError(value)
