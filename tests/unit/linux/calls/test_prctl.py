"""prctl keeps what it is given, as kernel/sys.c and security/commoncap.c do."""

import os

import pytest
from support.linux_kernel import BUFFER, BUFFER_SIZE, call, error

from dbt.linux.kernel import Kernel

SET_NAME, GET_NAME = 15, 16
EINVAL, EPERM, EFAULT = -22, -1, -14


@pytest.mark.parametrize(
    ("set_", "value", "get", "found"),
    [
        (4, 0, 3, 0),  # DUMPABLE
        (8, 1, 7, 1),  # KEEPCAPS
        (8, 1, 27, 16),  # SECUREBITS
        (29, 1234, 30, 1234),  # TIMERSLACK
        (29, 0, 30, 50_000),
        (29, 0x80000000, 30, 0x80000000),
        (41, 1, 42, 1),  # THP_DISABLE
        (38, 1, 39, 1),  # NO_NEW_PRIVS
        (14, 0, 13, 0),  # TIMING
    ],
)
def test_what_is_set_is_got(kernel: Kernel, set_: int, value: int, get: int, found: int) -> None:
    assert call(kernel, "prctl", set_, value, 0, 0, 0) == 0
    assert call(kernel, "prctl", get, 0, 0, 0, 0) == found


@pytest.mark.parametrize(("set_", "get", "value"), [(1, 2, 15), (36, 37, 1)])
def test_what_is_got_through_a_pointer(kernel: Kernel, set_: int, get: int, value: int) -> None:
    """PDEATHSIG and CHILD_SUBREAPER."""
    assert call(kernel, "prctl", set_, value) == 0
    assert call(kernel, "prctl", get, BUFFER) == 0
    assert kernel.memory.load(BUFFER, 4) == value
    assert call(kernel, "prctl", get, 4) == EFAULT


def test_machine_checks(kernel: Kernel) -> None:
    assert call(kernel, "prctl", 34) == 2
    assert call(kernel, "prctl", 33, 1, 0) == 0
    assert call(kernel, "prctl", 34) == 0
    assert call(kernel, "prctl", 33, 0, 0) == 0
    assert call(kernel, "prctl", 34) == 2


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        ((1, 65), EINVAL),
        ((4, 2), EINVAL),
        ((8, 2), EINVAL),
        ((14, 1), EINVAL),
        ((38, 2), EINVAL),
        ((38, 1, 0, 0, 1), EINVAL),
        ((39, 0, 1), EINVAL),
        ((41, 1, 1), EINVAL),
        ((42, 1), EINVAL),
        ((33, 1, 3), EINVAL),
        ((33, 2, 0), EINVAL),
        ((34, 0, 0, 1), EINVAL),
        ((5, 0), EINVAL),  # UNALIGN, and other processors' options
        ((6, 0), EINVAL),
        ((19, 0), EINVAL),
        ((21,), EINVAL),  # SECCOMP is not built in
        ((22, 1), EINVAL),
        ((52, 0), EINVAL),
        ((9999,), EINVAL),
        ((-1,), EINVAL),
        ((23, 40), 1),
        ((23, 41), EINVAL),
        ((24, 0), EPERM),
        ((28, 0), EPERM),
        ((35, 1, 0, 0, 0), EPERM),
        ((35, 1, 0, 0, 1), EINVAL),
        ((47, 4), 0),
        ((47, 1, 3), 0),
        ((47, 2, 3), EPERM),
        ((47, 1, 41), EINVAL),
        ((47, 9, 0), EINVAL),
    ],
)
def test_answers(kernel: Kernel, arguments: tuple[int, ...], result: int) -> None:
    assert call(kernel, "prctl", *arguments) == result


def test_a_name_is_read_for_15_bytes(kernel: Kernel) -> None:
    """3 MB without an end, and a name at the very end of memory."""
    kernel.memory.write(BUFFER, b"A" * BUFFER_SIZE)
    assert call(kernel, "prctl", SET_NAME, BUFFER) == 0
    assert kernel.process.name == b"A" * 15
    end = BUFFER + BUFFER_SIZE
    assert call(kernel, "prctl", SET_NAME, end - 15) == 0
    assert call(kernel, "prctl", SET_NAME, end - 14) == EFAULT
    kernel.memory.write(end - 3, b"sh\0")
    assert call(kernel, "prctl", SET_NAME, end - 3) == 0
    assert call(kernel, "prctl", GET_NAME, BUFFER) == 0
    assert kernel.memory.read(BUFFER, 16) == b"sh".ljust(16, b"\0")


def test_over_fork_and_exec(kernel: Kernel) -> None:
    for arguments in ((1, 15), (36, 1), (29, 7), (38, 1), (41, 1), (4, 0), (8, 1)):
        assert call(kernel, "prctl", *arguments) == 0
    task = kernel.process.task
    task.forked()
    assert (task.death_signal, task.child_subreaper) == (0, False)
    assert (task.timer_slack, task.no_new_privs, task.no_huge_pages) == (7, True, True)
    assert (task.dumpable, task.keep_capabilities) == (0, True)
    call(kernel, "prctl", 29, 0)
    assert task.timer_slack == 7  # what the child began with
    task.executed()
    assert (task.dumpable, task.keep_capabilities) == (1, False)
    assert (task.no_new_privs, task.no_huge_pages) == (True, True)


def test_a_child_is_forked_in_that_sense(kernel: Kernel) -> None:
    assert call(kernel, "prctl", 36, 1) == 0
    pid = call(kernel, "fork")
    if pid == 0:
        os._exit(int(kernel.process.task.child_subreaper))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


# -- scheduling ------------------------------------------------------------------------------------


def param(kernel: Kernel, priority: int) -> int:
    kernel.memory.store(BUFFER, 4, priority)
    return BUFFER


def test_policies_are_kept(kernel: Kernel) -> None:
    assert call(kernel, "sched_setscheduler", 0, 3, param(kernel, 0)) == 0
    assert call(kernel, "sched_getscheduler", os.getpid()) == 3
    assert call(kernel, "sched_setscheduler", 0, 0x40000003, param(kernel, 0)) == 0
    assert call(kernel, "sched_getscheduler", 0) == 0x40000003
    assert error(call(kernel, "sched_setscheduler", 0, 3, param(kernel, 0))) == "EPERM"
    kernel.process.task.forked()
    assert call(kernel, "sched_getscheduler", 0) == 0
    assert call(kernel, "sched_setscheduler", 0, 5, param(kernel, 0)) == 0
    assert error(call(kernel, "sched_setscheduler", 0, 0, param(kernel, 0))) == "EPERM"


@pytest.mark.parametrize(
    ("pid", "policy", "priority", "name"),
    [
        (0, 1, 1, "EPERM"),
        (0, 1, 0, "EINVAL"),
        (0, 0, 1, "EINVAL"),
        (0, 4, 0, "EINVAL"),
        (0, 6, 0, "EINVAL"),
        (0, -1, 0, "EINVAL"),
        (-1, 0, 0, "EINVAL"),
        (0x7FFFFFF0, 0, 0, "ESRCH"),
        (1, 0, 0, "EPERM"),
    ],
)
def test_policies_that_are_refused(
    kernel: Kernel, pid: int, policy: int, priority: int, name: str
) -> None:
    address = param(kernel, priority)
    assert error(call(kernel, "sched_setscheduler", pid, policy, address)) == name


ROOM = pytest.mark.skipif(os.nice(0) > 15, reason="this process is too nice to become nicer")


@ROOM
def test_attributes(kernel: Kernel) -> None:
    assert error(call(kernel, "sched_getattr", 0, BUFFER, 47, 0)) == "EINVAL"
    assert call(kernel, "sched_getattr", 0, BUFFER, 64, 0) == 0
    assert kernel.memory.load(BUFFER, 4) == 56
    nice = kernel.process.task.nice
    kernel.memory.store(BUFFER, 4, 48)
    kernel.memory.store(BUFFER + 4, 4, 3)
    kernel.memory.store(BUFFER + 16, 4, (nice + 2) & 0xFFFFFFFF)
    assert call(kernel, "sched_setattr", 0, BUFFER, 0) == 0
    assert (kernel.process.task.policy, kernel.process.task.nice) == (3, nice + 2)
    kernel.memory.store(BUFFER + 16, 4, (nice + 1) & 0xFFFFFFFF)
    assert error(call(kernel, "sched_setattr", 0, BUFFER, 0)) == "EPERM"
    kernel.memory.store(BUFFER, 4, 40)
    assert error(call(kernel, "sched_setattr", 0, BUFFER, 0)) == "E2BIG"
    assert kernel.memory.load(BUFFER, 4) == 56


@ROOM
def test_nice_values_only_rise(kernel: Kernel) -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    assert call(kernel, "setpriority", 0, 0, before + 3) == 0
    assert call(kernel, "getpriority", 0, 0) == 20 - before - 3
    assert call(kernel, "nice", 1) == 0
    assert error(call(kernel, "nice", -1)) == "EPERM"
    assert error(call(kernel, "setpriority", 0, 0, before)) == "EACCES"
    assert error(call(kernel, "setpriority", 3, 0, 19)) == "EINVAL"
    assert call(kernel, "getpriority", 0, os.getpid()) == 20 - before - 4
    assert os.getpriority(os.PRIO_PROCESS, 0) == before  # the host's process is not the guest's


def test_io_priorities(kernel: Kernel) -> None:
    best_effort, idle, real_time = 2 << 13, 3 << 13, 1 << 13
    assert call(kernel, "ioprio_get", 1, 0) == 0
    assert call(kernel, "ioprio_set", 1, 0, best_effort | 6) == 0
    assert call(kernel, "ioprio_get", 1, os.getpid()) == best_effort | 6
    assert call(kernel, "ioprio_set", 1, 0, idle) == 0
    for which, priority, name in (
        (1, real_time, "EPERM"), (1, best_effort | 8, "EINVAL"), (1, 1, "EINVAL"),
        (0, idle, "EINVAL"), (1, 4 << 13, "EINVAL"),
    ):  # fmt: skip
        assert error(call(kernel, "ioprio_set", which, 0, priority)) == name


def test_affinity(kernel: Kernel) -> None:
    kernel.memory.store(BUFFER, 4, 3)
    assert call(kernel, "sched_setaffinity", 0, 4, BUFFER) == 0
    assert call(kernel, "sched_getaffinity", 0, 128, BUFFER) == 4
    assert kernel.memory.load(BUFFER, 4) == 1
    kernel.memory.store(BUFFER, 4, 2)
    assert error(call(kernel, "sched_setaffinity", 0, 4, BUFFER)) == "EINVAL"
    assert error(call(kernel, "sched_setaffinity", 0, 0, BUFFER)) == "EINVAL"
    for pid in (0x7FFFFFF0, -1):
        assert error(call(kernel, "sched_getaffinity", pid, 4, BUFFER)) == "ESRCH"
        assert error(call(kernel, "sched_setaffinity", pid, 4, BUFFER)) == "ESRCH"
        assert error(call(kernel, "setpriority", 0, pid, 5)) == "ESRCH"
    assert error(call(kernel, "sched_getaffinity", 0x7FFFFFF0, 0, BUFFER)) == "EINVAL"


def test_a_thread_of_the_caller_may_be_named_by_its_id(kernel: Kernel) -> None:
    """find_task_by_vpid finds threads, too: glibc asks so for a thread's stack and processors."""
    tid = kernel.threads.free_tid()
    kernel.threads.add(tid, b"", 0)
    kernel.memory.store(BUFFER, 4, 1)
    assert call(kernel, "sched_getaffinity", tid, 128, BUFFER) == 4
    assert call(kernel, "sched_setaffinity", tid, 4, BUFFER) == 0
    assert call(kernel, "sched_getscheduler", tid) == 0
    assert call(kernel, "sched_getparam", tid, BUFFER) == 0
    assert call(kernel, "prlimit64", tid, 3, 0, BUFFER) == 0
    assert call(kernel, "getpgid", tid) == os.getpgrp()
    assert call(kernel, "kill", tid, 0) == 0
    assert call(kernel, "ioprio_get", 1, tid) == call(kernel, "ioprio_get", 1, 0)
    assert call(kernel, "getpriority", 0, tid) == call(kernel, "getpriority", 0, 0)
    assert call(kernel, "setpriority", 0, tid, kernel.process.task.nice) == 0
    assert error(call(kernel, "pidfd_open", tid, 0)) == "EINVAL"
    assert error(call(kernel, "sched_getaffinity", tid + 1, 128, BUFFER)) == "ESRCH"


def test_a_thread_is_in_no_group_of_its_own(kernel: Kernel) -> None:
    """setpgid asks for the leader of a thread group."""
    tid = kernel.threads.free_tid()
    kernel.threads.add(tid, b"", 0)
    assert error(call(kernel, "setpgid", tid, 0)) == "EINVAL"
    assert error(call(kernel, "setpgid", tid, tid)) == "EINVAL"
    assert error(call(kernel, "setpgid", tid + 1, 0)) == "ESRCH"
    assert error(call(kernel, "setpgid", 0, tid)) == "EPERM"


def test_membarrier(kernel: Kernel) -> None:
    assert call(kernel, "membarrier", 0, 0) == 127
    assert error(call(kernel, "membarrier", 0, 1)) == "EINVAL"
    assert error(call(kernel, "membarrier", 8, 0)) == "EPERM"
    assert error(call(kernel, "membarrier", 32, 0)) == "EPERM"
    assert call(kernel, "membarrier", 16, 0) == 0
    assert call(kernel, "membarrier", 8, 0) == 0
    assert error(call(kernel, "membarrier", 8, 1)) == "EINVAL"
    for command in (3, 128, 256, -1, 1 << 20):
        assert error(call(kernel, "membarrier", command, 0)) == "EINVAL"
    kernel.process.task.executed()
    assert error(call(kernel, "membarrier", 8, 0)) == "EPERM"
