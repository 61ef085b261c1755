"""Unicorn as the oracle of what one ARM instruction does, and where it is known to be at fault.

A ``Case`` is one instruction and all that it finds; ``Oracle.run`` says as a ``Finish`` what it
leaves. Cases come in batches that share their code area: each stands at a pc of its own.
"""

from itertools import accumulate

import attrs
import unicorn
from support.arm_fuzz_memory import (
    _TLS,
    _TLSW,
    _UC_REGISTERS,
    CODE,
    DATA,
    DATA_SIZE,
    FLAG_BITS,
    REGISTERS,
    STORES,
    Finish,
    Start,
)
from support.arm_fuzz_memory import excused as excused_by_memory
from support.arm_listing import DATA_ROWS
from unicorn import arm_const as uc

from dbt.decode.table import Row
from dbt.ir.block import BlockKey
from frontends.arm.disasm import disassemble
from frontends.arm.keys import THUMB, is_wide

BATCH = 256
SPACING = 64
MARGIN = 0x1000
CODE_SIZE = 2 * MARGIN + BATCH * SPACING
CLEARING, CLREX = 0x7F000000, 0xF57FF01F
"""A page of the oracle alone, and the instruction there."""
FLAGS = sum(1 << bit for bit in FLAG_BITS.values())

IT_BITS = 0x0600FC00
Q = 1 << FLAG_BITS["q"]


@attrs.frozen
class Case:
    """Instructions from ``pc`` on: one of ``row``, before which there may be the LDREX of a STREX
    and an IT; or a sequence, whose row is that of the last. ``thumb``: they are T32."""

    row: Row
    pc: int
    words: tuple[int, ...]
    registers: tuple[int, ...]
    cpsr: int
    tls: int
    tlsw: int
    sequence: bool = False
    thumb: bool = False

    @property
    def key(self) -> BlockKey:
        """The key of its first instruction."""
        return BlockKey(self.pc, THUMB if self.thumb else 0)

    @property
    def code(self) -> bytes:
        """The instructions as they are in memory."""
        sizes = map(self.size_of, self.words)
        return b"".join(
            word.to_bytes(size, "little") for word, size in zip(self.words, sizes, strict=True)
        )

    @property
    def places(self) -> tuple[int, ...]:
        """The address of each instruction, and the one behind the last."""
        return tuple(accumulate(map(self.size_of, self.words), initial=self.pc))

    def contains(self, key: BlockKey) -> bool:
        """True when a key is that of one of the instructions."""
        return key.pc in self.places[:-1] and not (key.mode ^ self.key.mode) & THUMB

    def size_of(self, word: int) -> int:
        """The bytes of an instruction."""
        return 2 if self.thumb and not is_wide(word) else 4

    @property
    def word(self) -> int:
        """The last instruction."""
        return self.words[-1]

    @property
    def single(self) -> bool:
        """True when registers after a stop must be those before."""
        return len(self.words) == 1

    def __str__(self) -> str:
        lines = [
            f"{word:08x} {disassemble(word.to_bytes(4, 'little'), pc, self.thumb)}"
            for word, pc in zip(self.words, self.places, strict=False)
        ]
        return f"{self.row.name} at {self.pc:#x}: " + "; ".join(lines)


def pc_of(index: int) -> int:
    """Where case ``index`` of a batch stands."""
    return CODE + MARGIN + index * SPACING


def place_of(pc: int) -> int:
    """Where the case with an instruction at ``pc`` stands."""
    return pc - (pc - CODE) % SPACING


class Oracle:
    """A Unicorn CPU (a Cortex-A15) in user mode, and for what ARMv8 adds one that has it."""

    def __init__(self, model: int = uc.UC_CPU_ARM_CORTEX_A15) -> None:
        self.cpu = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_ARM)
        self.cpu.ctl_set_cpu_model(model)
        self._newer = Oracle(uc.UC_CPU_ARM_MAX) if model != uc.UC_CPU_ARM_MAX else None
        self.cpu.mem_map(
            CODE, -(-CODE_SIZE // 4096) * 4096, unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC
        )
        self.cpu.mem_map(DATA, DATA_SIZE, unicorn.UC_PROT_READ | unicorn.UC_PROT_WRITE)
        self.cpu.mem_map(CLEARING, 4096, unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC)
        self.cpu.mem_write(CLEARING, CLREX.to_bytes(4, "little"))
        self.data = b""
        self._ahead: set[int] = set()

    def load(self, code: bytes, data: bytes) -> None:
        """Take over a batch's code and what the data area holds before each case."""
        self.cpu.mem_write(CODE, code)
        self.cpu.ctl_remove_cache(CODE, CODE + CODE_SIZE)
        self.data = data
        if self._newer:
            self._newer.load(code, data)

    def run(self, case: Case) -> Finish:
        """Execute a case."""
        if self._newer and case.row.since == "v8":
            return self._newer.run(case)
        cpu, kind = self.cpu, "ran"
        if case.row.name.startswith(STORES):  # the monitor outlives a case
            cpu.reg_write(uc.UC_ARM_REG_CPSR, 0x10)
            cpu.emu_start(CLEARING, CLEARING + 4, count=1)
        cpu.mem_write(DATA, self.data)
        cpu.reg_write(uc.UC_ARM_REG_CPSR, case.cpsr | (0x30 if case.thumb else 0x10))
        for register, value in zip(_UC_REGISTERS, case.registers, strict=True):
            cpu.reg_write(register, value)
        cpu.reg_write(uc.UC_ARM_REG_CP_REG, (*_TLS, case.tls))
        cpu.reg_write(uc.UC_ARM_REG_CP_REG, (*_TLSW, case.tlsw))
        try:
            self._start(case)
        except unicorn.UcError as error:
            if error.errno in (unicorn.UC_ERR_INSN_INVALID, unicorn.UC_ERR_EXCEPTION):
                return Finish("undefined")
            if error.errno not in (unicorn.UC_ERR_FETCH_UNMAPPED, unicorn.UC_ERR_FETCH_PROT):
                kind = "fault"
        return Finish(
            kind,
            tuple(cpu.reg_read(register) for register in _UC_REGISTERS),
            self._cpsr & (FLAGS | IT_BITS),
            self._location,
            cpu.reg_read(uc.UC_ARM_REG_CP_REG, _TLSW),
            bytes(cpu.mem_read(DATA, DATA_SIZE)),
        )

    def _start(self, case: Case) -> None:
        """Run the instructions. In Thumb state Unicorn does not count them where there is an IT
        block. It stops behind the last, and where a jump leads to."""
        if not case.thumb:
            self.cpu.emu_start(case.pc, 0xFFFFFFF0, count=len(case.words))
            return
        if not self._ahead:
            self.cpu.hook_add(unicorn.UC_HOOK_BLOCK, self._at_block)
        self._ahead = set(case.places[:-1])
        # A block that was translated when another case jumped here does not stop behind this one.
        self.cpu.ctl_remove_cache(case.pc, case.places[-1])
        self.cpu.emu_start(case.pc | 1, case.places[-1])

    def _at_block(self, cpu: unicorn.Uc, address: int, size: int, data: object) -> None:
        """Stop at a block that is not one of the instructions that are still ahead."""
        del size, data
        if address not in self._ahead:
            cpu.emu_stop()
        self._ahead = {pc for pc in self._ahead if pc > address} | {-1}

    @property
    def _cpsr(self) -> int:
        return int(self.cpu.reg_read(uc.UC_ARM_REG_CPSR))

    @property
    def _location(self) -> int:
        location = int(self.cpu.reg_read(uc.UC_ARM_REG_PC)) & ~1
        return location | 1 if self._cpsr >> 5 & 1 else location & ~3


# -- where we and the oracle may differ ------------------------------------------------------------


def excused(case: Case, ours: Finish, theirs: Finish) -> str | None:
    """The manual's words for why the two need not agree on this case, or None."""
    if ours.kind == "undefined" and case.row.name in DATA_ROWS:
        words = unpredictable(case.row, case.word)
        if words:
            return words
    start = Start(
        case.words[0], case.word, b"", b"", case.registers, case.cpsr, case.tls, case.tlsw
    )
    return excused_by_memory(case.row, start, ours, theirs)


def unpredictable(row: Row, word: int) -> str | None:
    """The manual's words for a data form that we refuse, or None when it is well defined."""
    field = dict(zip(row.letters, row.extract(word), strict=True))
    if row.name.endswith(("_imm", "_reg")):
        if field.get("S") and field.get("d") == 15:
            return "SUBS PC, LR and related instructions: UNPREDICTABLE in User mode"
        return None
    if field.get("H", 0) == field.get("L", 1):
        return "if dHi == dLo then UNPREDICTABLE"
    if "b" in field and (field.get("e", 31) < field["b"] or field["b"] + field.get("w", 0) > 31):
        return "if msbit < lsbit (or lsbit + widthminus1 > 31) then UNPREDICTABLE"
    if 15 in (field.get(letter) for letter in "ndmsaHL"):
        return "if d == 15 || n == 15 || m == 15 (s, a, dLo, dHi) then UNPREDICTABLE"
    return None


def difference(case: Case, ours: Finish, theirs: Finish) -> str:
    """What the two disagree on, as text."""
    if ours.kind != theirs.kind:
        return f"{case}: {ours.kind}, oracle {theirs.kind}"
    lines = [str(case)]
    for name, before, a, b in zip(
        REGISTERS, case.registers, ours.registers, theirs.registers, strict=False
    ):
        if a != b:
            lines.append(f"  {name} was {before:#x}: {a:#x}, oracle {b:#x}")
    for what in ("cpsr", "location", "tlsw"):
        a, b = getattr(ours, what), getattr(theirs, what)
        if a != b:
            lines.append(f"  {what} {a:#x}, oracle {b:#x} (cpsr was {case.cpsr:#x})")
    for i, (x, y) in enumerate(zip(ours.data, theirs.data, strict=False)):
        if x != y:
            lines.append(f"  [{DATA + i:#x}] {x:#x}, oracle {y:#x}")
            break
    return "\n".join(lines)
