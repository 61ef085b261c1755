"""The programs that the speed laboratory runs, and the inputs that it makes."""

from pathlib import Path

import pytest
from support.guests import GUESTS
from support.oracle import need_qemu, need_root

from dbt.cli import main
from dbt.experiments.speed import small, unicorn_run, whole


def test_every_small_program_has_its_source_and_no_program_is_forgotten() -> None:
    assert len(small.NAMES) >= 20
    assert {path.stem for path in small.GUESTS.glob("*.elf")} == set(small.NAMES)
    assert {path.name for path in small.GUESTS.glob("*.c")} == set(map(small.source, small.NAMES))
    for program in small.PROGRAMS:
        assert int(program.short) * 5 < int(program.argument) or program.name.endswith("fib")


def test_every_program_of_integers_is_there_in_both_states() -> None:
    names = {group: [p.name for p in small.PROGRAMS if p.group == group] for group in small.GROUPS}
    assert names[small.THUMB] == [small.PREFIX + name for name in names[small.GROUP]]
    assert all(small.source(name).startswith("fp_") for name in names[small.FLOAT])
    assert sum(map(len, names.values())) == len(small.NAMES) == len(small.PROGRAMS)


def test_small_cases_take_the_argument_of_their_size() -> None:
    long, short = (small.cases(small.GUESTS, short=short) for short in (False, True))
    assert [case.commands[0][1] for case in long] == [one.argument for one in small.PROGRAMS]
    assert [case.commands[0][1] for case in short] == [one.short for one in small.PROGRAMS]


def test_inputs_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    made = []
    for name, seed in (("one", 1), ("two", 1), ("three", 2)):
        (tmp_path / name).mkdir()
        whole.cases(str(tmp_path), tmp_path / name, seed, short=False)
        made.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert made[0] == made[1]
    assert made[0]["gzip"] != made[2]["gzip"]
    assert len(made[0]["gzip"]) == 5 << 20
    assert made[0]["cc1"].count(b"\n") >= 500
    assert made[0]["sqlite"].count(b"insert") == 10_000


def test_what_a_root_lacks_is_told(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "busybox").touch()
    (tmp_path / "inputs").mkdir()
    found, why = whole.cases(str(tmp_path), tmp_path / "inputs", 1, short=True)
    assert [case.name for case in found] == ["busybox true"]
    assert len(found) + len(why) == len(whole.NAMES) >= 11
    assert f"git: {tmp_path} has no usr/bin/git (make root)" in why


@pytest.mark.oracle
def test_a_whole_program_and_its_first_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The library is kept outside the empty directory: making one takes half a minute."""
    need_qemu()
    root = need_root()
    monkeypatch.setattr("dbt.experiments.speed.commands.environment", lambda cache=None: {})
    words = ["--short", "--first", "--contenders", "tier0", "--only", "busybox true,git"]
    assert main(["bench", "speed", *words, "-L", str(root)]) == 0
    shown = capsys.readouterr().out

    assert "The first run ever (tier0)" in shown


def test_unicorn_is_a_command(capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("unicorn", reason="the peer needs unicorn (extra peers)")
    assert unicorn_run.main([str(small.GUESTS / "fib.elf"), "7"]) == 0
    assert capfd.readouterr().out == "fib 13\n"
    assert unicorn_run.main([str(GUESTS / "signals.elf")]) == unicorn_run.LACKING
    assert capfd.readouterr().err.startswith("unsupported: system call ")
