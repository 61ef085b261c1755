"""Which T32 forms are UNPREDICTABLE, in the manual's words (ARM DDI 0406C, A8.8), and where else the
oracle may differ from us.

Written from the manual, not from the rows' notes: a note that says too much shows as a difference.
"""

from collections.abc import Callable, Mapping

import attrs
from support.arm_fuzz_memory import ORDERED, ORDERED_WORDS, STORES, Finish
from support.arm_oracle import IT_BITS, Case

from dbt.decode.table import Row
from frontends.arm.encodings.t32 import T32

Fields = Mapping[str, int]
BAD = (13, 15)
Rule = tuple[str, Callable[[Fields], bool]]


def _always(words: str) -> Rule:
    return words, lambda f: True


def _bad(letters: str) -> Rule:
    words = f"if {letters.replace('', ' ').strip()} IN {{13,15}} then UNPREDICTABLE"
    return words, lambda f: any(f[x] in BAD for x in letters if x in f)


def _is(number: int, letters: str) -> Rule:
    words = f"if {letters.replace('', ' ').strip()} == {number} then UNPREDICTABLE"
    return words, lambda f: any(f[x] == number for x in letters if x in f)


def _writes_back(f: Fields) -> bool:
    return bool(f.get("W")) or not f.get("P", 1)


def _wback(letters: str) -> Rule:
    words = "if wback && (n == t || n == t2) then UNPREDICTABLE"
    return words, lambda f: _writes_back(f) and f["n"] in (f[x] for x in letters)


_ZEROS: Rule = (
    "ThumbExpandImm: if imm12<7:0> == '00000000' then UNPREDICTABLE",
    lambda f: f["r"] in (1, 2, 3) and not f["i"],
)
_SP_SHIFT: Rule = (
    "if d == 13 && (shift_t != SRType_LSL || shift_n > 3) then UNPREDICTABLE",
    lambda f: f["d"] == 13 and bool(f["t"] or f["a"] > 3),
)
_SP_COPY: Rule = ("if d == 13 then UNPREDICTABLE", lambda f: f["d"] == 13 and f["n"] != 13)
_FEW: Rule = ("if BitCount(registers) < 1 then UNPREDICTABLE", lambda f: not f["L"] | f.get("h", 0))
_TWO: Rule = (
    "if BitCount(registers) < 2 then UNPREDICTABLE",
    lambda f: f["L"].bit_count() < 2,
)
_IN_LIST: Rule = (
    "if wback && registers<n> == '1' then UNPREDICTABLE",
    lambda f: bool(f["W"] and f["L"] >> f["n"] & 1),
)
_SP_IN_LIST: Rule = ("register_list<13> is (0)", lambda f: bool(f["L"] >> 13 & 1))
_PC_IN_LIST: Rule = ("register_list<15> is (0)", lambda f: bool(f["L"] >> 15 & 1))
_PC_AND_LR: Rule = ("if P == '1' && M == '1' then UNPREDICTABLE", lambda f: f["L"] >> 14 == 3)
_SAME_TWO: Rule = ("if t == t2 then UNPREDICTABLE", lambda f: f["d"] == f["e"])
_STATUS: Rule = (
    "if d == n || d == t || d == t2 then UNPREDICTABLE",
    lambda f: f["d"] in (f["n"], f["m"], f.get("e")),
)
_LITERAL: Rule = (
    "if n == 15 && wback then UNPREDICTABLE",
    lambda f: f["n"] == 15 and _writes_back(f),
)
_CONSISTENT: Rule = ("if !Consistent(Rm) then UNPREDICTABLE", lambda f: f["k"] != f["m"])
_HALVES: Rule = ("if dHi == dLo then UNPREDICTABLE", lambda f: f["H"] == f["L"])
_LOW_BELOW_HIGH: Rule = (
    "if msbit < lsbit then UNPREDICTABLE", lambda f: f["e"] < f["l"],
)  # fmt: skip
_WITHIN_32: Rule = (
    "if lsbit + widthminus1 > 31 then UNPREDICTABLE",
    lambda f: f["l"] + f["w"] > 31,
)
_UNPRIVILEGED: Rule = (
    "LDRT, STRT: if t IN {13,15} then UNPREDICTABLE",
    lambda f: f["d"] in BAD and (f["U"], f["W"]) == (1, 0),
)

_NAMES: dict[str, tuple[Rule, ...]] = {
    **dict.fromkeys(("ADD_imm", "SUB_imm"), (_is(15, "nd"), _SP_COPY)),
    **dict.fromkeys(("ADD_reg", "SUB_reg"), (_is(15, "nd"), _SP_COPY, _bad("m"), _SP_SHIFT)),
    **dict.fromkeys(("CMP_imm", "CMN_imm"), (_is(15, "n"),)),
    **dict.fromkeys(("CMP_reg", "CMN_reg"), (_is(15, "n"), _bad("m"))),
    **dict.fromkeys(("ADD_number", "SUB_number"), (_is(15, "d"), _SP_COPY)),
    **dict.fromkeys(("BFI",), (_bad("d"), _is(13, "n"), _LOW_BELOW_HIGH)),
    **dict.fromkeys(("BFC",), (_bad("d"), _LOW_BELOW_HIGH)),
    **dict.fromkeys(("SBFX", "UBFX"), (_bad("nd"), _WITHIN_32)),
    **dict.fromkeys(("REV", "REV16", "REVSH", "RBIT", "CLZ"), (_bad("dm"), _CONSISTENT)),
    **dict.fromkeys(("SMULL", "UMULL", "SMLAL", "UMLAL", "UMAAL"), (_bad("nmHL"), _HALVES)),
    **dict.fromkeys(("SMLALxy", "SMLALD", "SMLSLD"), (_bad("nmHL"), _HALVES)),
    **dict.fromkeys(("MLS", "SMMLS"), (_bad("ndma"),)),
    **dict.fromkeys(("MLA", "SMLAxy", "SMLAWy", "SMLAD", "SMLSD"), (_bad("ndm"), _is(13, "a"))),
    **dict.fromkeys(("SMMLA", "USADA8"), (_bad("ndm"), _is(13, "a"))),
    **dict.fromkeys(("TBB", "TBH"), (_is(13, "n"), _bad("m"))),
    **dict.fromkeys(("LDRB_imm", "LDRH_imm", "LDRSB_imm", "LDRSH_imm"), (_is(13, "d"),)),
    **dict.fromkeys(("LDR_reg",), (_bad("m"),)),
    **dict.fromkeys(("LDRB_reg", "LDRH_scaled", "LDRSB_scaled", "LDRSH_scaled"),
                    (_is(13, "d"), _bad("m"))),
    **dict.fromkeys(("STRB_reg", "STRH_scaled"), (_bad("dm"),)),
    **dict.fromkeys(("STR_reg",), (_is(15, "d"), _bad("m"))),
    **dict.fromkeys(("STR_imm",), (_is(15, "d"),)),
    **dict.fromkeys(("LDM_wide",), (_is(15, "n"), _TWO, _PC_AND_LR, _IN_LIST, _SP_IN_LIST)),
    **dict.fromkeys(("STM_wide",), (_is(15, "n"), _TWO, _PC_IN_LIST, _IN_LIST, _SP_IN_LIST)),
    "LDRD_two": (_bad("de"), _SAME_TWO, _wback("de"), _LITERAL),
    "STRD_two": (_bad("de"), _wback("de"), _is(15, "n")),
    "STREX_at": (_bad("dm"), _is(15, "n"), _STATUS),
    "STREXB": (_bad("dm"), _is(15, "n"), _STATUS),
    "STREXH": (_bad("dm"), _is(15, "n"), _STATUS),
    "STREXD_two": (_bad("dme"), _is(15, "n"), _STATUS),
    "LDREX_at": (_bad("d"), _is(15, "n")),
    "LDREXB": (_bad("d"), _is(15, "n")),
    "LDREXH": (_bad("d"), _is(15, "n")),
    "LDREXD_two": (_bad("de"), _SAME_TWO, _is(15, "n")),
    **dict.fromkeys(("LDA", "LDAB", "LDAH", "LDAEX", "LDAEXB", "LDAEXH"), (_is(15, "nd"),)),
    **dict.fromkeys(("STL", "STLB", "STLH"), (_is(15, "nm"),)),
    **dict.fromkeys(("STLEX", "STLEXB", "STLEXH"), (_is(15, "dmn"), _STATUS)),
    "STLEXD_two": (_is(15, "dmen"), _STATUS),
    "LDAEXD_two": (_is(15, "dne"), _SAME_TWO),
    **dict.fromkeys(("CRC32B", "CRC32H", "CRC32W"), (_is(15, "dnm"),)),
    "MOV_rsr": (_bad("mds"),),
    "MSR_reg": (_bad("m"), ("if mask == '0000' then UNPREDICTABLE", lambda f: not f["k"])),
}  # fmt: skip
"""What is UNPREDICTABLE of a 32-bit form besides what ``_OTHERS`` says."""
_OTHERS = (_bad("ndm"),)
"""The same of a 32-bit form that has no line above: BadReg of all its registers."""
_EXACTLY: dict[str, tuple[Rule, ...]] = {
    "MOV_reg.T3": (
        _is(15, "dm"),
        ("if d == 13 && m == 13 then UNPREDICTABLE", lambda f: f["d"] == f["m"] == 13),
    ),
    "BLX_reg": (_is(15, "m"),),
    "ADD_reg.T2": (("if n == 15 && m == 15 then UNPREDICTABLE", lambda f: f["d"] == f["m"] == 15),),
    "CMP_reg.T2": (
        _is(15, "nm"),
        ("if n < 8 && m < 8 then UNPREDICTABLE", lambda f: f["n"] < 8 and f["m"] < 8),
    ),
    "UDF.add_pc": (_always("if n == 15 && m == 15 then UNPREDICTABLE"),),
    "UDF.cmp_low": (_always("if n < 8 && m < 8 then UNPREDICTABLE"),),
    "UDF.mov_sp": (_always("if d == 13 && m == 13 then UNPREDICTABLE"),),
    "UDF.add_sp": (_always(_SP_SHIFT[0]),),
    "UDF.sub_sp": (_always(_SP_SHIFT[0]),),
    "UDF.strt": (_always(_UNPRIVILEGED[0]),),
    "UDF.ldrt_sp": (_always(_UNPRIVILEGED[0]),),
    "UDF.ldrt_pc": (_always(_UNPRIVILEGED[0]),),
    "UDF.ssat": (_always("SSAT16: bit 4 of the second halfword is (0)"),),
    "UDF.usat": (_always("USAT16: bit 4 of the second halfword is (0)"),),
    "UDF.msr": (_always("if mask == '0000' then UNPREDICTABLE"),),
    "UDF": (),
    "UDF.T2": (),
    "PUSH": (_FEW,),
    "POP": (_FEW,),
    "LDM_low": (_FEW,),
    "STM": (_FEW,),
    **dict.fromkeys(("STRB_imm.T2", "STRH_imm.T2"), (_bad("d"),)),
    **dict.fromkeys(("STRB_imm.T3", "STRH_imm.T3"), (_bad("d"),)),
    **dict.fromkeys(("STRB_imm.T3p", "STRH_imm.T3p"), (_bad("d"),)),
    **dict.fromkeys(("LDRB_imm.T3", "LDRH_imm.T3", "LDRSB_imm.T2", "LDRSH_imm.T2"), (_bad("d"),)),
    **dict.fromkeys(
        ("LDRB_imm.T3p", "LDRH_imm.T3p", "LDRSB_imm.T2p", "LDRSH_imm.T2p"), (_bad("d"),)
    ),
    "STR_imm.T4": (_is(15, "d"),),
}
"""The same of rows that differ from others of their method."""
_LOADS = ("LDR_imm", "LDR_reg")
_FIRST = frozenset({"B_cond", "B_short", "CBZ", "IT", "CPS", "SETEND_LE", "SETEND_BE"})
_LAST = frozenset({"B_near", "B_wide", "BL_wide", "BLX_wide", "BX", "BXJ", "BLX_reg", "TBB", "TBH"})


def method_of(row: Row) -> str:
    """The name without what tells rows of one method apart."""
    return row.name.partition(".")[0]


def fields_of(row: Row, word: int) -> dict[str, int]:
    """The fields of a word, what the row has in place of fields, and the base register as ``n``."""
    notes = (note.split("=") for note in row.notes)
    field = {name: int(value) for name, value in notes if value.isdigit()}
    field.update(zip(row.letters, row.extract(word), strict=True))
    if "b" in field:
        field["n"] = field["b"]
    return field


def unpredictable(row: Row, word: int, it: int = 0) -> str | None:
    """The manual's words for a form that is UNPREDICTABLE, with the ITSTATE that it is executed in;
    None when it is well defined."""
    field = fields_of(row, word)
    if it and (words := _in_it_block(row, field, it)):
        return words
    if row.name == "IT":
        several = field["M"] & (field["M"] - 1)
        if field["f"] == 15 or (field["f"] == 14 and several):
            return "if firstcond == '1111' || (firstcond == '1110' && BitCount(mask) != 1) ..."
        return None
    modified = row.size == 4 and "r" in field and "i" in field
    for words, holds in (*_rules(row), *(_ZEROS,) * modified):
        if holds(field):
            return words
    return None


def _rules(row: Row) -> tuple[Rule, ...]:
    if row.name in _EXACTLY:
        return _EXACTLY[row.name]
    if row.size == 2 or row.name.startswith(("PLD", "PLI", "HINT")):
        return ()
    method = method_of(row)
    if method == "LDR_imm":
        return ()
    return _NAMES.get(method, _OTHERS)


def _in_it_block(row: Row, field: Fields, it: int) -> str | None:
    method, amid = method_of(row), it & 7
    if method in _FIRST or row.name == "MOV_reg.T2":
        return "if InITBlock() then UNPREDICTABLE"
    to_pc = (
        method in _LAST
        or (method in ("MOV_reg", "ADD_reg") and row.size == 2 and field["d"] == 15)
        or (method in _LOADS and row.size == 4 and field["d"] == 15)
        or (method == "LDM_wide" and field["L"] >> 15)
        or (method == "POP" and field["h"])
    )
    return "if InITBlock() && !LastInITBlock() then UNPREDICTABLE" if amid and to_pc else None


WAITS = "YIELD, WFE, WFI: the oracle stops there"


def waits(row: Row, word: int) -> bool:
    """True for YIELD, WFE and WFI."""
    number = word >> 4 & 15 if row.size == 2 else word >> 16 & 0xFF
    return method_of(row) == "HINT" and number in (1, 2, 3)


def it_state(case: Case) -> int:
    """ITSTATE of the last instruction of a case that is no sequence."""
    words = case.words[-2:-1]
    return words[0] & 0xFF if words and words[0] >> 8 == 0xBF else 0


def refusable(case: Case) -> str | None:
    """The manual's words for an UNPREDICTABLE form that a case executes."""
    it = it_state(case)
    if case.sequence or not holds(it >> 4 if it else 14, case.cpsr):
        return None
    return unpredictable(case.row, case.word, it)


def holds(condition: int, cpsr: int) -> bool:
    """ConditionHolds (A8.3.1)."""
    n, z, c, v = (bool(cpsr >> bit & 1) for bit in (31, 30, 29, 28))
    holds = (z, c, n, v, c and not z, n == v, n == v and not z, True)[condition >> 1]
    return holds != (condition & 1 and condition < 15)


def excused(case: Case, ours: Finish, theirs: Finish) -> str | None:
    """The manual's words for why the two need not agree on a case, or None."""
    kinds = (ours.kind, theirs.kind)
    if kinds == ("alignment", "undefined"):
        return "an alignment fault is an exception (the oracle does not say which)"
    if kinds[0] == "alignment" and case.row.name in ORDERED:
        return ORDERED_WORDS
    if kinds == ("alignment", "ran") and case.row.name.startswith(STORES):
        return "ExclusiveMonitorsPass: AlignmentFault comes before the monitor is asked"
    if case.row.name.startswith(STORES) and kinds == ("ran", "ran") and _denies(case, ours, theirs):
        return "a status of 1 says that nothing was stored (A8.8.212): the oracle has stored"
    if case.row.name == "MRC_PMUSER" and _but_for_it(theirs, ours):
        return "ITAdvance (A2.5.2): the oracle keeps ITSTATE at a register of the PMU"
    if case.row.name == "ISB" and it_state(case) & 7 and _but_for_it(ours, theirs):
        return "ITAdvance (A2.5.2): the oracle forgets ITSTATE at an ISB"
    if kinds == ("fault", "fault") and _stores_in_it_block(case, ours, theirs):
        return "the oracle stops behind the IT block of a store that faults"
    if kinds == ("ran", "undefined") and waits(case.row, case.word):
        return WAITS
    if case.row.name == "IT" and it_state(case) and not case.sequence:
        return "if InITBlock() then UNPREDICTABLE (the oracle executes IT under any condition)"
    return refusable(case) if ours.kind == "undefined" else None


def _but_for_it(within: Finish, out: Finish) -> bool:
    """True when one is in an IT block, the other has left it, and nothing else is different."""
    return not out.cpsr & IT_BITS and out == attrs.evolve(within, cpsr=within.cpsr & ~IT_BITS)


def _denies(case: Case, ours: Finish, theirs: Finish) -> bool:
    """True when a store has failed, as we say too, and the oracle's memory alone has changed."""
    failed = theirs.registers[fields_of(case.row, case.word)["d"]] == 1
    return failed and ours == attrs.evolve(theirs, data=ours.data)


def _stores_in_it_block(case: Case, ours: Finish, theirs: Finish) -> bool:
    if not ours.cpsr or theirs.location <= ours.location:
        return False
    found = T32.match(case.words[case.places.index(ours.location & ~1)])
    return found is not None and found[0].name.startswith(("ST", "PUSH"))
