"""The streams that commands write to."""

from __future__ import annotations

from collections.abc import Callable
from io import TextIOBase
from typing import Any


class OutputWrapper:
    """A stream whose ``write`` ends lines and applies a style.

    Everything else is the stream's own.
    """

    #: What ends each text; None: nothing does.
    ending: str | None

    def __init__(self, out: Any, ending: str | None = "\n") -> None:
        self._out = out
        self.ending = ending
        self._style_func: Callable[[str], str] | None = None

    @property
    def style_func(self) -> Callable[[str], str] | None:
        """What is applied to text by default; nothing, if this is no terminal."""
        return self._style_func

    @style_func.setter
    def style_func(self, style_func: Callable[[str], str] | None) -> None:
        self._style_func = style_func if style_func is not None and self.isatty() else None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._out, name)

    def flush(self) -> None:
        """Flush the stream, if it can be flushed."""
        getattr(self._out, "flush", bool)()

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return bool(getattr(self._out, "isatty", bool)())

    def write(
        self,
        msg: str = "",
        style_func: Callable[[str], str] | None = None,
        ending: str | None = None,
    ) -> None:
        """Write ``msg`` and an ending, if it has not got it already.

        Args:
            style_func: used in the place of the default one.
            ending: what to end with; a new line by default.
        """
        end = self.ending if ending is None else ending
        if end and not msg.endswith(end):
            msg += end
        style = style_func or self.style_func
        self._out.write(msg if style is None else style(msg))


# Those who write text, XML generators among them, are to take it for what it is.
TextIOBase.register(OutputWrapper)


# Where the manual has them.
OutputWrapper.__module__ = "django.core.management.base"
