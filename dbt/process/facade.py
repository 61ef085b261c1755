"""The facade: ``Process`` loads a guest program for Linux and runs it.

>>> import dbt
>>> with dbt.Process("fib.elf", ["20"]) as process:               # doctest: +SKIP
...     process.hooks.on_call("fib", lambda event: print(event.argument(0)))
...     process.chain.deny(process.resolve("fib"))
...     process.run(max_insns=1_000_000)

It is long because all that a user may ask of a process stands here, each a few lines and its
description.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import TracebackType

from dbt import choices, plugins
from dbt.interfaces import Attached, Backend, BackendOptions, Bound, Frontend, Pass
from dbt.ir.block import BlockKey
from dbt.lazy import lazy_property
from dbt.lifetime import GONE, Lifetime
from dbt.linux.kernel import Kernel
from dbt.linux.options import LinuxOptions
from dbt.linux.standard import Source, Standard
from dbt.log import QUIET, Log
from dbt.phases import UNTIMED, Phase, Phases
from dbt.process import inspection
from dbt.process.arguments import (
    argv_of,
    backend_of,
    checked_perf,
    checked_pipeline,
    environment_of,
    instance_or_default,
    made_passes,
)
from dbt.process.ending import end_child
from dbt.process.event_loop import EventLoop
from dbt.process.undeclared import UNSIGNED
from dbt.process.watchdog import Clock, Watchdog
from dbt.process.wiring import Parts, Storage, connect
from dbt.runtime.budget import UNLIMITED
from dbt.runtime.engine import Engine
from dbt.runtime.memory import GuestMemory
from dbt.stops import CallFailed, Exited, Killed, Stop, UsageError
from dbt.streams import say
from dbt.syscalls import SyscallAbi
from dbt.typing import TYPE_CHECKING, Any, NoReturn, Self

if TYPE_CHECKING:
    from dbt.hooks.arrays import EventArrays, RecordedEvents
    from dbt.hooks.registry import Hooks
    from dbt.loader.lines import Line
    from dbt.passes.pipeline import Pipeline
    from dbt.perf import PerfFile
    from dbt.process.calls import Caller
    from dbt.process.cells import Cells
    from dbt.process.debugging import Debuggee
    from dbt.process.snapshots import Saver, Snapshot
    from dbt.process.statistics import Statistics


class Process:
    """A guest program and everything that runs it.

    ``state``, ``memory``, ``chain`` (the policy), ``hooks``, ``counters``, ``stacks`` and
    ``kernel`` may be used at any time between and, from hooks, during runs.

    A process holds descriptors, signal handlers and about 100 GB of address space: use it in a
    ``with`` statement, or call ``close``. A process without references is closed, too.

    ``args`` are texts without a NUL; ``env`` maps names to such texts. None means the host's
    variables, as in qemu-arm. A program executes some instructions for each variable, so that
    ``env={}`` makes instruction counts comparable between hosts. ``frontend`` is a name,
    ``backend`` a name or an object, each pass a name, a spelling with options or an object.
    ``stdin`` is None (the host's), bytes, a path, or an open file or its descriptor; ``stdout`` and
    ``stderr`` are None, ``dbt.CAPTURE``, which keeps the bytes for the attributes of these names, a
    path, or an open file; the constants of subprocess are understood, too. In a notebook the host's
    outputs are the cell.
    ``phases=TimedPhases()`` has ``stats`` say where the time goes; ``perf`` is a format of
    ``dbt.perf``, whose file is complete after ``close``. ``block_insns`` is the most instructions
    in a block, 64 unless it is given. ``record`` is the path of a log, from which ``dbt.replay``
    repeats the run.

    Raises UsageError when the program cannot be loaded or an option makes no sense.
    """

    def __init__(
        self,
        program: str,
        args: Sequence[str] = (),
        *,
        argv0: str | None = None,
        env: Mapping[str, str] | None = None,
        stdin: Any = None,
        stdout: Any = None,
        stderr: Any = None,
        frontend: str = "arm",
        backend: str | Backend = "numba_jit",
        options: BackendOptions | None = None,
        linux: LinuxOptions | None = None,
        chain: str = "all",
        passes: Iterable[Pass | str] | str = (),
        pipeline: "Pipeline | None" = None,
        verify: bool = False,
        log: Log = QUIET,
        phases: Phases = UNTIMED,
        perf: str | None = None,
        block_insns: int | None = None,
        record: str | None = None,
    ) -> None:
        self._record = None if record is None else choices.word("record", os.fspath(record))
        self._lifetime = Lifetime()
        self._clock = Clock()
        self.log = choices.instance("log", log, Log)
        self._phases = choices.instance("phases", phases, Phases)
        self.options = instance_or_default("options", options, BackendOptions)
        linux = instance_or_default("linux", linux, LinuxOptions)
        self.frontend: Frontend = plugins.load("dbt.frontends", frontend)()
        if block_insns is not None:
            self.frontend.max_insns = choices.whole("block_insns", block_insns, least=1)
        perf = checked_perf(perf)
        opened = backend_of(backend)
        abi = self.frontend.syscall_abi(linux.cpu)
        argv = argv_of(program, argv0, args)
        self._command = (program, *args)
        envp = environment_of(os.environ if env is None else env)
        pipeline = checked_pipeline(pipeline)
        bound = [p.bind(abi) if isinstance(p, Bound) else p for p in made_passes(passes)]
        if log.wants("exec"):
            from dbt.process.executed import Executed

            bound.append(Executed(log))
        with contextlib.ExitStack() as stack:
            storage = Storage(self.frontend, phases, self._new_memory())
            self.state, self.memory, self.counters = storage.state, storage.memory, storage.counters
            self.stacks, self.functions = storage.stacks, storage.functions
            stack.callback(self.memory.close)
            standard = self._standard(stdin, stdout, stderr, stack)
            with contextlib.closing(standard):
                self.kernel = self._new_kernel(abi, linux, standard.sources)
            stack.callback(self.kernel.close)
            start = self.kernel.load(program, argv, envp)
            _attach(bound, self)
            parts = connect(
                self.frontend,
                opened,
                self.kernel,
                storage,
                start,
                stack,
                options=self.options,
                clock=self._clock,
                chain=chain,
                passes=bound,
                pipeline=pipeline,
                verify=choices.truth("verify", verify),
                log=log,
                event_loop=self._event_loop(),
            )
            self._perf = _perf_file(perf, parts, self.kernel, stack)
            _connect_kernel(self.kernel, parts, self._clock, phases, self._perf)
            self.chain, self.translator, self.engine = parts.chain, parts.translator, parts.engine
            self.executor = parts.engine.executor
            self.hooks, self._machine, self._loop = parts.hooks, parts.machine, parts.loop
            self._parts = parts
            if self._cells is not None:
                self.hooks.on_pause(self._cells.show)
            self.kernel.connected(partial(getattr, parts.engine, "executed"))
            self._release = stack.pop_all()

    def _standard(
        self, stdin: Any, stdout: Any, stderr: Any, closing: contextlib.ExitStack
    ) -> Standard:
        """What the guest's standard descriptors are. Raises UsageError."""
        self._cells = cells = _cells(stdout, stderr)
        if cells is not None:
            stdout, stderr = cells.outputs[1], cells.outputs[2]
        standard = Standard(stdin, stdout, stderr)
        self._captures = standard.captures
        if cells is not None:
            cells.take(self._captures)
            closing.callback(cells.close)
        for capture in self._captures.values():
            closing.callback(capture.close)
        return standard

    def _event_loop(self) -> type[EventLoop]:
        """The class of the event loop."""
        return EventLoop

    def _new_memory(self) -> GuestMemory | None:
        """The guest's memory; None for what a process has that is not recorded."""
        if self._record is None:
            return None
        from dbt.linux.replay.memory import RecordedMemory

        return RecordedMemory()

    def _new_kernel(
        self, abi: SyscallAbi, linux: LinuxOptions, standard: Mapping[int, Source]
    ) -> Kernel:
        """What surrounds the guest. Raises UsageError."""
        if self._record is None:
            return Kernel(self.memory, self.state, abi, linux, standard)
        from dbt.linux.replay.recording import recording_kernel

        return recording_kernel(
            self.memory, self.state, abi, linux, standard, self._record, self.frontend
        )

    # -- running -----------------------------------------------------------------------------------

    def run(self, max_insns: int | None = None, timeout: float | None = None) -> Stop:
        """Run until the guest ends, or until exactly ``max_insns`` more instructions or ``timeout``
        seconds have passed; both keep chaining. A run that hit a limit, that a hook has stopped or
        that has raised what a hook raised can be continued.

        In a child that the guest forked this does not return: the host process ends with the guest.

        Raises UsageError for limits that make no sense; in a hook, while it runs in another thread,
        after ``close``, when the guest has ended and when the last run was cut short in the middle
        (KeyboardInterrupt).
        """
        if max_insns is not None:
            max_insns = choices.whole("max_insns", max_insns)
        seconds = choices.seconds("timeout", timeout)
        with self._lifetime.running(), self._phases.running():
            stop = self._drive(max_insns, seconds)
            if isinstance(stop, Exited | Killed):
                self.executor.keep()
            self._lifetime.ended(stop)
            return stop

    def call(
        self,
        where: int | str,
        *values: Any,
        argtypes: Sequence[Any] | None = None,
        restype: Any = UNSIGNED,
        max_insns: int | None = None,
        timeout: float | None = None,
    ) -> Any:
        """Call the guest's function at a symbol or address, ARM or Thumb, and return its result.

        Values are whole numbers of 32 bits, signed or unsigned; bytes, bytearrays, memoryviews and
        texts (UTF-8), which are copied into guest memory with a NUL behind them and passed by
        address (a bytearray gets what the function has left there); and None, the null pointer.
        Other types are declared by classes of ctypes: ``argtypes=[c_double, c_int64]``, or a value
        such as ``c_double(2.5)``. They have the sizes of the host: a guest's ``long`` and
        ``size_t`` are ``c_int32`` and ``c_uint32``, not ``c_long`` and ``c_size_t``. The result is
        an unsigned word, or as ctypes has a ``restype``; None: there is none. Floats are in
        registers of VFP if the program's ELF header says so (armhf), where variadic functions do
        not look for them.

        The function runs on the stack of the thread that would run next. Registers are as before
        afterwards; memory is as the function has left it, and its instructions are counted. It runs
        at most ``max_insns`` instructions, ``timeout`` seconds.

        Hooks see the call as any other, except those of the mechanism ``jump``: the host does not
        jump to the function.

        Raises CallFailed when it does not return: its ``stop`` says whether it faulted, exited, ran
        over a limit or was stopped. After a fault or a limit the process can go on; after an exit
        or an execve only from a snapshot. Raises UsageError for arguments that make no sense and as
        ``run`` does. In a program that has not begun yet, functions that need the C library's
        initialisation do not work: run it to ``main`` first.
        """
        seconds = None if timeout is None else choices.seconds("timeout", timeout)
        if max_insns is not None:
            max_insns = choices.whole("max_insns", max_insns)
        with self._lifetime.running("call"), self._phases.running():
            caller = self._caller
            plan = caller.plan(where, values, argtypes, restype)
            try:
                return caller.call(partial(self._drive, max_insns, seconds), plan, values)
            except CallFailed as failed:
                if isinstance(failed.stop, Exited):
                    self._lifetime.ended(failed.stop)
                raise
            finally:
                if caller.lost:
                    self._lifetime.stray(caller.lost)

    @lazy_property
    def _caller(self) -> "Caller":
        from dbt.process.calls import Caller

        return Caller(self.frontend, self._parts, self.kernel, self.state, self.memory)

    def _drive(self, max_insns: int | None, seconds: float | None) -> Stop:
        """Run to the next stop. In a child that the guest forked this does not return."""
        budget = self.engine.budget
        budget.limit = UNLIMITED if max_insns is None else budget.executed + max_insns
        try:
            if seconds is None:
                self._clock.deadline = None
                stop = self._run_guest()
            else:
                with Watchdog(seconds) as watchdog:
                    self._clock.deadline = watchdog.deadline
                    stop = self._run_guest()
        except BaseException as failure:
            if self.kernel.is_child:
                self._end_child(failure)
            if not self._loop.continues_after(failure):
                self._lifetime.broken(failure)
            raise
        if self.kernel.is_child:
            if isinstance(stop, Exited | Killed):
                self.executor.keep()
            self._end_child(stop)
        return stop

    def _run_guest(self) -> Stop:
        try:
            self.kernel.enter_guest()
            return self._loop.run()
        finally:
            self.kernel.leave_guest()
            if self._cells is not None:
                self._cells.show()

    def _end_child(self, ended: Stop | BaseException) -> NoReturn:
        """End the host process of a forked child in the way its guest has ended."""
        if self._perf is not None:
            with contextlib.suppress(UsageError):  # the guest's status says how the guest ended
                self._perf.finish()
        end_child(self, ended)

    # -- events as data ----------------------------------------------------------------------------

    def record(
        self,
        *,
        calls: Iterable[int | str] | int | str | bool = True,
        syscalls: bool = True,
        blocks: bool = False,
        memory: range | str | bool = False,
        access: str = "rw",
        most: int | None = None,
        on_full: "Callable[[EventArrays], Any] | None" = None,
    ) -> "RecordedEvents":
        """Record events from now on, without entering Python for them, as NumPy arrays.

        ``calls``: the calls, returns and unwound activations of some functions, by symbols or
        addresses; True: of all that the program's symbol tables name now; False: of none. Calls
        that are under way are not recorded, and after an execve none are. ``syscalls``: system
        calls and their returns. ``blocks``: the beginnings of translated blocks; all of them are
        compiled then, 1 to 2 ms each, and what is a block depends on what else is set. ``memory``:
        reads (``access="r"``), writes (``"w"``) or both that touch some memory: a range of
        addresses, a variable (``"NAME"``, ``"NAME+SIZE"``), or True, all; the events are those of
        ``hooks.on_memory``, and blocks with accesses are compiled then.

        ``most`` events are kept at most (33,554,432): then ``run`` raises RecordingFull. With
        ``on_full`` it is called then (at 131,072 unless ``most`` says so), and by ``stop``, with
        the EventArrays so far, which are not kept; it must not look at the process.

        docs/recordings.md has examples. Raises UsageError for an unknown symbol, and for a second
        recording while there is one.
        """
        from dbt.process.recorded import record

        return record(
            self._parts,
            self.kernel,
            self._command,
            calls=calls,
            syscalls=syscalls,
            blocks=blocks,
            memory=memory,
            access=access,
            most=most,
            on_full=on_full,
        )

    # -- going back --------------------------------------------------------------------------------

    @lazy_property
    def _saver(self) -> "Saver":
        from dbt.process.snapshots import Saver

        return Saver(self._parts, self.kernel, self.state)

    def snapshot(self) -> "Snapshot":
        """Keep the guest as it is now: memory and mappings, registers of all threads, descriptors
        with their offsets, signals, the number of instructions, and what hooks know of live calls.
        ``restore`` puts all of it back. Counters of passes are not the guest's: they count on.

        There may be several, one after the other; each is kept until the object is dropped.

        Not undone is what lies outside of the guest: contents of files, what went through pipes and
        sockets, what is set in descriptors of epoll, eventfd, timerfd and inotify, offsets in files
        that are the host's, too (``stdin=file``), other processes, System V objects. Raises
        UsageError for what cannot be put back right: writable shared memory, POSIX timers, a
        recording, hooks of the mechanism ``trap``; while the guest runs (in a hook), when it has
        ended, and after ``close``.
        """
        with self._lifetime.restoring("snapshot"):
            if self._lifetime.over:
                raise UsageError(f"snapshot: {self._lifetime.over}")
            from dbt.process.snapshots import Snapshot

            return Snapshot(self._saver)

    def restore(self, snapshot: "Snapshot") -> None:
        """Make the guest as it was at the snapshot, as often as is wanted, also when it has ended.
        Translations stay. Hooks that were set or removed since stay so.

        Raises UsageError, and changes nothing, for a snapshot of another process, for what
        ``snapshot`` refuses, and when a shared mapping of then was unmapped.
        """
        with self._lifetime.restoring("restore"):
            self._saver.restore(snapshot)
            self._lifetime.revived()
            if self._cells is not None:
                self._cells.rewound()

    # -- input and output --------------------------------------------------------------------------

    @property
    def stdout(self) -> bytes | None:
        """What the guest has written to its standard output so far; None unless that is
        captured."""
        return self._captured(1)

    @property
    def stderr(self) -> bytes | None:
        """The same of standard error. With ``stderr=subprocess.STDOUT`` it is in ``stdout``."""
        return self._captured(2)

    def _captured(self, number: int) -> bytes | None:
        capture = self._captures.get(number)
        return None if capture is None else capture.content

    # -- looking at it -----------------------------------------------------------------------------

    def resolve(self, where: int | str) -> int:
        """The location of a symbol or of an address, as a number or as ``0x…``; an address in a
        function gets the bits of its code's state (ARM: bit 0 in Thumb code). Raises UsageError for
        an unknown symbol and for what is no guest address."""
        return self.kernel.symbolizer.resolve(where)

    def symbolize(self, pc: int) -> str:
        """``name+0x14 in file`` for a guest address."""
        return self.kernel.symbolize(pc)

    def line(self, pc: int) -> "Line | None":
        """The source line of a guest address, by debug information (DWARF) of the file that is
        mapped there, or of its separate debug file; None where none is known. It has a ``path``
        and a ``number``."""
        return self.kernel.symbolizer.line(pc)

    def system_call(self, location: int) -> str:
        """The name of the system call that the instruction at a location would make in the present
        state if its condition holds; empty when it makes none."""
        return inspection.system_call(self.frontend, self.memory, self.state, self.kernel, location)

    def location_of(self, key: BlockKey) -> int:
        """The location that leads to a block."""
        return self.frontend.location_of(key)

    def key_of(self, location: int) -> BlockKey:
        """The block key of a guest location."""
        return self.frontend.key_of(location)

    def registers(self) -> list[str]:
        """All general registers, four a line, then the bits of status."""
        return inspection.registers(self.frontend.layout, self.state)

    def explain(self, where: int | str) -> dict[str, str]:
        """The text of each stage of the block at a symbol or address, by name, in order.

        Raises UsageError where there is no code, or none that can be translated.
        """
        return inspection.explain(self.translator, self.engine, self.kernel.symbolizer, where)

    def stats(self) -> "Statistics":
        """Figures of all runs so far, ready for JSON; a notebook shows them as a table."""
        from dbt.process.statistics import Statistics

        figures = inspection.stats(self.translator, self.engine, self.kernel)
        return Statistics({**figures, **self._phases.figures()})

    def __repr__(self) -> str:
        return f"<Process {' '.join(map(repr, self._command))}: {self._lifetime.state}>"

    def _repr_html_(self) -> str:
        from dbt.markup import pairs

        rows: list[tuple[str, Any]] = [("program", self._command[0])]
        rows += [("arguments", " ".join(map(repr, self._command[1:])))] if self._command[1:] else []
        rows += [("state", self._lifetime.state)]
        if not self._lifetime.closed:
            rows += [("guest instructions", self.engine.executed)]
            rows += [("system calls", self.kernel.syscall_counts.total())]
        return pairs(rows, "Process")

    def debuggee(self) -> "Debuggee":
        """The process as a debugger drives it. Raises UsageError for a guest of which no debugger
        knows the registers."""
        from dbt.process.debugging import Debuggee

        return Debuggee(
            self.run,
            self.frontend,
            self.engine,
            self._machine,
            self.hooks,
            self.kernel,
            self._clock,
        )

    # -- the end -----------------------------------------------------------------------------------

    def close(self) -> None:
        """Release code, guest memory, descriptors and the host's signals and timers.

        ``state``, ``counters`` and ``stacks`` can be read afterwards; using anything else raises
        UsageError. A second call does nothing. Raises UsageError while the guest runs.
        """
        with self._lifetime.closing() as first:
            if first:
                release, machine, hooks = self._release, self._machine, self.hooks
                self.chain = self.hooks = self.kernel = self.memory = self.engine = GONE
                self.executor = self.translator = self._machine = self._loop = self._parts = GONE
                for part in ("_saver", "_caller"):
                    vars(self).pop(part, None)
                with release, contextlib.closing(machine):
                    hooks.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        # A copy would share the guest, and close it when it is collected.
        raise TypeError("a process cannot be copied or pickled: use snapshot, or make another one")

    def __del__(self) -> None:
        # When Python ends, the names of this module may be gone already.
        try:
            if "_release" in self.__dict__:  # else it was never opened
                self.close()
        except Exception:
            pass


def _cells(stdout: Any, stderr: Any) -> "Cells | None":
    """What shows the guest's output in a notebook; None elsewhere."""
    if "ipykernel" not in sys.modules:
        return None
    from dbt.process.cells import Cells

    return Cells({1: stdout, 2: stderr})


def _attach(passes: Iterable[Pass], process: Process) -> None:
    """Give the passes that need it access to the process."""
    for pass_ in passes:
        if isinstance(pass_, Attached):
            pass_.attach(process)


def _perf_file(
    format_: str | None, parts: Parts, kernel: Kernel, closing: contextlib.ExitStack
) -> "PerfFile | None":
    """Begin what perf reads, if it is wanted. ``closing`` will finish it. Raises UsageError."""
    if format_ is None:
        return None
    from dbt.perf import open_perf_file

    file = open_perf_file(format_, parts.engine.executor, kernel.symbolize, os.getcwd())
    closing.callback(file.finish)
    return file


def _connect_kernel(
    kernel: Kernel, parts: Parts, clock: Clock, phases: Phases, perf: "PerfFile | None"
) -> None:
    """Have the kernel call the other parts. None of them refers to the process, so that it is
    closed when its user drops it."""
    hooks = parts.hooks
    entering = phases.around(Phase.HOOKS, hooks.entering)
    leaving = phases.around(Phase.HOOKS, hooks.leaving)
    kernel.on_stack_moved = parts.machine.stack_moved_by_kernel
    kernel.intercept = lambda kernel, name, arguments: entering(
        name, arguments, kernel.request.number, kernel.resume
    )
    kernel.after = lambda kernel, name, arguments, result: leaving(
        name, arguments, result, kernel.request.number, kernel.resume
    )
    kernel.on_exec = partial(_replace_program, hooks, parts.engine)
    kernel.while_forking = parts.engine.forking
    kernel.on_fork_child = partial(_in_child, clock, perf)
    kernel.overdue = clock.overdue
    kernel.threads.begin_turn = parts.engine.budget.begin_turn
    kernel.threads.on_switch = parts.machine.switched_thread
    kernel.threads.on_end = parts.machine.thread_ends
    kernel.threads.on_begin = parts.machine.thread_begins
    kernel.threads.on_alone = parts.machine.thread_alone


def _in_child(clock: Clock, perf: "PerfFile | None") -> None:
    """The guest has forked, and this is the child."""
    clock.survive_fork()
    if perf is not None:
        try:
            perf.begin_in_child()
        except UsageError as error:
            say(f"armdbt: {error}")  # its guest cannot do anything for it


def _replace_program(hooks: "Hooks", engine: Engine) -> None:
    """The guest has called execve: drop the hooks' state and all translations."""
    hooks.forget()
    engine.flush()
