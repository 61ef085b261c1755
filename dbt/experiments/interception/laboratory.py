"""Compares all ways to intercept calls and returns: ``armdbt bench interception``.

All contenders watch the same functions of the same program. Two questions are asked of each.

- What does it see? Its events are compared with ground truth (``dbt/experiments/truth``), which is
  slow: ``--truth-args`` gives a smaller input for it.
- What does it cost? The processor time, divided by that of the same translator watching nothing, in
  interleaved rounds, with a sink that only counts. For our mechanisms also where the time is spent:
  returns to the dispatcher by reason, the share of edges that stay chained, blocks translated
  again, bytes of code.
"""

import argparse
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from dbt.data import DEMO
from dbt.experiments.harness.functions import functions_of
from dbt.experiments.harness.guest_run import Program, Setting, open_program
from dbt.experiments.harness.host_facts import machine_facts
from dbt.experiments.harness.options import (
    cluster_options,
    plot_options,
    program_options,
    result_options,
)
from dbt.experiments.harness.plots import need_matplotlib
from dbt.experiments.harness.presentation import Results, Table, print_tables
from dbt.experiments.harness.rounds import status
from dbt.experiments.interception import contenders as taking_part
from dbt.experiments.interception import plots
from dbt.experiments.interception.contenders import Contender
from dbt.experiments.interception.costs import costs
from dbt.experiments.interception.idiom_suite import run_suite, suite_tables, whole_tables
from dbt.experiments.interception.verdicts import judge, truth_of
from dbt.process import Process
from dbt.stops import UsageError

DEMO_ROUNDS = {"speed": "20000", "truth": "50"}
SHORT_ROUNDS = {"speed": "500", "truth": "20"}

EXAMPLES = (
    ("armdbt bench interception", "the bundled program"),
    ("armdbt bench interception --mechanism entry --no-peers PROG", "one mechanism alone"),
    ("armdbt bench interception --suite DIR --json FILE", "verdicts on all programs of DIR"),
)


def options(parser: argparse.ArgumentParser) -> None:
    """Add this kind's options."""
    add = parser.add_argument
    add("--function", action="append", default=[], metavar="SYMBOL", help="watch (all)")
    add("--mechanism", action="append", default=[], metavar="NAME", help="take part (all)")
    add("--tier", choices=("0", "1", "2", "auto"), default="2", help="of armdbt (2)")
    add("--truth-args", type=str, metavar="ARGS", help="smaller input that events are compared on")
    add("--suite", metavar="DIR", help="judge every ELF file there; no PROG, no times")
    add("--no-peers", action="store_true", help="without Unicorn and qemu-arm")
    add("--repeats", type=int, metavar="N", help="rounds (3; short: 1)")
    add("--short", action="store_true", help="one round on a small input: to see that it runs")
    result_options(parser)
    cluster_options(parser)
    plot_options(parser)
    program_options(parser)


def run(arguments: argparse.Namespace, results: Results) -> int:
    """Judge or measure, write, print; the exit status."""
    if arguments.plot:
        need_matplotlib()
    if arguments.repeats is not None and arguments.repeats < 1:
        raise UsageError("--repeats takes a positive number")
    chosen, missing = take_part(arguments)
    if arguments.suite:
        if arguments.program:
            raise UsageError("--suite takes no program")
        result = run_suite(Path(arguments.suite), chosen)
    else:
        if arguments.plot:
            program = Path(arguments.program or DEMO).name
            name = plots.name_of(program, arguments.plot_format)
            results.open_plots(arguments.plot, [name])
        result = measure(arguments, chosen)
    result["missing_peers"] = missing
    result["command"] = reproduce(arguments)
    results.write_json(result)
    tables = suite_tables(result) if arguments.suite else tables_of(result)
    whole = whole_tables(result) if arguments.suite else tables
    results.write_markdown(whole, result["command"])
    drawn: list[str] = []
    if arguments.plot and not arguments.suite:
        drawn = plots.draw_all(result, results, arguments.plot_format)
    print_tables(tables)
    for why in missing:
        print(f"not taking part: {why}")
    for path in drawn:
        print(f"drew {path}")
    print(f"to reproduce: {result['command']}")
    return status(result)


# -- Arguments -------------------------------------------------------------------------------------


def take_part(arguments: argparse.Namespace) -> tuple[list[Contender], list[str]]:
    """The contenders, and for each missing peer the reason."""
    ours = taking_part.mechanisms(arguments.mechanism or None, arguments.tier)
    if arguments.no_peers:
        return [*ours], []
    others, missing = taking_part.peers()
    return [*ours, *others], missing


@attrs.frozen
class Task:
    """What is watched. ``program`` has the input for speed, ``small`` the one for truth."""

    program: Program
    small: Program
    functions: dict[int, str]


def task_of(arguments: argparse.Namespace) -> Task:
    """The task that the arguments ask for. Raises UsageError for an unknown symbol, and for a
    program without function symbols."""
    if arguments.program is None:
        rounds = SHORT_ROUNDS if arguments.short else DEMO_ROUNDS
        program = Program(DEMO, (rounds["speed"],))
        small = Program(DEMO, (rounds["truth"],))
    else:
        program = Program(arguments.program, tuple(arguments.args), arguments.root)
        small = program
    if arguments.truth_args is not None:
        small = attrs.evolve(program, args=tuple(shlex.split(arguments.truth_args)))
    process = open_program(program, Setting(tier="0"), backend="reference")
    try:
        functions = _functions(process, arguments.function)
    finally:
        process.close()
    return Task(program, small, functions)


def _functions(process: Process, names: Sequence[str]) -> dict[int, str]:
    if names:
        return {process.key_of(process.resolve(name)).pc: name for name in names}
    found = functions_of(process)
    if not found:
        raise UsageError("the program has no function symbols: say --function ADDRESS")
    return found


def reproduce(arguments: argparse.Namespace) -> str:
    """The command that repeats this one."""
    words = ["armdbt", "bench", "interception", "--tier", arguments.tier]
    for option in ("function", "mechanism"):
        for value in getattr(arguments, option):
            words += [f"--{option}", value]
    for option in ("truth_args", "suite", "repeats", "cluster", "json", "markdown", "plot"):
        if getattr(arguments, option) is not None:
            words += [f"--{option.replace('_', '-')}", str(getattr(arguments, option))]
    words += ["--no-peers"] * arguments.no_peers + ["--short"] * arguments.short
    if arguments.plot and arguments.plot_format != "svg":
        words += ["--plot-format", arguments.plot_format]
    if arguments.root:
        words += ["-L", arguments.root]
    if arguments.program is not None:
        words += [arguments.program, *arguments.args]
    return shlex.join(words)


# -- Measuring -------------------------------------------------------------------------------------


def measure(arguments: argparse.Namespace, chosen: Sequence[Contender]) -> dict[str, Any]:
    """Judge all contenders on the input for truth, and time them on the input for speed; returns
    the result for JSON. Raises UsageError when the program cannot be loaded or has no truth."""
    task = task_of(arguments)
    events = truth_of(task.small, task.functions)
    plain = chosen[0].watch(task.small, task.functions, events.append)
    verdicts = [judge(one, task.small, task.functions, events, plain) for one in chosen]
    repeats = arguments.repeats or (1 if arguments.short else 3)
    machine = machine_facts()
    rows, facts = costs(task.program, task.functions, chosen, repeats)
    for row, one, verdict in zip(rows, chosen, verdicts, strict=True):
        if one.name != taking_part.NOTHING:
            row.update(attrs.asdict(verdict), verdict=str(verdict))
    return {
        "experiment": "interception",
        "program": Path(task.program.path).name,
        "args": list(task.program.args),
        "truth_args": list(task.small.args),
        "truth_events": len(events),
        "functions": [name for _, name in sorted(task.functions.items())],
        **facts,
        "machine": machine,
        "load_after": machine_facts()["load"],
        "rows": rows,
    }


# -- Showing ---------------------------------------------------------------------------------------

SEEN = ("contender", "found", "missed", "spurious", "slow-down", "quartiles", "events", "ns/event")
WHERE = ("contender", "returns to the dispatcher", "chained", "translated again", "code bytes")


def tables_of(result: Mapping[str, Any]) -> list[Table]:
    """Two tables: what each contender found at which price, and where our mechanisms spend it."""
    watched = f"{len(result['functions'])} functions of {result['program']}"
    seen = f"{watched}: {result['truth_events']} events on {shlex.join(result['truth_args'])!r}"
    where = f"Where ours pay, on {shlex.join(result['args'])!r}"
    ours = [_where(row) for row in result["rows"] if row["dispatches"]]
    return [Table(seen, SEEN, [_seen(row) for row in result["rows"]]), Table(where, WHERE, ours)]


def _seen(row: Mapping[str, Any]) -> dict[str, Any]:
    low, high = row["slowdown_quartiles"]
    return {
        "contender": f"{row['group']}: {row['name']}",
        **{key: row.get(key) for key in ("found", "missed", "spurious")},
        "slow-down": row["slowdown"],
        "quartiles": "-" if low is None else f"{low:.3g}-{high:.3g}",
        "events": row["events"],
        "ns/event": row["ns_per_event"],
    }


def _where(row: Mapping[str, Any]) -> dict[str, Any]:
    counts = sorted(row["dispatches"].items(), key=lambda item: -item[1])
    share = row["chained_share"]
    return {
        "contender": row["name"],
        "returns to the dispatcher": ", ".join(f"{reason} {n:,}" for reason, n in counts[:4]),
        "chained": "-" if share is None else f"{share:.2%}",
        "translated again": row["retranslated"],
        "code bytes": row["code_bytes"],
    }
