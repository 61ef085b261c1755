"""One pass over a block, backwards: what the lowering to bytecode has to know in advance.

It decides which results go straight to their slot, which are computed where they are used, and
which groups of instructions become one operation. Indices are positions in ``block.insts``; the
exit stands at ``len(block.insts)``.

This file is over 400 lines because copy-and-patch stencils are going to replace it: it was moved
here as it was, to be deleted rather than divided.
"""

from dbt.ir import ops
from dbt.ir.block import Block, Branch, Const, Inst, Value, exit_values
from dbt.ir.types import I32

COMPARES = frozenset({ops.EQ, ops.NE, ops.ULT, ops.ULE, ops.SLT, ops.SLE})
NOWHERE = 1 << 30


def constant(value: Value, number: int) -> bool:
    """True for a constant of this value."""
    return type(value) is Const and value.value == number


def same(a: Value, b: Value) -> bool:
    """The same SSA value, or equal constants."""
    return a is b or (type(a) is Const and type(b) is Const and a.value == b.value)


class Analysis:
    """The facts about one block. ``word_of`` gives a slot's first register."""

    def __init__(self, block: Block, word_of: dict[str, int]) -> None:
        self.block = block
        self.insts = block.insts
        self.word_of = word_of
        self.last: dict[Inst, int] = {}  # index of the last use
        self.uses: dict[Inst, int] = {}
        self.fold: dict[Inst, int] = {}  # goes straight to the slot that is set at this index
        self.deferred: set[Inst] = set()  # computed by the set that is its only use
        self.skip: set[Inst] = set()  # part of something else, or dead
        self.alias: dict[Inst, Inst] = {}  # has the value of another
        self.signed: set[Inst] = set()  # loads that extend the sign
        self.flags: dict[Inst, int] = {}  # add or sub that also sets the four flags from here on
        self.nz: dict[Inst, int] = {}  # slt 0 that also sets the next register to eq 0
        self.together: dict[Inst, tuple[Inst, ...]] = {}  # the flags that such a one computes
        self.groups: dict[Inst, list[Inst]] = {}  # runs of accesses checked at once, by the first
        self._target: dict[Inst, int] = {}
        self._next_slot: dict[str, int] = {}
        self._stop = NOWHERE
        self._after_group: dict[Inst, int] = {}
        self._addresses: dict[Inst, int] = {}
        self._indexed: dict[Inst, int] = {}
        self._shifts: set[Inst] = set()
        self._extended: dict[Inst, Inst] = {}
        self._is_zero: dict[Inst, Inst] = {}
        self._is_negative: dict[Inst, Inst] = {}
        self._carry: Inst | None = None
        self._overflow: Inst | None = None
        self._next_access: Inst | None = None
        self._next_set = NOWHERE
        self.condition, self.negated = self._exit()
        self._walk()

    # -- helpers -----------------------------------------------------------------------------------

    def use(self, value: Value, at: int) -> None:
        """Note a use."""
        if type(value) is Inst:
            self.uses[value] = self.uses.get(value, 0) + 1
            if at > self.last.get(value, -1):
                self.last[value] = at

    def _exit(self) -> tuple[Value | None, bool]:
        """Note the uses of the exit; gives the condition of a branch without its negations."""
        exit_, end = self.block.exit, len(self.insts)
        if not isinstance(exit_, Branch):
            for value in exit_values(exit_):
                self.use(value, end)
            return None, False
        condition, negated = exit_.cond, False
        while type(condition) is Inst and condition.op is ops.NOT:
            condition, negated = condition.args[0], not negated
        leaves = self.leaves(condition)
        for value in leaves or (condition,):
            self.use(value, end)
        return condition, negated

    def leaves(self, condition: Value) -> tuple[Value, ...]:
        """What the conditions ``hi`` (c, z) and ``gt`` (z, n, v) test, if it is one of them."""
        if type(condition) is not Inst or condition.op is not ops.AND:
            return ()
        first, second = condition.args
        if type(first) is not Inst or type(second) is not Inst:
            return ()
        if second.op is ops.NOT and first.op is not ops.NOT:
            first, second = second, first
        if first.op is not ops.NOT:
            return ()
        zero = first.args[0]
        if second.op is ops.EQ and second.args[0].type is not I32 and type(zero) is Inst:
            n, v = second.args
            if type(n) is Inst and type(v) is Inst and n.type is ops_i1(v):
                return zero, n, v
            return ()
        return (second, zero) if type(zero) is Inst else ()

    # -- the walk ----------------------------------------------------------------------------------

    def _walk(self) -> None:
        handlers = {
            ops.SET: self._set, ops.GET: self._get, ops.LOAD: self._load, ops.STORE: self._store,
            ops.ADD: self._add, ops.SUB: self._sub, ops.SHL: self._shl, ops.ZEXT: self._zext,
            ops.SEXT: self._sext, ops.SLT: self._slt, ops.EQ: self._eq, ops.ULE: self._carry_of,
            ops.CARRY: self._carry_of, ops.OVERFLOW: self._overflow_of, ops.INSN: self._insn,
        }  # fmt: skip
        insts = self.insts
        for index in range(len(insts) - 1, -1, -1):
            inst = insts[index]
            handlers.get(inst.op, self._other)(inst, index)

    def _insn(self, _inst: Inst, _index: int) -> None:
        self._next_access = None

    def _other(self, inst: Inst, index: int) -> None:
        if inst.op.pure:
            if inst in self.last:
                self._place(inst)
                self._use_operands(inst, index)
            else:
                self.skip.add(inst)
            return
        if inst.when is not None:
            self.use(inst.when, index)
        for arg in inst.args:
            self.use(arg, index)
        self._next_access = None
        if inst.op.may_stop or inst.op is ops.INVOKE:  # all state must be right here
            self._stop = index

    def _use_operands(self, inst: Inst, index: int) -> None:
        at = index
        if inst in self.deferred:
            at = self.last[inst]
        elif inst is self.condition and inst.op in COMPARES and self.uses[inst] == 1:
            operand = inst.args[0].type
            if operand is not None and operand.bits <= 32:
                at = len(self.insts)
                self.skip.add(inst)
        for arg in inst.args:
            self.use(arg, at)

    def _place(self, inst: Inst) -> None:
        """Decide whether a result goes straight to the slot it is set to."""
        at = self._target.get(inst)
        if at is None:
            return
        setter = self.insts[at]
        if setter.when is None and self._free(at):
            self.fold[inst] = at
        elif self.uses[inst] == 1:
            self.deferred.add(inst)

    def _free(self, at: int) -> bool:
        """True when the slot set at ``at`` may be written already here."""
        return self._stop > at and self._next_slot[str(self.insts[at].imm[0])] == at

    # -- state -------------------------------------------------------------------------------------

    def _set(self, inst: Inst, index: int) -> None:
        value = inst.args[0]
        self.use(value, index)
        if inst.when is not None:
            self.use(inst.when, index)
        if type(value) is Inst:
            self._target[value] = index
        self._next_slot[str(inst.imm[0])] = index
        self._next_set = index

    def _get(self, inst: Inst, index: int) -> None:
        if inst in self.last:
            self._next_slot[str(inst.imm[0])] = index
        else:
            self.skip.add(inst)

    # -- memory ------------------------------------------------------------------------------------

    def _use_address(self, inst: Inst, index: int, indexed: bool) -> None:
        address = inst.args[0]
        self.use(address, index)
        if type(address) is Inst:
            self._addresses[address] = self._addresses.get(address, 0) + 1
            if indexed:
                self._indexed[address] = self._indexed.get(address, 0) + 1

    def _load(self, inst: Inst, index: int) -> None:
        extended = self._extended.get(inst)
        if extended is not None and self.uses.get(inst) == 1 and inst.when is None:
            self.signed.add(inst)
            self._become(extended, inst)
        stop = self._join(inst)
        at = self._target.get(inst)
        if at is not None:
            self._stop, kept = stop, self._stop
            setter = self.insts[at]
            alike = setter.when is inst.when and (inst.when is None or self.uses[inst] == 1)
            if alike and self._free(at):
                self.fold[inst] = at
            self._stop = kept
        if inst.when is not None:
            self.use(inst.when, index)
        bits = inst.type.bits  # type: ignore[union-attr]
        self._use_address(inst, index, inst not in self.signed and bits <= 32)
        self._note_access(inst, index, stop)

    def _store(self, inst: Inst, index: int) -> None:
        stop = self._join(inst)
        if inst.when is not None:
            self.use(inst.when, index)
        value = inst.args[1]
        self.use(value, index)
        self._use_address(inst, index, value.type.bits <= 32)  # type: ignore[union-attr]
        self._note_access(inst, index, stop)

    def _note_access(self, inst: Inst, index: int, stop: int) -> None:
        self._after_group[inst] = stop
        self._stop = index
        self._next_access = inst
        self._next_set = NOWHERE

    def _join(self, inst: Inst) -> int:
        """Put an access in front of the group that begins with the next one, if it fits there.

        Gives the next place that may stop after the group."""
        following = self._next_access
        if following is None or following.op is not inst.op or self._next_set != NOWHERE:
            return self._stop
        if inst.when is not None or following.when is not None:
            return self._stop
        width = inst.type if inst.op is ops.LOAD else inst.args[1].type
        other = following.type if inst.op is ops.LOAD else following.args[1].type
        if width is not I32 or other is not I32:
            return self._stop
        base, offset = base_offset(inst.args[0])
        next_base, next_offset = base_offset(following.args[0])
        group = self.groups.get(following, [following])
        if base is not next_base or (offset + 4) & 0xFFFFFFFF != next_offset or len(group) > 31:
            return self._stop
        self.groups.pop(following, None)
        self.groups[inst] = [inst, *group]
        return self._after_group[following]

    def _add(self, inst: Inst, index: int) -> None:
        if inst not in self.last:
            self.skip.add(inst)
            return
        a, b = inst.args
        uses, last = self.uses[inst], self.last[inst]
        with_constant = type(b) is Const
        if inst.type is I32 and self._try_flags(inst, index):
            uses = self.uses.get(inst, 0)
        elif (
            inst.type is I32
            and type(a) is Inst
            and (
                self._addresses.get(inst) == uses
                if with_constant
                else self._indexed.get(inst) == uses
            )
        ):
            self.skip.add(inst)
            self.use(a, last)
            self.use(b, last)
            if type(b) is Inst:
                self._shifts.add(b)
            return
        if uses:
            self._place(inst)
        if inst in self.flags:
            self.deferred.discard(inst)
        if type(a) is Inst and type(b) is Inst and inst not in self.flags:
            self._shifts.add(b)
        at = self.last[inst] if inst in self.deferred else index
        self.use(a, at)
        self.use(b, at)

    def _shl(self, inst: Inst, index: int) -> None:
        amount = inst.args[1]
        if (
            inst in self._shifts
            and self.uses[inst] == 1
            and inst.type is I32
            and type(amount) is Const
            and amount.value < 32
            and inst not in self._target
        ):
            self.skip.add(inst)
            self.use(inst.args[0], self.last[inst])
        else:
            self._other(inst, index)

    # -- width -------------------------------------------------------------------------------------

    def _become(self, inst: Inst, source: Inst) -> None:
        """``inst`` has the very value of ``source``."""
        self.alias[inst] = source
        self.last[source] = max(self.last.get(source, -1), self.last[inst])
        self.uses[source] = self.uses.get(source, 0) - 1 + self.uses[inst]
        if inst in self._target:
            self._target.setdefault(source, self._target[inst])
        self.skip.add(inst)

    def _zext(self, inst: Inst, index: int) -> None:
        source = inst.args[0]
        if inst in self.last and inst.type.bits <= 32 and type(source) is Inst:  # type: ignore[union-attr]
            self.use(source, index)
            self._become(inst, source)
        else:
            self._other(inst, index)

    def _sext(self, inst: Inst, index: int) -> None:
        source = inst.args[0]
        self._other(inst, index)
        narrow = type(source) is Inst and source.op is ops.LOAD and source.type.bits in (8, 16)  # type: ignore[union-attr]
        if inst in self.last and inst.type is I32 and narrow and inst not in self.deferred:
            self._extended[source] = inst  # type: ignore[index]

    # -- flags -------------------------------------------------------------------------------------

    def _eq(self, inst: Inst, index: int) -> None:
        self._other(inst, index)
        if inst in self._target and constant(inst.args[1], 0):
            self._is_zero[inst.args[0]] = inst  # type: ignore[index]

    def _slt(self, inst: Inst, index: int) -> None:
        self._other(inst, index)
        subject = inst.args[0]
        if inst not in self._target or not constant(inst.args[1], 0) or type(subject) is not Inst:
            return
        self._is_negative[subject] = inst
        zero = self._is_zero.get(subject)
        if zero is None or subject.type is not I32 or zero.args[0] is not subject:
            return
        first, second = self._target[inst], self._target[zero]
        if self._settable(first) and self._settable(second):
            word = self._word(first)
            if word + 1 == self._word(second):
                self.nz[inst] = word
                self.together[inst] = (inst, zero)
                self.fold[inst] = first
                self.fold[zero] = second
                self.deferred -= {inst, zero}
                self.skip |= {inst, zero}

    def _settable(self, at: int) -> bool:
        return self.insts[at].when is None and self._free(at)

    def _word(self, at: int) -> int:
        return self.word_of[str(self.insts[at].imm[0])]

    def _carry_of(self, inst: Inst, index: int) -> None:
        self._other(inst, index)
        if inst in self._target:
            self._carry = inst

    def _overflow_of(self, inst: Inst, index: int) -> None:
        self._other(inst, index)
        if inst in self._target:
            self._overflow = inst

    def _sub(self, inst: Inst, index: int) -> None:
        if inst in self.last and inst.type is I32:
            self._try_flags(inst, index)
        if inst in self.flags:
            if self.uses[inst]:
                self._place(inst)
                self.deferred.discard(inst)
            for arg in inst.args:
                self.use(arg, index)
        else:
            self._other(inst, index)

    def _try_flags(self, inst: Inst, index: int) -> bool:
        """Make an addition or subtraction set all four flags, if that is what follows."""
        negative, zero = self._is_negative.get(inst), self._is_zero.get(inst)
        carry, overflow = self._carry, self._overflow
        if negative is None or zero is None or carry is None or overflow is None:
            return False
        if not (flags_of_sub if inst.op is ops.SUB else flags_of_add)(inst, carry, overflow):
            return False
        four = (negative, zero, carry, overflow)
        places = [self._target[flag] for flag in four]
        if not all(self._settable(at) for at in places):
            return False
        word = self._word(places[0])
        if [self._word(at) for at in places] != [word, word + 1, word + 2, word + 3]:
            return False
        self.flags[inst] = word
        self.together[inst] = four
        self.nz.pop(negative, None)
        for flag, at in zip(four, places, strict=True):
            self.fold[flag] = at
            self.deferred.discard(flag)
            self.skip.add(flag)
        self.uses[inst] -= 2
        complement = overflow.args[1]
        if inst.op is ops.SUB and type(complement) is Inst and self.uses[complement] == 1:
            self.skip.add(complement)
        self._shorten(inst, index, max(places), {*four, complement})
        return True

    def _shorten(self, inst: Inst, index: int, end: int, absorbed: set[Value]) -> None:
        """Operands of an instruction that absorbs others may be needed no longer than itself."""
        for operand in inst.args:
            if type(operand) is Inst and index < self.last.get(operand, -1) <= end:
                users = (
                    other
                    for other in self.insts[index + 1 : end + 1]
                    if other not in absorbed and (operand in other.args or other.when is operand)
                )
                if next(users, None) is None:
                    self.last[operand] = index


def ops_i1(value: Inst) -> object:
    """The type of a value, if it is one bit wide."""
    return value.type if value.type is not None and value.type.bits == 1 else None


def base_offset(address: Value) -> tuple[Value | None, int]:
    """An address as a base value and a constant."""
    if type(address) is Const:
        return None, address.value
    if type(address) is Inst and address.op is ops.ADD and type(address.args[1]) is Const:
        return address.args[0], address.args[1].value
    return address, 0


def flags_of_sub(inst: Inst, carry: Inst, overflow: Inst) -> bool:
    """Carry is ``b <= a`` and overflow that of ``a + ~b + 1``."""
    a, b = inst.args
    if carry.op is not ops.ULE or not (same(carry.args[0], b) and same(carry.args[1], a)):
        return False
    first, second, one = overflow.args
    if not same(first, a) or not constant(one, 1):
        return False
    if type(b) is Const:
        return constant(second, b.value ^ 0xFFFFFFFF)
    return type(second) is Inst and second.op is ops.NOT and second.args[0] is b


def flags_of_add(inst: Inst, carry: Inst, overflow: Inst) -> bool:
    """Carry and overflow of ``a + b + 0``."""
    return carry.op is ops.CARRY and all(
        same(flag.args[0], inst.args[0])
        and same(flag.args[1], inst.args[1])
        and constant(flag.args[2], 0)
        for flag in (carry, overflow)
    )
