"""The kinds of arguments: what a value of each means, and how it is written.

A kind is a function of (what it may look at, the value, the kind's parameter) that gives the text
and the content. Texts follow qemu-arm's (linux-user/strace.c), which follows strace. A pointer
that leads nowhere is written as a number; nothing here raises.
"""

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from dbt.interfaces import Memory
from dbt.linux.typed import flags as names
from dbt.stops import GuestFault
from dbt.syscalls import SyscallAbi
from dbt.text import LINE

SHOWN_BYTES = 40
"""How much of a buffer is shown (qemu-arm's MAX_PRINT_BUF)."""
_MOST_STRINGS = 4096
_PATH_BYTES = 4096


@attrs.frozen
class Look:
    """What a kind may look at: the guest's memory, its ABI, the other arguments, the result."""

    memory: Memory
    abi: SyscallAbi
    variant: str
    values: Mapping[str, int]
    result: int | None = None

    @property
    def succeeded(self) -> bool:
        """The call has returned, and not with an error."""
        return self.result is not None and not -4096 < self.result < 0

    def read(self, address: int, size: int) -> bytes | None:
        """Guest memory, None where it cannot be read."""
        try:
            return self.memory.read(address, size) if size >= 0 else None
        except (GuestFault, ValueError, OverflowError):
            return None

    def word(self, address: int) -> int | None:
        """A 32-bit word."""
        data = self.read(address, 4)
        return None if data is None else int.from_bytes(data, "little")

    def string(self, address: int) -> bytes | None:
        """A string up to its zero byte."""
        out = b""
        while address and len(out) < _PATH_BYTES:
            size = min(256, 4096 - (address + len(out)) % 4096)
            part = self.read(address + len(out), size)
            if part is None:
                return None
            if b"\0" in part:
                return out + part[: part.index(b"\0")]
            out += part
        return out if address else None

    def struct(self, name: str, address: int) -> dict[str, int] | None:
        """A structure's members."""
        layout = self.abi.layout(name, self.variant)
        data = self.read(address, layout.size) if address else None
        return None if data is None else dict(layout.unpack(data))


Shown = tuple[str, Any] | None
"""Text and content; None for an argument that this call has not (a mode without O_CREAT)."""
Kind = Callable[[Look, int, str], Shown]
KINDS: dict[str, Kind] = {}


def kind(*known_as: str) -> Callable[[Kind], Kind]:
    """Register a kind under its names."""

    def register(function: Kind) -> Kind:
        for name in known_as:
            KINDS[name] = function
        return function

    return register


def signed(value: int, bits: int = 32) -> int:
    """Two's complement."""
    return value - (1 << bits) if value >> (bits - 1) else value


def pointer(value: int) -> str:
    """``NULL`` or ``0x00012340``."""
    return f"0x{value:08x}" if value else "NULL"


def quoted(data: bytes, limit: int | None = None) -> str:
    """``"text"``; what is not printable as octal, as qemu-arm's print_buf does."""
    text = "".join(chr(b) if 32 <= b < 127 else f"\\{b:o}" for b in data[:limit])
    return f'"{text}"' + ("..." if limit is not None and len(data) > limit else "")


# -- Numbers ---------------------------------------------------------------------------------------


def _format(template: str, *, signed_: bool = False) -> Kind:
    def show(look: Look, value: int, of: str) -> Shown:
        return template.format(signed(value) if signed_ else value), None

    return show


KINDS["int"] = KINDS["fd"] = _format("{}", signed_=True)
KINDS["uint"] = _format("{}")
KINDS["hex"] = lambda look, value, of: (f"{value:#x}" if value else "0", None)
KINDS["oct"] = lambda look, value, of: (names.octal(value), None)
KINDS["nil"] = lambda look, value, of: (f"{value:#x}" if value else "(nil)", None)
KINDS["ptr"] = lambda look, value, of: (pointer(value), None)
KINDS["zeroptr"] = _format("0x{:08x}")
KINDS["s64"] = KINDS["words64"] = lambda look, value, of: (str(signed(value, 64)), None)
KINDS["u64"] = _format("{}")
KINDS["mode"] = lambda look, value, of: (names.mode_text(value), None)
KINDS["sig"] = lambda look, value, of: (names.signal_text(value), None)


@kind("hidden")
def hidden(look: Look, value: int, of: str) -> Shown:
    """An argument that is not shown."""
    return None


@kind("at")
def _at(look: Look, value: int, of: str) -> Shown:
    return ("AT_FDCWD" if signed(value) == -100 else str(signed(value))), None


@kind("flags")
def _flags(look: Look, value: int, of: str) -> Shown:
    return names.flag_text(names.FLAGS[of], value), None


@kind("enum")
def _enum(look: Look, value: int, of: str) -> Shown:
    return names.ENUMS[of].get(value, f"{value:#x}" if value else "0"), None


@kind("open")
def _open(look: Look, value: int, of: str) -> Shown:
    return names.open_text(look.abi.open_flag_names(), value), None


@kind("fdflags")
def _fdflags(look: Look, value: int, of: str) -> Shown:
    return names.flag_text(look.abi.open_flag_names(), value), None


@kind("openmode")
def _openmode(look: Look, value: int, of: str) -> Shown:
    """Only there when the call creates."""
    creates = dict(look.abi.open_flag_names())["O_CREAT"]
    return (names.mode_text(value), None) if look.values["flags"] & creates else None


@kind("dev")
def _dev(look: Look, value: int, of: str) -> Shown:
    """Only there for device nodes; ``new_decode_dev`` of the kernel."""
    if not look.values["mode"] & 0o60000:
        return None
    major = value >> 8 & 0xFFF
    minor = value & 0xFF | value >> 12 & 0xFFF00
    return f"makedev({major},{minor})", None


@kind("clone")
def _clone(look: Look, value: int, of: str) -> Shown:
    return names.flag_text(names.FLAGS["clone"], value), None


@kind("whence")
def _whence(look: Look, value: int, of: str) -> Shown:
    return names.ENUMS["whence"].get(value, f"{value:#x}"), None


@kind("how")
def _how(look: Look, value: int, of: str) -> Shown:
    return names.ENUMS["how"].get(value, "UNKNOWN"), None


@kind("llwhence")
def _llwhence(look: Look, value: int, of: str) -> Shown:
    return (names.ENUMS["whence"][value] if value < 3 else "UNKNOWN"), None


# -- Strings and buffers ---------------------------------------------------------------------------


@kind("path", "str")
def _string(look: Look, value: int, of: str) -> Shown:
    data = look.string(value)
    return (pointer(value) if data is None else quoted(data)), data


@kind("in")
def _in(look: Look, value: int, of: str) -> Shown:
    data = look.read(value, look.values[of]) if value else None
    return (pointer(value) if data is None else quoted(data, SHOWN_BYTES)), data


@kind("out")
def _out(look: Look, value: int, of: str) -> Shown:
    if not look.succeeded or not value:
        return pointer(value), None
    data = look.read(value, min(look.result or 0, look.values[of]))
    return (pointer(value) if data is None else quoted(data, SHOWN_BYTES)), data


@kind("outstr")
def _outstr(look: Look, value: int, of: str) -> Shown:
    data = look.string(value) if look.succeeded else None
    return (pointer(value) if data is None else quoted(data)), data


@kind("argv", "envp")
def _strings(look: Look, value: int, of: str) -> Shown:
    """``{"a","b",NULL}``, cut short where an element cannot be read."""
    found: list[bytes] = []
    text = "{"
    while len(found) < _MOST_STRINGS:
        element = look.word(value + 4 * len(found))
        if not element:
            return (text + "NULL}" if element == 0 else text), found
        string = look.string(element) or b""
        found.append(string)
        if len(text) <= LINE:
            text += quoted(string) + ","
    return text, found


# -- Structures ------------------------------------------------------------------------------------

_TIME_FIELDS = {
    name: (("tv_sec", "sec"), (f"tv_{part}", part))
    for name, part in (("timespec", "nsec"), ("timespec64", "nsec"), ("timeval", "usec"))
}


def struct_text(name: str, members: Mapping[str, int]) -> str:
    """``{tv_sec = 1,tv_nsec = 0}``."""
    shown = _TIME_FIELDS.get(name) or [(member, member) for member in members]
    return "{" + ",".join(f"{label} = {members[member]}" for label, member in shown) + "}"


@kind("struct")
def _struct(look: Look, value: int, of: str) -> Shown:
    members = look.struct(of, value)
    return (pointer(value) if members is None else struct_text(of, members)), members


@kind("outstruct")
def _outstruct(look: Look, value: int, of: str) -> Shown:
    return pointer(value), look.struct(of, value) if look.succeeded else None


def itimerval(look: Look, address: int) -> tuple[str, Any]:
    """``{it_interval={…},it_value={…},}`` (the last comma is qemu-arm's)."""
    interval, value = look.struct("timeval", address), look.struct("timeval", address + 8)
    if not address or interval is None or value is None:
        return pointer(address), None
    first, second = struct_text("timeval", interval), struct_text("timeval", value)
    return (
        f"{{it_interval={first},it_value={second},}}",
        {"interval": interval, "value": value},
    )


@kind("itimerval")
def _itimerval(look: Look, value: int, of: str) -> Shown:
    return itimerval(look, value)


@kind("outitimerval")
def _outitimerval(look: Look, value: int, of: str) -> Shown:
    return pointer(value), itimerval(look, value)[1] if look.succeeded else None


@kind("sigset")
def _sigset(look: Look, value: int, of: str) -> Shown:
    data = look.read(value, 8) if value else None
    if data is None:
        return pointer(value), None
    bits = int.from_bytes(data, "little")
    inside = [number for number in range(1, 65) if bits >> (number - 1) & 1]
    return "[" + " ".join(map(names.signal_text, inside)) + "]", inside


@kind("sigaction")
def _sigaction(look: Look, value: int, of: str) -> Shown:
    data = look.read(value, 20) if value else None
    if data is None:
        return pointer(value), None
    words = [int.from_bytes(data[i : i + 4], "little") for i in (0, 4, 8, 12, 16)]
    handler = {0: "SIG_DFL", 1: "SIG_IGN"}.get(words[0], pointer(words[0]))
    content = {"handler": words[0], "flags": words[1], "restorer": words[2]}
    content["mask"] = words[3] | words[4] << 32
    return f"{{{handler},flags={words[1]:#x},mask={content['mask']:#x}}}", content


# -- Words at an address ---------------------------------------------------------------------------


@kind("intp")
def _intp(look: Look, value: int, of: str) -> Shown:
    word = look.word(value) if value else None
    return (pointer(value), None) if word is None else (f"[{signed(word)}]", signed(word))


@kind("outint", "outstatus")
def _outint(look: Look, value: int, of: str) -> Shown:
    word = look.word(value) if look.succeeded and value else None
    return (pointer(value), None) if word is None else (f"[{signed(word)}]", signed(word))


@kind("outint64")
def _outint64(look: Look, value: int, of: str) -> Shown:
    data = look.read(value, 8) if look.succeeded and value else None
    content = None if data is None else int.from_bytes(data, "little", signed=True)
    return (pointer(value) if content is None else f"[{content}]"), content


@kind("outfds")
def _outfds(look: Look, value: int, of: str) -> Shown:
    data = look.read(value, 8) if look.succeeded and value else None
    if data is None:
        return pointer(value), None
    pair = [int.from_bytes(data[:4], "little"), int.from_bytes(data[4:], "little")]
    return f"[{pair[0]},{pair[1]}]", pair
