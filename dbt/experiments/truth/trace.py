"""Runs a program one instruction at a time and reports each, with the registers before it.

Each instruction is lifted by itself and executed by the reference evaluator. That is slow, and
needs no blocks, no translations that could become stale, no chaining and no hooks. What the kernel
does in between is seen where it accesses registers: results of system calls, signal frames that are
pushed and popped.
"""

import contextlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, cast

import attrs

from dbt import plugins
from dbt.block_index import PageIndex
from dbt.execute import Edge, execute
from dbt.experiments.harness.host_facts import GUEST_ENVIRONMENT
from dbt.interfaces import (
    PC_SLOT,
    Context,
    Event,
    Frontend,
    FuelOut,
    HostCode,
    LinkRules,
    Made,
    Memory,
    Reason,
    ReportCode,
    State,
    SyscallHit,
)
from dbt.ir.block import CONDITION_PASSED, Block, BlockKey, frontend_mode
from dbt.ir.printer import print_block
from dbt.lazy import lazy_property
from dbt.linux.options import LinuxOptions
from dbt.process import Process
from dbt.stops import GuestFault, Stop
from dbt.syscalls import Delivery, Request, Restored, SyscallAbi


@attrs.frozen
class Roles:
    """The indices in ``Step.registers`` of the registers that have a role in calls."""

    stack: int
    link: int
    result: int
    arguments: tuple[int, ...]

    @classmethod
    def of(cls, frontend: Frontend) -> "Roles":
        """The roles of the guest's procedure call standard."""
        at, abi = frontend.layout.general.index, frontend.call_abi
        return cls(at(abi.stack), at(abi.link), at(abi.result), tuple(map(at, abi.arguments)))


@attrs.frozen
class Step:
    """An instruction is about to be executed. ``insns`` were completed before it.

    ``word`` is the number that its ``size`` bytes are, little-endian; ``mode`` has the frontend's
    bits of its mode. ``registers`` are those of
    ``Layout.general``; the pc among them is the instruction's own address, whatever the instruction
    would read. ``moved``: the kernel put control here (start, signal, sigreturn).
    """

    pc: int
    word: int
    size: int
    registers: tuple[int, ...]
    insns: int
    moved: bool
    mode: int = 0


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
    """A signal frame was pushed: ``handler`` runs next."""

    number: int
    handler: int
    insns: int


@attrs.frozen
class SignalReturn:
    """A signal frame was popped: the program continues at ``location``."""

    location: int
    insns: int


@attrs.frozen
class Start:
    """A program begins: the first one, or the one that execve has loaded."""

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
    """Run a program and call ``sink`` with every observation, in order; returns how it ended.

    ``prepare`` is called with the process before it runs. A forked child calls its own copy of
    ``sink``. ``timeout`` is in seconds. Raises UsageError when the program cannot be loaded.
    """
    lifter: Frontend = plugins.load("dbt.frontends", frontend)()
    backend = TracingBackend(lifter, sink)
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
class TracingBackend:
    """A backend whose executor lifts and runs single instructions."""

    frontend: Frontend
    sink: Sink
    name: str = "trace"

    def open(self, context: Context) -> "_Tracer":
        """An executor that works on ``context``."""
        return _Tracer(self.frontend, self.sink, context)

    def kept(self) -> tuple[str, ...]:
        """Nothing."""
        return ()


class _Tracer:
    """The executor. It never asks for a translation, so that there are no translated blocks."""

    def __init__(self, frontend: Frontend, sink: Sink, context: Context) -> None:
        self.fuel = self.fuel_address = 0
        self.index = PageIndex()
        self.autonomous = False
        self.made = Made()
        self.sink = sink
        self.insns = 0
        self.moved = True
        self.call: SystemCall | None = None
        self._frontend = frontend
        self._names = frontend.layout.general
        *self._longer, self._shortest = frontend.insn_sizes
        self._context = context
        self._blocks: dict[tuple[BlockKey, bytes], Block] = {}

    @lazy_property
    def _abi(self) -> SyscallAbi:
        """Made at its first use: a guest may have no Linux."""
        return self._frontend.syscall_abi()

    def run(self, key: BlockKey) -> Event:
        """Run from ``key`` until there is an event for the engine."""
        context = self._context
        context.state.set(PC_SLOT, key.pc)  # one of the registers of a step
        while True:
            code = self._fetch(key.pc)
            if not key.mode & CONDITION_PASSED and self.fuel < 1:
                return FuelOut(key)
            block = self._block(key, code)
            if not key.mode & CONDITION_PASSED:
                self._report_step(key, code[: block.size])
            result, completed = execute(block, context)
            self.fuel -= completed
            self.insns += completed
            if isinstance(result, SyscallHit):
                self._trap(result)
            if not isinstance(result, Edge):
                return result
            key = result.key

    def set_boundary(self, pc: int, *, present: bool) -> None:
        """There are no blocks that a boundary could end."""

    def clear(self) -> None:
        """There are no blocks to drop."""

    def _fetch(self, pc: int) -> bytes:
        """As many bytes as the longest instruction has, or as can be fetched. Raises GuestFault."""
        fetch = self._context.memory.fetch
        for size in self._longer:
            with contextlib.suppress(GuestFault):
                return fetch(pc, size)
        return fetch(pc, self._shortest)

    def _report_step(self, key: BlockKey, code: bytes) -> None:
        registers = tuple(map(self._context.state.get, self._names))
        moved, self.moved = self.moved, False
        word = int.from_bytes(code, "little")
        mode = frontend_mode(key.mode)
        self.sink(Step(key.pc, word, len(code), registers, self.insns, moved, mode))

    def _block(self, key: BlockKey, code: bytes) -> Block:
        """The instruction as a block. It depends on its bytes and its address only."""
        block = self._blocks.get((key, code))
        if block is None:
            ends = {key.pc + size for size in self._frontend.insn_sizes}
            block = self._frontend.lift(self._context.memory, key, ends)
            self._blocks[key, code] = block
        return block

    def _trap(self, hit: SyscallHit) -> None:
        state, frontend = self._context.state, self._frontend
        request = self._abi.decode(hit.number, state, frontend.location_of(hit.resume))
        self.call = None
        if isinstance(request, Request):
            stack = state.get(frontend.call_abi.stack)
            self.call = SystemCall(
                request.number, request.name, request.arguments, hit.resume.pc, stack, self.insns
            )
            self.sink(self.call)

    # -- what the engine asks besides --------------------------------------------------------------

    def install(self, block: Block) -> None:
        """Never called, as no translation is asked for."""
        raise AssertionError(block.key)

    def discard(self, keys: Iterable[BlockKey]) -> None:
        """There is nothing to discard."""

    def installed(self) -> Collection[BlockKey]:
        """Nothing."""
        return ()

    def apply(self, rules: LinkRules, changed: Collection[int] | None = None) -> None:
        """Nothing is linked."""

    def watch(self, pcs: Collection[int], changed: Collection[int] | None = None) -> None:
        """Nothing is watched, as there are no hooks."""

    def probe(self, pcs: Collection[int] | None, changed: Collection[int] | None = None) -> None:
        """Nothing is probed, as there are no hooks."""

    def dispatches(self) -> Mapping[Reason, int]:
        """There is no dispatcher."""
        return {}

    def statistics(self) -> Mapping[str, int]:
        """The number of different instructions that were executed."""
        return {"instructions": len(self._blocks)}

    def explain(self, key: BlockKey) -> Mapping[str, str]:
        """The IR of the instruction, as it was last executed."""
        blocks = [block for (known, _), block in self._blocks.items() if known == key]
        return {"ir": print_block(blocks[-1])} if blocks else {}

    def forking(self) -> contextlib.AbstractContextManager[None]:
        """No other thread changes anything."""
        return contextlib.nullcontext()

    def code(self) -> Iterable[HostCode]:
        """There is none."""
        return ()

    def follow_code(self, report: ReportCode) -> None:
        """No code is made."""

    def keep(self) -> None:
        """Nothing here serves later runs."""

    def close(self) -> None:
        """Drop all blocks."""
        self._blocks.clear()


class _ObservedAbi:
    """The ABI that the kernel uses, which reports to the tracer as well."""

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
