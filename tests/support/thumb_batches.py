"""Batches of random Thumb instructions, alone and in sequences with IT blocks.

A single instruction may stand behind an IT whose only one it is, or whose first; a sequence has IT
blocks of one to four instructions anywhere. All stand at addresses of 0 or 2 modulo 4.
"""

from collections.abc import Iterator, Sequence
from random import Random

from support.arm_batches import Area, Batch, placed, surroundings
from support.arm_fuzz_memory import CODE, DATA_SIZE, STORES
from support.arm_oracle import BATCH, Case, pc_of
from support.thumb_excuses import unpredictable, waits

from dbt.decode.table import Row, Table
from dbt.ir.block import BlockKey, Goto
from frontends.arm import ArmFrontend
from frontends.arm.encodings import t32_data_processing, t32_media, t32_memory, t32_multiply
from frontends.arm.encodings.t32 import T32
from frontends.arm.keys import IT, IT_SHIFT, THUMB

_NEVER = {"b": 0b1111}


def _names(*texts: str) -> frozenset[str]:
    return frozenset(Table(*texts, never=_NEVER, halfwords=True).by_name)


MEMORY_ROWS = _names(t32_memory.T32)
DATA_ROWS = _names(t32_data_processing.T32, t32_media.T32, t32_multiply.T32)
STATUS_ROWS = frozenset({"MRS", "MSR_reg", "HINT.T1", "HINT.T2", "MRC_TLS", "MCR_TLSW"})
"""Others that sequences have."""
COMPARES = tuple(
    name for name in sorted(DATA_ROWS) if name.startswith(("CMP", "CMN", "TST", "TEQ"))
)


def draw(random: Random, row: Row) -> int:
    """A word of the row, with 0 in the high half where the instruction has 16 bits. Most are none
    of those that are UNPREDICTABLE."""
    for _ in range(random.choice((1, 8, 8, 8))):
        word = T32.draw(random, row)
        if not unpredictable(row, word):
            break
    return word & 0xFFFF if row.size == 2 else word


def draw_batch(random: Random, rows: Sequence[Row], size: int = BATCH) -> Batch:
    """Random single instructions of rows."""
    code, cases = surroundings(random, thumb=True), []
    for index in range(size):
        row = random.choice(rows)
        word = draw(random, row)
        words = (*_in_front(random, row, word), word)
        cases.append(_placed(random, code, index, row, words))
    return Batch(bytes(code), random.randbytes(DATA_SIZE), tuple(cases), 1)


def draw_sequences(random: Random, length: int, size: int = BATCH) -> Batch:
    """Random sequences of instructions that do not leave it, each lifted as one block."""
    code, cases = surroundings(random, thumb=True), []
    for index in range(size):
        chosen = [*_straight(random, length)]
        words = tuple(word for _, word in chosen)
        cases.append(_placed(random, code, index, chosen[-1][0], words, sequence=True))
    return Batch(bytes(code), random.randbytes(DATA_SIZE), tuple(cases), length)


def _placed(
    random: Random,
    code: bytearray,
    index: int,
    row: Row,
    words: tuple[int, ...],
    *,
    sequence: bool = False,
) -> Case:
    pointers = 0.7 if row.name in MEMORY_ROWS or sequence else 0.1
    pc = pc_of(index) + random.choice((0, 2))
    return placed(random, code, Case(row, pc, words, (), 0, 0, 0, sequence, True), pointers)


def _in_front(random: Random, row: Row, word: int) -> Iterator[int]:
    """Perhaps an IT; before a STREX mostly the LDREX that arms the monitor for it."""
    if row.name.startswith(STORES) and random.random() < 0.7:
        yield _matching_ldrex(random, row, word)
    if random.random() < 0.4:
        yield _it(random, random.choice((1, 1, 1, 2)))


def _it(random: Random, count: int) -> int:
    """An IT for so many instructions."""
    first = random.randrange(15)
    others = random.getrandbits(4) if first < 14 else 0
    mask = others & -(1 << (5 - count)) | 1 << (4 - count)
    return 0xBF00 | first << 4 | mask


def _matching_ldrex(random: Random, row: Row, word: int) -> int:
    base = word & 15
    into, second = random.sample([n for n in range(13) if n != base], 2)
    if row.name == "STREX_at":
        return 0x0F00_E850 | base | into << 28 | (word >> 16 & 0xFF) << 16
    kind = word >> 20 & 15
    if row.since == "v8":
        kind -= 8 if row.name != "STLEX" else 14
    second = second if row.name.endswith("D_two") else 15
    return 0x000F_E8D0 | base | into << 28 | second << 24 | kind << 20


def _straight(random: Random, length: int) -> Iterator[tuple[Row, int]]:
    """Rows and words that neither jump nor are refused, where they stand."""
    names = sorted(name for name in DATA_ROWS | MEMORY_ROWS | STATUS_ROWS if "EX" not in name)
    it = 0
    for _ in range(length):
        if not it and random.random() < 0.25:
            row, word = T32.by_name["IT"], _it(random, random.randrange(1, 5))
            it = word & 0xFF
        else:
            row, word, it = _straight_one(random, names, it)
        yield row, word


def _straight_one(random: Random, names: Sequence[str], it: int) -> tuple[Row, int, int]:
    """A row, a word of it, and ITSTATE after it."""
    frontend = ArmFrontend()
    frontend.max_insns = 1
    key = BlockKey(CODE, THUMB | it << IT_SHIFT)
    while True:
        row = T32.by_name[random.choice(COMPARES if random.random() < 0.15 else names)]
        # Few loads and stores: with random registers, most of them fault and end the sequence.
        if row.name in MEMORY_ROWS and random.random() < 0.9:
            continue
        word = draw(random, row)
        if waits(row, word):
            continue
        block = frontend.lift(Area(word.to_bytes(4, "little"), b""), key)
        match block.exit:
            case Goto(target=BlockKey() as target) if target.pc == CODE + row.size:
                return row, word, (target.mode & IT) >> IT_SHIFT
