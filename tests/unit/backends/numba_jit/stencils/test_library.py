"""The library: kept and restored, and what happens when one of its tables is full."""

import os
from pathlib import Path

import pytest
from support.guests import guest
from support.stencil_trials import Bench, Trial
from support.stencils import Disk

from backends.numba_jit.stencils import library
from backends.numba_jit.stencils.rows import Rows
from backends.numba_jit.stencils.tier import Copies
from dbt.interfaces import PAGE, BackendOptions
from dbt.process import Process
from dbt.stops import Exited
from frontends.arm.encodings import A32

ROWS = ("ADC_rsr", "STM", "LDR_imm", "B", "BX", "LDM", "MUL", "MSR_imm")


@pytest.fixture(autouse=True)
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch.setattr)


def drawn(bench: Bench, words: int = 3) -> list[Trial]:
    return list(bench.trials([A32.by_name[name] for name in ROWS], words))


def test_what_is_kept_is_there_again(disk: Disk) -> None:
    """A second copier makes nothing, and its code does the same."""
    bench = Bench(seed=5)
    bench.run(drawn(bench))
    saved = bench.copies.copier.library.save()
    bench.close()
    assert disk.library == saved
    other = Bench(seed=5)
    again = other.copies.copier.library
    assert again.save() == saved
    report = other.run(drawn(other))
    assert not again.changed
    assert report.differences == []
    assert report.copied.total() == 3 * len(ROWS)
    other.close()
    assert disk.library == saved


def test_a_restored_library_grows(disk: Disk) -> None:
    first = Bench(seed=5)
    first.run(drawn(first, 1))
    first.close()
    small = disk.library
    second = Bench(seed=6)
    report = second.run(drawn(second, 5))
    assert second.copies.copier.library.changed
    second.close()
    assert report.differences == []
    assert small is not None
    assert disk.library is not None
    assert len(disk.library) > len(small)
    third = Bench(seed=6)
    assert third.run(drawn(third, 5)).differences == []
    assert not third.copies.copier.library.changed
    third.close()


LIMITS = (10, 12, 60, 150, 5, 40, 100)
"""A few rows of each table, in the order of ``library._LIMITS``."""


@pytest.mark.parametrize("table", range(len(LIMITS)))
def test_a_full_library_refuses_what_is_new(
    table: int, monkeypatch: pytest.MonkeyPatch, disk: Disk
) -> None:
    """What is there already is copied, but the library does not grow, and is not kept."""
    limits = [*library._LIMITS]
    limits[table] = LIMITS[table]
    monkeypatch.setattr(library, "_LIMITS", tuple(limits))
    made = Bench(seed=5)
    copied = [alone(made, trial) for trial in drawn(made)]
    assert any(copied)
    assert not copied[-1]
    full = made.copies.copier.library
    assert not full.has_room()
    saved = full.save()
    again = [alone(made, trial) for trial in drawn(made)]
    assert full.save() == saved
    assert len(again) == len(copied)
    made.close()
    assert disk.library is None


def alone(bench: Bench, trial: Trial) -> bool:
    """Whether a word is copied, as the only one on its page: a page is prepared as a whole."""
    bench.copies.memory.poke(trial.pc & -PAGE, bytes(PAGE))
    bench.copies.memory.poke(trial.pc, trial.word.to_bytes(4, "little"))
    return bench.copies.draft(trial.key) is not None


def test_a_guest_runs_with_a_full_library(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], disk: Disk
) -> None:
    monkeypatch.setattr(library, "_LIMITS", (60, *library._LIMITS[1:]))
    options = BackendOptions(tier="0")
    with Process(str(guest("lists")), ["3"], env={}, options=options) as process:
        assert process.run() == Exited(0)
        figures = process.stats()
    assert 0 < figures["backend"]["copied_insns"] < figures["translated_instructions"]
    assert capfd.readouterr().out
    assert disk.library is None


def test_rows() -> None:
    table, other = Rows(1000, 3), Rows(1000, 3)
    table.put(2, (1, -2, 1 << 62))
    table.put(3, (9,))
    assert table.row(2) == [1, -2, 1 << 62]
    assert table.row(3) == [9, 0, 0]
    assert table.cells[2, 1] == -2
    saved = bytes(table.save(3))
    assert len(saved) == 3 * 3 * 8
    assert other.restore(memoryview(b"head" + saved), 4, 3) == len(saved)
    assert other.row(2) == table.row(2)
    assert other.row(3) == [0, 0, 0]
    table.clear(3)
    assert table.row(2) == [0, 0, 0]
    assert table.row(3) == [9, 0, 0]
    with pytest.raises(IndexError):
        table.put(1000, (1,))
    table.close()
    other.close()


def test_a_forked_process_keeps_what_it_has_made_itself(disk: Disk) -> None:
    bench = Bench(seed=5)
    bench.run(drawn(bench))

    def in_child() -> bool:
        copier = bench.copies.copier
        copier.keep()  # the parent does that
        inherited = disk.library
        bench.run(list(bench.trials([A32.by_name["EOR_rsr"]], 1)))
        copier.keep()
        return inherited is None and disk.library is not None

    child = os.fork()
    if child == 0:
        os._exit(0 if in_child() else 1)
    assert os.waitpid(child, 0)[1] == 0
    bench.copies.copier.keep()
    assert disk.library is not None
    bench.close()


def test_every_process_of_a_guest_keeps_its_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"

    def keep(_: object) -> None:
        with kept.open("a") as file:
            print(os.getpid(), file=file)

    monkeypatch.setattr(Copies, "keep", keep)
    with Process(str(guest("processes")), env={}) as process:
        process.run()
        assert kept.read_text().split()[-1] == str(os.getpid())
        assert len(set(kept.read_text().split())) == 3
