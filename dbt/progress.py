"""How far something is that takes seconds: a line on a terminal.

It has no thread and draws only when it is told, so that it is not in what is measured, nor in the
output of a guest that has the descriptor meanwhile. That is why it is not rich's.
"""

import sys
import time
from collections.abc import Callable
from types import TracebackType

from dbt.typing import Self, TextIO

WAIT = 1.0
"""Seconds before it is shown."""


class Progress:
    """The line ``armdbt: TITLE: DONE of TOTAL`` on a terminal, from a second on until the end of
    the context. Nothing where ``out``, standard error by default, is no terminal."""

    def __init__(
        self,
        title: str,
        total: int,
        out: TextIO | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._title, self._total = title, total
        self._out = sys.stderr if out is None else out
        self._now = now
        self.done = 0

    def __enter__(self) -> Self:
        self._shown = 0
        self._began = self._now()
        self._wanted = self._out is not None and self._out.isatty()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown:
            self._draw("")

    def advance(self, steps: int = 1) -> None:
        """So many more are done."""
        self.done += steps
        if self._wanted and self._now() - self._began >= WAIT:
            self._draw(f"armdbt: {self._title}: {self.done} of {self._total}")

    def _draw(self, text: str) -> None:
        """Replace the line. Spaces erase what was there, which needs no escape sequence."""
        end = "" if text else "\r"
        self._out.write(f"\r{text:<{self._shown}}{end}")
        self._out.flush()
        self._shown = len(text)
