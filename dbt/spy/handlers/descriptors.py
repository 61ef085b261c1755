"""Calls that make, copy and close descriptors."""

import os

from dbt.spy.descriptors import Handle
from dbt.spy.tap import AT_FDCWD, Call, Tap, after

F_DUPFD, F_SETFD, F_DUPFD_CLOEXEC, FD_CLOEXEC = 0, 2, 1030, 1
FIONCLEX, FIOCLEX = 0x5450, 0x5451
MFD_CLOEXEC = 1
CLOSE_RANGE_CLOEXEC = 4

ACCESS = {os.O_RDONLY: "O_RDONLY", os.O_WRONLY: "O_WRONLY", os.O_RDWR: "O_RDWR"}
FLAGS = ("O_CREAT", "O_EXCL", "O_NOCTTY", "O_TRUNC", "O_APPEND", "O_NONBLOCK", "O_DSYNC",
         "O_DIRECT", "O_DIRECTORY", "O_NOFOLLOW", "O_NOATIME", "O_CLOEXEC", "O_PATH")  # fmt: skip


def flag_names(flags: int) -> list[str]:
    """Names of open's flags, numbered as the host does."""
    names = [ACCESS.get(flags & os.O_ACCMODE, "O_ACCMODE")]
    return names + [name for name in FLAGS if flags & getattr(os, name)]


# -- open ------------------------------------------------------------------------------------------


@after("open")
def open_(tap: Tap, call: Call) -> None:
    _open(tap, call, AT_FDCWD, call[0], tap.guest.flags(call[1]))


@after("openat")
def openat(tap: Tap, call: Call) -> None:
    _open(tap, call, call.fd(0), call[1], tap.guest.flags(call[2]))


@after("creat")
def creat(tap: Tap, call: Call) -> None:
    _open(tap, call, AT_FDCWD, call[0], os.O_CREAT | os.O_WRONLY | os.O_TRUNC)


def _open(tap: Tap, call: Call, dirfd: int, path_at: int, flags: int) -> None:
    path = tap.path(path_at, dirfd)
    names = flag_names(flags)
    if call.failed:
        tap.tell("open", call.ended, syscall=call.name, path=path, flags=names, **call.error)
        return
    what = "console" if path == "/dev/tty" else None
    handle = _new(tap, call.value, what, path, cloexec=bool(flags & os.O_CLOEXEC))
    _tell_open(tap, call, call.value, handle, flags=names)


def _new(
    tap: Tap, fd: int, what: str | None, path: str = "", *, cloexec: bool, end: str = ""
) -> Handle:
    """A descriptor that a call made; ``what`` None: as the system says."""
    found = tap.guest.behind(fd)
    kind = what or (found.what if found else "unknown")
    thing = tap.thing(kind, path, found.inode if found else 0)
    return tap.descriptors.open(fd, thing, end=end, cloexec=cloexec)


def _tell_open(tap: Tap, call: Call, fd: int, handle: Handle, **fields: object) -> None:
    about = tap.described(fd, handle)
    inode = handle.thing.inode
    cloexec = handle.cloexec
    tap.tell("open", call.ended, syscall=call.name, **about, inode=inode, cloexec=cloexec, **fields)


# -- what has no path ------------------------------------------------------------------------------


@after("pipe", "pipe2")
def pipe(tap: Tap, call: Call) -> None:
    _pair(tap, call, call[0], "pipe", ("read", "write"), cloexec=_cloexec(tap, call[1]))


@after("socketpair")
def socketpair(tap: Tap, call: Call) -> None:
    _pair(tap, call, call[3], "socket", ("first", "second"), cloexec=_cloexec(tap, call[1]))


def _pair(
    tap: Tap, call: Call, at: int, what: str, ends: tuple[str, str], *, cloexec: bool
) -> None:
    if call.failed:
        tap.tell("open", call.ended, syscall=call.name, what=what, **call.error)
        return
    first, second = tap.guest.words(at, 2)
    one = _new(tap, first, what, cloexec=cloexec, end=ends[0])
    two = tap.descriptors.open(second, one.thing, end=ends[1], cloexec=cloexec)
    _tell_open(tap, call, first, one)
    _tell_open(tap, call, second, two)


def _cloexec(tap: Tap, guest_flags: int) -> bool:
    return bool(tap.guest.flags(guest_flags) & os.O_CLOEXEC)


_MADE = {"eventfd": "eventfd", "eventfd2": "eventfd", "epoll_create": "epoll",
         "epoll_create1": "epoll", "timerfd_create": "timerfd", "signalfd": "signalfd",
         "signalfd4": "signalfd"}  # fmt: skip
_FLAGS_AT = {"eventfd2": 1, "epoll_create1": 0, "timerfd_create": 1, "signalfd4": 3, "socket": 1}


@after(*_MADE)
def made(tap: Tap, call: Call) -> None:
    at = _FLAGS_AT.get(call.name)
    _made(tap, call, _MADE[call.name], cloexec=at is not None and _cloexec(tap, call[at]))


@after("socket")
def socket(tap: Tap, call: Call) -> None:
    _made(tap, call, "socket", cloexec=_cloexec(tap, call[1]))


@after("memfd_create")
def memfd_create(tap: Tap, call: Call) -> None:
    name = tap.guest.string(call[0])
    _made(tap, call, "memory", f"memfd:{name}", cloexec=bool(call[1] & MFD_CLOEXEC))


def _made(tap: Tap, call: Call, what: str, path: str = "", *, cloexec: bool) -> None:
    if call.failed:
        fields = {"path": path} if path else {}
        tap.tell("open", call.ended, syscall=call.name, what=what, **fields, **call.error)
    elif tap.descriptors.get(call.value) is None:  # signalfd may change one that is there
        handle = _new(tap, call.value, what, path, cloexec=cloexec)
        _tell_open(tap, call, call.value, handle)


# -- copies ----------------------------------------------------------------------------------------


@after("dup", "dup2")
def dup(tap: Tap, call: Call) -> None:
    _duplicate(tap, call, cloexec=False)


@after("dup3")
def dup3(tap: Tap, call: Call) -> None:
    _duplicate(tap, call, cloexec=_cloexec(tap, call[2]))


@after("fcntl", "fcntl64")
def fcntl(tap: Tap, call: Call) -> None:
    if call[1] in (F_DUPFD, F_DUPFD_CLOEXEC):
        _duplicate(tap, call, cloexec=call[1] == F_DUPFD_CLOEXEC)
    elif call[1] == F_SETFD and not call.failed:
        tap.descriptors.set_cloexec(call.fd(0), cloexec=bool(call[2] & FD_CLOEXEC))


@after("ioctl")
def ioctl(tap: Tap, call: Call) -> None:
    if call[1] in (FIOCLEX, FIONCLEX) and not call.failed:
        tap.descriptors.set_cloexec(call.fd(0), cloexec=call[1] == FIOCLEX)


def _duplicate(tap: Tap, call: Call, *, cloexec: bool) -> None:
    old, new = call.fd(0), call.value
    if call.failed or old == new:
        return
    tap.known(old)
    handle = tap.descriptors.duplicate(old, new, cloexec=cloexec)
    about = tap.described(new, handle)
    tap.tell("dup", call.ended, syscall=call.name, **about, **{"from": old}, cloexec=cloexec)


# -- closing ---------------------------------------------------------------------------------------


@after("close")
def close(tap: Tap, call: Call) -> None:
    """The number is free after any error but EBADF, which leaves nothing to close."""
    _close(tap, call, call.fd(0))


@after("close_range")
def close_range(tap: Tap, call: Call) -> None:
    first, last, flags = call[0], call[1], call[2]
    if call.failed:
        return
    for fd in [fd for fd in tap.descriptors if first <= fd <= last]:
        if flags & CLOSE_RANGE_CLOEXEC:
            tap.descriptors.set_cloexec(fd, cloexec=True)
        else:
            _close(tap, call, fd)


def _close(tap: Tap, call: Call, fd: int) -> None:
    handle = tap.descriptors.close(fd)
    if handle is not None:
        tap.tell("close", call.began, syscall=call.name, **tap.described(fd, handle))
