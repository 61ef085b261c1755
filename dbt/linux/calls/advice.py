"""Calls on mapped memory that leave it where it is: advice, residency, locking, writing back."""

import ctypes
import errno
import os
from collections.abc import Callable

from dbt.interfaces import PAGE, READ, WRITE
from dbt.linux import host
from dbt.linux.errors import failure
from dbt.linux.state.address_space import OMIT, PRIVATE, WIPE, Area, page_align, page_up
from dbt.linux.state.limits import limit
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

MADV_WILLNEED, MADV_DONTNEED, MADV_FREE, MADV_REMOVE = 3, 4, 8, 9
MADV_DONTFORK, MADV_DOFORK, MADV_WIPEONFORK, MADV_KEEPONFORK = 10, 11, 18, 19
MADV_COLD, MADV_PAGEOUT, MADV_POPULATE_READ, MADV_POPULATE_WRITE = 20, 21, 22, 23
MADV_DONTNEED_LOCKED, MADV_COLLAPSE, MADV_HWPOISON, MADV_SOFT_OFFLINE = 24, 25, 100, 101
# NORMAL, RANDOM, SEQUENTIAL, MERGEABLE, UNMERGEABLE, HUGEPAGE, NOHUGEPAGE, DONTDUMP, DODUMP
_ONLY_HINTS = {0, 1, 2, 12, 13, 14, 15, 16, 17}
MS_ASYNC, MS_INVALIDATE, MS_SYNC = 1, 2, 4
MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT = 1, 2, 4
MLOCK_ONFAULT = 1
RLIMIT_MEMLOCK = 8


# -- advice ----------------------------------------------------------------------------------------


def _advise_host(kernel: "Kernel", part: Area, advice: int) -> None:
    kernel.memory.advise(part.start, part.end - part.start, advice)


def _hint(kernel: "Kernel", part: Area, advice: int) -> None:
    """Pass the advice on to the host. Advice that the host does not know is ignored."""
    if part.locked and advice in (MADV_COLD, MADV_PAGEOUT):
        raise failure(errno.EINVAL)
    try:
        _advise_host(kernel, part, advice)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a host that does not know it
            raise


def _drop(kernel: "Kernel", part: Area, advice: int) -> None:
    """Give pages the content of a fresh mapping: zeros, or the file's. FREE leaves it open when
    that happens; here it is at once."""
    if part.locked and advice != MADV_DONTNEED_LOCKED:
        raise failure(errno.EINVAL)
    if advice == MADV_FREE and part.object != PRIVATE:
        raise failure(errno.EINVAL)
    start, size = part.start, part.end - part.start
    kernel.memory.forget_code(start, size)
    if part.object != PRIVATE or not kernel.memory.clear(start, size, part.perms):
        _advise_host(kernel, part, MADV_DONTNEED)


def _remove(kernel: "Kernel", part: Area, advice: int) -> None:
    """Punch a hole in the file."""
    if part.locked or part.object == PRIVATE:
        raise failure(errno.EINVAL)
    if not (part.shared and part.writable):
        raise failure(errno.EACCES)
    _advise_host(kernel, part, advice)
    kernel.space.sharing.flush(part.start, part.end)


def _set_fork(kernel: "Kernel", part: Area, advice: int) -> None:
    """Set what a forked child gets of the area."""
    if advice == MADV_WIPEONFORK and part.object != PRIVATE:
        raise failure(errno.EINVAL)
    bit = WIPE if advice in (MADV_WIPEONFORK, MADV_KEEPONFORK) else OMIT
    fork = part.fork | bit if advice in (MADV_WIPEONFORK, MADV_DONTFORK) else part.fork & ~bit
    kernel.space.change(part, fork=fork)


def _populate(kernel: "Kernel", part: Area, advice: int) -> None:
    """Have the pages in memory. EINVAL where they are forbidden, EFAULT where they are absent."""
    need = WRITE if advice == MADV_POPULATE_WRITE else READ
    if not part.perms & need:
        raise failure(errno.EINVAL)
    _hint(kernel, part, advice)


_ADVICE: dict[int, Callable[["Kernel", Area, int], None]] = {
    MADV_DONTNEED: _drop, MADV_FREE: _drop, MADV_DONTNEED_LOCKED: _drop, MADV_REMOVE: _remove,
    MADV_DONTFORK: _set_fork, MADV_DOFORK: _set_fork, MADV_WIPEONFORK: _set_fork,
    MADV_KEEPONFORK: _set_fork, MADV_WILLNEED: _hint, MADV_COLD: _hint, MADV_PAGEOUT: _hint,
    MADV_COLLAPSE: _hint, MADV_POPULATE_READ: _populate, MADV_POPULATE_WRITE: _populate,
}  # fmt: skip


@syscall("madvise")
def madvise(kernel: "Kernel", address: int, size: int, advice: int) -> int:
    """Act on advice, area by area. A hole gives ENOMEM, after all areas have had the advice
    (mm/madvise.c)."""
    poison = advice in (MADV_HWPOISON, MADV_SOFT_OFFLINE)
    if not (poison or advice in _ADVICE or advice in _ONLY_HINTS):
        raise failure(errno.EINVAL)
    end = address + page_up(size)
    if address % PAGE or end >= 1 << 32:
        raise failure(errno.EINVAL)
    if not size:
        return 0
    if poison:
        raise failure(errno.EPERM)
    at, complete = address, True
    for part in kernel.space.within(address, end):
        complete = complete and part.start == at
        if not complete and advice in (MADV_POPULATE_READ, MADV_POPULATE_WRITE):
            break
        if advice in _ADVICE:
            _ADVICE[advice](kernel, part, advice)
        at = part.end
    if not complete or at < end:
        raise failure(errno.ENOMEM)
    return 0


# -- residency -------------------------------------------------------------------------------------


def _mapped(kernel: "Kernel", start: int, end: int) -> list[Area]:
    """The parts of areas in a range without holes. Raises ENOMEM."""
    parts = list(kernel.space.within(start, end))
    if sum(part.end - part.start for part in parts) != end - start:
        raise failure(errno.ENOMEM)
    return parts


@syscall("mincore")
def mincore(kernel: "Kernel", address: int, size: int, vector: int) -> int:
    """Which pages are in memory, as the host says (mm/mincore.c)."""
    if address % PAGE:
        raise failure(errno.EINVAL)
    end = address + page_up(size)
    if end > kernel.space.top:
        raise failure(errno.ENOMEM)
    _mapped(kernel, address, end)
    found = ctypes.create_string_buffer((end - address) // PAGE + 1)
    if end > address:
        host.call("mincore", kernel.memory.base + address, end - address, found)
    kernel.memory.write(vector, found.raw[:-1])
    return 0


@syscall("msync")
def msync(kernel: "Kernel", address: int, size: int, flags: int) -> int:
    """Write shared file pages back (mm/msync.c)."""
    if flags & ~7 or address % PAGE or flags & (MS_ASYNC | MS_SYNC) == MS_ASYNC | MS_SYNC:
        raise failure(errno.EINVAL)
    end = address + page_align(size)
    if end >= 1 << 32:
        raise failure(errno.ENOMEM)
    total = 0
    for part in kernel.space.within(address, end):
        if flags & MS_INVALIDATE and part.locked:
            raise failure(errno.EBUSY)
        if part.shared and part.path:
            at = kernel.memory.base + part.start
            host.call("msync", at, part.end - part.start, flags & MS_SYNC or MS_ASYNC)
        total += part.end - part.start
    if total != end - address:
        raise failure(errno.ENOMEM)
    return 0


# -- locking ---------------------------------------------------------------------------------------


def may_lock(kernel: "Kernel", size: int) -> bool:
    """Whether the guest may lock ``size`` bytes more. Raises EPERM when it may lock nothing."""
    most = limit(kernel, RLIMIT_MEMLOCK)[0]
    if os.geteuid() == 0:
        return True
    if not most:
        raise failure(errno.EPERM)
    return locked_size(kernel) + size <= most


def locked_size(kernel: "Kernel") -> int:
    """Bytes that the guest has locked."""
    return sum(area.end - area.start for area in kernel.space.areas if area.locked)


def populate(kernel: "Kernel", start: int, end: int) -> None:
    """Have the pages of a range in memory, private ones as the guest's own where it may write.
    Raises OSError at the first that cannot be (mm/gup.c: __mm_populate)."""
    for part in kernel.space.within(start, end):
        writes = part.perms & WRITE and not part.shared
        _populate(kernel, part, MADV_POPULATE_WRITE if writes else MADV_POPULATE_READ)


def _lock(kernel: "Kernel", address: int, size: int, *, now: bool) -> int:
    start, end = _whole_pages(address, size)
    already = sum(p.end - p.start for p in kernel.space.within(start, end) if p.locked)
    if not may_lock(kernel, end - start - already):
        raise failure(errno.ENOMEM)
    _set_locked(kernel, start, end, locked=True)
    if now:
        try:
            populate(kernel, start, end)
        except OSError:
            raise failure(errno.ENOMEM) from None
    return 0


def _whole_pages(address: int, size: int) -> tuple[int, int]:
    """Start and end of the pages that some bytes lie on."""
    start = address & -PAGE
    return start, start + page_align(address - start + size)


def _set_locked(kernel: "Kernel", start: int, end: int, *, locked: bool) -> None:
    """Up to the first hole, which is ENOMEM (mm/mlock.c: apply_vma_lock_flags)."""
    if end >= 1 << 32:
        raise failure(errno.EINVAL)
    at = start
    for part in kernel.space.within(start, end):
        if part.start != at:
            break
        kernel.space.change(part, locked=locked)
        at = part.end
    if at < end:
        raise failure(errno.ENOMEM)


@syscall("mlock")
def mlock(kernel: "Kernel", address: int, size: int) -> int:
    """Keep pages in memory, as far as the limit allows. The host may page them out all the same."""
    return _lock(kernel, address, size, now=True)


@syscall("mlock2")
def mlock2(kernel: "Kernel", address: int, size: int, flags: int) -> int:
    """As mlock, or once they have been touched. EINVAL for unknown flags."""
    if flags & ~MLOCK_ONFAULT:
        raise failure(errno.EINVAL)
    return _lock(kernel, address, size, now=not flags)


@syscall("munlock")
def munlock(kernel: "Kernel", address: int, size: int) -> int:
    """Undo mlock."""
    _set_locked(kernel, *_whole_pages(address, size), locked=False)
    return 0


@syscall("mlockall")
def mlockall(kernel: "Kernel", flags: int) -> int:
    """As mlock, for everything. EINVAL for unknown flags, and without one that says when."""
    if flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) or flags in (0, MCL_ONFAULT):
        raise failure(errno.EINVAL)
    space = kernel.space
    unlocked = sum(area.end - area.start for area in space.areas if not area.locked)
    if not may_lock(kernel, unlocked if flags & MCL_CURRENT else 0):
        raise failure(errno.ENOMEM)
    space.lock_future = bool(flags & MCL_FUTURE)
    if flags & MCL_CURRENT:
        for area in list(space.areas):
            space.change(area, locked=True)
    return 0


@syscall("munlockall")
def munlockall(kernel: "Kernel") -> int:
    """Undo mlockall and every mlock."""
    kernel.space.lock_future = False
    for area in list(kernel.space.areas):
        kernel.space.change(area, locked=False)
    return 0
