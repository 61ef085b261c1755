"""Sequences of calls on a small tree, made by the host and by the guest: the same results, the
same tree. Descriptors, the working directory and names are drawn, so that renamed, removed and
replaced directories come up often. ``--sequences N`` draws more."""

import ctypes
import errno
import os
import random
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

AT_FDCWD, AT_REMOVEDIR, AT_SYMLINK_FOLLOW, AT_SYMLINK_NOFOLLOW = -100, 0x200, 0x400, 0x100
CALLS = 60
DEPTH = 30
"""Directories above the tree: more than a sequence climbs."""

Result = tuple[str, Any]

_libc = ctypes.CDLL(None, use_errno=True)


class OnHost:
    """The calls as the host's kernel makes them."""

    def __init__(self, top: Path) -> None:
        self.top = os.fsencode(top)
        self.fds: list[int] = []

    def shown(self, path: bytes) -> bytes:
        """A result that does not depend on where the tree is."""
        return path.replace(self.top, b"TOP")

    def at(self, index: int | None) -> int | None:
        return None if index is None else self.fds[index]

    def path(self, index: int | None, path: bytes) -> tuple[bytes, int | None]:
        """A path that names a descriptor of /proc/self/fd, with its number."""
        number = b"" if index is None else b"%d" % self.fds[index]
        return path.replace(b"{fd}", number), self.at(index)

    def open(self, d: int | None, path: bytes, flags: int) -> Any:
        path, at = self.path(d, path)
        self.fds.append(os.open(path, flags, 0o700, dir_fd=at))
        status = os.fstat(self.fds[-1])
        return stat.S_IFMT(status.st_mode), status.st_size if stat.S_ISREG(status.st_mode) else 0

    def write(self, fd: int) -> Any:
        return os.write(self.fds[fd], b"x")

    def mkdir(self, d: int | None, path: bytes) -> None:
        path, at = self.path(d, path)
        os.mkdir(path, 0o700, dir_fd=at)

    def unlink(self, d: int | None, path: bytes) -> None:
        path, at = self.path(d, path)
        os.unlink(path, dir_fd=at)

    def rmdir(self, d: int | None, path: bytes) -> None:
        path, at = self.path(d, path)
        os.rmdir(path, dir_fd=at)

    def rename(self, d: int | None, old: bytes, e: int | None, new: bytes) -> None:
        (old, at), (new, to) = self.path(d, old), self.path(e, new)
        os.rename(old, new, src_dir_fd=at, dst_dir_fd=to)

    def link(self, d: int | None, old: bytes, e: int | None, new: bytes, follow: bool) -> None:
        (old, at), (new, to) = self.path(d, old), self.path(e, new)
        # Without a directory os.link makes the call that never follows.
        at, to = AT_FDCWD if at is None else at, AT_FDCWD if to is None else to
        if _libc.linkat(at, old, to, new, AT_SYMLINK_FOLLOW if follow else 0):
            raise OSError(ctypes.get_errno(), "linkat")

    def symlink(self, target: bytes, d: int | None, path: bytes) -> None:
        path, at = self.path(d, path)
        os.symlink(target, path, dir_fd=at)

    def readlink(self, d: int | None, path: bytes) -> bytes:
        path, at = self.path(d, path)
        return self.shown(os.readlink(path, dir_fd=at))

    def stat(self, d: int | None, path: bytes, follow: bool) -> Any:
        path, at = self.path(d, path)
        status = os.stat(path, dir_fd=at, follow_symlinks=follow)
        return _described(status.st_mode, status.st_size)

    def access(self, d: int | None, path: bytes) -> None:
        path, at = self.path(d, path)
        os.stat(path, dir_fd=at)

    def chmod(self, d: int | None, path: bytes, mode: int) -> None:
        path, at = self.path(d, path)
        os.chmod(path, mode, dir_fd=at)

    def truncate(self, path: bytes) -> None:
        os.truncate(path, 1)

    def chdir(self, path: bytes) -> None:
        os.chdir(path)

    def fchdir(self, fd: int) -> None:
        os.fchdir(self.fds[fd])

    def getcwd(self) -> bytes:
        return self.shown(os.getcwdb())

    def link_of(self, fd: int) -> bytes:
        return self.shown(os.readlink(b"/proc/self/fd/%d" % self.fds[fd]))

    def link_of_cwd(self) -> bytes:
        return self.shown(os.readlink(b"/proc/self/cwd"))

    def list(self, fd: int) -> Any:
        buffer = ctypes.create_string_buffer(8192)
        _libc.lseek(self.fds[fd], 0, os.SEEK_SET)
        count = _libc.getdents64(self.fds[fd], buffer, len(buffer))
        if count < 0:
            raise OSError(ctypes.get_errno(), "getdents64")
        return _names(buffer.raw[:count])

    def close(self) -> None:
        for fd in self.fds:
            os.close(fd)


def _described(mode: int, size: int) -> tuple[int, int]:
    """Mode, and the size of a file that is not the file system's own affair."""
    return mode, size if stat.S_ISREG(mode) else 0


def _names(records: bytes) -> list[bytes]:
    """The names in linux_dirent64 records."""
    names, at = [], 0
    while at < len(records):
        size = int.from_bytes(records[at + 16 : at + 18], "little")
        names.append(records[at + 19 : at + size].split(b"\0")[0])
        at += size
    return sorted(names)


class InGuest(OnHost):
    """The same calls by the guest."""

    def __init__(self, top: Path, guest: Any) -> None:
        super().__init__(top)
        self.guest = guest

    def call(self, name: str, *arguments: Any) -> int:
        given = [a + b"\0" if isinstance(a, bytes) else a for a in arguments]
        result = int(self.guest.call(name, *given))
        if result < 0:
            raise OSError(-result, os.strerror(-result))
        return result

    def path(self, index: int | None, path: bytes) -> tuple[bytes, int]:
        path, at = super().path(index, path)
        return path, AT_FDCWD if at is None else at

    def open(self, d: int | None, path: bytes, flags: int) -> Any:
        path, at = self.path(d, path)
        wanted = self.guest.kernel.abi.open_flags_from_host(flags)
        self.fds.append(self.call("openat", at, path, wanted, 0o700))
        status = os.fstat(self.guest.kernel.files.host_fd(self.fds[-1]))
        return stat.S_IFMT(status.st_mode), status.st_size if stat.S_ISREG(status.st_mode) else 0

    def write(self, fd: int) -> Any:
        return self.call("write", self.fds[fd], self.guest.put(b"x"), 1)

    def mkdir(self, d: int | None, path: bytes) -> None:
        path, at = self.path(d, path)
        self.call("mkdirat", at, path, 0o700)

    def unlink(self, d: int | None, path: bytes) -> None:
        path, at = self.path(d, path)
        self.call("unlinkat", at, path, 0)

    def rmdir(self, d: int | None, path: bytes) -> None:
        path, at = self.path(d, path)
        self.call("unlinkat", at, path, AT_REMOVEDIR)

    def rename(self, d: int | None, old: bytes, e: int | None, new: bytes) -> None:
        (old, at), (new, to) = self.path(d, old), self.path(e, new)
        self.call("renameat", at, old, to, new)

    def link(self, d: int | None, old: bytes, e: int | None, new: bytes, follow: bool) -> None:
        (old, at), (new, to) = self.path(d, old), self.path(e, new)
        self.call("linkat", at, old, to, new, AT_SYMLINK_FOLLOW if follow else 0)

    def symlink(self, target: bytes, d: int | None, path: bytes) -> None:
        path, at = self.path(d, path)
        self.call("symlinkat", target, at, path)

    def _link(self, at: int, path: bytes) -> bytes:
        buffer = self.guest.room(4096)
        count = self.call("readlinkat", at, path, buffer, 4096)
        return self.shown(bytes(self.guest.memory.read(buffer, count)))

    def readlink(self, d: int | None, path: bytes) -> bytes:
        path, at = self.path(d, path)
        return self._link(at, path)

    def stat(self, d: int | None, path: bytes, follow: bool) -> Any:
        path, at = self.path(d, path)
        buffer = self.guest.room(104)
        self.call("fstatat64", at, path, buffer, 0 if follow else AT_SYMLINK_NOFOLLOW)
        load = self.guest.memory.load
        return _described(load(buffer + 16, 4), load(buffer + 48, 4))

    def access(self, d: int | None, path: bytes) -> None:
        path, at = self.path(d, path)
        self.call("faccessat", at, path, 0)

    def chmod(self, d: int | None, path: bytes, mode: int) -> None:
        path, at = self.path(d, path)
        self.call("fchmodat", at, path, mode)

    def truncate(self, path: bytes) -> None:
        self.call("truncate", path, 1)

    def chdir(self, path: bytes) -> None:
        self.call("chdir", path)

    def fchdir(self, fd: int) -> None:
        self.call("fchdir", self.fds[fd])

    def getcwd(self) -> bytes:
        buffer = self.guest.room(8192)
        self.call("getcwd", buffer, 8192)
        return self.shown(bytes(self.guest.memory.cstring(buffer, 8192)))

    def link_of(self, fd: int) -> bytes:
        return self._link(AT_FDCWD, b"/proc/self/fd/%d" % self.fds[fd])

    def link_of_cwd(self) -> bytes:
        return self._link(AT_FDCWD, b"/proc/self/cwd")

    def list(self, fd: int) -> Any:
        self.guest.call("lseek", self.fds[fd], 0, os.SEEK_SET)
        buffer = self.guest.room(8192)
        count = self.call("getdents64", self.fds[fd], buffer, 8192)
        return _names(bytes(self.guest.memory.read(buffer, count)))

    def close(self) -> None:
        for fd in self.fds:
            self.guest.call("close", fd)


# -- sequences -----------------------------------------------------------------------------------------

NAMES = (b"a", b"b", b"c", b"d (deleted)")
FLAGS = (
    os.O_RDONLY, os.O_RDONLY | os.O_DIRECTORY, os.O_RDONLY | os.O_DIRECTORY, os.O_PATH,
    os.O_PATH | os.O_NOFOLLOW, os.O_RDWR | os.O_CREAT, os.O_WRONLY | os.O_CREAT | os.O_EXCL,
    os.O_RDONLY | os.O_NOFOLLOW, os.O_WRONLY | os.O_TRUNC,
)  # fmt: skip


class Draw:
    """Draws calls and their arguments."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.opened = 0

    def path(self) -> bytes:
        steps = self.random.choices((*NAMES, b"..", b"."), (6, 6, 4, 2, 2, 1), k=3)
        path = b"/".join(steps[: self.random.choice((1, 1, 2, 2, 3))])
        end = self.random.choices((b"", b"/"), (12, 1))[0]
        return path + end

    def place(self) -> tuple[int | None, bytes]:
        """A directory and a path, sometimes by way of /proc/self/fd."""
        fd = self.fd() if self.opened and self.random.random() < 0.5 else None
        path = self.path()
        if fd is not None and self.random.random() < 0.2:
            path = b"/proc/self/fd/{fd}/" + path
        elif self.random.random() < 0.05:
            path = b"/proc/self/cwd/" + path
        return fd, path

    def fd(self) -> int:
        return self.random.randrange(self.opened)

    def call(self) -> tuple[str, tuple[Any, ...]]:
        """The name of a call and its arguments."""
        choose = self.random.choice
        kinds: list[tuple[str, Callable[[], tuple[Any, ...]]]] = [
            ("open", lambda: (*self.place(), choose(FLAGS))),
            ("open", lambda: (*self.place(), choose(FLAGS))),
            ("mkdir", self.place),
            ("mkdir", self.place),
            ("unlink", self.place),
            ("rmdir", self.place),
            ("rename", lambda: (*self.place(), *self.place())),
            ("rename", lambda: (*self.place(), *self.place())),
            ("link", lambda: (*self.place(), *self.place(), choose((True, False)))),
            ("symlink", lambda: (self.path(), *self.place())),
            ("readlink", self.place),
            ("stat", lambda: (*self.place(), choose((True, False)))),
            ("access", self.place),
            ("chmod", lambda: (*self.place(), choose((0o700, 0o711, 0o1755)))),
            ("truncate", lambda: (self.path(),)),
            ("chdir", lambda: (self.path(),)),
            ("getcwd", lambda: ()),
            ("link_of_cwd", lambda: ()),
        ]
        if self.opened:
            kinds += [
                ("write", lambda: (self.fd(),)), ("fchdir", lambda: (self.fd(),)),
                ("link_of", lambda: (self.fd(),)), ("list", lambda: (self.fd(),)),
            ]  # fmt: skip
        name, arguments = choose(kinds)
        return name, arguments()


def _run(on: OnHost, name: str, arguments: tuple[Any, ...]) -> Result:
    try:
        return "ok", getattr(on, name)(*arguments)
    except OSError as error:
        return "error", errno.errorcode.get(error.errno or 0)


def _tree(top: Path) -> list[tuple[str, int, bytes]]:
    found = []
    for folder, folders, files in os.walk(top):
        for name in (*folders, *files):
            path = Path(folder, name)
            mode = path.lstat().st_mode
            content = os.readlink(os.fsencode(path)) if stat.S_ISLNK(mode) else b""
            content = path.read_bytes() if stat.S_ISREG(mode) else content
            found.append((str(path.relative_to(top)), mode, content))
    return sorted(found)


def _plant(start: Path) -> Path:
    for name in ("a/a", "a/b", "b/a", "c"):
        (start / name).mkdir(parents=True)
    (start / "a" / "c").write_text("ac")
    (start / "b" / "c").write_text("bc")
    return start


def test_sequences(
    make_guest: Callable[..., Any], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    for seed in range(request.config.getoption("--sequences")):
        compare(make_guest, tmp_path, seed)


def compare(make_guest: Callable[..., Any], top: Path, seed: int) -> None:
    """One sequence, in a directory of its own deep below what may be changed."""
    one, two = top / "1", top / "2"
    deep = Path(*["n"] * DEPTH, str(seed))
    host_start, guest_start = _plant(one / deep), _plant(two / deep)
    guest = make_guest(cwd=str(guest_start), allow_write=(str(two),))
    draw, history = Draw(seed), []
    host, inside = OnHost(one), InGuest(two, guest)
    before = os.open(".", os.O_PATH)
    os.chdir(host_start)
    try:
        for _ in range(CALLS):
            name, arguments = draw.call()
            guest.fresh()
            wanted, got = _run(host, name, arguments), _run(inside, name, arguments)
            history.append(f"{name}{arguments} = {wanted}")
            assert got == wanted, "\n".join([f"seed {seed}", *history])
            draw.opened = len(host.fds)
    finally:
        os.fchdir(before)
        os.close(before)
        host.close()
        inside.close()
    assert _tree(one) == _tree(two), "\n".join([f"seed {seed}", *history])
