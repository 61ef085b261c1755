"""Finds the call instruction before a return location, if it led to where control is."""

import contextlib
from collections.abc import Iterator

from dbt.interfaces import CodeReader, Frontend, Memory, State
from dbt.ir.block import CONDITION_PASSED, Block, BlockKey, Call, Const, Inst, Value
from dbt.stops import GuestFault
from dbt.typing import TypeGuard

MOST = 1 << 14
"""How many sites are remembered."""


class Callers:
    """Reads the code before return sites. Remembers what it found by location and bytes."""

    def __init__(self, frontend: Frontend, code: CodeReader, memory: Memory, state: State) -> None:
        self._frontend = frontend
        self._code = code
        self._memory = memory
        self._state = state
        self._calls: dict[tuple[int, int, bytes], Call | None] = {}

    def caller(self, location: int, pc: int) -> int:
        """Address of the instruction that called the function at ``pc``, to return to ``location``;
        0 when none there leads to ``pc`` with the registers and the memory as they are."""
        end = self._frontend.key_of(location)
        for key in self._in_front(end):
            with contextlib.suppress(GuestFault):
                call = self._call(key, end.pc, location)
                if call is not None and self._target(call.target) == pc:
                    return key.pc
        return 0

    def way(self, location: int, pc: int) -> "tuple[int, str | None, bool]":
        """As ``caller``; the slot that the call takes its target from, if it does; and whether the
        answer stays the same for as long as the code and the value of that slot do."""
        end = self._frontend.key_of(location)
        with contextlib.suppress(GuestFault):
            for key in self._in_front(end):
                call = self._call(key, end.pc, location)
                target = None if call is None else call.target
                if target is None or (isinstance(target, BlockKey) and target.pc != pc):
                    continue
                if isinstance(target, BlockKey):
                    return key.pc, None, True
                if _is_get(target) and self._target(target) == pc:
                    return key.pc, str(target.imm[0]), True
                break
            else:
                return 0, None, True
        return self.caller(location, pc), None, False

    def _in_front(self, end: BlockKey) -> Iterator[BlockKey]:
        """The keys at which an instruction may begin that ends at ``end``, the longest first."""
        for size in self._frontend.sizes_in(end.mode):
            if size <= end.pc:
                yield BlockKey(end.pc - size, end.mode | CONDITION_PASSED)

    def _call(self, key: BlockKey, end: int, location: int) -> Call | None:
        """The call at a key, if that instruction ends at ``end`` and returns to ``location``."""
        # Include the instruction before: on ARM `mov lr, pc` turns the next jump into a call.
        start = max(0, key.pc - self._frontend.insn_sizes[0])
        known = key.pc, location, self._code.fetch(start, end - start)
        if known not in self._calls:
            if len(self._calls) >= MOST:
                self._calls.clear()
            ends = {key.pc + size for size in self._frontend.sizes_in(key.mode)}
            block = self._frontend.lift(self._code, key, ends)
            self._calls[known] = _call_in(block, location)
        return self._calls[known]

    def _target(self, target: BlockKey | Value) -> int | None:
        if isinstance(target, BlockKey):
            return target.pc
        value = self._value(target)
        return None if value is None else self._frontend.key_of(value).pc

    def _value(self, value: Value) -> int | None:
        if isinstance(value, Const):
            return value.value
        from dbt.ir import ops

        if value.op is ops.GET:
            return self._state.get(str(value.imm[0]))
        args = [known for arg in value.args if (known := self._value(arg)) is not None]
        if len(args) < len(value.args) or value.type is None:
            return None
        if value.op is ops.LOAD:
            return self._memory.load(args[0], value.type.bytes)
        if not value.op.pure:
            return None
        from dbt.ir.evaluate import PURE

        operand = value.args[1 if value.op is ops.SELECT else 0].type
        return int(PURE[value.op](operand, *args)) & value.type.mask


def _call_in(block: Block, location: int) -> Call | None:
    """The call that a block of one instruction is, if it returns to ``location``."""
    match block.exit:
        case Call(link=link) if link == location:
            return block.exit
    return None


def _is_get(target: Value) -> "TypeGuard[Inst]":
    from dbt.ir import ops

    return isinstance(target, Inst) and target.op is ops.GET
