"""System calls on the address space: brk, mmap and its kin."""

import errno
import fcntl
import os
import stat
import struct
from typing import TYPE_CHECKING

import attrs

from dbt.interfaces import PAGE, READ, WRITE
from dbt.linux import host
from dbt.linux.address_space import (
    MMAP_MIN,
    PRIVATE,
    TASK_SIZE,
    AddressSpace,
    Area,
    page_up,
    protection,
)
from dbt.linux.table import S32, syscall
from dbt.stops import Access

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE, MAP_TYPE = 1, 2, 3, 15
MAP_FIXED, MAP_ANONYMOUS, MAP_FIXED_NOREPLACE = 0x10, 0x20, 0x100000
PROT_GROWSDOWN, PROT_GROWSUP = 0x01000000, 0x02000000
MREMAP_MAYMOVE, MREMAP_FIXED, MREMAP_DONTUNMAP = 1, 2, 4
MADV_DONTNEED, MADV_FREE = 4, 8
_MADVICE = {0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21}
MS_ASYNC, MS_INVALIDATE, MS_SYNC = 1, 2, 4
MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT = 1, 2, 4
MLOCK_ONFAULT = 1


def _fail(code: int) -> OSError:
    return OSError(code, os.strerror(code))


@syscall("brk")
def brk(kernel: "Kernel", new: int) -> int:
    """Move the end of the heap; the old end when that cannot be."""
    space = kernel.space
    if new < space.brk_start or new > TASK_SIZE:
        return space.brk
    old_end, new_end = page_up(space.brk), page_up(new)
    if new_end > old_end:
        if not space.is_free(old_end, min(new_end + PAGE, TASK_SIZE)):
            return space.brk
        perms = protection(3, read_implies_exec=space.read_implies_exec)
        space.map(Area(old_end, new_end, perms))
    elif new_end < old_end:
        space.unmap(new_end, old_end)
    space.brk = new
    return new


@syscall("mmap2")
def mmap2(
    kernel: "Kernel", address: int, size: int, prot: int, flags: int, fd: S32, page: int
) -> int:
    """Map a file (at an offset in 4096-byte units) or anonymous memory."""
    if not size:
        raise _fail(errno.EINVAL)
    if flags & MAP_TYPE not in (MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE):
        raise _fail(errno.EINVAL)
    start, end = _place(kernel.space, address, size, flags)
    perms = protection(prot, read_implies_exec=kernel.space.read_implies_exec)
    shared = flags & MAP_TYPE != MAP_PRIVATE
    if flags & MAP_ANONYMOUS:
        area = Area(start, end, perms, shared)
        kernel.space.map_shared(area) if shared else kernel.space.map(area)
    else:
        _map_file(kernel, Area(start, end, perms, shared, offset=page * PAGE), fd)
    return start


@syscall("mmap")
def old_mmap(kernel: "Kernel", block: int) -> int:
    """The OABI's mmap: six words in memory, the last a byte offset."""
    raw = kernel.memory.read(block, 24)
    address, size, prot, flags, fd, offset = struct.unpack("<4IiI", raw)
    if offset % PAGE:
        raise _fail(errno.EINVAL)
    return mmap2(kernel, address, size, prot, flags, fd, offset // PAGE)


def _place(space: AddressSpace, address: int, size: int, flags: int) -> tuple[int, int]:
    """Where a new mapping goes."""
    size = page_up(size)
    if size > TASK_SIZE:
        raise _fail(errno.ENOMEM)
    if flags & (MAP_FIXED | MAP_FIXED_NOREPLACE):
        if address % PAGE:
            raise _fail(errno.EINVAL)
        if address + size > TASK_SIZE:
            raise _fail(errno.ENOMEM)
        if address < MMAP_MIN:
            raise _fail(errno.EPERM)
        if flags & MAP_FIXED_NOREPLACE and not space.is_free(address, address + size):
            raise _fail(errno.EEXIST)
        return address, address + size
    start = space.find(size, address & -PAGE)
    if start is None:
        raise _fail(errno.ENOMEM)
    return start, start + size


def _map_file(kernel: "Kernel", area: Area, fd: int) -> None:
    host_fd = kernel.files.host_fd(fd)
    mode = fcntl.fcntl(host_fd, fcntl.F_GETFL) & os.O_ACCMODE
    status = os.fstat(host_fd)
    if mode == os.O_WRONLY or (area.shared and area.perms & WRITE and mode == os.O_RDONLY):
        raise _fail(errno.EACCES)
    if stat.S_ISCHR(status.st_mode):
        _map_device(kernel, area, host_fd)
        return
    if not stat.S_ISREG(status.st_mode):
        raise _fail(errno.ENODEV)
    writable = mode != os.O_RDONLY
    try:
        map_regular(kernel.space, area, host_fd, status, writable=writable)
    except PermissionError:
        if area.perms & WRITE or not (area.shared and writable):
            raise
        map_regular(kernel.space, area, host_fd, status, writable=False)  # sealed: F_SEAL_WRITE


def map_regular(
    space: AddressSpace, area: Area, fd: int, status: os.stat_result, *, writable: bool
) -> None:
    """Map part of a regular file."""
    area = attrs.evolve(
        area,
        path=os.readlink(f"/proc/self/fd/{fd}"),
        writable=writable or not area.shared,
        object=(status.st_dev, status.st_ino),
    )
    space.map_file(area, fd, status.st_size)


def _map_device(kernel: "Kernel", area: Area, fd: int) -> None:
    """/dev/zero is anonymous memory; no other device can be mapped."""
    if os.readlink(f"/proc/self/fd/{fd}") != "/dev/zero":
        raise _fail(errno.ENODEV)
    plain = Area(area.start, area.end, area.perms, area.shared)
    kernel.space.map_shared(plain) if area.shared else kernel.space.map(plain)


def _range(address: int, size: int, *, unaligned: int = errno.EINVAL) -> tuple[int, int]:
    if address % PAGE:
        raise _fail(unaligned)
    end = address + page_up(size)
    if end > TASK_SIZE:
        raise _fail(errno.ENOMEM)
    return address, end


@syscall("munmap")
def munmap(kernel: "Kernel", address: int, size: int) -> int:
    """Unmap pages."""
    if not size or address % PAGE or address + page_up(size) > TASK_SIZE:
        raise _fail(errno.EINVAL)
    kernel.space.unmap(address, address + page_up(size))
    return 0


@syscall("mprotect", "pkey_mprotect")
def mprotect(kernel: "Kernel", address: int, size: int, prot: int) -> int:
    """Change permissions. What is mapped before a hole is changed even though the call fails."""
    if prot & ~(15 | PROT_GROWSDOWN | PROT_GROWSUP):
        raise _fail(errno.EINVAL)
    start, end = _range(address, size)
    space = kernel.space
    if prot & PROT_GROWSDOWN and (area := space.at(start)):
        start = area.start
    perms = protection(prot, read_implies_exec=space.read_implies_exec)
    at = start
    for area in space.within(start, end):
        if area.start != at:
            break
        if perms & WRITE and not area.writable:
            raise _fail(errno.EACCES)
        space.protect(area.start, area.end, perms)
        at = area.end
    if at < end:
        raise _fail(errno.ENOMEM)
    return 0


@syscall("mremap")
def mremap(kernel: "Kernel", old: int, old_size: int, new_size: int, flags: int, new: int) -> int:
    """Shrink, grow, move or duplicate a mapping (mm/mremap.c)."""
    keep = bool(flags & MREMAP_DONTUNMAP)
    if flags & ~7 or (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) and not flags & MREMAP_MAYMOVE):
        raise _fail(errno.EINVAL)
    size, old_size = page_up(new_size), page_up(old_size)
    if old % PAGE or not size or (keep and size != old_size):
        raise _fail(errno.EINVAL)
    space = kernel.space
    if space.at(old) is None:
        raise _fail(errno.EFAULT)
    if flags & (MREMAP_FIXED | MREMAP_DONTUNMAP):
        if new % PAGE or new + size > TASK_SIZE or (new < old + old_size and old < new + size):
            raise _fail(errno.EINVAL)
        start, end = _place(space, new, size, flags & MREMAP_FIXED and MAP_FIXED)
        if flags & MREMAP_FIXED:
            space.unmap(start, end)
        return _move(space, _resizable(space, old, old_size, size), start, size, keep=keep)
    if size <= old_size:
        space.unmap(old + size, old + old_size)
        return old
    area = _resizable(space, old, old_size, size)
    if old_size and old + size <= TASK_SIZE and space.is_free(area.end, old + size):
        if area.object == PRIVATE:
            space.map(attrs.evolve(area, start=area.end, end=old + size))
        else:
            space.move(area, old, size, keep=True)
        return old
    if not flags & MREMAP_MAYMOVE:
        raise _fail(errno.ENOMEM)
    return _move(space, area, _place(space, 0, size, 0)[0], size, keep=keep)


def _resizable(space: AddressSpace, old: int, old_size: int, size: int) -> Area:
    """The part of an area that is to be moved or resized. What it is to lose is unmapped."""
    if old_size > size:
        space.unmap(old + size, old + old_size)
        old_size = size
    area = space.at(old)
    if area is None or old_size > area.end - old:
        raise _fail(errno.EFAULT)
    if not old_size and not area.shared:
        raise _fail(errno.EINVAL)
    return area.cut(old, old + old_size)


def _move(space: AddressSpace, area: Area, start: int, size: int, *, keep: bool) -> int:
    space.move(area, start, size, keep=keep or area.start == area.end)
    return start


@syscall("madvise")
def madvise(kernel: "Kernel", address: int, size: int, advice: int) -> int:
    """Advice; only dropping anonymous pages has an effect."""
    if advice not in _MADVICE:
        raise _fail(errno.EINVAL)
    start, end = _range(address, size)
    space = kernel.space
    if advice in (MADV_DONTNEED, MADV_FREE):
        for area in space.within(start, end):
            if not area.shared and not area.path:
                kernel.memory.map(area.start, area.end - area.start, area.perms)
    if not space.covered(start, end):
        raise _fail(errno.ENOMEM)
    return 0


@syscall("mincore")
def mincore(kernel: "Kernel", address: int, size: int, vector: int) -> int:
    """Every mapped page counts as resident."""
    start, end = _range(address, size)
    if not kernel.space.covered(start, end):
        raise _fail(errno.ENOMEM)
    kernel.memory.write(vector, b"\1" * ((end - start) // PAGE))
    return 0


@syscall("msync")
def msync(kernel: "Kernel", address: int, size: int, flags: int) -> int:
    """Write shared file pages back."""
    if flags & ~7 or flags & (MS_ASYNC | MS_SYNC) == MS_ASYNC | MS_SYNC:
        raise _fail(errno.EINVAL)
    start, end = _range(address, size)
    for area in kernel.space.within(start, end):
        if area.shared and area.path:
            at = kernel.memory.base + area.start
            host.call("msync", at, area.end - area.start, flags & MS_SYNC or MS_ASYNC)
    if not kernel.space.covered(start, end):
        raise _fail(errno.ENOMEM)
    return 0


@syscall("mlock", "munlock")
def mlock(kernel: "Kernel", address: int, size: int) -> int:
    """Nothing is ever paged out as far as the guest can tell (mm/mlock.c)."""
    start = address & -PAGE
    if size and not kernel.space.covered(start, page_up(address + size)):
        raise _fail(errno.ENOMEM)
    return 0


@syscall("mlock2")
def mlock2(kernel: "Kernel", address: int, size: int, flags: int) -> int:
    """As mlock. EINVAL for unknown flags."""
    if flags & ~MLOCK_ONFAULT:
        raise _fail(errno.EINVAL)
    return mlock(kernel, address, size)


@syscall("mlockall")
def mlockall(kernel: "Kernel", flags: int) -> int:
    """As mlock, for everything. EINVAL for unknown flags, and without one that says when."""
    del kernel
    if flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) or flags in (0, MCL_ONFAULT):
        raise _fail(errno.EINVAL)
    return 0


@syscall("munlockall")
def munlockall(kernel: "Kernel") -> int:
    """As munlock, for everything."""
    del kernel
    return 0


@syscall("ARM_cacheflush")
def cacheflush(kernel: "Kernel", start: int, end: int, flags: int) -> int:
    """Drop the translations of a range, as far as it can be read (traps.c: do_cache_op)."""
    if end < start or flags:
        raise _fail(errno.EINVAL)
    if end > TASK_SIZE:
        raise _fail(errno.EFAULT)
    kernel.space.sharing.flush(start, end)
    kernel.memory.check(start, end - start, READ, Access.READ)
    return 0
