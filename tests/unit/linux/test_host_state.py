"""What the host has of its own, it has again when the guest does not run: timers, handlers, mask."""

import os
import signal
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.linux_kernel import BUFFER, call, error, make_kernel

from dbt import signals
from dbt.linux.kernel import Kernel
from dbt.linux.state.sigaction import SIG_IGN, Action, bit

ITIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
LONG = 1000


@pytest.fixture
def caught() -> Iterator[list[int]]:
    """The signals that reached the host's own handlers."""
    found: list[int] = []
    numbers = (signal.SIGALRM, signal.SIGUSR1, signal.SIGVTALRM, signal.SIGPROF)
    before = {n: signal.signal(n, lambda number, _: found.append(number)) for n in numbers}
    yield found
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def kernel(caught: list[int], kernel: Kernel) -> Kernel:
    """The kernel is gone before the host's handlers are: it would put them back."""
    del caught
    return kernel


def arm(kernel: Kernel, which: int, seconds: int) -> None:
    kernel.memory.write(BUFFER, struct.pack("<4i", 0, 0, seconds, 0))
    assert call(kernel, "setitimer", which, BUFFER, 0) == 0


def create_timer(kernel: Kernel, number: int, microseconds: int) -> None:
    """A POSIX timer that sends a signal."""
    kernel.memory.write(BUFFER, struct.pack("<IiiI", 77, number, 0, 0))
    assert call(kernel, "timer_create", 1, BUFFER, BUFFER + 32) == 0
    timer = kernel.memory.load(BUFFER + 32, 4)
    kernel.memory.write(BUFFER, struct.pack("<4i", 0, 0, 0, microseconds * 1000))
    assert call(kernel, "timer_settime", timer, 0, BUFFER, 0) == 0


def wait_pending(kernel: Kernel, number: int) -> None:
    """Return when a signal that the guest blocks is pending."""
    while not kernel.signals.pending_mask() & bit(number):
        os.sched_yield()


def send_here(number: int) -> None:
    """Send a signal to this thread: pytest may have others."""
    signal.pthread_kill(threading.get_ident(), number)


@pytest.mark.parametrize("which", ITIMERS)
def test_interval_timers_end_with_the_guest(kernel: Kernel, caught: list[int], which: int) -> None:
    arm(kernel, which, LONG)
    kernel.close()
    assert signal.getitimer(which) == (0.0, 0.0)
    assert not caught


def test_alarm_ends_with_the_guest(kernel: Kernel, caught: list[int]) -> None:
    assert call(kernel, "alarm", LONG) == 0
    kernel.close()
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert not caught


def test_the_hosts_own_timer_comes_back_and_the_guest_does_not_see_it(
    kernel: Kernel, caught: list[int]
) -> None:
    signal.setitimer(signal.ITIMER_REAL, LONG, 5)
    try:
        assert call(kernel, "getitimer", 0, BUFFER) == 0
        assert kernel.memory.read(BUFFER, 16) == bytes(16)
        assert call(kernel, "alarm", 10 * LONG) == 0
        kernel.close()
        value, interval = signal.getitimer(signal.ITIMER_REAL)
        assert LONG - 100 < value <= LONG
        assert interval == 5
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    assert not caught


def test_a_signal_pending_for_the_guest_does_not_reach_the_host(
    kernel: Kernel, caught: list[int]
) -> None:
    kernel.signals.set_mask(bit(signal.SIGUSR1) | bit(signal.SIGALRM))
    send_here(signal.SIGUSR1)
    create_timer(kernel, signal.SIGALRM, 1)
    wait_pending(kernel, signal.SIGALRM)
    kernel.close()
    assert not caught
    assert not signal.sigpending()
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_a_timers_signal_waits_for_the_guest_though_other_threads_would_take_it(
    kernel: Kernel, caught: list[int]
) -> None:
    """The threads of numerical libraries block nothing."""
    over = threading.Event()
    other = threading.Thread(target=over.wait)
    other.start()
    kernel.signals.set_mask(bit(signal.SIGALRM))
    there = []
    for number in range(50):
        create_timer(kernel, signal.SIGALRM, 1)
        while kernel.memory.load(BUFFER + 12, 4):  # the time that is left
            assert call(kernel, "timer_gettime", number, BUFFER) == 0
        os.sched_yield()
        there.append(signal.sigtimedwait({signal.SIGALRM}, 0) is not None)
    over.set()
    other.join()
    assert all(there)
    assert not caught


def test_a_signal_blocked_by_the_host_stays_the_hosts(kernel: Kernel, caught: list[int]) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    try:
        send_here(signal.SIGUSR1)
        kernel.signals.set_mask(bit(signal.SIGUSR1))
        kernel.close()
        assert signal.SIGUSR1 in signal.sigpending()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
    assert caught == [signal.SIGUSR1]


def test_a_posix_timer_may_send_any_signal_and_the_host_lives(kernel: Kernel) -> None:
    """SIGUSR2 is at its default for both: it ends the guest, and not the Python process."""
    assert signal.getsignal(signal.SIGUSR2) == signal.SIG_DFL
    pid = os.fork()
    if pid == 0:
        create_timer(kernel, signal.SIGUSR2, 1)
        while not kernel.signals.interrupted():
            os.sched_yield()
        os._exit(5)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5


def test_a_paused_guest_leaves_the_host_alone_and_goes_on(
    kernel: Kernel, caught: list[int]
) -> None:
    kernel.signals.set_action(signal.SIGUSR1, Action(0x8000))
    kernel.signals.set_action(signal.SIGVTALRM, Action(SIG_IGN))
    kernel.signals.set_mask(bit(signal.SIGPROF))
    call(kernel, "alarm", LONG)
    create_timer(kernel, signal.SIGUSR1, 900_000)
    kernel.leave_guest()
    send_here(signal.SIGUSR1)
    assert caught == [signal.SIGUSR1]
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert call(kernel, "timer_gettime", 0, BUFFER) == 0
    assert kernel.memory.read(BUFFER, 16) == bytes(16)

    kernel.enter_guest()
    send_here(signal.SIGUSR1)
    assert kernel.signals.interrupted()
    assert signal.getsignal(signal.SIGVTALRM) == signal.SIG_IGN
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == {signal.SIGPROF}
    assert LONG - 100 < signal.getitimer(signal.ITIMER_REAL)[0] <= LONG
    assert call(kernel, "timer_gettime", 0, BUFFER) == 0
    assert kernel.memory.load(BUFFER + 12, 4)
    assert caught == [signal.SIGUSR1]


def test_guests_that_end_in_any_order_leave_nothing(caught: list[int], tmp_path: Path) -> None:
    handler = signal.getsignal(signal.SIGUSR1)
    first, second = make_kernel(tmp_path), make_kernel(tmp_path)
    for kernel in (first, second):
        kernel.signals.set_action(signal.SIGUSR1, Action(0x8000))
        kernel.leave_guest()
    second.enter_guest()
    second.leave_guest()
    first.close()
    second.close()
    assert signal.getsignal(signal.SIGUSR1) is handler
    for kernel in (first, second):
        kernel.memory.close()


def test_outside_the_main_thread_a_timer_is_refused(kernel: Kernel) -> None:
    """No handler can be installed there: the signal would end the Python process."""
    results: list[int] = []

    def run() -> None:
        results.append(call(kernel, "alarm", LONG))
        kernel.memory.write(BUFFER, struct.pack("<IiiI", 0, signal.SIGUSR2, 0, 0))
        results.append(call(kernel, "timer_create", 1, BUFFER, BUFFER + 32))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    signal.setitimer(signal.ITIMER_REAL, 0)
    assert [error(result) for result in results] == ["ENOSYS", "EAGAIN"]


def test_a_handler_that_raises_as_the_guest_is_left_leaves_nothing_blocked(kernel: Kernel) -> None:
    """Such as Python's own for SIGINT."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGUSR1)
    kernel.signals.set_action(signal.SIGUSR1, Action(0x8000))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            signals.signal, "signal", interrupt
        )  # it runs what handlers have still to run
        with pytest.raises(KeyboardInterrupt):
            kernel.leave_guest()
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ())
    kernel.leave_guest()
    assert signal.getsignal(signal.SIGUSR1) is before


def fails(*_: object) -> None:
    raise OSError(5, "refused")


@pytest.mark.parametrize("what", ["tree.close", "children.release", "interval_timers.pause"])
def test_all_else_is_given_back_when_something_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    kernel = make_kernel(tmp_path)
    owner, _, name = what.partition(".")
    host_fd = kernel.files.host_fd(open_here(kernel))
    paths_closed: list[bool] = []
    monkeypatch.setattr(kernel.paths, "close", lambda: paths_closed.append(True))
    with monkeypatch.context() as broken:
        broken.setattr(getattr(kernel.process, owner), name, fails)
        with pytest.raises(OSError, match="refused"):
            kernel.close()
    assert paths_closed
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(host_fd)
    monkeypatch.undo()
    kernel.close()
    kernel.memory.close()


def open_here(kernel: Kernel) -> int:
    kernel.memory.write(BUFFER, b".\0")
    return call(kernel, "open", BUFFER, os.O_RDONLY, 0)


def test_a_descriptor_that_the_host_has_closed_keeps_no_other_open(tmp_path: Path) -> None:
    kernel = make_kernel(tmp_path)
    first, second = (kernel.files.host_fd(open_here(kernel)) for _ in range(2))
    os.close(first)
    kernel.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(second)
    kernel.memory.close()
