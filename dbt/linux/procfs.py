"""``/proc`` as the guest sees it: its own process, made up, and a few harmless files of the host.

Other processes do not exist here. ``/proc/self/exe``, ``cwd`` and ``fd/N`` lead to open files, as
they do in Linux.
"""

import os
import stat
from collections.abc import Callable
from typing import TYPE_CHECKING

from dbt.interfaces import EXEC, PAGE, READ, WRITE
from dbt.linux.paths import AT_FDCWD, PROGRAM, Virtual

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_DIRECTORY = stat.S_IFDIR | 0o555
_FILE = stat.S_IFREG | 0o444
_LINK = stat.S_IFLNK | 0o777

_SYS = (
    "kernel/osrelease", "kernel/ostype", "kernel/hostname", "kernel/version", "kernel/pid_max",
    "kernel/threads-max", "kernel/ngroups_max", "kernel/cap_last_cap", "kernel/random/uuid",
    "kernel/random/boot_id", "vm/overcommit_memory", "vm/max_map_count", "vm/mmap_min_addr",
    "fs/file-max", "fs/nr_open", "fs/pipe-max-size",
)  # fmt: skip
_HOST_FILES = frozenset(
    f"/proc/{name}".encode()
    for name in (
        "meminfo", "version", "uptime", "loadavg", "stat", "filesystems",
        *(f"sys/{name}" for name in _SYS),
    )
)  # fmt: skip
_HOST_DIRECTORIES = frozenset(os.path.dirname(path) for path in _HOST_FILES) | {b"/proc/sys"}

_MOUNTS = b"rootfs / rootfs rw 0 0\nproc /proc proc rw 0 0\n"


class ProcFs:
    """Answers for paths below /proc. ``look`` is what ``Paths`` calls."""

    def __init__(self, kernel: "Kernel") -> None:
        self._kernel = kernel
        self._files: dict[bytes, Callable[[], bytes]] = {
            b"cmdline": lambda: b"".join(word + b"\0" for word in kernel.process.argv),
            b"comm": lambda: kernel.process.name + b"\n",
            b"maps": self._maps,
            b"mounts": lambda: _MOUNTS,
            b"stat": self._stat,
            b"statm": self._statm,
            b"status": self._status,
        }

    def look(self, path: bytes) -> "Virtual | bytes | None":
        """What stands at an absolute guest path: a made up file, a host path, or nothing."""
        if path in _HOST_FILES:
            return _if_there(path)
        if path == b"/proc/cpuinfo":
            return Virtual(_FILE, content=self._kernel.abi.cpuinfo)
        if path in _HOST_DIRECTORIES:
            return Virtual(_DIRECTORY, names=lambda: self._names(path))
        if path in (b"/proc/self", b"/proc/thread-self"):
            return Virtual(_LINK, link=str(os.getpid()).encode())
        if path == b"/proc/mounts":
            return Virtual(_LINK, link=b"self/mounts")
        own = f"/proc/{os.getpid()}".encode()
        if path == own or path.startswith(own + b"/"):
            return self._own(path[len(own) + 1 :])
        return None

    def _own(self, name: bytes) -> Virtual | None:
        if not name:
            names = [*self._files, b"cwd", b"exe", b"fd", b"root", b"task"]
            return Virtual(_DIRECTORY, names=lambda: names)
        if name in self._files:
            return Virtual(_FILE, content=self._files[name])
        if name in (b"cwd", b"exe", b"root"):
            if name == b"root":
                return Virtual(_LINK, link=b"/")
            return Virtual(_LINK, descriptor=AT_FDCWD if name == b"cwd" else PROGRAM)
        if name == b"fd":
            names = [str(fd).encode() for fd in self._kernel.files]
            return Virtual(_DIRECTORY, names=lambda: names)
        if name.startswith(b"fd/") and name[3:].isdigit() and int(name[3:]) in self._kernel.files:
            return Virtual(_LINK, descriptor=int(name[3:]))
        if name == b"task":
            return Virtual(_DIRECTORY, names=lambda: [str(os.getpid()).encode()])
        if name.startswith(b"task/"):
            thread, _, rest = name[5:].partition(b"/")
            if thread == str(os.getpid()).encode():
                return self._own(rest)
        return None

    def _names(self, directory: bytes) -> list[bytes]:
        inside = _HOST_FILES | _HOST_DIRECTORIES
        names = [os.path.basename(path) for path in inside if os.path.dirname(path) == directory]
        if directory == b"/proc":
            names += [b"self", b"thread-self", b"mounts", b"cpuinfo", str(os.getpid()).encode()]
        return sorted(name for name in names if name)

    # -- content -----------------------------------------------------------------------------------

    def _maps(self) -> bytes:
        """The areas, with the guest's paths."""
        lines = []
        for area in self._kernel.space.areas:
            perms = "".join(c if area.perms & b else "-" for c, b in _LETTERS)
            perms += "s" if area.shared else "p"
            name = os.fsencode(area.path)
            name = self._kernel.paths.guest_of(name) if name.startswith(b"/") else name
            head = f"{area.start:08x}-{area.end:08x} {perms} {area.offset:08x} 00:00 0"
            lines.append((head.encode().ljust(49) + name if name else head.encode()) + b"\n")
        return b"".join(lines)

    def _pages(self) -> int:
        return sum(area.end - area.start for area in self._kernel.space.areas) // PAGE

    def _stat(self) -> bytes:
        """The host's fields with the guest's name; startstack (28) where the kernel knows it."""
        with open("/proc/self/stat", "rb") as file:
            fields = file.read().rpartition(b") ")[2].split()
        fields[25] = str(getattr(self._kernel, "stack_start", 0)).encode()
        return b"%d (%s) %s\n" % (os.getpid(), self._kernel.process.name, b" ".join(fields))

    def _statm(self) -> bytes:
        pages = self._pages()
        return b"%d %d 0 0 0 %d 0\n" % (pages, pages, pages)

    def _status(self) -> bytes:
        keep = (b"State", b"Tgid", b"Pid", b"PPid", b"Uid", b"Gid", b"Groups", b"Cpus_allowed")
        with open("/proc/self/status", "rb") as file:
            lines = [line for line in file if line.split(b":")[0] in keep]
        size = self._pages() * PAGE // 1024
        head = b"Name:\t%s\nUmask:\t0022\n" % self._kernel.process.name
        sizes = b"VmPeak:\t%8d kB\nVmSize:\t%8d kB\nVmRSS:\t%8d kB\n" % (size, size, size)
        return head + b"".join(lines) + sizes + b"Threads:\t1\n"


_LETTERS = (("r", READ), ("w", WRITE), ("x", EXEC))


def _if_there(path: bytes) -> bytes | None:
    return path if os.path.exists(path) else None
