"""Finds which of a thread's stacks is in use.

A stack is the range of addresses that the stack pointer has moved through by pushing, popping,
adding and subtracting. When it is loaded with a value outside of all known ranges, a new stack
begins.
"""

from functools import cache

import attrs

from dbt.experiments.truth.trace import Roles, Step
from dbt.interfaces import Frontend

FRAME = 4096
"""Bytes. No signal frame is larger: when the kernel moves the stack pointer further, the handler
runs on another stack."""


@attrs.define(eq=False)
class StackRange:
    """The addresses at which one stack's pointer was seen, both ends included; ``stack_id`` as in
    ``Record``."""

    low: int
    high: int
    stack_id: int = 0

    def extend(self, pointer: int) -> None:
        """Include an address that the pointer moved to."""
        self.low = min(self.low, pointer)
        self.high = max(self.high, pointer)


class StackRanges:
    """The stacks of a thread. ``current`` is the one in use."""

    def __init__(self, frontend: Frontend) -> None:
        self._sp = Roles.of(frontend).stack
        self._reader = cache(frontend.instruction_reader)
        self._known: list[StackRange] = []
        self._last_id = 0
        self.current = StackRange(0, 0)

    def follow(self, before: Step | None, step: Step) -> None:
        """Set ``current`` for ``step``, which is executed after ``before`` (None: a program
        begins)."""
        pointer = step.registers[self._sp]
        if before is None:
            self.current = StackRange(pointer, pointer)
            self._known = [self.current]
            self._last_id = 0
            return
        old = before.registers[self._sp]
        if pointer == old:
            return
        if step.moved:
            same = 0 <= old - pointer <= FRAME
        else:
            reader, word = self._reader(before.mode), before.word
            same = reader.moves_stack(word) and not reader.loads_stack(word)
        if not same:
            stack_id, self.current = self.current.stack_id, self._find(pointer)
            if step.moved:  # by the kernel: to a handler, or back
                self.current.stack_id = stack_id
        self.current.extend(pointer)

    def _find(self, pointer: int) -> StackRange:
        for stack in (self.current, *self._known):
            if stack.low <= pointer <= stack.high:
                return stack
        self._last_id += 1
        self._known.append(StackRange(pointer, pointer, self._last_id))
        return self._known[-1]
