"""Memory in /proc: maps, smaps, statm, and the sums in status (fs/proc/task_mmu.c)."""

import ctypes
import os

from dbt.interfaces import EXEC, PAGE, READ, WRITE
from dbt.linux import host
from dbt.linux.state.address_space import PRIVATE, Area, page_up
from dbt.typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_LETTERS = (("r", READ), ("w", WRITE), ("x", EXEC))
_NAME_COLUMN = 49
_ANONYMOUS_SHARED = 1
"""The device of shared anonymous memory; the kernel's own is 00:01 too (shmem)."""
_KIB = 1024


class Sums(NamedTuple):
    """Sizes in bytes, as ``status`` and ``statm`` divide them."""

    size: int
    resident: int
    anonymous: int
    files: int
    shared: int
    data: int
    stack: int
    code: int
    libraries: int
    locked: int


def name_of(kernel: "Kernel", area: Area) -> bytes:
    """The text of the last column."""
    space = kernel.space
    if area.path.startswith("/"):
        return _file_name(kernel, area)
    if area.object[0] == _ANONYMOUS_SHARED:
        return b"/dev/zero (deleted)"
    if area.start < page_up(space.brk) and area.end > space.brk_start:
        return b"[heap]"
    return b"[stack]" if area.start <= kernel.stack_start < area.end else b""


def _file_name(kernel: "Kernel", area: Area) -> bytes:
    path = os.fsencode(area.path)
    deleted = b" (deleted)"
    gone = not path.endswith(deleted)
    try:
        status = os.stat(path)
        gone = (status.st_dev, status.st_ino) != area.object
    except OSError:
        pass
    shown = kernel.paths.guest_of(path) if not path.startswith(b"/memfd:") else path
    return shown.replace(b"\n", b"\\012") + (deleted if gone else b"")


def _head(kernel: "Kernel", area: Area) -> bytes:
    perms = "".join(c if area.perms & b else "-" for c, b in _LETTERS)
    perms += "s" if area.shared else "p"
    device, inode = area.object
    major, minor = (os.major(device), os.minor(device)) if device != 1 else (0, 1)
    head = f"{area.start:08x}-{area.end:08x} {perms} {area.offset:08x} {major:02x}:{minor:02x} "
    line = f"{head}{inode} ".encode()
    name = name_of(kernel, area)
    return (line.ljust(_NAME_COLUMN) + name if name else line) + b"\n"


def _vectors(kernel: "Kernel") -> bytes:
    """The page of helper code, which is no area (gate_vma)."""
    address, page = kernel.abi.commpage()
    head = f"{address:08x}-{address + len(page):08x} r-xp 00000000 00:00 0 ".encode()
    return head.ljust(_NAME_COLUMN) + b"[vectors]\n"


def maps(kernel: "Kernel") -> bytes:
    """``/proc/PID/maps``."""
    lines = [_head(kernel, area) for area in kernel.space.areas]
    return b"".join([*lines, _vectors(kernel)])


def resident(kernel: "Kernel", area: Area) -> int:
    """How many bytes of an area are in memory, as the host says."""
    pages = (area.end - area.start) // PAGE
    found = ctypes.create_string_buffer(pages)
    try:
        host.call("mincore", kernel.memory.base + area.start, area.end - area.start, found)
    except OSError:
        return 0
    return sum(byte & 1 for byte in found.raw) * PAGE


def smaps(kernel: "Kernel") -> bytes:
    """``/proc/PID/smaps``: what the kernel says of each area. Whether a page is clean, and who
    else has it, is not known: private pages count as dirty, shared ones as clean."""
    return b"".join(_head(kernel, a) + _details(kernel, a) for a in kernel.space.areas) + (
        _vectors(kernel)
        + _sizes(PAGE, 0, anonymous=False, shared=False, locked=False, flags="rd ex")
    )


def _details(kernel: "Kernel", area: Area) -> bytes:
    flags = [flag for flag, bit in (("rd", READ), ("wr", WRITE), ("ex", EXEC)) if area.perms & bit]
    flags += ["sh"] if area.shared else []
    flags += ["mr", "mw", "me"] + (["ms"] if area.shared else [])
    flags += ["gd"] if area.grows_down else []
    flags += ["lo"] if area.locked else []
    rss = resident(kernel, area)
    anonymous = area.object == PRIVATE
    size = area.end - area.start
    return _sizes(
        size, rss, anonymous=anonymous, shared=area.shared, locked=area.locked,
        flags=" ".join(flags),
    )  # fmt: skip


def _sizes(
    size: int, rss: int, *, anonymous: bool, shared: bool, locked: bool, flags: str
) -> bytes:
    rows = {
        "Size": size, "KernelPageSize": PAGE, "MMUPageSize": PAGE, "Rss": rss, "Pss": rss,
        "Pss_Dirty": 0 if shared else rss, "Shared_Clean": 0, "Shared_Dirty": 0,
        "Private_Clean": rss if shared else 0, "Private_Dirty": 0 if shared else rss,
        "Referenced": rss, "Anonymous": rss if anonymous else 0, "LazyFree": 0,
        "AnonHugePages": 0, "ShmemPmdMapped": 0, "FilePmdMapped": 0, "Shared_Hugetlb": 0,
        "Private_Hugetlb": 0, "Swap": 0, "SwapPss": 0, "Locked": rss if locked else 0,
    }  # fmt: skip
    lines = [f"{name + ':':<16}{value // _KIB:8} kB\n" for name, value in rows.items()]
    return "".join([*lines, "THPeligible:    0\n", f"VmFlags: {flags} \n"]).encode()


def sums(kernel: "Kernel") -> Sums:
    """The sums over all areas."""
    areas = list(kernel.space.areas)
    sizes = {area: area.end - area.start for area in areas}
    rss = {area: resident(kernel, area) for area in areas}
    image = kernel.process.image
    code = page_up(image.end_code) - image.start_code // PAGE * PAGE
    executable = sum(sizes[a] for a in areas if a.perms & EXEC and not a.perms & WRITE)
    private_data = [a for a in areas if a.perms & WRITE and not a.shared and not a.grows_down]
    return Sums(
        size=sum(sizes.values()),
        resident=sum(rss.values()),
        anonymous=sum(rss[a] for a in areas if a.object == PRIVATE),
        files=sum(rss[a] for a in areas if a.path.startswith("/")),
        shared=sum(rss[a] for a in areas if a.object[0] == _ANONYMOUS_SHARED),
        data=sum(sizes[a] for a in private_data),
        stack=sum(sizes[a] for a in areas if a.grows_down),
        code=code,
        libraries=max(0, executable - code),
        locked=sum(sizes[a] for a in areas if a.locked),
    )


def statm(kernel: "Kernel") -> bytes:
    """``/proc/PID/statm``, in pages."""
    found = sums(kernel)
    values = (
        found.size, found.resident, found.files + found.shared, found.code, 0,
        found.data + found.stack, 0,
    )  # fmt: skip
    return (" ".join(str(value // PAGE) for value in values) + "\n").encode()
