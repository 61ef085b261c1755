"""Limits on address space: one line that says what is needed; what is dropped is given back."""

import gc
import signal
import subprocess
import sys
import threading

import pytest
from support.guests import GUESTS
from support.rig import Rig

from backends.numba_jit import NumbaBackend
from backends.reference import ReferenceBackend
from dbt.interfaces import PAGE, READ, WRITE, BackendOptions
from dbt.ir.parser import parse_block
from dbt.process import Process
from dbt.reservation import IN_ALL
from dbt.runtime.memory import GuestMemory
from dbt.stops import UsageError

GIB = 1 << 30
BLOCK = """
block 0x8000 {
  insn 0x8000 4
  halt done 0x8000
}
"""


def run(kib: int, option: str = "-v") -> subprocess.CompletedProcess[str]:
    """Run a guest under ``ulimit``."""
    command = [sys.executable, "-m", "dbt", "run", "--tier", "2", str(GUESTS / "hello.elf")]
    return subprocess.run(
        ["sh", "-c", f'ulimit {option} {kib}; exec "$@"', "sh", *command],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize("gib", [2, 4.06, 6, 40, IN_ALL - 3])
def test_too_small_a_limit_is_one_line(gib: float) -> None:
    limit = int(gib * 2**20)
    done = run(limit)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("armdbt: cannot reserve ")
    assert f"ulimit -v must be {IN_ALL << 20} or more, and is {limit}" in line


def test_the_limit_that_is_too_small_is_named() -> None:
    done = run(100_000, "-d")
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert line.endswith(f": ulimit -d must be {IN_ALL << 20} or more, and is 100000")


@pytest.mark.parametrize("option", ["-v", "-d"])
def test_what_it_says_is_enough(option: str) -> None:
    done = run(IN_ALL << 20, option)
    assert (done.stdout, done.stderr, done.returncode) == ("hello, world\n", "", 0)


def test_a_thread_that_cannot_be_started_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    before = signal.getsignal(signal.SIGURG), signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with Process(str(GUESTS / "hello.elf"), env={}) as process:
        monkeypatch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(UsageError, match="no time limit can be kept"):
            process.run(timeout=60)
    after = signal.getsignal(signal.SIGURG), signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert after == before


def is_mapped(address: int) -> bool:
    with open("/proc/self/maps") as file:
        spans = [line.split()[0].split("-") for line in file]
    return any(int(start, 16) <= address < int(end, 16) for start, end in spans)


@pytest.mark.parametrize("close", [True, False])
def test_memory_goes_with_its_last_user(close: bool) -> None:
    memory = GuestMemory()
    memory.map(0x10000, PAGE, READ | WRITE)
    memory.write(0x10000, b"still")
    base, view = memory.base, memory.view(0x10000, PAGE)
    if close:
        memory.close()
        memory.close()
    del memory
    assert view[:5] == b"still"
    view.release()
    assert not is_mapped(base)


def held() -> int:
    """Address space in use, in GiB."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * PAGE // GIB


@pytest.mark.parametrize(("backend", "tier"), [(NumbaBackend, "2"), (ReferenceBackend, "auto")])
def test_a_machine_that_nobody_closes_is_given_back(backend: type, tier: str) -> None:
    def one() -> None:
        machine = Rig(backend(), BackendOptions(tier=tier))
        block = parse_block(BLOCK)
        machine.install(block)
        machine.executor.run(block.key)

    one()
    gc.collect()
    before = held()
    for _ in range(5):
        one()
        gc.collect()
    assert held() <= before


def test_closing_twice_is_closing() -> None:
    machine = Rig(NumbaBackend(), BackendOptions(tier="2"))
    block = parse_block(BLOCK)
    machine.install(block)
    machine.executor.run(block.key)
    machine.close()
    machine.close()
