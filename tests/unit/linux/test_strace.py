"""Lines of -strace. ``tests/differential/test_strace.py`` compares whole traces with qemu-arm's."""

import os
import struct

import pytest
from support.linux_kernel import BUFFER

from dbt.linux.kernel import Kernel
from dbt.linux.state.siginfo import SigInfo
from dbt.linux.state.threads import Call
from dbt.linux.strace import Strace
from dbt.syscalls import Request
from dbt.text import LINE


@pytest.fixture
def lines(kernel: Kernel) -> list[str]:
    """What is traced, without the process id."""
    found: list[str] = []
    prefix = f"{os.getpid()} "
    kernel.options.strace_log = lambda line: found.append(line.removeprefix(prefix))
    return found


def trace(kernel: Kernel, name: str, registers: list[int], result: int | None) -> None:
    strace = Strace(kernel)
    made = Call(Request(0, name), registers + [0] * (7 - len(registers)), 0)
    strace.before(made, skipped=False)
    if result is None:
        strace.left(made)
    else:
        strace.after(made, result)


@pytest.mark.parametrize(
    ("name", "registers", "result", "line"),
    [
        ("openat", [0xFFFFFF9C, BUFFER, 0],
         -2, 'openat(AT_FDCWD,"name",O_RDONLY) = -1 errno=2 (No such file or directory)'),
        ("mmap2", [0, 4096, 3, 0x22, 0xFFFFFFFF, 0], -0x50000000,
         "mmap2(NULL,4096,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANONYMOUS,-1,0) = 0xb0000000"),
        ("write", [1, BUFFER, 3], 3, f"write(1,{BUFFER:#x},3) = 3"),
        ("umask", [0o22], 0o22, "umask(022) = 18"),
        ("uname", [0], -14, "uname((nil)) = -1 errno=14 (Bad address)"),
        ("prctl", [15, 0xFFFFFFFF], 0, "prctl(15,-1,0,0,0,0) = 0"),
        ("clone", [0x1200011, 0, 0, 0, 0x1234], 77,
         "clone(CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|0x11,child_stack=0x00000000,"
         "parent_tidptr=0x00000000,tls=0x00000000,child_tidptr=0x00001234) = 77"),
        ("read", [0, BUFFER, 1], -512,
         f"read(0,{BUFFER:#x},1) = -1 errno=512 (To be restarted)"),
        ("exit_group", [3], None, "exit_group(3)"),
        ("sigreturn", [17], None,
         "sigreturn(17,0,0,0,0,0) = -1 errno=513 (Successful exit from sigreturn)"),
        ("rseq", [0, 32, 0, 0x5305], -38,
         "rseq(NULL,32,0,0x5305) = -1 errno=38 (Function not implemented)"),
    ],
)  # fmt: skip
def test_lines(
    kernel: Kernel, lines: list[str], name: str, registers: list[int], result: int, line: str
) -> None:
    kernel.memory.write(BUFFER, b"name\0")
    trace(kernel, name, registers, result)
    assert lines == [line]


def test_what_a_call_wrote_is_shown_behind_its_result(kernel: Kernel, lines: list[str]) -> None:
    kernel.memory.write(BUFFER, (5).to_bytes(4, "little") + (7).to_bytes(4, "little"))
    trace(kernel, "clock_gettime", [0, BUFFER], 0)
    assert lines == [
        f"clock_gettime(CLOCK_REALTIME,{BUFFER:#010x}) = 0 ({{tv_sec = 5,tv_nsec = 7}})"
    ]


@pytest.mark.parametrize(
    ("info", "line"),
    [
        (SigInfo(10, 0, pid=5, uid=6),
         "--- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_USER, si_pid=5, si_uid=6} ---"),
        (SigInfo(11, 1, address=0x70000000),
         "--- SIGSEGV {si_signo=SIGSEGV, si_code=1, si_addr=0x70000000} ---"),
        (SigInfo(34, -1, pid=5, uid=0, value=9),
         "--- 34 {si_signo=34, si_code=SI_QUEUE, si_pid=5, si_uid=0, si_sigval=9} ---"),
    ],
)  # fmt: skip
def test_signals(kernel: Kernel, lines: list[str], info: SigInfo, line: str) -> None:
    Strace(kernel).taken(info)
    assert lines == [line]


def test_a_long_line_is_cut_before_the_result(kernel: Kernel, lines: list[str]) -> None:
    kernel.memory.write(BUFFER, b"\x1b" * 2000 + b"\0")
    pointers = BUFFER + 4096
    kernel.memory.write(pointers, struct.pack("<I", BUFFER) * 500 + bytes(4))
    trace(kernel, "execve", [BUFFER, pointers, 0], -2)
    assert len(lines[0]) < LINE + 100
    assert lines[0].endswith(" characters) = -1 errno=2 (No such file or directory)")


@pytest.mark.parametrize(
    ("name", "registers", "shown"),
    [
        ("pread64", [3, 0x8000, 8, 0, 5, 1], "3,0x00008000,8,4294967301"),
        ("ftruncate64", [3, 0xBAD, 5, 1], "3,4294967301"),
        ("truncate64", [0, 0xBAD, 5, 1], "NULL,4294967301"),
        ("fallocate", [3, 1, 5, 1, 6, 2], "3,FALLOC_FL_KEEP_SIZE,4294967301,8589934598"),
        ("arm_fadvise64_64", [3, 4, 5, 1, 6, 2], "3,4,4294967301,8589934598"),
        ("readahead", [3, 0xBAD, 5, 1, 7], "3,4294967301,7"),
        ("preadv", [3, 0, 0, 5, 1], "3,NULL,0,4294967301"),
        ("pwritev", [3, 0, 0, 0xFFFFFFFE, 0xFFFFFFFF], "3,NULL,0,-2"),
        ("preadv2", [3, 0, 0, 5, 1, 0], "3,NULL,0,4294967301,0"),
        ("fanotify_mark", [3, 1, 5, 1, 0xFFFFFF9C, 0], "3,0x1,4294967301,AT_FDCWD,NULL"),
        ("lookup_dcookie", [5, 1, 0, 9], "4294967301,NULL,9"),
    ],
)
def test_arguments_of_64_bits_are_whole(
    kernel: Kernel, lines: list[str], name: str, registers: list[int], shown: str
) -> None:
    """qemu-arm shows their low half, or the registers they are in."""
    trace(kernel, name, registers, 0)
    assert lines == [f"{name}({shown}) = 0"]


def test_arguments_of_64_bits_in_the_old_convention(kernel: Kernel, lines: list[str]) -> None:
    """Its pairs need no even register."""
    strace = Strace(kernel)
    request = Request(0, "ftruncate64", aligned=False, variant="oabi")
    made = Call(request, [3, 5, 1, 0xBAD, 0, 0, 0], 0)
    strace.before(made, skipped=False)
    strace.after(made, 0)
    assert lines == ["ftruncate64(3,4294967301) = 0"]
