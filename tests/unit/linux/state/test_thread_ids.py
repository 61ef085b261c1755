"""Ids of threads: of all processes of a guest, no two are the same."""

import os

import pytest

from dbt.linux.state import thread_ids
from dbt.linux.state.thread_ids import FIRST_ID, MOST_THREADS, ThreadIds

DEAD = (1 << 22) - 1
"""The last pid there can be: nobody has it."""


def process(ids: ThreadIds, monkeypatch: pytest.MonkeyPatch, pid: int) -> None:
    """Another process has forked off."""
    ids.forked()
    monkeypatch.setattr(os, "getpid", lambda: pid)


def test_ids_are_above_pids_and_name_their_process(monkeypatch: pytest.MonkeyPatch) -> None:
    ids, own = ThreadIds(), os.getpid()
    first, second = ids.free(()), ids.free(())
    assert (first, second) == (FIRST_ID + 1, FIRST_ID + 2)
    process(ids, monkeypatch, DEAD)
    other = ids.free(())
    assert other == first + MOST_THREADS
    assert [ids.pid_of(tid) for tid in (first, second, other, 77)] == [own, own, DEAD, 77]
    with pytest.raises(ProcessLookupError):
        ids.pid_of(other + MOST_THREADS)
    ids.close()


def test_an_id_is_used_again_when_all_others_were() -> None:
    ids = ThreadIds()
    given = [ids.free(()) for _ in range(MOST_THREADS)]
    assert len(set(given)) == MOST_THREADS
    assert ids.free(set(given) - {given[9]}) == given[9]
    with pytest.raises(BlockingIOError):
        ids.free(given)
    ids.close()


def test_blocks_of_processes_that_are_gone_are_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread_ids, "_BLOCKS", 3)
    ids, own = ThreadIds(), os.getpid()
    for pid in (own, DEAD, own):
        process(ids, monkeypatch, pid)
        last = ids.free(())
    process(ids, monkeypatch, own)
    assert ids.free(()) == last - MOST_THREADS
    assert ids.pid_of(last - MOST_THREADS) == own
    process(ids, monkeypatch, own)
    with pytest.raises(BlockingIOError):
        ids.free(())
    ids.close()
