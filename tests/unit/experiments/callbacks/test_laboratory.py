"""``armdbt bench callbacks``: what it checks, and that its table holds what was measured."""

import json
import sys
from pathlib import Path

import attrs
import pytest
from support.oracle import need_qemu

from dbt.cli import main
from dbt.experiments.callbacks import laboratory, rows
from dbt.experiments.callbacks.instrumented import INSTRUMENTED
from dbt.experiments.callbacks.laboratory import Ran, experiment
from dbt.experiments.callbacks.rows import Case, names
from dbt.experiments.callbacks.tables import tables
from dbt.experiments.harness.guest_run import Program, Setting
from dbt.hooks.callbacks.callback import PRICES
from dbt.stops import UsageError

UNICORN = ("unicorn-count", "unicorn-blocks")
FIB = Program(str(Path(__file__).parents[4] / "benchmarks" / "guests" / "fib.elf"), ("12",))


@pytest.fixture
def few_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves out the prices that numba compiles for, which takes seconds."""
    for name, (function, _) in rows.HOOKS.items():
        monkeypatch.setitem(rows.HOOKS, name, (function, ["python"]))  # type: ignore[arg-type]


def test_every_price_of_every_hook_is_a_row() -> None:
    result = experiment(FIB, ("2",), repeats=1, peers=False)
    rows = [(row["tier"], row["hook"], row["price"]) for row in result["rows"]]
    prices = [("nothing", ""), *(("count", p) for p in PRICES), *(("table", p) for p in PRICES[1:])]
    prices += [(name, price) for name, (price, _) in INSTRUMENTED.items()]
    assert rows == [("2", *row) for row in prices]
    # fib(12) is called 465 times and returns as often.
    assert 2 * 465 < result["events"] < 2 * 465 + 100
    (table,) = tables(result)
    assert [row["price"] for row in table.rows][:2] == [None, "inline"]
    assert len({row["instructions"] for row in result["rows"]}) == 1


@pytest.mark.usefixtures("few_prices")
def test_unicorns_python_hook_stands_beside_ours() -> None:
    pytest.importorskip("unicorn", reason="the peer needs unicorn (extra peers)")
    result = experiment(FIB, ("0",), repeats=1, only=UNICORN)
    alone, hooked, blocks = (row for row in result["rows"] if row["tier"] == "unicorn")
    assert blocks["hook"] == "every block"
    assert blocks["events"] > result["events"] / 2
    assert hooked["base_seconds"] == alone["seconds"]
    # Its hook does not ask whether a condition holds: returns that are not taken count too.
    assert result["events"] <= hooked["events"] < 2 * result["events"]
    more = hooked["seconds"][0] - alone["seconds"][0]
    assert hooked["ns_per_event"] == pytest.approx(more / hooked["events"] * 1e9)
    assert not [why for why in result["missing_peers"] if why.startswith("unicorn")]


@pytest.mark.usefixtures("few_prices")
def test_why_unicorn_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "unicorn", None)
    result = experiment(FIB, ("0", "2"), repeats=1, only=("call-count", *UNICORN))
    assert "unicorn: needs unicorn: pip install 'armdbt[peers]'" in result["missing_peers"]
    tiers = [row["tier"] for row in result["rows"] if row["tier"] != "qemu"]
    assert tiers == sorted(tiers) == ["0"] * (len(tiers) // 2) + ["2"] * (len(tiers) // 2)


@pytest.mark.usefixtures("few_prices")
def test_a_program_that_unicorn_cannot_run_is_measured_without_it() -> None:
    pytest.importorskip("unicorn", reason="the peer needs unicorn (extra peers)")
    signals = Program(str(Path(__file__).parents[3] / "guests" / "signals.elf"))
    why = experiment(signals, ("0",), repeats=1, only=UNICORN)["missing_peers"][0]
    assert why.startswith("unicorn: the program wants what its adapter lacks: system call")


def test_a_row_that_there_is_not_is_refused() -> None:
    with pytest.raises(UsageError, match="no row 'unicorn-cuont'"):
        experiment(FIB, ("0",), only=("unicorn-cuont",))


def test_a_price_that_misses_events_stops_the_experiment() -> None:
    judge = laboratory._Judge(FIB, "block")
    case = Case("0", "count", "python")
    ran = judge.task(case)()
    judge.check(case, ran)
    with pytest.raises(UsageError, match="1 events, call-count has"):
        judge.check(case, attrs.evolve(ran, cells=(1, *[0] * 63)))


def test_prices_that_count_differently_stop_the_experiment() -> None:
    judge = laboratory._Judge(FIB, "block")
    judge.check(Case("0", "table", "python"), Ran(1.0, cells=(judge.events, 0)))
    with pytest.raises(UsageError, match="other cells than at another price"):
        judge.check(Case("2", "table", "numba-linked"), Ran(1.0, cells=(judge.events - 1, 1)))


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, page = tmp_path / "out.json", tmp_path / "page.md"
    words = ["bench", "callbacks", "--repeats", "1", "--tiers", "0"]
    words += ["--only", "count-python,count-numba-linked", "--json", str(out)]
    assert main([*words, "--markdown", str(page), FIB.path, "5"]) == 0
    shown = capsys.readouterr().out
    assert "numba-linked" in shown
    assert f"to reproduce: armdbt {' '.join(words)} --markdown" in shown.replace(
        "--tiers 0 --unit block", "--tiers 0"
    )
    assert json.loads(out.read_text())["experiment"] == "callbacks"
    assert "| python |" in page.read_text()


def test_rows_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.json"
    words = ["--tiers", "0,auto", "--only", "block-count,count-inline,unicorn-blocks"]
    words = ["bench", "callbacks", "--repeats", "1", *words, "--json", str(out)]
    assert main([*words, "--no-peers", FIB.path, "12"]) == 0
    shown = capsys.readouterr().out
    assert "--only block-count,count-inline,unicorn-blocks" in shown
    wanted = [("nothing", ""), ("count", "inline"), ("every block", "counter")]
    found = [(r["tier"], r["hook"], r["price"]) for r in json.loads(out.read_text())["rows"]]
    assert found == [(tier, *row) for tier in ("0", "auto") for row in wanted]


def test_unicorns_hooks_are_rows_too() -> None:
    pytest.importorskip("unicorn", reason="the peer needs unicorn (extra peers)")
    result = experiment(FIB, ("0",), only=("call-count", "unicorn-blocks"))
    found = [(row["tier"], row["hook"]) for row in result["rows"] if row["tier"] != "qemu"]
    calls = [("0", "nothing"), ("0", "every call and return")]
    assert found == [*calls, ("unicorn", "nothing"), ("unicorn", "every block")]


def test_several_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.json"
    words = ["bench", "callbacks", "--repeats", "1", "--tiers", "0", "--only", "call-count"]
    words += ["--also", f"{FIB.path} 10", "--json", str(out), FIB.path, "12"]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "Speed kept" in shown
    assert f"--also '{FIB.path} 10'" in shown
    result = json.loads(out.read_text())
    assert list(result["events"]) == ["fib.elf 12", "fib.elf 10"]
    ours = [row for row in result["rows"] if row["tier"] == "0"]
    assert [row["program"] for row in ours] == ["fib.elf 12"] * 2 + ["fib.elf 10"] * 2
    kept, first, second = tables(result)
    assert [line["program"] for line in kept.rows] == ["fib.elf 12", "fib.elf 10"]
    share = round(100 * ours[3]["speed_kept"])
    assert kept.rows[1]["every call and return, counter"] == f"{share} %"
    assert kept.rows[1]["alone, s"] == ours[2]["median_s"]
    assert len(first.rows) == len(second.rows) == len(result["rows"]) / 2
    assert main(["bench", "compare", str(out), str(out)]) == 0


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--only", "blocks"], f"--only takes some of {','.join(names())}, not 'blocks'"),
        (["--also", " "], "--also needs a program and its arguments, not an empty text"),
        (["--also", "/no/such a"], "--also '/no/such a': /no/such: no such file"),
        (["--also", "a 'b"], '--also "a \'b": No closing quotation'),
    ],
)
def test_what_is_refused(words: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "callbacks", *words, FIB.path]) == 2
    assert capsys.readouterr().err == f"armdbt: {why}\n"


@pytest.mark.parametrize("words", [["--tiers", "3"], ["--repeats", "0"]])
def test_bad_options(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = main(["bench", "callbacks", *words, FIB.path])
    except SystemExit as error:
        status = error.code  # type: ignore[assignment]
    assert status == 2
    assert capsys.readouterr().err.count("\n") >= 1


@pytest.mark.usefixtures("few_prices")
def test_qemu_stands_beside_them_without_hooks() -> None:
    need_qemu()
    row = next(r for r in experiment(FIB, ("0",))["rows"] if r["tier"] == "qemu")
    assert (row["hook"], row["events"]) == ("nothing", 0)
    assert row["median_s"] > 0


def test_what_is_instrumented_has_its_events() -> None:
    events = {name: run(FIB, Setting("0"))[1] for name, (_, run) in INSTRUMENTED.items()}
    calls = events["functions: on_call"]
    assert calls == events["functions: on_call, depth=False"] >= 465
    assert 2 * calls - 4 < events["functions: record"] <= 2 * calls
    assert events["every call and return"] >= 2 * 465
    assert events["every block"] > events["every call and return"]
