"""Kinds that only qemu-arm's format needs: text that belongs to no argument, and arguments that it
writes in its own way."""

from dbt.linux.state.siginfo import SI_KERNEL, SI_TKILL, SI_USER, SigInfo
from dbt.linux.typed import flags as names
from dbt.linux.typed import vectors
from dbt.linux.typed.kinds import (
    Kind,
    Look,
    Shown,
    hidden,
    itimerval,
    pointer,
    quoted,
    signed,
    struct_text,
)

SIGCHLD, SIGIO = 17, 29
_CODES = {0: "SI_USER", 128: "SI_KERNEL", -1: "SI_QUEUE", -2: "SI_TIMER", -3: "SI_MESGQ"} | {
    -4: "SI_ASYNCIO", -5: "SI_SIGIO", -6: "SI_TKILL",
}  # fmt: skip


def signal_info(info: SigInfo) -> str:
    """``{si_signo=SIGUSR1, si_code=SI_USER, si_pid=1, si_uid=0}`` (print_siginfo)."""
    code = _CODES.get(info.code, str(info.code))
    head = f"{{si_signo={names.signal_text(info.signal)}, si_code={code}"
    if info.address is not None:
        return f"{head}, si_addr={pointer(info.address)}}}"
    head += f", si_pid={info.pid}, si_uid={info.uid}"
    if info.code in (SI_USER, SI_TKILL, SI_KERNEL):
        return head + "}"
    if info.signal == SIGCHLD:
        return f"{head}, si_status={info.value}, si_utime=0, si_stime=0}}"
    return f"{head}, si_sigval={signed(info.value & 0xFFFFFFFF)}}}"


def _siginfo(look: Look, value: int, of: str) -> Shown:
    data = look.read(value, 24) if value else None
    if data is None:
        return pointer(value), None
    words = [int.from_bytes(data[at : at + 4], "little", signed=True) for at in range(0, 24, 4)]
    return signal_info(SigInfo(words[0], words[2], words[1], words[3], words[4], words[5])), None


def _empty(look: Look, value: int, of: str) -> Shown:
    """Nothing, but the comma before it."""
    return "", None


def _again(look: Look, value: int, of: str) -> Shown:
    """futex: the fifth argument once more instead of the sixth."""
    return str(signed(look.values["address2"])), None


def _timevals(look: Look, value: int, of: str) -> Shown:
    both = (look.struct("timeval", value), look.struct("timeval", value + 8 if value else 0))
    return ",".join(struct_text("timeval", tv) if tv else pointer(value) for tv in both), None


def _bound(look: Look, value: int, of: str) -> Shown:
    text, data = vectors.sockaddr_of(look, value, look.values[of])
    return (f"0x{value:08x}," if data is None else text), data


def _spaced(look: Look, value: int, of: str) -> Shown:
    return f" {signed(value)}", None


def _oldmmap(look: Look, value: int, of: str) -> Shown:
    """The arguments of the old mmap are in memory."""
    words = [look.word(value + 4 * i) for i in range(6)] if value else [None]
    if None in words:
        return pointer(value), None
    address, length, prot, flags, fd, offset = (word or 0 for word in words)
    shown = [pointer(address), str(signed(length)), names.flag_text(names.FLAGS["prot"], prot)]
    shown += [names.flag_text(names.FLAGS["map"], flags), str(signed(fd)), f"{offset:#x}"]
    return ",".join(shown), words


def _timezone(look: Look, value: int, of: str) -> Shown:
    data = look.read(value, 8) if value else None
    if data is None:
        return pointer(value), None
    west, dst = (int.from_bytes(data[at : at + 4], "little", signed=True) for at in (0, 4))
    return f"{{{west},{dst}}}", None


def _olditimerval(look: Look, value: int, of: str) -> Shown:
    return f"old_value = {itimerval(look, value)[0]}", None


def _attributes(look: Look, value: int, of: str) -> Shown:
    data = look.read(value, look.result or 0) if value else None
    if data is None:
        return f"list = {pointer(value)}", None
    return "list = " + ",".join(quoted(name) for name in data.split(b"\0")[:-1]), None


KINDS: dict[str, Kind] = {
    "siginfo": _siginfo,
    "count": hidden,
    "empty": _empty,
    "again": _again,
    "timevals": _timevals,
    "bound": _bound,
    "spaced": _spaced,
    "oldmmap": _oldmmap,
    "timezone": _timezone,
    "olditimerval": _olditimerval,
    "attributes": _attributes,
}
