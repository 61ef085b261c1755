"""From an IR block to the LLVM text of a unit.

Guest state is SSA within a unit: a slot is loaded at its first ``get``, and written once, on the
ways out. Values are numbered, cold ones named: the cold code of a unit stands behind its hot code,
and LLVM wants numbers to grow. Speed of this module is compile latency: it builds lines and nothing
else.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import attrs

from backends.numba_jit import abi
from backends.numba_jit.records import Record, Records
from backends.numba_jit.units.access import load, store
from backends.numba_jit.units.check_plan import Check, plan_checks
from backends.numba_jit.units.exits import emit_exit
from backends.numba_jit.units.frame import LEAVE, LLVM_TYPES, Frame
from backends.numba_jit.units.instrument import count, pop, push, trap_if
from backends.numba_jit.units.invoke import invoke, uses_state
from backends.numba_jit.units.jobs import UnitJob
from backends.numba_jit.units.lazy_flags import (
    defer_flags,
    mark,
    materialise_first,
    sets_all_first,
    subtraction,
)
from backends.numba_jit.units.probe import emit_probe
from backends.numba_jit.units.pure_ops import LOWER, PLAIN, WIDTH, signed_comparison
from dbt.interfaces import Context
from dbt.ir import ops
from dbt.ir.block import BlockKey, Const, Inst, Value
from dbt.ir.ops import Op
from dbt.ir.types import I1

COLD = "!prof !0"
"""Weights of a branch whose first side is cold."""


@attrs.define
class Module:
    """What the units of one LLVM module share while their text is made."""

    frame: Frame
    context: Context
    records: Records
    intrinsics: dict[str, str] = attrs.Factory(dict)
    linked: dict[str, str] = attrs.Factory(dict)
    """LLVM modules of the functions to be made a part of this one, by symbol."""
    made: list[int] = attrs.Factory(list)
    """Indices of the records that the code refers to."""

    def record(self, record: Record) -> int:
        """The exit code that reports a new record."""
        index = self.records.new(record)
        self.made.append(index)
        return abi.X_RECORD | index << abi.KIND_BITS


Exits: TypeAlias = list[tuple[str, list[str]]]
"""Labels that a merging block is reached from, each with the values it brings."""


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


class UnitEmitter:
    """Emits one block as function ``name``. Use once: ``emit`` returns the text."""

    def __init__(self, module: Module, job: UnitJob) -> None:
        self.module = module
        self.frame = module.frame
        self.lines: list[str] = []
        self.cold_lines: list[str] = []
        self.number = 0
        self.cold_number = 0
        self.exits: dict[int, Exits] = {}
        """By the control word that the way out ends in."""
        self.names: dict[Value, str] = {}
        self.arguments = module.frame.arguments
        self.fuel = "%f"
        self._begin(job, "%e")

    def _begin(self, job: UnitJob, label: str) -> None:
        self.block = block = job.block
        self.block_id, self.links, self.probe = job.block_id, job.links, job.probe
        self.slots: dict[str, str] = dict(self.arguments)
        self.dirty: dict[str, str] = {}
        self.label = label
        self.marks = 0
        self.pc = block.key.pc
        self.insn_count = block.insn_count
        self.checks: dict[Inst, Check] = plan_checks(block.insts)
        looks = partial(uses_state, self.module.context.functions)
        self.flags = sets_all_first(block.insts, self.frame.flags, looks)
        self.flag_values: dict[str, Value] = {}

    def emit(self, name: str) -> str:
        """The function's text."""
        self._head(name)
        if self.frame.lazy_flags and self.flags is False:
            materialise_first(self, name)
        if self.probe:
            emit_probe(self)
        self._body()
        return "\n".join([*self.lines, *self.cold_lines, *self._leave_lines(), "}"])

    def _head(self, name: str) -> None:
        signature = self.frame.signature
        self.lines.append(f"define dso_local preserve_nonecc i64 @{name}{signature}\ne:")

    def _body(self) -> None:
        self._take_fuel()
        for inst in self.block.insts:
            self._inst(inst)
        emit_exit(self, self.block.exit)

    def member(self, key: BlockKey) -> tuple[str, str] | None:  # noqa: ARG002
        """Label and symbol of a block that this function can go on at without a call."""
        return None

    # -- text

    def new(self, text: str) -> str:
        """Append ``%n = text``; returns ``%n``."""
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

    def next_label(self, after: int = 0) -> str:
        """The label ``open`` will give after so many more values."""
        return f"%{self.number + after}"

    def intrinsic(self, name: str, declaration: str) -> str:
        """Have an intrinsic declared; returns its name with ``@``."""
        self.module.intrinsics[name] = declaration
        return f"@{name}"

    def value(self, value: Value) -> str:
        """The text of an operand."""
        return self.names.get(value) or self._constant(value)

    def _constant(self, value: Value) -> str:
        assert isinstance(value, Const)
        if value.type.floating:
            bits = value.type.bits
            text = f"bitcast (i{bits} {value.value} to {LLVM_TYPES[value.type.name]})"
        else:
            text = str(value.value)
        return text

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
        self._stores(lines, f"{label}s")
        if self.flags and any(name in self.dirty for name in self.frame.flags):
            self._settled(lines, f"{label}o")
        lines.append(f" br label %lv{way}")
        self.cold_lines += lines
        self._leaving(way, label, code, fuel)
        return label

    def leave(self, code: int) -> None:
        """Leave from the hot path, with what is pending written."""
        self.flush()
        self.lines.append(f" br label %lv{LEAVE}")
        self._leaving(LEAVE, self.label, code, self.fuel)

    def _leaving(self, way: int, label: str, code: int | str, fuel: str) -> None:
        values = [str(code), fuel, *(self.slots[slot] for slot in self.frame.pinned)]
        self.exits.setdefault(way, []).append((label, values))

    def _leave_lines(self) -> list[str]:
        """Blocks that the ways out of one kind meet in, each a tail call."""
        lines: list[str] = []
        types = ("i64", "i64", *("i32" for _ in self.frame.pinned))
        for way, exits in self.exits.items():
            lines.append(f"lv{way}:")
            code, fuel, *values = merge(lines, exits, types, f"%l{way}.")
            self._call_leave(lines, way, code, self.frame.call_arguments(fuel, values))
        return lines

    def _call_leave(self, lines: list[str], way: int, code: str, arguments: str) -> None:
        lines.append(
            f" %le{way} = getelementptr i8, ptr %s, i64 {abi.EXIT_CODE}\n"
            f" store i64 {code}, ptr %le{way}\n"
            f" %lp{way} = getelementptr i8, ptr %s, i64 {way}\n"
            f" %lt{way} = load ptr, ptr %lp{way}\n"
            f" %lr{way} = musttail call preserve_nonecc i64 %lt{way}({arguments})\n"
            f" ret i64 %lr{way}"
        )

    def report(self, code: int) -> None:
        """Say why the unit is about to be left, for whoever comes to run."""
        address = self.new(f"getelementptr i8, ptr %s, i64 {abi.EXIT_CODE}")
        self.lines.append(f" store i64 {code}, ptr {address}")

    def go(self, code: str) -> None:
        """Go on at the unit ``code``."""
        arguments = self.frame.call_arguments(self.fuel, [self.slots[s] for s in self.frame.pinned])
        result = self.new(f"musttail call preserve_nonecc i64 {code}({arguments})")
        self.lines.append(f" ret i64 {result}")

    def _stores(self, lines: list[str], prefix: str) -> None:
        slots = self.frame.slots
        for index, (name, value) in enumerate(self.dirty.items()):
            slot = slots[name]
            at = f"{prefix}{index}"
            stored = f"{LLVM_TYPES[slot.type.name]} {value}"
            lines.append(self.frame.address_of(slot, at))
            if slot.type is I1:
                # The word's upper bytes are zero and stay so.
                lines.append(f" {at}b = zext i1 {value} to i8")
                stored = f"i8 {at}b"
            lines.append(f" store {stored}, ptr {at}")

    def flush(self) -> None:
        """Write what is pending, on the hot path."""
        if self.frame.lazy_flags:
            complete = len(self.flag_values) == len(self.frame.flags)
            flags = [self.flag_values[name] for name in self.frame.flags] if complete else None
            operands = subtraction(*flags) if flags else None
            if operands:
                self.dirty = {k: v for k, v in self.dirty.items() if k not in self.frame.flags}
                defer_flags(self, operands)
            elif self.flags:
                self._settled(self.lines, f"%{self.number}")
                self.number += 1
        self._stores(self.lines, f"%w{self.number}_")
        self.dirty = {}

    def spill_state(self) -> None:
        """Write all state: whoever is called now may look at it, and change it."""
        if any(name in self.dirty for name in self.frame.flags):
            self._settled(self.lines, f"%i{self.number}o")
        self._stores(self.lines, f"%i{self.number}_")
        self.dirty, self.flag_values = {}, {}
        for slot in self.frame.pinned:
            address = self.new(f"getelementptr i8, ptr %s, i64 {self.frame.slots[slot].offset}")
            self.lines.append(f" store i32 {self.slots[slot]}, ptr {address}")

    def reload_state(self) -> None:
        """Forget what was known of the state, and read what has to be at hand."""
        self.slots = {}
        for slot in self.frame.pinned:
            self.current(slot)

    def _settled(self, lines: list[str], name: str) -> None:
        """Say that the flag slots are right: they were all written just now."""
        if self.frame.lazy_flags:
            mark(lines, name, 0)

    def _take_fuel(self) -> None:
        if not self.insn_count:
            return
        left = self.new(f"sub i64 {self.fuel}, {self.insn_count}")
        short = self.new(f"icmp slt i64 {left}, 0")
        out = self.cold(abi.X_FUEL | self.block_id << abi.KIND_BITS)
        self.branch_cold(short, out)
        self.fuel = left

    def branch_cold(self, condition: str, cold: str) -> None:
        """Go to a cold label when the condition holds, else on."""
        self.lines.append(f" br i1 {condition}, label {cold}, label {self.next_label()}, {COLD}")
        self.open()

    # -- instructions

    def _inst(self, inst: Inst) -> None:
        op, args = inst.op, inst.args
        opcode = PLAIN.get(op)
        if opcode is not None:
            a, b = args
            if op is ops.EQ or op is ops.NE:
                signed = signed_comparison(a, b) or signed_comparison(b, a)
                if signed:
                    a, b = signed
                    opcode = "icmp sge" if op is ops.EQ else "icmp slt"
            text = f"{opcode} {a.type} {self.value(a)}, {self.value(b)}"
            self.names[inst] = self.new(text)
        elif op in LOWER:
            self.names[inst] = LOWER[op](self, inst, *map(self.value, args))
        elif op in WIDTH:
            text = f"{WIDTH[op]} {args[0].type} {self.value(args[0])} to {inst.type}"
            self.names[inst] = self.new(text)
        else:
            EFFECTS[op](self, inst)

    def get(self, inst: Inst) -> None:
        self.names[inst] = self.current(str(inst.imm[0]))

    def current(self, name: str) -> str:
        """The text of a slot's present value, loaded when it is not at hand."""
        value = self.slots.get(name)
        if value is None:
            slot = self.frame.slots[name]
            address = self.new(f"getelementptr i8, ptr %s, i64 {slot.offset}")
            if slot.type is I1:
                value = self.new(f"load i8, ptr {address}")
                value = self.new(f"trunc nuw i8 {value} to i1")
            else:
                value = self.new(f"load {LLVM_TYPES[slot.type.name]}, ptr {address}")
            self.slots[name] = value
        return value

    def set(self, inst: Inst) -> None:
        name = str(inst.imm[0])
        value = self.value(inst.args[0])
        if inst.when is not None:
            t = LLVM_TYPES[self.frame.slots[name].type.name]
            old = self.current(name)
            value = self.new(f"select i1 {self.value(inst.when)}, {t} {value}, {t} {old}")
            self.flag_values.pop(name, None)
        elif name in self.frame.flags:
            self.flag_values[name] = inst.args[0]
        self.slots[name] = value
        if name not in self.arguments:
            self.dirty[name] = value

    def insn(self, inst: Inst) -> None:
        self.pc = int(inst.imm[0])
        self.marks += 1

    def refund(self) -> int:
        """Fuel to give back when the present instruction does not complete."""
        return self.insn_count - self.block.completed(self.marks)

    def predicated(self, inst: Inst, body: Callable[[Inst], str], zero: str = "0") -> str:
        """Run ``body`` when ``inst.when`` holds; its value, or zero, as one value."""
        if inst.when is None:
            return body(inst)
        before, skip = self.label, f"q{self.number}"
        condition = self.value(inst.when)
        self.lines.append(f" br i1 {condition}, label {self.next_label()}, label %{skip}")
        self.open()
        value = body(inst)
        self.lines.append(f" br label %{skip}\n{skip}:")
        done, self.label = self.label, f"%{skip}"
        if inst.type is None:
            return ""
        return self.new(f"phi {LLVM_TYPES[inst.type.name]} [{value}, {done}], [{zero}, {before}]")


Effect: TypeAlias = Callable[[UnitEmitter, Inst], None]

EFFECTS: dict[Op, Effect] = {
    ops.GET: UnitEmitter.get,
    ops.SET: UnitEmitter.set,
    ops.INSN: UnitEmitter.insn,
    ops.LOAD: load,
    ops.STORE: store,
    ops.COUNT: count,
    ops.PUSH: push,
    ops.POP: pop,
    ops.TRAP_IF: trap_if,
    ops.INVOKE: invoke,
}
ops.require_all(EFFECTS.keys() | PLAIN.keys() | WIDTH.keys() | LOWER.keys(), __name__)
