"""Measures what a callback costs at each of its prices: ``armdbt bench callbacks``.

One program is run in interleaved rounds: without a hook, and with a hook at every call and every
return, at each price of ``dbt.hooks.callbacks``. Two hooks are measured. ``count`` adds one to a
counter, and can also be made of IR ops; ``table`` counts targets by their low bits, which needs
arithmetic and an access to a computed place. The experiment stops when two prices leave different
cells, when the guest's output or the number of its instructions is not that without a hook, or when
there are not as many events as the ``call-count`` pass counts.

Beside these, the product's own ways to instrument a program are measured (``instrumented.py``):
counters in each block and at each call and return, a recording, and hooks on calls. ``--only``
chooses rows (``rows.py``); those of Python hooks take most of the time. ``--also`` measures further
programs, each in rounds of its own.

Where Unicorn is installed, and without ``--no-peers``, it is measured, too: a Python hook counts
blocks, or is on every instruction of the program that calls or returns and counts events. It is
compared with Unicorn without hooks. qemu-arm is measured without any, for it has none: only its log
from dbt import choices
(``bench interception``), and plug-ins, which Debian's qemu-user is built without.

``harness/guest_run.py`` says what is timed, and ``peers/unicorn.py`` for Unicorn. Nanoseconds per
event are the time beyond that of the program alone, divided by the number of events; slow-downs are
medians of ratios within a round.
"""

import argparse
import functools
import hashlib
import shlex
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from dbt import choices
from dbt.data import DEMO
from dbt.experiments.callbacks.instrumented import INSTRUMENTED
from dbt.experiments.callbacks.rows import (
    BLOCKS,
    CALLS,
    HOOKS,
    QEMU,
    UNICORN,
    Case,
    cases,
    names,
    unicorn_cases,
)
from dbt.experiments.callbacks.tables import tables
from dbt.experiments.harness.guest_run import (
    Agreement,
    Disagreement,
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
    positive,
    program_options,
    result_options,
)
from dbt.experiments.harness.presentation import Results, print_tables
from dbt.experiments.harness.rounds import rounds, status
from dbt.experiments.peers import Image, Seen, load_image, qemu, unicorn
from dbt.hooks.callbacks.callback import Callback
from dbt.hooks.records import Record
from dbt.instrument.call_count import CallCount
from dbt.interfaces import TIERS, UNITS
from dbt.interruption import name_of
from dbt.process import Process
from dbt.stops import UsageError

DEMO_ROUNDS = "200000"
CELLS = 64


@attrs.frozen
class Ran:
    """What one run of a case showed: ``outcome`` and ``cells`` of ours, ``seen`` of Unicorn's."""

    seconds: float
    outcome: Outcome | None = None
    cells: tuple[int, ...] = ()
    seen: Seen | None = None
    events: int | None = None
    """Those of INSTRUMENTED, and of peers."""


EXAMPLES = (
    ("armdbt bench callbacks", "the bundled program"),
    ("armdbt bench callbacks --tiers 2 --no-peers PROG ARGS", "optimised code alone"),
)


def options(parser: argparse.ArgumentParser) -> None:
    """Add this kind's options."""
    add = parser.add_argument
    add("--repeats", type=positive, default=5, metavar="N", help="rounds (5)")
    add("--tiers", default="0,2", metavar="T,...", help="0, 1, 2, auto (0,2)")
    add("--unit", choices=UNITS, default="block", help="what is compiled at a time (block)")
    add("--only", metavar="R,...", help=f"some of {', '.join(names())} (all)")
    add("--also", action="append", default=[], metavar="'PROG ARGS'", help="a further program")
    add("--no-peers", action="store_true", help="without Unicorn and qemu-arm")
    result_options(parser)
    cluster_options(parser)
    program_options(parser)


def run(arguments: argparse.Namespace, results: Results) -> int:
    """Measure, write, print; the exit status."""
    tiers = listed(arguments.tiers, TIERS, "--tiers")
    only = None if arguments.only is None else listed(arguments.only, names(), "--only")
    result = experiments(
        _programs(arguments),
        tiers,
        arguments.unit,
        arguments.repeats,
        peers=not arguments.no_peers,
        only=only,
    )
    result["command"] = _reproduce(arguments)
    results.write_json(result)
    shown = tables(result)
    results.write_markdown(shown, result["command"])
    print_tables(shown)
    for why in result["missing_peers"]:
        print(f"not taking part: {why}")
    print(f"to reproduce: {result['command']}")
    return status(result)


def _programs(arguments: argparse.Namespace) -> list[Program]:
    """The program of the command line, or the demo, and those of ``--also``."""
    first = Program(DEMO, (DEMO_ROUNDS,), arguments.root)
    if arguments.program is not None:
        first = Program(arguments.program, tuple(arguments.args), arguments.root)
    return [first, *(_further(text, arguments.root) for text in arguments.also)]


def _further(text: str, root: str | None) -> Program:
    """The program of one ``--also``. Raises UsageError."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"--also {text!r}: {error}") from None
    if not words:
        raise UsageError("--also needs a program and its arguments, not an empty text")
    if not Path(words[0]).is_file():  # found now, and not behind the rounds of other programs
        raise UsageError(f"--also {text!r}: {words[0]}: no such file")
    return Program(words[0], tuple(words[1:]), root)


def _reproduce(arguments: argparse.Namespace) -> str:
    words = ["armdbt", "bench", "callbacks", "--repeats", str(arguments.repeats)]
    words += ["--tiers", arguments.tiers, "--unit", arguments.unit]
    words += ["--no-peers"] * arguments.no_peers
    for text in arguments.also:
        words += ["--also", text]
    for option in ("only", "cluster", "json", "markdown"):
        if getattr(arguments, option):
            words += [f"--{option}", getattr(arguments, option)]
    if arguments.root:
        words += ["-L", arguments.root]
    if arguments.program is not None:
        words += [arguments.program, *arguments.args]
    return shlex.join(words)


# -- Measuring -------------------------------------------------------------------------------------


def experiments(
    programs: Sequence[Program],
    tiers: Sequence[str],
    unit: str = "block",
    repeats: int = 1,
    *,
    peers: bool = True,
    only: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Measure programs one after the other; returns the result for JSON: that of the only program,
    or one whose rows say of which program they are. Raises as ``experiment``."""
    found: list[dict[str, Any]] = []
    cut: dict[str, str] = {}
    for program in programs:
        try:
            one = experiment(program, tiers, unit, repeats, peers=peers, only=only)
        except KeyboardInterrupt as interrupted:
            if not found:
                raise
            cut = {"interrupted": name_of(interrupted)}
            break
        found.append(one)
        if "interrupted" in one:
            break
    if len(found) == 1:
        return {**found[0], **cut}
    subjects = [shlex.join([one["program"], *one["args"]]) for one in found]
    return {
        **found[0],
        **{name: found[-1][name] for name in ("interrupted",) if name in found[-1]},
        **cut,
        "program": ", ".join(subjects),
        "args": [],
        "events": {subject: one["events"] for subject, one in zip(subjects, found, strict=True)},
        "missing_peers": [
            f"{why} ({subject})"
            for subject, one in zip(subjects, found, strict=True)
            for why in one["missing_peers"]
        ],
        "load_after": found[-1]["load_after"],
        "rows": [
            {"program": subject, **row}
            for subject, one in zip(subjects, found, strict=True)
            for row in one["rows"]
        ],
    }


def experiment(
    program: Program,
    tiers: Sequence[str],
    unit: str = "block",
    repeats: int = 1,
    *,
    peers: bool = True,
    only: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Run every case ``repeats`` times, of the rows that ``only`` names, or of all; returns the
    result for JSON.

    Raises UsageError for a row that there is not, and when two cases show different things.
    """
    for name in only or ():
        choices.one_of("row", name, names())
    chosen = [*cases(tiers, only)]
    judge = _Judge(program, unit)
    missing = []
    if peers:
        of_unicorn = [*unicorn_cases(only)]
        why = judge.why_no_unicorn(learn=any(case.hook == CALLS for case in of_unicorn))
        if why is None:
            chosen += of_unicorn
        else:
            missing.append(f"{UNICORN}: {why}")
        why = judge.why_no_qemu()
        if why is None:
            chosen.append(Case(QEMU))
        else:
            missing.append(f"{QEMU}: {why}")
    before = machine_facts()
    taken = rounds({case: judge.task(case) for case in chosen}, repeats, judge.check)
    return {
        "experiment": "callbacks",
        "program": Path(program.path).name,
        "args": list(program.args),
        **taken.facts,
        "unit": unit,
        "events": judge.events,
        "missing_peers": missing,
        "machine": before,
        "load_after": machine_facts()["load"],
        "rows": [_row(case, taken, judge.events) for case in chosen],
    }


def run_case(program: Program, unit: str, case: Case) -> Ran:
    """Run a case of ours once."""
    if case.hook in INSTRUMENTED:
        outcome, events = INSTRUMENTED[case.hook][1](program, Setting(case.tier, unit))
        return Ran(outcome.seconds, outcome, events=events)
    callbacks = []
    if case.price:
        function, _ = HOOKS[case.hook]
        callbacks = [Callback(function, cells=CELLS, at="calls+returns", price=case.price)]
    outcome = run_once(program, Setting(case.tier, unit), passes=callbacks)
    cells = [value for callback in callbacks for value in callback.values]
    return Ran(outcome.seconds, outcome, tuple(cells))


def run_unicorn(image: Image, places: Iterable[int] | None) -> Ran:
    """Run Unicorn once, with a hook at some places, or on all blocks."""
    seen = unicorn.count_blocks(image) if places is None else unicorn.count_at(image, places)
    return Ran(seen.seconds, seen=seen, events=seen.events)


def _ignore(record: Record) -> None:
    del record


def run_qemu(image: Image) -> Ran:
    """Run qemu-arm once."""
    seen = qemu.watch(image, "none", {}, _ignore)
    return Ran(seen.seconds, seen=seen, events=0)


class _Judge:
    """Makes the tasks of the cases, and checks that all of them show the same."""

    def __init__(self, program: Program, unit: str) -> None:
        self.program = program
        self.unit = unit
        self.agreement = Agreement()
        self.cells: dict[str, tuple[int, ...]] = {}
        self.places: set[int] = set()
        self.events = self._count()

    def _count(self) -> int:
        """The calls and returns of the program, as the ``call-count`` pass counts them."""
        found: dict[str, int] = {}

        def finish(process: Process) -> None:
            found.update(process.counters.snapshot())

        outcome = run_once(
            self.program, Setting("0", self.unit), passes=[CallCount()], finish=finish
        )
        self.agreement.check("call-count", outcome)
        events = sum(found.values())
        if not events:
            raise UsageError(f"{self.program.path} makes no calls")
        return events

    @functools.cached_property
    def image(self) -> Image:
        """The program as peers load it."""
        return load_image(self.program)

    def why_no_unicorn(self, *, learn: bool = True) -> str | None:
        """Why Unicorn cannot take part, or None. It runs the program once, without a hook. With
        ``learn`` the places are found that its hook on calls and returns needs."""
        why = unicorn.lacking()
        if why is None:
            why = self._why_not(Case(UNICORN))
        if why is None and learn:
            self.places = self._learn()
        return why

    def why_no_qemu(self) -> str | None:
        """Why qemu-arm cannot take part, or None. It runs the program once."""
        return qemu.lacking() or self._why_not(Case(QEMU))

    def _why_not(self, alone: Case) -> str | None:
        try:
            self.check(alone, self.task(alone)())
        except Disagreement as error:
            return str(error)
        return None

    def _learn(self) -> set[int]:
        """The pcs at which the program calls and returns."""
        places: set[int] = set()

        def learn(cells, pc, target):  # type: ignore[no-untyped-def]  # noqa: ARG001
            places.add(pc)

        callback = Callback(learn, cells=1, at="calls+returns", price="python")
        self.agreement.check(
            "learning", run_once(self.program, Setting("0", self.unit), passes=[callback])
        )
        return places

    def task(self, case: Case) -> Callable[[], Ran]:
        """A function that runs a case once."""
        if case.tier == UNICORN:
            places = self.places if case.price else ()
            return partial(run_unicorn, self.image, None if case.hook == BLOCKS else places)
        if case.tier == QEMU:
            return partial(run_qemu, self.image)
        return partial(run_case, self.program, self.unit, case)

    def check(self, case: Case, ran: Ran) -> None:
        """Compare a run with those before it. Raises Disagreement, or UsageError when cells
        differ."""
        if ran.seen is not None:
            if ran.seen.unsupported:
                wanted = ran.seen.unsupported[0]
                raise Disagreement(f"the program wants what its adapter lacks: {wanted}")
            output = hashlib.sha256(ran.seen.output).hexdigest()
            self.agreement.check_visible(case.tier, f"Exited(status={ran.seen.status})", output)
        if ran.outcome is not None:
            self.agreement.check(str(case), ran.outcome)
        if case.price and ran.events is None:
            self._check_cells(case, ran.cells)

    def _check_cells(self, case: Case, cells: tuple[int, ...]) -> None:
        if sum(cells) != self.events:
            raise UsageError(f"{case}: {sum(cells)} events, call-count has {self.events}")
        if self.cells.setdefault(case.hook, cells) != cells:
            raise UsageError(f"{case}: other cells than at another price")


def _row(case: Case, taken: Mapping[Case, Sequence[Ran]], events: int) -> dict[str, Any]:
    timing, base = Timing.of(taken[case]), Timing.of(taken[case.alone])
    ratios = timing.ratios(base)
    outcome, own = taken[case][-1].outcome, taken[case][-1].events
    if own is not None or not case.price:
        events = own or 0
    return {
        "tier": case.tier,
        "hook": case.hook,
        "price": case.price,
        "seconds": list(timing.seconds),
        "median_s": timing.median,
        "base_seconds": list(base.seconds),
        "iqr_s": timing.iqr,
        "slowdown": statistics.median(ratios) if ratios else None,
        "slowdown_quartiles": list(quartiles(ratios)) if ratios else None,
        "speed_kept": statistics.median(1 / ratio for ratio in ratios) if ratios else None,
        "events": events,
        "ns_per_event": (timing.median - base.median) / events * 1e9 if events else None,
        "translation_s": outcome.translation_seconds if outcome else None,
        "instructions": outcome.instructions if outcome else None,
    }
