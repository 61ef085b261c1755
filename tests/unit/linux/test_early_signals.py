"""A signal that comes just before a call sleeps, or to another thread of the host, ends the call."""

import ctypes
import errno
import fcntl
import operator
import os
import select
import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from support.linux_kernel import BUFFER, call, error

from dbt.linux import host
from dbt.linux.kernel import Kernel
from dbt.linux.state.sigaction import Action

HANDLER = 0x8000
RESCUE_SECONDS = 10.0
SPACE = 4096
AT_FDCWD = -100

Setup = Callable[[Kernel], list[int]]
SETUPS: dict[str, Setup] = {}
CASES: dict[str, tuple[str, str]] = {}
"""The function of libc in which a call sleeps, and the call's name."""


def case(function: str, name: str = "") -> Callable[[Setup], Setup]:
    """A call that sleeps in a function of the host's libc: ``setup`` gives its arguments."""

    def add(setup: Setup) -> Setup:
        CASES[setup.__name__] = function, name or setup.__name__
        SETUPS[setup.__name__] = setup
        return setup

    return add


def pair(kernel: Kernel, name: str = "pipe", *arguments: int) -> tuple[int, int]:
    call(kernel, name, *arguments, BUFFER)
    return kernel.memory.load(BUFFER, 4), kernel.memory.load(BUFFER + 4, 4)


def full(kernel: Kernel) -> int:
    """A pipe into which nothing more fits."""
    _, writer = pair(kernel)
    kernel.memory.write(BUFFER, bytes(SPACE))
    while select.select([], [kernel.files.host_fd(writer)], [], 0)[1]:
        call(kernel, "write", writer, BUFFER, SPACE)
    return writer


def vector(kernel: Kernel) -> int:
    kernel.memory.write(BUFFER + SPACE, struct.pack("<II", BUFFER, 1))
    return BUFFER + SPACE


def sockets(kernel: Kernel) -> tuple[int, int]:
    return pair(kernel, "socketpair", socket.AF_UNIX, socket.SOCK_STREAM, 0)


@case("read")
def read(kernel: Kernel) -> list[int]:
    return [pair(kernel)[0], BUFFER, 1]


@case("read", "read")
def read_terminal(kernel: Kernel) -> list[int]:
    controller, terminal = os.openpty()
    kernel.files.add(controller)
    return [kernel.files.add(terminal), BUFFER, 1]


@case("read", "read")
def read_eventfd(kernel: Kernel) -> list[int]:
    return [call(kernel, "eventfd2", 0, 0), BUFFER, 8]


@case("read", "read")
def read_timerfd(kernel: Kernel) -> list[int]:
    return [call(kernel, "timerfd_create", 1, 0), BUFFER, 8]


@case("read", "read")
def read_signalfd(kernel: Kernel) -> list[int]:
    kernel.memory.write(BUFFER, bytes(8))
    return [call(kernel, "signalfd4", -1, BUFFER, 8, 0), BUFFER, 128]


@case("readv")
def readv(kernel: Kernel) -> list[int]:
    return [pair(kernel)[0], vector(kernel), 1]


@case("write")
def write(kernel: Kernel) -> list[int]:
    return [full(kernel), BUFFER, 1]


@case("writev")
def writev(kernel: Kernel) -> list[int]:
    return [full(kernel), vector(kernel), 1]


@case("splice")
def splice(kernel: Kernel) -> list[int]:
    writer = full(kernel)
    return [pair(kernel)[0], 0, writer, 0, 1, 0]


@case("tee")
def tee(kernel: Kernel) -> list[int]:
    writer = full(kernel)
    return [pair(kernel)[0], writer, 1, 0]


@case("sendfile")
def sendfile(kernel: Kernel) -> list[int]:
    file = os.memfd_create("full")
    os.write(file, b"x")
    os.lseek(file, 0, os.SEEK_SET)
    return [full(kernel), kernel.files.add(file), 0, 1]


@case("recvmsg")
def recv(kernel: Kernel) -> list[int]:
    return [sockets(kernel)[0], BUFFER, 1, 0]


@case("sendmsg")
def send(kernel: Kernel) -> list[int]:
    fd = sockets(kernel)[0]
    while call(kernel, "send", fd, BUFFER, SPACE, socket.MSG_DONTWAIT) > 0:
        pass
    return [fd, BUFFER, SPACE, 0]


def locked(kernel: Kernel, lock: Callable[[int], object]) -> int:
    """A descriptor of a file, which another description holds the lock of."""
    path = Path(kernel.options.cwd or "", "locked")
    holder = os.open(path, os.O_RDWR | os.O_CREAT)
    lock(holder)
    kernel.files.add(holder)
    return kernel.files.add(os.open(path, os.O_RDWR))


@case("flock")
def flock(kernel: Kernel) -> list[int]:
    return [locked(kernel, lambda fd: fcntl.flock(fd, fcntl.LOCK_EX)), fcntl.LOCK_EX]


@case("fcntl", "fcntl64")
def record_lock(kernel: Kernel) -> list[int]:
    whole = struct.pack("=hh4xqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0)
    fd = locked(kernel, lambda fd: fcntl.fcntl(fd, fcntl.F_OFD_SETLK, whole))
    kernel.memory.write(BUFFER, struct.pack("<hh4xqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
    return [fd, fcntl.F_OFD_SETLKW, BUFFER]


@case("openat", "openat")
def open_fifo(kernel: Kernel) -> list[int]:
    os.mkfifo(Path(kernel.options.cwd or "", "fifo"))
    kernel.memory.write(BUFFER, b"fifo\0")
    return [AT_FDCWD, BUFFER, os.O_RDONLY, 0]


@case("ppoll")
def poll(kernel: Kernel) -> list[int]:
    kernel.memory.write(BUFFER, struct.pack("<ihh", pair(kernel)[0], 1, 0))
    return [BUFFER, 1, -1]


@case("ppoll", "_newselect")
def newselect(kernel: Kernel) -> list[int]:
    kernel.memory.store(BUFFER, 4, 1 << pair(kernel)[0])
    return [8, BUFFER, 0, 0, 0]


@case("epoll_pwait2")
def epoll_wait(kernel: Kernel) -> list[int]:
    return [call(kernel, "epoll_create1", 0), BUFFER, 1, -1]


@case("syscall")
def futex(kernel: Kernel) -> list[int]:
    kernel.memory.store(BUFFER, 4, 7)
    return [BUFFER, 0, 7, 0, 0, 0]


@case("ppoll")
def nanosleep(kernel: Kernel) -> list[int]:
    kernel.memory.write(BUFFER, struct.pack("<ii", 1000, 0))
    return [BUFFER, 0]


@case("ppoll")
def pause(kernel: Kernel) -> list[int]:
    return []


@case("ppoll")
def wait4(kernel: Kernel) -> list[int]:
    """A child that lives as long as its parent does."""
    reader, writer = os.pipe()
    if call(kernel, "fork") == 0:
        os.close(writer)
        os.read(reader, 1)
        os._exit(0)
    os.close(reader)
    kernel.files.add(writer)
    return [-1, 0, 0, 0]


@case("ppoll")
def rt_sigtimedwait(kernel: Kernel) -> list[int]:
    kernel.memory.write(BUFFER, bytes(8))
    return [BUFFER, 0, 0, 8]


# -- windows ---------------------------------------------------------------------------------------

_libc = ctypes.CDLL(None, use_errno=True)


def noted(function: Any, *arguments: Any) -> Any:
    """Python's handler has run when the call is made."""
    signal.raise_signal(signal.SIGUSR1)
    return function(*arguments)


def caught(function: Any, *arguments: Any) -> Any:
    """Only the handler that Python has in C has run: no bytecode lies between."""
    steps = partial(getattr(_libc, "raise"), signal.SIGUSR1), partial(function, *arguments)
    _, result = map(operator.call, steps)
    return result


def elsewhere(function: Any, *arguments: Any) -> Any:
    """The host's kernel has chosen another thread."""

    def take() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)

    thread = threading.Thread(target=take)
    thread.start()
    result = function(*arguments)
    thread.join()
    return result


@pytest.fixture
def rescued() -> Iterator[list[int]]:
    """Not empty when the call had to be ended from outside."""
    found: list[int] = []

    def rescue(number: int, frame: FrameType | None) -> None:
        found.append(number)

    main = threading.get_ident()
    before = signal.signal(signal.SIGUSR2, rescue)
    timer = threading.Timer(RESCUE_SECONDS, signal.pthread_kill, (main, signal.SIGUSR2))
    timer.start()
    yield found
    timer.cancel()
    timer.join()
    signal.signal(signal.SIGUSR2, before)


@pytest.mark.parametrize("window", [noted, caught, elsewhere])
@pytest.mark.parametrize("sleeper", SETUPS)
def test_a_signal_that_comes_before_the_sleep_ends_it(
    kernel: Kernel,
    monkeypatch: pytest.MonkeyPatch,
    rescued: list[int],
    sleeper: str,
    window: Callable[..., Any],
) -> None:
    function, name = CASES[sleeper]
    arguments = SETUPS[sleeper](kernel)
    kernel.signals.set_action(signal.SIGUSR1, Action(HANDLER))
    real = getattr(_libc, function)
    real.restype = ctypes.c_int64 if function in host._LONG else ctypes.c_int
    steps = iter([window])

    def early(*given: Any) -> Any:
        step = next(steps, None)
        return real(*given) if step is None else step(real, *given)

    monkeypatch.setitem(host._functions, function, early)
    assert error(call(kernel, name, *arguments)) == "EINTR"
    assert not rescued
    assert kernel.signals.interrupted()
    assert kernel.signals.pending[0].signal == signal.SIGUSR1


def test_what_was_told_of_signals_before_is_told_again(kernel: Kernel) -> None:
    """An event loop of the host learns from a descriptor which signals have come."""
    reader, writer = os.pipe2(os.O_NONBLOCK)
    before = signal.set_wakeup_fd(writer)
    try:
        kernel.signals.set_action(signal.SIGUSR1, Action(HANDLER))
        signal.raise_signal(signal.SIGUSR1)
        assert kernel.signals.interrupted()
        assert signal.SIGUSR1 in os.read(reader, 100)
        kernel.leave_guest()
        assert signal.set_wakeup_fd(writer) == writer
    finally:
        signal.set_wakeup_fd(before)
        os.close(reader)
        os.close(writer)


def test_who_was_told_of_signals_before_may_be_gone(kernel: Kernel) -> None:
    reader, writer = os.pipe2(os.O_NONBLOCK)
    before = signal.set_wakeup_fd(writer)
    kernel.signals.set_action(signal.SIGUSR1, Action(HANDLER))
    os.close(reader)
    os.close(writer)
    kernel.leave_guest()
    assert signal.set_wakeup_fd(before) == -1
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_a_forked_child_is_interrupted_too(kernel: Kernel) -> None:
    kernel.signals.set_action(signal.SIGUSR1, Action(HANDLER))
    fd, _ = pair(kernel)
    child = call(kernel, "fork")
    if child == 0:
        signal.alarm(int(RESCUE_SECONDS))
        kernel.signals.set_action(signal.SIGALRM, Action())
        real = _libc.read
        host._functions["read"] = partial(caught, real)
        os._exit(-call(kernel, "read", fd, BUFFER, 1))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == errno.EINTR


def test_a_process_that_the_host_forks_meanwhile_can_end_its_guest(kernel: Kernel) -> None:
    kernel.signals.set_action(signal.SIGUSR1, Action(HANDLER))
    child = os.fork()
    if child == 0:
        try:
            signal.raise_signal(signal.SIGUSR1)
            interrupted = kernel.signals.interrupted()
            kernel.close()
            os._exit(0 if interrupted else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
