"""Processes: fork, exec, exit, and who is who."""

import errno
import os
import struct
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dbt.linux import exec as execution
from dbt.linux import timers
from dbt.linux.children import SIGCHLD, Children
from dbt.linux.file_mask import FileMask
from dbt.linux.itimers import IntervalTimers
from dbt.linux.paths import AT_FDCWD
from dbt.linux.table import S32, syscall
from dbt.linux.targets import Tree
from dbt.linux.timers import Timer
from dbt.stops import Exited

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

CSIGNAL = 0xFF
CLONE_VM, CLONE_VFORK, CLONE_THREAD = 0x100, 0x4000, 0x10000
CLONE_SETTLS, CLONE_PARENT_SETTID, CLONE_CHILD_CLEARTID = 0x80000, 0x100000, 0x200000
CLONE_CHILD_SETTID = 0x1000000
_NAMESPACES = 0x7E020080  # CLONE_NEW*
_CLONE_ARGS = struct.Struct("<8Q")
_MAX_ARGUMENTS = 1 << 16


def _fail(code: int) -> OSError:
    return OSError(code, os.strerror(code))


class ProcessState:
    """What a process knows about itself and its children."""

    def __init__(self, kernel: "Kernel") -> None:
        self._kernel = kernel
        self.children = Children()
        self.tree = Tree()
        """All processes of the guest: those that it may name."""
        self.path = ""
        """Host path of the program."""
        self.argv: list[bytes] = []
        self.name = b""
        """As prctl(PR_GET_NAME) shows it."""
        self.clear_child_tid = 0
        self.robust_list = 0
        self.persona = 0
        self.death_signal = 0
        self.no_new_privs = False
        self.timers: dict[int, Timer] = {}
        self.interval_timers = IntervalTimers()
        self.limits: dict[int, tuple[int, int]] = {}
        """Resource limits that the guest set: soft and hard."""
        self.file_mask = FileMask()
        self._vfork_pipe = -1

    def reset_for_exec(self, path: str, execfn: bytes, argv: list[bytes]) -> None:
        """A new program runs in this process, asked for as ``execfn``."""
        self.path = os.path.realpath(path)
        self.argv = argv
        self.name = os.path.basename(execfn)[:15]
        self.clear_child_tid = self.robust_list = 0
        timers.delete_all(self._kernel)
        self.release_vfork()

    def release_vfork(self) -> None:
        """Let a parent that waits in vfork go on."""
        if self._vfork_pipe >= 0:
            os.close(self._vfork_pipe)
            self._vfork_pipe = -1

    def fork(self, *, wait: bool, exit_signal: int = SIGCHLD) -> int:
        """Fork the host process: 0 in the child, else the child's pid. ``wait``: until the child
        executes another program or ends."""
        sys.stdout.flush()
        sys.stderr.flush()
        self._kernel.space.sharing.prepare_fork()
        self.tree.begin()
        reader, writer = os.pipe() if wait else (-1, -1)
        try:
            pid = os.fork()
        except OSError:
            if wait:
                os.close(reader)
                os.close(writer)
            raise
        if pid == 0:
            if not wait:
                self._kernel.space.in_child()
            self._in_child(reader, writer)
            return 0
        self.tree.add(pid)
        self.children.add(pid, exit_signal)
        if exit_signal != SIGCHLD:
            self._kernel.signals.sync_host(SIGCHLD)
        if wait:
            os.close(writer)
            os.read(reader, 1)  # as Linux, a waiting vfork is not interrupted
            os.close(reader)
        return pid

    def _in_child(self, reader: int, writer: int) -> None:
        kernel = self._kernel
        if reader >= 0:
            os.close(reader)
        self.release_vfork()
        self._vfork_pipe = writer
        self.children.forget()
        self.tree.add(os.getpid())
        self.timers.clear()
        self.interval_timers.forget()
        self.clear_child_tid = 0
        kernel.is_child = True
        kernel.signals.child_started()
        kernel.on_fork_child()


# -- fork ------------------------------------------------------------------------------------------


@syscall("fork")
def fork(kernel: "Kernel") -> int:
    """A child that is a copy."""
    return kernel.process.fork(wait=False)


@syscall("vfork")
def vfork(kernel: "Kernel") -> int:
    """A copy too, but the parent waits for the child's exec or exit. They share no memory."""
    return kernel.process.fork(wait=True)


@syscall("clone")
def clone(
    kernel: "Kernel", flags: int, stack: int, parent_tid: int, tls: int, child_tid: int
) -> int:
    """fork with options. Threads are not there (EAGAIN), nor is memory shared with the child,
    which only vfork-like calls may ask for (EINVAL otherwise)."""
    if flags & CLONE_THREAD:
        kernel.unknown_syscalls["threads (clone with CLONE_THREAD)"] += 1
        raise _fail(errno.EAGAIN)
    if flags & CLONE_VM and not flags & CLONE_VFORK:
        kernel.unknown_syscalls["processes that share memory (clone with CLONE_VM)"] += 1
        raise _fail(errno.EINVAL)
    if flags & _NAMESPACES:
        raise _fail(errno.EPERM)
    if flags & CLONE_PARENT_SETTID:
        kernel.memory.load(parent_tid, 4)
    pid = kernel.process.fork(wait=bool(flags & CLONE_VFORK))
    if pid:
        if flags & CLONE_PARENT_SETTID:
            kernel.memory.store(parent_tid, 4, pid)
        return pid
    if flags & CLONE_CHILD_SETTID:
        kernel.memory.store(child_tid, 4, os.getpid())
    if flags & CLONE_CHILD_CLEARTID:
        kernel.process.clear_child_tid = child_tid
    if flags & CLONE_SETTLS:
        kernel.abi.set_thread_pointer(kernel.state, tls)
    if stack:
        kernel.abi.set_stack_pointer(kernel.state, stack)
    return 0


@syscall("clone3")
def clone3(kernel: "Kernel", address: int, size: int) -> int:
    """clone with its arguments in memory."""
    if size < _CLONE_ARGS.size:
        raise _fail(errno.EINVAL)
    words = _CLONE_ARGS.unpack(kernel.memory.read(address, _CLONE_ARGS.size))
    flags, _, child_tid, parent_tid, _, stack, stack_size, tls = words
    if flags >> 32 or flags & CSIGNAL:
        raise _fail(errno.EINVAL)
    top = (stack + stack_size) & 0xFFFFFFFF
    return clone(kernel, flags, top, parent_tid, tls, child_tid)


# -- exec ------------------------------------------------------------------------------------------


def _strings(kernel: "Kernel", address: int) -> list[bytes]:
    """A null-terminated array of strings; a null pointer is an empty one."""
    out: list[bytes] = []
    while address:
        pointer = kernel.memory.load(address + 4 * len(out), 4)
        if not pointer:
            break
        if len(out) >= _MAX_ARGUMENTS:
            raise _fail(errno.E2BIG)
        out.append(_string(kernel, pointer, errno.E2BIG))
    return out


def _string(kernel: "Kernel", address: int, too_long: int) -> bytes:
    try:
        return kernel.memory.cstring(address, 128 << 10)
    except ValueError:
        raise _fail(too_long) from None


def _run(
    kernel: "Kernel", path: bytes, argv: list[bytes], envp: Sequence[bytes], dirfd: int = AT_FDCWD
) -> int:
    from dbt.linux.kernel import Leave

    found = kernel.paths.host(path, dirfd)
    if not os.path.isfile(found) or not os.access(found, os.X_OK):
        raise _fail(errno.EACCES)
    plan = execution.prepare(kernel, found, path, argv or [b""])
    try:
        execution.check_size(kernel, [*plan.argv, *envp])
        location = execution.replace_image(kernel, plan, envp)
        kernel.files.close_on_exec()
    finally:
        plan.close()
    raise Leave(location)


@syscall("execve")
def execve(kernel: "Kernel", path: int, argv: int, envp: int) -> int:
    """Run another program in this process."""
    name = _string(kernel, path, errno.ENAMETOOLONG)
    return _run(kernel, name, _strings(kernel, argv), _strings(kernel, envp))


@syscall("execveat")
def execveat(kernel: "Kernel", dirfd: S32, path: int, argv: int, envp: int, flags: int) -> int:
    """The same, relative to a directory, or of an open file (AT_EMPTY_PATH)."""
    if flags & ~0x1100:
        raise _fail(errno.EINVAL)
    name = _string(kernel, path, errno.ENAMETOOLONG)
    if not name and flags & 0x1000:
        name = f"/proc/self/fd/{dirfd}".encode()
    return _run(kernel, name, _strings(kernel, argv), _strings(kernel, envp), dirfd)


# -- exit ------------------------------------------------------------------------------------------


@syscall("exit", "exit_group")
def exit_(kernel: "Kernel", status: int) -> int:
    """End the process."""
    from dbt.linux.kernel import Leave

    kernel.process.release_vfork()
    raise Leave(Exited(status & 0xFF))


@syscall("set_tid_address")
def set_tid_address(kernel: "Kernel", address: int) -> int:
    """Where exit clears the thread id; no thread is left to look there."""
    kernel.process.clear_child_tid = address
    return os.getpid()


@syscall("set_robust_list")
def set_robust_list(kernel: "Kernel", head: int, size: int) -> int:
    """Remember the list of held locks."""
    if size != 12:
        raise _fail(errno.EINVAL)
    kernel.process.robust_list = head
    return 0


@syscall("get_robust_list")
def get_robust_list(kernel: "Kernel", pid: S32, head: int, size: int) -> int:
    """What set_robust_list kept."""
    if pid not in (0, os.getpid()):
        raise _fail(errno.EPERM)
    kernel.memory.store(head, 4, kernel.process.robust_list)
    kernel.memory.store(size, 4, 12)
    return 0


@syscall("ARM_set_tls")
def set_tls(kernel: "Kernel", value: int) -> int:
    """Set the thread pointer."""
    kernel.abi.set_thread_pointer(kernel.state, value)
    return 0


@syscall("ARM_get_tls")
def get_tls(kernel: "Kernel") -> int:
    """The thread pointer."""
    return kernel.abi.thread_pointer(kernel.state)


@syscall("ARM_usr26", "ARM_usr32")
def user_mode(kernel: "Kernel", first: int) -> int:
    """Switch to the 26-bit mode (not there) or to the 32-bit mode: r0 stays as it is."""
    del kernel
    return first


@syscall("rseq")
def rseq(kernel: "Kernel") -> int:
    """Restartable sequences are not there; libc expects this answer."""
    del kernel
    raise _fail(errno.ENOSYS)
