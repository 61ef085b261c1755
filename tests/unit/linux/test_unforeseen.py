"""What once ended in a Python exception or changed the host, found by attacking system calls."""

import errno
import os
import signal
import socket
import struct
from pathlib import Path

import pytest
from support.linux_kernel import BUFFER, call, error

from dbt import signals
from dbt.interfaces import READ, WRITE
from dbt.linux.kernel import Kernel
from dbt.linux.state.address_space import Area
from dbt.linux.table import SYSCALLS, Entry
from dbt.stops import InternalError

GIB = 1 << 30
SO_GET_FILTER, SO_ATTACH_FILTER, SO_PEERPIDFD = 26, 26, 77
SO_RCVTIMEO, SO_RCVTIMEO_NEW = 20, 66


def open_file(kernel: Kernel, name: bytes, flags: int) -> int:
    kernel.memory.write(BUFFER, name + b"\0")
    return call(kernel, "open", BUFFER, flags, 0)


def pair(kernel: Kernel) -> int:
    assert call(kernel, "socketpair", socket.AF_UNIX, socket.SOCK_STREAM, 0, BUFFER) == 0
    return kernel.memory.load(BUFFER, 4)


def test_sendfile_ends_where_its_offset_does(kernel: Kernel, tmp_path: Path) -> None:
    """do_sendfile: no further than 2 GiB when the offset has 32 bits."""
    with (tmp_path / "sparse").open("wb") as sparse:
        sparse.truncate(5 * GIB)
    source = open_file(kernel, b"sparse", os.O_RDONLY | 0o400000)
    target = open_file(kernel, b"/dev/null", os.O_WRONLY)
    kernel.memory.store(BUFFER, 4, 0x7FFFFFF0)
    assert call(kernel, "sendfile", target, source, BUFFER, 4096) == 15
    assert kernel.memory.load(BUFFER, 4) == 0x7FFFFFFF
    assert error(call(kernel, "sendfile", target, source, BUFFER, 4096)) == "EOVERFLOW"
    kernel.memory.store(BUFFER, 4, 0)
    assert error(call(kernel, "sendfile", target, source, BUFFER, 0xFFFFFFFF)) == "EINVAL"
    kernel.memory.store(BUFFER, 8, 0x7FFFFFF0)
    assert call(kernel, "sendfile64", target, source, BUFFER, 4096) == 4096


def test_a_directory_has_no_position_past_63_bits(kernel: Kernel) -> None:
    fd = open_file(kernel, b".", os.O_RDONLY)
    most = (0x7FFFFFFF, 0xFFFFFFFF, BUFFER)
    assert call(kernel, "_llseek", fd, *most, os.SEEK_SET) == 0
    for _ in range(3):
        assert error(call(kernel, "_llseek", fd, *most, os.SEEK_CUR)) == "EINVAL"
    assert call(kernel, "getdents64", fd, BUFFER, 1000) == 0


def test_a_time_out_too_long_to_count_lasts_for_ever(kernel: Kernel) -> None:
    """sock_set_timeout, and a timeval of 32 bits that shows it."""
    fd = pair(kernel)
    kernel.memory.write(BUFFER, struct.pack("<qqI", 1 << 40, 0, 8))
    level = socket.SOL_SOCKET
    assert call(kernel, "setsockopt", fd, level, SO_RCVTIMEO_NEW, BUFFER, 16) == 0
    assert call(kernel, "getsockopt", fd, level, SO_RCVTIMEO, BUFFER, BUFFER + 16) == 0
    assert kernel.memory.read(BUFFER, 8) == bytes(8)
    kernel.memory.write(BUFFER, struct.pack("<ii", 3, 1_000_000))
    assert error(call(kernel, "setsockopt", fd, level, SO_RCVTIMEO, BUFFER, 8)) == "EDOM"
    kernel.memory.write(BUFFER, struct.pack("<iiII", 3, 500_000, 0, 0))
    assert call(kernel, "setsockopt", fd, level, SO_RCVTIMEO, BUFFER, 8) == 0
    kernel.memory.store(BUFFER + 16, 4, 8)
    assert call(kernel, "getsockopt", fd, level, SO_RCVTIMEO, BUFFER, BUFFER + 16) == 0
    assert kernel.memory.read(BUFFER, 8) == struct.pack("<ii", 3, 500_000)


def test_socket_options_that_hold_addresses_of_the_host_are_not_there(kernel: Kernel) -> None:
    """SO_ATTACH_FILTER takes a pointer, SO_GET_FILTER a length in units of 8 bytes (it wrote past
    the host's buffer), SO_PEERPIDFD makes a descriptor."""
    fd = pair(kernel)
    level = socket.SOL_SOCKET
    before = os.listdir("/proc/self/fd")
    kernel.memory.write(BUFFER, struct.pack("<QQI", 1, kernel.memory.base + BUFFER, 16))
    assert error(call(kernel, "setsockopt", fd, level, SO_ATTACH_FILTER, BUFFER, 16)) == (
        "ENOPROTOOPT"
    )
    for option in (SO_GET_FILTER, SO_PEERPIDFD):
        result = call(kernel, "getsockopt", fd, level, option, BUFFER, BUFFER + 16)
        assert error(result) == "ENOPROTOOPT"
    assert error(call(kernel, "getsockopt", fd, 6, 1, BUFFER, BUFFER + 16)) == "ENOTSUP"
    assert error(call(kernel, "getsockopt", 0, level, 3, BUFFER, BUFFER + 16)) == "ENOTSOCK"
    assert os.listdir("/proc/self/fd") == before


def test_a_name_is_cut_before_it_is_read(kernel: Kernel) -> None:
    """prctl reads no more than 15 bytes of it (strncpy_from_user)."""
    start, size = 0x400000, 2 << 20
    kernel.space.map(Area(start, start + size, READ | WRITE))
    kernel.memory.write(start, b"A" * size)
    assert call(kernel, "prctl", 15, start) == 0
    assert kernel.process.name == b"A" * 15
    assert call(kernel, "prctl", 15, start + size - 15) == 0
    assert error(call(kernel, "prctl", 15, start + size - 14)) == "EFAULT"


def test_a_queued_signal_may_say_anything(kernel: Kernel) -> None:
    """Pid and user are the sender's to choose: 32 bits, whatever they mean."""
    sent = struct.pack("<iiiIII", 0, 5, -1, 0xFFFFFFFE, 0xFFFFFFFF, 0x80000000)
    kernel.memory.write(BUFFER, sent)
    assert call(kernel, "rt_sigprocmask", 0, BUFFER + 64, 0, 8) == 0
    kernel.memory.store(BUFFER + 64, 8, 1 << (signal.SIGUSR1 - 1))
    assert call(kernel, "rt_sigprocmask", 0, BUFFER + 64, 0, 8) == 0
    assert call(kernel, "rt_sigqueueinfo", os.getpid(), signal.SIGUSR1, BUFFER) == 0
    assert call(kernel, "rt_sigtimedwait", BUFFER + 64, BUFFER, 0, 8) == signal.SIGUSR1
    assert kernel.memory.read(BUFFER + 4, 20) == sent[4:]


def test_an_interrupted_wait_has_found_no_signal(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's sigtimedwait gives an empty siginfo when a signal comes as the time is over."""
    nothing = signal.struct_siginfo((0,) * 7)
    monkeypatch.setattr(signals.signal, "sigtimedwait", lambda *_: nothing)
    kernel.memory.write(BUFFER, struct.pack("<Qii", 1 << (signal.SIGUSR1 - 1), 0, 20_000_000))
    assert error(call(kernel, "rt_sigtimedwait", BUFFER, 0, BUFFER + 8, 8)) == "EAGAIN"


def test_the_mask_of_modes_is_the_guests_while_it_runs(kernel: Kernel) -> None:
    hosts = os.umask(0o027)
    try:
        kernel.enter_guest()
        assert call(kernel, "umask", 0o7777) == 0o027
        kernel.leave_guest()
        assert os.umask(0o027) == 0o027
        kernel.enter_guest()
        assert call(kernel, "umask", 0) == 0o777
        kernel.close()
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(hosts)


def test_only_the_guests_processes_change_their_group(kernel: Kernel) -> None:
    stranger = os.fork()
    if not stranger:
        signal.pause()
        os._exit(0)
    try:
        kernel.process.first_pid = stranger + 1  # it is not the guest's
        assert error(call(kernel, "setpgid", stranger, stranger)) == "ESRCH"
        assert os.getpgid(stranger) == os.getpgrp()
    finally:
        os.kill(stranger, signal.SIGKILL)
        os.waitpid(stranger, 0)


@pytest.mark.parametrize(
    ("raised", "result"), [(MemoryError(), -errno.ENOMEM), (OverflowError(), -errno.EINVAL)]
)
def test_errors_that_an_errno_stands_for(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, raised: Exception, result: int
) -> None:
    raising(monkeypatch, raised)
    assert call(kernel, "getpid") == result


@pytest.mark.parametrize("raised", [ValueError("no\nerrno"), struct.error("x"), RecursionError()])
def test_the_others_are_faults_of_ours(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, raised: Exception
) -> None:
    raising(monkeypatch, raised)
    with pytest.raises(InternalError, match=f"system call getpid: .*{type(raised).__name__}|error"):
        call(kernel, "getpid")


def raising(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def handler(kernel: Kernel) -> int:
        raise error

    monkeypatch.setitem(SYSCALLS, "getpid", Entry("getpid", handler, 0))
