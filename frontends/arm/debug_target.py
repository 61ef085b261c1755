"""The registers of ARM as gdb numbers and describes them (gdb/features/arm, "ARM Features" in gdb's
manual)."""

from collections.abc import Iterator, Sequence

from dbt.interfaces import PC_SLOT, State
from frontends.arm.linux_signals import cpsr, fpscr, set_cpsr, set_fpscr
from frontends.arm.processors import processor
from frontends.arm.registers import DOUBLES, REGISTERS

_CORE = ("r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12")
_TYPES = {"sp": "data_ptr", "pc": "code_ptr"}
_NUMBERED = {"cpsr": 25}
"""gdb keeps the numbers from 16 to 24 for registers of coprocessors that no ARM has any more."""
_DOUBLE, _WORD = 8, 4
_FRAME, _STACK, _PC = 11, 13, 15


class ArmTarget:
    """See ``dbt.interfaces.DebugTarget``. ``doubles`` is how many registers VFP has, or 0."""

    stops_before_access = True  # have_nonsteppable_watchpoint in gdb/arm-tdep.c
    expedited: Sequence[int] = (_FRAME, _STACK, _PC)

    def __init__(self, doubles: int, *, simd: bool) -> None:
        self._slots = dict(enumerate((*REGISTERS, PC_SLOT)))
        self._cpsr = _NUMBERED["cpsr"]
        first = self._cpsr + 1
        self._slots.update(enumerate(DOUBLES[:doubles], first))
        self._fpscr = first + doubles if doubles else -1
        numbers = first + doubles + bool(doubles)
        self.sizes: Sequence[int] = [self._size(number) for number in range(numbers)]
        self.description = "\n".join(_description(doubles, simd)).encode()

    def _size(self, number: int) -> int:
        if number in self._slots:
            return _DOUBLE if number > self._cpsr else _WORD
        return _WORD if number in (self._cpsr, self._fpscr) else 0

    def read(self, number: int, state: State, location: int) -> bytes:
        """See ``DebugTarget``. The pc has no bit of state: that is in the CPSR."""
        if number == _PC:
            value = location & ~1
        elif number == self._cpsr:
            value = cpsr(state, location)
        elif number == self._fpscr:
            value = fpscr(state)
        else:
            value = state.get(self._slots[number]) if number in self._slots else 0
        return value.to_bytes(self.sizes[number], "little")

    def write(self, number: int, value: bytes, state: State, location: int) -> int:
        """See ``DebugTarget``."""
        given = int.from_bytes(value, "little")
        if number == _PC:
            # It is set before the CPSR is: what is no address of A32 code is one of Thumb code.
            return given & ~1 | bool(location & 1 or given & 2)
        if number == self._cpsr:
            return location & ~1 | set_cpsr(state, given)
        if number == self._fpscr:
            set_fpscr(state, given)
        elif number in self._slots:
            state.set(self._slots[number], given)
        return location


def debug_target(cpu: str) -> ArmTarget:
    """The registers of a processor by name."""
    has = processor(cpu).features
    doubles = 32 if "vfpd32" in has else 16 if "vfp" in has else 0
    return ArmTarget(doubles, simd="neon" in has)


def _description(doubles: int, simd: bool) -> Iterator[str]:
    yield '<?xml version="1.0"?>'
    yield '<!DOCTYPE target SYSTEM "gdb-target.dtd">'
    yield "<target>"
    yield "<architecture>arm</architecture>"
    yield "<osabi>GNU/Linux</osabi>"
    yield '<feature name="org.gnu.gdb.arm.core">'
    for name in (*_CORE, "sp", "lr", "pc", "cpsr"):
        number = f' regnum="{_NUMBERED[name]}"' if name in _NUMBERED else ""
        yield f'<reg name="{name}" bitsize="32" type="{_TYPES.get(name, "uint32")}"{number}/>'
    yield "</feature>"
    if doubles:
        yield '<feature name="org.gnu.gdb.arm.vfp">'
        for name in DOUBLES[:doubles]:
            yield f'<reg name="{name}" bitsize="64" type="ieee_double"/>'
        yield '<reg name="fpscr" bitsize="32" type="int" group="float"/>'
        yield "</feature>"
    if simd:  # gdb makes the quadwords of the doubles
        yield '<feature name="org.gnu.gdb.arm.neon"/>'
    yield "</target>"
