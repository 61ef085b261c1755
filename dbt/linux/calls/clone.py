"""fork, vfork, clone and clone3 (kernel/fork.c), with the checks in the kernel's order.

A thread is made in this host process (``state/threads.py``), a process by forking the host's.
"""

import errno
import os
import struct
from contextlib import suppress

from dbt.classes import attrs
from dbt.interfaces import PAGE
from dbt.linux.errors import failure
from dbt.linux.state import limits
from dbt.linux.state.sigaction import valid
from dbt.linux.table import syscall
from dbt.stops import GuestFault
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

CSIGNAL = 0xFF
CLONE_NEWTIME, CLONE_VM, CLONE_FS, CLONE_FILES, CLONE_SIGHAND = 0x80, 0x100, 0x200, 0x400, 0x800
CLONE_PIDFD, CLONE_PTRACE, CLONE_VFORK, CLONE_PARENT = 0x1000, 0x2000, 0x4000, 0x8000
CLONE_THREAD, CLONE_NEWNS, CLONE_SETTLS = 0x10000, 0x20000, 0x80000
CLONE_PARENT_SETTID, CLONE_CHILD_CLEARTID, CLONE_DETACHED = 0x100000, 0x200000, 0x400000
CLONE_CHILD_SETTID, CLONE_NEWUSER, CLONE_NEWPID = 0x1000000, 0x10000000, 0x20000000
CLONE_CLEAR_SIGHAND, CLONE_INTO_CGROUP = 1 << 32, 1 << 33
_NAMESPACES = 0x7E020080  # CLONE_NEW*

_UNSUPPORTED = {
    CLONE_FS: "a shared directory (clone with CLONE_FS)",
    CLONE_FILES: "shared descriptors (clone with CLONE_FILES)",
    CLONE_SIGHAND: "shared signal handlers (clone with CLONE_SIGHAND)",
    CLONE_PARENT: "children of the parent (clone with CLONE_PARENT)",
    CLONE_INTO_CGROUP: "control groups (clone3 with CLONE_INTO_CGROUP)",
}

_SHARED_BY_THREADS = CLONE_FS | CLONE_FILES
"""What threads here always share."""

_ARGS = struct.Struct("<11Q")
_FIRST_SIZE, _CGROUP_SIZE = 64, 88
_MAX_PID_LEVELS = 32


@attrs.frozen
class Request:
    """What a clone call asks for: struct kernel_clone_args."""

    flags: int
    exit_signal: int
    stack: int = 0
    """The child's stack pointer; 0: the parent's."""
    parent_tid: int = 0
    child_tid: int = 0
    pidfd: int = 0
    tls: int = 0


@syscall("fork")
def fork(kernel: "Kernel") -> int:
    """A child that is a copy."""
    limits.check_processes(kernel)
    return kernel.process.fork()


@syscall("vfork")
def vfork(kernel: "Kernel") -> int:
    """The child borrows the memory; the parent waits for its exec or exit."""
    limits.check_processes(kernel)
    return kernel.process.fork(wait=True, shares_memory=True)


@syscall("clone")
def clone(
    kernel: "Kernel", flags: int, stack: int, parent_tid: int, tls: int, child_tid: int
) -> int:
    """fork with options. Memory is not shared with a child process that its parent does not wait
    for, nor are descriptors, directories and handlers (EINVAL)."""
    kept = flags & ~CSIGNAL
    if flags & CLONE_PIDFD and flags & CLONE_PARENT_SETTID:  # both would be stored in one place
        raise failure(errno.EINVAL)
    wanted = Request(kept, flags & CSIGNAL, stack, parent_tid, child_tid, parent_tid, tls)
    return _clone(kernel, wanted)


@syscall("clone3")
def clone3(kernel: "Kernel", address: int, size: int) -> int:
    """clone with its arguments in memory."""
    if size > PAGE:
        raise failure(errno.E2BIG)
    if size < _FIRST_SIZE:
        raise failure(errno.EINVAL)
    raw = kernel.memory.read(address, size)
    if any(raw[_ARGS.size :]):
        raise failure(errno.E2BIG)
    words = _ARGS.unpack(raw[: _ARGS.size].ljust(_ARGS.size, b"\0"))
    flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls = words[:8]
    set_tid, set_tid_size, cgroup = words[8:]
    if set_tid_size > _MAX_PID_LEVELS or bool(set_tid) != bool(set_tid_size):
        raise failure(errno.EINVAL)
    if exit_signal and not valid(exit_signal):
        raise failure(errno.EINVAL)
    if flags & CLONE_INTO_CGROUP and (cgroup > 0x7FFFFFFF or size < _CGROUP_SIZE):
        raise failure(errno.EINVAL)
    tids = _tids(kernel, set_tid, set_tid_size)
    _check_clone3(flags, exit_signal, stack, stack_size, kernel.space.top)
    _check(flags)
    if any(not 0 < tid < 1 << 22 for tid in tids):
        raise failure(errno.EINVAL)
    if tids:
        raise failure(errno.EPERM)
    top = stack + stack_size
    return _clone(kernel, Request(flags, exit_signal, top, parent_tid, child_tid, pidfd, tls))


def _tids(kernel: "Kernel", address: int, count: int) -> tuple[int, ...]:
    return struct.unpack(f"<{count}i", kernel.memory.read(address, 4 * count))


def _check_clone3(flags: int, exit_signal: int, stack: int, stack_size: int, top: int) -> None:
    """clone3_args_valid. ``top`` is that of the address space."""
    if flags >> 34 or flags & (CLONE_DETACHED | CSIGNAL & ~CLONE_NEWTIME):
        raise failure(errno.EINVAL)
    if flags & CLONE_SIGHAND and flags & CLONE_CLEAR_SIGHAND:
        raise failure(errno.EINVAL)
    if flags & (CLONE_THREAD | CLONE_PARENT) and exit_signal:
        raise failure(errno.EINVAL)
    if bool(stack) != bool(stack_size) or stack + stack_size > top:
        raise failure(errno.EINVAL)


def _check(flags: int) -> None:
    """The combinations that copy_process refuses."""
    if flags & CLONE_FS and flags & (CLONE_NEWNS | CLONE_NEWUSER):
        raise failure(errno.EINVAL)
    if flags & CLONE_THREAD and not flags & CLONE_SIGHAND:
        raise failure(errno.EINVAL)
    if flags & CLONE_SIGHAND and not flags & CLONE_VM:
        raise failure(errno.EINVAL)
    if flags & CLONE_THREAD and flags & (CLONE_NEWUSER | CLONE_NEWPID):
        raise failure(errno.EINVAL)
    if flags & CLONE_PIDFD and flags & CLONE_DETACHED:
        raise failure(errno.EINVAL)


def _check_supported(kernel: "Kernel", flags: int) -> None:
    if flags & CLONE_VM and not flags & CLONE_VFORK:
        kernel.unknown_syscalls["processes that share memory (clone with CLONE_VM)"] += 1
        raise failure(errno.EINVAL)
    for flag, name in _UNSUPPORTED.items():
        if flags & flag:
            kernel.unknown_syscalls[name] += 1
            raise failure(errno.EINVAL)
    if flags & _NAMESPACES:
        raise failure(errno.EPERM)


def _clone(kernel: "Kernel", wanted: Request) -> int:
    flags = wanted.flags
    _check(flags)
    limits.check_processes(kernel)
    if flags & CLONE_THREAD:
        return _start_thread(kernel, wanted)
    _check_supported(kernel, flags)
    if flags & CLONE_PIDFD:
        kernel.memory.view(wanted.pidfd, 4, writable=True).release()
        kernel.files.lowest()
    vfork, memory = bool(flags & CLONE_VFORK), bool(flags & CLONE_VM)
    pid = kernel.process.fork(
        wait=vfork, shares_memory=memory, exit_signal=wanted.exit_signal,
        started=lambda pid: _store_parent_tid(kernel, wanted, pid),
    )  # fmt: skip
    if pid == 0:
        _in_child(kernel, wanted)
    elif flags & CLONE_PIDFD:
        fd = kernel.files.add(os.pidfd_open(pid), cloexec=True)
        kernel.memory.store(wanted.pidfd, 4, fd)
    return pid


def _start_thread(kernel: "Kernel", wanted: Request) -> int:
    """A thread of this process, which begins behind the call. Its id."""
    flags = wanted.flags
    if flags & _SHARED_BY_THREADS != _SHARED_BY_THREADS or flags & (CLONE_VFORK | CLONE_PIDFD):
        kernel.unknown_syscalls["threads that share less or wait (clone with CLONE_THREAD)"] += 1
        raise failure(errno.EINVAL)
    if flags & _NAMESPACES:
        raise failure(errno.EPERM)
    tid = kernel.threads.free_tid()
    _store_parent_tid(kernel, wanted, tid)
    if flags & CLONE_CHILD_SETTID:
        with suppress(GuestFault):
            kernel.memory.store(wanted.child_tid, 4, tid)
    thread = kernel.threads.add(tid, _registers(kernel, wanted), kernel.resume)
    if flags & CLONE_CHILD_CLEARTID:
        thread.clear_child_tid = wanted.child_tid
    return tid


def _registers(kernel: "Kernel", wanted: Request) -> bytes:
    """The registers that a thread begins with."""
    state, abi = kernel.state, kernel.abi
    parents = state.save()
    try:
        abi.clear_monitor(state)
        abi.set_result(state, 0)
        if wanted.stack:
            abi.set_stack_pointer(state, wanted.stack)
        if wanted.flags & CLONE_SETTLS:
            abi.set_thread_pointer(state, wanted.tls)
        return state.save()
    finally:
        state.load(parents)


def _store_parent_tid(kernel: "Kernel", wanted: Request, pid: int) -> None:
    """Store the pid where the parent wants it; a bad address is ignored (put_user)."""
    if wanted.flags & CLONE_PARENT_SETTID:
        with suppress(GuestFault):
            kernel.memory.store(wanted.parent_tid, 4, pid)


def _in_child(kernel: "Kernel", wanted: Request) -> None:
    flags = wanted.flags
    if flags & CLONE_CHILD_SETTID:
        with suppress(GuestFault):
            kernel.memory.store(wanted.child_tid, 4, os.getpid())
    if flags & CLONE_CHILD_CLEARTID:
        kernel.threads.current.clear_child_tid = wanted.child_tid
    if flags & CLONE_SETTLS:
        kernel.abi.set_thread_pointer(kernel.state, wanted.tls)
    if flags & CLONE_CLEAR_SIGHAND:
        kernel.signals.drop_handlers()
    if wanted.stack:
        kernel.abi.set_stack_pointer(kernel.state, wanted.stack)
