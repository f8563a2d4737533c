"""What classes say of their attributes to type checkers alone."""

from __future__ import annotations


def unannotated[C: type](cls: C) -> C:
    """Return a class without its annotations.

    ``typing.get_type_hints()`` of a project's model or form asks the classes above it, too. Of Django's it
    gets no answer; ours would name what only checkers import.
    """
    type.__delattr__(cls, "__annotations__")
    return cls
