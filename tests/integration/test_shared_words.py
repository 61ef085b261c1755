"""Atomic accesses of processes that share memory: no update of any is lost, and barriers order."""

from pathlib import Path

import pytest
from support.guests import guest
from support.machine_code import CODE, EXIT, program
from support.runs import command

from dbt.interfaces import BackendOptions
from dbt.process import Process

SETTINGS = {
    "reference": ("--backend", "reference"),
    "copied": ("--tier", "0"),
    "quick": ("--tier", "1"),
    "optimised": ("--tier", "2"),
    "regions": ("--tier", "2", "--unit", "function", "--hot", "20"),
    "auto": ("--hot", "20"),
    "explicit": ("--hot", "20", "--memory-checks", "explicit"),
    "not chained": ("--chain", "off"),
}
PROCESSES = 3


@pytest.mark.parametrize("setting", SETTINGS)
def test_processes_that_count_together_lose_nothing(setting: str, tmp_path: Path) -> None:
    """With the steps made one by one, the reference backend loses updates in most runs, and compiled
    code in some, if two processors run the processes."""
    times, rounds = (100, 10) if setting == "reference" else (400, 50)
    arguments = [str(guest("shared_words")), *map(str, (times, PROCESSES, rounds))]
    outcome = command("run", *SETTINGS[setting], *arguments, cwd=tmp_path)
    sum_ = times * PROCESSES
    lines = [[sum_] * 4, [sum_, sum_ & 0xFF, sum_, sum_], [sum_] * 2, ["missed", 0]]
    expected = "".join(" ".join(map(str, line)) + "\n" for line in lines)
    assert (outcome.stdout.decode(), outcome.stderr, outcome.status) == (expected, b"", 0)


IN_ONE_STEP = {
    0xE1810F92: "lock cmpxchgl",  # strex r0, r2, [r1]
    0xE1C10F92: "lock cmpxchgb",  # strexb r0, r2, [r1]
    0xE1E10F92: "lock cmpxchgw",  # strexh r0, r2, [r1]
    0xE1A10F92: "lock cmpxchgq",  # strexd r0, r2, r3, [r1]
    0xE1810E92: "lock cmpxchgl",  # stlex r0, r2, [r1]
    0xE1010092: "xchgl",  # swp r0, r2, [r1]
    0xE1410092: "xchgb",  # swpb r0, r2, [r1]
    0xF57FF05B: "lock orl",  # dmb ish
    0xF57FF04F: "lock orl",  # dsb sy
    0xE1910C9F: "lock orl",  # lda r0, [r1]
    0xEE070FBA: "lock orl",  # mcr p15, 0, r0, c7, c10, 5
}
INTEL = {"b": " byte", "w": " word", "l": " dword", "q": " qword"}
"""How listings of copied code name what LLVM names by a letter behind the instruction."""


@pytest.mark.parametrize("checks", ["mmu", "explicit"])
@pytest.mark.parametrize("tier", "012")
@pytest.mark.parametrize("word", IN_ONE_STEP, ids=hex)
def test_the_host_is_told_to_do_it_in_one_step(
    word: int, tier: str, checks: str, tmp_path: Path
) -> None:
    """What a race would have to show, which a run of a few seconds may not."""
    path = str(program(tmp_path, [word, *EXIT]))
    instruction = IN_ONE_STEP[word]
    if tier == "0":
        instruction = instruction[:-1] + INTEL[instruction[-1]]
    with Process(path, options=BackendOptions(tier=tier, memory_checks=checks)) as process:
        text = process.explain(CODE)["copied" if tier == "0" else "out_asm"]
        assert f" {instruction}" in " ".join(w for w in text.split() if w[-1] != ":"), text
