"""Which parked threads are looked at, and woken by signals: those that take them, with the masks that
all threads have then."""

import os
from collections.abc import Callable

import pytest
from support.linux_kernel import BUFFER, call

from dbt.ir.block import BlockKey
from dbt.linux.errors import Blocked
from dbt.linux.kernel import Kernel
from dbt.linux.state import waiting
from dbt.linux.state.sigaction import Action, bit
from dbt.linux.state.siginfo import SI_TKILL, SI_USER, SigInfo
from dbt.linux.state.threads import Thread

SIGUSR1, SIGTERM = 10, 15
GETPID, TGKILL = 20, 268
HANDLED = Action(0x8000)


@pytest.fixture
def parked(kernel: Kernel) -> list[Thread]:
    """Two threads beside the one that runs. Each waits for another thread alone, as for a futex."""
    kernel.signals.set_action(SIGUSR1, HANDLED)
    made = []
    for _ in range(2):
        thread = kernel.threads.add(kernel.threads.free_tid(), b"", 0)
        thread.wait = Blocked()
        made.append(thread)
    return made


def set_mask(kernel: Kernel, mask: int) -> None:
    """As the thread does that runs."""
    kernel.memory.write(BUFFER, mask.to_bytes(8, "little"))
    assert call(kernel, "rt_sigprocmask", 2, BUFFER, 0, 8) == 0


def woken(threads: list[Thread]) -> list[bool]:
    return [thread.wait is None for thread in threads]


def post(kernel: Kernel, thread: Thread | None = None) -> None:
    """For the process as a whole, or for a thread."""
    if thread is None:
        kernel.signals.post(SigInfo(SIGUSR1, SI_USER, os.getpid()))
    else:
        kernel.signals.post(SigInfo(SIGUSR1, SI_TKILL, os.getpid()), thread.signals)


def test_nobody_is_woken_by_a_signal_that_another_thread_takes(
    kernel: Kernel, parked: list[Thread]
) -> None:
    post(kernel)
    kernel.threads.look()
    assert woken(parked) == [False, False]


def test_the_next_thread_is_woken_when_the_one_that_took_it_blocks_it(
    kernel: Kernel, parked: list[Thread]
) -> None:
    post(kernel)
    kernel.threads.look()
    set_mask(kernel, bit(SIGUSR1))
    kernel.threads.look()
    assert woken(parked) == [True, False]
    assert kernel.signals.interrupts(parked[0])
    assert not kernel.signals.interrupts(kernel.threads.current)


def test_a_thread_that_ends_leaves_the_signal_to_the_next(
    kernel: Kernel, parked: list[Thread]
) -> None:
    post(kernel)
    parked[0].signals.mask = bit(SIGUSR1)
    kernel.threads.look()
    assert woken(parked) == [False, False]
    kernel.threads.end()
    kernel.threads.look()
    assert woken(parked) == [False, True]


def test_a_signal_that_all_block_wakes_nobody_until_one_does_not(
    kernel: Kernel, parked: list[Thread], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is anybody looked at."""
    set_mask(kernel, bit(SIGUSR1))
    for thread in parked:
        thread.signals.mask = bit(SIGUSR1)
    post(kernel)
    assert kernel.signals.pending
    seen = []
    due: Callable[..., bool] = waiting._is_due

    def is_due(kernel: Kernel, thread: Thread, now: int) -> bool:
        seen.append(thread)
        return due(kernel, thread, now)

    monkeypatch.setattr(waiting, "_is_due", is_due)
    kernel.threads.look()
    assert (seen, woken(parked)) == ([], [False, False])
    parked[1].signals.mask = 0
    kernel.threads.look()
    assert (seen, woken(parked)) == (parked, [False, True])


def test_one_that_kills_wakes_all_when_a_thread_does_not_block_it(
    kernel: Kernel, parked: list[Thread]
) -> None:
    set_mask(kernel, bit(SIGTERM))
    for thread in parked:
        thread.signals.mask = bit(SIGTERM)
    kernel.signals.post(SigInfo(SIGTERM, SI_USER, os.getpid()))
    kernel.threads.look()
    assert woken(parked) == [False, False]
    set_mask(kernel, 0)
    kernel.threads.look()
    assert woken(parked) == [True, True]


def test_a_signal_of_its_own_wakes_a_thread(kernel: Kernel, parked: list[Thread]) -> None:
    parked[1].signals.mask = bit(SIGUSR1)
    post(kernel, parked[1])
    kernel.threads.look()
    assert woken(parked) == [False, False]
    parked[1].signals.mask = 0
    kernel.threads.look()
    assert woken(parked) == [False, True]


def test_one_that_waits_for_a_signal_is_woken_though_all_block_it(
    kernel: Kernel, parked: list[Thread]
) -> None:
    """As sigtimedwait does."""
    set_mask(kernel, bit(SIGUSR1))
    for thread in parked:
        thread.signals.mask = bit(SIGUSR1)
    parked[0].wait = Blocked(signals=bit(SIGUSR1))
    kernel.signals.pending.append(SigInfo(SIGUSR1, SI_USER, os.getpid()))  # as if it came just now
    kernel.threads.look()
    assert woken(parked) == [True, False]


@pytest.mark.parametrize(("number", "nudged"), [(TGKILL, True), (GETPID, False)])
def test_a_call_that_may_wait_on_the_host_is_nudged(
    kernel: Kernel,
    parked: list[Thread],
    number: int,
    nudged: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """tgkill may wait until another process of the guest has ended."""
    begun = list[bool]()
    monkeypatch.setattr(kernel.nudges, "begin", lambda: begun.append(True))
    kernel.state["r7"], kernel.state["r2"] = number, 0
    kernel.state["r0"] = kernel.state["r1"] = os.getpid()
    assert kernel.syscall(0, BlockKey(0xA004)) == 0xA004
    assert begun == [True] * nudged
