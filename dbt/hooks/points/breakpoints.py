"""Breakpoint instructions that hooks put into guest memory, and what they replace."""

import contextlib
from collections.abc import Iterator

from dbt.runtime.memory import GuestMemory


class Breakpoints:
    """Writes breakpoint instructions to guest memory and restores what was there."""

    def __init__(self, memory: GuestMemory) -> None:
        self._memory = memory
        self._words: dict[int, bytes] = {}
        """The program's own bytes at each breakpoint."""
        self._ours: dict[int, bytes] = {}
        """The bytes of each breakpoint."""
        self._removed: set[int] = set()
        """Where breakpoints were removed while guest code ran: it may still come to one."""

    def write(self, pc: int, instruction: bytes) -> None:
        """Write a breakpoint instruction, if there is memory at ``pc``."""
        if self._memory.mapped(pc):
            self._words[pc] = self._memory.peek(pc, len(instruction))
            self._ours[pc] = instruction
            self._memory.poke(pc, instruction)

    def remove(self, pc: int, *, running: bool) -> None:
        """Remove a breakpoint, unless the program has written over it. ``running``: guest code runs
        and may still come to it."""
        word = self._words.pop(pc, None)
        if word is None:
            return
        ours = self._ours.pop(pc)
        if running:
            self._removed.add(pc)
        if self._memory.mapped(pc) and self._memory.peek(pc, len(ours)) == ours:
            self._memory.poke(pc, word)

    def are_at(self, pc: int) -> bool:
        """Whether a breakpoint that the guest came to at ``pc`` is of hooks, or was until it was
        removed under running code."""
        return pc in self._words or pc in self._removed

    def word(self, pc: int) -> bytes | None:
        """The program's own bytes at the breakpoint at ``pc``; None if there is none."""
        return self._words.get(pc)

    def met(self, pc: int) -> None:
        """The guest has come to the breakpoint at ``pc``: if it is removed, that was the last
        time."""
        self._removed.discard(pc)

    def forget_removed(self) -> None:
        """Control is elsewhere: the guest will not come to a removed breakpoint any more."""
        self._removed.clear()

    def without(self, address: int, there: bytes) -> bytes:
        """The bytes ``there`` at ``address``, with the program's own in place of breakpoints."""
        if not self._words:
            return there
        code = bytearray(there)
        for at in range(len(code)):
            word = self._words.get(address + at)
            if word is not None:
                code[at : at + len(word)] = word[: len(code) - at]
        return bytes(code)

    @contextlib.contextmanager
    def lifted(self, pc: int, word: bytes) -> Iterator[None]:
        """While this context is open, ``word`` is at ``pc`` instead of the breakpoint, so that it
        can be executed."""
        view = self._memory.raw(pc, len(word))
        patch = bytes(view)
        view[:] = word
        try:
            yield
        finally:
            if pc in self._words:
                view[:] = patch
