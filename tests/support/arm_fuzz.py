"""Random ARM instructions on the IR's evaluator and on any backend, compared with Unicorn.

Compared are registers, flags, memory, where execution goes on, and whether it faults or is
undefined; and how each word is decoded, with capstone. First single instructions, then as many in
sequences that are translated and optimised as one block.

    python -m support.arm_fuzz --count 200000 --seed 1          (from tests/)
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Protocol

import attrs
from support.arm_batches import Area, Batch, draw_batch, draw_sequences
from support.arm_fuzz_memory import CODE, DATA, DATA_SIZE, FLAG_BITS, REGISTERS, Finish, Slots
from support.arm_listing import listing, mnemonics, silent
from support.arm_oracle import (
    BATCH,
    CODE_SIZE,
    Case,
    Oracle,
    difference,
    excused,
    unpredictable,
)

from dbt.interfaces import (
    EXEC,
    READ,
    WRITE,
    BackendOptions,
    Context,
    FaultHit,
    FuelOut,
    HaltHit,
    NotTranslated,
    SyscallHit,
    TrapHit,
)
from dbt.ir.block import CONDITION_PASSED, Block, BlockKey, Halt, Swi
from dbt.ir.evaluate import Fault, Left, TrapFired, evaluate_block
from dbt.ir.verifier import verify
from dbt.passes.pipeline import Pipeline
from dbt.plugins import load
from dbt.runtime.counters import Counters, Stacks
from dbt.runtime.functions import Functions
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState
from dbt.stops import Access
from frontends.arm import ArmFrontend
from frontends.arm.encodings import A32

EVALUATOR = "evaluator"
COPIED = "numba_jit:copied"
"""Tier 0 with the frontend at hand, so that it copies stencils."""
DEFAULT_BACKENDS = ("reference", "numba_jit:0", COPIED, "numba_jit:2")
COMPILED = frozenset({"numba_jit:1", "numba_jit:2"})

# -- runners ---------------------------------------------------------------------------------------


class Runner(Protocol):
    """Runs the cases of a batch."""

    def load(self, batch: Batch) -> None: ...
    def run(self, case: Case) -> Finish: ...


def _finish(state: Mapping[str, int], key: BlockKey, data: bytes) -> Finish:
    frontend = ArmFrontend()
    return Finish(
        "ran",
        tuple(state[name] for name in REGISTERS),
        sum(state[name] << bit for name, bit in FLAG_BITS.items()),
        frontend.location_of(BlockKey(key.pc, key.mode & ~CONDITION_PASSED)),
        state["tlsw"],
        data,
    )


def _stopped(kind: str, case: Case, state: Mapping[str, int]) -> Finish:
    """A stop; what stopped must not have changed any register."""
    if kind != "undefined" and case.single and tuple(state[n] for n in REGISTERS) != case.registers:
        return Finish(f"{kind}, registers changed")
    return Finish(kind)


def _start_state(case: Case) -> dict[str, int]:
    state = dict(zip(REGISTERS, case.registers, strict=True))
    state.update(tls=case.tls, tlsw=case.tlsw, excl_on=0)
    state.update({name: case.cpsr >> bit & 1 for name, bit in FLAG_BITS.items()})
    return state


class Evaluator:
    """Evaluates the blocks as they were lifted."""

    def load(self, batch: Batch) -> None:
        self.batch = batch
        self.blocks = batch.blocks()

    def run(self, case: Case) -> Finish:
        area = Area(self.batch.code, self.batch.data)
        state = Slots({slot.name: 0 for slot in ArmFrontend.layout.slots})
        state.update(_start_state(case))
        key = BlockKey(case.pc)
        completed = 0
        while completed < len(case.words) or key.mode & CONDITION_PASSED:
            block = self.blocks[key]
            outcome = evaluate_block(block, state, area, None, None)  # type: ignore[arg-type]
            match outcome:
                case Fault(access=Access.UNALIGNED):
                    return _stopped("alignment", case, state)
                case Fault():
                    return _stopped("fault", case, state)
                case TrapFired(reason=reason):
                    return _stopped(reason, case, state)
                case Left(exit=Halt() | Swi()):
                    return _stopped("undefined", case, state)
                case Left(target=target, completed=count):
                    assert target is not None
                    key = target if isinstance(target, BlockKey) else ArmFrontend().key_of(target)
                    completed += count
        return _finish(state, key, bytes(area.data))


class Machine:
    """Runs the blocks, optimised, on an executor of a backend."""

    def __init__(self, backend: str, without: Sequence[str] = ()) -> None:
        name, _, tier = backend.partition(":")
        self.memory = GuestMemory()
        self.memory.map(CODE, -(-CODE_SIZE // 4096) * 4096, READ | EXEC)
        self.memory.map(DATA, DATA_SIZE, READ | WRITE)
        self.state = GuestState(ArmFrontend.layout)
        self.pipeline = Pipeline.default().without(without)
        self.lifter = ArmFrontend() if backend == COPIED else None
        options = BackendOptions(tier="0" if self.lifter else tier or "auto")
        self.executor = load("dbt.backends", name)().open(
            Context(
                self.state,
                self.memory,
                Counters(),
                Stacks(),
                Functions(self.state.address),
                ArmFrontend().key_of,
                ArmFrontend().location_of,
                options,
                self.lifter,
            )
        )
        self.data = b""

    def load(self, batch: Batch) -> None:
        self.executor.discard(list(self.executor.index))
        self.memory.poke(CODE, batch.code)
        self.data = batch.data
        if self.lifter:
            self.lifter.max_insns = batch.insns
        for block in batch.blocks().values():
            if self.lifter and self.executor.translate(
                block.key, {block.key.pc + block.size}, self._not_lifted
            ):
                continue
            self.pipeline.run(block)
            verify(block, ArmFrontend.layout)
            self.executor.install(block)

    def _not_lifted(self, key: BlockKey, size: int) -> Block:
        """Makes the IR of a copied block, for which nobody asks."""
        raise AssertionError(key, size)

    def _continues(self, key: BlockKey, case: Case) -> bool:
        """Install what is left of a sequence that was copied up to an instruction that cannot be.
        False if nothing is."""
        end = case.pc + 4 * len(case.words)
        if self.lifter is None or not case.pc < key.pc < end:
            return False
        if not self.executor.translate(key, {end}, self._not_lifted):
            self.executor.install(self.lifter.lift(self.memory, key, {key.pc + 4}))
        return True

    def run(self, case: Case) -> Finish:
        self.memory.poke(DATA, self.data)
        for name, value in _start_state(case).items():
            self.state.set(name, value)
        self.executor.fuel = len(case.words)
        event = self.executor.run(BlockKey(case.pc))
        while isinstance(event, NotTranslated) and self._continues(event.key, case):
            event = self.executor.run(event.key)
        state = self.state.snapshot()
        match event:
            case NotTranslated(key=key) | FuelOut(key=key):
                return _finish(state, key, self.memory.peek(DATA, DATA_SIZE))
            case FaultHit(access=Access.UNALIGNED):
                return _stopped("alignment", case, state)
            case FaultHit():
                return _stopped("fault", case, state)
            case TrapHit(reason=reason):
                return _stopped(reason, case, state)
            case HaltHit() | SyscallHit():
                return _stopped("undefined", case, state)
        raise AssertionError(event)

    def close(self) -> None:
        """Release the executor and the memory."""
        self.executor.close()
        self.memory.close()


# -- the campaign ----------------------------------------------------------------------------------


@attrs.define
class Report:
    """What a campaign saw. ``ran`` counts per row the cases that executed on both sides,
    ``runs`` per runner the cases it ran."""

    kinds: Counter[str] = attrs.Factory(Counter)
    ran: Counter[str] = attrs.Factory(Counter)
    runs: Counter[str] = attrs.Factory(Counter)
    listed: int = 0
    unlisted: Counter[str] = attrs.Factory(Counter)
    excuses: Counter[str] = attrs.Factory(Counter)
    differences: list[str] = attrs.Factory(list)

    def decoded(self, case: Case) -> None:
        """Compare how the words of a case are decoded with capstone's listing."""
        drawn = case.words[1:] if len(case.words) == 2 else case.words  # the first makes it ready
        for word in drawn:
            found = A32.match(word)
            assert found is not None
            listed = listing(word)
            if listed in mnemonics(found[0], word):
                self.listed += 1
                continue
            words = silent(found[0], word) or unpredictable(found[0], word)
            if listed == ".word" and words:
                self.unlisted[words] += 1
            else:
                self.differences.append(f"{found[0].name} {word:08x}: capstone has {listed}")


def campaign(
    count: int,
    seed: int = 0,
    backends: Sequence[str] = (),
    rows: Sequence[str] = (),
    length: int = 1,
    share: int = 1,
    without: Sequence[str] = (),
) -> Report:
    """Compare ``count`` random instructions of ``rows`` (all of the table when empty), or, with a
    ``length``, ``count`` sequences of that many, up to 16.

    The evaluator always runs; ``backends`` are names with a tier, as ``numba_jit:0``. Those of
    ``COMPILED`` run one batch in ``share``. The passes in ``without`` are left out.
    """
    report = Report()
    random = Random(seed)
    chosen = [A32.by_name[name] for name in rows or sorted(A32.by_name)]
    oracle = Oracle()
    machines = {name: Machine(name, without) for name in backends}
    runners: dict[str, Runner] = {EVALUATOR: Evaluator(), **machines}
    for done in range(0, count, BATCH):
        size = min(BATCH, count - done)
        if length > 1:
            batch = draw_sequences(random, length, size)
        else:
            batch = draw_batch(random, chosen, size)
        oracle.load(batch.code, batch.data)
        rests = COMPILED if done // BATCH % share else frozenset[str]()
        awake = {name: runner for name, runner in runners.items() if name not in rests}
        for runner in awake.values():
            runner.load(batch)
        for case in batch.cases:
            report.decoded(case)
            report.differences.extend(_compare(case, oracle, awake, report))
    for machine in machines.values():
        machine.close()
    return report


def _compare(
    case: Case, oracle: Oracle, runners: Mapping[str, Runner], report: Report
) -> Iterator[str]:
    theirs = oracle.run(case)
    for name, runner in runners.items():
        ours = runner.run(case)
        report.runs[name] += 1
        if name == EVALUATOR:
            report.kinds[ours.kind] += 1
            report.ran[case.row.name] += ours.kind == theirs.kind == "ran"
        if ours != theirs:
            words = excused(case, ours, theirs)
            if words is None:
                yield f"{name}: {difference(case, ours, theirs)}"
            else:
                report.excuses[words] += 1


def show(what: str, report: Report, limit: int) -> int:
    """Print a report; the number of differences."""
    print(what)
    print(f"  outcomes: {dict(report.kinds)}; {sum(map(bool, report.ran.values()))} rows ran")
    print(f"  runs: {dict(report.runs)}")
    print(f"  listed as capstone does: {report.listed} words")
    for words, times in report.unlisted.most_common():
        print(f"    {times:7} have no text there: {words}")
    print("  where the oracle may differ:")
    for words, times in report.excuses.most_common():
        print(f"    {times:7} runs: {words}")
    for text in report.differences[:limit]:
        print(text)
    print(f"  {len(report.differences)} differences", flush=True)
    return len(report.differences)


def main() -> int:
    """Run a campaign, print its figures and differences; 1 when there are any."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--backend", action="append", help="NAME:TIER, may be repeated")
    parser.add_argument("--row", action="append", default=[], help="only these rows")
    parser.add_argument("--share", type=int, default=10, help="compile one batch in this many")
    parser.add_argument("--length", type=int, default=12, help="instructions in a sequence")
    parser.add_argument("--no-pass", action="append", default=[], help="leave out a pass")
    parser.add_argument("--show", type=int, default=20, help="differences to print")
    args = parser.parse_args()
    backends = DEFAULT_BACKENDS if args.backend is None else [b for b in args.backend if b]
    report = campaign(
        args.count, args.seed, backends, args.row, share=args.share, without=args.no_pass
    )
    found = show(f"{args.count} instructions, seed {args.seed}", report, args.show)
    if not args.row and args.length > 1:
        count = args.count // args.length
        report = campaign(count, args.seed, backends, length=args.length, without=args.no_pass)
        what = f"{count} sequences of {args.length} instructions, seed {args.seed}"
        found += show(what, report, args.show)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
