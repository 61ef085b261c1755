"""Where passes put code at accesses to guest memory, and the values that it has there.

The place is *behind the last access of the instruction*, in front of its first ``set``: memory is
as the instruction leaves it, registers are as it has found them. Nothing of the instruction can
fault any more, so each execution comes there once, also of an instruction that is begun again
because one of its accesses was refused. A store's old content is read in front of the store.

What is an access: each op of ``ops.ACCESSES`` reads or writes, with three exceptions. One of 16
bytes counts as two of 8, so that values have 64 bits at most. An ``exchange`` is a read and a
write. A ``compare_exchange`` is a write if it stores, for the processor's instruction stores or
does not, and reads nothing; a load in front of one of them, from the same address, is a part of it.
"""

from collections.abc import Callable, Iterator, Sequence

from dbt.classes import attrs
from dbt.ir import ops
from dbt.ir.block import Block, Inst, Value
from dbt.ir.builder import Builder
from dbt.ir.ops import Effect
from dbt.ir.types import F32, F64, I32, I64, V64, V128, Type

READ, WRITE = 0, 1
"""Values of ``Access.kind``."""
_INTEGERS = {F32: I32, F64: I64, V64: I64}


@attrs.frozen(eq=False)
class Access:
    """An access as code behind it knows it."""

    pc: int
    """The address of the instruction."""
    kind: int
    """READ or WRITE."""
    address: Value
    """An i32."""
    size: int
    """1, 2, 4 or 8 bytes."""
    value: Value
    """What was read or written, an integer of that size, as memory has it, little-endian."""
    when: Value | None
    """An i1 that is 1 if the access was made; None: it was."""
    index: int
    """Of the instruction in its block."""

    def values(self, emit: Builder) -> dict[str, Value]:
        """What conditions and callbacks may ask for, by ``names.ACCESS_NAMES``."""
        return {"address": self.address, "size": emit.const(self.size), "value": self.value}


Emit = Callable[[Builder, Access], None]


def at_accesses(block: Block, behind: Emit, ahead: Emit | None = None) -> None:
    """Append code behind the accesses of each instruction of a block: ``behind`` is called for each
    of them, in order. ``ahead`` is called in front of each write, where it is not known yet whether
    a ``compare_exchange`` will store. The ``when`` of their Builders is that of the access."""
    insts: list[Inst] = []
    for index, insn in enumerate(_instructions(block.insts)):
        place = _behind_last(insn)
        if place:
            insts += _rewritten(insn[:place], index, behind, ahead)
        insts += insn[place:]
    block.insts[:] = insts


def _instructions(insts: Sequence[Inst]) -> Iterator[list[Inst]]:
    """The ops of each instruction, its mark first. What stands before the first mark is yielded
    first, also if that is nothing."""
    insn: list[Inst] = []
    for inst in insts:
        if inst.op is ops.INSN:
            yield insn
            insn = []
        insn.append(inst)
    yield insn


def _behind_last(insn: Sequence[Inst]) -> int:
    """The index behind an instruction's last access, and what other passes have added there; 0 if
    it has none."""
    place = 0
    for index, inst in enumerate(insn):
        if inst.op in ops.ACCESSES:
            place = index + 1
        elif inst.op is ops.SET:
            if place:
                break
        elif place and inst.op.effects & Effect.INSTRUMENTATION:
            place = index + 1
    return place


def _rewritten(
    insn: Sequence[Inst], index: int, behind: Emit, ahead: Emit | None
) -> Iterator[Inst]:
    """The ops up to an instruction's last access, and the code behind that."""
    pc = next((int(inst.imm[0]) for inst in insn if inst.op is ops.INSN), 0)
    atomic = {inst.args[0] for inst in insn if inst.op in ops.ATOMIC}
    found: list[Access] = []
    for inst in insn:
        code: list[Inst] = []
        after: list[Inst] = []
        if inst.op in ops.ACCESSES and not (inst.op is ops.LOAD and inst.args[0] in atomic):
            for access in _accesses(pc, index - 1, inst, code, after):
                found.append(access)
                if access.kind == WRITE and ahead is not None:
                    builder = Builder(code)
                    builder.when = inst.when
                    ahead(builder, access)
        yield from code
        yield inst
        yield from after
    emitted: list[Inst] = []
    for access in found:
        builder = Builder(emitted)
        builder.when = access.when
        behind(builder, access)
    yield from emitted


def _accesses(
    pc: int, index: int, inst: Inst, before: list[Inst], after: list[Inst]
) -> Iterator[Access]:
    """The accesses of an op. What computes their values is appended to what stands before or after
    it."""
    address, when = inst.args[0], inst.when
    if inst.op in (ops.LOAD, ops.EXCHANGE):
        for at, size, value in _parts(address, inst, after):
            yield Access(pc, READ, at, size, value, when, index)
    if inst.op in ops.STORING:
        if inst.op is ops.COMPARE_EXCHANGE:
            emit = Builder(after)
            when = emit.eq(inst, inst.args[1])
            if inst.when is not None:
                when = emit.and_(when, inst.when)
        for at, size, value in _parts(address, inst.args[-1], before):
            yield Access(pc, WRITE, at, size, value, when, index)


def _parts(address: Value, value: Value, code: list[Inst]) -> Iterator[tuple[Value, int, Value]]:
    """Address, size and value of an access, or of the two that one of 16 bytes is."""
    emit = Builder(code)
    type_ = value.type
    assert type_ is not None
    if type_ is V128:
        for half in range(2):
            at = emit.add(address, 8) if half else address
            yield at, 8, emit.bitcast(emit.half(value, half), I64)
    else:
        yield address, type_.bytes, _integer(emit, value, type_)


def _integer(emit: Builder, value: Value, type_: Type) -> Value:
    return emit.bitcast(value, _INTEGERS[type_]) if type_ in _INTEGERS else value


def touches(emit: Builder, access: Access, where: range) -> Value | None:
    """Code that computes whether an access touches one of the addresses ``where``; None if each
    access does."""
    if len(where) >= 1 << 32:
        return None
    first = emit.sub(access.address, (where.start - access.size + 1) & 0xFFFFFFFF)
    return emit.ult(first, min(len(where) + access.size - 1, 0xFFFFFFFF))


def only_if(emit: Builder, condition: Value | None) -> None:
    """Have what is appended from now on also depend on a condition."""
    if condition is not None:
        emit.when = condition if emit.when is None else emit.and_(emit.when, condition)
