"""What passes that see whole blocks have added to them, instruction by instruction.

An *addition* is what was added to one instruction, without the numbers and names that differ from
block to block: those are *given* to each copy. It is a tuple of texts and numbers, alike for all
instructions to which the same was added, and can be kept on disk.
"""

from collections.abc import Callable, Iterable, Mapping

from backends.numba_jit.stencils.template import BANKS, GIVEN
from dbt.interfaces import Rewritten
from dbt.ir import ops
from dbt.ir.block import Block, Const, Inst, Value
from dbt.ir.symbolic import Number
from dbt.ir.types import I1, I32, TYPES
from dbt.typing import Any, NamedTuple, TypeAlias

Addition: TypeAlias = tuple[tuple[Any, ...], ...]
"""For each op: how many of the instruction's own ops are in front, its name, the name of its type,
its operands, its immediates and its condition."""
Given: TypeAlias = Mapping[str, int | str]
"""Numbers and names, by the leaf that stands for each."""
MOST_GIVEN = 8
"""Of one addition."""
_ADDED = frozenset({*BANKS, ops.TRAP_IF, ops.GET, ops.SET})
_SLOT_TYPES = (I1, I32)
_MOVED = frozenset({ops.COUNT, ops.PUSH})


class Added(NamedTuple):
    """What was added to one instruction of a block: the number of the instruction, the addition,
    and what it is given."""

    insn: int
    addition: Addition
    given: Given


class _Unlike(Exception):
    """A pass has done something else than to add to instructions."""


class _Part:
    """One instruction of a block: its own ops, and what was added, with the number of own ops in
    front."""

    def __init__(self) -> None:
        self.own: list[Inst] = []
        self.added: list[tuple[int, Inst]] = []
        self.stores = False

    def add(self, inst: Inst) -> None:
        op = inst.op
        if op not in _ADDED and (not op.pure or op is ops.RBIT):
            raise _Unlike
        self.added.append((len(self.own), inst))

    def take_last(self) -> list[tuple[int, Inst]]:
        """Take back what was added behind the last of the own ops, to be added to the front of the
        next instruction. A store that is left to the evaluator has done nothing in front of it, and
        nothing behind it is executed."""
        count = len(self.own)
        moved = [(0, inst) for at, inst in self.added if at == count]
        if not all(inst.op in _MOVED for _, inst in moved):
            raise _Unlike
        self.added = self.added[: len(self.added) - len(moved)]
        return moved


def read_additions(rewritten: Rewritten) -> list[Added] | None:
    """What was added to each instruction of a block; None if passes did anything else to it."""
    try:
        parts = _parts(rewritten)
        return [_added(index, part) for index, part in enumerate(parts) if part.added]
    except _Unlike:
        return None


def _parts(rewritten: Rewritten) -> list[_Part]:
    """The instructions of a block."""
    block, own = rewritten.block, iter(rewritten.own)
    expected, parts, part = next(own, None), list[_Part](), _Part()
    if block.exit is not rewritten.exit:
        raise _Unlike
    for inst in block.insts:
        if expected is None or inst is not expected[0]:
            part.add(inst)
            continue
        _, args, imm, when = expected
        if inst.args is not args or inst.imm is not imm or inst.when is not when:
            raise _Unlike
        expected = next(own, None)
        if inst.op is not ops.INSN:
            part.own.append(inst)
            part.stores |= inst.op in ops.STORING
            continue
        if parts:
            part = _following(part)
        parts.append(part)
    if expected is not None:
        raise _Unlike
    _check_stores(part)
    return parts


def _following(part: _Part) -> _Part:
    """The instruction behind one that is read."""
    following = _Part()
    if part.stores:
        following.added = part.take_last()
        _check_stores(part)
    return following


def _check_stores(part: _Part) -> None:
    """Refuse what was added behind a store: the evaluator may have to execute it."""
    if part.stores:
        first = next(at for at, inst in enumerate(part.own) if inst.op in ops.STORING)
        if part.added and part.added[-1][0] > first:
            raise _Unlike


def _added(index: int, part: _Part) -> Added:
    """What was added to an instruction, as others can have it."""
    names: dict[Value, tuple[str, int]] = {inst: ("own", at) for at, inst in enumerate(part.own)}
    given: dict[str, int | str] = {}

    def give(value: int | str) -> str:
        leaf = f"{GIVEN}{len(given)}"
        given[leaf] = value
        return leaf

    def operand(value: Value | None) -> Any:
        if value is None:
            return None
        if isinstance(value, Inst):
            if value not in names:
                raise _Unlike
            return names[value]
        if value.type is I32:
            return give(value.value)
        return (value.type.name, value.value)

    addition = []
    for number, (at, inst) in enumerate(part.added):
        op = inst.op
        if op in (ops.GET, ops.SET):
            type_ = inst.type if op is ops.GET else inst.args[0].type
            if type_ not in _SLOT_TYPES:
                raise _Unlike
        args = tuple(map(operand, inst.args))
        imm = (give(str(inst.imm[0])),) if op in BANKS else inst.imm
        type_name = None if inst.type is None else inst.type.name
        addition.append((at, op.name, type_name, args, imm, operand(inst.when)))
        names[inst] = ("added", number)
    if len(given) > MOST_GIVEN:
        raise _Unlike
    return Added(index, tuple(addition), given)


def is_general(addition: Addition) -> bool:
    """Whether any instruction can have an addition: it is in front, and uses none of its ops."""

    def own(operands: Iterable[Any]) -> bool:
        return any(isinstance(of, tuple) and of[0] == "own" for of in operands)

    return not any(at or own((*args, when)) for at, _, _, args, _, when in addition)


def apply_addition(block: Block, addition: Addition, number: Callable[[str], Number]) -> None:
    """Make an addition to a block of one instruction. ``number`` returns a Number for a leaf."""
    own = [inst for inst in block.insts if inst.op is not ops.INSN]
    marks = [inst for inst in block.insts if inst.op is ops.INSN]
    added: list[Inst] = []
    insts: list[Inst] = []

    def value(of: Any) -> Any:
        match of:
            case str():
                return Const(number(of), I32)  # type: ignore[arg-type]
            case ("own", at):
                return own[at]
            case ("added", at):
                return added[at]
            case (type_, constant):
                return Const(constant, TYPES[type_])

    done = 0
    for at, name, type_name, args, names, when in addition:
        insts += own[done:at]
        done = at
        op = ops.OPS[name]
        imm = (f"{number(names[0])}",) if op in BANKS else names
        made = Inst(op, tuple(map(value, args)), TYPES.get(type_name), imm, when and value(when))
        added.append(made)
        insts.append(made)
    block.insts = [*marks, *insts, *own[done:]]
