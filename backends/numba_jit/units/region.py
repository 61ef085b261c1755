"""Regions: one function for blocks that lead to each other, which jump directly within it.

A region holds the blocks of loops and functions that became hot together: along direct exits, into
the functions that they call, and on behind the calls. The blocks where control is expected to
arrive are units: short functions that say where to begin, and go on in the region.

A direct edge is within the region if it was linked when that was made. As soon as such an edge is
not linked any more (``tables.UNDONE``), no region may be entered (``tables.STOPPED``), and before
code runs again those are dropped that had taken the edge. A computed edge is taken when
the entry of its target is that block's unit. So links, unlinking and replaced blocks mean what they
always mean.

Fuel is taken and tested at few places, for the longest way to the next of them (``region_shape``);
shorter ways give back what they do not need. Where it may not last, the copied code goes on. Guest
state lives in ``alloca``s, which LLVM turns into registers, and is written where the region is
left.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

from backends.numba_jit import tables
from backends.numba_jit.installed import Installed
from backends.numba_jit.units.emitter import begin_block, emit_block
from backends.numba_jit.units.flag_slots import ENTRY
from backends.numba_jit.units.float_ops import status_slots
from backends.numba_jit.units.float_status import span_of
from backends.numba_jit.units.frame import LLVM_TYPES
from backends.numba_jit.units.invoke import uses_state
from backends.numba_jit.units.lazy_flags import materialise_first, needed
from backends.numba_jit.units.region_flags import RegionFlags
from backends.numba_jit.units.region_shape import Shape, has_loop
from backends.numba_jit.units.region_variables import Variables
from backends.numba_jit.units.unit_text import (
    Exits,
    Module,
    UnitText,
    merge,
    out_of_fuel,
)
from dbt.ir import ops
from dbt.ir.block import BlockKey, Call
from dbt.ir.types import I1

MOST_BLOCKS = 64
_ON = -1
"""In the place of a control word: on at a unit."""


def find_regions(
    batch: Sequence[Installed],
    key_of: Callable[[int], BlockKey],
    linked: Mapping[int, int],
    *,
    calls: bool = True,
) -> list[list[Installed]]:
    """The blocks of a batch in groups that lead to each other, without those that are alone and do
    not lead to themselves. ``key_of`` returns the key at a location, ``linked`` the ids of the
    blocks that link slots are linked to, by slot. Without ``calls`` they lead to each other by
    branches only, and groups without a loop are left out."""
    by_id = {installed.block_id: installed.key for installed in batch}
    by_key = {installed.key: installed for installed in batch}
    neighbours: dict[BlockKey, dict[BlockKey, None]] = {key: {} for key in by_key}
    for key, installed in by_key.items():
        if not calls and isinstance(installed.block.exit, Call):
            continue
        linked_to = [by_id.get(linked.get(slot, 0)) for slot in installed.links]
        for target in (*linked_to, *_behind(installed, key_of)):
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
    return groups if calls else [group for group in groups if has_loop(group, linked)]


def _behind(installed: Installed, key_of: Callable[[int], BlockKey]) -> Iterable[BlockKey]:
    """The key behind a block's call."""
    exit_ = installed.block.exit
    if isinstance(exit_, Call):
        yield key_of(exit_.link)


def emit_region(
    module: Module,
    members: Sequence[Installed],
    symbols: Mapping[BlockKey, str],
    name: str,
    entered: Collection[int] | None = None,
) -> tuple[str, dict[BlockKey, str], dict[int, int]]:
    """The text of the function ``name``, a region, and of the units by which it is entered; the
    names of these units by key, from ``symbols``; by link slot the ids of the blocks that are led
    to within it. ``entered`` has the ids of the blocks that must have a unit; None: all."""
    u = RegionText(module, members, symbols, entered)
    u.head(name)
    u.declare()
    if u.flags_here and not u.takes_deferred:
        materialise_first(u, name)
    u.enter()
    for index, installed in enumerate(members):
        for label in u.shape.labels[index]:
            begin_block(u, installed, f"%{label}")
            u.go_on(index, label)
            emit_block(u)
    if u.flags_here:
        u.deferred.finish(u.at_entry)
    frame = module.frame
    entries = {index: members[index].key for index in u.shape.entries}
    units = [
        f"define dso_local preserve_nonecc i64 @{symbols[key]}{frame.signature}\n"
        f" %n = getelementptr i8, ptr %s, i64 {ENTRY}\n store i32 {index}, ptr %n\n"
        f" %r = musttail call preserve_nonecc i64 @{name}({frame.parameters})\n ret i64 %r\n}}"
        for index, key in entries.items()
    ]
    names = {key: symbols[key] for key in entries.values()}
    inner = {slot: members[index].block_id for slot, index in u.shape.inner.items()}
    return "\n".join([u.finish(), *units]), names, inner


class RegionText(UnitText):
    """The function of a region in the making: state is in variables."""

    def __init__(
        self,
        module: Module,
        members: Sequence[Installed],
        symbols: Mapping[BlockKey, str],
        entered: Collection[int] | None = None,
    ) -> None:
        super().__init__(module)
        self.lazy_flags = False
        frame = self.frame
        flags = frame.flags if module.frame.lazy_flags else ()
        self.shape = Shape(members, module.context, flags, module.linked, entered)
        self._members = members
        self._symbols = [symbols[installed.key] for installed in members]
        self._keys = [installed.key for installed in members]
        self.arguments = {}
        self._present = 0
        self.spans = {}
        self._outs: dict[tuple[int, frozenset[str]], tuple[str, Exits]] = {}
        """By control word and what is to be written: a label, and the exits that lead there."""
        self.at_entry: dict[str, str] = {}
        """The values of slots where the region is entered."""
        self.read: dict[str, None] = {}
        self.written: dict[str, None] = {}
        for installed in members:
            for inst in installed.block.insts:
                if inst.op is ops.SET:
                    self.written[str(inst.imm[0])] = None
                elif inst.op is ops.GET:
                    self.read[str(inst.imm[0])] = None
        self.flags_here = any(flag in self.read | self.written for flag in flags)
        if self.flags_here and any(flag in self.written for flag in flags):
            self.written |= dict.fromkeys(flags)
        self._statuses = status_slots(inst for i in members for inst in i.block.insts)
        self._variables = Variables(frame.layout, self.read | self.written)
        self.takes_deferred = self.shape.knows_flags and not any(
            needed(i.block.insts, flags, partial(uses_state, module.context.functions))
            for i in members
        )
        """Flags may be deferred where the region is entered: no block needs those before it, and no
        loop keeps their operands from round to round."""
        self.deferred = RegionFlags(self)
        self._computed: set[str] = set()
        """Flags that hot code writes computed. All others are in the buffer as they were where the
        region was entered, or as cold code has written them."""

    def declare(self) -> None:
        """Make the variables. LLVM turns only those of a function's first basic block into
        registers."""
        self.lines += [" %fa = alloca i64", *self._variables.declare()]
        self.lines += [f" %n.{name} = alloca i32" for name in self._statuses]
        if self.flags_here:
            self.deferred.declare()

    def enter(self) -> None:
        """Load the variables and go to the block where the region is entered."""
        lines = self.lines
        lines.append(" store i64 %f, ptr %fa")
        for name in self._variables.of(self.read | self.written):
            type_ = LLVM_TYPES[self.frame.slots[name].type.name]
            value = self.frame.arguments.get(name)
            if value is None:
                self.slots = {}
                value = super().current(name)
            self.at_entry[name] = value
            lines.append(f" store {type_} {value}, ptr %v.{name}")
            if name in self._statuses:
                self._store_span(lines, name, value, f"%n.{name}.e")
        if self.flags_here:
            self.deferred.enter(deferred=self.takes_deferred)
        first, *others = self.shape.entries
        if not others:
            lines.append(f" br label %en{first}")
        else:
            place = self.new(f"getelementptr i8, ptr %s, i64 {ENTRY}")
            entry = self.new(f"load i32, ptr {place}")
            ways = " ".join(f"i32 {index}, label %en{index}" for index in others)
            lines.append(f" switch i32 {entry}, label %en{first} [{ways}]")
        for index in self.shape.entries:
            lines.append(f"en{index}:")
            place = self.new(f"getelementptr i8, ptr %s, i64 {tables.STOPPED}")
            stopped = self.new(f"trunc i64 {self.new(f'load i64, ptr {place}')} to i1")
            short = self.new(f"icmp slt i64 %f, {self.shape.taken[index]}")
            short = self.new(f"or i1 {stopped}, {short}")
            lines.append(f" br i1 {short}, label %sh{index}, label {self.next_label()}, !prof !0")
            self.open()
            self._take("%f", self.shape.taken[index])
            lines.append(f" br label %{self.shape.labels[index][0]}")

    def go_on(self, index: int, label: str) -> None:
        """Begin the text of a block that was begun, at one of its labels."""
        self._present = index
        if label == self.shape.labels[index][0]:
            if index in self.shape.entries:
                self._leave_short(index, f"sh{index}", frozenset(), "%f")
            if index in self.shape.arrived:
                self._arrive(index)
        self.label = f"%{label}"
        self.lines.append(f"{label}:")
        self.fuel = self.new("load i64, ptr %fa")
        # LLVM does not find this, as it does not know what is there where the region is entered.
        self._stores(self.lines, "", {n: v for n, v in self.known.items() if n in self.written})

    def _leave_short(
        self, index: int, label: str, changed: frozenset[str], fuel: str, before: str = ""
    ) -> None:
        """Append the way out, at a label, where there is too little fuel for a member to begin."""
        way, code = out_of_fuel(self._members[index])
        self.cold_lines.append(f"{label}:{before}\n br label %{self._out(way, changed)}")
        self._outs[way, changed][1].append((f"%{label}", [str(code), fuel]))

    def _arrive(self, index: int) -> None:
        """Append what computed exits that lead to a member go on at."""
        self.lines.append(f"ar{index}:")
        fuel = self.new("load i64, ptr %fa")
        self._go_to(index, fuel, self.shape.taken[index], self.shape.labels[index][0])

    def _take(self, fuel: str, count: int) -> str:
        """Append lines that take fuel from what there is; what is left."""
        left = self.new(f"sub i64 {fuel}, {count}") if count else fuel
        self.lines.append(f" store i64 {left}, ptr %fa")
        return left

    def _go_to(self, index: int, fuel: str, count: int, to: str) -> None:
        """Append lines that take fuel and go on at a member, at a label of it, which leave if fuel
        is short."""
        left = self._take(fuel, count)
        if index in self.shape.tested and count > 0:
            label = f"ts{self.cold_number}"
            self.cold_number += 1
            # LLVM must not see that this is what was there before: it would keep that, too.
            before = (
                f'\n %{label}f = call i64 asm sideeffect "", "=r,0"(i64 {left})'
                f"\n %{label}g = add i64 %{label}f, {self.shape.taken[index]}"
            )
            changed = self.shape.changed[index]
            self._leave_short(index, label, changed, f"%{label}g", before)
            self.branch_cold(self.new(f"icmp slt i64 {left}, 0"), f"%{label}")
        self.lines.append(f" br label %{to}")

    @property
    def _beyond(self) -> int:
        """The fuel that was taken for what comes behind the present block."""
        return self.shape.taken[self._present] - self.insn_count

    def take_fuel(self) -> None:
        """Fuel was taken for a longer way."""

    def refund(self) -> int:
        return super().refund() + self._beyond

    def settle_fuel(self) -> None:
        self.fuel = self._take(self.fuel, -self._beyond)

    def inside(self) -> list[tuple[str, str, BlockKey]]:
        return [
            (f"ar{index}", self._symbols[index], self._keys[index])
            for index in self.shape.computed[self._present]
        ]

    def goes_within(self, slot: int) -> bool:
        index = self.shape.inner.get(slot)
        if index is None:
            return False
        needed = self.shape.taken[index] - self._beyond
        self._go_to(index, self.fuel, needed, self.shape.label(self._present, index))
        return True

    def current(self, name: str) -> str:
        value = self.slots.get(name)
        if value is None:
            if self.flags_here and name in self.frame.flags:
                value = self.bit_before(name)
            else:
                type_ = LLVM_TYPES[self.frame.slots[name].type.name]
                value = self.new(f"load {type_}, ptr {self.place(name)}")
                if name in self._statuses:
                    self.spans[value] = self.new(f"load i32, ptr %n.{name}")
            self.slots[name] = value
        return value

    def place(self, name: str) -> str:
        whole, at = self._variables.place(name)
        return self.new(f"getelementptr i8, ptr %v.{whole}, i64 {at}") if at else f"%v.{whole}"

    def _store_span(self, lines: list[str], name: str, status: str, prefix: str) -> None:
        """Append lines that keep the span of a status beside it."""
        span = self.spans.get(status) or span_of(lines, status, prefix)
        lines.append(f" store i32 {span}, ptr %n.{name}")

    def bit_before(self, name: str) -> str:
        if self.flags_here and name in self.frame.flags:
            return self.deferred.current(name)
        return self.new(f"load i1, ptr {self.place(name)}")

    @property
    def _weight(self) -> int:
        """How hot the present code is: 0 for cold code, 2 for a block that closes a loop."""
        if self.cold_names:
            return 0
        loops = any(to in self.shape.tested for to in self.shape.direct[self._present])
        return 1 + loops

    def _store_bits(self, lines: list[str], prefix: str, values: dict[str, str]) -> None:
        self._stores(lines, prefix, values)

    def _stores(self, lines: list[str], prefix: str, values: Mapping[str, str]) -> None:
        if any(flag in values for flag in self.frame.flags):
            values = self.deferred.write(lines, dict(values), self._weight)
            computed = {n: v for n, v in values.items() if n in self.frame.flags}
            if self.cold_names:
                super()._stores(lines, f"{prefix}m", computed)
            else:
                self._computed.update(computed)
        for name, value in values.items():
            type_ = LLVM_TYPES[self.frame.slots[name].type.name]
            lines.append(f" store {type_} {value}, ptr %v.{name}")
            if name in self._statuses:
                self._store_span(lines, name, value, f"{prefix}n")

    # -- leaving

    def _out(self, way: int, changed: frozenset[str]) -> str:
        """The label where exits of one kind meet."""
        found = self._outs.get((way, changed))
        if found is None:
            found = self._outs[way, changed] = f"out{len(self._outs)}", []
        return found[0]

    def way_out(self, way: int) -> str:
        return self._out(way, self.shape.changed[self._present])

    def _exits_of(self, way: int) -> Exits:
        return self._outs[way, self.shape.changed[self._present]][1]

    def _brought(self, code: str, fuel: str) -> list[str]:
        return [code, fuel]

    @property
    def _brought_types(self) -> tuple[str, ...]:
        return "i64", "i64"

    def go(self, code: str) -> None:
        self.lines.append(f" br label %{self.way_out(_ON)}")
        self._leaving(_ON, self.label, code, self.fuel)

    def _leave_lines(self) -> list[str]:
        lines: list[str] = []
        for (way, changed), (label, exits) in self._outs.items():
            lines.append(f"{label}:")
            prefix = f"%{label}."
            code, fuel = merge(lines, exits, ("ptr" if way == _ON else "i64", "i64"), prefix)
            arguments = self._export(lines, changed, fuel, f"{prefix}y")
            if way == _ON:
                result = f"{prefix}r"
                lines.append(
                    f" {result} = musttail call preserve_nonecc i64 {code}({arguments})\n"
                    f" ret i64 {result}"
                )
            else:
                self._call_leave(lines, way, code, arguments, label)
        return lines

    def _export(self, lines: list[str], changed: frozenset[str], fuel: str, prefix: str) -> str:
        """Lines that write state which other units find in the buffer; arguments for a call."""
        values = dict(self.frame.arguments)
        there = set(self.frame.flags) - self._computed if self.flags_here else ()
        names = (name for name in self.written if name in changed and name not in there)
        written = self._variables.of(names)
        for index, name in enumerate(written):
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
        if self.flags_here and any(flag in changed for flag in self.frame.flags):
            self.deferred.export(lines, prefix)
        return self.frame.call_arguments(fuel, values.values())
