"""The Linux kernel as one guest process sees it: dispatch, faults, and the parts that keep its
state.

The engine brings events here (``syscall``, ``fault``, ``halt``, ``poll``) and gets back the
location at which the guest continues, or the Stop that ended it. The calls themselves are in the
modules of ``dbt.linux.calls``, which fill ``dbt.linux.table.SYSCALLS`` when imported. It is long
because all ways from the engine into the kernel stand here, each a few lines.
"""

import contextlib
import errno
import functools
import importlib
import os
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial

from dbt import bundle, choices
from dbt.classes import attrs
from dbt.interfaces import READ, WRITE, FaultHit, HaltHit
from dbt.ir.block import BlockKey
from dbt.lazy import lazy_property
from dbt.linux import calls, exceptions, host
from dbt.linux.calls import exec as execution
from dbt.linux.errors import Blocked, Leave, ThreadExit
from dbt.linux.options import LinuxOptions
from dbt.linux.standard import NOTHING, Source
from dbt.linux.state import siginfo, socket_times, timers, waiting
from dbt.linux.state.address_space import AddressSpace, Area, page_up
from dbt.linux.state.fdtable import FdTable
from dbt.linux.state.futexes import Futexes
from dbt.linux.state.network import Network
from dbt.linux.state.nudges import Nudges
from dbt.linux.state.objects import require_descriptors
from dbt.linux.state.paths import Paths
from dbt.linux.state.process import ProcessState
from dbt.linux.state.sigaction import SIGPIPE
from dbt.linux.state.siginfo import SigInfo
from dbt.linux.state.signals import Signals
from dbt.linux.state.threads import Call, Threads
from dbt.linux.symbolizer import Image, Symbolizer
from dbt.linux.table import Entry
from dbt.linux.typed.model import read
from dbt.linux.typed.rows import SIGNATURES
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState
from dbt.stops import GuestFault, InternalError, LimitNotKept, Stop, UsageError
from dbt.streams import write_lines
from dbt.syscalls import DecodedCall, IllegalTrap, Request, SyscallAbi
from dbt.typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

    from dbt.linux.saving import Saved
    from dbt.linux.state.threads import Thread
    from dbt.linux.strace import Strace
    from dbt.linux.typed.decode import Decoder

Before = Callable[["Kernel", str, list[int]], int | None]
After = Callable[["Kernel", str, list[int], int], int | None]

OnTrap = Callable[[int, int, Request | IllegalTrap], None]

_EINTR = -errno.EINTR
ERESTARTSYS = 512
"""The kernel's own errno of a call that is restarted; only traces show it."""
_WRITES = {"write", "writev", "pwrite64", "pwritev", "pwritev2", "sendfile", "sendfile64", "splice"}
_SENDS = {"send": 3, "sendto": 3, "sendmsg": 2, "sendmmsg": 3}
"""Calls whose EPIPE brings SIGPIPE unless this argument has MSG_NOSIGNAL."""
_MSG_NOSIGNAL = 0x4000
_SLEEPLESS = {
    "futex", "futex_time64", "sched_yield", "clock_gettime", "clock_gettime64", "gettimeofday",
    "gettid", "getpid", "rt_sigprocmask", "rt_sigaction", "set_robust_list",
    "mmap2", "munmap", "mprotect", "madvise", "brk",
}  # fmt: skip
"""Calls that never sleep on the host while other threads can run, so that no nudge has to interrupt
them: those of them that programs with threads make often."""
_NUMBERED = r"[A-Za-z]+_(0x[0-9a-f]+|[0-9]+)"
"""The names that are made up for calls without one."""


@functools.cache
def load_families() -> None:
    """Import every module of ``dbt.linux.calls``, so that its calls are in the table."""
    _load(_families())


def _families() -> list[str]:
    files = (name.partition(".") for name in sorted(os.listdir(calls.__path__[0])))
    return [name for name, _, kind in files if kind == "py" and name != "__init__"]


def _load(families: Iterable[str]) -> None:
    for name in families:
        importlib.import_module(f"{calls.__name__}.{name}")


@functools.cache
def _load_common_families() -> None:
    """As ``load_families``, but for those that few programs need, if they can be imported at any
    time: a guest may have all descriptors."""
    directory = calls.__path__[0]
    if bundle.hold(os.path.join(directory, f"{name}.py") for name in calls.RARE):
        _load(name for name in _families() if name not in calls.RARE)
    else:
        load_families()


class Kernel:
    """One guest process.

    ``space``, ``signals``, ``process``, ``files`` and ``paths`` hold what their families need.
    ``request`` is the call being served (its ``variant`` selects the layouts of structures).
    ``on_exec`` must drop all translations; ``on_fork_child`` is called in a forked child when its
    state is its own, and the facade ends its host process.
    """

    repeats = False
    """The run is one that was recorded: nothing of it may be changed, and it can go back."""
    activity = 0
    """How often the guest was served, had timers that ran, or was sent a signal by the host: while
    it stays the same, so does what is kept here."""
    in_step: tuple[object, int] = (None, 0)
    """The snapshot that the process was like last, and ``activity`` then."""

    def __init__(
        self,
        memory: GuestMemory,
        state: GuestState,
        abi: SyscallAbi,
        options: LinuxOptions,
        standard: Mapping[int, Source] = NOTHING,
    ) -> None:
        _load_common_families()
        require_descriptors()
        self.memory = memory
        self.state = state
        self.abi = abi
        self.options = options
        self.space = AddressSpace(memory, abi)
        self.threads = Threads(self, options.sched_seed, options.turn)
        self.futexes = Futexes(self)
        self.nudges = Nudges()
        self.signals = Signals(self)
        self.space.sharing.on_words = self.signals.shares_words
        self.process = ProcessState(self)
        self.paths = Paths(options)
        self.network = Network(options.allow_net)
        self.files = FdTable(self, standard)
        self.symbolizer = Symbolizer(self.space, abi, state.layout.state_bits, options)
        self.request = Request(0, "")
        self.call: Call | None = None
        """The same with what is kept of it while its thread waits."""
        self.resume = 0
        self.stack_start = 0
        """The stack pointer that the program started with."""
        self.unknown_syscalls: Counter[str] = Counter()
        """How often the guest asked for what is not supported: names of system calls, and other
        things in words."""
        self.syscall_counts: Counter[str] = Counter()
        self.is_child = False
        self.keeps_host = False
        """The host treats signals as the guest wants also while the guest does not run."""
        self.intercept: Before | None = None
        """Called before each call: an int is the result of a call that is not to be made."""
        self.after: After | None = None
        """Called with the result when a call returns to the guest; an int that it returns replaces
        the result. It is not called for a call that is restarted after a signal."""
        self.on_trap: OnTrap | None = None
        """Called once for each trap instruction that was executed, a system call or not, with its
        immediate, the location behind it, and what it asks for."""
        self.on_stack_moved: Callable[[int], None] = _ignore
        """Called when a signal frame was made or left, with the stack pointer there was before."""
        self.on_exec: Callable[[], None] = _nothing
        self.on_fork_child: Callable[[], None] = _nothing
        self.while_forking: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
        """Makes a context in which the host process may be forked."""
        self.overdue: Callable[[], bool] = _false
        """Called while a call sleeps: True when the user's time limit has passed."""
        self.faults: list[Any] = []
        """Fault plans at work (``dbt.hooks.faults.FaultPlan``)."""
        self.random: Random | None = None
        if options.seed is not None:
            import random

            self.random = random.Random(options.seed)
        self.strace = _strace(self) if options.strace else None

    def connected(self, executed: Callable[[], int]) -> None:
        """The other parts are there; ``executed`` returns how many instructions are completed.
        Nothing to do, but for recorded and replayed processes (``dbt/linux/replay``)."""

    # -- loading -----------------------------------------------------------------------------------

    def load(self, program: str, argv: Sequence[bytes], envp: Sequence[bytes]) -> int:
        """Load a program of the host: the location to start at. Raises UsageError."""
        return execution.load(self, program, argv, envp)

    # -- events ------------------------------------------------------------------------------------

    def syscall(self, number: int, resume: BlockKey, *, again: bool = False) -> int | Stop:
        """Serve the trap instruction with immediate ``number``. Returns the location at which the
        guest continues, or how it ended. If a hook raises before the call is made, this is to be
        called ``again``."""
        self.activity += 1
        location = self.resume = self.abi.location_of(resume)
        request = self.abi.decode(number, self.state, location)
        if self.memory.has_lost and isinstance(request, Request):
            lost = exceptions.lost_page(self, self.abi.restart(self.state, request, location))
            if lost is not None:
                return lost
        if self.on_trap is not None and not again:
            self.on_trap(number, resume.pc, request)
        if isinstance(request, IllegalTrap):
            info = SigInfo(request.signal, request.code, address=request.address, why=request.why)
            if request.error is not None:
                self.signals.trap = attrs.evolve(self.signals.trap, number=0, error=request.error)
            self.signals.force(info)
            return self.signals.deliver(request.location or location)
        after = self._carry_out(Call(request, list(request.arguments), location))
        self.threads.look_now_and_then()
        return self._next_turn() if after is None else self._yielded(after)

    def _carry_out(self, call: Call) -> int | Stop | None:
        """Make a call and return from it, as ``syscall`` does; None when its thread is parked in
        it, or has ended."""
        self.call, self.request, self.resume = call, call.request, call.location
        location = call.location
        try:
            result, restarts, made_up = self._serve(call)
        except Blocked as wait:
            self.threads.park(call, wait)
            return None
        except (Leave, ThreadExit) as leave:
            if self.strace is not None:
                self.strace.left(call)
            if isinstance(leave, ThreadExit):
                return None
            if not isinstance(leave.outcome, int):
                return leave.outcome
            return self.signals.deliver(leave.outcome)
        if result == _EINTR and not restarts and not made_up and self.signals.is_to_be_held():
            assert self.signals.held is not None
            self.signals.held.interrupted, restarts = location, True
        if restarts:
            location = self.abi.restart(self.state, call.request, location)
        else:
            result = self._leave(call.request, call.registers, result, made_up=made_up)
            self.end_sleep()
            self.abi.set_result(self.state, result)
        if self.strace is not None:
            self.strace.after(call, -ERESTARTSYS if restarts else result)
        signals = self.signals
        held = signals.held is not None and signals.is_to_be_held()
        after = signals.deliver(location)
        if not held:
            signals.drop_temporary_mask()
        self.space.sharing.catch_up()
        return after

    def _serve(self, call: Call) -> tuple[int, bool, bool]:
        """Make a call, or make it again. Returns its result, whether it is restarted instead of
        returning, and whether a hook has made the result up."""
        request, registers = call.request, call.registers
        if not call.begun:
            given = None
            if self.intercept is not None:
                given = self.intercept(self, request.name, registers)
            if self.strace is not None:
                self.strace.before(call, skipped=given is not None)
            call.begun = True
            if given is not None:  # an EINTR among them is for the guest to see
                return given, False, True
            self.syscall_counts[request.name] += 1
        result = self._perform_beside_others(request, registers)
        while result == _EINTR and self.signals.resumes(request.name) and not self.overdue():
            waiting.let_others_run(self)
            self.signals.drop_temporary_mask()  # the call sets it again
            self.syscall_counts[request.name] += 1
            result = self._perform_beside_others(request, registers)
        if result != _EINTR:
            return result, False, False
        limited = partial(socket_times.is_limited, self, request.name, registers[0])
        return result, self.signals.restarts(request.name, is_limited=limited), False

    def _perform_beside_others(self, request: Request, registers: Sequence[int]) -> int:
        """Make a call. When it sleeps on the host while other threads can run, it gives EINTR after
        a while."""
        if request.name in _SLEEPLESS or not self.threads.others:
            return self._perform(request.name, registers, aligned=request.aligned)
        self.nudges.begin()
        try:
            return self._perform(request.name, registers, aligned=request.aligned)
        finally:
            self.nudges.end()

    def _leave(self, request: Request, registers: list[int], result: int, *, made_up: bool) -> int:
        """Return from the call: its result once the hooks have seen it."""
        if self.after is not None:
            changed = self.after(self, request.name, registers, result)
            made_up = made_up or changed not in (None, result)
            result = result if changed is None else changed
        if result == -errno.EPIPE and self._breaks_pipe(request.name, registers):
            info = SigInfo(SIGPIPE, siginfo.SI_USER, pid=os.getpid())
            self.signals.broken_pipe(info, made_up=made_up)
        return result

    def _breaks_pipe(self, name: str, registers: Sequence[int]) -> bool:
        """Whether EPIPE of a call brings SIGPIPE: of pipes and stream sockets (unix_dgram_sendmsg
        sends none)."""
        if name in _SENDS and registers[_SENDS[name]] & _MSG_NOSIGNAL:
            return False
        if name not in _WRITES and name not in _SENDS:
            return False
        fd = registers[2 if name == "splice" else 0]
        return fd not in self.files or host.is_stream(self.files.host_fd(fd))

    def perform(self, name: str, registers: Sequence[int], *, aligned: bool = True) -> int:
        """Run one call by name, which is not restarted: its result, negative errno on failure.
        ``Leave`` passes through."""
        self.activity += 1
        self.syscall_counts[name] += 1
        try:
            return self._perform(name, registers, aligned=aligned)
        finally:
            self.end_sleep()

    def _perform(self, name: str, registers: Sequence[int], *, aligned: bool) -> int:
        entry = calls.entry(name)
        if entry is None:
            self.unknown_syscalls[name] += 1
            return -errno.ENOSYS
        result = self._make(entry, name, registers, aligned=aligned)
        self.process.transfers.count(name, result)
        return result

    def _make(self, entry: Entry, name: str, registers: Sequence[int], *, aligned: bool) -> int:
        """Run a call's handler: its result, with an errno for what it raises."""
        try:
            if self.call is not None and self.call.again is not None:
                result = self.call.again()
            else:
                places = entry.aligned if aligned else entry.packed
                arguments = read(places, registers).values() if places else ()
                result = entry.handler(self, *arguments)
            if not self.memory.has_lost:
                return result
            self.memory.take_lost()
            return -errno.EFAULT
        except GuestFault:
            self.memory.take_lost()
            return -errno.EFAULT
        except OSError as error:
            return -(error.errno or errno.EIO)
        except OverflowError:  # a number that no function of the host takes
            return -errno.EINVAL
        except MemoryError:
            return -errno.ENOMEM
        except (Leave, Blocked, ThreadExit, LimitNotKept):  # the last in a forked child
            raise
        except Exception as error:
            raise InternalError(f"system call {name}: {error!r}") from error

    def fault(self, hit: FaultHit) -> int | Stop:
        """A forbidden access."""
        self.activity += 1
        return exceptions.fault(self, hit)

    def halt(self, hit: HaltHit) -> int | Stop:
        """An instruction that cannot be executed."""
        self.activity += 1
        return exceptions.halt(self, hit)

    def poll(self, location: int) -> int | Stop:
        """Deliver signals that came from outside."""
        self.activity += 1
        lost = exceptions.lost_page(self, location)
        if lost is not None:
            return lost
        self.space.sharing.catch_up()
        if self.threads.others:
            self.threads.look()
        return self.signals.deliver(location)

    # -- threads -----------------------------------------------------------------------------------

    @property
    def thread(self) -> int:
        """The id of the thread that runs."""
        return self.threads.current.tid

    def has_thread(self, thread: int) -> bool:
        """Whether a thread has not ended yet."""
        return self.threads.get(thread) is not None

    def turn_over(self, location: int, *, interruptible: bool) -> int | Stop:
        """The turn of the thread is over before the instruction at ``location``: let another one
        run. Unless it is ``interruptible``, no signal can be delivered there."""
        self.activity += 1
        after = self.poll(location) if interruptible else location
        if not isinstance(after, int):
            return after
        self.threads.set_aside(after, interruptible=interruptible)
        return self._next_turn()

    def _yielded(self, after: int | Stop) -> int | Stop:
        """Let another thread run if the present one has asked for that."""
        if not self.threads.yields or not isinstance(after, int):
            return after
        self.threads.set_aside(after)
        return self._next_turn()

    def _next_turn(self) -> int | Stop:
        """Give the turn to a thread that can run. Returns the location at which it continues, or
        how the process has ended."""
        while True:
            thread = self.threads.next()
            call, thread.call = thread.call, None
            if call is None:
                return self._continue(thread)
            after = self._carry_out(call)
            if after is not None:
                return after

    def _continue(self, thread: "Thread") -> int | Stop:
        """The location at which a thread continues that was not in a call."""
        if thread.interruptible:
            return self.signals.deliver(thread.location)
        thread.interruptible = True
        if self.signals.interrupted():
            self.threads.stop_soon()
        return thread.location

    # -- snapshots ---------------------------------------------------------------------------------

    def save(self) -> "Saved":
        """Keep the process as it is, with its memory. Raises UsageError."""
        from dbt.linux.saving import Saved

        return Saved(self)

    def restore(self, saved: "Saved") -> None:
        """Make it again as it was. Raises UsageError, and then has changed nothing."""
        saved.restore(self)

    # -- calls of the guest's functions ------------------------------------------------------------

    @property
    def program_flags(self) -> int:
        """e_flags of the program's ELF header."""
        return self.process.image.flags

    @property
    def program(self) -> object:
        """Another object for each program that is loaded."""
        return self.process.image

    def interrupt_sleep(self) -> int | None:
        """The deadline of the call that the thread will make again, which calls made before that
        do not have."""
        thread = self.threads.current
        deadline, thread.sleep_until = thread.sleep_until, None
        return deadline

    def continue_sleep(self, deadline: int | None) -> None:
        """Give the call its deadline again."""
        self.threads.current.sleep_until = deadline

    def allocate(self, size: int) -> int:
        """Map memory for the host to use, readable and writable. Returns its address. Raises
        UsageError when there is no room."""
        self.activity += 1
        start = self.space.find(page_up(size))
        if start is None:
            raise UsageError(f"the program has no room for {size:,} bytes")
        self.space.map(Area(start, start + page_up(size), READ | WRITE))
        return start

    def release(self, address: int, size: int) -> None:
        """Unmap what ``allocate`` has mapped."""
        self.activity += 1
        self.space.unmap(address, address + page_up(size))

    # -- looking -----------------------------------------------------------------------------------

    def call_name(self, given: int | str) -> str:
        """The name of a system call that is given by name or number. A call that the kernel does
        not have can only be given by the name made of its number. Raises UsageError."""
        if isinstance(given, str):
            import re

            number = re.fullmatch(_NUMBERED, given)  # one that the kernel does not have
            if given in SIGNATURES or (number and self.abi.name_of(int(number[1], 0)) == given):
                return given
            raise choices.unknown("system call", given, SIGNATURES)
        name = self.abi.name_of(choices.whole("a system call", given, most=choices.WORD))
        if name not in SIGNATURES:
            raise UsageError(
                f"no system call has the number {given} ({name!r} names it all the same)"
            )
        return name

    def call_made(self, number: int, resume: BlockKey) -> str:
        """The name of the call that the trap instruction with immediate ``number`` would make now;
        empty for none."""
        request = self.abi.decode(number, self.state, self.abi.location_of(resume))
        return request.name if isinstance(request, Request) else ""

    def call_names(self) -> Collection[str]:
        """Names of the system calls there are, served or not."""
        return SIGNATURES.keys()

    @lazy_property
    def decoder(self) -> "Decoder":
        """Decodes the calls of this process."""
        from dbt.linux.typed.decode import Decoder

        return Decoder(self.abi, self.memory)

    def decode(self, name: str, registers: Sequence[int], result: int | None = None) -> DecodedCall:
        """The call being served, or one like it, in words: typed arguments, texts, contents."""
        now = self.request
        return self.decoder.decode(
            name, registers, result, aligned=now.aligned, variant=now.variant
        )

    def open_readable(self, path: bytes) -> int:
        """A descriptor of the host for reading the program, or a file that the guest may read.
        Raises OSError."""
        program = self.process.program
        if program is not None and path == self.paths.guest_of(os.fsencode(self.process.path)):
            found = program
        else:
            found = self.paths.readable(path)
        return os.open(found.reach, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)

    @property
    def images(self) -> list[Image]:
        """The ELF files in memory, by address."""
        return self.symbolizer.images()

    def symbol(self, name: str) -> int | None:
        """The address of a symbol: of the program, else of what else is mapped."""
        return self.symbolizer.symbol(name)

    def symbolize(self, pc: int) -> str:
        """``main+0x14 in fib.elf``, or the bare address."""
        return self.symbolizer.describe(pc)

    def place(self, pc: int) -> str:
        """The same with the source line where it is known: ``main+0x14 in fib.elf, fib.c:12``."""
        return self.symbolizer.place(pc)

    def stack_bound(self, pointer: int) -> int:
        """The end of the stack the program was started on, when ``pointer`` is in it; else
        ``pointer``."""
        area = self.space.at(pointer)
        ours = area is not None and area.start <= self.stack_start <= area.end
        return area.end if area is not None and ours else pointer

    def mapping(self, address: int) -> range:
        """The addresses of the mapping that an address is in; none if it is in no mapping."""
        area = self.space.at(address)
        return range(0) if area is None else range(area.start, area.end)

    def heap(self) -> range:
        """The addresses between the first break and the present one (brk)."""
        return range(self.space.brk_start, self.space.brk)

    def random_bytes(self, size: int) -> bytes:
        """Random bytes; always the same ones when the user gave a seed."""
        return os.urandom(size) if self.random is None else self.random.randbytes(size)

    def sleep_until(self, wanted: int) -> int:
        """The time at which a sleep ends: ``wanted``; for one that was restarted, what it wanted
        first."""
        thread = self.threads.current
        if thread.sleep_until is None:
            thread.sleep_until = wanted
        return thread.sleep_until

    def end_sleep(self) -> None:
        """The sleep is over and will not be restarted."""
        self.threads.current.sleep_until = None

    def log_strace(self, line: str) -> None:
        """Write one line of the system call trace."""
        if self.options.strace_log is not None:
            self.options.strace_log(line)
        else:
            write_lines(sys.stderr, line)

    def enter_guest(self) -> None:
        """The guest begins to run: its timers continue, and the host treats signals as the guest
        wants."""
        self.signals.resume_host()
        if self.process.interval_timers.are_paused:
            self.activity += 1  # time passes for them
            self.process.interval_timers.resume()
        self.process.file_mask.resume()
        timers.resume(self)

    def leave_guest(self) -> None:
        """The guest has stopped running, or has ended: its timers stop, and the host's own timers,
        signal handlers and mask are back. A forked child keeps its signals until it is gone. Also
        called after an ``enter_guest`` that was cut short."""
        self.process.interval_timers.pause()
        self.process.file_mask.pause()
        timers.pause(self)
        if self.is_child:
            self.process.end_vfork()
            self._remove_shared()
        elif not self.keeps_host:
            self.signals.release_host()

    def _remove_shared(self) -> None:
        """Remove what the processes of the run share on the host, when this is the last."""
        if self.process.members.leave():
            self.paths.run_directory.remove()
            self.process.ipc.remove_all()

    def close(self) -> None:
        """Give everything back that is the host's, also if some of it cannot be. Raises OSError."""
        self.keeps_host = False
        with contextlib.ExitStack() as stack:
            self.in_step = None, 0
            stack.callback(setattr, self.process, "program", None)
            stack.callback(self.paths.close)
            stack.callback(self.space.close)
            stack.callback(self.files.close_all)
            stack.callback(self.process.tree.close)
            stack.callback(self.process.ipc.close)
            stack.callback(self.threads.ids.close)
            stack.callback(self._remove_shared)
            stack.callback(self.process.socket_names.close)
            stack.callback(self.process.children.release)
            stack.callback(timers.delete_all, self)
            stack.callback(self.nudges.close)
            stack.callback(self.leave_guest)


def _strace(kernel: Kernel) -> "Strace":
    from dbt.linux.strace import Strace

    return Strace(kernel)


def _false() -> bool:
    return False


def _nothing() -> None:
    """Default of callbacks without arguments: does nothing."""


def _ignore(pointer: int) -> None:
    """Default of ``on_stack_moved``: does nothing."""
