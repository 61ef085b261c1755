"""What each kind of call becomes in the record."""

import hashlib
import os
import struct

import pytest
from support.spy_guest import FakeGuest, Spied

from dbt.spy.events import Event
from dbt.spy.handlers.sockets import address_text

A, B, C = 0x1000, 0x2000, 0x3000
EAGAIN, ENOENT, EBADF = -11, -2, -9


def spied(limit: int = 4096, **guest: object) -> Spied:
    return Spied(FakeGuest(**guest), limit)  # type: ignore[arg-type]


def opened(tool: Spied, fd: int = 3, path: bytes = b"/tmp/f", flags: int = os.O_RDWR) -> Event:
    tool.put(A, path + b"\0")
    (event,) = tool.call("open", A, flags, 0o644, result=fd)
    return event


def piped(tool: Spied, reader: int = 3, writer: int = 4) -> None:
    tool.put(B, struct.pack("<2i", reader, writer))
    tool.call("pipe", B, result=0)


# -- transfers -------------------------------------------------------------------------------------


def test_a_write_tells_file_data_and_digest() -> None:
    tool = spied()
    opened(tool)
    tool.put(B, b"0123456789")
    (event,) = tool.call("write", 3, B, 10, result=4)
    assert (event.kind, event["path"], event["size"], event["data"]) == (
        "write", "/tmp/f", 4, b"0123",
    )  # fmt: skip
    assert event["sha256"] == hashlib.sha256(b"0123").hexdigest()
    (event,) = tool.call("write", 3, B + 4, 6, result=6)
    assert event["sha256"] == hashlib.sha256(b"0123456789").hexdigest()


def test_data_is_cut_and_the_size_is_not() -> None:
    tool = spied(limit=3)
    tool.put(B, b"abcdefgh")
    (event,) = tool.call("read", 0, B, 100, result=8)
    assert (event["size"], event["data"]) == (8, b"abc")


def test_reads_and_writes_have_digests_of_their_own() -> None:
    tool = spied()
    opened(tool)
    tool.put(B, b"in")
    tool.put(C, b"out")
    tool.call("write", 3, C, 3, result=3)
    (event,) = tool.call("read", 3, B, 2, result=2)
    assert event["sha256"] == hashlib.sha256(b"in").hexdigest()


def test_vectors_are_put_together_up_to_the_result() -> None:
    tool = spied()
    tool.put(A, b"hello, ")
    tool.put(B, b"world!!!")
    tool.put(C, struct.pack("<6I", A, 7, 0, 0, B, 8))
    (event,) = tool.call("writev", 1, C, 3, result=12)
    assert (event["size"], event["data"]) == (12, b"hello, world")


def test_positions_of_pread_and_preadv() -> None:
    tool = spied()
    tool.put(A, b"data")
    tool.put(C, struct.pack("<2I", A, 4))
    (event,) = tool.call("pread64", 3, A, 4, 0, 0, 2, result=4)
    assert event["offset"] == 1 << 33
    (event,) = tool.call("preadv", 3, C, 1, 5, 1, result=4)
    assert event["offset"] == 5 | 1 << 32
    (event,) = tool.call("pwritev2", 3, C, 1, 0xFFFFFFFF, 0xFFFFFFFF, 0, result=4)
    assert event["offset"] is None


def test_a_failed_transfer_is_told_without_data() -> None:
    tool = spied()
    piped(tool)
    (event,) = tool.call("read", 3, A, 4, result=EAGAIN)
    assert (event["error"], event["size"], event["data"]) == ("EAGAIN", 0, None)
    (event,) = tool.call("write", 9, A, 4, result=EBADF)
    assert (event["fd"], event["object"], event["error"]) == (9, None, "EBADF")


def test_a_peek_counts_for_nothing() -> None:
    tool = spied()
    tool.put(B, struct.pack("<2i", 3, 4))
    tool.call("socketpair", 1, 1, 0, B, result=0)
    tool.put(A, b"once")
    (event,) = tool.call("recvfrom", 3, A, 4, 2, 0, 0, result=4)
    assert (event["peek"], event["sha256"]) == (True, None)
    (event,) = tool.call("recvfrom", 3, A, 4, 0, 0, 0, result=4)
    assert (event["peek"], event["sha256"]) == (None, hashlib.sha256(b"once").hexdigest())


def test_messages_are_gathered() -> None:
    tool = spied()
    tool.put(A, b"message")
    tool.put(B, struct.pack("<2I", A, 7))
    tool.put(C, struct.pack("<7I", 0, 0, B, 1, 0, 0, 0))
    (event,) = tool.call("sendmsg", 3, C, 0, result=7)
    assert event["data"] == b"message"


def test_sendfile_takes_its_data_from_the_file() -> None:
    tool = spied(files={3: b"0123456789"}, positions={3: 10})
    piped(tool, 5, 6)
    opened(tool, 3)
    read, write = tool.call("sendfile", 6, 3, 0, 100, result=4)
    assert (read.kind, read["path"], read["data"]) == ("read", "/tmp/f", b"6789")
    assert (write.kind, write["end"], write["data"]) == ("write", "write", b"6789")
    tool.put(B, struct.pack("<2I", 5, 0))
    read, write = tool.call("sendfile64", 6, 3, B, 100, result=3)
    assert (read["data"], read["offset"], write["offset"]) == (b"234", 2, None)
    (read,) = tool.call("sendfile", 6, 3, 0, 100, result=0)
    assert (read.kind, read["size"]) == ("read", 0)


def test_splice_looks_at_whichever_side_is_a_file() -> None:
    tool = spied(files={5: b"from a pipe"}, positions={5: 11})
    piped(tool)
    opened(tool, 5)
    read, write = tool.call("splice", 3, 0, 5, 0, 100, 0, result=4)
    assert (read["end"], read["data"], write["path"], write["data"]) == (
        "read", b"pipe", "/tmp/f", b"pipe",
    )  # fmt: skip


def test_data_that_was_gone_before_it_was_seen() -> None:
    """The file was cut after the call: no digest is claimed for bytes nobody saw."""
    tool = spied(files={3: b"0123"}, positions={3: 8})
    opened(tool, 3)
    read, write = tool.call("sendfile", 1, 3, 0, 100, result=6)
    assert (read["size"], read["data"], read["sha256"], write["sha256"]) == (6, b"23", None, None)


def test_from_pipe_to_pipe_nobody_sees_the_data() -> None:
    tool = spied()
    piped(tool, 3, 4)
    piped(tool, 5, 6)
    read, write = tool.call("splice", 3, 0, 6, 0, 100, 0, result=4)
    assert [read["size"], write["size"]] == [4, 4]
    assert read["data"] is write["data"] is write["sha256"] is None
    read, write = tool.call("tee", 3, 6, 100, 0, result=2)
    assert (read["peek"], write["peek"], write["size"]) == (True, None, 2)


@pytest.mark.parametrize(
    ("name", "registers"), [("splice", (3, 0, 6, 0, 100, 0)), ("tee", (3, 6, 100, 0))]
)
def test_after_bytes_that_nobody_saw_there_is_no_digest(
    name: str, registers: tuple[int, ...]
) -> None:
    tool = spied()
    piped(tool, 3, 4)
    piped(tool, 5, 6)
    tool.put(A, b"seen")
    (event,) = tool.call("write", 6, A, 4, result=4)
    assert event["sha256"] == hashlib.sha256(b"seen").hexdigest()
    tool.call(name, *registers, result=2)
    for _ in range(2):
        (event,) = tool.call("write", 6, A, 4, result=4)
        assert (event["data"], event["sha256"]) == (b"seen", None)
    (event,) = tool.call("read", 5, A, 4, result=4)  # the other direction has lost nothing
    assert event["sha256"] == hashlib.sha256(b"seen").hexdigest()
    (event,) = tool.call("read", 3, A, 4, result=4)
    taken = name == "splice"  # tee leaves it there
    assert event["sha256"] == (None if taken else hashlib.sha256(b"seen").hexdigest())


def test_after_a_message_that_was_cut_there_is_no_digest() -> None:
    """MSG_TRUNC tells the message's size; the rest of it is nowhere."""
    tool = spied(inodes={3: ("socket", 8)})
    tool.put(A, b"mess")
    (event,) = tool.call("recv", 3, A, 4, 0x20, result=7)
    assert (event["size"], event["data"], event["sha256"]) == (7, b"mess", None)
    (event,) = tool.call("recv", 3, A, 4, 0, result=4)
    assert (event["data"], event["sha256"]) == (b"mess", None)


def test_at_the_end_of_a_pipe_nothing_is_lost() -> None:
    tool = spied()
    piped(tool, 3, 4)
    piped(tool, 5, 6)
    tool.put(A, b"seen")
    tool.call("read", 3, A, 4, result=4)
    (event,) = tool.call("splice", 3, 0, 6, 0, 100, 0, result=0)
    assert (event["size"], event["sha256"]) == (0, hashlib.sha256(b"seen").hexdigest())


# -- descriptors -----------------------------------------------------------------------------------


def test_an_open_tells_flags_and_the_path_from_the_root() -> None:
    event = opened(spied(), path=b"../x/./f", flags=os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC)
    assert event["path"] == "/x/f"
    assert event["flags"] == ["O_WRONLY", "O_CREAT", "O_CLOEXEC"]
    assert event["cloexec"] is True


def test_paths_below_a_directory_descriptor_and_after_chdir() -> None:
    tool = spied()
    opened(tool, 3, b"/usr/lib", os.O_RDONLY | os.O_DIRECTORY)
    tool.put(B, b"libc.so\0")
    (event,) = tool.call("openat", 3, B, 0, 0, result=4)
    assert event["path"] == "/usr/lib/libc.so"
    tool.call("fchdir", 3, result=0)
    (event,) = tool.call("openat", 0xFFFFFF9C, B, 0, 0, result=ENOENT)
    assert (event["path"], event["error"], event["fd"]) == ("/usr/lib/libc.so", "ENOENT", None)
    tool.put(C, b"..\0")
    tool.call("chdir", C, result=0)
    tool.call("chdir", B, result=ENOENT)
    assert tool.tap.cwd == "/usr"


def test_a_number_that_becomes_itself_is_not_told() -> None:
    tool = spied()
    opened(tool)
    assert tool.call("dup2", 3, 3, result=3) == []
    (event,) = tool.call("dup2", 3, 7, result=7)
    assert (event.kind, event["fd"], event["from"], event["path"]) == ("dup", 7, 3, "/tmp/f")


def test_descriptors_without_a_path_have_their_kind() -> None:
    tool = spied()
    tool.put(A, b"scratch\0")
    kinds = [
        tool.call(name, *registers, result=10 + i)[0]["what"]
        for i, (name, registers) in enumerate(
            [
                ("eventfd2", (0, os.O_CLOEXEC)), ("epoll_create1", (0,)), ("socket", (2, 1, 0)),
                ("timerfd_create", (1, 0)), ("signalfd4", (0xFFFFFFFF, A, 8, 0)),
                ("memfd_create", (A, 1)),
            ]
        )
    ]  # fmt: skip
    assert kinds == ["eventfd", "epoll", "socket", "timerfd", "signalfd", "memory"]
    closing = [handle.cloexec for fd in range(10, 16) if (handle := tool.tap.descriptors.get(fd))]
    assert closing == [True, False, False, False, False, True]
    assert tool.call("signalfd4", 14, A, 8, 0, result=14) == []  # the same one, changed


# -- names and mappings ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "registers", "told"),
    [
        ("unlink", (A,), {"op": "unlink", "path": "/home/a"}),
        ("unlinkat", (0xFFFFFF9C, A, 0x200), {"op": "rmdir", "path": "/home/a"}),
        ("rename", (A, B), {"op": "rename", "path": "/home/a", "to": "/b"}),
        ("renameat2", (-100, A, -100, B, 0), {"op": "rename", "path": "/home/a", "to": "/b"}),
        ("linkat", (-100, A, -100, B, 0), {"op": "link", "path": "/home/a", "to": "/b"}),
        ("symlink", (A, B), {"op": "symlink", "path": "/b", "link": "a"}),
        ("symlinkat", (A, -100, B), {"op": "symlink", "path": "/b", "link": "a"}),
        ("mkdir", (A, 0o755), {"op": "mkdir", "path": "/home/a", "mode": 0o755}),
        ("mkdirat", (-100, A, 0o700), {"op": "mkdir", "path": "/home/a", "mode": 0o700}),
        ("chmod", (A, 0o600), {"op": "chmod", "path": "/home/a", "mode": 0o600}),
        ("fchmod", (3, 0o600), {"op": "chmod", "path": "/tmp/f", "mode": 0o600}),
        ("chown32", (A, 5, 0xFFFFFFFF), {"op": "chown", "path": "/home/a", "owner": "5:-1"}),
        ("truncate64", (A, 0, 0, 256), {"op": "truncate", "path": "/home/a", "size": 1 << 40}),
        ("ftruncate", (3, 9), {"op": "truncate", "path": "/tmp/f", "size": 9}),
        ("utimensat", (3, 0, 0, 0), {"op": "utime", "path": "/tmp/f"}),
    ],
)
def test_changes_of_names_and_files(
    name: str, registers: tuple[int, ...], told: dict[str, object]
) -> None:
    tool = spied()
    opened(tool)
    tool.put(A, b"a\0")
    tool.put(B, b"/b\0")
    (event,) = tool.call(name, *registers, result=0)
    assert event.fields == {"syscall": name, **told}
    (event,) = tool.call(name, *registers, result=ENOENT)
    assert event["error"] == "ENOENT"


def test_mappings_of_files_and_of_nothing() -> None:
    tool = spied()
    opened(tool)
    (event,) = tool.call("mmap2", 0, 8192, 5, 2, 3, 4, result=-0x50000000)
    assert (event["path"], event["at"], event["offset"], event["prot"], event["shared"]) == (
        "/tmp/f", 0xB0000000, 16384, "r-x", False,
    )  # fmt: skip
    assert tool.call("mmap2", 0, 8192, 3, 0x22, 0xFFFFFFFF, 0, result=0x40000000) == []
    tool.put(C, struct.pack("<6I", 0, 4096, 3, 1, 3, 4096))
    (event,) = tool.call("mmap", C, result=0x40000000)
    assert (event["offset"], event["prot"], event["shared"]) == (4096, "rw-", True)


# -- processes -------------------------------------------------------------------------------------


def test_an_exec_is_told_when_the_next_program_speaks() -> None:
    tool = spied()
    tool.put(A, b"/bin/ls\0")
    tool.put(B, b"-l\0")
    tool.put(C, struct.pack("<3I", A, B, 0))
    tool.tap.entering("execve", [A, C, 0])
    assert tool.events == []
    tool.guest.memory.clear()
    tool.guest.name = "ls"
    tool.tap.entering("brk", [0])
    (event,) = tool.events
    assert (event.kind, event.who.name) == ("exec", "ls")
    assert event.fields == {
        "syscall": "execve", "path": "/bin/ls", "argv": ["/bin/ls", "-l"], "closed": [],
    }  # fmt: skip


def test_an_exec_that_fails_is_told_once() -> None:
    tool = spied()
    tool.put(A, b"ls\0")
    (event,) = tool.call("execve", A, 0, 0, result=ENOENT)
    assert (event["path"], event["error"]) == ("/home/ls", "ENOENT")
    assert tool.call("getpid", result=7) == []


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (3 << 8, {"status": 3}),
        (11, {"signal": 11}),
        (0x8B, {"signal": 11}),  # it left a core
        (0x137F, {}),  # stopped
        (0xFFFF, {}),  # continued
    ],
)
def test_how_a_child_ended(status: int, told: dict[str, int]) -> None:
    tool = spied()
    tool.put(A, struct.pack("<I", status))
    (event,) = tool.call("wait4", -1, A, 0, 0, result=55)
    assert event.fields == {"syscall": "wait4", "child": 55, **told}


def test_waiting_for_nothing_is_not_told() -> None:
    tool = spied()
    assert tool.call("wait4", -1, 0, 1, 0, result=0) == []
    assert tool.call("wait4", -1, 0, 0, 0, result=-10) == []
    (event,) = tool.call("wait4", -1, 0, 0, 0, result=55)
    assert event.fields == {"syscall": "wait4", "child": 55}


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        (1, 4, {"status": 4}),
        (2, 9, {"signal": 9}),
        (3, 11, {"signal": 11}),
        (4, 5, {}),  # trapped
        (5, 19, {}),  # stopped
        (6, 18, {}),  # continued
    ],
)
def test_waitid_reads_the_siginfo(code: int, status: int, told: dict[str, int]) -> None:
    tool = spied()
    tool.put(A, struct.pack("<6I", 17, 0, code, 55, 0, status))
    (event,) = tool.call("waitid", 0, 0, A, 14, 0, result=0)
    assert event.fields == {"syscall": "waitid", "child": 55, **told}


def test_a_fork_is_told_by_the_parent_and_signals_by_the_sender() -> None:
    tool = spied()
    assert tool.call("fork", result=0) == []
    (event,) = tool.call("clone", 17, 0, 0, 0, 0, result=101)
    assert event.fields == {"syscall": "clone", "child": 101}
    (event,) = tool.call("kill", 0xFFFFFFFF, 15, result=0)
    assert (event["target"], event["signal"]) == (-1, 15)
    (event,) = tool.call("tgkill", 100, 101, 9, result=0)
    assert (event["target"], event["signal"]) == (101, 9)


def test_exit_is_told_before_it_happens() -> None:
    tool = spied()
    tool.tap.entering("exit_group", [0x1234])
    (event,) = tool.events
    assert (event.kind, event["status"]) == ("exit", 0x34)


def test_what_gives_away_has_the_time_it_began() -> None:
    """A reader that is told first is still later on the clock."""
    tool = spied()
    piped(tool)
    tool.put(A, b"x")
    tool.tap.entering("write", [4, A, 1])
    began = tool.guest.time
    tool.guest.time += 1000
    tool.tap.leaving("write", [4, A, 1], 1)
    assert tool.events[-1].time == began - tool.tap.start
    tool.tap.entering("read", [3, A, 1])
    tool.guest.time += 1000
    tool.tap.leaving("read", [3, A, 1], 1)
    assert tool.events[-1].time == tool.guest.time - tool.tap.start


# -- sockets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\2\0\0\x50\x7f\0\0\1" + bytes(8), "127.0.0.1:80"),
        (b"\x0a\0\x01\xbb" + bytes(4) + bytes(15) + b"\1" + bytes(4), "[::1]:443"),
        (b"\1\0/run/log\0rest", "/run/log"),
        (b"\1\0\0abstract", "@abstract"),
        (b"\x10\0\1\2", "family 16: 0102"),
        (b"\2", ""),
    ],
)
def test_socket_addresses(data: bytes, text: str) -> None:
    assert address_text(data) == text


def test_an_attempt_to_connect_is_told() -> None:
    tool = spied()
    tool.call("socket", 2, 1, 0, result=3)
    tool.put(A, b"\2\0\0\x50\x7f\0\0\1" + bytes(8))
    (event,) = tool.call("connect", 3, A, 16, result=-111)
    assert (event["what"], event["address"], event["error"]) == (
        "socket", "127.0.0.1:80", "ECONNREFUSED",
    )  # fmt: skip
    (event,) = tool.call("shutdown", 3, 1, result=0)
    assert (event["op"], event["how"]) == ("shutdown", "write")


def test_an_accepted_connection_is_a_socket() -> None:
    tool = spied(inodes={3: ("socket", 8), 5: ("socket", 9)})
    tool.put(A, b"\1\0/run/peer\0")
    tool.put(B, struct.pack("<I", 12))
    (event,) = tool.call("accept4", 3, A, B, 0, result=5)
    assert (event["fd"], event["accepted"], event["address"]) == (3, 5, "/run/peer")
    tool.put(C, b"hi")
    (event,) = tool.call("send", 5, C, 2, 0, result=2)
    assert (event["what"], event["inode"]) == ("socket", 9)
    (event,) = tool.call("accept", 3, A, B, result=EAGAIN)
    assert (event["accepted"], event["error"]) == (None, "EAGAIN")


def test_datagrams_tell_whom_they_went_to_and_came_from() -> None:
    tool = spied(inodes={3: ("socket", 8)})
    tool.put(A, b"\2\0\0\x35\x08\x08\x08\x08" + bytes(8))
    tool.put(B, b"query")
    tool.put(C, struct.pack("<I", 16))
    (event,) = tool.call("sendto", 3, B, 5, 0, A, 16, result=5)
    assert (event["address"], event["data"]) == ("8.8.8.8:53", b"query")
    (event,) = tool.call("recvfrom", 3, B, 5, 0, A, C, result=5)
    assert (event.kind, event["address"]) == ("read", "8.8.8.8:53")
    (event,) = tool.call("recvfrom", 3, B, 5, 0, 0, 0, result=5)
    assert event["address"] is None
