"""Flags of calls that make descriptors: open flags of the guest, of which each call knows a few."""

import errno
import os

from dbt.linux.errors import failure
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_USUAL = os.O_CLOEXEC | os.O_NONBLOCK


def only_flags(kernel: "Kernel", guest_flags: int, allowed: int = _USUAL) -> int:
    """The host's flags for the guest's; EINVAL for any not ``allowed``, and for unknown bits."""
    flags = kernel.abi.open_flags_to_host(guest_flags)
    if flags & ~allowed or kernel.abi.open_flags_from_host(flags) != guest_flags & 0xFFFFFFFF:
        raise failure(errno.EINVAL)
    return flags
