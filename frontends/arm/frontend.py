"""The ARM frontend: lifts guest bytes to blocks."""

import functools
import os
from collections.abc import Collection, Iterator, Mapping

from dbt import decode, ir
from dbt.interfaces import CodeReader, DebugTarget, Encoding, InstructionReader, State
from dbt.ir.block import CONDITION_PASSED, Block, BlockKey
from dbt.stops import GuestFault
from dbt.syscalls import SyscallAbi
from dbt.typing import Any
from frontends.arm.keys import (
    BIG,
    HELD,
    IT,
    IT_SHIFT,
    T32_INDEX,
    T32_WIDE_FROM,
    T32_WIDE_INDEX,
    THUMB,
    VECTOR_BITS,
    VECTORS,
    WORD_INDEX,
    key_of,
    location_of,
)
from frontends.arm.kuser import COMMPAGE
from frontends.arm.procedure_call import ProcedureCall
from frontends.arm.registers import CALL_ABI, LAYOUT

_key_of = functools.lru_cache(maxsize=1 << 12)(key_of)
"""A running guest comes to few locations, and to each many times."""

_ARM_SIZES = (4,)
_BKPT_A1, _BKPT_T1 = bytes.fromhex("700020e1"), bytes.fromhex("00be")


class ArmFrontend:
    """Lifts ARM code. ``max_insns`` is the most instructions in a block; an instance may have its
    own."""

    name = "arm"
    layout = LAYOUT
    insn_sizes = (4, 2)
    word_bits = 32
    encodings = (
        Encoding(0, 0, 4, WORD_INDEX),
        Encoding(THUMB, 1, 2, T32_INDEX, T32_WIDE_FROM, T32_WIDE_INDEX),
    )
    changing = IT
    call_abi = CALL_ABI
    calling = ProcedureCall()
    host_locations = range(0xFFFF2000, 1 << 32, 4)  # behind the page of kernel helpers
    host_tables = range(0xFFFE0000, COMMPAGE)  # the kernel's part of the address space

    def __init__(self) -> None:
        self.max_insns = 64

    def sizes_in(self, mode: int) -> tuple[int, ...]:
        """4 bytes in ARM state, 4 or 2 in Thumb state."""
        return self.insn_sizes if mode & THUMB else _ARM_SIZES

    def breakpoint_in(self, mode: int) -> bytes:
        """BKPT #0, which has no condition, even in an IT block (ARM ARM A8.8.24)."""
        return _BKPT_T1 if mode & THUMB else _BKPT_A1

    def key_of(self, location: int) -> BlockKey:
        """The key at a location: bit 0 is Thumb; in ARM state the low two bits are dropped."""
        return _key_of(location)

    def in_state(self, key: BlockKey, state: State) -> BlockKey:
        """The key in the byte order that the guest is in (CPSR.E), in its IT block, and with short
        vectors if its FPSCR asks for them."""
        bits = BIG if state.get("ef") else 0
        if state.get("fpscr") & VECTOR_BITS:
            bits |= VECTORS
        if key.mode & THUMB:
            bits |= state.get("it") << IT_SHIFT & IT
        mode = key.mode & ~(HELD | IT) | bits
        return key if mode == key.mode else BlockKey(key.pc, mode)

    def known_slots(self, key: BlockKey) -> Mapping[str, int]:
        """ITSTATE in Thumb state, but behind a tested condition whose mode does without it."""
        it = (key.mode & IT) >> IT_SHIFT
        if not key.mode & THUMB or (key.mode & CONDITION_PASSED and not it):
            return {}
        return {"it": it}

    def location_of(self, key: BlockKey) -> int:
        """The location of a key, with the Thumb bit."""
        return location_of(key)

    def lift(self, code: CodeReader, key: BlockKey, boundaries: Collection[int] = ()) -> Block:
        """Lift one block; see ``dbt.interfaces.Frontend``."""
        from frontends.arm.lifting import lift

        return lift(code, key, boundaries, self.max_insns)

    def sources(self) -> list[str]:
        """The paths of the files that lifting depends on."""
        return list(_sources())

    def lift_one(self, key: BlockKey, word: Any, before: Any) -> tuple[Block, bool]:
        """Lift one instruction from its word; see ``dbt.interfaces.Frontend``."""
        from frontends.arm.lifting import lift_one

        return lift_one(key, word, before)

    def disassemble(self, code: CodeReader, pc: int, mode: int = 0) -> str:
        """One instruction as capstone prints it: ``add r0, r1, #4``."""
        from frontends.arm.disasm import disassemble

        thumb = bool(mode & THUMB)
        try:
            data = code.fetch(pc, 4)
        except GuestFault:
            if not thumb:
                raise
            data = code.fetch(pc, 2)
        return disassemble(data, pc, thumb, mode >> IT_SHIFT & 0xFF)

    def listing(self, code: CodeReader, key: BlockKey, size: int) -> Iterator[tuple[int, str]]:
        """The instructions of a block, as ``disassemble`` prints them."""
        from frontends.arm.disasm import listing

        mode = key.mode
        data = code.fetch(key.pc, size)
        return listing(data, key.pc, bool(mode & THUMB), mode >> IT_SHIFT & 0xFF)

    def syscall_abi(self, cpu: str = "") -> SyscallAbi:
        """The system call interface of ARM programs, on a processor by name."""
        from frontends.arm.linux_abi import ArmLinuxAbi

        return ArmLinuxAbi(cpu)

    def debug_target(self, cpu: str = "") -> DebugTarget:
        """The registers of a processor by name, as gdb numbers them."""
        from frontends.arm.debug_target import debug_target

        return debug_target(cpu)

    def instruction_reader(self, mode: int) -> InstructionReader:
        """The reader of A32 words, or of Thumb instructions."""
        from frontends.arm.instruction_reader import A32Reader, T32Reader

        return T32Reader(mode >> IT_SHIFT & 0xFF) if mode & THUMB else A32Reader()


@functools.cache
def _sources() -> tuple[str, ...]:
    own = [
        os.path.join(directory, name)
        for directory, _, names in os.walk(os.path.dirname(__file__))
        for name in names
        if name.endswith(".py")
    ]
    core = [(ir, "symbolic"), (ir, "builder"), (ir, "ops"), (decode, "table")]
    others = [os.path.join(*home.__path__, f"{name}.py") for home, name in core]
    return (*sorted(own), *others)
