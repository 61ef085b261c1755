"""Handles accesses to guest memory that the host refuses: to pages that it cannot give any more
(lost pages), and to pages whose protection follows the guest's permissions.

A page of a mapped file is lost when the file is made shorter, or when it is a hole in the file and
the disk is full. An access then causes SIGBUS, in compiled code and in Python, which would end this
process. The handler here is machine code that calls the host's kernel alone. It notes the access,
moves the page to ``perms_base + LOST_PAGES_AT``, maps an empty one in its place, and makes the
guest's permissions ABSENT, for a while also those of its neighbours, so that compiled code soon
returns. ``GuestMemory.take_lost`` reads the notes and moves the page back.

SIGSEGV in code without checks makes that code leave, before the instruction, or go on where its
exception table says. So does SIGBUS, when the page was replaced. SIGSEGV in other code, which has
checked the permissions or need not, opens the page and notes that. Any other signal is passed to
the handler that was there before.
"""

import ctypes
import mmap
import os
import threading
import weakref

from backends.native import exception_table, guard_text, llvm
from backends.native.arena import Arena
from backends.native.cache import cached
from backends.native.exception_table import ExceptionTable
from backends.native.forks import held_at_fork
from backends.native.guard_text import (
    BASE,
    DATA_BYTES,
    ENTRIES,
    ENTRY,
    FIXUPS,
    FOLLOWS,
    OWN,
    PREVIOUS,
    SIGNALS,
    TABLE,
)
from backends.native.link import link
from backends.native.stamps import stamp
from dbt.interfaces import Memory
from dbt.ir import banks
from dbt.signals import signal
from dbt.typing import Any, NamedTuple

_RT_SIGACTION = 13
_SA_SIGINFO, _SA_NODEFER, _SA_ONSTACK = 4, 0x40000000, 0x08000000


class _Action(ctypes.Structure):
    """glibc's ``struct sigaction``."""

    _fields_ = [
        ("handler", ctypes.c_void_p),
        ("mask", ctypes.c_uint8 * 128),
        ("flags", ctypes.c_int),
        ("restorer", ctypes.c_void_p),
    ]


_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


class CodeWithoutChecks(NamedTuple):
    """Where code lies that does not check permissions, and how it is left (``guard_text``)."""

    start: int
    size: int
    leave: int
    exit_at: int
    exit_kind: int


class _Handler:
    """The handling of one signal in this process."""

    def __init__(self, number: int, data: Any, at: int, enter: int) -> None:
        self._number, self._data, self._at, self.enter = number, data, at, enter
        anchor: Any = ctypes.c_char.from_buffer(data)
        self._address = ctypes.addressof(anchor) + at
        self._seen = (ctypes.c_uint64 * 4)()
        """The action that ``is_installed`` has seen last. Threads share it: all ask the same."""

    def install(self) -> None:
        """Install the handler and keep the present one as the previous. Called with the lock held:
        if another thread installed ours in between, ours would call itself."""
        there = self._action()
        if not self._is_ours(there):
            self._data[self._at + PREVIOUS : self._at + PREVIOUS + 32] = there
            action = _Action(handler=self.enter, flags=_SA_SIGINFO | _SA_NODEFER | _SA_ONSTACK)
            _libc.sigaction(self._number, ctypes.byref(action), None)

    def restore(self) -> None:
        """Restore the previous handler, if ours is installed."""
        if self.is_installed():
            address = ctypes.c_void_p(self._address + PREVIOUS)
            _libc.syscall(_RT_SIGACTION, self._number, address, None, 8)

    def is_installed(self) -> bool:
        """True when the present handler is ours."""
        _libc.syscall(_RT_SIGACTION, self._number, None, self._seen, 8)
        return bool(self._seen[0] == self.enter)

    def _is_ours(self, action: bytes) -> bool:
        return action[:8] == _word(self.enter)

    def _action(self) -> bytes:
        """The present handling of the signal: the kernel's struct sigaction."""
        now = ctypes.create_string_buffer(32)
        _libc.syscall(_RT_SIGACTION, self._number, None, now, 8)
        return now.raw


class _Guard:
    """The handlers of this process, and the guest memories that they are responsible for."""

    def __init__(self) -> None:
        sources = (guard_text, exception_table, llvm, banks)
        key = stamp([str(source.__file__) for source in sources], "llvmlite")
        image = cached("guard", key, lambda: llvm.compile_text(guard_text.TEXT))
        self._data = mmap.mmap(-1, DATA_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        anchor: Any = ctypes.c_char.from_buffer(self._data)
        self._address = ctypes.addressof(anchor)
        self._words = memoryview(self._data).cast("Q")
        self._arena = Arena()
        handle = link(image, self._arena).address("handle")
        self._lost, self._refused = (
            _Handler(number, self._data, index * OWN, self._entrance(handle, index * OWN))
            for index, number in enumerate(SIGNALS)
        )
        self._tables: dict[int, object] = {}
        """The memory of the exception tables, by place."""
        self._lock = threading.Lock()
        self._some_left = False
        os.register_at_fork(after_in_child=self._renew_lock)

    def _entrance(self, handle: int, own: int) -> int:
        """Code that calls ``handle`` with its last two arguments, the data and those of a signal:
        mov $data, %rcx; mov $own, %r8; mov $handle, %rax; jmp *%rax."""
        data, its, to = _word(self._address), _word(self._address + own), _word(handle)
        enter = b"\x48\xb9%b\x49\xb8%b\x48\xb8%b\xff\xe0" % (data, its, to)
        address = self._arena.allocate(len(enter))
        self._arena.write(address, enter)
        return address

    def watch(self, base: int) -> int:
        """Become responsible for a reservation. Returns its place, for ``unwatch``."""
        with self._lock:
            for place in range(TABLE // 8, (TABLE + ENTRIES * ENTRY) // 8, ENTRY // 8):
                if not self._words[place]:
                    self._words[place] = base
                    self._lost.install()
                    return place
        raise MemoryError(f"more than {ENTRIES} guest memories at once")

    def follow(self, place: int) -> None:
        """From now on the host's protection of a memory follows the guest's permissions."""
        with self._lock:
            self._words[place + FOLLOWS // 8] = 1
            self._refused.install()

    def lead_out(self, place: int, code: CodeWithoutChecks | None) -> None:
        """Set the code without checks of a memory, which does not run."""
        words = tuple(code) if code else (0,) * len(CodeWithoutChecks._fields)
        first = place + FOLLOWS // 8 + 1
        for index, word in enumerate(words, first):
            self._words[index] = word

    def fix_up(self, place: int, table: ExceptionTable) -> None:
        """Set the exception table of a memory's code, which does not run."""
        self._words[place + FIXUPS // 8] = table.address
        self._tables[place] = table.memory

    def unwatch(self, place: int) -> None:
        """Undo ``watch``. With the last reservation the previous handlers are restored.

        The collector may call this in the middle of any method here, in the thread that holds the
        lock. So it never waits for the lock: a holder calls ``_settle`` until nothing is left."""
        self._words[place + BASE // 8] = 0
        self._words[place + FOLLOWS // 8] = 0
        self.lead_out(place, None)
        self._words[place + FIXUPS // 8] = 0
        self._tables.pop(place, None)
        self._some_left = True
        while self._some_left and self._lock.acquire(blocking=False):
            try:
                self._some_left = False
                self._settle()
            finally:
                self._lock.release()

    def ensure(self, *, follows: bool) -> None:
        """Install the handlers again that other ones have replaced."""
        for handler in (self._lost, self._refused) if follows else (self._lost,):
            if not handler.is_installed():
                with self._lock:
                    handler.install()

    def _settle(self) -> None:
        """Restore the previous handlers of which there is no need. Called with the lock held."""
        places = range(TABLE // 8, (TABLE + ENTRIES * ENTRY) // 8, ENTRY // 8)
        if not any(self._words[place] for place in places):
            self._lost.restore()
        if not any(self._words[place + FOLLOWS // 8] for place in places):
            self._refused.restore()

    def _renew_lock(self) -> None:
        """Make a new lock in a forked child, where the thread that held the old one is gone."""
        self._lock = threading.Lock()


def _word(value: int) -> bytes:
    return value.to_bytes(8, "little")


_guard: _Guard | None = None
_making = held_at_fork(threading.RLock())


_getsignal = signal.getsignal
_SIGBUS, _SIGSEGV = SIGNALS


def _python_handlers() -> tuple[object, object]:
    """What Python takes for the handlers of the signals."""
    return _getsignal(_SIGBUS), _getsignal(_SIGSEGV)


class Watched:
    """Guest memory whose refused accesses are handled until ``close``."""

    def __init__(self, memory: Memory) -> None:
        global _guard  # noqa: PLW0603
        with _making:
            if _guard is None:
                _guard = _Guard()
        self._guard = _guard
        self._follows = False
        self._place = self._guard.watch(memory.perms_base)
        self.close = weakref.finalize(memory, _guard.unwatch, self._place)
        """Stop handling refused accesses, as when the memory goes. May be called repeatedly."""
        self.close.atexit = False
        self._sigbus: object = None
        self._sigsegv: object = None
        """Python's handlers when ours were installed."""

    def follow(self) -> None:
        """Handle accesses that the protection of pages refuses, which follows the guest's
        permissions."""
        self._guard.follow(self._place)
        self._follows = True

    def lead_out(self, code: CodeWithoutChecks | None) -> None:
        """Set the code that refused accesses have to leave. It must not run now."""
        self._guard.lead_out(self._place, code)

    def fix_up(self, table: ExceptionTable) -> None:
        """Set the exception table of code, which must not run now, as it is: to be called again
        when it has grown."""
        self._guard.fix_up(self._place, table)

    def ensure(self) -> None:
        """Install the handlers again that others have replaced, as the guest's own handling of
        signals does. Cheap; to be called before guest code runs."""
        self._guard.ensure(follows=self._follows)
        self._sigbus, self._sigsegv = _python_handlers()

    def ensure_after_hooks(self) -> None:
        """The same where the caller knows that nothing but hooks and system calls has run since.
        Cheaper: it relies on hooks using Python's ``signal`` to replace a handler, if they do, and
        on system calls leaving these two signals alone (``sigaction.KEPT``)."""
        if _getsignal(_SIGBUS) is not self._sigbus or _getsignal(_SIGSEGV) is not self._sigsegv:
            self.ensure()
