"""clone and clone3: what the kernel refuses, in its order, and the signal that a child ends with."""

import errno
import os
import signal
import struct
from contextlib import suppress

import pytest
from support.guests import guest
from support.linux_kernel import BUFFER, call, error

from dbt.linux.errors import Leave
from dbt.linux.kernel import Kernel
from dbt.linux.state.sigaction import SIGCHLD, Action

VM, FS, FILES, SIGHAND, PIDFD, VFORK = 0x100, 0x200, 0x400, 0x800, 0x1000, 0x4000
PARENT, THREAD, NEWNS, PARENT_SETTID, DETACHED = 0x8000, 0x10000, 0x20000, 0x100000, 0x400000
NEWUSER, CLEAR_SIGHAND, INTO_CGROUP = 0x10000000, 1 << 32, 1 << 33
WNOHANG, WALL, WCLONE = 1, 0x40000000, 0x80000000
FIRST_SIZE, SIZE = 64, 88
HELLO = guest("hello")
PID_MAX = 1 << 22
NPROC = 6


def child_of(kernel: Kernel, flags: int, status: int = 0) -> int:
    pid = call(kernel, "clone", flags, 0, 0, 0, 0)
    if pid == 0:
        os._exit(status)
    return pid


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (FS | NEWNS, "EINVAL"),
        (FS | NEWUSER, "EINVAL"),
        (THREAD | VM, "EINVAL"),
        (SIGHAND, "EINVAL"),
        (THREAD | SIGHAND, "EINVAL"),
        (PIDFD | PARENT_SETTID, "EINVAL"),
        (PIDFD | DETACHED, "EINVAL"),
        (THREAD | SIGHAND | VM, "EINVAL"),  # not supported, and counted, like these
        (VM, "EINVAL"),
        (VM | VFORK | FILES, "EINVAL"),
        (FS, "EINVAL"),
        (PARENT, "EINVAL"),
        (NEWNS, "EPERM"),
    ],
)
def test_clone_refuses_flags(kernel: Kernel, flags: int, expected: str) -> None:
    pid = child_of(kernel, flags | SIGCHLD)
    assert error(pid) == expected


@pytest.mark.parametrize(("number", "seen"), [(0, 0), (signal.SIGUSR1, 10), (77, 0)])
def test_a_child_ends_with_the_signal_it_was_made_with(
    kernel: Kernel, number: int, seen: int
) -> None:
    kernel.signals.set_action(signal.SIGUSR1, Action(0x8000))
    kernel.signals.set_action(SIGCHLD, Action(0x8000))
    pid = child_of(kernel, number, 3)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert kernel.signals.interrupted() == bool(seen)
    assert [info.signal for info in kernel.signals.pending] == [seen] * bool(seen)
    kernel.signals.pending.clear()
    for options in (WNOHANG, 0):
        assert error(call(kernel, "wait4", pid, 0, options, 0)) == "ECHILD"
    assert call(kernel, "wait4", pid, 0, WALL | WNOHANG, 0) == pid


def test_wclone_waits_for_the_others(kernel: Kernel) -> None:
    plain, other = child_of(kernel, SIGCHLD), child_of(kernel, 0)
    assert error(call(kernel, "wait4", plain, 0, WCLONE, 0)) == "ECHILD"
    assert waited(kernel, WCLONE) == other
    assert waited(kernel, 0) == plain


def waited(kernel: Kernel, options: int) -> int:
    """The child that ended; the host's SIGCHLD interrupts a wait, which a kernel makes again."""
    while True:
        result = call(kernel, "wait4", -1, 0, options, 0)
        if result != -errno.EINTR:
            return result


def test_execution_makes_the_exit_signal_sigchld(kernel: Kernel) -> None:
    kernel.memory.write(BUFFER, os.fsencode(HELLO) + b"\0")
    pid = call(kernel, "clone", VM | VFORK, 0, 0, 0, 0)
    if pid == 0:
        with suppress(Leave):
            call(kernel, "execve", BUFFER, 0, 0)
        os._exit(9)
    assert call(kernel, "wait4", pid, BUFFER, 0, 0) == pid
    assert kernel.memory.load(BUFFER, 4) == 9 << 8


def arguments(kernel: Kernel, size: int, **fields: int) -> int:
    """Make the call with struct clone_args in memory."""
    names = (
        "flags", "pidfd", "child_tid", "parent_tid", "exit_signal", "stack", "stack_size", "tls",
        "set_tid", "set_tid_size", "cgroup", "beyond",
    )  # fmt: skip
    raw = struct.pack("<12Q", *(fields.pop(name, 0) for name in names))
    assert not fields
    kernel.memory.write(BUFFER, raw)
    pid = call(kernel, "clone3", BUFFER, size)
    if pid == 0:
        handlers = [n for n, a in kernel.signals.actions.items() if a.handler not in (0, 1)]
        os._exit(len(handlers))
    return pid


@pytest.mark.parametrize(
    ("size", "fields", "expected"),
    [
        (5000, {}, "E2BIG"),
        (FIRST_SIZE - 1, {}, "EINVAL"),
        (SIZE + 8, {"beyond": 1}, "E2BIG"),
        (SIZE + 8, {"beyond": 1, "flags": 1 << 34}, "E2BIG"),
        (SIZE, {"set_tid_size": 33, "set_tid": BUFFER}, "EINVAL"),
        (SIZE, {"set_tid_size": 1}, "EINVAL"),
        (SIZE, {"set_tid": BUFFER}, "EINVAL"),
        (SIZE, {"set_tid": 0x10, "set_tid_size": 1}, "EFAULT"),
        (SIZE, {"set_tid": 0x10, "set_tid_size": 1, "exit_signal": 65}, "EINVAL"),
        (SIZE, {"exit_signal": 65}, "EINVAL"),
        (SIZE, {"exit_signal": 1 << 32}, "EINVAL"),
        (SIZE, {"flags": SIGCHLD}, "EINVAL"),
        (SIZE, {"flags": DETACHED}, "EINVAL"),
        (SIZE, {"flags": 1 << 34}, "EINVAL"),
        (SIZE, {"flags": SIGHAND | VM | CLEAR_SIGHAND}, "EINVAL"),
        (SIZE, {"flags": PARENT, "exit_signal": SIGCHLD}, "EINVAL"),
        (SIZE, {"flags": INTO_CGROUP, "cgroup": 1 << 31}, "EINVAL"),
        (SIZE - 8, {"flags": INTO_CGROUP}, "EINVAL"),
        (SIZE, {"stack": 0x10000}, "EINVAL"),
        (SIZE, {"stack_size": 0x1000}, "EINVAL"),
        (SIZE, {"stack": 0xBEFFF000, "stack_size": 0x2000}, "EINVAL"),
        (SIZE, {"set_tid": BUFFER + 72, "set_tid_size": 1}, "EPERM"),  # set_tid_size itself: 1
        (SIZE, {"set_tid": BUFFER + 8, "set_tid_size": 1}, "EINVAL"),  # 0 is no pid
        (SIZE, {"set_tid": BUFFER + 8, "set_tid_size": 1, "pidfd": PID_MAX}, "EINVAL"),
    ],
)
def test_clone3_checks_its_arguments(
    kernel: Kernel, size: int, fields: dict[str, int], expected: str
) -> None:
    assert error(arguments(kernel, size, **fields)) == expected


def test_clone3_with_the_first_structure_and_with_a_longer_one(kernel: Kernel) -> None:
    for size in (FIRST_SIZE, SIZE + 8):
        pid = arguments(kernel, size, exit_signal=SIGCHLD)
        assert call(kernel, "wait4", pid, 0, 0, 0) == pid


@pytest.mark.parametrize(("flags", "handlers"), [(0, 1), (CLEAR_SIGHAND, 0)])
def test_clone3_clears_handlers_and_nothing_else(kernel: Kernel, flags: int, handlers: int) -> None:
    kernel.signals.set_action(signal.SIGUSR1, Action(0x8000))
    kernel.signals.set_action(signal.SIGUSR2, Action(1))
    pid = arguments(kernel, SIZE, flags=flags, exit_signal=SIGCHLD)
    assert call(kernel, "wait4", pid, BUFFER, 0, 0) == pid
    assert kernel.memory.load(BUFFER, 4) == handlers << 8


def test_a_parent_that_waits_ends_a_child_whose_time_is_over(kernel: Kernel) -> None:
    """It is stopped: it is continued, and its own time is over too."""
    kernel.overdue = lambda: True
    pid = call(kernel, "vfork")
    if pid == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(4)
    kernel.overdue = lambda: False
    assert call(kernel, "wait4", pid, BUFFER, 0, 0) == pid
    assert kernel.memory.load(BUFFER, 4) == 4 << 8


@pytest.mark.parametrize(("user", "expected"), [(0, None), (1000, "EAGAIN")])
def test_a_limit_of_processes_does_not_hold_for_root(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, user: int, expected: str | None
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: user)
    kernel.memory.write(BUFFER, struct.pack("<II", 1, 1))
    assert call(kernel, "setrlimit", NPROC, BUFFER) == 0
    pid = child_of(kernel, SIGCHLD)
    if expected is None:
        assert call(kernel, "wait4", pid, BUFFER, 0, 0) == pid
    else:
        assert error(pid) == expected
