"""The text of a unit as it grows: values, labels, the ways out, and guest state kept as SSA values.

A slot is loaded at its first ``get``, and written once, on the ways out. One whose type may overlap
is written at once, and what was known of the slots that it overlaps is forgotten. Values are
numbered, cold ones named: the cold code of a unit stands behind its hot code, and LLVM wants
numbers to grow.

This is the bottom of what emits: everything above writes with it. Speed matters here, as it is
compile latency: this builds lines and nothing else.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from backends.numba_jit import abi
from backends.numba_jit.installed import Installed
from backends.numba_jit.records import FaultRecord, Record, Records
from backends.numba_jit.units.check_plan import Check
from backends.numba_jit.units.flag_slots import (
    ALL,
    DEFERRED,
    LEFT,
    RIGHT,
    flag_of,
    is_deferred,
    mark_computed,
    mask_of,
)
from backends.numba_jit.units.frame import LEAVE, LEAVE_COPY, LLVM_TYPES, Frame, constant
from backends.numba_jit.units.relations import Relations
from dbt.classes import attrs
from dbt.interfaces import COUNTERS_AT, STACK_BYTES, Context, Slot
from dbt.ir.block import BlockKey, Const, Inst, Value
from dbt.ir.types import I1, Type

COLD = "!prof !0"
"""Weights of a branch whose first side is cold."""


@attrs.define
class Module:
    """What the units of one LLVM module share while their text is made."""

    frame: Frame
    context: Context
    records: Records
    linked: Mapping[int, int]
    """The ids of the blocks that link slots are linked to, by slot, if they are."""
    checked: bool = True
    """Accesses to guest memory test its permissions. Else the host refuses them, and the code goes
    on at their fixups (``backends/native/exception_table.py``)."""
    folds: bool = True
    """Accesses without checks may have the evaluator execute their instruction."""
    intrinsics: dict[str, str] = attrs.field(factory=dict)
    inlined: dict[str, str] = attrs.field(factory=dict)
    """LLVM modules of the functions to be made a part of this one, by symbol."""
    made: list[int] = attrs.field(factory=list)
    """Indices of the records that the code refers to."""
    _faults: dict[FaultRecord, int] = attrs.field(factory=dict)

    def fault(self, record: FaultRecord) -> int:
        """The exit code that reports a refused access, the same one for equal records."""
        code = self._faults.get(record)
        if code is None:
            code = self._faults[record] = self.record(record)
        return code

    def known(self, key: BlockKey) -> dict[str, str]:
        """The texts of what slots hold where the block at a key begins, by name."""
        lifter = self.context.lifter
        if lifter is None:
            return {}
        pinned = self.frame.arguments
        slots = lifter.known_slots(key).items()
        return {name: str(value) for name, value in slots if name not in pinned}

    def record(self, record: Record) -> int:
        """The exit code that reports a new record."""
        index = self.records.new(record)
        self.made.append(index)
        return abi.X_RECORD | index << abi.KIND_BITS


Exits: TypeAlias = list[tuple[str, list[str]]]
"""Labels that a merging block is reached from, each with the values it brings."""


@attrs.frozen(eq=False)
class Choice:
    """What a slot of one bit has that was set ``when`` a condition held."""

    when: Value
    value: Value
    otherwise: "Bit | None"
    """What it was set to before in this block; None: it was not."""


Bit: TypeAlias = Value | Choice


@attrs.frozen(eq=False)
class Aside:
    """Cold lines that ways out have in common, which compute and write the bits that were set."""

    label: str
    lines: list[str]
    exits: Exits = attrs.field(factory=list)
    followed_by: Exits = attrs.field(factory=list)
    """The exits of the block behind it."""


def merge(lines: list[str], exits: Exits, types: Sequence[str], prefix: str) -> list[str]:
    """The values that ``exits`` bring to one block: as they are where all agree, else phis."""
    merged = []
    columns = zip(*(values for _, values in exits), strict=True)
    for index, (type_, column) in enumerate(zip(types, columns, strict=True)):
        if len(set(column)) == 1:
            merged.append(column[0])
            continue
        pairs = [f"[{v}, {label}]" for v, (label, _) in zip(column, exits, strict=True)]
        lines.append(f" {prefix}{index} = phi {type_} {', '.join(pairs)}")
        merged.append(f"{prefix}{index}")
    return merged


def out_of_fuel(installed: Installed) -> tuple[int, int]:
    """The control word and the exit code by which a unit is left in front of a block. The block's
    copied code goes on, unless it would test a probe a second time."""
    way = LEAVE_COPY if installed.copied and not installed.probes else LEAVE
    return way, abi.X_FUEL | installed.block_id << abi.KIND_BITS


class UnitText:
    """The function of a unit in the making. ``begin`` a block before any of it is written."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.frame = module.frame
        self.lazy_flags = module.frame.lazy_flags
        """Flags may be deferred where this function is entered and left."""
        self.lines: list[str] = []
        self.cold_lines: list[str] = []
        self.number = 0
        self.cold_number = 0
        self.exits: dict[int, Exits] = {}
        """By the control word that the way out ends in."""
        self._asides: dict[tuple[str, str, tuple[tuple[str, Bit], ...]], Aside] = {}
        """By the label where the block begins, the way out and the bits that were set."""
        self.cold_names = False
        """Whether what is appended now stands behind hot code."""
        self.names: dict[Value, str] = {}
        self.arguments = module.frame.arguments
        self.fuel = "%f"
        self.label = "%e"

    def begin(
        self,
        installed: Installed,
        label: str,
        checks: Mapping[Inst, Check],
        checked: bool,
        again: "Callable[[UnitText, str, Bit], str]",
    ) -> None:
        """Begin a block at a label. ``checks`` are those that its accesses have to make, all of
        which are ``checked`` or those that cannot do without. ``again`` appends lines that compute
        the bit that a slot was set to a second time, and returns its text."""
        self.block = block = installed.block
        self.block_id, self.links = installed.block_id, installed.links
        self._out_of_fuel = out_of_fuel(installed)
        self.checks, self.checked = checks, checked
        self.slots: dict[str, str] = dict(self.arguments)
        self.dirty: dict[str, str] = {}
        """What is to be written before the block is left."""
        self.known = self.module.known(block.key)
        """What is to be in slots that the block need not write: it was there before."""
        self.slots.update(self.known)
        self.label = self._begins = label
        self.marks = 0
        self.pc = block.key.pc
        self.insn_count = block.insn_count
        self.after: dict[Value, str] = {}
        """The status after each op of floating point."""
        self.spans: dict[str, str] = {}
        """By status what ``float_status.span_of`` says of it, where that is at hand."""
        self.rooms: dict[str, str] = {}
        """The same of ``float_status.room_of``."""
        self.flushed: set[str] = set()
        """Vectors in which no lane of f32 is denormal."""
        self.denormals: dict[str, str] = {}
        """By vector which of its lanes of f32 are denormal, where that is at hand."""
        self.relations = Relations()
        self.flags: int | None = None
        """The flags that the block needs as they were before: see ``lazy_flags.needed``."""
        self.bits: dict[str, Bit] = {}
        """What slots of one bit were set to in this block."""
        self._again = again
        self.extended: dict[Value, str] = {}
        """Numbers that are at hand as they are in 32 bits, with zeros above."""
        self.indices: dict[Value, str] = {}
        """The same in 64 bits, which accesses without checks are made with."""
        self.aligned: set[tuple[Value | None, int, int]] = set()
        """What was found to be aligned: a value, or none, plus a number, for a size."""
        self.forget_stored()
        self.is_aside = False
        """What is appended now does not come before all that follows in the block."""

    def forget_stored(self) -> None:
        """Take memory to hold anything."""
        self.stored: dict[int, tuple[Type, str]] = {}
        """What was stored, by its distance from one value."""
        self.stored_around: Value | None = None

    def head(self, name: str) -> None:
        """The line that the function begins with."""
        signature = self.frame.signature
        self.lines.append(f"define dso_local preserve_nonecc i64 @{name}{signature}\ne:")

    def finish(self) -> str:
        """The whole function."""
        asides = self._aside_lines()
        return "\n".join([*self.lines, *self.cold_lines, *asides, *self._leave_lines(), "}"])

    # -- text

    def new(self, text: str) -> str:
        """Append ``%n = text``; returns ``%n``."""
        if self.cold_names:
            name = f"%k{self.cold_number}"
            self.cold_number += 1
        else:
            name = f"%{self.number}"
            self.number += 1
        self.lines.append(f" {name} = {text}")
        return name

    def open(self) -> str:
        """Begin a hot basic block, to be branched to by the line before; returns its label."""
        self.label = f"%{self.number}"
        self.lines.append(f"{self.number}:")
        self.number += 1
        return self.label

    def inside(self) -> list[tuple[str, str, BlockKey]]:
        """Labels in this function that the block's computed exit may lead to, each with the symbol
        of the unit and the key of the block there."""
        return []

    def goes_within(self, slot: int) -> bool:  # noqa: ARG002
        """Append lines that go on where a link slot leads to, if that is in this function. Returns
        whether it is."""
        return False

    def settle_fuel(self) -> None:
        """Give back fuel that was taken for blocks behind the present one."""

    def next_label(self, after: int = 0) -> str:
        """The label ``open`` will give after so many more values."""
        return f"%{self.number + after}"

    def intrinsic(self, name: str, declaration: str) -> str:
        """Have an intrinsic declared; returns its name with ``@``."""
        self.module.intrinsics[name] = declaration
        return f"@{name}"

    def value(self, value: Value) -> str:
        """The text of an operand."""
        known = self.names.get(value)
        if known:
            return known
        assert isinstance(value, Const)
        return constant(value)

    def counter(self, name: str) -> str:
        """The offset of a counter in the state buffer."""
        return str(COUNTERS_AT + 8 * self.module.context.counters.index(name))

    def stack(self, name: str) -> str:
        """The offset of a side stack in its bank."""
        return str(STACK_BYTES * self.module.context.stacks.index(name))

    def pointer(self, offset: int) -> str:
        """A pointer from the control area, loaded here."""
        address = self.new(f"getelementptr i8, ptr %s, i64 {offset}")
        return self.new(f"load ptr, ptr {address}")

    # -- leaving

    def cold(self, code: int | str, before: str = "", refund: int = 0, way: int = LEAVE) -> str:
        """A cold way out with an exit code and the state as it is now; returns its label.

        ``before`` is text to run first; ``refund`` is fuel to give back; ``way`` is the control
        word that says where it leads.
        """
        label = f"%c{self.cold_number}"
        self.cold_number += 1
        lines = [f"{label[1:]}:{before}"]
        fuel = self.fuel
        if refund:
            fuel = f"{label}f"
            lines.append(f" {fuel} = add i64 {self.fuel}, {refund}")
        bits = tuple((name, self.bits[name]) for name in self.dirty if name in self.bits)
        others = {name: value for name, value in self.dirty.items() if name not in self.bits}
        self._stores(lines, f"{label}s", others)
        out = self.way_out(way)
        if bits:
            aside = self._asides.get((self._begins, out, bits)) or self._make_aside(way, out, bits)
            aside.exits.append((label, self._brought(str(code), fuel)))
            out = aside.label
        else:
            self._leaving(way, label, code, fuel)
        lines.append(f" br label %{out}")
        self.cold_lines += lines
        return label

    def _make_aside(self, way: int, out: str, bits: tuple[tuple[str, Bit], ...]) -> Aside:
        """Make what computes bits in front of a way out. Hot code need not have them then: what
        they are computed of is mostly at hand, as the guest's registers have it."""
        label = f"as{len(self._asides)}"
        lines: list[str] = []
        hot, self.lines, self.cold_names = self.lines, lines, True
        values = {name: self._again(self, name, bit) for name, bit in bits}
        self._store_bits(lines, f"%{label}s", values)
        self.lines, self.cold_names = hot, False
        lines.append(f" br label %{out}")
        aside = Aside(label, lines, followed_by=self._exits_of(way))
        self._asides[self._begins, out, bits] = aside
        return aside

    def _aside_lines(self) -> list[str]:
        """All asides. What they bring to their ways out is noted."""
        lines: list[str] = []
        for aside in self._asides.values():
            lines.append(f"{aside.label}:")
            values = merge(lines, aside.exits, self._brought_types, f"%{aside.label}.")
            aside.followed_by.append((f"%{aside.label}", values))
            lines += aside.lines
        return lines

    def bit_before(self, name: str) -> str:
        """Append lines that load a slot of one bit, as it was before this block; its text."""
        slot = self.frame.slots[name]
        if not self.lazy_flags or not self._may_defer([name]):
            return self.load_slot(slot)
        deferred, left, right = (
            self.new(f"load {type_}, ptr {self.new(f'getelementptr i8, ptr %s, i64 {offset}')}")
            for type_, offset in (("i8", DEFERRED), ("i32", LEFT), ("i32", RIGHT))
        )
        which = self.frame.flags.index(name)
        lazy = flag_of(self.new, which, left, right)
        chosen = is_deferred(self.new, which, deferred)
        return self.new(f"select i1 {chosen}, i1 {lazy}, i1 {self.load_slot(slot)}")

    def _may_defer(self, names: Iterable[str]) -> int:
        """The mask of those flags that may have been deferred where the block began."""
        return mask_of(self.frame.flags, names) & ~(self.flags or 0)

    def _store_bits(self, lines: list[str], prefix: str, values: dict[str, str]) -> None:
        """Append lines that write bits where a block is left amid it."""
        self._mark_computed(lines, f"{prefix}o", values)
        self._stores(lines, prefix, values)

    def leave(self, code: int) -> None:
        """Leave from the hot path. Nothing may be pending."""
        self.lines.append(f" br label %{self.way_out(LEAVE)}")
        self._leaving(LEAVE, self.label, code, self.fuel)

    def way_out(self, way: int) -> str:
        """The label where the exits meet that end in a control word."""
        return f"lv{way}"

    def _leaving(self, way: int, label: str, code: int | str, fuel: str) -> None:
        self._exits_of(way).append((label, self._brought(str(code), fuel)))

    def _exits_of(self, way: int) -> Exits:
        """The exits that meet at a way out."""
        return self.exits.setdefault(way, [])

    def _brought(self, code: str, fuel: str) -> list[str]:
        """What an exit brings to its way out."""
        return [code, fuel, *(self.slots[slot] for slot in self.frame.pinned)]

    @property
    def _brought_types(self) -> tuple[str, ...]:
        return ("i64", "i64", *("i32" for _ in self.frame.pinned))

    def _leave_lines(self) -> list[str]:
        """For each way out, one block that merges its exits and tail-calls the control word's
        target."""
        lines: list[str] = []
        for way, exits in self.exits.items():
            lines.append(f"lv{way}:")
            code, fuel, *values = merge(lines, exits, self._brought_types, f"%l{way}.")
            arguments = self.frame.call_arguments(fuel, values)
            self._call_leave(lines, way, code, arguments, str(way))
        return lines

    def _call_leave(self, lines: list[str], way: int, code: str, arguments: str, name: str) -> None:
        lines.append(
            f" %le{name} = getelementptr i8, ptr %s, i64 {abi.EXIT_CODE}\n"
            f" store i64 {code}, ptr %le{name}\n"
            f" %lp{name} = getelementptr i8, ptr %s, i64 {way}\n"
            f" %lt{name} = load ptr, ptr %lp{name}\n"
            f" %lr{name} = musttail call preserve_nonecc i64 %lt{name}({arguments})\n"
            f" ret i64 %lr{name}"
        )

    def go(self, code: str) -> None:
        """Go on at the unit ``code``."""
        arguments = self.frame.call_arguments(self.fuel, [self.slots[s] for s in self.frame.pinned])
        result = self.new(f"musttail call preserve_nonecc i64 {code}({arguments})")
        self.lines.append(f" ret i64 {result}")

    def take_fuel(self) -> None:
        """Take what the block needs, or leave."""
        if not self.insn_count:
            return
        left = self.new(f"sub i64 {self.fuel}, {self.insn_count}")
        # What was taken is given back. LLVM must not see that this is what was there before: it
        # would keep that in a second register, in all blocks.
        self.fuel = f"%t{self.number}"
        hidden = f'\n {self.fuel} = call i64 asm sideeffect "", "=r,0"(i64 {left})'
        way, code = self._out_of_fuel
        short = self.cold(code, hidden, self.insn_count, way)
        self.branch_cold(self.new(f"icmp slt i64 {left}, 0"), short)
        self.fuel = left

    def branch_cold(self, condition: str, cold: str) -> None:
        """Go to a cold label when the condition holds, else on."""
        self.lines.append(f" br i1 {condition}, label {cold}, label {self.next_label()}, {COLD}")
        self.open()

    def refund(self) -> int:
        """Fuel to give back when the present instruction does not complete."""
        return self.insn_count - self.block.completed(self.marks)

    # -- state

    def current(self, name: str) -> str:
        """The text of a slot's present value, loaded when it is not at hand."""
        value = self.slots.get(name)
        if value is None:
            value = self.slots[name] = self.load_slot(self.frame.slots[name])
        return value

    def load_slot(self, slot: Slot) -> str:
        """The text of what a slot holds in the state buffer."""
        address = self.new(f"getelementptr i8, ptr %s, i64 {slot.offset}")
        if slot.type is I1:
            return self.new(f"trunc nuw i8 {self.new(f'load i8, ptr {address}')} to i1")
        return self.new(f"load {LLVM_TYPES[slot.type.name]}, ptr {address}")

    def place(self, name: str) -> str:
        """A pointer to where a slot is that is written at once."""
        return self.new(f"getelementptr i8, ptr %s, i64 {self.frame.slots[name].offset}")

    def write_through(self, name: str, value: str) -> None:
        """Write a slot of a type that may overlap."""
        type_ = LLVM_TYPES[self.frame.slots[name].type.name]
        self.lines.append(f" store {type_} {value}, ptr {self.place(name)}")
        for other in self.frame.layout.overlaps(name):
            self.slots.pop(other, None)
        self.slots[name] = value

    def _stores(self, lines: list[str], prefix: str, values: Mapping[str, str]) -> None:
        """Append lines that write slots."""
        slots = self.frame.slots
        for index, (name, value) in enumerate(values.items()):
            slot = slots[name]
            at = f"{prefix}{index}"
            stored = f"{LLVM_TYPES[slot.type.name]} {value}"
            lines.append(self.frame.address_of(slot, at))
            if slot.type is I1:
                # The word's upper bytes are zero and stay so.
                lines.append(f" {at}b = zext i1 {value} to i8")
                stored = f"i8 {at}b"
            lines.append(f" store {stored}, ptr {at}")

    def _mark_computed(self, lines: list[str], name: str, values: Iterable[str]) -> None:
        """Mark the flags among some slots as computed that might have been deferred."""
        computed = self._may_defer(values) if self.lazy_flags else 0
        if computed:
            mark_computed(lines, name, ALL if computed | (self.flags or 0) == ALL else computed)

    def write_flags(self, computed: Mapping[str, str]) -> None:
        """Write some flags on the hot path, and let the others be written otherwise."""
        prefix = f"%w{self.number}_"
        self._stores(self.lines, prefix, computed)
        self.dirty = {n: v for n, v in self.dirty.items() if n not in self.frame.flags}

    def flush(self) -> None:
        """Write what is pending, on the hot path."""
        self._flush(f"%w{self.number}_")

    def _flush(self, prefix: str) -> None:
        self._mark_computed(self.lines, f"{prefix}o", self.dirty)
        self._stores(self.lines, prefix, self.dirty)
        self.dirty, self.bits = {}, {}

    def spill_state(self) -> None:
        """Write all state: whoever is called now may look at it, and change it."""
        self._flush(f"%i{self.number}_")
        for slot in self.frame.pinned:
            address = self.new(f"getelementptr i8, ptr %s, i64 {self.frame.slots[slot].offset}")
            self.lines.append(f" store i32 {self.slots[slot]}, ptr {address}")

    def reload_state(self) -> None:
        """Forget what was known of the state, and read what has to be at hand."""
        self.slots, self.known = {}, {}
        for slot in self.frame.pinned:
            self.current(slot)

    # -- conditions

    def predicated(self, inst: Inst, body: Callable[[Inst], str], zero: str = "0") -> str:
        """Run ``body`` when ``inst.when`` holds; its value, or zero, as one value."""
        if inst.when is None:
            return body(inst)
        before, skip = self.label, f"q{self.number}"
        condition = self.value(inst.when)
        self.lines.append(f" br i1 {condition}, label {self.next_label()}, label %{skip}")
        self.open()
        self.is_aside = True
        value = body(inst)
        self.is_aside = False
        self.lines.append(f" br label %{skip}\n{skip}:")
        done, self.label = self.label, f"%{skip}"
        if inst.type is None:
            return ""
        return self.new(f"phi {LLVM_TYPES[inst.type.name]} [{value}, {done}], [{zero}, {before}]")
