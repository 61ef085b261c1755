"""Nonsense arguments give an error number, never a Python exception."""

import os
import random
import signal
import traceback

import pytest
from support.linux_kernel import BUFFER, BUFFER_SIZE, call

from dbt.interfaces import READ, WRITE
from dbt.linux.address_space import Area
from dbt.linux.kernel import Kernel
from dbt.linux.table import SYSCALLS

FAMILIES = ("memory", "time", "identity", "misc", "limits", "wait", "futex", "timers", "groups")
UNSAFE = {"setpriority", "nice", "setsid", "setpgid", "alarm", "setitimer", "timer_settime",
          "timer_settime64", "setrlimit", "prlimit64"}  # fmt: skip
VALUES = (
    0, 1, 2, 8, 100, 4096, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, BUFFER, BUFFER + 3,
    BUFFER + BUFFER_SIZE - 2, 0xB7000000, 0xFFFF0000, 0xFFFFF000,
)  # fmt: skip


SECONDS = 60


@pytest.mark.parametrize("family", FAMILIES)
def test_families(kernel: Kernel, family: str) -> None:
    """In a process of its own, which has no children to wait for and may lose its signals."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(SECONDS)
            nonsense(kernel, family)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def nonsense(kernel: Kernel, family: str) -> None:
    chooser = random.Random(family)
    kernel.overdue = lambda: True
    names = [
        name
        for name, entry in SYSCALLS.items()
        if entry.handler.__module__ == f"dbt.linux.{family}" and name not in UNSAFE
    ]
    assert names
    for _ in range(400):
        if not kernel.memory.mapped(BUFFER, BUFFER_SIZE):
            kernel.space.map(Area(BUFFER, BUFFER + BUFFER_SIZE, READ | WRITE))
        arguments = [chooser.choice(VALUES) for _ in range(7)]
        result = call(kernel, chooser.choice(names), *arguments)
        assert isinstance(result, int)
        assert result >= -4095 or family == "memory"
