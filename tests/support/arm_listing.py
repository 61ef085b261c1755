"""What a listing calls a word of the ARM table, and what capstone calls it.

The decoder's row and fields give the mnemonics a word may have; capstone says one. Operands are
not compared here: that the fields mean what they should is shown by running the word.
"""

from dbt.decode.table import Row, Table
from frontends.arm.disasm import disassemble
from frontends.arm.encodings import data_processing, media, multiply

CONDITIONS = (
    "eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "",
)  # fmt: skip
DATA_ROWS = frozenset(
    Table(data_processing.A32, multiply.A32, media.A32, never={"c": 0b1111}).by_name
)
OTHER_NAMES = {
    "LDM": ("ldm", "ldmda", "ldmdb", "ldmib", "pop"),
    "STM": ("stm", "stmda", "stmdb", "stmib", "push"),
    "PLD": ("pld", "pldw"),
    **{f"CRC32{x}": (f"crc32{x}".lower(), f"crc32c{x}".lower()) for x in "BHW"},
    "DSB": ("dsb", "dfb", "ssbb", "pssbb"),
    "HINT": ("hint", "nop", "yield", "wfe", "wfi", "sev", "sevl", "dbg", "esb", "csdb"),
    "CPS": ("cps", "cpsie", "cpsid"),
}
# Rows with words that capstone has no text for, and what the manual says of them.
SILENT = {
    "HINT": "the rest of the hint space executes as NOP",
    "HINT_imm": "unallocated memory hint: executes as NOP",
    "HINT_reg": "unallocated memory hint: executes as NOP",
    "CPS": "CPS: treated as NOP in User mode",
    "UDF": "UDF: permanently undefined, under any condition",
}


def mnemonics(row: Row, word: int) -> tuple[str, ...]:
    """What a listing may call a word of a row."""
    field = dict(zip(row.letters, row.extract(word), strict=True))
    condition = CONDITIONS[field["c"]] if "c" in field else ""
    if row.name in DATA_ROWS:
        return (_data_name(row, field) + condition,)
    base = row.name.partition("_")[0]
    names = OTHER_NAMES.get(base, (base.lower(), base.lower() + "t"))
    return tuple(name + condition for name in names)


def _data_name(row: Row, field: dict[str, int]) -> str:
    name = row.name.partition("_")[0].lower()
    if name == "mov" and not row.name.endswith("imm"):
        shift = ("lsl", "lsr", "asr", "ror")[field["t"]]
        if not row.name.endswith("reg") or field["a"]:
            name = shift
        elif field["t"]:
            name = "rrx" if shift == "ror" else shift
    return spelled(name, field) + "s" * field.get("S", 0)


def spelled(name: str, field: dict[str, int]) -> str:
    """The name of a row in lower case, and what fields add to it."""
    if name == "pkh":
        name = "pkhtb" if field["T"] else "pkhbt"
    elif name.endswith("xy"):
        name = name[:-2] + "bt"[field["N"]] + "bt"[field["M"]]
    elif name.endswith("wy"):
        name = name[:-1] + "bt"[field["M"]]
    return name + "x" * field.get("X", 0) + "r" * field.get("R", 0)


def silent(row: Row, word: int) -> str | None:
    """The manual's words for a word that capstone has no text for although it belongs to ``row``
    (some of what is UNPREDICTABLE, and hints), or None."""
    field = dict(zip(row.letters, row.extract(word), strict=True))
    if row.name in SILENT:
        return SILENT[row.name]
    if row.name.startswith("CRC32") and field["c"] != 14:
        return "CRC32: if cond != '1110' then UNPREDICTABLE"
    pairs = row.name.startswith(("LDRD", "STRD", "LDREXD", "STREXD", "LDAEXD", "STLEXD"))
    first = field["m"] if row.name in ("STREXD", "STLEXD") else field.get("d", 0)
    if pairs and first in (13, 14, 15):
        return "if t2 == 15 (or Rt<0> == '1') then UNPREDICTABLE"
    if row.name == "MSR_reg" and not field["k"]:
        return "if mask == 0 then UNPREDICTABLE"
    return None


def listing(word: int) -> str:
    """Capstone's mnemonic, ``.word`` when it has no text."""
    return disassemble(word.to_bytes(4, "little"), 0x8000).partition(" ")[0]
