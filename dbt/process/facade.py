"""The facade: ``Process`` loads a guest program, wires the parts that run it, and runs it.

>>> import dbt
>>> with dbt.Process("fib.elf", ["20"]) as process:               # doctest: +SKIP
...     process.hooks.on_call("fib", lambda event: print(event.argument(0)))
...     process.chain.deny(process.resolve("fib"))
...     process.run(max_insns=1_000_000)
"""

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self

from dbt import choices, plugins
from dbt.hooks import Hooks, mechanisms
from dbt.hooks.machine import HookMachine
from dbt.interfaces import (
    Attached,
    Backend,
    BackendOptions,
    Bound,
    Context,
    Executor,
    Frontend,
    Pass,
    extend,
)
from dbt.ir.block import BlockKey, Swi
from dbt.lifetime import GONE, Lifetime
from dbt.linux.kernel import Kernel, LinuxOptions
from dbt.log import QUIET, Log
from dbt.passes.pipeline import Pipeline
from dbt.passes.registry import parse_passes
from dbt.process.arguments import backend_of, environment_of
from dbt.process.crash_report import crash_report
from dbt.process.ending import end_child
from dbt.process.event_loop import EventLoop
from dbt.process.inspection import registers
from dbt.process.watchdog import Clock, Watchdog
from dbt.runtime.budget import UNLIMITED
from dbt.runtime.chaining import ChainPolicy
from dbt.runtime.counters import Counters, Stacks
from dbt.runtime.engine import Engine
from dbt.runtime.functions import Functions
from dbt.runtime.memory import GuestMemory
from dbt.runtime.resume import Resume
from dbt.runtime.state import GuestState
from dbt.stops import GuestFault, Stop, UsageError
from dbt.translate import Translator, block_at

BACKEND_ITEMS = frozenset({"bytecode", "llvm", "out_asm"})
"""Dump items whose text comes from ``Executor.explain``."""

AHEAD_WHEN_COMPILING = 7
"""Blocks that are translated together with a missing one when every block is compiled: the compiler
takes less time for a batch than for its blocks one by one."""


class Process:
    """A guest program and everything that runs it.

    ``state``, ``memory``, ``chain`` (the policy), ``hooks``, ``counters``, ``stacks`` and
    ``kernel`` may be used at any time between and, from hooks, during runs.

    A process holds descriptors, signal handlers and about 100 GB of address space: use it in a
    ``with`` statement, or call ``close``. A process without references is closed, too.

    ``args`` are texts without a NUL; ``env`` maps names to such texts. None means the host's
    variables, as in qemu-arm. A program executes some instructions for each variable, so that
    ``env={}`` makes instruction counts comparable between hosts. ``frontend`` is a name,
    ``backend`` a name or an object, each pass a name, a spelling with options or an object.

    Raises UsageError when the program cannot be loaded or an option makes no sense.
    """

    def __init__(
        self,
        program: str,
        args: Sequence[str] = (),
        *,
        argv0: str | None = None,
        env: Mapping[str, str] | None = None,
        frontend: str = "arm",
        backend: str | Backend = "numba_jit",
        options: BackendOptions | None = None,
        linux: LinuxOptions | None = None,
        chain: str = "all",
        passes: Iterable[Pass | str] | str = (),
        pipeline: Pipeline | None = None,
        verify: bool = False,
        log: Log = QUIET,
    ) -> None:
        self._lifetime = Lifetime()
        self._clock = Clock()
        self.log = choices.instance("log", log, Log)
        options = BackendOptions() if options is None else options
        self.options = choices.instance("options", options, BackendOptions)
        linux = LinuxOptions() if linux is None else linux
        choices.instance("linux", linux, LinuxOptions)
        self.frontend: Frontend = plugins.load("dbt.frontends", frontend)()
        opened = backend_of(backend)
        abi = self.frontend.syscall_abi()
        program = choices.word("program", program)
        first = choices.word("argv0", program if argv0 is None else argv0)
        argv = [*map(os.fsencode, (first, *choices.words("args", args)))]
        envp = environment_of(os.environ if env is None else env)
        if pipeline is not None:
            choices.instance("pipeline", pipeline, Pipeline)
        bound = [p.bind(abi) if isinstance(p, Bound) else p for p in parse_passes(passes)]
        with contextlib.ExitStack() as stack:
            self.memory = GuestMemory()
            stack.callback(self.memory.close)
            self.state = GuestState(extend(self.frontend.layout, mechanisms.SLOTS))
            self.counters = Counters()
            self.stacks = Stacks()
            self.functions = Functions(self.state.address)
            self.kernel = Kernel(self.memory, self.state, abi, linux)
            stack.callback(self.kernel.close)
            self.chain = ChainPolicy(chain, partial(_pc, self.frontend, self.kernel))
            start = self.frontend.key_of(self.kernel.load(program, argv, envp))
            for pass_ in bound:
                if isinstance(pass_, Attached):
                    pass_.attach(self)
            self.translator = Translator(
                self.frontend,
                self.memory,
                bound,
                pipeline,
                verify=choices.truth("verify", verify),
                log=log,
                layout=self.state.layout,
            )
            context = Context(
                self.state,
                self.memory,
                self.counters,
                self.stacks,
                self.functions,
                self.frontend.key_of,
                self.frontend.location_of,
                self.options,
            )
            self.executor = opened.open(context)
            stack.callback(self.executor.close)
            compiling = self.options.tier in ("1", "2")
            self._connect(start, context, AHEAD_WHEN_COMPILING if compiling else 0)
            self._release = stack.pop_all()

    def _connect(self, start: BlockKey, context: Context, ahead: int) -> None:
        """Wire the parts. None of them refers to the process, so that it is closed when its user
        drops it."""
        kernel, log = self.kernel, self.log
        resume = Resume(start)
        dump = partial(_dump_backend, self.executor, log)
        self.engine = engine = Engine(
            self.executor,
            context,
            self.memory,
            self.translator.translate,
            self.chain,
            insn_sizes=self.frontend.insn_sizes,
            ahead=ahead,
            on_invalidate=partial(log.write, "chain") if log.wants("chain") else None,
            on_install=dump if log.items & BACKEND_ITEMS else None,
            resume=resume,
        )
        self._machine = HookMachine(
            engine,
            self.translator,
            self.state,
            self.stacks,
            self.functions,
            kernel.symbolizer.name,
            kernel.symbolizer.resolve,
            partial(_stack_bound, kernel),
        )
        kernel.on_stack_moved = self._machine.stack_moved_by_kernel
        self.hooks = hooks = Hooks(
            self._machine, kernel.symbolizer.functions, kernel.call_name, kernel.decode
        )
        kernel.intercept = lambda kernel, name, arguments: hooks.entering(
            name, arguments, kernel.request.number, kernel.resume
        )
        kernel.after = lambda kernel, name, arguments, result: hooks.leaving(
            name, arguments, result, kernel.request.number, kernel.resume
        )
        kernel.on_exec = partial(_replace_program, hooks, engine)
        kernel.on_fork_child = self._clock.survive_fork
        kernel.overdue = self._clock.overdue
        self._loop = EventLoop(
            resume,
            engine,
            kernel,
            self.frontend,
            self.state,
            self._machine,
            self._clock,
            log,
            hooks.run_program_hooks,
            partial(crash_report, self.frontend, self.memory, self.state, kernel.symbolize),
        )

    # -- running -----------------------------------------------------------------------------------

    def run(self, max_insns: int | None = None, timeout: float | None = None) -> Stop:
        """Run until the guest ends, or until exactly ``max_insns`` more instructions or ``timeout``
        seconds have passed; both keep chaining. A run that hit a limit, that a hook has stopped or
        that has raised what a hook raised can be continued.

        In a child that the guest forked this does not return: the host process ends with the guest.

        Raises UsageError for limits that make no sense; in a hook, while it runs in another thread,
        after ``close``, when the guest has ended and when the last run was cut short in the middle
        (KeyboardInterrupt).
        """
        if max_insns is not None:
            max_insns = choices.whole("max_insns", max_insns)
        seconds = choices.seconds("timeout", timeout)
        with self._lifetime.running():
            budget = self.engine.budget
            budget.limit = UNLIMITED if max_insns is None else budget.executed + max_insns
            try:
                with Watchdog(seconds) as watchdog:
                    self._clock.deadline = watchdog.deadline
                    try:
                        self.kernel.enter_guest()
                        stop = self._loop.run()
                    finally:
                        self.kernel.leave_guest()
            except BaseException as failure:
                if self.kernel.is_child:
                    end_child(self, failure)
                if not self._loop.continues_after(failure):
                    self._lifetime.broken(failure)
                raise
            if self.kernel.is_child:
                end_child(self, stop)
            self._lifetime.ended(stop)
            return stop

    # -- looking at it -----------------------------------------------------------------------------

    def resolve(self, where: int | str) -> int:
        """The location of a symbol (its low bit may be state) or of an address, as a number or as
        ``0x…``. Raises UsageError for an unknown symbol and for what is no guest address."""
        return self.kernel.symbolizer.resolve(where)

    def symbolize(self, pc: int) -> str:
        """``name+0x14 in file`` for a guest address."""
        return self.kernel.symbolize(pc)

    def system_call(self, pc: int) -> str:
        """The name of the system call that the instruction at ``pc`` would make in the present
        state; empty when it makes none."""
        key = self.frontend.in_state(self.frontend.key_of(pc), self.state)
        exit_ = self.frontend.lift(self.memory, key).exit
        return self.kernel.call_made(exit_.number, exit_.resume) if isinstance(exit_, Swi) else ""

    def location_of(self, key: BlockKey) -> int:
        """The location that leads to a block (its low bit may be state)."""
        return self.frontend.location_of(key)

    def key_of(self, location: int) -> BlockKey:
        """The block key of a guest location."""
        return self.frontend.key_of(location)

    def registers(self) -> list[str]:
        """All general registers, four a line, then the flags."""
        return registers(self.frontend.layout, self.state)

    def explain(self, where: int | str) -> dict[str, str]:
        """The text of each stage of the block at a symbol or address, by name, in order.

        Raises UsageError where there is no code, or none that can be translated.
        """
        location = self.resolve(where)
        state = self.kernel.symbolizer.state(location)
        key = block_at(self.frontend, where, location | state)
        try:
            texts = self.translator.stages(key)
        except GuestFault:
            raise UsageError(f"there is no code at {where}") from None
        if key not in self.engine.cache:
            self.engine.provide(key)
        texts.update(self.executor.explain(key))
        return texts

    def stats(self) -> dict[str, Any]:
        """Figures of all runs so far, ready for JSON."""
        engine, kernel = self.engine, self.kernel
        return {
            "instructions": engine.executed,
            "translated_blocks": engine.translated_blocks,
            "translated_instructions": engine.translated_insns,
            "invalidations": engine.invalidations,
            "dispatches": {r.value: n for r, n in self.executor.dispatches().items()},
            "backend": dict(self.executor.statistics()),
            "lift_seconds": round(self.translator.lift_seconds, 4),
            "pass_seconds": round(self.translator.pass_seconds, 4),
            "passes_us": {
                name: round(cost.microseconds)
                for name, cost in self.translator.pipeline.costs.items()
            },
            "syscalls": dict(kernel.syscall_counts),
            "unknown_syscalls": dict(kernel.unknown_syscalls),
        }

    # -- the end -----------------------------------------------------------------------------------

    def close(self) -> None:
        """Release code, guest memory, descriptors and the host's signals and timers.

        ``state``, ``counters`` and ``stacks`` can be read afterwards; using anything else raises
        UsageError. A second call does nothing. Raises UsageError while the guest runs.
        """
        with self._lifetime.closing() as first:
            if first:
                release, machine, hooks = self._release, self._machine, self.hooks
                self.chain = self.hooks = self.kernel = self.memory = self.engine = GONE
                self.executor = self.translator = self._machine = self._loop = GONE
                with release, contextlib.closing(machine):
                    hooks.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if "_release" in self.__dict__:  # else it was never opened
            with contextlib.suppress(Exception):
                self.close()


def _pc(frontend: Frontend, kernel: Kernel, where: int | str) -> int:
    """The pc of the block at a symbol or address. Raises UsageError where none can begin."""
    return block_at(frontend, where, kernel.symbolizer.resolve(where)).pc


def _stack_bound(kernel: Kernel, pointer: int) -> int:
    """The end of the stack the program was started on, when ``pointer`` is in it; else
    ``pointer``."""
    area = kernel.space.at(pointer)
    ours = area is not None and area.start <= kernel.stack_start <= area.end
    return area.end if area is not None and ours else pointer


def _replace_program(hooks: Hooks, engine: Engine) -> None:
    """The guest has called execve: drop the hooks' state and all translations."""
    hooks.forget()
    engine.flush()


def _dump_backend(executor: Executor, log: Log, key: BlockKey) -> None:
    if any(log.wants(item, key.pc) for item in BACKEND_ITEMS):
        for item, text in executor.explain(key).items():
            if log.wants(item, key.pc):
                log.write(item, text)
