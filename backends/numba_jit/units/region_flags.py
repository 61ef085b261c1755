"""Deferred flags within a region: the operands of a subtraction, in variables.

Between the blocks of a region, and where it is left, flags are as between units (``lazy_flags``):
computed, or deferred. A variable has a mask of those that are; on most ways LLVM knows it. What a
mask makes meaningless, a computed flag or the operands, is poison: so LLVM keeps nothing of it.
"""

from collections.abc import Mapping

from backends.numba_jit.units.flag_slots import (
    ALL,
    DEFERRED,
    LEFT,
    RIGHT,
    flag_of,
    is_deferred,
    mask_of,
)
from backends.numba_jit.units.lazy_flags import deferrable
from backends.numba_jit.units.unit_text import Bit, UnitText
from dbt.ir.block import Value

_WORDS = ("D", "i8", DEFERRED), ("L", "i32", LEFT), ("R", "i32", RIGHT)
"""The variables of the mask and the operands, their types, and the control words between units."""


class RegionFlags:
    """The flags of one region in the making."""

    def __init__(self, text: UnitText) -> None:
        self._u = text
        self._flags = text.frame.flags
        self._values: tuple[Bit, ...] = ()
        self._found: tuple[tuple[Value, Value], int] | None = None
        """What is ``deferrable`` of them."""
        self._begin: int | None = None
        """Index of the line that sets the operands where the region begins, if they mean nothing
        there."""
        self._first: list[str] | None = None
        """The operands that the region defers first where it runs most: slots, constants, or "" for
        others."""
        self._weight = 0
        """How hot the code is that defers them."""

    def declare(self) -> None:
        """Make the variables."""
        self._u.lines.append(" %v.D = alloca i8\n %v.L = alloca i32\n %v.R = alloca i32")

    def enter(self, *, deferred: bool) -> None:
        """Append lines that say that flags are computed where a region begins, or take over those
        that may be ``deferred``."""
        u = self._u
        if deferred:
            for variable, type_, offset in _WORDS:
                place = u.new(f"getelementptr i8, ptr %s, i64 {offset}")
                value = u.new(f"load {type_}, ptr {place}")
                u.lines.append(f" store {type_} {value}, ptr %v.{variable}")
            return
        u.lines.append(" store i8 0, ptr %v.D")
        self._begin = len(u.lines)
        u.lines.append("")

    def finish(self, values: Mapping[str, str]) -> None:
        """Set the operands where the region begins, if they mean nothing there: to slots (whose
        ``values`` there are given by name) that a loop sets them to. So LLVM finds the same in both
        and keeps them only once."""
        if self._begin is None:
            return
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
        u, which = self._u, self._flags.index(name)
        plain = u.new(f"load i1, ptr %v.{name}")
        deferred = is_deferred(u.new, which, u.new("load i8, ptr %v.D"))
        left, right = u.new("load i32, ptr %v.L"), u.new("load i32, ptr %v.R")
        lazy = flag_of(u.new, which, left, right)
        return u.new(f"select i1 {deferred}, i1 {lazy}, i1 {plain}")

    def write(self, lines: list[str], values: dict[str, str], weight: int) -> dict[str, str]:
        """What is to be written of slots where a block is left, of which the block has set some
        flags. Appends lines that keep the operands of those that are deferrable, takes these out,
        and says which are deferred. Flags that the block has not set stay as they are. ``weight``
        is 0 for cold code, and more for hotter code."""
        u = self._u
        found = self._deferrable()
        if found is None:
            others = ALL ^ mask_of(self._flags, values)
            mask = u.new(f"and i8 {u.new('load i8, ptr %v.D')}, {others}") if others else "0"
            lines.append(f" store i8 {mask}, ptr %v.D")
            if not others:
                lines.append(" store i32 poison, ptr %v.L\n store i32 poison, ptr %v.R")
            return values
        operands, deferred = found
        left, right = map(u.value, operands)
        if weight > self._weight:
            self._weight = weight
            self._first = [self._kept(left), self._kept(right)]
        lines.append(
            f" store i8 {deferred}, ptr %v.D\n"
            f" store i32 {left}, ptr %v.L\n store i32 {right}, ptr %v.R"
        )
        computed = {n: v for n, v in values.items() if not mask_of(self._flags, [n]) & deferred}
        lines += [f" store i1 poison, ptr %v.{n}" for n in values if n not in computed]
        return computed

    def _deferrable(self) -> tuple[tuple[Value, Value], int] | None:
        """What is deferrable of the flags, if the block has set all."""
        bits = self._u.bits
        if any(name not in bits for name in self._flags):
            return None
        values = tuple(bits[name] for name in self._flags)
        if values != self._values:
            self._values, self._found = values, deferrable(*values)
        return self._found

    def export(self, lines: list[str], prefix: str) -> None:
        """Lines that leave the flags as other units take them over."""
        for index, (variable, type_, offset) in enumerate(_WORDS):
            value = f"{prefix}f{index}"
            lines.append(f" {value} = load {type_}, ptr %v.{variable}")
            lines.append(f" {value}a = getelementptr i8, ptr %s, i64 {offset}")
            lines.append(f" store {type_} {value}, ptr {value}a")
