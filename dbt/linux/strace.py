"""A trace of system calls: ``pid name(arguments) = result``, one line each."""

import errno
import os
from typing import TYPE_CHECKING

from dbt.linux.table import SYSCALLS
from dbt.stops import GuestFault

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_STRING_LIMIT = 32

# One letter an argument: s string, d decimal, D directory descriptor, x hexadecimal, o octal,
# p pointer, b a buffer whose length is the next argument.
_SHAPES = {
    "access": "so", "chdir": "s", "chmod": "so", "clock_gettime": "dp", "clock_gettime64": "dp",
    "close": "d", "creat": "so", "dup": "d", "dup2": "dd", "dup3": "ddx", "execve": "spp",
    "exit": "d", "exit_group": "d", "faccessat": "Dsd", "fcntl64": "dxx", "fstat64": "dp",
    "fstatat64": "Dspx", "futex": "pxdp", "getcwd": "pd", "getdents64": "dpd", "ioctl": "dxp",
    "kill": "dd", "link": "ss", "lstat64": "sp", "madvise": "xdd", "mkdir": "so",
    "mkdirat": "Dso", "mmap2": "xdxxdx", "mprotect": "xdx", "mremap": "xddxx", "munmap": "xd",
    "nanosleep": "pp", "open": "sxo", "openat": "Dsxo", "pipe": "p", "pipe2": "px",
    "poll": "pdd", "pread64": "dpdxxx", "pwrite64": "dbdxxx", "read": "dpd", "readlink": "spd",
    "readlinkat": "Dspd", "rename": "ss", "renameat": "DsDs", "rmdir": "s",
    "rt_sigaction": "dppd", "rt_sigprocmask": "dppd", "set_robust_list": "pd",
    "set_tid_address": "p", "stat64": "sp", "statx": "Dsxxp", "symlink": "ss", "tgkill": "ddd",
    "uname": "p", "unlink": "s", "unlinkat": "Dsx", "wait4": "dpxp", "write": "dbd",
    "writev": "dpd", "brk": "x", "statfs64": "sdp",
}  # fmt: skip
_ADDRESSES = {"brk", "mmap2", "mremap", "mmap", "shmat"}


class Strace:
    """Writes the lines through ``kernel.log_strace``."""

    def __init__(self, kernel: "Kernel") -> None:
        self._kernel = kernel
        self._line = ""
        self._name = ""

    def before(self, name: str, registers: list[int]) -> None:
        """Note the call and its arguments, as they are before it runs."""
        entry = SYSCALLS.get(name)
        default = "x" * len(entry.kinds) if entry is not None else "xxxxxx"
        shape = _SHAPES.get(name, default)
        shown = [self._argument(kind, registers, i) for i, kind in enumerate(shape)]
        self._line = f"{os.getpid()} {name}({','.join(shown)})"
        self._name = name
        if name in ("exit", "exit_group", "execve", "rt_sigreturn", "sigreturn"):
            self._kernel.log_strace(self._line)
            self._line = f"{os.getpid()} {name} resumed"

    def after(self, result: int) -> None:
        """Write the line."""
        if -4096 < result < 0:
            name = errno.errorcode.get(-result, str(-result))
            shown = f"-1 errno={-result} ({name}: {os.strerror(-result)})"
        elif self._name in _ADDRESSES:
            shown = f"{result & 0xFFFFFFFF:#010x}"
        else:
            shown = str(result)
        self._kernel.log_strace(f"{self._line} = {shown}")

    def _argument(self, kind: str, registers: list[int], index: int) -> str:
        value = registers[index]
        signed = value - (1 << 32) if value >> 31 else value
        if kind == "D" and signed == -100:
            return "AT_FDCWD"
        if kind in "dD":
            return str(signed)
        if kind == "o":
            return f"0{value:o}" if value else "0"
        if kind == "p" and not value:
            return "NULL"
        if kind in "sb":
            return self._text(value, registers[index + 1] if kind == "b" else None)
        return f"{value:#x}"

    def _text(self, address: int, size: int | None) -> str:
        try:
            if size is None:
                data = self._kernel.memory.cstring(address)
            else:
                data = self._kernel.memory.read(address, min(size, _STRING_LIMIT + 1))
        except (GuestFault, ValueError):
            return f"{address:#x}"
        text = data[:_STRING_LIMIT].decode("latin-1").encode("unicode_escape").decode()
        return f'"{text}"' + ("..." if len(data) > _STRING_LIMIT else "")
