"""Calls that make, copy and close descriptors."""

from dbt.spy.descriptors import Handle
from dbt.spy.tap import Call, Tap, after

FD_CLOEXEC = 1


# -- open ------------------------------------------------------------------------------------------


@after("open", "openat", "creat")
def open_(tap: Tap, call: Call) -> None:
    path = tap.path(call)
    flags = call.flags() or ["O_WRONLY", "O_CREAT", "O_TRUNC"]
    if call.failed:
        tap.tell("open", call.ended, syscall=call.name, path=path, flags=flags, **call.error)
        return
    what = "console" if path == "/dev/tty" else None
    handle = _new(tap, call, call.value, what, path)
    _tell_open(tap, call, call.value, handle, flags=flags)


def _new(
    tap: Tap, call: Call, fd: int, what: str | None, path: str = "", *, end: str = ""
) -> Handle:
    """A descriptor that a call made; ``what`` None: as the system says."""
    found = tap.guest.behind(fd)
    kind = what or (found.what if found else "unknown")
    thing = tap.thing(kind, path, found.inode if found else 0)
    return tap.descriptors.open(fd, thing, end=end, cloexec=call.cloexec)


def _tell_open(tap: Tap, call: Call, fd: int, handle: Handle, **fields: object) -> None:
    about = tap.described(fd, handle) | {"inode": handle.thing.inode, "cloexec": handle.cloexec}
    tap.tell("open", call.ended, syscall=call.name, **about, **fields)


# -- what has no path ------------------------------------------------------------------------------

_PAIRS = {"pipe": ("pipe", "read", "write"), "pipe2": ("pipe", "read", "write"),
          "socketpair": ("socket", "first", "second")}  # fmt: skip


@after(*_PAIRS)
def pair(tap: Tap, call: Call) -> None:
    what, *ends = _PAIRS[call.name]
    fds = call.content("fds")
    if call.failed or fds is None:
        tap.tell("open", call.ended, syscall=call.name, what=what, **call.error)
        return
    first, second = fds
    one = _new(tap, call, first, what, end=ends[0])
    two = tap.descriptors.open(second, one.thing, end=ends[1], cloexec=call.cloexec)
    _tell_open(tap, call, first, one)
    _tell_open(tap, call, second, two)


_MADE = {"eventfd": "eventfd", "eventfd2": "eventfd", "epoll_create": "epoll",
         "epoll_create1": "epoll", "timerfd_create": "timerfd", "signalfd": "signalfd",
         "signalfd4": "signalfd", "socket": "socket", "memfd_create": "memory"}  # fmt: skip


@after(*_MADE)
def made(tap: Tap, call: Call) -> None:
    what = _MADE[call.name]
    path = f"memfd:{call.string('name')}" if what == "memory" else ""
    if call.failed:
        fields = {"path": path} if path else {}
        tap.tell("open", call.ended, syscall=call.name, what=what, **fields, **call.error)
    elif tap.descriptors.get(call.value) is None:  # signalfd may change one that is there
        _tell_open(tap, call, call.value, _new(tap, call, call.value, what, path))


# -- copies ----------------------------------------------------------------------------------------


@after("dup", "dup2", "dup3")
def dup(tap: Tap, call: Call) -> None:
    _duplicate(tap, call, cloexec=call.cloexec)


@after("fcntl", "fcntl64")
def fcntl(tap: Tap, call: Call) -> None:
    (command,) = call.flags("command")
    if command in ("F_DUPFD", "F_DUPFD_CLOEXEC"):
        _duplicate(tap, call, cloexec=command == "F_DUPFD_CLOEXEC")
    elif command == "F_SETFD" and not call.failed:
        tap.descriptors.set_cloexec(call.fd(), cloexec=bool(call["argument"] & FD_CLOEXEC))


@after("ioctl")
def ioctl(tap: Tap, call: Call) -> None:
    (request,) = call.flags("request")
    if request in ("FIOCLEX", "FIONCLEX") and not call.failed:
        tap.descriptors.set_cloexec(call.fd(), cloexec=request == "FIOCLEX")


def _duplicate(tap: Tap, call: Call, *, cloexec: bool) -> None:
    old, new = call.fd(), call.value
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
    _close(tap, call, call.fd())


@after("close_range")
def close_range(tap: Tap, call: Call) -> None:
    if call.failed:
        return
    for fd in [fd for fd in tap.descriptors if call["first"] <= fd <= call["last"]]:
        if call.cloexec:
            tap.descriptors.set_cloexec(fd, cloexec=True)
        else:
            _close(tap, call, fd)


def _close(tap: Tap, call: Call, fd: int) -> None:
    handle = tap.descriptors.close(fd)
    if handle is not None:
        tap.tell("close", call.began, syscall=call.name, **tap.described(fd, handle))
