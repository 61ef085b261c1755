"""The interception laboratory with contenders made of paper: what the columns mean."""

import argparse
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from dbt.data import DEMO
from dbt.experiments.harness.guest_run import Program
from dbt.experiments.harness.presentation import Results
from dbt.experiments.interception import laboratory, plots, verdicts
from dbt.experiments.interception.contenders import NOTHING, Observed, Ours, Sink, mechanisms
from dbt.experiments.interception.costs import costs
from dbt.experiments.interception.idiom_suite import suite_tables, whole_tables
from dbt.experiments.interception.verdicts import Verdict, judge, without_system_calls
from dbt.hooks.records import Kind, Record
from dbt.stops import TimeLimit, UsageError

PROGRAM = Program("none.elf")
CALL = Record(Kind.CALL, 0x100, "f", 0x14, 0x1000, 0, 3)
RETURN = Record(Kind.RETURN, 0x100, "f", 0x14, 0x1000, 0, 5, result=1)
WRITE = Record(Kind.SYSCALL, 4, "write", 0x18, 0x1000, 0, 6)
ENDED = Observed(0.0, "Exited(status=0)", "", 10)


@attrs.define(eq=False)
class Paper:
    """A contender that tells what it is given and takes the times it is given."""

    name: str
    tells: tuple[Record, ...] = ()
    times: list[float] = attrs.field(factory=list)
    group: str = "paper"
    calls_only: bool = False
    values: bool = True
    refuses: bool = False
    observed: Observed = ENDED

    def watch(
        self,
        program: Program,
        functions: Mapping[int, str],
        sink: Sink,
        timeout: float | None = None,
    ) -> Observed:
        if self.refuses:
            raise UsageError("no breakpoints here")
        for record in self.tells:
            sink(record)
        return attrs.evolve(self.observed, seconds=self.times.pop(0) if self.times else 0.0)


def rows_of(*contenders: Paper, repeats: int) -> list[dict[str, Any]]:
    here = lambda work: work()  # noqa: E731  (paper cannot be sent to another process)
    return costs(PROGRAM, {}, contenders, repeats, place=here)[0]  # type: ignore[arg-type]


def test_costs() -> None:
    """The first run of each tells whether it can watch at all, and does not count; nor does that
    which begins a round."""
    nothing = Paper(
        NOTHING,
        times=[99.0, *[77.0, 1.0], *[77.0, 2.0], *[77.0, 1.0]],
        observed=Observed(0, "s", "", 10, {}, 8),
    )
    watching = Paper(
        "entry",
        tells=(CALL, RETURN) * 500,
        times=[99.0, 2.0, 3.0, 4.0],
        observed=Observed(0, "s", "", 10, {"hook": 2}, 11, 500),
    )
    plain, row = rows_of(nothing, watching, repeats=3)
    assert (plain["slowdown"], plain["ns_per_event"], plain["retranslated"]) == (1.0, None, 0)
    assert row["seconds"] == [2.0, 3.0, 4.0]
    assert row["slowdown"] == 2.0  # of 2, 1.5 and 4
    assert row["slowdown_quartiles"] == [1.75, 3.0]
    assert row["events"] == 1000
    assert row["ns_per_event"] == 2e6  # two seconds more for 1,000 events
    assert (row["retranslated"], row["code_bytes"], row["guest_agrees"]) == (3, 500, True)


def test_refusals_have_no_times() -> None:
    _, row = rows_of(Paper(NOTHING, times=[1.0, 1.0, 1.0]), Paper("trap", refuses=True), repeats=1)
    assert (row["name"], row["slowdown"], row["events"]) == ("trap", None, None)
    assert row["slowdown_quartiles"] == [None, None]


def judged(contender: Paper, *truth: Record, plain: Observed = ENDED) -> Verdict:
    return judge(contender, PROGRAM, {}, truth, plain)  # type: ignore[arg-type]


def test_verdicts() -> None:
    assert judged(Paper("a", (CALL, RETURN)), CALL, RETURN) == Verdict(2, 0, 0)
    assert judged(Paper("a", (CALL,)), CALL, RETURN) == Verdict(1, 1, 0)
    assert judged(Paper("a", (CALL, RETURN)), CALL) == Verdict(1, 0, 1)
    assert judged(Paper("a", (CALL,), calls_only=True), CALL, WRITE).right
    assert not judged(Paper("a", (CALL,)), CALL, WRITE).right
    other = attrs.evolve(CALL, arguments=(1, 2, 3, 4))
    assert not judged(Paper("a", (other,)), CALL).right
    assert judged(Paper("a", (other,), values=False), CALL).right


def test_verdicts_with_notes() -> None:
    refused = judged(Paper("trap", refuses=True), CALL)
    assert str(refused) == "-1 refused: no breakpoints here"
    other = Observed(0.0, "Exited(status=1)", "", 10)
    assert str(judged(Paper("a", (CALL,)), CALL, plain=other)) == "guest differs"
    lacking = Paper("a", (CALL,), observed=Observed(0, "s", "", unsupported=("system call 37",)))
    assert str(judged(lacking, CALL)) == "system call 37"


def test_what_a_hanging_program_tells_until_the_time_limit_is_no_verdict() -> None:
    late = attrs.evolve(ENDED, stop=str(TimeLimit(0x100)))
    told = Paper("a", (CALL, RETURN, CALL, RETURN), observed=late)
    assert judged(told, CALL, RETURN) == Verdict(0, 2, 0, "hangs")
    # Unwatched it would hang as well: then what was told counts.
    assert judged(told, CALL, RETURN, plain=late).found == 2


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        (Verdict(3, 0, 0), "ok"),
        (Verdict(3, 2, 0), "-2"),
        (Verdict(3, 0, 1), "+1"),
        (Verdict(3, 2, 1), "-2 +1"),
    ],
)
def test_verdict_as_text(verdict: Verdict, text: str) -> None:
    assert str(verdict) == text


def test_agreement_of_runs() -> None:
    run = Observed(1.0, "Exited(status=0)", "ab", 10)
    assert run.agrees(attrs.evolve(run, seconds=2.0))
    assert run.agrees(attrs.evolve(run, instructions=None)), "peers do not count instructions"
    assert not run.agrees(attrs.evolve(run, instructions=11))
    assert not run.agrees(attrs.evolve(run, output="cd"))


def test_system_calls_can_be_left_out() -> None:
    assert without_system_calls([CALL, WRITE, RETURN]) == [CALL, RETURN]


def parsed(text: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    laboratory.options(parser)
    return parser.parse_args(shlex.split(text))


@pytest.mark.parametrize(
    "text",
    [
        "--tier 0",
        "--tier 2 --function fib --function main --mechanism entry --truth-args '1 2' "
        "--repeats 4 --json out.json --plot plots --no-peers --short --plot-format png "
        "-L root prog.elf -x 3",
        "--tier 2 --suite tests/guests/idioms",
    ],
)
def test_the_command_reproduces(text: str) -> None:
    command = laboratory.reproduce(parsed(text))
    assert command.startswith("armdbt bench interception ")
    assert parsed(command.removeprefix("armdbt bench interception ")) == parsed(text)


def test_the_functions_watched() -> None:
    task = laboratory.task_of(parsed(f"--function fib --truth-args 3 {DEMO} 100"))
    assert list(task.functions.values()) == ["fib"]
    assert (task.program.args, task.small.args) == (("100",), ("3",))
    assert {"main", "helper", "_start"} < set(
        laboratory.task_of(parsed("--short")).functions.values()
    )
    with pytest.raises(UsageError, match="no symbol 'nowhere'"):
        laboratory.task_of(parsed("--function nowhere"))


def test_unknown_mechanism() -> None:
    with pytest.raises(UsageError, match=r"mechanisms are .*entry.*, not 'magic'"):
        mechanisms(["magic"], "2")
    chosen = mechanisms(["entry"], "0")
    assert chosen == [Ours(NOTHING, "0"), Ours("entry", "0")]


def test_plot(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need matplotlib (extra plot)")
    rows = rows_of(
        Paper(NOTHING, times=[1.0, 1.0]),
        Paper("entry", (CALL,) * 1000, times=[1.0, 2.0]),
        repeats=1,
    )
    machine = dict.fromkeys(("cpu", "cores", "system", "python", "armdbt"), "x")
    result = {
        "program": "p.elf",
        "functions": ["f"],
        "rows": rows,
        "repeats": 1,
        "machine": machine,
    }
    with Results() as results:
        results.open_plots(str(tmp_path), [plots.name_of("p.elf", "svg")])
        (path,) = plots.draw_all(result, results, "svg")
    assert path == str(tmp_path / "interception-p.svg")
    assert "<svg" in Path(path).read_text()


def test_truth_is_taken_on_the_small_input(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[object, ...]] = []

    def truth(program: str, args: tuple[str, ...], pcs: object, **_: object) -> list[Record]:
        seen.append((program, args))
        return [CALL]

    monkeypatch.setattr(verdicts, "truth", truth)
    assert verdicts.truth_of(Program("p.elf", ("1",)), {0x100: "f"}) == [CALL]
    assert seen == [("p.elf", ("1",))]


def test_tables_of_the_suite() -> None:
    good, bad = attrs.asdict(Verdict(3, 0, 0)), attrs.asdict(Verdict(1, 2, 1, "hangs"))
    result = {
        "contenders": ["a", "b"],
        "rows": [
            {"idiom": "bl", "events": 3, "verdicts": {"a": good, "b": good}},
            {"idiom": "tail", "events": 3, "verdicts": {"a": good, "b": bad}},
        ],
    }
    sums, wrong = suite_tables(result)
    assert [(row["right"], row["missed"], row["invented"]) for row in sums.rows] == [
        (2, 0, 0), (1, 2, 1),
    ]  # fmt: skip
    assert [row["not right"] for row in wrong.rows] == ["nothing", "tail -2 +1 hangs"]
    _, matrix = whole_tables(result)
    assert [row["b"] for row in matrix.rows] == ["ok", "-2 +1 hangs"]
