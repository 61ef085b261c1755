"""The kernel of a replayed process: serves events from the records of a log.

What an event did to memory and registers is done again, and what the kernel told the other parts is
told again. The host is asked for nothing but memory; it gets what was written to standard outputs.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence

from dbt.interfaces import PAGE, READ, WRITE, FaultHit, Frontend, HaltHit
from dbt.ir.block import BlockKey
from dbt.linux.kernel import Kernel
from dbt.linux.options import LinuxOptions
from dbt.linux.replay import records
from dbt.linux.replay.files import LoggedFiles, LoggedSymbolizer
from dbt.linux.replay.log_file import LogReader
from dbt.linux.replay.order import Order
from dbt.linux.replay.records import Registers
from dbt.linux.replay.saving import SavedReplay
from dbt.linux.replay.tape import Tape
from dbt.linux.replay.threads import ReplayedThreads
from dbt.linux.standard import NOTHING, Source
from dbt.linux.state.address_space import Area
from dbt.linux.state.proc_image import Image
from dbt.linux.state.siginfo import SigInfo
from dbt.linux.state.threads import Call
from dbt.runtime.memory import SPACE, GuestMemory
from dbt.runtime.state import GuestState
from dbt.stops import GuestFault, Killed, Stop, Trapped, UsageError
from dbt.syscalls import Request, SyscallAbi
from dbt.typing import Any, NoReturn

_SLACK = 4096
"""Instructions after which an event that has not come is missed."""
_DONTNEED = 4


class Differs(Exception):
    """The run is not the one that was recorded, or the log has no more of it; says why."""


class CutShort(Differs):
    """The run was killed here, and nothing is missing of what it did until then."""


class ReplayKernel(Kernel):
    """Serves the events of a process from a log."""

    def __init__(
        self,
        memory: GuestMemory,
        state: GuestState,
        abi: SyscallAbi,
        options: LinuxOptions,
        standard: Mapping[int, Source] = NOTHING,
        *,
        log: LogReader,
        frontend: Frontend,
    ) -> None:
        super().__init__(memory, state, abi, options, standard)
        self._registers = Registers(state, frontend)
        self.threads: ReplayedThreads = ReplayedThreads(self)
        self._logged_files = LoggedFiles()
        self.symbolizer = LoggedSymbolizer(
            self.space, abi, state.layout.state_bits, options, self._logged_files
        )
        self._log = log
        self._order = Order(log)
        records_of_program = log.records(0)
        next(records_of_program)  # what the program was
        self.tape = Tape(records_of_program)
        self.done = 0
        """Effects on the host so far, outputs and forked processes, from the beginning; and the
        most there were, before the replay was put back."""
        self._most_done = 0
        self._executed: Callable[[], int] = lambda: 0
        self._calls: dict[int, Call] = {}
        """The calls that a trace was told the beginning of, by thread."""
        self._children: list[int] = []
        self._saved: SavedReplay | None = None
        self._was_put_back = False
        """Mappings of files are copies then."""
        self.trouble = ""
        """Why the replay has ended before the run that was recorded."""

    repeats = True
    threads: ReplayedThreads

    def connected(self, executed: Callable[[], int]) -> None:
        self._executed = executed
        self._aim()

    # -- events ------------------------------------------------------------------------------------

    def load(self, program: str, argv: Sequence[bytes], envp: Sequence[bytes]) -> int:
        del program, argv, envp  # the log has what came of them
        start = self._replayed(records.BEGIN, 0, 0)
        if isinstance(start, int):
            return start
        raise UsageError(f"{self._log.path}: {self.trouble}")

    def syscall(self, number: int, resume: BlockKey, *, again: bool = False) -> int | Stop:
        if self.on_trap is not None and not again:
            location = self.resume = self.abi.location_of(resume)
            request = self.abi.decode(number, self.state, location)
            self.on_trap(number, resume.pc, request)
        return self._replayed(records.SYSCALL, (number, resume.pc, resume.mode), resume.pc)

    def fault(self, hit: FaultHit) -> int | Stop:
        return self._replayed(records.FAULT, (hit.pc, hit.address, hit.access.value), hit.pc)

    def halt(self, hit: HaltHit) -> int | Stop:
        return self._replayed(records.HALT, (hit.pc, hit.reason), hit.pc)

    @property
    def is_due(self) -> bool:
        """Whether there is a signal for this moment."""
        record = self.tape.next
        if record is None or record[0] != records.SIGNALS:
            return False
        return bool(record[1] == self._executed())

    def poll(self, location: int) -> int | Stop:
        """Nothing comes from outside but what the log has for this moment."""
        if not self.is_due:
            return location
        return self._replayed(records.SIGNALS, location, self.abi.key_of(location).pc)

    def turn_over(self, location: int, *, interruptible: bool) -> int | Stop:
        """It is time for an event that no instruction causes; or one has not come."""
        del interruptible
        record = self.tape.next
        if record is not None and record[1] > self._executed():
            self._aim()  # somebody has stopped the run meanwhile
            return location
        kind = record[0] if record is not None and record[0] in records.ASYNCHRONOUS else -1
        return self._replayed(kind, location, self.abi.key_of(location).pc)

    # -- serving -----------------------------------------------------------------------------------

    def _replayed(self, kind: int, place: Any, pc: int) -> int | Stop:
        self.activity += 1
        try:
            record = self._take(kind, place)
            while not self._carries_out(record[5]):
                record = self._take_rest()
            outcome = records.outcome_of(record[4])
        except CutShort as end:
            return self._ended(str(end), pc)
        except Differs as difference:
            self._order.give_up()
            return self._ended(str(difference), pc)
        except UsageError as error:
            self._order.give_up()
            return self._ended(str(error), pc)
        except (KeyError, TypeError, ValueError, IndexError, GuestFault, OSError) as error:
            self._order.give_up()
            return self._ended(f"the log makes no sense here ({error})", pc)
        self._aim()
        return outcome

    def _ended(self, why: str, pc: int) -> Stop:
        self.trouble = why
        if self.is_child and not why:  # it was killed
            return Killed(9, pc, quiet=True)
        return Trapped(f"replay: after {self._executed():,} instructions: {why}", pc)

    def _take(self, kind: int, place: Any) -> Any:
        """The record that is next, if it is of this event. Raises Differs."""
        record, here = self.tape.next, self._executed()
        if record is None:
            raise CutShort(
                "" if self.is_child else "the recording ends here: the run was cut short"
            )
        if record[0] == records.END:
            raise Differs(f"the recording ends here: {record[4]}")
        wanted, executed = record[0], record[1]
        if wanted == records.REST:
            raise ValueError("a process has two beginnings")
        came = records.NAMES[kind] if kind >= 0 else "nothing"
        if kind != wanted or executed != here:
            raise Differs(
                f"the run differs: {came} has come, and the recording has {records.NAMES[wanted]}"
                f" after {executed:,}"
            )
        if record[2] != place:
            raise Differs(f"the run differs: {came} has come from another place than recorded")
        if record[3] != self._registers.sum(self._registers.get()):
            raise Differs(f"the run differs: at {came} registers are not as recorded")
        return self.tape.take()

    def _take_rest(self) -> Any:
        """In a process that the replay has just forked: what the log has of it first."""
        if self.tape.next is None:
            raise CutShort("")
        if self.tape.next[0] != records.REST:
            raise ValueError("a process has no beginning")
        return self.tape.take()

    def _carries_out(self, operations: Any) -> bool:
        """Do what an event did. Returns False in a process that it has forked."""
        for name, *operands in operations:
            if name == "fork":
                if self._forks(*operands):
                    return False
            else:
                _OPERATIONS[name](self, *operands)
        return True

    def _aim(self) -> None:
        """Have the turn end when the next event has to come, or has been missed."""
        record = self.tape.next
        if record is None:  # the run was cut short here
            self.threads.begin_turn(0)
            return
        left = max(0, record[1] - self._executed())
        exact = record[0] in (*records.ASYNCHRONOUS, records.END)
        self.threads.begin_turn(left if exact else left + _SLACK)

    # -- operations --------------------------------------------------------------------------------

    def _note_areas(self, areas: tuple[Any, ...]) -> None:
        self.space.areas = [
            Area(start, end, perms, path=path, offset=offset, object=(1, 1), grows_down=down)
            for start, end, perms, path, offset, down in areas
        ]

    def _note_program(
        self, path: str, host: str, argv: Any, auxv: bytes, flags: int, stack: int, name: bytes
    ) -> None:
        self.process.path, self.symbolizer.program = path, host
        self.process.argv, self.process.image = list(argv), Image(auxv=auxv, flags=flags)
        self.stack_start, self.process.name = stack, name

    def _note_lacks(self, pairs: Any) -> None:
        self.unknown_syscalls.clear()
        self.unknown_syscalls.update(dict(pairs))

    def _poke(self, address: int, data: bytes) -> None:
        if not 0 <= address <= SPACE - len(data):
            raise ValueError("no address")
        self.memory.poke(address, data)

    def _map_file(self, address: int, size: int, perms: int, number: int, offset: int) -> None:
        fd = self._logged_files.descriptor(number)
        self.memory.map_private(*_pages(address, size), perms, fd, offset)

    def _move(self, old: int, size: int, new: int, new_size: int) -> None:
        self.memory.move(*_pages(old, size), *_pages(new, new_size), shared=False)

    def _advise(self, address: int, size: int, advice: int) -> None:
        del advice
        _pages(address, size)
        if not self._was_put_back:
            self.memory.forget_code(address, size)
            self.memory.advise(address, size, _DONTNEED)
            return
        perms = self.memory.permissions(address, size)
        self.memory.map(address, size, READ | WRITE)
        for area in self.space.within(address, address + size):
            fd = self._logged_files.latest(area.path)
            if fd is not None:
                self.memory.poke(area.start, os.pread(fd, area.end - area.start, area.offset))
        self.memory.set_permissions(address, perms)

    def _output(self, number: int, stream: int, data: bytes) -> None:
        if self._is_done():
            return
        with self._order.turn(number):
            view = memoryview(data)
            while view and stream in (1, 2) and stream in self.files:
                try:
                    view = view[os.write(self.files.host_fd(stream), view) :]
                except BrokenPipeError:
                    return  # nobody reads; the recorded program goes on as it did

    def _is_done(self) -> bool:
        """Whether an effect on the host was there before the replay was put back."""
        self.done += 1
        if self.done <= self._most_done:
            return True
        self._most_done = self.done
        return False

    def _forks(self, number: int) -> bool:
        """Fork the replay. Returns whether this is the new process."""
        if self._is_done():
            return False
        sys.stdout.flush()
        sys.stderr.flush()
        with self.while_forking():
            pid = os.fork()
        if pid:
            self._children.append(pid)
            return False
        self.is_child = True
        self._order.in_child()
        self._children.clear()
        self.tape = Tape(self._log.records(number))
        self.on_fork_child()
        return True

    # -- what is told to the other parts -----------------------------------------------------------

    def _alone(self, gone: Any, tid: int) -> None:
        call = self._calls.get(self.thread)
        self.threads.alone(gone, tid)
        self._calls = {} if call is None else {tid: call}

    def _requested(
        self, number: int, name: str, registers: Any, aligned: bool, variant: str
    ) -> None:
        self.request = Request(number, name, tuple(registers), aligned, variant)

    def _entering(
        self, name: str, asked: Any, changed: Any, given: Any, number: int, aligned: bool,
        variant: str, resume: int,
    ) -> None:  # fmt: skip
        self._requested(number, name, asked, aligned, variant)
        self.resume, registers = resume, list(asked)
        if self.intercept is None:
            return
        result = self.intercept(self, name, registers)
        as_asked = result is None and tuple(registers) == tuple(asked)
        as_then = result == given and tuple(registers) == tuple(changed or asked)
        if not as_asked and not as_then:
            raise _changes(name)

    def _leaving(
        self, name: str, registers: Any, result: int, changed: Any, number: int, aligned: bool,
        variant: str, resume: int,
    ) -> None:  # fmt: skip
        self._requested(number, name, registers, aligned, variant)
        self.resume = resume
        if self.after is not None:
            now = self.after(self, name, list(registers), result)
            if now not in (None, result, changed):
                raise _changes(name)

    def _begun(
        self, name: str, registers: Any, skipped: bool, number: int, aligned: bool, variant: str,
        location: int,
    ) -> None:  # fmt: skip
        self._requested(number, name, registers, aligned, variant)
        if not skipped:
            self.syscall_counts[name] += 1
        if self.strace is not None:
            call = self._calls[self.thread] = Call(self.request, list(registers), location)
            self.strace.before(call, skipped=skipped)

    def _returned(self, result: int) -> None:
        if self.strace is not None:
            self.strace.after(self._calls.pop(self.thread), result)

    def _left(self) -> None:
        if self.strace is not None:
            self.strace.left(self._calls.pop(self.thread))

    def _taken(self, *fields: Any) -> None:
        if self.strace is not None:
            self.strace.taken(SigInfo(*fields))

    # -- the host ----------------------------------------------------------------------------------

    def enter_guest(self) -> None:
        """Nothing: signals and timers of the host are not the guest's."""

    def leave_guest(self) -> None:
        """Nothing, but see ``enter_guest``; in a replay that has come to its end, wait for the
        processes that it has forked, whose output is a part of it."""
        if self.is_child and self.tape.next is not None:  # it ends early
            self._order.give_up()
        if self.tape.next is None or self.trouble:
            while self._children:
                os.waitpid(self._children.pop(), 0)

    def open_readable(self, path: bytes) -> int:
        """A descriptor for reading a file that the program had mapped. Raises OSError."""
        return self._logged_files.reopened(os.fsdecode(path))

    def save(self) -> SavedReplay:  # type: ignore[override]
        self.tape.keep()
        self._saved = SavedReplay(self, self._saved)
        return self._saved

    def restore(self, saved: SavedReplay) -> None:  # type: ignore[override]
        saved.restore(self)
        self._calls.clear()
        self._was_put_back = True

    def interrupt_sleep(self) -> NoReturn:
        raise UsageError("call: a replay runs no functions for the host")

    def close(self) -> None:
        if self.tape.next is not None:
            self._order.give_up()
        try:
            super().close()
        finally:
            self.signals.release_host()  # a debugger has one
            self._logged_files.close()


def _pages(address: int, size: int) -> tuple[int, int]:
    """A range of guest pages. Raises ValueError: whoever has made a log must not reach the host's
    memory."""
    if not 0 <= address <= address + size <= SPACE or address % PAGE or size < 0:
        raise ValueError("no range of pages")
    return address, size


def _changes(name: str) -> Differs:
    return Differs(f"a hook changes the call {name}, and a replay repeats what it was")


_OPERATIONS: dict[str, Callable[..., None]] = {
    "write": ReplayKernel._poke,
    "registers": lambda kernel, changes: kernel._registers.change(changes),
    "map": lambda kernel, at, size, perms: kernel.memory.map(*_pages(at, size), perms),
    "unmap": lambda kernel, at, size: kernel.memory.unmap(*_pages(at, size)),
    "protect": lambda kernel, at, size, perms: kernel.memory.protect(*_pages(at, size), perms),
    "set_absent": lambda kernel, at, size: kernel.memory.set_absent(*_pages(at, size)),
    "set_present": lambda kernel, at, size, perms: kernel.memory.set_present(
        *_pages(at, size), perms
    ),
    "file": lambda kernel, *operands: kernel._logged_files.add(*operands),
    "map_file": ReplayKernel._map_file,
    "move": ReplayKernel._move,
    "advise": ReplayKernel._advise,
    "areas": ReplayKernel._note_areas,
    "program": ReplayKernel._note_program,
    "lacks": ReplayKernel._note_lacks,
    "output": ReplayKernel._output,
    "exec": lambda kernel: kernel.on_exec(),
    "stack_moved": lambda kernel, pointer: kernel.on_stack_moved(pointer),
    "thread_made": lambda kernel, tid: kernel.threads.made(tid),
    "thread_ended": lambda kernel, tid: kernel.threads.ended(tid),
    "switched": lambda kernel, *operands: kernel.threads.switched(*operands),
    "alone": ReplayKernel._alone,
    "entering": ReplayKernel._entering,
    "leaving": ReplayKernel._leaving,
    "begun": ReplayKernel._begun,
    "returned": ReplayKernel._returned,
    "left": ReplayKernel._left,
    "taken": ReplayKernel._taken,
}
"""What does an operation of a log again, by its name."""
