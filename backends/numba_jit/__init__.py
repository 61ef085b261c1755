"""The numba/LLVM backend: a compiled interpreter (tier 0) and compiled units (tiers 1 and 2)."""

import sys
import threading
from collections.abc import Callable
from typing import Any

from dbt.interfaces import Context, Executor


class NumbaBackend:
    """Opens executors. numba and LLVM are imported when the first one is opened.

    ``on_compile`` is called once, with a line of text, when the execution loop is not found in
    numba's disk cache and has to be compiled, which takes some seconds. By default the line goes to
    stderr if that is a terminal.
    """

    name = "numba_jit"

    def __init__(self, on_compile: Callable[[str], None] | None = None) -> None:
        self.on_compile = on_compile or _tell

    def open(self, context: Context) -> Executor:
        """Open an executor for one machine."""
        from backends.numba_jit.executor import NumbaExecutor

        return NumbaExecutor(context, _load_loop(self.on_compile))


_loop: Any = None
_loading = threading.Lock()


def _load_loop(on_compile: Callable[[str], None]) -> Any:
    """The compiled loop; one for the whole process."""
    global _loop  # noqa: PLW0603
    with _loading:
        if _loop is None:
            from numba.core import event

            from backends.numba_jit.loop import make_run_loop, source_stamp

            class FirstCompile(event.Listener):  # type: ignore[misc]
                told = False

                def on_start(self, _event: Any) -> None:
                    if not self.told:
                        self.told = True
                        on_compile("compiling the execution loop (once, about ten seconds) ...")

                def on_end(self, _event: Any) -> None:
                    """Nothing to do."""

            with event.install_listener("numba:compile", FirstCompile()):
                _loop = make_run_loop(source_stamp())
    return _loop


def _tell(line: str) -> None:
    if sys.stderr.isatty():
        print(f"armdbt: {line}", file=sys.stderr)
