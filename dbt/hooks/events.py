"""What a hook function receives."""

import attrs

from dbt.interfaces import CallAbi, Memory, State


class StopRequested(Exception):
    """Raise it in a hook to end the run: ``Process.run`` returns ``Requested``."""


@attrs.frozen
class CallEvent:
    """A function is about to run its first instruction.

    ``return_to`` is the location in the link register; ``depth`` counts the hooked functions, with
    a return hook, that are active.
    """

    pc: int
    symbol: str
    return_to: int
    depth: int
    state: State
    memory: Memory
    abi: CallAbi

    def argument(self, index: int) -> int:
        """Argument word ``index`` as the AAPCS passes it: registers first, then the stack."""
        registers = self.abi.arguments
        if index < len(registers):
            return self.state.get(registers[index])
        offset = 4 * (index - len(registers))
        return self.memory.load(self.state.get(self.abi.stack) + offset, 4)


@attrs.frozen
class ReturnEvent:
    """A hooked function has returned to the location its caller gave it."""

    pc: int
    symbol: str
    returned_to: int
    depth: int
    state: State
    memory: Memory
    abi: CallAbi

    @property
    def result(self) -> int:
        """The result word."""
        return self.state.get(self.abi.result)


@attrs.define
class SyscallEvent:
    """A system call. ``result`` is None on entry; a hook may set it there to skip the call.

    On return hooks see the result (negative errno on failure) and may change it.
    """

    name: str
    arguments: list[int]
    state: State
    memory: Memory
    result: int | None = None
