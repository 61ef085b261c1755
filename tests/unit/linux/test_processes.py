"""fork, wait, exec, identity, limits and time, seen from inside."""

import os
import random
import signal
import struct
import time
from pathlib import Path

import pytest
from support.linux_kernel import BUFFER, call, error

from dbt.linux.errors import Leave
from dbt.linux.kernel import Kernel
from dbt.stops import Exited, LimitNotKept

GUESTS = Path(__file__).resolve().parents[2] / "guests"
ARGV, ENVP, PATH = BUFFER + 0x100, BUFFER + 0x200, BUFFER + 0x300


def text(kernel: Kernel, address: int, value: bytes) -> int:
    kernel.memory.write(address, value + b"\0")
    return address


def in_child(kernel: Kernel, status: int) -> int:
    """Fork a guest child that exits at once; its pid."""
    pid = call(kernel, "fork")
    if pid == 0:
        assert kernel.is_child
        os._exit(status)
    return pid


def test_fork_and_wait(kernel: Kernel) -> None:
    pid = in_child(kernel, 5)
    assert call(kernel, "wait4", -1, BUFFER, 0, BUFFER + 64) == pid
    assert kernel.memory.load(BUFFER, 4) == 5 << 8
    assert error(call(kernel, "wait4", -1, BUFFER, 0, 0)) == "ECHILD"


def test_a_child_that_cannot_keep_the_time_limit_says_so(kernel: Kernel) -> None:
    """There may be no thread for it: that is no fault of armdbt's."""

    def fail() -> None:
        raise LimitNotKept("no time limit can be kept")

    kernel.on_fork_child = fail
    raised: object = None
    try:
        pid = call(kernel, "fork")
    except BaseException as error:  # in the child
        raised, pid = error, 0
    if pid == 0:
        os._exit(2 if isinstance(raised, LimitNotKept) else 1)
    assert call(kernel, "wait4", pid, BUFFER, 0, 0) == pid
    assert kernel.memory.load(BUFFER, 4) == 2 << 8


def test_waitid_tells_how_a_child_died(kernel: Kernel) -> None:
    pid = call(kernel, "fork")
    if pid == 0:
        time.sleep(60)
        os._exit(1)
    assert call(kernel, "wait4", pid, 0, 1, 0) == 0  # WNOHANG
    assert call(kernel, "kill", pid, signal.SIGKILL) == 0
    assert call(kernel, "waitid", 1, pid, BUFFER, 4, 0) == 0
    words = struct.unpack("<6i", kernel.memory.read(BUFFER, 24))
    assert words == (signal.SIGCHLD, 0, 2, pid, os.getuid(), signal.SIGKILL)


def test_vfork_waits_for_the_child(kernel: Kernel) -> None:
    started = time.monotonic()
    pid = call(kernel, "vfork")
    if pid == 0:
        time.sleep(0.1)
        os._exit(0)
    assert time.monotonic() - started >= 0.1
    call(kernel, "wait4", pid, 0, 0, 0)


def test_clone_stores_ids_and_sets_stack_and_tls(kernel: Kernel) -> None:
    flags = signal.SIGCHLD | 0x80000 | 0x100000 | 0x1000000  # SETTLS PARENT_SETTID CHILD_SETTID
    pid = call(kernel, "clone", flags, 0x7000, BUFFER, 0x1234, BUFFER + 4)
    if pid == 0:
        good = kernel.memory.load(BUFFER + 4, 4) == os.getpid()
        good &= (kernel.state["tls"], kernel.state["r13"]) == (0x1234, 0x7000)
        os._exit(0 if good else 1)
    assert kernel.memory.load(BUFFER, 4) == pid
    assert call(kernel, "wait4", pid, BUFFER, 0, 0) == pid
    assert kernel.memory.load(BUFFER, 4) == 0


def test_threads_that_share_less_are_refused_and_counted(kernel: Kernel) -> None:
    without_files = 0x3D0F00 & ~0x400
    assert error(call(kernel, "clone", without_files, 0x7000, 0, 0, 0)) == "EINVAL"
    assert list(kernel.unknown_syscalls) == [
        "threads that share less or wait (clone with CLONE_THREAD)"
    ]


def test_signals_stay_within_the_guest(kernel: Kernel) -> None:
    assert error(call(kernel, "kill", 1, 0)) == "EPERM"
    assert error(call(kernel, "kill", os.getppid(), signal.SIGTERM)) == "EPERM"
    assert error(call(kernel, "kill", 0x7FFFFFF0, 0)) == "ESRCH"
    assert call(kernel, "kill", os.getpid(), 0) == 0


def execute(kernel: Kernel, path: bytes, *argv: bytes) -> int | Leave:
    at = BUFFER + 0x800
    pointers = []
    for word in argv:
        pointers.append(text(kernel, at, word))
        at += len(word) + 1
    kernel.memory.write(ARGV, struct.pack(f"<{len(pointers) + 1}I", *pointers, 0))
    kernel.memory.write(ENVP, struct.pack("<I", 0))
    try:
        return call(kernel, "execve", text(kernel, PATH, path), ARGV, ENVP)
    except Leave as leave:
        return leave


def stack_strings(kernel: Kernel) -> list[bytes]:
    sp = kernel.state["r13"]
    count = kernel.memory.load(sp, 4)
    return [kernel.memory.cstring(kernel.memory.load(sp + 4 + 4 * i, 4)) for i in range(count)]


def test_exec_replaces_the_image(kernel: Kernel) -> None:
    flushed = []
    kernel.on_exec = lambda: flushed.append(True)
    left = execute(kernel, os.fsencode(GUESTS / "hello.elf"), b"name", b"argument")
    assert isinstance(left, Leave)
    assert left.outcome == kernel.state["pc"]
    assert flushed
    assert stack_strings(kernel) == [b"name", b"argument"]
    assert kernel.symbol("_start") == left.outcome
    assert kernel.symbolize(left.outcome + 4) == "_start+0x4 in hello.elf"
    assert kernel.process.name == b"hello.elf"


def test_exec_of_a_script(kernel: Kernel, tmp_path: Path) -> None:
    guest = os.fsencode(GUESTS / "hello.elf")
    script = tmp_path / "script"
    script.write_bytes(b"#! " + guest + b"  one argument \nrest")
    script.chmod(0o755)
    assert isinstance(execute(kernel, b"script", b"zero", b"last"), Leave)
    assert stack_strings(kernel) == [guest, b"one argument", b"script", b"last"]


@pytest.mark.parametrize(
    ("content", "mode", "expected"),
    [
        (b"\x7fELFjunk", 0o755, "ENOEXEC"),
        (b"plain", 0o755, "ENOEXEC"),
        (b"#!/no/such/interpreter", 0o755, "ENOENT"),
        (b"#!\n", 0o755, "ENOEXEC"),
        (b"#!" + b"./file", 0o755, "ELOOP"),
        (b"\x7fELF", 0o644, "EACCES"),
    ],
)
def test_a_failed_exec_changes_nothing(
    kernel: Kernel, tmp_path: Path, content: bytes, mode: int, expected: str
) -> None:
    (tmp_path / "file").write_bytes(content)
    (tmp_path / "file").chmod(mode)
    areas = list(kernel.space.areas)
    result = execute(kernel, b"file", b"x")
    assert isinstance(result, int)
    assert error(result) == expected
    assert kernel.space.areas == areas


def test_exit_statuses_are_a_byte(kernel: Kernel) -> None:
    with pytest.raises(Leave) as left:
        call(kernel, "exit_group", 0x305)
    assert left.value.outcome == Exited(5)


def test_limits(kernel: Kernel) -> None:
    assert call(kernel, "prlimit64", 0, 3, 0, BUFFER) == 0
    assert kernel.memory.load(BUFFER, 8) == 8 << 20
    kernel.memory.write(BUFFER, struct.pack("<II", 8, 16))
    assert call(kernel, "setrlimit", 7, BUFFER) == 0
    assert kernel.files.limit == 8
    kernel.memory.write(BUFFER, struct.pack("<II", 8, 32))
    assert error(call(kernel, "setrlimit", 7, BUFFER)) == "EPERM"
    assert error(call(kernel, "ugetrlimit", 99, BUFFER)) == "EINVAL"


def test_times_are_narrow_and_wide(kernel: Kernel) -> None:
    before = time.time()
    assert call(kernel, "clock_gettime", 0, BUFFER) == 0
    assert call(kernel, "clock_gettime64", 0, BUFFER + 8) == 0
    narrow = struct.unpack("<iI", kernel.memory.read(BUFFER, 8))
    wide = struct.unpack("<qq", kernel.memory.read(BUFFER + 8, 16))
    for seconds, nanoseconds in (narrow, wide):
        assert 0 <= seconds + nanoseconds / 1e9 - before < 5
    assert error(call(kernel, "clock_gettime", 99, BUFFER)) == "EINVAL"
    assert error(call(kernel, "clock_gettime", 0, 4)) == "EFAULT"


def test_sleeping(kernel: Kernel) -> None:
    kernel.memory.write(BUFFER, struct.pack("<ii", 0, 20_000_000))
    started = time.monotonic()
    assert call(kernel, "nanosleep", BUFFER, 0) == 0
    assert time.monotonic() - started >= 0.02
    kernel.memory.write(BUFFER, struct.pack("<ii", 0, 1_000_000_000))
    assert error(call(kernel, "nanosleep", BUFFER, 0)) == "EINVAL"
    kernel.memory.write(BUFFER, struct.pack("<ii", 100, 0))
    kernel.overdue = lambda: True
    assert error(call(kernel, "nanosleep", BUFFER, 0)) == "EINTR"


def test_futex(kernel: Kernel) -> None:
    kernel.memory.store(BUFFER, 4, 5)
    assert error(call(kernel, "futex", BUFFER, 0, 4, 0)) == "EAGAIN"
    kernel.memory.write(BUFFER + 8, struct.pack("<ii", 0, 1_000_000))
    assert error(call(kernel, "futex", BUFFER, 0, 5, BUFFER + 8)) == "ETIMEDOUT"
    assert call(kernel, "futex", BUFFER, 1, 1) == 0
    assert error(call(kernel, "futex", BUFFER + 1, 1, 1)) == "EINVAL"


def test_random_bytes_repeat_with_a_seed(kernel: Kernel, tmp_path: Path) -> None:
    call(kernel, "getrandom", BUFFER, 16, 0)
    first = kernel.memory.read(BUFFER, 16)
    call(kernel, "getrandom", BUFFER, 16, 0)
    assert kernel.memory.read(BUFFER, 16) != first
    again = random.Random(1).randbytes(16)
    assert first == again


def test_uname_and_thread_pointer(kernel: Kernel) -> None:
    call(kernel, "uname", BUFFER)
    assert kernel.memory.cstring(BUFFER) == b"Linux"
    assert kernel.memory.cstring(BUFFER + 4 * 65) == b"armv7l"
    call(kernel, "ARM_set_tls", 0x1234)
    assert call(kernel, "ARM_get_tls") == kernel.state["tls"] == 0x1234


def test_unknown_calls_are_counted(kernel: Kernel) -> None:
    assert error(call(kernel, "kexec_nonsense")) == "ENOSYS"
    assert kernel.unknown_syscalls == {"kexec_nonsense": 1}
