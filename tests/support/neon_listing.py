"""What a listing calls a word of the tables of Advanced SIMD, and which of them are UNDEFINED or
UNPREDICTABLE by the numbers of their registers, which no row says."""

import re
from collections.abc import Mapping

from dbt.decode.table import Row
from frontends.arm.disasm import disassemble

OTHER = {
    "VMLA": "VMLS", "VQDMLA": "VQDMLS", "VFMA": "VFMS", "VMOV": "VMVN", "VORR": "VBIC",
    "VTBL": "VTBX", "AESE": "AESD", "AESMC": "AESIMC", "SHA256H": "SHA256H2",
    "VMAXNM": "VMINNM",
}  # fmt: skip
"""The second name of rows that have two, by the field that tells them apart (``o``, ``p``, ``x``)."""


MODES = {"VRINT": "nxaz-m-p", "VCVT": "anpm"}
"""What a field adds to a name: how to round."""


def fields_of(row: Row, word: int) -> Mapping[str, int]:
    """The fields of a word by letter."""
    return dict(zip(row.letters, row.extract(word), strict=True))


def mnemonics(row: Row, word: int) -> tuple[str, ...]:
    """What a listing may call a word of a row."""
    field = fields_of(row, word)
    if row.name == "VORR" and (field["n"], field["N"]) == (field["m"], field["M"]):
        return "vmov", "vorr"
    return (_mnemonic(row, field),)


def _mnemonic(row: Row, field: Mapping[str, int]) -> str:
    name, _, form = row.name.partition("_")
    if row.name == "VSHLL_imm" and field["i"] == 0 and field["g"] in (1, 2, 4):
        return "vmovl"
    if name.startswith("VLD"):
        return (name if field.get("L", 1) else name.replace("LD", "ST")).lower()
    if row.since == "v8" and "r" in field:
        return name.lower() + MODES[name][field["r"]]
    if name == "SHA1":
        return "sha1" + "cpm"[field["b"]]
    second = field.get("o", 0) if name != "VTBL" else field["x"]
    if row.name.startswith(("VMOV_", "VORR_")):
        second = field.get("p", 0)
    if second and name in OTHER:
        name = OTHER[name]
    if "wide" in form:
        name += "W"
    if "long" in form:
        name += "L"
    if form == "narrow":
        name += "HN"
    if field.get("r"):
        name = name.replace("VQ", "VQR") if name.startswith("VQ") else "VR" + name[1:]
    return name.lower()


def refused(row: Row, word: int) -> str | None:
    """The manual's words for why a word is no instruction although it belongs to a row, or None."""
    field = fields_of(row, word)
    if row.name == "VRINT_lanes" and field["r"] in (4, 6):
        return "op<2> == '1' && op<0> == '0': VCVT or unallocated"
    if any(field[letter] & 1 for letter in _quads(row, field) if letter in field):
        return "if Q == '1' && (Vd<0> == '1' || ...) then UNDEFINED"
    if row.name.startswith("VLD"):
        first, count, step = _registers(row, field)
        if first + (count - 1) * step > 31:
            return "if d4 > 31 then UNPREDICTABLE"
        if field["n"] == 15:
            return "if n == 15 then UNPREDICTABLE"
    if row.name == "VTBL" and (field["N"] << 4 | field["n"]) + field["l"] > 31:
        return "if n+length > 32 then UNPREDICTABLE"
    return None


def _quads(row: Row, field: Mapping[str, int]) -> str:
    """Which registers of a word are quad ones."""
    name, _, form = row.name.partition("_")
    if name.startswith(("AES", "SHA")):
        return "dnm"
    if "narrow" in form:
        return "nm"
    if "wide" in form:
        return "dn"
    if name in ("VPADD", "VPADAL"):
        return "dm" * field.get("Q", 0)
    if "long" in form or name == "VSHLL":
        return "d"
    if name in ("VSHRN", "VQSHRUN", "VQSHRN", "VMOVN", "VQMOVUN", "VQMOVN"):
        return "m"
    if row.name == "VCVT_lanes_half":
        return "d" if field["o"] else "m"
    if form in ("q",):
        return "dnm"
    if not field.get("Q"):
        return ""
    if form == "lane":
        return "d"
    return "dn" if "scalar" in form else "dnm"


def _registers(row: Row, field: Mapping[str, int]) -> tuple[int, int, int]:
    """The first register of a load or store, how many it has, and their distance."""
    first, x = field["D"] << 4 | field["d"], field.get("x", 0)
    elements = int(row.name[3])
    if row.name == "VLD2_pairs":
        return first, 4, 1
    if row.name.startswith("VLD1_multiple"):
        return first, int(row.name[-1]), 1
    if "_all" in row.name:
        t = field["T"]
        return (first, 1 + t, 1) if elements == 1 else (first, elements, 1 + t)
    return first, elements, 1 + x


def listing(word: int, *, thumb: bool = False) -> str:
    """Capstone's text for a word, empty when it has none. A word of T32 is given with the half at
    the lower address low."""
    text = disassemble(word.to_bytes(4, "little"), 0x8000, thumb)
    return "" if text[0] == "." else re.sub(r"\s+", " ", text)


def is_later(text: str) -> bool:
    """Whether a text is of an instruction of ARMv8.1 or, on lanes of half precision, of ARMv8.2."""
    if text.startswith("vqrdml"):
        return True
    return ".f16" in text and not text.startswith(("vcvt.f16.f32", "vcvt.f32.f16"))
