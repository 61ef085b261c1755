"""Pseudoterminals: those that the guest makes, and none of the user's."""

import errno
import os
import pty
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

O_RDWR, O_NOCTTY = 2, 0o400
TIOCGPTN, TIOCSPTLCK, TIOCGPTPEER, TCGETS = 0x80045430, 0x40045431, 0x5441, 0x5401


@pytest.fixture(params=["root", "no-root"])
def guest(request: Any, make_guest: Callable[..., Any], home: Path) -> Any:
    if not os.path.exists("/dev/ptmx"):
        pytest.skip("needs /dev/ptmx")
    if request.param == "no-root":
        return make_guest(cwd=str(home))
    (home / "root" / "dev").mkdir(parents=True)
    return make_guest(cwd=str(home), root=str(home / "root"))


@pytest.fixture
def users() -> Iterator[int]:
    """The number of a terminal of the user's."""
    ends = pty.openpty()
    yield int(os.path.basename(os.ttyname(ends[1])))
    for fd in ends:
        os.close(fd)


def new(guest: Any) -> tuple[Any, int]:
    """A new pseudoterminal: the descriptor, and the number of the other side."""
    fd = guest.call("open", "/dev/ptmx", O_RDWR | O_NOCTTY, 0)
    assert fd > 2
    number = guest.room(4)
    assert guest.call("ioctl", fd, TIOCGPTN, number) == 0
    assert guest.call("ioctl", fd, TIOCSPTLCK, guest.put(bytes(4))) == 0
    return fd, guest.memory.load(number, 4)


def names(guest: Any) -> set[bytes]:
    fd = guest.call("open", "/dev/pts", 0, 0)
    room = guest.room(512)
    data = bytes(guest.memory.read(room, guest.call("getdents64", fd, room, 512)))
    found, at = set(), 0
    while at < len(data):
        size = struct.unpack_from("<H", data, at + 16)[0]
        found.add(data[at + 19 : at + size].rstrip(b"\0"))
        at += size
    return found


def test_both_sides(guest: Any) -> None:
    master, number = new(guest)
    slave = guest.call("open", f"/dev/pts/{number}", O_RDWR | O_NOCTTY, 0)
    assert slave > 2
    peer = guest.call("ioctl", master, TIOCGPTPEER, O_RDWR | O_NOCTTY)
    assert guest.call("write", slave, b"hello\n", 6) == 6
    room = guest.room(64)
    assert guest.call("read", master, room, 64) == 7
    assert guest.memory.read(room, 7) == b"hello\r\n"
    assert guest.call("ioctl", peer, TCGETS, room) == 0
    shown = f"/dev/pts/{number}".encode()
    for fd in (slave, peer):  # as ttyname(3) asks
        assert guest.call("readlink", f"/proc/self/fd/{fd}", room, 64) == len(shown)
        assert guest.memory.read(room, len(shown)) == shown
        assert guest.call("stat64", shown + b"\0", room) == 0
    assert names(guest) == {b".", b"..", b"ptmx", b"%d" % number}
    assert guest.call("ioctl", slave, TIOCGPTPEER, O_RDWR) < 0


def test_a_terminal_goes_with_the_last_descriptor(guest: Any) -> None:
    master, number = new(guest)
    assert guest.call("close", master) == 0
    assert guest.call("open", f"/dev/pts/{number}", O_RDWR, 0) == -errno.ENOENT


def test_terminals_of_the_user_are_not_there(guest: Any, users: int) -> None:
    new(guest)
    for name in (f"{users}", f"0{users}", "x"):
        assert guest.call("open", f"/dev/pts/{name}", O_RDWR | O_NOCTTY, 0) == -errno.ENOENT
        assert guest.call("access", f"/dev/pts/{name}", 0) == -errno.ENOENT
    assert b"%d" % users not in names(guest)
