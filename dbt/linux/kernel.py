"""The Linux kernel as one guest process sees it: dispatch, faults, and who keeps what.

The engine brings events here (``syscall``, ``fault``, ``halt``, ``poll``) and gets back the location
to go on at, or the Stop that ended the guest. The calls themselves live in the family modules of this
package, which fill ``dbt.linux.table.SYSCALLS`` when imported.
"""

import errno
import importlib
import os
import pkgutil
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import attrs

import dbt.linux
from dbt.interfaces import FaultHit, HaltHit
from dbt.ir.block import BlockKey
from dbt.linux.abi import Request, SyscallAbi
from dbt.linux.table import SYSCALLS
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState
from dbt.stops import Exited, GuestFault, Killed, Stop

if TYPE_CHECKING:
    from dbt.linux.fdtable import FdTable
    from dbt.linux.paths import Paths

Before = Callable[["Kernel", str, list[int]], int | None]
After = Callable[["Kernel", str, list[int], int], int | None]


@attrs.define
class LinuxOptions:
    """What the user may choose about the guest's world."""

    root: str | None = None
    """Where ``/`` of the guest is looked up first (qemu-arm's -L)."""
    allow_read: tuple[str, ...] = ("/",)
    allow_write: tuple[str, ...] = ()
    """Host directories below which the guest may read, and write."""
    cwd: str | None = None
    strace: bool = False
    strace_log: Callable[[str], None] | None = None
    """Where strace lines go; None: standard error."""
    stack_size: int = 8 << 20
    seed: int | None = None
    """Makes AT_RANDOM and getrandom repeatable."""


class Leave(Exception):
    """Raised by a handler that does not return to the guest: ``outcome`` is a location or a Stop."""

    def __init__(self, outcome: "int | Stop") -> None:
        super().__init__(outcome)
        self.outcome = outcome


def load_families() -> None:
    """Import every module of this package, so that its calls are in the table."""
    for module in pkgutil.iter_modules(dbt.linux.__path__):
        importlib.import_module(f"dbt.linux.{module.name}")


class Kernel:
    """One guest process.

    ``files`` and ``paths`` are the descriptor table and the sandbox (``fdtable.py``, ``paths.py``).
    ``request`` is the call being served (its ``variant`` tells OABI structures from EABI ones).
    """

    def __init__(
        self, memory: GuestMemory, state: GuestState, abi: SyscallAbi, options: LinuxOptions
    ) -> None:
        load_families()
        from dbt.linux.fdtable import FdTable
        from dbt.linux.paths import Paths

        self.memory = memory
        self.state = state
        self.abi = abi
        self.options = options
        self.paths: Paths = Paths(options)
        self.files: FdTable = FdTable(self)
        self.request: Request = Request(0, "")
        self.unknown_syscalls: Counter[str] = Counter()
        self.syscall_counts: Counter[str] = Counter()
        self.is_child = False
        self.last_fault: FaultHit | None = None
        self.intercept: Before | None = None
        self.after: After | None = None
        self.on_exec: Callable[[], None] = lambda: None
        self.on_fork_child: Callable[[], None] = lambda: None
        self.on_icache_flush: Callable[[int, int], None] = lambda start, end: None

    # -- events ------------------------------------------------------------------------------------

    def syscall(self, number: int, resume: BlockKey) -> int | Stop:
        """Serve the trap instruction with immediate ``number``; the location to go on at."""
        raise NotImplementedError

    def fault(self, hit: FaultHit) -> int | Stop:
        """A forbidden access."""
        raise NotImplementedError

    def halt(self, hit: HaltHit) -> int | Stop:
        """An instruction that cannot be executed."""
        raise NotImplementedError

    def perform(self, name: str, registers: Sequence[int], *, aligned: bool = True) -> int:
        """Run one call by name: its result, negative errno on failure. ``Leave`` passes through."""
        self.syscall_counts[name] += 1
        entry = SYSCALLS.get(name)
        if entry is None:
            self.unknown_syscalls[name] += 1
            return -errno.ENOSYS
        try:
            return entry.handler(self, *entry.arguments(registers, aligned=aligned))
        except GuestFault:
            return -errno.EFAULT
        except OSError as error:
            return -(error.errno or errno.EIO)


__all__ = ["Exited", "Kernel", "Killed", "Leave", "LinuxOptions", "os"]
