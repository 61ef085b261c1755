"""Measures what chaining is worth, and what denying it costs: ``armdbt bench chaining``.

One program is run under many settings of the chain policy, in interleaved rounds. Each time is
divided by that of everything chained *in the same round*; a row shows the median of these ratios
and their quartiles. The output of the guest, how it ended and the number of its instructions must
be the same in every run, or the experiment stops. ``harness/guest_run.py`` says what is timed.
"""

import argparse
import shlex
import statistics
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from dbt.data import DEMO
from dbt.experiments.chaining import plots, sweep
from dbt.experiments.harness import profile
from dbt.experiments.harness.guest_run import (
    Agreement,
    Outcome,
    Program,
    Setting,
    run_once,
)
from dbt.experiments.harness.host_facts import machine_facts
from dbt.experiments.harness.measure import Timing, quartiles
from dbt.experiments.harness.options import (
    cluster_options,
    listed,
    plot_options,
    positive,
    program_options,
    result_options,
)
from dbt.experiments.harness.plots import need_matplotlib
from dbt.experiments.harness.presentation import Results, Table, print_tables
from dbt.experiments.harness.rounds import rounds, status
from dbt.interfaces import TIERS, UNITS
from dbt.stops import UsageError

DEMO_ROUNDS = ("2000000", "20000")
"""Arguments of the bundled program: usually, and with --short."""
FEW_DISPATCHES = 100_000
"""With fewer additional dispatches, the cost of one is not computed."""

EXAMPLES = (
    ("armdbt bench chaining", "the bundled program"),
    ("armdbt bench chaining --json FILE --plot DIR PROG ARGS", "results and plots"),
    ("armdbt bench chaining --short --tiers 0,2", "few settings, one round"),
)


def options(parser: argparse.ArgumentParser) -> None:
    """Add this kind's options."""
    add = parser.add_argument
    add("--repeats", type=positive, metavar="N", help="rounds (5; short: 1)")
    add("--short", action="store_true", help="few settings, one round: to see that it runs")
    add("--seed", type=int, default=1, metavar="N", help="of the random choices (1)")
    add("--tiers", default=None, metavar="T,...", help="0, 1, 2, auto (0,2,auto)")
    add("--units", default="block", metavar="U,...", help="block, loop, function (block)")
    add("--denied", default=None, metavar="N,...", help="numbers of denied targets (0,1,10,100)")
    add("--draws", type=positive, metavar="N", help="random choices of denied targets (3)")
    result_options(parser)
    cluster_options(parser)
    plot_options(parser)
    program_options(parser)


def run(arguments: argparse.Namespace, results: Results) -> int:
    """Measure, write, print; the exit status."""
    if arguments.plot:
        need_matplotlib()
    plan = _plan(arguments)
    program = _program(arguments)
    if arguments.plot:
        names = plots.names(Path(program.path).name, arguments.plot_format)
        results.open_plots(arguments.plot, names.values())
    repeats = arguments.repeats or (1 if arguments.short else 5)
    result = experiment(program, plan, repeats)
    result["command"] = reproduce(arguments, plan, program, repeats)
    results.write_json(result)
    shown = tables(result)
    results.write_markdown(shown, result["command"])
    drawn: list[str] = []
    if arguments.plot:
        drawn = plots.draw_all(result, results, arguments.plot_format)
    print_tables(shown)
    for path in drawn:
        print(f"drew {path}")
    print(f"to reproduce: {result['command']}")
    return status(result)


# -- Arguments -------------------------------------------------------------------------------------


def _plan(arguments: argparse.Namespace) -> sweep.Plan:
    short = arguments.short
    plan = sweep.Plan(
        seed=arguments.seed,
        tiers=("0", "2") if short else ("0", "2", "auto"),
        lengths=(2, 64) if short else sweep.LENGTHS,
        functions=3 if short else sweep.FUNCTIONS,
        counts=(0, 1, 10) if short else sweep.COUNTS,
        draws=arguments.draws or (1 if short else 3),
        units=listed(arguments.units, UNITS[1:], "--units"),
    )
    if arguments.tiers is not None:
        plan = attrs.evolve(plan, tiers=listed(arguments.tiers, TIERS, "--tiers"))
    if arguments.denied is not None:
        numbers = arguments.denied.split(",")
        if not all(number.isdecimal() for number in numbers):
            raise UsageError(f"--denied takes numbers, not {arguments.denied!r}")
        plan = attrs.evolve(plan, counts=tuple(map(int, numbers)))
    return plan


def _program(arguments: argparse.Namespace) -> Program:
    if arguments.program is None:
        rounds = DEMO_ROUNDS[arguments.short]
        return Program(DEMO, (rounds,), seed=arguments.seed)
    return Program(arguments.program, tuple(arguments.args), arguments.root, arguments.seed)


def reproduce(
    arguments: argparse.Namespace, plan: sweep.Plan, program: Program, repeats: int
) -> str:
    """The command that measures the same again."""
    words = ["armdbt", "bench", "chaining", "--repeats", str(repeats), "--seed", str(plan.seed)]
    words += ["--tiers", ",".join(plan.tiers), "--draws", str(plan.draws)]
    words += ["--denied", ",".join(map(str, plan.counts))]
    words += ["--units", ",".join(plan.units)] + ["--short"] * arguments.short
    for option in ("cluster", "json", "markdown", "plot"):
        if getattr(arguments, option):
            words += [f"--{option}", getattr(arguments, option)]
    if arguments.plot and arguments.plot_format != "svg":
        words += ["--plot-format", arguments.plot_format]
    if arguments.root:
        words += ["-L", arguments.root]
    if arguments.program is not None:
        words += [arguments.program, *program.args]
    return shlex.join(words)


# -- Measuring -------------------------------------------------------------------------------------


def experiment(program: Program, plan: sweep.Plan, repeats: int) -> dict[str, Any]:
    """Profile the program and run every setting ``repeats`` times; returns the result for JSON.
    Raises UsageError when the program cannot be loaded or runs differ."""
    profiled = profile.take(program)
    agreement = Agreement()
    agreement.check("the profile", profiled.outcome)
    points = sweep.points(plan, profiled)
    tasks = {setting: partial(run_once, program, setting) for setting in sweep.settings_of(points)}
    before = machine_facts()
    taken = rounds(tasks, repeats, lambda setting, seen: agreement.check(str(setting), seen))
    return {
        "experiment": "chaining",
        "program": Path(program.path).name,
        "args": list(program.args),
        **taken.facts,
        "plan": attrs.asdict(plan),
        "machine": before,
        "load_after": machine_facts()["load"],
        "profile": _profile_facts(profiled),
        "rows": [_row(point, taken) for point in points],
    }


def _profile_facts(profiled: profile.Profile) -> dict[str, Any]:
    executions = sum(profiled.executions.values())
    instructions = profiled.outcome.instructions
    return {
        "stop": profiled.outcome.stop,
        "instructions": instructions,
        "output_sha256": profiled.outcome.output,
        "blocks": len(profiled.executions),
        "block_executions": executions,
        "instructions_per_block": instructions / max(executions, 1),
        "functions": [attrs.asdict(function) for function in profiled.functions],
    }


def _row(point: sweep.Point, taken: Mapping[Setting, Sequence[Outcome]]) -> dict[str, Any]:
    setting = point.setting
    timing, base = Timing.of(taken[setting]), Timing.of(taken[point.base])
    outcome = taken[setting][-1]
    ratios = timing.ratios(base)
    first, third = quartiles(ratios) if ratios else (None, None)
    return {
        "series": point.series,
        "label": point.label,
        "x": point.x,
        "tier": setting.tier,
        "unit": setting.unit,
        "kinds": setting.kinds,
        "denied": len(setting.denied),
        "denied_pcs": list(setting.denied),
        "draw": point.draw,
        "max_insns": setting.max_insns,
        "function": point.function.name if point.function else None,
        "calls": point.function.calls if point.function else None,
        "seconds": list(timing.seconds),
        "base_seconds": list(base.seconds),
        "median_s": timing.median,
        "iqr_s": timing.iqr,
        "slowdown": statistics.median(ratios) if ratios else None,
        "slowdown_quartiles": [first, third],
        "ns_per_insn": timing.median / max(outcome.instructions, 1) * 1e9,
        "ns_per_dispatch": _per_dispatch(timing, base, outcome, taken[point.base][-1]),
        "translation_s": outcome.translation_seconds,
        "instructions": outcome.instructions,
        "output_sha256": outcome.output,
        "blocks": outcome.blocks,
        "dispatches": outcome.dispatches,
    }


def _per_dispatch(timing: Timing, base: Timing, own: Outcome, other: Outcome) -> float | None:
    """Nanoseconds that each additional return to the dispatcher costs; None when there are few."""
    more = sum(own.dispatches.values()) - sum(other.dispatches.values())
    if more < FEW_DISPATCHES:
        return None
    return (timing.median - base.median) / more * 1e9


# -- Showing ---------------------------------------------------------------------------------------

COLUMNS = {
    "kinds": ("tier", "chained", "ns/insn", "slow-down", "quartiles", "dispatches", "ns/dispatch"),
    "denied": (
        "tier", "order", "targets", "slow-down", "quartiles", "denied entries", "ns/dispatch",
    ),
    "frequency": (
        "tier", "function", "calls/1000 insns", "slow-down", "quartiles", "denied entries",
        "ns/dispatch",
    ),
    "length": ("tier", "insns at most", "slow-down", "quartiles", "dispatches", "ns/dispatch"),
}  # fmt: skip
TITLES = {
    "kinds": "Which kinds of edges may chain",
    "denied": "Targets denied, everything else chained",
    "frequency": "One function denied",
    "length": "Nothing chained against everything, by block length",
}


def tables(result: Mapping[str, Any]) -> list[Table]:
    """One table a series."""
    found = []
    for series in sweep.SERIES:
        rows = [_cells(row) for row in result["rows"] if row["series"] == series]
        if rows:
            title = f"{TITLES[series]}: {result['program']}, median of {result['repeats']}"
            found.append(Table(title, COLUMNS[series], rows))
    return found


def _cells(row: Mapping[str, Any]) -> dict[str, Any]:
    low, high = row["slowdown_quartiles"]
    order = row["label"] if row["draw"] is None else f"{row['label']} {row['draw'] + 1}"
    return {
        "tier": f"tier {row['tier']}, {row['unit']}",
        "chained": row["kinds"],
        "order": order,
        "targets": row["denied"],
        "function": row["function"],
        "calls/1000 insns": row["x"],
        "insns at most": row["max_insns"],
        "ns/insn": row["ns_per_insn"],
        "slow-down": row["slowdown"],
        "quartiles": "-" if low is None else f"{low:.3g}-{high:.3g}",
        "dispatches": sum(row["dispatches"].values()),
        "denied entries": row["dispatches"].get("denied", 0),
        "ns/dispatch": row["ns_per_dispatch"],
    }
