"""Hypothesis strategies: values, IR blocks and small programs for the test rig."""

import itertools
from collections.abc import Callable

from hypothesis import strategies as st
from support import rig

from dbt.ir import ops
from dbt.ir.block import (
    Block,
    BlockKey,
    Branch,
    Call,
    Const,
    Exit,
    Goto,
    Halt,
    Hook,
    Inst,
    Jump,
    Return,
    Swi,
    Value,
)
from dbt.ir.builder import Builder
from dbt.ir.ops import OPS, Op
from dbt.ir.types import F32, F64, I1, I8, I16, I32, I64, INTEGERS, TYPES, V64, V128, Type

STATUS_OPS = tuple(op for op in OPS.values() if op.has_status and not op.vector)
PURE_OPS = tuple(
    op
    for op in OPS.values()
    if op.pure and not op.has_status and not op.vector and op is not ops.FSTATUS
)
VECTOR_OPS = tuple(op for op in OPS.values() if op.vector)
SLOTS = tuple((slot.name, slot.type) for slot in rig.LAYOUT.slots if slot.name != "pc")
FIRST = BlockKey(rig.START)
ELSEWHERE = (BlockKey(rig.START + 0x400), BlockKey(rig.START + 0x800))
ACCESS_TYPES = (I1, I8, I16, I32, I64, F32, F64, V64, V128)
ATOMIC_TYPES = (I8, I16, I32, I64)


def edges(type_: Type) -> list[int]:
    """Values at which arithmetic goes wrong."""
    half = 1 << (type_.bits - 1)
    values = {0, 1, 2, 3, 7, 8, type_.bits - 1, type_.bits, type_.bits + 1}
    values |= {half - 1, half, half + 1, -2, -1, 0x5A5A5A5A5A5A5A5A}
    return sorted({value & type_.mask for value in values})


def values(type_: Type) -> st.SearchStrategy[int]:
    """Any value of a type, edges more often."""
    return st.sampled_from(edges(type_)) | st.integers(0, type_.mask)


@st.composite
def states(draw: st.DrawFn) -> dict[str, int]:
    """Values for all slots of the test rig."""
    return {name: draw(values(type_)) for name, type_ in SLOTS} | {"pc": rig.START}


class _Draft:
    """A block being drawn: values so far, whether this instruction has set state."""

    def __init__(self, draw: st.DrawFn, pc: int, *, faults: bool) -> None:
        self.draw = draw
        self.insts: list[Inst] = []
        self.emit = Builder(self.insts)
        self.pc = pc
        self.first = pc
        self.faults = faults
        self.dirty = False
        self.pool: dict[Type, list[Inst]] = {type_: [] for type_ in TYPES.values()}

    def value(self, type_: Type) -> Value:
        """A value drawn before, else a constant."""
        pool = self.pool[type_]
        if pool and self.draw(st.integers(0, 3)):
            return self.draw(st.sampled_from(pool))
        return Const(self.draw(values(type_)), type_)

    def keep(self, inst: Inst) -> None:
        assert inst.type is not None
        self.pool[inst.type].append(inst)

    def mark(self) -> None:
        self.emit.insn(self.pc, 4)
        self.pc += 4
        self.dirty = False

    def pure(self) -> None:
        op = self.draw(st.sampled_from(PURE_OPS))
        anything = [(t, t) for t in TYPES.values()] if op is ops.SELECT else []
        operand, result = self.draw(st.sampled_from(anything or typings(op)))
        letters = {"T": operand, "F": operand, "A": operand, "i1": I1}
        args = tuple(self.value(letters[letter]) for letter in op.args)
        self.keep(self.emit.emit(op, args, result))

    def floating(self) -> None:
        op = self.draw(st.sampled_from(STATUS_OPS))
        operand = self.draw(st.sampled_from((F32, F64)))
        letters = {"F": operand, "R": self.draw(st.sampled_from((F32, F64)))} | TYPES
        if op is ops.FCVT:
            letters["R"] = F64 if operand is F32 else F32
        args = tuple(self.value(letters[letter]) for letter in op.args)
        bounds = {"bits": (1, 32), "fraction": (0, 32), "mode": (0, 5)}
        imm = tuple(self.draw(st.integers(*bounds[name])) for name in op.imm)
        result = self.emit.emit(op, args, letters[str(op.result)], imm)
        self.keep(result)
        if self.draw(st.booleans()):
            self.keep(self.emit.fstatus(result))

    def vector(self) -> None:
        inst = self.draw(vector_insts(self.value))
        self.insts.append(inst)
        self.keep(inst)
        if inst.op.has_status and self.draw(st.booleans()):
            self.keep(self.emit.fstatus(inst))

    def predicate(self) -> None:
        flags = self.pool[I1]
        self.emit.when = self.draw(st.sampled_from([None, None, *flags[-3:]]))

    def state(self) -> None:
        name, type_ = self.draw(st.sampled_from(SLOTS))
        if self.draw(st.booleans()):
            self.keep(self.emit.get(name, type_))
        else:
            self.predicate()
            self.emit.set(name, self.value(type_))
            self.dirty = True

    def memory(self) -> None:
        if self.dirty:
            return
        emit, address = self.emit, self.address()
        self.predicate()
        if self.faults and not self.draw(st.integers(0, 4)):
            emit.check_align(address, self.draw(st.sampled_from((2, 4, 8, 16, 32))))
        type_ = self.draw(st.sampled_from(ACCESS_TYPES))
        match self.draw(st.integers(0, 5)):
            case 0 | 1:
                self.keep(emit.load(address, type_))
            case 2 | 3:
                emit.store(address, self.value(type_))
            case 4:
                self.exchange(address)
            case 5:
                emit.fence()

    def exchange(self, address: Value) -> None:
        """An access in one step, most often to an aligned address."""
        type_ = self.draw(st.sampled_from(ATOMIC_TYPES))
        if not self.faults or self.draw(st.integers(0, 5)):
            address = self.emit.and_(address, I32.mask & -type_.bytes)
        value = self.value(type_)
        if self.draw(st.booleans()):
            self.keep(self.emit.exchange(address, value))
        else:
            self.keep(self.emit.compare_exchange(address, self.value(type_), value))
        self.dirty = True

    def address(self) -> Value:
        if self.faults and not self.draw(st.integers(0, 5)):
            offset = self.draw(st.integers(-8, 8))
            pages = (rig.DATA_END, rig.READ_ONLY, rig.CODE_PAGE, 0)
            return Const(self.draw(st.sampled_from(pages)) + offset & I32.mask, I32)
        index = self.emit.and_(self.value(I32), 0xFFF)
        return self.emit.add(index, rig.DATA + self.draw(st.integers(0, 0xFF0)))

    def instrument(self) -> None:
        self.predicate()
        match self.draw(st.integers(0, 3 if self.faults else 2)):
            case 0:
                self.emit.count(self.draw(st.sampled_from(["c0", "a name"])))
            case 1:
                self.emit.push("calls", self.value(I32))
            case 2:
                self.keep(self.emit.pop("calls"))
            case 3:
                self.emit.trap_if(self.value(I1), "drawn")

    def step(self) -> None:
        match self.draw(st.integers(0, 12)):
            case 0 | 1 | 2 | 3:
                self.pure()
            case 10:
                self.floating()
            case 11 | 12:
                self.vector()
            case 4 | 5 | 6:
                self.state()
            case 7:
                self.memory()
            case 8:
                self.instrument()
            case 9:
                self.mark()
        self.emit.when = None


PARTS = {ops.VHALF: 2, ops.VSHA1: 3, ops.VSHA256: 2}
"""How many halves or functions ops have whose ``index`` is no number of a lane."""


def vector_typings(op: Op) -> list[tuple[Type, Type, Type]]:
    """Every (lane, type V, result type) that an op on vectors may have; the lane is i8 if the op has
    none."""
    lanes = [I8, I16, I32, I64] if "lane" in op.imm else [I8]
    if op in (ops.VZEXT, ops.VSEXT):
        lanes = lanes[:3]
    if op is ops.VTRUNC:
        lanes = lanes[1:]
    wholes = [V64, V128] if "V" in op.args or op is ops.VSPLAT else [V128]
    results = {"i1": I1, "v64": V64, "v128": V128}
    return [
        (lane, whole, lane if op is ops.VEXTRACT else results.get(str(op.result), whole))
        for lane in lanes
        for whole in wholes
    ]


@st.composite
def vector_insts(draw: st.DrawFn, value: Callable[[Type], Value]) -> Inst:
    """An op on vectors, of operands that ``value`` gives for their types."""
    op = draw(st.sampled_from(VECTOR_OPS))
    lane, whole, result = draw(st.sampled_from(vector_typings(op)))
    letters = {"V": whole, "T": lane} | TYPES
    args = tuple(value(letters[letter]) for letter in op.args)
    return Inst(op, args, result, draw(vector_immediates(op, lane, whole)))


@st.composite
def vector_immediates(draw: st.DrawFn, op: Op, lane: Type, whole: Type) -> tuple[int | str, ...]:
    """Immediates that an op may have."""
    count = whole.bits // lane.bits
    numbers = st.lists(st.integers(0, 2 * count - 1), min_size=count, max_size=count)
    drawn: dict[str, int | str] = {
        "lane": lane.name,
        "index": draw(st.integers(0, PARTS.get(op, count) - 1)),
        "indices": " ".join(map(str, draw(numbers))),
        "fraction": draw(st.integers(0, 32)),
    }
    return tuple(drawn[name] for name in op.imm)


def typings(op: Op) -> list[tuple[Type, Type]]:
    """Every (operand type T, result type) a pure op may have."""
    pairs = [(a, r) for a in INTEGERS for r in INTEGERS]
    if op in (ops.ZEXT, ops.SEXT):
        return [(a, r) for a, r in pairs if a.bits < r.bits]
    if op is ops.TRUNC:
        return [(a, r) for a, r in pairs if a.bits > r.bits]
    if op is ops.BITCAST:
        return [
            (a, b)
            for a, b in itertools.permutations((I32, F32, I64, F64, V64), 2)
            if a.bits == b.bits
        ]
    if "F" in op.args:
        return [(t, t) for t in (F32, F64)]
    if op in (ops.CRC32, ops.CRC32C):
        return [(I32, I32)]
    types = [t for t in INTEGERS if op is not ops.BSWAP or t.bits >= 16]
    return [(t, I1 if op.result == "i1" else t) for t in types]


def _exit(draft: _Draft, keys: list[BlockKey]) -> Exit:
    draw = draft.draw
    key = st.sampled_from(keys)
    location = Const(rig.location_of(draw(key)), I32)
    match draw(st.integers(0, 9)):
        case 0 | 1:
            return Goto(draw(key))
        case 2 | 3 | 4:
            return Branch(draft.value(I1), draw(key), draw(key))
        case 5:
            return Call(draw(key), draft.pc)
        case 6:
            return Call(location, draft.pc)
        case 7:
            return Jump(location)
        case 8:
            return Return(location)
    return draw(
        st.sampled_from([Swi(7, draw(key)), Hook(draw(key)), Halt("undefined", draft.pc - 4)])
    )


@st.composite
def blocks(
    draw: st.DrawFn,
    *,
    key: BlockKey = FIRST,
    keys: tuple[BlockKey, ...] = ELSEWHERE,
    max_ops: int = 20,
    faults: bool = True,
) -> Block:
    """A verified block at ``key`` that goes on at one of ``keys``."""
    draft = _Draft(draw, key.pc, faults=faults)
    draft.mark()
    for _ in range(draw(st.integers(1, max_ops))):
        draft.step()
    return Block(key, draft.insts, _exit(draft, list(keys)), draft.pc - key.pc)


@st.composite
def programs(draw: st.DrawFn, *, max_blocks: int = 4) -> dict[BlockKey, Block]:
    """Blocks that lead to each other; the first one stands at ``rig.START``."""
    keys = tuple(BlockKey(rig.START + 0x400 * i) for i in range(draw(st.integers(1, max_blocks))))
    return {key: draw(blocks(key=key, keys=keys, max_ops=8, faults=False)) for key in keys}


def rules(keys: list[int]) -> st.SearchStrategy[rig.Rules]:
    """Chain rules: some kinds, some pcs denied."""
    return st.builds(
        rig.Rules,
        st.frozensets(st.sampled_from(list(rig.LinkKind))),
        st.frozensets(st.sampled_from(keys)),
    )


def add_calls(draw: st.DrawFn, block: Block, names: list[str]) -> None:
    """Put calls of functions, with one argument the first, two the second …, into a block."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(1, len(block.insts)))
        before = [inst for inst in block.insts[:at] if inst.type in INTEGERS]
        flags = [inst for inst in before if inst.type is I1]
        number = draw(st.integers(0, len(names) - 1))
        choices = st.sampled_from([*before, Const(0xFFFFFFFF, I32), Const(1, I1), Const(3, I64)])
        args = tuple(draw(choices) for _ in range(number + 1))
        when = draw(st.sampled_from([None, None, *flags[-3:]]))
        block.insts.insert(at, Inst(ops.INVOKE, args, None, (names[number],), when))
