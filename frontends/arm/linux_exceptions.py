"""The signals of processor exceptions, and what signal frames show of an exception.

Undefined instructions: arch/arm/kernel/traps.c (do_undefinstr) with the breakpoints that ptrace.c
registers. Aborts: arch/arm/mm/fault.c; bkpt comes there as a debug event (hw_breakpoint.c).
Unaligned accesses: arch/arm/mm/alignment.c mends LDM, STM, LDRD and STRD, so only the exclusive
ones, swaps, those of VFP registers and those of elements (VLD1 to VST4) are left.
"""

from dbt.classes import attrs
from dbt.interfaces import Memory
from dbt.ir.block import HALT_BREAKPOINT
from dbt.stops import Access, GuestFault
from dbt.syscalls import CpuException, TrapState
from frontends.arm.keys import is_of_microcontrollers, is_wide

SIGILL, SIGTRAP, SIGBUS, SIGSEGV = 4, 5, 7, 11
ILL_ILLOPC, ILL_ILLTRP, TRAP_BRKPT, TRAP_HWBKPT, BUS_ADRALN, SEGV_MAPERR = 1, 4, 1, 4, 1, 1

_ARM_BREAKPOINT, _ARM_BREAKPOINT_MASK = 0x07F001F0, 0x0FFFFFFF
_THUMB_BREAKPOINTS = (0xDE01, 0xF7F0A000)

_UNDEFINED_TRAP, _PAGE_FAULT_TRAP = 6, 14
_DEBUG_EVENT, _ALIGNMENT = 2, 1
_TRANSLATION, _PERMISSION = 0x17, 0x1F  # of a page, in the domain of user programs
_WRITE, _FETCH = 1 << 11, 1 << 31


def page_fault(access: Access, address: int, *, present: bool) -> TrapState:
    """See ``SyscallAbi.page_fault``."""
    status = _PERMISSION if present else _TRANSLATION
    if access is Access.WRITE:
        status |= _WRITE
    elif access is Access.EXECUTE:
        status |= _FETCH
    return TrapState(_PAGE_FAULT_TRAP, status, address)


def unaligned(memory: Memory, location: int, address: int, last: TrapState) -> CpuException:
    """See ``SyscallAbi.unaligned``."""
    word = _halfwords(memory, location & ~1, 2)
    if location & 1:
        word = _as_in_the_manual(word)
    elements = word >> 24 == (0xF9 if location & 1 else 0xF4)
    vfp = word >> 25 & 7 == 0b110 and word >> 9 & 7 == 0b101
    if elements:
        stores = not word >> 21 & 1
    elif location & 1 or vfp:
        stores = not word >> 20 & 1
    else:
        stores = word >> 20 & 0b1001 == 0b1000  # STREX and its kin, not SWP
    trap = attrs.evolve(last, number=0, error=_ALIGNMENT | (_WRITE if stores else 0))
    kind = "access of a VFP register" if vfp else "exclusive access"
    if elements:
        kind = "access of elements"
    why = f"unaligned {kind} to {address:#010x}"
    return CpuException(SIGBUS, BUS_ADRALN, address, trap, why)


def exception(reason: str, memory: Memory, location: int, last: TrapState) -> CpuException:
    """See ``SyscallAbi.exception``."""
    pc = location & ~1
    if reason == HALT_BREAKPOINT:
        trap = attrs.evolve(last, number=0, error=_DEBUG_EVENT)
        return CpuException(SIGTRAP, TRAP_HWBKPT, pc, trap, "a breakpoint instruction")
    if _is_breakpoint(memory, location):
        return CpuException(SIGTRAP, TRAP_BRKPT, pc, last, "a breakpoint instruction")
    trap = attrs.evolve(last, number=_UNDEFINED_TRAP, error=0)
    return CpuException(SIGILL, ILL_ILLOPC, pc, trap, _undefined(memory, location))


def _undefined(memory: Memory, location: int) -> str:
    """What to say of an undefined instruction."""
    try:
        word = _as_in_the_manual(_halfwords(memory, location & ~1, 2)) if location & 1 else 0
    except GuestFault:
        word = 0
    if is_of_microcontrollers(word):
        return "undefined instruction, which only microcontrollers have (M profile)"
    return "undefined instruction"


def _is_breakpoint(memory: Memory, location: int) -> bool:
    """True when an undefined instruction is one of Linux's breakpoints."""
    pc = location & ~1
    try:
        if not location & 1:
            return _halfwords(memory, pc, 2) & _ARM_BREAKPOINT_MASK == _ARM_BREAKPOINT
        first = _halfwords(memory, pc, 1)
        if is_wide(first):
            first = first << 16 | _halfwords(memory, (pc + 2) & 0xFFFFFFFF, 1)
        return first in _THUMB_BREAKPOINTS
    except GuestFault:
        return False


def _as_in_the_manual(word: int) -> int:
    """A 32-bit instruction of Thumb code, with its first half as the high one."""
    return (word & 0xFFFF) << 16 | word >> 16


def _halfwords(memory: Memory, address: int, count: int) -> int:
    return int.from_bytes(memory.fetch(address, 2 * count), "little")
