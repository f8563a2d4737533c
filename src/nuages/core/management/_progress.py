"""How far a long command is, on a terminal."""

from __future__ import annotations

import os
import time
from typing import Any

from nuages.core.management._parser import terminal_width

#: What takes the line back to its beginning, and clears it.
AFRESH = "\r\x1b[K"
#: The columns of the bar itself.
WIDTH = 20


class Progress:
    """A bar at the end of the line that says what is being done; the line is whole when it is done.

    Where nobody looks (a pipe, a file, ``TERM=dumb``) lines are written as they are.

    Args:
        out: the stream, an ``OutputWrapper``.
        total: how many steps there are.
    """

    def __init__(self, out: Any, total: int) -> None:
        self.out, self.total = out, total
        self.done = 0
        self.began = time.monotonic()
        self._line = ""
        # A single step has nothing to show.
        self.is_shown = total > 1 and out.isatty() and os.environ.get("TERM") != "dumb"
        self._has_bar = False

    def start(self, line: str) -> None:
        """Begin a step."""
        self._line, self._has_bar = line, False
        self.out.write(line, ending="")
        if self.is_shown:
            bar = f"  {self._bar()}"
            # What is wrapped could not be cleared.
            if len(line) + len(bar) < terminal_width():
                self._has_bar = True
                self.out.write(bar, ending="")
        self.out.flush()

    def finish(self, said: str) -> None:
        """End the step, with what there is to say of it."""
        self.done += 1
        self.out.write((AFRESH + self._line if self._has_bar else "") + said)

    def _bar(self) -> str:
        full = WIDTH * self.done // self.total
        return f"[{'#' * full}{'.' * (WIDTH - full)}] {self.done + 1}/{self.total}{self._left()}"

    def _left(self) -> str:
        """Return how long it will still take, if that can be told."""
        passed = time.monotonic() - self.began
        if self.done < 3 or passed < 1:
            return ""
        seconds = round(passed / self.done * (self.total - self.done))
        return f", {seconds // 60}:{seconds % 60:02} left"
