"""The idiom suite: small programs, one idiom each, judged for every contender."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from dbt.experiments.contenders import NOTHING, Contender
from dbt.experiments.guest import Program, Setting, open_program
from dbt.experiments.isolation import Died, isolated
from dbt.experiments.machine import machine_facts
from dbt.experiments.profile import functions_of
from dbt.experiments.report import Table
from dbt.experiments.verdicts import Verdict, judge, truth_of
from dbt.stops import UsageError

TIMEOUT = 5.0
"""Seconds that one contender may take for one idiom; twice that, and it is killed."""


def run_suite(directory: Path, chosen: Sequence[Contender]) -> dict[str, Any]:
    """Judge every ELF file of a directory; everything, for JSON. Raises UsageError for none."""
    programs = sorted(directory.glob("*.elf"))
    if not programs:
        raise UsageError(f"{directory}: no ELF files (*.elf)")
    judged = [one for one in chosen if one.name != NOTHING]
    return {
        "experiment": "idioms",
        "machine": machine_facts(),
        "contenders": [f"{one.group}: {one.name}" for one in judged],
        "rows": [_row(path, chosen[0], judged) for path in programs],
    }


def _row(path: Path, plain: Contender, judged: Sequence[Contender]) -> dict[str, Any]:
    program = Program(str(path))
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
    return {
        "idiom": path.stem,
        "events": len(events),
        "verdicts": {
            f"{one.group}: {one.name}": attrs.asdict(verdict)
            for one, verdict in zip(judged, verdicts, strict=True)
        },
    }


def functions_in(program: Program) -> dict[int, str]:
    """Every function symbol of a program."""
    process = open_program(program, Setting(tier="0"), backend="reference")
    try:
        return functions_of(process)
    finally:
        process.close()


def suite_tables(result: Mapping[str, Any]) -> list[Table]:
    """A line an idiom, a column a contender, and the sums."""
    names = result["contenders"]
    rows = [_cells(row, names) for row in result["rows"]]
    count = len(rows)
    right = Counter(name for row in rows for name in names if row[name] == "ok")
    rows.append({"idiom": "right", **{name: f"{right[name]} of {count}" for name in names}})
    headings = {name: name.replace(": ", "\n") for name in names}
    shown = [{headings.get(key, key): value for key, value in row.items()} for row in rows]
    title = "Idioms: ok, or events missed (-) and invented (+)"
    return [Table(title, ["idiom", "events", *headings.values()], shown)]


def _cells(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    cells = {name: str(Verdict(**row["verdicts"][name])) for name in names}
    return {"idiom": row["idiom"], "events": row["events"], **cells}
