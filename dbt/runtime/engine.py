"""The engine: keeps an executor supplied with translations until the guest needs the host.

It owns what concerns more than one block: the index of translations, the chain policy, invalidation
and exact instruction budgets. It knows nothing of system calls and signals: ``run`` returns them to
its caller as events.

It is long because running, translating and invalidating depend on who runs at the moment, which
they find out under one lock.
"""

import contextlib
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import takewhile
from time import perf_counter

from dbt.classes import attrs
from dbt.interfaces import (
    PAGE,
    PC_SLOT,
    Context,
    Event,
    Executor,
    Extent,
    FaultHit,
    FuelOut,
    HookHit,
    NotTranslated,
    Pass,
    Reason,
    Rewritten,
    SyscallHit,
    TablesFull,
    WatchHit,
    is_at_heads,
)
from dbt.ir.block import CONDITION_PASSED, Block, BlockKey, Goto, Inst
from dbt.lazy import lazy_property
from dbt.permissions import reason_of
from dbt.phases import Phase
from dbt.runtime.boundaries import Boundaries
from dbt.runtime.budget import SLICE_SECONDS, Budget
from dbt.runtime.chaining import ChainPolicy
from dbt.runtime.memory import GuestMemory
from dbt.runtime.resume import Amid, Called, Ended, LimitReached, Resume, Served, Slice, TurnOver
from dbt.runtime.singles import Singles
from dbt.stops import GuestFault, UsageError
from dbt.typing import Protocol


class Translate(Protocol):
    """Lifts and rewrites one block, which must not extend across a pc in ``boundaries``. Raises
    GuestFault when the code at its pc cannot be fetched."""

    def __call__(
        self, key: BlockKey, boundaries: Collection[int], *, heads: bool | None = None
    ) -> Block:
        """``heads``: only passes that add to the front of blocks are run, or only the others."""


def _never(key: BlockKey) -> bool:
    """``is_plain`` where every block is made from IR."""
    del key
    return False


def _quiet(text: str) -> None:
    """``on_invalidate`` when none is given."""


def _nothing() -> bool:
    """``all_plain`` where every block is made from IR."""
    return False


def _not_rewritten(key: BlockKey, boundaries: Collection[int]) -> None:
    """``rewrite`` where only ``translate`` makes IR."""


def _return_it(hit: Served) -> Served:
    """``serve`` when each event is returned."""
    return hit


def _here(key: BlockKey) -> BlockKey:
    """Trampolines resolved when there are none."""
    return key


class Engine:
    """Runs a guest from key to key. One engine per guest address space.

    ``ahead`` is how many further blocks are translated along known exits whenever one is missing:
    0 where blocks are made one by one, more where compiling in batches is cheaper. ``resume`` is
    the process's record of where a stopped run continues; an engine that is used by itself makes
    one.
    ``is_plain``, ``all_plain`` and ``rewrite`` are those of ``dbt.translate.Translator``: what is
    plain may be made by the executor, and what is rewritten, too. With ``show_copied``,
    ``translate`` is called for what is plain all the same, to show or to verify its IR.
    """

    _passes_changed = False
    """Passes have come or gone while the executor waits."""
    _stepping = False
    _end = 0.0
    """When the present slice is over, by ``perf_counter``."""
    on_pause: Callable[[None], object] | None = None
    """Called by who runs the engine, between blocks, at the end of slices."""
    on_missing: Callable[[BlockKey], bool] | None = None
    """Called before a block is made that the guest has come to, with registers as they are there;
    returns whether it has changed hooks. Then no block is made ahead, and none by the executor."""

    def __init__(
        self,
        executor: Executor,
        context: Context,
        memory: GuestMemory,
        translate: Translate,
        policy: ChainPolicy,
        *,
        insn_sizes: Sequence[int],
        ahead: int = 0,
        on_invalidate: Callable[[str], None] | None = None,
        on_install: Callable[[BlockKey], None] | None = None,
        is_plain: Callable[[BlockKey], bool] = _never,
        all_plain: Callable[[], bool] = _nothing,
        rewrite: Callable[[BlockKey, Collection[int]], Rewritten | None] = _not_rewritten,
        show_copied: bool = False,
        resume: Resume | None = None,
    ) -> None:
        self.executor = executor
        self.context = context
        self.memory = memory
        self.policy = policy
        self.cache = executor.index
        self.budget = Budget(executor)
        self.resume = Resume(BlockKey(0)) if resume is None else resume
        self.invalidations = 0
        around = context.phases.around
        self._translate = around(Phase.TRANSLATION, translate)
        self._provide = around(Phase.TRANSLATION, self.provide)
        self._is_plain, self._all_plain, self._rewrite = is_plain, all_plain, rewrite
        self._show_copied = show_copied
        self._insn_sizes = insn_sizes
        self._ahead = ahead
        self._made = 0  # blocks
        self._made_insns = 0
        self._note = on_invalidate or _quiet
        self._installed = on_install
        self.step_passes: list[Pass] = []
        """Run on each instruction that is executed one by one, behind what else is done to it: they
        see what translated code leaves to the evaluator."""
        self._boundaries = Boundaries(
            self._cut,
            lambda pc, present: executor.set_boundary(pc, present=present),
        )
        self._watched: set[int] = set()
        self._probed: set[int] = set()
        self._runner = 0  # the thread in which the executor runs
        self._starting = threading.RLock()
        """Held while ``_runner`` changes, and while translations are discarded."""
        self._is_full = False
        """The executor had no room, and has not run since."""
        self._later_all = False
        """All translations are to be discarded when the executor has returned."""
        self._later: list[BlockKey] = []  # to be discarded when it has returned
        self._serving = False
        """The executor waits while hooks run or a system call is made, as if it did not run."""
        self._instead: Ended | None = None
        """What is to be returned in place of the event that the executor returns."""
        self.serve: Callable[[Served], BlockKey | Ended] = _return_it
        """Runs the hooks that a HookHit is for, or makes the system call of a SyscallHit, while the
        executor waits. Returns the key of the event if the guest continues there, or what ``run``
        has to return."""
        self.serve_hook: Callable[[HookHit], BlockKey | Ended] = _return_it
        """``serve`` for HookHits alone."""
        executor.on_hit = self._on_hit
        self.resolve_trampoline: Callable[[BlockKey], BlockKey] = _here
        """Maps the key of a trampoline to the guest key behind it. Called before ``run`` returns
        between blocks, so that callers see guest addresses only. May raise GuestFault."""
        functions = self._functions = context.functions
        functions.on_failure, functions.on_change = self.budget.take_away, self.flush
        memory.on_code_write = self._on_code_write
        memory.protection.on_lapse = self._on_lapse
        policy.listeners.append(self.policy_changed)
        self.policy_changed()

    # -- running -----------------------------------------------------------------------------------

    @property
    def executed(self) -> int:
        """Guest instructions completed since the beginning; exact while ``run`` does not run."""
        budget = self.budget
        return budget.granted - self.executor.fuel - budget.held

    @property
    def translated_blocks(self) -> int:
        """Number of blocks made since the beginning."""
        return self._made + self.executor.made.blocks

    @property
    def translated_insns(self) -> int:
        """Number of guest instructions that they count."""
        return self._made_insns + self.executor.made.insns

    @property
    def busy(self) -> bool:
        """True while guest code runs, and while an event has yet to be handled. Trampolines and
        breakpoints must not be removed then, for the event may concern one of them."""
        runs = self._runner != 0 and not self._serving
        return runs or self._stepping or self.resume.event is not None

    def run(self, key: BlockKey) -> Ended:
        """Run from ``key`` until the guest needs the host, a slice is over or the limit is reached.

        Raises GuestFault (an execute access) when the code at the next pc cannot be fetched. When a
        function that the guest's code invoked has raised an exception, it raises that exception
        in place of returning an event; the next ``run`` returns the event, whatever its key.
        """
        resume = self.resume
        event, resume.event = resume.event, None
        if event is not None:
            return event
        event = self._run(key)
        failure = self.context.functions.take_failure()
        if failure is None:
            return self._resolved(event)
        resume.event = event
        resume.raised = failure
        with contextlib.suppress(GuestFault):  # the next run meets it again
            if (
                isinstance(event, HookHit)
                and (behind := self.resolve_trampoline(event.resume)) != event.resume
            ):
                # A trampoline takes no fuel, so the guest has already left the block.
                event = Slice(behind)
            resume.event = self._resolved(event)
        raise failure

    def _resolved(self, event: Ended) -> Ended:
        if isinstance(event, Slice | LimitReached | TurnOver):
            with self.context.phases.within(Phase.HOOKS):
                key = self.resolve_trampoline(event.key)
            event = attrs.evolve(event, key=key)
            self.context.state.set(PC_SLOT, event.key.pc)
        return event

    def _run(self, key: BlockKey) -> Ended:
        # Fuel is filled up whenever the executor is back: where a guest often needs a translation,
        # only the clock tells that a slice is over.
        resume = self.resume
        end = perf_counter() + SLICE_SECONDS
        while True:
            if self._failed:
                return Slice(key)
            if key != resume.watch:
                resume.watch = None
            if self._is_watched(key):
                resume.watch = key
                return WatchHit(key)
            self.budget.grant()
            started = perf_counter()
            event = self._execute(key, end)
            entered = not isinstance(event, FuelOut | NotTranslated) or event.key != key
            if entered:
                resume.watch = None
            match event:
                case WatchHit(key=key):
                    continue
                case NotTranslated(key=key):
                    self._come_to(key)
                case FuelOut(key=key):
                    return self._out_of_fuel(key, perf_counter() - started)
                case FaultHit() if reason_of(self.memory.perms, event) is not Reason.FAULT:
                    stepped = self._step_refused(event)
                    if not isinstance(stepped, BlockKey):
                        return stepped
                    key = stepped
                case _:
                    return event
            if perf_counter() > end:
                return Slice(key)

    def _come_to(self, key: BlockKey) -> None:
        """Make the block at a key, unless there are hooks now to be looked at first."""
        if self.on_missing is None or not self.on_missing(key):
            self._provide(key)

    def _execute(self, key: BlockKey, end: float) -> Ended:
        """Run the executor, or make room for it. What is left of a block comes first."""
        if self.resume.amid is not None:
            after = self._leave_block(key)
            if after != key:
                return NotTranslated(after) if isinstance(after, BlockKey) else after
        try:
            event = self._enter(key, end)
        except TablesFull:
            self._make_room()
            return NotTranslated(key)
        self._is_full = False
        return event

    def _enter(self, key: BlockKey, end: float) -> Ended:
        """Run the executor, and until the time ``end`` the hooks of stubs and system calls; then
        discard the translations that could not go while it ran."""
        with self._starting:
            self._runner = threading.get_ident()
        seen = self._show_copied or self._installed is not None or self.on_missing is not None
        self.executor.autonomous = not seen and self._all_plain()
        self._end = end
        try:
            event = self.executor.run(key)
            instead, self._instead = self._instead, None
            if instead is not None:
                return instead
            if self._failed and isinstance(event, NotTranslated):
                return FuelOut(event.key)
            if self.budget.held and isinstance(event, FuelOut):
                return NotTranslated(event.key)  # it has come back, and may go on
            return event
        finally:
            self.budget.give_back()
            with self._starting:
                self._runner = 0
                if self._later_all:
                    self._later_all, self._later = False, []
                    self.flush()
                elif self._later:
                    later, self._later = self._later, []
                    self.discard(later)

    def _on_hit(self, hit: Served) -> bool:
        """See ``Executor.on_hit``. What is left over by functions that the guest's code invoked
        has to be done before hooks run, and when a slice is over, signals come before them."""
        if (
            self._later
            or self._later_all
            or self.budget.held
            or self._functions.failure is not None
            or perf_counter() > self._end
        ):
            return False
        key, serve = hit.resume, self.serve_hook if type(hit) is HookHit else self.serve
        self.resume.watch = None  # its block was entered
        self._serving = True
        try:
            after = serve(hit)  # type: ignore[arg-type]
        finally:
            self._serving = False
        if after is key:
            if type(hit) is SyscallHit and self._pauses_before(key):
                self._instead = Called(key)
                return False
            if self._passes_changed:
                self._passes_changed = False
                self.executor.autonomous = self.executor.autonomous and self._all_plain()
            return True
        self._instead = Slice(after) if isinstance(after, BlockKey) else after
        return False

    def _pauses_before(self, key: BlockKey) -> bool:
        """Whether the executor may not go on at a key behind a system call, which may have changed
        what is watched, how long the turn is, and what is translated."""
        return bool(self._later or self._later_all or not self.budget.fits or self._is_watched(key))

    @property
    def _failed(self) -> bool:
        """True when a function that the guest's code invoked has raised an exception."""
        return self.context.functions.failure is not None

    def _is_watched(self, key: BlockKey) -> bool:
        for pcs in (self._watched, self._probed):
            if pcs and key.arrives_at(pcs):
                return key != self.resume.watch
        return False

    def _out_of_fuel(self, key: BlockKey, seconds: float) -> Ended:
        if self._failed:
            return Slice(key)
        self.budget.adapt(seconds)
        return self._finish(key) if self.budget.spent else Slice(key)

    def _finish(self, key: BlockKey) -> Ended:
        """Execute what is left of the budget, one instruction at a time."""
        while self.executor.fuel > 0 or key.mode & CONDITION_PASSED:
            event = self._step_on(key)
            if not isinstance(event, BlockKey):
                return event
            key = event
        return self._end_of_budget(key)

    def _end_of_budget(self, key: BlockKey) -> LimitReached | TurnOver:
        """What has ended when nothing of the budget is left: the run, or a thread's turn."""
        budget = self.budget
        return LimitReached(key) if budget.granted >= budget.limit else TurnOver(key)

    def end_of_budget(self, key: BlockKey) -> LimitReached | TurnOver | None:
        """What has ended before ``key``; None when more instructions may be executed."""
        budget = self.budget
        if budget.executed < min(budget.limit, budget.turn_end):
            return None
        return LimitReached(key) if budget.executed >= budget.limit else TurnOver(key)

    def _leave_block(self, key: BlockKey) -> BlockKey | Ended:
        """Execute the rest of the block that was left last, if it was left before ``key``, one
        instruction at a time: in a block of its own it would be counted a second time."""
        resume = self.resume
        while resume.amid is not None and resume.amid.key == key:
            if self.executor.fuel <= 0:
                return self._end_of_budget(key)
            event = self._step_on(key)
            if not isinstance(event, BlockKey):
                return event
            key = event
        resume.amid = None
        return key

    def _step_on(self, key: BlockKey) -> BlockKey | Ended:
        """Execute one instruction, unless it is watched. Returns the key that follows, or what
        ``run`` has to return."""
        if self._is_watched(key):
            self.resume.watch = key
            return WatchHit(key)
        event = self._step_in_block(key)
        self.resume.watch = None
        if self._failed and isinstance(event, BlockKey):
            return Slice(event)
        return event

    def _step_in_block(self, key: BlockKey) -> BlockKey | Event:
        """As ``step``. Has passes add to the front of blocks only what belongs there."""
        if not any(map(is_at_heads, self.context.passes)):
            return self.step(key)
        amid, self.resume.amid = self.resume.amid, None
        if amid is None or amid.key != key:
            from dbt.ir.ops import INSN

            whole = self._lifted(key, self._boundaries.pcs, heads=True)
            front = list(takewhile(lambda inst: inst.op is not INSN, whole.insts))
            amid = Amid(key, key.pc + whole.size)
            ended = self._run_front(Block(key, front, Goto(key)), whole.insn_count)
            if ended is not None:
                return ended
        event = self.step(key, ())
        if isinstance(event, BlockKey):
            follows = event.pc in self._behind(key.pc)
            self.resume.amid = Amid(event, amid.end) if follows and event.pc < amid.end else None
        return event

    def _run_front(self, front: Block, counted: int) -> Event | None:
        """Execute what passes have added to the front of a block of so many instructions. They have
        taken their fuel then, as in compiled code. Returns what ends the block there, or None."""
        from dbt.execute import Edge, execute

        self.executor.fuel -= counted
        self._stepping = True
        try:
            with self.context.phases.within(Phase.EVALUATOR):
                result, _ = execute(front, self.context)
        finally:
            self._stepping = False
            self.executor.fuel += counted
        return None if isinstance(result, Edge) else result

    def _behind(self, pc: int) -> set[int]:
        """Where an instruction may begin that is behind the one at ``pc``."""
        return {pc + size for size in self._insn_sizes}

    def step(self, key: BlockKey, front: Sequence[Inst] | None = None) -> BlockKey | Event:
        """Execute one instruction with the reference evaluator. Returns the key that follows, or an
        event. With ``front`` it is a part of a block, and these stand before it in place of what
        passes add to the front of a block that has this instruction alone.

        A conditional instruction may take two steps, the second with the CONDITION_PASSED mode bit.
        """
        from dbt.execute import Edge, execute

        if front is None:
            block = self._single(key)
        else:
            block = self._lifted(key, self._behind(key.pc), heads=False)
            block.insts[:0] = front
        self.executor.fuel -= block.insn_count
        self._stepping = True
        try:
            with self.context.phases.within(Phase.EVALUATOR):
                result, completed = execute(block, self.context)
        finally:
            self._stepping = False
        self.executor.fuel += block.insn_count - completed
        self.budget.give_back()
        return result.key if isinstance(result, Edge) else result

    def _single(self, key: BlockKey) -> Block:
        """The block of one instruction. That of plain code is kept: the turns of threads often end
        in the same places."""
        if self.context.passes or self.step_passes or self._show_copied or not self._is_plain(key):
            return self._lift_single(key)
        return self._singles.get(key)

    @lazy_property
    def _singles(self) -> Singles:
        return Singles(self.memory, self._lift_single)

    def _lift_single(self, key: BlockKey) -> Block:
        return self._lifted(key, self._behind(key.pc), heads=None)

    def _lifted(self, key: BlockKey, ends: Collection[int], *, heads: bool | None) -> Block:
        """A block to execute at once. Raises GuestFault, which names the key."""
        try:
            block = self._translate(key, ends, heads=heads)
        except GuestFault as fault:
            fault.pc, fault.mode = key.pc, key.mode
            raise
        for pass_ in self.step_passes:
            pass_.run(block)
        return block

    def _step_refused(self, fault: FaultHit) -> BlockKey | Event:
        """Execute the instruction whose access was refused though the guest may make it: a store to
        a page that holds translated code, which invalidates the translations first, or an access to
        a watched page. Returns as ``step`` does."""
        key = BlockKey(fault.pc, fault.mode)
        if self.context.lifter is not None:
            key = self.context.lifter.in_state(key, self.context.state)
        if any(map(is_at_heads, self.context.passes)):  # the block that it is in was counted
            end = key.pc + self._lifted(key, self._boundaries.pcs, heads=True).size
            self.resume.amid = Amid(key, end)
        stepped = self._step_in_block(key)
        match stepped:
            case BlockKey(pc=fault.pc, mode=mode) if mode & CONDITION_PASSED:
                return self._step_in_block(stepped)
        return stepped

    @contextlib.contextmanager
    def forking(self) -> Iterator[None]:
        """A context in which this thread may fork the host process: no other thread is amid a
        change of the translations, which the child could neither finish nor wait for."""
        with self._starting, self.executor.forking():
            yield

    # -- translating -------------------------------------------------------------------------------

    def provide(self, key: BlockKey) -> None:
        """Translate and install ``key`` and up to ``ahead`` blocks along its known exits."""
        waiting = [key]
        for _ in range(1 + (0 if self.on_missing else self._ahead)):
            while waiting and waiting[0] in self.cache:
                waiting.pop(0)
            if not waiting:
                return
            try:
                block = self._install(waiting[0])
            except Exception as error:  # of code, or of a pass: raised if the guest gets there
                if waiting[0] == key:
                    if isinstance(error, GuestFault):
                        error.pc, error.mode = key.pc, key.mode
                    raise
                waiting.pop(0)
                continue
            if self._ahead:
                waiting.extend(block.targets)

    def _install(self, key: BlockKey) -> Extent:
        block = None
        while block is None:
            try:
                block = self._make(key)
            except TablesFull:
                self._make_room()
        for page in block.pages:
            self.memory.mark_code(page)
        self._made += 1
        self._made_insns += block.insn_count
        if self._installed is not None:
            self._installed(key)
        return block

    def _make_room(self) -> None:
        """Drop all blocks. Raises UsageError if that was in vain the last time."""
        if self._is_full:
            raise UsageError("the host has no memory for translated code")
        self._is_full = True
        self._note("tables full: all blocks dropped")
        self.flush()

    def _make(self, key: BlockKey) -> Extent:
        """Have the executor make the block at a key, or make it from IR. Raises TablesFull."""
        rewritten = None
        if self._is_plain(key):
            self.memory.fetch(key.pc, self._insn_sizes[-1])
            made = self.executor.translate(key, self._boundaries.pcs, self._block)
            if made is not None:
                if self._show_copied:
                    self._block(key, made.size)
                return made
        elif rewritten := self._rewrite(key, self._boundaries.pcs):
            made = self.executor.translate(key, self._boundaries.pcs, self._block, rewritten)
            if made is not None:
                return made
            block = rewritten.block
            rewritten.optimise(block)
        if rewritten is None:
            block = self._translate(key, self._boundaries.pcs)
        self.executor.install(block)
        return Extent.of(block)

    def _block(self, key: BlockKey, size: int) -> Block:
        """The IR of so many bytes of code."""
        return self._translate(key, {key.pc + size})

    # -- invalidating ------------------------------------------------------------------------------

    def discard(self, keys: Iterable[BlockKey]) -> None:
        """Drop translations; each is made anew when the guest next reaches it.

        While the executor runs, they are kept until it returns, for one of them may be running. A
        call from a function that the guest's code invoked makes it return at the next block.
        """
        keys = list(keys)
        with self._starting:
            if self._waits:
                self.executor.discard(keys)
            elif keys:
                self._later += keys
                if self._runner == threading.get_ident():
                    self.budget.take_away()

    def _on_lapse(self) -> None:
        """The host protects memory no more: return from code without checks at the next block."""
        if self._runner == threading.get_ident():
            self.budget.take_away()

    @property
    def _waits(self) -> bool:
        """Whether no guest code runs until the caller, in this thread, has returned."""
        return not self._runner or (self._serving and self._runner == threading.get_ident())

    def _cut(self, pc: int) -> None:
        """Drop the translations that extend across a pc."""
        with self._starting:
            self.discard(self.cache.across(pc))

    def flush(self) -> None:
        """Drop every translation."""
        pages = self.cache.pages()
        with self._starting:
            if self._waits:
                self.executor.clear()
            else:
                self._later_all = True  # also what is made until then
                self.discard(list(self.cache))
        for page in pages:
            self.memory.clear_code(page)

    def discard_pc(self, pc: int) -> None:
        """Drop every translation that begins at ``pc`` or contains it."""
        self.discard(self.cache.at(pc) + self.cache.across(pc))

    def _on_code_write(self, page: int) -> None:
        keys = self.cache.on_page(page)
        self._note(f"page {page * PAGE:#x}: {len(keys)} blocks invalidated")
        self.invalidations += 1
        self.discard(keys)
        self.memory.clear_code(page)

    # -- watching ----------------------------------------------------------------------------------

    def watch(self, pc: int) -> None:
        """Return WatchHit whenever control arrives at ``pc``, and let nothing chain into it."""
        self.add_boundary(pc)
        self._watched.add(pc)
        self.executor.watch(self._watched, {pc})

    def unwatch(self, pc: int) -> None:
        """Undo ``watch``."""
        self._watched.discard(pc)
        self.executor.watch(self._watched, {pc})
        self.remove_boundary(pc)

    def probe(self, pc: int) -> None:
        """Return WatchHit whenever a block begins at ``pc``, and leave chaining as it is: every
        block tests its own probe. The first probe has everything translated anew."""
        if not self._probed:
            self.flush()
        self.add_boundary(pc)
        self._probed.add(pc)
        self.executor.probe(self._probed, {pc})

    def unprobe(self, pc: int) -> None:
        """Undo ``probe``. The last probe to go has everything translated anew, without tests."""
        self._probed.discard(pc)
        self.remove_boundary(pc)
        if not self._probed:
            self.flush()
        self.executor.probe(self._probed or None, {pc})

    # -- boundaries and policy ---------------------------------------------------------------------

    def add_boundary(self, pc: int) -> None:
        """See to it that blocks begin at ``pc``, and do not extend across it, until as many
        calls of ``remove_boundary``."""
        self._boundaries.add(pc)

    def remove_boundary(self, pc: int) -> None:
        """Undo one ``add_boundary``."""
        self._boundaries.remove(pc)

    def passes_changed(self, *, flush: bool) -> None:
        """Passes on the guest's blocks have come or gone. ``flush``: drop all translations."""
        self._passes_changed = True
        if flush:
            self.flush()

    def policy_changed(self, pcs: Collection[int] | None = None) -> None:
        """Make the executor obey the chain policy, which has changed about some pcs, or, None,
        about anything. Ranges have no boundaries."""
        if pcs is None:
            self._boundaries.follow_policy(self.policy.boundaries())
        elif not isinstance(pcs, range):
            for pc in pcs:
                self._boundaries.follow_policy_at(pc, needed=self.policy.is_boundary(pc))
        self.executor.apply(self.policy, pcs)
