"""Lookups on text and on sets of values. Manual: "PostgreSQL specific lookups"."""

from __future__ import annotations

from typing import Any

from nuages.db.models import Transform
from nuages.db.models.lookups import PostgresOperatorLookup


class _Operator(PostgresOperatorLookup):
    """A lookup declared in its class statement, by name and operator."""

    def __init_subclass__(cls, name: str = "", sql: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if name:
            cls.lookup_name, cls.postgres_operator = name, sql


class DataContains(_Operator, name="contains", sql="@>"):
    """The column has at least what the value has."""


class ContainedBy(_Operator, name="contained_by", sql="<@"):
    """The column has at most what the value has."""


class Overlap(_Operator, name="overlap", sql="&&"):
    """Column and value have something in common."""


class HasKey(_Operator, name="has_key", sql="?"):
    """The key is there."""

    prepare_rhs = False


class HasKeys(_Operator, name="has_keys", sql="?&"):
    """All keys are there."""

    prepare_rhs = False

    def get_prep_lookup(self) -> list[str]:
        return [*map(str, self.rhs)]


class HasAnyKeys(HasKeys, name="has_any_keys", sql="?|"):
    """One of the keys is there."""


class TrigramSimilar(_Operator, name="trigram_similar", sql="%%"):
    """Column and value have many groups of three letters in common."""


class TrigramWordSimilar(_Operator, name="trigram_word_similar", sql="%%>"):
    """A part of the column is similar to the value."""


class TrigramStrictWordSimilar(_Operator, name="trigram_strict_word_similar", sql="%%>>"):
    """Some words of the column are similar to the value."""


class Unaccent(Transform):
    """Text without accents, by the extension of that name."""

    bilateral = True
    lookup_name, function = "unaccent", "UNACCENT"


def __getattr__(name: str) -> Any:
    # It is made of expressions that need the lookups above.
    if name == "SearchLookup":
        from nuages.contrib.postgres.search import SearchLookup

        return SearchLookup
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
