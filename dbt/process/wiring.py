"""Connects a frontend, a backend and an environment: makes the parts that run a guest program."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

from dbt.classes import attrs
from dbt.environment import Environment
from dbt.hooks.machine import HookMachine
from dbt.hooks.registry import Hooks
from dbt.hooks.slots import SLOTS
from dbt.interfaces import (
    Backend,
    BackendOptions,
    Context,
    Executor,
    Frontend,
    Pass,
    extend,
)
from dbt.ir.block import BlockKey
from dbt.log import QUIET, Log
from dbt.phases import UNTIMED, Phases
from dbt.process.event_loop import EventLoop
from dbt.process.watchdog import Clock
from dbt.runtime.chaining import ChainPolicy
from dbt.runtime.counters import Counters, Stacks
from dbt.runtime.engine import Engine
from dbt.runtime.functions import Functions
from dbt.runtime.memory import GuestMemory
from dbt.runtime.resume import Resume
from dbt.runtime.state import GuestState
from dbt.stops import Killed
from dbt.translate import IR_ITEMS, Translator, block_at
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.passes.pipeline import Pipeline

BACKEND_ITEMS = frozenset({"copied", "llvm", "out_asm"})
"""Dump items whose text comes from ``Executor.explain``."""

AHEAD_WHEN_COMPILING = 7
"""Blocks that are translated together with a missing one when every block is compiled: the compiler
takes less time for a batch than for its blocks one by one."""


class Storage:
    """What a guest of ``frontend`` and its instrumentation keep: registers, counters, side stacks,
    functions, memory. It is there before the environment, which works on it."""

    def __init__(
        self, frontend: Frontend, phases: Phases = UNTIMED, memory: GuestMemory | None = None
    ) -> None:
        self.phases = phases
        self.state = GuestState(extend(frontend.layout, SLOTS))
        self.counters = Counters(self.state)
        self.stacks = Stacks()
        self.functions = Functions(self.state.address, phases)
        self.memory = GuestMemory() if memory is None else memory

    def context(
        self, frontend: Frontend, options: BackendOptions, passes: Sequence[Pass]
    ) -> Context:
        """The same for a backend. ``passes`` may change."""
        return Context(
            self.state,
            self.memory,
            self.counters,
            self.stacks,
            self.functions,
            frontend.key_of,
            frontend.location_of,
            options,
            frontend,
            passes,
            self.phases,
        )


@attrs.frozen
class Parts:
    """The parts that run a guest program. The event loop drives the others."""

    chain: ChainPolicy
    translator: Translator
    engine: Engine
    machine: HookMachine
    hooks: Hooks
    loop: EventLoop


def connect(
    frontend: Frontend,
    backend: Backend,
    environment: Environment,
    storage: Storage,
    start: int,
    closing: ExitStack,
    *,
    options: BackendOptions,
    clock: Clock,
    chain: str = "all",
    passes: Sequence[Pass] = (),
    pipeline: "Pipeline | None" = None,
    verify: bool = False,
    log: Log = QUIET,
    event_loop: type[EventLoop] = EventLoop,
) -> Parts:
    """Make the parts that run a guest from the location ``start``. ``closing`` will close the
    executor; the caller closes hooks and machine before it, and the memory after it. Raises
    UsageError for options that make no sense."""
    symbols = environment.symbolizer
    policy = ChainPolicy(chain, partial(_pc, frontend, environment))
    translator = Translator(
        frontend,
        storage.memory,
        passes,
        pipeline,
        verify=verify,
        log=log,
        layout=storage.state.layout,
    )
    context = storage.context(frontend, options, translator.instrument)
    executor = backend.open(context)
    closing.callback(executor.close)
    resume = Resume(frontend.key_of(start))
    engine = Engine(
        executor,
        context,
        storage.memory,
        translator.translate,
        policy,
        insn_sizes=frontend.insn_sizes,
        ahead=AHEAD_WHEN_COMPILING if options.tier in ("1", "2") else 0,
        on_invalidate=partial(log.write, "chain") if log.wants("chain") else None,
        on_install=partial(_dump, executor, log) if log.items & BACKEND_ITEMS else None,
        resume=resume,
        is_plain=translator.is_plain,
        all_plain=translator.all_plain,
        rewrite=translator.rewrite,
        show_copied=verify or bool(log.items & IR_ITEMS),
    )
    machine = HookMachine(
        engine,
        translator,
        storage.state,
        storage.stacks,
        storage.functions,
        symbols.name,
        symbols.resolve,
        environment.stack_bound,
    )
    hooks = Hooks(machine, environment)
    loop = event_loop(
        resume,
        engine,
        environment,
        frontend,
        storage.state,
        machine,
        clock,
        log,
        storage.phases,
        hooks.run_program_hooks,
        partial(_report, frontend, storage.memory, storage.state, environment.place),
    )
    return Parts(policy, translator, engine, machine, hooks, loop)


def _pc(frontend: Frontend, environment: Environment, where: int | str) -> int:
    """The pc of the block at a symbol or address. Raises UsageError where none can begin."""
    return block_at(frontend, where, environment.symbolizer.resolve(where)).pc


def _report(
    frontend: Frontend,
    memory: GuestMemory,
    state: GuestState,
    symbolize: Callable[[int], str],
    stop: Killed,
) -> str:
    from dbt.process.crash_report import crash_report

    return crash_report(frontend, memory, state, symbolize, stop)


def _dump(executor: Executor, log: Log, key: BlockKey) -> None:
    """Write the texts of a block that the log wants."""
    if any(log.wants(item, key.pc) for item in BACKEND_ITEMS):
        for item, text in executor.explain(key).items():
            if log.wants(item, key.pc):
                log.write(item, text)
