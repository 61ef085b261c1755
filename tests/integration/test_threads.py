"""Programs with threads: the kernel's answers, and the same run for the same seed in every tier."""

import os
from pathlib import Path

import pytest
from support import thread_programs
from support.rotation import FULL, TURN
from support.thread_programs import ARM, SETTINGS, SIGNALS, THREADS, THUMB

from dbt.interfaces import BackendOptions
from dbt.linux.options import LinuxOptions
from dbt.process import Process
from dbt.stops import Exited, Killed, Stop

pytestmark = pytest.mark.oracle  # needs a cross compiler

TIMEOUT = 120
SEEDS = int(os.environ.get("ARMDBT_SEEDS", "3"))

IPC = """\
semop: 0
msgrcv: 4
semtimedop: -1
exit: Owner died
killed: Owner died
xecuted: Owner died
"""
FUTEXES = """\
wake: -22
wake bits: -22
requeue: -22
wake op: -22
other: 0
plain: 1
unlock: 0
lock: 0
wait: 0
list of the child: 3
"""
KINDS = """\
normal: 0 16 -1 16 -1 0 -1 -1 -1
recursive: 0 0 0 16 1 0 0 0 1
errorcheck: 0 16 35 16 1 0 1 1 1
condition: Connection timed out
spin: 1200
atfork: 1312
queued: 12421
"""
TIMERS = """\
thread: 0
called: 5
id: 0
elsewhere: 0
no such: Invalid argument
"""
PROC = """\
thread-self: 1
thread-self: 1
tasks: 3 3
comm: first
Name:\tfirst
State:\tS (sleeping)
pid: 1
tgid: 1
Threads:\t3
SigPnd:\t0000000000000200
ShdPnd:\t0000000000000000
SigBlk:\t0000000000000200
stat: 1
comm: second
Name:\tsecond
State:\tS (sleeping)
pid: 1
tgid: 1
Threads:\t3
SigPnd:\t0000000000000200
ShdPnd:\t0000000000000000
SigBlk:\t0000000000000200
stat: 1
comm: thread_proc-
Name:\tthread_proc-
State:\tR (running)
pid: 1
tgid: 1
Threads:\t3
SigPnd:\t0000000000000000
ShdPnd:\t0000000000000000
SigBlk:\t0000000000000000
stat: 1
no such: none
limited: Resource temporarily unavailable
fork: Resource temporarily unavailable
gone: none
Threads:\t1
"""
NAMES = """\
mode: 100644 0
write: 5, line|| line|.
long: 22, a name of more | a name of more .
zero: 3, a| a.
empty: 0, | .
writev: 6, two| two.
pwrite: -1, two| two. Illegal seek
pwritev: -1, two| two. Illegal seek
nowhere: -1, two| two. Bad address
position: 0, two| two.
read: -1, two| two. Bad file descriptor
sendfile: -1, two| two. Invalid argument
dup: 9, duplicate| duplicate.
both: 4, both| both.
read: 5, both| both.
read: both
child: -1, both| both. Invalid argument
reader: -1, both| both. Bad file descriptor
set: 0
get: other
too long: 34
thread: 0, other| other.
gone: -1, both| both. No such process
"""
"""As the kernel's (comm_write): a newline, shown as ``|``, is a part of the name."""


def program(home: Path, name: str, *options: str) -> str:
    return thread_programs.build(home, name, *options)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("threads")


def result(
    built: str,
    capfd: pytest.CaptureFixture[str],
    seed: int = 0,
    turn: int | None = None,
    chain: str = "all",
    backend: str = "numba_jit",
    **options: object,
) -> tuple[str, Stop, int]:
    """What it prints, how it ends, and how many instructions it executes."""
    linux = LinuxOptions(seed=1, sched_seed=seed, turn=turn)
    tier = BackendOptions(**options)  # type: ignore[arg-type]
    capfd.readouterr()
    with Process(built, env={}, linux=linux, chain=chain, backend=backend, options=tier) as process:
        stop = process.run(timeout=TIMEOUT)
        return capfd.readouterr().out, stop, process.engine.executed


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("state", [ARM, THUMB], ids=["arm", "thumb"])
def test_what_threads_share_and_wait_for(
    home: Path, capfd: pytest.CaptureFixture[str], state: tuple[str, ...], seed: int
) -> None:
    built = program(home, "threads", *state)
    out, stop, _ = result(built, capfd, seed, turn=None if seed % 2 else 2000)
    assert (out, stop) == (THREADS, Exited(0))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_signals_to_threads(home: Path, capfd: pytest.CaptureFixture[str], seed: int) -> None:
    built = program(home, "thread_signals", *(THUMB if seed % 2 else ARM))
    out, stop, _ = result(built, capfd, seed, turn=2000 if seed % 2 else None)
    assert out == SIGNALS
    assert isinstance(stop, Killed)
    assert stop.signal == 15


@pytest.mark.parametrize("seed", range(2))
def test_system_v_objects_and_robust_locks_of_processes(
    home: Path, capfd: pytest.CaptureFixture[str], seed: int
) -> None:
    out, stop, _ = result(program(home, "thread_ipc", "-w"), capfd, seed)
    assert (out, stop) == (IPC, Exited(0))


@pytest.mark.parametrize("state", [ARM, THUMB], ids=["arm", "thumb"])
def test_kinds_of_mutexes_and_what_else_libraries_use(
    home: Path, capfd: pytest.CaptureFixture[str], state: tuple[str, ...]
) -> None:
    out, stop, _ = result(program(home, "thread_kinds", *state), capfd, turn=2000)
    assert (out, stop) == (KINDS, Exited(0))


def test_timers_that_tell_a_thread(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out, stop, _ = result(program(home, "thread_timers"), capfd)
    assert (out, stop) == (TIMERS, Exited(0))


def test_there_may_be_hundreds_of_threads(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out, stop, _ = result(program(home, "many_threads"), capfd)
    assert (out, stop) == ("sum: 44850\n", Exited(0))


def test_names_of_threads_can_be_written(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out, stop, _ = result(program(home, "thread_names"), capfd)
    assert (out, stop) == (NAMES, Exited(0))


def test_proc_shows_each_thread_and_limits_count_them(
    home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)  # of root, nothing is counted
    out, stop, _ = result(program(home, "thread_proc"), capfd)
    assert (out, stop) == (PROC, Exited(0))


def test_futexes_with_an_owner_and_the_lists_of_a_child(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out, stop, _ = result(program(home, "thread_futexes"), capfd)
    assert (out, stop) == (FUTEXES, Exited(0))


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_seed_gives_the_same_run_in_every_setting(
    home: Path, capfd: pytest.CaptureFixture[str], setting: str
) -> None:
    """Exclusive accesses are interrupted by turns, so that some have to be made again."""
    built = program(home, "increments", *ARM, "-DN=400")
    costly = "hot" in SETTINGS[setting] or setting == "compiled"
    for seed in [TURN % SEEDS] if costly and not FULL else range(SEEDS):
        first = result(built, capfd, seed, turn=300, tier="0")
        assert first[:2] == ("3200 32 3228\n", Exited(0))
        assert result(built, capfd, seed, turn=300, **SETTINGS[setting]) == first  # type: ignore[arg-type]


@pytest.mark.parametrize("turn", [1, 2])
def test_turns_that_are_shorter_than_an_exclusive_access_end(
    home: Path, capfd: pytest.CaptureFixture[str], turn: int
) -> None:
    """A switch of threads between LDREX and STREX does not make the store fail."""
    built = program(home, "increments", *ARM, "-DN=10")
    out, stop, _ = result(built, capfd, turn=turn, tier="0")
    assert (out, stop) == ("80 8 108\n", Exited(0))


def test_seeds_differ(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    built = program(home, "increments", *ARM, "-DN=2000")
    counts = {result(built, capfd, seed, turn=300, tier="0")[2] for seed in range(4)}
    assert len(counts) > 1


def test_eight_threads_and_100_000_increments_each(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    built = program(home, "increments", *ARM)
    out, stop, _ = result(built, capfd)
    assert (out, stop) == ("800000 8000 800028\n", Exited(0))


def test_a_run_that_stops_at_a_limit_continues_in_the_same_threads(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    built = program(home, "increments", *ARM, "-DN=2000")
    whole = result(built, capfd, turn=300, tier="0")
    linux = LinuxOptions(seed=1, turn=300)
    with Process(built, env={}, linux=linux, options=BackendOptions(tier="0")) as process:
        stop: Stop | None = None
        while not isinstance(stop, Exited):
            stop = process.run(max_insns=7919)
        assert (capfd.readouterr().out, stop, process.engine.executed) == whole
