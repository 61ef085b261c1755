"""The conversation with a debugger: answers its packets, and runs the process as it says."""

import re

from dbt.gdb import actions, signal_numbers
from dbt.gdb.actions import Action, Plan
from dbt.gdb.breakpoints import Breakpoints
from dbt.gdb.context import INVALID, NO_MEMORY, NO_THREAD, OK, UNSUPPORTED, Answer, Context
from dbt.gdb.files import Files
from dbt.gdb.memory import Memory
from dbt.gdb.monitor import Monitor
from dbt.gdb.objects import Objects
from dbt.gdb.packets import INTERRUPT, MOST, Channel, Malformed, ProtocolError, number
from dbt.gdb.points import Points
from dbt.gdb.registers import Registers
from dbt.gdb.thread_queries import ThreadQueries
from dbt.gdb.timeline import Timeline
from dbt.gdb.watchpoints import NAMES, Watchpoints
from dbt.process import Process
from dbt.process.debugging import Debuggee
from dbt.stops import Exited, GuestFault, InsnLimit, Killed, Stop, StopRequested, TimeLimit

_NAME = re.compile(rb"[qQv][A-Za-z]+\??|.", re.DOTALL)
_SEPARATORS = (b":", b";", b",")
_KILL = 9
_FEATURES = (
    b"PacketSize=%x" % MOST,
    b"QStartNoAckMode+",
    b"QPassSignals+",
    b"vContSupported+",
    b"multiprocess+",
    b"swbreak+",
    b"hwbreak+",
    b"exec-events+",
)
"""What ``qSupported`` answers, and whether the process can run backwards, as replays can."""
_BACKWARDS = {
    False: (b"ReverseStep-", b"ReverseContinue-"),
    True: (b"ReverseStep+", b"ReverseContinue+"),
}


class Gone(Exception):
    """The debugger's end of the connection is closed."""


class Session:
    """One conversation. ``ended`` is how the process has ended, as soon as it has."""

    def __init__(self, process: Process, debuggee: Debuggee, channel: Channel) -> None:
        self._debuggee, self._channel = debuggee, channel
        self._context = context = Context(debuggee, debuggee.current)
        self._breakpoints = Breakpoints(debuggee.machine, self._holds)
        self._watchpoints = Watchpoints(
            debuggee.machine, stops_before=debuggee.target.stops_before_access
        )
        self._registers = Registers(context)
        queries = ThreadQueries(context)
        objects = Objects(context, queries.xml)
        backwards = _BACKWARDS[debuggee.repeats]
        self._features = b";".join([*_FEATURES, *backwards, *objects.names])
        self._timeline = Timeline(process, debuggee, self._rewound) if debuggee.repeats else None
        self._program_is_new = False
        self._reply = b""
        self._detached = False
        self.ended: Stop | None = None
        self._answers: dict[bytes, Answer] = {
            b"qSupported": self._supported,
            b"QStartNoAckMode": self._stop_acknowledging,
            b"QPassSignals": self._pass_signals,
            b"qAttached": lambda _: b"0",
            b"?": lambda _: self._reply,
            b"vCont?": lambda _: actions.KINDS,
            b"vCont": lambda rest: self._resume(actions.parse(rest)),
            b"c": lambda _: self._resume([Action(-1)]),
            b"s": lambda _: self._resume([Action(-1, steps=True)]),
            b"C": lambda rest: self._resume(actions.parse(b"C" + rest)),
            b"S": lambda rest: self._resume(actions.parse(b"S" + rest)),
            b"b": self._go_back,
            b"D": self._detach,
            b"k": self._kill,
            b"vKill": self._kill,
        }
        self._files = Files(context)
        for part in (
            self._registers,
            Memory(context),
            Points(self._breakpoints, self._watchpoints),
            queries,
            objects,
            self._files,
            Monitor(process, channel.send),
        ):
            self._answers.update(part.answers)

    # -- the conversation --------------------------------------------------------------------------

    def converse(self) -> None:
        """Answer packets until the process has ended, or the debugger has detached. Raises Gone and
        ProtocolError."""
        self._reply = self._stopped(signal_numbers.TRAP)
        while self.ended is None and not self._detached:
            packet = self._channel.receive()
            if packet is None:
                raise Gone
            if packet != INTERRUPT:  # it has stopped already
                answer = self.answer(packet)
                if answer is not None:
                    self._channel.send(answer)

    def answer(self, packet: bytes) -> bytes | None:
        """The answer to a packet; an error for one that makes no sense."""
        found = _NAME.match(packet)
        name = found[0] if found else b""
        handler = self._answers.get(name)
        if handler is None:
            return UNSUPPORTED
        rest = packet[len(name) :]
        if len(name) > 1 and rest[:1] in _SEPARATORS:
            rest = rest[1:]
        try:
            return handler(rest)
        except GuestFault:
            return NO_MEMORY
        except KeyError:
            return NO_THREAD
        except Malformed:
            return INVALID

    def program_changed(self) -> None:
        """Another program is in memory: what was set in the old one is gone. Raises StopRequested
        if the debugger can be told."""
        self.forget()
        if b"exec-events" in self._context.features:
            self._program_is_new = True
            raise StopRequested

    def forget(self) -> None:
        """Remove all breakpoints and watchpoints."""
        self._breakpoints.clear()
        self._watchpoints.clear()

    def close(self) -> None:
        """Forget all that the debugger has set, and close the files that it reads."""
        self.forget()
        self._files.close()

    # -- what is supported -------------------------------------------------------------------------

    def _supported(self, rest: bytes) -> bytes:
        known = frozenset(part[:-1] for part in rest.split(b";") if part.endswith(b"+"))
        self._context.features = known
        self._context.with_process = b"multiprocess" in known
        self._reply = self._stopped(signal_numbers.TRAP)
        return self._features

    def _stop_acknowledging(self, rest: bytes) -> bytes:
        del rest
        self._channel.acknowledging = False
        return OK

    def _pass_signals(self, rest: bytes) -> bytes:
        numbers = [number(part) for part in rest.split(b";") if part]
        signals = map(signal_numbers.from_gdb, numbers)
        self._debuggee.signals.passing = frozenset(signal for signal in signals if signal)
        return OK

    def _holds(self) -> bool:
        """Whether a signal waits for the debugger."""
        return self._debuggee.signals.held is not None

    # -- running -----------------------------------------------------------------------------------

    def _resume(self, wanted: list[Action]) -> bytes:
        debuggee = self._debuggee
        plan = actions.plan(wanted, debuggee.threads(), debuggee.current)
        debuggee.resume_with(plan.signal)
        self._breakpoints.settle(continues=plan.step is None)
        self._watchpoints.settle(continues=plan.step is None)
        self._reply = self._after(self._run(plan))
        return self._reply

    def _run(self, plan: Plan) -> Stop:
        """Run until there is something to report."""
        debuggee = self._debuggee
        while True:
            if self._timeline is not None and plan.step is None:
                stop = self._timeline.forward()
            else:
                stop = debuggee.run(plan.step, plan.frozen)
            if isinstance(stop, TimeLimit) and not self._is_spoken_to():
                continue
            if not self._goes_on(plan, stop):
                return stop

    def _goes_on(self, plan: Plan, stop: Stop) -> bool:
        """Whether a step has ended where another one has to follow."""
        debuggee = self._debuggee
        if not isinstance(stop, InsnLimit) or debuggee.signals.held is not None:
            return False
        inside = debuggee.current == plan.step and stop.pc in plan.within
        return inside and not self._is_spoken_to()

    def _is_spoken_to(self) -> bool:
        interrupts = self._debuggee.interrupts
        return self._channel.buffered() or interrupts is None or interrupts.pending()

    # -- running backwards -------------------------------------------------------------------------

    def _go_back(self, rest: bytes) -> bytes:
        """Answer ``bs`` and ``bc``: undo an instruction, or all up to where the run stops."""
        timeline = self._timeline
        if timeline is None or rest not in (b"s", b"c"):
            return UNSUPPORTED
        self._breakpoints.settle(continues=rest == b"c")
        self._watchpoints.settle(continues=rest == b"c")
        if rest == b"s":
            self._reply = self._stopped_back(moved=timeline.step())
            return self._reply
        stop = timeline.back()
        if stop is None:
            self._reply = self._stopped_back(moved=False)
            return self._reply
        if self._watchpoints.has_hit and self._debuggee.target.stops_before_access:
            self._debuggee.run(limit=1)  # backwards, the access is still to be undone
        self._reply = self._after(stop)
        return self._reply

    def _stopped_back(self, *, moved: bool) -> bytes:
        self._context.selected = self._debuggee.current
        return self._stopped(signal_numbers.TRAP, b"" if moved else b"replaylog:begin;")

    def _rewound(self) -> None:
        """The process was put back."""
        self._breakpoints.take_hit()
        self._watchpoints.rewound()

    # -- stop replies ------------------------------------------------------------------------------

    def _after(self, stop: Stop) -> bytes:
        """The reply that says how a run has ended."""
        debuggee = self._debuggee
        self._context.selected = debuggee.current
        kind, watched = self._breakpoints.take_hit(), self._watchpoints.take_hit()
        held = debuggee.signals.held
        if self._timeline is not None and debuggee.ends(stop):
            self._timeline.go(self._timeline.place)
            return self._stopped(signal_numbers.TRAP, b"replaylog:end;")
        match stop:
            case Exited(status=status):
                self.ended = stop
                return b"W%02x" % (status & 0xFF) + self._of_process()
            case Killed(signal=signal):
                self.ended = stop
                return b"X%02x" % signal_numbers.to_gdb(signal) + self._of_process()
        if held is not None:
            return self._stopped(signal_numbers.to_gdb(held.signal))
        if isinstance(stop, TimeLimit):
            return self._interrupted()
        if self._program_is_new:
            return self._new_program()
        if watched is not None:
            reason = b"%s:%x;" % (NAMES[watched.kind], watched.address)
            return self._stopped(signal_numbers.TRAP, reason)
        if kind is not None:
            return self._stopped(
                signal_numbers.TRAP, self._known(b"hwbreak" if kind else b"swbreak")
            )
        return self._stopped(signal_numbers.TRAP)

    def _known(self, reason: bytes) -> bytes:
        return reason + b":;" if reason in self._context.features else b""

    def _interrupted(self) -> bytes:
        packet = self._channel.receive()
        if packet is None:
            raise Gone
        if packet != INTERRUPT:
            raise ProtocolError("while the program runs, only Ctrl-C can be sent")
        return self._stopped(signal_numbers.INT)

    def _new_program(self) -> bytes:
        self._program_is_new = False
        path = self._debuggee.program.hex().encode()
        return self._stopped(signal_numbers.TRAP, b"exec:" + path + b";")

    def _stopped(self, signal: int, reason: bytes = b"") -> bytes:
        tid = self._debuggee.current
        registers = b"".join(
            b"%02x:%s;" % (register, self._registers.value(tid, register).hex().encode())
            for register in self._debuggee.target.expedited
        )
        return b"T%02x%sthread:%s;%s" % (signal, registers, self._context.shown(tid), reason)

    def _of_process(self) -> bytes:
        return b";process:%x" % self._context.process if self._context.with_process else b""

    # -- the end -----------------------------------------------------------------------------------

    def _detach(self, rest: bytes) -> bytes:
        del rest
        self._detached = True
        return OK

    def _kill(self, rest: bytes) -> bytes | None:
        self.ended = Killed(_KILL, self._debuggee.key().pc, quiet=True)
        return OK if rest else None
