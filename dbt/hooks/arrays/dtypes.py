"""What the rows of the arrays are. The fields mean what those of ``records.Record`` do.

All have ``insns``, guest instructions completed before the event; ``order``, the number of the
event among those of all arrays, from 0; and ``thread``, the guest's thread id. Addresses and
registers are unsigned words. ``kind`` is an index into ``KINDS``, or ``ACCESS_KINDS``.
"""

import numpy as np

from dbt.hooks.records import Kind

KINDS = tuple(kind.value for kind in Kind)
"""``call``, ``tail_call``, ``return``, ``unwound``, ``syscall``, ``syscall_return``."""
SYSCALL_ARGUMENTS = 7
"""Argument registers of a system call."""

CALLS = np.dtype(
    [
        ("insns", "<u8"), ("order", "<u8"), ("function", "<u4"), ("site", "<u4"), ("stack", "<u4"),
        ("depth", "<u4"), ("caller", "<u4"), ("thread", "<u4"), ("stack_id", "<u4"),
        ("arguments", "<u4", (4,)), ("result", "<u4"), ("kind", "<u4"),
    ]
)  # fmt: skip
"""Calls, tail calls, returns and unwound activations. ``arguments`` are 0 unless it is a call, and
``result`` unless it is a return; ``caller`` is 0 where it is not known."""
BLOCKS = np.dtype(
    [("insns", "<u8"), ("order", "<u8"), ("pc", "<u4"), ("size", "<u4"), ("thread", "<u4")]
)
"""Beginnings of blocks: the address and the size in bytes."""
ACCESS_KINDS = "read", "write"
"""What ``kind`` is an index into in MEMORY."""
MEMORY = np.dtype(
    [
        ("insns", "<u8"), ("order", "<u8"), ("value", "<u8"), ("pc", "<u4"), ("address", "<u4"),
        ("thread", "<u4"), ("size", "<u2"), ("kind", "<u2"),
    ]
)  # fmt: skip
"""Accesses to memory, of 1, 2, 4 or 8 bytes: what was read or written, little-endian."""
SYSCALLS = np.dtype(
    [
        ("insns", "<u8"), ("order", "<u8"), ("number", "<u4"), ("site", "<u4"), ("stack", "<u4"),
        ("depth", "<u4"), ("thread", "<u4"), ("stack_id", "<u4"),
        ("arguments", "<u4", (SYSCALL_ARGUMENTS,)), ("kind", "<u4"), ("result", "<i8"),
    ]
)  # fmt: skip
"""System calls, and their returns. ``result`` is 0 unless it is a return; negative errno on
failure."""
