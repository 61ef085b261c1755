"""Every executed instruction of a program, one by one, with the registers before it.

The slow and plain way to know what a program did: one instruction is lifted at a time and executed
by the reference evaluator. There are no blocks, no translations to go stale, no chaining and no
hooks. What the kernel does in between is seen where it touches registers: results of system calls,
signal frames pushed and popped.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, cast

import attrs

from dbt import plugins
from dbt.execute import Edge, execute
from dbt.experiments.harness.host_facts import GUEST_ENVIRONMENT
from dbt.interfaces import (
    PC_SLOT,
    Context,
    Event,
    Frontend,
    FuelOut,
    LinkRules,
    Memory,
    Reason,
    State,
    SyscallHit,
)
from dbt.ir.block import CONDITION_PASSED, Block, BlockKey
from dbt.ir.printer import print_block
from dbt.linux.kernel import LinuxOptions
from dbt.process import Process
from dbt.stops import Stop
from dbt.syscalls import Delivery, Request, Restored, SyscallAbi

REGISTERS = tuple(f"r{number}" for number in range(15))
WORD = 4


@attrs.frozen
class Step:
    """An instruction is about to be executed. ``insns`` were completed before it.

    ``registers`` are r0 to r15, the last one the instruction's own address (not that plus 8, as the
    instruction would read it). ``moved``: the kernel put control here (start, signal, sigreturn).
    """

    pc: int
    word: int
    registers: tuple[int, ...]
    insns: int
    moved: bool


@attrs.frozen
class SystemCall:
    """A trap instruction asked the kernel for something; ``site`` is what follows it, ``insns``
    counts the trap instruction."""

    number: int
    name: str
    arguments: tuple[int, ...]
    site: int
    stack: int
    insns: int


@attrs.frozen
class SystemCallReturn:
    """The kernel has written the result of a call, before any signal is delivered."""

    call: SystemCall
    result: int
    insns: int


@attrs.frozen
class Signal:
    """A signal frame was pushed: control goes on at ``handler``."""

    number: int
    handler: int
    insns: int


@attrs.frozen
class SignalReturn:
    """A signal frame was popped: control goes on at ``location``."""

    location: int
    insns: int


@attrs.frozen
class Start:
    """A program begins: the first one, or what execve put in its place."""

    entry: int
    insns: int


Observation: TypeAlias = Step | SystemCall | SystemCallReturn | Signal | SignalReturn | Start
Sink = Callable[[Observation], object]


def trace(
    program: str,
    args: Sequence[str] = (),
    *,
    sink: Sink,
    prepare: Callable[[Process], object] | None = None,
    env: Mapping[str, str] | None = None,
    linux: LinuxOptions | None = None,
    frontend: str = "arm",
    timeout: float | None = None,
) -> Stop:
    """Run a program and tell ``sink`` everything it does, in order; how it ended.

    ``prepare`` sees the process before it runs. What a forked child does is told to the child's
    copy of ``sink``. ``timeout`` is in seconds. Raises UsageError when the program cannot be
    loaded.
    """
    lifter: Frontend = plugins.load("dbt.frontends", frontend)()
    backend = _TracingBackend(lifter, sink)
    options: Any = {
        "env": GUEST_ENVIRONMENT if env is None else env,
        "linux": linux,
        "frontend": frontend,
        "backend": backend,
    }
    with Process(program, args, **options) as process:
        executor = cast(_Tracer, process.executor)
        process.kernel.abi = cast(SyscallAbi, _ObservedAbi(process.kernel.abi, executor))
        sink(Start(process.state.get(PC_SLOT), 0))
        if prepare is not None:
            prepare(process)
        return process.run(timeout=timeout)


@attrs.define
class _TracingBackend:
    """A backend whose executor makes its own one-instruction blocks."""

    frontend: Frontend
    sink: Sink
    name: str = "trace"

    def open(self, context: Context) -> "_Tracer":
        """An executor that works on ``context``."""
        return _Tracer(self.frontend, self.sink, context)


class _Tracer:
    """The executor. It never asks for a translation, so that there are none."""

    def __init__(self, frontend: Frontend, sink: Sink, context: Context) -> None:
        self.fuel = 0
        self.sink = sink
        self.insns = 0
        self.moved = True
        self.call: SystemCall | None = None
        self._abi: SyscallAbi = frontend.syscall_abi()
        self._frontend = frontend
        self._context = context
        self._blocks: dict[tuple[BlockKey, int], Block] = {}

    def run(self, key: BlockKey) -> Event:
        """Go on at ``key`` until something needs Python."""
        context = self._context
        while True:
            word = int.from_bytes(context.memory.fetch(key.pc, WORD), "little")
            if not key.mode & CONDITION_PASSED:
                if self.fuel < 1:
                    context.state.set(PC_SLOT, key.pc)
                    return FuelOut(key)
                self._tell(key.pc, word)
            result, completed = execute(self._block(key, word), context)
            self.fuel -= completed
            self.insns += completed
            if isinstance(result, SyscallHit):
                self._trap(result)
            if not isinstance(result, Edge):
                return result
            key = result.key

    def _tell(self, pc: int, word: int) -> None:
        get = self._context.state.get
        registers = (*(get(name) for name in REGISTERS), pc)
        moved, self.moved = self.moved, False
        self.sink(Step(pc, word, registers, self.insns, moved))

    def _block(self, key: BlockKey, word: int) -> Block:
        """One instruction. What was lifted depends on its word and its address only."""
        block = self._blocks.get((key, word))
        if block is None:
            ends = {key.pc + 2, key.pc + 4}
            block = self._frontend.lift(self._context.memory, key, ends)
            self._blocks[key, word] = block
        return block

    def _trap(self, hit: SyscallHit) -> None:
        state = self._context.state
        request = self._abi.decode(hit.number, state, self._abi.location_of(hit.resume))
        self.call = None
        if isinstance(request, Request):
            stack = self._abi.stack_pointer(state)
            self.call = SystemCall(
                request.number, request.name, request.arguments, hit.resume.pc, stack, self.insns
            )
            self.sink(self.call)

    # -- what the engine asks besides --------------------------------------------------------------

    def install(self, block: Block) -> None:
        """Nobody installs what nobody asked for."""
        raise AssertionError(block.key)

    def discard(self, keys: Iterable[BlockKey]) -> None:
        """There is nothing to discard."""

    def installed(self) -> Collection[BlockKey]:
        """Nothing."""
        return ()

    def apply(self, rules: LinkRules) -> None:
        """Nothing is linked."""

    def watch(self, pcs: Collection[int]) -> None:
        """Nothing is watched: who traces sets no hooks."""

    def probe(self, pcs: Collection[int] | None) -> None:
        """Nor does anything else look out for them."""

    def dispatches(self) -> Mapping[Reason, int]:
        """There is no dispatcher."""
        return {}

    def statistics(self) -> Mapping[str, int]:
        """How many different instructions were executed."""
        return {"instructions": len(self._blocks)}

    def explain(self, key: BlockKey) -> Mapping[str, str]:
        """What is evaluated: the IR of the instruction, as it was last executed."""
        blocks = [block for (known, _), block in self._blocks.items() if known == key]
        return {"ir": print_block(blocks[-1])} if blocks else {}

    def close(self) -> None:
        """Forget all."""
        self._blocks.clear()


class _ObservedAbi:
    """The kernel's way to the registers, with a witness."""

    def __init__(self, abi: SyscallAbi, tracer: _Tracer) -> None:
        self._abi = abi
        self._tracer = tracer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._abi, name)

    def set_result(self, state: State, value: int) -> None:
        """A system call returns."""
        self._abi.set_result(state, value)
        tracer = self._tracer
        if tracer.call is not None:
            tracer.sink(SystemCallReturn(tracer.call, value, tracer.insns))
            tracer.call = None

    def push_frame(self, state: State, memory: Memory, location: int, delivery: Delivery) -> int:
        """A signal is delivered."""
        handler = self._abi.push_frame(state, memory, location, delivery)
        self._moved(Signal(delivery.signal, handler, self._tracer.insns))
        return handler

    def pop_frame(self, state: State, memory: Memory, *, realtime: bool) -> Restored:
        """A handler is over."""
        restored = self._abi.pop_frame(state, memory, realtime=realtime)
        self._moved(SignalReturn(restored.location, self._tracer.insns))
        return restored

    def start(self, state: State, entry: int, stack: int) -> int:
        """execve succeeded."""
        location = self._abi.start(state, entry, stack)
        self._moved(Start(location, self._tracer.insns))
        return location

    def _moved(self, observation: Observation) -> None:
        self._tracer.moved = True
        self._tracer.sink(observation)
