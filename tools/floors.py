"""The contract that import-linter checks: floors import downwards.

Import-linter's own "layers" follow chains of imports and count those inside functions. Here only direct
imports at module level count: where the documented API points upwards, the import stands in the function.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
from pathlib import Path
from typing import Any

from importlinter import Contract, ContractCheck, fields, output

ROOT = Path(__file__).resolve().parent.parent / "src"


@functools.cache
def lines_at_module_level(module: str) -> frozenset[int]:
    """Return the lines of a module's imports that run when it is imported."""
    path = ROOT.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    lines: set[int] = set()

    def collect(body: list[ast.stmt]) -> None:
        for node in body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
            elif isinstance(node, (ast.If, ast.Try, ast.With)):
                if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
                    continue
                for part in ("body", "orelse", "finalbody"):
                    collect(getattr(node, part, []))
                for handler in getattr(node, "handlers", []):
                    collect(handler.body)

    collect(ast.parse(file.read_text(encoding="utf-8")).body)
    return frozenset(lines)


class FloorsContract(Contract):
    """``floors``: lines of modules, the highest floor first; ``facades``: modules on no floor."""

    type_name = "floors"

    floors = fields.ListField(subfield=fields.StringField())
    facades = fields.ListField(subfield=fields.StringField(), required=False)

    def check(self, graph: Any, verbose: bool) -> ContractCheck:
        height: dict[str, int] = {}
        for level, line in enumerate(reversed(list(self.floors))):
            height |= {name.strip(): level for name in str(line).split("|")}
        height |= {str(name): -1 for name in self.facades or ()}

        def floor_of(module: str) -> int | None:
            parts = module.split(".")
            for length in range(len(parts), 1, -1):
                if (level := height.get(".".join(parts[:length]))) is not None:
                    return None if level < 0 else level
            return None

        missing = sorted(name for name in height if importlib.util.find_spec(name) is None)
        upward = []
        for importer in sorted(graph.modules):
            own = floor_of(importer)
            if own is None:
                continue
            for imported in sorted(graph.find_modules_directly_imported_by(importer)):
                other = floor_of(imported)
                if other is None or other <= own:
                    continue
                details = graph.get_import_details(importer=importer, imported=imported)
                at = {item["line_number"] for item in details} & lines_at_module_level(importer)
                upward += [f"{importer}:{line} imports {imported}" for line in sorted(at)]
        return ContractCheck(
            kept=not upward and not missing, metadata={"upward": upward, "missing": missing}
        )

    def render_broken_contract(self, check: ContractCheck) -> None:
        for name in check.metadata["missing"]:
            output.print_error(f"{name} is on a floor, but does not exist")
        for line in check.metadata["upward"]:
            output.print_error(f"upwards: {line}")
