"""Write down what type checkers see of the methods that managers take over from QuerySets.

``python -m tools.manager_types`` writes ``src/nuages/db/models/_forwarded.pyi``; with ``--check`` it only
says whether that file is as it should be (imports, layout and descriptions aside). At run time managers get these methods from ``from_queryset()``.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOMS = Path(__file__).parents[1] / "src/nuages/db/models/_query"
STUB = ROOMS.parent / "_forwarded.pyi"
HEAD = '''\
"""The methods that managers take over from QuerySets. Written by ``tools/manager_types.py``."""

import datetime
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, Generic, Literal, overload

from nuages.db.models._typing import Row
from nuages.db.models.query import QuerySet, RawQuerySet

class Forwarded(Generic[Row]):  # noqa: UP046
    """A manager's methods that call those of its QuerySet."""

    def get_queryset(self) -> QuerySet[Row]: ...
'''
#: What QuerySets have for themselves: their results, and what would be too dangerous from a manager.
NOT_FORWARDED = {"delete", "adelete", "as_manager", "resolve_expression"}


def _refines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("refines" in ast.unparse(each) for each in function.decorator_list)


def _stub(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Return a method as type checkers see it on a manager."""
    returns = "Self" if _refines(function) else ast.unparse(function.returns or ast.Name("None"))
    if returns == "Self":
        returns = "QuerySet[Row]"
    marks = "".join(
        f"    @{ast.unparse(each)}\n"
        for each in function.decorator_list
        if ast.unparse(each) == "overload"
    )
    colour = "" if isinstance(function, ast.FunctionDef) else "async "
    if function.name == "aiterator":
        colour = ""  # (An async generator is called, not awaited.)
    function.args.defaults = [ast.Constant(...) for _ in function.args.defaults]
    function.args.kw_defaults = [each and ast.Constant(...) for each in function.args.kw_defaults]
    what = (ast.get_docstring(function) or "").partition("\n")[0]
    body = f'\n        """{what}"""' if what else " ..."
    arguments = ast.unparse(function.args)
    return f"{marks}    {colour}def {function.name}({arguments}) -> {returns}:{body}\n"


def written() -> str:
    """Return the stub."""
    text, overloaded = HEAD, set()
    files = [ROOMS / f"{name}.py" for name in ("refine", "read", "write")]
    for file in (*files, ROOMS.parent / "query.py"):
        for room in ast.parse(file.read_text()).body:
            if not (isinstance(room, ast.ClassDef) and room.name in _ROOMS):
                continue
            for each in room.body:
                if not isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    continue
                decorators = {ast.unparse(mark) for mark in each.decorator_list}
                if (
                    each.name.startswith("_")
                    or each.name in NOT_FORWARDED
                    or "property" in decorators
                ):
                    continue
                if "overload" in decorators:
                    overloaded.add(each.name)
                elif each.name in overloaded:
                    continue
                text += _stub(each)
    return text


def _signatures(text: str) -> list[str]:
    methods = [each for each in ast.walk(ast.parse(text)) if hasattr(each, "decorator_list")]
    for each in methods:
        each.body = []
    return [ast.dump(each) for each in methods]


def up_to_date() -> bool:
    """Whether the stub says what the rooms say (in other words perhaps)."""
    return _signatures(STUB.read_text()) == _signatures(written())


_ROOMS = {"Refinements", "Reading", "Writing", "QuerySet"}


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(not up_to_date())
    STUB.write_text(written())
