"""System calls on the address space: brk, mmap and its kin."""

import contextlib
import errno
import fcntl
import os
import stat
import struct

from dbt.classes import attrs
from dbt.interfaces import PAGE, READ, WRITE
from dbt.linux.calls.advice import may_lock, populate
from dbt.linux.errors import failure
from dbt.linux.state.address_space import (
    PRIVATE,
    AddressSpace,
    Area,
    page_align,
    page_up,
    protection,
)
from dbt.linux.state.limits import AS, DATA, UNLIMITED, limit
from dbt.linux.table import syscall
from dbt.stops import Access
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE, MAP_TYPE = 1, 2, 3, 15
MAP_FIXED, MAP_ANONYMOUS, MAP_FIXED_NOREPLACE = 0x10, 0x20, 0x100000
MAP_GROWSDOWN, MAP_LOCKED, MAP_POPULATE, MAP_NONBLOCK = 0x100, 0x2000, 0x8000, 0x10000
MAP_HUGETLB = 0x40000
_KNOWN_FLAGS = 0x7F933
"""mman.h: LEGACY_MAP_MASK; MAP_SHARED_VALIDATE takes no others."""
PROT_GROWSDOWN, PROT_GROWSUP = 0x01000000, 0x02000000
_PROT_GROWS = PROT_GROWSDOWN | PROT_GROWSUP
_PROT_KNOWN = 15  # READ, WRITE, EXEC, SEM
MREMAP_MAYMOVE, MREMAP_FIXED, MREMAP_DONTUNMAP = 1, 2, 4


@syscall("brk")
def brk(kernel: "Kernel", new: int) -> int:
    """Move the end of the heap; the old end when that cannot be."""
    space = kernel.space
    if new < space.brk_start or new > space.top:
        return space.brk
    old_end, new_end = page_up(space.brk), page_up(new)
    if new_end > old_end:
        if not space.is_free(old_end, min(new_end + PAGE, space.top)):
            return space.brk
        perms = protection(3, read_implies_exec=space.read_implies_exec)
        area = Area(old_end, new_end, perms)
        try:
            _check_limits(kernel, area)
            _set_up(kernel, area)
        except OSError:
            return space.brk
    elif new_end < old_end:
        try:
            space.unmap(new_end, old_end)
        except OSError:
            return space.brk
    space.brk = new
    return new


@syscall("mmap2")
def mmap2(
    kernel: "Kernel", address: int, size: int, prot: int, flags: int, fd: int, page: int
) -> int:
    """Map a file (at an offset in 4096-byte units) or anonymous memory (mm/mmap.c: do_mmap)."""
    kind, anonymous = flags & MAP_TYPE, bool(flags & MAP_ANONYMOUS)
    host_fd = -1 if anonymous else kernel.files.host_fd(fd)
    if flags & MAP_HUGETLB:  # there are no huge pages
        raise failure(errno.ENOMEM if anonymous else errno.EINVAL)
    if not size:
        raise failure(errno.EINVAL)
    if page + page_up(size) // PAGE >= 1 << 32:
        raise failure(errno.EOVERFLOW)
    start, end = _place(kernel.space, address, size, flags)
    locked = bool(flags & MAP_LOCKED) or kernel.space.lock_future
    if locked and not may_lock(kernel, end - start):
        raise failure(errno.EAGAIN)
    shared, grows_down = kind != MAP_PRIVATE, bool(flags & MAP_GROWSDOWN)
    if kind not in (MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE) or (
        kind == MAP_SHARED_VALIDATE and anonymous
    ):
        raise failure(errno.EINVAL)
    if kind == MAP_SHARED_VALIDATE and flags & ~_KNOWN_FLAGS:
        raise failure(errno.EOPNOTSUPP)
    perms = protection(prot, read_implies_exec=kernel.space.read_implies_exec)
    area = Area(start, end, perms, shared, locked=locked, grows_down=grows_down)
    if not anonymous:
        _check_file(host_fd, area)
    if grows_down and (shared or not anonymous):
        raise failure(errno.EINVAL)
    _check_limits(kernel, area)
    if anonymous:
        _set_up(kernel, area)
    else:
        _map_file(kernel, attrs.evolve(area, offset=page * PAGE), host_fd)
    if locked or flags & (MAP_POPULATE | MAP_NONBLOCK) == MAP_POPULATE:
        with contextlib.suppress(OSError):
            populate(kernel, start, end)
    return start


def _set_up(kernel: "Kernel", area: Area) -> None:
    """Map zeroed memory."""
    kernel.space.map_shared(area) if area.shared else kernel.space.map(area)


def _check_limits(kernel: "Kernel", area: Area) -> None:
    """ENOMEM when the guest would have more than it allows itself (mm/mmap.c: may_expand_vm)."""
    if not kernel.process.limits:
        return
    areas = kernel.space.areas
    most, most_data = limit(kernel, AS)[0], limit(kernel, DATA)[0]
    size = area.end - area.start
    if most < UNLIMITED and sum(a.end - a.start for a in areas) + size > most:
        raise failure(errno.ENOMEM)
    if most_data < UNLIMITED and _is_data(area):
        data = sum(a.end - a.start for a in areas if _is_data(a))
        if data + size > most_data:
            raise failure(errno.ENOMEM)


def _is_data(area: Area) -> bool:
    return bool(area.perms & WRITE) and not area.shared and not area.grows_down


@syscall("mmap")
def old_mmap(kernel: "Kernel", block: int) -> int:
    """The OABI's mmap: six words in memory, the last a byte offset."""
    raw = kernel.memory.read(block, 24)
    address, size, prot, flags, fd, offset = struct.unpack("<4IiI", raw)
    if offset % PAGE:
        raise failure(errno.EINVAL)
    return mmap2(kernel, address, size, prot, flags, fd, offset // PAGE)


def _place(space: AddressSpace, address: int, size: int, flags: int) -> tuple[int, int]:
    """Where a new mapping goes."""
    size = page_up(size)
    if size > space.top:
        raise failure(errno.ENOMEM)
    if flags & (MAP_FIXED | MAP_FIXED_NOREPLACE):
        if address % PAGE:
            raise failure(errno.EINVAL)
        if address + size > space.top:
            raise failure(errno.ENOMEM)
        if address < space.lowest:
            raise failure(errno.EPERM)
        if flags & MAP_FIXED_NOREPLACE and not space.is_free(address, address + size):
            raise failure(errno.EEXIST)
        return address, address + size
    start = space.find(size, address & -PAGE)
    if start is None:
        raise failure(errno.ENOMEM)
    return start, start + size


def _check_file(fd: int, area: Area) -> None:
    mode = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE
    if mode == os.O_WRONLY or (area.shared and area.perms & WRITE and mode == os.O_RDONLY):
        raise failure(errno.EACCES)
    kind = stat.S_IFMT(os.fstat(fd).st_mode)
    if kind not in (stat.S_IFREG, stat.S_IFCHR):
        raise failure(errno.ENODEV)


def _map_file(kernel: "Kernel", area: Area, fd: int) -> None:
    status = os.fstat(fd)
    if stat.S_ISCHR(status.st_mode):
        _map_device(kernel, area, fd)
        return
    writable = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
    try:
        kernel.space.map_file(area, fd, status, writable=writable)
    except PermissionError:
        if area.perms & WRITE or not (area.shared and writable):
            raise
        kernel.space.map_file(area, fd, status, writable=False)  # sealed: F_SEAL_WRITE


def _map_device(kernel: "Kernel", area: Area, fd: int) -> None:
    """/dev/zero is anonymous memory; no other device can be mapped."""
    if os.readlink(f"/proc/self/fd/{fd}") != "/dev/zero":
        raise failure(errno.ENODEV)
    _set_up(kernel, attrs.evolve(area, offset=0))


@syscall("munmap")
def munmap(kernel: "Kernel", address: int, size: int) -> int:
    """Unmap pages."""
    _unmap(kernel.space, address, size)
    return 0


def _unmap(space: AddressSpace, start: int, size: int) -> None:
    """Drop pages. EINVAL where no program may have any (mm/vma.c: do_vmi_munmap)."""
    if not size or start % PAGE or start + page_up(size) > space.top:
        raise failure(errno.EINVAL)
    space.unmap(start, start + page_up(size))


@syscall("mprotect", "pkey_mprotect")
def mprotect(kernel: "Kernel", address: int, size: int, prot: int) -> int:
    """Change permissions. What is mapped before a hole is changed even though the call fails
    (mm/mprotect.c: do_mprotect_pkey)."""
    grows = prot & _PROT_GROWS
    if grows == _PROT_GROWS or address % PAGE:
        raise failure(errno.EINVAL)
    if not size:
        return 0
    end = address + page_align(size)
    if not address < end < 1 << 32:
        raise failure(errno.ENOMEM)
    if prot & ~(_PROT_KNOWN | _PROT_GROWS):
        raise failure(errno.EINVAL)
    space = kernel.space
    perms = protection(prot, read_implies_exec=space.read_implies_exec)
    at = _start_growing(space, address, end, grows) if grows else address
    for area in space.within(at, end):
        if area.start != at:
            break
        if perms & WRITE and not area.writable:
            raise failure(errno.EACCES)
        space.protect(area.start, area.end, perms)
        at = area.end
    if at < end:
        raise failure(errno.ENOMEM)
    return 0


def _start_growing(space: AddressSpace, start: int, end: int, grows: int) -> int:
    """Where the area begins that is to be changed as far as it has grown. None grows upwards."""
    part = next(space.within(start, end), None)
    if part is None or (grows == PROT_GROWSUP and part.start > start):
        raise failure(errno.ENOMEM)
    if grows == PROT_GROWSUP or not part.grows_down:
        raise failure(errno.EINVAL)
    area = space.at(part.start)
    assert area is not None
    return area.start


@syscall("mremap")
def mremap(kernel: "Kernel", old: int, old_size: int, new_size: int, flags: int, new: int) -> int:
    """Shrink, grow, move or duplicate a mapping (mm/mremap.c)."""
    _check_remapping(old, old_size, new_size, flags)
    keep = bool(flags & MREMAP_DONTUNMAP)
    size, old_size = page_align(new_size), page_align(old_size)
    space = kernel.space
    if space.at(old) is None:
        raise failure(errno.EFAULT)
    if flags & (MREMAP_FIXED | MREMAP_DONTUNMAP):
        if new % PAGE or new + size > space.top or (new < old + old_size and old < new + size):
            raise failure(errno.EINVAL)
        start, end = _place(space, new, size, flags & MREMAP_FIXED and MAP_FIXED)
        if flags & MREMAP_FIXED:
            space.unmap(start, end)
        return _move(space, _resizable(space, old, old_size, size), start, size, keep=keep)
    if size <= old_size:
        if size < old_size:
            _unmap(space, old + size, old_size - size)
        return old
    area = _resizable(space, old, old_size, size)
    _check_limits(kernel, attrs.evolve(area, end=area.start + size - old_size))
    if old_size and old + size <= space.top and space.is_free(area.end, old + size):
        if area.object == PRIVATE:
            space.map(attrs.evolve(area, start=area.end, end=old + size))
        else:
            space.move(area, old, size, keep=True)
        return old
    if not flags & MREMAP_MAYMOVE:
        raise failure(errno.ENOMEM)
    return _move(space, area, _place(space, 0, size, 0)[0], size, keep=keep)


def _check_remapping(old: int, old_size: int, new_size: int, flags: int) -> None:
    """EINVAL for what mremap never does (mm/mremap.c: check_mremap_params)."""
    must_move = flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)
    if (
        flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)
        or (must_move and not flags & MREMAP_MAYMOVE)
        or (flags & MREMAP_DONTUNMAP and old_size != new_size)
        or old % PAGE
        or not page_align(new_size)
    ):
        raise failure(errno.EINVAL)


def _resizable(space: AddressSpace, old: int, old_size: int, size: int) -> Area:
    """The part of an area that is to be moved or resized. What it is to lose is unmapped."""
    if old_size > size:
        _unmap(space, old + size, old_size - size)
        old_size = size
    area = space.at(old)
    if area is None or old_size > area.end - old:
        raise failure(errno.EFAULT)
    if not old_size and not area.shared:
        raise failure(errno.EINVAL)
    return area.cut(old, old + old_size)


def _move(space: AddressSpace, area: Area, start: int, size: int, *, keep: bool) -> int:
    space.move(area, start, size, keep=keep or area.start == area.end)
    return start


@syscall("ARM_cacheflush")
def cacheflush(kernel: "Kernel", start: int, end: int, flags: int) -> int:
    """Drop the translations of a range, as far as it can be read (traps.c: do_cache_op)."""
    if end < start or flags:
        raise failure(errno.EINVAL)
    if end > kernel.space.top:
        raise failure(errno.EFAULT)
    kernel.space.sharing.flush(start, end)
    kernel.memory.check(start, end - start, READ, Access.READ)
    return 0
