"""Measures whole commands against qemu-arm: ``armdbt bench speed``.

Small programs of ours and, with ``-L ROOT``, programs of Debian run in interleaved rounds under
several settings of armdbt, qemu-arm with and without chaining of blocks, Unicorn, and as native
code of the same source; the last two run the small programs only. Each is a whole command from exec
to exit: start-up, translation and compilation are in its time. A ratio is qemu-arm's time over the
contender's *in the same round*, so that more is faster; a row has the median of these ratios.

Before the rounds each contender runs each program once, which is not measured: our library on disk
is filled then. With ``--first``, each Debian program also runs once with an empty library.

Status and output must be qemu-arm's in every run. A difference ends the experiment; Unicorn or
native code that differs in the run before the rounds is left out, and why is told.
"""

import argparse
import shlex
import statistics
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from dbt.experiments.harness.guest_run import Disagreement
from dbt.experiments.harness.host_facts import machine_facts
from dbt.experiments.harness.measure import Timing, quartiles
from dbt.experiments.harness.options import listed, plot_options, positive, result_options
from dbt.experiments.harness.plots import need_matplotlib
from dbt.experiments.harness.presentation import Results, print_tables
from dbt.experiments.harness.rounds import rounds, status
from dbt.experiments.peers import qemu
from dbt.experiments.speed import contenders, history, plots, small, tables, whole
from dbt.experiments.speed.commands import Case, Ran
from dbt.experiments.speed.commands import run as run_commands
from dbt.experiments.speed.contenders import BASE, NAMES, OURS, SMALL_ONLY, Natives
from dbt.stops import UsageError

Key = tuple[Case, str]
PROGRAMS = (*small.GROUPS, whole.GROUP, *small.NAMES, *whole.NAMES)

EXAMPLES = (
    ("armdbt bench speed", "the small programs"),
    ("armdbt bench speed -L ROOT", "and Debian's"),
    ("armdbt bench speed --short --only fib,sha256", "two of them, one round"),
)


def options(parser: argparse.ArgumentParser) -> None:
    """Add this kind's options."""
    add = parser.add_argument
    add("--repeats", type=positive, metavar="N", help="rounds (5; short: 1)")
    add("--short", action="store_true", help="small sizes, one round")
    add("--seed", type=int, default=1, metavar="N", help="of the inputs that are drawn (1)")
    add("--only", metavar="P,...", help="small, float, thumb, whole, or names of "
        "programs (all)")  # fmt: skip
    add("--contenders", metavar="C,...", help=f"{', '.join(NAMES[1:])} (all); qemu always is one")
    add("--first", action="store_true", help="also with an empty library on disk, once")
    add("--guests", default=str(small.GUESTS), metavar="DIR", help="the small programs, beside "
        "their sources (benchmarks/guests of the sources)")  # fmt: skip
    add("-L", dest="root", metavar="ROOT", help="Debian's armel programs (make root)")
    add("--history", metavar="FILE", help="append a line of JSON to it")
    result_options(parser)
    plot_options(parser)


def run(arguments: argparse.Namespace, results: Results) -> int:
    """Measure, write, print; the exit status."""
    plan = _plan(arguments)
    if arguments.plot:
        need_matplotlib()
        names = [plots.name_of(group, arguments.plot_format) for group in plots.GROUPS]
        results.open_plots(arguments.plot, names)
    before = history.read(arguments.history) if arguments.history else ""
    results.open("history", arguments.history)
    why = qemu.lacking()
    if why is not None:
        raise UsageError(f"bench speed {why}: all ratios are to it")
    result = experiment(plan)
    result["command"] = _reproduce(arguments, plan)
    results.write_json(result)
    shown = tables.tables(result)
    results.write_markdown(shown, result["command"])
    if arguments.history:
        history.append(before, result, results)
    drawn: list[str] = []
    if arguments.plot:
        drawn = plots.draw_all(result, results, arguments.plot_format)
    print_tables(shown)
    for line in [*(f"not taking part: {why}" for why in result["missing"]),
                 *(f"drew {path}" for path in drawn)]:  # fmt: skip
        print(line)
    print(f"to reproduce: {result['command']}")
    return status(result)


# -- Arguments -------------------------------------------------------------------------------------


@attrs.frozen
class Plan:
    """What is measured."""

    guests: str
    root: str | None = None
    short: bool = False
    repeats: int = 1
    seed: int = 1
    only: tuple[str, ...] = ()
    contenders: tuple[str, ...] = NAMES
    first: bool = False

    def wants(self, case: Case) -> bool:
        """Whether a case is one of those that were named."""
        return not self.only or case.group in self.only or case.name in self.only


def _plan(arguments: argparse.Namespace) -> Plan:
    only: tuple[str, ...] = ()
    if arguments.only is not None:
        only = listed(arguments.only, PROGRAMS, "--only")
        if arguments.root is None and set(only) & {whole.GROUP, *whole.NAMES}:
            raise UsageError(f"--only {arguments.only} needs -L ROOT, Debian's programs")
    chosen = NAMES
    if arguments.contenders is not None:
        chosen = tuple(dict.fromkeys((BASE, *listed(arguments.contenders, NAMES, "--contenders"))))
    if arguments.first and (arguments.root is None or not set(chosen) & set(OURS)):
        raise UsageError(f"--first needs -L ROOT, and one of {','.join(OURS)} as a contender")
    repeats = arguments.repeats or (1 if arguments.short else 5)
    return Plan(
        arguments.guests,
        arguments.root,
        arguments.short,
        repeats,
        arguments.seed,
        only,
        chosen,
        arguments.first,
    )


def _reproduce(arguments: argparse.Namespace, plan: Plan) -> str:
    """The command that measures the same again."""
    words = ["armdbt", "bench", "speed", "--repeats", str(plan.repeats), "--seed", str(plan.seed)]
    words += ["--short"] * plan.short + ["--first"] * plan.first
    for option in ("only", "contenders", "history", "json", "markdown", "plot"):
        if getattr(arguments, option):
            words += [f"--{option}", getattr(arguments, option)]
    if arguments.plot and arguments.plot_format != "svg":
        words += ["--plot-format", arguments.plot_format]
    if arguments.guests != str(small.GUESTS):
        words += ["--guests", arguments.guests]
    if plan.root:
        words += ["-L", plan.root]
    return shlex.join(words)


# -- Measuring -------------------------------------------------------------------------------------


def experiment(plan: Plan) -> dict[str, Any]:
    """Run every contender on every program in rounds; returns the result for JSON.

    Raises UsageError when a program cannot be run, or an output is not qemu-arm's.
    """
    with tempfile.TemporaryDirectory() as scratch:
        cases, missing = _cases(plan, Path(scratch))
        natives = _natives(plan, cases, Path(scratch))
        judge = _Judge(natives)
        present = _present(plan, natives, missing)
        pairs = [(case, name) for case in cases for name in present]
        keys = [key for key in pairs if contenders.takes_part(key[1], key[0])]
        keys = judge.warm_up(keys, missing)
        before = machine_facts()
        tasks = {key: partial(judge.run, *key) for key in keys}
        taken = rounds(
            tasks, plan.repeats, lambda key, ran: judge.check(key[0], key[1], ran), _here
        )
        rows = [_row(key, taken) for key in keys]
        return {
            "experiment": "speed",
            "args": ["short"] if plan.short else [],
            "short": plan.short,
            "only": list(plan.only),
            "seed": plan.seed,
            **taken.facts,
            "machine": before,
            "load_after": machine_facts()["load"],
            "missing": missing,
            "rows": rows,
            "first": _first_runs(plan, judge, cases, rows) if plan.first else [],
        }


def _here(calls: Any) -> Any:
    """Calls a round in this process: each command has a process of its own."""
    return calls()


def _cases(plan: Plan, scratch: Path) -> tuple[list[Case], list[str]]:
    """The cases that are wanted, and why others are left out."""
    cases = small.cases(Path(plan.guests), short=plan.short)
    missing: list[str] = []
    if plan.root:
        if not Path(plan.root).is_dir():
            raise UsageError(f"{plan.root}: no directory: -L takes Debian's root (make root)")
        inputs = scratch / "inputs"
        inputs.mkdir()
        found, missing = whole.cases(plan.root, inputs, plan.seed, short=plan.short)
        cases += found
    kept = [case for case in cases if plan.wants(case)]
    if not kept:
        raise UsageError(f"nothing to measure: {'; '.join(missing)}")
    return kept, missing


def _natives(plan: Plan, cases: Iterable[Case], scratch: Path) -> Natives:
    if contenders.NATIVE not in plan.contenders:
        return Natives(scratch)
    directory = scratch / "native"
    directory.mkdir()
    return contenders.compile_natives(
        [case for case in cases if contenders.takes_part(contenders.NATIVE, case)], directory
    )


def _present(plan: Plan, natives: Natives, missing: list[str]) -> list[str]:
    """The contenders that can run here; adds to ``missing`` why others cannot."""
    why = {name: contenders.lacking(name, natives) for name in plan.contenders}
    missing += [f"{name}: {reason}" for name, reason in why.items() if reason is not None]
    return [name for name, reason in why.items() if reason is None]


class _Judge:
    """Runs cases, and checks that everybody shows what qemu-arm shows."""

    def __init__(self, natives: Natives) -> None:
        self._natives = natives
        self._expected: dict[Case, Ran] = {}

    def run(self, case: Case, name: str, cache: str | None = None) -> Ran:
        """Run a case once under a contender."""
        return run_commands(case, contenders.words_of(name, case, self._natives), cache)

    def check(self, case: Case, name: str, ran: Ran) -> None:
        """Compare a run with qemu-arm's. Raises Disagreement."""
        expected = self._expected.setdefault(case, ran)
        if ran.visible != expected.visible:
            raise Disagreement(
                f"{case.name}: {name} ended with {ran.visible}, {BASE} with {expected.visible}"
            )

    def warm_up(self, keys: Sequence[Key], missing: list[str]) -> list[Key]:
        """Run each once; those that can be measured. Adds to ``missing`` why others cannot.

        Raises UsageError when qemu-arm fails, and Disagreement when a run of ours differs.
        """
        kept = []
        for case, name in keys:
            ran = self.run(case, name)
            if name == BASE and any(ran.statuses):
                raise UsageError(f"{case.name}: {BASE} ended with {ran.statuses}")
            try:
                self.check(case, name, ran)
            except Disagreement as error:
                if name not in SMALL_ONLY:
                    raise
                missing.append(str(error))
            else:
                kept.append((case, name))
        return kept


def _row(key: Key, taken: Mapping[Key, Sequence[Ran]]) -> dict[str, Any]:
    case, name = key
    own, base = taken[key], taken[case, BASE]
    timing, of_base = Timing.of(own), Timing.of(base)
    processor = Timing(tuple(ran.cpu for ran in own))
    base_processor = Timing(tuple(ran.cpu for ran in base))
    ratios = of_base.ratios(timing)
    return {
        "group": case.group,
        "program": case.name,
        "argument": case.commands[0][-1] if case.group in small.GROUPS else "",
        "contender": name,
        "seconds": list(timing.seconds),
        "base_seconds": list(of_base.seconds),
        "cpu_seconds": list(processor.seconds),
        "base_cpu_seconds": list(base_processor.seconds),
        "median_s": timing.median,
        "median_cpu_s": processor.median,
        "iqr_s": timing.iqr,
        "spread": timing.spread,
        "ratio": statistics.median(ratios),
        "ratio_quartiles": list(quartiles(ratios)),
        "cpu_ratio": statistics.median(base_processor.ratios(processor)),
        "statuses": list(own[-1].statuses),
        "output_sha256": own[-1].output,
    }


def _first_runs(
    plan: Plan, judge: _Judge, cases: Iterable[Case], rows: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Run each Debian program once with an empty library, under one setting of ours: ``auto`` if
    it takes part."""
    ours = [name for name in plan.contenders if name in OURS]
    name = "auto" if "auto" in ours else ours[0]
    later = {row["program"]: row for row in rows if row["contender"] == name}
    found = []
    for case in cases:
        if case.group != whole.GROUP:
            continue
        with tempfile.TemporaryDirectory() as empty:
            ran = judge.run(case, name, empty)
        judge.check(case, name, ran)
        found.append(
            {
                "program": case.name,
                "contender": name,
                "first_s": ran.seconds,
                "first_cpu_s": ran.cpu,
                "median_s": later[case.name]["median_s"],
            }
        )
    return found
