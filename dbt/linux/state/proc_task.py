"""A thread in /proc, and its process: stat, status, limits and smaller files (fs/proc/array.c and
fs/proc/base.c).

Times, faults and what comes from the terminal are what the calls for them return; what
describes memory, signals and scheduling is the guest's own, not the host process's.
"""

import os
import resource

from dbt.linux.state import proc_memory
from dbt.linux.state.limits import limit
from dbt.linux.state.sigaction import SIG_DFL, SIG_IGN, mask_of
from dbt.stops import GuestFault
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel
    from dbt.linux.state.threads import Thread

_INFINITY32 = 0xFFFFFFFF
_RANDOMIZE = 0x400000
_CAPABILITIES = (1 << 41) - 1
_KIB = 1024
_LIMITS = (
    ("cpu time", "seconds"), ("file size", "bytes"), ("data size", "bytes"),
    ("stack size", "bytes"), ("core file size", "bytes"), ("resident set", "bytes"),
    ("processes", "processes"), ("open files", "files"), ("locked memory", "bytes"),
    ("address space", "bytes"), ("file locks", "locks"), ("pending signals", "signals"),
    ("msgqueue size", "bytes"), ("nice priority", ""), ("realtime priority", ""),
    ("realtime timeout", "us"),
)  # fmt: skip


def host_stat() -> list[bytes]:
    """The host's fields from the state (field 3) on."""
    with open("/proc/self/stat", "rb") as file:
        return file.read().rpartition(b") ")[2].split()


def _signals(kernel: "Kernel", thread: "Thread") -> tuple[int, int, int, int, int]:
    """Signals that are pending for the thread and for the process, that the thread blocks, and that
    are ignored and caught."""
    signals = kernel.signals
    own = mask_of(info.signal for info in thread.signals.pending)
    ignored = caught = 0
    for number, action in signals.actions.items():
        ignored |= (action.handler == SIG_IGN) << (number - 1)
        caught |= (action.handler not in (SIG_DFL, SIG_IGN)) << (number - 1)
    shared = signals.pending_for(thread.signals) & ~own
    return own, shared, thread.signals.mask, ignored, caught


def stat(kernel: "Kernel", thread: "Thread") -> bytes:
    """``stat``: 52 fields."""
    own, image, task = host_stat(), kernel.process.image, kernel.process.task
    memory, times = proc_memory.sums(kernel), os.times()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    ticks = [int(value * 100) for value in times[:4]]
    pending, _, *others = (mask & 0x7FFFFFFF for mask in _signals(kernel, thread))
    priority = -1 - task.priority if task.priority else 20 + task.nice
    most_resident = min(limit(kernel, resource.RLIMIT_RSS)[0], _INFINITY32)
    values = [
        _state(thread)[:1].encode(), *own[1:6], _RANDOMIZE, usage.ru_minflt, children.ru_minflt,
        usage.ru_majflt, children.ru_majflt, *ticks, priority, task.nice, len(kernel.threads), 0,
        own[19], memory.size, memory.resident // 4096, most_resident, image.start_code,
        image.end_code, image.start_stack, 0, 0, pending, *others, 0, 0, 0, 17, 0,
        task.priority, task.policy, 0, 0, 0, image.start_data, image.end_data,
        kernel.space.brk_start, image.arg_start, image.arg_end, image.env_start, image.env_end, 0,
    ]  # fmt: skip
    text = b" ".join(v if isinstance(v, bytes) else str(v).encode() for v in values)
    return b"%d (%s) %s\n" % (thread.tid, thread.name, text)


def _state(thread: "Thread") -> str:
    return "S (sleeping)" if thread.wait is not None else "R (running)"


def status(kernel: "Kernel", thread: "Thread") -> bytes:
    """``status``, of a kernel without seccomp."""
    pid, parent, umask = os.getpid(), int(host_stat()[1]), _umask()
    group, session = os.getpgrp(), os.getsid(0)
    pending, shared, blocked, ignored, caught = _signals(kernel, thread)
    users, groups = (*os.getresuid(), os.geteuid()), (*os.getresgid(), os.getegid())
    usage = resource.getrusage(resource.RUSAGE_SELF)
    escaped = thread.name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n")
    rows = [
        ("Umask", f"{umask:04o}"), ("State", _state(thread)), ("Tgid", pid), ("Ngid", 0),
        ("Pid", thread.tid), ("PPid", parent), ("TracerPid", 0),
        ("Uid", "\t".join(map(str, users))),
        ("Gid", "\t".join(map(str, groups))), ("FDSize", _table_size(kernel)),
        ("Groups", "".join(f"{number} " for number in os.getgroups())), ("NStgid", pid),
        ("NSpid", thread.tid), ("NSpgid", group), ("NSsid", session), *_sizes(kernel),
        ("CoreDumping", 0), ("THP_enabled", int(not kernel.process.task.no_huge_pages)),
        ("Threads", len(kernel.threads)), ("SigQ", f"0/{min(limit(kernel, 11)[0], _INFINITY32)}"),
        ("SigPnd", f"{pending:016x}"), ("ShdPnd", f"{shared:016x}"), ("SigBlk", f"{blocked:016x}"),
        ("SigIgn", f"{ignored:016x}"), ("SigCgt", f"{caught:016x}"),
        *((name, f"{0:016x}") for name in ("CapInh", "CapPrm", "CapEff")),
        ("CapBnd", f"{_CAPABILITIES:016x}"), ("CapAmb", f"{0:016x}"),
        ("NoNewPrivs", int(kernel.process.task.no_new_privs)),
        ("Speculation_Store_Bypass", "unknown"), ("SpeculationIndirectBranch", "unsupported"),
        ("Cpus_allowed", 1), ("Cpus_allowed_list", 0), ("Mems_allowed", 1),
        ("Mems_allowed_list", 0), ("voluntary_ctxt_switches", usage.ru_nvcsw),
        ("nonvoluntary_ctxt_switches", usage.ru_nivcsw),
    ]  # fmt: skip
    text = "".join(f"{name}:\t{value}\n" for name, value in rows)
    return b"Name:\t" + escaped + b"\n" + text.encode()


def _sizes(kernel: "Kernel") -> list[tuple[str, str]]:
    found = proc_memory.sums(kernel)
    peak = found.resident
    sizes = {
        "VmPeak": found.size, "VmSize": found.size, "VmLck": found.locked, "VmPin": 0,
        "VmHWM": peak, "VmRSS": found.resident, "RssAnon": found.anonymous,
        "RssFile": found.files, "RssShmem": found.shared, "VmData": found.data,
        "VmStk": found.stack, "VmExe": found.code, "VmLib": found.libraries,
        "VmPTE": 16 * _KIB, "VmSwap": 0,
    }  # fmt: skip
    return [(name, f"{value // _KIB:8} kB") for name, value in sizes.items()]


def _table_size(kernel: "Kernel") -> int:
    """How many descriptors the table has room for: a multiple of 64."""
    return -(-(max(kernel.files, default=0) + 1) // 64) * 64


def _umask() -> int:
    with open("/proc/self/status", "rb") as file:
        for line in file:
            if line.startswith(b"Umask:"):
                return int(line.split()[1], 8)
    return 0o022


def limits(kernel: "Kernel") -> bytes:
    """``/proc/PID/limits``."""
    lines = [f"{'Limit':<25} {'Soft Limit':<20} {'Hard Limit':<20} {'Units':<10}\n"]
    for number, (name, unit) in enumerate(_LIMITS):
        soft, hard = (_shown(value) for value in limit(kernel, number))
        line = f"{'Max ' + name:<25} {soft:<20} {hard:<20} "
        lines.append(line + (f"{unit:<10}\n" if unit else "\n"))
    return "".join(lines).encode()


def _shown(value: int) -> str:
    return "unlimited" if value >= _INFINITY32 else str(value)


def command_line(kernel: "Kernel") -> bytes:
    """``cmdline``, as it is in memory now: a program may have written a title there
    (get_mm_cmdline)."""
    image = kernel.process.image
    arguments = _read(kernel, image.arg_start, image.arg_end)
    if arguments and arguments[-1]:
        return _read(kernel, image.arg_start, image.env_end).split(b"\0", 1)[0] + b"\0"
    return arguments


def environment(kernel: "Kernel") -> bytes:
    """``environ``, as it is in memory now."""
    image = kernel.process.image
    return _read(kernel, image.env_start, image.env_end)


def _read(kernel: "Kernel", start: int, end: int) -> bytes:
    try:
        return kernel.memory.peek(start, end - start) if end > start else b""
    except GuestFault:
        return b""


def descriptor(kernel: "Kernel", number: int) -> bytes:
    """``fdinfo/N``."""
    found = kernel.files.get(number)
    host_fd = kernel.files.host_fd(number)
    with open(f"/proc/self/fdinfo/{host_fd}", "rb") as file:
        own = dict(line.rstrip(b"\n").split(b":\t", 1) for line in file if b":\t" in line)
    position = found.file.position if found.file.entries is not None else int(own[b"pos"])
    ours = os.O_CLOEXEC | os.O_NOFOLLOW  # not what the guest asked for
    flags = kernel.abi.open_flags_from_host(int(own[b"flags"], 8) & ~ours)
    flags |= kernel.abi.open_flags_from_host(os.O_CLOEXEC) if found.cloexec else 0
    inode = os.fstat(host_fd).st_ino
    return f"pos:\t{position}\nflags:\t0{flags:o}\nmnt_id:\t1\nino:\t{inode}\n".encode()
