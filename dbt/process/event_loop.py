"""The event loop: runs the engine, sees to each event, and knows where a stopped run continues."""

from collections.abc import Callable

from dbt.environment import Environment
from dbt.hooks import StopRequested
from dbt.hooks.machine import Hit, HookMachine
from dbt.interfaces import (
    FaultHit,
    Frontend,
    HaltHit,
    HookHit,
    State,
    SyscallHit,
    TrapHit,
    WatchHit,
)
from dbt.ir.block import BlockKey
from dbt.log import Log
from dbt.process.watchdog import Clock
from dbt.runtime.engine import Engine
from dbt.runtime.resume import Ended, LimitReached, Resume, Slice
from dbt.stops import Access, GuestFault, InsnLimit, Requested, Stop, TimeLimit, Trapped


class EventLoop:
    """Runs a guest from event to event. ``resume`` is the record that the engine and the hooks
    share; ``served`` is called behind each system call."""

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
        served: Callable[[], None],
    ) -> None:
        self._resume = resume
        self._engine = engine
        self._environment = environment
        self._frontend = frontend
        self._state = state
        self._hooks = hooks
        self._clock = clock
        self._log = log
        self._served = served

    def run(self) -> Stop:
        """Run until the guest ends, a limit is reached or a hook asks for it. Raises what a hook
        has raised; the next run then continues behind it."""
        while True:
            try:
                after = self._step()
            except StopRequested as request:
                return Requested(self._state.get("pc"), str(request))
            if not isinstance(after, BlockKey):
                return after

    def continues_after(self, failure: BaseException) -> bool:
        """Whether a function of the user's has raised it: then the guest's state is whole, and the
        next run continues from it."""
        own = failure is self._resume.raised
        self._resume.raised = None  # its traceback holds the process
        return own

    def _step(self) -> BlockKey | Stop:
        """Run to the next event, and see to it. Returns the key that is next, or how the run
        ends."""
        resume = self._resume
        ended, resume.ended = resume.ended, None
        if ended is not None:
            return ended
        try:
            after = self._see_to(resume.call or self._next_event())
        except GuestFault as fault:
            if resume.call is not None or fault is resume.raised:  # a hook's own
                raise
            after = self._fetch_fault(fault)
        if isinstance(after, BlockKey):
            resume.key = after
        failure = self._hooks.take_failure()
        if failure is not None:
            if isinstance(after, BlockKey | TimeLimit | InsnLimit):  # a limit is this run's alone
                self._state.set("pc", resume.key.pc)
            else:
                resume.ended = after
            raise failure
        return after

    def _next_event(self) -> Ended:
        event = self._engine.run(self._frontend.in_state(self._resume.key, self._state))
        if self._log.wants("exec"):
            self._log.write("exec", str(event))
        return event

    def _see_to(self, event: object) -> BlockKey | Stop:
        """What follows an event: the key that is next, or how the run ends."""
        match event:
            case HookHit() | WatchHit() | HaltHit() | TrapHit() if self._hooks.wants(event):
                return self._hooked(event)
        return self._see_to_the_guests(event)

    def _see_to_the_guests(self, event: object) -> BlockKey | Stop:
        """What follows an event that is not for hooks."""
        environment = self._environment
        match event:
            case Slice(key=key) | LimitReached(key=key):
                self._resume.key = key
                if isinstance(event, LimitReached):
                    return InsnLimit(key.pc)
                return TimeLimit(key.pc) if self._clock.overdue() else self._poll(key)
            case SyscallHit():
                return self._system_call(event)
            case FaultHit():
                return self._key(environment.fault(event))
            case HaltHit(reason="jump"):
                return self._frontend.key_of(self._state.get("jump"))
            case HaltHit():
                return self._key(environment.halt(event))
            case TrapHit(reason="alignment" as reason, pc=pc, mode=mode):
                return self._key(environment.halt(HaltHit(reason, pc, mode)))
            case TrapHit(reason=reason, pc=pc):
                return Trapped(reason, pc)
        raise AssertionError(event)

    def _system_call(self, event: SyscallHit) -> BlockKey | Stop:
        """Serve a system call. If an entry hook raises, it is made when the run is continued."""
        again, self._resume.call = self._resume.call is not None, event
        after = self._key(self._environment.syscall(event.number, event.resume, again=again))
        self._resume.call = None
        if not isinstance(after, BlockKey):
            return after
        self._resume.key = after
        self._served()
        return TimeLimit(after.pc) if self._clock.overdue() else after

    def _hooked(self, event: Hit) -> BlockKey | Stop:
        """Run the hooks that an event is for."""
        after = self._hooks.hit(event)
        if not isinstance(after, BlockKey):
            return self._see_to_the_guests(after)
        self._resume.key = after
        return TimeLimit(after.pc) if self._clock.overdue() else after

    def _poll(self, key: BlockKey) -> BlockKey | Stop:
        """Look for what has come from outside, at keys that a location can name."""
        location = self._frontend.location_of(key)
        named = self._frontend.in_state(self._frontend.key_of(location), self._state)
        if named != key or key == self._resume.watch:
            return key
        self._state.set("pc", key.pc)
        return self._key(self._environment.poll(location))

    def _fetch_fault(self, fault: GuestFault) -> BlockKey | Stop:
        """Execution reached ``fault.address``, which cannot be executed."""
        self._state.set("pc", fault.address)
        hit = FaultHit(fault.address, 0, fault.address, Access.EXECUTE)
        return self._key(self._environment.fault(hit))

    def _key(self, after: int | Stop) -> BlockKey | Stop:
        return self._frontend.key_of(after) if isinstance(after, int) else after
