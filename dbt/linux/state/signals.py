"""Signals: what the guest wants done, what is pending, and delivery (kernel/signal.c).

The guest's signal mask is also the host's, and what the guest ignores or leaves at its default is
so on the host, so that the host's kernel does the rest. Where the guest has a handler, the host has
one that notes the signal; it is delivered when the guest is between instructions.

It is long because what is pending, blocked and delivered is decided together, for all threads.
"""

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from dbt.classes import attrs
from dbt.linux.errors import failure
from dbt.linux.state import robust, timers
from dbt.linux.state.altstack import AltStack
from dbt.linux.state.child_signals import ChildSignals
from dbt.linux.state.host_signals import HostSignals
from dbt.linux.state.sigaction import (
    DEFAULT,
    IGNORED,
    KEPT,
    KEPT_BITS,
    NEVER_RESTARTED,
    SA_NODEFER,
    SA_ONSTACK,
    SA_RESETHAND,
    SA_RESTART,
    SA_RESTORER,
    SA_SIGINFO,
    SIG_DFL,
    SIG_IGN,
    SIGCHLD,
    SIGINT,
    SIGNALS,
    SIGPIPE,
    SIGSEGV,
    SIGSTOP,
    SIGTERM,
    SIGURG,
    STOPPING,
    TIMER_SIGNALS,
    UNBLOCKABLE,
    Action,
    bit,
    inherited,
)
from dbt.linux.state.siginfo import SI_QUEUE, SI_TIMER, SI_TKILL, SI_USER, SigInfo
from dbt.linux.state.thread_signals import ThreadSignals
from dbt.signals import signal
from dbt.stops import GuestFault, Killed, Stop
from dbt.syscalls import Delivery, TrapState
from dbt.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel
    from dbt.linux.state.held_signals import HeldSignals
    from dbt.linux.state.threads import Thread

_NO_READERS = "a write to a pipe that has no readers"


def _no() -> bool:
    return False


class Signals:
    """The signal state of one process. Masks are ints, bit n - 1 for signal n.

    ``pending`` are the signals of the process as a whole. The first thread takes one that does not
    block it. ``own`` are those of the thread that runs.
    """

    def __init__(self, kernel: "Kernel") -> None:
        self._kernel = kernel
        self.actions = inherited()
        self.own = kernel.threads.current.signals
        self.pending: list[SigInfo] = []
        self.children = ChildSignals(kernel)
        self.timer_signals: set[int] = set()
        """Signals that a timer of this process sends, or has sent: one may still be pending."""
        self._caught: list[int] = []
        self.host = HostSignals(self._note)
        self.held: HeldSignals | None = None
        """Where signals wait for a debugger, if there is one."""
        self._watched = 0
        """The signals that are read from descriptors."""

    @property
    def mask(self) -> int:
        """The signals that the thread blocks."""
        return self.own.mask

    @property
    def altstack(self) -> AltStack:
        """The thread's stack for handlers."""
        return self.own.altstack

    @property
    def trap(self) -> TrapState:
        """The thread's last processor exception."""
        return self.own.trap

    @trap.setter
    def trap(self, trap: TrapState) -> None:
        self.own.trap = trap

    def action(self, number: int) -> Action:
        """What is to be done with a signal."""
        return self.actions.get(number, DEFAULT)

    # -- the host's side ---------------------------------------------------------------------------

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        self._kernel.activity += 1
        self._caught.append(number)

    def set_action(self, number: int, action: Action) -> None:
        """Change what is done with a signal, here and on the host."""
        if number == SIGCHLD:
            list(self._kernel.process.children.ended())  # they are still to be waited for
        self.actions[number] = action
        if self.ignores(number):
            for pending in self._lists():
                pending[:] = [info for info in pending if info.signal != number]
        self.sync_host(number)

    def sync_host(self, number: int) -> bool:
        """Make the host treat a signal as the guest wants it. False where it cannot."""
        if number in KEPT:
            return True
        action = self.action(number)
        wanted: Any = self._note
        if number == SIGCHLD and (
            self.children.are_reaped() or self._kernel.process.children.send_others()
        ):
            pass  # the host must keep its own children, and signal every end
        elif action.handler == SIG_IGN:
            wanted = signal.SIG_IGN
        elif action.handler == SIG_DFL and self._is_the_hosts(number):
            wanted = self.host.before(number)
            if wanted is None:
                return True
        elif action.handler == SIG_DFL and not self._ends_guest(number):
            wanted = signal.SIG_DFL
        return self.host.install(number, wanted)

    def _is_the_hosts(self, number: int) -> bool:
        """Whether a signal at its default is for the Python program that runs the guest: SIGINT,
        and SIGTERM if that program handles it."""
        if self._kernel.is_child or number not in (SIGINT, SIGTERM):
            return False
        before = self.host.before(number)
        own = signal.getsignal(number) if before is None else before
        return number == SIGINT or callable(own)

    def _ends_guest(self, number: int) -> bool:
        """Whether a signal at its default must end the guest and not the host's process: timers
        send it, a debugger is to see it, the parent that waits in vfork must have its memory back
        first, or others must have the locks of a child."""
        if self.held is not None and number not in STOPPING and number not in IGNORED:
            return True
        if number in TIMER_SIGNALS or number in self.timer_signals:
            return True
        if self._kernel.process.borrower is not None:
            return True
        return self._kernel.is_child and self._kernel.space.sharing.words and self._kills(number)

    def _lists(self) -> list[list[SigInfo]]:
        """All that is pending: what was sent to the process, and what to each thread."""
        return [self.pending, *(thread.signals.pending for thread in self._kernel.threads)]

    def set_mask(self, mask: int) -> None:
        """Block exactly these signals in the thread."""
        self.own.mask = mask & ~UNBLOCKABLE & ((1 << SIGNALS) - 1)
        self.sync_mask()

    def sync_mask(self) -> None:
        """Have the host block what all threads block."""
        mask = self.own.mask
        for thread in self._kernel.threads:
            mask &= thread.signals.mask
            if not mask:
                break
        for info in self.host.take(self._watched & self.host.mask & ~mask):
            self.arrived(info)  # as their handlers on the host would not tell all of them
        self.host.set_mask(mask & ~KEPT_BITS)

    def watch(self, mask: int) -> None:
        """Signals are read from a descriptor from now on: have the host know what is pending."""
        self._watched |= mask
        waiting, self.pending[:] = self.pending[:], []
        for info in waiting:
            self.post(info)

    def child_started(self) -> None:
        """In a forked child: drop what is pending, and make the host's defaults the kernel's, not
        Python's."""
        self.pending.clear()
        self.own.pending.clear()
        self._caught.clear()
        self.timer_signals.clear()
        self.host.forked()
        self.shares_words()

    def shares_words(self) -> None:
        """Other processes may have memory that this one writes. A child must live to mark its
        robust locks there when a signal ends it."""
        if self._kernel.is_child:
            self.sync_defaults()
            if self._kernel.space.sharing.words and self.host.install(SIGURG, self._note):
                self._kernel.process.tree.end_by_itself()

    def sync_defaults(self) -> None:
        """Make the host's action the default for the signals that the guest leaves at theirs."""
        for number in signal.valid_signals():
            if number not in KEPT and self.action(number).handler == SIG_DFL:
                self.sync_host(number)

    def release_host(self) -> None:
        """Give the host its own signal handling back until ``resume_host``. Signals that have come
        for the guest are kept here."""
        for info in self.host.release():
            if info.si_signo not in KEPT:
                self.arrived(info)

    def resume_host(self) -> None:
        """Have the host treat signals as the guest wants them again."""
        self.host.resume()
        if self._kernel.process.tree.first:
            self._caught.append(SIGURG)  # another process may have left a signal

    def arrived(self, info: signal.struct_siginfo, *, taken: bool = False) -> None:
        """Take a signal that was pending on the host. ``taken``: see ``post``."""
        self._kernel.activity += 1
        value = info.si_status
        if info.si_code == SI_TIMER:
            value = self._timer_value(info.si_signo) or 0
        self.post(
            SigInfo(info.si_signo, info.si_code, pid=info.si_pid, uid=info.si_uid, value=value),
            taken=taken,
        )

    def _timer_value(self, number: int) -> int | None:
        """The value that the signal of a timer carries. Of several timers, it is the last one's:
        the host's handler does not learn which it was. None when there is no timer that runs."""
        found = reversed(self._kernel.process.timers.values())
        ours = (t for t in found if t.set and t.signal == number and not t.thread)
        return next((t.value for t in ours), None)

    # -- sending -----------------------------------------------------------------------------------

    def post(self, info: SigInfo, to: ThreadSignals | None = None, *, taken: bool = False) -> None:
        """Make a signal pending, for the process or for one thread. A standard signal is pending
        once only. ``taken``: from the host, to which it is not given back."""
        number = info.signal
        receivers = [thread.signals for thread in self._kernel.threads] if to is None else [to]
        if self.ignores(number) and not all(r.mask & bit(number) for r in receivers):
            return
        if not taken and self._watched & bit(number) and self._lies_on_host(info, to):
            self._kernel.threads.signalled()
            return
        pending = self.pending if to is None else to.pending
        if number < 32 and any(other.signal == number for other in pending):
            return
        if to is not None and self._kills(number) and not to.mask & bit(number):
            pending = self.pending
        pending.append(info)
        self._kernel.threads.signalled()

    def _lies_on_host(self, info: SigInfo, to: ThreadSignals | None) -> bool:
        """Make a signal pending on the host, where descriptors show it, if the host blocks it and
        any thread may read it. False if not."""
        if not self.host.mask & bit(info.signal):
            return False
        return (to is None or not self._kernel.threads.others) and self.host.queue(info)

    def force(self, info: SigInfo) -> None:
        """A fault: it cannot be blocked or ignored (force_sig_fault)."""
        action = self.action(info.signal)
        if self.mask & bit(info.signal) or action.handler == SIG_IGN:
            self.actions[info.signal] = DEFAULT
            self.set_mask(self.mask & ~bit(info.signal))
        self.own.fault = info

    def broken_pipe(self, info: SigInfo, *, made_up: bool) -> None:
        """Make the guest's SIGPIPE pending after EPIPE, if the host has sent none: because the
        error is made up, or because the host ignores the signal (Python does)."""
        if made_up or signal.getsignal(SIGPIPE) == signal.SIG_IGN:
            self.post(attrs.evolve(info, why=_NO_READERS), self.own)

    def ignores(self, number: int) -> bool:
        """Whether a signal that arrives changes nothing."""
        handler = self.action(number).handler
        return handler == SIG_IGN or (handler == SIG_DFL and number in IGNORED)

    # -- pending and restart -----------------------------------------------------------------------

    def _collect(self) -> None:
        if self._caught:
            self.host.noticed()
        while self._caught:
            number = self._caught.pop(0)
            if number == SIGURG:  # used here: there may be letters, or it interrupts
                for info in self._kernel.process.tree.left():
                    self.post(info)
                for info, thread in timers.expired(self._kernel):
                    self.post(info, thread.signals)
                continue
            if number == SIGCHLD:
                for info in self.children.from_sigchld():
                    self.post(info)
                continue
            value = self._timer_value(number)
            code = SI_USER if value is None else SI_TIMER
            self.post(SigInfo(number, code, value=value or 0))

    def expect_letters(self) -> bool:
        """Have SIGURG mean that another process of the guest has left a signal for this one."""
        return not self._kernel.is_child and self.host.install(SIGURG, self._note)

    def keep_waking(self, before: dict[int, Any]) -> None:
        """What the host is to do with signals was put back: have it interrupt calls by the signal
        that did so ``before``, for other processes of the guest may send it."""
        if SIGURG in before:
            self.host.wanted.setdefault(SIGURG, before[SIGURG])

    def expect_nudges(self) -> None:
        """Have SIGURG interrupt calls that sleep on the host."""
        self.host.install(SIGURG, self._note)

    def _next(self, of: ThreadSignals | None = None) -> SigInfo | None:
        """The lowest pending signal that a thread does not block: of those that were sent to it,
        else of the process's that it has to take (dequeue_signal)."""
        self._collect()
        of = of or self.own
        if not (of.pending or self.pending):
            return None
        ready = [info for info in of.pending if not of.mask & bit(info.signal)]
        if not ready:
            ready = [info for info in self.pending if self._takes(of, info.signal)]
        return min(ready, key=lambda info: info.signal, default=None)

    def _takes(self, of: ThreadSignals, number: int) -> bool:
        """Whether a thread takes a signal of the process: the first that does not block it. One
        that kills the process keeps all others from going on, too (complete_signal)."""
        taker = self._taker(number)
        return taker is of or (taker is not None and self._kills(number))

    def _taker(self, number: int) -> ThreadSignals | None:
        """The first thread that does not block a signal."""
        threads = self._kernel.threads
        return next((t.signals for t in threads if not t.signals.mask & bit(number)), None)

    def _kills(self, number: int) -> bool:
        """Whether a signal that is not blocked ends the process."""
        default = self.action(number).handler == SIG_DFL
        return default and number not in IGNORED and number not in STOPPING

    def _drop(self, info: SigInfo) -> None:
        """It is no longer pending."""
        for pending in (self.own.pending, self.pending):
            for index, other in enumerate(pending):
                if other is info:
                    del pending[index]
                    return

    def interrupted(self) -> bool:
        """True when a signal waits for delivery: a sleeping call ends."""
        return self._next() is not None

    def end_if_interrupted(self) -> None:
        """EINTR when a signal waits for delivery."""
        if self.interrupted():
            raise failure(errno.EINTR)

    def interrupts(self, thread: "Thread") -> bool:
        """Whether a signal waits for delivery to a thread."""
        return self._next(thread.signals) is not None

    def has_process_signals(self) -> bool:
        """Whether a signal of the process as a whole is pending that not all threads block."""
        self._collect()
        return any(self._taker(info.signal) is not None for info in self.pending)

    def any_interrupts(self) -> bool:
        """Whether a signal waits for delivery to any thread."""
        return any(self.interrupts(thread) for thread in self._kernel.threads)

    def resumes(self, name: str) -> bool:
        """True when EINTR came from a signal of the host, not of the guest: the call is made again
        unnoticed."""
        return name != "restart_syscall" and not self.interrupted()

    def restarts(self, name: str, *, is_limited: Callable[[], bool] = _no) -> bool:
        """Whether a call that gave EINTR is to be restarted. ``is_limited`` tells whether it waits
        for a socket with a time limit."""
        if name == "restart_syscall":  # with nothing to restart (do_no_restart_syscall)
            return False
        info = self._next()
        while info is not None and self.ignores(info.signal):
            self._drop(info)
            info = self._next()
        if info is None:
            return True
        action = self.action(info.signal)
        if action.handler == SIG_DFL:
            return True
        if name in NEVER_RESTARTED or not action.flags & SA_RESTART:
            return False
        return not is_limited()

    def pending_mask(self) -> int:
        """Signals that the thread blocks and that are pending, here or on the host."""
        return self.pending_for(self.own) & self.mask

    def pending_for(self, of: ThreadSignals) -> int:
        """All signals that are pending for a thread or its process, here or on the host."""
        self._collect()
        mask = 0
        for info in (*self.pending, *of.pending):
            mask |= bit(info.signal)
        for number in signal.sigpending():
            mask |= bit(number)
        return mask

    def take(self, wanted: int) -> SigInfo | None:
        """Take the lowest signal of a mask that is pending for the thread or its process."""
        self._collect()
        for pending in (self.own.pending, self.pending):
            found = [info for info in pending if wanted & bit(info.signal)]
            if found:
                info = min(found, key=lambda info: info.signal)
                self._drop(info)
                return info
        return None

    def set_temporary_mask(self, mask: int) -> None:
        """Block other signals during one call; see ``drop_temporary_mask``."""
        if self.own.saved_mask is None:
            self.own.saved_mask = self.mask
        self.set_mask(mask)

    def drop_temporary_mask(self) -> None:
        """The call is over: the old mask comes back, unless a handler's frame keeps it."""
        if self.own.saved_mask is not None:
            self.set_mask(self.own.saved_mask)
            self.own.saved_mask = None

    # -- delivery ----------------------------------------------------------------------------------

    def deliver(self, location: int) -> int | Stop:
        """Deliver what is pending, before the instruction at ``location``. Returns the location at
        which the guest continues, or how it ended. What is held stays pending."""
        own = self.own
        if own.fault is not None:
            if self._holds(own.fault):
                return location
            info, own.fault = own.fault, None
            after = self._deliver(location, info)
            if not isinstance(after, int):
                return after
            location = after
        while self._caught or self.pending or own.pending:
            pending = self._next()
            if pending is None or self._holds(pending):
                break
            self._drop(pending)
            after = self._deliver(location, pending)
            if not isinstance(after, int):
                return after
            location = after
        return location

    def _holds(self, info: SigInfo) -> bool:
        """Whether a debugger is to decide about a signal first."""
        held = self.held
        return held is not None and not self.ignores(info.signal) and held.holds(info)

    def is_to_be_held(self) -> bool:
        """Whether what is delivered next waits for a debugger."""
        held = self.held
        if held is None:
            return False
        info = self.own.fault or self._next()
        return info is not None and not self.ignores(info.signal) and held.will_hold(info)

    def hold(self, held: "HeldSignals | None") -> None:
        """Have signals wait for a debugger from now on, or, None, no longer."""
        self.held = held
        self.sync_defaults()

    def drop(self, info: SigInfo) -> None:
        """Have a signal of the thread that runs not be delivered."""
        if self.own.fault is info:
            self.own.fault = None
        self._drop(info)

    def send(self, info: SigInfo, to: ThreadSignals) -> None:
        """Make a signal pending for a thread, whatever is pending already."""
        to.pending.append(info)
        self._kernel.threads.signalled()

    def _deliver(self, location: int, info: SigInfo) -> int | Stop:
        number = info.signal
        action = self.action(number)
        if action.handler == SIG_IGN or (action.handler == SIG_DFL and number in IGNORED):
            return location
        if action.handler == SIG_DFL and number in STOPPING:
            os.kill(os.getpid(), SIGSTOP)
            return location
        if self._kernel.strace is not None:
            self._kernel.strace.taken(info)
        if action.handler == SIG_DFL:
            return self._killed(location, number, _why(info), quiet=self._from_outside(info))
        try:
            return self._enter(location, info, action)
        except GuestFault:
            return self._frame_fails(location, number)

    def _from_outside(self, info: SigInfo) -> bool:
        """Whether another process has sent a signal to a child. The host would end it, and nothing
        be said."""
        return self._kernel.is_child and info.code == SI_USER and not info.pid

    def _killed(self, location: int, number: int, why: str, *, quiet: bool = False) -> Killed:
        """A signal ends the process."""
        robust.leave_all(self._kernel)
        pc, quiet = self._kernel.abi.key_of(location).pc, quiet or why == _NO_READERS
        return Killed(number, pc, why=why, location=location, quiet=quiet)

    def _enter(self, location: int, info: SigInfo, action: Action) -> int:
        """Start a handler."""
        kernel, number = self._kernel, info.signal
        saved = self.mask if self.own.saved_mask is None else self.own.saved_mask
        delivery = Delivery(
            signal=number,
            handler=action.handler,
            restorer=action.restorer if action.flags & SA_RESTORER else None,
            siginfo=info.pack() if action.flags & SA_SIGINFO else None,
            mask=saved,
            stack_top=self.altstack.top() if action.flags & SA_ONSTACK else None,
            altstack=self.altstack.get(),
            trap=self.trap,
        )
        pointer = kernel.abi.stack_pointer(kernel.state)
        after = kernel.abi.push_frame(kernel.state, kernel.memory, location, delivery)
        kernel.on_stack_moved(pointer)
        self.own.saved_mask = None
        if action.flags & SA_RESETHAND:
            self.set_action(number, attrs.evolve(action, handler=SIG_DFL))
        mask = self.mask | action.mask
        self.set_mask(mask if action.flags & SA_NODEFER else mask | bit(number))
        return after

    def _frame_fails(self, location: int, number: int) -> int | Stop:
        """The stack cannot take a frame (force_sigsegv): SIGSEGV, which its handler may take on
        another stack; the end when it is SIGSEGV's own frame."""
        pointer = self._kernel.abi.stack_pointer(self._kernel.state)
        why = f"the frame of a handler of signal {number} does not fit on the stack at {pointer:#x}"
        if number == SIGSEGV:
            return self._killed(location, SIGSEGV, why)
        self.force(SigInfo(SIGSEGV, why=why))
        return self.deliver(location)

    def reset_for_exec(self) -> None:
        """Handlers become defaults; ignored, blocked and pending signals stay so."""
        self.drop_handlers()
        self.altstack.reset()

    def drop_handlers(self) -> None:
        """Signals with a handler are at their default again."""
        for number, action in list(self.actions.items()):
            if action.handler not in (SIG_DFL, SIG_IGN):
                self.set_action(number, DEFAULT)

    def leave_handler(self, *, realtime: bool) -> int:
        """sigreturn. Returns the location at which the guest continues. A bad frame brings SIGSEGV
        there."""
        kernel = self._kernel
        pointer = kernel.abi.stack_pointer(kernel.state)
        try:
            frame = kernel.abi.pop_frame(kernel.state, kernel.memory, realtime=realtime)
        except (GuestFault, ValueError):
            kernel.abi.set_result(kernel.state, 0)
            why = f"sigreturn found no signal frame on the stack at {pointer:#x}"
            self.force(SigInfo(SIGSEGV, why=why))
            return kernel.resume
        kernel.on_stack_moved(pointer)
        self.set_mask(frame.mask)
        if frame.altstack is not None:
            with suppress(OSError):
                self.altstack.set(frame.altstack)
        return frame.location


def _why(info: SigInfo) -> str:
    """The reason that a crash report gives for a signal that kills."""
    if info.why or info.address is not None:
        return info.why
    if info.code in (SI_USER, SI_TKILL, SI_QUEUE) and info.pid == os.getpid():
        return "the program sent the signal to itself"
    return "a timer of the program ran out" if info.code == SI_TIMER else ""
