"""Draws system calls: garbage, boundary values, and arguments of the kind the typed table names."""

import random
import struct
from collections.abc import Iterator

import attrs

from dbt.interfaces import PAGE
from dbt.linux.kernel import load_families
from dbt.linux.typed.model import WIDE
from dbt.linux.typed.rows import SIGNATURES
from frontends.arm.linux_abi import OABI_BASE, PRIVATE_BASE
from frontends.arm.syscall_names import EABI, OABI

BUFFER, BUFFER_END = 0x10000, 0x20000
"""What the guest may read and write; behind it follow a page it can only read, and one it cannot
touch."""
READ_ONLY, FORBIDDEN = BUFFER_END, BUFFER_END + PAGE

LONG = 0x400000
"""Memory without a NUL, longer than any string may be."""
SECRET = b"the guest must not see this: 5ec4e7"
OWN_PID, CANARY_PID = 0x5E1F0001, 0x5E1F0002
"""Stand for the pids of the guest and of a stranger, which differ each time."""

FIRST_FREE = 16
"""The number after those of the descriptors that the guest starts with."""
HIGHEST = 450
EXTREMES = (0, 1, 2, 3, 4, 8, 16, 64, 255, 4096, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFF9C,
            0xFFFFF000, 0xFFFF0000, 0x7FFFFFF0, 0xC0000000, 0x10000, 0xFFFFFFFE)  # fmt: skip
WIDE_EXTREMES = (0, 1, 1 << 31, 1 << 32, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, 1 << 62)
SIZES = (0, 1, 4, 8, 12, 16, 24, 64, 128, 512, 4096, 65536)
IOCTLS = (0x5401, 0x5402, 0x5413, 0x5414, 0x540F, 0x541B, 0x5421, 0x5450, 0x802C542A)
FCNTLS = (*range(17), *range(36, 39), *range(1024, 1040))
_FLAGS = {"flags", "open", "fdflags", "socktype", "clone", "mode", "openmode", "oct", "futex"}
_NUMBERS = {"int", "uint", "enum", "whence", "how", "sig", "domain", "protocol"}
PATHS = (
    b".", b"..", b"/", b"", b"a", b"b", b"d", b"d/c", b"d/..", b"no/such", b"./a/", b"link",
    b"out", b"loop", b"fifo", b"../outside/secret", b"../outside", b"out/secret", b"/dev/null",
    b"/dev/zero", b"/dev/full", b"/dev/tty", b"/dev/mem", b"/proc/self/fd/3", b"/proc/self/maps",
    b"/proc/self/cwd/../outside/secret", b"/proc/1/mem", b"/proc/self/exe", b"/proc/self/mem",
    b"/proc/self/root/etc", b"/proc/self/fd", b"/proc/self", b"/proc/cpuinfo", b"/proc/self/stat",
    b"x" * 255, b"x" * 256, b"y/" * 2047 + b"z", b"\xff\xfe", b"new\n\x1b[2J", b"/proc/self/fd/999",
    b"/proc/thread-self/fd/0", b"/etc/passwd", b"d/../../outside/secret", b"hello",
)  # fmt: skip


@attrs.frozen
class Call:
    """One system call: the trap's immediate, the number in r7, r0 to r6, and what to put where
    before it."""

    immediate: int
    number: int
    arguments: tuple[int, ...]
    memory: tuple[tuple[int, bytes], ...]

    @property
    def name(self) -> str:
        table = OABI if self.immediate else EABI
        return table.get(self.number, f"syscall_{self.number:#x}")

    def __str__(self) -> str:
        shown = ", ".join(f"{value:#x}" for value in self.arguments)
        return f"{'oabi ' if self.immediate else ''}{self.name}({shown})"


_ENDS = {"exit", "exit_group", "sigreturn", "rt_sigreturn", "execve", "close_range", "chroot"}
"""Calls that leave little to attack: not more often than others."""


def _numbers() -> list[int]:
    """Every number once, and those with a handler four times more."""
    from dbt.linux.table import SYSCALLS

    load_families()
    served = [number for number, name in EABI.items() if name in SYSCALLS]
    private = [PRIVATE_BASE + low for low in (*range(9), 0x7FF, 0x800, 0xFFFF)]
    rest = [number for number in served if EABI[number] not in _ENDS]
    return [*range(HIGHEST + 1), *private, *rest * 8]


class Drawing:
    """Draws the calls of one batch from its own random numbers."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._memory: list[tuple[int, bytes]] = []
        self._all = _numbers()
        self._theme = self._all
        self._theme_fd = 3

    def call(self) -> Call:
        """The next call."""
        draw = self._draw
        self._memory = []
        if draw.random() < 0.05:
            self._theme = draw.choices(self._all, k=12)
            self._theme_fd = draw.randrange(3, FIRST_FREE)
        number = draw.choice(self._theme if draw.random() < 0.6 else self._all)
        old = draw.random() < 0.1 and number < PRIVATE_BASE
        name = (OABI if old else EABI).get(number, "")
        row = SIGNATURES.get(name)
        if row is None or draw.random() < 0.08:
            arguments = [self._anything() for _ in range(7)]
        else:
            arguments = self._typed([(p.kind, p.name) for p in row.parameters], aligned=not old)
        arguments = (arguments + [self._anything() for _ in range(7)])[:7]
        immediate = number ^ OABI_BASE if old else 0
        return Call(immediate, number, tuple(arguments), tuple(self._memory))

    def _typed(self, parameters: list[tuple[str, str]], *, aligned: bool) -> list[int]:
        out: list[int] = []
        for kind, name in parameters:
            if self._draw.random() < 0.04:
                out.append(self._anything())
            elif kind in WIDE:
                if aligned and len(out) & 1:
                    out.append(self._anything())
                value = self._wide()
                out += [value & 0xFFFFFFFF, value >> 32]
            else:
                out.append(self._argument(kind, name))
        return out

    def _argument(self, kind: str, name: str) -> int:
        draw = self._draw
        if kind in ("fd", "at"):
            return 0xFFFFFF9C if kind == "at" and draw.random() < 0.6 else self._fd()
        if kind in ("path", "str"):
            return self._path()
        if name in ("pid", "tid", "group", "who"):
            return draw.choice((0, 0, OWN_PID, OWN_PID, CANARY_PID, 1, draw.choice(EXTREMES)))
        if name in ("size", "length"):
            return draw.choice((8, draw.choice(SIZES)))
        if name == "count":
            return draw.choice((draw.randrange(8), draw.choice(SIZES), draw.choice(EXTREMES)))
        if kind == "hex":
            return draw.choice((self._number, self._pointer))()
        if kind in _FLAGS:
            return self._flags()
        if kind in _NUMBERS:
            return self._known(name)
        if kind == "ioctl":
            return draw.choice((*IOCTLS, 0x5400 + draw.randrange(96)))
        if kind == "fcntl":
            return draw.choice(FCNTLS)
        return self._pointer()

    def _known(self, name: str) -> int:
        """A number of the size that calls give a meaning to."""
        known = {"level": (1,), "option": range(80), "whence": range(3), "signal": range(65)}
        if name in known and self._draw.random() < 0.9:
            return self._draw.choice(known[name])
        return self._number()

    def _number(self) -> int:
        draw = self._draw
        return draw.choice((draw.randrange(4), draw.randrange(80), draw.choice(EXTREMES)))

    def _anything(self) -> int:
        draw = self._draw
        pick = draw.randrange(6)
        if pick == 0:
            return draw.getrandbits(32)
        if pick == 1:
            return draw.choice(EXTREMES)
        return (self._fd, self._pointer, self._path, self._flags)[pick - 2]()

    def _fd(self) -> int:
        if self._draw.random() < 0.1:
            return self._draw.choice((0, 1, 2, 0xFFFFFFFF, 200, 1023, 0x7FFFFFFF))
        if self._draw.random() < 0.5:
            return self._theme_fd
        return self._draw.randrange(3, FIRST_FREE + 2)

    def _flags(self) -> int:
        draw = self._draw
        out = 0
        for _ in range(draw.randrange(4)):
            out |= 1 << draw.randrange(draw.choice((3, 12, 22, 32)))
        return out

    def _wide(self) -> int:
        draw = self._draw
        return draw.choice(
            (draw.choice(WIDE_EXTREMES), draw.randrange(70000), draw.getrandbits(64))
        )

    def _path(self) -> int:
        draw = self._draw
        data = draw.choice(PATHS) + b"\0"
        at = draw.choice((draw.randrange(BUFFER, BUFFER_END - len(data)), BUFFER_END - len(data)))
        if draw.random() < 0.03:  # without an end
            return draw.choice((LONG, LONG + 1))
        self._memory.append((at, data))
        return at

    def _pointer(self) -> int:
        draw = self._draw
        chance = draw.random()
        if chance < 0.05:
            return 0
        if chance < 0.09:
            return draw.choice(
                (
                    READ_ONLY,
                    FORBIDDEN,
                    FORBIDDEN - 4,
                    0xC0000000,
                    0xFFFF0000,
                    0xFFFFFFFC,
                    LONG,
                    BUFFER_END - 4,
                    BUFFER_END - 1,
                    1,
                    BUFFER - 4,
                )
            )
        at = draw.randrange(BUFFER, BUFFER_END - 256)
        at &= -1 if draw.random() < 0.1 else -8
        self._memory.append((at, b"".join(self._words())))
        return at

    def _words(self) -> Iterator[bytes]:
        """The content of a structure: numbers of all sizes, pointers and descriptors."""
        draw = self._draw
        small = draw.random() < 0.5
        for _ in range(draw.choice((4, 8, 16, 32))):
            pick = draw.randrange(8)
            if pick == 0:
                yield struct.pack("<Q", draw.choice(WIDE_EXTREMES))
            elif pick == 1:
                yield struct.pack("<I", draw.choice(EXTREMES))
            elif pick == 2:
                yield struct.pack("<I", draw.randrange(BUFFER, BUFFER_END))
            elif pick == 3 and not small:
                yield struct.pack("<I", draw.getrandbits(32))
            else:
                yield struct.pack("<I", draw.randrange(draw.choice((2, 12, 70, 5000))))
