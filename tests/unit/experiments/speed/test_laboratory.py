"""``armdbt bench speed``: what it runs, what it refuses, and what it writes."""

import json
import shlex
import shutil
import statistics
from pathlib import Path
from typing import Any

import pytest
from support.oracle import need_qemu

from dbt.cli import main
from dbt.experiments.peers import qemu
from dbt.experiments.speed import contenders, small
from dbt.experiments.speed.small import Program

TINY = (Program("fib", "7", "5"), Program("queens", "2", "1"))


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves two small programs, which do little."""
    need_qemu()
    monkeypatch.setattr(small, "PROGRAMS", TINY)


def bench(*words: str) -> int:
    try:
        return main(["bench", "speed", *words])
    except SystemExit as error:
        return int(error.code or 0)


def rows(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text())["rows"]
    return found


@pytest.mark.oracle
def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, page, kept = tmp_path / "out.json", tmp_path / "page.md", tmp_path / "h.jsonl"
    words = ["--repeats", "2", "--seed", "3", "--short", "--contenders", "tier0,qemu-nochain"]
    words += ["--history", str(kept), "--json", str(out), "--markdown", str(page)]
    assert bench(*words) == 0
    result = json.loads(out.read_text())
    assert result["command"] == shlex.join(["armdbt", "bench", "speed", *words])
    assert result["machine"]["cpu"]
    shown = capsys.readouterr().out
    assert f"to reproduce: {result['command']}" in shown
    names = [(row["program"], row["contender"]) for row in result["rows"]]
    assert names == [
        (program.name, name) for program in TINY for name in ("qemu", "tier0", "qemu-nochain")
    ]
    for row in result["rows"]:
        assert len(row["seconds"]) == len(row["cpu_seconds"]) == 2
        ratios = [b / own for b, own in zip(row["base_seconds"], row["seconds"], strict=True)]
        assert row["ratio"] == statistics.median(ratios)
        assert row["argument"] in ("5", "1")
    assert {row["ratio"] for row in result["rows"] if row["contender"] == "qemu"} == {1.0}
    text = page.read_text()
    assert text.startswith(f"```sh\n{result['command']}\n```\n")
    assert "| tier0 | 2 |" in text
    (line,) = map(json.loads, kept.read_text().splitlines())
    assert set(line["means"]["small"]) == {"tier0", "qemu-nochain"}


@pytest.mark.oracle
def test_the_history_grows(tmp_path: Path) -> None:
    kept = tmp_path / "h.jsonl"
    words = ("--short", "--contenders", "tier0", "--history", str(kept), "--only", "fib")
    assert bench(*words) == 0
    first = kept.read_text()
    assert bench(*words) == 0
    assert kept.read_text().startswith(first)
    assert len(kept.read_text().splitlines()) == 2


@pytest.mark.oracle
def test_plots_are_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need matplotlib (extra plot)")
    words = ("--short", "--contenders", "qemu-nochain", "--plot", str(tmp_path / "made"))
    assert bench(*words) == 0
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["speed-small.svg"]


@pytest.mark.oracle
def test_another_output_ends_the_experiment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(contenders, "OURS", {"tier0": ("--tier", "0", "--max-insns", "10")})
    out = tmp_path / "out.json"
    assert bench("--short", "--contenders", "tier0", "--json", str(out)) == 2
    assert capsys.readouterr().err.startswith("armdbt: fib: tier0 ended with ((125,), ")
    assert not out.exists()


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("source", "why"),
    [
        ('#include "guest.h"\nint main(void) { print("no\\n"); return 0; }\n', "fib: native ended"),
        ("int main(", "native: {} cannot compile fib.c: "),
        (None, "native: needs one of "),
    ],
)
def test_native_code_that_is_not_the_same_is_left_out(
    source: str | None,
    why: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    host = next(filter(shutil.which, contenders.COMPILERS), None)
    if host is None:
        pytest.skip("needs a C compiler")
    for program in TINY:
        for suffix in (".c", ".elf"):
            shutil.copy(small.GUESTS / (program.name + suffix), tmp_path)
    if source is None:
        monkeypatch.setattr(contenders, "COMPILERS", ())
    else:
        (tmp_path / "fib.c").write_text(source)
    out = tmp_path / "out.json"
    words = ("--short", "--only", "fib", "--contenders", "native", "--guests", str(tmp_path))
    assert bench(*words, "--json", str(out)) == 0
    assert f"not taking part: {why.format(host)}" in capsys.readouterr().out
    assert {row["contender"] for row in rows(out)} == {"qemu"}


@pytest.mark.oracle
def test_unicorn_and_native_code_take_part(tmp_path: Path) -> None:
    pytest.importorskip("unicorn", reason="the peer needs unicorn (extra peers)")
    if not any(map(shutil.which, contenders.COMPILERS)):
        pytest.skip("needs a C compiler")
    out = tmp_path / "out.json"
    assert bench("--short", "--contenders", "unicorn,native", "--json", str(out)) == 0
    found = {row["contender"]: row["output_sha256"] for row in rows(out)}
    assert set(found) == {"qemu", "unicorn", "native"}
    assert len({row["output_sha256"] for row in rows(out)}) == len(TINY)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--contenders", "tier3"], "--contenders takes some of qemu,qemu-nochain,tier0,"),
        (["--only", "weather"], "--only takes some of small,float,thumb,whole,fib,"),
        (["--only", "sqlite"], "--only sqlite needs -L ROOT, Debian's programs"),
        (["--first"], "--first needs -L ROOT, and one of tier0,"),
        (["--first", "-L", "/", "--contenders", "native"], "--first needs -L ROOT, and one of"),
        (["-L", "no/such"], "no/such: no directory: -L takes Debian's root (make root)"),
        (["--guests", "no/such"], "no/such/fib.elf: No such file: --guests is benchmarks/guests"),
        (["--repeats", "0"], "--repeats: '0' is no positive number"),
        (["--history", __file__], "test_laboratory.py: no history: it has one JSON object a line"),
        (["--history", "no/such/x"], "no/such/x: No such file or directory"),
        (["--json", "."], ".: Is a directory"),
        (["--only", "bash loop", "-L", str(small.RUNTIME)], "nothing to measure: busybox true: "),
    ],
)
def test_wrong_options_are_refused(
    words: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench(*words) == 2
    assert why in capsys.readouterr().err


def test_without_qemu_there_is_nothing_to_compare_with(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(qemu, "lacking", lambda: "needs qemu-arm (Debian: qemu-user)")
    assert bench("--short") == 2
    wanted = "armdbt: bench speed needs qemu-arm (Debian: qemu-user): all ratios are to it\n"
    assert capsys.readouterr().err == wanted
