"""What of the host a guest must not change: compared before and after."""

import os
import resource
import signal
from pathlib import Path
from typing import Any


def files(tree: Path) -> dict[str, tuple[Any, ...]]:
    """Every file below a directory: kind, mode, owner, inode, size, times, content."""
    found: dict[str, tuple[Any, ...]] = {}
    for path in [tree, *sorted(tree.rglob("*"))]:
        status = path.lstat()
        content: Any = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        if path.is_symlink():
            content = os.readlink(path)
        identity = (status.st_mode, status.st_uid, status.st_gid, status.st_ino, status.st_nlink)
        found[str(path)] = (*identity, status.st_size, status.st_mtime_ns, content)
    return found


def descriptors() -> dict[int, str]:
    """Open descriptors of this process, and what they lead to. Without pidfds: children that
    outlive a guest are held by them until they can be reaped (``dbt/linux/state/children.py``)."""
    out = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:  # the listing's own
            continue
        if target != "anon_inode:[pidfd]":
            out[int(name)] = target
    return out


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def process_state() -> dict[str, Any]:
    """What belongs to the whole process: limits, mask of modes, directory, signals, timers."""
    handlers = {f"action of {n.name}": signal.getsignal(n) for n in signal.Signals}
    limits = {f"limit {n}": resource.getrlimit(n) for n in range(16)}
    timers = Path("/proc/self/timers")
    return {
        "umask": _umask(),
        "cwd": os.getcwd(),
        "root": os.readlink("/proc/self/root"),
        "environment": dict(os.environ),
        "blocked signals": signal.pthread_sigmask(signal.SIG_BLOCK, ()),
        "interval timers": [signal.getitimer(which)[1] for which in range(3)],
        "POSIX timers": timers.read_text().count("ID:") if timers.exists() else 0,
        "descriptors": descriptors(),
        **handlers,
        **limits,
    }


def other_process(pid: int) -> dict[str, Any]:
    """What can be seen of another process of the same user."""
    status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return {
        "stopped": status[0] in "tTZX",
        "nice": status[16],
        "limits": [resource.prlimit(pid, n) for n in range(16)],
        "affinity": os.sched_getaffinity(pid),
        "group": os.getpgid(pid),
    }


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What differs, a line each."""
    names = sorted(before.keys() | after.keys())
    return [
        f"{name}: {str(before.get(name))[:200]} -> {str(after.get(name))[:200]}"
        for name in names
        if before.get(name) != after.get(name)
    ]
