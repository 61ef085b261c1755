"""System information, random numbers, prctl and other small calls."""

import errno
import os
import struct
import time

from dbt.linux.errors import failure
from dbt.linux.state.procfs import RELEASE, VERSION
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_UTS_FIELD = 65
_READ_IMPLIES_EXEC = 0x0400000
_GRND_FLAGS = 7


@syscall("uname")
def uname(kernel: "Kernel", address: int) -> int:
    """What system this is: Linux on the guest's machine."""
    fields = (
        "Linux", os.uname().nodename, RELEASE, VERSION, kernel.abi.machine, "(none)",
    )  # fmt: skip
    packed = b"".join(
        text.encode("ascii", "replace")[: _UTS_FIELD - 1].ljust(_UTS_FIELD, b"\0")
        for text in fields
    )
    kernel.memory.write(address, packed)
    return 0


@syscall("sysinfo")
def sysinfo(kernel: "Kernel", address: int) -> int:
    """Memory and load of the host, cut to 32 bits."""
    load = [int(value * 65536) for value in os.getloadavg()]
    pages, free = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_AVPHYS_PAGES")
    unit = os.sysconf("SC_PAGE_SIZE")
    memory = [min(pages, 0xFFFFFFFF), min(free, 0xFFFFFFFF), 0, 0, 0, 0]
    uptime = int(time.clock_gettime(time.CLOCK_BOOTTIME))
    words = struct.pack("<i3I6IHHIII8x", uptime, *load, *memory, 1, 0, 0, 0, unit)
    kernel.memory.write(address, words)
    return 0


@syscall("getrandom")
def getrandom(kernel: "Kernel", address: int, size: int, flags: int) -> int:
    """Random bytes, repeatable when the user gave a seed."""
    if flags & ~_GRND_FLAGS:
        raise failure(errno.EINVAL)
    size = min(size, 1 << 20)
    kernel.memory.write(address, kernel.random_bytes(size))
    return size


@syscall("getcpu")
def getcpu(kernel: "Kernel", cpu: int, node: int) -> int:
    """Processor 0."""
    for address in (cpu, node):
        if address:
            kernel.memory.store(address, 4, 0)
    return 0


@syscall("personality")
def personality(kernel: "Kernel", persona: int) -> int:
    """The execution domain: Linux, perhaps with READ_IMPLIES_EXEC."""
    before = kernel.process.persona
    if kernel.space.read_implies_exec:
        before |= _READ_IMPLIES_EXEC
    if persona != 0xFFFFFFFF:
        kernel.process.persona = persona & ~_READ_IMPLIES_EXEC
        kernel.space.read_implies_exec = bool(persona & _READ_IMPLIES_EXEC)
    return before


@syscall("vhangup", "acct", "swapon", "swapoff", "init_module", "finit_module", "delete_module",
         "syslog", "bpf", "perf_event_open", "ptrace", "kexec_load", "kexec_file_load", "mount",
         "umount2", "umount", "pivot_root", "move_mount", "mount_setattr", "fsopen", "fsmount",
         "fspick", "fanotify_init", "unshare", "setns", "quotactl", "quotactl_fd",
         "lookup_dcookie", "process_vm_readv", "process_vm_writev")  # fmt: skip
def refused(kernel: "Kernel") -> int:
    """Calls that no guest may make: EPERM."""
    del kernel
    raise failure(errno.EPERM)


@syscall("restart_syscall")
def restart_syscall(kernel: "Kernel") -> int:
    """Interrupted calls restart from their own instruction."""
    del kernel
    raise failure(errno.EINTR)
