"""Calls in words: types, texts and contents, laid beside strace(1)'s and the manual's."""

import struct

import pytest
from support.linux_kernel import BUFFER

from dbt.linux.kernel import Kernel

AT_FDCWD = 0xFFFFFF9C
BAD = 0x50000000
"""An address the guest has not mapped."""


def put(kernel: Kernel, address: int, data: bytes) -> int:
    kernel.memory.write(address, data)
    return address


def test_an_open_call(kernel: Kernel) -> None:
    path = put(kernel, BUFFER, b"/etc/passwd\0")
    call = kernel.decode("openat", [AT_FDCWD, path, 0o2400000, 0o644], 5)
    assert str(call) == 'openat(AT_FDCWD,"/etc/passwd",O_RDONLY|O_LARGEFILE|O_CLOEXEC) = 5'
    assert [argument.type for argument in call.arguments] == ["at", "path", "open"]
    assert call.paths == [b"/etc/passwd"]
    assert call["path"].value == BUFFER
    with pytest.raises(KeyError):
        call["mode"]
    creating = kernel.decode("open", [path, 0o101, 0o644], -13)
    assert str(creating) == (
        'open("/etc/passwd",O_WRONLY|O_CREAT,0644) = -1 errno=13 (Permission denied)'
    )


@pytest.mark.parametrize(
    ("name", "registers", "text"),
    [
        ("access", [BAD, 7], "access(0x50000000,R_OK|W_OK|X_OK)"),
        ("access", [0, 0], "access(NULL,F_OK)"),
        ("chmod", [0, 0o104755], "chmod(NULL,S_IFREG|04755)"),
        ("mmap2", [0, 4096, 3, 0x22, 0xFFFFFFFF, 1],
         "mmap2(NULL,4096,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANONYMOUS,-1,0x1)"),
        ("mprotect", [0x8000, 4096, 0], "mprotect(0x00008000,4096,PROT_NONE)"),
        ("mprotect", [0x8000, 4096, 0x10], "mprotect(0x00008000,4096,0x10)"),
        ("kill", [0xFFFFFFFF, 15], "kill(-1,SIGTERM)"),
        ("read", [0xFFFFFFFF, 0, 0xFFFFFFFF], "read(-1,NULL,-1)"),
        ("ARM_usr32", [5], "ARM_usr32()"),
        ("kill", [1, 40], "kill(1,40)"),
        ("fcntl64", [3, 3, 0], "fcntl64(3,F_GETFL)"),
        ("fcntl64", [3, 4, 0o4000], "fcntl64(3,F_SETFL,O_RDONLY|O_NONBLOCK)"),
        ("fcntl64", [3, 1030, 10], "fcntl64(3,F_DUPFD_CLOEXEC,10)"),
        ("ioctl", [1, 0x5413, BAD], "ioctl(1,TIOCGWINSZ,0x50000000)"),
        ("ioctl", [1, 0x1234, 5], "ioctl(1,0x1234,0x5)"),
        ("lseek", [3, 0xFFFFFFFB, 1], "lseek(3,-5,SEEK_CUR)"),
        ("pread64", [3, BAD, 5, 0, 6, 1], "pread64(3,0x50000000,5,4294967302)"),
        ("ftruncate64", [3, 0, 0xFFFFFFFF, 0xFFFFFFFF], "ftruncate64(3,-1)"),
        ("socket", [2, 0o2000001, 6], "socket(PF_INET,SOCK_STREAM|SOCK_CLOEXEC,IPPROTO_TCP)"),
        ("clock_gettime64", [1, BAD], "clock_gettime64(CLOCK_MONOTONIC,0x50000000)"),
        ("futex", [BAD, 0x81, 1, 0, 0, 0],
         "futex(0x50000000,FUTEX_PRIVATE_FLAG|FUTEX_WAKE,1,NULL,NULL,0)"),
        ("wait4", [0xFFFFFFFF, 0, 3, 0], "wait4(-1,NULL,WNOHANG|WUNTRACED,NULL)"),
        ("pipe2", [BAD, 0o2000000], "pipe2(0x50000000,O_CLOEXEC)"),
        ("getpid", [], "getpid()"),
        ("syscall_9999", [1, 2, 3, 4, 5, 6], "syscall_9999(0x1,0x2,0x3,0x4,0x5,0x6)"),
    ],
)  # fmt: skip
def test_texts(kernel: Kernel, name: str, registers: list[int], text: str) -> None:
    assert str(kernel.decode(name, registers)) == text


def test_descriptors(kernel: Kernel) -> None:
    assert kernel.decode("dup2", [3, 4]).fds == [3, 4]
    assert kernel.decode("mmap2", [0, 4096, 3, 0x22, 0xFFFFFFFF, 0]).fds == [-1]
    assert kernel.decode("getpid", []).fds == []


def test_results(kernel: Kernel) -> None:
    assert kernel.decode("brk", [0], 0x9000).result_text == "0x00009000"
    assert kernel.decode("umask", [0o22], 0o22).result_text == "022"
    assert kernel.decode("read", [0, 0, 0], -4).result_text == (
        "-1 errno=4 (Interrupted system call)"
    )
    assert kernel.decode("getpid", [], 77).result_text == "77"


def test_a_buffer_is_read_after_the_call_and_only_what_was_written(kernel: Kernel) -> None:
    put(kernel, BUFFER, b"abc\n\x01def")
    before = kernel.decode("read", [0, BUFFER, 100])
    assert (before["buffer"].text, before["buffer"].content) == (f"{BUFFER:#010x}", None)
    after = kernel.decode("read", [0, BUFFER, 100], 5)
    assert after["buffer"].content == b"abc\n\x01"
    assert str(after) == r'read(0,"abc\12\1",100) = 5'
    failed = kernel.decode("read", [0, BUFFER, 100], -5)
    assert failed["buffer"].content is None


def test_a_long_buffer_is_cut_in_the_text_only(kernel: Kernel) -> None:
    put(kernel, BUFFER, b"x" * 100)
    call = kernel.decode("write", [1, BUFFER, 100])
    assert call["buffer"].content == b"x" * 100
    assert call["buffer"].text == '"' + "x" * 40 + '"...'


def test_vectors_of_buffers(kernel: Kernel) -> None:
    put(kernel, BUFFER, b"onetwo")
    vector = put(kernel, BUFFER + 64, struct.pack("<4I", BUFFER, 3, BUFFER + 3, 3))
    written = kernel.decode("writev", [1, vector, 2])
    assert written["vector"].content == [b"one", b"two"]
    read = kernel.decode("readv", [1, vector, 2], 4)
    assert read["vector"].content == [b"one", b"t"]
    assert read["vector"].text == '["one","t"]'


def test_structures(kernel: Kernel) -> None:
    put(kernel, BUFFER, struct.pack("<2i", 5, 7))
    call = kernel.decode("nanosleep", [BUFFER, 0])
    assert call["wanted"].content == {"sec": 5, "nsec": 7}
    assert str(call) == "nanosleep({tv_sec = 5,tv_nsec = 7},NULL)"
    stat = bytearray(104)
    stat[48:56] = (1234).to_bytes(8, "little")
    put(kernel, BUFFER, bytes(stat))
    assert kernel.decode("fstat64", [3, BUFFER], 0)["buffer"].content["size"] == 1234
    assert kernel.decode("fstat64", [3, BUFFER], -9)["buffer"].content is None


def test_argument_vectors_of_execve(kernel: Kernel) -> None:
    put(kernel, BUFFER, b"sh\0-c\0")
    argv = put(kernel, BUFFER + 64, struct.pack("<3I", BUFFER, BUFFER + 3, 0))
    call = kernel.decode("execve", [BUFFER, argv, argv + 8])
    assert call["argv"].content == [b"sh", b"-c"]
    assert str(call) == 'execve("sh",{"sh","-c",NULL},{NULL})'


def test_socket_addresses(kernel: Kernel) -> None:
    internet = put(kernel, BUFFER, b"\2\0\0\x50\x7f\0\0\1" + bytes(8))
    assert kernel.decode("connect", [3, internet, 16])["address"].text == (
        '{sin_family=AF_INET,sin_port=htons(80),sin_addr=inet_addr("127.0.0.1")}'
    )
    unix = put(kernel, BUFFER, b"\1\0/run/x\0")
    assert kernel.decode("bind", [3, unix, 9])["address"].text == (
        '{sun_family=AF_UNIX,sun_path="/run/x"}'
    )
    hostile = put(kernel, BUFFER, b"\1\0/run/\x1b[2J\n\xff\0")
    assert kernel.decode("bind", [3, hostile, 14])["address"].text == (
        r'{sun_family=AF_UNIX,sun_path="/run/\33[2J\12\377"}'
    )


def test_signal_sets_and_actions(kernel: Kernel) -> None:
    put(kernel, BUFFER, (1 << 9 | 1 << 16).to_bytes(8, "little"))
    mask = kernel.decode("rt_sigprocmask", [0, BUFFER, 0, 8])
    assert str(mask) == "rt_sigprocmask(SIG_BLOCK,[SIGUSR1 SIGCHLD],NULL,8)"
    put(kernel, BUFFER, struct.pack("<3IQ", 1, 0x4000000, 0, 0))
    action = kernel.decode("rt_sigaction", [2, BUFFER, 0, 8])
    assert action["new"].text == "{SIG_IGN,flags=0x4000000,mask=0x0}"


def test_a_string_that_crosses_into_memory_that_is_not_there(kernel: Kernel) -> None:
    end = BUFFER + 16 * 4096
    put(kernel, end - 4, b"abcd")
    assert kernel.decode("unlink", [end - 4])["path"].content is None
    put(kernel, end - 4, b"abc\0")
    assert kernel.decode("unlink", [end - 4])["path"].content == b"abc"


def test_nothing_the_guest_passes_makes_decoding_fail(kernel: Kernel) -> None:
    from dbt.linux.typed import qemu
    from dbt.linux.typed.rows import SIGNATURES

    words = [0, 1, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, BUFFER, BUFFER + 16 * 4096 - 1, 0xFFFF0000]
    for name in SIGNATURES:
        for shift in range(len(words)):
            registers = [words[(shift + i) % len(words)] for i in range(7)]
            for result in (None, 0, -14, 5, 0xFFFF):
                kernel.decode(name, registers, result)
            qemu.head(kernel.decoder, name, registers)
            qemu.tail(kernel.decoder, name, registers, 0)
