"""The numbers that the protocol gives to signals (include/gdb/signals.def in gdb), which are those
of no system. Realtime signals are apart: 33 to 63, then 32, then 64."""

from signal import Signals

_NAMES = {
    1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 8: "FPE", 9: "KILL", 10: "BUS",
    11: "SEGV", 12: "SYS", 13: "PIPE", 14: "ALRM", 15: "TERM", 16: "URG", 17: "STOP", 18: "TSTP",
    19: "CONT", 20: "CHLD", 21: "TTIN", 22: "TTOU", 23: "IO", 24: "XCPU", 25: "XFSZ", 26: "VTALRM",
    27: "PROF", 28: "WINCH", 30: "USR1", 31: "USR2", 32: "PWR",
}  # fmt: skip
INT, TRAP, ABRT = 2, 5, 6
_UNKNOWN = 143
_FIRST, _LAST = 33, 63
_REALTIME_33, _REALTIME_32, _REALTIME_64 = 45, 77, 78


def _table() -> dict[int, int]:
    table = {int(Signals[f"SIG{name}"]): number for number, name in _NAMES.items()}
    table |= {number: number - _FIRST + _REALTIME_33 for number in range(_FIRST, _LAST + 1)}
    return table | {_FIRST - 1: _REALTIME_32, _LAST + 1: _REALTIME_64}


_BY_LINUX = _table()
_BY_GDB = {number: linux for linux, number in _BY_LINUX.items()}


def to_gdb(signal: int) -> int:
    """The protocol's number of a signal of Linux."""
    return _BY_LINUX.get(signal, _UNKNOWN)


def from_gdb(number: int) -> int | None:
    """The signal of Linux that the protocol has a number for; None for none. 0 is no signal."""
    return _BY_GDB.get(number) if number else 0
