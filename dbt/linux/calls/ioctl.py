"""ioctl: terminals and what works on any descriptor; ENOTTY for the rest.

Request numbers are those of asm-generic/ioctls.h, which most 32-bit guests and hosts share.
"""

import array
import errno
import fcntl
import os

from dbt.linux.errors import failure
from dbt.linux.state import targets
from dbt.linux.state.fdtable import Descriptor, OpenFile
from dbt.linux.state.terminals import PTS, TIOCGPTN, number_of
from dbt.linux.structs import layout
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

TCGETS, TCSETS, TCSETSW, TCSETSF = 0x5401, 0x5402, 0x5403, 0x5404
TCSBRK, TCXONC, TCFLSH, TIOCSCTTY = 0x5409, 0x540A, 0x540B, 0x540E
TIOCGPGRP, TIOCSPGRP, TIOCOUTQ = 0x540F, 0x5410, 0x5411
TIOCGWINSZ, TIOCSWINSZ, FIONREAD = 0x5413, 0x5414, 0x541B
FIONBIO, TIOCNOTTY, TCSBRKP, TIOCGSID = 0x5421, 0x5422, 0x5425, 0x5429
TCGETS2, TCSETS2, TCSETSW2, TCSETSF2 = 0x802C542A, 0x402C542B, 0x402C542C, 0x402C542D
FIONCLEX, FIOCLEX, FIOASYNC = 0x5450, 0x5451, 0x5452
TIOCPKT, TIOCGPKT, TIOCSPTLCK, TIOCGPTLCK = 0x5420, 0x80045438, 0x40045431, 0x80045439
TIOCGDEV, TIOCGPTPEER = 0x80045432, 0x5441

# struct termios of the host's kernel: the same 36 bytes; termios2 adds two speeds.
_STRUCTS_OUT = {TCGETS: "termios", TCGETS2: "termios2", TIOCGWINSZ: "winsize"}
_STRUCTS_IN = {
    TCSETS: "termios", TCSETSW: "termios", TCSETSF: "termios", TCSETS2: "termios2",
    TCSETSW2: "termios2", TCSETSF2: "termios2", TIOCSWINSZ: "winsize",
}  # fmt: skip
_INTS_OUT = {TIOCGPGRP, TIOCOUTQ, FIONREAD, TIOCGSID, TIOCGPTN, TIOCGPKT, TIOCGPTLCK, TIOCGDEV}
_INTS_IN = {TIOCSPGRP, FIONBIO, FIOASYNC, TIOCPKT, TIOCSPTLCK}
_PLAIN = {TCSBRK, TCXONC, TCFLSH, TIOCSCTTY, TIOCNOTTY, TCSBRKP}


@syscall("ioctl")
def ioctl(kernel: "Kernel", fd: int, request: int, argument: int) -> int:
    found = kernel.files.get(fd)
    if request in (FIOCLEX, FIONCLEX):
        found.cloexec = request == FIOCLEX
        return 0
    if request in _STRUCTS_OUT:
        return _get(kernel, found, request, argument)
    if request in _STRUCTS_IN:
        data = kernel.memory.read(argument, layout(kernel, _STRUCTS_IN[request]).size)
        fcntl.ioctl(found.host, request, data)
        return 0
    if request in _INTS_OUT:
        value = array.array("i", [0])
        fcntl.ioctl(found.host, request, value)
        kernel.memory.write(argument, value.tobytes())
        return 0
    if request in _INTS_IN and not (request == FIOASYNC and found.file.inherited):
        data = kernel.memory.read(argument, 4)
        if request == TIOCSPGRP:
            targets.check_group(kernel, int.from_bytes(data, "little", signed=True))
        fcntl.ioctl(found.host, request, data)
        return 0
    if request == TIOCGPTPEER:
        return _open_peer(kernel, found, argument)
    if request == TIOCSCTTY:
        argument = 0  # 1 takes the terminal away from another session, where root asks
    if request in _PLAIN:
        return int(fcntl.ioctl(found.host, request, argument & 0x7FFFFFFF))
    raise failure(errno.ENOTTY)


def _open_peer(kernel: "Kernel", found: Descriptor, guest_flags: int) -> int:
    """Open the other side of a pseudoterminal (ioctl_tty(2)). EIO for the terminal's side."""
    flags = kernel.abi.open_flags_to_host(guest_flags)
    fd = int(fcntl.ioctl(found.host, TIOCGPTPEER, flags | os.O_CLOEXEC))
    number = number_of(fd)
    file = OpenFile(made_up=PTS + b"/%d" % (number or 0))
    return kernel.files.add(fd, file, cloexec=bool(flags & os.O_CLOEXEC))


def _get(kernel: "Kernel", found: Descriptor, request: int, argument: int) -> int:
    """Structures whose layout the guest shares with the host's kernel."""
    size = layout(kernel, _STRUCTS_OUT[request]).size
    data = fcntl.ioctl(found.host, request, bytes(size))
    kernel.memory.write(argument, data)
    return 0
