"""System calls on signals."""

import errno
import os
import struct
import time
from contextlib import suppress

from dbt.linux import host
from dbt.linux.errors import Leave, failure
from dbt.linux.state import targets, waiting
from dbt.linux.state.sigaction import (
    SIG_BLOCK,
    SIG_SETMASK,
    SIG_UNBLOCK,
    SIGKILL,
    SIGNALS,
    SIGSTOP,
    Action,
    bit,
    valid,
)
from dbt.linux.state.siginfo import SI_TKILL, SI_USER, SigInfo
from dbt.linux.table import syscall
from dbt.linux.timespec import NANO, read_nanoseconds
from dbt.signals import signal
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel
    from dbt.linux.state.threads import Thread

_SIGACTION = struct.Struct("<IIIQ")  # handler, flags, restorer, mask
_OLD_SIGACTION = struct.Struct("<IIII")  # handler, mask, flags, restorer
_STACK = struct.Struct("<III")
_SIGSET_BYTES = 8
_POLL_SECONDS = 0.05


def _check_size(size: int) -> None:
    if size != _SIGSET_BYTES:
        raise failure(errno.EINVAL)


@syscall("rt_sigaction")
def rt_sigaction(kernel: "Kernel", number: int, new: int, old: int, size: int) -> int:
    """Change what a signal does."""
    _check_size(size)
    action = None
    if new:
        handler, flags, restorer, mask = _SIGACTION.unpack(kernel.memory.read(new, _SIGACTION.size))
        action = Action(handler, flags, restorer, mask)
    before = _change_action(kernel, number, action)
    if old:
        packed = _SIGACTION.pack(before.handler, before.flags, before.restorer, before.mask)
        kernel.memory.write(old, packed)
    return 0


@syscall("sigaction")
def sigaction(kernel: "Kernel", number: int, new: int, old: int) -> int:
    """The old call, with 32 signals."""
    action = None
    if new:
        raw = kernel.memory.read(new, _OLD_SIGACTION.size)
        handler, mask, flags, restorer = _OLD_SIGACTION.unpack(raw)
        action = Action(handler, flags, restorer, mask)
    before = _change_action(kernel, number, action)
    if old:
        mask = before.mask & 0xFFFFFFFF
        packed = _OLD_SIGACTION.pack(before.handler, mask, before.flags, before.restorer)
        kernel.memory.write(old, packed)
    return 0


def _change_action(kernel: "Kernel", number: int, action: Action | None) -> Action:
    """The action before (do_sigaction). EINVAL."""
    if not valid(number) or (action is not None and number in (SIGKILL, SIGSTOP)):
        raise failure(errno.EINVAL)
    before = kernel.signals.action(number)
    if action is not None:
        kernel.signals.set_action(number, action)
    return before


def _change_mask(kernel: "Kernel", how: int, mask: int, keep: int = 0) -> None:
    signals = kernel.signals
    if how == SIG_BLOCK:
        signals.set_mask(signals.mask | mask)
    elif how == SIG_UNBLOCK:
        signals.set_mask(signals.mask & ~mask)
    elif how == SIG_SETMASK:
        signals.set_mask(mask | signals.mask & keep)
    else:
        raise failure(errno.EINVAL)


@syscall("rt_sigprocmask")
def rt_sigprocmask(kernel: "Kernel", how: int, new: int, old: int, size: int) -> int:
    """Block or unblock signals."""
    _check_size(size)
    before = kernel.signals.mask
    if new:
        _change_mask(kernel, how, kernel.memory.load(new, 8))
    if old:
        kernel.memory.store(old, 8, before)
    return 0


@syscall("sigprocmask")
def sigprocmask(kernel: "Kernel", how: int, new: int, old: int) -> int:
    """The old call, with 32 signals."""
    before = kernel.signals.mask
    if new:
        _change_mask(kernel, how, kernel.memory.load(new, 4), 0xFFFFFFFF << 32)
    if old:
        kernel.memory.store(old, 4, before & 0xFFFFFFFF)
    return 0


@syscall("rt_sigpending")
def rt_sigpending(kernel: "Kernel", address: int, size: int) -> int:
    """Which blocked signals are pending."""
    if size > _SIGSET_BYTES:
        raise failure(errno.EINVAL)
    kernel.memory.write(address, struct.pack("<Q", kernel.signals.pending_mask())[:size])
    return 0


@syscall("sigpending")
def sigpending(kernel: "Kernel", address: int) -> int:
    """The old call, with 32 signals."""
    kernel.memory.store(address, 4, kernel.signals.pending_mask() & 0xFFFFFFFF)
    return 0


def wait_for_signal(kernel: "Kernel") -> int:
    """Sleep until a signal is to be delivered, or time is over. Always ends in EINTR."""
    while not (kernel.signals.interrupted() or kernel.overdue()):
        waiting.block(kernel)
        # A signal that comes between the test and the sleep is noticed after a short while.
        host.nap(_POLL_SECONDS)
    raise failure(errno.EINTR)


@syscall("rt_sigsuspend")
def rt_sigsuspend(kernel: "Kernel", address: int, size: int) -> int:
    """Wait with another mask."""
    _check_size(size)
    kernel.signals.set_temporary_mask(kernel.memory.load(address, 8))
    return wait_for_signal(kernel)


@syscall("sigsuspend")
def sigsuspend(kernel: "Kernel", restart: int, old_mask: int, mask: int) -> int:
    """The old call: the mask is the third argument."""
    del restart, old_mask
    kernel.signals.set_temporary_mask(mask)
    return wait_for_signal(kernel)


@syscall("pause")
def pause(kernel: "Kernel") -> int:
    """Wait for a signal."""
    return wait_for_signal(kernel)


def _sigtimedwait(kernel: "Kernel", address: int, info_at: int, wait: int | None) -> int:
    """``wait`` is in nanoseconds; None: for ever."""
    wanted = kernel.memory.load(address, 8)
    now = time.monotonic_ns()
    deadline = None if wait is None else kernel.sleep_until(now + wait)
    while True:
        info = kernel.signals.take(wanted)
        if info is not None:
            if info_at:
                kernel.memory.write(info_at, info.pack())
            return info.signal
        if kernel.signals.interrupted() or kernel.overdue():
            raise failure(errno.EINTR)
        left = None if deadline is None else deadline - time.monotonic_ns()
        numbers = {int(n) for n in signal.valid_signals() if wanted & bit(n)}
        if kernel.threads.others and numbers & signal.sigpending():
            _host_wait(kernel, numbers, 0)
            continue
        if left is not None and left <= 0:
            raise failure(errno.EAGAIN)
        waiting.block(kernel, until=deadline, signals=wanted)
        nap = _POLL_SECONDS if left is None else min(left / NANO, _POLL_SECONDS)
        _host_wait(kernel, numbers, nap)


def _host_wait(kernel: "Kernel", numbers: set[int], seconds: float) -> None:
    """Sleep until the host has one of these (blocked) signals for us."""
    if not numbers:
        host.nap(seconds)
        return
    found = signal.sigtimedwait(numbers, seconds)
    # Python gives an empty siginfo when another signal comes as the time is over.
    if found is not None and found.si_signo in numbers:
        kernel.signals.arrived(found, taken=True)


def _time_out(kernel: "Kernel", address: int, *, wide: bool) -> int | None:
    return read_nanoseconds(kernel, address, wide=wide) if address else None


@syscall("rt_sigtimedwait")
def rt_sigtimedwait(kernel: "Kernel", mask: int, info: int, timeout: int, size: int) -> int:
    """Take a pending signal, or wait for one."""
    _check_size(size)
    return _sigtimedwait(kernel, mask, info, _time_out(kernel, timeout, wide=False))


@syscall("rt_sigtimedwait_time64")
def rt_sigtimedwait_time64(kernel: "Kernel", mask: int, info: int, timeout: int, size: int) -> int:
    """The same with 64-bit times."""
    _check_size(size)
    return _sigtimedwait(kernel, mask, info, _time_out(kernel, timeout, wide=True))


@syscall("sigaltstack")
def sigaltstack(kernel: "Kernel", new: int, old: int) -> int:
    """Set the stack for handlers with SA_ONSTACK."""
    stack = kernel.signals.altstack
    before = stack.get()
    if new:
        stack.set(_STACK.unpack(kernel.memory.read(new, _STACK.size)))
    if old:
        kernel.memory.write(old, _STACK.pack(*before))
    return 0


@syscall("rt_sigreturn")
def rt_sigreturn(kernel: "Kernel") -> int:
    """Leave a handler that got a siginfo."""
    raise Leave(kernel.signals.leave_handler(realtime=True))


@syscall("sigreturn")
def sigreturn(kernel: "Kernel") -> int:
    """Leave a handler."""
    raise Leave(kernel.signals.leave_handler(realtime=False))


# -- sending ---------------------------------------------------------------------------------------


def _self_info(number: int, code: int) -> SigInfo:
    return SigInfo(number, code, pid=os.getpid(), uid=os.getuid())


def _send_self(kernel: "Kernel", info: SigInfo, to: "Thread | None" = None) -> None:
    """Send a signal to this process, or to one of its threads."""
    if info.signal == SIGSTOP and kernel.is_child:
        os.kill(os.getpid(), info.signal)
    elif info.signal:
        kernel.signals.post(info, None if to is None else to.signals)


def _chosen(kernel: "Kernel", pid: int, number: int) -> list[int]:
    """The processes that are meant. EINVAL for a signal that is none, before EPERM, but after ESRCH
    (check_kill_permission)."""
    with suppress(PermissionError):
        found = targets.chosen(kernel, pid)
        if 0 <= number <= SIGNALS:
            return found
    raise failure(errno.EPERM if 0 <= number <= SIGNALS else errno.EINVAL)


@syscall("kill")
def kill(kernel: "Kernel", pid: int, number: int) -> int:
    """Send a signal to processes of the guest. Others give EPERM."""
    own = os.getpid()
    # The caller comes last: SIGKILL and SIGSTOP would keep it from signalling the rest.
    for target in sorted(_chosen(kernel, pid, number), key=lambda pid: pid == own):
        if target == own:
            _send_self(kernel, _self_info(number, SI_USER))
        elif pid > 0:
            targets.send(kernel, target, number)
        else:
            with suppress(ProcessLookupError):  # one of many, gone meanwhile
                targets.send(kernel, target, number)
    return 0


@syscall("tkill")
def tkill(kernel: "Kernel", tid: int, number: int) -> int:
    """Send a signal to a thread. That of another process is sent to the process."""
    if tid <= 0:
        raise failure(errno.EINVAL)
    pid = kernel.threads.ids.pid_of(tid)
    if pid != os.getpid() or not 0 <= number <= SIGNALS:
        return kill(kernel, pid, number)
    if (thread := _own(kernel, tid)) is not None:
        _send_self(kernel, _self_info(number, SI_TKILL), thread)
    return 0


def _own(kernel: "Kernel", tid: int) -> "Thread | None":
    """The thread of this process with an id. ESRCH for one that has ended; None for the first one
    then, which is there as long as the process and takes no signals."""
    thread = kernel.threads.get(tid)
    if thread is None and tid != os.getpid():
        raise failure(errno.ESRCH)
    return thread


@syscall("tgkill")
def tgkill(kernel: "Kernel", group: int, tid: int, number: int) -> int:
    """Send a signal to a thread of a process."""
    if group <= 0 or tid <= 0:
        raise failure(errno.EINVAL)
    if group != kernel.threads.ids.pid_of(tid):
        raise failure(errno.ESRCH)
    return tkill(kernel, tid, number)


def _queue(kernel: "Kernel", pid: int, number: int, address: int, tid: int = 0) -> int:
    """``tid`` is the thread that is meant; 0: the process."""
    words = struct.unpack("<3i2II", kernel.memory.read(address, 24))
    if pid != os.getpid() and (words[2] >= 0 or words[2] == SI_TKILL):
        raise failure(errno.EPERM)
    if pid <= 0:  # no group is meant
        raise failure(errno.ESRCH)
    if pid != os.getpid() or not 0 <= number <= SIGNALS:
        return kill(kernel, pid, number)
    info = SigInfo(number, words[2], words[1], words[3], words[4] & 0xFFFFFFFF, words[5])
    if not tid:
        _send_self(kernel, info)
    elif (thread := _own(kernel, tid)) is not None:
        _send_self(kernel, info, thread)
    return 0


@syscall("rt_sigqueueinfo")
def rt_sigqueueinfo(kernel: "Kernel", pid: int, number: int, address: int) -> int:
    """Send a signal with a value. Other processes get the signal without it."""
    return _queue(kernel, pid, number, address)


@syscall("rt_tgsigqueueinfo")
def rt_tgsigqueueinfo(kernel: "Kernel", group: int, tid: int, number: int, address: int) -> int:
    """The same for a thread."""
    if group <= 0 or tid <= 0:
        raise failure(errno.EINVAL)
    if group != kernel.threads.ids.pid_of(tid):
        raise failure(errno.ESRCH)
    return _queue(kernel, group, number, address, tid)
