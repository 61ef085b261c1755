"""Replays: processes whose kernel is a log (``dbt/linux/replay``)."""

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dbt import choices
from dbt.hooks.machine import Hit
from dbt.interfaces import Backend, BackendOptions, HookHit, Pass
from dbt.ir.block import BlockKey
from dbt.linux.kernel import Kernel
from dbt.linux.options import LinuxOptions
from dbt.linux.replay.log_file import LogReader
from dbt.linux.replay.replaying import ReplayKernel
from dbt.linux.standard import Source
from dbt.log import QUIET, Log
from dbt.phases import UNTIMED, Phases
from dbt.process.event_loop import EventLoop
from dbt.process.facade import Process
from dbt.runtime.resume import Called, Ended, Served
from dbt.stops import Stop, UsageError
from dbt.syscalls import SyscallAbi
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.passes.pipeline import Pipeline


class ReplayLoop(EventLoop):
    """An event loop that has a signal which comes at a hooked pc delivered before the hooks run, as
    it was when it was recorded."""

    _hooks_alone = False

    def _serve(self, event: Served) -> BlockKey | Ended:
        polled = self._due(event) if isinstance(event, HookHit) else None
        return super()._serve(event) if polled is None else Called(polled)

    def _hooked(self, event: Hit) -> BlockKey | Stop:
        polled = self._due(event)
        return super()._hooked(event) if polled is None else polled

    def _due(self, event: Hit) -> BlockKey | Stop | None:
        """Where control goes because of what comes before the hooks of an event; None if nothing
        does."""
        kernel = self._environment
        if not isinstance(kernel, ReplayKernel) or not kernel.is_due:
            return None
        arrival = self._arrival(event)
        if arrival is None or (polled := self._look(arrival)) == arrival:
            return None
        return polled


class Replay(Process):
    """A run that was recorded, again: ``run`` repeats it, with hooks, passes, tiers and chain
    policies as one likes.

    The guest gets from the log what came from outside then, and the host gets its output:
    ``stdout`` and ``stderr`` are as in ``Process``. Hooks see system calls with their arguments and
    results; they cannot change them. If the run differs from the recording, it ends with
    ``Trapped``, whose reason says where; so it does where the recording ends.

    Raises UsageError for what is no log, for a damaged one, and as ``Process``.
    """

    def __init__(
        self,
        path: str,
        *,
        stdout: Any = None,
        stderr: Any = None,
        backend: str | Backend = "numba_jit",
        options: BackendOptions | None = None,
        strace: bool = False,
        strace_log: Callable[[str], None] | None = None,
        chain: str = "all",
        passes: Iterable[Pass | str] | str = (),
        pipeline: "Pipeline | None" = None,
        verify: bool = False,
        log: Log = QUIET,
        phases: Phases = UNTIMED,
        perf: str | None = None,
        block_insns: int | None = None,
    ) -> None:
        self._reader = LogReader(choices.word("the path of a log", os.fspath(path)))
        match next(self._reader.records(0), None):
            case (str(frontend), str(program), tuple(argv), str(cpu)):
                pass
            case _:
                raise UsageError(f"{path} is no log of a run")
        first, *others = [os.fsdecode(word) for word in argv] or [program]
        super().__init__(
            program,
            others,
            argv0=first,
            env={},
            stdout=stdout,
            stderr=stderr,
            frontend=frontend,
            backend=backend,
            options=options,
            linux=LinuxOptions(cpu=cpu, strace=strace, strace_log=strace_log),
            chain=chain,
            passes=passes,
            pipeline=pipeline,
            verify=verify,
            log=log,
            phases=phases,
            perf=perf,
            block_insns=block_insns,
        )

    def _event_loop(self) -> type[EventLoop]:
        return ReplayLoop

    def _new_kernel(
        self, abi: SyscallAbi, linux: LinuxOptions, standard: Mapping[int, Source]
    ) -> Kernel:
        return ReplayKernel(
            self.memory, self.state, abi, linux, standard, log=self._reader, frontend=self.frontend
        )


def replay(path: str, **how: Any) -> Replay:
    """The run that was recorded in a log, to be repeated. See ``Replay``."""
    return Replay(path, **how)
