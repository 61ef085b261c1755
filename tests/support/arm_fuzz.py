"""Random ARM instructions on the IR's evaluator and on any backend, compared with Unicorn.

Words are drawn from the rows of the encoding table, each row as often as any other; registers are
pointers into a data area, offsets, bounds and anything. Compared are registers, flags, memory, where
execution goes on, and whether it faults or is undefined.

    python -m support.arm_fuzz --count 200000 --seed 1          (from tests/)
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Protocol

import attrs
from support.arm_fuzz_memory import (
    CODE,
    DATA,
    DATA_SIZE,
    FLAG_BITS,
    REGISTERS,
    Finish,
    Slots,
    draw,
    matching_ldrex,
)
from support.arm_oracle import (
    BATCH,
    CODE_SIZE,
    DATA_ROWS,
    Case,
    Oracle,
    difference,
    excused,
    pc_of,
)

from dbt.decode.table import Row, Table
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
from dbt.ir.block import TAKEN, Block, BlockKey, Branch, Goto, Halt, Swi
from dbt.ir.evaluate import Fault, Left, Trap, evaluate_block
from dbt.ir.verifier import verify
from dbt.passes.pipeline import Pipeline
from dbt.plugins import load
from dbt.runtime.counters import Counters, Stacks
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState
from dbt.stops import Access, GuestFault
from frontends.arm import ArmFrontend
from frontends.arm.encodings import A32, memory

EVALUATOR = "evaluator"
DEFAULT_BACKENDS = ("numba_jit:0", "numba_jit:2")
MEMORY_ROWS = frozenset(Table(memory.A32, never={"c": 0b1111}).by_name)

BOUNDS = (
    0, 1, 2, 31, 32, 33, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x00FF00FF, 0x7FFF7FFF, 0x7FFF8000,
    0x80007FFF, 0x80008000, 0x7F7F7F7F, 0x80808080, 0x40000000, 0x7FFFFFFF, 0x80000000, 0x80000001,
    0xFFFF8000, 0xFFFFFFFE, 0xFFFFFFFF,
)  # fmt: skip


# -- batches ---------------------------------------------------------------------------------------


@attrs.frozen
class Batch:
    """Cases that share their code and data areas, lifted to blocks of ``insns`` instructions."""

    code: bytes
    data: bytes
    cases: tuple[Case, ...]
    insns: int

    def blocks(self) -> dict[BlockKey, Block]:
        """The blocks of every case, and those after a condition; lifted anew each time."""
        frontend = ArmFrontend()
        frontend.max_insns = self.insns
        area = Area(self.code, b"")
        blocks = {}
        for case in self.cases:
            keys = [BlockKey(case.pc + at) for at in range(0, 4 * len(case.words), 4 * self.insns)]
            for key in keys:
                block = blocks[key] = frontend.lift(area, key)
                verify(block, frontend.layout)
                if isinstance(block.exit, Branch) and block.exit.taken.mode & TAKEN:
                    keys.append(block.exit.taken)
        return blocks


def _register(random: Random, pointers: float) -> int:
    chance = random.random()
    if chance < pointers:
        value = DATA + DATA_SIZE // 2 + random.randrange(-64, 64) * 4
        return value + random.choice((0, 0, 0, 1, 2, 3))
    if chance < pointers + (1 - pointers) / 3:
        return random.choice(BOUNDS)
    if chance < pointers + (1 - pointers) / 2:
        return random.randrange(-16, 16) & 0xFFFFFFFF
    return random.getrandbits(32)


def draw_batch(random: Random, rows: Sequence[Row], size: int = BATCH) -> Batch:
    """Random cases, lifted and verified."""
    code = bytearray(random.randbytes(CODE_SIZE))
    cases = []
    for index in range(size):
        row = random.choice(rows)
        word = draw(random, row)
        words = (matching_ldrex(random, word), word)
        cases.append(_placed(random, code, pc_of(index), row, words))
    return Batch(bytes(code), random.randbytes(DATA_SIZE), tuple(cases), 1)


def draw_sequences(random: Random, length: int, size: int = BATCH) -> Batch:
    """Random sequences of data, load and store instructions, each lifted as one block."""
    code = bytearray(random.randbytes(CODE_SIZE))
    # The oracle's exclusive monitor outlives a case.
    names = sorted(name for name in DATA_ROWS | MEMORY_ROWS if "EX" not in name)
    rows = [A32.by_name[name] for name in names]
    cases = []
    for index in range(size):
        chosen = [_straight(random, rows) for _ in range(length)]
        words = tuple(word for _, word in chosen)
        cases.append(_placed(random, code, pc_of(index), chosen[-1][0], words))
    return Batch(bytes(code), random.randbytes(DATA_SIZE), tuple(cases), length)


def _straight(random: Random, rows: Sequence[Row]) -> tuple[Row, int]:
    """A row and a word of it that neither jumps nor is refused."""
    frontend = ArmFrontend()
    frontend.max_insns = 1
    while True:
        # Few loads and stores: with random registers, most of them fault and end the sequence.
        row = random.choice(rows)
        if row.name in MEMORY_ROWS and random.random() < 0.9:
            continue
        word = draw(random, row)
        block = frontend.lift(Area(word.to_bytes(4, "little"), b""), BlockKey(CODE))
        if isinstance(block.exit, Goto) and block.exit.target.pc == CODE + 4:
            return row, word


def _placed(random: Random, code: bytearray, pc: int, row: Row, words: tuple[int, ...]) -> Case:
    """Put words in the code and make up the rest of their case."""
    code[pc - CODE : pc - CODE + 4 * len(words)] = b"".join(w.to_bytes(4, "little") for w in words)
    pointers = 0.7 if row.name in MEMORY_ROWS or len(words) > 2 else 0.1
    registers = tuple(_register(random, pointers) for _ in REGISTERS)
    cpsr = sum(random.getrandbits(1) << bit for bit in FLAG_BITS.values())
    return Case(row, pc, words, registers, cpsr, random.getrandbits(32), random.getrandbits(32))


class Area:
    """Code and data as the frontend and the evaluator want them."""

    def __init__(self, code: bytes | bytearray, data: bytes) -> None:
        self.code = code
        self.data = bytearray(data)

    def _at(self, address: int, size: int, access: Access) -> tuple[bytes | bytearray, int]:
        for base, area, writable in ((CODE, self.code, False), (DATA, self.data, True)):
            offset = address - base
            if 0 <= offset <= len(area) - size and (writable or access is not Access.WRITE):
                return area, offset
        raise GuestFault(address, access)

    def fetch(self, address: int, size: int) -> bytes:
        area, offset = self._at(address, size, Access.EXECUTE)
        return bytes(area[offset : offset + size])

    def load(self, address: int, size: int) -> int:
        area, offset = self._at(address, size, Access.READ)
        return int.from_bytes(area[offset : offset + size], "little")

    def store(self, address: int, size: int, value: int) -> None:
        area, offset = self._at(address, size, Access.WRITE)
        area[offset : offset + size] = value.to_bytes(size, "little")  # type: ignore[index]


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
        frontend.location_of(BlockKey(key.pc, key.mode & ~TAKEN)),
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
        while completed < len(case.words) or key.mode & TAKEN:
            block = self.blocks[key]
            outcome = evaluate_block(block, state, area, None, None)  # type: ignore[arg-type]
            match outcome:
                case Fault():
                    return _stopped("fault", case, state)
                case Trap(reason=reason):
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

    def __init__(self, backend: str) -> None:
        name, _, tier = backend.partition(":")
        self.memory = GuestMemory()
        self.memory.map(CODE, -(-CODE_SIZE // 4096) * 4096, READ | EXEC)
        self.memory.map(DATA, DATA_SIZE, READ | WRITE)
        self.state = GuestState(ArmFrontend.layout)
        self.pipeline = Pipeline.default()
        options = BackendOptions(tier=tier or "auto")
        self.executor = load("dbt.backends", name)().open(
            Context(self.state, self.memory, Counters(), Stacks(), ArmFrontend().key_of, options)
        )
        self.data = b""

    def load(self, batch: Batch) -> None:
        self.executor.discard(list(self.executor.installed()))
        self.memory.poke(CODE, batch.code)
        self.data = batch.data
        for block in batch.blocks().values():
            self.pipeline.run(block)
            verify(block, ArmFrontend.layout)
            self.executor.install(block)

    def run(self, case: Case) -> Finish:
        self.memory.poke(DATA, self.data)
        for name, value in _start_state(case).items():
            self.state.set(name, value)
        self.executor.fuel = len(case.words)
        event = self.executor.run(BlockKey(case.pc))
        state = self.state.snapshot()
        match event:
            case NotTranslated(key=key) | FuelOut(key=key):
                return _finish(state, key, self.memory.peek(DATA, DATA_SIZE))
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
    """What a campaign saw. ``ran`` counts per row the cases that executed on both sides."""

    kinds: Counter[str] = attrs.Factory(Counter)
    ran: Counter[str] = attrs.Factory(Counter)
    excuses: Counter[str] = attrs.Factory(Counter)
    differences: list[str] = attrs.Factory(list)


def campaign(
    count: int,
    seed: int = 0,
    backends: Sequence[str] = (),
    rows: Sequence[str] = (),
    length: int = 1,
) -> Report:
    """Compare ``count`` random instructions of ``rows`` (all of the table when empty), or, with a
    ``length``, ``count`` sequences of that many, up to 16.

    The evaluator always runs; ``backends`` are names with a tier, as ``numba_jit:0``.
    """
    report = Report()
    random = Random(seed)
    chosen = [A32.by_name[name] for name in rows or sorted(A32.by_name)]
    oracle = Oracle()
    machines = {name: Machine(name) for name in backends}
    runners: dict[str, Runner] = {EVALUATOR: Evaluator(), **machines}
    for done in range(0, count, BATCH):
        size = min(BATCH, count - done)
        if length > 1:
            batch = draw_sequences(random, length, size)
        else:
            batch = draw_batch(random, chosen, size)
        for each in (oracle, *runners.values()):
            if isinstance(each, Oracle):
                each.load(batch.code, batch.data)
            else:
                each.load(batch)
        for case in batch.cases:
            report.differences.extend(_compare(case, oracle, runners, report))
    for machine in machines.values():
        machine.close()
    return report


def _compare(
    case: Case, oracle: Oracle, runners: Mapping[str, Runner], report: Report
) -> Iterator[str]:
    theirs = oracle.run(case)
    for name, runner in runners.items():
        ours = runner.run(case)
        if name == EVALUATOR:
            report.kinds[ours.kind] += 1
            report.ran[case.row.name] += ours.kind == theirs.kind == "ran"
        if ours != theirs:
            words = excused(case, ours, theirs)
            if words is None:
                yield f"{name}: {difference(case, ours, theirs)}"
            else:
                report.excuses[words] += 1


def main() -> int:
    """Run a campaign, print its figures and differences; 1 when there are any."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--backend", action="append", help="NAME:TIER, may be repeated")
    parser.add_argument("--row", action="append", default=[], help="only these rows")
    parser.add_argument("--length", type=int, default=1, help="instructions in a sequence")
    parser.add_argument("--show", type=int, default=20, help="differences to print")
    args = parser.parse_args()
    backends = DEFAULT_BACKENDS if args.backend is None else [b for b in args.backend if b]
    report = campaign(args.count, args.seed, backends, args.row, args.length)
    print(
        f"{args.count} instructions of {len(report.ran)} rows, seed {args.seed}: {dict(report.kinds)}"
    )
    for words, times in report.excuses.most_common():
        print(f"  excused {times:6}: {words}")
    for text in report.differences[: args.show]:
        print(text)
    print(f"{len(report.differences)} differences")
    return bool(report.differences)


if __name__ == "__main__":
    sys.exit(main())
