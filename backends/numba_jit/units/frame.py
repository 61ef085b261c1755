"""The frame of a unit: its signature, and the two functions that all units share.

A unit is ``preserve_nonecc i64 (i32 p0 … p3, ptr state, ptr mem, i32 p4, i32 p5, i64 fuel)``:
``mem`` is the host address of guest address 0, and the ``p`` are guest registers that stay in host
registers from unit to unit. In this order ``state`` and ``mem`` are in rdi and rsi, with which code
is shorter than with the first four registers of the convention, r12 to r15. Units run on into each
other by ``musttail`` calls, so the host stack never grows. Of the convention's twelve argument
registers LLVM can use around ten before it runs out of others.
"""

from collections.abc import Iterable

from backends.numba_jit import abi, tables
from backends.numba_jit.dispatch import Ways, go_on, word
from backends.numba_jit.units.flag_slots import DEFERRED, materialise_flags
from dbt.interfaces import Layout, Slot
from dbt.ir.block import Const

LEAVE = abi.FIRST_FREE
LEAVE_RETURN = abi.FIRST_FREE + 32
LEAVE_JUMP = abi.FIRST_FREE + 40
LEAVE_COPY = abi.FIRST_FREE + 56
"""Control words: code pointers to which a unit jumps when it is left: LEAVE always;
LEAVE_RETURN and LEAVE_JUMP when the table has no entry, LEAVE_COPY to go on in the copied code of
the block whose id is the payload of EXIT_CODE.

Direct exits that are not linked end at ``abi.UNLINKED``. All of these have a unit's signature and
may be ``leave``."""

PINS = 6
_FIRST_PINS = 4
"""Those of them in front of ``state`` and ``mem``."""

LLVM_TYPES = {
    "i1": "i1", "i8": "i8", "i16": "i16", "i32": "i32", "i64": "i64",
    "f32": "float", "f64": "double", "v64": "<2 x i32>", "v128": "<2 x i64>",
}  # fmt: skip


def constant(value: Const) -> str:
    """LLVM's text of a constant."""
    if value.type.overlapping:
        return f"bitcast (i{value.type.bits} {value.value} to {LLVM_TYPES[value.type.name]})"
    return str(value.value)


FOOTER = """
!0 = !{!"branch_weights", i32 1, i32 100000}
!1 = !{!"branch_weights", i32 100000, i32 1}
"""


def arguments(fuel: str, values: Iterable[str] = ()) -> str:
    """The argument list of a call that goes on at translated code, with the values of the first
    ``p``."""
    pins = [f"i32 {value}" for value in values]
    pins += ["i32 poison"] * (PINS - len(pins))
    return ", ".join([*pins[:_FIRST_PINS], "ptr %s, ptr %m", *pins[_FIRST_PINS:], f"i64 {fuel}"])


class Frame:
    """What all units of one layout have in common, as ready-made text."""

    def __init__(self, layout: Layout, pins: int = PINS, *, lazy_flags: bool = True) -> None:
        slots = layout.by_name
        hot = [name for name in layout.hot if name in slots and slots[name].type.name == "i32"]
        self.slots = slots
        self.pinned: tuple[str, ...] = tuple(hot[:pins])
        names = [f"%p{index}" for index in range(PINS)]
        self.arguments: dict[str, str] = dict(zip(self.pinned, names, strict=False))
        self.parameters = self.call_arguments("%f", names)
        noalias = self.parameters.replace("ptr %", "ptr noalias %")
        self.signature = f"({noalias}) nounwind {{"
        self.layout = layout
        self.flags = layout.flags
        self.lazy_flags = lazy_flags and bool(layout.flags)

    def call_arguments(self, fuel: str, values: Iterable[str]) -> str:
        """The argument list of a call that goes on at another unit."""
        return arguments(fuel, values)

    def address_of(self, slot: Slot, result: str) -> str:
        """Text that computes the address of a slot."""
        return f" {result} = getelementptr i8, ptr %s, i64 {slot.offset}"

    def shared(self) -> str:
        """LLVM text of ``enter(code, state)`` and of ``leave``.

        ``enter`` is a C function: it loads what units keep in registers and calls the unit.
        ``leave`` has a unit's signature: it stores that again and returns EXIT_CODE.
        """
        return f"""
define i64 @enter(ptr %code, ptr %s) nounwind {{
 %mp = getelementptr i8, ptr %s, i64 {abi.MEM_BASE}
 %m = load ptr, ptr %mp
 %fp = getelementptr i8, ptr %s, i64 {abi.FUEL}
 %f = load i64, ptr %fp
{self._load_pins()}
 %r = call preserve_nonecc i64 %code({self._loaded_pins()})
 ret i64 %r
}}
define preserve_nonecc i64 @leave{self.signature}
{self._materialise_deferred()}
 %fp = getelementptr i8, ptr %s, i64 {abi.FUEL}
 store i64 %f, ptr %fp
{self._store_pins()}
 %ep = getelementptr i8, ptr %s, i64 {abi.EXIT_CODE}
 %ec = load i64, ptr %ep
 ret i64 %ec
}}
{self._materialise()}
"""

    def ways_of_units(self) -> Ways:
        """How units go on where no link or table leads to a unit."""
        settled = f"{self._materialise_deferred()}\n{self._store_pins()}\n"
        return Ways(
            to_unit=go_on("%unit", self.parameters),
            to_copy=settled + go_on("%copy", self.parameters),
            leave=go_on("@leave", self.parameters),
            parameters=self.parameters,
            open_table=tables.OPEN_UNITS,
        )

    def ways_of_copies(self) -> Ways:
        """How copied code goes on, which keeps no guest register in a host register."""
        return Ways(
            to_unit=f"{self._load_pins()}\n" + go_on("%unit", self._loaded_pins()),
            to_copy=go_on("%copy", self.parameters),
            leave=f"{word('leave', tables.COPY_LEAVE)}\n" + go_on("%leave", self.parameters),
            parameters=self.parameters,
            open_table=tables.OPEN_COPIES,
        )

    def _load_pins(self) -> str:
        lines = []
        for index, name in enumerate(self.pinned):
            lines.append(self.address_of(self.slots[name], f"%l{index}"))
            lines.append(f" %v{index} = load i32, ptr %l{index}")
        return "\n".join(lines)

    def _loaded_pins(self) -> str:
        """Parameters with what ``_load_pins`` has loaded."""
        return self.call_arguments("%f", [f"%v{index}" for index in range(len(self.pinned))])

    def _store_pins(self) -> str:
        lines = []
        for index, name in enumerate(self.pinned):
            lines.append(self.address_of(self.slots[name], f"%s{index}"))
            lines.append(f" store i32 %p{index}, ptr %s{index}")
        return "\n".join(lines)

    def _materialise_deferred(self) -> str:
        if not self.lazy_flags:
            return ""
        return f"""
 %ma = getelementptr i8, ptr %s, i64 {DEFERRED}
 %mv = load i8, ptr %ma
 %mc = icmp ne i8 %mv, 0
 br i1 %mc, label %deferred, label %computed
deferred:
{materialise_flags(self.layout)}
 br label %computed
computed:"""

    def _materialise(self) -> str:
        if not self.lazy_flags:
            return ""
        return f"""
define preserve_nonecc i64 @materialise{self.signature}
{materialise_flags(self.layout)}
 %ep = getelementptr i8, ptr %s, i64 {abi.EXIT_CODE}
 %ec = load ptr, ptr %ep
 %er = musttail call preserve_nonecc i64 %ec({self.parameters})
 ret i64 %er
}}
"""
