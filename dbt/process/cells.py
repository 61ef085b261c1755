"""What the guest writes appears in the cell of a notebook that runs it.

A notebook's standard output is no descriptor: a kernel of IPython sends what is written to
``sys.stdout`` to the cell. So outputs that are the host's are kept in memory there, as those that
are captured, and are written to that stream while the guest runs, every 20 ms or so, and at the end
of each run.
"""

import codecs
import os
import sys
from collections.abc import Mapping

from dbt.linux.standard import CAPTURE, Capture
from dbt.typing import Any

_STREAMS = {1: "stdout", 2: "stderr"}


class Cells:
    """The outputs of one process that a notebook shows. ``given`` are the outputs of a Process by
    number, of which ``outputs`` has those to be captured."""

    def __init__(self, given: Mapping[int, Any]) -> None:
        self._wanted = [n for n, name in _STREAMS.items() if given[n] is None and _is_cell(name)]
        self.outputs = {n: CAPTURE if n in self._wanted else given[n] for n in _STREAMS}
        self._process = os.getpid()
        self._shown: dict[int, _Output] = {}

    def take(self, captures: dict[int, Capture]) -> None:
        """Take the captures that are not the user's out of all."""
        self._shown = {n: _Output(_STREAMS[n], captures.pop(n)) for n in self._wanted}

    def show(self) -> None:
        """Write what is new. A forked process leaves that to its parent."""
        if os.getpid() == self._process:
            for output in self._shown.values():
                output.show()

    def rewound(self) -> None:
        """A snapshot was restored, and what was written since is undone; it stays in the cell."""
        for output in self._shown.values():
            output.skip()

    def close(self) -> None:
        """Show the rest."""
        self.show()
        for output in self._shown.values():
            output.capture.close()


class _Output:
    def __init__(self, stream: str, capture: Capture) -> None:
        self.capture = capture
        self._stream = stream
        self._at = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")

    def show(self) -> None:
        new = self.capture.since(self._at)
        if new:
            self._at += len(new)
            getattr(sys, self._stream).write(self._decoder.decode(new))

    def skip(self) -> None:
        self._at = self.capture.size
        self._decoder.reset()


def _is_cell(name: str) -> bool:
    return type(getattr(sys, name)).__module__.startswith("ipykernel.")
