"""Guests that fork while other threads are about to change their translations."""

import os
import signal
import threading
from collections.abc import Callable

import pytest
from support.guests import guest

from backends.numba_jit import tables
from dbt.process import Process
from dbt.stops import Exited

PROCESSES = str(guest("processes"))


@pytest.fixture
def fork_by(
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[Callable[[Callable[[], int]], int]], None]:
    """Makes guests fork by a function, which gets the usual one."""
    usual = os.fork

    def replace(function: Callable[[Callable[[], int]], int]) -> None:
        monkeypatch.setattr(os, "fork", lambda: function(usual))

    return replace


@pytest.mark.parametrize("backend", ["numba_jit", "reference"])
def test_a_guest_forks_when_nobody_changes_anything(backend: str, fork_by) -> None:
    """A thread amid a change is not there in the child, and what it holds is held for ever."""
    taken: list[bool] = []

    def fork(usual: Callable[[], int]) -> int:
        def take() -> None:
            for lock in (process.engine._starting, process.executor._lock):
                taken.append(lock.acquire(blocking=False))
                if taken[-1]:
                    lock.release()

        thread = threading.Thread(target=take)
        thread.start()
        thread.join()
        return usual()

    with Process(PROCESSES, env={}, backend=backend) as process:
        fork_by(fork)
        assert process.run() == Exited(5)
    assert taken == [False] * 4


def test_a_child_does_not_wait_for_a_thread_that_had_the_loops_lock(fork_by) -> None:
    def fork(usual: Callable[[], int]) -> int:
        control = process.executor.tables.control
        control[tables.LOCK // 8] = 1
        pid = usual()
        if pid:
            control[tables.LOCK // 8] = 0
            killers.append(threading.Timer(20, os.kill, (pid, signal.SIGKILL)))
            killers[-1].start()
        return pid

    killers: list[threading.Timer] = []
    """Should it wait for ever."""
    with Process(PROCESSES, env={}) as process:
        fork_by(fork)
        assert process.run() == Exited(5)
    assert all(killer.is_alive() for killer in killers)
    for killer in killers:
        killer.cancel()
