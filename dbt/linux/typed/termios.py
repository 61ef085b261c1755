"""Terminal settings in qemu-arm's words (print_termios)."""

from typing import Any

from dbt.linux.typed.flags import bits, flag_text
from dbt.linux.typed.kinds import Look, pointer, quoted

_INPUT = bits(
    "IGNBRK=1 BRKINT=2 IGNPAR=4 PARMRK=8 INPCK=0o20 ISTRIP=0o40 INLCR=0o100 IGNCR=0o200"
    " ICRNL=0o400 IUCLC=0o1000 IXON=0o2000 IXANY=0o4000 IXOFF=0o10000 IMAXBEL=0o20000"
    " IUTF8=0o40000"
)
_OUTPUT = bits("OPOST=1 OLCUC=2 ONLCR=4 OCRNL=0o10 ONOCR=0o20 ONLRET=0o40 OFILL=0o100 OFDEL=0o200")
_CONTROL = bits(
    "CSTOPB=0o100 CREAD=0o200 PARENB=0o400 PARODD=0o1000 HUPCL=0o2000 CLOCAL=0o4000"
    " CRTSCTS=0o20000000000"
)
_LOCAL = bits(
    "ISIG=1 ICANON=2 XCASE=4 ECHO=0o10 ECHOE=0o20 ECHOK=0o40 ECHONL=0o100 NOFLSH=0o200"
    " TOSTOP=0o400 ECHOCTL=0o1000 ECHOPRT=0o2000 ECHOKE=0o4000 FLUSHO=0o10000 PENDIN=0o40000"
    " IEXTEN=0o100000 EXTPROC=0o200000"
)
_DELAYS = tuple(
    (mask, dict(bits(text)))
    for mask, text in (
        (0o400, "NL1=0o400"),
        (0o3000, "CR1=0o1000 CR2=0o2000 CR3=0o3000"),
        (0o14000, "TAB1=0o4000 TAB2=0o10000 TAB3=0o14000"),
        (0o20000, "BS1=0o20000"),
        (0o40000, "VT1=0o40000"),
        (0o100000, "FF1=0o100000"),
    )
)
_SLOW = "B0 B50 B75 B110 B134 B150 B200 B300 B600 B1200 B1800 B2400 B4800 B9600 B19200 B38400"
_SPEEDS = {name: value for value, name in enumerate(_SLOW.split())} | dict(
    bits("B57600=0o10001 B115200=0o10002 B230400=0o10003 B460800=0o10004")
)
_CBAUD, _CSIZE = 0o10017, 0o60


def _named(names: dict[str, int], value: int) -> str:
    return next((name for name, number in names.items() if number == value), f"{value:#x}")


def _control_characters(look: Look, address: int) -> bytes:
    """Those up to the first that is zero (disabled): qemu-arm takes them for a string."""
    layout = look.abi.layout("termios", look.variant)
    found = layout.unpack_bytes(look.read(address, layout.size) or bytes(layout.size), "cc")
    return bytes(found).partition(b"\0")[0]


def text(look: Look, address: int) -> tuple[str, Any]:
    """``{c_iflag = …,…}`` and the members; the pointer when it cannot be read."""
    members = look.struct("termios", address)
    if members is None:
        return pointer(address), None
    output, control = members["oflag"], members["cflag"]
    plain = output & ~sum(mask for mask, _ in _DELAYS)
    parts = [f"c_iflag = {flag_text(_INPUT, members['iflag'])}"]
    parts.append(f"c_oflag = {flag_text(_OUTPUT, plain)}")
    parts += [_named(names, output & mask) for mask, names in _DELAYS if output & mask]
    parts.append("c_cflag = " + (_named(_SPEEDS, control & _CBAUD) if control & _CBAUD else ""))
    if not control & _CBAUD:
        parts[-1] += flag_text(_CONTROL, control & ~(_CBAUD | _CSIZE))
    if control & _CSIZE:
        parts.append(f"CS{5 + (control & _CSIZE) // 0o20}")
    if control & _CBAUD:
        parts.append(flag_text(_CONTROL, control & ~(_CBAUD | _CSIZE)))
    parts.append(f"c_lflag = {flag_text(_LOCAL, members['lflag'])}")
    parts.append(f"c_cc = {quoted(_control_characters(look, address))}")
    parts.append(f"c_line = '{quoted(bytes([members['line']]))[1:-1]}'")
    return "{" + ",".join(parts) + "}", members
