"""ARM Linux: which system call a ``swi`` asks for, registers, helper page, capabilities.

A kernel with CONFIG_OABI_COMPAT decides by the immediate (arch/arm/kernel/entry-common.S): zero is
an EABI call with its number in r7; anything else is an old one, whose number is the immediate
exclusive-or 0x900000. In Thumb state every call is an EABI call. Numbers from 0xf0000 on are
private to ARM (arch/arm/kernel/traps.c).
"""

from collections.abc import Collection

from dbt.interfaces import Memory, State
from dbt.ir.block import BlockKey
from dbt.stops import Access
from dbt.syscalls import CpuException, Delivery, IllegalTrap, Request, Restored, TrapState
from dbt.typing import TYPE_CHECKING
from frontends.arm import linux_exceptions as exceptions
from frontends.arm import linux_signals, linux_structs
from frontends.arm.keys import key_of, location_of
from frontends.arm.kuser import COMMPAGE, commpage
from frontends.arm.linux_exceptions import (
    ILL_ILLTRP,
    SEGV_MAPERR,
    SIGILL,
    SIGSEGV,
    SIGTRAP,
    TRAP_BRKPT,
)
from frontends.arm.processors import processor
from frontends.arm.syscall_names import EABI, OABI

if TYPE_CHECKING:
    from dbt.interfaces.code import LinkedCode

OABI_BASE = 0x900000
PRIVATE_BASE = 0xF0000
PRIVATE = {
    PRIVATE_BASE + 2: "ARM_cacheflush",
    PRIVATE_BASE + 3: "ARM_usr26",
    PRIVATE_BASE + 4: "ARM_usr32",
    PRIVATE_BASE + 5: "ARM_set_tls",
    PRIVATE_BASE + 6: "ARM_get_tls",
}
NR_SYSCALL = 113  # OABI: the number is the first argument

_NUMBERS = {name: number for number, name in EABI.items()}
_ARGUMENTS = 7  # in r0 to r6; r7 follows

EF_ARM_EABI_MASK, EF_ARM_APCS_26 = 0xFF000000, 8


class ArmLinuxAbi:
    """ARMv8 in AArch32, or what else the guest is told of; see ``dbt.syscalls.SyscallAbi``."""

    machine = "armv7l"  # a 32-bit kernel says so on ARMv8, too, as qemu-arm does
    elf_machine = 40  # EM_ARM
    task_size = 0xBF000000  # a kernel with a 3G/1G split, whose modules are below 3G
    mmap_min = 0x8000
    pie_base = 0x400000
    segment_alignment = 0x4000  # four pages, and forced (asm/shmparam.h)
    number_slot = "r7"
    names: Collection[str] = _NUMBERS.keys()

    def __init__(self, cpu: str = "") -> None:
        self._processor = chosen = processor(cpu)
        self.platform, self.hwcap, self.hwcap2 = chosen.platform, chosen.hwcap, chosen.hwcap2

    def elf_objection(self, entry: int, flags: int) -> str:
        """arch/arm/kernel/elf.c."""
        if entry & 3 == 2:
            return f"has an entry point that is not aligned ({entry:#x})"
        if not flags & EF_ARM_EABI_MASK and flags & EF_ARM_APCS_26:
            return "is a program for 26-bit ARM processors"
        return ""

    def immediate_number(self, immediate: int) -> int | None:
        """The number of an OABI trap, which is in the immediate."""
        return immediate ^ OABI_BASE if immediate else None

    def number_of(self, name: str) -> int:
        """The EABI number of a system call. Raises KeyError."""
        return _NUMBERS[name]

    def name_of(self, number: int) -> str:
        if number >= PRIVATE_BASE:
            return PRIVATE.get(number, f"ARM_{number:#x}")
        return EABI.get(number, f"syscall_{number}")

    def key_of(self, location: int) -> BlockKey:
        return key_of(location)

    def location_of(self, key: BlockKey) -> int:
        return location_of(key)

    def decode(self, immediate: int, state: State, resume: int) -> Request | IllegalTrap:
        first = state.word("r0")
        words = tuple(state.words[first : first + _ARGUMENTS + 1])
        arguments, number = words[:_ARGUMENTS], words[_ARGUMENTS]
        old = immediate != 0 and not resume & 1
        if old:
            number = immediate ^ OABI_BASE
        if old and number == NR_SYSCALL:
            number, arguments = arguments[0], (*arguments[1:], 0)
        if number >= PRIVATE_BASE:
            return self._private(number, arguments, resume)
        name = OABI.get(number, f"syscall_{number}") if old else self.name_of(number)
        return Request(number, name, arguments, not old, "oabi" if old else "")

    def _private(
        self, number: int, arguments: tuple[int, ...], resume: int
    ) -> Request | IllegalTrap:
        """The calls of traps.c: arm_syscall."""
        trap = _before(resume)
        if number == PRIVATE_BASE:
            return IllegalTrap(SIGSEGV, SEGV_MAPERR, 0, 0, why="a branch through zero")
        if number == PRIVATE_BASE + 1:
            why = "the breakpoint call"
            return IllegalTrap(SIGTRAP, TRAP_BRKPT, trap, None, trap | resume & 1, why=why)
        if number >> 16 != PRIVATE_BASE >> 16 or number & 0xFFFF > 0x7FF:
            why = f"there is no system call number {number:#x}"
            return IllegalTrap(SIGILL, ILL_ILLTRP, trap, number, why=why)
        return Request(number, self.name_of(number), arguments)

    def page_fault(self, access: Access, address: int, *, present: bool) -> TrapState:
        return exceptions.page_fault(access, address, present=present)

    def unaligned(
        self, memory: Memory, location: int, address: int, last: TrapState
    ) -> CpuException:
        return exceptions.unaligned(memory, location, address, last)

    def exception(
        self, reason: str, memory: Memory, location: int, last: TrapState
    ) -> CpuException:
        return exceptions.exception(reason, memory, location, last)

    def set_result(self, state: State, value: int) -> None:
        state.set("r0", value & 0xFFFFFFFF)

    def restart(self, state: State, request: Request, resume: int) -> int:
        # The result was not written, so r0 still holds the first argument.
        del state, request
        return _before(resume) | resume & 1

    def stack_pointer(self, state: State) -> int:
        return state.get("r13")

    def set_stack_pointer(self, state: State, value: int) -> None:
        state.set("r13", value)

    def clear_monitor(self, state: State) -> None:
        state.set("excl_on", 0)

    def set_thread_pointer(self, state: State, value: int) -> None:
        state.set("tls", value)

    def thread_pointer(self, state: State) -> int:
        return state.get("tls")

    def start(self, state: State, entry: int, stack: int) -> int:
        for slot in state.layout.slots:
            state.set(slot.name, 0)
        state.set("r13", stack)
        state.set("pc", entry & ~1)
        return entry

    def commpage(self) -> tuple[int, bytes]:
        return COMMPAGE, commpage()

    def find_functions(self, code: "LinkedCode") -> Collection[int]:
        from frontends.arm.functions import find_functions

        return find_functions(code)

    def cpuinfo(self) -> bytes:
        return self._processor.cpuinfo

    def push_frame(self, state: State, memory: Memory, location: int, delivery: Delivery) -> int:
        return linux_signals.push_frame(state, memory, location, delivery)

    def pop_frame(self, state: State, memory: Memory, *, realtime: bool) -> Restored:
        return linux_signals.pop_frame(state, memory, realtime=realtime)

    def layout(self, name: str, variant: str = "") -> linux_structs.Struct:
        return linux_structs.layout(name, variant)

    def open_flags_to_host(self, flags: int) -> int:
        return linux_structs.open_flags_to_host(flags)

    def open_flags_from_host(self, flags: int) -> int:
        return linux_structs.open_flags_from_host(flags)

    def open_flag_names(self) -> tuple[tuple[str, int], ...]:
        return linux_structs.OPEN_FLAG_NAMES


def _before(resume: int) -> int:
    """Address of the ``swi`` before a location."""
    return ((resume & ~1) - (2 if resume & 1 else 4)) & 0xFFFFFFFF
