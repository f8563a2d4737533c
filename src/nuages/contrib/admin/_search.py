"""What the search box of a list page finds. Manual: "ModelAdmin.search_fields"."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from nuages import forms
from nuages.core.exceptions import FieldDoesNotExist, ValidationError
from nuages.db import models
from nuages.db.models.constants import LOOKUP_SEP
from nuages.utils.text import smart_split, unescape_string_literal

_PREFIXES = {"^": "istartswith", "=": "iexact", "@": "search"}
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_NULLS = {"none", "null", "unknown"}

_Reader = Callable[[str], Any]


class Target(NamedTuple):
    """One of the places that are searched.

    Attributes:
        lookup: the path with its lookup.
        read: turns a term into the lookup's value; raises ValueError or ValidationError if the
            field cannot have such a value. ``None``: any text will do.
    """

    lookup: str
    read: _Reader | None


def terms_of(text: str) -> Iterator[str]:
    """Yield the words and quoted phrases of what was typed."""
    for bit in smart_split(text):
        quoted = bit[0] in "\"'" and bit[0] == bit[-1] and len(bit) > 1
        yield unescape_string_literal(bit) if quoted else bit


def _read_boolean(field: Any) -> _Reader:
    def read(term: str) -> Any:
        word = term.lower()
        if field.null and word in _NULLS:
            return None
        try:
            return _BOOLEANS[word]
        except KeyError:
            raise ValueError(f"{term!r} is neither true nor false.") from None

    return read


def _reader(field: Any) -> _Reader | None:
    """Return what reads a term as a value of a field; ``None`` where any text is one."""
    while field.is_relation:
        field = field.target_field
    if field.choices is not None:
        known = {str(value): value for value, _label in field.flatchoices}

        def read_choice(term: str) -> Any:
            if term not in known:
                raise ValueError(f"{term!r} is no choice.")
            return known[term]

        return read_choice
    if isinstance(field, models.BooleanField):
        return _read_boolean(field)
    if isinstance(field, (models.CharField, models.TextField)):
        return None
    form_field = field.formfield()
    if not isinstance(form_field, forms.Field):
        return field.to_python

    def read(term: str) -> Any:
        value = form_field.to_python(term)
        if value in form_field.empty_values:
            raise ValueError(f"{term!r} says nothing.")
        return value

    return read


def target_of(opts: Any, name: str) -> Target:
    """Return where an entry of ``search_fields`` looks.

    Args:
        opts: the model's ``_meta``.
        name: a path, perhaps with a lookup at its end or an old shortcut in front.
    """
    if name[:1] in _PREFIXES:
        return Target(f"{name[1:]}{LOOKUP_SEP}{_PREFIXES[name[0]]}", None)
    # What was reached last: a field, then what transforms make of it.
    reached: Any = None
    parts = name.split(LOOKUP_SEP)
    for number, part in enumerate(parts, 1):
        try:
            if opts is None:
                raise FieldDoesNotExist
            reached = opts.get_field(opts.pk.name if part == "pk" else part)
        except FieldDoesNotExist:
            if reached is None:
                break
            lookup = reached.get_lookup(part) if number == len(parts) else None
            if lookup is not None:
                return Target(name, _reader(reached) if lookup.prepare_rhs else None)
            transform = reached.get_transform(part)
            if transform is None:
                break
            opts = None
            made = getattr(transform, "output_field", None)
            reached = made if isinstance(made, models.Field) else reached
        else:
            opts = reached.path_infos[-1].to_opts if hasattr(reached, "path_infos") else None
    return Target(f"{name}{LOOKUP_SEP}icontains", None)


def condition_for(targets: list[Target], text: str) -> models.Q:
    """Return the condition that each term is found in one of the places."""
    wanted = models.Q()
    for term in terms_of(text):
        places = models.Q()
        for lookup, read in targets:
            value: Any = term
            if read is not None:
                try:
                    value = read(term)
                except (ValueError, TypeError, ArithmeticError, ValidationError):
                    continue
            places |= models.Q((lookup, value))
        # A term that no field can hold is found nowhere.
        wanted &= places or models.Q(pk__in=[])
    return wanted
