"""The event loop: runs the engine and handles each event at which the engine returns."""

import time
from collections.abc import Callable
from functools import partial

from dbt.classes import attrs
from dbt.environment import Environment
from dbt.hooks.machine import Hit, HookMachine
from dbt.interfaces import (
    JUMP_SLOT,
    PC_SLOT,
    FaultHit,
    Frontend,
    HaltHit,
    HookHit,
    State,
    SyscallHit,
    TrapHit,
    WatchHit,
)
from dbt.ir.block import HALT_JUMP, HOOKED, BlockKey
from dbt.log import Log
from dbt.phases import Phase, Phases
from dbt.process.watchdog import Clock
from dbt.runtime.budget import SLICE_SECONDS
from dbt.runtime.engine import Engine
from dbt.runtime.resume import (
    Called,
    Ended,
    LimitReached,
    OfThread,
    Resume,
    Served,
    Slice,
    TurnOver,
)
from dbt.stops import (
    Access,
    GuestFault,
    InsnLimit,
    Killed,
    Requested,
    Returned,
    Stop,
    StopRequested,
    TimeLimit,
    Trapped,
)
from dbt.typing import Any


class EventLoop:
    """Runs a guest from event to event. ``resume`` is the record of where a stopped run continues;
    the engine and the hooks write to it as well. ``served`` is called after each system call, and
    ``report`` makes ``Killed.report`` as soon as the guest is killed."""

    _hooks_alone = True
    """Nothing comes before the hooks of an event, so the engine may run them itself."""

    def __init__(
        self,
        resume: Resume,
        engine: Engine,
        environment: Environment,
        frontend: Frontend,
        state: State,
        hooks: HookMachine,
        clock: Clock,
        log: Log,
        phases: Phases,
        served: Callable[[], None],
        report: Callable[[Killed], str],
    ) -> None:
        self._resume = resume
        self._engine = engine
        serve = partial(phases.around, Phase.SYSCALLS)
        self._syscall, self._fault = serve(environment.syscall), serve(environment.fault)
        self._halt, self._polled = serve(environment.halt), serve(environment.poll)
        self._turn_over = serve(environment.turn_over)
        self._environment = environment
        self._thread = environment.thread
        self._others: dict[int, OfThread] = {}
        """What the resume record has of the threads that do not run now, by their ids."""
        self._aside: BlockKey | None = None
        """The key before which the thread's turn has ended, if no location says that."""
        self._frontend = frontend
        self._state = state
        self._hooks = hooks
        self._hit = phases.around(Phase.HOOKS, hooks.hit)
        self._serve_hooks = phases.around(Phase.HOOKS, hooks.serve)
        self._clock = clock
        self._log = log
        self._served = phases.around(Phase.HOOKS, served)
        self._report = report
        self.returns_at = -1
        """The pc to which a function returns that the host has called; -1 while it calls none."""
        self._poll_at = 0.0
        """When the environment is due to look for signals, by ``time.perf_counter``."""

    def run(self) -> Stop:
        """Run until the guest ends, a limit is reached or a hook requests a stop; returns which.
        Raises what a hook has raised; the next run continues behind that hook."""
        if not self._log.wants("dispatch"):  # else each event is shown
            alone = self._hooks_alone and self.returns_at < 0
            self._engine.serve = self._serve
            self._engine.serve_hook = self._serve_hooks if alone else self._serve
        while True:
            try:
                after = self._step()
            except StopRequested as request:
                return Requested(self._state.get(PC_SLOT), str(request))
            if not isinstance(after, BlockKey):
                return after

    def save(self) -> tuple[Any, ...]:
        """Where the run, and each thread, continues, for ``restore``. Between runs."""
        return self._resume.save(), dict(self._others), self._aside, self._thread

    def restore(self, saved: tuple[Any, ...]) -> None:
        """Have the next run continue where it would have when ``save`` returned this."""
        resume, others, self._aside, self._thread = saved
        self._resume.restore(resume)
        self._others = dict(others)

    def continues_after(self, failure: BaseException) -> bool:
        """Whether one of the user's functions has raised ``failure``. Then the guest's state is
        complete and the next run continues from it."""
        own = failure is self._resume.raised
        self._resume.raised = None  # its traceback holds the process
        return own

    def _step(self) -> BlockKey | Stop:
        """Run to the next event and handle it. Returns the key of the next block, or how the run
        ends."""
        resume = self._resume
        ended, resume.ended = resume.ended, None
        if ended is not None:
            return ended
        try:
            look, resume.look = resume.look, False
            after = (
                self._look(resume.key) if look else self._handle(resume.call or self._next_event())
            )
        except GuestFault as fault:
            if resume.call is not None or fault is resume.raised:  # a hook's own
                raise
            after = self._fetch_fault(fault)
        if isinstance(after, BlockKey):
            resume.key = after
        failure = self._hooks.take_failure()
        if failure is not None:
            if isinstance(after, BlockKey | TimeLimit | InsnLimit):  # a limit is this run's alone
                self._state.set(PC_SLOT, resume.key.pc)
            else:
                resume.ended = after
            raise failure
        return after

    def _next_event(self) -> Ended:
        event = self._engine.run(self._frontend.in_state(self._resume.key, self._state))
        if self._log.wants("dispatch"):
            self._log.write("dispatch", str(event))
        return event

    def _handle(self, event: object) -> BlockKey | Stop:
        """Handle an event. Returns the key of the next block, or how the run ends."""
        match event:
            case HookHit(resume=BlockKey(pc=pc)) if pc == self.returns_at:
                return self._returned(event)
            case HookHit() | WatchHit() | HaltHit() | TrapHit() if self._hooks.wants(event):
                return self._hooked(event)
        return self._handle_without_hooks(event)

    def _handle_without_hooks(self, event: object) -> BlockKey | Stop:
        """Handle an event that no hook waits for. Returns as ``_handle`` does."""
        match event:
            case Slice(key=key) | LimitReached(key=key):
                self._resume.key = key
                if isinstance(event, LimitReached):
                    return InsnLimit(key.pc)
                return TimeLimit(key.pc) if self._clock.overdue() else self._poll(key)
            case TurnOver(key=key):
                self._resume.key = key
                return TimeLimit(key.pc) if self._clock.overdue() else self._end_turn(key)
            case SyscallHit():
                return self._system_call(event)
            case Called(after=after):
                return after
            case FaultHit():
                return self._key(self._fault(event))
            case HaltHit(reason=reason) if reason == HALT_JUMP:
                return self._frontend.key_of(self._state.get(JUMP_SLOT))
            case HaltHit():
                return self._key(self._halt(event))
            case TrapHit(reason=reason, pc=pc, mode=mode):
                return Trapped(reason, pc, self._frontend.location_of(BlockKey(pc, mode)))
        raise AssertionError(event)

    def _system_call(self, event: SyscallHit) -> BlockKey | Stop:
        """Serve a system call. If an entry hook raises, the next run makes the call."""
        again, self._resume.call = self._resume.call is not None, event
        after = self._key(self._syscall(event.number, event.resume, again=again))
        self._resume.call = None
        if not isinstance(after, BlockKey):
            return after
        self._resume.key = after
        self._served()
        return TimeLimit(after.pc) if self._clock.overdue() else after

    def _serve(self, event: Served) -> BlockKey | Ended:
        """See ``Engine.serve``. Where control goes elsewhere, and when a hook has raised something,
        the engine pauses."""
        if type(event) is HookHit:
            if event.resume.pc == self.returns_at:
                return Called(self._returned(event))
            return self._serve_hooks(event)
        assert type(event) is SyscallHit
        thread = self._thread
        after = self._system_call(event)
        if not isinstance(after, BlockKey) or thread != self._thread or self._hooks.has_failed:
            return Called(after)
        here = self._frontend.in_state(after, self._state) == event.resume
        return event.resume if here else Called(after)

    def _returned(self, event: HookHit) -> Returned:
        """A function that the host has called has returned. Hooks may wait for that."""
        self._hooks.returned_to_host(event.resume.pc)
        return Returned(event.resume.pc)

    def _hooked(self, event: Hit) -> BlockKey | Stop:
        """Run the hooks that wait for an event.

        When it is time to look for signals, that comes before them, or else behind them: where
        hooks follow each other closely, the guest stops nowhere else.
        """
        if time.perf_counter() > self._poll_at:
            arrival = self._arrival(event)
            if arrival is not None and (polled := self._look(arrival)) != arrival:
                return polled  # a handler runs first, and control arrives here again
        after = self._hit(event)
        if not isinstance(after, BlockKey):
            return self._handle_without_hooks(after)
        self._resume.key = after
        if self._clock.overdue():
            return TimeLimit(after.pc)
        return self._poll(after) if time.perf_counter() > self._poll_at else after

    def _arrival(self, event: Hit) -> BlockKey | None:
        """The key at which an event for hooks has come, if control can arrive there again as if it
        had not been there; else None."""
        match event:
            case HookHit(resume=BlockKey(pc=pc, mode=mode)):
                return None if pc in self._frontend.host_locations else BlockKey(pc, mode & ~HOOKED)
            case WatchHit(key=key):
                return key
            case HaltHit(pc=pc, mode=mode):
                return self._frontend.in_state(BlockKey(pc, mode), self._state)
        return None

    def _poll(self, key: BlockKey) -> BlockKey | Stop:
        """Look for signals between blocks, unless ``key`` was just reported as watched."""
        return key if key == self._resume.watch else self._look(key)

    def _look(self, key: BlockKey) -> BlockKey | Stop:
        """Let the environment handle signals and the like, if ``key`` can be written as a location.
        Returns what is next."""
        location = self._frontend.location_of(key)
        if self._frontend.in_state(self._frontend.key_of(location), self._state) != key:
            return key
        self._poll_at = time.perf_counter() + SLICE_SECONDS
        self._state.set(PC_SLOT, key.pc)
        if self._engine.on_pause is not None:
            self._hooks.call(self._engine.on_pause, None)
        after = self._key(self._polled(location))
        return key if after == self._frontend.key_of(location) else after

    def _end_turn(self, key: BlockKey) -> BlockKey | Stop:
        """Let another thread of the guest run."""
        location = self._frontend.location_of(key)
        exact = self._frontend.in_state(self._frontend.key_of(location), self._state) == key
        self._poll_at = time.perf_counter() + SLICE_SECONDS
        self._state.set(PC_SLOT, key.pc)
        if self._engine.on_pause is not None:
            self._hooks.call(self._engine.on_pause, None)
        thread, self._aside = self._thread, None if exact else key
        after = self._key(self._turn_over(location, interruptible=exact))
        self._aside = None
        same = self._thread == thread and after == self._frontend.key_of(location)
        return key if same else after

    def _fetch_fault(self, fault: GuestFault) -> BlockKey | Stop:
        """Handle the fault of a fetch of the instruction at ``fault.pc``."""
        self._state.set(PC_SLOT, fault.pc)
        hit = FaultHit(fault.pc, fault.mode, fault.address, Access.EXECUTE)
        return self._key(self._fault(hit))

    def _switched(self, location: int) -> BlockKey:
        """Another thread runs now and continues at a location, at a key that is returned."""
        left, self._thread = self._thread, self._environment.thread
        now = self._engine.executed
        if self._environment.has_thread(left):
            self._others[left] = self._resume.of_thread(now, self._aside)
        mine = self._others.pop(self._thread, OfThread())
        self._resume.enter_thread(mine, now)
        if mine.key is not None and self._frontend.location_of(mine.key) == location:
            return mine.key
        return self._frontend.key_of(location)

    def _key(self, after: int | Stop) -> BlockKey | Stop:
        """The key of the location that the environment returned, or how the guest has ended."""
        if isinstance(after, int):
            if self._environment.thread != self._thread:
                return self._switched(after)
            return self._frontend.key_of(after)
        return (
            attrs.evolve(after, report=self._report(after)) if isinstance(after, Killed) else after
        )
