"""Makes events of the exits by which the loop returns."""

import contextlib
from collections.abc import Callable

from backends.numba_jit import abi, tables
from backends.numba_jit.admission import Admission
from backends.numba_jit.block_table import BlockTable
from backends.numba_jit.faults import Faults
from backends.numba_jit.instructions import number_at
from backends.numba_jit.records import FaultRecord, HaltRecord, Record, ServedRecord, TrapRecord
from backends.numba_jit.stencils import abi as stencils
from backends.numba_jit.stencils.tier import Copies, Side
from backends.numba_jit.tables import Tables
from dbt.interfaces import (
    PC_SLOT,
    Context,
    Event,
    FaultHit,
    FuelOut,
    HaltHit,
    NotTranslated,
    Reason,
    SyscallHit,
    TrapHit,
    WatchHit,
    adds_behind,
)
from dbt.ir.block import CONDITION_PASSED, Block, BlockKey, Halt, Swi, frontend_mode
from dbt.permissions import GuardedMemory
from dbt.phases import Phase
from dbt.stops import GuestFault

_FUEL = abi.FUEL // 8
_MOST_CALLS = 4096
_SYSCALL = tables.REASON_INDEX[Reason.SYSCALL]


class Exits:
    """What the exits of one executor's code mean."""

    def __init__(
        self,
        context: Context,
        shared: Tables,
        blocks: BlockTable,
        admission: Admission,
        copies: Copies,
        discard: Callable[[list[BlockKey]], None],
    ) -> None:
        self._context, self._tables, self._control = context, shared, shared.control
        self._table, self._admission = blocks, admission
        self._copies, self._discard = copies, discard
        self._faults = Faults(context, shared)
        self._guarded = GuardedMemory(context.memory)
        self._calls: dict[int, ServedRecord] = {}
        """The system calls of copied blocks, by payload, as long as no block is removed."""
        self._removals = 0

    def known_call(self, payload: int) -> ServedRecord | None:
        """The record of the system call for which a copied block has left, unless ``side`` has to
        find out why it did."""
        if self._removals != self._table.removals:
            self._calls.clear()
            self._removals = self._table.removals
        return self._calls.get(payload)

    def side(self, payload: int) -> Event | BlockKey:
        """What a copied block has left for at one of its instructions: an event, or the key where
        the guest continues."""
        left = self._left(self._in_state(self._copies.side(payload)))
        if type(left) is SyscallHit:
            if len(self._calls) == _MOST_CALLS:
                self._calls.clear()
            self._calls[payload] = ServedRecord(left)
        return left

    def refused(self, offset: int) -> Event | BlockKey:
        """What comes of an access that the host has refused to copied code without checks, at an
        offset in the memory of code. Returns as ``side`` does."""
        return self._left(self._in_state(self._copies.refused(offset)))

    def _in_state(self, side: Side) -> Side:
        """The same with what differs of the mode between the instructions of a block. The first has
        the block's own."""
        if side.key.pc == side.block.pc:
            return side
        key = self._completed(side.key)
        return side if key is side.key else side._replace(key=key)

    def _completed(self, key: BlockKey) -> BlockKey:
        """A key with what the guest's state has of its mode."""
        lifter = self._context.lifter
        if not frontend_mode(key.mode) or lifter is None:
            return key
        return lifter.in_state(key, self._context.state)

    def _left(self, side: Side) -> Event | BlockKey:
        if side.why == stencils.X_FAULT:
            self._control[_FUEL] += side.refund
            return self._step(self._completed(side.again), side.block)
        if side.why == stencils.X_TRAP:
            self._control[_FUEL] += side.refund
            self.count(Reason.TRAP)
            mode, pc = frontend_mode(side.key.mode), side.key.pc
            return self.stop(TrapHit(self._copies.trap_reason(), pc, mode), pc)
        match self._copies.left(side):
            case Swi(number=number, resume=resume):
                return self._called(SyscallHit(number, resume))
            case Halt(reason=reason, pc=pc):
                self.count(Reason.HALT)
                return self.stop(HaltHit(reason, pc, frontend_mode(side.key.mode)), pc)
        self._control[_FUEL] += side.refund
        return self._changed(side.block, self._completed(side.again))

    def _changed(self, block: BlockKey, key: BlockKey) -> Event:
        """Drop a block whose code has changed without the guest's knowing: another process has
        written its file. The guest continues with what is there now."""
        self._discard([block])
        self.count(Reason.INVALIDATION)
        return self.stop(NotTranslated(key), key.pc)

    def _step(self, key: BlockKey, within: BlockKey) -> Event | BlockKey:
        """Execute an instruction, of the block at ``within``, that code has left to the evaluator:
        one that faults, an access that crosses a page's end or wraps around, or the first one of
        floating point."""
        from dbt.execute import Edge, execute

        pc = key.pc
        while True:
            try:
                block = self._instruction(key)
            except GuestFault:
                return self._changed(within, key)
            if any(inst.op.has_status for inst in block.insts):
                self._copies.floats.provide()  # it was left for lack of them
            counted = block.insn_count
            self._control[_FUEL] -= counted  # functions that passes call may ask for it
            with self._context.phases.within(Phase.EVALUATOR):
                result, completed = execute(block, self._context, self._guarded)
            self._control[_FUEL] += counted - completed
            match result:
                case Edge(key=BlockKey(pc=after, mode=mode) as key) if (
                    after == pc and mode & CONDITION_PASSED
                ):
                    continue
                case Edge(key=key):
                    return key
                case FaultHit():
                    self.count(self._faults.reason(result))
            return self.stop(result, pc)

    def _instruction(self, key: BlockKey) -> Block:
        """The instruction at a key, as a block, with what passes add behind its accesses, which
        nobody has executed. Raises GuestFault."""
        lifter, memory = self._context.lifter, self._context.memory
        assert lifter is not None
        size, before = lifter.word_bits // 8, b""
        word = number_at(memory, lifter, key)
        with contextlib.suppress(GuestFault):
            before = memory.fetch(key.pc - size, size) if key.pc >= size else b""
        key = BlockKey(key.pc, key.mode & ~lifter.changing)
        block = lifter.lift_one(key, word, int.from_bytes(before, "little"))[0]
        for pass_ in self._context.passes:
            if adds_behind(pass_):
                pass_.run(block)
        return block

    def event(self, kind: int, payload: int) -> Event:
        """The event of an exit, which is none of X_MISSING, X_SIDE, X_REFUSED and X_RECORD."""
        if kind == tables.X_MISSING_AT:
            key = self._context.key_of(payload)
            return self.stop(NotTranslated(key), key.pc)
        if kind == tables.X_WATCH:
            key = self._table.key(payload)
            if key.pc not in self._admission.watched:  # else the dispatch was counted
                self.count(Reason.HOOK)
            return self.stop(WatchHit(key), key.pc)
        if kind in (abi.X_FUEL, tables.X_SHORT):
            key = self._table.key(payload)
            if kind == tables.X_SHORT:
                self._control[_FUEL] += self._table.extent(payload).insn_count
            self.count(Reason.BUDGET)
            return self.stop(FuelOut(key), key.pc)
        raise AssertionError("a block has no code")

    def recorded(self, record: Record) -> Event | BlockKey:
        """What comes of an exit with another record than a ServedRecord. Returns as ``side``
        does."""
        match record:
            case HaltRecord(reason, pc, mode):
                self.count(Reason.HALT)
                return self.stop(HaltHit(reason, pc, mode), pc)
            case TrapRecord(reason, pc, mode):
                self.count(Reason.TRAP)
                return self.stop(TrapHit(reason, pc, mode), pc)
            case FaultRecord():
                return self._fault(record)
        raise AssertionError(record)

    def _fault(self, record: FaultRecord) -> Event | BlockKey:
        lifter = self._context.lifter
        if lifter is not None and self._faults.permits(record):
            key = lifter.in_state(BlockKey(record.pc, record.mode), self._context.state)
            return self._step(key, record.block)
        hit = self._faults.hit(record)
        self.count(self._faults.reason(hit))
        return self.stop(hit, record.pc)

    def _called(self, call: SyscallHit) -> Event:
        self._tables.reasons[_SYSCALL] += 1
        return self.stop(call, call.resume.pc)

    def count(self, reason: Reason) -> None:
        """Count a return to the dispatcher."""
        self._tables.reasons[tables.REASON_INDEX[reason]] += 1

    def stop(self, event: Event, pc: int) -> Event:
        """An event, after writing the pc of the guest to the state."""
        self._context.state.set(PC_SLOT, pc)
        return event

    def close(self) -> None:
        """Give back what faults are reported with."""
        self._faults.close()
        self._control = None
