"""Deferred flags within a region: the operands of a subtraction, in variables.

Between the blocks of a region, and where it is left, flags are as between units (``lazy_flags``):
computed, or deferred. A variable says which; on most ways LLVM knows it.
"""

from collections.abc import Mapping

from backends.numba_jit.units.flag_slots import DEFERRED, LEFT, RIGHT, flag_of
from backends.numba_jit.units.lazy_flags import subtraction
from backends.numba_jit.units.unit_text import Bit, UnitText
from dbt.ir.block import Value


class RegionFlags:
    """The flags of one region in the making."""

    def __init__(self, text: UnitText) -> None:
        self._u = text
        self._flags = text.frame.flags
        self._values: tuple[Bit, ...] = ()
        self._operands: tuple[Value, Value] | None = None
        """The operands of the subtraction that the values are of."""
        self._begin = 0
        """Index of the line that sets the operands where the region begins."""
        self._first: list[str] | None = None
        """The operands that the region defers first: slots, constants, or "" for others."""

    def declare(self) -> None:
        """Make the variables."""
        self._u.lines.append(" %v.D = alloca i1\n %v.L = alloca i32\n %v.R = alloca i32")

    def enter(self) -> None:
        """Append lines that say that flags are computed where a region begins."""
        self._u.lines.append(" store i1 false, ptr %v.D")
        self._begin = len(self._u.lines)
        self._u.lines.append("")

    def finish(self, values: Mapping[str, str]) -> None:
        """Set the operands where the region begins, where they mean nothing: to those slots (whose
        ``values`` there are given by name) that a loop sets them to. So LLVM finds the same in both
        and keeps them only once."""
        texts = [
            operand if operand.isdigit() else values.get(operand, "0")
            for operand in self._first or ("", "")
        ]
        self._u.lines[self._begin] = "\n".join(
            f" store i32 {text}, ptr %v.{name}"
            for name, text in zip(("L", "R"), texts, strict=True)
        )

    def _kept(self, text: str) -> str:
        """The slot that has a value now, or the constant that it is, or ""."""
        if text.isdigit():
            return text
        slots = (name for name, value in self._u.slots.items() if value == text)
        return next(slots, "")

    def current(self, name: str) -> str:
        """The text of a flag's present value, which the block has not set."""
        u = self._u
        plain = u.new(f"load i1, ptr %v.{name}")
        deferred = u.new("load i1, ptr %v.D")
        left, right = u.new("load i32, ptr %v.L"), u.new("load i32, ptr %v.R")
        lazy = flag_of(u.new, self._flags.index(name), left, right)
        return u.new(f"select i1 {deferred}, i1 {lazy}, i1 {plain}")

    def write(self, lines: list[str], values: dict[str, str]) -> dict[str, str]:
        """What is to be written of slots where a block is left, of which the block has set some
        flags. Where one subtraction has set all of them, appends lines that keep its operands, and
        takes the flags out. Else adds those that the block has not set."""
        u = self._u
        operands = self._subtraction()
        if operands is None:
            return values | {name: u.bit_before(name) for name in self._flags if name not in values}
        left, right = map(u.value, operands)
        if self._first is None:
            self._first = [self._kept(left), self._kept(right)]
        lines.append(
            f" store i1 true, ptr %v.D\n store i32 {left}, ptr %v.L\n store i32 {right}, ptr %v.R"
        )
        return {name: value for name, value in values.items() if name not in self._flags}

    def _subtraction(self) -> tuple[Value, Value] | None:
        """The operands of the subtraction that has set all flags last, if one has."""
        bits = self._u.bits
        if any(name not in bits for name in self._flags):
            return None
        values = tuple(bits[name] for name in self._flags)
        if values != self._values:
            self._values, self._operands = values, subtraction(*values)
        return self._operands

    def mark_computed(self, lines: list[str]) -> None:
        """Append a line that says that all flags are computed."""
        lines.append(" store i1 false, ptr %v.D")

    def export(self, lines: list[str], prefix: str) -> None:
        """Lines that leave the flags as other units take them over."""
        for index, (variable, type_, offset) in enumerate(
            (("D", "i1", DEFERRED), ("L", "i32", LEFT), ("R", "i32", RIGHT))
        ):
            value = f"{prefix}f{index}"
            lines.append(f" {value} = load {type_}, ptr %v.{variable}")
            lines.append(f" {value}a = getelementptr i8, ptr %s, i64 {offset}")
            if type_ == "i1":
                lines.append(f" {value}b = zext i1 {value} to i8\n store i8 {value}b, ptr {value}a")
            else:
                lines.append(f" store i32 {value}, ptr {value}a")
