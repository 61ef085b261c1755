"""What ``Kernel.after`` is told: calls that return to the guest, and no others."""

import errno
import os
import signal
import socket
from collections.abc import Sequence

import pytest
from support.linux_kernel import BUFFER, call

from dbt import signals
from dbt.ir.block import BlockKey
from dbt.linux.kernel import Kernel
from dbt.linux.state.sigaction import SA_RESTART, SIGALRM, SIGPIPE, Action, bit
from dbt.linux.state.siginfo import SI_USER, SigInfo
from dbt.linux.strace import Strace

CODE, HANDLER = 0xA000, 0x8000
READ, WRITE, GETPID, WAIT4, SEND = 3, 4, 20, 114, 289
EINTR, EPIPE = -errno.EINTR, -32


def trap(kernel: Kernel, number: int, *arguments: int) -> object:
    """Make a system call at CODE as translated code does."""
    kernel.state["r7"] = number
    for index, argument in enumerate(arguments):
        kernel.state[f"r{index}"] = argument
    return kernel.syscall(0, BlockKey(CODE + 4))


def result(kernel: Kernel) -> int:
    value = kernel.state["r0"]
    return value - (1 << 32) if value >> 31 else value


@pytest.fixture
def left(kernel: Kernel) -> list[tuple[str, int]]:
    """The calls that ``kernel.after`` is told, which change nothing."""
    told: list[tuple[str, int]] = []

    def after(_: Kernel, name: str, arguments: Sequence[int], value: int) -> None:
        told.append((name, value))

    kernel.after = after
    return told


def interrupted_read(kernel: Kernel, flags: int) -> object:
    """A read of an empty pipe, which an alarm with a handler ends."""
    kernel.signals.set_action(SIGALRM, Action(HANDLER, flags))
    call(kernel, "pipe", BUFFER)
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    return trap(kernel, READ, kernel.memory.load(BUFFER, 4), BUFFER, 1)


def test_a_call_that_is_made_again_does_not_leave(
    kernel: Kernel, left: list[tuple[str, int]]
) -> None:
    assert interrupted_read(kernel, SA_RESTART) == HANDLER
    assert left == []
    assert kernel.memory.load(kernel.state["r13"] + 20 + 4 * 18, 4) == CODE  # the frame's pc


def test_a_call_that_is_interrupted_leaves(kernel: Kernel, left: list[tuple[str, int]]) -> None:
    assert interrupted_read(kernel, 0) == HANDLER
    assert left == [("read", EINTR)]


def test_an_interrupt_given_on_entry_leaves(kernel: Kernel, left: list[tuple[str, int]]) -> None:
    kernel.intercept = lambda *_: EINTR
    assert trap(kernel, READ, 0, BUFFER, 1) == CODE + 4
    assert left == [("read", EINTR)]
    assert result(kernel) == EINTR


def test_an_interrupt_given_on_return_is_the_guests(kernel: Kernel) -> None:
    """No signal is there, so that a call of the kernel's own EINTR would be made again."""
    kernel.after = lambda *_: EINTR
    assert trap(kernel, GETPID) == CODE + 4
    assert result(kernel) == EINTR


def test_an_interrupt_may_be_taken_away(kernel: Kernel) -> None:
    kernel.after = lambda *_: 7
    interrupted_read(kernel, 0)
    assert kernel.memory.load(kernel.state["r13"] + 20 + 12, 4) == 7  # the frame's r0


def blocked_pipe(kernel: Kernel) -> tuple[int, int]:
    """The ends of a pipe, in a kernel that keeps SIGPIPE pending."""
    kernel.signals.set_mask(bit(SIGPIPE))
    call(kernel, "pipe", BUFFER)
    return kernel.memory.load(BUFFER, 4), kernel.memory.load(BUFFER + 4, 4)


def test_a_broken_pipe_that_a_hook_makes_up_brings_its_signal(kernel: Kernel) -> None:
    _, writer = blocked_pipe(kernel)
    kernel.after = lambda *_: EPIPE
    trap(kernel, WRITE, writer, BUFFER, 1)
    assert kernel.signals.own.pending == [SigInfo(SIGPIPE, SI_USER, pid=os.getpid())]


@pytest.mark.parametrize("where", ["on entry", "on return"])
def test_it_comes_where_the_host_would_send_one_itself(
    kernel: Kernel, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a forked child: the host has sent none for an error that never was."""
    monkeypatch.setattr(signals.signal, "getsignal", lambda number: signal.SIG_DFL)
    _, writer = blocked_pipe(kernel)
    if where == "on entry":
        kernel.intercept = lambda *_: EPIPE
    else:
        kernel.after = lambda *_: EPIPE
    trap(kernel, WRITE, writer, BUFFER, 1)
    assert [info.signal for info in kernel.signals.own.pending] == [SIGPIPE]


@pytest.mark.parametrize(
    ("kind", "flags", "signals"),
    [
        (socket.SOCK_STREAM, 0, [SIGPIPE]),
        (socket.SOCK_STREAM, socket.MSG_NOSIGNAL, []),
        (socket.SOCK_SEQPACKET, 0, []),
    ],
)
def test_a_stream_whose_peer_is_gone_brings_it_unless_asked_not_to(
    kernel: Kernel, kind: int, flags: int, signals: list[int]
) -> None:
    kernel.signals.set_mask(bit(SIGPIPE))
    call(kernel, "socketpair", socket.AF_UNIX, kind, 0, BUFFER)
    call(kernel, "close", kernel.memory.load(BUFFER, 4))
    trap(kernel, SEND, kernel.memory.load(BUFFER + 4, 4), BUFFER, 1, flags)
    assert result(kernel) == EPIPE
    assert [info.signal for info in kernel.signals.own.pending] == signals


def test_a_broken_pipe_that_a_hook_takes_away_brings_none(kernel: Kernel) -> None:
    reader, writer = blocked_pipe(kernel)
    call(kernel, "close", reader)
    kernel.after = lambda *_: 1
    trap(kernel, WRITE, writer, BUFFER, 1)
    assert kernel.signals.own.pending == []


@pytest.mark.parametrize("flags", [0, SA_RESTART], ids=["eintr", "restart"])
def test_what_strace_shows(kernel: Kernel, flags: int) -> None:
    lines: list[str] = []
    kernel.options.strace_log = lines.append
    kernel.strace = Strace(kernel)
    interrupted_read(kernel, flags)
    shown = lines[0].split(" = ")[1]
    again, over = "-1 errno=512 (To be restarted)", "-1 errno=4 (Interrupted system call)"
    assert shown == (again if flags else over)


def test_a_trap_is_told_once_though_its_call_is_asked_for_again(kernel: Kernel) -> None:
    sites: list[int] = []
    kernel.on_trap = lambda _immediate, site, _request: sites.append(site)

    def refuse(*_: object) -> None:
        raise LookupError

    kernel.intercept = refuse
    with pytest.raises(LookupError):
        trap(kernel, GETPID)
    kernel.intercept = None
    assert kernel.syscall(0, BlockKey(CODE + 4), again=True) == CODE + 4
    assert result(kernel) == os.getpid()
    assert sites == [CODE + 4]


def test_what_interrupts_and_is_not_the_guests_is_not_seen(
    kernel: Kernel, left: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as the host's SIGCHLD, when the guest waits for a child."""
    entered: list[str] = []
    kernel.intercept = lambda _, name, arguments: entered.append(name)
    pid = kernel.process.fork(wait=False)
    if pid == 0:
        os._exit(7)
    children, sleeps = kernel.process.children, []

    def sleep(*arguments: object) -> None:
        sleeps.append(arguments)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        raise InterruptedError(errno.EINTR, "not for the guest")

    look = children.take
    monkeypatch.setattr(children, "sleep", sleep)
    monkeypatch.setattr(children, "take", lambda *arguments: look(*arguments) if sleeps else None)
    assert trap(kernel, WAIT4, pid, 0, 0, 0) == CODE + 4
    assert (entered, left, result(kernel)) == (["wait4"], [("wait4", pid)], pid)
    assert len(sleeps) == 1
