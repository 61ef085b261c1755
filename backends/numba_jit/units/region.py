"""Regions: one function for blocks that lead to each other, which jump directly within it.

A region holds the blocks of loops and functions that became hot together: along direct exits, into
the functions that they call, and on behind the calls. Each of its blocks is a unit: a short
function that says where to begin, and goes on in the region.

An edge inside is taken when its link, or the entry of a computed target, leads to the unit of the
block repeated here, so links, unlinking and replaced blocks mean what they always mean; fuel is
taken block by block. Guest state lives in ``alloca``s, which LLVM turns into registers, and is
written where the region is left.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from backends.numba_jit.installed import Installed
from backends.numba_jit.units.emitter import begin_block, emit_block
from backends.numba_jit.units.flag_slots import ENTRY
from backends.numba_jit.units.frame import LLVM_TYPES
from backends.numba_jit.units.lazy_flags import materialise_first
from backends.numba_jit.units.region_flags import RegionFlags
from backends.numba_jit.units.unit_text import Exits, Module, UnitText, merge
from dbt.ir import ops
from dbt.ir.block import BlockKey, Call, Return, exit_targets
from dbt.ir.types import I1

MOST_BLOCKS = 64
MOST_RETURNS = 4
"""Blocks behind calls that a return looks for within the region, before the table of entries."""


def find_regions(
    batch: Sequence[Installed], key_of: Callable[[int], BlockKey]
) -> list[list[Installed]]:
    """The blocks of a batch in groups that lead to each other, without those that are alone and do
    not lead to themselves. ``key_of`` returns the key at a location."""
    by_key = {installed.key: installed for installed in batch}
    neighbours: dict[BlockKey, dict[BlockKey, None]] = {key: {} for key in by_key}
    for key, installed in by_key.items():
        for target in _following(installed, key_of):
            if target in by_key:
                neighbours[key][target] = neighbours[target][key] = None
    groups, seen = [], set()
    for start in by_key:
        if start in seen:
            continue
        group = [start]
        seen.add(start)
        for key in group:
            for other in neighbours[key]:
                if other not in seen and len(group) < MOST_BLOCKS:
                    seen.add(other)
                    group.append(other)
        if len(group) > 1 or start in neighbours[start]:
            groups.append([by_key[key] for key in group])
    return groups


def _following(installed: Installed, key_of: Callable[[int], BlockKey]) -> Iterable[BlockKey]:
    """The keys that a block leads to directly, and the key behind its call."""
    exit_ = installed.block.exit
    if installed.links:
        yield from exit_targets(exit_)
    if isinstance(exit_, Call):
        yield key_of(exit_.link)


def emit_region(
    module: Module,
    members: Sequence[Installed],
    symbols: Mapping[BlockKey, str],
    key_of: Callable[[int], BlockKey],
    name: str,
) -> str:
    """The text of the function ``name``, a region, and of the units of its members, whose names
    are ``symbols`` by key."""
    u = RegionText(module, members, symbols, key_of)
    u.head(name)
    u.declare()
    if u.flags_here:
        materialise_first(u, name)
    u.enter()
    for index, installed in enumerate(members):
        begin_block(u, installed, f"%b{index}")
        u.go_on(index)
        emit_block(u)
    frame = module.frame
    units = [
        f"define dso_local preserve_nonecc i64 @{symbols[installed.key]}{frame.signature}\n"
        f" %n = getelementptr i8, ptr %s, i64 {ENTRY}\n store i32 {index}, ptr %n\n"
        f" %r = musttail call preserve_nonecc i64 @{name}({frame.parameters})\n ret i64 %r\n}}"
        for index, installed in enumerate(members)
    ]
    return "\n".join([u.finish(), *units])


class RegionText(UnitText):
    """The function of a region in the making: state is in variables."""

    def __init__(
        self,
        module: Module,
        members: Sequence[Installed],
        symbols: Mapping[BlockKey, str],
        key_of: Callable[[int], BlockKey],
    ) -> None:
        super().__init__(module)
        self.lazy_flags = False
        self.count = len(members)
        self.members = {
            installed.key: (f"b{index}", symbols[installed.key])
            for index, installed in enumerate(members)
        }
        self.arguments = {}
        self.tails: Exits = []
        self.read: dict[str, None] = {}
        self.written: dict[str, None] = {}
        calls = [i.block.exit for i in members if isinstance(i.block.exit, Call)]
        behind = {key_of(call.link): None for call in calls}
        self.returns = [self.members[key] for key in behind if key in self.members]
        """Labels and symbols of the members behind calls."""
        for installed in members:
            for inst in installed.block.insts:
                if inst.op is ops.SET:
                    self.written[str(inst.imm[0])] = None
                elif inst.op is ops.GET:
                    self.read[str(inst.imm[0])] = None
        flags = self.frame.flags
        self.flags_here = module.frame.lazy_flags and any(
            flag in self.read | self.written for flag in flags
        )
        if self.flags_here and any(flag in self.written for flag in flags):
            self.written |= dict.fromkeys(flags)
        self.deferred = RegionFlags(self)

    def declare(self) -> None:
        """Make the variables. LLVM turns only those of a function's first basic block into
        registers."""
        self.lines.append(" %fa = alloca i64")
        for name in self.read | self.written:
            type_ = LLVM_TYPES[self.frame.slots[name].type.name]
            self.lines.append(f" %v.{name} = alloca {type_}")
        if self.flags_here:
            self.deferred.declare()

    def enter(self) -> None:
        """Load the variables and go to the block where the region is entered."""
        lines = self.lines
        lines.append(" store i64 %f, ptr %fa")
        for name in self.read | self.written:
            type_ = LLVM_TYPES[self.frame.slots[name].type.name]
            value = self.frame.arguments.get(name)
            if value is None:
                self.slots = {}
                value = super().current(name)
            lines.append(f" store {type_} {value}, ptr %v.{name}")
        place = self.new(f"getelementptr i8, ptr %s, i64 {ENTRY}")
        entry = self.new(f"load i32, ptr {place}")
        ways = " ".join(f"i32 {index}, label %b{index}" for index in range(1, self.count))
        lines.append(f" switch i32 {entry}, label %b0 [{ways}]")

    def go_on(self, index: int) -> None:
        """Begin the text of a block that was begun."""
        self.lines.append(f"b{index}:")
        self.fuel = self.new("load i64, ptr %fa")

    def take_fuel(self) -> None:
        super().take_fuel()
        self.lines.append(f" store i64 {self.fuel}, ptr %fa")
        if self.flags_here and self.flags is False:
            self.deferred.begin_block(self.block.insts)

    def inside(self, exit_: object) -> list[tuple[str, str]]:
        """The labels and symbols of members that a computed exit may lead to."""
        return self.returns[:MOST_RETURNS] if isinstance(exit_, Return) else []

    def before_exit(self) -> None:
        """Defer flags where that is possible."""
        if self.flags_here:
            self.deferred.end_block()

    def current(self, name: str) -> str:
        value = self.slots.get(name)
        if value is None:
            if self.flags_here and name in self.frame.flags:
                value = self.deferred.current(name)
            else:
                type_ = LLVM_TYPES[self.frame.slots[name].type.name]
                value = self.new(f"load {type_}, ptr %v.{name}")
            self.slots[name] = value
        return value

    def _stores(self, lines: list[str], prefix: str) -> None:  # noqa: ARG002
        for name, value in self.dirty.items():
            type_ = LLVM_TYPES[self.frame.slots[name].type.name]
            lines.append(f" store {type_} {value}, ptr %v.{name}")
        if self.flags_here and any(flag in self.dirty for flag in self.frame.flags):
            self.deferred.mark_computed(lines)

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
        if self.flags_here:
            self.deferred.export(lines, prefix)
        return self.frame.call_arguments(fuel, values.values())
