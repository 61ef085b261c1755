"""Copied stencils against the evaluator: random ARM words, each as a block of one instruction, or of
two of which the second overwrites the flags, on random state and memory.

Compared are what the block is said to be made from, the state, memory, fuel, and how it is left.

    python -m support.stencil_trials --count 20000 --seed 1         (from tests/)
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from random import Random

import attrs
from support import chunks
from support.arm_fuzz_memory import draw
from support.own_memory import OwnMemory
from support.shared_objects import shared_objects
from support.stencils import Copies

from backends.numba_jit import abi, tables
from backends.numba_jit.stencils import abi as stencils
from dbt.decode.table import Row
from dbt.interfaces import EXEC, PAGE, READ, WRITE, Extent
from dbt.ir.block import CONDITION_PASSED, Block, BlockKey, Halt, Return, Swi
from dbt.ir.evaluate import Fault, Left, Outcome, evaluate_block
from dbt.runtime.counters import Counters, Stacks
from dbt.runtime.memory import GuestMemory
from frontends.arm import ArmFrontend
from frontends.arm.encodings import A32, neon

PAGES = (0x8000, 0x7FFF_F000, 0xBFFF_0000)
"""Where code is put. Nothing is in front of these pages."""
DATA, DATA_SIZE, READ_ONLY = 0x200_0000, 4 * PAGE, 0x201_0000
SPACING = 3
"""Words of one trial: what is in front, the instruction, and what overwrites the flags."""
OVERWRITES_FLAGS = 0xE3500000  # cmp r0, #0
RETURNS = 0xE12FFF1E  # bx lr: what is behind an instruction on its own
IN_FRONT = (
    0xE1A0E00F,  # mov lr, pc
    0xE28FE000,  # add lr, pc, #0
    0xE49DE004,  # pop {lr}
    0xE320F000,  # nop
)
FUEL = 10
BOUNDS = (0, 1, 31, 32, 255, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
ALWAYS = 0xE
STORES_SEVERAL = frozenset(
    {"STM", "STRD_imm", "STRD_post", "STRD_reg", "STRD_rpost", "STREXD", "VSTM", "VSTMDB"}
    | {row.name for row in neon.a32() if row.name.startswith("VLD")}
)
"""Rows that may have stored something when a store of theirs is refused by the host."""
ROWS = {**A32.by_name, **neon.a32().by_name}


@attrs.frozen
class Trial:
    """An instruction of a row at ``pc``, with the words in front of it and behind it."""

    row: Row
    word: int
    pc: int
    front: int
    behind: int
    mode: int

    @property
    def key(self) -> BlockKey:
        """The key of its block."""
        return BlockKey(self.pc, self.mode)

    def __str__(self) -> str:
        two = ", then cmp" if self.behind == OVERWRITES_FLAGS else ""
        return f"{self.row.name} {self.word:08x}{two} at {self.pc:#x} mode {self.mode}"


@attrs.define
class Report:
    """What trials came to. ``refused``: rows with words that are not copied; ``stepped``: runs left
    to the evaluator, because an access crosses the end of a page. ``by_host``: runs left because
    the host has refused an access. ``partial``: those left at a later access than the first, when
    others had been made."""

    kinds: Counter[str] = attrs.field(factory=Counter, converter=Counter)
    copied: Counter[str] = attrs.field(factory=Counter, converter=Counter)
    refused: Counter[str] = attrs.field(factory=Counter, converter=Counter)
    stepped: int = 0
    by_host: int = 0
    partial: int = 0
    differences: list[str] = attrs.Factory(list)


class Recorder(OwnMemory):
    """Guest memory for the evaluator, which notes whether an access crosses the end of a page."""

    def __init__(self, memory: GuestMemory) -> None:
        self._memory = memory
        self.crossed = False

    def load(self, address: int, size: int) -> int:
        self._note(address, size)
        return self._memory.load(address, size)

    def store(self, address: int, size: int, value: int) -> None:
        self._note(address, size)
        self._memory.store(address, size, value)

    def _note(self, address: int, size: int) -> None:
        self.crossed |= address % PAGE + size > PAGE


class Bench:
    """Runs trials and compares."""

    def __init__(self, seed: int | str = 0, runs: int = 3, *, checked: bool = True) -> None:
        self.random = Random(seed)
        self.runs, self.checked = runs, checked
        self.report = Report()
        self.copies = Copies(insns=2, checked=checked)
        self._frontend = ArmFrontend()
        self._frontend.max_insns = 2
        self._id = 0
        memory = self.copies.memory
        for page in PAGES:
            memory.map(page, PAGE, READ | EXEC)
        if checked:
            memory.map(DATA, DATA_SIZE, READ | WRITE)
        else:  # the same, as memory that other processes may have
            memory.map_shared(DATA, DATA_SIZE, READ | WRITE, -1, 0)
        memory.map(READ_ONLY, PAGE, READ)

    # -- drawing

    def trials(self, rows: Iterable[Row], words: int) -> Iterator[Trial]:
        """So many words of each row, page by page: what a page lacks is compiled at once."""
        drawn = [(row, _draw(self.random, row)) for row in rows for _ in range(words)]
        self.random.shuffle(drawn)
        on_page = PAGE // (4 * SPACING)
        for first in range(0, len(drawn), on_page):
            page = self.random.choice(PAGES)
            yield from self._placed(page, drawn[first : first + on_page])

    def _placed(self, page: int, drawn: Sequence[tuple[Row, int]]) -> list[Trial]:
        trials, code = [], bytearray()
        for row, word in drawn:
            random = self.random
            # The first instruction of a page has nothing in front of it.
            front = random.choice((*IN_FRONT, random.getrandbits(32))) if code else None
            behind = random.choice((OVERWRITES_FLAGS, RETURNS))
            passed = word >> 28 < ALWAYS and random.random() < 0.4
            pc = page + len(code) + (0 if front is None else 4)
            mode = CONDITION_PASSED if passed else 0
            trials.append(Trial(row, word, pc, front or 0, behind, mode))
            words = (word, behind) if front is None else (front, word, behind)
            code += b"".join(one.to_bytes(4, "little") for one in words)
        self.copies.memory.poke(page, bytes(code))
        return trials

    def _state(self) -> dict[str, int]:
        """A value for each slot: any bits, a bound, or an address of data."""
        one_bit = self.random.getrandbits
        state = {
            slot.name: one_bit(1) if slot.type.bits == 1 else self._value(slot.type.bits)
            for slot in self._frontend.layout.slots
        }
        return {**state, "ef": 0, "pc": 0}

    def _value(self, bits: int = 32) -> int:
        random = self.random
        if bits > 32:
            return self._value() | self._value() << 32
        # Without checks the host notices the end of data amid an instruction.
        match random.randrange(5 if self.checked else 6):
            case 0:
                return random.getrandbits(32)
            case 1:
                return DATA + random.randrange(DATA_SIZE)
            case 2:
                return DATA + 4 * random.randrange(DATA_SIZE // 4)
            case 3:
                return READ_ONLY + 4 * random.randrange(9)
            case 4:
                return random.choice(BOUNDS)
        return DATA + DATA_SIZE - 4 * random.randrange(9)

    # -- running

    def run(self, trials: Iterable[Trial]) -> Report:
        """Copy each block, run it, and compare it with what the evaluator does."""
        for trial in trials:
            self._id = self._id % 30000 + 1
            draft = self.copies.draft(trial.key)
            if draft is None:
                self.report.refused[trial.row.name] += 1
                continue
            block = self._lift(trial, draft.size)
            # No link leads out of a system call.
            targets = () if isinstance(block.exit, Swi) else Extent.of(block).targets
            lifted = (block.size, block.before, block.insn_count, targets)
            drafted = (draft.size, draft.before, draft.counted, draft.targets)
            if drafted != lifted:
                self._differs(trial, f"made from {drafted}, lifted from {lifted}")
            self.report.copied[trial.row.name] += 1
            start, end = self.copies.copy(draft, self._id)
            for _ in range(self.runs):
                self._compare(trial, block, draft.insns, start, end)
            self.copies.copier.free(start, end)
        return self.report

    def _lift(self, trial: Trial, size: int) -> Block:
        """The same instructions as the frontend lifts them."""
        return self._frontend.lift(self.copies.memory, trial.key, {trial.pc + size})

    def _left(self, insns: int, start: int, end: int) -> tuple[int, int]:
        """Run a block of so many instructions. Returns the kind and payload of its exit, that of an instruction where the
        host has refused an access to it."""
        kind, payload = self.copies.run(start)
        if kind != tables.X_REFUSED:
            return kind, payload
        self.report.by_host += 1
        copier = self.copies.copier
        index = copier.index_at(start, end, insns, copier.code.start + payload)
        return self._side(index, stencils.X_FAULT)

    def _compare(self, trial: Trial, block: Block, insns: int, start: int, end: int) -> None:
        copies = self.copies
        data = self.random.randbytes(PAGE) * (DATA_SIZE // PAGE)
        self._begin(self._state(), data)
        before = copies.state.snapshot()
        recorder = Recorder(copies.memory)
        outcome = evaluate_block(
            block, copies.state, recorder, Counters(copies.state), Stacks(), None
        )  # type: ignore[arg-type]
        expected = (copies.state.snapshot(), copies.memory.peek(DATA, DATA_SIZE))
        unchanged = (before, data)
        self._begin(before, data)
        left = self._left(insns, start, end)
        found = (copies.state.snapshot(), copies.memory.peek(DATA, DATA_SIZE))
        fuel = copies.control[abi.FUEL // 8]
        self.report.kinds[_kind(outcome)] += 1
        refused = left == self._side(0, stencils.X_FAULT)
        if refused and recorder.crossed:
            self.report.stepped += 1
            expected = unchanged
        elif left != (wanted := self._way(outcome, len(block.insts))):
            self._differs(trial, f"left by {left}, not {wanted}: {outcome}")
        elif isinstance(outcome, Fault):
            expected = unchanged
        several = refused and not self.checked and trial.row.name in STORES_SEVERAL
        if several and found[1] != data:
            self.report.partial += 1
            expected = before, found[1]
        if fuel != FUEL - block.insn_count:
            self._differs(trial, f"{FUEL - fuel} instructions were counted: {outcome}")
        if found[0] != expected[0]:
            differ = {
                name: (hex(found[0][name]), hex(value))
                for name, value in expected[0].items()
                if found[0][name] != value
            }
            self._differs(trial, f"state differs: {differ}")
        if found[1] != expected[1]:
            self._differs(trial, "memory differs")

    def _begin(self, state: dict[str, int], data: bytes) -> None:
        self.copies.memory.poke(DATA, data)
        self.copies.state.restore(state)
        self.copies.control[abi.FUEL // 8] = FUEL

    def _side(self, index: int, why: int) -> tuple[int, int]:
        """How a block is left at one of its instructions."""
        return tables.X_SIDE, self._id << 8 | index << 2 | why

    def _way(self, outcome: Outcome, insns: int) -> tuple[int, int]:
        """The kind and payload of the exit that an outcome stands for."""
        match outcome:
            case Left(exit=Swi()):
                return self._side(0, stencils.X_SYSTEM)
            case Left(exit=Halt()):
                return self._side(0, stencils.X_HALT)
            case Left(target=BlockKey(), index=index):
                return abi.X_LINK, 2 * self._id + index
            case Left(target=int() as target, exit=Return()):
                return abi.X_RETURN, target
            case Left(target=int() as target):
                return abi.X_JUMP, target
        return self._side(0, stencils.X_FAULT)

    def _differs(self, trial: Trial, text: str) -> None:
        self.report.differences.append(f"{trial}: {text}")

    def close(self) -> None:
        """Release memory."""
        self.copies.close()


def _draw(random: Random, row: Row) -> int:
    """A word of a row. Most of Advanced SIMD have even numbers of registers."""
    if row.name in A32.by_name:
        return draw(random, row)
    word = neon.a32().draw(random, row)
    even = word & ~0x11001
    found = neon.a32().match(even)
    return even if random.random() < 0.7 and found and found[0] is row else word


def _kind(outcome: Outcome) -> str:
    name = type(outcome).__name__
    return f"{name} {type(outcome.exit).__name__}" if isinstance(outcome, Left) else name


def campaign(
    words: int, seed: int | str = 0, rows: Sequence[str] = (), *, checked: bool = True
) -> Report:
    """Try so many words of each of these rows, or of all."""
    chosen = [ROWS[name] for name in rows or sorted(ROWS)]
    bench = Bench(seed, checked=checked)
    try:
        return bench.run(bench.trials(chosen, words))
    finally:
        bench.close()


PIECE = 25
"""Words of each row in a piece."""
CHECKED = {"explicit": True, "mmu": False}
"""Whether stencils test the guest's permissions, by what memory checks are called."""


def _piece(seed: int, rows: Sequence[str], words: int, piece: int) -> dict[str, Report]:
    """Try a piece of so many words of each row, with checks and without."""
    size = min(PIECE, words - piece * PIECE)
    with shared_objects():
        return {
            name: campaign(size, f"{seed} {piece}", rows, checked=checked)
            for name, checked in CHECKED.items()
        }


def main() -> int:
    """Run a campaign, print its figures and differences; 1 when there are any."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    chunks.arguments(parser, resumes=True)
    parser.add_argument("--count", type=chunks.positive, default=20_000, help="words of all rows")
    parser.add_argument(
        "--row", action="append", default=[], choices=sorted(ROWS), metavar="ROW",
        help="only these rows",
    )  # fmt: skip
    args = parser.parse_args()
    words = -(-args.count // len(args.row or ROWS))
    what = {"seed": args.seed, "rows": args.row, "words of each row": words}
    ledger = chunks.Ledger(what, -(-words // PIECE))
    pieces = chunks.chosen(parser, args, ledger.every)
    chunks.resume(parser, args, ledger)
    left = ledger.left(pieces)
    progress = chunks.Progress("pieces of blocks with checks and without", len(left))
    work = partial(_piece, args.seed, args.row, words)
    for done, (piece, parts) in enumerate(chunks.results(work, left, args.jobs), 1):
        for part in parts.values():
            part.differences = [f"piece {piece}: {text}" for text in part.differences]
            for text in part.differences:
                print(text, file=sys.stderr, flush=True)
        figures = {name: attrs.asdict(part) for name, part in parts.items()}
        ledger.add(piece, figures, progress.lap())
        chunks.write_all(args.json, [ledger])
        progress.tell(done, sum(len(part["differences"]) for part in ledger.figures.values()))
    reports = {name: Report(**figures) for name, figures in ledger.figures.items()}
    for name, report in reports.items():
        without = "" if CHECKED[name] else "out"
        _show(f"with{without} checks, seed {args.seed}, {ledger}", report, args.show)
    chunks.write_all(args.json, [ledger])
    return int(any(one.differences for one in reports.values()))


def _show(what: str, report: Report, limit: int) -> None:
    """Print a report."""
    print(f"{report.copied.total()} blocks of stencils {what}")
    print(
        f"  outcomes: {dict(report.kinds)}, {report.stepped} left to the evaluator, "
        f"{report.by_host} refused by the host, {report.partial} amid"
    )
    print(f"  refused: {dict(report.refused)}")
    for text in report.differences[:limit]:
        print(text)
    print(f"  {len(report.differences)} differences", flush=True)


if __name__ == "__main__":
    sys.exit(main())
