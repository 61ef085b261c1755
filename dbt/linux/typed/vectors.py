"""Kinds that are vectors of something, or whose meaning another argument decides."""

from dbt.linux.typed import flags as names
from dbt.linux.typed import termios
from dbt.linux.typed.kinds import KINDS, SHOWN_BYTES, Look, Shown, kind, pointer, quoted, signed

_MOST = 1024
_FUTEX_COMMAND, _FUTEX_PRIVATE, _FUTEX_REALTIME = 0x7F, 0x80, 0x100
_FUTEX_WAITS = {0, 6, 9, 11, 13}
AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET = 1, 2, 10, 16, 17
SOCK_CLOEXEC, SOCK_NONBLOCK = 0o2000000, 0o4000


def _records(look: Look, name: str, address: int, count: int) -> list[dict[str, int]] | None:
    layout = look.abi.layout(name, look.variant)
    if not address or count > _MOST:
        return None
    out = [look.struct(name, address + i * layout.size) for i in range(count)]
    return None if None in out else [members for members in out if members is not None]


@kind("iov")
def _iov(look: Look, value: int, of: str) -> Shown:
    vectors = _records(look, "iovec", value, look.values[of])
    return _gathered(look, value, vectors, None)


@kind("outiov")
def _outiov(look: Look, value: int, of: str) -> Shown:
    vectors = _records(look, "iovec", value, look.values[of])
    return _gathered(look, value, vectors, look.result if look.succeeded else 0)


def _gathered(
    look: Look, address: int, vectors: list[dict[str, int]] | None, limit: int | None
) -> Shown:
    """The bytes of a vector, up to ``limit``. The content is one piece each."""
    if vectors is None or limit == 0:
        return pointer(address), None
    pieces = []
    for vector in vectors:
        size = vector["len"] if limit is None else min(vector["len"], limit)
        data = look.read(vector["base"], size) if size else b""
        if data is None:
            return pointer(address), None
        pieces.append(data)
        limit = None if limit is None else limit - size
    return "[" + ",".join(quoted(piece, SHOWN_BYTES) for piece in pieces) + "]", pieces


@kind("pollfds")
def _pollfds(look: Look, value: int, of: str) -> Shown:
    fds = _records(look, "pollfd", value, look.values[of])
    if fds is None:
        return pointer(value), None
    shown = []
    for entry in fds:
        text = f"{{fd={entry['fd']},{names.flag_text(names.FLAGS['poll'], entry['events'])}"
        revents = entry["revents"] if look.succeeded else 0
        shown.append(
            text + (f"->{names.flag_text(names.FLAGS['poll'], revents)}}}" if revents else "}")
        )
    return "[" + ",".join(shown) + "]", fds


@kind("fdset")
def _fdset(look: Look, value: int, of: str) -> Shown:
    """``[5,0]``: the highest first, as qemu-arm has it; one beyond the count is looked at too."""
    count = min(look.values[of], 1023)
    data = look.read(value, 4 * (count // 32 + 1)) if value else b""
    if data is None:
        return pointer(value), None
    bits = int.from_bytes(data, "little")
    inside = [fd for fd in range(count, -1, -1) if bits >> fd & 1]
    return "[" + ",".join(map(str, inside)) + "]", inside


@kind("epollevent")
def _epollevent(look: Look, value: int, of: str) -> Shown:
    members = look.struct("epoll_event", value)
    if members is None:
        return pointer(value), None
    events = names.flag_text(names.FLAGS["epoll"], members["events"])
    return f"{{{events},data={members['data']:#x}}}", members


# -- Sockets ---------------------------------------------------------------------------------------


@kind("domain")
def _domain(look: Look, value: int, of: str) -> Shown:
    return names.ENUMS["domain"].get(value, str(signed(value))), None


@kind("socktype")
def _socktype(look: Look, value: int, of: str) -> Shown:
    parts = [names.ENUMS["socket"].get(value & 0xF, "")]
    parts += ["SOCK_CLOEXEC"] if value & SOCK_CLOEXEC else []
    parts += ["SOCK_NONBLOCK"] if value & SOCK_NONBLOCK else []
    return "|".join(parts), None


@kind("protocol")
def _protocol(look: Look, value: int, of: str) -> Shown:
    domain = look.values["domain"]
    if domain == AF_PACKET or (domain == AF_INET and look.values["type"] == 10):
        return ("ETH_P_ALL" if value == 3 else str(value)), None
    table = names.ENUMS["netlink" if domain == AF_NETLINK else "protocol"]
    return table.get(value, str(signed(value))), None


def sockaddr_of(look: Look, address: int, size: int) -> tuple[str, bytes | None]:
    """The socket address at a guest address, and its bytes."""
    data = look.read(address, size) if address and 2 <= size <= 128 else None
    return (pointer(address) if data is None else sockaddr_text(data)), data


@kind("sockaddr")
def _sockaddr(look: Look, value: int, of: str) -> Shown:
    return sockaddr_of(look, value, look.values[of])


def sockaddr_text(data: bytes) -> str:
    """A socket address in words."""
    family = int.from_bytes(data[:2], "little")
    data = data.ljust(16, b"\0")
    port = int.from_bytes(data[2:4], "big")
    if family == AF_UNIX:
        return f"{{sun_family=AF_UNIX,sun_path={quoted(data[2:].partition(bytes(1))[0])}}}"
    if family == AF_INET:
        host = ".".join(map(str, data[4:8]))
        return f'{{sin_family=AF_INET,sin_port=htons({port}),sin_addr=inet_addr("{host}")}}'
    if family == AF_NETLINK:
        pid, groups = (int.from_bytes(data[i : i + 4], "little") for i in (4, 8))
        return f"{{nl_family=AF_NETLINK,nl_pid={pid},nl_groups={groups}}}"
    rest = ", ".join(f"{byte:02x}" for byte in data[2:16])
    return f"{{sa_family={family}, sa_data={{{rest}}}}}"


# -- Calls that are many ---------------------------------------------------------------------------

_PLAIN = {"F_DUPFD", "F_SETFD", "F_SETLEASE", "F_DUPFD_CLOEXEC", "F_NOTIFY", "F_SETPIPE_SZ"}
_TRAILING_COMMA = {"F_SETOWN", "F_SETSIG"}
_ALONE = {"F_GETFD", "F_GETFL", "F_GETOWN", "F_GETSIG", "F_GETLEASE", "F_GETPIPE_SZ", "F_GET_SEALS"}


@kind("fcntl")
def _fcntl(look: Look, value: int, of: str) -> Shown:
    return names.ENUMS["fcntl"].get(value, str(signed(value))), None


@kind("fcntlarg")
def _fcntlarg(look: Look, value: int, of: str) -> Shown:
    command = names.ENUMS["fcntl"].get(look.values["command"], "")
    if command in _ALONE:
        return None
    if command == "F_SETFL":
        return KINDS["open"](look, value, of)
    if command in _PLAIN:
        return str(signed(value)), None
    if command in _TRAILING_COMMA:
        return f"{signed(value)},", None
    if command == "F_ADD_SEALS":
        return f"0x{value:08x}", None
    return pointer(value), None


_IOCTL_ALONE = {"FIOCLEX", "FIONCLEX", "TIOCNOTTY", "TIOCEXCL", "TIOCNXCL"}
_IOCTL_INTS = {"TIOCSCTTY", "TCFLSH", "TCXONC", "TCSBRK", "TIOCGSID"}
_IOCTL_INT_POINTERS = {"FIOASYNC", "FIONBIO", "TIOCSPGRP"}
_TERMIOS_SETS = {"TCSETS", "TCSETSW", "TCSETSF"}
_IOCTL_INT_RESULTS = {"FIONREAD", "TIOCGPGRP", "TIOCOUTQ", "TIOCGPTN"}


@kind("ioctl")
def _ioctl(look: Look, value: int, of: str) -> Shown:
    return names.ENUMS["ioctl"].get(value, f"{value:#x}"), None


@kind("ioctlarg")
def _ioctlarg(look: Look, value: int, of: str) -> Shown:
    request = names.ENUMS["ioctl"].get(look.values["request"], "")
    if not request:
        return (f"{value:#x}" if value else "0"), None
    if request in _IOCTL_INTS:
        return str(signed(value)), None
    if request in _IOCTL_ALONE:
        return None
    if request in _IOCTL_INT_POINTERS:
        word = look.word(value)
        return (pointer(value), None) if word is None else (str(signed(word)), signed(word))
    if request == "TIOCSWINSZ":
        return _winsize(look, value)
    if request in _TERMIOS_SETS:
        return termios.text(look, value)
    return pointer(value), None


def _winsize(look: Look, value: int) -> Shown:
    size = look.struct("winsize", value)
    text = pointer(value) if size is None else "{" + ",".join(map(str, size.values())) + "}"
    return text, size


@kind("ioctlresult")
def _ioctlresult(look: Look, value: int, of: str) -> Shown:
    """What the request wrote; nothing for those that write nothing."""
    request = names.ENUMS["ioctl"].get(look.values["request"], "")
    if request in _IOCTL_INT_RESULTS:
        word = look.word(value)
        return (pointer(value), None) if word is None else (str(signed(word)), signed(word))
    if request == "TIOCGWINSZ":
        return _winsize(look, value)
    if request == "TCGETS":
        return termios.text(look, value)
    return None


@kind("futex")
def _futex(look: Look, value: int, of: str) -> Shown:
    name = names.ENUMS["futex"].get(value & _FUTEX_COMMAND)
    if name is None:
        return f"{value:#x}", None
    private = "FUTEX_PRIVATE_FLAG|" if value & _FUTEX_PRIVATE else ""
    clock = "FUTEX_CLOCK_REALTIME|" if value & _FUTEX_REALTIME else ""
    return private + clock + name, None


@kind("futextime")
def _futextime(look: Look, value: int, of: str) -> Shown:
    """A time-out for the operations that wait, else a number."""
    if look.values["operation"] & _FUTEX_COMMAND in _FUTEX_WAITS:
        return KINDS["struct"](look, value, "timespec")
    return pointer(value), None
