"""Finds the call instruction before a return location, if it led to where control is."""

import contextlib

from dbt.interfaces import CodeReader, Frontend, Memory, State
from dbt.ir import ops
from dbt.ir.block import CONDITION_PASSED, Block, BlockKey, Call, Const, Inst, Value
from dbt.stops import GuestFault

MOST = 1 << 14
"""How many sites are remembered."""


class Callers:
    """Reads the code before return sites. Remembers what it found by location and bytes."""

    def __init__(self, frontend: Frontend, code: CodeReader, memory: Memory, state: State) -> None:
        self._frontend = frontend
        self._code = code
        self._memory = memory
        self._state = state
        self._calls: dict[tuple[int, bytes], Call | None] = {}

    def caller(self, location: int, pc: int) -> int:
        """Address of the instruction that called the function at ``pc``, to return to ``location``;
        0 when none there leads to ``pc`` with the registers and the memory as they are."""
        end = self._frontend.key_of(location)
        for size in self._frontend.insn_sizes:
            if size > end.pc:
                continue
            try:
                key = BlockKey(end.pc - size, end.mode | CONDITION_PASSED)
                call = self._call(key, end.pc, location)
                if call is not None and self._target(call.target) == pc:
                    return end.pc - size
            except GuestFault:
                continue
        return 0

    def way(self, location: int, pc: int) -> "tuple[int, str | None, bool]":
        """As ``caller``; the slot that the call takes its target from, if it does; and whether the
        answer stays the same for as long as the code and the value of that slot do."""
        end = self._frontend.key_of(location)
        if len(self._frontend.insn_sizes) == 1 and end.pc >= (size := self._frontend.insn_sizes[0]):
            with contextlib.suppress(GuestFault):
                key = BlockKey(end.pc - size, end.mode | CONDITION_PASSED)
                call = self._call(key, end.pc, location)
                target = None if call is None else call.target
                if target is None or isinstance(target, BlockKey):
                    leads = target is not None and target.pc == pc
                    return key.pc if leads else 0, None, True
                if isinstance(target, Inst) and target.op is ops.GET and self._target(target) == pc:
                    return key.pc, str(target.imm[0]), True
        return self.caller(location, pc), None, False

    def _call(self, key: BlockKey, end: int, location: int) -> Call | None:
        # Include the instruction before: on ARM `mov lr, pc` turns the next jump into a call.
        start = max(0, key.pc - self._frontend.insn_sizes[0])
        known = location, self._code.fetch(start, end - start)
        if known not in self._calls:
            if len(self._calls) >= MOST:
                self._calls.clear()
            block = self._frontend.lift(self._code, key, {end})
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
    match block.exit:
        case Call(link=link) if link == location:
            return block.exit
    return None
