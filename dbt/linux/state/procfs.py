"""``/proc`` as the guest sees it: its own process, made up, and a few harmless files of the host.

Other processes are not there, nor what only the host's kernel knows (``mem``, ``sched``, ``ns``,
``net``): looking such a name up gives ENOENT. Of what can be written to in a real /proc, ``comm``
can be here, too; all else is shown read-only, and to open it for writing gives EACCES.
``/proc/self/exe``, ``cwd`` and ``fd/N`` lead to open files, as they do in Linux.
"""

import errno
import os
import stat
from collections.abc import Callable
from functools import partial

from dbt.linux.errors import failure
from dbt.linux.state import proc_memory, proc_task
from dbt.linux.state.paths import AT_FDCWD, PROGRAM
from dbt.linux.state.places import Sink, Virtual
from dbt.linux.state.task import LAST_CAPABILITY, NAME_BYTES
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel
    from dbt.linux.state.threads import Thread

RELEASE, VERSION = "6.1.0", "#1 SMP PREEMPT armdbt"
"""Of the guest's kernel."""
_DIRECTORY = stat.S_IFDIR | 0o555
_FILE = stat.S_IFREG | 0o444
_LINK = stat.S_IFLNK | 0o777

_SYS = (
    "kernel/hostname", "kernel/domainname", "kernel/pid_max", "kernel/threads-max",
    "kernel/ngroups_max", "kernel/random/uuid", "kernel/random/boot_id",
    "kernel/random/entropy_avail", "kernel/random/poolsize", "kernel/shmmax", "kernel/shmall",
    "kernel/shmmni", "kernel/sem", "kernel/msgmax", "kernel/msgmnb", "kernel/msgmni",
    "kernel/core_pattern", "kernel/core_uses_pid", "kernel/tainted", "kernel/printk",
    "kernel/dmesg_restrict", "kernel/perf_event_paranoid", "vm/overcommit_memory",
    "vm/overcommit_ratio", "vm/max_map_count", "vm/swappiness", "vm/nr_hugepages", "fs/file-max",
    "fs/file-nr", "fs/nr_open", "fs/pipe-max-size", "fs/inotify/max_user_instances",
    "fs/inotify/max_user_watches", "fs/inotify/max_queued_events", "fs/aio-max-nr",
)  # fmt: skip
_HOST_FILES = frozenset(
    f"/proc/{name}".encode()
    for name in ("meminfo", "uptime", "loadavg", "filesystems", *(f"sys/{name}" for name in _SYS))
)

_MADE_UP: dict[bytes, bytes] = {
    b"/proc/version": f"Linux version {RELEASE} (armdbt) {VERSION}\n".encode(),
    b"/proc/sys/kernel/ostype": b"Linux\n",
    b"/proc/sys/kernel/osrelease": f"{RELEASE}\n".encode(),
    b"/proc/sys/kernel/version": f"{VERSION}\n".encode(),
    b"/proc/sys/kernel/cap_last_cap": f"{LAST_CAPABILITY}\n".encode(),
    b"/proc/sys/kernel/randomize_va_space": b"0\n",
}
"""What describes the guest's kernel, which is not the host's."""

_MOUNTS = b"rootfs / rootfs rw 0 0\nproc /proc proc rw 0 0\n"
_MOUNT_INFORMATION = b"1 1 0:1 / / rw - rootfs rootfs rw\n2 1 0:2 / /proc rw - proc proc rw\n"
_NO_ID = b"4294967295"
_OOM_SCORE = b"666\n"  # a small process's
_ID_MAP = b"         0          0 4294967295\n"


def _cpu_statistics() -> bytes:
    """/proc/stat with the one processor that the guest has: all of the host's work is its."""
    out = []
    with open("/proc/stat", "rb") as file:
        for line in file:
            if line.startswith(b"cpu "):
                out += [line, line.replace(b"cpu ", b"cpu0", 1)]
            elif not line.startswith(b"cpu"):
                out.append(line)
    return b"".join(out)


def _constant(content: bytes) -> Callable[[], bytes]:
    return lambda: content


class ProcFs:
    """Answers for paths below /proc. ``look`` is what ``Paths`` calls."""

    def __init__(self, kernel: "Kernel") -> None:
        self._kernel = kernel
        process = kernel.process
        self._files: dict[bytes, Callable[[Thread], bytes]] = {
            b"auxv": lambda _: process.image.auxv,
            b"cgroup": lambda _: b"0::/\n",
            b"cmdline": lambda _: proc_task.command_line(kernel),
            b"comm": lambda thread: thread.name + b"\n",
            b"coredump_filter": lambda _: b"00000033\n",
            b"environ": lambda _: proc_task.environment(kernel),
            b"gid_map": lambda _: _ID_MAP,
            b"io": lambda _: process.transfers.text(),
            b"limits": lambda _: proc_task.limits(kernel),
            b"loginuid": lambda _: _NO_ID,
            b"maps": lambda _: proc_memory.maps(kernel),
            b"mountinfo": lambda _: _MOUNT_INFORMATION,
            b"mounts": lambda _: _MOUNTS,
            b"oom_adj": lambda _: b"0\n",
            b"oom_score": lambda _: _OOM_SCORE,
            b"oom_score_adj": lambda _: b"0\n",
            b"personality": lambda _: b"%08x\n" % process.persona,
            b"sessionid": lambda _: _NO_ID,
            b"setgroups": lambda _: b"allow\n",
            b"smaps": lambda _: proc_memory.smaps(kernel),
            b"stat": lambda thread: proc_task.stat(kernel, thread),
            b"statm": lambda _: proc_memory.statm(kernel),
            b"status": lambda thread: proc_task.status(kernel, thread),
            b"syscall": lambda _: b"running\n",
            b"timerslack_ns": lambda _: b"%d\n" % process.task.timer_slack,
            b"uid_map": lambda _: _ID_MAP,
            b"wchan": lambda _: b"0",
        }
        self._system: dict[bytes, Callable[[], bytes]] = {
            b"/proc/cpuinfo": kernel.abi.cpuinfo,
            b"/proc/stat": _cpu_statistics,
            b"/proc/sys/vm/mmap_min_addr": lambda: b"%d\n" % kernel.abi.mmap_min,
            **{path: _constant(content) for path, content in _MADE_UP.items()},
        }
        files = _HOST_FILES | self._system.keys()
        directories = {os.path.dirname(path) for path in files}
        self._directories = directories | {os.path.dirname(path) for path in directories}
        self._directories -= {b"/"}

    def look(self, path: bytes) -> "Virtual | bytes | None":
        """What is at an absolute guest path: a made up file, a host path, or nothing."""
        if path in _HOST_FILES:
            return path if os.path.exists(path) else None
        if path in self._system:
            return Virtual(_FILE, content=self._system[path])
        if path in self._directories:
            return self._directory(path, lambda: self._names(path))
        if path in (b"/proc/self", b"/proc/thread-self"):
            pid = str(os.getpid()).encode()
            thread = pid + b"/task/%d" % self._kernel.thread
            return Virtual(_LINK, link=pid if path == b"/proc/self" else thread)
        if path == b"/proc/mounts":
            return Virtual(_LINK, link=b"self/mounts")
        number, _, rest = path.removeprefix(b"/proc/").partition(b"/")
        found = self._thread(number)
        return None if found is None else self._own(path, found, rest)

    def _thread(self, name: bytes) -> "Thread | None":
        """The thread whose id is a name. The first one is there as long as the process is."""
        threads, tid = self._kernel.threads, int(name) if name.isdigit() else -1
        if name != b"%d" % tid:  # 0123 names nothing (name_to_int)
            return None
        return threads.get(tid) or (threads.current if tid == os.getpid() else None)

    def _directory(self, path: bytes, names: Callable[[], list[bytes]]) -> Virtual:
        """A made up directory, whose entries have the types of their files."""

        def kind(name: bytes) -> int:
            found = self.look(path + b"/" + name)
            return stat.S_IFMT(found.mode) if isinstance(found, Virtual) else stat.S_IFREG

        return Virtual(_DIRECTORY, names=lambda: [(name, kind(name)) for name in names()])

    def _own(self, path: bytes, thread: "Thread", name: bytes) -> Virtual | None:
        """A name in the directory of a process, or of one of its threads."""
        directory, _, rest = name.partition(b"/")
        if directory != b"task":
            return self._of_thread(path, thread, name, [b"task"])
        if not rest:
            return self._directory(path, self._thread_names)
        number, _, name = rest.partition(b"/")
        found = self._thread(number)
        return None if found is None else self._of_thread(path, found, name, [])

    def _thread_names(self) -> list[bytes]:
        ids = {os.getpid(), *(thread.tid for thread in self._kernel.threads)}
        return [b"%d" % tid for tid in sorted(ids)]

    def _of_thread(
        self, path: bytes, thread: "Thread", name: bytes, others: list[bytes]
    ) -> Virtual | None:
        if not name:
            names = [*self._files, b"cwd", b"exe", b"fd", b"fdinfo", b"root", *others]
            return self._directory(path, lambda: sorted(names))
        if name == b"comm":
            return self._comm(thread)
        if name in self._files:
            return Virtual(_FILE, content=partial(self._files[name], thread))
        if name in (b"cwd", b"exe"):
            return Virtual(_LINK, descriptor=AT_FDCWD if name == b"cwd" else PROGRAM)
        if name == b"root":
            return Virtual(_LINK, link=b"/")
        return self._descriptors(path, name)

    def _comm(self, thread: "Thread") -> Virtual:
        """The name of a thread, which all threads of its process may change (comm_write)."""
        pid, threads = os.getpid(), self._kernel.threads

        def write(data: bytes) -> bytes:
            if os.getpid() != pid:  # the descriptor was inherited
                raise failure(errno.EINVAL)
            if thread not in threads:
                raise failure(errno.ESRCH)
            thread.name = data.partition(b"\0")[0]
            return thread.name + b"\n"

        content = partial(self._files[b"comm"], thread)
        return Virtual(_FILE | stat.S_IWUSR, content=content, sink=Sink(write, NAME_BYTES - 1))

    def _descriptors(self, path: bytes, name: bytes) -> Virtual | None:
        """``fd``, ``fdinfo`` and what is in them."""
        files = self._kernel.files
        directory, _, rest = name.partition(b"/")
        if directory not in (b"fd", b"fdinfo"):
            return None
        if not rest:
            return self._directory(path, lambda: [str(fd).encode() for fd in sorted(files)])
        number = int(rest) if rest.isdigit() else -1
        if number not in files or rest != b"%d" % number:  # 00 names nothing (name_to_int)
            return None
        if directory == b"fd":
            return Virtual(_LINK, descriptor=number)
        return Virtual(_FILE, content=lambda: proc_task.descriptor(self._kernel, number))

    def _names(self, directory: bytes) -> list[bytes]:
        inside = _HOST_FILES | self._system.keys() | self._directories
        names = {os.path.basename(path) for path in inside if os.path.dirname(path) == directory}
        if directory == b"/proc":
            names |= {b"self", b"thread-self", b"mounts", str(os.getpid()).encode()}
        return sorted(name for name in names if name)
