"""vfork: the child borrows its parent's memory until it executes a program or ends.

The child is a host process of its own, made by fork, so what it stores is its own copy. Before it
lets its parent continue, it sends the pages that it changed, and its parent stores them. Which ones
these are is in /proc/self/pagemap: a page that was copied for the child is mapped by it alone (bit
56), and one that it only read is still shared with its parent. Mappings of anonymous memory that
the child made, changed or removed are sent too, but not those of files. Nor is it sent that a page
was emptied: what the child advised away, or mapped anew, keeps its content in the parent.
"""

import contextlib
import marshal
import os
import select
import struct
import time
from collections.abc import Iterator

from dbt.interfaces import PAGE
from dbt.linux.state.address_space import Area
from dbt.linux.state.children import SIGCHLD, Child
from dbt.signals import signal
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_HEAD = struct.Struct("=II")  # address, size; (n, 0): a layout of n bytes follows; (0, 0): executed
_PAGEMAP_ENTRY = 8
_CHANGED = bytes(
    # The top byte of an entry: bit 7 present, 6 swapped out, 5 of a file, 0 mapped by one process.
    int((top & 0xA0 == 0x80 and bool(top & 1)) or top & 0x60 == 0x40)
    for top in range(256)
)
_LARGEST = 1 << 20
_LOOK_MILLISECONDS = 50
_GRACE_SECONDS = 5.0

Layout = list[tuple[int, int, int]]


class Borrower:
    """The child's end: sends what changed, then lets the parent continue."""

    def __init__(self, kernel: "Kernel", writer: int, *, shares_memory: bool) -> None:
        self._kernel = kernel
        self._writer = writer
        self._shares = shares_memory
        self._layout = _layout(kernel)

    def send(self) -> None:
        """Send the changes. A parent that is gone needs none."""
        if not self._shares:
            return
        with contextlib.suppress(BrokenPipeError), _no_sigpipe():
            layout = _layout(self._kernel)
            if layout != self._layout:
                packed = marshal.dumps((layout, self._kernel.space.brk))
                _write(self._writer, _HEAD.pack(len(packed), 0) + packed)
                self._layout = layout
            for address, size in _changed(self._kernel):
                data = self._kernel.memory.raw(address, size)
                _write(self._writer, _HEAD.pack(address, size) + data)

    def tell_execution(self) -> None:
        """Report to the parent that a program is executed: from then on the child's end sends
        SIGCHLD, whatever was asked for (begin_new_exec)."""
        with contextlib.suppress(BrokenPipeError), _no_sigpipe():
            _write(self._writer, _HEAD.pack(0, 0))

    def close(self) -> None:
        """Let the parent continue."""
        os.close(self._writer)


class Lender:
    """The parent's end: waits, and stores what the child sends."""

    def __init__(self, kernel: "Kernel", reader: int, child: Child) -> None:
        self._kernel = kernel
        self._reader = reader
        self._child = child
        self._overdue_since: float | None = None

    def wait(self) -> None:
        """Return when the child has executed a program or ended. When time is over, a child that
        is stopped is continued: its time is over as well, so that it ends."""
        with open(self._reader, "rb", buffering=0) as pipe:
            while head := self._read(pipe.fileno(), _HEAD.size):
                first, size = _HEAD.unpack(head)
                if not (first or size):
                    self._child.exit_signal = SIGCHLD
                    continue
                data = self._read(pipe.fileno(), size or first)
                if not data:
                    return
                if size:
                    self._kernel.memory.poke(first, data)
                else:
                    _apply(self._kernel, *marshal.loads(data))

    def _read(self, fd: int, size: int) -> bytes:
        """Exactly so many bytes; none when the child is gone."""
        ready = select.poll()
        ready.register(fd, select.POLLIN)
        out = bytearray()
        while len(out) < size:
            while not ready.poll(_LOOK_MILLISECONDS):
                if self._kernel.overdue():
                    self._hurry()
            data = os.read(fd, min(size - len(out), _LARGEST))
            if not data:
                return b""
            out += data
        return bytes(out)

    def _hurry(self) -> None:
        """End a child whose time is over: continue it, later kill it."""
        now = time.monotonic()
        if self._overdue_since is None:
            self._overdue_since = now
        late = now - self._overdue_since > _GRACE_SECONDS
        with contextlib.suppress(ProcessLookupError):  # unreaped, so that the number is its own
            os.kill(self._child.pid, signal.SIGKILL if late else signal.SIGCONT)


def _layout(kernel: "Kernel") -> Layout:
    """Private anonymous areas, with permissions."""
    areas = kernel.space.areas
    return [(a.start, a.end, a.perms) for a in areas if not (a.shared or a.path)]


def _apply(kernel: "Kernel", layout: Layout, brk: int) -> None:
    """Make the private anonymous areas what the child has made of them."""
    space = kernel.space
    wanted = [(start, end) for start, end, _ in layout]
    for start, end, _ in _layout(kernel):
        for gap in _gaps(wanted, start, end):
            space.unmap(*gap)
    for start, end, perms in layout:
        there = [(area.start, area.end) for area in space.within(start, end)]
        for gap in _gaps(there, start, end):
            space.map(Area(*gap, perms))
        for area in list(space.within(start, end)):
            if area.perms != perms:
                space.protect(area.start, area.end, perms)
    space.brk = brk


def _gaps(ranges: list[tuple[int, int]], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of ``start`` to ``end`` that the ascending ranges leave."""
    for first, last in ranges:
        if last > start and first < end:
            if first > start:
                yield start, first
            start = max(start, last)
    if start < end:
        yield start, end


def _changed(kernel: "Kernel") -> Iterator[tuple[int, int]]:
    """Runs of pages of private memory that this process has changed: address and size. Without
    /proc/self/pagemap, all of it."""
    try:
        pagemap = os.open("/proc/self/pagemap", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        pagemap = -1
    try:
        for area in kernel.space.areas:
            if area.shared:
                continue
            changed = _flags(kernel, pagemap, area)
            at = changed.find(1)
            while at >= 0:
                stop = changed.find(0, at)
                stop = min(len(changed) if stop < 0 else stop, at + _LARGEST // PAGE)
                yield area.start + at * PAGE, (stop - at) * PAGE
                at = changed.find(1, stop)
    finally:
        if pagemap >= 0:
            os.close(pagemap)


def _flags(kernel: "Kernel", pagemap: int, area: Area) -> bytes:
    """A byte for each page of an area: 1 if it is to be sent, else 0."""
    size = (area.end - area.start) // PAGE
    if pagemap < 0:
        return b"\1" * size
    first = (kernel.memory.base + area.start) // PAGE
    entries = os.pread(pagemap, size * _PAGEMAP_ENTRY, first * _PAGEMAP_ENTRY)
    return entries[_PAGEMAP_ENTRY - 1 :: _PAGEMAP_ENTRY].translate(_CHANGED)


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


@contextlib.contextmanager
def _no_sigpipe() -> Iterator[None]:
    """Within this context a write to a closed pipe sends no SIGPIPE, which the guest may have at
    its default."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE})
    pending = signal.SIGPIPE in signal.sigpending()
    try:
        yield
    finally:
        if not pending and signal.SIGPIPE in signal.sigpending():
            signal.sigtimedwait({signal.SIGPIPE}, 0)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
