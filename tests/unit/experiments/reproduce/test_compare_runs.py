"""``armdbt bench compare``: noise is not a difference, a count is."""

import json
from pathlib import Path
from typing import Any

import pytest

from dbt.cli import main
from dbt.experiments.reproduce import compare_runs
from dbt.experiments.reproduce.compare_runs import (
    DIFFERS,
    FEW,
    WITHIN,
    Change,
    compare,
    interval,
    pairs,
    summary,
    tables,
    verdict,
)
from dbt.experiments.reproduce.results import Figure, read
from dbt.process.ending import EXIT_STOPPED
from dbt.stops import UsageError

BASE = [1.0, 1.0, 1.0, 1.0, 1.0]
CALM = [1.50, 1.51, 1.49, 1.50, 1.52]


def chaining(seconds: list[float] = CALM, denied: int = 7, **others: Any) -> dict[str, Any]:
    row = {
        "series": "denied", "label": "random", "draw": 1, "function": None, "denied": 10,
        "tier": "2", "unit": "block", "max_insns": None, "seconds": seconds,
        "base_seconds": BASE[: len(seconds)], "instructions": 100, "output_sha256": "ab",
        "blocks": 3, "dispatches": {"denied": denied, "budget": len(str(seconds))},
    }  # fmt: skip
    base = {**row, "series": "kinds", "label": "+indirect", "draw": None, "denied": 0}
    base["seconds"] = base["base_seconds"]
    machine = {"date": "2026-11-22T20:00:00Z", "cpu": "one", "load": "0.1"}
    result = {"experiment": "chaining", "program": "fib.elf", "args": ["9"]}
    return {**result, "machine": machine, "rows": [base, row], **others}


def interception(found: int = 5, events: int = 2000) -> dict[str, Any]:
    row = {
        "group": "armdbt tier 2", "name": "entry", "seconds": CALM, "base_seconds": BASE,
        "ns_per_event": 1.0, "events": events, "guest_agrees": True, "retranslated": 2,
        "dispatches": {"hook": 4}, "found": found, "missed": 5 - found, "spurious": 0,
    }  # fmt: skip
    refused = {"group": "armdbt tier 2", "name": "trap", "seconds": None}
    rows = [row, refused]
    return {**chaining(experiment="interception", truth_args=["3"]), "rows": rows}


def callbacks(seconds: list[float] = CALM, events: int = 1000) -> dict[str, Any]:
    rows = [
        {"tier": "2", "hook": "nothing", "price": "", "seconds": BASE, "base_seconds": BASE},
        {"tier": "2", "hook": "count", "price": "python", "seconds": seconds, "base_seconds": BASE},
    ]
    rows = [{**row, "instructions": 100, "events": events} for row in rows]
    return {**chaining(experiment="callbacks"), "rows": rows}


def idioms(missed: int = 0) -> dict[str, Any]:
    verdict = {"found": 5 - missed, "missed": missed, "spurious": 0, "note": ""}
    rows = [{"idiom": "tail_b", "events": 5, "verdicts": {"armdbt tier 0: jump": verdict}}]
    return {"experiment": "idioms", "machine": {"cpu": "one"}, "rows": rows}


def speed(seconds: list[float] = CALM, output: str = "ab") -> dict[str, Any]:
    base = {
        "group": "small", "program": "fib", "argument": "33", "contender": "qemu",
        "seconds": BASE, "base_seconds": BASE, "statuses": [0], "output_sha256": "ab",
    }  # fmt: skip
    row = {**base, "contender": "auto", "seconds": seconds, "output_sha256": output}
    return {"experiment": "speed", "args": [], "machine": {"cpu": "one"}, "rows": [base, row]}


def written(path: Path, data: object) -> str:
    path.write_text(json.dumps(data))
    return str(path)


# -- The rule --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (CALM, CALM, WITHIN),
        (CALM, [value * 1.03 for value in CALM], WITHIN),  # apart, but below the tolerance
        (CALM, [value * 1.08 for value in CALM], DIFFERS),
        (CALM, [value * 0.92 for value in CALM], DIFFERS),
        ([1.0, 1.5, 2.0, 2.5, 3.0], [1.2, 1.8, 2.4, 3.0, 3.6], WITHIN),  # 20 %, and overlapping
        ([1.0, 1.0], [9.0, 9.0], FEW),
    ],
)
def test_rule(old: list[float], new: list[float], expected: str) -> None:
    assert verdict(Figure(tuple(old)), Figure(tuple(new))) == expected


def test_what_nothing_costs_may_vary_by_the_programs_own_noise() -> None:
    """0.1 ns or 0.3 ns an event, of a program that takes 10 ns itself from event to event."""
    old, new = (0.1, 0.11, 0.1), (0.3, 0.31, 0.3)
    assert verdict(Figure(old, 10.0), Figure(new, 10.0)) == WITHIN
    assert verdict(Figure(old, 1.0), Figure(new, 1.0)) == DIFFERS
    assert Change("c", "ns/event", Figure(old, 10.0), Figure(new, 10.0), WITHIN).ratio is None
    assert Change(
        "c", "ns/event", Figure(old, 1.0), Figure(new, 1.0), DIFFERS
    ).ratio == pytest.approx(3.0)


def test_tolerance_can_be_chosen() -> None:
    old, new = Figure(tuple(CALM)), Figure(tuple(value * 1.08 for value in CALM))
    assert verdict(old, new, tolerance=10) == WITHIN


def test_interval_is_repeatable_and_holds_the_difference() -> None:
    shifted = [value + 0.5 for value in CALM]
    low, high = interval(CALM, shifted)
    assert (low, high) == interval(CALM, shifted)
    assert 0.4 < low <= 0.5 <= high < 0.6


# -- Whole results ---------------------------------------------------------------------------------


def differing(tmp_path: Path, old: object, new: object) -> tuple[list[str], list[str]]:
    """Configurations whose figure differs; counts that differ."""
    found = compare(
        read(written(tmp_path / "old.json", old)), read(written(tmp_path / "new.json", new))
    )
    changed = [f"{c.configuration}, {c.figure}" for c in found.changes if c.verdict == DIFFERS]
    return changed, [f"{row['count']} {row['first']} {row['second']}" for row in found.inexact]


SLOWER = [value * 1.2 for value in CALM]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (chaining(), chaining(), ([], [])),
        (chaining(), chaining(SLOWER),
         (["tier 2 block, denied: random 2, 10 denied, slow-down"], [])),
        (chaining(), chaining(denied=8), ([], ["dispatches: denied 7 8"] * 2)),
        (interception(), interception(), ([], [])),
        (interception(), interception(found=4), ([], ["found 5 4", "missed 0 1"])),
        (interception(), interception(events=1999), ([], ["events 2000 1999"])),
        (callbacks(), callbacks(), ([], [])),
        (callbacks(), callbacks(SLOWER),
         (["tier 2: count python, slow-down", "tier 2: count python, ns/event"], [])),
        (callbacks(), callbacks(events=1001), ([], ["events 1000 1001"] * 2)),
        (speed(), speed(), ([], [])),
        (speed(), speed(SLOWER), (["small fib 33, auto, slow-down"], [])),
        (speed(), speed(output="cd"), ([], ["output_sha256 ab cd"])),
        (idioms(), idioms(), ([], [])),
        (idioms(), idioms(missed=1), ([], ["found 5 4", "missed 0 1"])),
    ],
)  # fmt: skip
def test_comparison(
    old: object, new: object, expected: tuple[list[str], list[str]], tmp_path: Path
) -> None:
    assert differing(tmp_path, old, new) == expected


def with_unicorn(speed: float) -> dict[str, Any]:
    """A machine on which everything in Python takes ``speed`` times as long."""
    ours, theirs = ([1 + speed * extra for extra in (0.5, 0.51, 0.52)] for _ in range(2))
    rows = [
        {"tier": tier, "hook": "count", "price": "python", "seconds": seconds}
        for tier, seconds in (("2", ours), ("unicorn", [2 * value for value in theirs]))
    ]
    rest = {"base_seconds": BASE[:3], "instructions": 100, "events": 1000}
    return {**callbacks(), "rows": [{**row, **rest} for row in rows]}


def test_a_price_by_unicorns_is_the_same_on_a_slower_machine(tmp_path: Path) -> None:
    found = compare(
        read(written(tmp_path / "old.json", with_unicorn(10))),
        read(written(tmp_path / "new.json", with_unicorn(17))),
    )
    told = {(c.configuration.split(":")[0], c.figure): c.verdict for c in found.changes}
    assert told["tier 2", "ns/event"] == told["tier 2", "slow-down"] == DIFFERS
    assert told["tier 2", "of Unicorn's"] == WITHIN
    assert ("tier unicorn", "of Unicorn's") not in told
    (row,) = summary([found]).rows
    assert (row["ns/event"], row["of Unicorn's"]) == ("0 of 2", "1 of 1")


def test_what_has_no_counterpart_and_another_machine_are_told(tmp_path: Path) -> None:
    old, new = chaining(), chaining()
    del new["rows"][0]
    new["machine"] = {**old["machine"], "cpu": "two", "date": "2026-11-23T20:00:00Z"}
    found = compare(
        read(written(tmp_path / "old.json", old)), read(written(tmp_path / "new.json", new))
    )
    assert found.alone == ("tier 2 block, kinds: +indirect",)
    shown = {table.title: table.rows for table in tables(found)}
    assert shown["old, both runs: not the same machine"] == [
        {"fact": "cpu", "first": "one", "second": "two"}
    ]
    assert [row["in"] for row in shown["old, both runs: in one of them only"]] == ["first"]


# -- The command -----------------------------------------------------------------------------------


def test_exit_status_says_whether_counts_differ(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = written(tmp_path / "old.json", chaining())
    slower = written(tmp_path / "slower.json", chaining(SLOWER))
    other = written(tmp_path / "other.json", chaining(denied=8))
    page = tmp_path / "page.md"
    assert main(["bench", "compare", "--markdown", str(page), old, slower]) == 0
    assert "no exact count differs" in capsys.readouterr().out
    assert page.read_text().startswith(f"```sh\narmdbt bench compare {old} {slower}\n```\n")
    assert "| 1.2 | differs |" in page.read_text()
    assert main(["bench", "compare", old, slower, old, other]) == 1
    assert capsys.readouterr().out.endswith("\n2 exact counts differ\n")


def test_the_page_is_written_before_tables_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("shown")

    monkeypatch.setattr(compare_runs, "print_tables", fail)
    old, page = written(tmp_path / "old.json", chaining()), tmp_path / "page.md"
    assert main(["bench", "compare", "--markdown", str(page), old, old]) == EXIT_STOPPED
    assert page.exists()


def test_directories_are_paired_by_name(tmp_path: Path) -> None:
    for directory, names in (("first", "abc"), ("second", "bcd")):
        (tmp_path / directory).mkdir()
        for name in names:
            written(tmp_path / directory / f"{name}.json", idioms())
    first, second = str(tmp_path / "first"), str(tmp_path / "second")
    assert pairs([first, second]) == [
        (f"{first}/{name}.json", f"{second}/{name}.json") for name in "bc"
    ]
    with pytest.raises(UsageError, match=r"no \*\.json in common"):
        pairs([first, str(tmp_path)])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "no JSON"),
        ("[]", "no result of armdbt bench"),
        ('{"experiment": "weather"}', "no result of armdbt bench"),
        (json.dumps({**chaining(), "rows": [{}]}), "no result of armdbt bench"),
        (json.dumps(chaining([1.0, "x"])), "no result of armdbt bench"),  # type: ignore[list-item]
        (json.dumps(chaining(args=["10"])), "not the same experiment"),
        (json.dumps(idioms()), "not the same experiment"),
        (None, "No such file"),
    ],
)
def test_bad_input_is_one_line(
    content: str | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = written(tmp_path / "good.json", chaining()), tmp_path / "bad.json"
    if content is not None:
        bad.write_text(content)
    assert main(["bench", "compare", good, str(bad)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("words", [["one.json"], ["--tolerance", "-1", "a", "b"]])
def test_bad_options(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "compare", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1
