"""Random ARM and Thumb instructions on the IR's evaluator and on executors in all settings, compared with Unicorn.

Compared are registers, flags, memory, where execution goes on, the number of instructions, and
whether it faults or is undefined; and how each word is decoded, with capstone. First single
instructions, then as many in sequences, whose blocks chain and become regions.

    python -m support.arm_fuzz --count 200000 --seed 1          (from tests/)
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from random import Random
from typing import Any

import attrs
from support import chunks
from support.arm_batches import Batch
from support.arm_oracle import BATCH, Case, Oracle, difference
from support.arm_runners import (
    COMPILED,
    EVALUATOR,
    SEQUENCES,
    SETTINGS,
    SINGLE,
    Evaluator,
    Machine,
    Runner,
)
from support.fuzz_states import STATES, VFP_ROWS, State
from support.shared_objects import shared_objects


@attrs.define
class Report:
    """What a campaign saw. ``ran`` counts per row the cases that executed on both sides,
    ``runs`` per runner the instructions it ran, ``compiled`` the blocks it compiled, and
    ``texts`` what LLVM was asked for by all of them (see ``shared_objects``)."""

    kinds: Counter[str] = attrs.field(factory=Counter, converter=Counter)
    ran: Counter[str] = attrs.field(factory=Counter, converter=Counter)
    runs: Counter[str] = attrs.field(factory=Counter, converter=Counter)
    compiled: Counter[str] = attrs.field(factory=Counter, converter=Counter)
    texts: Counter[str] = attrs.field(factory=Counter, converter=Counter)
    listed: int = 0
    unlisted: Counter[str] = attrs.field(factory=Counter, converter=Counter)
    excuses: Counter[str] = attrs.field(factory=Counter, converter=Counter)
    differences: list[str] = attrs.Factory(list)

    def add(self, other: "Report") -> None:
        """Add what another campaign saw."""
        for name in ("kinds", "ran", "runs", "compiled", "texts", "unlisted", "excuses"):
            getattr(self, name).update(getattr(other, name))
        self.listed += other.listed
        self.differences += other.differences

    def decoded(self, case: Case, state: State) -> None:
        """Compare how the words of a case are decoded with capstone's listing."""
        drawn = case.words if case.sequence else case.words[-1:]
        for word in drawn:
            found = state.table.match(word)
            assert found is not None
            listed, words = state.misread(found[0], word)
            if not listed:
                self.listed += 1
            elif words:
                self.unlisted[words] += 1
            else:
                self.differences.append(f"{found[0].name} {word:08x}: capstone has {listed}")


@attrs.frozen
class Campaign:
    """``count`` random instructions of ``rows`` (of the whole table when empty), or, with a
    ``length``, ``count`` sequences of that many, up to 15.

    The evaluator always runs; ``settings`` are names of ``SETTINGS``. Those of ``COMPILED`` run one
    batch in ``share``. The passes in ``without`` are left out. A piece is so many ``batches``.
    ``state`` is a name of ``STATES``.
    """

    count: int
    seed: int = 0
    settings: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    length: int = 1
    share: int = 1
    without: tuple[str, ...] = ()
    batches: int = 1
    state: str = "arm"

    @property
    def pieces(self) -> range:
        """The numbers of the pieces."""
        return range(-(-self.count // (BATCH * self.batches)))

    def run(self, piece: int) -> Report:
        """Compare the batches of a piece."""
        report, first = Report(), piece * self.batches
        for batch in range(first, min(first + self.batches, -(-self.count // BATCH))):
            report.add(self._run_batch(batch))
        return report

    def _run_batch(self, number: int) -> Report:
        state = STATES[self.state]
        random = Random(f"{self.seed} {number} {self.length}")
        size = min(BATCH, self.count - number * BATCH)
        if self.length > 1:
            batch = state.draw_sequences(random, self.length, size)
        else:
            rows = state.table.by_name
            batch = state.draw_batch(
                random, [rows[name] for name in self.rows or sorted(rows.keys() - VFP_ROWS)], size
            )
        rest = COMPILED if number % self.share else frozenset[str]()
        awake = tuple(name for name in self.settings if name not in rest)
        machines = _machines(awake, self.without)
        report = Report()
        before = {name: machine.compiled for name, machine in machines.items()}
        with shared_objects() as texts:
            self._compare(batch, machines, report)
        report.texts = texts
        for name, machine in machines.items():
            report.compiled[name] += machine.compiled - before[name]
        return report

    def _compare(self, batch: Batch, machines: Mapping[str, Runner], report: Report) -> None:
        oracle, runners = Oracle(), {EVALUATOR: Evaluator(), **machines}
        oracle.load(batch.code, batch.data)
        for runner in runners.values():
            runner.load(batch)
        state = STATES[self.state]
        for case in batch.cases:
            report.decoded(case, state)
            report.differences.extend(_compare(case, state, oracle, runners, report))


_opened: dict[tuple[str, tuple[str, ...]], Machine] = {}
"""The machines of this process, by setting and passes left out. They hold what was copied."""


def _machines(settings: Sequence[str], without: tuple[str, ...]) -> dict[str, Machine]:
    """A machine for each setting. One that can copy nothing new is replaced."""
    for name in settings:
        chosen = name, without
        if chosen in _opened and _opened[chosen].is_full:
            _opened.pop(chosen).close()
        if chosen not in _opened:
            _opened[chosen] = Machine(SETTINGS[name], without)
    return {name: _opened[name, without] for name in settings}


def close() -> None:
    """Release the machines of this process."""
    while _opened:
        _opened.popitem()[1].close()


def campaign(count: int, **chosen: Any) -> Report:
    """Do a campaign in this process (see ``Campaign``)."""
    whole, report = Campaign(count, **chosen), Report()
    try:
        for piece in whole.pieces:
            report.add(whole.run(piece))
    finally:
        close()
    return report


def _compare(
    case: Case, state: State, oracle: Oracle, runners: Mapping[str, Runner], report: Report
) -> Iterator[str]:
    theirs, refusable = oracle.run(case), state.refusable(case)
    for name, runner in runners.items():
        ours = runner.run(case)
        report.runs[name] += len(case.words) if case.sequence else 1
        if name == EVALUATOR:
            report.kinds[ours.kind] += 1
            report.ran[case.row.name] += ours.kind == theirs.kind == "ran"
        if refusable and ours.kind == "ran":
            yield f"{name}: {case}: ran, though {refusable}"
        elif ours != theirs:
            words = state.excuse(case, ours, theirs, oracle)
            if words is None:
                yield f"{name}: {difference(case, ours, theirs)}"
            else:
                report.excuses[words] += 1


def show(what: str, report: Report, limit: int) -> None:
    """Print a report."""
    print(what)
    print(f"  outcomes: {dict(report.kinds)}; {sum(map(bool, report.ran.values()))} rows ran")
    print(f"  instructions: {dict(report.runs)}")
    print(f"  blocks compiled: {dict(+report.compiled)}")
    print(f"  texts compiled: {dict(report.texts)}")
    print(f"  listed as capstone does: {report.listed} words")
    for words, times in report.unlisted.most_common():
        print(f"    {times:7} have no text there: {words}")
    print("  where the oracle may differ:")
    for words, times in report.excuses.most_common():
        print(f"    {times:7} runs: {words}")
    for text in report.differences[:limit]:
        print(text)
    print(f"  {len(report.differences)} differences", flush=True)


def _do(
    whole: Campaign, ledger: chunks.Ledger, args: argparse.Namespace, keep: Callable[[], None]
) -> Report:
    """Do what is left of a campaign as the command line says, print what came of it, and return
    it. ``keep`` is called after each piece."""
    of = {"arm": "ARM", "thumb": "Thumb"}[whole.state]
    what = f"{of} instructions" if whole.length == 1 else f"sequences of {whole.length} {of} ones"
    pieces = range(ledger.every) if args.pieces is None else args.pieces
    left = [piece for piece in ledger.left(pieces) if piece < ledger.every]
    progress = chunks.Progress(f"pieces of {what}", len(left))
    for done, (piece, part) in enumerate(chunks.results(whole.run, left, args.jobs), 1):
        part.differences = [f"piece {piece}: {text}" for text in part.differences]
        for text in part.differences:
            print(text, file=sys.stderr, flush=True)
        ledger.add(piece, attrs.asdict(part), progress.lap())
        keep()
        progress.tell(done, len(ledger.figures["differences"]))
    report = Report(**ledger.figures)
    show(f"{whole.count} {what}, seed {whole.seed}, {ledger}", report, args.show)
    return report


def main() -> int:
    """Run a campaign, print its figures and differences; 1 when there are any."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    chunks.arguments(parser, resumes=True)
    parser.add_argument("--count", type=chunks.positive, default=200_000)
    parser.add_argument("--setting", action="append", choices=SETTINGS, help="may be repeated")
    parser.add_argument(
        "--row",
        action="append",
        default=[],
        choices=sorted({name for state in STATES.values() for name in state.table.by_name}),
        metavar="ROW",
        help="only these rows",
    )
    parser.add_argument("--state", default="both", choices=(*STATES, "both"))
    parser.add_argument(
        "--share", type=chunks.positive, default=10, help="compile one batch in so many"
    )
    parser.add_argument(
        "--length",
        type=int,
        default=12,
        choices=range(1, 16),
        metavar="N",
        help="instructions in a sequence, up to 15; 1: no sequences",
    )
    parser.add_argument("--only", choices=("singles", "sequences"), help="one of the two")
    parser.add_argument("--no-pass", action="append", default=[], help="leave out a pass")
    args = parser.parse_args()
    if args.only == "sequences" and (args.row or args.length == 1):
        parser.error("--only sequences: there are none of chosen rows, or of --length 1")
    wholes = _campaigns(args)
    ledgers = [chunks.Ledger(attrs.asdict(whole), len(whole.pieces)) for whole in wholes]
    chunks.chosen(parser, args, max(ledger.every for ledger in ledgers))
    chunks.resume(parser, args, *ledgers)
    keep = partial(chunks.write_all, args.json, ledgers)
    reports = [
        _do(whole, ledger, args, keep) for whole, ledger in zip(wholes, ledgers, strict=True)
    ]
    close()
    keep()
    return int(any(report.differences for report in reports))


def _campaigns(args: argparse.Namespace) -> list[Campaign]:
    """For each state single instructions, and as many in sequences, in as many pieces."""
    states = STATES if args.state == "both" else (args.state,)
    return [whole for state in states for whole in _campaigns_in(state, args)]


def _campaigns_in(state: str, args: argparse.Namespace) -> Iterator[Campaign]:
    settings = tuple(args.setting) if args.setting else None
    rows = tuple(name for name in args.row if name in STATES[state].table.by_name)
    chosen = {
        "seed": args.seed, "share": args.share, "without": tuple(args.no_pass), "state": state,
    }  # fmt: skip
    if args.only != "sequences" and (rows or not args.row):
        yield Campaign(
            args.count, settings=settings or SINGLE, rows=rows, batches=args.length, **chosen
        )
    if args.only != "singles" and not args.row and args.length > 1:
        count = -(-args.count // args.length)
        yield Campaign(count, settings=settings or SEQUENCES, length=args.length, **chosen)


if __name__ == "__main__":
    sys.exit(main())
