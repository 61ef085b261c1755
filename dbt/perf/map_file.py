"""The map of a process (perf's ``tools/perf/Documentation/jit-interface.txt``): a line for each
piece of code that is there when the guest has run.

perf looks names up by address alone. Code that was dropped is not in the map, and what was sampled
there has the name of the code that has its place now, or none.
"""

import os
from typing import TYPE_CHECKING

from dbt.files import Destination, writing
from dbt.interfaces import Executor

if TYPE_CHECKING:
    from dbt.perf import Names

DIRECTORY = "/tmp"
"""Where perf looks."""


class MapFile:
    """``/tmp/perf-PID.map``, which appears when it is finished."""

    def __init__(self, executor: Executor, names: "Names") -> None:
        self._executor = executor
        self._names = names
        self._file: Destination | None = None
        self._open()

    def _open(self) -> None:
        path = os.path.join(DIRECTORY, f"perf-{os.getpid()}.map")
        self._file = Destination(path, through_links=False)

    def begin_in_child(self) -> None:
        """See ``PerfFile.begin_in_child``."""
        inherited, self._file = self._file, None
        if inherited is not None:
            inherited.close()
            self._open()

    def finish(self) -> None:
        """See ``PerfFile.finish``."""
        file, self._file = self._file, None
        if file is None:
            return
        try:
            with writing(file.path):
                for code in self._executor.code():
                    file.stream.write(f"{code.address:x} {code.size:x} {self._names.of(code)}\n")
            file.complete()
        finally:
            file.close()
