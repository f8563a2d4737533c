"""Write the list of modules whose types do not check yet into pyproject.toml.

    python tools/type_debt.py

Run it after cleaning a module: the list only shrinks. Exit status 1 if it would grow.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START, END = "# modules whose types do not check yet: begin\n", "# end\n"


def failing() -> list[str]:
    """Return the modules that mypy finds errors in, none being excused."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    bare = text[: text.index(START)] + text[text.index(END) + len(END) :]
    config = ROOT / ".mypy-bare.toml"
    config.write_text(bare, encoding="utf-8")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "mypy", "--config-file", str(config)],
            cwd=ROOT, capture_output=True, text=True,
        )  # fmt: skip
    finally:
        config.unlink()
    paths = set(re.findall(r"^src/(\S+)\.py:\d+: error", done.stdout, re.MULTILINE))
    return sorted(path.replace("/", ".").removesuffix(".__init__") for path in paths)


def main() -> int:
    file = ROOT / "pyproject.toml"
    text = file.read_text(encoding="utf-8")
    start, end = text.index(START) + len(START), text.index(END)
    before = re.findall(r'^    "(.+)",$', text[start:end], re.MULTILINE)
    now = failing()
    names = "".join(f'    "{name}",\n' for name in now)
    block = f"[[tool.mypy.overrides]]\nignore_errors = true\nmodule = [\n{names}]\n"
    file.write_text(text[:start] + block + text[end:], encoding="utf-8")
    print(f"{len(now)} modules are excused, {len(before)} were")
    return int(len(now) > len(before) > 0)


if __name__ == "__main__":
    sys.exit(main())
