"""The pass that traps before an access to watched memory."""

import contextlib
from collections.abc import Collection, Iterator

import attrs

from dbt.ir import ops
from dbt.ir.block import Block, Inst
from dbt.ir.builder import Builder
from dbt.ir.ops import Op
from dbt.ir.types import Type

READS = frozenset({ops.LOAD, ops.EXCHANGE, ops.COMPARE_EXCHANGE})
WRITES = frozenset({ops.STORE, ops.EXCHANGE, ops.COMPARE_EXCHANGE})


@attrs.frozen
class Watched:
    """Memory that is watched for accesses of some kinds. ``reason`` is that of its traps."""

    reason: str
    address: int
    size: int
    accesses: Collection[Op]


@attrs.define(eq=False)
class WatchMemory:
    """Traps before an access to what is ``watched``. Here that is a store to 0x9000 to 0x9003:

    %0:i32 = get r1         =>    %0:i32 = get r1
    store %0, 0x1                 %1:i32 = sub %0, 0x8ffd
                                  %2:i1 = ult %1, 0x7
                                  trap_if gdb-watch-0 %2
                                  store %0, 0x1

    No slot has been set then, and what the same instruction has stored will be stored again. While
    it is ``off`` it leaves blocks as they are: the host executes the instruction.
    """

    watched: tuple[Watched, ...] = ()
    _is_off: bool = False

    def run(self, block: Block) -> None:
        """Instrument a block."""
        if self._is_off:
            return
        insts: list[Inst] = []
        for inst in block.insts:
            for one in self.watched:
                if inst.op in one.accesses:
                    _check(Builder(insts), inst, one)
            insts.append(inst)
        block.insts[:] = insts

    @contextlib.contextmanager
    def off(self) -> Iterator[None]:
        """The context in which an instruction is executed that has trapped."""
        self._is_off = True
        try:
            yield
        finally:
            self._is_off = False


def _check(emit: Builder, access: Inst, watched: Watched) -> None:
    size = _type(access).bytes
    first = emit.sub(access.args[0], watched.address - size + 1)
    overlaps = emit.ult(first, watched.size + size - 1)
    emit.when = access.when
    emit.trap_if(overlaps, watched.reason)


def _type(access: Inst) -> Type:
    """The type of the number that is loaded or stored."""
    type_ = access.type if access.type is not None else access.args[1].type
    assert type_ is not None
    return type_
