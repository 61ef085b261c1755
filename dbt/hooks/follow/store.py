"""Memory for the events of a recording, which grows and is written once."""

import mmap
from typing import TypeAlias

from dbt.reservation import Reservation

Part: TypeAlias = bytes | memoryview
"""Words of events, unsigned ones of 32 bits."""
PIECE = 1 << 25
"""Bytes that are reserved at a time."""
SMALL = 1 << 16
"""Parts of less bytes are kept by themselves."""


class Store:
    """Keeps copies of parts. A piece of memory is given back with the last part in it.

    The host takes as long to commit memory as a recording for all else it does.
    """

    def __init__(self) -> None:
        self._used = PIECE
        self._piece: Reservation

    def keep(self, part: memoryview) -> Part:
        """A copy of a part."""
        size = part.nbytes
        if not SMALL <= size <= PIECE:
            return bytes(part)
        if self._used + size > PIECE:
            self._used, self._piece = 0, Reservation(PIECE, "events")
        begin = self._used
        self._used = -(-(begin + size) // mmap.PAGESIZE) * mmap.PAGESIZE
        self._piece.commit(begin, self._used - begin)
        kept = self._piece.view[begin : begin + size]
        kept[:] = part.cast("B")
        return kept.toreadonly()
