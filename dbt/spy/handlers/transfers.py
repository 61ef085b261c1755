"""Calls that move data: who read or wrote how much of what, and the bytes themselves."""

from typing import Any

from dbt.spy.tap import Call, Tap, after

MSG_PEEK = 2
IOV_MAX = 1024


# -- one buffer ------------------------------------------------------------------------------------


@after("read")
def read(tap: Tap, call: Call) -> None:
    _moved(tap, call, "read", call.fd(0), _buffer(tap, call, call[1]))


@after("write")
def write(tap: Tap, call: Call) -> None:
    _moved(tap, call, "write", call.fd(0), _buffer(tap, call, call[1]))


@after("pread64")
def pread(tap: Tap, call: Call) -> None:
    _moved(tap, call, "read", call.fd(0), _buffer(tap, call, call[1]), offset=call[3])


@after("pwrite64")
def pwrite(tap: Tap, call: Call) -> None:
    _moved(tap, call, "write", call.fd(0), _buffer(tap, call, call[1]), offset=call[3])


# -- several buffers -------------------------------------------------------------------------------


@after("readv")
def readv(tap: Tap, call: Call) -> None:
    _moved(tap, call, "read", call.fd(0), _gathered(tap, call, call[1], call[2]))


@after("writev")
def writev(tap: Tap, call: Call) -> None:
    _moved(tap, call, "write", call.fd(0), _gathered(tap, call, call[1], call[2]))


@after("preadv", "preadv2")
def preadv(tap: Tap, call: Call) -> None:
    data = _gathered(tap, call, call[1], call[2])
    _moved(tap, call, "read", call.fd(0), data, **_offset(call))


@after("pwritev", "pwritev2")
def pwritev(tap: Tap, call: Call) -> None:
    data = _gathered(tap, call, call[1], call[2])
    _moved(tap, call, "write", call.fd(0), data, **_offset(call))


def _offset(call: Call) -> dict[str, int]:
    """Offsets of the vector calls are two words; -1 is the file's own position."""
    offset = call[3] | call[4] << 32
    return {} if offset == (1 << 64) - 1 else {"offset": offset}


# -- sockets ---------------------------------------------------------------------------------------


@after("recv", "recvfrom")
def recv(tap: Tap, call: Call) -> None:
    _moved(tap, call, "read", call.fd(0), _buffer(tap, call, call[1]), **_peek(call[3]))


@after("send", "sendto")
def send(tap: Tap, call: Call) -> None:
    _moved(tap, call, "write", call.fd(0), _buffer(tap, call, call[1]))


@after("recvmsg")
def recvmsg(tap: Tap, call: Call) -> None:
    _, _, vector, count = tap.guest.words(call[1], 4)
    data = _gathered(tap, call, vector, count)
    _moved(tap, call, "read", call.fd(0), data, **_peek(call[2]))


@after("sendmsg")
def sendmsg(tap: Tap, call: Call) -> None:
    _, _, vector, count = tap.guest.words(call[1], 4)
    _moved(tap, call, "write", call.fd(0), _gathered(tap, call, vector, count))


def _peek(flags: int) -> dict[str, bool]:
    return {"peek": True} if flags & MSG_PEEK else {}


# -- from one descriptor to another ----------------------------------------------------------------
# The bytes never reach the guest's memory: they are in whichever file they came from or went to.


@after("sendfile", "sendfile64")
def sendfile(tap: Tap, call: Call) -> None:
    """sendfile(out, in, offset, count)."""
    at = call[2]
    words = 2 if call.name == "sendfile64" else 1
    offset = _joined(tap.guest.words(at, words)) if at else None
    _between(tap, call, call.fd(1), offset, call.fd(0), None)


@after("splice", "copy_file_range")
def splice(tap: Tap, call: Call) -> None:
    """splice(in, offset in, out, offset out, count, flags)."""
    before, beyond = (_joined(tap.guest.words(at, 2)) if at else None for at in (call[1], call[3]))
    _between(tap, call, call.fd(0), before, call.fd(2), beyond)


@after("tee")
def tee(tap: Tap, call: Call) -> None:
    """tee(in, out, count, flags): the source keeps its data."""
    _moved(tap, call, "read", call.fd(0), None, peek=True)
    _moved(tap, call, "write", call.fd(1), None)


def _joined(words: tuple[int, ...]) -> int:
    return sum(word << 32 * index for index, word in enumerate(words))


def _between(
    tap: Tap, call: Call, source: int, source_end: int | None, target: int, target_end: int | None
) -> None:
    """A transfer whose offsets, as the call left them, stand after the last byte; None is the
    file's own position."""
    data = _left(tap, call, source, source_end)
    if data is None:
        data = _left(tap, call, target, target_end)
    _moved(tap, call, "read", source, data, **_where(call, source_end))
    if call.value:  # at the end of the source nothing is written
        _moved(tap, call, "write", target, data, **_where(call, target_end))


def _left(tap: Tap, call: Call, fd: int, end: int | None) -> bytes | None:
    """The bytes that stand before a position of a regular file."""
    position = tap.guest.position(fd) if end is None else end
    if call.failed or position is None or position < call.value:
        return None
    return tap.guest.contents(fd, position - call.value, call.value)


def _where(call: Call, end: int | None) -> dict[str, int]:
    return {} if end is None or call.failed else {"offset": end - call.value}


# -- telling ---------------------------------------------------------------------------------------


def _buffer(tap: Tap, call: Call, address: int) -> bytes:
    return b"" if call.failed else tap.guest.read(address, call.value)


def _gathered(tap: Tap, call: Call, vector: int, count: int) -> bytes:
    """The first ``result`` bytes of the buffers of an iovec array."""
    data = b""
    words = () if call.failed else tap.guest.words(vector, 2 * min(count, IOV_MAX))
    for base, size in zip(words[::2], words[1::2], strict=True):
        data += tap.guest.read(base, min(size, call.value - len(data)))
    return data


def _moved(tap: Tap, call: Call, kind: str, fd: int, data: bytes | None, **fields: Any) -> None:
    """Tell of a transfer. ``data`` None, or shorter than what was moved: nobody saw the rest."""
    time = call.began if kind == "write" else call.ended
    handle = tap.known(fd)
    about = tap.described(fd, handle)
    if call.failed:
        tap.tell(kind, time, syscall=call.name, **about, size=0, **fields, **call.error)
        return
    if handle is not None:
        fields["inode"] = handle.thing.inode
        if data is not None and len(data) == call.value and not fields.get("peek"):
            fields["sha256"] = handle.thing.digest(f"{kind} {handle.end}", data)
    if data is not None:
        fields["data"] = data[: tap.limit]
    tap.tell(kind, time, syscall=call.name, **about, size=call.value, **fields)
