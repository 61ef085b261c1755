"""System V shared memory (ipc/shm.c): segments of the host, attached in the guest's memory."""

import errno

from dbt.interfaces import EXEC, PAGE, READ, WRITE
from dbt.linux import host
from dbt.linux.calls import ipc_status
from dbt.linux.errors import failure
from dbt.linux.state.address_space import SEGMENT, AddressSpace, Area, page_up
from dbt.linux.state.ipc_objects import IPC_PRIVATE, SHARED_MEMORY
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_SHM_HUGETLB, _SHM_NORESERVE = 0o4000, 0o10000
_SHM_RDONLY, _SHM_RND, _SHM_REMAP, _SHM_EXEC = 0o10000, 0o20000, 0o40000, 0o100000
_IPC_CREAT = 0o1000


@syscall("shmget")
def shmget(kernel: "Kernel", key: int, size: int, flags: int) -> int:
    def make() -> int:
        if flags & _SHM_HUGETLB:  # there are no huge pages
            raise failure(errno.ENOMEM)
        wanted = flags & (0o777 | _SHM_NORESERVE) | _IPC_CREAT
        return host.call("shmget", IPC_PRIVATE, size, wanted)

    ident, made = kernel.process.ipc.get(SHARED_MEMORY, key, flags, make)
    if not made and size > ipc_status.status(SHARED_MEMORY, ident)["segsz"]:
        raise failure(errno.EINVAL)
    return ident


@syscall("shmat")
def shmat(kernel: "Kernel", ident: int, address: int, flags: int) -> int:
    """Attach a segment: at an address, or where there is room."""
    if ident < 0:
        raise failure(errno.EINVAL)
    alignment = kernel.abi.segment_alignment
    if address % alignment and not flags & _SHM_RND:
        raise failure(errno.EINVAL)
    address -= address % alignment
    if not address and flags & _SHM_REMAP:
        raise failure(errno.EINVAL)
    kernel.process.ipc.key(SHARED_MEMORY, ident)
    size = page_up(ipc_status.status(SHARED_MEMORY, ident)["segsz"])
    start = _place(kernel.space, address, size, remap=bool(flags & _SHM_REMAP))
    writable = not flags & _SHM_RDONLY
    perms = READ | (WRITE if writable else 0) | (EXEC if flags & _SHM_EXEC else 0)
    area = Area(start, start + size, perms, True, writable=writable, object=(SEGMENT, ident))
    kernel.space.map_segment(area)
    return start


def _place(space: AddressSpace, address: int, size: int, *, remap: bool) -> int:
    """Where a segment goes (do_shmat). ENOMEM, EINVAL."""
    if not address:
        found = space.find(size)
        if found is None:
            raise failure(errno.ENOMEM)
        return found
    if not space.lowest <= address <= space.top - size:
        raise failure(errno.EINVAL)
    if not remap and not space.is_free(address, address + size):
        raise failure(errno.EINVAL)
    return address


@syscall("shmdt")
def shmdt(kernel: "Kernel", address: int) -> int:
    """Detach what is still mapped of the segment that was attached at an address."""
    space = kernel.space
    found = [
        area
        for area in space.within(address, space.top)
        if area.object[0] == SEGMENT and area.start - area.offset == address
    ]
    if address % PAGE or not found:
        raise failure(errno.EINVAL)
    for area in found:
        if area.object == found[0].object:
            space.unmap(area.start, area.end)
    return 0


@syscall("shmctl")
def shmctl(kernel: "Kernel", ident: int, command: int, buffer: int) -> int:
    if ident < 0 or command < 0:
        raise failure(errno.EINVAL)
    return ipc_status.perform(kernel, SHARED_MEMORY, ident, command, buffer)
