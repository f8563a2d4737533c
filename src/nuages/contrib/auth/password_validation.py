"""Rules for passwords. Manual: "Password management in Django", "Password validation"."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nuages.conf import settings
from nuages.core.exceptions import FieldDoesNotExist, ImproperlyConfigured, ValidationError
from nuages.utils.functional import lazy
from nuages.utils.module_loading import import_string
from nuages.utils.translation import gettext as _
from nuages.utils.translation import ngettext
from nuages.views.decorators.debug import sensitive_variables


@functools.cache
def get_default_password_validators() -> list[Any]:
    """Return the validators of ``AUTH_PASSWORD_VALIDATORS``."""
    return get_password_validators(settings.AUTH_PASSWORD_VALIDATORS)


def get_password_validators(validator_config: Iterable[dict[str, Any]]) -> list[Any]:
    """Return the validators that a list like the setting describes.

    Raises:
        ImproperlyConfigured: one cannot be imported.
    """
    validators = []
    for entry in validator_config:
        try:
            make = import_string(entry["NAME"])
        except ImportError:
            raise ImproperlyConfigured(
                f"The module in NAME could not be imported: {entry['NAME']}. Check your "
                "AUTH_PASSWORD_VALIDATORS setting."
            ) from None
        validators.append(make(**entry.get("OPTIONS", {})))
    return validators


def _chosen(validators: Any) -> Any:
    return get_default_password_validators() if validators is None else validators


@contextmanager
def _collecting(objections: list[ValidationError]) -> Iterator[None]:
    try:
        yield
    except ValidationError as objection:
        objections.append(objection)


@sensitive_variables("password")
def validate_password(password: str, user: Any = None, password_validators: Any = None) -> None:
    """Check a password by all rules.

    Args:
        password: as entered.
        user: whose it is.
        password_validators: the rules; by default those of the settings.

    Raises:
        ValidationError: with what each rule says.
    """
    objections: list[ValidationError] = []
    for rule in _chosen(password_validators):
        with _collecting(objections):
            rule.validate(password, user)
    if objections:
        raise ValidationError(objections)


def password_changed(password: str, user: Any = None, password_validators: Any = None) -> None:
    """Tell the rules that want to know that a password was changed."""
    for validator in _chosen(password_validators):
        tell = getattr(validator, "password_changed", None)
        if tell is not None:
            tell(password, user)


def password_validators_help_texts(password_validators: Any = None) -> list[str]:
    """Return what the rules tell those who choose a password."""
    return [validator.get_help_text() for validator in _chosen(password_validators)]


def _password_validators_help_text_html(password_validators: Any = None) -> str:
    """Return the same as an HTML list; nothing if there are no rules."""
    texts = password_validators_help_texts(password_validators)
    if not texts:
        return ""
    from nuages.utils.html import format_html, format_html_join

    items = format_html_join("", "<li>{}</li>", ((text,) for text in texts))
    return format_html("<ul>{}</ul>", items)


password_validators_help_text_html = lazy(_password_validators_help_text_html, str)


class _Rule:
    """Base of the rules: ``validate()`` raises what ``get_error_message()`` says."""

    code: str

    def breaks(self, password: str, user: Any) -> dict[str, Any] | None:
        """Return the parameters of the error for a password; None if it is all right."""
        raise NotImplementedError("subclasses say what they want")

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ``ValidationError`` for a password that breaks the rule."""
        params = self.breaks(password, user)
        if params is not None:
            raise ValidationError(self.get_error_message(), code=self.code, params=params or None)

    def get_error_message(self) -> str:
        """Return what the error says."""
        raise NotImplementedError("subclasses say what is wrong")

    def get_help_text(self) -> str:
        """Return what to tell those who choose a password."""
        raise NotImplementedError("subclasses say what they want")


class MinimumLengthValidator(_Rule):
    """Wants so many characters."""

    code = "password_too_short"

    def __init__(self, min_length: int = 8) -> None:
        self.min_length = min_length

    def breaks(self, password: str, user: Any) -> dict[str, Any] | None:
        """Whether it is shorter."""
        return {"min_length": self.min_length} if len(password) < self.min_length else None

    def get_help_text(self) -> str:
        """Return what to tell those who choose a password."""
        rule = ngettext(
            "Your password must contain at least %(min_length)d character.",
            "Your password must contain at least %(min_length)d characters.",
            self.min_length,
        )
        return rule % {"min_length": self.min_length}

    def get_error_message(self) -> str:
        """Return what the error says."""
        complaint = ngettext(
            "This password is too short. It must contain at least %d character.",
            "This password is too short. It must contain at least %d characters.",
            self.min_length,
        )
        return complaint % self.min_length


def exceeds_maximum_length_ratio(password: str, max_similarity: float, value: str) -> bool:
    """Whether a password is so much longer than a value that they cannot be alike.

    Comparing takes time that grows with the lengths, so such pairs are left out.
    """
    enough = max_similarity / 2 * len(password)
    return len(password) >= 10 * len(value) and len(value) < enough


class UserAttributeSimilarityValidator(_Rule):
    """Wants a password that is unlike the user's other data.

    Args:
        user_attributes: names of attributes to compare with.
        max_similarity: from 0.1 (next to nothing in common) to 1.0 (equal).

    Raises:
        ValueError: it is lower.
    """

    code = "password_too_similar"
    DEFAULT_USER_ATTRIBUTES = ("username", "first_name", "last_name", "email")

    def __init__(
        self,
        user_attributes: Iterable[str] = DEFAULT_USER_ATTRIBUTES,
        max_similarity: float = 0.7,
    ) -> None:
        if max_similarity < 0.1:
            raise ValueError("max_similarity must be at least 0.1")
        self.user_attributes, self.max_similarity = user_attributes, max_similarity

    def breaks(self, password: str, user: Any) -> dict[str, Any] | None:
        """Whether it is too much like some data of the user."""
        for attribute in self.user_attributes if user else ():
            value = getattr(user, attribute, None)
            if isinstance(value, str) and value:
                whole = value.lower()
                # The whole, and each word of it.
                parts = (*re.split(r"\W+", whole), whole)
                if any(self._alike(password.lower(), part) for part in parts):
                    return {"verbose_name": self._called(user, attribute)}
        return None

    def _alike(self, password: str, value: str) -> bool:
        if exceeds_maximum_length_ratio(password, self.max_similarity, value):
            return False
        from difflib import SequenceMatcher

        return SequenceMatcher(a=password, b=value).quick_ratio() >= self.max_similarity

    @staticmethod
    def _called(user: Any, attribute: str) -> str:
        try:
            return f"{user._meta.get_field(attribute).verbose_name}"
        except FieldDoesNotExist:
            return attribute

    def get_help_text(self) -> str:
        """Return what to tell those who choose a password."""
        return _("Your password can’t be too similar to your other personal information.")

    def get_error_message(self) -> str:
        """Return what the error says."""
        return _("The password is too similar to the %(verbose_name)s.")


class CommonPasswordValidator(_Rule):
    """Wants a password that is not in a list of common ones.

    Args:
        password_list_path: a file with one password per line, perhaps compressed with gzip.
    """

    code = "password_too_common"
    DEFAULT_PASSWORD_LIST_PATH = Path(__file__).resolve().with_name("common-passwords.txt.gz")

    def __init__(self, password_list_path: Any = DEFAULT_PASSWORD_LIST_PATH) -> None:
        data = Path(password_list_path).read_bytes()
        if data[:2] == b"\x1f\x8b":
            from gzip import decompress

            data = decompress(data)
        text = data
        self.passwords = {*map(str.strip, text.decode().splitlines())}

    def breaks(self, password: str, user: Any) -> dict[str, Any] | None:
        """Whether it is in the list."""
        return {} if password.strip().lower() in self.passwords else None

    def get_help_text(self) -> str:
        """Return what to tell those who choose a password."""
        return _("Your password can’t be a commonly used password.")

    def get_error_message(self) -> str:
        """Return what the error says."""
        return _("This password is too common.")


class NumericPasswordValidator(_Rule):
    """Wants something besides digits."""

    code = "password_entirely_numeric"

    def breaks(self, password: str, user: Any) -> dict[str, Any] | None:
        """Whether it is digits only."""
        return {} if password.isdigit() else None

    def get_help_text(self) -> str:
        """Return what to tell those who choose a password."""
        return _("Your password can’t be entirely numeric.")

    def get_error_message(self) -> str:
        """Return what the error says."""
        return _("This password is entirely numeric.")
