"""Waiting for children, and what they used."""

import ctypes
import errno
import os
import resource
import struct
from typing import TYPE_CHECKING

from dbt.linux import host
from dbt.linux.siginfo import CLD_DUMPED, CLD_EXITED, CLD_KILLED, SigInfo
from dbt.linux.signals import SIGCHLD
from dbt.linux.table import S32, syscall

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_LONGS = 14
_HOST_RUSAGE = struct.Struct("=18q")
_RUSAGE = struct.Struct("<18I")
_WAIT_FLAGS = 0xE000000B  # __WNOTHREAD __WALL __WCLONE, WNOHANG WUNTRACED WCONTINUED
_WNOHANG, _WEXITED_STOPPED_CONTINUED = 1, 2 | 4 | 8


def pack_rusage(values: tuple[int, ...]) -> bytes:
    """A 32-bit struct rusage from the host's 18 numbers."""
    return _RUSAGE.pack(*(value & 0xFFFFFFFF for value in values))


@syscall("wait4")
def wait4(kernel: "Kernel", pid: S32, status_at: int, options: int, usage_at: int) -> int:
    """Wait for a child. EINTR when a signal comes first."""
    if options & ~_WAIT_FLAGS:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    status = ctypes.c_int(0)
    usage = ctypes.create_string_buffer(_HOST_RUSAGE.size)
    flags = options - (1 << 32) if options >> 31 else options
    if not flags & _WNOHANG and kernel.signals.interrupted():
        flags |= _WNOHANG
    found = host.call("wait4", pid, ctypes.byref(status), flags, usage)
    if not found:
        if not options & _WNOHANG:
            raise OSError(errno.EINTR, os.strerror(errno.EINTR))
        return 0
    if os.WIFEXITED(status.value) or os.WIFSIGNALED(status.value):
        kernel.process.children.discard(found)
        kernel.signals.reaped = _ended(found, status.value)
    if status_at:
        kernel.memory.store(status_at, 4, status.value & 0xFFFFFFFF)
    if usage_at:
        kernel.memory.write(usage_at, pack_rusage(_HOST_RUSAGE.unpack(usage.raw)))
    return found


def _ended(pid: int, status: int) -> SigInfo:
    """What SIGCHLD says of a child that ended with a wait status."""
    if os.WIFEXITED(status):
        code, value = CLD_EXITED, os.WEXITSTATUS(status)
    else:
        code, value = CLD_DUMPED if os.WCOREDUMP(status) else CLD_KILLED, os.WTERMSIG(status)
    return SigInfo(SIGCHLD, code, pid=pid, uid=os.getuid(), value=value)


@syscall("waitid")
def waitid(
    kernel: "Kernel", which: S32, pid: S32, info_at: int, options: int, usage_at: int
) -> int:
    """Wait for a child, with a siginfo. The usage is always zero."""
    if not options & _WEXITED_STOPPED_CONTINUED:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    raw = ctypes.create_string_buffer(128)
    host.call("waitid", which, pid, raw, options)
    number, _, code, _, child, uid, status = struct.unpack_from("=iiiiiIi", raw.raw)
    if info_at:
        info = SigInfo(number and SIGCHLD, code, 0, child, uid, status)
        kernel.memory.write(info_at, info.pack())
    if usage_at:
        kernel.memory.write(usage_at, bytes(_RUSAGE.size))
    return 0


@syscall("getrusage")
def getrusage(kernel: "Kernel", who: S32, address: int) -> int:
    """Resource usage. The translator's own work is counted as the guest's."""
    try:
        usage = resource.getrusage(who)
    except ValueError:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL)) from None
    times = []
    for seconds in (usage.ru_utime, usage.ru_stime):
        times += [int(seconds), int(seconds % 1 * 1_000_000)]
    kernel.memory.write(address, pack_rusage((*times, *(int(v) for v in usage[2:16]))))
    return 0
