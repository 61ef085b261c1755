"""``jump``: every jump is checked against a table of interesting targets.

How it works
    The IR of every computed jump, call and return looks its target up in a table of bytes, hashed
    by address, and goes to the host by a trampoline when the byte is set (the host makes sure, the
    hash may collide). Known targets are checked when the block is made: an exit that leads to a
    watched function leads to the host instead. (Qebek's ``qebek_check_target`` in ``op_jmp_T0``,
    TEMU, DECAF's block-end callbacks: where dyngen's jump templates used to be rewritten.)
What it costs
    A load, four more ops and a test per computed jump, call and return of the *whole program*; two
    visits to the host per watched call and return. Learning a return site is setting a byte:
    nothing is translated again. Watching a function has everything translated again.
What it cannot see
    As ``dispatch``; arrivals that are no jump: the first instruction of the program or of a signal
    handler, and what follows a system call; and a return site that is reached by a direct edge, as
    after a longjmp past the call.
"""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

import attrs

from dbt.hooks.follow.tracker import Activation, Tracker
from dbt.hooks.mechanisms.base import Machine, Mechanism
from dbt.hooks.mechanisms.sites import Sites
from dbt.hooks.slots import TARGET
from dbt.interfaces import Place
from dbt.ir.block import Block, BlockKey, Branch, Call, Const, Goto, Inst, Jump, Return, Value
from dbt.ir.builder import Builder
from dbt.ir.ops import INSN, SET
from dbt.ir.types import I8
from dbt.stops import UsageError

TABLE_BYTES = 1 << 16


def slot_of(location: int) -> int:
    """The index of a location's byte in the table."""
    return (location >> 1) % TABLE_BYTES


@attrs.define(eq=False)
class CheckJumps:
    """Looks computed targets up before control goes there.

    %0:i32 = get r14    =>    %0:i32 = get r14
    return %0                 %1:i32 = shr %0, 0x1
                              %2:i32 = and %1, 0xffff
                              %3:i32 = add %2, 0xfffe0000
                              %4:i8 = load %3
                              %5:i1 = ne %4, 0x0:i8
                              set hook.target %0
                              %6:i32 = select %5, 0xffff2000, %0
                              return %6
    """

    place: ClassVar[Place] = "exit"
    loads_safely: ClassVar[bool] = True

    table: int
    """The address of the table. The guest cannot take it away."""
    trampoline: int

    def run(self, block: Block) -> None:
        """Instrument the exit of a block."""
        match block.exit:
            case Return(target=target):
                block.exit = Return(self._checked(block, target))
            case Jump(target=target):
                block.exit = Jump(self._checked(block, target))
            case Call(target=Const() | Inst() as target, link=link):
                block.exit = Call(self._checked(block, target), link)

    def _checked(self, block: Block, target: Value) -> Inst:
        looking: list[Inst] = []
        emit = Builder(looking)
        index = emit.and_(emit.shr(target, 1), TABLE_BYTES - 1)
        hit = emit.ne(emit.load(emit.add(index, self.table), I8), 0)
        at = _before_sets(block.insts)
        block.insts[at:at] = looking
        emit = Builder(block.insts)
        emit.set(TARGET, target)
        return emit.select(hit, emit.const(self.trampoline), target)


@attrs.define(eq=False)
class RedirectJumps:
    """Lets exits that lead to watched functions lead to the host.

    call 0x9000, link 0x8004    =>    call 0xffff2004, link 0x8004
    """

    known: dict[int, int]
    """Watched pcs, with the trampoline of each."""

    def redirect(self, target: BlockKey) -> BlockKey:
        """See ``Redirecting``: blocks begin at watched pcs."""
        return BlockKey(self.known[target.pc]) if target.arrives_at(self.known) else target

    def run(self, block: Block) -> None:
        """Redirect the exit of a block."""
        match block.exit:
            case Goto(target=target):
                block.exit = Goto(self.redirect(target))
            case Branch(cond=cond, taken=taken, other=other):
                block.exit = Branch(cond, self.redirect(taken), self.redirect(other))
            case Call(target=BlockKey() as target, link=link):
                block.exit = Call(self.redirect(target), link)


def _before_sets(insts: list[Inst]) -> int:
    """Index of the first ``set`` of the last instruction: a load has to come before it."""
    at = len(insts)
    for index in range(len(insts) - 1, -1, -1):
        if insts[index].op is INSN:
            break
        if insts[index].op is SET:
            at = index
    return at


class JumpCheck(Mechanism):
    """Looks up the target of every jump in a table."""

    name = "jump"
    redirects = True

    def __init__(self, machine: Machine, tracker: Tracker) -> None:
        super().__init__(machine, tracker)
        self._known: dict[int, int] = {}
        self._removers: dict[int, Callable[[], None]] = {}
        self._bytes: dict[int, int] = {}  # how many pcs share a byte
        self._sites = Sites(self._set_up)
        self._address, self._table = machine.table(TABLE_BYTES)
        self._stop: Callable[[], None] | None = None

    def watch(self, pc: int) -> None:
        machine = self.machine
        known, forget_entry = machine.trampoline(partial(self._follow, self.location(pc)))
        try:
            self._stop = self._stop or self._begin()
        except UsageError:  # there was room for one trampoline only
            forget_entry()
            raise
        self._known[pc] = known
        undos = [self._mark(pc), machine.begin_block(pc), forget_entry]
        machine.retranslate_all()

        def undo() -> None:
            del self._known[pc]
            machine.retranslate_all()
            for one in undos:
                one()

        self._removers[pc] = undo

    def _begin(self) -> Callable[[], None]:
        trampoline, forget = self.machine.trampoline(self._looked_up)
        passes = CheckJumps(self._address, trampoline), RedirectJumps(self._known)
        removers = [self.machine.instrument(pass_) for pass_ in passes]

        def stop() -> None:
            forget()
            for remove in removers:
                remove()

        return stop

    def unwatch(self, pc: int) -> None:
        self._removers.pop(pc)()
        if not self._removers and self._stop is not None:
            self._sites.clear()
            self._stop()
            self._stop = None

    def idle(self) -> None:
        self.tracker.abandon()  # their returns are not noticed any more

    def expect(self, activation: Activation) -> None:
        self._sites.use(activation)

    def done(self, activation: Activation) -> None:
        self._sites.release(activation)

    def _set_up(self, site: int) -> Callable[[], None]:
        return self._mark(site)

    def _mark(self, pc: int) -> Callable[[], None]:
        at = slot_of(pc)
        self._bytes[at] = self._bytes.get(at, 0) + 1
        self._table[at] = 1

        def unmark() -> None:
            self._bytes[at] -= 1
            if not self._bytes[at]:
                self._table[at] = 0

        return unmark

    def _looked_up(self) -> int:
        return self._follow(self.machine.state.get(TARGET))

    def _follow(self, location: int) -> int:
        """Control is about to go to a location. Returns where it goes, after the hooks there."""
        pc = self.machine.key_of(location).pc
        if pc in self._sites:
            self.tracker.arrived(pc, self.stack())
        if pc not in self._known:
            return location
        wanted = self.tracker.entered(pc, self.link())
        return location if wanted in (None, location) else self._follow(wanted)
