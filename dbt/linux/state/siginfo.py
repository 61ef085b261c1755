"""What a signal carries: the fields of ``siginfo_t`` (include/uapi/asm-generic/siginfo.h)."""

import struct

from dbt.classes import attrs

SI_USER, SI_KERNEL, SI_QUEUE, SI_TIMER, SI_TKILL = 0, 0x80, -1, -2, -6
SEGV_MAPERR, SEGV_ACCERR = 1, 2
BUS_ADRERR = 2
CLD_EXITED, CLD_KILLED, CLD_DUMPED, CLD_STOPPED, CLD_CONTINUED = 1, 2, 3, 5, 6

SIGINFO_BYTES = 128


@attrs.frozen
class SigInfo:
    """One pending signal. ``address`` belongs to faults, pid and uid to everything else; ``why`` is
    the reason that a crash report gives when it kills."""

    signal: int
    code: int = SI_KERNEL
    errno: int = 0
    pid: int = 0
    uid: int = 0
    value: int = 0
    address: int | None = None
    why: str = attrs.field(default="", eq=False)

    def pack(self) -> bytes:
        """The 128 bytes of a 32-bit little-endian ``siginfo_t``."""
        head = struct.pack("<iii", self.signal, self.errno, self.code)
        if self.address is not None:
            body = struct.pack("<I", self.address)
        else:
            words = (self.pid, self.uid, self.value)  # any, when the guest has queued it
            body = struct.pack("<3I", *(word & 0xFFFFFFFF for word in words))
        return (head + body).ljust(SIGINFO_BYTES, b"\0")
