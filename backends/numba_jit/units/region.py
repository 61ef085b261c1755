"""Regions: one function for the blocks of a loop, which jump to each other directly.

A region is the unit of a loop's first block which repeats the other blocks of the loop behind it.
An edge inside is taken when its link leads to the unit of the block repeated, so links, unlinking
and replaced blocks mean what they always mean; fuel is taken block by block. Guest state lives in
``alloca``s, which LLVM turns into registers, and is written where the region is left.
"""

from collections.abc import Mapping, Sequence

from backends.numba_jit.installed import Installed
from backends.numba_jit.units.emitter import begin_block, emit_block
from backends.numba_jit.units.frame import LLVM_TYPES
from backends.numba_jit.units.lazy_flags import materialise_first
from backends.numba_jit.units.unit_text import Exits, Module, UnitText, merge
from dbt.ir import ops
from dbt.ir.block import BlockKey, exit_targets
from dbt.ir.types import I1

MOST_BLOCKS = 16


def find_regions(batch: Sequence[Installed]) -> dict[BlockKey, list[Installed]]:
    """Loops within a batch, by the key of their first block: the blocks on a way from it to itself.

    A loop's first block is one that a block at the same or a higher pc leads to.
    """
    by_key = {installed.key: installed for installed in batch}
    following = {
        key: [
            target
            for target in exit_targets(installed.block.exit)
            if installed.links and target in by_key
        ]
        for key, installed in by_key.items()
    }
    leading: dict[BlockKey, list[BlockKey]] = {key: [] for key in by_key}
    for key, targets in following.items():
        for target in targets:
            leading[target].append(key)
    regions = {}
    for head in by_key:
        if any(source.pc >= head.pc for source in leading[head]):
            forward = _closure(head, following)
            # Blocks before the head belong to a loop around this one.
            inside = [
                key for key in _closure(head, leading) if key in forward and key.pc >= head.pc
            ]
            members = _connected(head, following, set(inside))
            if head in _targets(members, following) and len(members) <= MOST_BLOCKS:
                regions[head] = [by_key[key] for key in members]
    return regions


def _targets(
    members: Sequence[BlockKey], following: Mapping[BlockKey, list[BlockKey]]
) -> set[BlockKey]:
    return {target for key in members for target in following[key]}


def _closure(start: BlockKey, edges: Mapping[BlockKey, list[BlockKey]]) -> set[BlockKey]:
    return set(_connected(start, edges, set(edges)))


def _connected(
    start: BlockKey, edges: Mapping[BlockKey, list[BlockKey]], within: set[BlockKey]
) -> list[BlockKey]:
    """What ``start`` leads to within a set, itself first."""
    found = [start]
    seen = {start}
    for key in found:
        for target in edges[key]:
            if target in within and target not in seen:
                seen.add(target)
                found.append(target)
    return found


def emit_region(
    module: Module, members: Sequence[Installed], symbols: Mapping[BlockKey, str], name: str
) -> str:
    """The text of the function ``name``, which is the unit of a region. It is entered at the first
    of the members; ``symbols`` are the names of units by key."""
    u = RegionText(module, members, symbols)
    u.head(name)
    u.declare()
    if module.frame.lazy_flags and any(f in u.read | u.written for f in module.frame.flags):
        materialise_first(u, name)
    u.enter()
    for index, installed in enumerate(members):
        begin_block(u, installed, f"%b{index}")
        u.go_on(index)
        emit_block(u)
    return u.finish()


class RegionText(UnitText):
    """The function of a region in the making: state is in variables, and flags are never
    deferred within it."""

    def __init__(
        self, module: Module, members: Sequence[Installed], symbols: Mapping[BlockKey, str]
    ) -> None:
        super().__init__(module)
        self.lazy_flags = False
        self.members = {
            installed.key: (f"b{index}", symbols[installed.key])
            for index, installed in enumerate(members)
        }
        self.arguments = {}
        self.tails: Exits = []
        self.read: dict[str, None] = {}
        self.written: dict[str, None] = {}
        for installed in members:
            for inst in installed.block.insts:
                if inst.op is ops.SET:
                    self.written[str(inst.imm[0])] = None
                elif inst.op is ops.GET:
                    self.read[str(inst.imm[0])] = None

    def declare(self) -> None:
        """Make the variables. LLVM turns only those of a function's first basic block into
        registers."""
        self.lines.append(" %fa = alloca i64")
        for name in self.read | self.written:
            type_ = LLVM_TYPES[self.frame.slots[name].type.name]
            self.lines.append(f" %v.{name} = alloca {type_}")

    def enter(self) -> None:
        """Load the variables and go to the first block."""
        lines = self.lines
        lines.append(" store i64 %f, ptr %fa")
        for name in self.read | self.written:
            type_ = LLVM_TYPES[self.frame.slots[name].type.name]
            value = self.frame.arguments.get(name)
            if value is None:
                self.slots = {}
                value = super().current(name)
            lines.append(f" store {type_} {value}, ptr %v.{name}")
        lines.append(" br label %b0")

    def go_on(self, index: int) -> None:
        """Begin the text of a block that was begun."""
        self.lines.append(f"b{index}:")
        self.fuel = self.new("load i64, ptr %fa")

    def take_fuel(self) -> None:
        super().take_fuel()
        self.lines.append(f" store i64 {self.fuel}, ptr %fa")

    def current(self, name: str) -> str:
        value = self.slots.get(name)
        if value is None:
            type_ = LLVM_TYPES[self.frame.slots[name].type.name]
            value = self.slots[name] = self.new(f"load {type_}, ptr %v.{name}")
        return value

    def _stores(self, lines: list[str], prefix: str) -> None:  # noqa: ARG002
        for name, value in self.dirty.items():
            type_ = LLVM_TYPES[self.frame.slots[name].type.name]
            lines.append(f" store {type_} {value}, ptr %v.{name}")

    def _leaving(self, way: int, label: str, code: int | str, fuel: str) -> None:
        self.exits.setdefault(way, []).append((label, [str(code), fuel]))

    def go(self, code: str) -> None:
        self.lines.append(" br label %tl")
        self.tails.append((self.label, [code, self.fuel]))

    def _leave_lines(self) -> list[str]:
        lines: list[str] = []
        for way, exits in self.exits.items():
            lines.append(f"lv{way}:")
            code, fuel = merge(lines, exits, ("i64", "i64"), f"%l{way}.")
            self._call_leave(lines, way, code, self._export(lines, fuel, f"%ly{way}."))
        return lines + self._tail_lines()

    def _tail_lines(self) -> list[str]:
        if not self.tails:
            return []
        lines = ["tl:"]
        code, fuel = merge(lines, self.tails, ("ptr", "i64"), "%t")
        arguments = self._export(lines, fuel, "%ty")
        lines.append(f" %tr = musttail call preserve_nonecc i64 {code}({arguments})\n ret i64 %tr")
        return lines

    def _export(self, lines: list[str], fuel: str, prefix: str) -> str:
        """Lines that write state which other units find in the buffer; arguments for a call."""
        values = dict(self.frame.arguments)
        for index, name in enumerate(self.written):
            slot = self.frame.slots[name]
            type_, value = LLVM_TYPES[slot.type.name], f"{prefix}{index}"
            lines.append(f" {value} = load {type_}, ptr %v.{name}")
            if name in values:
                values[name] = value
                continue
            lines.append(self.frame.address_of(slot, f"{value}a"))
            if slot.type is I1:
                lines.append(f" {value}b = zext i1 {value} to i8")
                type_, value = "i8", f"{value}b"
            lines.append(f" store {type_} {value}, ptr {prefix}{index}a")
        return self.frame.call_arguments(fuel, values.values())
