"""The protocol of a guest structure, and short ways to read and write one in guest memory.

The layouts themselves belong to the frontend (``kernel.abi.layout``).
"""

from dbt.typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel


class Struct(Protocol):
    """A guest structure of ``size`` bytes with named members."""

    @property
    def size(self) -> int: ...
    def pack(self, **values: int | bytes) -> bytes:
        """The bytes; members not given are zero, integers are cut to their width."""

    def unpack(self, data: bytes) -> dict[str, int]:
        """Integer members by name."""

    def unpack_bytes(self, data: bytes, name: str) -> bytes:
        """One member that is bytes."""

    def fits(self, name: str, value: int) -> bool:
        """Whether an integer fits a member."""


def layout(kernel: "Kernel", name: str) -> Struct:
    """The structure ``name`` as the calling convention of the current call has it."""
    found: Struct = kernel.abi.layout(name, kernel.request.variant)
    return found


def load(kernel: "Kernel", name: str, address: int) -> dict[str, int]:
    """Read a structure of the guest. Raises GuestFault."""
    shape = layout(kernel, name)
    return shape.unpack(kernel.memory.read(address, shape.size))


def store(kernel: "Kernel", name: str, address: int, **values: int | bytes) -> None:
    """Write a structure to the guest. Raises GuestFault."""
    kernel.memory.write(address, layout(kernel, name).pack(**values))
