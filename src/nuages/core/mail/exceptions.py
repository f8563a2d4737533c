"""Errors of mail settings."""

from nuages.core.exceptions import ImproperlyConfigured


class InvalidMailer(ImproperlyConfigured):
    """The definition under an alias of `MAILERS` cannot be used."""

    def __init__(self, msg: str, *, alias: str) -> None:
        super().__init__(f"MAILERS['{alias}']: {msg}")
        self.alias = alias


class MailerDoesNotExist(ImproperlyConfigured, KeyError):
    """There is no such alias in `MAILERS`; says nothing else, so that it can be caught."""

    def __init__(self, *, alias: str) -> None:
        super().__init__(f"The mailer '{alias}' is not configured.")
        self.alias = alias

    # Not KeyError's, which shows the repr() of its argument.
    __str__ = Exception.__str__
