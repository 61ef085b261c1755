"""What hot blocks were compiled to is kept on disk, and used by the next process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.guests import BENCHMARKS

from backends.native import cache
from backends.numba_jit.units import compiler
from backends.numba_jit.units import kept as stored
from backends.numba_jit.units.objects import ObjectMaker
from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.stops import Exited

FIB = str(BENCHMARKS / "fib.elf")


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The levels of the texts that are compiled; an empty directory is used in the meantime."""
    monkeypatch.setenv("ARMDBT_CACHE", str(tmp_path))
    levels: list[str] = []

    class Counting(ObjectMaker):
        def compile(self, text: str, level: str, *more: Any, **named: Any) -> bytes:
            levels.extend([level] if level == "region" else [])
            return super().compile(text, level, *more, **named)

    monkeypatch.setattr(compiler, "ObjectMaker", Counting)
    return levels


def run(*passes: str, reuse: bool = True, memory_checks: str = "mmu") -> int:
    """Run a program whose blocks become hot; how many were compiled."""
    return figures(*passes, reuse=reuse, memory_checks=memory_checks)["compiled_blocks"]


def figures(*passes: str, reuse: bool = True, memory_checks: str = "mmu") -> dict[str, int]:
    """Run a program whose blocks become hot; the figures of the backend."""
    options = BackendOptions(hot=500, background=False, reuse=reuse, memory_checks=memory_checks)
    with Process(FIB, ["18"], env={}, options=options, passes=passes) as process:
        assert process.run() == Exited(0)
        return dict(process.stats()["backend"])


def kept() -> list[Path]:
    return [Path(file) for file in cache.files() if Path(file).name.startswith("hot-")]


def test_the_second_process_compiles_nothing(compiled: list[str]) -> None:
    first = run()
    made = len(compiled)
    assert made == len(kept()) > 0
    assert run() == first > 0
    assert len(compiled) == made


def test_the_figures_say_what_was_on_disk(compiled: list[str]) -> None:
    first, second, third = figures(), figures(), figures(reuse=False)
    assert first["reused_blocks"] == third["reused_blocks"] == 0
    assert second["reused_blocks"] == second["compiled_blocks"] == first["compiled_blocks"] > 0
    assert second["code_bytes"] == first["code_bytes"]


def test_what_differs_is_compiled(compiled: list[str]) -> None:
    run()
    made = len(compiled)
    run("block-count")
    assert len(compiled) > made
    made = len(compiled)
    run(memory_checks="explicit")
    assert len(compiled) > made


def test_without_reuse_nothing_is_kept(compiled: list[str]) -> None:
    first = run(reuse=False)
    made = len(compiled)
    assert made > 0
    assert not kept()
    assert run(reuse=False) == first
    assert len(compiled) == 2 * made


@pytest.mark.parametrize("damage", [b"", b"\0" * 3000])
def test_what_is_damaged_is_compiled_anew(compiled: list[str], damage: bytes) -> None:
    run()
    made = len(compiled)
    for file in kept():
        file.write_bytes(damage)
    run()
    assert len(compiled) == 2 * made
    run()
    assert len(compiled) == 2 * made


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file that object code is taken to depend on."""
    path = tmp_path / "source.py"
    path.write_text("before")
    monkeypatch.setattr(stored, "_SOURCES", (str(path),))
    stored._how.cache_clear()
    yield path
    stored._how.cache_clear()


def test_a_source_that_has_gone_does_not_end_a_run(compiled: list[str], source: Path) -> None:
    source.unlink()
    first = run()
    assert run() == first > 0
    assert len(compiled) > 0
    assert not kept()


def test_a_source_that_changes_later_is_not_what_has_compiled(
    compiled: list[str], source: Path
) -> None:
    run()
    made = len(compiled)
    source.write_text("after")
    run()
    assert len(compiled) == made
