"""What a process of the guest is: its program, its children, its timers; how it forks."""

import os
import sys
from collections.abc import Callable

from dbt.linux.state import timers
from dbt.linux.state.children import SIGCHLD, Children
from dbt.linux.state.file_mask import FileMask
from dbt.linux.state.ipc_objects import IpcObjects
from dbt.linux.state.itimers import IntervalTimers
from dbt.linux.state.objects import Handle, where
from dbt.linux.state.proc_image import Image
from dbt.linux.state.run_members import RunMembers
from dbt.linux.state.socket_names import SocketNames
from dbt.linux.state.targets import Tree
from dbt.linux.state.task import TaskAttributes
from dbt.linux.state.timer_rate import TimerRate
from dbt.linux.state.timers import Timer
from dbt.linux.state.transfers import Transfers
from dbt.linux.state.vfork import Borrower, Lender
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel


def _ignore(pid: int) -> None:
    """Default of ``started``: does nothing."""


class ProcessState:
    """What a process knows about itself and its children."""

    def __init__(self, kernel: "Kernel") -> None:
        self._kernel = kernel
        self.children = Children()
        self.tree = Tree()
        """All processes of the guest: those that it may name."""
        self.members = RunMembers()
        self.socket_names = SocketNames()
        self.ipc = IpcObjects()
        self.path = ""
        """Host path of the program when it started."""
        self.program: Handle | None = None
        """The program's file."""
        self.argv: list[bytes] = []
        self.persona = 0
        self.task = TaskAttributes()
        self.transfers = Transfers()
        self.image = Image()
        self.timers: dict[int, Timer] = {}
        self.timer_rate = TimerRate()
        self.interval_timers = IntervalTimers(self.timer_rate)
        self.limits: dict[int, tuple[int, int]] = {}
        """Resource limits that the guest set: soft and hard."""
        self.file_mask = FileMask()
        self.borrower: Borrower | None = None
        """Set in a child of vfork that has not yet sent its parent the changed pages."""

    @property
    def name(self) -> bytes:
        """The thread's name, as prctl(PR_GET_NAME) shows it."""
        return self._kernel.threads.current.name

    @name.setter
    def name(self, name: bytes) -> None:
        self._kernel.threads.current.name = name

    def reset_for_exec(self, fd: int, execfn: bytes, argv: list[bytes]) -> None:
        """Set what exec changes. The new program is the open file ``fd``, asked for as
        ``execfn``."""
        self.program = Handle(fd, borrowed=True).keep()
        self.path = os.fsdecode(where(self.program)[0])
        self.argv = argv
        self.name = os.path.basename(execfn)[:15]
        self._kernel.threads.executed()
        self.task.executed()
        timers.delete_all(self._kernel)

    def end_vfork(self, *, executes: bool = False) -> None:
        """Send the parent that waits in vfork the changed pages, and let it continue."""
        if self.borrower is not None:
            self.borrower.send()
            if executes:
                self.borrower.tell_execution()
            self._drop_borrower()
            self._kernel.signals.sync_defaults()

    def _drop_borrower(self) -> None:
        if self.borrower is not None:
            self.borrower.close()
            self.borrower = None

    def fork(
        self,
        *,
        wait: bool = False,
        shares_memory: bool = False,
        exit_signal: int = SIGCHLD,
        started: Callable[[int], None] = _ignore,
    ) -> int:
        """Fork the host process: 0 in the child, else the child's pid. ``started`` is called with
        the pid in both. ``wait``: until the child executes another program or ends; only then can
        it share memory."""
        sys.stdout.flush()
        sys.stderr.flush()
        self._kernel.space.sharing.prepare_fork()
        self.tree.begin(self._kernel.signals.expect_letters)
        self.members.begin()
        self.socket_names.begin()
        self.ipc.begin()
        self._kernel.threads.ids.begin()
        if self.borrower is not None:
            self.borrower.send()  # the pages will be shared with the new child
        reader, writer = os.pipe() if wait else (-1, -1)
        try:
            with self._kernel.while_forking():
                pid = os.fork()
        except OSError:
            if wait:
                os.close(reader)
                os.close(writer)
            raise
        if pid == 0:
            if not shares_memory:
                self._kernel.space.in_child()
            self._in_child()
            if wait:
                os.close(reader)
                self.borrower = Borrower(self._kernel, writer, shares_memory=shares_memory)
            self._kernel.signals.child_started()
            self._kernel.on_fork_child()
            started(os.getpid())
            return 0
        self.tree.add(pid)
        child = self.children.add(pid, exit_signal)
        if exit_signal != SIGCHLD:
            self._kernel.signals.sync_host(SIGCHLD)
        started(pid)
        if wait:
            os.close(writer)
            Lender(self._kernel, reader, child).wait()
        return pid

    def _in_child(self) -> None:
        self._drop_borrower()
        self.children.forget()
        self.tree.add(os.getpid())
        self.timers.clear()
        self.timer_rate.clear()
        self.interval_timers.forget()
        self._kernel.threads.forked()
        self._kernel.threads.current.clear_child_tid = 0
        self.task.forked()
        self.transfers.forked()
        self._kernel.is_child = True
