"""Processes that end together: what each of them has made is kept."""

import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.guests import guest
from support.stencil_trials import Bench, Report
from support.stencils import Disk

from backends.native import cache
from backends.numba_jit.stencils import abi, copier, kept, library, merging
from dbt.decode.table import Row
from dbt.interfaces import BackendOptions, Encoding, Pass
from dbt.ir.block import Block
from dbt.process import Process
from frontends.arm.encodings import A32
from frontends.arm.registers import LAYOUT

ALL = sorted(A32.by_name)
PROCESSES = 4


def tried(rows: Sequence[Row], seed: int, bench: Bench) -> Report:
    """Tries words of some rows, the same for the same seed."""
    bench.random = Random(seed)
    return bench.run(bench.trials(rows, 2))


def part_of(which: int, parts: int) -> list[Row]:
    return [A32.by_name[name] for name in ALL[which::parts]]


@pytest.mark.shares(2)
@pytest.mark.parametrize("checked", [True, False])
def test_two_libraries_become_one(checked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that is kept second has all of the first, which is used without making anything."""
    disk = Disk(monkeypatch.setattr)
    first, second = Bench(1, checked=checked), Bench(1, checked=checked)
    for which, bench in enumerate((first, second)):
        assert tried(part_of(which, 2), which, bench).differences == []
    first.close()
    alone = disk.library
    second.close()
    assert alone
    assert disk.library
    assert len(disk.library) > len(alone)
    third = Bench(1, checked=checked)
    for which in (1, 0):
        report = tried(part_of(which, 2), which, third)
        assert report.differences == []
    assert not third.copies.copier.library.changed
    assert report.copied.total() > 100
    third.close()


def refused(bench: Bench) -> list[int]:
    made = bench.copies.copier.library
    shapes = range(1, made.shape_count)
    return [shape for shape in shapes if made.shapes.cells[shape, library.EXIT] == abi.REFUSED]


def test_what_the_other_library_refuses_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row of a stencil that was too long is empty, and must not be taken for code."""
    disk = Disk(monkeypatch.setattr)
    first, second = Bench(1), Bench(1)
    tried(part_of(0, 4), 0, first)
    tried(part_of(1, 4), 1, second)
    before = len(refused(first)) + len(refused(second))
    made = first.copies.copier.library
    made.reserve(5, 0)
    made.refuse(5)
    first.close()
    second.close()
    assert disk.library
    third = Bench(1)
    assert len(refused(third)) == before + 1
    third.close()


def test_the_same_twice_adds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch.setattr)
    first, second = Bench(1), Bench(1)
    for bench in (first, second):
        tried(part_of(0, 4), 0, bench)
    first.close()
    alone = disk.library
    second.close()
    assert alone == disk.library


@pytest.fixture
def libraries() -> Iterator[Sequence[library.Library]]:
    made = [library.Library(LAYOUT, 32, [Encoding(0, 0, 4, 0x0FF00000)]) for _ in range(3)]
    yield made
    for one in made:
        one.close()


def test_reasons_get_their_numbers_where_nothing_else_has_them(
    libraries: Sequence[library.Library],
) -> None:
    """The number of a reason is part of the code of a trap."""
    one, same, other = libraries
    assert one.reason_number("first") == other.reason_number("another") == 0
    one.reason_number("second")
    assert same.reason_number("first") == 0
    assert merging._Merging(same, one).takes_traps
    assert same.reasons == ["first", "second"]
    assert merging._Merging(one, same).takes_traps
    assert not merging._Merging(other, one).takes_traps
    assert other.reasons == ["another"]


RUNS = (("hello", []), ("fib", ["7"]), ("lists", ["3"]))


def figures(process: Process) -> tuple[Any, Any]:
    """How a guest ends, and its counters."""
    return process.run(), process.counters.snapshot()


class Unplaced:
    """A pass that names no place, and does not change blocks."""

    def run(self, block: Block) -> None:
        """Do nothing: with it, the other passes see whole blocks, too."""


@pytest.mark.parametrize("whole", [False, True])
def test_libraries_with_passes_become_one(
    whole: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counters whose names depend on the address, traps, and additions are taken over too."""
    monkeypatch.setenv("ARMDBT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(kept, "_contents", {})
    passes: list[str | Pass] = ["block-count", "edge-count", "call-count", "shadow-stack"]
    if whole:
        passes.append(Unplaced())
    options = BackendOptions(tier="0")
    rounds = []
    for _ in range(2):
        opened = [
            Process(str(guest(name)), arguments, env={}, options=options, passes=passes)
            for name, arguments in RUNS
        ]
        for process in opened:  # all begin with what is on disk
            process.run(max_insns=1)
        rounds.append([figures(process) for process in opened])
        changed = [process.executor._copies.copier.library.changed for process in opened]  # type: ignore[attr-defined]
        for process in opened:
            process.close()
    assert rounds[0] == rounds[1]
    assert changed == [0] * len(RUNS)


def test_a_library_that_would_be_too_full_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch.setattr)
    first, second = Bench(1), Bench(1)
    for which, bench in enumerate((first, second)):
        tried(part_of(which, 2), which, bench)
    first.close()
    alone = disk.library
    shapes = second.copies.copier.library.shape_count
    monkeypatch.setattr(
        library, "_LIMITS", (round(shapes / copier.MOST_KEPT) + 2, *library._LIMITS[1:])
    )
    second.close()
    assert disk.library == alone


def in_child(which: int, ready: int, go: int) -> None:
    """Make a part, and keep it when all have made theirs."""
    bench = Bench(1)
    tried(part_of(which, PROCESSES), which, bench)
    os.write(ready, b"r")
    os.read(go, 1)
    bench.close()


def test_processes_that_end_together_keep_what_all_have_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARMDBT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(kept, "_contents", {})
    ready, go = os.pipe(), os.pipe()
    children = []
    for which in range(PROCESSES):
        child = os.fork()
        if child == 0:
            signal.alarm(120)
            os.close(go[1])
            status = 1
            try:
                in_child(which, ready[1], go[0])
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    for _ in children:
        assert os.read(ready[0], 1) == b"r"
    os.close(go[1])
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * PROCESSES
    for end in (*ready, go[0]):
        os.close(end)
    assert [Path(file).name.rpartition("-")[0] for file in cache.files()].count("stencils") == 1
    bench = Bench(1)
    for which in range(PROCESSES):
        assert tried(part_of(which, PROCESSES), which, bench).differences == []
    assert not bench.copies.copier.library.changed
    bench.close()
