"""The pass behind ``-d exec``: writes the pc of each block that is executed, as it begins.

block 0x8000 {                  =>    block 0x8000 {
  insn 0x8000 4                         insn 0x8000 4
  insn 0x8004 4                         invoke "-d exec" 0x8000
  goto 0x8008                           insn 0x8004 4
}                                       goto 0x8008
                                      }

The call is in the block's own code, so that blocks in chains and in regions are shown as all others
are. A branch that is lifted as two blocks, because it is conditional or must leave translated code,
is shown once. An instruction that begins anew is shown again: one that wrote to translated code, or
one whose signal handler has returned to it.
"""

from collections.abc import Callable

import attrs

from dbt.ir.block import CONDITION_PASSED, HALT_JUMP, Block, Halt, Inst
from dbt.ir.builder import Builder
from dbt.ir.ops import INSN
from dbt.log import Log
from dbt.runtime.functions import Functions
from dbt.typing import Any, Protocol

ITEM = "exec"
NAME = f"-d {ITEM}"


class _Kernel(Protocol):
    """What knows the symbols of the guest."""

    def symbolize(self, pc: int) -> str: ...


class Host(Protocol):
    """What the pass needs of the process."""

    @property
    def functions(self) -> Functions: ...
    @property
    def kernel(self) -> _Kernel: ...


@attrs.define(eq=False)
class Executed:
    """Writes a line to the log for each block that the log wants to be shown."""

    _log: Log
    _places: dict[int, str] = attrs.field(init=False, factory=dict)
    """The lines of what was translated: symbols may be others when a pc is translated again."""
    _symbolize: Callable[[int], str] = attrs.field(init=False)

    def attach(self, process: Host) -> None:
        """Have the process call this pass back. Called before anything is translated."""
        self._symbolize = process.kernel.symbolize
        process.functions.define(NAME, self._began, 0)

    def run(self, block: Block) -> None:
        """Add the call behind the mark of the first instruction."""
        pc = block.key.pc
        if _continues(block) or not self._log.wants(ITEM, pc):
            return
        marks = (index for index, inst in enumerate(block.insts) if inst.op is INSN)
        first = next(marks, None)
        if first is None:  # a block without an instruction of the guest
            return
        self._places[pc] = self._line(pc)
        call: list[Inst] = []
        emit = Builder(call)
        emit.invoke(NAME, emit.const(pc))
        block.insts[first + 1 : first + 1] = call

    def _line(self, pc: int) -> str:
        return f"{pc:#010x} {self._symbolize(pc)}"

    def _began(self, _first: Any, pc: int) -> None:
        self._log.write_line(ITEM, self._places.get(pc) or self._line(pc))


def _continues(block: Block) -> bool:
    """Whether a block only completes an instruction that another block has begun."""
    leaves = isinstance(block.exit, Halt) and block.exit.reason == HALT_JUMP
    return leaves or bool(block.key.mode & CONDITION_PASSED)
