"""A library whose making was interrupted, by Ctrl-C or for lack of memory, still works."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import pytest
from support.rotation import FULL, TURN
from support.stencil_trials import Bench, Trial
from support.stencils import Disk

from backends.numba_jit.stencils import copier, maker
from frontends.arm.encodings import A32

ROWS = ("ADC_rsr", "STM", "LDR_imm", "B", "BX")
MADE_IN = {"library.py", "tree.py", "maker.py", "rows.py"}
PACKAGE = str(Path(copier.__file__).parent)


@pytest.fixture(autouse=True)
def nothing_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries begin empty and are not kept."""
    Disk(monkeypatch.setattr)
    monkeypatch.setattr(copier, "MOST_KEPT", 0)


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench(seed=3)
    yield made
    made.close()


def drawn(bench: Bench) -> list[Trial]:
    """Trials on one page, so that making the first block prepares all."""
    return list(bench.trials([A32.by_name[name] for name in ROWS], 2))


def works(bench: Bench, trials: list[Trial]) -> None:
    """All blocks are copied and do what they should."""
    report = bench.run(trials)
    assert report.differences == []
    assert report.copied.total() == len(trials)


class Lines:
    """Counts the lines that functions execute which make libraries, and raises before one of them:
    the ``time``-th of a function."""

    def __init__(self, function: str = "", time: int = 0) -> None:
        self.function, self.time = function, time
        self.count: Counter[str] = Counter()

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        path = Path(frame.f_code.co_filename)
        if str(path.parent) != PACKAGE or path.name not in MADE_IN:
            return None
        if event == "line":
            function = frame.f_code.co_qualname
            self.count[function] += 1
            if function == self.function and self.count[function] == self.time:
                raise KeyboardInterrupt
        return self

    def trace(self, do: Callable[[], object]) -> None:
        """Do something, and catch the exception."""
        before = sys.gettrace()
        sys.settrace(self)
        try:
            do()
        except KeyboardInterrupt:
            assert self.time
        finally:
            sys.settrace(before)


def interrupted(lines: Lines) -> None:
    """Begin to make a library, and see whether it works after that."""
    bench = Bench(seed=3)
    trials = drawn(bench)
    lines.trace(lambda: bench.copies.draft(trials[0].key))
    works(bench, trials)
    bench.close()


def test_within_any_function() -> None:
    """A program that was interrupted while it was written counted as there, and stencils that
    nobody had compiled were chosen: what was copied then did anything."""
    random, every = Random(4), Lines()
    interrupted(every)
    assert {"Tree.program", "Tree.add", "Library.reserve", "Library.fill"} < every.count.keys()
    chosen = [Lines(name, random.randint(1, lines)) for name, lines in sorted(every.count.items())]
    for lines in chosen if FULL else chosen[TURN % 2 :: 2]:  # the others tomorrow
        interrupted(lines)


def test_between_two_batches(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first batch was compiled. It may be lost, but nothing is chosen that has no code."""
    monkeypatch.setattr(maker, "AT_ONCE", 3)
    objects, trials = bench.copies.copier._maker._object_maker, drawn(bench)
    compile_, calls = objects.compile, []

    def failing(text: str, name: str) -> bytes:
        calls.append(name)
        if len(calls) == 3:
            raise MemoryError
        return compile_(text, name)

    monkeypatch.setattr(objects, "compile", failing)
    with pytest.raises(MemoryError):
        bench.copies.draft(trials[0].key)
    assert len(calls) == 3
    works(bench, trials)
    assert len(calls) > 6


def test_a_library_of_an_interrupted_run_is_restored(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials = drawn(bench)
    every = Lines()
    every.trace(lambda: bench.copies.draft(trials[0].key))
    saved = bench.copies.copier.library.save()
    other = Bench(seed=3)
    library = other.copies.copier.library
    library.restore(memoryview(saved))
    works(other, drawn(other))
    other.close()
