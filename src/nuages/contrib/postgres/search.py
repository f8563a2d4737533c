"""Full text search. Manual: "Full text search"."""

from __future__ import annotations

import re
from typing import Any, Self

from nuages.contrib.postgres.utils import NeedsApp, constant
from nuages.db.models import (
    CharField,
    Field,
    FloatField,
    Func,
    Lookup,
    TextField,
    Value,
)
from nuages.db.models.expressions import CombinedExpression, register_combinable_fields
from nuages.db.models.functions import Cast, Coalesce

__all__ = [
    "CombinedLexeme",
    "CombinedSearchQuery",
    "CombinedSearchVector",
    "Lexeme",
    "LexemeCombinable",
    "SearchConfig",
    "SearchHeadline",
    "SearchLookup",
    "SearchQuery",
    "SearchQueryCombinable",
    "SearchQueryField",
    "SearchRank",
    "SearchVector",
    "SearchVectorCombinable",
    "SearchVectorExact",
    "SearchVectorField",
    "TrigramDistance",
    "TrigramSimilarity",
    "TrigramStrictWordDistance",
    "TrigramStrictWordSimilarity",
    "TrigramWordDistance",
    "TrigramWordSimilarity",
    "quote_lexeme",
]

#: What has a meaning in a query that is given raw, between words or within them.
_OPERATORS = re.compile(r"""[\s'"\\!&|:()<>*\0]+""")
_WEIGHTS = ("A", "B", "C", "D")
#: The function that reads a query, per way of writing it.
_READERS = {
    way: f"{prefix}to_tsquery"
    for way, prefix in {
        "raw": "",
        "plain": "plain",
        "phrase": "phrase",
        "websearch": "websearch_",
    }.items()
}


class SearchVectorField(NeedsApp, Field):
    """A column of documents, ready to be searched."""

    db_type = constant("tsvector")


class SearchQueryField(NeedsApp, Field):
    """A column of queries."""

    db_type = constant("tsquery")


class SearchConfig(Func):
    """The language of a document or a query: a name, or a column that has it."""

    template, arity = "%(expressions)s::regconfig", 1

    def __init__(self, config: Any) -> None:
        # A text is a name here, not a field.
        super().__init__(config if hasattr(config, "resolve_expression") else Value(config))

    @classmethod
    def from_parameter(cls, config: Any) -> Any:
        """Return what was given as such an expression; ``None`` stays what it is."""
        return config if config is None or isinstance(config, cls) else cls(config)


class _Combinable:
    """An expression that can be combined with others of its kind alone."""

    #: The kind, for messages.
    kind = ""

    def _refuse(self, other: Any) -> TypeError:
        return TypeError(
            f"{self.kind} can only be combined with other {self.kind} instances, got "
            f"{type(other).__name__}."
        )


def _logical(sign: str, reversed: bool) -> Any:
    return lambda self, other: self._combine(other, getattr(self, sign), reversed)


class _Logical:
    """What is combined by the operators that conditions have: with its own signs for AND and OR."""

    __and__, __rand__ = _logical("BITAND", False), _logical("BITAND", True)
    __or__, __ror__ = _logical("BITOR", False), _logical("BITOR", True)


class _CombinedInLanguage(CombinedExpression):
    """Two expressions that have a language, of which the result has the first one's."""

    def __init__(
        self, lhs: Any, connector: str, rhs: Any, config: Any, output_field: Any = None
    ) -> None:
        CombinedExpression.__init__(self, lhs, connector, rhs, output_field=output_field)
        self.config = config


class SearchVectorCombinable(_Combinable):
    """A document, to which others can be added."""

    ADD = "||"
    kind = "SearchVector"

    def _combine(self, other: Any, connector: str, reversed: bool) -> Any:
        if not isinstance(other, SearchVectorCombinable):
            raise self._refuse(other)
        sides = (other, self) if reversed else (self, other)
        return CombinedSearchVector(sides[0], connector, sides[1], self.config)  # type: ignore[attr-defined]


class SearchVector(SearchVectorCombinable, Func):
    """Expressions as one document. Manual: "SearchVector"."""

    function, arg_joiner = "to_tsvector", " || ' ' || "
    output_field = SearchVectorField()

    def __init__(self, *expressions: Any, config: Any = None, weight: Any = None) -> None:
        known = weight is None or hasattr(weight, "resolve_expression")
        self.weight = weight if known else Value(weight)
        self.config = SearchConfig.from_parameter(config)
        super().__init__(*expressions)

    def resolve_expression(self, query: Any = None, *args: Any, **kwargs: Any) -> Any:
        resolved = super().resolve_expression(query, *args, **kwargs)
        if resolved.config is not None:
            resolved.config = resolved.config.resolve_expression(query, *args, **kwargs)
        return resolved

    def as_sql(  # type: ignore[override]
        self,
        compiler: Any,
        connection: Any,
        function: str | None = None,
        template: str | None = None,
    ) -> Any:
        whole = self.copy()
        # A null would make a null of all of it.
        whole.set_source_expressions(
            [
                Coalesce(
                    source
                    if isinstance(source.output_field, CharField | TextField)
                    else Cast(source, TextField()),
                    Value(""),
                )
                for source in whole.get_source_expressions()
            ]
        )
        before: tuple[Any, ...] = ()
        if template is None:
            template = whole.template
            if whole.config:
                config_sql, config_params = compiler.compile(whole.config)
                before = tuple(config_params)
                # What is filled in afterwards is doubled here.
                template = f"%(function)s({config_sql.replace('%', '%%')}, %(expressions)s)"
        sql, params = super(SearchVector, whole).as_sql(
            compiler, connection, function=function, template=template
        )
        after: tuple[Any, ...] = ()
        if whole.weight is not None:
            weight_sql, weight_params = compiler.compile(whole.weight)
            sql, after = f"setweight({sql}, {weight_sql})", tuple(weight_params)
        return sql, (*before, *params, *after)


class CombinedSearchVector(SearchVectorCombinable, _CombinedInLanguage):
    """Several documents as one."""


class SearchQueryCombinable(_Logical, _Combinable):
    """A query, to be combined by AND, OR and NOT."""

    BITAND, BITOR = "&&", "||"
    kind = "SearchQuery"

    def _combine(self, other: Any, connector: str, reversed: bool) -> Any:
        if not isinstance(other, SearchQueryCombinable):
            raise self._refuse(other)
        sides = (other, self) if reversed else (self, other)
        return CombinedSearchQuery(sides[0], connector, sides[1], self.config)  # type: ignore[attr-defined]


class SearchQuery(SearchQueryCombinable, Func):
    """What is searched for. Manual: "SearchQuery"."""

    output_field = SearchQueryField()

    def __init__(
        self,
        value: Any,
        output_field: Any = None,
        *,
        config: Any = None,
        invert: bool = False,
        search_type: str = "plain",
    ) -> None:
        way = "raw" if isinstance(value, LexemeCombinable) else search_type
        if way not in _READERS:
            raise ValueError(f"Unknown search_type argument '{search_type}'.")
        self.config = SearchConfig.from_parameter(config)
        self.function, self.invert = _READERS[way], invert
        terms = value if hasattr(value, "resolve_expression") else Value(value)
        super().__init__(*filter(None.__ne__, (self.config, terms)), output_field=output_field)

    @property
    def template(self) -> str:  # type: ignore[override]
        """The call of the function, negated if that is wished."""
        return f"!!({Func.template})" if self.invert else Func.template

    def __invert__(self) -> Self:
        twin: Self = self.copy()
        twin.invert ^= True
        return twin

    def __str__(self) -> str:
        return "~" * self.invert + super().__str__()


class CombinedSearchQuery(SearchQueryCombinable, _CombinedInLanguage):
    """Several queries as one."""

    def __str__(self) -> str:
        return f"({super().__str__()})"


class _Float4Field(FloatField):
    """Numbers of single precision, as functions that rank take weights. (Packages know it by this name.)"""

    def db_type(self, connection: Any) -> str:
        return "float4"


class SearchRank(Func):
    """How well a document matches a query. Manual: "SearchRank"."""

    function = "ts_rank"
    output_field = FloatField()

    def __init__(
        self,
        vector: Any,
        query: Any,
        weights: Any = None,
        normalization: Any = None,
        cover_density: bool = False,
    ) -> None:
        from nuages.contrib.postgres.fields.array import ArrayField

        parts = [
            vector if hasattr(vector, "resolve_expression") else SearchVector(vector),
            query if hasattr(query, "resolve_expression") else SearchQuery(query),
        ]
        if weights is not None:
            known = hasattr(weights, "resolve_expression")
            singles = ArrayField(_Float4Field())
            parts.insert(0, Cast(weights, singles) if known else Value(weights, singles))
        if normalization is not None:
            known = hasattr(normalization, "resolve_expression")
            parts.append(normalization if known else Value(normalization))
        if cover_density:
            self.function = "ts_rank_cd"
        super().__init__(*parts)


class SearchHeadline(Func):
    """A text with what was found in it marked. Manual: "SearchHeadline"."""

    function, template = "ts_headline", "%(function)s(%(expressions)s%(options)s)"
    output_field = TextField()

    def __init__(
        self,
        expression: Any,
        query: Any,
        *,
        config: Any = None,
        start_sel: str | None = None,
        stop_sel: str | None = None,
        max_words: int | None = None,
        min_words: int | None = None,
        short_word: int | None = None,
        highlight_all: bool | None = None,
        max_fragments: int | None = None,
        fragment_delimiter: str | None = None,
    ) -> None:
        parts = [expression, query if hasattr(query, "resolve_expression") else SearchQuery(query)]
        if config is not None:
            parts.insert(0, SearchConfig.from_parameter(config))
        super().__init__(*parts)
        options = {
            "StartSel": start_sel,
            "StopSel": stop_sel,
            "MaxWords": max_words,
            "MinWords": min_words,
            "ShortWord": short_word,
            "HighlightAll": highlight_all,
            "MaxFragments": max_fragments,
            "FragmentDelimiter": fragment_delimiter,
        }
        self.options = {name: value for name, value in options.items() if value is not None}

    def as_sql(  # type: ignore[override]
        self,
        compiler: Any,
        connection: Any,
        function: str | None = None,
        template: str | None = None,
    ) -> Any:
        if not self.options:
            return super().as_sql(
                compiler, connection, function=function, template=template, options=""
            )
        sql, params = super().as_sql(
            compiler, connection, function=function, template=template, options=", %s"
        )
        # In quotes, for a delimiter may hold what separates options.
        written = ", ".join(f"{name}={_option(value)}" for name, value in self.options.items())
        return sql, (*params, written)


def _option(value: Any) -> str:
    if isinstance(value, bool | int):
        return str(value)
    doubled = str(value).replace('"', '""')
    return f'"{doubled}"'


@SearchVectorField.register_lookup
class SearchVectorExact(Lookup):
    """A document matches a query, which may be given as text."""

    lookup_name = "exact"

    def process_rhs(self, qn: Any, connection: Any) -> Any:
        if not isinstance(self.rhs, SearchQuery | CombinedSearchQuery):
            # In the language of the document.
            config = getattr(self.lhs, "config", None)
            self.rhs = SearchQuery(self.rhs, config=config)
        return super().process_rhs(qn, connection)

    def as_sql(self, qn: Any, connection: Any) -> Any:
        document, document_params = self.process_lhs(qn, connection)
        query, query_params = self.process_rhs(qn, connection)
        return f"{document} @@ {query}", (*document_params, *query_params)


class SearchLookup(SearchVectorExact):
    """A text has the words that are asked for."""

    lookup_name = "search"

    def process_lhs(self, qn: Any, connection: Any, lhs: Any = None) -> Any:
        if not isinstance(self.lhs.output_field, SearchVectorField):
            # Text becomes a document on the way, in the language of the query.
            self.lhs = SearchVector(self.lhs, config=getattr(self.rhs, "config", None))
        return super().process_lhs(qn, connection)


# -- similarity of texts ---------------------------------------------------------------------


class _Compared(Func):
    output_field = FloatField()

    @staticmethod
    def _text(string: Any) -> Any:
        return string if hasattr(string, "resolve_expression") else Value(string)


class _Whole(_Compared):
    def __init__(self, expression: Any, string: Any, **extra: Any) -> None:
        super().__init__(expression, self._text(string), **extra)


class _Words(_Compared):
    def __init__(self, string: Any, expression: Any, **extra: Any) -> None:
        super().__init__(self._text(string), expression, **extra)


def _measure(name: str, base: type, says: str, sign: str = "", **parts: Any) -> type:
    """Return a class of measures: a function, or an operator between the texts."""
    if sign:
        parts |= {"arg_joiner": f" {sign} ", "template": "(%(expressions)s)"}
    return type(name, (base,), {"__doc__": says, "__module__": __name__, **parts})


_ALIKE, _DIFFERENT = "How alike {} are, from 0 to 1.", "How different {} are, from 0 to 1."
_TEXTS, _PART = "two texts", "a text and a part of another"
_SOME = "a text and some words of another"

TrigramSimilarity = _measure(
    "TrigramSimilarity", _Whole, _ALIKE.format(_TEXTS), function="SIMILARITY"
)
TrigramDistance = _measure("TrigramDistance", _Whole, _DIFFERENT.format(_TEXTS), "<->")
TrigramWordSimilarity = _measure(
    "TrigramWordSimilarity", _Words, _ALIKE.format(_PART), function="WORD_SIMILARITY"
)
TrigramWordDistance = _measure("TrigramWordDistance", _Words, _DIFFERENT.format(_PART), "<<->")
TrigramStrictWordSimilarity = _measure(
    "TrigramStrictWordSimilarity", _Words, _ALIKE.format(_SOME), function="STRICT_WORD_SIMILARITY"
)
TrigramStrictWordDistance = _measure(
    "TrigramStrictWordDistance", _Words, _DIFFERENT.format(_SOME), "<<<->"
)


# -- lexemes ---------------------------------------------------------------------------------


def quote_lexeme(value: str) -> str:
    """Return a text from outside as one word of a raw query: nothing in it is an operator."""
    return f"'{_OPERATORS.sub(' ', value).strip()}'"


class LexemeCombinable(_Logical):
    """A word, or several combined by AND, OR and NOT."""

    BITAND, BITOR = "&", "|"

    def _combine(self, other: Any, connector: str, reversed: bool) -> CombinedLexeme:
        if not isinstance(other, LexemeCombinable):
            raise TypeError(
                f"A Lexeme can only be combined with another Lexeme, got {type(other).__name__}."
            )
        sides = (other, self) if reversed else (self, other)
        return CombinedLexeme(sides[0], connector, sides[1])


class Lexeme(LexemeCombinable, Value):
    """A word of a query. Manual: "Lexeme".

    Args:
        invert: whether it must not be there.
        prefix: whether words that begin with it count.
        weight: of which parts of the document: ``"A"`` to ``"D"``.

    Raises:
        TypeError, ValueError: it is no text, an empty one, or the weight is none.
    """

    _output_field_or_none = SearchQueryField()

    def __init__(
        self,
        value: Any,
        output_field: Any = None,
        *,
        invert: bool = False,
        prefix: bool = False,
        weight: str | None = None,
    ) -> None:
        if not isinstance(value, str):
            raise TypeError(f"Lexeme value must be a string, got {type(value).__name__}.")
        if not value:
            raise ValueError("Lexeme value cannot be empty.")
        if weight is not None and weight not in _WEIGHTS:
            raise ValueError(f"Weight must be one of 'A', 'B', 'C', and 'D', got {weight!r}.")
        self.prefix, self.invert, self.weight = prefix, invert, weight
        super().__init__(value, output_field=output_field)

    def written(self) -> str:
        """Return the word as raw queries have it."""
        label = ("*" if self.prefix else "") + (self.weight or "")
        mark = "!" if self.invert else ""
        return f"{mark}{quote_lexeme(self.value)}{f':{label}' if label else ''}"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", (self.written(),)

    def __invert__(self) -> Lexeme:
        twin: Lexeme = self.copy()
        twin.invert = not self.invert
        return twin


class CombinedLexeme(LexemeCombinable, CombinedExpression):
    """Several words."""

    _output_field_or_none = SearchQueryField()

    def written(self) -> str:
        """Return the words as raw queries have them."""
        return f"({self.lhs.written()} {self.connector} {self.rhs.written()})"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", (self.written(),)

    def __invert__(self) -> CombinedLexeme:
        # Not (a and b) is not a, or not b.
        other = self.BITOR if self.connector == self.BITAND else self.BITAND
        return CombinedLexeme(~self.lhs, other, ~self.rhs)


for _kind, _combinable in (
    (SearchVectorField, SearchVectorCombinable),
    (SearchQueryField, SearchQueryCombinable),
):
    for _name in ("ADD", "BITAND", "BITOR"):
        if _connector := getattr(_combinable, _name, None):
            register_combinable_fields(_kind, _connector, _kind, _kind)
