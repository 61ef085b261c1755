"""Calls that reach beyond the guest's own process: refused, or answered without the host.

docs/security.md names these tests.
"""

import errno
import fcntl
import os
import pty
import signal
import socket
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.linux_kernel import BUFFER, call, error, make_kernel

from dbt.linux.kernel import Kernel

PERMITTED_TO_NOBODY = [
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "bpf",
    "perf_event_open",
    "mount",
    "umount2",
    "setns",
    "unshare",
    "kexec_load",
    "init_module",
    "delete_module",
    "reboot",
    "sethostname",
    "setdomainname",
    "swapon",
    "swapoff",
    "acct",
    "quotactl",
    "syslog",
    "vhangup",
    "setgroups32",
    "clock_settime",
    "settimeofday",
    "adjtimex",
    "pivot_root",
    "finit_module",
    "kexec_file_load",
    "fanotify_init",
    "fsopen",
    "fsmount",
    "move_mount",
]
NOT_THERE = [
    "kcmp",
    "keyctl",
    "add_key",
    "request_key",
    "io_uring_setup",
    "io_uring_enter",
    "io_setup",
    "pidfd_getfd",
    "process_madvise",
    "userfaultfd",
    "open_by_handle_at",
    "name_to_handle_at",
    "memfd_secret",
    "seccomp",
    "mq_open",
    "move_pages",
    "migrate_pages",
    "open_tree",
]
TIOCSTI, TIOCSETD, TIOCCONS, SIOCSPGRP, FIOASYNC = 0x5412, 0x5423, 0x541D, 0x8902, 0x5452
TIOCSCTTY = 0x540E
F_SETOWN, F_GETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY = 8, 9, 10, 15, 1024, 1026


@pytest.fixture
def stranger() -> Iterator[int]:
    """The pid of a process that is none of the guest's, and is there afterwards as it was."""
    with subprocess.Popen(["sleep", "600"]) as process:
        before = (os.getpriority(os.PRIO_PROCESS, process.pid), os.sched_getaffinity(process.pid))
        yield process.pid
        assert process.poll() is None
        after = (os.getpriority(os.PRIO_PROCESS, process.pid), os.sched_getaffinity(process.pid))
        process.kill()
    assert before == after


@pytest.mark.parametrize("name", PERMITTED_TO_NOBODY)
def test_what_only_root_may(kernel: Kernel, name: str) -> None:
    assert error(call(kernel, name, BUFFER, BUFFER, 1)) == "EPERM"


@pytest.mark.parametrize("name", NOT_THERE)
def test_what_is_not_there(kernel: Kernel, name: str) -> None:
    assert error(call(kernel, name, BUFFER, BUFFER, 1)) == "ENOSYS"


def test_there_is_no_network(kernel: Kernel) -> None:
    for family in set(range(45)) - {socket.AF_UNIX}:
        assert error(call(kernel, "socket", family, 1, 0)) == "EAFNOSUPPORT"


def test_another_process_is_out_of_reach(kernel: Kernel, stranger: int) -> None:
    kernel.memory.write(BUFFER, struct.pack("<6I", 1, 0, 0xFFFFFFFF, 0, 0, 0))
    for name, *arguments in (
        ("kill", stranger, signal.SIGKILL),
        ("tkill", stranger, signal.SIGKILL),
        ("tgkill", stranger, stranger, signal.SIGKILL),
        ("rt_sigqueueinfo", stranger, signal.SIGKILL, BUFFER),
        ("setpriority", os.PRIO_PROCESS, stranger, 10),
        ("sched_setaffinity", stranger, 4, BUFFER),
        ("sched_setscheduler", stranger, 3, BUFFER + 4),
        ("prlimit64", stranger, 7, BUFFER, 0),
        ("setpgid", stranger, stranger),
        ("get_robust_list", stranger, BUFFER, BUFFER + 4),
    ):
        assert error(call(kernel, name, *arguments)) in ("EPERM", "ESRCH"), name
    assert error(call(kernel, "kill", -stranger, signal.SIGKILL)) == "ESRCH"  # as a group


def test_nobody_else_gets_signals_for_a_descriptor(kernel: Kernel) -> None:
    """fcntl's owners, leases and notifications send signals to whom the caller names."""
    assert call(kernel, "pipe", BUFFER) == 0
    fd = kernel.memory.load(BUFFER, 4)
    for command in (F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY):
        assert error(call(kernel, "fcntl64", fd, command, 1)) == "EINVAL"
    assert error(call(kernel, "ioctl", fd, SIOCSPGRP, BUFFER)) == "ENOTTY"
    for owner in (os.getpid(), 0):
        assert call(kernel, "fcntl64", fd, F_SETOWN, owner) == 0
        assert call(kernel, "fcntl64", fd, F_GETOWN, 0) == owner
    kernel.files.get(fd).file.inherited = True  # others may have it, and an owner of theirs
    assert error(call(kernel, "fcntl64", fd, F_SETOWN, os.getpid())) == "EINVAL"
    assert error(call(kernel, "ioctl", fd, FIOASYNC, BUFFER)) == "ENOTTY"


def test_a_terminal_is_not_typed_into_nor_taken(tmp_path: Path) -> None:
    """TIOCSTI would run commands in the user's shell; TIOCSCTTY with 1 steals a terminal."""
    master, slave = pty.openpty()
    saved = os.dup(0)
    os.dup2(slave, 0)
    kernel = make_kernel(tmp_path)
    try:
        kernel.memory.write(BUFFER, b"x\0\0\0")
        for request in (TIOCSTI, TIOCSETD, TIOCCONS):
            assert error(call(kernel, "ioctl", 0, request, BUFFER)) == "ENOTTY"
        asked: list[int] = []
        real = fcntl.ioctl
        try:
            fcntl.ioctl = lambda fd, request, argument: asked.append(argument) or 0  # type: ignore
            assert call(kernel, "ioctl", 0, TIOCSCTTY, 1) == 0
        finally:
            fcntl.ioctl = real
        assert asked == [0]
    finally:
        kernel.close()
        kernel.memory.close()
        os.dup2(saved, 0)
        for fd in (saved, master, slave):
            os.close(fd)


def test_who_the_user_is_does_not_change(kernel: Kernel) -> None:
    before = (os.getresuid(), os.getresgid(), os.getgroups())
    other = 4711
    for name in ("setuid32", "setgid32", "setfsuid32", "setuid", "setgid"):
        assert error(call(kernel, name, other)) == "EPERM"
    for name in ("setresuid32", "setresgid32"):
        assert error(call(kernel, name, other, other, other)) == "EPERM"
    assert (os.getresuid(), os.getresgid(), os.getgroups()) == before


def test_limits_are_the_guests_alone(kernel: Kernel) -> None:
    import resource

    before = [resource.getrlimit(number) for number in range(16)]
    kernel.memory.write(BUFFER, struct.pack("<QQ", 1, 1))
    for number in range(16):
        assert call(kernel, "prlimit64", 0, number, BUFFER, 0) in (0, -errno.EPERM)
    assert [resource.getrlimit(number) for number in range(16)] == before


def test_only_standard_streams_are_inherited(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    kernel = make_kernel(tmp_path)
    try:
        assert set(kernel.files) <= {0, 1, 2}
        for fd in range(3, writer + 2):
            assert error(call(kernel, "write", fd, BUFFER, 1)) == "EBADF"
    finally:
        kernel.close()
        kernel.memory.close()
        os.close(reader)
        os.close(writer)
