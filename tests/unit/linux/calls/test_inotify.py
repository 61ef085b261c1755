"""Watches on files: what the guest sees of changes, as the host's kernel tells them."""

import errno
import os
import struct
from pathlib import Path
from typing import Any

import pytest

IN_MODIFY, IN_CREATE, IN_DELETE, IN_ATTRIB = 0x2, 0x100, 0x200, 0x4
IN_ONLYDIR, IN_DONT_FOLLOW = 0x01000000, 0x02000000


def events(guest: Any, fd: int) -> list[tuple[int, int, bytes]]:
    """Watch, mask and name of the events that have come."""
    room = guest.room(1024)
    size = guest.call("read", fd, room, 1024)
    if size == -errno.EAGAIN:
        return []
    data, out, at = bytes(guest.memory.read(room, size)), [], 0
    while at < size:
        watch, mask, _, length = struct.unpack_from("<iIII", data, at)
        out.append((watch, mask, data[at + 16 : at + 16 + length].rstrip(b"\0")))
        at += 16 + length
    return out


def test_a_directory_and_a_file(guest: Any, home: Path) -> None:
    (home / "d").mkdir()
    (home / "d" / "old").write_text("x")
    fd = guest.call("inotify_init1", 0o4000)
    directory = guest.call("inotify_add_watch", fd, "d", IN_CREATE | IN_DELETE)
    file = guest.call("inotify_add_watch", fd, "d/old", IN_MODIFY)
    assert events(guest, fd) == []
    (home / "d").rename(home / "e")  # the watch is on the file, not its name
    new = guest.call("open", "e/new", 0o101, 0o600)
    (home / "e" / "old").write_bytes(b"yz")
    assert guest.call("unlink", "e/new") == 0
    found = events(guest, fd)
    assert [(one, mask, name) for one, mask, name in found if one == directory] == [
        (directory, IN_CREATE, b"new"),
        (directory, IN_DELETE, b"new"),
    ]
    assert (file, IN_MODIFY, b"") in found
    assert guest.call("inotify_rm_watch", fd, file) == 0
    assert guest.call("inotify_rm_watch", fd, file) == -errno.EINVAL
    assert guest.call("close", new) == 0


def test_a_link_itself(guest: Any, home: Path) -> None:
    (home / "link").symlink_to("file")
    (home / "file").touch()
    fd = guest.call("inotify_init1", 0o4000)
    link = guest.call("inotify_add_watch", fd, "link", IN_ATTRIB | IN_DONT_FOLLOW)
    file = guest.call("inotify_add_watch", fd, "link", IN_ATTRIB)
    assert link != file
    os.utime(home / "link", follow_symlinks=False)
    assert events(guest, fd) == [(link, IN_ATTRIB, b"")]


@pytest.mark.parametrize(
    ("path", "mask", "error"),
    [
        ("none", IN_MODIFY, errno.ENOENT),
        ("file", IN_MODIFY | IN_ONLYDIR, errno.ENOTDIR),
        ("file", 0, errno.EINVAL),
        ("file", 0x30000002, errno.EINVAL),
        ("/proc/self/maps", IN_MODIFY, errno.EACCES),
    ],
)
def test_what_is_not_watched(guest: Any, home: Path, path: str, mask: int, error: int) -> None:
    (home / "file").touch()
    fd = guest.call("inotify_init")
    assert guest.call("inotify_add_watch", fd, path, mask) == -error
    assert guest.call("inotify_add_watch", 0, "file", IN_MODIFY) == -errno.EINVAL
    assert guest.call("inotify_add_watch", 99, "file", IN_MODIFY) == -errno.EBADF
    assert guest.call("inotify_init1", 1) == -errno.EINVAL


def test_what_the_guest_may_not_see_is_not_watched(make_guest: Any, home: Path) -> None:
    root = home / "root"
    root.mkdir()
    guest = make_guest(cwd=str(home), root=str(root))
    fd = guest.call("inotify_init")
    outside = os.path.join(home.parent, "outside")
    assert guest.call("inotify_add_watch", fd, outside, IN_CREATE) == -errno.ENOENT
    assert guest.call("inotify_add_watch", fd, os.fspath(home.parent), IN_CREATE) == -errno.EACCES
