"""A process as a debugger drives it: single threads and instructions, registers, memory, held
signals."""

import errno
import os
from collections.abc import Callable, Collection

from dbt.hooks.machine import HookMachine
from dbt.hooks.registry import Hooks
from dbt.interfaces import PC_SLOT, Debuggable, DebugTarget, Frontend, State
from dbt.ir.block import CONDITION_PASSED, BlockKey
from dbt.linux.kernel import Kernel
from dbt.linux.state.held_signals import HeldSignals
from dbt.linux.state.siginfo import SI_USER, SigInfo
from dbt.linux.state.threads import Thread
from dbt.process.interrupts import Interrupts
from dbt.process.watchdog import Clock
from dbt.runtime.budget import UNLIMITED
from dbt.runtime.engine import Engine
from dbt.stops import (
    Access,
    Exited,
    GuestFault,
    InsnLimit,
    Killed,
    Stop,
    TimeLimit,
    Trapped,
    UsageError,
)
from dbt.typing import TypeVar

T = TypeVar("T")


class Busy(Exception):
    """A thread waits in a system call: its registers cannot be changed."""


class Debuggee:
    """Drives a process that does not run. Threads are given by their ids. ``run`` is
    ``Process.run``.

    Raises UsageError for a guest of which no debugger knows the registers.
    """

    def __init__(
        self,
        run: Callable[[int | None], Stop],
        frontend: Frontend,
        engine: Engine,
        machine: HookMachine,
        hooks: Hooks,
        kernel: Kernel,
        clock: Clock,
    ) -> None:
        if not isinstance(frontend, Debuggable):
            raise UsageError(f"debuggers know no registers of guests of {frontend.name}")
        self._run_process = run
        self.state, self._memory = machine.state, engine.memory
        self.target: DebugTarget = frontend.debug_target(kernel.options.cpu)
        self.engine, self.machine, self.kernel = engine, machine, kernel
        self._frontend = frontend
        self._resume, self._budget, self._clock = engine.resume, engine.budget, clock
        self._hooks = hooks
        self._undo: list[Callable[[], object]] = []
        self.signals = HeldSignals(self._pause)
        self.interrupts: Interrupts | None = None
        self._step: int | None = None
        """The thread that executes one instruction in this run."""

    # -- coming and going --------------------------------------------------------------------------

    def attach(
        self,
        descriptor: int,
        *,
        on_program: Callable[[], None],
        on_fork_child: Callable[[], None],
    ) -> None:
        """Hold the guest's signals, and end runs when something can be read from a descriptor.
        ``on_program`` is called when another program is in memory, before its first instruction,
        and ``on_fork_child`` in a forked child, which is not debugged."""
        kernel = self.kernel
        forked = kernel.on_fork_child

        def in_child() -> None:
            forked()
            self.leave_child()
            on_fork_child()

        kernel.on_fork_child = in_child
        kernel.threads.on_turn = self._turn
        kernel.keeps_host = True
        kernel.signals.hold(self.signals)
        kernel.signals.expect_nudges()
        kernel.enter_guest()
        self._undo = [
            lambda: setattr(kernel, "on_fork_child", forked),
            self._hooks.on_program(on_program),
        ]
        self.interrupts = Interrupts(descriptor, self._clock)

    def detach(self) -> None:
        """Undo ``attach``. The descriptor's end must have come. What is held will be delivered."""
        if self.interrupts is not None:
            self.interrupts.close()
        self._leave()
        self.kernel.keeps_host = False
        self._resume.look = True

    def leave_child(self) -> None:
        """In a forked child: run without a debugger, to the end."""
        self._leave()
        self._budget.limit, self._clock.deadline = UNLIMITED, None

    def _leave(self) -> None:
        self.interrupts = None
        for undo in self._undo:
            undo()
        self._undo.clear()
        kernel = self.kernel
        kernel.threads.on_turn, kernel.threads.may_run = _ignore, _always
        if self.signals.held is not None:
            self.resume_with(self.signals.held.signal)
        kernel.signals.hold(None)

    # -- running -----------------------------------------------------------------------------------

    def run(
        self, step: int | None = None, frozen: Collection[int] = (), limit: int | None = None
    ) -> Stop:
        """Run until something stops the guest. ``step``: or until this thread has executed one
        instruction, or has come back from the system call that it was in; then it returns
        InsnLimit. ``limit``: or until so many instructions were executed. Threads that are
        ``frozen`` do not run, except in a replay. TimeLimit: there is something to read."""
        threads, self._step = self.kernel.threads, step
        frozen = () if self.kernel.repeats else frozen
        threads.may_run = (lambda tid: tid not in frozen) if frozen else _always
        if threads.current.tid in frozen:
            threads.begin_turn(0)
        try:
            steps = step is not None and step == threads.current.tid
            limit = 1 if steps else limit
            if steps and self._resume.look:  # to enter a handler is a step
                before = self._location
                stop = self._run(0)
                if not isinstance(stop, InsnLimit) or self._location != before:
                    return stop
            stop = self._run(limit)
            if isinstance(stop, TimeLimit) and self._resume.key.mode & CONDITION_PASSED:
                after = self._run(0)  # to the end of the instruction
                return stop if isinstance(after, InsnLimit) else after
            return stop
        finally:
            self._step = None

    @property
    def repeats(self) -> bool:
        """Whether the run is one that was recorded. Nothing of it can be changed then."""
        return self.kernel.repeats

    def ends(self, stop: Stop) -> bool:
        """Whether nothing can follow how a run has ended."""
        return isinstance(stop, Exited | Killed | Trapped)

    def _run(self, limit: int | None) -> Stop:
        if self.interrupts is None:
            return self._run_process(limit)
        with self.interrupts.watching():
            return self._run_process(limit)

    def _turn(self, thread: Thread) -> None:
        """A thread's turn begins: the run ends behind its step, whenever that is."""
        if self._step is None:
            return
        if thread.tid != self._step:
            self._budget.limit = UNLIMITED
        else:
            self._budget.limit = self._budget.executed + (thread.call is None)

    def _pause(self) -> None:
        """Have the guest execute nothing more in this run."""
        self._budget.limit = self._budget.executed

    # -- threads -----------------------------------------------------------------------------------

    @property
    def current(self) -> int:
        """The thread that has run last."""
        return self.kernel.threads.current.tid

    def threads(self) -> list[int]:
        """All threads, in the order in which they were made."""
        return [thread.tid for thread in self.kernel.threads]

    def name(self, tid: int) -> bytes:
        """The name of a thread."""
        thread = self.kernel.threads.get(tid)
        return b"" if thread is None else thread.name

    def read(self, tid: int, read: Callable[[State, int], T]) -> T:
        """Call a function with the state of a thread and its location. Raises KeyError for no
        thread."""
        thread = self._thread(tid)
        state = self.state
        if tid == self.current:
            return read(state, self._location)
        mine = state.save()
        state.load(thread.registers)
        try:
            return read(state, thread.location)
        finally:
            state.load(mine)

    def change(self, tid: int, write: Callable[[State, int], int]) -> None:
        """Call a function that may change the state of a thread, and returns its new location.
        Raises KeyError for no thread, and Busy."""
        thread = self._thread(tid)
        state = self.state
        if self.repeats:
            raise Busy
        if tid == self.current:
            self._go_to(write(state, self._location))
            return
        if thread.call is not None or not thread.interruptible:
            raise Busy
        mine = state.save()
        state.load(thread.registers)
        try:
            thread.location = write(state, thread.location)
            thread.registers = state.save()
        finally:
            state.load(mine)

    def _thread(self, tid: int) -> Thread:
        thread = self.kernel.threads.get(tid)
        if thread is None:
            raise KeyError(tid)
        return thread

    @property
    def _location(self) -> int:
        return self._frontend.location_of(self._resume.key)

    def _go_to(self, location: int) -> None:
        resume = self._resume
        if location == self._location:
            return
        resume.key, resume.amid = self._frontend.key_of(location), None
        self.kernel.interrupt_sleep()  # what is called there sleeps by itself
        self.state.set(PC_SLOT, resume.key.pc)

    def key(self) -> BlockKey:
        """The key of the instruction that is next."""
        return self._frontend.in_state(self._resume.key, self.state)

    @property
    def auxv(self) -> bytes:
        """The auxiliary vector that the program was started with."""
        return self.kernel.process.image.auxv

    @property
    def siginfo(self) -> bytes | None:
        """The ``siginfo_t`` of the signal that is held, as the guest would get it."""
        held = self.signals.held
        return None if held is None else held.pack()

    def open(self, path: bytes) -> int:
        """A descriptor of the host for reading the program, or a file that the guest may read.
        Raises OSError."""
        return self.kernel.open_readable(path)

    @property
    def program(self) -> bytes:
        """The path of the program, as the guest sees it."""
        return self.kernel.paths.guest_of(os.fsencode(self.kernel.process.path))

    # -- memory ------------------------------------------------------------------------------------

    def memory(self, address: int, size: int) -> bytes:
        """Up to so many bytes of the guest, whatever it may do with them itself. Raises GuestFault
        when there is none."""
        memory = self._memory
        try:
            return memory.peek(address, size)
        except GuestFault as fault:
            if fault.address <= address:
                raise
            return memory.peek(address, fault.address - address)

    def write(self, address: int, data: bytes) -> None:
        """Write to the guest's memory, whatever the guest may do itself. Raises GuestFault where
        nothing is mapped, and in a mapping of a file that may not be written."""
        self._require_writable(address, len(data))
        self._memory.poke(address, data)

    def _require_writable(self, address: int, size: int) -> None:
        """Raises GuestFault unless all of a range can be written."""
        if self.repeats:
            raise GuestFault(address, Access.WRITE)
        self._memory.peek(address, size)
        at = address
        while at < address + size:
            area = self.kernel.space.at(at)
            if area is None:  # pages of the kernel's
                return
            if area.shared and not area.writable:
                raise GuestFault(at, Access.WRITE)
            at = area.end

    # -- signals -----------------------------------------------------------------------------------

    def resume_with(self, signal: int) -> None:
        """Deliver a signal to the thread that has run last before its next instruction, in place of
        the one that is held, which is dropped; 0: none. A replay has the signals of then."""
        if self.repeats:
            return
        held, self.signals.held = self.signals.held, None
        behind, self.signals.interrupted = self.signals.interrupted, None
        signals = self.kernel.signals
        if signal and behind is not None:
            self.kernel.end_sleep()
            self.kernel.abi.set_result(self.state, -errno.EINTR)
            self._go_to(behind)
        elif not signal:
            signals.drop_temporary_mask()
        if held is not None and held.signal != signal:
            signals.drop(held)
            held = None
        if not signal:
            return
        if held is None:
            held = SigInfo(signal, SI_USER)
            signals.send(held, self.kernel.threads.current.signals)
        self.signals.let_pass(held)
        self._resume.look = True


def _ignore(thread: Thread) -> None:
    """``Threads.on_turn`` without a debugger."""


def _always(tid: int) -> bool:
    """``Threads.may_run`` without a debugger."""
    del tid
    return True
