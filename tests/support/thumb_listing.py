"""What a listing calls a word of the T32 table, and what capstone calls it (see ``arm_listing``).

A word is listed on its own, so not as in an IT block. Widths (``.w``) are left out.
"""

from support.arm_listing import CONDITIONS, OTHER_NAMES, SILENT, spelled
from support.thumb_excuses import fields_of, method_of

from dbt.decode.table import Row
from frontends.arm.disasm import disassemble

SHIFTS = ("lsl", "lsr", "asr", "ror")
NAMES = {
    "ADR": ("adr", "addw", "subw"),
    "LDM": ("ldm", "ldmdb", "pop"),
    "STM": ("stm", "stmdb", "push"),
    "UDF": ("udf", "trap"),
    **{name: OTHER_NAMES[name] for name in ("DSB", "HINT", "CPS", "CRC32B", "CRC32H", "CRC32W")},
}


def mnemonics(row: Row, word: int) -> tuple[str, ...]:
    """What a listing may call a word of a row."""
    field, method = fields_of(row, word), method_of(row)
    name, _, form = method.partition("_")
    notes = dict(note.split("=") for note in row.notes)
    flags = "s" * int(field.get("S", notes.get("S", "0") in ("it", "1")))
    if name == "MOV" and form in ("reg", "rsr"):
        return (_move(row, field) + flags,)
    if name == "IT":
        return (_it(field["f"], field["M"]),)
    if name == "CBZ":
        return ("cbnz" if field["z"] else "cbz",)
    if name == "B" and "k" in field:
        return ("b" + CONDITIONS[field["k"]],) if field["k"] < 14 else ()
    if name == "PLD" and row.name.endswith("w"):
        return ("pldw", "pld")  # pld of a literal
    if form == "number" and row.name.endswith("T4"):
        return (name.lower() + "w",)
    if name in NAMES:
        return NAMES[name]
    listed = spelled(name.lower(), field) + flags
    unprivileged = row.name.endswith((".T2", ".T3", ".T4")) and name[:2] in ("LD", "ST")
    return (listed, listed + "t") if unprivileged else (listed,)


def _move(row: Row, field: dict[str, int]) -> str:
    """Moves with a shift are listed as shifts."""
    suffix = row.name.partition(".")[2]
    if suffix in SHIFTS:
        return suffix
    if "t" not in field:
        return "mov"
    if row.name.startswith("MOV_reg") and not field["a"]:
        return ("mov", "lsr", "asr", "rrx")[field["t"]]
    return SHIFTS[field["t"]]


def _it(first: int, mask: int) -> str:
    """The letters behind ``it``: whether each further condition is the first or its opposite."""
    count = 3 - ((mask & -mask).bit_length() - 1)
    bits = (mask >> 3 - index & 1 for index in range(count))
    return "it" + "".join("t" if bit == first & 1 else "e" for bit in bits)


def silent(row: Row, word: int) -> str | None:
    """The manual's words for a word that capstone has no text for, although it belongs to ``row``,
    or None."""
    field, method = fields_of(row, word), method_of(row)
    if method in SILENT:
        return SILENT[method]
    if row.name in ("PLD_imm.T1w", "PLD_imm.litw"):
        return "PLD (literal): bit 5 of the first halfword is (0)"
    if method == "B_cond" and field["k"] >= 14:
        return "Branch, if cond is not 111x (A6.3.4): no instruction"
    return None


def listing(word: int) -> str:
    """Capstone's mnemonic without a width, ``.short`` when it has no text."""
    listed = disassemble(word.to_bytes(4, "little"), 0x8000, thumb=True).partition(" ")[0]
    return listed.removesuffix(".w")
