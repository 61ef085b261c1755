"""The idiom suite: judges every contender on small programs of one idiom each."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from dbt.experiments.harness import cluster
from dbt.experiments.harness.functions import functions_of
from dbt.experiments.harness.guest_run import Program, Setting, open_program
from dbt.experiments.harness.host_facts import machine_facts
from dbt.experiments.harness.isolation import Died, isolated
from dbt.experiments.harness.presentation import Table
from dbt.experiments.interception.contenders import NOTHING, Contender
from dbt.experiments.interception.verdicts import Verdict, judge, truth_of
from dbt.interruption import name_of
from dbt.progress import Progress
from dbt.stops import UsageError

TIMEOUT = 5.0
"""Seconds that a contender may take for an idiom. After twice as many it is killed."""


def run_suite(directory: Path, chosen: Sequence[Contender]) -> dict[str, Any]:
    """Judge the contenders on every ELF file of a directory; returns the result for JSON. Raises
    UsageError when there are no such files."""
    programs = sorted(directory.glob("*.elf"))
    if not programs:
        raise UsageError(f"{directory}: no ELF files (*.elf)")
    judged = [one for one in chosen if one.name != NOTHING]
    facts = machine_facts()
    works = [partial(_row, path, chosen[0], judged) for path in programs]
    found: dict[int, dict[str, Any]] = {}
    cut = {}
    try:
        with (
            Progress("judging", len(programs)) as progress,
            contextlib.closing(cluster.each(works, "judging", _here)) as each,
        ):
            for number, row in each:
                found[number] = row
                progress.advance()
    except Died as death:
        raise UsageError(f"a judgement {death}") from None
    except KeyboardInterrupt as interrupted:
        if not found:
            raise
        cut = {"interrupted": name_of(interrupted)}
    return {
        "experiment": "idioms",
        "machine": facts,
        **cut,
        **cluster.facts(),
        "contenders": [f"{one.group}: {one.name}" for one in judged],
        "rows": [found[number] for number in sorted(found)],
    }


def _here(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    return work()


def _row(path: Path, plain: Contender, judged: Sequence[Contender]) -> dict[str, Any]:
    """The verdicts on one program. If it has no ground truth, all say why."""
    try:
        events, verdicts = _judged(Program(str(path)), plain, judged)
    except UsageError as error:
        events, verdicts = 0, [Verdict(0, 0, 0, f"not judged: {error}")] * len(judged)
    return {
        "idiom": path.stem,
        "events": events,
        "verdicts": {
            f"{one.group}: {one.name}": attrs.asdict(verdict)
            for one, verdict in zip(judged, verdicts, strict=True)
        },
    }


def _judged(
    program: Program, plain: Contender, judged: Sequence[Contender]
) -> tuple[int, list[Verdict]]:
    """The number of true events, and the verdicts. Raises UsageError without ground truth."""
    functions = functions_in(program)
    events = truth_of(program, functions, TIMEOUT)
    unwatched = plain.watch(program, {}, lambda _: None, TIMEOUT)
    verdicts = []
    for one in judged:
        work = partial(judge, one, program, functions, events, unwatched, TIMEOUT)
        try:
            verdicts.append(isolated(work, 2 * TIMEOUT))
        except Died as death:
            verdicts.append(Verdict(0, len(events), 0, str(death)))
    return len(events), verdicts


def functions_in(program: Program) -> dict[int, str]:
    """The address and the name of every function symbol of a program."""
    process = open_program(program, Setting(tier="0"), backend="reference")
    try:
        return functions_of(process)
    finally:
        process.close()


def suite_tables(result: Mapping[str, Any]) -> list[Table]:
    """Tables for a terminal: the sums of each contender, and the idioms each got wrong."""
    return [_sums(result), _wrong(result)]


def whole_tables(result: Mapping[str, Any]) -> list[Table]:
    """Tables for a file: the sums, and every idiom with every contender, which is wider than a
    terminal."""
    names = result["contenders"]
    rows = []
    for row in result["rows"]:
        cells = {name: str(Verdict(**row["verdicts"][name])) for name in names}
        rows.append({"idiom": row["idiom"], "events": row["events"], **cells})
    matrix = Table("ok, or events missed (-) and invented (+)", ["idiom", "events", *names], rows)
    return [_sums(result), matrix]


def _verdicts(result: Mapping[str, Any], name: str) -> dict[str, Verdict]:
    return {row["idiom"]: Verdict(**row["verdicts"][name]) for row in result["rows"]}


def _sums(result: Mapping[str, Any]) -> Table:
    rows = []
    for name in result["contenders"]:
        verdicts = _verdicts(result, name).values()
        rows.append(
            {
                "contender": name,
                "right": sum(verdict.right for verdict in verdicts),
                "found": sum(verdict.found for verdict in verdicts),
                "missed": sum(verdict.missed for verdict in verdicts),
                "invented": sum(verdict.spurious for verdict in verdicts),
                "with a note": sum(bool(verdict.note) for verdict in verdicts),
            }
        )
    columns = ("contender", "right", "found", "missed", "invented", "with a note")
    return Table(f"{len(result['rows'])} idioms", columns, rows)


def _wrong(result: Mapping[str, Any]) -> Table:
    rows = []
    for name in result["contenders"]:
        wrong = [
            f"{idiom} {verdict}"
            for idiom, verdict in _verdicts(result, name).items()
            if not verdict.right
        ]
        rows.append({"contender": name, "not right": ", ".join(wrong) or "nothing"})
    return Table("What was missed (-) and invented (+)", ("contender", "not right"), rows)
