"""System V objects: shared memory, semaphores and message queues of the guest's own."""

import ctypes
import errno
import os
import signal
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbt.stops import GuestFault

CREAT, EXCL, NOWAIT, RMID, SET, STAT, IPC_64 = 0o1000, 0o2000, 0o4000, 0, 1, 2, 0x100
RDONLY, RND, REMAP = 0o10000, 0o20000, 0o40000
GETVAL, GETALL, SETVAL, SETALL = 12, 13, 16, 17
KEY = 0x1234
GETS = {"shmget": (KEY, 5000), "semget": (KEY, 3), "msgget": (KEY,)}


@pytest.mark.parametrize("name", GETS)
def test_keys(guest: Any, name: str) -> None:
    arguments = GETS[name]
    assert guest.call(name, *arguments, 0o600) == -errno.ENOENT
    ident = guest.call(name, *arguments, CREAT | 0o600)
    assert ident >= 0
    assert guest.call(name, *arguments, 0o600) == ident
    assert guest.call(name, *arguments, CREAT | 0o600) == ident
    assert guest.call(name, *arguments, CREAT | EXCL | 0o600) == -errno.EEXIST
    private = guest.call(name, 0, *arguments[1:], 0o600)
    assert private not in (ident, guest.call(name, 0, *arguments[1:], 0o600))
    control = name.replace("get", "ctl")
    words = (0, RMID, 0) if name == "semget" else (RMID, 0)
    assert guest.call(control, ident, *words) == 0
    assert guest.call(control, ident, *words) == -errno.EINVAL
    assert guest.call(name, *arguments, 0o600) == -errno.ENOENT


def test_what_is_too_large_for_the_object_there_is(guest: Any) -> None:
    assert guest.call("shmget", KEY, 5000, CREAT | 0o600) >= 0
    assert guest.call("shmget", KEY, 5001, 0o600) == -errno.EINVAL
    assert guest.call("semget", KEY, 3, CREAT | 0o600) >= 0
    assert guest.call("semget", KEY, 4, 0o600) == -errno.EINVAL
    assert guest.call("shmget", 0, 0, 0o600) == -errno.EINVAL


def test_objects_of_the_host_are_others(guest: Any) -> None:
    """Neither by key nor by id; and the host's programs do not find the guest's."""
    libc = ctypes.CDLL(None, use_errno=True)
    key = 0x61726D00 | os.getpid() & 0xFF
    ident = libc.shmget(key, 4096, CREAT | 0o600)
    assert ident >= 0
    try:
        assert guest.call("shmget", key, 4096, 0o600) == -errno.ENOENT
        assert guest.call("shmat", ident, 0, 0) == -errno.EINVAL
        assert guest.call("shmctl", ident, RMID, 0) == -errno.EINVAL
        assert guest.call("shmget", key + 1, 4096, CREAT | 0o600) >= 0
        assert libc.shmget(key + 1, 0, 0) == -1
    finally:
        assert libc.shmctl(ident, RMID, None) == 0


def test_what_the_guest_leaves_is_removed(make_guest: Callable[..., Any], home: Path) -> None:
    guest = make_guest(cwd=str(home))
    idents = [guest.call(name, *arguments, CREAT | 0o600) for name, arguments in GETS.items()]
    guest.kernel.close()
    libc = ctypes.CDLL(None, use_errno=True)
    room = ctypes.create_string_buffer(256)
    assert libc.shmctl(idents[0], STAT, room) == -1
    assert libc.semctl(idents[1], 0, STAT, room) == -1
    assert libc.msgctl(idents[2], STAT, room) == -1


# -- shared memory ---------------------------------------------------------------------------------


def test_attached_memory_is_one(guest: Any) -> None:
    ident = guest.call("shmget", KEY, 5000, CREAT | 0o600)
    one = guest.call("shmat", ident, 0, 0)
    two = guest.call("shmat", ident, 0x4000_2345, RND)
    assert two == 0x4000_0000
    guest.memory.write(one + 4999, b"x")
    assert guest.memory.read(two + 4999, 1) == b"x"
    status = guest.room(84)
    assert guest.call("shmctl", ident, STAT | IPC_64, status) == 0
    key, uid, gid, cuid, cgid, mode = struct.unpack("<iIIIIH", guest.memory.read(status, 22))
    assert (key, uid, gid, cuid, cgid, mode) == (KEY, *2 * (os.getuid(), os.getgid()), 0o600)
    assert guest.memory.load(status + 36, 4) == 5000
    assert abs(guest.memory.load(status + 40, 4) - time.time()) < 100
    assert struct.unpack("<iiI", guest.memory.read(status + 64, 12)) == (os.getpid(),) * 2 + (2,)
    assert guest.call("shmdt", one + 0x1000) == -errno.EINVAL
    assert guest.call("shmdt", one) == 0
    assert guest.call("munmap", two, 0x1000) == 0
    assert guest.call("shmdt", two) == 0  # what is still mapped of it
    assert guest.call("shmctl", ident, STAT | IPC_64, status) == 0
    assert guest.memory.load(status + 72, 4) == 0
    with pytest.raises(GuestFault):
        guest.memory.read(one, 1)


def test_where_segments_go(guest: Any) -> None:
    ident = guest.call("shmget", 0, 4096, 0o600)
    at = 0x4000_0000
    assert guest.call("shmat", ident, at + 0x1000, 0) == -errno.EINVAL  # SHMLBA
    assert guest.call("shmat", ident, at, 0) == at
    assert guest.call("shmat", ident, at, 0) == -errno.EINVAL
    assert guest.call("shmat", ident, at, REMAP) == at
    assert guest.call("shmat", ident, 0, REMAP) == -errno.EINVAL
    assert guest.call("shmat", ident, 0xFFFF_C000, 0) == -errno.EINVAL
    assert guest.call("shmat", ident + 1, 0, 0) == -errno.EINVAL
    assert guest.call("shmat", -1, 0, 0) == -errno.EINVAL


def test_read_only_stays_so(guest: Any) -> None:
    ident = guest.call("shmget", 0, 4096, 0o600)
    at = guest.call("shmat", ident, 0, RDONLY)
    with pytest.raises(GuestFault):
        guest.memory.write(at, b"x")
    assert guest.call("mprotect", at, 4096, 3) == -errno.EACCES
    assert guest.call("read", guest.call("open", "/dev/zero", 0, 0), at, 1) == -errno.EFAULT


def test_removed_memory_stays_until_it_is_detached(guest: Any) -> None:
    ident = guest.call("shmget", KEY, 4096, CREAT | 0o600)
    at = guest.call("shmat", ident, 0, 0)
    assert guest.call("shmctl", ident, RMID, 0) == 0
    assert guest.call("shmget", KEY, 4096, 0o600) == -errno.ENOENT
    guest.memory.write(at, b"here")
    again = guest.call("shmat", ident, 0, 0)
    assert guest.memory.read(again, 4) == b"here"
    assert guest.call("shmdt", at) == guest.call("shmdt", again) == 0
    assert guest.call("shmat", ident, 0, 0) == -errno.EINVAL


def test_a_forked_process_shares_it(guest: Any) -> None:
    kernel = guest.kernel
    ident = guest.call("shmget", 0, 4096, 0o600)
    at = guest.call("shmat", ident, 0, 0)
    if kernel.process.fork() == 0:
        try:
            guest.memory.write(at, b"child")
            guest.call("shmget", KEY, 8192, CREAT | 0o600)
        finally:
            os._exit(0)
    pid = next(iter(kernel.process.children)).pid
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert guest.memory.read(at, 5) == b"child"
    assert guest.call("shmget", KEY, 8192, 0o600) >= 0  # made by the child


def test_mode_is_set_and_the_owner_is_not(guest: Any) -> None:
    ident = guest.call("msgget", 0, 0o600)
    status = guest.room(88)
    assert guest.call("msgctl", ident, STAT | IPC_64, status) == 0
    guest.memory.store(status + 20, 2, 0o640)
    guest.memory.store(status + 68, 4, 100)
    assert guest.call("msgctl", ident, SET | IPC_64, status) == 0
    assert guest.call("msgctl", ident, STAT | IPC_64, status) == 0
    assert guest.memory.load(status + 20, 2) == 0o640
    assert guest.memory.load(status + 68, 4) == 100
    guest.memory.store(status + 4, 4, 4711)
    assert guest.call("msgctl", ident, SET | IPC_64, status) == -errno.EPERM


@pytest.mark.parametrize("command", [STAT, SET, 3, 3 | IPC_64, 13 | IPC_64, 14, 99, -1])
def test_commands_that_list_everything_are_not_there(guest: Any, command: int) -> None:
    ident = guest.call("shmget", 0, 4096, 0o600)
    assert guest.call("shmctl", ident, command, guest.room(128)) == -errno.EINVAL


# -- semaphores ------------------------------------------------------------------------------------


def operations(*several: tuple[int, int, int]) -> bytes:
    return b"".join(struct.pack("<Hhh", *one) for one in several)


def test_semaphores(guest: Any) -> None:
    ident = guest.call("semget", 0, 3, 0o600)
    assert guest.call("semctl", ident, 0, SETALL, struct.pack("<3H", 1, 2, 3)) == 0
    assert guest.call("semctl", ident, 1, SETVAL, 5) == 0
    assert guest.call("semop", ident, operations((0, -1, 0), (2, 4, 0)), 2) == 0
    assert guest.call("semop", ident, operations((0, -1, NOWAIT)), 1) == -errno.EAGAIN
    values = guest.room(6)
    assert guest.call("semctl", ident, 0, GETALL | IPC_64, values) == 0
    assert struct.unpack("<3H", guest.memory.read(values, 6)) == (0, 5, 7)
    assert guest.call("semctl", ident, 1, GETVAL, 0) == 5
    assert guest.call("semctl", ident, 3, GETVAL, 0) == -errno.EINVAL
    status = guest.room(64)
    assert guest.call("semctl", ident, 0, STAT | IPC_64, status) == 0
    assert guest.memory.load(status + 52, 4) == 3
    assert guest.call("semop", ident, b"", 0) == -errno.EINVAL
    assert guest.call("semop", ident, b"", 501) == -errno.E2BIG
    assert guest.call("semop", ident, operations((9, 1, 0)), 1) == -errno.EFBIG
    assert guest.call("semop", ident + 1, operations((0, 1, 0)), 1) == -errno.EINVAL


@pytest.mark.parametrize(("name", "form"), [("semtimedop", "<ii"), ("semtimedop_time64", "<qq")])
def test_waiting_for_a_time(guest: Any, name: str, form: str) -> None:
    ident = guest.call("semget", 0, 1, 0o600)
    before = time.monotonic()
    timeout = struct.pack(form, 0, 20_000_000)
    assert guest.call(name, ident, operations((0, -1, 0)), 1, timeout) == -errno.EAGAIN
    assert time.monotonic() - before >= 0.02
    assert guest.call(name, ident, operations((0, -1, 0)), 1, struct.pack(form, 0, -1)) == (
        -errno.EINVAL
    )


def test_waiting_for_another_process(guest: Any) -> None:
    kernel = guest.kernel
    ident = guest.call("semget", 0, 2, 0o600)
    if kernel.process.fork() == 0:
        try:
            guest.call("semop", ident, operations((0, 1, 0)), 1)
            guest.call("semop", ident, operations((1, -1, 0)), 1)
        finally:
            os._exit(7)
    assert guest.call("semop", ident, operations((0, -1, 0), (1, 1, 0)), 2) == 0
    pid = next(iter(kernel.process.children)).pid
    found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert found is not None
    assert (found.si_code, found.si_status) == (os.CLD_EXITED, 7)


def test_a_signal_ends_the_wait(guest: Any) -> None:
    """With EINTR, whatever the handler's flags say (signal(7))."""
    ident = guest.call("semget", 0, 1, 0o600)
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        assert guest.call("semop", ident, operations((0, -1, 0)), 1) == -errno.EINTR
    finally:
        signal.signal(signal.SIGALRM, before)


# -- messages --------------------------------------------------------------------------------------


def test_messages(guest: Any) -> None:
    ident = guest.call("msgget", 0, 0o600)
    for kind, text in ((3, b"three"), (1, b"one"), (0x7FFFFFFF, b"")):
        assert guest.call("msgsnd", ident, struct.pack("<i", kind) + text, len(text), 0) == 0
    room = guest.room(16)
    assert guest.call("msgrcv", ident, room, 12, -2, 0) == 3
    assert guest.memory.read(room, 8) == struct.pack("<i", 1) + b"one\0"
    assert guest.call("msgrcv", ident, room, 4, 0, 0) == -errno.E2BIG
    assert guest.call("msgrcv", ident, room, 4, 0, 0o10000) == 4  # MSG_NOERROR
    assert guest.memory.read(room, 8) == struct.pack("<i", 3) + b"thre"
    assert guest.call("msgrcv", ident, room, 4, 0, 0) == 0
    assert guest.memory.load(room, 4) == 0x7FFFFFFF
    assert guest.call("msgrcv", ident, room, 4, 0, NOWAIT) == -errno.ENOMSG
    for kind, size in ((0, 1), (-1, 1), (1, 1 << 21)):
        message = struct.pack("<i", kind) + b"x"
        assert guest.call("msgsnd", ident, message, size, 0) == -errno.EINVAL
    assert guest.call("msgsnd", ident, 4, 1, 0) == -errno.EFAULT


# -- the old call for all --------------------------------------------------------------------------


def test_ipc(guest: Any) -> None:
    segment = guest.call("ipc", 23, 0, 4096, 0o600, 0, 0)
    result = guest.room(4)
    assert guest.call("ipc", 21, segment, 0, result, 0, 0) == 0
    at = guest.memory.load(result, 4)
    guest.memory.write(at, b"x")
    assert guest.call("ipc", 22, 0, 0, 0, at, 0) == 0
    assert guest.call("ipc", 24, segment, RMID, 0, 0, 0) == 0
    semaphores = guest.call("ipc", 2, 0, 1, 0o600, 0, 0)
    assert guest.call("ipc", 3, semaphores, 0, SETVAL, struct.pack("<I", 2), 0) == 0
    assert guest.call("ipc", 1, semaphores, 1, 0, operations((0, -1, 0)), 0) == 0
    queue = guest.call("ipc", 13, 0, 0o600, 0, 0, 0)
    message = struct.pack("<i", 5) + b"y"
    assert guest.call("ipc", 11, queue, 1, 0, message, 0) == 0
    room = guest.room(8)
    assert guest.call("ipc", 12, queue, 4, 0, struct.pack("<Ii", room, 0), 0) == 1
    assert guest.memory.read(room, 5) == message
    assert guest.call("ipc", 99, 0, 0, 0, 0, 0) == -errno.ENOSYS
