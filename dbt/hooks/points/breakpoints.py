"""Breakpoint instructions of ours in guest memory, and what they stand on."""

import contextlib
from collections.abc import Iterator

from dbt.runtime.memory import GuestMemory


class Breakpoints:
    """Writes a breakpoint instruction to guest memory, and takes it away again."""

    def __init__(self, memory: GuestMemory, instruction: bytes) -> None:
        self._memory = memory
        self._ours = instruction
        self._words: dict[int, bytes] = {}
        """What the program has where ours stand."""
        self._given_up: set[int] = set()
        """Those that went while a block that may lead to one was running."""

    def write(self, pc: int) -> None:
        """Write one, if there is memory."""
        if self._memory.mapped(pc):
            self._words[pc] = self._memory.peek(pc, len(self._ours))
            self._memory.poke(pc, self._ours)

    def remove(self, pc: int, *, running: bool) -> None:
        """Take one away. What the program has written over it since is the program's. ``running``:
        the guest may still come to it."""
        word = self._words.pop(pc, None)
        if word is None:
            return
        if running:
            self._given_up.add(pc)
        if self._memory.mapped(pc) and self._memory.peek(pc, len(self._ours)) == self._ours:
            self._memory.poke(pc, word)

    def are_at(self, pc: int) -> bool:
        """Whether a breakpoint that was met at ``pc`` is ours, or was until just now."""
        return pc in self._words or pc in self._given_up

    def word(self, pc: int) -> bytes | None:
        """What belongs where one of ours stands."""
        return self._words.get(pc)

    def met(self, pc: int) -> None:
        """The guest has come to one: if it was given up, that was the last time."""
        self._given_up.discard(pc)

    def forget_given_up(self) -> None:
        """The guest is elsewhere: it will not come to what was given up."""
        self._given_up.clear()

    def without(self, address: int, there: bytes) -> bytes:
        """Code that stands at ``address``, as the program has it."""
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
        """The time in which ``word`` stands at ``pc`` again, for it to be executed."""
        view = self._memory.raw(pc, len(word))
        patch = bytes(view)
        view[:] = word
        try:
            yield
        finally:
            if pc in self._words:
                view[:] = patch
