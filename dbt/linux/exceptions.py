"""Exceptions of the processor: the signals that bad accesses and instructions bring."""

from dbt.interfaces import EXEC, READ, WRITE, FaultHit, HaltHit
from dbt.ir.block import BlockKey
from dbt.linux.state import siginfo
from dbt.linux.state.sigaction import SIGBUS, SIGSEGV
from dbt.linux.state.siginfo import SigInfo
from dbt.stops import Access, Stop
from dbt.syscalls import CpuException
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_FORBIDDEN = {
    Access.READ: "which may not be read",
    Access.WRITE: "which may not be written to",
    Access.EXECUTE: "which is not executable",
}
_NEEDED = {Access.READ: READ, Access.WRITE: WRITE, Access.EXECUTE: EXEC}


def fault(kernel: "Kernel", hit: FaultHit) -> int | Stop:
    """A forbidden access: SIGSEGV, or SIGBUS past the end of a mapped file (do_page_fault) and for
    one that had to be aligned."""
    location = kernel.abi.location_of(BlockKey(hit.pc, hit.mode))
    lost = lost_page(kernel, location)
    if lost is not None:
        return lost
    if hit.access is Access.UNALIGNED:
        last = kernel.signals.trap
        found = kernel.abi.unaligned(kernel.memory, location, hit.address, last)
        return _raise(kernel, found, location)
    area = kernel.space.at(hit.address)
    why = f"{hit.access.value} of {hit.address:#010x}, "
    if area is None:
        number, code, why = SIGSEGV, siginfo.SEGV_MAPERR, why + "where nothing is mapped"
    elif area.perms & _NEEDED[hit.access]:
        if kernel.space.has_appeared(hit.address):
            return location
        number, code, why = SIGBUS, siginfo.BUS_ADRERR, why + kernel.space.lack(hit.address)
    else:
        number, code, why = SIGSEGV, siginfo.SEGV_ACCERR, why + _FORBIDDEN[hit.access]
    forbidden = (number, code) == (SIGSEGV, siginfo.SEGV_ACCERR)
    kernel.signals.trap = kernel.abi.page_fault(hit.access, hit.address, present=forbidden)
    kernel.signals.force(SigInfo(number, code, address=hit.address, why=why))
    return kernel.signals.deliver(location)


def halt(kernel: "Kernel", hit: HaltHit) -> int | Stop:
    """An instruction that cannot be executed."""
    location = kernel.abi.location_of(BlockKey(hit.pc, hit.mode))
    lost = lost_page(kernel, location)
    if lost is not None:
        return lost
    found = kernel.abi.exception(hit.reason, kernel.memory, location, kernel.signals.trap)
    return _raise(kernel, found, location)


def _raise(kernel: "Kernel", found: CpuException, location: int) -> int | Stop:
    """Send the signal of an exception."""
    signals = kernel.signals
    signals.trap = found.trap
    signals.force(SigInfo(found.signal, found.code, address=found.address, why=found.why))
    return signals.deliver(location)


def lost_page(kernel: "Kernel", location: int) -> int | Stop | None:
    """Force SIGBUS if an access met a page that the host could not give. The guest has executed
    more code since, up to ``location``."""
    address = kernel.memory.take_lost()
    if address is None:
        return None
    why = f"access to {address:#010x}, whose page the host cannot give"
    kernel.signals.trap = kernel.abi.page_fault(Access.READ, address, present=False)
    kernel.signals.force(SigInfo(SIGBUS, siginfo.BUS_ADRERR, address=address, why=why))
    return kernel.signals.deliver(location)
