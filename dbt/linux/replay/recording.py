"""The kernel of a process that is recorded: the kernel as it is, whose events are noted."""

import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from dbt.interfaces import FaultHit, Frontend, HaltHit
from dbt.ir.block import BlockKey
from dbt.linux.errors import Blocked
from dbt.linux.guestio import read_vector
from dbt.linux.kernel import Kernel
from dbt.linux.options import LinuxOptions
from dbt.linux.replay import records
from dbt.linux.replay.log_file import LogWriter
from dbt.linux.replay.memory import RecordedMemory
from dbt.linux.replay.recorder import Recorder
from dbt.linux.replay.records import Registers
from dbt.linux.standard import NOTHING, Source
from dbt.linux.state.siginfo import SigInfo
from dbt.linux.state.threads import Call
from dbt.linux.strace import Strace
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState
from dbt.stops import GuestFault, Stop, UsageError
from dbt.syscalls import SyscallAbi
from dbt.typing import Any, NoReturn

_STREAMS = {"write", "writev"}
"""Calls that write what is in memory to a descriptor."""
_BESIDE = {
    "sendfile": 0,
    "sendfile64": 0,
    "splice": 2,
    "tee": 1,
    "copy_file_range": 2,
    "vmsplice": 0,
}
"""Calls that write what is elsewhere to the descriptor in this argument. Programs do without where
they are refused."""
_OTHERS = {"pwrite64", "pwritev", "pwritev2", "send", "sendto", "sendmsg", "sendmmsg"}
"""Calls that write to the descriptor in their first argument in ways that are not recorded."""
_SLEEPING = {
    "wait4", "waitid", "pause", "rt_sigsuspend", "sigsuspend", "rt_sigtimedwait",
    "rt_sigtimedwait_time64", "nanosleep", "clock_nanosleep", "clock_nanosleep_time64", "poll",
    "ppoll", "ppoll_time64", "select", "_newselect", "pselect6", "pselect6_time64", "epoll_wait",
    "epoll_pwait", "epoll_pwait2", "accept", "accept4", "connect", "recv", "recvfrom", "recvmsg",
    "recvmmsg", "recvmmsg_time64", "msgrcv", "msgsnd", "semop", "semtimedop", "semtimedop_time64",
    "flock", "futex", "futex_time64",
}  # fmt: skip
_READING = {"read", "readv"}
"""Calls that may sleep; these do unless it is a file that they read."""


class RecordingKernel(Kernel):
    """A kernel that writes what comes from outside to a log."""

    def __init__(
        self,
        memory: RecordedMemory,
        state: GuestState,
        abi: SyscallAbi,
        options: LinuxOptions,
        standard: Mapping[int, Source] = NOTHING,
        *,
        path: str,
        frontend: Frontend,
    ) -> None:
        super().__init__(memory, state, abi, options, standard)
        self._registers = Registers(state, frontend)
        self._log = LogWriter(path)
        self._recorder = Recorder(memory, self._registers, self._log)
        self._recorder.finish = self._finish
        self._frontend_name = frontend.name
        self._areas: tuple[Any, ...] = ()
        self._image: object = None
        self._lacking: dict[str, int] = {}
        self._outputs = {}
        for number in (2, 1):  # the same file is standard output
            if number in self.files:
                self._outputs[_identity(self.files.host_fd(number))] = number
        self._several = False
        """Whether the process has forked, or was."""
        self.strace = _Tap(self, shown=self.strace is not None)

    def connected(self, executed: Callable[[], int]) -> None:
        """Record what the kernel tells the other parts, too."""
        recorder, threads = self._recorder, self.threads
        recorder.executed = executed
        self.on_exec = _first(lambda: recorder.note("exec"), self.on_exec)
        self.on_stack_moved = _first(
            lambda at: recorder.note("stack_moved", at), self.on_stack_moved
        )
        threads.on_begin = _first(recorder.thread_made, threads.on_begin)
        threads.on_end = _first(lambda tid: recorder.note("thread_ended", tid), threads.on_end)
        threads.on_alone = _first(self._alone, threads.on_alone)
        threads.on_switch = _first(self._switched, threads.on_switch)
        self.overdue = self._asked_while_asleep(self.overdue)
        self.while_forking = self._forking(self.while_forking)
        self.intercept = self._entering(self.intercept)
        self.after = self._leaving(self.after)

    # -- events ------------------------------------------------------------------------------------

    def load(self, program: str, argv: Sequence[bytes], envp: Sequence[bytes]) -> int:
        self._log.add((self._frontend_name, program, tuple(argv), self.options.cpu))
        load = super().load

        def loaded() -> int | Stop:
            start = load(program, argv, envp)
            self._recorder.note("alone", (), self.threads.current.tid)
            return start

        start = self._recorder.event(records.BEGIN, 0, loaded)
        assert isinstance(start, int)
        return start

    def syscall(self, number: int, resume: BlockKey, *, again: bool = False) -> int | Stop:
        serve = super().syscall
        return self._recorder.event(
            records.SYSCALL,
            (number, resume.pc, resume.mode),
            lambda: serve(number, resume, again=again),
        )

    def fault(self, hit: FaultHit) -> int | Stop:
        serve = super().fault
        place = hit.pc, hit.address, hit.access.value
        return self._recorder.event(records.FAULT, place, lambda: serve(hit))

    def halt(self, hit: HaltHit) -> int | Stop:
        serve = super().halt
        return self._recorder.event(records.HALT, (hit.pc, hit.reason), lambda: serve(hit))

    def poll(self, location: int) -> int | Stop:
        serve = super().poll
        return self._recorder.event(records.SIGNALS, location, lambda: serve(location))

    def turn_over(self, location: int, *, interruptible: bool) -> int | Stop:
        serve = super().turn_over
        return self._recorder.event(
            records.TURN, location, lambda: serve(location, interruptible=interruptible)
        )

    def _finish(self) -> None:
        """Note what an event has changed that is no operation."""
        recorder = self._recorder
        areas = tuple(
            (area.start, area.end, area.perms, area.path, area.offset, area.grows_down)
            for area in self.space.areas
            if area.path or area.grows_down
        )
        if areas != self._areas:
            self._areas = areas
            recorder.note("areas", areas)
        process = self.process
        if process.image is not self._image:
            self._image = image = process.image
            recorder.note(
                "program", process.path, self.symbolizer.program, tuple(process.argv), image.auxv,
                image.flags, self.stack_start, process.name,
            )  # fmt: skip
        if self.unknown_syscalls != self._lacking:
            self._lacking = dict(self.unknown_syscalls)
            recorder.note("lacks", tuple(self._lacking.items()))

    # -- what is written while nothing happens -----------------------------------------------------

    def _may_sleep(self, name: str, fd: int) -> bool:
        if name not in _READING:
            return name in _SLEEPING
        return fd in self.files and not stat.S_ISREG(os.fstat(self.files.host_fd(fd)).st_mode)

    def _asked_while_asleep(self, overdue: Callable[[], bool]) -> Callable[[], bool]:
        """``overdue``, which is called again and again while all threads sleep."""

        def asked() -> bool:
            if self._log.is_due:
                self._log.flush()
            return overdue()

        return asked

    # -- what is told to the other parts -----------------------------------------------------------

    def _switched(self, before: int, after: int) -> None:
        thread = self.threads.get(before)
        if thread is None:
            self._recorder.switched(None, before, 0, after)
        else:
            self._recorder.switched(thread.registers, before, thread.location, after)

    def _alone(self, gone: list[int]) -> None:
        self._recorder.note("alone", tuple(gone), self.threads.current.tid)

    def _entering(self, intercept: Any) -> Callable[[Kernel, str, list[int]], int | None]:
        def entering(kernel: Kernel, name: str, registers: list[int]) -> int | None:
            asked = tuple(registers)
            given: int | None = intercept(kernel, name, registers)
            request = self.request
            changed = tuple(registers) if tuple(registers) != asked else None
            self._recorder.note(
                "entering", name, asked, changed, given, request.number, request.aligned,
                request.variant, self.resume,
            )  # fmt: skip
            return given

        return entering

    def _leaving(self, after: Any) -> Callable[[Kernel, str, list[int], int], int | None]:
        def leaving(kernel: Kernel, name: str, registers: list[int], result: int) -> int | None:
            request = self.request
            changed: int | None = after(kernel, name, registers, result)
            self._recorder.note(
                "leaving", name, tuple(registers), result, changed, request.number,
                request.aligned, request.variant, self.resume,
            )  # fmt: skip
            return changed

        return leaving

    # -- output ------------------------------------------------------------------------------------

    def _perform(self, name: str, registers: Sequence[int], *, aligned: bool) -> int:
        if not self._recorder.active:
            return super()._perform(name, registers, aligned=aligned)
        if not self.threads.others and self._may_sleep(name, registers[0]):
            self._log.flush()
        if name in _BESIDE and self._stream(registers[_BESIDE[name]]):
            return -errno.EINVAL
        stream = self._stream(registers[0]) if name in _STREAMS or name in _OTHERS else 0
        if not stream:
            return super()._perform(name, registers, aligned=aligned)
        if name in _OTHERS:
            self._recorder.refuse(f"the program writes to its standard output by {name}")
            return super()._perform(name, registers, aligned=aligned)
        with self._in_order():
            return self._write(stream, name, registers, aligned=aligned)

    def _write(self, stream: int, name: str, registers: Sequence[int], *, aligned: bool) -> int:
        """Make a call that writes to a standard output, and note what it has written, also if it
        has to wait for room in between."""
        call = self.call
        done = 0 if call is None else call.done
        try:
            result = super()._perform(name, registers, aligned=aligned)
        except Blocked:
            if call is not None and call.done > done:
                self._note_output(stream, name, registers, done, call.done)
            raise
        if result > done:
            self._note_output(stream, name, registers, done, result)
        return result

    def _note_output(
        self, stream: int, name: str, registers: Sequence[int], start: int, end: int
    ) -> None:
        try:
            data = self._content(name, registers, end)[start:]
        except (GuestFault, OSError):  # the host has read what the guest may not
            self._recorder.refuse("what the program has written cannot be read")
            return
        self._recorder.note("output", self._log.next_output(), stream, data)

    def _content(self, name: str, registers: Sequence[int], size: int) -> bytes:
        """The first bytes of what a call writes."""
        if name == "write":
            return self.memory.read(registers[1], size)
        content = bytearray()
        for address, room in read_vector(self, registers[1], registers[2]):
            content += self.memory.read(address, min(room, size - len(content)))
        return bytes(content)

    def _stream(self, fd: int) -> int:
        """Which standard output a descriptor is: 1 or 2; 0 for none."""
        if fd not in self.files:
            return 0
        found = self.files.get(fd)
        if found.file.sink is not None:
            return 0
        return self._outputs.get(_identity(found.host), 0)

    @contextmanager
    def _in_order(self) -> Iterator[None]:
        """Within this context no other process of the run writes to standard outputs."""
        if self._several:
            with self._log.locked():
                yield
        else:
            yield

    # -- processes ---------------------------------------------------------------------------------

    def _forking(self, fork: Any) -> Any:
        @contextmanager
        def forking() -> Iterator[None]:
            recorder = self._recorder
            if not recorder.active:
                with fork():
                    yield
                return
            if any(area.shared and area.writable for area in self.space.areas):
                recorder.refuse("the program shares memory with a process that it forks")
            self._several = True
            number, parent = recorder.before_fork(), os.getpid()
            with fork():
                yield
            if os.getpid() != parent:
                recorder.in_child(number)
            else:
                recorder.note("fork", number)

        return forking

    # -- what is not recorded ----------------------------------------------------------------------

    def save(self) -> NoReturn:
        raise UsageError("snapshot: a process that is recorded has no snapshots")

    def interrupt_sleep(self) -> NoReturn:
        raise UsageError("call: a process that is recorded runs none of its functions for the host")

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._log.close()


class _Tap(Strace):
    """Notes what is told to a trace of system calls, and shows it if that was asked for."""

    def __init__(self, kernel: RecordingKernel, *, shown: bool) -> None:
        super().__init__(kernel)
        self._note, self._shown = kernel._recorder.note, shown

    def before(self, call: Call, *, skipped: bool) -> None:
        request = call.request
        self._note(
            "begun", request.name, tuple(call.registers), skipped, request.number, request.aligned,
            request.variant, call.location,
        )  # fmt: skip
        if self._shown:
            super().before(call, skipped=skipped)

    def after(self, call: Call, result: int) -> None:
        self._note("returned", result)
        if self._shown:
            super().after(call, result)

    def left(self, call: Call) -> None:
        self._note("left")
        if self._shown:
            super().left(call)

    def taken(self, info: SigInfo) -> None:
        self._note(
            "taken",
            info.signal,
            info.code,
            info.errno,
            info.pid,
            info.uid,
            info.value,
            info.address,
        )
        if self._shown:
            super().taken(info)


def recording_kernel(
    memory: GuestMemory,
    state: GuestState,
    abi: SyscallAbi,
    options: LinuxOptions,
    standard: Mapping[int, Source],
    path: str,
    frontend: Frontend,
) -> RecordingKernel:
    """The kernel of a process that is recorded in the log at ``path``. Raises UsageError."""
    assert isinstance(memory, RecordedMemory)
    return RecordingKernel(memory, state, abi, options, standard, path=path, frontend=frontend)


def _first(note: Callable[..., None], then: Callable[..., None]) -> Callable[..., None]:
    """A function that calls both."""

    def both(*operands: Any) -> None:
        note(*operands)
        then(*operands)

    return both


def _identity(fd: int) -> tuple[int, int, int]:
    """What tells the open files of the host apart."""
    status = os.fstat(fd)
    return status.st_dev, status.st_ino, status.st_rdev
