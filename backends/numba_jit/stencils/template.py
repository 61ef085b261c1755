"""Templates: what one shape of instruction does, as IR whose unknown parts are holes.

A *hole* is a term over the bits of an instruction and its address (``dbt.ir.symbolic``). Two words
have the same shape when lifting decides alike for both; then only the values in the holes differ.
"""

from collections.abc import Container
from typing import Any

from backends.numba_jit.stencils import abi
from backends.numba_jit.stencils.float_calls import fits
from backends.numba_jit.stencils.names import NUMBERS, Name
from dbt.classes import attrs
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
    Inst,
    Swi,
    Value,
    exit_targets,
)
from dbt.ir.ops import Effect, Op
from dbt.ir.symbolic import Choice, Number, Term, Trace, parts

HOLE = Op("hole", (), "i32", Effect.PURE, "the value of a term, filled in when code is copied")
"""Stands in templates alone. ``imm`` is the name of the hole."""
LEAVE = Op("leave", ("i1",), None, Effect.MAY_STOP, "a trap of a pass, with a reason")
"""Stands in templates alone, for the ``trap_if`` of passes: it leaves copied code for good, while
the guest's own leaves an instruction to the evaluator."""


@attrs.frozen
class Hole:
    """A number that code has to be given: the value of ``term``, or with ``slots`` the offset in
    the state buffer of the slot with this number, or with ``name`` the offset of what has this name
    in its bank. It is at most ``most``."""

    term: Term
    most: int
    slots: tuple[str, ...] = ()
    name: Name | None = None


@attrs.define(eq=False)
class Template:
    """The IR of a shape. ``holes`` are by name. ``targets`` are the terms of the pcs that direct
    exits lead to, and their modes. Without ``exit`` it falls through, to an instruction whose mode
    is ``behind`` or the value of that term. ``number``: the term of a system call's number."""

    insts: list[Inst]
    exit: Exit | None
    holes: dict[str, Hole]
    targets: tuple[tuple[Term, int], ...]
    number: "Term | None" = None
    behind: "Term" = 0

    @property
    def kind(self) -> int:
        """How the instruction ends: the column EXIT of its shape."""
        match self.exit:
            case None:
                return abi.CONTINUES
            case Goto() | Call(target=BlockKey()):
                return abi.GOES
            case Branch():
                return abi.BRANCHES
            case Swi():
                return abi.CALLS_SYSTEM
            case Halt():
                return abi.HALTS
        return abi.COMPUTES


GIVEN = "given"
"""How leaves begin that stand for what is given to each copy (``additions``)."""


class Unfit(Exception):
    """What an instruction does cannot be a stencil."""


MOST_OFFSET = 1 << 27
"""Larger than the offset of any counter in the state buffer, or side stack in its bank."""
BANKS = {ops.COUNT: "counters", ops.PUSH: "stacks", ops.POP: "stacks"}
"""Where the names are that ops of passes have."""
# LLVM reverses bits with constants that it keeps apart from the code.
_FIT = ops.ACCESSES | {ops.GET, ops.SET, ops.FENCE, ops.CHECK_ALIGN, ops.TRAP_IF, *BANKS}
# Where these of a pass have to be done again, so have others.
_UNFIT_OF_PASSES = ops.ACCESSES | {ops.CHECK_ALIGN}


class _Maker:
    def __init__(self, trace: Trace, own: Container[Inst]) -> None:
        self.trace, self.own = trace, own
        self.insts: list[Inst] = []
        self.holes: dict[str, Hole] = {}
        self._names: dict[Hole, str] = {}
        self._values: dict[tuple[str, Any], Inst] = {}
        self._made: dict[Inst, Inst] = {}

    def name(self, hole: Hole) -> str:
        name = self._names.get(hole)
        if name is None:
            name = self._names[hole] = f"h{len(self.holes)}"
            self.holes[name] = hole
        return name

    def value(self, value: Value | None) -> Any:
        if isinstance(value, Const) and isinstance(value.value, Number):
            number, type_ = value.value, value.type
            if type_.overlapping:
                raise Unfit("a number of that type that depends on the instruction")
            most = type_.mask if number.most is None else min(number.most, type_.mask)
            given = str(number.term).startswith(GIVEN)
            known = Name(NUMBERS, ("", (number.term, ""), "")) if given else None
            name = self.name(Hole(0 if given else number.term, most, (), known))
            made = self._values.get((name, type_))
            if made is None:
                made = self._values[name, type_] = Inst(HOLE, (), type_, (name,))
                self.insts.append(made)
            return made
        return self._made[value] if isinstance(value, Inst) else value

    def add(self, inst: Inst) -> None:
        op = inst.op
        if op.has_status and not fits(inst):
            raise Unfit(op.name)
        if op is ops.RBIT or (not op.pure and op not in _FIT):
            raise Unfit(op.name)
        if inst not in self.own and op in _UNFIT_OF_PASSES:
            raise Unfit(op.name)
        args, when = tuple(map(self.value, inst.args)), self.value(inst.when)
        imm = inst.imm
        if inst.op in (ops.GET, ops.SET) and isinstance(imm[0], Choice):
            choice = imm[0]
            number = choice.number
            imm = ("@" + self.name(Hole(number.term, number.most or 0, choice.names)),)
        if op in BANKS:
            name = Name(BANKS[op], parts(self.trace, str(imm[0])))
            imm = (self.name(Hole(0, MOST_OFFSET, (), name)),)
        elif any(isinstance(text, str) and self._depends(text) for text in imm):
            raise Unfit("a name of a slot or a reason that depends on the instruction")
        if op is ops.TRAP_IF and inst not in self.own:
            op = LEAVE
        made = self._made[inst] = Inst(op, args, inst.type, imm, when)
        self.insts.append(made)

    def _depends(self, text: str) -> bool:
        """Whether numbers were formatted into a text."""
        return len(parts(self.trace, text)) > 1

    def exit(self, exit_: Exit) -> Exit:
        fields = {f.name: getattr(exit_, f.name) for f in attrs.fields(type(exit_))}
        if any(isinstance(text, str) and self._depends(text) for text in fields.values()):
            raise Unfit("a reason that depends on the instruction")
        return type(exit_)(
            **{
                name: self.value(value) if isinstance(value, Const | Inst) else value
                for name, value in fields.items()
            }
        )


def make_template(block: Block, trace: Trace, own: Container[Inst], *, ends: bool) -> Template:
    """The template of a block of one instruction that was lifted from the Numbers of a trace. Of
    its instructions, those in ``own`` are the guest's; passes have added the others. Raises
    Unfit."""
    maker = _Maker(trace, own)
    for inst in block.insts:
        if inst.op is not ops.INSN:
            maker.add(inst)
    exit_ = maker.exit(block.exit) if ends else None
    keys = exit_targets(block.exit)
    behind: Term = 0 if ends else _term(keys[0].mode)
    keys = keys if ends else ()
    if any(isinstance(key.mode, Number) for key in keys):
        raise Unfit("the mode of a target depends on the instruction")
    targets = tuple((_term(key.pc), key.mode) for key in keys)
    number = _term(block.exit.number) if ends and isinstance(block.exit, Swi) else None
    return Template(maker.insts, exit_, maker.holes, targets, number, behind)


def _term(value: Any) -> Term:
    return value.term if isinstance(value, Number) else value
