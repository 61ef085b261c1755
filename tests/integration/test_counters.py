"""Counters of passes: as NumPy arrays with names, and the highest of them at the command line."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import dbt
from dbt.stops import InsnLimit

FIB = str(Path(__file__).parents[2] / "benchmarks" / "guests" / "fib.elf")


def test_a_view_has_names_and_follows_the_run() -> None:
    with dbt.Process(FIB, ["8"], env={}, passes=["block-count"], stdout=dbt.CAPTURE) as process:
        blocks = process.counters.view("block:")
        assert len(blocks) == len(blocks.values) == 0
        assert isinstance(process.run(max_insns=500), InsnLimit)
        live = blocks.values
        before = live.copy()
        assert process.run(max_insns=100)
        assert (live >= before).all()
        assert live.sum() > before.sum()
        assert dict(zip(blocks.names, blocks.values.tolist(), strict=True)) == (
            process.counters.snapshot("block:")
        )


def test_views_of_two_passes_are_told_apart() -> None:
    passes = ["block-count", "call-count"]
    with dbt.Process(FIB, ["8"], env={}, passes=passes, stdout=dbt.CAPTURE) as process:
        process.run()
        counters = process.counters
        calls, blocks = counters.view("call:"), counters.view("block:")
        assert set(calls) == {name for name in counters.snapshot() if name.startswith("call:")}
        fib = f"call:{process.resolve('fib'):#x}"
        assert calls[fib] == 67
        assert calls.top(1) == [(fib, 67)]
        calls.reset()
        assert calls.values.sum() == 0 == calls[fib]
        assert blocks.values.sum() > 67


def test_a_difference_is_what_was_counted_since() -> None:
    with dbt.Process(FIB, ["8"], env={}, passes=["block-count"], stdout=dbt.CAPTURE) as process:
        blocks = process.counters.view()
        process.run(max_insns=400)
        assert (blocks.difference() == blocks.values).all()
        blocks.mark()
        assert blocks.difference().sum() == 0
        first = dict(zip(blocks.names, blocks.values.tolist(), strict=True))
        process.run()
        now = process.counters.snapshot()
        expected = [now[name] - first.get(name, 0) for name in blocks.names]
        assert blocks.difference().tolist() == expected
        assert blocks.difference().dtype == np.uint64
        highest = blocks.top(1, since_mark=True)[0]
        assert highest[1] == max(expected)
        blocks.reset()
        assert blocks.difference().sum() == 0
        assert blocks.top(3) == []


def top(*options: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "dbt", "run", *options, FIB, "10"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "fib 55\n"
    return done.stderr.splitlines()


def test_the_highest_counters_are_shown_with_symbols() -> None:
    title, *rows = top("--top", "3")
    assert re.fullmatch(r"-- the 3 highest of \d+ counters", title)
    assert re.fullmatch(r" +177 +\d+\.\d%  block:0x[0-9a-f]+  fib in fib.elf", rows[0])
    assert len(rows) == 3


@pytest.mark.parametrize(
    ("pass_", "shown"),
    [
        ("call-count", r"9\d\.\d%  call:0x[0-9a-f]+  fib in fib.elf"),
        ("edge-count", r"edge:0x\w+->0x\w+  fib in fib.elf -> fib\+0x\w+ in fib.elf"),
        ("coverage", r"cover:0x\w+\+16  fib in fib.elf"),
    ],
)
def test_the_highest_of_a_pass(pass_: str, shown: str) -> None:
    assert re.search(shown, "\n".join(top("--top", "4", "-p", pass_)))
