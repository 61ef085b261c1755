"""The values of a process that prctl and the sched_ calls set and read.

They are kept for the guest, and the host's stay as they are, but for two in processes that the
guest forked: the nice value, and the signal that is sent when the parent ends.
"""

import os

from dbt.classes import attrs

TIMER_SLACK = 50_000  # ns
LAST_CAPABILITY = 40
NAME_BYTES = 16
"""A thread's name with the zero behind it (TASK_COMM_LEN)."""


@attrs.define
class TaskAttributes:
    """One process's values. ``forked`` and ``executed`` change them as the kernel does."""

    death_signal: int = 0
    dumpable: int = 1
    keep_capabilities: bool = False
    timer_slack: int = TIMER_SLACK
    default_timer_slack: int = TIMER_SLACK
    child_subreaper: bool = False
    no_new_privs: bool = False
    no_huge_pages: bool = False
    machine_checks: int = 2
    """PR_MCE_KILL's policy: late, early or default."""
    barriers: int = 0
    """The membarrier commands that are registered."""
    policy: int = 0
    priority: int = 0
    reset_on_fork: bool = False
    nice: int = attrs.field(factory=lambda: os.getpriority(os.PRIO_PROCESS, 0))
    io_priority: int = 0

    def forked(self) -> None:
        """This is a new child (copy_process, sched_fork)."""
        self.death_signal = 0
        self.child_subreaper = False
        self.default_timer_slack = self.timer_slack
        if self.reset_on_fork:
            self.policy = self.priority = 0
            self.nice = max(self.nice, 0)
            self.reset_on_fork = False

    def executed(self) -> None:
        """A new program was loaded (begin_new_exec)."""
        self.dumpable = 1
        self.keep_capabilities = False
        self.barriers = 0
