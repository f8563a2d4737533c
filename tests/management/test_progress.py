"""How far a long command is: shown on terminals, and nowhere else."""

import io

import pytest

from django.core.management.base import OutputWrapper
from nuages.core.management import _progress
from nuages.core.management._progress import AFRESH, Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """Return a clock that goes on by two seconds whenever it is read."""
    now = iter(range(0, 1000, 2))
    monkeypatch.setattr(_progress.time, "monotonic", lambda: next(now))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")


def steps(out, lines):
    progress = Progress(OutputWrapper(out), len(lines))
    for line in lines:
        progress.start(line)
        progress.finish(" OK")
    return out.getvalue()


def shown(text):
    """Return what a terminal shows in the end."""
    return [line.rpartition(AFRESH)[2] for line in text.split("\n") if line]


LINES = [f"  Applying library.{number:04}..." for number in range(1, 6)]


def test_pipes_get_plain_lines():
    assert steps(io.StringIO(), LINES) == "".join(f"{line} OK\n" for line in LINES)


def test_terminals_see_a_bar_while_a_step_runs(clock):
    text = steps(Terminal(), LINES)
    assert shown(text) == [f"{line} OK" for line in LINES]
    first, *_, last, _ = text.split("\n")
    assert first.startswith(f"{LINES[0]}  [....................] 1/5{AFRESH}")
    assert last.startswith(f"{LINES[4]}  [################....] 5/5, 0:02 left{AFRESH}")


@pytest.mark.parametrize("why", ["dumb", "narrow", "single"])
def test_where_a_bar_is_of_no_use_there_is_none(clock, monkeypatch, why):
    lines = LINES
    match why:
        case "dumb":
            monkeypatch.setenv("TERM", "dumb")
        case "narrow":
            monkeypatch.setenv("COLUMNS", "40")
        case "single":
            lines = LINES[:1]
    assert steps(Terminal(), lines) == "".join(f"{line} OK\n" for line in lines)
