"""Handles accesses to pages of guest memory that the host cannot give any more (lost pages).

A page of a mapped file is lost when the file is made shorter, or when it is a hole in the file and
the disk is full. An access then causes SIGBUS, in compiled code and in Python, which would end this
process. The handler here is machine code that calls the host's kernel alone. It notes the access,
moves the page to ``perms_base + LOST_PAGES_AT``, maps an empty one in its place, and makes the
guest's permissions ABSENT, for a while also those of its neighbours, so that compiled code soon
returns. ``GuestMemory.take_lost`` reads the notes and moves the page back. Any other SIGBUS is
passed to the handler that was there before.
"""

import _signal  # type: ignore[import-not-found]  # signal.getsignal takes 30 times as long
import ctypes
import mmap
import os
import signal
import threading
import weakref
from typing import Any

from backends.native import llvm
from backends.native.arena import Arena
from backends.native.cache import cached, stamp
from backends.native.link import link
from dbt.interfaces import (
    ABSENT,
    CODE,
    LOST_AT,
    LOST_PAGES,
    LOST_PAGES_AT,
    LOST_WINDOW,
    LOST_WINDOW_AT,
    MAPPED,
    PAGE,
    PERMS_DISTANCE,
    Memory,
)
from dbt.ir import banks

# Offsets in the handler's data: the kernel's struct sigaction of the previous handler, one of the
# default action, the last address that was not ours, and the reservations it is responsible for.
_PREVIOUS, _DEFAULT, _FOREIGN, _TABLE = 0, 32, 64, 128
_DATA_BYTES = 64 << 10
PAGES = (1 << 32) // PAGE
_ENTRIES = (_DATA_BYTES - _TABLE) // 8
_MMAP, _RT_SIGACTION, _MREMAP, _GETPID, _GETTID, _TGKILL = 9, 13, 25, 39, 186, 234  # x86-64
_MAYMOVE_FIXED = 3
_READ_WRITE, _PRIVATE_FIXED_ANONYMOUS_NORESERVE = 3, 0x4032
_SIGBUS = int(signal.SIGBUS)
_SA_SIGINFO, _SA_NODEFER, _SA_ONSTACK = 4, 0x40000000, 0x08000000

_REGISTERS = "={rax},{rax},{rdi},{rsi},{rdx},{r10},{r8},{r9},~{rcx},~{r11},~{memory}"
_TEXT = f"""
define internal i64 @host(i64 %n, i64 %a, i64 %b, i64 %c, i64 %d, i64 %e, i64 %f) alwaysinline {{
 %r = call i64 asm sideeffect "syscall", "{_REGISTERS}"
  (i64 %n, i64 %a, i64 %b, i64 %c, i64 %d, i64 %e, i64 %f)
 ret i64 %r
}}
define void @handle(i32 %signal, ptr %info, ptr %context, ptr %data) nounwind {{
 %code_at = getelementptr i8, ptr %info, i64 8
 %code = load i32, ptr %code_at
 %address_at = getelementptr i8, ptr %info, i64 16
 %address = load i64, ptr %address_at
 %table = getelementptr i8, ptr %data, i64 {_TABLE}
 %sent = icmp sle i32 %code, 0
 br i1 %sent, label %foreign, label %look
look:
 %index = phi i64 [ 0, %0 ], [ %next, %again ]
 %entry = getelementptr i64, ptr %table, i64 %index
 %base = load i64, ptr %entry
 %past = add i64 %base, {PERMS_DISTANCE}
 %guest = sub i64 %address, %past
 %inside = icmp ult i64 %guest, {1 << 32}
 %used = icmp ne i64 %base, 0
 %ours = and i1 %inside, %used
 br i1 %ours, label %found, label %again
again:
 %next = add i64 %index, 1
 %more = icmp ult i64 %next, {_ENTRIES}
 br i1 %more, label %look, label %foreign
found:
 %page = lshr i64 %guest, 12
 %perms_at = add i64 %base, %page
 %perms = inttoptr i64 %perms_at to ptr
 %notes_at = add i64 %base, {LOST_AT}
 %notes = inttoptr i64 %notes_at to ptr
 %count = load volatile i64, ptr %notes
 %counted = add i64 %count, 1
 store volatile i64 %counted, ptr %notes
 %here = and i64 %address, -{PAGE}
 %room = icmp ult i64 %count, {LOST_PAGES}
 %first = icmp eq i64 %count, 0
 br i1 %first, label %window, label %with_room
window:
 %reaches = icmp ugt i64 %page, {LOST_WINDOW // 2}
 %before = sub i64 %page, {LOST_WINDOW // 2}
 %not_below = select i1 %reaches, i64 %before, i64 0
 %not_above = icmp ult i64 %not_below, {PAGES - LOST_WINDOW}
 %low = select i1 %not_above, i64 %not_below, i64 {PAGES - LOST_WINDOW}
 %window_at = add i64 %base, {LOST_WINDOW_AT}
 %saved_low = inttoptr i64 %window_at to ptr
 store volatile i64 %low, ptr %saved_low
 %low_at = add i64 %base, %low
 %from = inttoptr i64 %low_at to ptr
 %saved = getelementptr i8, ptr %saved_low, i64 8
 br label %neighbour
neighbour:
 %i = phi i64 [ 0, %window ], [ %i_next, %after ]
 %from_i = getelementptr i8, ptr %from, i64 %i
 %saved_i = getelementptr i8, ptr %saved, i64 %i
 %bits = load volatile i8, ptr %from_i
 store volatile i8 %bits, ptr %saved_i
 %kind = and i8 %bits, {CODE | MAPPED}
 %hidden = icmp eq i8 %kind, {MAPPED}
 br i1 %hidden, label %hide, label %after
hide:
 store volatile i8 {ABSENT}, ptr %from_i
 br label %after
after:
 %i_next = add i64 %i, 1
 %i_more = icmp ult i64 %i_next, {LOST_WINDOW}
 br i1 %i_more, label %neighbour, label %with_room
with_room:
 store volatile i8 {ABSENT}, ptr %perms
 br i1 %room, label %keep, label %fill
keep:
 %which = add i64 %count, 1
 %note = getelementptr i64, ptr %notes, i64 %which
 store volatile i64 %guest, ptr %note
 %aside_by = mul i64 %count, {PAGE}
 %aside_at = add i64 %base, {LOST_PAGES_AT}
 %aside = add i64 %aside_at, %aside_by
 %moved = call i64 @host(i64 {_MREMAP}, i64 %here, i64 {PAGE}, i64 {PAGE},
  i64 {_MAYMOVE_FIXED}, i64 %aside, i64 0)
 %kept = icmp eq i64 %moved, %aside
 br i1 %kept, label %fill, label %foreign
fill:
 %filled = call i64 @host(i64 {_MMAP}, i64 %here, i64 {PAGE}, i64 {_READ_WRITE},
  i64 {_PRIVATE_FIXED_ANONYMOUS_NORESERVE}, i64 -1, i64 0)
 %well = icmp eq i64 %filled, %here
 br i1 %well, label %done, label %foreign
done:
 ret void
foreign:
 %last_at = getelementptr i8, ptr %data, i64 {_FOREIGN}
 %last = load volatile i64, ptr %last_at
 store volatile i64 %address, ptr %last_at
 %handler = load ptr, ptr %data
 %handler_word = ptrtoint ptr %handler to i64
 %is_function = icmp ugt i64 %handler_word, 1
 %repeated = icmp eq i64 %last, %address
 %not_sent = xor i1 %sent, 1
 %in_vain = and i1 %repeated, %not_sent
 %willing = xor i1 %in_vain, 1
 %passed = and i1 %is_function, %willing
 br i1 %passed, label %pass, label %leave
pass:
 call void %handler(i32 %signal, ptr %info, ptr %context)
 ret void
leave:
 %ignored = icmp eq i64 %handler_word, 1
 %quiet = and i1 %ignored, %sent
 br i1 %quiet, label %done, label %default
default:
 %action = getelementptr i8, ptr %data, i64 {_DEFAULT}
 %action_word = ptrtoint ptr %action to i64
 %set = call i64 @host(i64 {_RT_SIGACTION}, i64 {_SIGBUS}, i64 %action_word, i64 0, i64 8,
  i64 0, i64 0)
 br i1 %sent, label %again_sent, label %done
again_sent:
 %pid = call i64 @host(i64 {_GETPID}, i64 0, i64 0, i64 0, i64 0, i64 0, i64 0)
 %tid = call i64 @host(i64 {_GETTID}, i64 0, i64 0, i64 0, i64 0, i64 0, i64 0)
 %killed = call i64 @host(i64 {_TGKILL}, i64 %pid, i64 %tid, i64 {_SIGBUS}, i64 0, i64 0, i64 0)
 ret void
}}
"""


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


class _Guard:
    """The handler of this process, and the guest memories that it is responsible for."""

    def __init__(self) -> None:
        key = stamp([__file__, llvm.__file__, banks.__file__], "llvmlite")
        image = cached("guard", key, lambda: llvm.compile_text(_TEXT))
        self._data = mmap.mmap(-1, _DATA_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        anchor: Any = ctypes.c_char.from_buffer(self._data)
        self._address = ctypes.addressof(anchor)
        self._words = memoryview(self._data).cast("Q")
        self._arena = Arena()
        handle = link(image, self._arena).address("handle")
        # The handler's fourth argument is the data: mov $data, %rcx; mov $handle, %rax; jmp *%rax
        enter = b"\x48\xb9%b\x48\xb8%b\xff\xe0" % (_word(self._address), _word(handle))
        self._enter = self._arena.allocate(len(enter))
        self._arena.write(self._enter, enter)
        self._lock = threading.Lock()
        self._some_left = False
        os.register_at_fork(after_in_child=self._renew_lock)

    def watch(self, base: int) -> int:
        """Become responsible for a reservation. Returns its place, for ``unwatch``."""
        with self._lock:
            for place in range(_TABLE // 8, _DATA_BYTES // 8):
                if not self._words[place]:
                    self._words[place] = base
                    self._install()
                    return place
        raise MemoryError(f"more than {_ENTRIES} guest memories at once")

    def unwatch(self, place: int) -> None:
        """Undo ``watch``. With the last reservation the previous handler is restored.

        The collector may call this in the middle of any method here, in the thread that holds the
        lock. So it never waits for the lock: a holder calls ``_settle`` until nothing is left."""
        self._words[place] = 0
        self._some_left = True
        while self._some_left and self._lock.acquire(blocking=False):
            try:
                self._some_left = False
                self._settle()
            finally:
                self._lock.release()

    def ensure(self) -> None:
        """Install the handler again if another one has replaced it."""
        if not self._is_ours(_action()):
            with self._lock:
                self._install()

    def _install(self) -> None:
        """Install the handler and keep the present one as the previous. Called with the lock held:
        if another thread installed ours in between, ours would call itself."""
        there = _action()
        if not self._is_ours(there):
            self._data[_PREVIOUS : _PREVIOUS + 32] = there
            action = _Action(handler=self._enter, flags=_SA_SIGINFO | _SA_NODEFER | _SA_ONSTACK)
            _libc.sigaction(_SIGBUS, ctypes.byref(action), None)

    def _settle(self) -> None:
        """Restore the previous handler if there are no reservations. Called with the lock held."""
        if not any(self._words[_TABLE // 8 :]) and self._is_ours(_action()):
            _libc.syscall(_RT_SIGACTION, _SIGBUS, ctypes.c_void_p(self._address), None, 8)

    def _is_ours(self, action: bytes) -> bool:
        return action[:8] == _word(self._enter)

    def _renew_lock(self) -> None:
        """Make a new lock in a forked child, where the thread that held the old one is gone."""
        self._lock = threading.Lock()


def _action() -> bytes:
    """The present handling of SIGBUS: the kernel's struct sigaction."""
    now = ctypes.create_string_buffer(32)
    _libc.syscall(_RT_SIGACTION, _SIGBUS, None, now, 8)
    return now.raw


def _word(value: int) -> bytes:
    return value.to_bytes(8, "little")


_guard: _Guard | None = None
_making = threading.Lock()


class Watched:
    """Guest memory whose lost pages are handled until ``close``."""

    def __init__(self, memory: Memory) -> None:
        global _guard  # noqa: PLW0603
        with _making:
            if _guard is None:
                _guard = _Guard()
        self._guard = _guard
        place = self._guard.watch(memory.perms_base)
        self.close = weakref.finalize(memory, _guard.unwatch, place)
        """Stop handling lost pages, as when the memory goes. May be called repeatedly."""
        self.close.atexit = False
        self._python_handler: object = None

    def ensure(self) -> None:
        """Install the handler again if another one has replaced it, as the guest's own handling of
        signals does. Cheap; to be called before guest code runs."""
        self._guard.ensure()
        self._python_handler = _signal.getsignal(_SIGBUS)

    def ensure_after_hooks(self) -> None:
        """The same where the caller knows that nothing but hooks has run since. Cheaper: it relies
        on hooks using Python's ``signal`` to replace a handler, if they do."""
        if _signal.getsignal(_SIGBUS) is not self._python_handler:
            self.ensure()
