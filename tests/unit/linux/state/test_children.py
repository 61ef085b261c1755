"""A guest waits for its own children and signals its own processes: nobody else's."""

import ctypes
import os
import signal
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.linux_kernel import BUFFER, call, error, make_kernel

from dbt.linux.kernel import Kernel
from dbt.linux.state.children import strangers_changed
from dbt.linux.state.sigaction import SA_NOCLDWAIT, SIG_DFL, SIG_IGN, SIGCHLD, Action

P_PID, P_PGID = 1, 2
WNOHANG, WEXITED, WNOWAIT = 1, 4, 0x1000000
CLONE3 = 435


def guests_child(kernel: Kernel, status: int = 0) -> int:
    """A child of the guest that has exited."""
    pid = call(kernel, "fork")
    if pid == 0:
        os._exit(status)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    return pid


@contextmanager
def living(pid: int) -> Iterator[int]:
    """A process, forked to ``pid``, that lives until the block's end; asserts that it was not
    killed."""
    if pid == 0:
        while True:
            signal.pause()
    try:
        yield pid
        assert os.waitpid(pid, os.WNOHANG) == (0, 0)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def fork_as(pid: int) -> int:
    """Fork a process that has this number (clone3's set_tid): its pid, in it 0. The numbers of
    other processes on this machine stay as they are. OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    number = ctypes.c_int(pid)
    arguments = [0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, ctypes.addressof(number), 1, 0]
    packed = struct.pack("=11Q", *arguments)
    found: int = libc.syscall(CLONE3, packed, len(packed))
    if found < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return found


def wait_for_all(kernel: Kernel) -> int:
    """The result of a wait that is made again as long as the kernel would do so."""
    while True:
        result = call(kernel, "wait4", -1, 0, 0, 0)
        if result >= 0 or error(result) != "EINTR":
            return result


def test_wait_leaves_the_python_programs_own_children(kernel: Kernel) -> None:
    own = os.fork()
    if own == 0:
        os._exit(7)
    os.waitid(os.P_PID, own, os.WEXITED | os.WNOWAIT)
    pid = guests_child(kernel, 5)
    assert call(kernel, "wait4", -1, BUFFER, 0, 0) == pid
    assert kernel.memory.load(BUFFER, 4) == 5 << 8
    for pid in (-1, 0, own):
        assert error(call(kernel, "wait4", pid, BUFFER, WNOHANG, 0)) == "ECHILD"
    assert error(call(kernel, "waitid", 0, 0, BUFFER, WEXITED, 0)) == "ECHILD"
    assert os.waitpid(own, 0) == (own, 7 << 8)


def test_a_wait_for_all_is_interrupted_and_time_is_over(kernel: Kernel) -> None:
    with living(os.fork()):
        pid = call(kernel, "fork")
        if pid == 0:
            while True:
                signal.pause()
        kernel.overdue = lambda: True
        assert error(call(kernel, "wait4", -1, 0, 0, 0)) == "EINTR"
        assert call(kernel, "kill", pid, signal.SIGKILL) == 0
        kernel.overdue = lambda: False
        assert call(kernel, "wait4", -1, BUFFER, 0, 0) == pid
        assert kernel.memory.load(BUFFER, 4) == signal.SIGKILL


@pytest.mark.parametrize("action", [Action(SIG_IGN), Action(SIG_DFL, SA_NOCLDWAIT)])
def test_children_that_nobody_waits_for_are_gone_and_others_stay(
    kernel: Kernel, action: Action
) -> None:
    """The host's SIGCHLD is not ignored for that: the Python program would lose its own."""
    kernel.signals.set_action(SIGCHLD, action)
    own = os.fork()
    if own == 0:
        os._exit(7)
    pid = call(kernel, "fork")
    if pid == 0:
        os._exit(5)
    assert error(wait_for_all(kernel)) == "ECHILD"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert os.waitpid(own, 0) == (own, 7 << 8)
    assert error(call(kernel, "kill", pid, 0)) == "ESRCH"


def test_without_zombies_a_handler_still_hears_of_the_end(kernel: Kernel) -> None:
    kernel.signals.set_action(SIGCHLD, Action(0x8000, SA_NOCLDWAIT))
    pid = call(kernel, "fork")
    if pid == 0:
        os._exit(5)
    assert error(wait_for_all(kernel)) == "ECHILD"
    while not kernel.signals.interrupted():
        os.sched_yield()
    (info,) = kernel.signals.pending
    assert (info.signal, info.pid, info.value) == (SIGCHLD, pid, 5)


def test_a_child_that_was_a_zombie_before_is_still_waited_for(kernel: Kernel) -> None:
    pid = guests_child(kernel)
    kernel.signals.set_action(SIGCHLD, Action(SIG_IGN))
    assert call(kernel, "wait4", -1, 0, 0, 0) == pid


def test_waitid_keeps_what_it_is_told_to_keep_and_tells_what_was_used(kernel: Kernel) -> None:
    pid = guests_child(kernel, 3)
    for options in (WEXITED | WNOWAIT, WEXITED):
        assert call(kernel, "waitid", P_PGID, 0, BUFFER, options, BUFFER + 128) == 0
        words = struct.unpack("<6i", kernel.memory.read(BUFFER, 24))
        assert words == (SIGCHLD, 0, 1, pid, os.getuid(), 3)
    assert kernel.memory.load(BUFFER + 128 + 16, 4) > 0  # ru_maxrss
    assert error(call(kernel, "waitid", P_PID, pid, BUFFER, WEXITED, 0)) == "ECHILD"
    assert error(call(kernel, "waitid", P_PID, 0, BUFFER, WEXITED, 0)) == "EINVAL"
    assert error(call(kernel, "waitid", P_PID, 1, BUFFER, WEXITED | 0x100, 0)) == "EINVAL"


def test_waitid_stores_24_bytes_and_zeros_when_it_fails(kernel: Kernel) -> None:
    for which, name in ((7, "EINVAL"), (0, "ECHILD")):
        kernel.memory.write(BUFFER, b"x" * 32)
        assert error(call(kernel, "waitid", which, 0, BUFFER, WEXITED, 0)) == name
        assert kernel.memory.read(BUFFER, 32) == bytes(24) + b"x" * 8
    assert error(call(kernel, "waitid", 7, 0, 1, WEXITED, 0)) == "EFAULT"


def test_processes_of_the_python_program_are_strangers(kernel: Kernel) -> None:
    with living(os.fork()) as stranger:
        guests_child(kernel)
        for pid in (stranger, os.getppid(), 1):
            assert error(call(kernel, "kill", pid, signal.SIGKILL)) == "EPERM"
            assert error(call(kernel, "tkill", pid, signal.SIGKILL)) == "EPERM"
            assert error(call(kernel, "tgkill", pid, pid, signal.SIGKILL)) == "EPERM"
            for name in ("getpgid", "getsid", "sched_getparam", "sched_getaffinity", "prlimit64"):
                assert error(call(kernel, name, pid, 4, BUFFER)) == "EPERM"
            assert error(call(kernel, "getpriority", 0, pid)) == "EPERM"
            assert error(call(kernel, "setpgid", pid, 0)) == "ESRCH"
        assert call(kernel, "wait4", -1, 0, 0, 0) > 0
        assert error(call(kernel, "kill", -1, signal.SIGKILL)) == "ESRCH"


def test_groups_of_strangers_are_neither_signalled_nor_joined(kernel: Kernel) -> None:
    with living(os.fork()) as stranger:
        os.setpgid(stranger, stranger)
        assert error(call(kernel, "kill", -stranger, signal.SIGKILL)) == "ESRCH"
        assert error(call(kernel, "setpgid", 0, stranger)) == "EPERM"
        assert error(call(kernel, "getpriority", 1, stranger)) == "EPERM"


def test_a_grandchild_is_the_guests_even_when_its_parent_is_gone(kernel: Kernel) -> None:
    """Daemons leave the tree of parents."""
    call(kernel, "pipe", BUFFER)
    reader, writer = (kernel.memory.load(BUFFER + 4 * n, 4) for n in (0, 1))
    child = call(kernel, "fork")
    if child == 0:
        grandchild = call(kernel, "fork")
        if grandchild == 0:
            while True:
                signal.pause()
        kernel.memory.store(BUFFER, 4, grandchild)
        call(kernel, "write", writer, BUFFER, 4)
        os._exit(0)
    assert call(kernel, "wait4", child, 0, 0, 0) == child
    assert call(kernel, "read", reader, BUFFER, 4) == 4
    assert call(kernel, "kill", kernel.memory.load(BUFFER, 4), signal.SIGKILL) == 0


def gone_child(kernel: Kernel, reap: str) -> int:
    """The pid of a child of the guest that was reaped."""
    if reap == "ignore":
        kernel.signals.set_action(SIGCHLD, Action(SIG_IGN))
        pid = call(kernel, "fork")
        if pid == 0:
            os._exit(0)
        assert error(wait_for_all(kernel)) == "ECHILD"
        return pid
    pid = guests_child(kernel)
    wait = {"waitid": (P_PID, pid, 0, WEXITED, 0), "wait4": (pid, 0, 0, 0)}[reap]
    assert call(kernel, reap, *wait) >= 0
    return pid


@pytest.mark.parametrize("reap", ["waitid", "ignore", "wait4"])
def test_a_number_that_is_used_again_names_a_stranger(kernel: Kernel, reap: str) -> None:
    stranger = -1
    while stranger < 0:
        pid = gone_child(kernel, reap)
        try:
            stranger = fork_as(pid)
        except FileExistsError:  # another process of this machine has it by now
            continue
        except OSError as failed:
            pytest.skip(f"a pid cannot be chosen here: {failed}")
    with living(stranger):
        assert error(call(kernel, "kill", pid, signal.SIGKILL)) == "EPERM"
        assert error(call(kernel, "wait4", pid, 0, WNOHANG, 0)) == "ECHILD"


def test_children_that_outlive_their_guest_are_reaped_by_the_next(
    kernel: Kernel, tmp_path: Path
) -> None:
    reader, writer = os.pipe()
    pid = call(kernel, "fork")
    if pid == 0:
        os.close(writer)
        os.read(reader, 1)
        os._exit(0)
    kernel.close()
    os.close(writer)
    os.close(reader)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    another = make_kernel(tmp_path)
    another.close()
    another.memory.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("number", [signal.SIGUSR2, signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP])
def test_a_child_ends_or_stops_the_guest_and_not_the_python_process(
    kernel: Kernel, number: int
) -> None:
    """The first process is the Python program's own."""
    host = os.fork()
    if host == 0:
        parent = os.getpid()
        pid = call(kernel, "fork")
        if pid == 0:
            os._exit(-call(kernel, "kill", parent, number))
        call(kernel, "wait4", pid, 0, 0, 0)
        while not kernel.signals.interrupted():
            os.sched_yield()
        os._exit(kernel.signals.pending[0].signal)
    _, status = os.waitpid(host, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        os.kill(host, signal.SIGKILL)
        os.waitpid(host, 0)
    assert status == number << 8


def test_a_signal_from_a_child_waits_for_a_guest_that_is_paused(kernel: Kernel) -> None:
    kernel.signals.set_action(signal.SIGUSR1, Action(0x8000))
    before = signal.signal(signal.SIGUSR1, lambda *_: pytest.fail("the host was signalled"))
    try:
        reader, writer = os.pipe()
        parent, pid = os.getpid(), call(kernel, "fork")
        if pid == 0:
            os.read(reader, 1)
            os._exit(-call(kernel, "kill", parent, signal.SIGUSR1))
        kernel.leave_guest()
        signal.signal(signal.SIGUSR1, lambda *_: pytest.fail("the host was signalled"))
        os.write(writer, b"x")
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        kernel.enter_guest()
        assert kernel.signals.interrupted()
        assert kernel.signals.pending[0].pid == pid
        os.close(reader)
        os.close(writer)
    finally:
        kernel.close()
        signal.signal(signal.SIGUSR1, before)


def test_a_strangers_end_is_seen_behind_a_guests_child_that_nobody_waited_for(
    kernel: Kernel,
) -> None:
    kernel.signals.set_action(SIGCHLD, Action(0x8000))
    pid = guests_child(kernel)
    while not kernel.signals.interrupted():
        os.sched_yield()
    kernel.signals.pending.clear()
    stranger = os.fork()
    if stranger == 0:
        os._exit(0)
    os.waitid(os.P_PID, stranger, os.WEXITED | os.WNOWAIT)
    assert not kernel.signals.interrupted()
    assert strangers_changed(kernel.process.children)
    os.waitpid(stranger, 0)
    assert not strangers_changed(kernel.process.children)
    assert call(kernel, "wait4", -1, 0, 0, 0) == pid


def test_a_child_gets_sigurg_which_wakes_it_too(kernel: Kernel) -> None:
    reader, writer = os.pipe()
    child = call(kernel, "fork")
    if child == 0:
        kernel.signals.set_action(signal.SIGURG, Action(0x8000))
        kernel.signals.set_action(signal.SIGUSR1, Action(0x8000))
        os.kill(os.getpid(), signal.SIGURG)  # by nobody of the guest, as what wakes is
        found = kernel.signals.interrupted()
        os.write(writer, b"x")
        while signal.SIGUSR1 not in {info.signal for info in kernel.signals.pending}:
            kernel.signals.interrupted()
            os.sched_yield()
        signals = [info.signal for info in kernel.signals.pending]
        os._exit(found or signals.count(signal.SIGURG) != 1)
    os.read(reader, 1)
    for number in (signal.SIGURG, signal.SIGUSR1):
        assert call(kernel, "kill", child, number) == 0
    assert call(kernel, "wait4", child, BUFFER, 0, 0) == child
    assert kernel.memory.load(BUFFER, 4) == 0
    os.close(reader)
    os.close(writer)


def test_one_notice_tells_of_all_letters(kernel: Kernel) -> None:
    """A process that is stopped gets one SIGURG for hundreds of them."""
    kernel.signals.set_action(signal.SIGUSR2, Action(0x8000))
    kernel.process.tree.begin(kernel.signals.expect_letters)
    for _ in range(400):
        kernel.process.tree.leave_letter(signal.SIGUSR1)
    kernel.process.tree.leave_letter(signal.SIGUSR2)
    assert [info.signal for info in kernel.process.tree.left()][-1] == signal.SIGUSR2
    assert kernel.process.tree.left() == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_who_signals_its_group_is_signalled_last(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """It ends, or stops, by it: the others have the signal then."""
    own, order = os.getpid(), []
    monkeypatch.setattr("dbt.linux.state.targets.members", lambda *_: [own, 5, 7])
    monkeypatch.setattr("dbt.linux.state.targets.send", lambda _, pid, number: order.append(pid))
    monkeypatch.setattr(os, "kill", lambda pid, number: order.append(pid))
    monkeypatch.setattr(kernel.signals, "post", lambda info, _: order.append(info.pid))
    monkeypatch.setattr(kernel, "is_child", True)
    assert call(kernel, "kill", 0, number) == 0
    assert order == [5, 7, own]


def test_a_handler_is_not_told_of_a_child_that_ended_before_there_was_one(kernel: Kernel) -> None:
    old = guests_child(kernel)
    assert call(kernel, "wait4", old, 0, 0, 0) == old
    kernel.signals.set_action(SIGCHLD, Action(0x8000))
    pid = call(kernel, "fork")
    if pid == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(0)
    while not kernel.signals.interrupted():
        os.sched_yield()
    assert kernel.signals.pending[0].pid == pid
    os.kill(pid, signal.SIGKILL)


def test_a_child_asked_whether_it_stopped_is_not_lost_when_it_has_ended(kernel: Kernel) -> None:
    """Found by signals from outside: a SIGCHLD that is sent asks all children."""
    pid = guests_child(kernel, 3)
    assert kernel.process.children.stopped(2 | 8) is None
    assert call(kernel, "wait4", pid, BUFFER, 0, 0) == pid
    assert kernel.memory.load(BUFFER, 4) == 3 << 8
