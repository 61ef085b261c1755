"""The memory, branch and system rows against capstone and Unicorn: what they match, and what not."""

from random import Random

import pytest
from support.arm_fuzz_memory import Oracle, random_start

from dbt.decode.table import Row
from frontends.arm.disasm import disassemble
from frontends.arm.encodings import A32, branch, memory, system

ROWS = [
    line.split()[0]
    for table in (memory, branch, system)
    for line in table.A32.splitlines()
    if line and not line.startswith("#")
]

MNEMONICS = {
    "LDM": ("ldm", "ldmda", "ldmdb", "ldmib", "pop"),
    "STM": ("stm", "stmda", "stmdb", "stmib", "push"),
    "PLD": ("pld", "pldw"),
    "DSB": ("dsb", "dfb", "ssbb", "pssbb"),
    "HINT": ("hint", "nop", "yield", "wfe", "wfi", "sev", "sevl", "dbg", "esb", "csdb"),
    "CPS": ("cps", "cpsie", "cpsid"),
}
# Rows with words that capstone has no text for, and what the manual says of them.
SILENT = {
    "HINT": "the rest of the hint space executes as NOP",
    "HINT_imm": "unallocated memory hint",
    "HINT_reg": "unallocated memory hint",
    "CPS": "reserved combinations do nothing in user mode, as the others",
    "UDF": "permanently undefined, under any condition",
}


def unconditional(row: Row, random: Random) -> int:
    """A word of the row that always executes: mnemonics then have no suffix."""
    word = A32.draw(random, row)
    return word & 0x0FFFFFFF | 0xE0000000 if "c" in row.letters else word


def has_no_text(row: Row, word: int) -> bool:
    """Capstone prints nothing for some words that the manual calls UNPREDICTABLE (we refuse them)."""
    field = dict(zip(row.letters, row.extract(word), strict=True))
    if row.name in SILENT:
        return True
    pairs = row.name.startswith(("LDRD", "STRD", "LDREXD", "STREXD"))
    first = field["m"] if row.name == "STREXD" else field.get("d", 0)
    return (pairs and first in (13, 14, 15)) or (row.name == "MSR_reg" and not field["k"])


@pytest.mark.parametrize("name", ROWS)
def test_capstone_calls_it_the_same(name: str) -> None:
    row = A32.by_name[name]
    base = name.partition("_")[0]
    expected = MNEMONICS.get(base, (base.lower(), base.lower() + "t"))
    random = Random(name)
    named = 0
    for _ in range(60):
        word = unconditional(row, random)
        mnemonic = disassemble(word.to_bytes(4, "little"), 0x8000).split()[0]
        if mnemonic == ".word" and has_no_text(row, word):
            continue
        named += 1
        assert mnemonic in expected, f"{word:08x}"
    assert named >= 30 or name in SILENT


def is_coprocessor_or_simd(word: int) -> bool:
    """Words of the floating-point, SIMD and generic coprocessor spaces: other tables."""
    if word >> 25 & 7 == 6 or word >> 24 & 15 == 14:
        return True
    return word >> 28 == 15 and (word >> 25 & 7 == 1 or (word >> 24 == 0xF4 and not word >> 20 & 1))


def test_what_no_row_matches_is_undefined() -> None:
    """Nothing is missing: Unicorn refuses every integer word that the whole table refuses."""
    random, oracle = Random(0), Oracle()
    tried = 0
    while tried < 1500:
        word = random.getrandbits(28) | random.choice((0xE0000000, 0xF0000000))
        word &= random.choice((-1, ~0xF00, ~0xF000, ~0xFF0))
        word |= random.choice((0, 0xF000, 0xF00))
        if is_coprocessor_or_simd(word) or A32.match(word):
            continue
        tried += 1
        assert oracle.run(random_start(random, word)).kind == "undefined", f"{word:08x}"
