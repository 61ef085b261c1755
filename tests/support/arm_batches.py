"""Batches of random ARM instructions with the registers, flags and memory they find.

Words are drawn from the rows of the encoding table, each row as often as any other; registers are
pointers into a data area, offsets, bounds and anything.
"""

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import TypeAlias

import attrs
from support.arm_fuzz_memory import (
    CODE,
    DATA,
    DATA_SIZE,
    FLAG_BITS,
    NOP,
    REGISTERS,
    draw,
    matching_ldrex,
)
from support.arm_listing import DATA_ROWS
from support.arm_oracle import BATCH, CODE_SIZE, Case, pc_of
from support.own_memory import OwnMemory

from dbt.decode.table import Row, Table
from dbt.ir.block import Block, BlockKey, Goto, exit_targets
from dbt.ir.verifier import verify
from dbt.passes.pipeline import Pipeline
from dbt.stops import Access, GuestFault
from frontends.arm import ArmFrontend
from frontends.arm.encodings import A32, memory

SYSTEM_CALL, THUMB_SYSTEM_CALL = bytes.fromhex("000000ef"), bytes.fromhex("00df")
MEMORY_ROWS = frozenset(Table(memory.A32, never={"c": 0b1111}).by_name)

BOUNDS = (
    0, 1, 2, 31, 32, 33, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x00FF00FF, 0x7FFF7FFF, 0x7FFF8000,
    0x80007FFF, 0x80008000, 0x7F7F7F7F, 0x80808080, 0x40000000, 0x7FFFFFFF, 0x80000000, 0x80000001,
    0xFFFF8000, 0xFFFFFFFE, 0xFFFFFFFF,
)  # fmt: skip


Blocks: TypeAlias = Mapping[BlockKey, Block]


@attrs.frozen
class Batch:
    """Cases that share their code and data areas, lifted to blocks of ``insns`` instructions."""

    code: bytes
    data: bytes
    cases: tuple[Case, ...]
    insns: int
    _optimised: dict[tuple[int, tuple[str, ...]], Blocks] = attrs.field(
        factory=dict, eq=False, repr=False, init=False
    )

    def blocks(self, insns: int = 0) -> Blocks:
        """The blocks of every case, and those after a condition, of ``insns`` instructions at most
        if that is less than the batch has; lifted anew each time."""
        return {key: block for case in self.cases for key, block in self._blocks_of(case, insns)}

    def optimised(self, insns: int, passes: Pipeline) -> Blocks:
        """The same after passes, lifted once for all that run them: nobody may change them."""
        chosen = insns, tuple(passes.names())
        if chosen not in self._optimised:
            blocks = self.blocks(insns)
            for block in blocks.values():
                passes.run(block)
                verify(block, ArmFrontend.layout)
            self._optimised[chosen] = blocks
        return self._optimised[chosen]

    def _blocks_of(self, case: Case, insns: int) -> Iterator[tuple[BlockKey, Block]]:
        frontend = ArmFrontend()
        frontend.max_insns = insns or self.insns
        area, end = Area(self.code, b""), case.places[-1]
        keys, seen = [case.key], set[BlockKey]()
        for key in keys:
            if key in seen or not case.contains(key):
                continue
            seen.add(key)
            block = frontend.lift(area, key, {end})
            verify(block, frontend.layout)
            yield key, block
            keys += exit_targets(block.exit)


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


def surroundings(random: Random, *, thumb: bool = False) -> bytearray:
    """The code area before cases are put into it: system calls of random numbers, which loads find.

    Stencils are made for whole pages. Those of random words took more time than all that is
    compared, and nothing ran them.
    """
    code = bytearray(random.randbytes(CODE_SIZE))
    call = THUMB_SYSTEM_CALL if thumb else SYSTEM_CALL
    code[len(call) - 1 :: len(call)] = call[-1:] * (CODE_SIZE // len(call))
    return code


def draw_batch(random: Random, rows: Sequence[Row], size: int = BATCH) -> Batch:
    """Random cases, lifted and verified."""
    code = surroundings(random)
    cases = []
    for index in range(size):
        row = random.choice(rows)
        word = draw(random, row)
        first = matching_ldrex(random, word)
        words = (word,) if first == NOP else (first, word)
        cases.append(_placed(random, code, pc_of(index), row, words))
    return Batch(bytes(code), random.randbytes(DATA_SIZE), tuple(cases), 1)


def draw_sequences(random: Random, length: int, size: int = BATCH) -> Batch:
    """Random sequences of data, load and store instructions, each lifted as one block."""
    code = surroundings(random)
    # The oracle's exclusive monitor outlives a case.
    names = sorted(name for name in DATA_ROWS | MEMORY_ROWS if "EX" not in name)
    rows = [A32.by_name[name] for name in names]
    cases = []
    for index in range(size):
        chosen = [_straight(random, rows) for _ in range(length)]
        words = tuple(word for _, word in chosen)
        cases.append(_placed(random, code, pc_of(index), chosen[-1][0], words, sequence=True))
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
        if row.name.startswith("LDRD") and word >> 12 & 14 == word & 14 and not word >> 22 & 1:
            continue  # if m == t || m == t2 then UNPREDICTABLE
        block = frontend.lift(Area(word.to_bytes(4, "little"), b""), BlockKey(CODE))
        if isinstance(block.exit, Goto) and block.exit.target.pc == CODE + 4:
            return row, word


def _placed(
    random: Random,
    code: bytearray,
    pc: int,
    row: Row,
    words: tuple[int, ...],
    *,
    sequence: bool = False,
) -> Case:
    pointers = 0.7 if row.name in MEMORY_ROWS or sequence else 0.1
    return placed(random, code, Case(row, pc, words, (), 0, 0, 0, sequence), pointers)


def placed(random: Random, code: bytearray, case: Case, pointers: float) -> Case:
    """Put the instructions of a case in the code, and make up the rest of it. So many of its
    registers point into the data area."""
    at = case.pc - CODE
    code[at : at + len(case.code)] = case.code
    registers = tuple(_register(random, pointers) for _ in REGISTERS)
    cpsr = sum(random.getrandbits(1) << bit for bit in FLAG_BITS.values())
    tls, tlsw = random.getrandbits(32), random.getrandbits(32)
    return attrs.evolve(case, registers=registers, cpsr=cpsr, tls=tls, tlsw=tlsw)


class Area(OwnMemory):
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
