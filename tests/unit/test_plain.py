"""Plain command lines are read without argparse, and mean the same."""

from typing import Any

import pytest

from dbt.commands import plain, run
from dbt.parser import parser_of

PLAIN = [
    ["prog"],
    ["prog", "-x", "", "--tier", "2"],
    ["-L", "root", "-strace", "--tier", "0", "prog", "a"],
    ["-E", "A=1", "-E", "B=2", "-p", "empty", "--pass", "coverage", "prog"],
    ["-s", "0x100000", "-seed", "7", "--sched-turn", "3", "--hot", "1", "--timeout", "1.5", "prog"],
    ["-U", "A,B", "-one-insn-per-tb", "--env-clear", "-cpu", "max", "-d", "exec,ir", "prog"],
    ["--timeout", "inf", "--allow-net", "--stats", "--max-insns", "0", "./prog", "run"],
]
OTHERS = [
    [],
    [""],
    ["-L"],
    ["-L", "", "prog"],
    ["-L", "-x", "prog"],
    ["-Lroot", "prog"],
    ["--tier=2", "prog"],
    ["--tie", "2", "prog"],
    ["--seed", "7", "prog"],
    ["-seed", "-7", "prog"],
    ["-seed", "seven", "prog"],
    ["-h"],
    ["--", "prog"],
    ["prog", "--", "a"],
]


@pytest.mark.parametrize("words", PLAIN, ids=repr)
def test_a_plain_line_is_read_as_argparse_reads_it(words: list[str]) -> None:
    read: Any = plain.read(run, words)
    assert vars(read) == vars(parser_of("run").parse_args(["run", *words]))


@pytest.mark.parametrize("words", OTHERS, ids=repr)
def test_any_other_line_is_left_to_argparse(words: list[str]) -> None:
    assert plain.read(run, words) is None


def test_every_option_is_known() -> None:
    known, parser = plain.Plain(), parser_of("run")
    run.options(known)
    (commands,) = (a for a in parser._actions if a.choices and "run" in a.choices)
    theirs = {name for a in commands.choices["run"]._actions for name in a.option_strings}
    assert known._options.keys() == theirs - {"-h", "--help"}


def test_values_of_one_line_do_not_reach_the_next() -> None:
    assert plain.read(run, ["-E", "A=1", "prog"]).env == ["A=1"]
    assert plain.read(run, ["prog"]).env == []
