"""Jobs that another thread does: results, errors, forks, and no thread at all."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import pytest
from support.guests import BENCHMARKS

from backends.numba_jit.units import background
from backends.numba_jit.units.background import Background, Job
from backends.numba_jit.units.tier import Units
from dbt.interfaces import BackendOptions
from dbt.ir.block import Block
from dbt.process import Process
from dbt.stops import Exited

FIB = str(BENCHMARKS / "fib.elf")


@contextmanager
def at_work(work) -> Iterator[Background]:
    worker = Background(work)
    try:
        yield worker
    finally:
        worker.close()


def wait_for(worker: Background, count: int) -> list[Job]:
    done: list[Job] = []
    while len(done) < count:
        done += worker.finished()
    return done


def test_jobs_are_done_in_order_by_another_thread() -> None:
    by = []
    with at_work(lambda job: by.append(threading.get_ident())) as worker:
        jobs = [Job([], "quick") for _ in range(20)]
        for job in jobs:
            worker.submit(job)
        assert wait_for(worker, 20) == jobs
    assert set(by) != {threading.get_ident()}
    assert worker.finished() == []


def test_a_worker_is_busy_until_its_jobs_were_returned() -> None:
    go = threading.Event()
    with at_work(lambda job: go.wait(30)) as worker:
        assert not worker.busy
        worker.submit(Job([], "quick"))
        assert worker.finished() == []
        assert worker.busy
        go.set()
        wait_for(worker, 1)
        assert not worker.busy


def test_a_fork_waits_until_a_job_is_among_the_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    class AtWork:
        def __enter__(self) -> None:
            pass

        def __exit__(self, *_: object) -> None:
            finished.append(len(worker._finished))

    finished = list[int]()
    monkeypatch.setattr(background, "_at_work", AtWork())
    worker = Background(lambda job: None)
    worker._do(Job([], "quick"))
    assert finished == [1]


def test_an_error_belongs_to_its_job() -> None:
    def fail(job: Job) -> None:
        raise MemoryError

    with at_work(fail) as worker:
        for _ in range(2):
            worker.submit(Job([], "quick"))
        assert [type(job.error) for job in wait_for(worker, 2)] == [MemoryError] * 2


class NoThread(threading.Thread):
    def start(self) -> None:
        raise RuntimeError("can't start new thread")


def test_without_a_thread_jobs_are_done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background.threading, "Thread", NoThread)
    by = []
    with at_work(lambda job: by.append(threading.get_ident())) as worker:
        worker.submit(Job([], "quick"))
        assert len(worker.finished()) == 1
    assert by == [threading.get_ident()]


def test_hot_blocks_wait_until_a_job_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    submit, jobs = Background.submit, []

    def submitted(worker: Background, job: Job) -> None:
        assert not worker.busy
        jobs.append(job)
        submit(worker, job)

    monkeypatch.setattr(Background, "submit", submitted)
    monkeypatch.setattr(background.threading, "Thread", NoThread)  # a job is done when submitted
    options = BackendOptions(tier="auto", hot=2000)
    with Process(FIB, ["27"], env={}, options=options) as process:
        assert process.run() == Exited(0)
    first, second, *_ = jobs
    assert first.prepares
    assert not first.compiled[1:]
    assert first.made is None
    assert len(second.batch) > 1
    assert not second.prepares


@pytest.mark.parametrize("error", [MemoryError(), ValueError("broken")])
def test_a_compiler_that_cannot_be_made_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    tried = []

    def fail(units: Units) -> NoReturn:
        tried.append(units)
        raise error

    monkeypatch.setattr(Units, "compiler", property(fail))
    monkeypatch.setattr(background.threading, "Thread", NoThread)
    options = BackendOptions(tier="auto", hot=2000)
    with Process(FIB, ["27"], env={}, options=options) as process:
        if isinstance(error, MemoryError):  # the guest runs on as copies
            assert process.run() == Exited(0)
        else:
            with pytest.raises(ValueError, match="broken"):
                process.run()
    assert len(tried) == 1


def test_what_is_wrong_with_a_dropped_block_ends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Code that changes while it is lifted may be anything."""
    tried = []

    def fail(units: Units) -> NoReturn:
        tried.append(units)
        monkeypatch.undo()
        units.drop(units._installed(next(iter(units._hot.due))))
        raise ValueError("broken")

    with Process(FIB, ["27"], env={}, options=BackendOptions(hot=2000)) as process:
        monkeypatch.setattr(Units, "compiler", property(fail))
        monkeypatch.setattr(background.threading, "Thread", NoThread)
        assert process.run() == Exited(0)
    assert len(tried) == 1


class Unconcerned:
    """Concerns no block. Notes the threads that ask."""

    def __init__(self) -> None:
        self.threads: set[int] = set()

    def concerns(self, pc: int, end: int) -> bool:
        self.threads.add(threading.get_ident())
        return False

    def run(self, block: Block) -> None:
        self.threads.add(threading.get_ident())


def test_passes_that_see_blocks_run_in_the_thread_of_the_guest() -> None:
    pass_ = Unconcerned()
    options = BackendOptions(hot=2000)
    with Process(FIB, ["27"], env={}, options=options, passes=[pass_]) as process:
        assert process.run() == Exited(0)
    assert pass_.threads == {threading.get_ident()}


def test_the_thread_gets_no_signals() -> None:
    masks = []
    with at_work(lambda job: masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, ()))) as worker:
        worker.submit(Job([], "quick"))
        wait_for(worker, 1)
    assert {signal.SIGINT, signal.SIGALRM, signal.SIGCHLD, signal.SIGTERM} <= masks[0]


def test_a_fork_waits_for_the_job_and_the_child_goes_on() -> None:
    begun, go = threading.Event(), threading.Event()

    def work(job: Job) -> None:
        begun.set()
        go.wait(30)
        job.compiled = ("done",)

    with at_work(work) as worker:
        worker.submit(Job([], "quick"))
        begun.wait(30)
        threading.Timer(0.2, go.set).start()
        child = os.fork()
        if child == 0:  # the job was over before the fork; another thread does the next
            status = 1
            try:
                assert go.is_set()
                worker.submit(Job([], "quick"))
                status = (
                    0 if [job.compiled for job in wait_for(worker, 2)] == [("done",)] * 2 else 2
                )
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert [job.compiled for job in wait_for(worker, 1)] == [("done",)]


def test_what_waits_is_dropped_at_the_end() -> None:
    go, done = threading.Event(), []

    def work(job: Job) -> None:
        go.wait(30)
        done.append(job)

    worker = Background(work)
    for _ in range(5):
        worker.submit(Job([], "quick"))
    worker.close()
    go.set()
    background._end()
    assert len(done) <= 1


def test_python_ends_though_a_process_was_not_closed() -> None:
    script = f"""
from dbt import BackendOptions, Process
process = Process({FIB!r}, ["20"], env={{}}, options=BackendOptions(hot=5))
process.run()
assert process.engine.executor._units._background._thread is not None
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


@pytest.mark.parametrize("on", [True, False])
def test_a_program_runs_the_same(on: bool) -> None:
    options = BackendOptions(hot=5, background=on)
    with Process(FIB, ["18"], env={}, options=options) as process:
        stop = process.run()
        figures = process.stats()
    with Process(FIB, ["18"], env={}, options=BackendOptions(tier="0")) as process:
        assert process.run() == stop == Exited(0)
        cold = process.stats()
    assert figures["instructions"] == cold["instructions"]
    assert on or figures["backend"]["compiled_blocks"] > 2
