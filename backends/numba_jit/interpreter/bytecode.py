"""Lowering of IR blocks to tier-0 bytecode: one forward pass, decisions taken by ``analysis``.

A value lives in a register: a temporary, or the guest's slot it was read from or is going to be
written to. Before a slot is overwritten, a value that still lives there and is used again moves
out.

This file is over 400 lines because copy-and-patch stencils are going to replace it: it was moved
here as it was, to be deleted rather than divided.
"""

from collections.abc import Callable

import attrs

from backends.numba_jit.installed import Installed
from backends.numba_jit.interpreter import opcodes as o
from backends.numba_jit.interpreter.analysis import COMPARES, Analysis
from backends.numba_jit.interpreter.arithmetic import NARROW, WIDE
from backends.numba_jit.records import (
    HaltRecord,
    HookRecord,
    Record,
    Records,
    SwiRecord,
    TrapRecord,
)
from dbt.interfaces import CONTROL_BYTES, Context, Layout
from dbt.ir import ops
from dbt.ir.block import (
    Block,
    BlockKey,
    Branch,
    Call,
    Const,
    Halt,
    Hook,
    Inst,
    Jump,
    Return,
    Swi,
    Value,
    frontend_mode,
)  # fmt: skip
from dbt.ir.ops import Op
from dbt.ir.types import I1, I32, I64, Type

M32 = 0xFFFFFFFF
ADDRESSABLE = 250  # registers that a word can name; the next ones are for values beyond
PAST_SCRATCH = 264
BRANCH = {
    ops.EQ: (o.BEQ, o.BEQI), ops.NE: (o.BNE, o.BNEI), ops.ULT: (o.BULT, o.BULTI),
    ops.ULE: (o.BULE, o.BULEI), ops.SLT: (o.BSLT, o.BSLTI), ops.SLE: (o.BSLE, o.BSLEI),
}  # fmt: skip
LOADS = {8: (o.LD8, o.LDX8), 16: (o.LD16, o.LDX16), 32: (o.LD32, o.LDX32)}
STORES = {8: (o.ST8, o.STX8), 16: (o.ST16, o.STX16), 32: (o.ST32, o.STX32)}


def words_of(type_: Type) -> int:
    """Registers a value takes."""
    return 1 if type_.bits <= 32 else type_.bits // 32


@attrs.define
class Lowered:
    """Bytecode of a block before it is placed.

    ``sites`` are (word, half) of the link targets, one per direct exit; ``faults`` maps words that
    may fault to (pc, fuel to give back).
    """

    words: list[int]
    sites: list[tuple[int, int]]
    faults: dict[int, tuple[int, int]]
    records: list[int]


class Lowerer:
    """Lowers blocks for one layout."""

    def __init__(self, context: Context, records: Records) -> None:
        layout: Layout = context.state.layout
        self.word_of = {slot.name: (slot.offset - CONTROL_BYTES) // 4 for slot in layout.slots}
        self.types = {slot.name: slot.type for slot in layout.slots}
        self.zero = (layout.size - CONTROL_BYTES) // 4  # a register that is always 0
        self.context = context
        self.records = records

    def lower(self, installed: Installed, hot: bool) -> Lowered:
        """Lower one block, which counts its executions if ``hot``."""
        lowering = Lowering(self, installed.block, installed.slots)
        return lowering.run(installed.block_id, hot, installed.probes)


class Lowering:
    """The lowering of one block: where values are, and the words so far."""

    def __init__(self, lowerer: Lowerer, block: Block, slots: tuple[int, ...]) -> None:
        self.lowerer = lowerer
        self.word_of = lowerer.word_of
        self.block = block
        self.slots = slots
        self.facts = Analysis(block, self.word_of)
        self.last = self.facts.last
        self.words: list[int] = []
        self.where: dict[Inst, int] = {}
        self.residents: dict[int, list[Inst]] = {}
        self.expire: dict[int, list[tuple[int, int]]] = {}
        self.free: dict[int, list[int]] = {1: [], 2: [], 4: []}
        self.trash = lowerer.zero + 1
        self.top = lowerer.zero + 5
        self.now = 0
        self.pc = block.key.pc
        self.marks = 0
        self.count = block.insn_count
        self.done: set[Inst] = set()
        self.checked: set[Inst] = set()
        self.result = Lowered(self.words, [], {}, [])

    # -- registers ---------------------------------------------------------------------------------

    def temp(self, size: int, until: int) -> int:
        """A temporary of ``size`` registers, free again after index ``until``."""
        free = self.free[size]
        if free:
            register = free.pop()
        else:
            if self.top < PAST_SCRATCH and self.top + size > ADDRESSABLE:
                self.top = PAST_SCRATCH
            register = self.top
            self.top += size
        self.expire.setdefault(until, []).append((size, register))
        return register

    def put(self, op: int, d: int = 0, a: int = 0, b: int = 0, imm: int = 0) -> None:
        """Append one word; operands beyond what a word can name must have been brought in."""
        self.words.append(op | d << 8 | a << 16 | b << 24 | (imm & M32) << 32)

    def near(self, register: int, size: int = 1, at: int = 0) -> int:
        """A register that a word can name, holding the same value."""
        if register + size <= ADDRESSABLE:
            return register
        scratch = ADDRESSABLE + 2 * at
        for part in range(size):
            self.put(o.GETW, scratch + part, imm=register + part)
        return scratch

    def write(self, d: int, size: int, op: int, a: int = 0, b: int = 0, imm: int = 0) -> None:
        """Append a word whose result goes to register ``d``, however far it is."""
        if d + size <= ADDRESSABLE:
            self.put(op, d, a, b, imm)
            return
        scratch = ADDRESSABLE + 4
        self.put(op, scratch, a, b, imm)
        for part in range(size):
            self.put(o.SETW, 0, scratch + part, imm=d + part)

    def root(self, value: Inst) -> Inst:
        alias = self.facts.alias
        while value in alias:
            value = alias[value]
        return value

    def location(self, value: Value) -> int:
        """Where a value is; constants are brought into a temporary."""
        if type(value) is Inst:
            return self.where[self.root(value)]
        number, type_ = value.value, value.type  # type: ignore[union-attr]
        assert type_ is not None
        if number == 0 and type_.bits <= 32:
            return self.lowerer.zero
        size = words_of(type_)
        register = self.temp(size, self.now)
        for part in range(size):
            self.write(register + part, 1, o.LI, imm=number >> 32 * part)
        return register

    def read(self, value: Value, at: int = 0) -> int:
        """Number of a register that holds a value; ``at`` tells the operands of one word apart."""
        register = self.location(value)
        if register < ADDRESSABLE - 4:
            return register
        assert value.type is not None
        return self.near(register, words_of(value.type), at)

    def vacate(self, word: int, size: int, index: int) -> None:
        """Move out what lives in a slot and is used after ``index``."""
        for part in range(word, word + size):
            for value in self.residents.pop(part, ()):
                if self.last[value] > index and self.where[value] in (part, part - 1):
                    assert value.type is not None
                    width = words_of(value.type)
                    register = self.temp(width, self.last[value])
                    self.copy(register, self.where[value], width)
                    self.where[value] = register

    def copy(self, d: int, a: int, size: int) -> None:
        """Copy registers."""
        for part in range(size):
            self.write(d + part, 1, o.MOV, self.near(a + part))

    def settle(self, value: Inst, word: int) -> None:
        """``value`` lives in a slot from now on."""
        self.where[value] = word
        if value in self.last:
            self.residents.setdefault(word, []).append(value)

    def target(self, inst: Inst, index: int) -> int:
        """The register for a result computed now."""
        at = self.facts.fold.get(inst)
        assert inst.type is not None
        size = words_of(inst.type)
        if at is not None:
            word = self.slot_at(at)
            self.vacate(word, size, index)
            self.settle(inst, word)
            return word
        if inst not in self.last or not self.facts.uses[inst]:
            self.where[inst] = self.trash
            return self.trash
        register = self.temp(size, self.last[inst])
        self.where[inst] = register
        return register

    def slot_at(self, index: int) -> int:
        return self.word_of[str(self.block.insts[index].imm[0])]

    # -- the walk ----------------------------------------------------------------------------------

    def run(self, block_id: int, hot: bool, probes: bool) -> Lowered:
        """Lower the whole block."""
        count = self.count
        if probes:
            self.put(o.PROBE, imm=block_id)
        self.put(o.ENTER_HOT if hot else o.ENTER, count & 255, count >> 8, imm=block_id)
        facts = self.facts
        effects = _EFFECTS
        for index, inst in enumerate(self.block.insts):
            self.now = index
            op = inst.op
            handler = effects.get(op)
            if handler is not None:
                if inst not in self.done:
                    handler(self, inst, index)
            elif inst in facts.skip:
                if inst in facts.nz:
                    self.lower_nz(inst, index)
            elif inst not in facts.deferred:
                self.pure(inst, index)
            if index in self.expire:
                self.release(index)
        self.now = len(self.block.insts)
        self.exit()
        return self.result

    def release(self, index: int) -> None:
        for size, register in self.expire.pop(index):
            self.free[size].append(register)

    def pure(self, inst: Inst, index: int) -> None:
        """Compute a pure op where it stands."""
        if inst in self.facts.flags:
            self.lower_flags(inst, index)
        else:
            self.compute(inst, None)

    def compute(self, inst: Inst, d: int | None) -> None:
        """Compute a pure op into register ``d``, or where its result belongs."""
        wide = inst.type is I64 or inst.args[0].type is I64
        if inst.op is ops.SELECT:
            wide = inst.type is I64
        bits = inst.args[0].type.bits  # type: ignore[union-attr]
        (WIDE if wide else NARROW)[inst.op](self, inst, d, bits)

    def into(
        self, inst: Inst, d: int | None, op: int, a: int = 0, b: int = 0, imm: int = 0
    ) -> None:
        """Append the word that computes ``inst``."""
        if d is None:
            d = self.target(inst, self.now)
        assert inst.type is not None
        self.write(d, words_of(inst.type), op, a, b, imm)

    # -- flags -------------------------------------------------------------------------------------

    def lower_nz(self, inst: Inst, index: int) -> None:
        """Set N and Z."""
        word = self.facts.nz[inst]
        a = self.read(inst.args[0])
        self.vacate(word, 2, index)
        self.settle_flags(inst)
        self.put(o.NZ, 0, a, word)

    def settle_flags(self, inst: Inst) -> None:
        """The flags computed together with ``inst`` live in their slots."""
        for flag in self.facts.together[inst]:
            self.settle(flag, self.slot_at(self.facts.fold[flag]))

    def lower_flags(self, inst: Inst, index: int) -> None:
        """An addition or subtraction that sets the four flags."""
        word = self.facts.flags[inst]
        first, second = inst.args
        a = self.read(first, 0)
        sub = inst.op is ops.SUB
        with_constant = type(second) is Const
        b = 0 if with_constant else self.read(second, 1)
        self.vacate(word, 4, index)
        self.settle_flags(inst)
        d = self.target(inst, index)
        if with_constant:
            op, number = (o.SUBFI if sub else o.ADDFI), second.value  # type: ignore[union-attr]
            self.write(d, 1, op, a, word, number)
        else:
            self.write(d, 1, o.SUBF if sub else o.ADDF, a, b, word)

    # -- state -------------------------------------------------------------------------------------

    def lower_get(self, inst: Inst, _index: int) -> None:
        if inst in self.facts.skip:
            return
        word = self.word_of[str(inst.imm[0])]
        self.where[inst] = word
        self.residents.setdefault(word, []).append(inst)

    def lower_set(self, inst: Inst, index: int) -> None:
        value = inst.args[0]
        facts = self.facts
        root = self.root(value) if type(value) is Inst else None
        if root is not None and facts.fold.get(root) == index:
            return
        if inst.when is not None:
            self.lower_predicated_sets(inst, index)
            return
        word = self.word_of[str(inst.imm[0])]
        assert value.type is not None
        size = words_of(value.type)
        if root is not None and root in facts.deferred:
            self.vacate(word, size, index)
            self.compute(root, word)
            return
        self.vacate(word, size, index)
        self.move(word, value, size)

    def move(self, word: int, value: Value, size: int) -> None:
        """Bring a value into a register."""
        if type(value) is Const:
            for part in range(size):
                self.write(word + part, 1, o.LI, imm=value.value >> 32 * part)
        else:
            self.copy(word, self.location(value), size)

    def lower_predicated_sets(self, inst: Inst, index: int) -> None:
        """This set and those that follow it under the same condition."""
        run = [(inst, index)]
        insts, facts = self.block.insts, self.facts
        for at in range(index + 1, len(insts)):
            other = insts[at]
            if other.op is ops.SET and other.when is inst.when:
                run.append((other, at))
            elif other not in facts.skip and other not in facts.deferred:
                break
        assert inst.when is not None
        condition = self.read(inst.when, 0)
        if len(run) == 1 and self.lower_one_predicated(inst, index, condition):
            return
        for other, at in run:
            self.vacate(self.word_of[str(other.imm[0])], words_of(other.args[0].type or I32), at)
            self.done.add(other)
        place = len(self.words)
        self.put(o.SKIPZ, 0, condition)
        for other, at in run:
            value = other.args[0]
            root = self.root(value) if type(value) is Inst else None
            word = self.word_of[str(other.imm[0])]
            if root is not None and root in facts.deferred:
                self.compute(root, word)
            elif root is None or facts.fold.get(root) != at:
                assert value.type is not None
                self.move(word, value, words_of(value.type))
        self.words[place] |= (len(self.words) - place - 1) << 32

    def lower_one_predicated(self, inst: Inst, index: int, condition: int) -> bool:
        """A single conditional move."""
        value = inst.args[0]
        if type(value) is not Inst or self.root(value) in self.facts.deferred:
            return False
        assert value.type is not None
        word = self.word_of[str(inst.imm[0])]
        if words_of(value.type) > 1 or word >= ADDRESSABLE:
            return False
        self.vacate(word, 1, index)
        self.put(o.MOVNZ, word, self.read(value, 1), condition)
        return True

    # -- memory ------------------------------------------------------------------------------------

    def address(self, value: Value, at: int = 0) -> tuple[int, int, int, bool]:
        """An address as (register a, register b, imm, indexed)."""
        if type(value) is Const:
            return self.lowerer.zero, 0, value.value, False
        assert type(value) is Inst
        if value.op is not ops.ADD or value not in self.facts.skip or value in self.where:
            return self.read(value, at), 0, 0, False
        first, second = value.args
        if type(second) is Const:
            return self.read(first, at), 0, second.value, False
        if second in self.facts.skip and type(second) is Inst and second.op is ops.SHL:
            base, amount = second.args
            return self.read(first, at), self.read(base, at + 1), amount.value, True  # type: ignore[union-attr]
        return self.read(first, at), self.read(second, at + 1), 0, True

    def refund(self) -> int:
        """Fuel to give back when the present instruction does not complete."""
        return self.count - self.block.completed(self.marks)

    def may_fault(self) -> None:
        """The next word may fault."""
        self.result.faults[len(self.words)] = (self.pc, self.refund())

    def check_group(self, inst: Inst, op: int) -> None:
        """Before a run of accesses: one check for all."""
        group = self.facts.groups.get(inst)
        if group is not None:
            a, _, imm, _ = self.address(inst.args[0])
            self.may_fault()
            self.put(op, 0, a, 4 * len(group), imm)
            self.checked = set(group)

    def lower_load(self, inst: Inst, index: int) -> None:
        self.check_group(inst, o.CHKR)
        if inst in self.checked:
            self.lower_checked_load(inst, index)
            return
        assert inst.type is not None
        bits = max(8, inst.type.bits)
        size = words_of(inst.type)
        if inst.when is None:
            place = -1
            a, b, imm, indexed = self.address(inst.args[0])
            d = self.target(inst, index)
        else:
            d = self.target(inst, index)
            if inst not in self.facts.fold and d != self.trash:
                for part in range(size):
                    self.write(d + part, 1, o.LI)
            place = self.skip_unless(inst.when)
            a, b, imm, indexed = self.address(inst.args[0])
        if inst in self.facts.signed:
            op = o.LDS8 if bits == 8 else o.LDS16
        elif bits <= 32:
            op = LOADS[bits][indexed]
        else:
            op = o.LD64 if bits == 64 else o.LD128
        self.may_fault()
        self.write(d, size, op, a, b, imm)
        if inst.type is I1:
            self.write(d, 1, o.ANDI, self.near(d), imm=1)
        self.close(place)

    def skip_unless(self, condition: Value) -> int:
        """Begin a stretch that is skipped when the condition is 0. Gives its place."""
        self.put(o.SKIPZ, 0, self.read(condition))
        return len(self.words) - 1

    def close(self, place: int) -> None:
        """End a stretch."""
        if place >= 0:
            self.words[place] |= (len(self.words) - place - 1) << 32

    def lower_checked_load(self, inst: Inst, index: int) -> None:
        """A load, or two that follow each other, after a check."""
        insts = self.block.insts
        a, _, imm, _ = self.address(inst.args[0])
        following = insts[index + 1] if index + 1 < len(insts) else None
        if following is not None and following in self.checked and self.top < ADDRESSABLE - 16:
            base, _, offset, _ = self.address(following.args[0])
            if base == a and offset == (imm + 4) & M32:
                d = self.target(inst, index)
                self.put(o.LDPU, d, a, self.target(following, index), imm)
                self.done.add(following)
                return
        self.write(self.target(inst, index), 1, o.LDU, a, 0, imm)

    def lower_store(self, inst: Inst, index: int) -> None:
        self.check_group(inst, o.CHKW)
        address, value = inst.args
        if inst in self.checked:
            self.lower_checked_store(inst, index)
            return
        assert value.type is not None
        bits = max(8, value.type.bits)
        place = -1 if inst.when is None else self.skip_unless(inst.when)
        a, b, imm, indexed = self.address(address)
        register = self.read(value, 2)
        op = STORES[bits][indexed] if bits <= 32 else o.ST64 if bits == 64 else o.ST128
        self.may_fault()
        self.put(op, register, a, b, imm)
        self.close(place)

    def lower_checked_store(self, inst: Inst, index: int) -> None:
        """A store, or two that follow each other, after a check."""
        address, value = inst.args
        a, _, imm, _ = self.address(address)
        register = self.read(value, 2)
        insts, at = self.block.insts, index + 1
        if self.top < ADDRESSABLE - 16:
            while at < len(insts) and (insts[at].op is ops.GET or self.silent(insts[at])):
                if insts[at].op is ops.GET:
                    self.lower_get(insts[at], at)
                    self.done.add(insts[at])
                at += 1
            following = insts[at] if at < len(insts) else None
            if following is not None and following in self.checked:
                base, _, offset, _ = self.address(following.args[0])
                if base == a and offset == (imm + 4) & M32:
                    self.put(o.STPU, register, a, self.read(following.args[1]), imm)
                    self.done.add(following)
                    return
        self.put(o.STU, register, a, 0, imm)

    def lower_align(self, inst: Inst, _index: int) -> None:
        place = -1 if inst.when is None else self.skip_unless(inst.when)
        register = self.read(inst.args[0])
        self.may_fault()
        self.put(o.CHKA, 0, register, imm=int(inst.imm[0]) - 1)
        self.close(place)

    def silent(self, inst: Inst) -> bool:
        """True when no word is made where the instruction stands."""
        return inst in self.facts.skip and inst not in self.facts.nz

    # -- marks and instrumentation -----------------------------------------------------------------

    def lower_insn(self, inst: Inst, _index: int) -> None:
        self.pc = int(inst.imm[0])
        self.marks += 1

    def lower_count(self, inst: Inst, _index: int) -> None:
        place = -1 if inst.when is None else self.skip_unless(inst.when)
        self.put(o.COUNT, imm=self.lowerer.context.counters.index(str(inst.imm[0])))
        self.close(place)

    def lower_push(self, inst: Inst, _index: int) -> None:
        place = -1 if inst.when is None else self.skip_unless(inst.when)
        stack = self.lowerer.context.stacks.index(str(inst.imm[0]))
        self.put(o.PUSH, 0, self.read(inst.args[0]), imm=stack)
        self.close(place)

    def lower_pop(self, inst: Inst, index: int) -> None:
        d = self.target(inst, index)
        if inst.when is not None:
            self.write(d, 1, o.LI)
        place = -1 if inst.when is None else self.skip_unless(inst.when)
        self.write(d, 1, o.POP, imm=self.lowerer.context.stacks.index(str(inst.imm[0])))
        self.close(place)

    def lower_trap(self, inst: Inst, _index: int) -> None:
        mode = frontend_mode(self.block.key.mode)
        record = self.record(TrapRecord(str(inst.imm[0]), self.pc, mode, self.refund()))
        place = -1 if inst.when is None else self.skip_unless(inst.when)
        self.put(o.TRAPIF, 0, self.read(inst.args[0]), imm=record)
        self.close(place)

    def lower_invoke(self, inst: Inst, index: int) -> None:
        # The function may change any slot: what lives in one and is used later moves out.
        for name, type_ in self.lowerer.types.items():
            self.vacate(self.word_of[name], words_of(type_), index)
        place = -1 if inst.when is None else self.skip_unless(inst.when)
        for number, value in enumerate(inst.args):
            assert value.type is not None
            self.put(o.ARG64 if value.type is I64 else o.ARG, number, self.read(value))
        function = self.lowerer.context.functions.index(str(inst.imm[0]), len(inst.args))
        self.put(o.INVOKE, imm=function)
        self.close(place)

    def record(self, record: Record) -> int:
        """Make a record that goes with this block."""
        index = self.lowerer.records.new(record)
        self.result.records.append(index)
        return index

    # -- exits -------------------------------------------------------------------------------------

    def exit(self) -> None:
        """Append the exit."""
        match self.block.exit:
            case Branch():
                self.branch()
            case Jump(target=target):
                self.put(o.JUMP, 0, self.read(target))
            case Return(target=target):
                self.put(o.RET, 0, self.read(target))
            case Call(target=target) if not isinstance(target, BlockKey):
                self.put(o.JUMP, 0, self.read(target))
            case Swi(number=number, resume=resume):
                self.put(o.EXIT, imm=self.record(SwiRecord(number, resume)))
            case Hook(resume=resume):
                self.put(o.EXIT, imm=self.record(HookRecord(resume)))
            case Halt(reason=reason, pc=pc):
                mode = frontend_mode(self.block.key.mode)
                self.put(o.EXIT, imm=self.record(HaltRecord(reason, pc, mode)))
            case _:
                self.result.sites.append((len(self.words), 1))
                self.put(o.GOTO)
                self.words.append(self.slots[0])

    def branch(self) -> None:
        """Append a branch: the test, then the two targets, then their slots."""
        facts = self.facts
        condition, upper = facts.condition, not facts.negated
        assert condition is not None
        leaves = facts.leaves(condition)
        if len(leaves) == 2:
            self.put(o.BHI, 0, self.read(leaves[0]), self.read(leaves[1], 1))
        elif leaves:
            zero, n, v = leaves
            self.put(o.BGT, self.read(zero, 2), self.read(n), self.read(v, 1))
        elif (
            type(condition) is Inst
            and condition.op in COMPARES
            and condition in facts.skip
            and condition not in self.where
        ):
            self.compare_and_branch(condition)
        else:
            self.put(o.BRNZ, 0, self.read(condition))
        at = len(self.words)
        taken, other = self.slots
        self.result.sites += [(at, int(upper)), (at, int(not upper))]
        self.words.append(0)
        self.words.append(taken << 32 | other if upper else other << 32 | taken)

    def compare_and_branch(self, condition: Inst) -> None:
        """A comparison that only the branch uses."""
        a, b = condition.args
        op, with_constant = BRANCH[condition.op]
        assert a.type is not None
        if a.type.bits < 32 and condition.op in (ops.SLT, ops.SLE):
            self.put(op, 0, self.extended(a), self.extended(b, 1))
        elif type(b) is Const:
            self.put(with_constant, 0, self.read(a), imm=b.value)
        else:
            self.put(op, 0, self.read(a), self.read(b, 1))

    def extended(self, value: Value, at: int = 0) -> int:
        """A register with a narrow value extended by its sign."""
        assert value.type is not None
        register = self.temp(1, self.now)
        self.write(register, 1, o.SX, self.read(value), imm=value.type.bits)
        return self.near(register, 1, at)


_EFFECTS: dict[Op, Callable[[Lowering, Inst, int], None]] = {
    ops.GET: Lowering.lower_get, ops.SET: Lowering.lower_set, ops.LOAD: Lowering.lower_load,
    ops.STORE: Lowering.lower_store, ops.CHECK_ALIGN: Lowering.lower_align,
    ops.INSN: Lowering.lower_insn,
    ops.COUNT: Lowering.lower_count, ops.PUSH: Lowering.lower_push,
    ops.POP: Lowering.lower_pop, ops.TRAP_IF: Lowering.lower_trap,
    ops.INVOKE: Lowering.lower_invoke,
}  # fmt: skip
ops.require_all(_EFFECTS.keys() | (NARROW.keys() & WIDE.keys()), __name__)
