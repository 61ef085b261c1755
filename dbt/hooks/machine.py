"""The process as hook mechanisms see it: the points they set, and what happens at them.

It is long because all that mechanisms may ask of a process stands here, each a few lines.
"""

from collections.abc import Callable, Collection, Iterable
from functools import partial

from dbt.hooks.follow.callers import Callers
from dbt.hooks.follow.stacks import (
    LOADED,
    RAISED,
    Copies,
    Follower,
    OfThreads,
    StackFollower,
    Switched,
    ignore,
)
from dbt.hooks.points import Handler, Points, Remove
from dbt.hooks.points.breakpoints import Breakpoints
from dbt.hooks.points.host_tables import HostTables
from dbt.hooks.points.names import names_of
from dbt.hooks.points.stubs import Stubs
from dbt.hooks.points.trampolines import Trampolines
from dbt.interfaces import (
    EXEC,
    PAGE,
    CallAbi,
    Event,
    HaltHit,
    HookHit,
    Pass,
    TrapHit,
    WatchHit,
)
from dbt.ir.block import (
    CONDITION_PASSED,
    HALT_BREAKPOINT,
    HOOKED,
    SP_STEP,
    BlockKey,
)
from dbt.lifetime import closed
from dbt.runtime.chaining import ChainPolicy
from dbt.runtime.counters import Stacks
from dbt.runtime.engine import Engine
from dbt.runtime.functions import Functions
from dbt.runtime.memory import GuestMemory
from dbt.runtime.own_process import OwnProcess
from dbt.runtime.resume import Ended, Slice
from dbt.runtime.state import GuestState
from dbt.stops import UsageError
from dbt.translate import Translator, block_at, place
from dbt.typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from dbt.hooks.points.conditions import Conditions
    from dbt.hooks.points.helpers import Helpers

Trap: TypeAlias = Callable[[BlockKey], BlockKey | Ended]
"""Called with the key of an instruction that has trapped before it had an effect. Returns what is
next, after it has executed the instruction, for example."""
Hit: TypeAlias = HookHit | WatchHit | HaltHit | TrapHit
"""Events that may be for hooks; ``HookMachine.wants`` decides."""
MOST_PCS = 1 << 16
"""How many locations are remembered with their pcs."""


class HookMachine:
    """Implements ``mechanisms.base.Machine`` for one process.

    ``symbolize`` gives a pc's name, ``resolve`` the location of a symbol or address, and
    ``stack_bound`` the highest address of the stack that a pointer is on.
    """

    def __init__(
        self,
        engine: Engine,
        translator: Translator,
        state: GuestState,
        stacks: Stacks,
        functions: Functions,
        symbolize: Callable[[int], str],
        resolve: Callable[[int | str], int],
        stack_bound: Callable[[int], int],
    ) -> None:
        self.engine = engine
        self.budget, self._fuel_left = engine.budget, engine.budget.left
        self.translator = translator
        self._symbolize, self._resolve = symbolize, resolve
        self.state, self.stacks = state, stacks
        self.call_abi: CallAbi = translator.frontend.call_abi
        self.insn_sizes = translator.frontend.insn_sizes
        self._state_bits = translator.frontend.layout.state_bits
        self.names = names_of(translator.frontend.layout, self.call_abi)
        self.chain: ChainPolicy = engine.policy
        self._names: dict[int, str] = {}
        self._pcs: dict[int, int] = {}
        self._callers = Callers(translator.frontend, self, engine.memory, state)
        self._watches = Points(self._watch_changed)
        self._probes = Points(self._probe_changed)
        self.functions = functions
        self.helpers: Helpers | None = None
        """Those of the mechanism ``helper``, once it has been used."""
        self._breakpoints = Points(self._breakpoint_changed)
        self._instructions = Breakpoints(engine.memory)
        self._breakpoint_modes: dict[int, int] = {}
        """The mode of the code at each breakpoint."""
        self._trampolines = Trampolines(engine, translator.frontend.host_locations)
        self._stubs = Stubs(engine, self._trampolines, min(self.insn_sizes))
        self.stub_handlers = self._stubs.handlers  # by pc
        self._tables = HostTables(engine.memory, translator.frontend.host_tables)
        self.table = self._tables.add
        self.resume = engine.resume
        self.running = 0
        """Id of the guest thread that runs; 0: the first one, whose id is that of the process."""
        self._ended = 0
        """Id of the thread that has ended and is left at the next switch."""
        self._of_threads: list[OfThreads] = []
        self.has_threads = False
        self.on_threads: Callable[[], None] = ignore
        """Called before the guest's second thread begins."""
        self.restores = 0
        """How often the guest was put back to a snapshot."""
        self._to_raise: BaseException | None = None
        """What a hook raised first since ``take_failure`` was last called. It does not say where a
        run continues: it is raised as soon as the event that the hook ran for is over."""
        self.stacks_followed = StackFollower(state, self.call_abi.stack, stack_bound)
        self._stop_watching_stack: Remove | None = None
        self._traps: dict[str, Trap] = {}
        self.stack_moved_by_kernel = self.stacks_followed.moved_by_kernel
        translator.stub = self._stubs.block
        engine.resolve_trampoline = self.resolve_trampoline

    # -- the guest ---------------------------------------------------------------------------------

    @property
    def memory(self) -> GuestMemory:
        """Guest memory."""
        return self.engine.memory

    @property
    def insns(self) -> int:
        """Guest instructions completed; exact in hooks."""
        return self.moment()[0]

    @property
    def thread(self) -> int:
        """Id of the guest thread that runs."""
        return self.running or OwnProcess.id

    def moment(self) -> tuple[int, int]:
        """``insns`` and ``thread``."""
        insns = self.budget.base - self._fuel_left.value
        if self.helpers is not None:
            insns -= self.helpers.counted
        return insns, self.running or OwnProcess.id

    def switched_thread(self, left: int, entered: int) -> None:
        """Another thread of the guest runs now."""
        self.running = entered if entered != OwnProcess.id else 0
        for one in (self.stacks, *self._of_threads, self.stacks_followed):
            one.switch_thread(left, entered)
            if left == self._ended:
                one.end_thread(left)
        self._ended = 0

    def thread_ends(self, thread: int) -> None:
        """The thread that runs ends, and others go on: it is left at the next switch."""
        self._ended = thread

    def thread_alone(self, gone: Collection[int]) -> None:
        """The thread that runs is the first one of a process from now on, without these others."""
        self.running = 0
        for one in (self.stacks, *self._of_threads, self.stacks_followed):
            for thread in gone:
                one.end_thread(thread)

    def thread_begins(self, thread: int) -> None:
        """There will be several threads."""
        del thread
        if not self.has_threads:
            self.has_threads = True
            self.on_threads()

    def save(self, copies: Copies) -> tuple[Any, ...]:
        """What is kept here of the guest, for ``restore``."""
        return self.running, self._ended, self.stacks_followed.save(copies), self.stacks.save()

    def restore(self, saved: tuple[Any, ...], copies: Copies) -> None:
        """Have it as it was when ``save`` returned this."""
        self.running, self._ended, followed, stacks = saved
        self._to_raise = None
        self.restores += 1
        if stacks[0] or self.stacks.names:
            self.stacks.restore(stacks)
        if self.stacks_followed.active:
            self.stacks_followed.restore(followed, copies)

    def check_memory(self) -> None:
        """Raise UsageError while breakpoints of ours are in guest memory, which a snapshot would
        take for the program's."""
        if self._breakpoint_modes:
            raise UsageError(
                "snapshot: hooks of the mechanism trap change guest memory; use another mechanism"
            )

    def per_thread(self, one: OfThreads) -> Remove:
        """Have something keep what it knows for each thread."""
        self._of_threads.append(one)
        return partial(self._of_threads.remove, one)

    def fetch(self, address: int, size: int) -> bytes:
        """Code as the program has it, without our breakpoints. Raises GuestFault."""
        return self._instructions.without(address, self.memory.fetch(address, size))

    @property
    def stack_id(self) -> int:
        """Number of the stack that the guest is on (see ``Record.stack_id``)."""
        return self.stacks_followed.current.stack_id if self.stacks_followed.active else 0

    def key_of(self, location: int) -> BlockKey:
        """The block key of a location."""
        return self.translator.frontend.key_of(location)

    def pc_of(self, location: int) -> int:
        """The pc of a location."""
        pc = self._pcs.get(location)
        if pc is None:
            if len(self._pcs) >= MOST_PCS:
                self._pcs.clear()
            pc = self._pcs[location] = self.key_of(location).pc
        return pc

    def code(self, where: int | str) -> int:
        """The location of code, by symbol or address. Raises UsageError for an unknown symbol, and
        where no block can begin."""
        location = self._resolve(where)
        key = block_at(self.translator.frontend, where, location)
        if not self.memory.perms[key.pc // PAGE] & EXEC:
            raise UsageError(f"there is no code at {place(where, location)}")
        return location

    def caller(self, location: int, pc: int) -> int:
        """Address of the call instruction before ``location`` if it led to ``pc``, or 0."""
        return self._callers.caller(location, pc)

    def way(self, location: int, pc: int) -> tuple[int, str | None, bool]:
        """As ``caller``, with what the answer depends on: see ``Callers.way``."""
        return self._callers.way(location, pc)

    def name(self, pc: int) -> str:
        """The function's name, or its address as text."""
        name = self._names.get(pc)
        if name is None:
            name = self._names[pc] = self._symbolize(pc)
        return name

    def close(self) -> None:
        """The engine is gone: changes of the policy and of functions have no effect any more."""
        self.chain.listeners.remove(self.engine.policy_changed)
        self.functions.on_change = self.functions.on_failure = lambda: None
        self._resolve = closed

    def forget(self) -> None:
        """Another program is in memory."""
        self._names.clear()
        self._tables.clear()
        self.resume.breakpoint = None

    def call(self, hook: Callable[[Any], Any], argument: Any) -> None:
        """Call a function of the user's. ``take_failure`` returns what it raises."""
        try:
            hook(argument)
        except BaseException as failure:
            self.keep_failure(failure)

    @property
    def has_failed(self) -> bool:
        """Whether a function of the user's has raised something that nobody has taken yet."""
        return self._to_raise is not None

    def keep_failure(self, failure: BaseException) -> None:
        """Keep what a function of the user's has raised."""
        self._to_raise = self._to_raise or failure

    def take_failure(self) -> BaseException | None:
        """Returns what a hook raised first since the last call of this, for the caller to raise;
        None if none did."""
        failure, self._to_raise = self._to_raise, None
        self.resume.raised = failure or self.resume.raised
        return failure

    # -- points ------------------------------------------------------------------------------------

    def stub(
        self, pc: int, handler: Handler, *, first: bool = False, when: "Conditions" = None
    ) -> Remove:
        """Have the block at ``pc`` enter the host, always or ``when`` one of these holds."""
        return self._stubs.add(pc, handler, first=first, when=when)

    def watch(self, pc: int, handler: Handler, *, first: bool = False) -> Remove:
        """Have the dispatcher compare each pc with ``pc``."""
        return self._watches.add(pc, handler, first=first)

    def _watch_changed(self, pc: int, present: bool) -> None:
        (self.engine.watch if present else self.engine.unwatch)(pc)

    def probe(self, pc: int, handler: Handler, *, first: bool = False) -> Remove:
        """Have the block at ``pc`` enter the host when it begins, with chaining as it is."""
        return self._probes.add(pc, handler, first=first)

    def _probe_changed(self, pc: int, present: bool) -> None:
        (self.engine.probe if present else self.engine.unprobe)(pc)

    def breakpoint(self, location: int, handler: Handler, *, first: bool = False) -> Remove:
        """Write a breakpoint instruction to a location, if there is memory."""
        key = self.key_of(location)
        self._breakpoint_modes.setdefault(key.pc, key.mode)
        return self._breakpoints.add(key.pc, handler, first=first)

    def _breakpoint_changed(self, pc: int, present: bool) -> None:
        if present:
            mode = self._breakpoint_modes[pc]
            self._instructions.write(pc, self.translator.frontend.breakpoint_in(mode))
        else:
            del self._breakpoint_modes[pc]
            self._instructions.remove(pc, running=self.engine.busy)

    def helper(self, pc: int, handler: Handler, *, first: bool = False) -> Remove:
        """Have the block at ``pc`` call a native function when it begins to run."""
        if self.helpers is None:
            from dbt.hooks.points.helpers import CallHelpers, Helpers

            executed = partial(getattr, self.engine, "executed")
            self.helpers = Helpers(
                self.functions, executed, self._stubs.changed, self.take_failure, self.resume
            )
            self.instrument(CallHelpers(self.helpers), everything=False)
        return self.helpers.add(pc, handler, first=first)

    def trampoline(self, handler: Handler) -> tuple[int, Remove]:
        """A location outside of guest memory whose execution calls ``handler``."""
        return self._trampolines.add(handler)

    # -- what points lead to -----------------------------------------------------------------------

    def wants(self, event: Hit) -> bool:
        """Whether ``hit`` takes the event: not a breakpoint of the program's own, nor a trap of
        another pass. What ``hit`` returned is never for hooks, whatever this says of it."""
        match event:
            case HaltHit(reason=reason, pc=pc):
                return reason == HALT_BREAKPOINT and self._instructions.are_at(pc)
            case TrapHit(reason=reason):
                return reason in (RAISED, LOADED) or reason in self._traps
        return True

    def serve(self, hit: HookHit) -> BlockKey | Ended:
        """See ``Engine.serve``. Events at trampolines are returned; where control goes elsewhere,
        and when a hook has raised something, the engine pauses."""
        key = hit.resume
        pc = key.pc
        if pc not in self.stub_handlers:
            return hit
        handlers = self.stub_handlers[pc]
        location = handlers[0]() if len(handlers) == 1 else self._stubs.fire(pc)
        if location is None and self._to_raise is None:
            return key
        return Slice(key if location is None else self.key_of(location))

    def returned_to_host(self, pc: int) -> None:
        """A function that the host has called returns to it, at a trampoline: run the hooks that
        wait there. It has no code that a breakpoint or the call of a helper could be in."""
        if pc in self.stub_handlers:
            self._stubs.fire(pc)
        if self.helpers is not None:
            self.helpers.points.fire(pc)
        self._breakpoints.fire(pc)

    def hit(self, event: Hit) -> BlockKey | Ended:
        """Runs the hooks that an event is for. Returns the key that is next, or an event of the
        guest's own instruction (which may be a breakpoint at a pc where hooks have one)."""
        match event:
            case HookHit(resume=key) if self._trampolines.at(key.pc) is not None:
                return self.resolve_trampoline(key)
            case HookHit(resume=key):
                location = self._stubs.fire(key.pc)
            case WatchHit(key=key):
                location = self._watches.fire(key.pc)
                probed = self._probes.fire(key.pc)
                location = location if probed is None else probed
            case HaltHit(pc=pc, mode=mode):
                after = self._breakpoint_hit(self._now(BlockKey(pc, mode)))
                return self.resolve_trampoline(after) if isinstance(after, BlockKey) else after
            case TrapHit(pc=pc, reason=reason, mode=mode):
                key = self._now(BlockKey(pc, mode | HOOKED))
                after = self._trapped(key, reason)
                if isinstance(after, HaltHit) and self.wants(after):
                    return self.hit(after)  # a breakpoint was written there since it trapped
                return after
        return key if location is None else self.resolve_trampoline(self.key_of(location))

    def _now(self, key: BlockKey) -> BlockKey:
        """The key of an instruction in a block, with the bits of the guest's state as they are
        there: the instructions before it may have changed them."""
        return self.translator.frontend.in_state(key, self.state)

    def resolve_trampoline(self, key: BlockKey) -> BlockKey:
        """Maps the key of a trampoline to the guest key behind it, by running its handler. Drops
        the trampolines and breakpoints that were removed while control could still reach them."""
        trampoline = self._trampolines.at(key.pc)
        self._trampolines.drop_removed()
        self._instructions.forget_removed()
        return key if trampoline is None else self._behind(trampoline, key)

    def _behind(self, trampoline: Handler, key: BlockKey) -> BlockKey:
        """Where control goes that has come to a trampoline, at ``key``. A jump that keeps the state
        has come in another one than the trampoline's own: it is kept."""
        location = trampoline()
        state = self.translator.frontend.location_of(key) & self._state_bits
        return key if location is None else self.key_of(location | state)

    def _breakpoint_hit(self, key: BlockKey) -> BlockKey | Ended:
        """Our ``bkpt`` has trapped: call the handlers, then execute what belongs there."""
        pc, moment = key.pc, (key.pc, self.insns)
        self._instructions.met(pc)
        if moment != self.resume.breakpoint:
            location = self._breakpoints.fire(pc)
            if location is not None:
                return self.key_of(location)
            self.resume.breakpoint = moment
        word = self._instructions.word(pc)
        if word is None or self._to_raise is not None:  # a handler removed it, or raised
            return key
        key = key.with_mode(HOOKED)  # the stub there has run
        ended = self.engine.end_of_budget(key)
        if ended is not None:  # a breakpoint takes no fuel to come to
            return ended
        with self._instructions.lifted(pc, word):
            return self._step(key)

    def _step(self, key: BlockKey) -> BlockKey | Ended:
        """Execute one instruction, and follow what it does to the stack pointer."""
        after = self.step_once(key)
        if isinstance(after, TrapHit) and self.wants(after):
            return self._trapped(key, after.reason)
        return after

    def _trapped(self, key: BlockKey, reason: str) -> BlockKey | Ended:
        """An instruction has trapped: because of the stack pointer, or as a user of ``trap``
        wants."""
        trap = self._traps.get(reason)
        return self._step_watched(key, reason) if trap is None else trap(key)

    def _step_watched(self, key: BlockKey, reason: str) -> BlockKey | Event:
        """Execute one instruction that has trapped because of the stack pointer, and follow it."""
        old = self.stacks_followed.pointer
        after = self.step_once(key.with_mode(SP_STEP))
        if not isinstance(after, BlockKey):
            return after
        trampoline = self._trampolines.at(after.pc)
        # Hooks may take the trampoline away.
        self.stacks_followed.moved(old, loaded=reason == LOADED)
        return after if trampoline is None else self._behind(trampoline, after)

    def trap(self, reason: str, trap: Trap) -> Remove:
        """Have traps of a pass with this reason not end the run."""
        self._traps[reason] = trap
        return partial(self._traps.__delitem__, reason)

    def step_once(self, key: BlockKey) -> BlockKey | Event:
        """Execute one instruction, whose condition may take a step of its own."""
        after = self.engine.step(key)
        while isinstance(after, BlockKey) and after.pc == key.pc and after.mode & CONDITION_PASSED:
            after = self.engine.step(after)
        return after

    # -- code --------------------------------------------------------------------------------------

    def instrument(self, pass_: Pass, *, everything: bool = True, stubs: bool = False) -> Remove:
        """Run a pass on every block from now on."""
        lists = [self.translator.instrument, *([self._stubs.passes] if stubs else [])]
        for passes in lists:
            passes.append(pass_)
        self.engine.passes_changed(flush=everything)

        def remove() -> None:
            for passes in lists:
                passes.remove(pass_)
            self.engine.passes_changed(flush=True)

        return remove

    def follow_stacks(self, follower: Follower, switched: Switched | None = None) -> Remove:
        """Call ``follower`` when the stack changes (``switched`` before it), and when the pointer
        passes a frame."""
        stacks = self.stacks_followed
        if self._stop_watching_stack is None:
            from dbt.hooks.follow.watch_stack import WatchStack

            self._stop_watching_stack = self.instrument(WatchStack(self.call_abi.stack))
        stacks.add(follower, switched)

        def remove() -> None:
            stacks.remove(follower)
            if not stacks.active and self._stop_watching_stack is not None:
                self._stop_watching_stack()
                self._stop_watching_stack = None

        return remove

    def retranslate(self, pcs: Iterable[int]) -> None:
        """Drop the translations that contain these pcs."""
        for pc in pcs:
            self.engine.discard_pc(pc)

    def retranslate_all(self) -> None:
        """Drop all translations."""
        self.engine.flush()

    def begin_block(self, pc: int) -> Remove:
        """Have a block begin at ``pc``."""
        self.engine.add_boundary(pc)
        return partial(self.engine.remove_boundary, pc)
