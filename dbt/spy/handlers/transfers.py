"""Calls that move data: who read or wrote how much of what, and the bytes themselves."""

from typing import Any

from dbt.spy.handlers.sockets import address_of
from dbt.spy.tap import Call, Tap, after

_KINDS = {
    "read": "read pread64 readv preadv preadv2 recv recvfrom",
    "write": "write pwrite64 writev pwritev pwritev2 send sendto",
}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names.split()}


@after(*_KIND_OF)
def transfer(tap: Tap, call: Call) -> None:
    fields = _offset(call) | address_of(tap, call)
    if "MSG_PEEK" in call.flags():
        fields["peek"] = True
    _moved(tap, call, _KIND_OF[call.name], call.fd(), _data(call), **fields)


@after("recvmsg", "sendmsg")
def message(tap: Tap, call: Call) -> None:
    """The vector is in the message's header, after the name and its size."""
    kind, vectors = ("read", "readv") if call.name == "recvmsg" else ("write", "writev")
    _, _, vector, count = tap.guest.words(call["message"], 4)
    decoded = tap.guest.decode(vectors, [call["fd"], vector, count], call.decoded.result)
    data = _data(Call(decoded, call.began, call.ended))
    peek = {"peek": True} if kind == "read" and "MSG_PEEK" in call.flags() else {}
    _moved(tap, call, kind, call.fd(), data, **peek)


def _data(call: Call) -> bytes | None:
    """The bytes that a call moved, in one buffer or in several."""
    if call.failed or not call.value:
        return b""
    content = call.content("vector" if call.has("vector") else "buffer")
    data = b"".join(content) if isinstance(content, list) else content
    return None if data is None else data[: call.value]


def _offset(call: Call) -> dict[str, Any]:
    """The field ``offset``; none where the call uses the file's own position (-1 means that to the
    vector calls)."""
    if not call.has("offset") or (call.has("vector") and call["offset"] == (1 << 64) - 1):
        return {}
    return {"offset": call["offset"]}


# -- from one descriptor to another ----------------------------------------------------------------
# The bytes never reach the guest's memory: they are read from the source or from the target.


@after("sendfile", "sendfile64")
def sendfile(tap: Tap, call: Call) -> None:
    words = 2 if call.name == "sendfile64" else 1
    _between(tap, call, _position(tap, call["offset"], words), None)


@after("splice", "copy_file_range")
def splice(tap: Tap, call: Call) -> None:
    source, target = (_position(tap, call[name], 2) for name in ("in_offset", "out_offset"))
    _between(tap, call, source, target)


@after("tee")
def tee(tap: Tap, call: Call) -> None:
    """The source keeps its data."""
    _moved(tap, call, "read", call.fd("in"), None, peek=True)
    _moved(tap, call, "write", call.fd("out"), None)


def _position(tap: Tap, address: int, words: int) -> int | None:
    """An offset in memory; None when the call uses the file's own."""
    found = tap.guest.words(address, words) if address else ()
    return sum(word << 32 * index for index, word in enumerate(found)) if found else None


def _between(tap: Tap, call: Call, source_end: int | None, target_end: int | None) -> None:
    """Record a transfer between two files. Offsets are those after the call; None: the descriptor's
    own position was used."""
    source, target = call.fd("in"), call.fd("out")
    data = _left(tap, call, source, source_end)
    if data is None:
        data = _left(tap, call, target, target_end)
    _moved(tap, call, "read", source, data, **_where(call, source_end))
    if call.value:  # at the end of the source nothing is written
        _moved(tap, call, "write", target, data, **_where(call, target_end))


def _left(tap: Tap, call: Call, fd: int, end: int | None) -> bytes | None:
    """The bytes before a position of a regular file, as many as were moved; None if they cannot be
    read."""
    position = tap.guest.position(fd) if end is None else end
    if call.failed or position is None or position < call.value:
        return None
    return tap.guest.contents(fd, position - call.value, call.value)


def _where(call: Call, end: int | None) -> dict[str, int]:
    return {} if end is None or call.failed else {"offset": end - call.value}


# -- recording -------------------------------------------------------------------------------------


def _moved(tap: Tap, call: Call, kind: str, fd: int, data: bytes | None, **fields: Any) -> None:
    """Record a transfer. ``data`` None, or shorter than what was moved: the rest was not seen."""
    time = call.began if kind == "write" else call.ended
    handle = tap.known(fd)
    about = tap.described(fd, handle)
    if call.failed:
        tap.tell(kind, time, syscall=call.name, **about, size=0, **fields, **call.error)
        return
    if not call.value:
        data = b""
    if handle is not None:
        fields["inode"] = handle.thing.inode
        if not fields.get("peek"):
            seen = data if data is not None and len(data) == call.value else None
            digest = handle.thing.digest(f"{kind} {handle.end}", seen)
            fields |= {"sha256": digest} if digest is not None else {}
    if data is not None:
        fields["data"] = data[: tap.limit]
    tap.tell(kind, time, syscall=call.name, **about, size=call.value, **fields)
