"""Clones of fields that are on no model yet, made without taking them apart.

:meth:`Field.clone` makes a field anew from what ``deconstruct()`` says. The states of migrations do
that for every field of every model they render, with fields that nothing was done to since they
were made: then a copy of the attributes is the same. What does not look like a field just made, or
has a class with a constructor of its own, goes the long way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nuages.db.models.fields import Field

#: What decides how a field is made and written down.
_LINKS = ("__init__", "__new__", "__setattr__", "__copy__", "clone", "deconstruct")
#: Classes that hold other fields, or make parts of their own.
_COMPOSED = frozenset({"CompositePrimaryKey", "FileField", "GeneratedField"})

#: Attributes that each field has a list of its own for.
_LISTS = frozenset({"_validators", "validators", "from_fields", "to_fields"})

#: The names of the attributes of a field just made, and those of its far end.
type Shape = tuple[frozenset[str], frozenset[str] | None]


def _is_plain(cls: type) -> bool:
    """Whether all that decides how fields of a class are made is the house's own."""
    for base in cls.__mro__:
        if base.__name__ in _COMPOSED:
            return False
        for link in _LINKS:
            function = vars(base).get(link)
            home = getattr(function, "__module__", None)
            if home is not None and not home.startswith("django.db.models."):
                return False
    return True


def learn(made: Field) -> None:
    """Remember what fields of a class look like, from one that was just made."""
    cls: Any = type(made)
    if "_shape" not in cls.__dict__:
        far = made.remote_field
        knows_itself = far is None or getattr(far, "field", None) is made
        if knows_itself and _is_plain(cls):
            cls._shape = frozenset(vars(made)), None if far is None else frozenset(vars(far))
        else:
            cls._shape = None


def clone(field: Field) -> Field | None:
    """Return a copy of a field that looks as if just made; ``None`` for any other."""
    cls, state = type(field), vars(field)
    shape: Shape | None = cls.__dict__.get("_shape")
    if shape is None or state.keys() != shape[0] or state["name"] is not None:
        return None
    far = state["remote_field"]
    if far is not None:
        ends = vars(far)
        if ends.keys() != shape[1] or far.field is not field:
            return None
        # The label of a model is written in lower case, and may be what a setting names.
        if not all(isinstance(ends.get(end), str | None) for end in ("model", "through")):
            return None
    elif shape[1] is not None:
        return None
    twin: Field = object.__new__(cls)
    own = vars(twin)
    own.update(state)
    twin._take_number(state["auto_created"])
    for name in _LISTS.intersection(own):
        if name in own:
            own[name] = own[name][:]
    if far is not None:
        end = own["remote_field"] = object.__new__(type(far))
        vars(end).update(ends, field=twin)
    return twin
