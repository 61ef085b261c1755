"""The law of the IR.

1. Every op is a row of the op table, with its number of operands and immediates.
2. An operand is a constant or the value of an instruction, which is computed before it is used,
   once, in the same block.
3. Every type is one of the table. A constant is an unsigned int within its type.
4. Operands and results have the types of the op's row: ``T`` is one integer type throughout, ``F``
   one floating type, ``V`` one type of vectors, ``A`` any type, ``S`` the type of the slot, ``R``
   any type written on the result, ``I*`` up to six operands of any integer type each. ``zext`` and
   ``sext`` go to a wider integer type, ``trunc`` to a narrower one; ``bswap`` has at least two
   bytes, what ``exchange`` and ``compare_exchange`` access at least 8 bits. ``bitcast`` goes to a
   type of the same width; ``fcvt``, ``sint_to_f`` and ``uint_to_f`` to a floating type.
5. ``when`` is an ``i1`` and occurs only on ops whose effect can be left undone.
6. Slots exist, when a layout is given, and have one type throughout the block.
7. ``insn`` marks have sizes above zero and pcs that increase without overlap, and lie within 32
   bits; the first one is at the block's pc.
8. Guest instructions can be restarted: between two marks no ``set``, ``exchange`` or
   ``compare_exchange`` comes before an access or a ``check_align``. (``trap_if`` may follow: a trap
   is not resumed.)
9. Every block has one exit. A branch condition is an ``i1``; computed targets, being locations, are
   ``i32``; direct targets are block keys. Numbers (the pc and mode of a key, the link of a call,
   the number of a system call, the pc of a halt) are ints that fit 32 bits.
10. ``fstatus`` takes the result of an op of floating point. Its ``bits`` are 1 to 32, a
    ``fraction`` 0 to 32, a ``mode`` 0 to 5.
11. Counters, stacks, functions, slots and reasons have names that are not empty. ``check_align``
    is to 2, 4, 8, 16 or 32 bytes.
12. A ``lane`` is an integer type of at least 8 bits: of ``vzext`` and ``vsext`` one of at most 32,
    of ``vtrunc`` one of at least 16. ``vsplat``, ``vextract`` and ``vinsert`` have scalars of that
    type, ``vsplat`` leads to a vector. An ``index`` is the number of a lane, of a half, or of a
    function.
    ``indices`` are as many numbers as a vector has lanes, of lanes of two vectors.
"""

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
from dbt.ir.layout import Layout
from dbt.ir.printer import block_lines, key_text
from dbt.ir.types import I1, I8, I16, I32, I64, INTEGERS, TYPES, VECTORS, Type

_LIMIT = 1 << 32
_TYPES = frozenset(map(id, TYPES.values()))
_INTEGERS = frozenset(map(id, INTEGERS))
_CHECKSUMS = (ops.CRC32, ops.CRC32C)
_SIZED = ops.ATOMIC | {ops.ZEXT, ops.SEXT, ops.TRUNC, ops.BSWAP, *_CHECKSUMS}
_ALIGNMENTS = (2, 4, 8, 16, 32)
_FLOATING = frozenset({ops.FCVT, ops.SINT_TO_F, ops.UINT_TO_F})
_NUMBERS = {"bits": (1, 32), "fraction": (0, 32), "mode": (0, 5)}
"""Immediates that are numbers, and their bounds."""
_LANES = {lane.name: lane for lane in (I8, I16, I32, I64)}
_PARTS = {ops.VHALF: 2, ops.VSHA1: 3, ops.VSHA256: 2}
"""Ops whose ``index`` is the number of a half or of a function, and how many there are."""
_FAULTING = ops.ACCESSES | {ops.CHECK_ALIGN}


class VerifyError(Exception):
    """A block breaks the law. The message prints the block and marks the line."""

    def __init__(self, block: Block, line: int, problem: str) -> None:
        text = block_lines(block)
        text.insert(line + 1, f"  ^ {problem}")
        super().__init__("\n".join([f"block {key_text(block.key)}: {problem}", *text]))
        self.line = line
        """Number of the offending line in the block's text; 0 is the head."""
        self.problem = problem


def verify(block: Block, layout: Layout | None = None) -> None:
    """Check a block against the law. Raises VerifyError at the first breach."""
    verifier = _Verifier(block, layout)
    line = 0
    try:
        verifier.head()
        for line, inst in enumerate(block.insts, 1):  # noqa: B007
            verifier.inst(inst)
        line = len(block.insts) + 1
        verifier.exit(block.exit)
    except _Breach as breach:
        raise VerifyError(block, line, str(breach)) from None


class _Breach(Exception):
    """What is wrong with the line being looked at."""


def _unknown(type_: object) -> _Breach:
    return _Breach(f"{type_!r} is no type of the table")


class _Verifier:
    """One walk down a block: the values seen so far, slot types, the current guest instruction."""

    def __init__(self, block: Block, layout: Layout | None) -> None:
        self.block = block
        self.layout = layout
        self.seen: set[Inst] = set()
        self.slots: dict[str, Type] = {}
        self.next_pc: int | None = None
        self.changed: str | None = None
        """What the guest instruction has done that must not be done twice."""

    def head(self) -> None:
        self.key(self.block.key)
        self.number("size", self.block.size)
        self.number("before", self.block.before)

    def inst(self, inst: Inst) -> None:
        op = inst.op
        if ops.OPS.get(op.name) is not op:
            raise _Breach(f"{op.name} is no op of the table")
        if inst in self.seen:
            raise _Breach("the instruction stands here a second time")
        if op.variadic:
            if len(inst.args) > ops.MOST_ARGUMENTS:
                raise _Breach(f"{op.name} takes at most {ops.MOST_ARGUMENTS} operands")
        elif len(inst.args) != len(op.args):
            raise _Breach(f"{op.name} takes {len(op.args)} operands, not {len(inst.args)}")
        if len(inst.imm) != len(op.imm):
            raise _Breach(f"{op.name} takes {len(op.imm)} immediates, not {len(inst.imm)}")
        for arg in inst.args:
            self.operand(arg)
        self.predicate(inst)
        self.types(inst)
        self.immediates(inst)
        self.restartable(inst)
        self.seen.add(inst)

    # -- operands ----------------------------------------------------------------------------------

    def operand(self, value: Value) -> None:
        if isinstance(value, Inst):
            if value not in self.seen:
                raise _Breach("an operand is used before it is computed")
            if value.type is None:
                raise _Breach(f"{value.op.name} computes no value")
        elif isinstance(value, Const):
            if id(value.type) not in _TYPES:
                raise _unknown(value.type)
            if type(value.value) is not int:  # a bool prints as no number
                raise _Breach(f"constant {value.value!r} is no whole number")
            if not 0 <= value.value <= value.type.mask:
                raise _Breach(f"constant {value.value:#x} does not fit {value.type}")
        else:
            raise _Breach(f"an operand is a constant or an instruction, not {value!r}")

    def predicate(self, inst: Inst) -> None:
        if inst.when is None:
            return
        if not inst.op.conditional:
            raise _Breach(f"{inst.op.name} cannot carry `when`")
        self.operand(inst.when)
        if inst.when.type is not I1:
            raise _Breach(f"`when` is an i1, not {inst.when.type}")

    # -- types -------------------------------------------------------------------------------------

    def types(self, inst: Inst) -> None:
        bound: dict[str, Type] = {}
        if inst.op.variadic:
            self.integers(inst)
        else:
            for letter, arg in zip(inst.op.args, inst.args, strict=True):
                self.match(letter, arg.type, bound)
        if inst.op.result is None:
            if inst.type is not None:
                raise _Breach(f"{inst.op.name} computes no value")
        elif inst.type is None:
            raise _Breach(f"{inst.op.name} has a result type")
        else:
            if id(inst.type) not in _TYPES:
                raise _unknown(inst.type)
            self.match(inst.op.result, inst.type, bound)
            if inst.op is ops.FSTATUS:
                self.computed(inst.args[0])
            elif inst.op in _SIZED:
                self.width(inst)
            elif inst.op in _FLOATING and not inst.type.floating:
                raise _Breach(f"{inst.op.name} does not lead to {inst.type}")
            elif inst.op is ops.BITCAST and inst.type.bits != inst.args[0].type.bits:  # type: ignore[union-attr]
                raise _Breach(f"bitcast does not lead from {inst.args[0].type} to {inst.type}")
        if "S" in bound:
            self.slot(str(inst.imm[0]) if inst.imm else "", bound["S"])

    def integers(self, inst: Inst) -> None:
        for arg in inst.args:
            if id(arg.type) not in _INTEGERS:
                raise _Breach(f"an integer type expected, not {arg.type}")

    def match(self, letter: str, type_: Type | None, bound: dict[str, Type]) -> None:
        assert type_ is not None
        if letter in TYPES:
            if type_ is not TYPES[letter]:
                raise _Breach(f"{letter} expected, not {type_}")
        elif letter == "T" and id(type_) not in _INTEGERS:
            raise _Breach(f"an integer type expected, not {type_}")
        elif letter == "F" and not type_.floating:
            raise _Breach(f"a floating type expected, not {type_}")
        elif letter == "V" and type_ not in VECTORS:
            raise _Breach(f"a type of vectors expected, not {type_}")
        elif bound.setdefault(letter, type_) is not type_:
            raise _Breach(f"{bound[letter]} expected, not {type_}")

    def width(self, inst: Inst) -> None:
        op, result = inst.op, inst.type
        assert result is not None
        if op in (ops.ZEXT, ops.SEXT, ops.TRUNC):
            operand = inst.args[0].type
            assert operand is not None
            wider = (
                result.bits > operand.bits if op is not ops.TRUNC else result.bits < operand.bits
            )
            if result not in INTEGERS or not wider:
                raise _Breach(f"{op.name} does not lead from {operand} to {result}")
        elif op in _CHECKSUMS:
            if result is not I32:
                raise _Breach(f"{op.name} of {result}")
        elif result is I1 or (op is ops.BSWAP and result is I8):
            raise _Breach(f"{op.name} of {result}")

    def computed(self, value: Value) -> None:
        if not isinstance(value, Inst) or not value.op.has_status:
            raise _Breach("fstatus takes the result of an op of floating point")

    def slot(self, name: str, type_: Type) -> None:
        if self.layout is not None:
            slot = self.layout.by_name.get(name)
            if slot is None:
                raise _Breach(f"no slot is named {name!r}")
            self.slots[name] = slot.type
        if self.slots.setdefault(name, type_) is not type_:
            raise _Breach(f"slot {name} is {self.slots[name]}, not {type_}")

    # -- guest instructions ------------------------------------------------------------------------

    def immediates(self, inst: Inst) -> None:
        if inst.op is ops.INSN:
            self.mark(*inst.imm)
            return
        if inst.op is ops.CHECK_ALIGN:
            self.alignment(*inst.imm)
            return
        if inst.op.vector and not inst.op.has_status:
            self.lanes(inst)
            return
        for name, imm in zip(inst.op.imm, inst.imm, strict=True):
            if name in _NUMBERS:
                if type(imm) is not int or not _NUMBERS[name][0] <= imm <= _NUMBERS[name][1]:
                    raise _Breach(f"the {name} of {inst.op.name} is a number, not {imm!r}")
                continue
            if not isinstance(imm, str) or not imm:
                raise _Breach(f"the {name} of {inst.op.name} is a name, not {imm!r}")

    def lanes(self, inst: Inst) -> None:
        given, lane = dict(zip(inst.op.imm, inst.imm, strict=True)), I64
        if "lane" in given:
            name = given["lane"]
            if not isinstance(name, str) or name not in _LANES:
                raise _Breach(f"{inst.op.name} has no lanes of {name!r}")
            lane = _LANES[name]
            self.resized(inst, lane)
        self.scalars(inst, lane)
        vector = next((arg.type for arg in inst.args if arg.type in VECTORS), None)
        count = _PARTS.get(inst.op) or (vector.bits // lane.bits if vector else 0)
        if "index" in given:
            self.number_of_lane(inst, given["index"], count)
        if "indices" in given:
            words = str(given["indices"]).split(" ")
            if len(words) != count:
                raise _Breach(f"{inst.op.name} takes {count} numbers of lanes, not {len(words)}")
            for word in words:
                index = int(word) if word.isdecimal() and word.isascii() else word
                self.number_of_lane(inst, index, 2 * count)

    def number_of_lane(self, inst: Inst, index: int | str, count: int) -> None:
        if type(index) is not int or not 0 <= index < count:
            raise _Breach(f"{inst.op.name} has no lane {index!r}")

    def resized(self, inst: Inst, lane: Type) -> None:
        """The width of lanes that become wider or narrower."""
        widens = inst.op in (ops.VZEXT, ops.VSEXT)
        if (widens and lane is I64) or (inst.op is ops.VTRUNC and lane is I8):
            raise _Breach(f"{inst.op.name} has no lanes of {lane}")

    def scalars(self, inst: Inst, lane: Type) -> None:
        """The types of scalars that are lanes."""
        if inst.op is ops.VSPLAT and inst.type not in VECTORS:
            raise _Breach(f"vsplat does not lead to {inst.type}")
        scalar = inst.type if inst.op is ops.VEXTRACT else inst.args[-1].type
        if inst.op in (ops.VSPLAT, ops.VEXTRACT, ops.VINSERT) and scalar is not lane:
            raise _Breach(f"{lane} expected, not {scalar}")

    def alignment(self, size: int | str) -> None:
        if type(size) is not int or size not in _ALIGNMENTS:
            raise _Breach(f"accesses are aligned to 2, 4, 8, 16 or 32 bytes, not to {size!r}")

    def mark(self, pc: int | str, size: int | str) -> None:
        if type(pc) is not int or type(size) is not int or size <= 0:
            raise _Breach("a mark holds a pc and a size")
        if self.next_pc is None and pc != self.block.key.pc:
            raise _Breach(f"the first mark stands at {pc:#x}, the block at {self.block.key.pc:#x}")
        if self.next_pc is not None and pc < self.next_pc:
            raise _Breach(f"the mark is below {self.next_pc:#x}, where the last one ends")
        if not 0 <= pc <= _LIMIT - size:
            raise _Breach(f"pc {pc:#x} does not fit 32 bits")
        self.next_pc = pc + size

    def restartable(self, inst: Inst) -> None:
        if inst.op is ops.INSN:
            self.changed = None
        elif inst.op in _FAULTING and self.changed and self.next_pc is not None:
            raise _Breach(f"{inst.op.name} may fault after the instruction has {self.changed}")
        elif inst.op is ops.SET:
            self.changed = self.changed or f"set {inst.imm[0]}"
        if inst.op in ops.ATOMIC:
            self.changed = self.changed or "exchanged memory"

    # -- the exit ----------------------------------------------------------------------------------

    def exit(self, exit_: Exit) -> None:
        match exit_:
            case Goto(target=key) | Hook(resume=key):
                self.key(key)
            case Branch(cond=cond, taken=taken, other=other):
                self.typed(cond, I1)
                self.key(taken)
                self.key(other)
            case Jump(target=target) | Return(target=target):
                self.typed(target, I32)
            case Call(target=callee, link=link):
                if isinstance(callee, Const | Inst):
                    self.typed(callee, I32)
                else:
                    self.key(callee)
                self.number("link", link)
            case Swi(number=number, resume=key):
                self.number("number", number)
                self.key(key)
            case Halt(reason=reason, pc=pc):
                if not isinstance(reason, str) or not reason:
                    raise _Breach(f"the reason of a halt is a name, not {reason!r}")
                self.number("pc", pc)
            case _:
                raise _Breach(f"a block ends in an exit, not in {exit_!r}")

    def typed(self, value: Value, wanted: Type) -> None:
        self.operand(value)
        if value.type is not wanted:
            raise _Breach(f"{wanted} expected, not {value.type}")

    def key(self, key: BlockKey) -> None:
        if not isinstance(key, BlockKey):
            raise _Breach(f"a block key expected, not {key!r}")
        self.number("pc", key.pc)
        self.number("mode", key.mode)

    def number(self, name: str, number: int) -> None:
        if type(number) is not int:  # a bool prints as no number
            raise _Breach(f"the {name} is a whole number, not {number!r}")
        if not 0 <= number < _LIMIT:
            raise _Breach(f"{number:#x} does not fit 32 bits")
